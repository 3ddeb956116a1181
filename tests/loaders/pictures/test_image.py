"""Picture files as documents: pages, places, and what happens to broken ones."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from loaders._unstructured import Element
from loaders.errors import (
    DamagedFileError,
    EmptyFileError,
    LimitExceededError,
    LoadError,
    UnsupportedFormatError,
)
from loaders.formats import format_named
from loaders.limits import Limits
from loaders.load import records_of
from loaders.pictures import ocr
from loaders.pictures.image import load_image
from loaders.pictures.raster import read_page
from loaders.records import Box, ElementRecord, LoadSummary
from loaders.source import Source

DATA = Path(__file__).parents[2] / "data" / "image"
ORIENTATION = 0x0112
STRIP_OFFSETS = 273
TEXTS = [
    "设备巡检通知",
    "每周一上午九点检查三号水泵和冷却塔，",
    "轴承温度不得超过75℃，超过时立即停机。",
    "Report to the control room at 8021.",
]


def notice() -> Image.Image:
    with Image.open(DATA / "notice.png") as picture:
        return picture.convert("L")


def save(picture: Image.Image, path: Path, **options: object) -> Path:
    picture.save(path, **options)  # type: ignore[arg-type]
    return path


def read(path: Path) -> tuple[list[ElementRecord], LoadSummary]:
    *elements, summary = records_of(path)
    assert isinstance(summary, LoadSummary)
    return [element for element in elements if isinstance(element, ElementRecord)], summary


def load(source: Source) -> list[Element]:
    return list(load_image(source))


def source_of(path: Path, **limits: int) -> Source:
    return Source(path, path.name, format_named("image"), limits=Limits(**limits))


def lines_of(elements: list[ElementRecord]) -> list[str]:
    """Return the lines by their spans, which part them exactly."""
    return [element.text[span.start : span.end] for element in elements for span in element.spans]


def assert_boxes_lie_on_the_ink(picture: Image.Image, elements: list[ElementRecord]) -> None:
    """Assert that nearly all ink of the page as shown is inside the boxes, and they are small."""
    ink = np.asarray(picture.convert("L")) < 128
    inside = np.zeros_like(ink)
    height, width = ink.shape
    boxes: list[Box] = [span.box for element in elements for span in element.spans]
    for x0, y0, x1, y1 in boxes:
        rows = slice(int(y0 * height), int(y1 * height) + 1)
        inside[rows, int(x0 * width) : int(x1 * width) + 1] = True
    assert (ink & inside).sum() > 0.97 * ink.sum()
    assert inside.mean() < 0.5


def test_a_picture_is_one_page_with_title_and_boxes() -> None:
    elements, summary = read(DATA / "notice.png")

    assert lines_of(elements) == TEXTS
    assert [(element.category, element.level) for element in elements[:1]] == [("Title", 1)]
    assert {element.page for element in elements} == {1}
    assert (summary.format, summary.page_count, summary.title) == ("image", 1, TEXTS[0])
    assert (summary.missing, summary.warnings) == (None, ())
    assert_boxes_lie_on_the_ink(notice(), elements)


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_boxes_lie_on_the_words_of_a_turned_picture_as_it_is_shown(
    turned: int, tmp_path: Path
) -> None:
    picture = notice().rotate(-turned, expand=True)

    elements, _ = read(save(picture, tmp_path / "turned.png"))

    assert lines_of(elements) == TEXTS
    assert_boxes_lie_on_the_ink(picture, elements)


def test_boxes_lie_on_the_words_of_columns() -> None:
    elements, _ = read(DATA / "columns.png")

    assert lines_of(elements) == ["春眠不觉晓处处", "闻啼鸟夜来风雨", "声花落知多少人"]
    with Image.open(DATA / "columns.png") as picture:
        assert_boxes_lie_on_the_ink(picture, elements)


def test_boxes_lie_on_the_words_of_a_page_askew(tmp_path: Path) -> None:
    picture = notice().rotate(3, fillcolor=255, expand=True, resample=Image.Resampling.BICUBIC)

    elements, _ = read(save(picture, tmp_path / "askew.webp", lossless=True))

    assert lines_of(elements) == TEXTS
    assert_boxes_lie_on_the_ink(picture, elements)


def test_the_orientation_that_a_camera_notes_is_heeded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # shown turned by 90 degrees clockwise
    lying = notice().rotate(90, expand=True)

    elements, _ = read(save(lying, tmp_path / "photo.jpg", exif=exif, quality=95))

    assert lines_of(elements) == TEXTS
    assert_boxes_lie_on_the_ink(notice(), elements)


def test_each_frame_of_a_tiff_is_a_page(tmp_path: Path) -> None:
    with Image.open(DATA / "columns.png") as columns:
        path = save(
            notice(), tmp_path / "fax.tif", save_all=True, append_images=[columns.convert("L")]
        )
    source = source_of(path)

    elements = load(source)

    assert source.page_count == 2
    assert [element.metadata.page_number for element in elements][-1] == 2
    assert elements[0].text == TEXTS[0]
    assert sorted(source.ocr_pages) == [1, 2]
    assert all(0.9 < confidence <= 1 for confidence in source.ocr_pages.values())


def test_a_smaller_copy_in_a_tiff_is_not_read_twice(tmp_path: Path) -> None:
    copy = notice()
    copy.encoderinfo = {"tiffinfo": {254: 1}}
    path = save(notice(), tmp_path / "scan.tiff", save_all=True, append_images=[copy])

    elements, _ = read(path)

    assert lines_of(elements) == TEXTS


def test_an_animation_is_its_first_frame(tmp_path: Path) -> None:
    path = save(
        notice(),
        tmp_path / "moving.gif",
        save_all=True,
        append_images=[Image.new("L", (520, 250), 255)],
    )

    elements, summary = read(path)

    assert lines_of(elements) == TEXTS
    assert summary.page_count == 1


def test_pages_beyond_the_limit_are_missing(tmp_path: Path) -> None:
    path = save(notice(), tmp_path / "a.tif", save_all=True, append_images=[notice(), notice()])
    source = source_of(path, max_pages=1)

    elements = load(source)

    assert {element.metadata.page_number for element in elements} == {1}
    assert (source.missing, source.missing_params) == ("page_limit", {"read": "1", "pages": "3"})


def test_a_picture_cut_off_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    data = io.BytesIO()
    notice().convert("RGB").save(data, "JPEG", quality=95)
    path = tmp_path / "cut.jpg"
    path.write_bytes(data.getvalue()[: int(len(data.getvalue()) * 0.75)])

    elements, summary = read(path)

    assert lines_of(elements)[:2] == TEXTS[:2]
    assert (summary.missing, summary.missing_params) == ("pages_damaged", (("pages", "1"),))


def test_a_damaged_page_of_a_tiff_is_named(tmp_path: Path) -> None:
    path = save(
        notice(),
        tmp_path / "a.tif",
        save_all=True,
        append_images=[notice()],
        compression="tiff_adobe_deflate",
    )
    with Image.open(path) as picture:
        picture.seek(1)
        strips = picture.tag_v2[STRIP_OFFSETS]
    data = bytearray(path.read_bytes())
    for strip in strips:
        data[strip : strip + 4] = bytes(4)
    path.write_bytes(data)
    source = source_of(path)

    elements = load(source)

    assert elements[0].text == TEXTS[0]
    assert {element.metadata.page_number for element in elements} == {1}
    assert (source.missing, source.missing_params) == ("pages_damaged", {"pages": "2"})


def test_a_picture_without_writing_is_empty(tmp_path: Path) -> None:
    with pytest.raises(EmptyFileError):
        read(save(Image.new("L", (300, 200), 255), tmp_path / "blank.png"))


def png(width: int, height: int, body: bytes = b"") -> bytes:
    """Return a PNG that claims to be of this size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (png(60_000, 60_000), LimitExceededError),
        (png(10_100, 10_100), LimitExceededError),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 200, DamagedFileError),
        (b"\xff\xd8\xff\xe0" + b"JFIF" * 20, DamagedFileError),
        (b"II*\0" + b"\xff" * 100, DamagedFileError),
        (b"BM" + b"\0" * 100, DamagedFileError),
        (b"RIFF\x10\0\0\0WEBPVP8 " + b"\0" * 20, DamagedFileError),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"\0" * 100, UnsupportedFormatError),
    ],
)
def test_hostile_and_unknown_pictures_are_refused(
    data: bytes, error: type[LoadError], tmp_path: Path
) -> None:
    path = tmp_path / "hostile.png"
    path.write_bytes(data)

    with pytest.raises(error):
        load(source_of(path))


def test_bytes_changed_at_random_never_raise_anything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What the pixels say does not matter here, only that opening them is safe.
    monkeypatch.setattr(ocr, "read_picture", lambda _picture: ocr.OcrResult((), 0.0, 0, 1, 1))
    random = np.random.default_rng(7)
    for kind in ("PNG", "JPEG", "TIFF", "GIF", "BMP", "WEBP"):
        data = io.BytesIO()
        notice().convert("RGB").save(data, kind)
        good = np.frombuffer(data.getvalue(), np.uint8)
        for _ in range(12):
            bad = good.copy()
            places = random.integers(0, min(len(bad), 400), 6)
            bad[places] = random.integers(0, 256, 6)
            path = tmp_path / "mutant"
            path.write_bytes(bad.tobytes())
            try:
                load(source_of(path))
            except LoadError as exc:
                assert isinstance(
                    exc, (DamagedFileError, LimitExceededError, UnsupportedFormatError)
                )


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size(tmp_path: Path) -> None:
    path = save(Image.new("L", (9000, 300), 255), tmp_path / "wide.jpg")

    page = read_page(path, 1, path.name)

    assert (page.picture.size, page.is_whole) == ((4500, 150), True)
