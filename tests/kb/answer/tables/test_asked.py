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


@pytest.mark.parametrize(
    ("question", "text", "labels"),
    [
        ("油箱能装多少升？", "60升", ()),
        ("铁塔有多高？", "324 米", ()),
        ("吊车有多重？", "12.5", ("净重（t）",)),
        ("国产的占比是多少？", "35.2%", ()),
    ],
)
def test_a_unit_that_fits_what_is_asked_is_seen(
    question: str, text: str, labels: tuple[str, ...]
) -> None:
    assert asked(question).asks_unit(text, *labels)
    assert not asked(question).asks_unit("红色", "颜色")
    assert not asked("吊车是什么颜色？").asks_unit(text, *labels)


def test_one_of_what_is_asked_has_its_word_and_more() -> None:
    question = asked("贷款是哪家银行给的？")

    assert question.is_one("东岸银行")
    assert not question.is_one("银行")
    assert not question.is_one("三年")


def test_what_is_asked_may_stand_before_the_asking_word() -> None:
    assert asked("东区的仓库有哪些？").what == "仓库"
