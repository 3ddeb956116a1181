"""Alternative texts: those of authors are kept, those of programs are not."""

from __future__ import annotations

import pytest
from lxml import etree

from loaders.office.alternative import alternative_text


def _picture(text: str) -> etree._Element:
    anchor = etree.Element("anchor")
    etree.SubElement(anchor, "docPr", {"id": "1", "name": "图片 1", "descr": text})
    picture = etree.SubElement(anchor, "pic")
    etree.SubElement(etree.SubElement(picture, "nvPicPr"), "cNvPr", {"descr": "image1.png"})
    return etree.SubElement(etree.SubElement(picture, "blipFill"), "blip")


@pytest.mark.parametrize(
    "text",
    [
        "三号泵房管道走向图",
        "图1 组织架构",
        "2023年销售额逐月上升",
        "A chart of sales in 2023",
        "公司logo",
    ],
)
def test_what_an_author_wrote_is_kept(text: str) -> None:
    assert str(alternative_text(_picture(text))).endswith(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "image1.png",
        "C:\\Users\\zhang\\Desktop\\现场 照片.JPG",
        "https://example.com/a/b",
        "Picture 2",
        "图片 1",
        "图像（3）",
        "图 12",
        "IMG_20240506_0830",
        "5f2b9c1e-77aa-4e0b-9d5c-0a1b2c3d4e5f",
        "图片包含 游戏机, 桌子 描述已自动生成",
        "A picture containing table Description automatically generated",
        "——",
    ],
)
def test_what_a_program_wrote_is_not(text: str) -> None:
    assert alternative_text(_picture(text)) is None


def test_the_words_before_it_are_in_its_language() -> None:
    assert alternative_text(_picture("管道走向图")) == "图片：管道走向图"
    assert alternative_text(_picture("Piping plan")) == "Picture: Piping plan"


def test_shapes_of_old_documents_carry_it_too() -> None:
    shape = etree.Element("shape", {"alt": "老厂区平面图"})

    assert alternative_text(etree.SubElement(shape, "imagedata")) == "图片：老厂区平面图"


def test_a_picture_alone_has_none() -> None:
    assert alternative_text(etree.Element("blip")) is None
