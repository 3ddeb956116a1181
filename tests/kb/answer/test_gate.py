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
