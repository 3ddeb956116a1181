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

    ``missing`` says as a code with params what part could not be read.
    """

    path: Path
    name: str
    format: Format
    password: str | None = None
    limits: Limits = field(default_factory=Limits)

    encoding: str | None = None
    page_count: int | None = None
    title: str | None = None
    missing: str | None = None
    missing_params: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn(self, code: str) -> None:
        """Note a code worth showing beside the file, once."""
        if code not in self.warnings:
            self.warnings.append(code)
