"""What a loader is given, and where it notes what it found out about the whole file."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from loaders.formats import Format
from loaders.limits import Limits


@dataclass(slots=True)
class Source:
    """One file to read. A loader fills the lower fields while it yields, for the summary at the
    end.

    ``missing`` says as a code with params what part could not be read. ``force_ocr`` asks for the
    pages' pictures to be read even where there is text, and for small ones inside a document.
    ``depth`` counts the files around this one, which is attached to them. ``ocr_pages`` holds the
    mean confidence (0-1) of each page that was read from its picture, by page number; 0 stands for
    a file without pages.
    `loaders.pictures.embedded` keeps count of its work in ``pictures_seen``, by digest,
    ``pictures_read`` and ``picture_pixels``.
    """

    path: Path
    name: str
    format: Format
    password: str | None = field(default=None, repr=False)
    limits: Limits = field(default_factory=Limits)
    force_ocr: bool = False
    depth: int = 0

    encoding: str | None = None
    page_count: int | None = None
    title: str | None = None
    missing: str | None = None
    missing_params: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    ocr_pages: dict[int, float] = field(default_factory=dict)
    pictures_seen: set[bytes] = field(default_factory=set)
    pictures_read: int = 0
    picture_pixels: int = 0

    def warn(self, code: str) -> None:
        """Note a code worth showing beside the file, once."""
        if code not in self.warnings:
            self.warnings.append(code)
