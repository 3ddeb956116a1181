"""Picture files opened safely: their pages, upright as the camera noted, none beyond bounds."""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from PIL import Image, ImageFile, ImageOps, ImageStat, UnidentifiedImageError
from PIL.TiffImagePlugin import TiffImageFile

from loaders.errors import (
    DamagedFileError,
    LimitExceededError,
    LoadError,
    UnsupportedFormatError,
)

_MOST_PIXELS = 100_000_000
"""An A0 drawing at 225 dots an inch; in colour some 900 MB while it is read."""

_LONGEST_SIDE = 4000

_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    ArithmeticError,
    LookupError,
    TypeError,
    AttributeError,
    EOFError,
    NotImplementedError,
    RuntimeError,
    struct.error,
)
"""What Pillow's decoders raise on bytes that are not what they promise."""

_LIGHT = 128
_HEAD_BYTES = 64

_REDUCED = 254
"""The TIFF tag whose lowest bit marks a smaller copy of another page."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a picture file; ``is_smaller_copy`` where it repeats another one, for previews."""

    picture: Image.Image
    is_whole: bool
    is_smaller_copy: bool


def open_picture(file: Path | IO[bytes], name: str) -> Image.Image:
    """Open a picture without decoding it; the caller closes it.

    Raises DamagedFileError, UnsupportedFormatError for a known kind that nothing here decodes,
    LimitExceededError where it is too large.
    """
    if not isinstance(file, Path):
        file.seek(0)
    with _quiet(name):
        try:
            picture = Image.open(file)
        except UnidentifiedImageError as exc:
            if kind := _unread_kind(file):
                raise UnsupportedFormatError(f"{name}: {kind}", format=kind) from exc
            raise
    try:
        _check_size(picture, name)
    except LoadError:
        picture.close()
        raise
    return picture


def _unread_kind(file: Path | IO[bytes]) -> str:
    """Name a kind of picture that is known but not read here."""
    if isinstance(file, Path):
        with file.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    else:
        file.seek(0)
        head = file.read(_HEAD_BYTES)
    return "heic" if head[4:8] == b"ftyp" else ""


def page_count(picture: Image.Image, name: str) -> int:
    """Return the number of pages: those of a TIFF file, else one, also of an animation."""
    if not isinstance(picture, TiffImageFile):
        return 1
    with _quiet(name):
        return int(picture.n_frames)


def read_page(
    file: Path | IO[bytes], page: int, name: str, *, longest: int = _LONGEST_SIDE
) -> Page:
    """Return a page from 1, decoded and upright by its own note.

    A JPEG with a side twice as long as ``longest`` is decoded at a half, a quarter or an eighth of
    its size. Raises as `open_picture`, DamagedFileError also where nothing of the page can be read.
    """
    try:
        return _decoded(file, page, name, longest, whole=True)
    except DamagedFileError:
        # Cut off in the middle: the upper part is there all the same. Opened again, since after a
        # failure Pillow may still hold the page before.
        with _lenient():
            return _decoded(file, page, name, longest, whole=False)


def _decoded(file: Path | IO[bytes], page: int, name: str, longest: int, *, whole: bool) -> Page:
    with open_picture(file, name) as picture:
        with _quiet(name):
            picture.seek(page - 1)
        _check_size(picture, name)
        with _quiet(name):
            picture.draft(None, _within(picture.size, longest))
            try:
                picture.load()
            except OSError:
                if whole:
                    raise
                # Of a compressed TIFF the second call gives what the first has decoded.
                picture.load()
            ImageOps.exif_transpose(picture, in_place=True)
            return Page(picture, whole, _is_smaller_copy(picture))


def flattened(picture: Image.Image, longest: int) -> Image.Image:
    """Return a picture in plain colours, scaled down so that no side is longer than this.

    What is transparent becomes white, or black behind light writing.
    """
    if picture.mode in ("I", "F") or picture.mode.startswith("I;16"):
        picture = _stretched(picture)
    if picture.mode == "1":
        picture = picture.convert("L")
    if picture.has_transparency_data:
        picture = _smaller(picture.convert("RGBA"), longest)
        opacity = picture.getchannel("A")
        lightness = ImageStat.Stat(picture.convert("L"), opacity).mean
        light = bool(lightness) and lightness[0] > _LIGHT
        behind = Image.new("RGBA", picture.size, "black" if light else "white")
        return Image.alpha_composite(behind, picture).convert("RGB")
    if picture.mode == "P":
        picture = picture.convert("RGB")
    return _smaller(picture, longest).convert("RGB")


def _stretched(picture: Image.Image) -> Image.Image:
    """Bring values of any range, as scanners of 16 bits give them, to 0-255."""
    values = picture.convert("F")
    low, high = cast("tuple[float, float]", values.getextrema())
    scale = 255.0 / ((high - low) or 1.0)
    return values.point(lambda value: value * scale - low * scale).convert("L")


def _smaller(picture: Image.Image, longest: int) -> Image.Image:
    if max(picture.size) <= longest:
        return picture
    return picture.resize(
        _within(picture.size, longest), Image.Resampling.BILINEAR, reducing_gap=2.0
    )


def _within(size: tuple[int, int], longest: int) -> tuple[int, int]:
    scale = min(1.0, longest / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _is_smaller_copy(picture: Image.Image) -> bool:
    if not isinstance(picture, TiffImageFile):
        return False
    kind = picture.tag_v2.get(_REDUCED, 0)
    return isinstance(kind, int) and bool(kind & 1)


def _check_size(picture: Image.Image, name: str) -> None:
    pixels = picture.width * picture.height
    if not pixels:
        raise DamagedFileError(f"{name}: no pixels", format="image")
    if pixels > _MOST_PIXELS:
        raise LimitExceededError(f"{name}: {pixels} pixels", limit="unpacked", value=pixels)


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Turn what a broken picture raises into our errors; what Pillow merely notes, into nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except Image.DecompressionBombError as exc:
        raise LimitExceededError(f"{name}: {exc}", limit="unpacked", value=_MOST_PIXELS) from exc
    except _BROKEN as exc:
        raise DamagedFileError(f"{name}: {exc}", format="image") from exc


@contextmanager
def _lenient() -> Iterator[None]:
    """Let Pillow keep what it has decoded when the bytes end early."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before
