"""Write small PDF files with Chinese text in a standard CID font, without any library."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PAGE = (595, 842)
_GARBLING = (
    b"/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def"
    b" 1 begincodespacerange <0000> <ffff> endcodespacerange"
    b" 1 beginbfrange <0021> <007e> <e021> endbfrange endcmap end end"
)


@dataclass(frozen=True)
class Put:
    """A text at a place in points from the bottom left; ``matrix`` turns it (a b c d)."""

    x: float
    y: float
    text: str
    size: float = 12
    matrix: tuple[float, float, float, float] = (1, 0, 0, 1)


def make_pdf(
    path: Path,
    pages: list[list[Put]],
    *,
    rotate: int = 0,
    drawing: bool = True,
    garbled: bool = False,
) -> Path:
    """Write pages of texts; ``drawing`` puts a line on every page, so that none is blank.

    ``garbled`` has the font say that its letters were characters of private use.
    """
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"",
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H"
        b" /DescendantFonts [4 0 R] >>",
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /W [1 95 500]"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >>"
        b" /FontDescriptor 5 0 R >>",
        b"<< /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -120 1000 880]"
        b" /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>",
    ]
    kids = []
    for texts in pages:
        content = b"0 0 m 10 0 l S\n" if drawing else b""
        for put in texts:
            a, b, c, d = put.matrix
            content += (
                f"BT /F1 {put.size} Tf {a} {b} {c} {d} {put.x} {put.y} Tm"
                f" <{put.text.encode('utf-16-be').hex()}> Tj ET\n"
            ).encode()
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
        objects.append(
            (
                f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {PAGE[0]} {PAGE[1]}] /Rotate {rotate}"
                f" /Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R >> >> >>"
            ).encode()
        )
        kids.append(f"{len(objects)} 0 R")
    if garbled:
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(_GARBLING), _GARBLING))
        objects[2] = objects[2][:-3] + b" /ToUnicode %d 0 R >>" % len(objects)
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return write_objects(path, objects)


def write_objects(path: Path, objects: list[bytes]) -> Path:
    """Write a PDF file of objects, the first of which is the catalog; return its path."""
    data = b"%PDF-1.7\n"
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    data += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        start,
    )
    path.write_bytes(data)
    return path
