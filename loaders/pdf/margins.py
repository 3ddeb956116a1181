"""Running headers, footers and page numbers: what shows again in the margins of other pages.

After X. Lin, "Header and footer extraction by page-association" (HP Laboratories, 2002): a line of
the margin is running when neighbouring pages carry the same at the same height, digits aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from loaders.pdf.pieces import Line, Segment, line_of, rows_of

_MARGIN = 0.12
_SAME_HEIGHT = 0.02
_SAME_PLACE = 0.006
_FEW_PAGES = 3
_LONGEST = 150
_COLUMNS = 3

_DIGITS = re.compile(r"\d+|(?<=第)[零〇一二三四五六七八九十百]+(?=页)")
_PAGE_NUMBER = re.compile(
    r"[-–—·.\s|]*(?:第\s*)?(?:\d{1,4}|[ivxlc]{1,6}|(?<=第)[零〇一二三四五六七八九十百]{1,5})(?:\s*[页頁])?"
    r"(?:\s*[/／|,，、]?\s*(?:of|共)?\s*\d{1,4}(?:\s*[页頁])?)?[-–—·.\s|]*"
    r"|page\s*\d+(?:\s*(?:of|/)\s*\d+)?|p\.?\s?\d{1,4}",
    re.IGNORECASE,
)


@dataclass(slots=True)
class MarginLine:
    """A line at the top or the bottom of a page.

    ``apart`` tells that white space parts it from the text; ``outermost`` that no line lies between
    it and the edge of the page.
    """

    category: str
    line: Line
    pieces: list[Segment]
    pattern: str
    height: float
    apart: bool
    outermost: bool


def margin_lines(segments: Iterable[Segment], height: float) -> list[MarginLine]:
    """Return the lines in the margins of a page of this height that may be running ones."""
    rows = rows_of(segments)
    found = []
    for index, row in enumerate(rows):
        if row[0].y1 > _MARGIN * height and row[0].y0 < (1 - _MARGIN) * height:
            continue
        line = line_of(row)
        if line.y1 <= _MARGIN * height:
            category, beside = "Header", index + 1
        elif line.y0 >= (1 - _MARGIN) * height:
            category, beside = "Footer", index - 1
        else:
            continue
        neighbour = line_of(rows[beside]) if 0 <= beside < len(rows) else None
        if not line.text or len(line.text) > _LONGEST:
            continue
        if any(
            _is_table_row(line, line_of(rows[other]))
            for other in (index - 1, index + 1)
            if 0 <= other < len(rows)
        ):
            continue
        found.append(
            MarginLine(
                category,
                line,
                row,
                _DIGITS.sub("#", line.text),
                line.y0 / height,
                neighbour is None or _gap(line, neighbour) > 0.8 * line.size,
                index == (0 if category == "Header" else len(rows) - 1),
            )
        )
    return found


def running_lines(
    lines: Sequence[MarginLine],
    others: Sequence[Sequence[MarginLine]],
    *,
    page_count: int,
    body_size: float,
) -> Iterator[MarginLine]:
    """Yield the lines that are page numbers or that pages nearby carry as well."""
    for line in lines:
        if _PAGE_NUMBER.fullmatch(line.line.text):
            yield line
            continue
        matches = [
            other for page in others if (other := _same(line, page, _SAME_HEIGHT)) is not None
        ]
        if len(matches) >= 2 or (
            # On two or three pages a form's first line may stand twice by chance.
            page_count <= _FEW_PAGES
            and matches
            and line.outermost
            and line.apart
            and line.line.size <= 1.05 * body_size
            and abs(matches[0].height - line.height) <= _SAME_PLACE
            and abs(matches[0].line.x0 - line.line.x0) <= line.line.size
        ):
            yield line


def _same(line: MarginLine, page: Sequence[MarginLine], tolerance: float) -> MarginLine | None:
    return next(
        (
            other
            for other in page
            if other.category == line.category
            and other.pattern == line.pattern
            and abs(other.height - line.height) <= tolerance
        ),
        None,
    )


def _gap(line: Line, neighbour: Line) -> float:
    return max(neighbour.y0 - line.y1, line.y0 - neighbour.y1)


def _is_table_row(line: Line, neighbour: Line) -> bool:
    """Tell the repeated header row of a long table, which belongs to the rows beneath it."""
    return (
        line.cells >= _COLUMNS
        and neighbour.cells >= _COLUMNS
        and _gap(line, neighbour) < 1.5 * line.size
    )
