"""Presentations: order, lists, tables, charts, SmartArt, notes, templates, broken parts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pptx
import pytest
from pptx.util import Cm

from loaders.limits import Limits
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.office_maker import Relations, root, write_package


def _shape(text: str, box: tuple[int, int, int, int] | None = None, mark: str = "") -> str:
    place = (
        f"<a:xfrm><a:off x='{box[0]}' y='{box[1]}'/><a:ext cx='{box[2]}' cy='{box[3]}'/></a:xfrm>"
        if box
        else ""
    )
    return (
        f"<p:sp><p:nvSpPr><p:cNvPr id='1' name='x'/><p:nvPr>{mark}</p:nvPr></p:nvSpPr>"
        f"<p:spPr>{place}</p:spPr><p:txBody>{text}</p:txBody></p:sp>"
    )


def _p(text: str, properties: str = "") -> str:
    return f"<a:p>{properties}<a:r><a:t>{text}</a:t></a:r></a:p>"


def _slide(shapes: str, tag: str = "p:sld", attributes: str = "") -> str:
    return root(tag, f"<p:cSld><p:spTree>{shapes}</p:spTree></p:cSld>", attributes)


def _deck(
    path: Path,
    slides: list[str],
    parts: Mapping[str, str | bytes] | None = None,
    relations: Mapping[str, Relations] | None = None,
) -> Path:
    names = [f"ppt/slides/slide{number}.xml" for number in range(1, len(slides) + 1)]
    listed = "".join(f"<p:sldId id='{n}' r:id='s{n}'/>" for n in range(len(slides)))
    main = root("p:presentation", f"<p:sldIdLst>{listed}</p:sldIdLst>")
    own: Relations = {f"s{n}": ("slide", f"/{name}") for n, name in enumerate(names)}
    return write_package(
        path,
        "ppt/presentation.xml",
        {"ppt/presentation.xml": main, **dict(zip(names, slides, strict=True)), **(parts or {})},
        {"ppt/presentation.xml": own, **(relations or {})},
    )


def _read(path: Path, **options: object) -> tuple[list[tuple[int | None, str, str]], LoadSummary]:
    *records, summary = records_of(path, **options)  # type: ignore[arg-type]
    assert isinstance(summary, LoadSummary)
    found = [
        (record.page, record.category, record.text)
        for record in records
        if isinstance(record, ElementRecord)
    ]
    return found, summary


def test_slides_are_pages_with_title_lists_tables_and_notes(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "年度计划"
    slide.placeholders[1].text = "扩大产能\n降低成本"
    slide.notes_slide.notes_text_frame.text = "这里要举例。"
    last = deck.slides.add_slide(deck.slide_layouts[6])
    table = last.shapes.add_table(3, 3, Cm(1), Cm(1), Cm(9), Cm(3)).table
    for row, texts in enumerate(
        (("项目", "一季度", "二季度"), ("产量", "10", "12"), ("", "3", "4"))
    ):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    last._element.set("show", "0")
    deck.save(str(tmp_path / "划.pptx"))

    found, summary = _read(tmp_path / "划.pptx")
    assert found == [
        (1, "Title", "年度计划"),
        (1, "ListItem", "扩大产能"),
        (1, "ListItem", "降低成本"),
        (1, "NarrativeText", "备注：这里要举例。"),
        (2, "Table", "项目\t一季度\t二季度\n产量\t10\t12\n产量\t3\t4"),
    ]
    assert (summary.page_count, summary.title) == (2, "年度计划")


def test_template_text_is_read_once_and_prompts_never(tmp_path: Path) -> None:
    layout = _slide(
        _shape(_p("单击此处添加标题"), (0, 0, 100, 10), "<p:ph type='title'/>")
        + _shape(_p("某某集团"), (0, 90, 50, 10)),
        "p:sldLayout",
    )
    slides = [
        _slide(_shape(_p(text), None, "<p:ph type='title'/>")) for text in ("第一页", "第二页")
    ]
    relations: dict[str, Relations] = {
        f"ppt/slides/slide{number}.xml": {"l": ("slideLayout", "../slideLayouts/l.xml")}
        for number in (1, 2)
    }
    path = _deck(tmp_path / "版.ppsx", slides, {"ppt/slideLayouts/l.xml": layout}, relations)

    assert _read(path)[0] == [
        (1, "Title", "第一页"),
        (1, "NarrativeText", "某某集团"),
        (2, "Title", "第二页"),
    ]


def test_smart_art_follows_its_tree(tmp_path: Path) -> None:
    def point(key: str, text: str, kind: str = "node") -> str:
        return f"<dgm:pt modelId='{key}' type='{kind}'><dgm:t>{_p(text)}</dgm:t></dgm:pt>"

    links = "".join(
        f"<dgm:cxn srcId='{a}' destId='{b}' srcOrd='{n}'/>"
        for a, b, n in (("0", "2", 1), ("0", "1", 0), ("1", "3", 0))
    )
    data = root(
        "dgm:dataModel",
        "<dgm:ptLst>"
        + point("0", "", "doc")
        + point("2", "实施")
        + point("1", "调研")
        + point("3", "访谈")
        + point("9", "不显示", "pres")
        + f"</dgm:ptLst><dgm:cxnLst>{links}</dgm:cxnLst>",
    )
    frame = (
        "<p:graphicFrame><a:graphic><a:graphicData><dgm:relIds r:dm='d'/></a:graphicData>"
        "</a:graphic></p:graphicFrame>"
    )
    path = _deck(
        tmp_path / "图.pptx",
        [_slide(frame)],
        {"ppt/diagrams/data1.xml": data},
        {"ppt/slides/slide1.xml": {"d": ("diagramData", "../diagrams/data1.xml")}},
    )

    assert [text for _, _, text in _read(path)[0]] == ["调研", "访谈", "实施"]


def test_broken_slide_costs_only_what_is_broken(tmp_path: Path) -> None:
    whole = _slide(_shape(_p("好的一页"), (0, 0, 9, 9)))
    broken = _slide(_shape(_p("前一半"), (0, 0, 9, 9)) + _shape(_p("后一半"), (0, 20, 9, 9)))
    path = _deck(tmp_path / "坏.pptx", [broken[: broken.index("后一半")], whole, "不是 XML"])

    found, summary = _read(path)
    assert found == [(1, "NarrativeText", "前一半"), (2, "NarrativeText", "好的一页")]
    assert summary.missing == "damaged_parts"
    assert dict(summary.missing_params)["parts"] == "ppt/slides/slide1.xml, ppt/slides/slide3.xml"


def test_pages_beyond_the_limit_are_told(tmp_path: Path) -> None:
    slides = [_slide(_shape(_p(f"第{number}页"), (0, 0, 9, 9))) for number in (1, 2, 3)]

    found, summary = _read(_deck(tmp_path / "长.pptx", slides), limits=Limits(max_pages=2))
    assert [page for page, _, _ in found] == [1, 2]
    assert (summary.missing, dict(summary.missing_params)) == (
        "page_limit",
        {"read": "2", "pages": "3"},
    )


@pytest.mark.parametrize("mark", ["sldNum", "ftr"])
def test_numbers_of_slides_are_no_text_and_footers_are_footers(tmp_path: Path, mark: str) -> None:
    shapes = _shape(_p("正文"), (0, 0, 9, 9)) + _shape(
        _p("3"), (0, 90, 9, 9), f"<p:ph type='{mark}'/>"
    )

    found, _ = _read(_deck(tmp_path / "脚.pptx", [_slide(shapes)]))
    assert found[1:] == ([(1, "Footer", "3")] if mark == "ftr" else [])


def test_picture_tells_what_its_author_says_of_it(tmp_path: Path) -> None:
    picture = (
        "<p:pic><p:nvPicPr><p:cNvPr id='2' name='图片 1' descr='{}'/><p:nvPr/></p:nvPicPr>"
        "<p:blipFill><a:blip r:embed='none'/></p:blipFill><p:spPr/></p:pic>"
    )
    slide = _slide(picture.format("三号泵房管道走向图") + picture.format("图片 3"))

    records, _ = _read(_deck(tmp_path / "图.pptx", [slide]))

    assert records == [(1, "NarrativeText", "图片：三号泵房管道走向图")]
