import pytest

from kb.answer.fusion import reciprocal_rank_fusion


def test_the_first_of_every_ranking_scores_one() -> None:
    assert reciprocal_rank_fusion({"a": [7, 8], "b": [7, 9]})[0] == (7, pytest.approx(1.0))


def test_scores_are_the_formula_of_the_paper() -> None:
    fused = dict(reciprocal_rank_fusion({"a": [1, 2], "b": [2]}))
    assert fused[2] == pytest.approx((1 / 62 + 1 / 61) / (2 / 61))
    assert fused[1] == pytest.approx((1 / 61) / (2 / 61))


def test_weights_move_the_order() -> None:
    rankings = {"a": [1, 2], "b": [2, 1]}
    assert reciprocal_rank_fusion(rankings, {"a": 2.0})[0][0] == 1
    assert reciprocal_rank_fusion(rankings, {"b": 2.0})[0][0] == 2


def test_no_ranking_gives_nothing() -> None:
    assert reciprocal_rank_fusion({"a": [], "b": []}) == []
