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
from loaders.records import ElementRecord

DATA = Path(__file__).parent.parent / "data" / "loaders"


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

    with pytest.raises(DamagedFileError, match="document type"):
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

    assert _texts(path, password="8848")[0] == "设备维护手册"  # noqa: S106
    with pytest.raises(EncryptedFileError):
        _texts(path)
    with pytest.raises(EncryptedFileError):
        _texts(path, password="错")  # noqa: S106
