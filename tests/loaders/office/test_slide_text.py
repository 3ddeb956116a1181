"""Texts on slides: lists, numbers, titles, footers, tables with merged cells."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from loaders.office.slide_text import body_elements, table_elements

_NAMESPACE = "xmlns:a='http://schemas.openxmlformats.org/drawingml/2006/main'"
_AUTO = "<a:pPr lvl='{}'><a:buAutoNum type='{}'/></a:pPr>"


def _node(markup: str) -> Any:
    return etree.fromstring(f"<a:x {_NAMESPACE}>{markup}</a:x>")


def _p(text: str, properties: str = "") -> str:
    return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"


def _row(*cells: tuple[str, str]) -> str:
    """Return a row of cells, each its text and its attributes."""
    inner = "".join(
        f"<a:tc {marks}><a:txBody>{_p(text)}</a:txBody></a:tc>" for text, marks in cells
    )
    return f"<a:tr>{inner}</a:tr>"


def _body(markup: str, kind: str = "") -> list[tuple[str, str]]:
    return [(found.category, found.text) for found in body_elements(_node(markup), kind, 1)]


def test_automatic_numbers_are_written_out_and_begin_again_below() -> None:
    text = (
        _p("总则", _AUTO.format(0, "ea1JpnChsDbPeriod"))
        + _p("甲", _AUTO.format(1, "arabicParenBoth"))
        + _p("乙", _AUTO.format(1, "arabicParenBoth"))
        + _p("分则", _AUTO.format(0, "ea1JpnChsDbPeriod"))
        + _p("丙", _AUTO.format(1, "arabicParenBoth"))
        + _p("没有编号")
    )

    assert _body(text) == [
        ("ListItem", "一、 总则"),
        ("ListItem", "(1) 甲"),
        ("ListItem", "(2) 乙"),
        ("ListItem", "二、 分则"),
        ("ListItem", "(1) 丙"),
        ("NarrativeText", "没有编号"),
    ]


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ("type='romanUcParenR' startAt='4'", "IV)"),
        ("type='alphaLcPeriod'", "a."),
        ("startAt='9999999'", "1."),
    ],
)
def test_numbers_have_the_signs_of_their_scheme(attributes: str, shown: str) -> None:
    text = _p("甲", f"<a:pPr><a:buAutoNum {attributes}/></a:pPr>")

    assert _body(text) == [("ListItem", f"{shown} 甲")]


def test_absurd_depth_is_the_outermost() -> None:
    assert _body(_p("甲", _AUTO.format("9" * 5000, "arabicPeriod"))) == [("ListItem", "1. 甲")]


def test_title_is_one_line_and_footers_are_footers() -> None:
    assert _body(_p("年度") + _p("计划"), "ctrTitle") == [("Title", "年度 计划")]
    assert _body(_p("第三页"), "ftr") == [("Footer", "第三页")]


def test_paragraphs_of_a_body_are_items_unless_marked_plain() -> None:
    plain = "<a:pPr><a:buNone/></a:pPr>"

    assert _body(_p("要点") + _p("说明", plain), "body") == [
        ("ListItem", "要点"),
        ("NarrativeText", "说明"),
    ]


def test_merged_cells_are_filled_and_the_marked_row_is_the_header() -> None:
    table = _node(
        "<a:tblPr firstRow='1'/>"
        + _row(("项目", ""), ("一季度", ""), ("二季度", ""))
        + _row(("产量", "rowSpan='2'"), ("10", ""), ("12", ""))
        + _row(("", "vMerge='1'"), ("持平", "gridSpan='2'"), ("", "hMerge='1'"))
    )

    [found] = table_elements(table, 3)

    assert found.text == "项目\t一季度\t二季度\n产量\t10\t12\n产量\t持平\t持平"
    assert found.metadata.page_number == 3
