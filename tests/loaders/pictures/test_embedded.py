"""Pictures inside documents: which are worth reading, and what comes of them."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from loaders.formats import format_named
from loaders.pictures import ocr_engine
from loaders.pictures.embedded import embedded_text
from loaders.source import Source

DATA = Path(__file__).parents[2] / "data" / "image"
NOTICE = (DATA / "notice.png").read_bytes()


def document() -> Source:
    return Source(Path("report.docx"), "report.docx", format_named("docx"))


def png(picture: Image.Image) -> bytes:
    target = io.BytesIO()
    picture.save(target, "PNG")
    return target.getvalue()


def test_the_text_of_a_picture_comes_in_lines() -> None:
    source = document()

    text = embedded_text(NOTICE, source)

    assert text is not None
    assert text.split("\n")[0] == "设备巡检通知"
    assert "每周一上午九点检查三号水泵和冷却塔" in text
    assert text.split("\n")[-1] == "Report to the control room at 8021."
    assert (source.pictures_read, source.picture_pixels) == (1, 520 * 250)
    assert source.warnings == []


def test_a_picture_that_returns_is_read_once() -> None:
    source = document()
    with Image.open(DATA / "columns.png") as picture:
        data = png(picture)

    assert embedded_text(data, source) == "春眠不觉晓处处\n闻啼鸟夜来风雨\n声花落知多少人"
    assert embedded_text(data, source) is None
    assert source.pictures_read == 1


@pytest.mark.parametrize(
    ("size", "content"),
    [
        ((90, 90), (0, 0, 90, 90)),
        ((400, 20), (0, 0, 400, 20)),
        ((1200, 40), (0, 0, 1200, 40)),
        ((800, 600), (300, 280, 360, 300)),
        ((800, 600), None),
    ],
    ids=["icon", "low", "rule", "a logo with much ground", "nothing"],
)
def test_ornaments_are_not_read(
    size: tuple[int, int], content: tuple[int, int, int, int] | None
) -> None:
    source = document()
    picture = Image.new("L", size, 255)
    if content is not None:
        box = (content[2] - content[0], content[3] - content[1])
        noise = np.random.default_rng(1).integers(0, 128, box[::-1], np.uint8)
        picture.paste(Image.fromarray(noise), content)

    assert embedded_text(png(picture), source) is None
    assert (source.pictures_read, source.warnings) == (0, [])


def test_a_small_picture_is_read_where_a_person_asks_for_it() -> None:
    label = Image.new("RGB", (90, 28), "white")
    font = ImageFont.load_default(size=22)
    ImageDraw.Draw(label).text((6, 1), "4711-B", "black", font)
    asked = document()
    asked.force_ocr = True

    assert embedded_text(png(label), document()) is None
    assert "4711" in (embedded_text(png(label), asked) or "")


def test_a_pattern_is_no_writing() -> None:
    source = document()
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)

    assert embedded_text(png(Image.fromarray(noise)), source) is None
    assert (source.pictures_read, source.warnings) == (1, [])


@pytest.mark.parametrize(("read", "pixels"), [(100, 0), (3, 200_000_000)])
def test_beyond_the_bounds_of_a_document_pictures_are_skipped_with_a_warning(
    read: int, pixels: int
) -> None:
    source = document()
    source.pictures_read, source.picture_pixels = read, pixels

    assert embedded_text(NOTICE, source) is None
    assert source.warnings == ["pictures_skipped"]


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", NOTICE[:60], b"\xd7\xcd\xc6\x9a" + bytes(60), b"\0\0\0\x18ftypheic" * 4],
    ids=["empty", "text", "cut off", "wmf", "heic"],
)
def test_what_cannot_be_opened_is_skipped_with_a_warning(data: bytes) -> None:
    source = document()

    assert embedded_text(data, source) is None
    assert source.warnings == ["pictures_skipped"]


def test_without_ocr_pictures_are_skipped_with_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ocr_engine, "find_spec", lambda _name: None)
    source = document()

    assert embedded_text(NOTICE, source) is None
    assert source.warnings == ["pictures_skipped"]
