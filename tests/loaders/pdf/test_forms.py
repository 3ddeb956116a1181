"""What was filled into a form or written onto a page is read at its place."""

from __future__ import annotations

from pathlib import Path

from loaders.load import records_of
from loaders.records import ElementRecord
from tests.loaders.pdf_maker import write_objects

_FONT = "/DA (/Helv 12 Tf 0 g) /DR << /Font << /Helv 4 0 R >> >>"


def _form(path: Path, annotations: list[str], *, form: str = "") -> Path:
    """Write a page with one line of text and these annotations."""
    content = b"BT /Helv 12 Tf 72 700 Td (Name of the applicant:) Tj ET"
    appearance = b"BT /Helv 12 Tf 2 4 Td (Checked by Li) Tj ET"
    kids = " ".join(f"{7 + index} 0 R" for index in range(len(annotations)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {form.replace('KIDS', kids)} >>".encode(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Annots [{kids}]"
        " /Resources << /Font << /Helv 4 0 R >> >> >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Resources << /Font"
        b" << /Helv 4 0 R >> >> /Length %d >>\nstream\n%b\nendstream"
        % (len(appearance), appearance),
        *(annotation.encode() for annotation in annotations),
    ]
    return write_objects(path, objects)


def _texts(path: Path) -> list[str]:
    return [record.text for record in records_of(path) if isinstance(record, ElementRecord)]


def test_field_values_are_read_beside_their_labels(tmp_path: Path) -> None:
    field = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Zhang San) /P 3 0 R"
        f" /Rect [210 694 400 714] /F 4 {_FONT} >>"
    )
    form = f"/AcroForm << /Fields [KIDS] /NeedAppearances true {_FONT} >>"

    texts = _texts(_form(tmp_path / "form.pdf", [field], form=form))

    assert texts == ["Name of the applicant: Zhang San"]


def test_free_text_is_read_and_hidden_notes_are_not(tmp_path: Path) -> None:
    shown = (
        "<< /Type /Annot /Subtype /FreeText /Rect [72 600 272 620] /F 4 /Contents (x)"
        " /DA (/Helv 12 Tf) /AP << /N 6 0 R >> >>"
    )
    hidden = shown.replace("/F 4", "/F 2").replace("600 272 620", "400 272 420")

    texts = _texts(_form(tmp_path / "note.pdf", [shown, hidden]))

    assert texts == ["Name of the applicant:", "Checked by Li"]
