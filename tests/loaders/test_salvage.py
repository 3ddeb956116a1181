"""Broken zip containers are made whole with what is left of their parts."""

from __future__ import annotations

import io
import random
import zipfile
from pathlib import Path

import pytest

from loaders.errors import DamagedFileError, LimitExceededError
from loaders.limits import Limits
from loaders.load import records_of
from loaders.records import ElementRecord, LoadSummary
from loaders.salvage import entries, is_sound, salvaged
from tests.loaders.packages import (
    PARAGRAPHS,
    docx_parts,
    with_wrong_crc,
    without_directory,
    xlsx_parts,
    zipped,
)


def _read(path: Path) -> tuple[list[ElementRecord], LoadSummary]:
    *elements, summary = records_of(path)
    assert isinstance(summary, LoadSummary)
    return [each for each in elements if isinstance(each, ElementRecord)], summary


def _texts(path: Path) -> tuple[list[str], LoadSummary]:
    elements, summary = _read(path)
    return [element.text for element in elements], summary


@pytest.fixture
def docx(tmp_path: Path) -> Path:
    return tmp_path / "规程.docx"


def test_a_sound_container_is_left_as_it_is(docx: Path) -> None:
    docx.write_bytes(zipped(docx_parts()))

    texts, summary = _texts(docx)
    assert texts == list(PARAGRAPHS)
    assert summary.missing is None


def test_without_its_directory_every_part_is_still_found(docx: Path) -> None:
    docx.write_bytes(without_directory(zipped(docx_parts())))

    texts, summary = _texts(docx)
    assert texts == list(PARAGRAPHS)
    assert summary.missing == "damaged_parts"


def test_a_wrong_check_sum_costs_no_text(docx: Path) -> None:
    docx.write_bytes(with_wrong_crc(zipped(docx_parts()), "word/document.xml"))

    texts, summary = _texts(docx)
    assert texts == list(PARAGRAPHS)
    assert (summary.missing, dict(summary.missing_params)) == (
        "damaged_parts",
        {"parts": "word/document.xml"},
    )


def test_a_main_part_cut_off_gives_what_stands_before(docx: Path) -> None:
    noise = random.Random(1)  # noqa: S311 - no secret
    long = tuple(
        f"第{n}段 {''.join(chr(noise.randrange(0x4E00, 0x9FA5)) for _ in range(60))}"
        for n in range(200)
    )
    package = zipped(docx_parts(long))
    docx.write_bytes(package[: len(package) // 2])

    texts, summary = _texts(docx)
    assert 60 < len(texts) < 200
    assert texts[:60] == list(long[:60])
    assert summary.missing == "damaged_parts"


def test_a_workbook_that_lost_its_strings_keeps_its_numbers_in_place(tmp_path: Path) -> None:
    parts = xlsx_parts()
    strings = parts["xl/sharedStrings.xml"]
    parts["xl/sharedStrings.xml"] = strings[: strings.index("螺栓5号".encode())]
    path = tmp_path / "库存.xlsx"
    path.write_bytes(without_directory(zipped(parts)))

    (table,), summary = _read(path)
    assert table.table is not None
    assert table.table.header == ("名称", "数量")
    assert table.table.rows[4] == ("螺栓4号", "1004")
    assert table.table.rows[39] == ("", "1039")
    assert summary.missing == "damaged_parts"


def test_a_table_of_strings_with_a_broken_namespace_does_no_harm(tmp_path: Path) -> None:
    parts = xlsx_parts()
    strings = parts["xl/sharedStrings.xml"][: -len(b"</si></sst>")]
    strings = strings[: strings.rindex(b"<si>")]
    parts["xl/sharedStrings.xml"] = strings.replace(b"/2006/main", b"/2 {06/main", 1)
    path = tmp_path / "库存.xlsx"
    path.write_bytes(without_directory(zipped(parts)))

    (table,), summary = _read(path)
    assert table.table is not None
    assert table.table.rows[4] == ("螺栓4号", "1004")
    assert summary.missing == "damaged_parts"


def test_what_refers_to_a_lost_part_is_taken_out() -> None:
    parts = docx_parts()
    del parts["word/styles.xml"]
    whole, lost = salvaged(io.BytesIO(without_directory(zipped(parts))), Limits())

    with whole:
        with zipfile.ZipFile(whole) as archive:
            assert b"styles" not in archive.read("word/_rels/document.xml.rels")
            assert b"styles" not in archive.read("[Content_Types].xml")
        assert lost == ["word/styles.xml"]
        assert is_sound(whole, Limits())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_parts_are_found_by_their_own_headers(method: int) -> None:
    package = zipped({"a.xml": b"<a/>", "目录/b.bin": bytes(range(256))}, method=method)

    assert [entry.name for entry in entries(package)] == ["a.xml", "目录/b.bin"]


def test_sizes_that_follow_a_part_are_not_needed() -> None:
    class Stream(io.RawIOBase):
        """A target that cannot go back, so that sizes are written behind each part."""

        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.data += bytes(data)  # type: ignore[call-overload]
            return len(bytes(data))  # type: ignore[call-overload]

    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        stream = Stream()
        with zipfile.ZipFile(stream, "w", method) as archive:
            archive.writestr("a.txt", b"first")
            archive.writestr("b.txt", b"second")
        whole, lost = salvaged(io.BytesIO(without_directory(bytes(stream.data))), Limits())
        with whole, zipfile.ZipFile(whole) as archive:
            assert (archive.read("a.txt"), archive.read("b.txt")) == (b"first", b"second")
        assert lost == []


def test_a_part_whose_own_header_is_broken_is_found_by_the_directory() -> None:
    package = bytearray(zipped({"a.xml": b"<a>first</a>", "b.xml": b"<b>second</b>"}))
    package[package.index(b"PK\x03\x04", 4)] = 0
    whole, lost = salvaged(io.BytesIO(bytes(package)), Limits())

    with whole, zipfile.ZipFile(whole) as archive:
        assert archive.read("b.xml") == b"<b>second</b>"
    assert lost == []


def test_a_bomb_without_a_directory_is_still_a_bomb() -> None:
    package = without_directory(zipped({"word/document.xml": bytes(3 << 20)}))

    with pytest.raises(LimitExceededError):
        salvaged(io.BytesIO(package), Limits(unpacked_mb=2))


def test_a_bomb_is_found_before_it_is_unpacked() -> None:
    package = zipped({"word/document.xml": bytes(3 << 20)})

    with pytest.raises(LimitExceededError) as caught:
        is_sound(io.BytesIO(package), Limits(ratio_from_mb=1))
    assert caught.value.params["limit"] == "unpacked"


def test_nothing_is_made_of_nothing() -> None:
    with pytest.raises(DamagedFileError):
        salvaged(io.BytesIO(b"PK\x03\x04" + bytes(40)), Limits())
