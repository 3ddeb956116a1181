"""Shapes, threaded comments, form controls, chart titles of a sheet."""

from __future__ import annotations

from pathlib import Path

from tests.loaders.reading import texts_of
from tests.loaders.sheets.test_xlsx import _OFFICE, _PACKAGE, _package

_DRAWING = "http://schemas.openxmlformats.org/drawingml/2006"
_CELLS = "<sheetData><row r='1'><c r='A1'><v>1</v></c></row></sheetData>"


def _relations(*entries: tuple[str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="r{number}" Type="{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(entries, 1)
    )
    return f'<Relationships xmlns="{_PACKAGE}">{inner}</Relationships>'


def test_shapes_and_chart_titles_are_text(tmp_path: Path) -> None:
    path = _package(
        tmp_path / "图.xlsx",
        _CELLS,
        {
            "xl/worksheets/_rels/sheet1.xml.rels": _relations(
                (f"{_OFFICE}/drawing", "../drawings/drawing1.xml")
            ),
            "xl/drawings/drawing1.xml": f'<xdr:wsDr xmlns:xdr="{_DRAWING}/spreadsheetDrawing" '
            f'xmlns:a="{_DRAWING}/main" xmlns:c="{_DRAWING}/chart" xmlns:r="{_OFFICE}">'
            "<xdr:sp><xdr:txBody><a:p><a:r><a:t>流程</a:t></a:r></a:p><a:p><a:r><a:t>说明</a:t>"
            '</a:r></a:p></xdr:txBody></xdr:sp><xdr:graphicFrame><c:chart r:id="r1"/>'
            "</xdr:graphicFrame></xdr:wsDr>",
            "xl/drawings/_rels/drawing1.xml.rels": _relations(
                (f"{_OFFICE}/chart", "../charts/chart1.xml")
            ),
            "xl/charts/chart1.xml": f'<c:chartSpace xmlns:c="{_DRAWING}/chart" '
            f'xmlns:a="{_DRAWING}/main"><c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>月度趋势'
            "</a:t></a:r></a:p></c:rich></c:tx></c:title></c:chart></c:chartSpace>",
        },
    )

    assert texts_of(path) == [("NarrativeText", "流程\n说明"), ("UncategorizedText", "月度趋势")]


def test_threaded_comments_stand_for_their_copies(tmp_path: Path) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    path = _package(
        tmp_path / "评.xlsx",
        _CELLS,
        {
            "xl/worksheets/_rels/sheet1.xml.rels": _relations(
                (f"{_OFFICE}/comments", "../comments1.xml"),
                (
                    "http://schemas.microsoft.com/office/2017/10/relationships/threadedComment",
                    "../threadedComments/t1.xml",
                ),
            ),
            "xl/comments1.xml": f'<comments xmlns="{main}"><commentList><comment ref="A1"><text><t>'
            "[Threaded comment] 核对了吗？</t></text></comment></commentList></comments>",
            "xl/threadedComments/t1.xml": "<ThreadedComments xmlns='http://schemas.microsoft.com/"
            "office/spreadsheetml/2018/threadedcomments'><threadedComment ref='A1'>"
            "<text>核对了吗？</text></threadedComment></ThreadedComments>",
        },
    )

    assert texts_of(path) == [("NarrativeText", "A1 批注：核对了吗？")]


def test_captions_of_form_controls_are_text(tmp_path: Path) -> None:
    path = _package(
        tmp_path / "控.xlsx",
        _CELLS,
        {
            "xl/worksheets/_rels/sheet1.xml.rels": _relations(
                (f"{_OFFICE}/vmlDrawing", "../drawings/vml1.vml")
            ),
            "xl/drawings/vml1.vml": '<xml xmlns:v="urn:schemas-microsoft-com:vml"><v:shape>'
            "<v:textbox><div><font>同意条款</font><br></div></v:textbox></v:shape></xml>",
        },
    )

    assert texts_of(path) == [("NarrativeText", "同意条款")]
