import json
from pathlib import Path

import pytest

from app.exam import Question, QuestionsError, answered_ids, read_questions
from kb.errors import NotFoundError


def test_questions_are_read_with_their_ids_and_blank_lines_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "a", "question": "甲？", "more": 1}\n\n{"id": 2, "question": "乙？"}\n')
    assert list(read_questions(path)) == [Question("a", "甲？"), Question(2, "乙？")]


def test_a_line_that_is_no_question_is_named(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_text('{"id": "a", "question": "甲？"}\n{"id": "b"}\n')
    with pytest.raises(QuestionsError) as caught:
        list(read_questions(path))
    assert caught.value.params["line"] == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(read_questions(tmp_path / "none.jsonl"))


def test_results_so_far_are_known_and_a_broken_off_line_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    whole = json.dumps({"id": "a", "answer": "行\u2028行"}, ensure_ascii=False) + "\n"
    path.write_text(whole + '{"id": "b", "ans', encoding="utf-8")
    assert answered_ids(path) == {"a"}
    assert path.read_text(encoding="utf-8") == whole
    assert answered_ids(tmp_path / "none.jsonl") == set()
