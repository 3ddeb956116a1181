"""Files inside a PDF are read as attachments."""

from __future__ import annotations

from pathlib import Path

from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from tests.loaders.pdf_maker import write_objects


def _with_file(path: Path, data: bytes, *, pinned: bool = False) -> Path:
    """Write a page of one line that carries a file; ``pinned`` has the file stand on the page."""
    content = b"BT /F 12 Tf 72 700 Td (See the table.) Tj ET"
    names = b"" if pinned else b"/Names << /EmbeddedFiles << /Names [(list.csv) 6 0 R] >> >>"
    annotations = (
        b"/Annots [<< /Type /Annot /Subtype /FileAttachment /Rect [300 700 320 720] /FS 6 0 R >>]"
        if pinned
        else b""
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % names,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R %b"
        b" /Resources << /Font << /F 4 0 R >> >> >>" % annotations,
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Filespec /F (list.csv) /UF (list.csv) /EF << /F 7 0 R >> >>",
        b"<< /Type /EmbeddedFile /Length %d >>\nstream\n%b\nendstream" % (len(data), data),
    ]
    return write_objects(path, objects)


def _texts(path: Path) -> list[str]:
    return [record.text for record in records_of(path) if isinstance(record, ElementRecord)]


def test_carried_file_is_read_after_the_pages(tmp_path: Path) -> None:
    path = _with_file(tmp_path / "invoice.pdf", "品名,数量\n螺栓,12\n螺母,7\n".encode())

    assert _texts(path) == [
        "See the table.",
        "Attachment: list.csv",
        "品名\t数量\n螺栓\t12\n螺母\t7",
    ]


def test_file_pinned_to_a_page_is_read(tmp_path: Path) -> None:
    path = _with_file(tmp_path / "pinned.pdf", "品名,数量\n螺栓,12\n".encode(), pinned=True)

    assert _texts(path)[1:] == ["Attachment: list.csv", "品名\t数量\n螺栓\t12"]


def test_broken_attachment_makes_the_result_partial(tmp_path: Path) -> None:
    path = _with_file(tmp_path / "broken.pdf", b"PK\x03\x04 no archive")

    *_, summary = records_of(path)

    assert isinstance(summary, LoadSummary)
    assert summary.missing == "attachments_unread"
    assert dict(summary.missing_params) == {"names": "list.csv"}
