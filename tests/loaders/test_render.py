"""Pages of picture files as they are shown, with boxes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from loaders.errors import LimitExceededError
from loaders.render import PageNotFoundError, render_page
from tests.loaders.pictures.test_image import ORIENTATION, notice, png


def drawn(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as picture:
        return picture.convert("RGB")


def test_a_picture_is_drawn_upright_with_its_boxes(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    path = tmp_path / "photo.jpg"
    notice().rotate(90, expand=True).save(path, exif=exif, quality=95)

    picture = drawn(render_page(path, 1, boxes=[(0.5, 0.02, 0.6, 0.04)]))

    assert picture.size == (520, 250)
    assert picture.getpixel((286, 7)) == pytest.approx((255, 239, 185), abs=8)
    assert picture.getpixel((20, 240)) == pytest.approx((255, 255, 255), abs=8)


def test_a_large_picture_is_drawn_at_the_scale_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("L", (3000, 1500), 255).save(path)

    assert drawn(render_page(path, 1)).size == (1263, 632)
    assert drawn(render_page(path, 1, scale=3)).size == (2526, 1263)
    assert drawn(render_page(path, 1, scale=10)).size == (3000, 1500)


def test_pages_of_a_tiff_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "fax.tif"
    notice().save(path, save_all=True, append_images=[Image.new("L", (100, 50), 0)])

    assert drawn(render_page(path, 1)).size == (520, 250)
    assert drawn(render_page(path, 2)).size == (100, 50)
    with pytest.raises(PageNotFoundError):
        render_page(path, 3)


def test_what_is_no_picture_has_no_pages(tmp_path: Path) -> None:
    for name, data in (("a.txt", "文字".encode()), ("empty.png", b"")):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(PageNotFoundError):
            render_page(tmp_path / name, 1)


def test_a_picture_beyond_bounds_is_not_drawn(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png(60_000, 60_000))

    with pytest.raises(LimitExceededError):
        render_page(path, 1)
