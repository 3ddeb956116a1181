"""Formats are told by content, whatever the name says."""

from __future__ import annotations

import importlib
import io
import zipfile
from pathlib import Path

import pytest

from loaders.errors import ArchiveFileError, DamagedFileError, UnsupportedFormatError
from loaders.formats import FORMATS, detect, formats_read
from loaders.load import open_source

DATA = Path(__file__).parent.parent / "data" / "loaders"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512)


SPREADSHEET_2003 = (
    b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
    b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"><Table><Row/></Table>'
    b"</Workbook>"
)
WORD_2003 = (
    b'<?xml version="1.0"?><?mso-application progid="Word.Document"?><w:wordDocument'
    b' xmlns:w="http://schemas.microsoft.com/office/word/2003/wordml"/>'
)
FLAT_ODF = (
    b'<?xml version="1.0"?><office:document'
    b' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"/>'
)
MAIL = (
    b"Received: from a.example.com\n\tby b.example.com\nFrom: a@example.com\nTo: b@example.com\n"
    b"Subject: notice\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\ntext\n"
)
ODS_MANIFEST = b'<x media-type="application/vnd.oasis.opendocument.spreadsheet"/>'


def _zip(*names: str, mimetype: bytes = b"", manifest: bytes = b"<x/>") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        if mimetype:
            archive.writestr("mimetype", mimetype)
        for name in names:
            archive.writestr(name, manifest if name == "META-INF/manifest.xml" else b"<x/>")
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
        ("旧.docx", OLE + "WordDocument".encode("utf-16-le") + bytes(2), "doc"),
        ("旧.doc", b"\xdb\xa5\x2d\x00" + bytes(range(60)), "doc"),
        ("旧.xls", b"\x09\x04\x06\x00\x00\x00\x10\x00", "xls"),
        ("旧.xls", OLE + "Workbook".encode("utf-16-le") + bytes(2), "xls"),
        ("邮件.msg", OLE + "__properties_version1.0".encode("utf-16-le") + bytes(2), "msg"),
        ("书.zip", _zip(mimetype=b"application/epub+zip"), "epub"),
        ("表.xlsx", _zip(mimetype=b"application/vnd.oasis.opendocument.spreadsheet"), "ods"),
        ("片.pptx", _zip("[Content_Types].xml", "ppt/presentation.xml"), "pptx"),
        ("包.txt", _zip("a.bin"), "archive"),
        ("说明", "没有后缀的文本".encode(), "txt"),
        ("日志.LOG", "运行正常".encode(), "txt"),
        ("表.csv", "甲,乙".encode(), "csv"),
        ("BMW.txt", b"BMW is a maker of cars", "txt"),
        ("数据.json", b"{}", "json"),
        ("报告.docs", (DATA / "manual.docx").read_bytes(), "docx"),
        ("报告.doc", b"{\\rtf1\\ansi text}", "rtf"),
        ("报告.doc", b"<html><body>text</body></html>", "html"),
        (
            "报告.doc",
            b"MIME-Version: 1.0\nContent-Type: multipart/related; boundary=x\n\n",
            "mhtml",
        ),
        ("报告.doc", "纯文本的报告".encode("gbk"), "txt"),
        ("报告.wps", OLE + "WordDocument".encode("utf-16-le") + bytes(2), "doc"),
        ("账.et", OLE + "Workbook".encode("utf-16-le") + bytes(2), "xls"),
        ("片.dps", OLE + "PowerPoint Document".encode("utf-16-le") + bytes(2), "ppt"),
        ("导出.xls", "名称,数量,单价\n甲,1,2\n乙,3,4\n".encode(), "csv"),
        ("导出.xls", SPREADSHEET_2003, "spreadsheetml"),
        ("导出.xml", SPREADSHEET_2003, "spreadsheetml"),
        ("信函.doc", WORD_2003, "wordml"),
        ("信函.xml", WORD_2003, "wordml"),
        ("平.fodt", FLAT_ODF, "flat_odf"),
        ("平.xml", FLAT_ODF, "flat_odf"),
        ("登录.pdf", b"<!DOCTYPE html><html><body>Please log in</body></html>", "html"),
        ("说明.txt", b"a text that speaks of the mark %PDF-1.4 and goes on\n", "txt"),
        ("前面有字.pdf", b"HTTP/1.1 200 OK\n\n%PDF-1.4\n1 0 obj\n<<>>\nendobj", "pdf"),
        ("邮件", MAIL, "eml"),
        ("邮件.msg", MAIL, "eml"),
        ("信.txt", b"From: my sister\nSubject: home\nDate: today\n\nDear all\n", "txt"),
        ("数据", b'{"a": [1, 2], "b": {"c": null}}', "json"),
        ("数据", b'{"a": 1}\n{"a": 2}\n', "jsonl"),
        ("数据", '<?xml version="1.0"?><a><b>文</b></a>'.encode(), "xml"),
        ("数据", '<?xml version="1.0"?><a><b>文</b></a>'.encode("utf-16"), "xml"),
        ("数据", "名称\t数量\n甲\t1\n".encode(), "tsv"),
        ("数据", "甲,1,2\n乙,3,4\n丙,5,6\n".encode("gbk"), "csv"),
        ("诗", "床前明月光，疑是地上霜。\n举头望明月，低头思故乡。\n".encode("gbk"), "txt"),
        ("关于2024.5.1放假的通知", "放假三天。".encode(), "txt"),
        ("文本.txt", "两个字节一个字的文本。".encode("utf-16"), "txt"),
        ("包.tar", bytes(257) + b"ustar" + bytes(250), "archive"),
        ("照片.heic", b"\0\0\0\x18ftypheic" + bytes(16), "image"),
        ("表.ods", _zip("content.xml", "META-INF/manifest.xml", manifest=ODS_MANIFEST), "ods"),
        ("书.epub", _zip("META-INF/container.xml", "content.opf"), "epub"),
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


def test_truncated_container_is_known_by_the_parts_that_are_left(tmp_path: Path) -> None:
    whole = (DATA / "manual.docx").read_bytes()
    (tmp_path / "半.zip").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "头.docx").write_bytes(whole[:20])

    assert detect(tmp_path / "半.zip").name == "docx"
    with pytest.raises(DamagedFileError) as caught:
        detect(tmp_path / "头.docx")
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


@pytest.mark.parametrize(
    ("name", "content", "found"),
    [
        ("图.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><text>a</text></svg>', "svg"),
        ("程序.apk", _zip("AndroidManifest.xml"), "apk"),
        ("旧.pub", OLE + bytes(512), "pub"),
    ],
)
def test_what_no_loader_reads_is_named(
    tmp_path: Path, name: str, content: bytes, found: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UnsupportedFormatError) as caught:
        detect(tmp_path / name)
    assert caught.value.params == {"format": found}


def test_an_archive_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "包.zip").write_bytes(_zip("a.txt"))

    with pytest.raises(ArchiveFileError):
        open_source(tmp_path / "包.zip")
