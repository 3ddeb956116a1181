"""Numbers and levels of Word paragraphs, as the program shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.load import records_of
from loaders.records import ElementRecord
from tests.loaders.office_maker import paragraph, root, write_docx


def _level(depth: int, style: str, text: str, extra: str = "") -> str:
    return (
        f"<w:lvl w:ilvl='{depth}'><w:start w:val='1'/><w:numFmt w:val='{style}'/>{extra}"
        f"<w:lvlText w:val='{text}'/></w:lvl>"
    )


def _numbering(
    levels: str, nums: str = "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
) -> str:
    return root("w:numbering", f"<w:abstractNum w:abstractNumId='0'>{levels}</w:abstractNum>{nums}")


def _item(text: str, depth: int = 0, number: int = 1) -> str:
    return paragraph(
        text, f"<w:numPr><w:ilvl w:val='{depth}'/><w:numId w:val='{number}'/></w:numPr>"
    )


def _texts(path: Path) -> list[str]:
    return [record.text for record in records_of(path) if isinstance(record, ElementRecord)]


def test_levels_count_on_and_begin_anew_beneath(tmp_path: Path) -> None:
    levels = _level(0, "chineseCounting", "第%1条") + _level(1, "decimal", "%1.%2", "<w:isLgl/>")
    path = write_docx(
        tmp_path / "编.docx",
        _item("总的要求如下，请遵守。")
        + _item("第一点说明。", 1)
        + _item("第二点说明。", 1)
        + _item("其他的要求如下。")
        + _item("又一点说明。", 1),
        {"numbering.xml": _numbering(levels)},
    )

    assert _texts(path) == [
        "第一条 总的要求如下，请遵守。",
        "1.1 第一点说明。",
        "1.2 第二点说明。",
        "第二条 其他的要求如下。",
        "2.1 又一点说明。",
    ]


def test_override_begins_again_and_another_list_goes_on(tmp_path: Path) -> None:
    nums = (
        "<w:num w:numId='1'><w:abstractNumId w:val='0'/></w:num>"
        "<w:num w:numId='2'><w:abstractNumId w:val='0'/><w:lvlOverride w:ilvl='0'>"
        "<w:startOverride w:val='5'/></w:lvlOverride></w:num>"
        "<w:num w:numId='3'><w:abstractNumId w:val='0'/></w:num>"
    )
    path = write_docx(
        tmp_path / "续.docx",
        _item("甲项内容。")
        + _item("乙项内容。", number=2)
        + _item("丙项内容。", number=3)
        + _item("不编号。", number=0),
        {"numbering.xml": _numbering(_level(0, "lowerLetter", "%1)"), nums)},
    )

    assert _texts(path) == ["a) 甲项内容。", "e) 乙项内容。", "f) 丙项内容。", "不编号。"]


def test_style_brings_its_number_and_level(tmp_path: Path) -> None:
    styles = root(
        "w:styles",
        "<w:style w:type='paragraph' w:styleId='a'><w:name w:val='标题 1'/><w:pPr><w:numPr>"
        "<w:numId w:val='1'/></w:numPr></w:pPr></w:style>"
        "<w:style w:type='paragraph' w:styleId='b'><w:name w:val='公文'/><w:basedOn w:val='a'/>"
        "<w:pPr><w:numPr><w:numId w:val='1'/></w:numPr><w:outlineLvl w:val='1'/></w:pPr></w:style>"
        "<w:style w:type='paragraph' w:styleId='c'><w:name w:val='正文 特'/><w:basedOn w:val='a'/>"
        "<w:pPr><w:numPr><w:numId w:val='0'/></w:numPr><w:outlineLvl w:val='9'/></w:pPr></w:style>",
    )
    levels = _level(0, "decimal", "%1", "<w:pStyle w:val='a'/>") + _level(
        1, "decimal", "%1.%2", "<w:pStyle w:val='b'/>"
    )
    path = write_docx(
        tmp_path / "式.docx",
        paragraph("概述", "<w:pStyle w:val='a'/>")
        + paragraph("背景", "<w:pStyle w:val='b'/>")
        + paragraph("这是一段正文。", "<w:pStyle w:val='c'/>")
        + paragraph("没有这个样式。", "<w:pStyle w:val='zz'/>"),
        {"styles.xml": styles, "numbering.xml": _numbering(levels)},
    )

    found = [
        (record.text, record.category, record.level)
        for record in records_of(path)
        if isinstance(record, ElementRecord)
    ]
    assert found == [
        ("1 概述", "Title", 1),
        ("1.1 背景", "Title", 2),
        ("这是一段正文。", "NarrativeText", None),
        ("没有这个样式。", "NarrativeText", None),
    ]


def test_styles_based_on_each_other_end(tmp_path: Path) -> None:
    styles = root(
        "w:styles",
        "<w:style w:type='paragraph' w:styleId='a'><w:basedOn w:val='b'/></w:style>"
        "<w:style w:type='paragraph' w:styleId='b'><w:name/><w:basedOn w:val='a'/></w:style>",
    )
    path = write_docx(
        tmp_path / "环.docx",
        paragraph("正文还在。", "<w:pStyle w:val='a'/>"),
        {"styles.xml": styles},
    )

    assert _texts(path) == ["正文还在。"]


@pytest.mark.parametrize("broken", ["<w:numbering", "", "<x/>"])
def test_broken_numbering_costs_only_the_numbers(tmp_path: Path, broken: str) -> None:
    path = write_docx(tmp_path / "坏.docx", _item("内容还在。"), {"numbering.xml": broken})

    assert _texts(path) == ["内容还在。"]
