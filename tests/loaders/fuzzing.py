"""Small documents of every format, and ways to break them that a seed alone decides."""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.loaders.msg_maker import properties, text_streams, write_ole
from tests.loaders.packages import docx_parts, odf_parts, xlsx_parts, zipped
from tests.loaders.pdf_maker import Put, make_pdf
from tests.loaders.xlsb_maker import merged, row, short_cell, text_cell, xlsb_parts

SENTENCE = "差旅费应当在出差结束后十日内报销。"
"""Stands in every document; what breaks nothing of the text must leave it there."""

_DATA = Path(__file__).parent.parent / "data" / "fuzz"
_OTHERS = tuple(
    f"第{number}条 设备每{number}个月检修一次，由维修班登记。" for number in range(1, 16)
)
_LINES = (_OTHERS[0], SENTENCE, *_OTHERS[1:])
_ZIPPED = ("docx", "xlsx", "xlsb", "pptx", "odt", "ods", "odp", "epub")
_SLOW = ("odt", "odp", "rtf", "doc", "png")
"""Read by LibreOffice or by OCR, which takes seconds."""

_ATTRIBUTE = re.compile(rb'(\s[\w:.-]+=)"([^"<]{0,200})"')
_WILD = (
    b"-1",
    b"0",
    b"99999999999999999999",
    b"",
    b"A" * 5000,
    b"NaN",
    b"../../../etc/passwd",
    "\u202e".encode(),
    b"&#0;",
    b"XFD1048576:A1",
)
# Nobody's text stands in these.
_ASIDE = ("styles.xml", "settings.xml", "core.xml", "theme1.xml", "meta.xml", "toc.ncx", "app.xml")


@dataclass(frozen=True, slots=True)
class Case:
    """A broken document: ``keeps_text`` where nothing that was done to it touches its text."""

    name: str
    content: bytes
    how: str
    keeps_text: bool


def samples(folder: Path) -> dict[str, bytes]:
    """Make a small document of each format; ``folder`` serves for those written to files."""
    listed = "".join(f"<p>{line}</p>" for line in _LINES)
    table = "".join(f"<tr><td>{line}</td><td>12</td></tr>" for line in _LINES[:4])
    page = (
        f"<html><head><title>办法</title></head><body>{listed}<table>{table}</table></body></html>"
    )
    mail = (
        "From: 甲 <a@example.com>\nTo: b@example.com\nSubject: notice\n"
        "Date: Mon, 6 May 2024 08:00:00 +0800\nMIME-Version: 1.0\n"
        "Content-Type: multipart/mixed; boundary=x1\n\n--x1\n"
        "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        + "\n".join(_LINES)
        + "\n--x1\nContent-Type: text/html; charset=utf-8\n\n<p>second</p>\n--x1--\n"
    )
    saved = (
        "From: <saved>\nSubject: page\nMIME-Version: 1.0\nContent-Type: multipart/related; "
        'boundary="y1"; type="text/html"\n\n--y1\nContent-Type: text/html; charset="utf-8"\n'
        f"Content-Location: http://example.com/\n\n{page}\n--y1--\n"
    )
    pdf = make_pdf(
        folder / "sample.pdf",
        [[Put(60, 780 - 24 * row, line) for row, line in enumerate(_LINES)]] * 2,
    )
    return {
        "txt": "\n".join(_LINES).encode(),
        "gbk.txt": "\n".join(_LINES).encode("gbk"),
        "md": (
            "# 办法\n\n" + "\n\n".join(_LINES) + "\n\n| 甲 | 乙 |\n|---|---|\n| 1 | 2 |\n"
        ).encode(),
        "html": page.encode(),
        "csv": ("条文,数量\n" + "".join(f'"{line}",12\n' for line in _LINES)).encode(),
        "tsv": ("条文\t数量\n" + "".join(f"{line}\t12\n" for line in _LINES)).encode(),
        "json": json.dumps(
            {"名称": "办法", "条文": [{"条": n, "文": line} for n, line in enumerate(_LINES)]},
            ensure_ascii=False,
        ).encode(),
        "jsonl": "".join(
            json.dumps({"条": n, "文": line}, ensure_ascii=False) + "\n"
            for n, line in enumerate(_LINES)
        ).encode(),
        "xml": (
            '<?xml version="1.0" encoding="UTF-8"?>\n<办法 年="2024">'
            + "".join(f'<条 号="{n}">{line}</条>' for n, line in enumerate(_LINES))
            + "</办法>"
        ).encode(),
        "eml": mail.encode(),
        "mht": saved.encode(),
        "rtf": (
            r"{\rtf1\ansi\uc1 "
            + "".join(
                "".join(f"\\u{ord(c) if ord(c) < 32768 else ord(c) - 65536}?" for c in line)
                + "\\par\n"
                for line in _LINES
            )
            + "}"
        ).encode(),
        "docx": zipped(docx_parts(_LINES)),
        "xlsx": zipped(_workbook()),
        "xlsb": zipped(_binary_workbook()),
        "pptx": _slides(),
        "odt": zipped(odf_parts("text", "".join(f"<text:p>{line}</text:p>" for line in _LINES))),
        "ods": zipped(odf_parts("spreadsheet", _sheet())),
        "odp": zipped(odf_parts("presentation", _drawn())),
        "epub": zipped(_book(page)),
        "pdf": pdf.read_bytes(),
        "png": _picture(),
        "msg": _message(folder).read_bytes(),
        # Written by an office program from the same sentences.
        "doc": (_DATA / "rules.doc").read_bytes(),
        "xls": (_DATA / "rules.xls").read_bytes(),
    }


def is_slow(kind: str) -> bool:
    """Tell whether reading this kind takes seconds."""
    return kind.rpartition(".")[2] in _SLOW


def broken(kind: str, content: bytes, dice: random.Random) -> Case:
    """Break a document in one of many ways."""
    suffix = kind.rpartition(".")[2]
    ways: list[Callable[[bytes, random.Random], tuple[str, bytes]]] = [
        _flip,
        _flip,
        _truncate,
        _swap,
        _zero,
        _repeat,
        _insert,
        _attribute,
    ]
    if suffix in _ZIPPED:
        ways += [_member, _member, _member_flip, _lost_member]
        if dice.random() < 0.25:
            how, changed = _aside(content, dice)
            return Case(f"{how}.{suffix}", changed, how, keeps_text=True)
    elif suffix in ("html", "xml", "pdf", "eml") and dice.random() < 0.2:
        how, changed = _appended(suffix, content, dice)
        return Case(f"{how}.{suffix}", changed, how, keeps_text=True)
    how, changed = dice.choice(ways)(content, dice)
    return Case(f"{how}.{suffix}", changed, how, keeps_text=False)


def _flip(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    data = bytearray(content)
    for _ in range(dice.choice((1, 3, 20))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return "flip", bytes(data)


def _truncate(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    return "truncate", content[: dice.randrange(1, len(content))]


def _swap(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    size = max(1, len(content) // dice.choice((4, 16, 64)))
    first, second = sorted((dice.randrange(len(content)), dice.randrange(len(content))))
    one, two = content[first : first + size], content[second : second + size]
    rest = content[second + size :]
    return "swap", content[:first] + two + content[first + size : second] + one + rest


def _zero(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    start, size = dice.randrange(len(content)), dice.randrange(1, 200)
    return "zero", content[:start] + bytes(size) + content[start + size :]


def _repeat(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    start, size = dice.randrange(len(content)), dice.randrange(1, 500)
    part = content[start : start + size] * dice.choice((2, 10, 200))
    return "repeat", content[:start] + part + content[start:]


def _insert(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    start = dice.randrange(len(content))
    return "insert", content[:start] + dice.randbytes(dice.choice((1, 8, 300))) + content[start:]


def _attribute(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    found = list(_ATTRIBUTE.finditer(content))
    if not found:
        return _flip(content, dice)
    match = dice.choice(found)
    wild = b'%b"%b"' % (match.group(1), dice.choice(_WILD))
    return "attribute", content[: match.start()] + wild + content[match.end() :]


def _member(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    """Break one part of a package before it is packed: the package itself is whole."""
    parts = _parts(content)
    name = dice.choice(sorted(parts))
    way = dice.choice((_attribute, _attribute, _flip, _truncate, _swap, _repeat))
    how, parts[name] = way(parts[name] or b"x", dice)
    return f"member-{how}", zipped(parts)


def _member_flip(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    """Flip bits in the packed bytes of one part."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = dice.choice(archive.infolist())
    start = entry.header_offset + 30 + len(entry.filename)
    data = bytearray(content)
    for _ in range(3):
        data[start + dice.randrange(max(1, entry.compress_size))] ^= 1 << dice.randrange(8)
    return "packed-flip", bytes(data)


def _lost_member(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    parts = _parts(content)
    del parts[dice.choice(sorted(parts))]
    return "lost-member", zipped(parts)


def _aside(content: bytes, dice: random.Random) -> tuple[str, bytes]:
    """Do what no text can suffer from: the directory, what follows it, parts without text."""
    parts = _parts(content)
    others = [name for name in parts if name.endswith(_ASIDE)]
    way = dice.choice(("no-directory", "appended", *(["aside"] if others else [])))
    if way == "no-directory":
        start = content.index(b"PK\x01\x02")
        return way, content[: dice.randrange(start, len(content) - 1)]
    if way == "appended":
        return way, content + dice.randbytes(dice.randrange(1, 300))
    name = dice.choice(others)
    parts[name] = parts[name][: len(parts[name]) // 2]
    return way, zipped(parts)


def _appended(suffix: str, content: bytes, dice: random.Random) -> tuple[str, bytes]:
    if suffix == "pdf":
        start = content.rindex(b"startxref")
        return "wrong-offset", content[:start] + b"startxref\n%d\n%%%%EOF" % dice.randrange(10**6)
    comment = b"<!-- %d -->\n" % dice.randrange(10**9)
    return "appended", content + (b"\n" if suffix == "eml" else comment)


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _workbook() -> dict[str, bytes]:
    parts = xlsx_parts(12)
    strings = parts["xl/sharedStrings.xml"].replace("螺栓3号".encode(), SENTENCE.encode())
    return {**parts, "xl/sharedStrings.xml": strings}


def _binary_workbook() -> dict[str, bytes]:
    rows = b"".join(
        row(number) + text_cell(1, line) + short_cell(16, struct.pack("<d", 12.5), style=1)
        for number, line in enumerate(("条文", *_LINES), 1)
    )
    return xlsb_parts({"表一": rows + merged(3, 4, 2, 2)}, texts=(SENTENCE,), codes=("0.00",))


def _sheet() -> str:
    rows = "".join(
        '<table:table-row><table:table-cell office:value-type="string">'
        f"<text:p>{line}</text:p></table:table-cell>"
        '<table:table-cell office:value-type="float" office:value="12"><text:p>12</text:p>'
        "</table:table-cell></table:table-row>"
        for line in ("条文", *_LINES)
    )
    return f'<table:table table:name="表一">{rows}</table:table>'


def _drawn() -> str:
    frames = "".join(
        f"<draw:frame><draw:text-box><text:p>{line}</text:p></draw:text-box></draw:frame>"
        for line in _LINES[:3]
    )
    return f'<draw:page draw:name="一">{frames}</draw:page>'


def _book(page: str) -> Mapping[str, bytes]:
    chapter = page.replace("<html>", '<html xmlns="http://www.w3.org/1999/xhtml">')
    parts = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": '<?xml version="1.0"?><container version="1.0" xmlns='
        '"urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path='
        '"content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>',
        "content.opf": '<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" '
        'version="2.0"><manifest><item id="c" href="c.xhtml" media-type="application/xhtml+xml"/>'
        '</manifest><spine><itemref idref="c"/></spine></package>',
        "c.xhtml": '<?xml version="1.0" encoding="UTF-8"?>' + chapter,
        "toc.ncx": '<?xml version="1.0"?><ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"/>',
    }
    return {name: content.encode() for name, content in parts.items()}


def _slides() -> bytes:
    import pptx

    presentation = pptx.Presentation()
    for line in (SENTENCE, _OTHERS[0]):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = "办法"
        slide.placeholders[1].text = line
    target = io.BytesIO()
    presentation.save(target)
    return target.getvalue()


def _message(folder: Path) -> Path:
    tree = {
        **properties({}, header=32),
        **text_streams({0x001A: "IPM.Note", 0x0037: "notice", 0x1000: "\r\n".join(_LINES)}),
    }
    return write_ole(folder / "sample.msg", tree)


def _picture() -> bytes:
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (400, 120), "white")
    ImageDraw.Draw(picture).text((20, 40), "Travel 2024", fill="black", font_size=40)
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()
