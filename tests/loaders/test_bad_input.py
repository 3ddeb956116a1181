"""Broken, hostile and misnamed files: each has its outcome, and nothing else suffers."""

from __future__ import annotations

import http.server
import io
import os
import threading
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from loaders.errors import LoadError
from loaders.formats import format_named
from loaders.limits import Limits
from loaders.records import ElementRecord, LoadSummary
from loaders.sandbox import ParserPool
from tests.loaders.packages import (
    PARAGRAPHS,
    docx_parts,
    encrypted_odf,
    odf_parts,
    odt,
    with_wrong_crc,
    without_directory,
    xlsx_parts,
    zipped,
)

DATA = Path(__file__).parent.parent / "data" / "loaders"
SENTENCE = "差旅费应当在出差结束后十日内报销。"
NOISE = bytes((number * 73 + number // 7 * 31) % 256 for number in range(1, 5000))
Outcome = tuple[str, str]


@pytest.fixture(scope="module")
def pool() -> Iterator[ParserPool]:
    limits = Limits(ratio_from_mb=1, unpacked_mb=64)
    with ParserPool(1, seconds=60, limits=limits) as made:
        yield made


@pytest.fixture
def outcome(pool: ParserPool, tmp_path: Path) -> Callable[..., Outcome]:
    """Read a file of this name and content: its state or the code of its error, and its text."""

    def read(name: str, content: bytes, password: str | None = None) -> Outcome:
        path = tmp_path / name
        path.write_bytes(content)
        texts: list[str] = []
        try:
            for record in pool.load(path, password=password):
                if isinstance(record, ElementRecord):
                    texts.append(record.text)
                elif isinstance(record, LoadSummary):
                    return (record.missing or "ready"), "\n".join(texts)
        except LoadError as exc:
            return exc.code, "\n".join(texts)
        return "nothing", ""

    return read


def _docx_with(changed: dict[str, bytes]) -> bytes:
    return zipped({**docx_parts((SENTENCE,)), **changed})


def _entity_bomb(part: bytes) -> bytes:
    declared = b'<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    head, _, rest = part.partition(b"?>\n")
    return head + b"?>\n" + declared + rest


def _handbook() -> bytes:
    return (DATA / "handbook.pdf").read_bytes()


def _page_tree_that_bites_its_tail() -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 3 0 R]/Count 2>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
        b"/Resources<</Font<</F1 5 0 R>>>>>>endobj\n"
        b"4 0 obj<</Length 44>>stream\nBT /F1 12 Tf 20 100 Td (Circle of pages) Tj ET\n"
        b"endstream endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        b"trailer<</Root 1 0 R>>\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("空.docx", b"", "empty_file"),
        ("空白.txt", b" \n\t\n", "empty_file"),
        ("噪声.pdf", NOISE, "damaged_file"),
        ("噪声.xlsx", NOISE, "damaged_file"),
        ("噪声.dat", NOISE, "unsupported_format"),
        ("半头.docx", zipped(docx_parts())[:25], "damaged_file"),
        ("短.docx", b"../other/place.docx", "damaged_file"),
        ("只有头.pdf", b"%PDF-1.4\nthis is not a document\n", "damaged_file"),
        ("包.zip", zipped({"a.txt": SENTENCE.encode()}), "archive_file"),
        ("包.tar.gz", b"\x1f\x8b\x08" + bytes(40), "archive_file"),
        ("炸弹.docx", _docx_with({"word/document.xml": bytes(8 << 20)}), "limit_exceeded"),
        (
            "实体.docx",
            _docx_with({"word/document.xml": _entity_bomb(docx_parts()["word/document.xml"])}),
            "unsafe_content",
        ),
        (
            "实体.xlsx",
            zipped(
                {
                    **xlsx_parts(),
                    "xl/sharedStrings.xml": _entity_bomb(xlsx_parts()["xl/sharedStrings.xml"]),
                }
            ),
            "unsafe_content",
        ),
        ("没有正文.docx", zipped({"word/styles.xml": b"<w/>"}), "damaged_file"),
    ],
)
def test_what_cannot_be_read_says_why(
    outcome: Callable[..., Outcome], name: str, content: bytes, code: str
) -> None:
    assert outcome(name, content)[0] == code


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("无目录.docx", without_directory(_docx_with({})), "damaged_parts"),
        ("校验错.docx", with_wrong_crc(_docx_with({}), "word/document.xml"), "damaged_parts"),
        ("其实是.doc", _docx_with({}), "ready"),
        ("其实是.txt", _docx_with({}), "ready"),
        ("后缀错.docs", _docx_with({}), "ready"),
        ("没有后缀", _docx_with({}), "ready"),
        ("网页.doc", f"<html><body><p>{SENTENCE}</p></body></html>".encode("gbk"), "ready"),
        ("纯文本.doc", SENTENCE.encode("gbk"), "ready"),
        ("导出.xls", f"<table><tr><td>{SENTENCE}</td></tr></table>".encode(), "ready"),
        ("零字节.csv", b"\0\0".join([b"name,text\n", f"a,{SENTENCE}\n".encode()]), "ready"),
        ("坏字节.txt", f"{SENTENCE}\n".encode("gbk") * 9 + b"\xff\xff\n" + b"end", "ready"),
        ("无标记.txt", f"{SENTENCE}\n".encode("utf-16-le") * 3, "ready"),
        ("混.txt", f"{SENTENCE}\n".encode() * 3 + f"{SENTENCE}\n".encode("gbk") * 3, "ready"),
        ("长行.txt", SENTENCE.encode() * 12_000, "ready"),
    ],
)
def test_what_can_be_read_is_read(
    outcome: Callable[..., Outcome], name: str, content: bytes, state: str
) -> None:
    found, text = outcome(name, content)

    assert found == state
    assert SENTENCE in text
    assert "\ufffd" not in text.replace("\ufffd\ufffd", "", 1)


def test_a_pdf_without_its_table_of_objects_is_repaired(outcome: Callable[..., Outcome]) -> None:
    whole = _handbook()
    _, expected = outcome("手册.pdf", whole)
    cut = whole[: whole.rindex(b"xref")].replace(b"startxref", b"startnone")

    assert outcome("断.pdf", cut + b"trailer<</Root 1 0 R>>")[0] in ("ready", "damaged_parts")
    state, text = outcome("无目录.pdf", cut)
    assert state in ("ready", "damaged_parts")
    assert text == expected


def test_a_page_tree_that_bites_its_tail_ends(outcome: Callable[..., Outcome]) -> None:
    _, text = outcome("圈.pdf", _page_tree_that_bites_its_tail())

    assert text == "Circle of pages"


@pytest.mark.parametrize("depth", [300, 20_000])
@pytest.mark.parametrize("kind", ["html", "json", "xml", "docx", "md"])
def test_deep_nesting_ends_in_text_or_a_reason(
    outcome: Callable[..., Outcome], kind: str, depth: int
) -> None:
    nested = {
        "html": b"<html>" + b"<div>" * depth + b"<p>inside</p>",
        "json": b"[" * depth + b"1" + b"]" * depth,
        "xml": b"<?xml version='1.0'?>" + b"<a>" * depth + b"inside" + b"</a>" * depth,
        "docx": _docx_with(
            {
                "word/document.xml": docx_parts((SENTENCE,))["word/document.xml"].replace(
                    b"<w:body>",
                    b"<w:body>"
                    + b"<w:tbl><w:tr><w:tc>" * depth
                    + b"</w:tc></w:tr></w:tbl>" * depth,
                )
            }
        ),
        "md": b">" * depth + b" inside\n",
    }[kind]

    code, _ = outcome(f"深.{kind}", nested)
    # Whatever else it is, it is no crash and no error that nobody meant.
    assert code not in {"nothing", "load_failed", "loader_crashed"}


def test_passwords_open_what_is_encrypted(outcome: Callable[..., Outcome]) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    def locked(content: bytes) -> bytes:
        target = io.BytesIO()
        OOXMLFile(io.BytesIO(content)).encrypt("口令8848", target)
        return target.getvalue()

    # The library's encryption is wrong for less than a few sectors.
    filled = {"docProps/filling.bin": os.urandom(16 * 1024)}
    sheet = locked(zipped(xlsx_parts() | filled))
    text = locked(_docx_with(filled))
    for name, content, part in (
        ("锁.docx", text, SENTENCE),
        # What the old programs' suffix hides is a package all the same.
        ("锁.doc", text, SENTENCE),
        ("锁.xlsx", sheet, "螺栓39号"),
        ("锁.xls", sheet, "螺栓39号"),
        ("锁.pdf", (DATA / "locked.pdf").read_bytes(), ""),
    ):
        right = "8848" if name.endswith("pdf") else "口令8848"
        assert outcome(name, content)[0] == "encrypted_file", name
        assert outcome(name, content, "错")[0] == "encrypted_file", name
        state, found = outcome(name, content, right)
        assert state == "ready", name
        assert part in found


def test_passwords_open_open_document_files(tmp_path: Path) -> None:
    from loaders.errors import EncryptedFileError
    from loaders.office.package import opened_package
    from loaders.source import Source

    parts = odf_parts("text", f"<text:p>{SENTENCE}</text:p>")
    path = tmp_path / "锁.odt"
    path.write_bytes(encrypted_odf(parts, "口令"))

    for wrong in (None, "错"):
        with (
            pytest.raises(EncryptedFileError),
            opened_package(Source(path, path.name, format_named("odt"), wrong)),
        ):
            pass
    with (
        opened_package(Source(path, path.name, format_named("odt"), "口令")) as package,
        zipfile.ZipFile(package) as archive,
    ):
        assert archive.read("content.xml") == parts["content.xml"]
        assert b"encryption-data" not in archive.read("META-INF/manifest.xml")


class _Listener:
    """A web server that counts who asks."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        asked = self.asked

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815 - names of the protocol

            def log_message(self, format: str, *arguments: object) -> None:
                del format, arguments

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def listener() -> Iterator[_Listener]:
    made = _Listener()
    yield made
    made.close()


def _relations(*kinds: str, url: str) -> bytes:
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    return (
        '<?xml version="1.0"?><Relationships xmlns='
        '"http://schemas.openxmlformats.org/package/2006/relationships">'
        + "".join(
            f'<Relationship Id="x{n}" Type="{office}/{kind}" Target="{url}/{kind}" '
            'TargetMode="External"/>'
            for n, kind in enumerate(kinds)
        )
        + "</Relationships>"
    ).encode()


def test_nothing_outside_the_file_is_ever_fetched(
    outcome: Callable[..., Outcome], listener: _Listener
) -> None:
    url = listener.url
    settings = (
        '<?xml version="1.0"?><w:settings xmlns:w='
        '"http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r='
        '"http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        '<w:attachedTemplate r:id="x0"/></w:settings>'
    )
    files = {
        "外链.docx": _docx_with(
            {
                "word/_rels/document.xml.rels": _relations("image", "hyperlink", "frame", url=url),
                "word/settings.xml": settings.encode(),
                "word/_rels/settings.xml.rels": _relations("attachedTemplate", url=url),
            }
        ),
        "网页.html": (
            f'<html><head><link rel="stylesheet" href="{url}/css"><base href="{url}/"></head><body>'
            f'<img src="{url}/img"><iframe src="{url}/frame"></iframe><p>{SENTENCE}</p></body>'
            "</html>"
        ).encode(),
        "外部.xml": (
            f'<?xml version="1.0"?><!DOCTYPE a SYSTEM "{url}/dtd"><a><b>{SENTENCE}</b></a>'
        ).encode(),
        "实体.xml": (
            f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "{url}/entity">]>'
            f"<a><b>{SENTENCE}</b><c>&x;</c></a>"
        ).encode(),
        "图.md": f"![图]({url}/md)\n\n{SENTENCE}\n".encode(),
        "信.eml": (
            "From: a@example.com\nTo: b@example.com\nSubject: test\nMIME-Version: 1.0\n"
            f'Content-Type: text/html; charset=utf-8\n\n<img src="{url}/mail"><p>{SENTENCE}</p>\n'
        ).encode(),
    }
    if format_named("odt").loader:
        picture = (
            f'<text:p><draw:frame><draw:image xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'xlink:href="{url}/odf" xlink:type="simple"/></draw:frame></text:p>'
        )
        files["图.odt"] = zipped(odf_parts("text", picture + f"<text:p>{SENTENCE}</text:p>"))
        files["域.rtf"] = (
            r"{\rtf1\ansi{\field{\*\fldinst INCLUDEPICTURE "
            + f'"{url}/rtf"'
            + r" \\d}{\fldrslt x}}Nothing is fetched.\par}"
        ).encode()
    for name, content in files.items():
        if format_named(name.rpartition(".")[2]).loader:
            assert outcome(name, content)[0] in ("ready", "empty_file", "unsafe_content"), name
    assert listener.asked == []


def test_an_open_document_text_without_its_directory_is_read(
    outcome: Callable[..., Outcome],
) -> None:
    if not format_named("odt").loader:
        pytest.skip("no loader for OpenDocument text")
    state, text = outcome("断.odt", without_directory(odt()))

    assert state == "damaged_parts"
    assert PARAGRAPHS[0] in text
