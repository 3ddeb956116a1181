from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from kb.errors import DimensionMismatchError, IndexDamagedError, VectorIndexError
from kb.indexes import clusters, faiss_index, snapshot
from kb.indexes.faiss_index import FaissIndex
from tests.kb.indexes.contract import DIM, VectorIndexContract, unit_vectors

PROJECT = Path(__file__).resolve().parents[3]


class TestFaissIndex(VectorIndexContract):
    def create(self, folder: Path) -> FaissIndex:
        return FaissIndex.create(folder, dim=DIM, embedder="small")

    def open(self, folder: Path) -> FaissIndex:
        return FaissIndex.open(folder, dim=DIM, embedder="small")

    def save(self, index: FaissIndex) -> None:
        index.compact()


def filled(folder: Path, count: int = 300) -> FaissIndex:
    index = FaissIndex.create(folder, dim=DIM, embedder="small")
    index.add(np.arange(count), unit_vectors(count))
    index.commit(7)
    index.compact()
    return index


def test_a_snapshot_is_written_when_the_tail_grows_long(tmp_path: Path) -> None:
    index = FaissIndex.create(tmp_path, dim=4, embedder="small")
    rows = np.random.default_rng(0).standard_normal((8192, 4)).astype(np.float32)
    index.add(np.arange(8191), rows[:8191])
    index.commit(1)
    assert list(tmp_path.glob("*.faiss")) == []
    index.add([8191], rows[8191:])
    index.commit(2)
    assert [path.name for path in tmp_path.glob("*.faiss")] == ["vectors-1.faiss"]
    assert FaissIndex.open(tmp_path, dim=4, embedder="small").applied == 2


def test_a_small_change_to_a_large_index_writes_no_vector_file(tmp_path: Path) -> None:
    index = filled(tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    index.add([1000], unit_vectors(1))
    index.remove(0, 5)
    index.commit(8)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before


def test_a_tail_has_a_bound_however_large_the_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = filled(tmp_path, 1000)
    monkeypatch.setattr(faiss_index, "_LEAST_DUE", 10)
    monkeypatch.setattr(faiss_index, "_MOST_DUE", 50)
    index.add(np.arange(1000, 1049), unit_vectors(49))
    index.commit(8)
    assert [path.name for path in tmp_path.glob("*.faiss")] == ["vectors-1.faiss"]
    index.add([1049], unit_vectors(1))
    index.commit(9)
    assert [path.name for path in tmp_path.glob("*.faiss")] == ["vectors-2.faiss"]


def test_a_long_addition_goes_straight_into_the_snapshot(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.add(np.arange(310, 320), unit_vectors(10, seed=1))
    index.remove(5, 10)
    rows = unit_vectors(600, seed=2)
    # Before, between and after what is there; 311 and 312 get new vectors.
    batches = [
        (np.arange(300, 305), rows[:5]),
        (np.empty(0, np.int64), rows[:0]),
        (np.array([309, 311, 312]), rows[5:8]),
        (np.arange(400, 992), rows[8:]),
    ]
    index.extend(iter(batches), 9)
    assert (index.applied, index.count) == (9, 300 + 10 - 10 + 598)
    for passage_id, row in ((300, 0), (309, 5), (311, 6), (991, 599)):
        assert index.search(rows[row], 1) == [(passage_id, pytest.approx(1.0, abs=1e-3))]
    assert index.search(unit_vectors(10, seed=1)[0], 1)[0][0] == 310
    assert index.search(unit_vectors(300)[7], 1)[0][0] != 7
    index.close()
    opened = FaissIndex.open(tmp_path, dim=DIM, embedder="small")
    assert (opened.applied, opened.count) == (9, 898)
    opened.verify()


def test_a_long_addition_out_of_order_is_refused(tmp_path: Path) -> None:
    index = filled(tmp_path)
    rows = unit_vectors(2)
    with pytest.raises(VectorIndexError, match="ascend"):
        index.extend([(np.array([401]), rows[:1]), (np.array([400]), rows[1:])], 9)
    assert (index.applied, index.count) == (7, 300)
    index.compact()
    assert index.count == 300


def test_compaction_changes_no_score(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.add(np.arange(300, 400), unit_vectors(100, seed=5))
    index.remove(10, 20)
    query = unit_vectors(1, seed=9)[0]
    before = index.search(query, 50)
    index.compact()
    after = index.search(query, 50)
    assert [passage_id for passage_id, _ in after] == [passage_id for passage_id, _ in before]
    np.testing.assert_allclose([s for _, s in after], [s for _, s in before], atol=1e-6)


def test_the_vectors_of_the_snapshot_stay_on_disk(tmp_path: Path) -> None:
    index = FaissIndex.create(tmp_path, dim=512, embedder="small")
    rows = np.random.default_rng(0).standard_normal((20_000, 512)).astype(np.float32)
    index.add(np.arange(20_000), rows)
    index.compact()
    index.close()
    script = (
        "import sys; from pathlib import Path; import numpy as np, faiss\n"
        "from kb.indexes.faiss_index import FaissIndex\n"
        "def own():\n"
        "    for row in Path('/proc/self/status').read_text().splitlines():\n"
        "        if row.startswith('RssAnon'): return int(row.split()[1])\n"
        "before = own()\n"
        "index = FaissIndex.open(Path(sys.argv[1]), dim=512, embedder='small')\n"
        "index.search(np.ones(512, np.float32), 10)\n"
        "sys.stdout.write(str(own() - before))\n"
    )
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is read from /proc")
    grown = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], check=True, capture_output=True, text=True
    )
    assert int(grown.stdout) < 8_000  # kB; the vectors alone are 20,000


def test_searches_go_on_while_another_thread_writes(tmp_path: Path) -> None:
    index = filled(tmp_path)
    target = unit_vectors(1, seed=3)[0]
    index.add([5000], target[None])
    stop = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        while not stop.is_set():
            found = index.search(target, 1)
            if not found or found[0][0] != 5000:
                wrong.append(found)

    readers = [threading.Thread(target=search) for _ in range(2)]
    for reader in readers:
        reader.start()
    for round_number in range(30):
        index.add(np.arange(6000, 6050), unit_vectors(50, seed=round_number))
        index.remove(6000, 25)
        index.compact()
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert index.count == 326


def test_an_index_of_another_embedder_is_refused(tmp_path: Path) -> None:
    filled(tmp_path)
    with pytest.raises(DimensionMismatchError) as raised:
        FaissIndex.open(tmp_path, dim=DIM + 1, embedder="small")
    assert raised.value.params == {"expected": DIM + 1, "actual": DIM}
    with pytest.raises(DimensionMismatchError):
        FaissIndex.open(tmp_path, dim=DIM, embedder="large")


def test_a_changed_byte_is_found_by_verify(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.verify()
    path = tmp_path / "vectors-1.faiss"
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexDamagedError, match="has changed"):
        index.verify()


@pytest.mark.parametrize("name", ["vectors.json", "vectors-1.faiss", "vectors-1.npy"])
@pytest.mark.parametrize("damage", ["missing", "empty", "half", "garbage"])
def test_any_damage_on_disk_asks_for_a_rebuild(tmp_path: Path, name: str, damage: str) -> None:
    filled(tmp_path).close()
    path = tmp_path / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        garbage = bytes(255 - byte for byte in content[:64]) + content[64:]
        path.write_bytes({"empty": b"", "half": content[: len(content) // 2]}.get(damage, garbage))
    with pytest.raises(IndexDamagedError):
        FaissIndex.open(tmp_path, dim=DIM, embedder="small")
    assert FaissIndex.create(tmp_path, dim=DIM, embedder="small").count == 0


def test_another_version_asks_for_a_rebuild(tmp_path: Path) -> None:
    filled(tmp_path)
    path = tmp_path / "vectors.json"
    path.write_text(path.read_text().replace('"version": 1', '"version": 0'))
    with pytest.raises(IndexDamagedError, match="version 0"):
        FaissIndex.open(tmp_path, dim=DIM, embedder="small")


def test_a_closed_index_says_so(tmp_path: Path) -> None:
    index = filled(tmp_path)
    index.close()
    with pytest.raises(VectorIndexError, match="closed"):
        index.search(unit_vectors(1)[0], 1)


CRASHING = """
import os, signal, sys
from pathlib import Path
import numpy as np
from kb.indexes import clusters, faiss_index, snapshot

folder, moment = Path(sys.argv[1]), sys.argv[2]
index = faiss_index.FaissIndex.open(folder, dim=int(sys.argv[3]), embedder="small")
index.add(np.arange(1000, 1100), np.random.default_rng(1).standard_normal((100, index.dim)))
index.commit(8)

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if moment == "vectors written":
    np.save = die
elif moment == "ids written":
    faiss_index.file_sha256 = die
elif moment == "manifest written":
    Path.replace = die
elif moment == "manifest replaced":
    snapshot._sync_folder = die
elif moment == "old files deleted":
    faiss_index.sweep = die
index.compact()
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(
    ("moment", "applied", "count"),
    [
        ("vectors written", 7, 300),
        ("ids written", 7, 300),
        ("manifest written", 7, 300),
        ("manifest replaced", 8, 400),
        ("old files deleted", 8, 400),
    ],
)
def test_a_kill_while_compacting_leaves_the_old_or_the_new_index(
    tmp_path: Path, moment: str, applied: int, count: int
) -> None:
    filled(tmp_path).close()
    died = subprocess.run(
        [sys.executable, "-c", CRASHING, str(tmp_path), moment, str(DIM)],
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert died.returncode == -signal.SIGKILL
    index = FaissIndex.open(tmp_path, dim=DIM, embedder="small")
    assert (index.applied, index.count) == (applied, count)
    index.verify()
    assert len(list(tmp_path.iterdir())) == 3
    assert snapshot.read_manifest(tmp_path).count == count


@pytest.mark.parametrize("seed", range(6))
def test_random_changes_agree_with_brute_force(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All that is there is named and compared: whatever is lost is lost by a fault.
    monkeypatch.setattr(faiss_index, "_LEAST_CLUSTERED", 40)
    monkeypatch.setattr(clusters, "_PROBED", 1)
    rng = np.random.default_rng(seed)
    index = FaissIndex.create(tmp_path, dim=DIM, embedder="small")
    expected: dict[int, np.ndarray] = {}
    next_id = 1
    actions = ["add", "add", "extend", "again", "remove", "compact", "reopen", "tend", "tend"]
    for step in range(80):
        action = rng.choice(actions)
        if action == "add":
            size = int(rng.integers(1, 30))
            rows = rng.standard_normal((size, DIM)).astype(np.float32)
            index.add(np.arange(next_id, next_id + size), rows)
            expected |= {next_id + n: row for n, row in enumerate(rows)}
            next_id += size + int(rng.integers(0, 3))
        elif action == "extend":
            rows = rng.standard_normal((20, DIM)).astype(np.float32)
            ids = np.sort(rng.choice(next_id + 50, size=20, replace=False))
            index.extend([(ids[:8], rows[:8]), (ids[8:], rows[8:])], step)
            expected |= {int(n): row for n, row in zip(ids, rows, strict=True)}
            next_id = max(next_id, int(ids[-1]) + 1)
        elif action == "again" and expected:
            ids = rng.choice(sorted(expected), size=min(5, len(expected)), replace=False)
            rows = rng.standard_normal((len(ids), DIM)).astype(np.float32)
            index.add(ids, rows)
            expected |= {int(n): row for n, row in zip(ids, rows, strict=True)}
        elif action == "remove":
            first, size = int(rng.integers(0, next_id)), int(rng.integers(1, 20))
            index.remove(first, size)
            expected = {n: row for n, row in expected.items() if not first <= n < first + size}
        elif action == "compact":
            index.commit(step)
            index.compact()
        elif action == "tend":
            index.tend(lambda: False)
        elif action == "reopen":
            index.commit(step)
            index.compact()
            index.close()
            index = FaissIndex.open(tmp_path, dim=DIM, embedder="small")
            assert index.applied == step
        assert index.count == len(expected)
        query = rng.standard_normal(DIM).astype(np.float32)
        found = index.search(query, 10)
        ids = np.array(sorted(expected), dtype=np.int64)
        if not len(ids):
            assert found == []
            continue
        rows = np.stack([expected[int(n)] for n in ids])
        scores = rows @ query / np.linalg.norm(rows, axis=1) / np.linalg.norm(query)
        best = np.sort(scores)[::-1][:10]
        np.testing.assert_allclose([score for _, score in found], best, atol=2e-3)
        exact = dict(zip(ids.tolist(), scores.tolist(), strict=True))
        assert all(abs(exact[passage_id] - score) < 2e-3 for passage_id, score in found)
