"""What is told to be missing before a format can be read."""

from __future__ import annotations

import pytest
from PIL import features

from loaders.formats import Format
from loaders.needs import Lack, lack_of, lacking_codecs


def test_nothing_is_lacking_where_packages_and_programs_are_here() -> None:
    assert not lack_of(Format("x", ("x",), "m:f", ("json",), programs=("python3",)))


def test_missing_packages_and_programs_are_named() -> None:
    entry = Format(
        "x", ("x",), "m:f", ("json", "no_such_package"), programs=("no-such-program", "python3")
    )
    assert lack_of(entry) == Lack(("no_such_package",), ("no-such-program",))


@pytest.mark.parametrize("part", ["writer", "impress"])
def test_parts_of_libreoffice_are_looked_for_without_starting_it(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from loaders.office import libreoffice

    monkeypatch.setattr(libreoffice, "_program", lambda: None)
    entry = Format("x", ("x",), "m:f", programs=(f"libreoffice-{part}",))
    assert lack_of(entry).programs == (f"libreoffice-{part}",)


def test_codecs_that_pillow_was_built_without_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features, "check", lambda name: name == "zlib")

    assert lacking_codecs(("png", "gif", "jp2", "tiff")) == {"jp2": "jpg_2000", "tiff": "libtiff"}
