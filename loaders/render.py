"""Pages of a document as pictures, with boxes over the words that matter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from loaders.errors import LoadError
from loaders.records import Box

if TYPE_CHECKING:
    from PIL.Image import Image

_BOX_FILL = (255, 196, 0, 70)
_BOX_OUTLINE = (214, 120, 0, 255)
_MARGIN = 0.004
_LONGEST_SIDE = 4000
_PAGE_SIDE = 842
"""Pixels of a picture file's longer side at scale 1, where it has as many: an A4 page's points."""


class PageNotFoundError(LookupError):
    """The document has no such page, or its format has no pages to show."""


def render_page(
    path: Path, page: int, *, boxes: Sequence[Box] = (), scale: float = 1.5, password: str = ""
) -> bytes:
    """Draw a page of a PDF or picture file upright as PNG, with boxes around passages.

    Args:
        page: from 1.
        boxes: (x0, y0, x1, y1) in fractions of the upright page, origin top left.
        scale: 1 is 72 dots an inch; very large pages are drawn smaller, pictures never larger
            than they are.

    Raises:
        PageNotFoundError: the file is no PDF or picture, or has no such page.
        DamagedFileError: the file cannot be opened.
        EncryptedFileError: it needs a password.
        LimitExceededError: the picture is too large to be drawn.
    """
    with path.open("rb") as file:
        is_pdf = b"%PDF" in file.read(1024)
    picture = _pdf_page(path, page, scale, password) if is_pdf else _picture_page(path, page, scale)
    return _with_boxes(picture, boxes)


def _pdf_page(path: Path, page: int, scale: float, password: str) -> Image:
    from loaders.pdf.salvage import opened_pdf

    document, _ = opened_pdf(path, password, name=path.name)
    try:
        if not 1 <= page <= len(document):
            raise PageNotFoundError(f"{path.name} has no page {page}")
        sheet = document[page - 1]
        scale = min(scale, _LONGEST_SIDE / max(sheet.get_size()))
        picture: Image = sheet.render(scale=scale).to_pil()
        sheet.close()
    finally:
        document.close()
    return picture


def _picture_page(path: Path, page: int, scale: float) -> Image:
    from loaders.formats import detect
    from loaders.pictures import raster

    try:
        kind = detect(path).name
    except LoadError as exc:
        raise PageNotFoundError(f"{path.name} has no pages to show") from exc
    if kind != "image":
        raise PageNotFoundError(f"{path.name} has no pages to show")
    longest = min(_LONGEST_SIDE, round(_PAGE_SIDE * scale))
    with raster.open_picture(path, path.name) as picture:
        if not 1 <= page <= raster.page_count(picture, path.name):
            raise PageNotFoundError(f"{path.name} has no page {page}")
    upright = raster.read_page(path, page, path.name, longest=longest).picture
    return raster.flattened(upright, longest)


def _with_boxes(picture: Image, boxes: Sequence[Box]) -> bytes:
    from PIL import Image, ImageDraw

    picture = picture.convert("RGBA")
    layer = Image.new("RGBA", picture.size, (0, 0, 0, 0))
    draw = ImageDraw.Draw(layer)
    width, height = picture.size
    for x0, y0, x1, y1 in boxes:
        draw.rectangle(
            (
                (x0 - _MARGIN) * width,
                (y0 - _MARGIN) * height,
                (x1 + _MARGIN) * width,
                (y1 + _MARGIN) * height,
            ),
            fill=_BOX_FILL,
            outline=_BOX_OUTLINE,
            width=2,
        )
    target = io.BytesIO()
    Image.alpha_composite(picture, layer).convert("RGB").save(target, "PNG")
    return target.getvalue()
