import pytest

from kb.answer.substitution import fragment, substitute


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        ("病假工资怎么发？", "那事假呢？", "事假工资怎么发？"),
        ("一线城市的住宿标准是多少？", "二线城市呢？", "二线城市的住宿标准是多少？"),
        ("公司2022年的研发费用是多少？", "2023年呢？", "公司2023年的研发费用是多少？"),
        ("《民法典》第二十四条说了什么？", "第二十五条呢", "《民法典》第二十五条说了什么？"),
        ("How much annual leave is there?", "And sick leave?", "How much sick leave is there?"),
    ],
)
def test_what_is_of_one_kind_is_replaced(before: str, question: str, expected: str) -> None:
    assert substitute(before, question) == expected


@pytest.mark.parametrize(
    ("before", "question"),
    [
        ("阿司匹林的不良反应有哪些？", "布洛芬呢？"),
        ("2021年比2022年增长多少？", "2023年呢？"),
        ("病假工资怎么发？", "病假呢？"),
        ("病假工资怎么发？", "怎么申请呢？"),
    ],
)
def test_nothing_is_replaced_where_the_place_is_not_plain(before: str, question: str) -> None:
    assert substitute(before, question) is None


def test_a_phrase_is_told_from_a_question() -> None:
    assert fragment("那事假的话呢？") == "事假"
    assert fragment("What about contractors?") == "contractors"
    assert fragment("那要多久？") is None
