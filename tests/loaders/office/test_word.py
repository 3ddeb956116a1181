"""Word documents: what Unstructured alone would lose, hostile containers, passwords."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import msoffcrypto
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from loaders.errors import DamagedFileError, EncryptedFileError, LimitExceededError
from loaders.limits import Limits
from loaders.load import records_of
from loaders.pictures import ocr
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.office_maker import paragraph, root, write_docx

DATA = Path(__file__).parents[2] / "data" / "loaders"
NOTICE = DATA.parent / "image" / "notice.png"


def _texts(path: Path, **options: object) -> list[str]:
    records = records_of(path, **options)  # type: ignore[arg-type]
    return [record.text for record in records if isinstance(record, ElementRecord)]


def _titles(path: Path) -> list[tuple[str, int | None]]:
    return [
        (record.text, record.level)
        for record in records_of(path)
        if isinstance(record, ElementRecord) and record.category == "Title"
    ]


def _changed(path: Path, part: str, data: bytes) -> Path:
    """Copy the manual with one part replaced."""
    with zipfile.ZipFile(DATA / "manual.docx") as source, zipfile.ZipFile(path, "w") as target:
        for entry in source.infolist():
            target.writestr(entry, data if entry.filename == part else source.read(entry))
    return path


def test_text_in_controls_boxes_and_insertions_is_read_once_and_in_place(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("第一段。")
    body = document.element.body
    for xml in (
        "<w:sdt {ns}><w:sdtContent><w:p><w:r><w:t>控件里的文字。</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>",
        "<w:p {ns}><w:ins w:id='1'><w:r><w:t>新增的文字。</w:t></w:r></w:ins>"
        "<w:del w:id='2'><w:r><w:delText>删去的文字。</w:delText></w:r></w:del></w:p>",
        "<w:p {ns}><w:r><w:pict><w:txbxContent><w:p><w:r><w:t>文本框里的文字。</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r></w:p>",
    ):
        body.insert(len(body) - 1, parse_xml(xml.format(ns=nsdecls("w"))))
    document.add_paragraph("最后一段。")
    document.save(str(tmp_path / "文.docx"))

    assert _texts(tmp_path / "文.docx") == [
        "第一段。",
        "控件里的文字。",
        "新增的文字。",
        "文本框里的文字。",
        "最后一段。",
    ]


def test_numbered_headings_without_styles_are_titles(tmp_path: Path) -> None:
    document = docx.Document()
    for text in (
        "第一章 总则",
        "第一条 为了规范采购行为，制定本办法。",
        "第一节 计划",
        "正文如下。",
    ):
        document.add_paragraph(text)
    document.save(str(tmp_path / "章.docx"))

    assert _titles(tmp_path / "章.docx") == [("第一章 总则", 1), ("第一节 计划", 2)]


def test_style_with_outline_level_is_a_heading(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("公文二级", 1)
    style.element.get_or_add_pPr().append(parse_xml(f"<w:outlineLvl {nsdecls('w')} w:val='1'/>"))
    document.add_paragraph("资金来源", style="公文二级")
    document.save(str(tmp_path / "级.docx"))

    assert _titles(tmp_path / "级.docx") == [("资金来源", 2)]


def test_document_with_macros_is_read_as_a_document(tmp_path: Path) -> None:
    with zipfile.ZipFile(DATA / "manual.docx") as source:
        types = source.read("[Content_Types].xml").replace(
            b"openxmlformats-officedocument.wordprocessingml.document.main",
            b"ms-word.document.macroEnabled.main",
        )
    path = _changed(tmp_path / "宏.docm", "[Content_Types].xml", types)

    assert _texts(path)[0] == "设备维护手册"


def test_entities_are_refused(tmp_path: Path) -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'
    path = _changed(tmp_path / "炸.docx", "word/document.xml", bomb)

    with pytest.raises(DamagedFileError, match="entities"):
        _texts(path)


def test_container_that_unpacks_to_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "弹.docx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("word/document.xml", bytes(3 * 1024 * 1024))

    with pytest.raises(LimitExceededError) as caught:
        _texts(path, limits=Limits(ratio_from_mb=1))
    assert caught.value.params["limit"] == "unpacked"
    with pytest.raises(LimitExceededError):
        _texts(path, limits=Limits(unpacked_mb=2))


def test_broken_part_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError):
        _texts(_changed(tmp_path / "坏.docx", "word/document.xml", b"<w:document"))


def test_password_opens_an_encrypted_document(tmp_path: Path) -> None:
    path = tmp_path / "密.docx"
    with path.open("wb") as target:
        plain = io.BytesIO((DATA / "manual.docx").read_bytes())
        msoffcrypto.OfficeFile(plain).encrypt("8848", target)

    assert _texts(path, password="8848")[0] == "设备维护手册"
    with pytest.raises(EncryptedFileError):
        _texts(path)
    with pytest.raises(EncryptedFileError):
        _texts(path, password="错")


def test_notes_stand_behind_their_paragraph_with_their_mark(tmp_path: Path) -> None:
    note = "<w:{0} w:id='2'{1}><w:p><w:r><w:t>{2}</w:t></w:r></w:p></w:{0}>"
    body = (
        "<w:p><w:r><w:t>利率为百分之三</w:t></w:r><w:r><w:footnoteReference w:id='2'/></w:r>"
        "<w:r><w:t>，另有规定的除外</w:t><w:endnoteReference w:id='2'/></w:r>"
        "<w:r><w:commentReference w:id='2'/><w:t>。</w:t></w:r></w:p>"
    ) + paragraph("下一段的文字。")
    path = write_docx(
        tmp_path / "注.docx",
        body,
        {
            "footnotes.xml": root(
                "w:footnotes",
                "<w:footnote w:id='0' w:type='separator'><w:p/></w:footnote>"
                + note.format("footnote", "", "指年利率。"),
            ),
            "endnotes.xml": root("w:endnotes", note.format("endnote", "", "见附录。")),
            "comments.xml": root(
                "w:comments", note.format("comment", " w:author='李四'", "请核对。")
            ),
        },
    )

    assert _texts(path) == [
        "利率为百分之三[1]，另有规定的除外[i]。",
        "[1] 指年利率。",
        "批注（李四）：请核对。",
        "下一段的文字。",
        "[i] 见附录。",
    ]


def test_headers_and_footers_are_read_once(tmp_path: Path) -> None:
    margin = root("w:hdr", paragraph("某某公司内部资料"))
    path = write_docx(
        tmp_path / "眉.docx",
        paragraph("正文的文字。"),
        {
            "header1.xml": margin,
            "header2.xml": margin,
            "footer1.xml": root("w:ftr", paragraph("页脚")),
        },
        {
            "h1": ("header", "header1.xml"),
            "h2": ("header", "header2.xml"),
            "f1": ("footer", "footer1.xml"),
        },
    )

    found = [
        (record.text, record.category)
        for record in records_of(path)
        if isinstance(record, ElementRecord)
    ]
    assert found == [
        ("某某公司内部资料", "Header"),
        ("正文的文字。", "NarrativeText"),
        ("页脚", "Footer"),
    ]


def test_fields_show_their_results_and_symbols_their_signs(tmp_path: Path) -> None:
    body = (
        "<w:p><w:r><w:t>共</w:t></w:r><w:r><w:fldChar w:fldCharType='begin'/></w:r>"
        "<w:r><w:instrText> NUMPAGES </w:instrText><w:t>看不见</w:t></w:r>"
        "<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r><w:t>12</w:t></w:r>"
        "<w:r><w:fldChar w:fldCharType='end'/></w:r><w:r><w:t>页，</w:t></w:r>"
        "<w:r><w:sym w:font='Wingdings' w:char='F0FE'/></w:r><w:r><w:t>同意</w:t></w:r>"
        "<w:r><w:sym w:font='Symbol' w:char='F061'/></w:r>"
        "<w:r><w:t>软连</w:t><w:softHyphen/><w:t>字</w:t><w:noBreakHyphen/><w:t>符</w:t></w:r></w:p>"
        "<w:p><w:r><w:ruby><w:rt><w:r><w:t>hàn</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>汉</w:t>"
        "</w:r></w:rubyBase></w:ruby></w:r><w:r><w:ruby><w:rt><w:r><w:t>zì</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>字</w:t></w:r></w:rubyBase></w:ruby></w:r>"
        "<w:r><w:t>的读音。</w:t></w:r></w:p>"
        "<w:p><m:oMath><m:f><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>c</m:t></m:r>"
        "</m:den></m:f></m:oMath><w:r><w:t>是比值。</w:t></w:r></w:p>"
    )

    assert _texts(write_docx(tmp_path / "域.docx", body)) == [
        "共12页，☑同意α软连字-符",
        "汉字(hànzì)的读音。",
        "(a+b)/c是比值。",
    ]


def test_alternative_shapes_are_read_once(tmp_path: Path) -> None:
    box = "<w:txbxContent>" + paragraph("框里的文字。") + "</w:txbxContent>"
    body = (
        "<w:p><w:r><w:t>图旁的文字。</w:t></w:r><w:r><mc:AlternateContent><mc:Choice Requires='x'>"
        f"<w:drawing><a:graphic>{box}</a:graphic></w:drawing></mc:Choice><mc:Fallback><w:pict>"
        f"<v:shape><v:textbox>{box}</v:textbox></v:shape></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r></w:p>"
        "<w:p><w:r><w:pict><v:shape><v:textpath string='绝密'/></v:shape></w:pict></w:r></w:p>"
    )

    assert _texts(write_docx(tmp_path / "框.docx", body)) == [
        "图旁的文字。",
        "框里的文字。",
        "绝密",
    ]


def test_tables_are_filled_and_nested_ones_follow(tmp_path: Path) -> None:
    def cell(text: str, properties: str = "", more: str = "") -> str:
        return f"<w:tc><w:tcPr>{properties}</w:tcPr>{paragraph(text)}{more}</w:tc>"

    inner = f"<w:tbl><w:tr>{cell('内甲')}{cell('内乙')}</w:tr></w:tbl><w:p/>"
    head = "<w:trPr><w:tblHeader/></w:trPr>"
    wide, begins = "<w:gridSpan w:val='2'/>", "<w:vMerge w:val='restart'/>"
    rows = (
        f"<w:tr>{head}{cell('部门')}{cell('人数', wide)}</w:tr>",
        f"<w:tr>{head}{cell('部门')}{cell('男')}{cell('女')}</w:tr>",
        f"<w:tr>{cell('财务', begins)}{cell('3')}{cell('4', '', inner)}</w:tr>",
        f"<w:tr>{cell('', '<w:vMerge/>')}{cell('5')}{cell('6')}</w:tr>",
        f"<w:tr><w:trPr><w:del w:id='1'/></w:trPr>{cell('删')}{cell('7')}{cell('8')}</w:tr>",
    )
    path = write_docx(tmp_path / "表.docx", f"<w:tbl>{''.join(rows)}</w:tbl>")

    assert _texts(path) == [
        "部门\t人数 男\t人数 女\n财务\t3\t4\n财务\t5\t6",
        "内甲\t内乙",
    ]


def test_frame_of_one_cell_is_text(tmp_path: Path) -> None:
    cell = paragraph("第一段话。") + paragraph("第二段话。")
    body = f"<w:tbl><w:tr><w:tc>{cell}</w:tc></w:tr></w:tbl>"

    assert _texts(write_docx(tmp_path / "框.docx", body)) == ["第一段话。", "第二段话。"]


def test_charts_objects_and_merged_documents_are_read(tmp_path: Path) -> None:
    points = "<c:pt idx='0'><c:v>{}</c:v></c:pt><c:pt idx='1'><c:v>{}</c:v></c:pt>"
    name = "<c:strRef><c:strCache><c:pt idx='0'><c:v>吨</c:v></c:pt></c:strCache></c:strRef>"
    keys = f"<c:strRef><c:strCache>{points.format('一月', '二月')}</c:strCache></c:strRef>"
    values = f"<c:formatCode>0.0</c:formatCode>{points.format('12.34', '5')}"
    chart = root(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>产量</a:t></a:r></a:p></c:rich></c:tx>"
        f"</c:title><c:plotArea><c:barChart><c:ser><c:tx>{name}</c:tx><c:cat>{keys}</c:cat>"
        f"<c:val><c:numRef><c:numCache>{values}</c:numCache></c:numRef></c:val>"
        "</c:ser></c:barChart></c:plotArea></c:chart>",
    )
    run = "<w:p><w:r>{}</w:r></w:p>"
    body = (
        run.format("<w:drawing><a:x><c:chart r:id='c1'/></a:x></w:drawing>")
        + run.format("<w:object><o:OLEObject ProgID='Excel.Sheet.12' r:id='o1'/></w:object>")
        + "<w:altChunk r:id='h1'/>"
    )
    path = write_docx(
        tmp_path / "图.docx",
        body,
        {
            "charts/chart1.xml": chart,
            "embeddings/预算.xlsx": b"PK",
            "part.html": "<html><body><p>并入的网页。</p></body></html>",
        },
        {
            "c1": ("chart", "charts/chart1.xml"),
            "o1": ("package", "embeddings/预算.xlsx"),
            "h1": ("aFChunk", "part.html"),
        },
    )

    assert _texts(path) == [
        "产量",
        "\t吨\n一月\t12.3\n二月\t5.0",
        "嵌入文件：预算.xlsx",
        "并入的网页。",
    ]


def test_strict_dialect_is_read(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "严.docx", paragraph("严格的文字。"))
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            strict = data.replace(
                b"http://schemas.openxmlformats.org/wordprocessingml/2006/",
                b"http://purl.oclc.org/ooxml/wordprocessingml/",
            ).replace(
                b"http://schemas.openxmlformats.org/officeDocument/2006/",
                b"http://purl.oclc.org/ooxml/officeDocument/",
            )
            archive.writestr(name, strict)

    assert _texts(path) == ["严格的文字。"]


def test_document_that_breaks_off_is_read_so_far(tmp_path: Path) -> None:
    whole = root("w:document", "<w:body>" + paragraph("完整的一段。") * 3 + "</w:body>")
    path = _changed(tmp_path / "断.docx", "word/document.xml", whole[:-60].encode())

    *records, summary = records_of(path)
    texts = [record.text for record in records if isinstance(record, ElementRecord)]
    assert texts[:2] == ["完整的一段。", "完整的一段。"]
    assert isinstance(summary, LoadSummary)
    assert summary.missing == "damaged_parts"


def test_outside_references_are_not_followed(tmp_path: Path) -> None:
    path = write_docx(tmp_path / "外.docx", paragraph("正文的文字。") + "<w:altChunk r:id='x'/>")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["word/_rels/document.xml.rels"] = (
        b"<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>"
        b"<Relationship Id='x' Type='http://x/aFChunk' Target='http://127.0.0.1:1/a.html'"
        b" TargetMode='External'/></Relationships>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)

    assert _texts(path) == ["正文的文字。"]


@pytest.mark.skipif(not ocr.available(), reason="the OCR is not installed")
def test_picture_is_read_behind_what_its_author_says_of_it(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("通知张贴如下。")
    for text in ("值班室墙上的巡检通知", "notice.png"):
        shape = document.add_picture(str(NOTICE))
        shape._inline.docPr.set("descr", text)
    document.add_paragraph("请各班组遵照执行。")
    document.save(str(tmp_path / "图.docx"))

    texts = _texts(tmp_path / "图.docx")

    assert texts[:2] == ["通知张贴如下。", "图片：值班室墙上的巡检通知"]
    assert texts[2].startswith("设备巡检通知\n")
    assert "每周一上午九点检查三号水泵和冷却塔" in texts[2]
    assert texts[3:] == ["请各班组遵照执行。"]
