from __future__ import annotations

import io
import json
import os
from collections.abc import Sequence

import pytest

from app.setup.child import Runner
from app.setup.errors import SetupError
from app.setup.fetch import fetch_models, models_are_there
from app.setup.places import Places

pytestmark = pytest.mark.skipif(os.name == "nt", reason="a shell script stands in for the puller")


def puller(places: Places, reports: Sequence[object], code: int = 0) -> None:
    """Put a script in the place of the environment's Python that reports as the puller does."""
    places.python.parent.mkdir(parents=True)
    said = "\n".join(item if isinstance(item, str) else json.dumps(item) for item in reports)
    places.python.write_text(f"#!/bin/sh\ncat <<'END'\n{said}\nEND\nexit {code}\n", "utf-8")
    places.python.chmod(0o755)


def test_models_that_are_whole_are_stamped_and_not_read_again(
    places: Places, runner: Runner, output: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.setup.console._PLAIN_SECONDS", 0.0)
    places.models.mkdir()
    (places.models / "one.gguf").write_bytes(b"12345")
    puller(
        places,
        [
            {"model": "one", "stage": "download", "done": 3_500_000, "total": 5_000_000},
            "a warning of some package",
            {"model": "one", "files": [["one.gguf", 5]]},
        ],
    )
    assert not models_are_there(places, ["one"])
    fetch_models(places, runner, ["one"])
    assert "one · 下载 3.5/5.0 MB" in output.getvalue()
    assert models_are_there(places, ["one"])
    assert not models_are_there(places, ["one", "two"])
    (places.models / "one.gguf").write_bytes(b"1234")
    assert not models_are_there(places, ["one"])


def test_another_models_folder_is_looked_at_anew(places: Places, runner: Runner) -> None:
    puller(places, [{"model": "one", "files": []}])
    fetch_models(places, runner, ["one"])
    other = Places(places.root, places.root / "other", places.locks)
    assert models_are_there(places, ["one"])
    assert not models_are_there(other, ["one"])


def test_the_pullers_reason_reaches_the_person(places: Places, runner: Runner) -> None:
    puller(places, [{"error": "one: the checksum differs"}], code=1)
    with pytest.raises(SetupError, match="one: the checksum differs") as caught:
        fetch_models(places, runner, ["one"])
    assert caught.value.key == "models_failed"
    assert not models_are_there(places, ["one"])


def test_a_puller_that_dies_is_told_with_its_last_words(places: Places, runner: Runner) -> None:
    puller(places, ["Traceback", "ImportError: no module"], code=1)
    with pytest.raises(SetupError, match="ImportError: no module"):
        fetch_models(places, runner, ["one"])
