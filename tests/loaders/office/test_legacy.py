"""Old and open office formats come out as their modern kin do: headings, lists, tables, slides."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from docx import Document
from pptx import Presentation
from pptx.util import Inches

from loaders.errors import (
    DamagedFileError,
    EncryptedFileError,
    UnsafeContentError,
    UnsupportedFormatError,
)
from loaders.load import records_of
from loaders.office import libreoffice
from loaders.office.libreoffice import Target
from loaders.records import ElementRecord, LoadSummary

DATA = Path(__file__).parents[2] / "data" / "legacy"
TEXTS = {
    "doc": Target("doc", "MS Word 97"),
    "rtf": Target("rtf", "Rich Text Format"),
    "odt": Target("odt", "writer8"),
}
SLIDES = {
    "ppt": Target("ppt", "MS PowerPoint 97", "impress"),
    "odp": Target("odp", "impress8", "impress"),
}
RULES = [
    ("Header", None, "内部资料"),
    ("Title", 1, "设备管理办法"),
    ("Title", 1, "第一章 总则"),
    ("NarrativeText", None, "为规范公司设备的采购、使用与报废，制定本办法。"),
    ("Title", 1, "第二章 采购"),
    ("Title", 2, "2.1 审批"),
    ("NarrativeText", None, "单价超过五万元的设备须经总经理批准。"),
    ("ListItem", None, "1. 提交申请单"),
    ("ListItem", None, "2. 部门经理签字"),
    ("Table", None, "设备\t数量\t单价\n车床\t3\t48,000 元\n打印机\t12\t2,600 元"),
    ("NarrativeText", None, "本办法自2019年5月1日起施行。"),
]
WORD_2003 = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<?mso-application progid="Word.Document"?>{doctype}
<w:wordDocument xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"
 xmlns:wx="http://schemas.microsoft.com/office/word/2003/auxHint" xml:space="preserve">
<w:lists><w:listDef w:listDefId="0"><w:plt w:val="SingleLevel"/><w:lvl w:ilvl="0">
<w:start w:val="1"/><w:lvlText w:val="%1."/></w:lvl></w:listDef>
<w:list w:ilfo="1"><w:ilst w:val="0"/></w:list></w:lists>
<w:styles><w:style w:type="paragraph" w:default="on" w:styleId="a"><w:name w:val="Normal"/>
</w:style><w:style w:type="paragraph" w:styleId="1"><w:name w:val="heading 1"/>
<w:basedOn w:val="a"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style></w:styles>
<w:body><wx:sect><w:p><w:pPr><w:pStyle w:val="1"/></w:pPr><w:r><w:t>会议纪要</w:t></w:r></w:p>
<w:p><w:r><w:t>参会人员共十二名。</w:t></w:r></w:p>
<w:p><w:pPr><w:listPr><w:ilvl w:val="0"/><w:ilfo w:val="1"/></w:listPr></w:pPr>
<w:r><w:t>下周提交预算</w:t></w:r></w:p></wx:sect></w:body></w:wordDocument>"""

needs_office = pytest.mark.usefixtures("office")


def _rules() -> bytes:
    document = Document()
    document.add_heading("设备管理办法", 0)
    document.add_heading("第一章 总则", 1)
    document.add_paragraph("为规范公司设备的采购、使用与报废，制定本办法。")
    document.add_heading("第二章 采购", 1)
    document.add_heading("2.1 审批", 2)
    document.add_paragraph("单价超过五万元的设备须经总经理批准。")
    for text in ("提交申请单", "部门经理签字"):
        document.add_paragraph(text, style="List Number")
    table = document.add_table(rows=0, cols=3, style="Table Grid")
    for row in (("设备", "数量", "单价"), ("车床", "3", "48,000 元"), ("打印机", "12", "2,600 元")):
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph("本办法自2019年5月1日起施行。")
    document.sections[0].header.paragraphs[0].text = "内部资料"
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


def _training() -> bytes:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "消防器材"
    slide.placeholders[1].text = "灭火器每月检查一次"
    slide.notes_slide.notes_text_frame.text = "检查记录保存三年。"
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "负责人"
    shape = slide.shapes.add_table(2, 2, Inches(1), Inches(2), Inches(6), Inches(2))
    for i, row in enumerate((("区域", "姓名"), ("仓库", "李敏"))):
        for j, text in enumerate(row):
            shape.table.cell(i, j).text = text
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def folder(office: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with one document of each format, written by LibreOffice."""
    made = tmp_path_factory.mktemp("legacy")
    for suffix, data, stem, targets in (
        ("docx", _rules(), "rules", TEXTS),
        ("pptx", _training(), "training", SLIDES),
    ):
        for name, target in targets.items():
            with libreoffice.converted(io.BytesIO(data), suffix, target, name=stem) as path:
                (made / f"{stem}.{name}").write_bytes(path.read_bytes())
    return made


def read(path: Path, password: str | None = None) -> tuple[list[ElementRecord], LoadSummary]:
    *records, summary = records_of(path, password=password)
    assert isinstance(summary, LoadSummary)
    return [record for record in records if isinstance(record, ElementRecord)], summary


def outline(records: list[ElementRecord]) -> list[tuple[str, int | None, str]]:
    return [(record.category, record.level, record.text) for record in records]


def directory_first(data: bytes) -> bytes:
    """Put the directory of an OLE container before its contents, where Word has it."""
    size = 512
    sectors = [data[at : at + size] for at in range(size, len(data), size)]
    header = bytearray(data[:size])
    tables = [s for s in struct.unpack_from("<109I", data, 76) if s < len(sectors)]
    nexts = list(struct.unpack(f"<{128 * len(tables)}I", b"".join(sectors[t] for t in tables)))
    chain = [struct.unpack_from("<I", data, 48)[0]]
    while nexts[chain[-1]] < len(sectors):
        chain.append(nexts[chain[-1]])
    first = [*chain, *tables]
    order = [*first, *(n for n in range(len(sectors)) if n not in first)]
    new = {old: place for place, old in enumerate(order)}
    moved = {new[n]: new.get(nexts[n], nexts[n]) for n in range(len(sectors))}
    table = [moved.get(n, nexts[n]) for n in range(len(nexts))]
    for place, old in enumerate(tables):
        sectors[old] = struct.pack("<128I", *table[128 * place : 128 * (place + 1)])
    for old in chain:
        entries = bytearray(sectors[old])
        for at in range(0, size, 128):
            kind, (start, length) = entries[at + 66], struct.unpack_from("<II", entries, at + 116)
            if kind == 5 or (kind == 2 and length >= 4096):
                struct.pack_into("<I", entries, at + 116, new.get(start, start))
        sectors[old] = bytes(entries)
    for at in (48, 60, *range(76, 76 + 4 * len(tables), 4)):
        struct.pack_into("<I", header, at, new.get(*struct.unpack_from("<I", header, at) * 2))
    return bytes(header) + b"".join(sectors[n] for n in order)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_keeps_headings_lists_and_tables(folder: Path, name: str) -> None:
    records, summary = read(folder / f"rules.{name}")
    assert outline(records) == RULES
    assert (summary.format, summary.title, summary.page_count) == (name, "设备管理办法", None)
    (table,) = [record.table for record in records if record.table is not None]
    assert table.header == ("设备", "数量", "单价")
    assert table.rows[1] == ("打印机", "12", "2,600 元")


@pytest.mark.parametrize("name", SLIDES)
def test_a_presentation_keeps_slides_notes_and_tables(folder: Path, name: str) -> None:
    records, summary = read(folder / f"training.{name}")
    assert [(record.page, record.category, record.text) for record in records] == [
        (1, "Title", "消防器材"),
        (1, "ListItem", "灭火器每月检查一次"),
        (1, "NarrativeText", "备注：检查记录保存三年。"),
        (2, "Title", "负责人"),
        (2, "Table", "区域\t姓名\n仓库\t李敏"),
    ]
    assert (summary.format, summary.page_count) == (name, 2)


@needs_office
@pytest.mark.parametrize("name", ["纪要.xml", "纪要.doc"])
def test_the_xml_of_word_2003_is_read_under_any_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(WORD_2003.format(doctype=""), "utf-8")
    records, summary = read(tmp_path / name)
    assert outline(records) == [
        ("Title", 1, "会议纪要"),
        ("NarrativeText", None, "参会人员共十二名。"),
        ("ListItem", None, "1.下周提交预算"),
    ]
    assert summary.format == "wordml"


@needs_office
def test_an_rtf_in_a_chinese_code_page_is_read(tmp_path: Path) -> None:
    escaped = "".join(f"\\'{byte:02x}" for byte in "设备维修记录".encode("gbk"))
    fonts = r"{\fonttbl{\f0\fcharset134 SimSun;}}"
    path = tmp_path / "记录.doc"
    path.write_text(rf"{{\rtf1\ansi\ansicpg936{fonts}\f0 {escaped}\par}}", "ascii")
    records, summary = read(path)
    assert [record.text for record in records] == ["设备维修记录"]
    assert summary.format == "rtf"


@needs_office
@pytest.mark.parametrize("name", ["locked.doc", "locked.odt"])
def test_a_password_opens_what_is_protected(name: str) -> None:
    for password in (None, "wrong"):
        with pytest.raises(EncryptedFileError):
            read(DATA / name, password)
    records, _ = read(DATA / name, "secret")
    assert outline(records) == RULES


@pytest.mark.parametrize("name", ["rules.doc", "rules.odt", "training.ppt"])
def test_a_password_that_is_not_needed_does_no_harm(folder: Path, name: str) -> None:
    assert outline(read(folder / name, "secret")[0]) == outline(read(folder / name)[0])


@pytest.mark.parametrize("name", ["rules.doc", "training.ppt"])
def test_the_first_tenth_of_a_file_is_damaged(folder: Path, tmp_path: Path, name: str) -> None:
    data = (folder / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) // 10])
    with pytest.raises(DamagedFileError) as caught:
        read(tmp_path / name)
    assert caught.value.params == {"format": name.rpartition(".")[2]}


@needs_office
def test_an_rtf_that_breaks_off_is_read_up_to_there(tmp_path: Path) -> None:
    path = tmp_path / "a.rtf"
    path.write_bytes(rb"{\rtf1\ansi The first paragraph.\par {\b The second one brea")
    records, summary = read(path)
    assert [record.text for record in records] == ["The first paragraph.", "The second one brea"]
    assert summary.missing == "rest_unreadable"


def test_of_a_container_that_breaks_off_the_text_is_read(folder: Path, tmp_path: Path) -> None:
    data = directory_first((folder / "rules.doc").read_bytes())
    (tmp_path / "rules.doc").write_bytes(data[:-2048])
    records, summary = read(tmp_path / "rules.doc")
    assert "单价超过五万元的设备须经总经理批准。" in [record.text for record in records]
    assert summary.missing == "rest_unreadable"


def test_an_open_document_without_its_manifest_is_read(folder: Path, tmp_path: Path) -> None:
    with (
        zipfile.ZipFile(folder / "rules.odt") as good,
        zipfile.ZipFile(tmp_path / "rules.odt", "w") as bad,
    ):
        for name in ("mimetype", "content.xml", "styles.xml"):
            bad.writestr(name, good.read(name))
    records, summary = read(tmp_path / "rules.odt")
    assert outline(records) == RULES
    assert summary.missing is None


@needs_office
def test_entities_are_refused(folder: Path, tmp_path: Path) -> None:
    doctype = '<!DOCTYPE a [<!ENTITY x "y">]>'
    (tmp_path / "a.xml").write_text(WORD_2003.format(doctype=doctype), "utf-8")
    with pytest.raises(UnsafeContentError):
        read(tmp_path / "a.xml")
    with (
        zipfile.ZipFile(folder / "rules.odt") as good,
        zipfile.ZipFile(tmp_path / "a.odt", "w") as bad,
    ):
        for entry in good.infolist():
            data = good.read(entry)
            if entry.filename == "content.xml":
                data = data.replace(b"?>", b"?>" + doctype.encode(), 1)
            bad.writestr(entry, data)
    with pytest.raises(UnsafeContentError):
        read(tmp_path / "a.odt")


def test_without_libreoffice_the_kind_is_not_supported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(libreoffice, "_OTHER_PLACES", ())
    with pytest.raises(UnsupportedFormatError) as caught:
        read(DATA / "locked.doc")
    assert (caught.value.code, caught.value.params) == ("libreoffice_missing", {"format": "doc"})
