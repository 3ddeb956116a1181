"""Pages of a document as pictures, with boxes over the words that matter."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from loaders.errors import DamagedFileError
from loaders.records import Box

_BOX_FILL = (255, 196, 0, 70)
_BOX_OUTLINE = (214, 120, 0, 255)
_MARGIN = 0.004
_LONGEST_SIDE = 4000


class PageNotFoundError(LookupError):
    """The document has no such page, or its format has no pages to show."""


def render_page(
    path: Path, page: int, *, boxes: Sequence[Box] = (), scale: float = 1.5, password: str = ""
) -> bytes:
    """Draw a PDF page upright as PNG, with boxes around passages.

    Args:
        page: from 1.
        boxes: (x0, y0, x1, y1) in fractions of the upright page, origin top left.
        scale: 1 is 72 dots an inch; very large pages are drawn smaller.

    Raises:
        PageNotFoundError: the file is no PDF or has no such page.
        DamagedFileError: the file cannot be opened.
    """
    import pypdfium2
    from PIL import Image, ImageDraw

    with path.open("rb") as file:
        if b"%PDF" not in file.read(1024):
            raise PageNotFoundError(f"{path.name} has no pages to show")
    try:
        document = pypdfium2.PdfDocument(path, password=password or None)
    except pypdfium2.PdfiumError as exc:
        raise DamagedFileError(f"{path.name}: {exc}", format="pdf") from exc
    try:
        if not 1 <= page <= len(document):
            raise PageNotFoundError(f"{path.name} has no page {page}")
        sheet = document[page - 1]
        scale = min(scale, _LONGEST_SIDE / max(sheet.get_size()))
        picture = sheet.render(scale=scale).to_pil().convert("RGBA")
        sheet.close()
    finally:
        document.close()
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
