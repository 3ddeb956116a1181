"""What every vector index and every keyword index must do, run over each backend."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from kb.errors import DimensionMismatchError, IndexDamagedError, VectorIndexError
from kb.indexes.base import KeywordEntry, KeywordIndex, VectorIndex
from kb.selection import Selection

DIM = 16


def unit_vectors(count: int, *, seed: int = 0) -> NDArray[np.float32]:
    rows = np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)
    units: NDArray[np.float32] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return units


class VectorIndexContract(ABC):
    @abstractmethod
    def create(self, folder: Path) -> VectorIndex: ...

    @abstractmethod
    def open(self, folder: Path) -> VectorIndex: ...

    @abstractmethod
    def save(self, index: VectorIndex) -> None: ...

    def test_an_empty_index_finds_nothing(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        assert index.search(unit_vectors(1)[0], 5) == []
        assert (index.count, index.applied, index.dim) == (0, 0, DIM)
        assert self.open(tmp_path).count == 0

    def test_the_nearest_come_first_with_their_cosine(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        rows = np.eye(DIM, dtype=np.float32)[:3]
        index.add([10, 20, 30], rows)
        query = np.zeros(DIM, np.float32)
        query[:3] = [3, 0, 4]
        found = index.search(query, 2)
        assert [passage_id for passage_id, _ in found] == [30, 10]
        assert [score for _, score in found] == pytest.approx([0.8, 0.6], abs=1e-3)

    def test_norms_do_not_matter(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        rows = unit_vectors(2)
        index.add([1, 2], rows * 7)
        assert index.search(rows[1] * 100, 1) == [(2, pytest.approx(1.0, abs=1e-3))]

    def test_added_and_removed_passages_count_at_once(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        rows = unit_vectors(20)
        index.add(np.arange(20), rows)
        self.save(index)
        index.add(np.arange(20, 30), unit_vectors(10, seed=1))
        index.remove(5, 10)
        index.remove(25, 100)
        assert index.count == 15
        assert {passage_id for passage_id, _ in index.search(rows[7], 30)} == (
            set(range(25)) - set(range(5, 15))
        )

    def test_removing_what_is_not_there_changes_nothing(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([1], unit_vectors(1))
        index.remove(50, 10)
        index.remove(1, 0)
        assert index.count == 1

    def test_what_is_selected_is_all_that_is_found(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        rows = unit_vectors(40)
        index.add(np.arange(20), rows[:20])
        self.save(index)
        index.add(np.arange(20, 40), rows[20:])
        index.remove(4, 2)
        among = selected((2, 6), (17, 24), (38, 90))
        allowed = {2, 3, *range(17, 24), 38, 39}
        for question in unit_vectors(10, seed=3):
            ranked = sorted(allowed, key=lambda each: -float(rows[each] @ question))
            found = index.search(question, 5, among)
            assert [passage_id for passage_id, _ in found] == ranked[:5]
            everything = index.search(question, 50, among)
            assert [passage_id for passage_id, _ in everything] == ranked
        assert index.search(rows[0], 5, selected()) == []
        assert index.search(rows[0], 5, selected((100, 200))) == []

    def test_an_id_added_again_has_its_new_vector_only(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        old, new = unit_vectors(2)
        index.add([4], old[None])
        self.save(index)
        for _ in range(2):
            index.add([4], new[None])
            assert index.search(new, 5) == [(4, pytest.approx(1.0, abs=1e-3))]

    def test_the_last_change_is_remembered(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([1, 2], unit_vectors(2))
        index.commit(41)
        self.save(index)
        index.commit(42)
        assert index.applied == 42
        index.close()
        index.close()
        again = self.open(tmp_path)
        assert (again.applied, again.count) == (41, 2)

    def test_creating_replaces_what_was_there(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([1], unit_vectors(1))
        self.save(index)
        assert self.create(tmp_path).count == 0
        assert (self.open(tmp_path).count, self.open(tmp_path).applied) == (0, 0)

    def test_a_missing_folder_asks_for_a_rebuild(self, tmp_path: Path) -> None:
        with pytest.raises(IndexDamagedError) as raised:
            self.open(tmp_path / "nowhere")
        assert raised.value.code == "index_damaged"

    def test_vectors_of_another_dimension_are_refused(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        with pytest.raises(DimensionMismatchError):
            index.add([1], np.ones((1, DIM + 1), np.float32))
        with pytest.raises(DimensionMismatchError):
            index.search(np.ones(DIM + 1, np.float32), 1)

    @pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
    def test_vectors_without_direction_are_refused(self, tmp_path: Path, value: float) -> None:
        index = self.create(tmp_path)
        with pytest.raises(VectorIndexError):
            index.add([1], np.full((1, DIM), value, np.float32))
        assert index.count == 0

    def test_ids_must_fit_their_vectors(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        with pytest.raises(VectorIndexError):
            index.add([1, 2, 3], unit_vectors(2))
        with pytest.raises(VectorIndexError):
            index.add([1, 1], unit_vectors(2))


def entry(
    passage_id: int, body: str, title: str = "", heading: str = "", *, content: int = 1
) -> KeywordEntry:
    return KeywordEntry(passage_id, content, title, heading, body)


def selected(*runs: tuple[int, int], contents: Sequence[int] = ()) -> Selection:
    first, stop = (np.array([run[end] for run in runs], np.int64) for end in (0, 1))
    return Selection(np.array(sorted(contents), np.int64), first, stop)


class KeywordIndexContract(ABC):
    @abstractmethod
    def create(self, folder: Path) -> KeywordIndex: ...

    @abstractmethod
    def open(self, folder: Path) -> KeywordIndex: ...

    def ids(self, index: KeywordIndex, question: str, top_k: int = 10) -> list[int]:
        return [passage_id for passage_id, _ in index.search(question, top_k)]

    def test_an_empty_index_finds_nothing(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        assert index.search("差旅费", 5) == []
        assert (index.count, index.applied) == (0, 0)

    def test_passages_are_found_by_their_words(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([entry(1, "差旅费按实际天数报销"), entry(2, "会议室需要提前预订")])
        index.commit(1)
        assert self.ids(index, "差旅费怎么报销？") == [1]
        assert self.ids(index, "如何预订會議室") == [2]
        assert self.ids(index, "火星") == []
        assert self.ids(index, "！？") == []

    def test_scores_are_positive_and_fall(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([entry(n, "报销 " * (n % 3) + "流程说明") for n in range(12)])
        index.commit(1)
        scores = [score for _, score in index.search("报销流程", 12)]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] > 0
        assert len(index.search("报销流程", 3)) == 3

    def test_what_is_selected_is_all_that_is_found(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        texts = [f"报销流程{'报销' * (n % 5)}" for n in range(60)]
        index.add([entry(n, text, content=1 + n // 10) for n, text in enumerate(texts)])
        index.commit(1)
        ranked = index.search("报销流程", 60)
        among = selected((10, 20), (30, 40), contents=[2, 4])
        found = index.search("报销流程", 12, among=among)
        assert found == [hit for hit in ranked if hit[0] // 10 in (1, 3)][:12]
        assert len(found) == 12
        index.remove(10, 10)
        index.commit(2)
        assert {hit[0] for hit in index.search("报销流程", 60, among=among)} == set(range(30, 40))
        named = index.search("走账", 60, {"走账": ["报销"]}, selected((0, 10), contents=[1]))
        assert {hit[0] for hit in named} == set(range(10))
        assert index.search("报销流程", 5, among=selected()) == []
        assert index.search("报销流程", 5, among=selected((70, 80), contents=[8])) == []

    def test_title_and_heading_are_found_too(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add(
            [
                entry(1, "每人每天一百元", title="员工手册", heading="第二章 > 餐补"),
                entry(2, "每人每天一百元", title="采购制度"),
            ]
        )
        index.commit(1)
        assert self.ids(index, "餐补每天多少")[0] == 1
        assert self.ids(index, "采购制度每天多少")[0] == 2

    @pytest.mark.parametrize(
        "question",
        ['body:"', "(", "AND OR NOT", "title:甲 -乙 +丙", "*", "[a TO b]", "a^9 ~2", "\\", "\x00"],
    )
    def test_a_question_is_never_read_as_a_query(self, tmp_path: Path, question: str) -> None:
        index = self.create(tmp_path)
        index.add([entry(1, "报销流程")])
        index.commit(1)
        assert self.ids(index, question) == []
        assert self.ids(index, f"报销 {question}") == [1]

    def test_articles_are_found_in_either_spelling(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([entry(n, f"第{'零一二三四五六七八九'[n]}十二条 规定") for n in range(2, 8)])
        index.commit(1)
        assert self.ids(index, "第52条的规定")[0] == 5

    def test_a_pasted_page_is_a_question_too(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        filler = [entry(n, f"编号{n}的普通说明文字") for n in range(50)]
        index.add([*filler, entry(99, "罕见的磷酸铁锂电池")])
        index.commit(1)
        page = "普通说明文字。" + "".join(f"编号{n}，" for n in range(200)) + "磷酸铁锂电池"
        assert self.ids(index, page * 5)[0] == 99

    def test_removed_passages_are_gone_after_the_commit(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([entry(n, "同一句话") for n in range(20)])
        index.commit(1)
        index.remove(5, 10)
        index.remove(100, 5)
        index.remove(0, 0)
        index.commit(2)
        assert set(self.ids(index, "同一句话", 30)) == set(range(20)) - set(range(5, 15))
        assert index.count == 10

    def test_replaying_changes_nothing(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        for change in range(3):
            index.add([entry(1, "甲公司"), entry(2, "乙公司"), entry(9, "丙公司")])
            index.commit(change)
        assert sorted(self.ids(index, "公司")) == [1, 2, 9]
        index.add([entry(2, "丁集团")])
        index.commit(4)
        assert sorted(self.ids(index, "公司")) == [1, 9]
        assert index.count == 3

    def test_the_last_change_is_remembered(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([entry(1, "甲公司")])
        index.commit(41)
        index.commit(42)
        index.add([entry(2, "乙公司")])
        index.close()
        index.close()
        again = self.open(tmp_path)
        assert (again.applied, again.count) == (42, 1)
        assert self.ids(again, "公司") == [1]
        again.add([entry(2, "乙公司")])
        again.commit(43)
        assert self.ids(again, "公司") == [1, 2]

    def test_creating_replaces_what_was_there(self, tmp_path: Path) -> None:
        index = self.create(tmp_path)
        index.add([entry(1, "甲公司")])
        index.commit(5)
        index.close()
        again = self.create(tmp_path)
        assert (again.applied, again.count) == (0, 0)

    def test_a_missing_folder_asks_for_a_rebuild(self, tmp_path: Path) -> None:
        with pytest.raises(IndexDamagedError):
            self.open(tmp_path / "nowhere")
