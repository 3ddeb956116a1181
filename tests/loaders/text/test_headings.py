"""Headings by number, and what is none."""

from __future__ import annotations

import pytest

from loaders.text.headings import NumberedHeadings, is_article


def test_levels_follow_the_numbering_in_use() -> None:
    headings = NumberedHeadings()
    texts = ["第一编 总则", "第一章 基本规定", "第一节 原则", "第二章 自然人", "第二编 物权"]

    assert [headings.level(text) for text in texts] == [1, 2, 3, 2, 1]


def test_document_without_parts_starts_at_level_one() -> None:
    headings = NumberedHeadings()
    texts = [
        "一、总体要求",
        "（一）指导思想",
        "（二）基本原则",
        "二、主要任务",
        "1.1 范围",
        "1.1.2 术语",
    ]

    assert [headings.level(text) for text in texts] == [1, 2, 2, 1, 2, 3]


@pytest.mark.parametrize(
    "text",
    [
        "第十二条 当事人应当履行义务",
        "一、申请人应当提交下列材料；",
        "（一）姓名、住所；",
        "3.5 万元",
        "2023 年",
        "第一章讲的是总则。",
        "10 个苹果",
        "一、" + "很长的句子" * 10,
    ],
)
def test_text_is_no_heading(text: str) -> None:
    assert NumberedHeadings().level(text) is None


def test_article_is_told() -> None:
    assert is_article("第一百零二条 合同")
    assert not is_article("第一章 合同")
