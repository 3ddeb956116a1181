"""The questions of an exam, read from JSON lines, CSV or a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from kb.errors import KBError

SPREADSHEETS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
# What people write at the head of a column, in the order of preference.
_COLUMNS = {
    "question": ("问题", "question", "题目", "提问"),
    "answer": ("答案", "answer", "answers", "标准答案", "参考答案"),
    "document": ("文件", "document", "doc", "出处", "来源"),
    "expected": ("期望", "expected"),
}
# Beside which a table may say that a question has no answer in the documents.
_REFUSE = ("refuse", "拒答", "无法回答", "不回答")
# Several answers of which any one is right, in one cell.
_ANSWER_SEPARATORS = ("\n", "｜", "|")
_TABLE_KEYS = ("cells", "sheet", "sql")


class QuestionsError(KBError):
    """A line of the questions is not one. Params: ``path``, ``line``, ``problem``."""

    code = "bad_questions"


class NoQuestionsError(KBError):
    """A table has no column for questions. Params: ``path``."""

    code = "no_questions"


@dataclass(frozen=True, slots=True)
class ExamQuestion:
    """A question with what is known about its answer; all but the first two may be missing.

    Any one of ``answers`` is right. Of each group of ``must_include`` one must appear. ``document``
    is where the answer stands, ``evidence`` the paragraph there. ``refuse`` says that the documents
    do not answer it. ``is_table`` says that the answer is a cell, or computed from cells.
    """

    id: str | int
    text: str
    answers: tuple[str, ...] = ()
    must_include: tuple[tuple[str, ...], ...] = ()
    answer_type: str = ""
    document: str = ""
    evidence: str = ""
    refuse: bool = False
    is_table: bool = False

    def __post_init__(self) -> None:
        """Refuse an id that could not be found again in the results."""
        if isinstance(self.id, bool) or not isinstance(self.id, (str, int)):
            raise TypeError(f"id is {self.id!r}")


def parse_questions(name: str, content: bytes) -> list[ExamQuestion]:
    """Read the questions of a file; its suffix tells JSON lines, CSV and spreadsheets apart.

    Raises:
        QuestionsError: a line lacks ``id`` or ``question``, or is no JSON; the file is no table.
        NoQuestionsError: a table has no column for questions.
    """
    suffix = PurePath(name).suffix.lower()
    if suffix in (".csv", ".tsv"):
        return list(_of_rows(name, _csv_rows(content)))
    if suffix in SPREADSHEETS:
        return list(_of_rows(name, _sheet_rows(name, content)))
    return list(_of_lines(name, content))


def question_of(content: Mapping[str, Any]) -> ExamQuestion:
    """Read one line; unknown keys are ignored.

    Raises:
        KeyError, TypeError: ``id`` or ``question`` is missing, or a key holds what it cannot.
    """
    return ExamQuestion(
        id=content["id"],
        text=str(content["question"]),
        answers=_texts(content.get("answers")),
        must_include=tuple(_texts(group) for group in content.get("must_include") or ()),
        answer_type=str(content.get("answer_type") or ""),
        document=str(content.get("doc") or content.get("document") or ""),
        evidence=str(content.get("evidence") or ""),
        refuse=content.get("expected") == "refuse",
        is_table=any(content.get(key) for key in _TABLE_KEYS),
    )


def line_of(question: ExamQuestion) -> dict[str, Any]:
    """Write a question so that `question_of` reads it again."""
    return {
        "id": question.id,
        "question": question.text,
        "answers": list(question.answers),
        "must_include": [list(group) for group in question.must_include],
        "answer_type": question.answer_type,
        "document": question.document,
        "evidence": question.evidence,
        **({"expected": "refuse"} if question.refuse else {}),
        **({"cells": True} if question.is_table else {}),
    }


def _texts(given: object) -> tuple[str, ...]:
    if given is None:
        return ()
    return (given,) if isinstance(given, str) else tuple(str(each) for each in _list(given))


def _list(given: object) -> list[object]:
    if not isinstance(given, list):
        raise TypeError(f"{given!r} is no list")
    return given


def _of_lines(name: str, content: bytes) -> Iterator[ExamQuestion]:
    try:
        lines = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as exc:
        problem = f"UTF-8: {exc}"
        raise QuestionsError(f"{name}: {exc}", path=name, line=1, problem=problem) from exc
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            yield question_of(json.loads(line))
        except (json.JSONDecodeError, KeyError, TypeError, AttributeError) as exc:
            raise QuestionsError(
                f"{name}, line {number}: {exc!r}", path=name, line=number, problem=repr(exc)
            ) from exc


def _of_rows(name: str, rows: Iterator[Sequence[str]]) -> Iterator[ExamQuestion]:
    places: dict[str, int] = {}
    for number, row in enumerate(rows, start=1):
        if "question" not in places:
            # Above the header there may be a title.
            places = _places(row)
            continue
        cells = {
            key: row[place].strip() if place < len(row) else "" for key, place in places.items()
        }
        if not cells["question"]:
            continue
        answer = cells.get("answer", "")
        refuse = _REFUSE[0] in cells.get("expected", "").lower() or any(
            word in (cells.get("expected", ""), answer) for word in _REFUSE
        )
        yield ExamQuestion(
            id=str(number),
            text=cells["question"],
            answers=() if refuse else split_answers(answer),
            document=cells.get("document", ""),
            refuse=refuse,
        )
    if "question" not in places:
        raise NoQuestionsError(f"{name} has no column for questions", path=name)


def split_answers(cell: str) -> tuple[str, ...]:
    """Part a cell that holds several answers, any one of which is right."""
    for separator in _ANSWER_SEPARATORS[1:]:
        cell = cell.replace(separator, _ANSWER_SEPARATORS[0])
    return tuple(part.strip() for part in cell.split(_ANSWER_SEPARATORS[0]) if part.strip())


def _places(row: Sequence[str]) -> dict[str, int]:
    heads = [cell.strip().lower() for cell in row]
    found = {
        key: next((heads.index(head) for head in names if head in heads), -1)
        for key, names in _COLUMNS.items()
    }
    return {key: place for key, place in found.items() if place >= 0}


def _csv_rows(content: bytes) -> Iterator[Sequence[str]]:
    from loaders.text.encoding import decode

    text, _encoding = decode(content)
    head = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=head.count)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)


def _sheet_rows(name: str, content: bytes) -> Iterator[Sequence[str]]:
    """Yield the rows of the first sheet."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError) as exc:
        raise QuestionsError(f"{name}: {exc}", path=name, line=1, problem=str(exc)) from exc
    for row in rows:
        yield [_cell(cell) for cell in row]


def _cell(value: object) -> str:
    # A spreadsheet keeps whole numbers as floats.
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
