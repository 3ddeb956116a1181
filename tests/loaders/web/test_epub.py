"""E-books: spine order, titles from the table of contents, pictures' texts, locked books."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary

_PACKAGE = """<?xml version="1.0"?>
<package xmlns="http://www.idpf.org/2007/opf" version="2.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>山中 笔记</dc:title></metadata>
<manifest>
<item id="b" href="text/%E4%BA%8C.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/>
<item id="s" href="style.css" media-type="text/css"/>
</manifest>
<spine toc="n"><itemref idref="a"/><itemref idref="b"/><itemref idref="zz"/></spine>
</package>"""
_CONTENTS = """<!DOCTYPE ncx PUBLIC "x" "http://127.0.0.1:1/ncx.dtd">
<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>
<navPoint><navLabel><text>第一章 启程</text></navLabel><content src="text/one.xhtml#x"/></navPoint>
</navMap></ncx>"""
_CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OEBPS/book.opf" media-type="x"/></rootfiles></container>"""
_PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html PUBLIC "x" "http://127.0.0.1:1/x.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>页</title></head><body>{}</body></html>"""


def _book(path: Path, more: Mapping[str, str] | None = None, without: str = "") -> Path:
    parts = {
        "META-INF/container.xml": _CONTAINER,
        "OEBPS/book.opf": _PACKAGE,
        "OEBPS/toc.ncx": _CONTENTS,
        "OEBPS/text/one.xhtml": _PAGE.format("<p>天还没有亮。</p><p>他已经上路了&#8230;</p>"),
        "OEBPS/text/二.xhtml": _PAGE.format("<h2>第二章 山路</h2><p>路上没有人。</p>"),
        **(more or {}),
    }
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        for name, text in parts.items():
            if name != without:
                archive.writestr(name, text)
    return path


def _read(path: Path) -> tuple[list[tuple[str, str]], LoadSummary]:
    *records, summary = records_of(path)
    assert isinstance(summary, LoadSummary)
    return [
        (record.category, record.text) for record in records if isinstance(record, ElementRecord)
    ], summary


def test_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    found, summary = _read(_book(tmp_path / "书.epub"))

    assert found == [
        ("Title", "第一章 启程"),
        ("NarrativeText", "天还没有亮。"),
        ("NarrativeText", "他已经上路了…"),
        ("Title", "第二章 山路"),
        ("NarrativeText", "路上没有人。"),
    ]
    assert summary.title == "山中 笔记"


def test_book_without_container_is_read_by_its_package(tmp_path: Path) -> None:
    found, _ = _read(_book(tmp_path / "书.epub", without="META-INF/container.xml"))

    assert len(found) == 5


def test_locked_book_is_encrypted(tmp_path: Path) -> None:
    lock = """<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<EncryptedData xmlns="http://www.w3.org/2001/04/xmlenc#"><EncryptionMethod Algorithm="{}"/>
<CipherData><CipherReference URI="{}"/></CipherData></EncryptedData></encryption>"""
    aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    font = "http://www.idpf.org/2008/embedding"
    part = "META-INF/encryption.xml"

    with pytest.raises(EncryptedFileError):
        _read(_book(tmp_path / "锁.epub", {part: lock.format(aes, "OEBPS/text/one.xhtml")}))
    assert _read(_book(tmp_path / "字.epub", {part: lock.format(font, "OEBPS/f.otf")}))[0]


def test_book_without_package_is_damaged(tmp_path: Path) -> None:
    with pytest.raises(DamagedFileError):
        _read(_book(tmp_path / "坏.epub", without="OEBPS/book.opf"))
