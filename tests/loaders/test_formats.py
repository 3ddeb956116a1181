"""Formats are told by content, whatever the name says."""

from __future__ import annotations

import importlib
import io
import zipfile
from pathlib import Path

import pytest

from loaders.errors import DamagedFileError, UnsupportedFormatError
from loaders.formats import FORMATS, detect, formats_read

DATA = Path(__file__).parent.parent / "data" / "loaders"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


def _zip(*names: str, mimetype: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, b"<x/>")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("报告.doc", (DATA / "manual.docx").read_bytes(), "docx"),
        ("报告.txt", (DATA / "manual.docx").read_bytes(), "docx"),
        ("报告.docx", (DATA / "handbook.pdf").read_bytes(), "pdf"),
        ("导出.xls", b"<html><table><tr><td>1</td></tr></table></html>", "html"),
        ("导出.xls", "名称\t数量\n甲\t1\n".encode("gb18030"), "tsv"),
        ("照片.pdf", b"\xff\xd8\xff\xe0" + bytes(64), "image"),
        ("旧.docx", OLE + "WordDocument".encode("utf-16-le"), "doc"),
        ("旧.xls", OLE + "Workbook".encode("utf-16-le"), "xls"),
        ("邮件.msg", OLE + "__properties_version1.0".encode("utf-16-le"), "msg"),
        ("书.zip", _zip(mimetype=b"application/epub+zip"), "epub"),
        ("表.xlsx", _zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        ("片.pptx", _zip("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        ("包.txt", _zip("a.bin"), "archive"),
        ("说明", "没有后缀的文本".encode(), "txt"),
        ("日志.LOG", "运行正常".encode(), "txt"),
        ("表.csv", "甲,乙".encode(), "csv"),
        ("BMW.txt", b"BMW is a maker of cars", "txt"),
        ("数据.json", b"{}", "json"),
    ],
)
def test_content_decides(tmp_path: Path, name: str, content: bytes, expected: str) -> None:
    (tmp_path / name).write_bytes(content)

    assert detect(tmp_path / name).name == expected


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("噪声.txt", UnsupportedFormatError),
        ("噪声.bin", UnsupportedFormatError),
        ("噪声.pdf", DamagedFileError),
        ("噪声.docx", DamagedFileError),
    ],
)
def test_noise_is_never_text(tmp_path: Path, name: str, error: type[Exception]) -> None:
    noise = bytes((number * 73 + number // 7 * 31) % 256 for number in range(1, 5000))
    (tmp_path / name).write_bytes(b"\x01\x02" + noise)

    with pytest.raises(error):
        detect(tmp_path / name)


def test_truncated_container_is_damaged(tmp_path: Path) -> None:
    whole = (DATA / "manual.docx").read_bytes()
    (tmp_path / "半.docx").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DamagedFileError) as caught:
        detect(tmp_path / "半.docx")
    assert caught.value.params == {"format": "docx"}


def test_unknown_suffix_of_text_is_unsupported(tmp_path: Path) -> None:
    (tmp_path / "code.xyz").write_text("some text")

    with pytest.raises(UnsupportedFormatError) as caught:
        detect(tmp_path / "code.xyz")
    assert caught.value.params == {"format": "xyz"}


def test_no_suffix_is_listed_twice() -> None:
    suffixes = [suffix for entry in FORMATS for suffix in entry.suffixes]

    assert len(suffixes) == len(set(suffixes))


def test_every_loader_and_every_package_it_needs_exists() -> None:
    for entry in formats_read():
        module, _, function = entry.loader.partition(":")
        assert callable(getattr(importlib.import_module(module), function))
        for package in entry.needs:
            importlib.import_module(package)
