import json
from pathlib import Path

import pytest

from kb.exam.questions import QuestionsError
from kb.exam.results import mend, outcome_of, read_outcomes, read_results, write_line

HIT = {
    "rank": 2, "passage_id": 1, "knowledge_base": "库", "document_id": 1, "document": "a.txt",
    "page": 3, "box": None, "sheet": None, "row": None, "column": None, "paragraph": None,
    "heading": "", "text": "五天", "score": 0.5,
}  # fmt: skip
ANSWER = {
    "id": "a", "question": "问？", "answer": "五天", "refused": False, "answerable": 0.9,
    "threshold": 0.5, "citations": [HIT], "model": "m", "extra": 1,
    "sentences": [{"text": "五天", "supported": True, "citations": [1]}],
    "milliseconds": {"retrieve": 5.0, "first_token": None, "total": 9.0},
}  # fmt: skip


def test_a_broken_off_line_is_cut_and_what_looks_like_a_line_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    whole = json.dumps({"id": "a", "answer": "行\u2028行"}, ensure_ascii=False) + "\n"
    path.write_text(whole + '{"id": "b", "ans', encoding="utf-8")
    assert [line["id"] for line in read_results(path)] == ["a"]
    mend(path)
    assert path.read_text(encoding="utf-8") == whole
    mend(tmp_path / "none.jsonl")
    assert list(read_results(tmp_path / "none.jsonl")) == []


@pytest.mark.parametrize("line", ["[1]", "{}", "no json"])
def test_a_line_that_is_no_result_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": 1}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(QuestionsError) as caught:
        list(read_results(path))
    assert caught.value.params["line"] == 2


def test_answers_and_searches_are_read(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    search = {"id": 2, "question": "问？", "hits": [HIT], "answerable": 0.4, "milliseconds": 7.5}
    with path.open("w", encoding="utf-8") as file:
        write_line(file, ANSWER)
        write_line(file, search)
    outcomes = read_outcomes(path)
    answer, found = outcomes["a"], outcomes[2]
    assert (answer.answer, answer.found, answer.sentences) == (
        "五天",
        answer.cited,
        (("五天", True),),
    )
    assert (answer.found[0].page, answer.retrieve, answer.total) == (3, 5.0, 9.0)
    assert (found.answer, found.found[0].document, found.total) == (None, "a.txt", 7.5)


def test_all_passages_stand_beside_those_cited_in_the_order_of_rank() -> None:
    first = {**HIT, "rank": 1}
    read = outcome_of({**ANSWER, "retrieved": [HIT, first]})
    assert [shown.rank for shown in read.found] == [1, 2]
    assert [shown.rank for shown in read.cited] == [2]


def test_a_result_that_lacks_keys_is_named(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text('{"id": 1}\n', encoding="utf-8")
    with pytest.raises(QuestionsError):
        read_outcomes(path)
