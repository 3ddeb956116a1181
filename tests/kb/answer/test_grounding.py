from kb.answer.grounding import cited, ground
from kb.types import Citation, Hit, Place


def citation(number: int, text: str) -> Citation:
    return Citation(
        number, Hit(number, number, "kb", "库", 1, "a.txt", text, text, "", "", Place(), 1.0)
    )


SOURCES = [citation(1, "2022年公司研发费用为3.2亿元，同比增长12%。"), citation(2, "总部位于北京。")]


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
