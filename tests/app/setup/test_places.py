from __future__ import annotations

from pathlib import Path

import pytest

from app.setup.places import (
    ROOT,
    Places,
    default_places,
    fingerprint,
    read_stamp,
    remove_stamp,
    write_stamp,
)


def test_a_stamp_says_what_was_completed_until_it_is_removed(places: Places) -> None:
    assert read_stamp(places, "base") == {}
    write_stamp(places, "base", {"lock": "abc"})
    assert read_stamp(places, "base") == {"lock": "abc"}
    assert [path.name for path in places.state.iterdir()] == ["base.json"]
    remove_stamp(places, "base")
    assert read_stamp(places, "base") == {}


@pytest.mark.parametrize("torn", ["", "{", "[]", "\x00\x00"])
def test_a_torn_stamp_counts_as_none(torn: str, places: Places) -> None:
    write_stamp(places, "base", {})
    (places.state / "base.json").write_text(torn, "utf-8")
    assert read_stamp(places, "base") == {}


def test_models_stand_in_the_project_or_where_the_setting_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KB_MODELS", str(tmp_path))
    assert default_places().models == tmp_path
    monkeypatch.delenv("KB_MODELS")
    assert default_places().models == ROOT / "knowledge_bases" / "models"
    assert default_places().root == ROOT


def test_a_fingerprint_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "lock").write_bytes(b"abc")
    assert fingerprint(tmp_path / "lock").startswith("ba7816bf8f01cfea")
