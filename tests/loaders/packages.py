"""Small office packages made on the spot, and ways to break them."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping

PARAGRAPHS = tuple(
    f"第{number}条 设备每{number}个月检修一次，由维修班负责登记。" for number in range(1, 41)
)
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OOXML = "application/vnd.openxmlformats-officedocument"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'


def docx_parts(paragraphs: tuple[str, ...] = PARAGRAPHS) -> dict[str, bytes]:
    """Return the parts of a small Word document."""
    body = "".join(f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>" for text in paragraphs)
    return _encoded(
        {
            "[Content_Types].xml": _types(
                {
                    "word/document.xml": f"{_OOXML}.wordprocessingml.document.main+xml",
                    "word/styles.xml": f"{_OOXML}.wordprocessingml.styles+xml",
                }
            ),
            "_rels/.rels": _relations({"officeDocument": "word/document.xml"}),
            "word/document.xml": _HEAD + "<w:document xmlns:w="
            '"http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
            f'xmlns:r="{_OFFICE}"><w:body>{body}</w:body></w:document>',
            "word/_rels/document.xml.rels": _relations({"styles": "styles.xml"}),
            "word/styles.xml": _HEAD + "<w:styles xmlns:w="
            '"http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>',
        }
    )


def xlsx_parts(rows: int = 40) -> dict[str, bytes]:
    """Return the parts of a small workbook whose texts are shared strings."""
    strings = ["名称", "数量"] + [f"螺栓{number}号" for number in range(rows)]
    cells = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>' + "".join(
        f'<row r="{n + 2}"><c r="A{n + 2}" t="s"><v>{n + 2}</v></c>'
        f'<c r="B{n + 2}"><v>{1000 + n}</v></c></row>'
        for n in range(rows)
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return _encoded(
        {
            "[Content_Types].xml": _types(
                {
                    "xl/workbook.xml": f"{_OOXML}.spreadsheetml.sheet.main+xml",
                    "xl/worksheets/sheet1.xml": f"{_OOXML}.spreadsheetml.worksheet+xml",
                    "xl/sharedStrings.xml": f"{_OOXML}.spreadsheetml.sharedStrings+xml",
                }
            ),
            "_rels/.rels": _relations({"officeDocument": "xl/workbook.xml"}),
            "xl/workbook.xml": _HEAD + f'<workbook xmlns="{main}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="库存" sheetId="1" r:id="rId0"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": _relations(
                {"worksheet": "worksheets/sheet1.xml", "sharedStrings": "sharedStrings.xml"}
            ),
            "xl/worksheets/sheet1.xml": _HEAD
            + f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
            "xl/sharedStrings.xml": _HEAD
            + f'<sst xmlns="{main}" count="{len(strings)}" uniqueCount="{len(strings)}">'
            + "".join(f"<si><t>{text}</t></si>" for text in strings)
            + "</sst>",
        }
    )


def odf_parts(kind: str, body: str) -> dict[str, bytes]:
    """Return the parts of an OpenDocument file; ``kind`` is text, spreadsheet or presentation."""
    namespaces = " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in (
            ("office", "office"),
            ("text", "text"),
            ("table", "table"),
            ("draw", "drawing"),
        )
    )
    media = f"application/vnd.oasis.opendocument.{kind}"
    return {
        "mimetype": media.encode(),
    } | _encoded(
        {
            "content.xml": _HEAD + f'<office:document-content {namespaces} office:version="1.3">'
            f"<office:body><office:{kind}>{body}</office:{kind}></office:body>"
            "</office:document-content>",
            "META-INF/manifest.xml": _HEAD + "<manifest:manifest xmlns:manifest="
            '"urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" manifest:version="1.3">'
            f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media}"/>'
            '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
            "</manifest:manifest>",
        }
    )


def odt(paragraphs: tuple[str, ...] = PARAGRAPHS) -> bytes:
    """Return a small OpenDocument text."""
    return zipped(odf_parts("text", "".join(f"<text:p>{text}</text:p>" for text in paragraphs)))


def encrypted_odf(parts: Mapping[str, bytes], password: str) -> bytes:
    """Return an OpenDocument file as LibreOffice writes it with a password."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    content = parts["content.xml"]
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(content) + packer.flush()
    salt, vector = os.urandom(16), os.urandom(16)
    start = hashlib.sha256(password.encode()).digest()
    key = hashlib.pbkdf2_hmac("sha1", start, salt, 1000, 32)
    padding = 16 - len(packed) % 16
    padded = packed + os.urandom(padding - 1) + bytes([padding])
    cipher = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()

    def coded(data: bytes) -> str:
        return base64.b64encode(data).decode()

    told = (
        '<manifest:encryption-data manifest:checksum-type="urn:oasis:names:tc:opendocument:xmlns:'
        'manifest:1.0#sha256-1k" '
        f'manifest:checksum="{coded(hashlib.sha256(packed[:1024]).digest())}">'
        '<manifest:algorithm manifest:algorithm-name="http://www.w3.org/2001/04/xmlenc#aes256-cbc" '
        f'manifest:initialisation-vector="{coded(vector)}"/>'
        "<manifest:start-key-generation manifest:start-key-generation-name="
        '"http://www.w3.org/2000/09/xmldsig#sha256" manifest:key-size="32"/>'
        '<manifest:key-derivation manifest:key-derivation-name="PBKDF2" manifest:key-size="32" '
        f'manifest:iteration-count="1000" manifest:salt="{coded(salt)}"/>'
        "</manifest:encryption-data>"
    )
    manifest = parts["META-INF/manifest.xml"].replace(
        b'"content.xml" manifest:media-type="text/xml"/>',
        f'"content.xml" manifest:media-type="text/xml" manifest:size="{len(content)}">{told}'
        "</manifest:file-entry>".encode(),
    )
    secret = cipher.update(padded) + cipher.finalize()
    changed = {**parts, "content.xml": secret, "META-INF/manifest.xml": manifest}
    return zipped(changed, method=zipfile.ZIP_STORED)


def zipped(parts: Mapping[str, bytes], *, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Pack parts in their order."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else method)
    return target.getvalue()


def without_directory(package: bytes) -> bytes:
    """Cut off the directory at the end of a zip file."""
    return package[: package.rindex(b"PK\x01\x02")].split(b"PK\x01\x02")[0]


def with_wrong_crc(package: bytes, name: str) -> bytes:
    """Falsify the check sum of one part, in its header and in the directory."""
    changed = bytearray(package)
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        right = struct.pack("<I", archive.getinfo(name).CRC)
    position = changed.find(right)
    while position >= 0:
        changed[position] ^= 0xFF
        position = changed.find(right, position + 1)
    return bytes(changed)


def _types(overrides: Mapping[str, str]) -> str:
    return (
        _HEAD + f'<Types xmlns="{_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Default Extension="xml" ContentType="application/xml"/>'
        + "".join(
            f'<Override PartName="/{name}" ContentType="{kind}"/>'
            for name, kind in overrides.items()
        )
        + "</Types>"
    )


def _relations(targets: Mapping[str, str]) -> str:
    return (
        _HEAD
        + f'<Relationships xmlns="{_RELATIONS}">'
        + "".join(
            f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{target}"/>'
            for number, (kind, target) in enumerate(targets.items())
        )
        + "</Relationships>"
    )


def _encoded(parts: Mapping[str, str]) -> dict[str, bytes]:
    return {name: content.encode() for name, content in parts.items()}
