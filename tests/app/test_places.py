import pytest

from app.places import place_text
from kb.types import Place


@pytest.mark.parametrize(
    ("place", "shown"),
    [
        (Place(page=3, paragraph=9), "第 3 页"),
        (Place(sheet="库存", row=5, column="C", paragraph=1), "工作表 库存 · 单元格 C5"),
        (Place(row=7), "第 7 行"),
        (Place(paragraph=2), "第 2 段"),
        (Place(), ""),
    ],
)
def test_the_nearest_place_that_a_person_can_turn_to_is_named(place: Place, shown: str) -> None:
    assert place_text(place, "zh") == shown
