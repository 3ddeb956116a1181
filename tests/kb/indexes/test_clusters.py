"""A large vector index is given clusters, and stays right whatever happens beside that."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kb.errors import CancelledError, IndexDamagedError
from kb.indexes import clusters, faiss_index, searching
from kb.indexes.faiss_index import FaissIndex
from tests.kb.indexes.contract import DIM, VectorIndexContract, selected

PROJECT = Path(__file__).resolve().parents[3]
WIDE = 32
Floats = NDArray[np.float32]


class TestWithClusters(VectorIndexContract):
    @pytest.fixture(autouse=True)
    def small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(faiss_index, "_LEAST_CLUSTERED", 16)
        monkeypatch.setattr(clusters, "_PROBED", 1)

    def create(self, folder: Path) -> FaissIndex:
        return FaissIndex.create(folder, dim=DIM, embedder="small")

    def open(self, folder: Path) -> FaissIndex:
        return FaissIndex.open(folder, dim=DIM, embedder="small")

    def save(self, index: FaissIndex) -> None:
        index.compact()
        index.tend(lambda: False)


def passages(count: int, *, seed: int = 0) -> Floats:
    """Vectors that keep company, as those of texts on a few hundred subjects do."""
    random = np.random.default_rng(seed)
    subjects = np.random.default_rng(1).standard_normal((300, WIDE))
    rows = subjects[random.integers(0, 300, count)] + 0.3 * random.standard_normal((count, WIDE))
    units: Floats = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


@pytest.fixture(scope="module")
def vectors() -> Floats:
    return passages(20_000)


@pytest.fixture
def index(tmp_path: Path, vectors: Floats, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaissIndex]:
    """An index of 20,000 vectors with clusters; the ids are the even numbers."""
    monkeypatch.setattr(faiss_index, "_LEAST_CLUSTERED", 10_000)
    made = FaissIndex.create(tmp_path, dim=WIDE, embedder="small")
    made.extend([(2 * np.arange(len(vectors)), vectors)], 1)
    assert made.is_due()
    made.tend(lambda: False)
    assert not made.is_due()
    yield made
    made.close()


def reopened(index: FaissIndex, folder: Path) -> FaissIndex:
    index.close()
    return FaissIndex.open(folder, dim=WIDE, embedder="small")


def recall(index: FaissIndex, vectors: Floats, ids: NDArray[np.int64]) -> float:
    """Share of the ten nearest that are found, for questions near to no passage."""
    questions = passages(50, seed=7)
    nearest = np.argsort(-(questions @ vectors.T), axis=1)[:, :10]
    found = [{key for key, _score in index.search(question, 10)} for question in questions]
    return float(
        np.mean(
            [
                len(set(ids[row].tolist()) & got) / 10
                for row, got in zip(nearest, found, strict=True)
            ]
        )
    )


def test_the_nearest_are_found_with_their_exact_cosine(index: FaissIndex, vectors: Floats) -> None:
    assert recall(index, vectors, 2 * np.arange(len(vectors))) >= 0.98
    for question in passages(10, seed=3):
        for passage_id, cosine in index.search(question, 10):
            assert cosine == pytest.approx(float(vectors[passage_id // 2] @ question), abs=1e-3)


def test_few_vectors_are_compared(
    index: FaissIndex, monkeypatch: pytest.MonkeyPatch, vectors: Floats
) -> None:
    compared = []
    rows = type(index._state.snapshot).rows  # type: ignore[union-attr]

    def counting(self: object, positions: NDArray[np.int64]) -> Floats:
        compared.append(len(positions))
        return rows(self, positions)  # type: ignore[arg-type]

    monkeypatch.setattr(type(index._state.snapshot), "rows", counting)  # type: ignore[union-attr]
    monkeypatch.setattr(
        type(index._state.snapshot),  # type: ignore[union-attr]
        "search",
        lambda *_args, **_more: pytest.fail("all of them are compared"),
    )
    assert index.search(vectors[0], 10)[0][0] == 0
    assert compared == [400]


def test_what_comes_later_is_found_beside_them(index: FaissIndex, tmp_path: Path) -> None:
    # Ids between those that are there: of a long document that was published late.
    later = passages(1_000, seed=5)
    ids = 2 * np.arange(1_000) + 1
    index.add(ids, later)
    index.commit(2)
    for opened in (index, None):
        if opened is None:
            index.compact()
            assert not index.is_due()
            opened = reopened(index, tmp_path)
        for place in (0, 500, 999):
            assert opened.search(later[place], 1)[0] == (ids[place], pytest.approx(1, abs=1e-3))


def test_what_is_removed_is_gone_at_once_and_stays_gone(
    index: FaissIndex, tmp_path: Path, vectors: Floats
) -> None:
    question = vectors[77]
    nearest = [key for key, _score in index.search(question, 40)]
    for passage_id in nearest[:20]:
        index.remove(passage_id, 1)
    assert [key for key, _score in index.search(question, 20)] == nearest[20:]
    index.commit(3)
    index.compact()
    assert [key for key, _score in index.search(question, 20)] == nearest[20:]
    again = reopened(index, tmp_path)
    assert [key for key, _score in again.search(question, 20)] == nearest[20:]
    assert again.count == len(vectors) - 20


def test_a_passage_with_a_new_vector_is_found_by_that_one(
    index: FaissIndex, tmp_path: Path, vectors: Floats
) -> None:
    index.add([0], -vectors[:1])
    index.commit(4)
    index.compact()
    assert index.search(-vectors[0], 1)[0] == (0, pytest.approx(1, abs=1e-3))
    assert index.is_due()
    again = reopened(index, tmp_path)
    assert again.search(-vectors[0], 1)[0] == (0, pytest.approx(1, abs=1e-3))


def test_clusters_are_renewed_when_they_know_too_little(
    index: FaissIndex, tmp_path: Path, vectors: Floats
) -> None:
    more = passages(9_000, seed=9)
    index.extend([(100_000 + np.arange(9_000), more)], 5)
    assert index.is_due()
    index.tend(lambda: False)
    assert not index.is_due()
    both = np.concatenate([vectors, more])
    ids = np.concatenate([2 * np.arange(len(vectors)), 100_000 + np.arange(9_000)])
    assert recall(index, both, ids) >= 0.98
    assert recall(reopened(index, tmp_path), both, ids) >= 0.98
    assert len(list(tmp_path.glob("clusters-*"))) == 2


def test_removing_many_renews_them_too(index: FaissIndex, vectors: Floats) -> None:
    index.remove(0, 10_000)
    index.commit(6)
    assert index.is_due()
    index.tend(lambda: False)
    kept = np.arange(5_000, len(vectors))
    assert recall(index, vectors[kept], 2 * kept) >= 0.98


def test_vectors_that_keep_no_company_are_all_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(faiss_index, "_LEAST_CLUSTERED", 1_000)
    monkeypatch.setattr(clusters, "_LEAST_NAMED", 20)
    rows = np.random.default_rng(0).standard_normal((4_000, 128)).astype(np.float32)
    index = FaissIndex.create(tmp_path, dim=128, embedder="small")
    index.extend([(np.arange(4_000), rows)], 1)
    with caplog.at_level(logging.WARNING):
        index.tend(lambda: False)
    assert "left out" in caplog.text
    assert not index.is_due()
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    question = np.random.default_rng(1).standard_normal(128)
    best = int(np.argmax(units @ question))
    assert index.search(question, 1)[0][0] == best


def test_searches_and_changes_go_on_while_clusters_are_made(
    tmp_path: Path, vectors: Floats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(faiss_index, "_LEAST_CLUSTERED", 10_000)
    index = FaissIndex.create(tmp_path, dim=WIDE, embedder="small")
    index.extend([(np.arange(len(vectors)), vectors)], 1)
    steps = []

    def beside() -> bool:
        """Called between two batches, as another thread would be at any time."""
        step = len(steps)
        steps.append(step)
        if step == 0:
            index.remove(5, 1)
            index.add([1_000_000], -vectors[5:6])
            index.commit(2)
            index.compact()
        assert index.search(vectors[6], 1)[0][0] == 6
        return False

    index.tend(beside)
    assert len(steps) > 3
    assert 5 not in [key for key, _score in index.search(vectors[5], 10)]
    assert index.search(-vectors[5], 1)[0][0] == 1_000_000
    assert index.count == len(vectors)


def test_it_can_be_stopped(index: FaissIndex, tmp_path: Path, vectors: Floats) -> None:
    index.extend([(100_000 + np.arange(9_000), passages(9_000, seed=9))], 5)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(CancelledError):
        index.tend(lambda: True)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert index.search(vectors[3], 1)[0][0] == 6


@pytest.mark.parametrize("name", ["clusters.json", "clusters-1.faiss", "clusters-1.npy"])
@pytest.mark.parametrize("damage", ["missing", "cut", "garbage"])
def test_without_usable_clusters_all_are_compared(
    index: FaissIndex, tmp_path: Path, vectors: Floats, name: str, damage: str
) -> None:
    index.close()
    path = tmp_path / name
    if damage == "missing":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        path.write_bytes(b"x" * 1000)
    again = FaissIndex.open(tmp_path, dim=WIDE, embedder="small")
    assert again.search(vectors[3], 1)[0][0] == 6
    assert again.is_due()
    again.tend(lambda: False)
    assert not again.is_due()
    assert again.search(vectors[3], 1)[0][0] == 6
    FaissIndex.open(tmp_path, dim=WIDE, embedder="small").verify()


def test_a_changed_byte_is_found_by_verify(index: FaissIndex, tmp_path: Path) -> None:
    path = tmp_path / "clusters-1.faiss"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexDamagedError, match="has changed"):
        index.verify()


CRASHING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from kb.indexes import clusters, faiss_index

folder, moment = Path(sys.argv[1]), sys.argv[2]
faiss_index._LEAST_CLUSTERED = 10_000
index = faiss_index.FaissIndex.open(folder, dim=int(sys.argv[3]), embedder="small")
index.remove(0, 12_000)
index.commit(8)

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if moment == "codes written":
    np.save = die
elif moment == "ids written":
    clusters.file_sha256 = die
elif moment == "manifest written":
    Path.replace = die
elif moment == "manifest replaced":
    clusters.sweep_files = die
index.tend(lambda: False)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(
    "moment", ["codes written", "ids written", "manifest written", "manifest replaced"]
)
def test_a_kill_while_they_are_made_leaves_the_old_or_the_new_ones(
    index: FaissIndex, tmp_path: Path, vectors: Floats, moment: str
) -> None:
    index.close()
    died = subprocess.run(
        [sys.executable, "-c", CRASHING, str(tmp_path), moment, str(WIDE)],
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert died.returncode == -signal.SIGKILL
    again = FaissIndex.open(tmp_path, dim=WIDE, embedder="small")
    # The removal was not written: whoever owns the index replays it from the catalog.
    assert again.search(vectors[3], 1)[0][0] == 6
    assert again.count == len(vectors)
    again.verify()
    assert len(list(tmp_path.glob("clusters*"))) == 3


@pytest.mark.parametrize("compared", ["all", "named"])
def test_the_nearest_of_a_selection_are_found(
    index: FaissIndex, vectors: Floats, monkeypatch: pytest.MonkeyPatch, compared: str
) -> None:
    monkeypatch.setattr(searching, "_FEW", 20_000 if compared == "all" else 0)
    later = passages(3_000, seed=5)
    index.add(100_000 + np.arange(3_000), later)
    index.commit(2)
    index.compact()
    index.remove(1_000, 1_000)
    every = np.concatenate([vectors, later])
    ids = np.concatenate([2 * np.arange(len(vectors)), 100_000 + np.arange(3_000)])
    questions = passages(20, seed=7)
    nearness = (questions @ every.T).max(axis=0)
    alive = (ids < 1_000) | (ids >= 2_000)
    # A part of all, and only what is in clusters far from every question.
    for chosen, least in ((ids // 100 % 3 == 0, 0.98), (nearness < 0.3, 0.95)):
        among = selected(*((int(each), int(each) + 1) for each in ids[chosen]))
        left = ids[chosen & alive]
        assert len(left) > 4_000
        hits = 0
        for question in questions:
            best = left[np.argsort(-(every[chosen & alive] @ question))[:10]].tolist()
            found = [key for key, _score in index.search(question, 10, among)]
            assert len(found) == 10
            assert set(found) <= set(left.tolist())
            hits += len(set(found) & set(best))
        assert hits / 200 >= (0.99 if compared == "all" else least)
