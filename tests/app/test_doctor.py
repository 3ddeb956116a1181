import json

import pytest
from PIL import features

from app.cli import main
from loaders.formats import FORMATS


def report(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, object]]:
    capsys.readouterr()
    main(["doctor", "--json"])
    formats = json.loads(capsys.readouterr().out)["formats"]
    return {each["name"]: each for each in formats}


def test_every_format_of_the_table_is_told_with_its_state(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KB_LANGUAGE", "en")
    formats = report(capsys)
    assert list(formats) == [entry.name for entry in FORMATS]
    assert formats["pdf"] == {
        "name": "pdf",
        "suffixes": ["pdf"],
        "state": "ok",
        "missing": [],
        "hint": "",
    }
    assert (formats["archive"]["state"], formats["archive"]["hint"]) == (
        "unsupported",
        "unpack it first",
    )


def test_what_a_format_lacks_is_named_with_the_command_that_installs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from loaders.office import libreoffice

    monkeypatch.setattr(libreoffice, "_program", lambda: None)
    formats = report(capsys)
    wanting = [entry for entry in FORMATS if entry.loader and entry.programs]
    assert {formats[entry.name]["state"] for entry in wanting} == {"missing"}
    for entry in wanting:
        assert formats[entry.name]["missing"] == list(entry.programs)
        assert str(formats[entry.name]["hint"]).startswith("sudo apt-get install -y libreoffice-")
    assert formats["txt"]["state"] == "ok"


def test_pictures_are_told_apart_by_what_reads_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    formats = report(capsys)
    assert {formats[name]["state"] for name in ("heic", "svg")} == {"unsupported"}
    assert not {"heic", "svg"} & set(formats["image"]["suffixes"])  # type: ignore[call-overload]

    monkeypatch.setattr(features, "check", lambda name: name != "jpg_2000")
    formats = report(capsys)
    if formats["image"]["state"] == "ok":
        assert "jp2" not in formats["image"]["suffixes"]  # type: ignore[operator]
        assert formats["jp2"]["missing"] == ["Pillow: jpg_2000"]


def test_the_table_of_formats_is_printed_for_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    main(["doctor"])
    printed = capsys.readouterr().out
    assert "扩展名" in printed
    assert any(line.startswith("pdf") and "可以读取" in line for line in printed.splitlines())
