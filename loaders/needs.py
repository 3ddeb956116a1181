"""What this machine lacks to read a format; looks for files alone and imports nothing heavy."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.util import find_spec

from loaders.formats import Format

_CODECS = {
    "jp2": "jpg_2000",
    "jpeg": "jpg",
    "jpg": "jpg",
    "png": "zlib",
    "tif": "libtiff",
    "tiff": "libtiff",
    "webp": "webp",
}
"""What Pillow may have been built without, by the names of its own list of features."""


@dataclass(frozen=True, slots=True)
class Lack:
    """Packages of Python and programs of the system that are not here."""

    packages: tuple[str, ...]
    programs: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.packages or self.programs)


def lack_of(entry: Format) -> Lack:
    """Tell what has to be installed before files of this format can be read."""
    packages = [name for name in entry.needs if find_spec(name) is None]
    if "rapidocr" in entry.needs and not packages and not can_ocr():
        # The package without its models.
        packages.append("rapidocr")
    return Lack(tuple(packages), tuple(name for name in entry.programs if not _is_here(name)))


def can_ocr() -> bool:
    """Tell whether text in pictures can be read."""
    from loaders.pictures import ocr

    return ocr.available()


def lacking_codecs(suffixes: Iterable[str]) -> dict[str, str]:
    """Map those of these suffixes of pictures that Pillow, as built here, cannot decode to what it
    lacks.
    """
    if find_spec("PIL") is None:
        return {}
    from PIL import features

    wanted = {suffix: _CODECS[suffix] for suffix in suffixes if suffix in _CODECS}
    return {suffix: name for suffix, name in wanted.items() if not features.check(name)}


def _is_here(program: str) -> bool:
    looked_for: dict[str, Callable[[], bool]] = {
        "libreoffice-writer": _has_writer,
        "libreoffice-impress": _has_impress,
    }
    if program in looked_for:
        return looked_for[program]()
    return shutil.which(program) is not None


def _has_writer() -> bool:
    from loaders.office import libreoffice

    return libreoffice.available(libreoffice.DOCX)


def _has_impress() -> bool:
    from loaders.office import libreoffice

    return libreoffice.available(libreoffice.PPTX)
