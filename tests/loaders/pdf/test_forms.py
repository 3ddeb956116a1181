"""What was filled into a form or written onto a page is read at its place."""

from __future__ import annotations

from pathlib import Path

from loaders.load import records_of
from loaders.records import ElementRecord
from tests.loaders.pdf_maker import write_objects

_FONT = "/DA (/Helv 12 Tf 0 g) /DR << /Font << /Helv 4 0 R >> >>"


def _form(path: Path, annotations: list[str], *, form: str = "", inherited: bool = False) -> Path:
    """Write a page with one line of text and these annotations.

    ``inherited`` has the page take its fonts from the page tree.
    """
    resources = "/Resources << /Font << /Helv 4 0 R >> >>"
    tree, page = (resources, "") if inherited else ("", resources)
    content = b"BT /Helv 12 Tf 72 700 Td (Name of the applicant:) Tj ET"
    appearance = b"BT /Helv 12 Tf 2 4 Td (Checked by Li) Tj ET"
    kids = " ".join(f"{7 + index} 0 R" for index in range(len(annotations)))
    objects = [
        f"<< /Type /Catalog /Pages 2 0 R {form.replace('KIDS', kids)} >>".encode(),
        f"<< /Type /Pages /Kids [3 0 R] /Count 1 {tree} >>".encode(),
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Annots [{kids}]"
        f" {page} >>".encode(),
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


def test_page_keeps_the_fonts_that_it_has_from_the_page_tree(tmp_path: Path) -> None:
    field = (
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /V (Zhang San) /P 3 0 R"
        f" /Rect [210 694 400 714] /F 4 {_FONT} >>"
    )
    form = f"/AcroForm << /Fields [KIDS] /NeedAppearances true {_FONT} >>"
    path = _form(tmp_path / "form.pdf", [field], form=form, inherited=True)
    # Only in the encoding of its own font does the text read as it does.
    path.write_bytes(
        path.read_bytes()
        .replace(b"/Encoding /WinAnsiEncoding >>", b"/Encoding << /Differences [81 /N] >> >>")
        .replace(b"(Name of the", b"(Qame of the")
    )

    assert _texts(path) == ["Name of the applicant: Zhang San"]


def test_notes_of_readers_are_read_with_their_authors(tmp_path: Path) -> None:
    note = (
        "<< /Type /Annot /Subtype /Text /Rect [300 700 320 720] /F 4 /T (Li) /Contents (Wrong) >>"
    )
    mark = (
        "<< /Type /Annot /Subtype /Highlight /Rect [72 700 90 712] /F 4"
        " /QuadPoints [72 712 90 712 72 700 90 700] /Contents <FEFF59D3540D672A586B> >>"
    )
    hidden = note.replace("/F 4", "/F 2").replace("Wrong", "secret")

    texts = _texts(_form(tmp_path / "note.pdf", [note, mark, hidden]))

    assert texts == ["Name of the applicant:", "Comment (Li): Wrong", "批注：姓名未填"]


def test_page_whose_crop_box_lies_outside_is_shown_whole(tmp_path: Path) -> None:
    path = _form(tmp_path / "cut.pdf", [])
    path.write_bytes(
        path.read_bytes().replace(b"/Contents 5", b"/CropBox [900 900 950 950] /Contents 5")
    )

    (record,) = [found for found in records_of(path) if isinstance(found, ElementRecord)]

    assert record.text == "Name of the applicant:"
    assert 0.1 < record.spans[0].box[0] < 0.15
