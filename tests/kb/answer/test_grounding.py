import pytest

from kb.answer.grounding import cited, ground
from kb.answer_types import Citation, Hit
from kb.types import Place


def citation(number: int, text: str, *, heading: str = "") -> Citation:
    return Citation(
        number, Hit(number, number, "kb", "库", 1, "a.txt", text, text, heading, "", Place(), 1.0)
    )


def supports(
    answer: str, *passages: str, question: str = "", heading: str = ""
) -> list[tuple[int, ...]]:
    citations = [
        citation(number, text, heading=heading) for number, text in enumerate(passages, start=1)
    ]
    return [sentence.citations for sentence in ground(answer, citations, question)]


SOURCES = [citation(1, "2022年公司研发费用为3.2亿元，同比增长12%。"), citation(2, "总部位于北京。")]

ACCIDENT = (
    "三号车间的锅炉于2019年4月2日发生爆炸，造成12人死亡、14人受伤，直接损失300万元。"
    "当日值班的班长李建国未按规程停机，厂长王海涛当时在上海出差。"
)
DEVICE = (
    "HX-200B型水泵由蓝星机械公司生产，最高转速为2900转。出厂前必须试运转，"
    "运行温度不得高于60度。与之配套的电机由宏达电气公司提供，外壳不含铅。"
)


def test_a_sentence_is_linked_to_the_passage_that_says_it() -> None:
    sentences = ground("研发费用为3.2亿元。总部位于北京。", SOURCES)
    assert [(s.text, s.supported, s.citations) for s in sentences] == [
        ("研发费用为3.2亿元。", True, (1,)),
        ("总部位于北京。", True, (2,)),
    ]


def test_a_number_that_stands_nowhere_takes_the_support_away() -> None:
    assert not ground("2022年公司研发费用为3.9亿元，同比增长12%。", SOURCES)[0].supported


def test_an_invented_sentence_has_no_support() -> None:
    assert not ground("该公司计划明年在海外上市。", SOURCES)[0].supported


def test_only_passages_that_support_something_are_cited() -> None:
    assert [c.number for c in cited(ground("总部位于北京。", SOURCES), SOURCES)] == [2]
    assert [c.number for c in cited(ground("完全无关的话语。", SOURCES), SOURCES)] == [1, 2]


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("合同于2023年5月1日生效。", "本合同自2023-05-01起生效。"),
        ("合同于2023/5/1生效。", "本合同自二〇二三年五月一日起生效。"),
        ("参加会议的共有15000人。", "参加会议的人数共有1.5万人。"),
        ("利率为5%。", "贷款的利率为百分之五。"),
        ("利率为５％。", "贷款的利率为5%。"),
        ("依照第12条处理。", "此类情形依照第十二条处理。"),
        ("总价是1200000元。", "这批货的总价是1,200,000元。"),
        ("总价是120万元。", "这批货的总价是1,200,000.00元。"),
        ("管道長30公尺。", "这条管道长30米。"),
        ("共有三名工人。", "工地上共有3名工人。"),
        ("機場於二〇〇八年啟用。", "机场于2008年启用。"),
    ],
)
def test_numbers_compare_by_value_and_text_across_scripts(said: str, source: str) -> None:
    assert supports(said, source) == [(1,)]


@pytest.mark.parametrize(
    "false",
    [
        # Another value of the same passage, of the same kind.
        "三号车间的锅炉于2019年4月2日发生爆炸，造成14人死亡、14人受伤。",
        "锅炉爆炸造成12人死亡、12人受伤。",
        # A value of no passage; another unit.
        "三号车间的锅炉于2019年4月3日发生爆炸。",
        "三号车间的锅炉于2018年4月2日发生爆炸。",
        "直接损失300亿元。",
        "直接损失300万美元。",
        # A name that stands elsewhere in the passage, and one that stands nowhere.
        "当日值班的班长王海涛未按规程停机。",
        "当日值班的班长赵志刚未按规程停机。",
        "厂长王海涛当时在北京出差。",
        # The contrary.
        "当日值班的班长李建国按规程停机，厂长王海涛当时在上海出差。",
        "三号车间的锅炉没有于2019年4月2日发生爆炸，造成12人死亡。",
    ],
)
def test_what_is_swapped_or_negated_is_unsupported(false: str) -> None:
    assert supports(false, ACCIDENT, "二号车间于2018年5月3日停产，值班的是赵大伟。") == [()]


@pytest.mark.parametrize(
    "true",
    [
        "锅炉爆炸造成12人死亡、14人受伤。",
        "造成14人受伤、12人死亡。",
        "爆炸发生于2019年4月2日。",
        "值班的班长是李建国，他未按规程停机。",
        "厂长王海涛当时在上海出差。",
        "爆炸的直接损失为300万元。",
    ],
)
def test_what_is_said_in_other_words_is_supported(true: str) -> None:
    assert supports(true, ACCIDENT) == [(1,)]


@pytest.mark.parametrize(
    ("said", "is_supported"),
    [
        ("HX-200B型水泵由蓝星机械公司生产。", True),
        ("HX-300B型水泵由蓝星机械公司生产。", False),
        ("运行温度不得高于60度。", True),
        ("水泵的运行温度不得低于60度。", False),
        ("运行温度可以高于60度。", False),
        ("出厂前禁止试运转，运行温度不得高于60度。", False),
        ("电机由宏达电气公司提供，外壳含铅。", False),
    ],
)
def test_model_numbers_opposites_and_prohibitions_are_compared(
    said: str, is_supported: bool
) -> None:
    assert bool(supports(said, DEVICE)[0]) is is_supported


def test_a_value_of_another_passage_is_not_borrowed() -> None:
    first, second = "甲产品的保修期为24个月。", "乙产品的保修期为36个月。"
    assert supports("甲产品的保修期为24个月。", first, second) == [(1,)]
    assert supports("甲产品的保修期为36个月。", first, second) == [()]


def test_a_title_must_stand_in_the_passage() -> None:
    source = "王芳著有长篇小说《长河》和散文集《雨后》。"
    assert supports("王芳著有长篇小说《长河》。", source) == [(1,)]
    assert supports("王芳著有长篇小说《大漠》。", source) == [()]
    assert supports("王芳著有长篇小说《雨后》和散文集《长河》。", source) == [()]


def test_words_of_the_question_are_known_but_give_the_answer_no_number() -> None:
    source = "年度考核优秀的员工，奖金为5000元。"
    question = "小李2021年度考核优秀，能拿多少奖金？"
    assert supports("小李2021年度考核优秀，奖金为5000元。", source, question=question) == [(1,)]
    assert supports("小李2021年度考核优秀，奖金为8000元。", source, question=question) == [()]


def test_a_statement_keeps_the_numbers_and_the_polarity_of_its_question() -> None:
    source = "饮料中不可含有酒精。2020年的产量为35吨，2021年的产量为40吨。"
    asked = "饮料中不可含有什么？"
    assert supports("饮料中不可含有酒精。", source, question=asked) == [(1,)]
    assert supports("饮料中可含有酒精。", source, question=asked) == [()]
    asked = "2020年的产量是多少？"
    assert supports("2020年的产量是35吨。", source, question=asked) == [(1,)]
    assert supports("2021年的产量是35吨。", source, question=asked) == [()]


def test_a_yes_or_no_question_may_be_denied() -> None:
    source = "临时人员无权申请住房补贴。"
    asked = "临时人员能否申请住房补贴？"
    assert supports("临时人员不能申请住房补贴。", source, question=asked) == [(1,)]


def test_the_heading_names_what_its_passage_is_about() -> None:
    text = "额定功率为37千瓦，净重1120千克。"
    assert supports("空压机的净重为1120千克。", text, heading="空压机") == [(1,)]


@pytest.mark.parametrize(
    ("said", "question"),
    [
        ("三个季度合计60吨。", ""),
        ("一季度比二季度多了10吨。", ""),
        ("60吨", "三个季度总共多少吨？"),
    ],
)
def test_a_sum_or_difference_of_the_numbers_of_a_passage_is_supported(
    said: str, question: str
) -> None:
    source = "三个季度的用量：一季度30吨，二季度20吨，三季度10吨。"
    assert supports(said, source, question=question) == [(1,)]


def test_a_wrong_sum_is_unsupported() -> None:
    source = "三个季度的用量：一季度30吨，二季度20吨，三季度10吨。"
    assert supports("三个季度合计70吨。", source) == [()]


def test_a_literal_quotation_is_always_supported() -> None:
    quoted = "（一）不得擅自转让；（二）未经批准，不得改变用途，但是抢险救灾除外。"
    assert all(supports(quoted, f"第九条　土地使用者应当遵守下列规定：{quoted}"))


def test_a_quotation_may_run_on_into_the_next_passage() -> None:
    first, second = "申请人应当提交下列材料，", "并对材料的真实性负责。"
    assert supports(first + second, first, second) == [(1, 2)]


def test_a_quotation_neither_cuts_a_number_nor_leaves_a_not_away() -> None:
    source = "事故造成112人受伤，厂方未按规程停机。"
    assert supports("12人受伤。", source) == [()]
    assert supports("按规程停机。", source) == [()]


def test_marks_of_lists_are_no_numbers() -> None:
    answer = "1. 总部位于北京。\n2. 同比增长12%。"
    assert [s.supported for s in ground(answer, SOURCES)] == [True, True]


def test_no_more_than_two_passages_are_cited_for_a_sentence() -> None:
    text = "总部位于北京。"
    assert supports(text, text, text, text, text) == [(1, 2)]


def test_across_languages_numbers_are_compared_and_then_the_meaning() -> None:
    chinese = citation(1, "本合同自2023年5月1日起生效，价款为150万元。")
    true = "The contract takes effect on May 1, 2023 at a price of 1.5 million."
    false = "The contract takes effect on May 7, 2023 at a price of 1.5 million."

    def near(_sentence: str, passages: object) -> list[float]:
        return [0.1 for _ in list(passages)]  # type: ignore[call-overload]

    def far(_sentence: str, passages: object) -> list[float]:
        return [-0.1 for _ in list(passages)]  # type: ignore[call-overload]

    assert [s.supported for s in ground(true, [chinese], similarity=near)] == [True]
    assert [s.supported for s in ground(true, [chinese], similarity=far)] == [False]
    assert [s.supported for s in ground(false, [chinese], similarity=near)] == [False]
    # Without an embedder what can be compared decides.
    assert [s.supported for s in ground(true, [chinese])] == [True]
    assert [s.supported for s in ground(false, [chinese])] == [False]


def test_a_chinese_sentence_keeps_the_latin_names_of_an_english_passage() -> None:
    english = citation(1, "Ada Lovelace published her notes in 1843.")

    def near(_sentence: str, passages: object) -> list[float]:
        return [0.1 for _ in list(passages)]  # type: ignore[call-overload]

    def of(answer: str) -> list[bool]:
        return [s.supported for s in ground(answer, [english], similarity=near)]

    assert of("Lovelace于1843年发表了她的笔记。") == [True]
    assert of("Babbage于1843年发表了她的笔记。") == [False]


def test_a_long_answer_is_judged_in_a_moment() -> None:
    import time

    passages = [citation(number, ACCIDENT * 2) for number in range(1, 6)]
    ground(ACCIDENT, passages)
    started = time.process_time()
    ground(ACCIDENT.replace("上海", "广州"), passages, "三号车间的锅炉发生了什么？")
    assert time.process_time() - started < 0.5


@pytest.mark.parametrize(
    ("question", "answer", "passage"),
    [
        ("水杉有多高？", "水杉的高度可达55米。", "水杉为落叶乔木。树高可达55米，树干直径2米。"),
        ("这本杂志期许什么？", "期许人们活得自在。", "这本杂志期许每个人都能活得自在、活得健康。"),
    ],
)
def test_words_that_answer_the_question_or_say_nothing_need_not_stand_in_a_source(
    question: str, answer: str, passage: str
) -> None:
    assert [each.supported for each in ground(answer, [citation(1, passage)], question)] == [True]
