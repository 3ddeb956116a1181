import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from kb.embedders.base import Vectors
from kb.errors import CancelledError
from kb.ingest.pace import Pace
from kb.models.table import find_embedder
from tests.kb.hashing import HashingEmbedder


@pytest.fixture
def pace() -> Iterator[Pace]:
    pace = Pace()
    yield pace
    pace.close()


@pytest.mark.parametrize(
    ("calls", "size"),
    [
        ([], 64),
        ([(64, 0.1)], 64),
        ([(64, 1.0)], 64),
        ([(64, 9.0)], 32),
        ([(64, 9.0), (32, 4.5), (16, 2.5)], 16),
        ([(64, 9.0), (32, 4.5), (16, 0.2)], 32),
        ([(64, 9.0), (3, 0.1)], 32),
        ([(3, 9.0)], 16),
    ],
)
def test_calls_are_as_large_as_their_time_allows(
    calls: list[tuple[int, float]], size: int, pace: Pace
) -> None:
    for count, seconds in calls:
        pace.note(count, seconds)
    assert pace.size == size


def test_all_passages_are_embedded_in_their_order(tmp_path: Path, pace: Pace) -> None:
    embedder = HashingEmbedder(find_embedder("e5-small", tmp_path))
    texts = [f"第{number}段" for number in range(150)]
    vectors = pace.embed(embedder, texts, lambda: False)
    assert (vectors == embedder.embed_passages(texts)).all()
    assert pace.embed(embedder, [], lambda: False).shape == (0, embedder.dim)


def test_whoever_cancels_does_not_wait_for_a_call_that_takes_long(
    tmp_path: Path, pace: Pace
) -> None:
    leave, called = threading.Event(), threading.Event()

    class Hanging(HashingEmbedder):
        def _encode(self, texts: Sequence[str]) -> Vectors:
            called.set()
            assert leave.wait(60)
            return super()._encode(texts)

    embedder = Hanging(find_embedder("e5-small", tmp_path))
    with pytest.raises(CancelledError):
        pace.embed(embedder, ["甲"], called.is_set)
    assert embedder.texts_embedded == 0
    leave.set()
    pace.close()
    assert embedder.texts_embedded == 1
