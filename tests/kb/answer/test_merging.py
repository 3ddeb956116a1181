from kb.answer.merging import Near, merged
from kb.models.table import EmbedderModel, GateConstants


def model(name: str, gate: GateConstants | None) -> EmbedderModel:
    return EmbedderModel(
        name=name, backend="onnx", dim=4, licence="MIT", size=1, gate=gate, max_tokens=8
    )


NARROW = model("narrow", GateConstants(-80.0, 100.0, 0.0, 0.0, 0.0))  # 0.80 is even
WIDE = model("wide", GateConstants(-5.0, 10.0, 0.0, 0.0, 0.0))  # 0.50 is even
UNFITTED = model("unfitted", None)


def ids(*found: Near) -> list[int]:
    return [near.passage_id for near in merged(found)]


def test_one_embedder_ranks_by_its_cosine() -> None:
    assert ids(Near(1, 0.7, WIDE), Near(2, 0.9, WIDE), Near(3, 0.8, WIDE)) == [2, 3, 1]


def test_cosines_of_two_embedders_count_by_what_they_say_for_an_answer() -> None:
    found = (Near(1, 0.78, NARROW), Near(2, 0.84, NARROW), Near(3, 0.6, WIDE), Near(4, 0.2, WIDE))
    # Log odds: -2, +4, +1, -3.
    assert ids(*found) == [2, 3, 1, 4]


def test_an_embedder_that_was_never_fitted_is_as_near_as_the_others_on_average() -> None:
    found = (
        Near(1, 0.99, UNFITTED),
        Near(2, 0.98, UNFITTED),
        Near(3, 0.9, WIDE),
        Near(4, 0.1, WIDE),
    )
    assert ids(*found) == [1, 3, 2, 4]


def test_without_any_fitted_embedder_firsts_stand_before_seconds() -> None:
    other = model("other", None)
    found = (
        Near(1, 0.3, other),
        Near(2, 0.2, other),
        Near(3, 0.9, UNFITTED),
        Near(4, 0.8, UNFITTED),
    )
    assert ids(*found) == [1, 3, 2, 4]


def test_nothing_found_stays_nothing() -> None:
    assert merged(()) == []
