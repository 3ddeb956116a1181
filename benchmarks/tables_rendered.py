"""Share of look-up questions whose cells are read in the right row and column, format by format.

    python3 -m benchmarks.tables_rendered --data FOLDER [--only WORD] [--tables 40] [--show]

Writes the tables of FOLDER/tables/tables.json into files of every format that holds tables, in
several manners: cells merged or repeated, with a title and a unit above and a note below, two
beside and below one another. Then reads them as any file and compares, NFKC and without white
space, the cells that FOLDER/tables/questions.jsonl names, and the header over each. Needs
LibreOffice for the older formats. --show lists the questions that fail.
"""

from __future__ import annotations

import argparse
import csv
import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any

from benchmarks.pdf_tables import Grid, _spans, holds, normal, read, wilson
from benchmarks.tables_read import cells_of_query
from loaders.errors import LoadError
from loaders.records import TableRecord

Span = tuple[int, int, int, int]
"""First row and column, last row and column."""

_TITLE = "有关数据一览表"
_UNIT = "单位：万元"
_NOTE = "注：以上数据未经审计。"
_OTHER = [["部门", "人数"], ["甲部", "12"], ["乙部", "34"], ["丙部", "5"]]


@dataclass(frozen=True, slots=True)
class Manner:
    """One way to write a table: ``down`` and ``across`` are where it begins on its sheet."""

    name: str
    suffix: str
    write: Callable[[Path, Grid], None]
    down: int = 0
    across: int = 0
    via: str = ""
    """The suffix of the file that LibreOffice makes this one of."""


def spans_of(grid: Grid) -> list[Span]:
    """Return the runs of equal cells that people would have merged."""
    return [(top, left, bottom, right) for _, (left, top), (right, bottom) in _spans(grid)]


def padded(grid: Grid) -> Grid:
    """Make all rows equally long."""
    width = max(map(len, grid))
    return [[*row, *[""] * (width - len(row))] for row in grid]


def write_docx(path: Path, grid: Grid, *, merged: bool = False, nested: bool = False) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph(_TITLE)
    place: Any = document.add_table(1, 1).cell(0, 0) if nested else document
    if nested:
        place.text = "外层的说明文字"
        table = place.add_table(len(grid), len(grid[0]))
    else:
        table = place.add_table(len(grid), len(grid[0]))
    rows = [row.cells for row in table.rows]
    for cells, texts in zip(rows, grid, strict=True):
        for cell, text in zip(cells, texts, strict=True):
            cell.text = text
    for top, left, bottom, right in spans_of(grid) if merged else ():
        text = grid[top][left]
        rows[top][left].merge(rows[bottom][right]).text = text
    document.add_paragraph(_NOTE)
    document.save(str(path))


def write_pptx(path: Path, grid: Grid, *, merged: bool = False) -> None:
    import pptx
    from pptx.util import Emu

    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = _TITLE
    frame = slide.shapes.add_table(
        len(grid), len(grid[0]), Emu(0), Emu(900000), Emu(9000000), Emu(4000000)
    )
    for top, left, bottom, right in spans_of(grid) if merged else ():
        frame.table.cell(top, left).merge(frame.table.cell(bottom, right))
    hidden = {
        (y, x)
        for top, left, bottom, right in (spans_of(grid) if merged else ())
        for y in range(top, bottom + 1)
        for x in range(left, right + 1)
        if (y, x) != (top, left)
    }
    for y, row in enumerate(grid):
        for x, text in enumerate(row):
            if (y, x) not in hidden:
                frame.table.cell(y, x).text = text
    show.save(str(path))


def html_of(grid: Grid, *, merged: bool = False, marked: bool = False) -> str:
    """Return a table as HTML; ``marked`` gives its first row `th`."""
    spans = {(span[0], span[1]): span for span in (spans_of(grid) if merged else ())}
    hidden = {
        (y, x)
        for top, left, bottom, right in spans.values()
        for y in range(top, bottom + 1)
        for x in range(left, right + 1)
    } - spans.keys()
    parts = ["<table>"]
    for y, row in enumerate(grid):
        tag = "th" if marked and y == 0 else "td"
        parts.append("<tr>")
        for x, text in enumerate(row):
            if (y, x) in hidden:
                continue
            top, left, bottom, right = spans.get((y, x), (y, x, y, x))
            size = f' rowspan="{bottom - top + 1}" colspan="{right - left + 1}"'
            parts.append(f"<{tag}{size if merged else ''}>{escape(text)}</{tag}>")
        parts.append("</tr>")
    return "".join([*parts, "</table>"])


def write_html(path: Path, grid: Grid, *, merged: bool = False, marked: bool = False) -> None:
    table = html_of(grid, merged=merged, marked=marked)
    path.write_text(
        f"<!doctype html><meta charset=utf-8><h1>{_TITLE}</h1>{table}<p>{_NOTE}</p>", "utf-8"
    )


def write_html_nested(path: Path, grid: Grid) -> None:
    """Write the table within a cell of a table that only lays out the page."""
    path.write_text(
        f"<!doctype html><meta charset=utf-8><table><tr><td>{_TITLE}</td></tr>"
        f"<tr><td>{html_of(grid)}</td></tr></table>",
        "utf-8",
    )


def write_eml(path: Path, grid: Grid) -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = _TITLE, "a@example.org", "b@example.org"
    mail.set_content("见下表。")
    mail.add_alternative(f"<p>见下表。</p>{html_of(grid, merged=True)}", subtype="html")
    path.write_bytes(bytes(mail))


def write_epub(path: Path, grid: Grid) -> None:
    import zipfile

    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
        '<rootfiles><rootfile full-path="b.opf" media-type="application/oebps-package+xml"/>'
        "</rootfiles></container>"
    )
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata/><manifest>'
        '<item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    page = (
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>'
        f"<h1>{_TITLE}</h1>{html_of(grid)}</body></html>"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/epub+zip")
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("b.opf", package)
        archive.writestr("a.xhtml", page)


def write_md(path: Path, grid: Grid) -> None:
    def line(row: list[str]) -> str:
        cells = (" ".join(text.split()).replace("|", "\\|") for text in row)
        return "| " + " | ".join(cells) + " |"

    lines = [line(grid[0]), "|" + " --- |" * len(grid[0]), *map(line, grid[1:])]
    path.write_text(f"# {_TITLE}\n\n" + "\n".join(lines) + f"\n\n{_NOTE}\n", "utf-8")


def write_csv(path: Path, grid: Grid, *, delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(grid)


def write_xlsx(
    path: Path, grid: Grid, *, merged: bool = False, above: bool = False, other: str = ""
) -> None:
    """Write a workbook; ``other`` is where another table stands: "left", "right" or "below"."""
    import openpyxl

    book = openpyxl.Workbook()
    sheet: Any = book.active
    down, across = (2 if above else 0), (3 if other == "left" else 0)
    if above:
        sheet.cell(1, 1, _TITLE)
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=len(grid[0]))
        sheet.cell(2, len(grid[0]), _UNIT)
        sheet.cell(len(grid) + 3, 1, _NOTE)
    for y, row in enumerate(grid, 1):
        for x, text in enumerate(row, 1):
            sheet.cell(y + down, x + across, text or None).data_type = "s" if text else "n"
    for top, left, bottom, right in spans_of(grid) if merged else ():
        sheet.merge_cells(
            start_row=top + 1 + down,
            end_row=bottom + 1 + down,
            start_column=left + 1 + across,
            end_column=right + 1 + across,
        )
    places = {"left": (0, 0), "right": (0, len(grid[0]) + 1), "below": (len(grid) + 1, 0)}
    if other:
        first, beside = places[other]
        for y, row in enumerate(_OTHER, 1):
            for x, text in enumerate(row, 1):
                sheet.cell(y + first, x + beside, int(text) if text.isdigit() else text)
    book.save(path)


def write_json(path: Path, grid: Grid) -> None:
    keys = _keys(grid)
    rows = [dict(zip(keys, row, strict=True)) for row in grid[1:]]
    path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")


def write_xml(path: Path, grid: Grid) -> None:
    keys = _keys(grid)
    rows = "".join(
        "<行>"
        + "".join(
            f'<值 name="{escape(key)}">{escape(text)}</值>'
            for key, text in zip(keys, row, strict=True)
        )
        + "</行>"
        for row in grid[1:]
    )
    path.write_text(f'<?xml version="1.0" encoding="utf-8"?><表>{rows}</表>', "utf-8")


def _keys(grid: Grid) -> list[str]:
    keys: dict[str, None] = {}
    for number, text in enumerate(grid[0], 1):
        keys[text if text and text not in keys else f"{text}{number}"] = None
    return list(keys)


def write_rtf(path: Path, grid: Grid) -> None:
    def escaped(text: str) -> str:
        units = memoryview(text.encode("utf-16-le")).cast("h")
        return "".join(
            chr(u) if 31 < u < 128 and chr(u) not in "{}\\" else f"\\u{u}?" for u in units
        )

    parts = ["{\\rtf1\\ansi\\uc1 ", escaped(_TITLE), "\\par "]
    for row in grid:
        parts.append("\\trowd" + "".join(f"\\cellx{1000 * x}" for x in range(1, len(row) + 1)))
        parts.extend(f"\\pard\\intbl {escaped(text)}\\cell" for text in row)
        parts.append("\\row ")
    path.write_text("".join([*parts, "\\pard ", escaped(_NOTE), "\\par}"]), "ascii")


def _manners() -> Iterator[Manner]:
    yield Manner("docx", ".docx", write_docx)
    yield Manner("docx, merged", ".docx", lambda p, g: write_docx(p, g, merged=True))
    yield Manner("docx, nested", ".docx", lambda p, g: write_docx(p, g, nested=True))
    yield Manner("pptx", ".pptx", write_pptx)
    yield Manner("pptx, merged", ".pptx", lambda p, g: write_pptx(p, g, merged=True))
    yield Manner("html", ".html", write_html)
    yield Manner("html, merged", ".html", lambda p, g: write_html(p, g, merged=True))
    yield Manner(
        "html, marked, merged", ".html", lambda p, g: write_html(p, g, merged=True, marked=True)
    )
    yield Manner("html, nested", ".html", write_html_nested)
    yield Manner("eml", ".eml", write_eml)
    yield Manner("epub", ".epub", write_epub)
    yield Manner("md", ".md", write_md)
    yield Manner("csv", ".csv", write_csv)
    yield Manner("tsv", ".tsv", lambda p, g: write_csv(p, g, delimiter="\t"))
    yield Manner("xlsx", ".xlsx", write_xlsx)
    yield Manner("xlsx, merged", ".xlsx", lambda p, g: write_xlsx(p, g, merged=True))
    yield Manner(
        "xlsx, title and note",
        ".xlsx",
        lambda p, g: write_xlsx(p, g, merged=True, above=True),
        down=2,
    )
    yield Manner(
        "xlsx, another at the left", ".xlsx", lambda p, g: write_xlsx(p, g, other="left"), across=3
    )
    yield Manner(
        "xlsx, another at the right", ".xlsx", lambda p, g: write_xlsx(p, g, other="right")
    )
    yield Manner("xlsx, another below", ".xlsx", lambda p, g: write_xlsx(p, g, other="below"))
    yield Manner("json", ".json", write_json)
    yield Manner("xml", ".xml", write_xml)
    yield Manner("rtf", ".rtf", write_rtf)
    for suffix in (".ods", ".xls"):
        yield Manner(
            f"{suffix[1:]}, merged", suffix, lambda p, g: write_xlsx(p, g, merged=True), via=".xlsx"
        )
    for suffix in (".odt", ".doc", ".rtf"):
        yield Manner(
            f"{suffix[1:]}, merged, by LibreOffice",
            suffix,
            lambda p, g: write_docx(p, g, merged=True),
            via=".docx",
        )


def is_right(
    tables: list[tuple[TableRecord, ...]],
    question: dict[str, Any],
    grid: Grid,
    cells: list[tuple[int, int]],
    manner: Manner,
) -> bool:
    """Tell whether one table read holds all cells in their places, each under its header."""
    headed = question["table_type"] in ("vertical", "hierarchical")
    return any(
        all(_holds(parts, row, column, grid, manner, headed=headed) for row, column in cells)
        for parts in tables
    )


def _holds(
    parts: tuple[TableRecord, ...],
    row: int,
    column: int,
    grid: Grid,
    manner: Manner,
    *,
    headed: bool,
) -> bool:
    by_name = manner.suffix in (".json", ".xml")
    across = column + manner.across - (0 if by_name else parts[0].first_column - 1)
    down = row + manner.down
    if by_name:
        # Records count from 1 and name their cells.
        return any(
            across < len(part.rows[row - part.first_row])
            and normal(part.rows[row - part.first_row][across]) == normal(grid[row][column])
            for part in parts
            if 0 <= row - part.first_row < len(part.rows)
        ) or (row == 0 and normal(grid[0][column]) in normal(" ".join(parts[0].header)))
    if across < 0 or not holds(parts, down, across, grid[row][column]):
        return False
    header = parts[0].header
    return not headed or (
        across < len(header) and normal(grid[0][column]) in normal(header[across])
    )


def convert(paths: list[Path], suffix: str) -> None:
    """Have LibreOffice write the files anew."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603 - files of our own
            [
                shutil.which("soffice") or "soffice",
                f"-env:UserInstallation=file://{profile}",
                "--headless",
                "--convert-to",
                suffix[1:],
                "--outdir",
                str(paths[0].parent),
                *map(str, paths),
            ],
            check=True,
            capture_output=True,
        )


def main() -> None:
    """Run as the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--only", default="", help="only manners whose name holds this")
    parser.add_argument("--tables", type=int, help="only the first tables")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--keep", type=Path, help="a folder for the files, to look at them")
    arguments = parser.parse_args()
    folder = arguments.data / "tables"
    grids: dict[str, Grid] = {
        name: padded(table["rows"])
        for name, table in json.loads((folder / "tables.json").read_text("utf-8")).items()
    }
    questions = [
        (
            question,
            [tuple(cell) for cell in question.get("cells") or ()]
            or cells_of_query(question, grids[question["table_id"]]),
        )
        for question in map(
            json.loads, (folder / "questions.jsonl").read_text("utf-8").splitlines()
        )
        if question["kind"] == "lookup"
    ]
    wanted = sorted({question["table_id"] for question, _ in questions})[: arguments.tables]
    questions = [pair for pair in questions if pair[0]["table_id"] in wanted]
    with tempfile.TemporaryDirectory() as scratch:
        for manner in _manners():
            if arguments.only not in manner.name:
                continue
            started = time.process_time()
            home = Path(arguments.keep or scratch) / manner.name.replace(", ", "-").replace(
                " ", "_"
            )
            home.mkdir(exist_ok=True)
            paths = [
                home / f"{number}{manner.via or manner.suffix}" for number in range(len(wanted))
            ]
            for path, name in zip(paths, wanted, strict=True):
                manner.write(path, grids[name])
            if manner.via:
                convert(paths, manner.suffix)
            tables = {}
            for path, name in zip(paths, wanted, strict=True):
                try:
                    tables[name] = read(path.with_suffix(manner.suffix))
                except LoadError as exc:
                    print("   ", name, exc)
                    tables[name] = []
            failed = [
                (question, cells)
                for question, cells in questions
                if not is_right(
                    tables[question["table_id"]],
                    question,
                    grids[question["table_id"]],
                    cells,
                    manner,
                )
            ]
            right, count = len(questions) - len(failed), len(questions)
            low, high = wilson(right, count)
            print(
                f"{manner.name}: {right}/{count} = {right / count:.3f} ({low:.3f}-{high:.3f}), "
                f"{len(wanted)} tables in {time.process_time() - started:.0f} s",
                flush=True,
            )
            if arguments.show:
                for question, cells in failed:
                    print(
                        "   ",
                        wanted.index(question["table_id"]),
                        question["table_id"],
                        question["table_type"],
                        cells,
                        question["question"],
                    )


if __name__ == "__main__":
    main()
