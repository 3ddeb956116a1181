import pytest

from app.convert import hit_model
from kb.answer_types import Hit
from kb.types import Box, Place

ONE: Box = (0.1, 0.2, 0.5, 0.3)
TWO: Box = (0.1, 0.3, 0.4, 0.4)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [((), None), ((ONE,), [0.1, 0.2, 0.5, 0.3]), ((ONE, TWO), [list(ONE), list(TWO)])],
)
def test_a_box_is_null_four_numbers_or_a_list_of_them(
    boxes: tuple[Box, ...], expected: object
) -> None:
    place = Place(page=2, boxes=boxes)
    hit = Hit(1, 7, "kb", "库", 3, "a.pdf", "窗口", "段落", "甲 > 乙", "", place, 0.5)
    model = hit_model(hit)
    assert model.box == expected
    assert (model.page, model.row, model.knowledge_base, model.text) == (2, None, "库", "窗口")
