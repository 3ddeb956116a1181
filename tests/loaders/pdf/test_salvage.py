"""A PDF whose page tree is lost is opened by the pages that are left."""

from __future__ import annotations

from pathlib import Path

import pytest

from loaders.errors import DamagedFileError, EncryptedFileError
from loaders.load import records_of
from loaders.pdf.salvage import opened_pdf, salvaged_pdf
from loaders.records import ElementRecord, LoadSummary
from loaders.render import render_page
from tests.loaders.pdf_maker import Put, make_pdf

DATA = Path(__file__).parents[2] / "data" / "loaders"


@pytest.fixture
def headless(tmp_path: Path) -> Path:
    """Three pages whose catalog and page tree are noise."""
    pages = [[Put(60, 700, f"第{number}页的正文写在这里。")] for number in (1, 2, 3)]
    path = make_pdf(tmp_path / "断.pdf", pages)
    data = path.read_bytes()
    start, end = data.index(b"1 0 obj"), data.index(b"3 0 obj")
    path.write_bytes(data[:start] + b"x" * (end - start) + b"\n" + data[end:])
    return path


def test_pages_are_read_without_their_tree(headless: Path) -> None:
    *elements, summary = records_of(headless)

    texts = [each.text for each in elements if isinstance(each, ElementRecord)]
    assert texts == [f"第{number}页的正文写在这里。" for number in (1, 2, 3)]
    assert isinstance(summary, LoadSummary)
    assert (summary.missing, summary.page_count) == ("damaged_parts", 3)


def test_pages_without_their_tree_can_be_shown(headless: Path) -> None:
    assert render_page(headless, 2).startswith(b"\x89PNG")


def test_a_sound_file_is_opened_as_it_is() -> None:
    document, is_rest = opened_pdf(DATA / "handbook.pdf", None, name="handbook.pdf")
    document.close()

    assert not is_rest


def test_an_encrypted_page_is_not_shown_without_its_password() -> None:
    with pytest.raises(EncryptedFileError):
        render_page(DATA / "locked.pdf", 1)
    assert render_page(DATA / "locked.pdf", 1, password="8848").startswith(b"\x89PNG")


def test_without_a_page_nothing_is_salvaged(tmp_path: Path) -> None:
    assert salvaged_pdf(b"%PDF-1.4\n1 0 obj\n<</Type/Pages/Kids[]>>\nendobj\n") is None
    (tmp_path / "空.pdf").write_bytes(b"%PDF-1.4\nnothing else")
    with pytest.raises(DamagedFileError):
        opened_pdf(tmp_path / "空.pdf", None, name="空.pdf")


def test_document_for_holders_of_a_certificate_is_no_damaged_one(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "证书.pdf", [[Put(72, 700, "正文")]])
    protected = b"trailer << /Encrypt << /Filter /Adobe.PubSec /V 4 /R 4 >>"
    path.write_bytes(path.read_bytes().replace(b"trailer <<", protected))

    with pytest.raises(EncryptedFileError):
        opened_pdf(path, None, name="证书.pdf")
