import pytest

from kb.answer.tables.asked import asked, kind_of_value


@pytest.mark.parametrize(
    ("question", "focus", "kind"),
    [
        ("请问三号楼的层高是多少？", "层高", "number"),
        ("泰山的海拔有多高？", "海拔高度", "number"),
        ("张工的入职日期是哪天？", "入职日期日期", "date"),
        ("三号楼是谁负责的？", "三号楼人", "text"),
        ("XK-7 的商品编号是多少？", "商品编号", ""),
        ("What is the net weight of XK-7?", "netweight", "text"),
        ("How many rooms does block 3 have?", "rooms", "number"),
    ],
)
def test_a_question_is_taken_apart_into_what_is_asked_and_its_kind(
    question: str, focus: str, kind: str
) -> None:
    found = asked(question)

    assert (found.focus, found.kind) == (focus, kind)


def test_words_of_courtesy_are_no_part_of_what_is_compared() -> None:
    assert asked("你好，请问三号楼有几层？").text == "三号楼有几层"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2021年3月", "date"),
        ("2021-03-05", "date"),
        ("1,280.50", "number"),
        ("约30米", "number"),
        ("5.1%", "number"),
        ("XK-714", "text"),
        ("红色", "text"),
    ],
)
def test_the_kind_of_a_cell_is_told(text: str, kind: str) -> None:
    assert kind_of_value(text) == kind
