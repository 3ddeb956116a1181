"""Share of look-up questions whose cells are read in the right row and column from tables in PDF.

    python3 -m benchmarks.pdf_tables --data FOLDER [--font FILE] [--show]

Renders the tables of FOLDER/tables/tables.json with reportlab (pip install reportlab) into a
temporary folder in several manners: ruled, unruled, across pages with the header repeated or not,
with repeated texts as they are or drawn as merged cells, with rules or shades for rows only. Then
reads them as any PDF and compares, NFKC and without white space, the cells that
FOLDER/tables/questions.jsonl names (row and column from 0). --show lists the questions that fail.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape  # only builds mark-up, reads none

from loaders.load import records_of
from loaders.records import ElementRecord, TableRecord

Grid = list[list[str]]

_MARGIN = 36
_WIDE = 842
_TALL = 595
_SHORT = 420
"""Height of the pages over which tables break."""

_LONG = 4000
"""Height of the pages for tables with merged cells, which reportlab cannot always break."""


@dataclass(frozen=True, slots=True)
class Manner:
    """One way to draw a table."""

    name: str
    ruled: bool
    merged: bool = False
    across: bool = False
    repeat_header: bool = False
    pad: float = 3
    """Points above and below the text of a cell."""

    rows_ruled: bool = False
    shaded: bool = False
    books: bool = False
    """Ruled as in books: above the header, below it and at the end."""

    numbers_right: bool = False


MANNERS = (
    Manner("ruled", ruled=True),
    Manner("ruled, merged cells", ruled=True, merged=True),
    Manner("unruled", ruled=False),
    Manner("ruled, across pages, header repeated", ruled=True, across=True, repeat_header=True),
    Manner("ruled, across pages, header once", ruled=True, across=True),
    Manner("unruled, across pages, header repeated", ruled=False, across=True, repeat_header=True),
    Manner("unruled, across pages, header once", ruled=False, across=True),
    Manner("rows ruled", ruled=False, rows_ruled=True, pad=2, numbers_right=True),
    Manner("rows shaded", ruled=False, shaded=True, pad=4),
    Manner("rows shaded, across pages", ruled=False, shaded=True, across=True, repeat_header=True),
    Manner("three rules", ruled=False, books=True, pad=2),
    Manner("unruled, numbers at the right", ruled=False, numbers_right=True),
)


def render(path: Path, grid: Grid, manner: Manner, font: str) -> None:
    """Write a table between two paragraphs."""
    from reportlab.lib.enums import TA_RIGHT
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Paragraph, SimpleDocTemplate, Table

    columns = max(map(len, grid))
    size = 9 if columns <= 8 else 7 if columns <= 12 else 5
    style = ParagraphStyle("cell", fontName=font, fontSize=size, leading=1.25 * size)
    style.wordWrap = "CJK"
    right = ParagraphStyle("number", parent=style, alignment=TA_RIGHT)
    cells = [
        [
            Paragraph(escape(text), right if manner.numbers_right and _is_number(text) else style)
            for text in row
        ]
        for row in grid
    ]
    commands: list[tuple[Any, ...]] = [
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), manner.pad),
        ("BOTTOMPADDING", (0, 0), (-1, -1), manner.pad),
    ]
    if manner.rows_ruled:
        commands.append(("LINEBELOW", (0, 0), (-1, -1), 0.5, "#999999"))
    if manner.books:
        commands.append(("LINEABOVE", (0, 0), (-1, 0), 1, "#000000"))
        commands.append(("LINEBELOW", (0, 0), (-1, 0), 0.5, "#000000"))
        commands.append(("LINEBELOW", (0, -1), (-1, -1), 1, "#000000"))
    if manner.shaded:
        commands.append(("ROWBACKGROUNDS", (0, 1), (-1, -1), (None, "#eeeeee")))
    if manner.ruled:
        commands.append(("GRID", (0, 0), (-1, -1), 0.5, "#000000"))
    if manner.merged:
        commands.extend(_spans(grid))
    table = Table(
        cells,
        colWidths=_widths(grid, columns, size),
        style=commands,
        repeatRows=1 if manner.repeat_header else 0,
    )
    note = Paragraph("下表列出有关数据，请结合上下文阅读。", style)
    document = SimpleDocTemplate(
        str(path),
        pagesize=(_WIDE, _SHORT if manner.across else _LONG if manner.merged else _TALL),
        leftMargin=_MARGIN,
        rightMargin=_MARGIN,
        topMargin=_MARGIN,
        bottomMargin=_MARGIN,
    )
    document.build([note, table, note])


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?[\d,.]+%?", text.strip()) is not None


def _widths(grid: Grid, columns: int, size: float) -> list[float]:
    """Share the page's width out by the length of texts, as word processors do."""
    longest = [
        max((_width(row[column]) for row in grid if column < len(row)), default=1)
        for column in range(columns)
    ]
    room = _WIDE - 2 * _MARGIN - 1
    wanted = [12 + size * min(length, 20) for length in longest]
    total = sum(wanted)
    return wanted if total <= room else [width * room / total for width in wanted]


def _width(text: str) -> float:
    return sum(1.0 if ord(char) > 0x2E80 else 0.55 for char in text) + 0.5


def _spans(grid: Grid) -> Iterator[tuple[Any, ...]]:
    """Yield the commands that unite neighbouring cells of equal long texts, widest first."""
    taken: set[tuple[int, int]] = set()
    for row, cells in enumerate(grid):
        for column, text in enumerate(cells):
            if (row, column) in taken or len(text) < 2 or any(c.isdigit() for c in text):
                continue
            right = column
            while right + 1 < len(cells) and cells[right + 1] == text:
                right += 1
            bottom = row
            while bottom + 1 < len(grid) and all(
                grid[bottom + 1][x] == text and (bottom + 1, x) not in taken
                for x in range(column, right + 1)
            ):
                bottom += 1
            if (right, bottom) != (column, row):
                taken.update(
                    (y, x) for y in range(row, bottom + 1) for x in range(column, right + 1)
                )
                yield "SPAN", (column, row), (right, bottom)


def read(path: Path) -> list[tuple[TableRecord, ...]]:
    """Return the tables of a file, the parts of one table together."""
    tables: list[list[TableRecord]] = []
    for record in records_of(path):
        if not isinstance(record, ElementRecord) or record.table is None:
            continue
        part = record.table
        if tables:
            last = tables[-1][-1]
            if last.header == part.header and last.first_row + len(last.rows) == part.first_row:
                tables[-1].append(part)
                continue
        tables.append([part])
    return [tuple(parts) for parts in tables]


def cell(parts: tuple[TableRecord, ...], row: int, column: int) -> str:
    """Return what stands in a row and column (from 0) of a table read."""
    for part in parts:
        index = row + 1 - part.first_row
        if 0 <= index < len(part.rows) and column < len(part.rows[index]):
            return part.rows[index][column]
    header = parts[0].header
    return header[column] if row + 1 < parts[0].first_row and column < len(header) else ""


def holds(parts: tuple[TableRecord, ...], row: int, column: int, text: str) -> bool:
    """Tell whether a text stands in its place; several header rows are read as one."""
    found = normal(cell(parts, row, column))
    return normal(text) in found if row + 1 < parts[0].first_row else normal(text) == found


def is_right(tables: list[tuple[TableRecord, ...]], grid: Grid, cells: list[list[int]]) -> bool:
    """Tell whether one table read holds all these cells of the true one in their places."""
    return any(
        all(holds(parts, row, column, grid[row][column]) for row, column in cells)
        for parts in tables
    )


def normal(text: str) -> str:
    """Return a text without what renderings may change."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def wilson(right: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Return the 95 % interval of a share (E. B. Wilson, 1927)."""
    share = right / count
    centre = share + z * z / (2 * count)
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    scale = 1 + z * z / count
    return (centre - spread) / scale, (centre + spread) / scale


def main() -> None:
    """Run as the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--font", type=Path, help="a TrueType font with Chinese characters")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--manner", help="only manners whose name holds this")
    arguments = parser.parse_args()
    font = _register(arguments.font)
    folder = arguments.data / "tables"
    grids: dict[str, Grid] = {
        name: table["rows"]
        for name, table in json.loads((folder / "tables.json").read_text("utf-8")).items()
    }
    lines = (folder / "questions.jsonl").read_text("utf-8").splitlines()
    questions = [
        question
        for question in map(json.loads, lines)
        if question["kind"] == "lookup" and question.get("cells")
    ]
    wanted = sorted({question["table_id"] for question in questions})
    with tempfile.TemporaryDirectory() as scratch:
        for manner in MANNERS:
            if arguments.manner and arguments.manner not in manner.name:
                continue
            started = time.process_time()
            tables = {}
            for number, name in enumerate(wanted):
                path = Path(scratch) / f"{number}.pdf"
                render(path, grids[name], manner, font)
                tables[name] = read(path)
            failed = [
                question
                for question in questions
                if not is_right(
                    tables[question["table_id"]], grids[question["table_id"]], question["cells"]
                )
            ]
            right, count = len(questions) - len(failed), len(questions)
            low, high = wilson(right, count)
            seconds = time.process_time() - started
            print(
                f"{manner.name}: {right}/{count} = {right / count:.3f} ({low:.3f}-{high:.3f}), "
                f"{len(wanted)} tables in {seconds:.0f} s"
            )
            if arguments.show:
                for question in failed:
                    print("   ", question["table_id"], question["cells"], question["question"])


def _register(font: Path | None) -> str:
    """Make a font known and return its name."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfbase.ttfonts import TTFont

    if font is not None:
        pdfmetrics.registerFont(TTFont("body", str(font)))
        return "body"
    # Built in; characters beyond its collection are lost, which counts against the reader.
    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    return "STSong-Light"


if __name__ == "__main__":
    main()
