from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from rank_bm25 import BM25Plus

from kb.errors import BusyError, IndexDamagedError
from kb.indexes import tantivy_index
from kb.indexes.tantivy_index import TantivyIndex
from kb.text.tokenise import tokens
from tests.kb.indexes.contract import KeywordIndexContract, entry

PROJECT = Path(__file__).resolve().parents[3]


class TestTantivyIndex(KeywordIndexContract):
    def create(self, folder: Path) -> TantivyIndex:
        return TantivyIndex.create(folder)

    def open(self, folder: Path) -> TantivyIndex:
        return TantivyIndex.open(folder)


NOUNS = """
合同 付款 发票 设备 温度 压力 阀门 电池 质量 检验 标准 员工 工资 假期 审批 采购 仓库 运输
保险 风险 客户 投诉 软件 版本 接口 数据库 服务器 网络 安全 密码 权限 备份 药品
剂量 患者 手术 症状 血压 儿童 疫苗 法院 判决 证据 赔偿 土地 房屋 租赁
股东 董事会 利润 资产 负债 预算 税率 能源 煤炭 电力 风电 光伏 农业
"""
WORDS = NOUNS.split()


def corpus(rng: random.Random, size: int) -> list[str]:
    return [
        "，".join("的".join(rng.choices(WORDS, k=3)) for _ in range(rng.randint(2, 8))) + "。"
        for _ in range(size)
    ]


def test_the_ranking_agrees_with_rank_bm25(tmp_path: Path) -> None:
    rng = random.Random(4)  # noqa: S311
    texts = corpus(rng, 400)
    index = TantivyIndex.create(tmp_path)
    index.add([entry(n, text) for n, text in enumerate(texts)])
    index.commit(1)
    oracle = BM25Plus([tokens(text) for text in texts], k1=1.2, b=0.75, delta=0)
    same_best = same_five = 0
    for _ in range(100):
        question = "的".join(rng.sample(WORDS, 4))
        scores = oracle.get_scores(list(dict.fromkeys(tokens(question))))
        expected = sorted(range(len(texts)), key=lambda n: (-scores[n], n))[:5]
        found = [passage_id for passage_id, _ in index.search(question, 5)]
        same_best += found[0] == expected[0]
        same_five += len(set(found) & set(expected))
    assert same_best >= 90
    assert same_five >= 450


def test_changes_while_searching_disturb_no_reader(tmp_path: Path) -> None:
    index = TantivyIndex.create(tmp_path)
    index.add([entry(1, "唯一的磷酸铁锂")])
    index.commit(1)
    stop = threading.Event()
    wrong: list[object] = []

    def search() -> None:
        while not stop.is_set():
            found = [passage_id for passage_id, _ in index.search("磷酸铁锂", 3)]
            if found != [1]:
                wrong.append(found)

    readers = [threading.Thread(target=search) for _ in range(2)]
    for reader in readers:
        reader.start()
    for change in range(10):
        index.add([entry(n, "别的文字") for n in range(10, 60)])
        index.remove(10, 25)
        index.commit(change)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert index.count == 26


def test_a_second_writer_is_told_that_the_index_is_busy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tantivy_index, "_LOCK_SECONDS", 0.2)
    first = TantivyIndex.create(tmp_path)
    first.add([entry(1, "甲公司")])
    second = TantivyIndex.open(tmp_path)
    with pytest.raises(BusyError):
        second.add([entry(2, "乙公司")])
    first.close()
    second.add([entry(2, "乙公司")])


def test_a_lock_that_is_about_to_be_freed_is_waited_for(tmp_path: Path) -> None:
    first = TantivyIndex.create(tmp_path)
    first.add([entry(1, "甲公司")])
    second = TantivyIndex.open(tmp_path)
    ending = threading.Timer(0.2, first.close)
    ending.start()
    second.add([entry(2, "乙公司")])
    ending.join()
    second.commit(1)
    assert second.count == 1


def filled(folder: Path) -> None:
    index = TantivyIndex.create(folder)
    index.add([entry(n, f"编号{n}的设备") for n in range(200)])
    index.commit(7)
    index.close()


@pytest.mark.parametrize("damage", ["missing", "empty", "half"])
@pytest.mark.parametrize(
    "kind", ["meta.json", "zhiku.json", "*.term", "*.idx", "*.fast", "*.store"]
)
def test_any_missing_byte_asks_for_a_rebuild(tmp_path: Path, kind: str, damage: str) -> None:
    filled(tmp_path)
    path = next(tmp_path.glob(kind))
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "half" else b"")
    with pytest.raises(IndexDamagedError):
        TantivyIndex.open(tmp_path)
    assert TantivyIndex.create(tmp_path).count == 0


def test_another_version_asks_for_a_rebuild(tmp_path: Path) -> None:
    filled(tmp_path)
    (tmp_path / "zhiku.json").write_text('{"version": 0}')
    with pytest.raises(IndexDamagedError, match="version"):
        TantivyIndex.open(tmp_path)


def test_a_changed_byte_is_found_by_verify(tmp_path: Path) -> None:
    filled(tmp_path)
    index = TantivyIndex.open(tmp_path)
    index.verify()
    path = next(tmp_path.glob("*.idx"))
    content = bytearray(path.read_bytes())
    content[len(content) // 3] ^= 1
    path.write_bytes(content)
    with pytest.raises(IndexDamagedError, match="has changed"):
        index.verify()


CRASHING = """
import os, signal, sys
from pathlib import Path
from kb.indexes.base import KeywordEntry
from kb.indexes import tantivy_index
from kb.indexes.tantivy_index import TantivyIndex

index = TantivyIndex.open(Path(sys.argv[1]))
index.add([KeywordEntry(n, 1, "", "", "新的设备") for n in range(500, 600)])
index.remove(0, 50)
if sys.argv[2] == "after":
    index.commit(8)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
@pytest.mark.parametrize(("moment", "applied", "count"), [("before", 7, 200), ("after", 8, 250)])
def test_a_kill_leaves_the_last_commit(
    tmp_path: Path, moment: str, applied: int, count: int
) -> None:
    filled(tmp_path)
    died = subprocess.run(
        [sys.executable, "-c", CRASHING, str(tmp_path), moment],
        check=False,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    assert died.returncode == -signal.SIGKILL
    index = TantivyIndex.open(tmp_path)
    assert (index.applied, index.count) == (applied, count)
    index.verify()
    index.add([entry(1000, "再来一条")])
    index.commit(9)
    assert index.count == count + 1
