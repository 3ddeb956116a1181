import sys
from pathlib import Path

import numpy as np
import pytest

from kb.indexes import mapped
from kb.indexes.faiss_index import FaissIndex

COUNT = 20_011
DIM = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of over a megabyte."""
    folder = tmp_path_factory.mktemp("index")
    index = FaissIndex.create(folder, dim=DIM, embedder="some")
    vectors = np.random.default_rng(1).normal(size=(COUNT, DIM)).astype(np.float32)
    index.extend([(np.arange(COUNT, dtype=np.int64), vectors)], 1)
    index.close()
    return folder


def opened(folder: Path) -> FaissIndex:
    return FaissIndex.open(folder, dim=DIM, embedder="some")


@pytest.mark.parametrize("removed", [(0, 0), (3, 9000)])
@pytest.mark.parametrize("piece", [2 * DIM * 80, 64_001, 2 * DIM * (COUNT - 3)])
def test_pieces_find_what_the_whole_finds(
    folder: Path, piece: int, removed: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    question = np.random.default_rng(2).normal(size=DIM)
    whole = opened(folder)
    whole.remove(*removed)
    expected = whole.search(question, 50)
    monkeypatch.setattr(mapped, "_PIECE_BYTES", piece)
    monkeypatch.setattr(mapped, "_WHOLE_BYTES", 0)
    pieces = opened(folder)
    pieces.remove(*removed)
    assert pieces.search(question, 50) == expected
    assert len({number for number, _score in expected} - set(range(*removed))) == 50


@pytest.mark.skipif(sys.platform != "linux", reason="the resident size is read from /proc")
def test_a_long_snapshot_does_not_stay_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def mapped_megabytes() -> float:
        wanted = False
        size = 0
        for line in Path("/proc/self/smaps").read_text(encoding="utf-8").splitlines():
            if "-" in line.split(" ", 1)[0]:
                wanted = line.endswith(".faiss") and str(tmp_path) in line
            elif wanted and line.startswith("Rss:"):
                size += int(line.split()[1])
        return size / 1024

    # 47 MB: the system maps what lies around a place that is read, up to some megabytes.
    count, dim = 60_000, 384
    index = FaissIndex.create(tmp_path, dim=dim, embedder="some")
    vectors = np.random.default_rng(1).random(size=(2_000, dim), dtype=np.float32)
    ids = np.arange(count, dtype=np.int64).reshape(-1, 2_000)
    index.extend(((part, vectors) for part in ids), 1)
    question = np.ones(dim)
    index.search(question, 5)
    whole = mapped_megabytes()
    index.close()
    monkeypatch.setattr(mapped, "_PIECE_BYTES", 2 << 20)
    monkeypatch.setattr(mapped, "_WHOLE_BYTES", 40 << 20)
    index = FaissIndex.open(tmp_path, dim=dim, embedder="some")
    index.search(question, 5)
    assert whole > 40
    assert mapped_megabytes() < 15
    index.close()
