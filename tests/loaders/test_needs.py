"""What is told to be missing before a format can be read."""

from __future__ import annotations

import pytest

from loaders.formats import Format
from loaders.needs import Lack, lack_of


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
