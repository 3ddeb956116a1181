from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kb.text.windows import Window, build_passages, join, merge_places, trim_overlaps, widen
from kb.types import LINE_LIMIT, PASSAGE_LIMIT, Line, Place

PLACE = Place(page=1)


def line(size: int, *, group: str = "", glue: str = "", is_heading: bool = False) -> Line:
    return Line("字" * size, PLACE, group=group, glue=glue, is_heading=is_heading)


LINES = st.lists(
    st.builds(
        line,
        st.integers(1, LINE_LIMIT),
        group=st.sampled_from(["", "", "第一条", "第二条"]),
        glue=st.sampled_from(["", "\n"]),
        is_heading=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=40,
)


def spans(lines: list[Line]) -> list[tuple[int, int]]:
    return [(p.first_line, p.last_line) for p in build_passages(lines)]


@given(LINES)
def test_passages_tile_the_document(lines: list[Line]) -> None:
    passages = build_passages(lines)
    assert [n for p in passages for n in range(p.first_line, p.last_line + 1)] == list(
        range(len(lines))
    )
    for passage in passages:
        own = lines[passage.first_line : passage.last_line + 1]
        assert passage.text == join(own)
        assert len(passage.text) <= PASSAGE_LIMIT
        assert {row.group for row in own if not row.is_heading} <= {passage.group}


@given(LINES)
def test_a_heading_ends_no_passage_that_holds_more_than_headings(lines: list[Line]) -> None:
    for passage in build_passages(lines)[:-1]:
        own = lines[passage.first_line : passage.last_line + 1]
        following = lines[passage.last_line + 1]
        if own[-1].is_heading and own[-1].group == following.group:
            assert all(row.is_heading for row in own)


def test_passages_are_filled_greedily_with_glue_counted() -> None:
    assert spans([line(100), line(100), line(50), line(10)]) == [(0, 2), (3, 3)]
    assert spans([line(100), line(100), line(50, glue="\n"), line(10)]) == [(0, 1), (2, 3)]


def test_a_new_group_begins_a_new_passage() -> None:
    lines = [line(10), line(10, group="第一条"), line(10, group="第二条"), line(10)]
    assert spans(lines) == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_a_long_group_becomes_passages_that_name_it_and_repeat_its_prefix() -> None:
    lines = [line(100, group="行 3") for _ in range(5)]
    passages = build_passages(lines, prefixes={"行 3": "型号：甲\n"})
    assert [(p.first_line, p.last_line, p.group) for p in passages] == [
        (0, 1, "行 3"),
        (2, 3, "行 3"),
        (4, 4, "行 3"),
    ]
    assert [p.text.startswith("型号：甲\n") for p in passages] == [False, True, True]
    assert max(len(p.text) for p in passages) <= PASSAGE_LIMIT


def test_a_heading_moves_to_the_passage_it_heads() -> None:
    assert spans([line(100), line(100), line(10, is_heading=True), line(100)]) == [(0, 1), (2, 3)]


def test_a_heading_goes_with_the_article_below_if_it_fits() -> None:
    heading = line(10, is_heading=True)
    article = [line(100, group="第一条"), line(100, group="第一条", glue="\n")]
    assert spans([line(5), heading, *article]) == [(0, 0), (1, 3)]
    article.append(line(49, group="第一条"))
    assert spans([line(5), heading, *article]) == [(0, 1), (2, 4)]


def test_a_passage_is_headed_by_the_text_in_it() -> None:
    lines = [
        Line("第一章", PLACE, heading="", is_heading=True),
        Line("正文。", Place(page=2), heading="第一章", glue="\n"),
    ]
    (passage,) = build_passages(lines)
    assert (passage.text, passage.heading, passage.place.page) == ("第一章\n正文。", "第一章", 1)


def test_a_place_keeps_the_boxes_of_its_first_page() -> None:
    box = (0.1, 0.1, 0.9, 0.2)
    low = (0.1, 0.2, 0.9, 0.3)
    places = [
        Place(page=1, boxes=(box,)),
        Place(page=1, boxes=(box, low)),
        Place(page=2, boxes=(box,)),
    ]
    assert merge_places(places) == Place(page=1, boxes=(box, low))


@given(LINES, st.data())
def test_a_window_holds_its_hit_and_cannot_grow(lines: list[Line], data: st.DataObject) -> None:
    hit_first = data.draw(st.integers(0, len(lines) - 1))
    hit_last = data.draw(st.integers(hit_first, min(len(lines) - 1, hit_first + 3)))
    first, last = widen(lines, hit_first, hit_last)
    assert 0 <= first <= hit_first <= hit_last <= last < len(lines)
    size = len(join(lines[first : last + 1]))
    if (first, last) != (hit_first, hit_last):
        assert size <= PASSAGE_LIMIT
    if first > 0:
        assert len(join(lines[first - 1 : last + 1])) > PASSAGE_LIMIT
    if last + 1 < len(lines):
        assert len(join(lines[first : last + 2])) > PASSAGE_LIMIT


@pytest.mark.parametrize(
    ("sizes", "hit", "window"),
    [
        ([50], (0, 0), (0, 0)),
        ([50, 50, 50], (0, 0), (0, 2)),
        ([50, 50, 50], (2, 2), (0, 2)),
        ([100, 100, 100, 100], (1, 1), (1, 2)),
        ([30, 100, 100, 100], (2, 2), (2, 3)),
        ([30, 20, 100, 100, 100], (2, 3), (0, 3)),
        ([100, 100, 100], (0, 2), (0, 2)),
    ],
)
def test_each_side_is_widened_on_its_own(
    sizes: list[int], hit: tuple[int, int], window: tuple[int, int]
) -> None:
    assert widen([line(size) for size in sizes], *hit) == window


def test_the_better_window_keeps_the_lines_both_would_show() -> None:
    better, worse = Window(1, 0, 5, 2, 3), Window(1, 3, 8, 6, 7)
    assert trim_overlaps([better, worse]) == [better, Window(1, 6, 8, 6, 7)]
    assert trim_overlaps([worse, better]) == [Window(1, 4, 8, 6, 7), Window(1, 0, 3, 2, 3)]


def test_windows_of_other_documents_are_left_alone() -> None:
    windows = [Window(1, 0, 5, 2, 3), Window(2, 0, 5, 2, 3)]
    assert trim_overlaps(windows) == windows


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 3), st.integers(0, 3)),
        max_size=8,
        unique_by=lambda drawn: drawn[0],
    )
)
def test_no_line_is_shown_twice_and_no_hit_is_lost(drawn: list[tuple[int, int, int]]) -> None:
    windows = [
        Window(1, max(0, 3 * n - before), 3 * n + 2 + after, 3 * n, 3 * n + 2)
        for n, before, after in drawn
    ]
    trimmed = trim_overlaps(windows)
    shown = [n for w in trimmed for n in range(w.first, w.last + 1)]
    assert len(shown) == len(set(shown))
    assert set(shown) == {n for w in windows for n in range(w.first, w.last + 1)}
    for old, new in zip(windows, trimmed, strict=True):
        assert old.first <= new.first <= new.hit_first == old.hit_first
        assert old.hit_last == new.hit_last <= new.last <= old.last
