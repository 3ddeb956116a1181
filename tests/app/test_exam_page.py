import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.exam_page import answerable_columns, is_gold_hit, rank_columns, render, worst, write_page
from kb.exam.questions import ExamQuestion
from kb.exam.report import Report, make_report
from kb.exam.results import Outcome, Shown

HOSTILE = '<script>alert(1)</script><img src=x onerror="a()"> \'"&</td>'


def outcome(id: str, answer: str, *, refused: bool = False, document: str = "a.txt") -> Outcome:
    shown = Shown(1, "库", document, "", f"每年五天。{HOSTILE}", 0.5, page=3)
    return Outcome(
        id, "问？", answer, refused, 0.95, 0.5, (shown,), (shown,), ((answer, True),), "m", 9, 900
    )


@pytest.fixture
def report() -> Report:
    questions = [
        ExamQuestion("r", "几天？", answers=("五天",), document="a.txt"),
        ExamQuestion("w", HOSTILE, answers=(HOSTILE,), document=HOSTILE),
        ExamQuestion("f", "几年？", answers=("三年",)),
        ExamQuestion("u", "谁？"),
        ExamQuestion("n", "没答"),
    ]
    outcomes = {
        "r": outcome("r", "五天"),
        "w": outcome("w", f"答：{HOSTILE[:20]}", document=HOSTILE),
        "f": outcome("f", "根据已知信息无法回答该问题", refused=True),
        "u": outcome("u", "张三"),
    }
    return make_report(questions, outcomes)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_texts_of_others_are_escaped_and_nothing_is_fetched(report: Report, language: str) -> None:
    page = render(report, title=HOSTILE, language=language)  # type: ignore[arg-type]
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert not re.search(r"(?:src|href)\s*=", re.sub(r"&[^;]+;", "", page.replace("src=x", "")))
    assert "default-src 'none'" in page


def test_the_page_is_well_formed_and_says_what_was_measured(report: Report) -> None:
    page = render(report, title="年假", language="zh")
    body = page[page.index("<body>") : page.index("</html>")]
    tree = ET.fromstring(body)  # noqa: S314 - our own page
    said = "".join(tree.itertext())
    assert "答对率" in said
    assert "0.333" in said
    assert len(tree.findall(".//svg")) == 2 + len(report.figures)
    assert [each.findtext("summary") for each in tree.findall(".//details")] == [HOSTILE, "几年？"]


def test_answered_wrongly_is_worse_than_refused(report: Report) -> None:
    assert [each.question.id for each in worst(report.judgements)] == ["w", "f"]


def test_columns_count_the_verdicts(report: Report) -> None:
    last = answerable_columns(report.judgements)[-1]
    assert (last.label, last.total) == ("0.9", 4)
    assert dict(last.counts) == {"right": 1, "wrong": 2, "ungraded": 1, "unanswered": 0}
    ranks = {column.label: column.total for column in rank_columns(report.judgements, "-")}
    assert ranks == {"1": 2, "2": 0, "3": 0, "4": 0, "5": 0, ">5": 0, "-": 1}


def test_the_right_passage_is_known(report: Report) -> None:
    first = report.judgements[0]
    assert first.outcome is not None
    assert is_gold_hit(first, first.outcome.found[0])


def test_the_page_is_written(report: Report, tmp_path: Path) -> None:
    write_page(tmp_path / "x.html", report, title="年假", language="zh")
    assert (tmp_path / "x.html").read_text(encoding="utf-8").rstrip().endswith("</html>")
