import pytest

from kb.answer.gate import answerable, gate_features
from kb.models.table import GateConstants

CONSTANTS = GateConstants(-40.0, 44.0, 10.0, 3.0, 1.0)


def test_features_measure_similarity_margin_coverage_and_agreement() -> None:
    features = gate_features(
        "研发费用是多少？",
        [0.9, *[0.8] * 20],
        [1, 2, 3, 4, 5, 6],
        [2, 1, 9, 8, 7],
        ["2022年研发费用为3亿元"],
    )
    assert features.similarity == 0.9
    assert features.margin == pytest.approx(0.1)
    assert features.coverage == 1.0
    assert features.agreement == pytest.approx(0.4)


def test_nothing_found_covers_nothing() -> None:
    features = gate_features("研发费用？", [], [], [], [])
    assert (features.similarity, features.coverage) == (0.0, 0.0)
    assert answerable(features, CONSTANTS) < 0.001


def test_words_that_only_ask_do_not_count_as_covered() -> None:
    features = gate_features("请问什么是光合作用？", [0.8], [1], [1], ["什么是爱？请问路在何方。"])
    assert features.coverage == 0.0


def test_a_better_retrieval_is_more_answerable() -> None:
    weak = gate_features("研发费用？", [0.8] * 10, [1], [2], ["天气"])
    strong = gate_features("研发费用？", [0.92, *[0.8] * 9], [1], [1], ["研发费用为3亿元"])
    assert 0 <= answerable(weak, CONSTANTS) < answerable(strong, CONSTANTS) <= 1


@pytest.mark.parametrize(
    ("question", "text", "foreign"),
    [
        ("Who founded the company?", "该公司由两位工程师于一九九八年创立。", True),
        ("公司是谁创立的？", "The company was founded by two engineers in 1998.", True),
        ("公司是谁创立的？", "该公司由两位工程师于一九九八年创立。", False),
        ("Who founded the company?", "The company was founded by two engineers.", False),
        ("HX-200B", "该型号由两位工程师设计。", False),
        ("NASUWT是什么组织？", "NASUWT是英国的教师工会。", False),
    ],
)
def test_a_question_in_another_language_than_the_passages_is_foreign(
    question: str, text: str, *, foreign: bool
) -> None:
    assert gate_features(question, [0.8], [1], [1], [text]).foreign is foreign


def test_of_a_foreign_question_the_cosine_alone_decides_by_a_limit_of_its_own() -> None:
    constants = GateConstants(-40.0, 44.0, 10.0, 3.0, 1.0, foreign=0.75)
    text = ["该公司由两位工程师于一九九八年创立。"]
    near = gate_features("Who founded the company?", [0.78], [1], [2], text)
    far = gate_features("Who founded the company?", [0.72], [1], [1], text)
    assert answerable(far, constants) < 0.5 < answerable(near, constants)
    assert answerable(near, CONSTANTS) > 0.99
