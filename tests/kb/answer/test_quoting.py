import pytest

from kb.answer.context import number
from kb.answer.quoting import Quotation, quotation, said_by_itself, with_quotation
from kb.answer_types import Citation, Hit
from kb.types import Place

TRAVEL = "出差住宿费每晚不超过500元，一线城市不超过700元。伙食补助每天100元，交通补助每天80元。"
LEAVE = "年假为十天。婚假为十五天，须提前一个月申请。"


def sources(*texts: str) -> tuple[Citation, ...]:
    return number(
        [
            Hit(
                rank=rank,
                passage_id=rank,
                kb_id="1",
                kb_name="制度",
                document_id=rank,
                document="员工手册.docx",
                text=text,
                passage_text=text,
                heading="",
                group="",
                place=Place(),
                score=1.0,
            )
            for rank, text in enumerate(texts, start=1)
        ]
    )


def test_the_clauses_that_the_answer_shortens_are_quoted_with_their_source() -> None:
    quoted = quotation("住宿费每晚最多多少钱？", "每晚500元。", sources(LEAVE, TRAVEL))
    assert quoted == Quotation("出差住宿费每晚不超过500元，一线城市不超过700元。", 2)


def test_a_quotation_begins_and_ends_at_a_punctuation_mark_where_the_line_is_too_long() -> None:
    long = "公司成立于2001年，总部设在杭州市西湖区，" + "在全国三十一个省市设有分支机构，" * 4
    quoted = quotation("公司什么时候成立的？", "2001年成立。", sources(long))
    assert quoted is not None
    assert quoted.text.startswith("公司成立于2001年，总部设在杭州市西湖区，在全国")
    assert quoted.text.endswith("，")
    assert len(quoted.text) < len(long)


@pytest.mark.parametrize(
    "answer",
    [
        "年假为十天。",
        "按照员工手册，年假为十天。",
    ],
)
def test_what_the_answer_says_word_for_word_is_not_repeated(answer: str) -> None:
    assert quotation("年假几天？", answer, sources(LEAVE)) is None


def test_beside_a_long_answer_there_is_no_quotation() -> None:
    answer = "住宿费每晚五百元，" * 12
    assert quotation("住宿费每晚最多多少钱？", answer, sources(TRAVEL)) is None


def test_words_in_another_language_are_not_taken_for_the_answers() -> None:
    source = sources("Employees receive ten days of annual leave.")
    assert quotation("年假几天？", "年假是十天。", source) is None


def test_an_answer_can_be_told_from_what_is_quotation_it() -> None:
    whole = with_quotation("每晚500元。", Quotation("住宿费每晚不超过500元。", 1))
    assert whole == "每晚500元。\n\n> 住宿费每晚不超过500元。"
    assert said_by_itself(whole) == "每晚500元。"
    assert said_by_itself("每晚500元。") == "每晚500元。"
