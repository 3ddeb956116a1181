import io
from datetime import date

import openpyxl
import pytest

from kb.exam.questions import (
    ExamQuestion,
    NoQuestionsError,
    QuestionsError,
    line_of,
    parse_questions,
    question_of,
    split_answers,
)


def test_lines_are_read_with_what_is_known_and_blank_lines_are_skipped() -> None:
    content = (
        '{"id": "a", "question": "甲？", "more": 1}\n\n'
        '{"id": 2, "question": "乙？", "answers": ["一", "二"], "must_include": [["三", "四"]],'
        ' "doc": "x.txt", "evidence": "段", "answer_type": "span", "cells": [[1, 2]]}\n'
        '{"id": "c", "question": "丙？", "expected": "refuse"}\n'
    )
    assert parse_questions("q.jsonl", content.encode()) == [
        ExamQuestion("a", "甲？"),
        ExamQuestion(
            2,
            "乙？",
            answers=("一", "二"),
            must_include=(("三", "四"),),
            answer_type="span",
            document="x.txt",
            evidence="段",
            is_table=True,
        ),
        ExamQuestion("c", "丙？", refuse=True),
    ]


@pytest.mark.parametrize(
    "line",
    ['{"id": "b"}', '{"question": "乙？"}', "[1]", "{", '{"id": [1], "question": "x"}',
     '{"id": 1, "question": "x", "answers": 5}'],
)  # fmt: skip
def test_a_line_that_is_no_question_is_named(line: str) -> None:
    with pytest.raises(QuestionsError) as caught:
        parse_questions("q.jsonl", f'{{"id": "a", "question": "甲？"}}\n{line}\n'.encode())
    assert (caught.value.params["path"], caught.value.params["line"]) == ("q.jsonl", 2)


def test_what_is_written_is_read_again() -> None:
    question = ExamQuestion(
        7, "问？", ("答",), (("甲", "乙"),), "span", "x.txt", "段", refuse=False, is_table=True
    )
    assert question_of(line_of(question)) == question
    refuse = ExamQuestion("r", "问？", refuse=True)
    assert question_of(line_of(refuse)) == refuse


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_table_with_the_columns_question_and_answer_is_read(encoding: str) -> None:
    content = "年假考试,,\n问题,备注,答案\n年假几天？,x,5天|五天\n谁是厂长？,,拒答\n,,空\n"
    assert parse_questions("q.CSV", content.encode(encoding)) == [
        ExamQuestion("3", "年假几天？", answers=("5天", "五天")),
        ExamQuestion("4", "谁是厂长？", refuse=True),
    ]


def test_a_spreadsheet_is_read_and_whole_numbers_stay_whole() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["问题", "答案", "文件"])
    sheet.append(["多少元？", 400, "报销.txt"])
    sheet.append(["哪天？", date(2024, 5, 1), None])
    stream = io.BytesIO()
    book.save(stream)
    assert parse_questions("q.xlsx", stream.getvalue()) == [
        ExamQuestion("2", "多少元？", answers=("400",), document="报销.txt"),
        ExamQuestion("3", "哪天？", answers=("2024-05-01",)),
    ]


def test_a_table_without_a_column_for_questions_is_named() -> None:
    with pytest.raises(NoQuestionsError) as caught:
        parse_questions("q.csv", "甲,乙\n1,2\n".encode())
    assert caught.value.params["path"] == "q.csv"
    assert parse_questions("q.jsonl", b"\n") == []


def test_what_is_no_spreadsheet_is_named() -> None:
    with pytest.raises(QuestionsError):
        parse_questions("q.xlsx", b"no spreadsheet")


def test_a_cell_may_hold_several_answers() -> None:
    assert split_answers("5天｜五天\n 5 天 |") == ("5天", "五天", "5 天")
