import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from kb.embedders.base import Vectors
from kb.errors import CancelledError, EmbeddingError
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
        ([(64, 0.1)], 128),
        ([(64, 0.1), (128, 0.1)], 128),
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


class Gated(HashingEmbedder):
    """Each call waits for leave; notes the texts of each."""

    def __init__(self, folder: Path) -> None:
        super().__init__(find_embedder("e5-small", folder))
        self.leave = threading.Semaphore(0)
        self.calls: list[list[str]] = []
        self.at_work = threading.Semaphore(0)

    def _encode(self, texts: Sequence[str]) -> Vectors:
        self.calls.append([each.removeprefix(self.model.passage_prefix) for each in texts])
        self.at_work.release()
        assert self.leave.acquire(timeout=60)
        if any("坏" in each for each in texts):
            raise EmbeddingError("this text has no direction")
        return super()._encode(texts)


def _waiting(pace: Pace, embedder: Gated, count: int) -> None:
    """Until so many files wait for their turn."""
    deadline = time.monotonic() + 60
    while len(pace._lines[embedder].waiting) < count and time.monotonic() < deadline:
        time.sleep(0.01)


def _begin(
    pool: ThreadPoolExecutor, pace: Pace, embedder: Gated, texts: Sequence[str]
) -> Future[Vectors]:
    return pool.submit(pace.embed, embedder, texts, lambda: False)


def test_files_that_wait_are_embedded_together_and_a_small_one_soon(
    tmp_path: Path, pace: Pace
) -> None:
    embedder = Gated(tmp_path)
    large = [f"大{number}" for number in range(300)]
    with ThreadPoolExecutor() as pool:
        first = _begin(pool, pace, embedder, large)
        assert embedder.at_work.acquire(timeout=60)
        assert embedder.at_work.acquire(timeout=60)
        small = _begin(pool, pace, embedder, ["小一", "小二"])
        _waiting(pace, embedder, 2)
        embedder.leave.release(100)
        found = first.result(60), small.result(60)
    assert embedder.calls[2][:2] == ["小一", "小二"]
    assert len(embedder.calls[2]) > 2
    plain = HashingEmbedder(find_embedder("e5-small", tmp_path))
    assert (found[0] == plain.embed_passages(large)).all()
    assert (found[1] == plain.embed_passages(["小一", "小二"])).all()


def test_a_text_that_cannot_be_embedded_spoils_no_other_file(tmp_path: Path, pace: Pace) -> None:
    embedder = Gated(tmp_path)
    with ThreadPoolExecutor() as pool:
        ahead = [_begin(pool, pace, embedder, [f"前{number}"]) for number in range(2)]
        for _ in ahead:
            assert embedder.at_work.acquire(timeout=60)
        bad = _begin(pool, pace, embedder, ["坏一", "二"])
        good = _begin(pool, pace, embedder, ["好"])
        _waiting(pace, embedder, 2)
        embedder.leave.release(100)
        with pytest.raises(EmbeddingError, match="no direction"):
            bad.result(60)
        assert good.result(60).shape == (1, embedder.dim)
    assert any(set(call) == {"坏一", "二", "好"} for call in embedder.calls)


def test_calls_of_those_who_cancelled_hold_up_nobody(tmp_path: Path, pace: Pace) -> None:
    embedder = Gated(tmp_path)
    gone = threading.Event()
    with ThreadPoolExecutor() as pool:
        hanging = [pool.submit(pace.embed, embedder, [name], gone.is_set) for name in "甲乙"]
        for _ in hanging:
            assert embedder.at_work.acquire(timeout=60)
        waiting = _begin(pool, pace, embedder, ["丙"])
        _waiting(pace, embedder, 1)
        gone.set()
        for each in hanging:
            with pytest.raises(CancelledError):
                each.result(60)
        assert embedder.at_work.acquire(timeout=60)
        embedder.leave.release(100)
        assert waiting.result(60).shape == (1, embedder.dim)
