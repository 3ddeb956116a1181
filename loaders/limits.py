"""How much one file may take."""

from __future__ import annotations

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on reading one file; beyond them the file is refused or, for pages, read in part.

    ``unpacked_mb`` bounds what a zip container unpacks to; ``ratio`` its compression, which counts
    only from ``ratio_from_mb`` on because small honest parts compress well too. ``output_mb``
    bounds the text handed out, and so does ``output_ratio`` times the file's size once that is over
    64 MB. ``written_mb`` bounds each file that a parser writes on its way.
    """

    max_pages: int = 5000
    unpacked_mb: int = 1024
    ratio: int = 200
    ratio_from_mb: int = 100
    output_mb: int = 1024
    output_ratio: int = 100
    written_mb: int = 2048

    def output_bytes(self, file_size: int) -> int:
        """Return how much text a file of this size may yield."""
        by_size = max(64 * MEGABYTE, self.output_ratio * file_size)
        return min(self.output_mb * MEGABYTE, by_size)
