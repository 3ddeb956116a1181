import math

import pytest

from kb.exam.metrics import (
    Figure,
    f1_tokens,
    figure,
    has_gold,
    interval_text,
    is_exact,
    is_gold,
    is_right,
    ndcg,
    reciprocal_rank,
    refuses,
    says,
    token_f1,
    wilson,
)
from kb.exam.questions import ExamQuestion


def asked(*answers: str, **more: object) -> ExamQuestion:
    return ExamQuestion("q", "问？", answers=answers, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    # Worked by hand from Wilson's formula; 0.5 of 10 and 0 of 20 are textbook values.
    [(0.5, 10, 0.2366, 0.7634), (0.0, 20, 0.0, 0.1611), (1.0, 20, 0.8389, 1.0)],
)
def test_wilson_gives_the_textbook_interval(
    share: float, count: int, low: float, high: float
) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=1e-4)


def test_a_figure_is_the_mean_with_its_interval_and_count() -> None:
    assert figure([]) == Figure(None, None, None, 0)
    measured = figure([True, False, True, True])
    assert (measured.value, measured.count) == (0.75, 4)
    assert interval_text(measured) == "0.750 [0.301, 0.954] n=4"
    assert interval_text(figure([])) == "–"


@pytest.mark.parametrize(
    ("answer", "golds", "right"),
    [
        ("每年享有５ 天！", ("5天",), True),
        ("劉裕，字德輿", ("刘裕",), True),
        ("Apple INC.", ("apple inc",), True),
        ("四天", ("5天",), False),
        ("", ("5天",), False),
        ("随便", ("。",), None),
        # Of eight gold characters seven pairs; five of them (0.714) are enough, four are not.
        ("一二三四五六", ("一二三四五六七八",), True),
        ("一二三四五", ("一二三四五六七八",), False),
        # Below eight characters only the whole gold answer counts.
        ("一二三四五六", ("一二三四五六七",), False),
    ],
)
def test_right_contains_a_gold_answer_or_most_of_a_long_one(
    answer: str, golds: tuple[str, ...], right: bool | None
) -> None:
    assert is_right(asked(*golds), answer, refused=False) is right


def test_an_answer_may_have_eighty_characters_or_three_times_the_gold_answers() -> None:
    assert is_right(asked("五天"), "五天" + "字" * 78, refused=False) is True
    assert is_right(asked("五天"), "五天" + "字" * 79, refused=False) is False
    gold = "".join(chr(0x4E00 + number) for number in range(40))
    assert is_right(asked(gold), gold + "字" * 80, refused=False) is True
    assert is_right(asked(gold), gold + "字" * 81, refused=False) is False


def test_who_refuses_and_answers_is_wrong() -> None:
    assert is_right(asked("五天"), "五天。根据已知信息无法回答该问题", refused=False) is False
    assert is_right(asked("五天"), "五天", refused=True) is False
    assert refuses("资料中没有提到这一点")
    assert not refuses("每年五天")


def test_of_each_group_one_must_appear() -> None:
    question = asked("甲和丙", must_include=(("甲", "乙"), ("丙",)))
    assert is_right(question, "乙与丙", refused=False) is True
    assert is_right(question, "甲与乙", refused=False) is False


def test_a_question_without_an_answer_is_right_when_refused() -> None:
    question = asked(refuse=True)
    assert is_right(question, "根据已知信息无法回答该问题", refused=True) is True
    assert is_right(question, "五天", refused=False) is False


def test_without_gold_and_of_free_answers_nothing_is_judged() -> None:
    assert is_right(asked(), "五天", refused=False) is None
    assert is_right(asked("长篇", answer_type="long"), "长篇", refused=False) is None
    assert not says("五天", "")


def test_token_f1_counts_chinese_by_characters_and_latin_by_words() -> None:
    assert f1_tokens("用Python 3写") == ["用", "python", "3", "写"]
    # Common: 五, 天; 2·2 / (4 + 2).
    assert token_f1("每年五天", ["五天"]) == pytest.approx(2 / 3)
    assert token_f1("red apple", ["green", "red pear"]) == pytest.approx(0.5)
    assert token_f1("", ["五天"]) == 0.0
    assert token_f1("五天", []) == 0.0


@pytest.mark.parametrize(
    ("answer", "gold", "exact"),
    [
        ("共 12,300.0 元", "12300", True),
        ("约1.23万元", "12300", True),
        ("12%", "0.12", True),
        ("10.21", "0.21", False),
        ("2190", "90", False),
        ("2.3W", "2.3w", True),
        ("负责人是张三", "张三", True),
        ("-5", "5", False),
    ],
)
def test_a_table_answer_gives_the_cell_itself(answer: str, gold: str, exact: bool) -> None:
    assert is_exact(asked(gold, is_table=True), answer, refused=False) is exact


def test_exactness_is_of_tables_only() -> None:
    assert is_exact(asked("5"), "5", refused=False) is None
    assert is_exact(asked("5", is_table=True), "5", refused=True) is False


@pytest.mark.parametrize(
    ("document", "text", "gold"),
    [
        ("制度/年假.md", "每年五天", True),
        ("年假.md", "每年四天", False),
        ("新年假.md", "每年五天", False),
    ],
)
def test_a_gold_passage_is_of_the_document_and_holds_the_answer(
    document: str, text: str, gold: bool
) -> None:
    assert is_gold(document, text, asked("五天", document="年假.md")) is gold


def test_of_a_paragraph_most_is_enough() -> None:
    paragraph = "".join(chr(0x4E00 + number) for number in range(100))
    question = asked("另外的话", answer_type="long", evidence=paragraph)
    assert is_gold("x", paragraph[:50], question) is True
    assert is_gold("x", "另外的话", question) is False


def test_only_the_document_known_any_passage_of_it_is_gold() -> None:
    assert is_gold("a/x.txt", "甲", asked(document="x.txt")) is True
    assert not has_gold(asked())
    assert not has_gold(asked("五天", refuse=True))


def test_ranks_become_reciprocal_ranks_and_gains() -> None:
    assert [reciprocal_rank(rank) for rank in (0, 1, 4)] == [0.0, 1.0, 0.25]
    assert [ndcg(rank) for rank in (0, 1, 3)] == [0.0, 1.0, pytest.approx(1 / math.log2(4))]
