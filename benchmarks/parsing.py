"""Time to read files, beside `unstructured.partition` on the same files.

    python -m benchmarks.parsing --data FOLDER… [--made] [--rounds 3] [--slowest 5]

One process, no sandbox, warm: each file is read once by both before it counts, then alternately,
and the median counts. Seconds are those of the processor, as both are one thread that waits for
nothing and the machine may have other work. --made adds larger files of each format, written for
the purpose.

PDF is told in text pages a second beside the strategy "fast", for each file and for all together.
Files of which pages or pictures are read by OCR, and those that LibreOffice converts first, are
told alone, by the clock: the peer's "fast" does not read the first, and starts the same program for
the second. What the peer cannot read, and epub (it needs pandoc), is left out and counted.

The peer needs packages for PDF that the product does not. The least of them, beside it:

    pip install --no-deps --target PEER "pdfminer.six<20270000" "pi-heif<2" "pdf2image<2" \
        "pikepdf<11" "pypdf<7" "unstructured-inference<2" matplotlib contourpy cycler fonttools \
        kiwisolver pyparsing
    PYTHONPATH=PEER python -m benchmarks.parsing …

In place of its language model, which it fetches from the internet, the peer gets the product's
small stand-in, which is faster: the ratios are rather too high than too low.
"""

from __future__ import annotations

import argparse
import csv
import gc
import importlib
import logging
import statistics
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from html import escape
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks import large_inputs
from loaders.errors import LoadError
from loaders.load import elements_of, open_source

_SHARED = (
    "pdf", "docx", "pptx", "xlsx", "xlsm", "xls", "csv", "tsv", "txt", "md", "html", "xml", "eml",
    "msg",
)  # fmt: skip
_CONVERTED = ("doc", "rtf", "odt", "ppt", "odp", "wordml")
_ENOUGH_SECONDS = 2.0
"""A file that takes longer is read once more only: its median is steady."""


@dataclass(slots=True)
class Reading:
    """One file: what it is, and how long each reader took and how much text it found."""

    path: Path
    format: str
    pages: int = 0
    ocr: int = 0
    own: list[float] = field(default_factory=list)
    peer: list[float] = field(default_factory=list)
    characters: tuple[int, int] = (0, 0)

    @property
    def seconds(self) -> tuple[float, float]:
        """The medians."""
        return statistics.median(self.own), statistics.median(self.peer)


def first_reading(path: Path) -> Reading:
    """Read a file here, to warm up and to tell what it is; the time is that of the clock."""
    gc.collect()
    started = time.perf_counter()
    source = open_source(path)
    characters = sum(len(element.text) for element in elements_of(source))
    seconds = time.perf_counter() - started
    return Reading(
        path,
        source.format.name,
        pages=source.page_count or 0,
        # A picture in a document counts as a page.
        ocr=max(len(source.ocr_pages), source.pictures_read),
        own=[seconds],
        characters=(characters, 0),
    )


def read(path: Path) -> int:
    """Read a file here; return how many characters of text are in it."""
    return sum(len(element.text) for element in elements_of(open_source(path)))


def timed(reader: Callable[[Path], int], path: Path) -> tuple[float, int]:
    """Return the seconds of the processor that a reader takes, and how much text it finds."""
    gc.collect()
    started = time.process_time()
    characters = reader(path)
    return time.process_time() - started, characters


def peer_reader() -> Callable[[Path], int]:
    """Return the peer's reader, offline and quiet."""
    importlib.import_module("loaders._unstructured")
    importlib.import_module("unstructured.partition.pdf")
    partition: Callable[..., list[Any]] = importlib.import_module(
        "unstructured.partition.auto"
    ).partition
    return lambda path: sum(len(element.text) for element in partition(str(path), strategy="fast"))


def compare(reading: Reading, peer: Callable[[Path], int], rounds: int) -> None:
    """Read a file by turns."""
    path = reading.path
    reading.own.clear()
    # Warms up the peer, as the first reading did here.
    timed(peer, path)
    while len(reading.own) < rounds:
        seconds, own = timed(read, path)
        reading.own.append(seconds)
        seconds, other = timed(peer, path)
        reading.peer.append(seconds)
        reading.characters = own, other
        if max(reading.own[0], seconds) > _ENOUGH_SECONDS and len(reading.own) >= 2:
            break


def make_files(folder: Path) -> Iterator[Path]:
    """Write one larger file of each format that both read, from the same sentences."""
    large_inputs.write_pdf(folder / "made.pdf", 200)
    yield folder / "made.pdf"
    large_inputs.write_text(folder / "made.txt", 600_000)
    yield folder / "made.txt"
    large_inputs.write_csv(folder / "made.csv", 600_000)
    yield folder / "made.csv"
    paragraphs = (folder / "made.txt").read_text("utf-8").split("\n\n")[:1000]
    with (folder / "made.csv").open(encoding="utf-8", newline="") as file:
        rows = list(islice(csv.reader(file), 3000))
    for name, write in _WRITERS.items():
        path = folder / f"made.{name}"
        write(path, paragraphs, rows)
        yield path


Rows = list[list[str]]


def _write_docx(path: Path, paragraphs: list[str], rows: Rows) -> None:
    document = importlib.import_module("docx").Document()
    for text in paragraphs:
        document.add_paragraph(text, style="Heading 1" if text.startswith("第") else None)
    table = document.add_table(rows=0, cols=len(rows[0]))
    for row in rows[:100]:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.save(str(path))


def _write_pptx(path: Path, paragraphs: list[str], _rows: Rows) -> None:
    presentation = importlib.import_module("pptx").Presentation()
    for start in range(0, 400, 4):
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = paragraphs[start][:30]
        slide.placeholders[1].text = "\n".join(paragraphs[start + 1 : start + 4])
    presentation.save(str(path))


def _write_xlsx(path: Path, _paragraphs: list[str], rows: Rows) -> None:
    workbook = importlib.import_module("openpyxl").Workbook()
    for row in rows:
        workbook.active.append([int(text) if text.isdigit() else text for text in row])
    workbook.save(path)


def _write_tsv(path: Path, _paragraphs: list[str], rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, dialect="excel-tab").writerows(rows)


def _write_md(path: Path, paragraphs: list[str], rows: Rows) -> None:
    lines = ["# " + text if text.startswith("第") else text for text in paragraphs]
    grid = [[" ".join(text.replace("|", "").split()) for text in row] for row in rows[:200]]
    grid.insert(1, ["---"] * len(rows[0]))
    table = "\n".join("| " + " | ".join(row) + " |" for row in grid)
    path.write_text("\n\n".join([*lines, table]), "utf-8")


def _write_html(path: Path, paragraphs: list[str], rows: Rows) -> None:
    body = "\n".join(
        f"<h1>{escape(text)}</h1>" if text.startswith("第") else f"<p>{escape(text)}</p>"
        for text in paragraphs
    )
    table = "".join(
        "<tr>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>" for row in rows[:200]
    )
    head = "<head><meta charset='utf-8'></head>"
    path.write_text(f"<html>{head}<body>{body}<table>{table}</table></body></html>", "utf-8")


def _write_xml(path: Path, paragraphs: list[str], _rows: Rows) -> None:
    inner = "".join(f"<note>{escape(text)}</note>" for text in paragraphs)
    path.write_text(f"<?xml version='1.0' encoding='utf-8'?><notes>{inner}</notes>", "utf-8")


def _write_eml(path: Path, paragraphs: list[str], _rows: Rows) -> None:
    message = importlib.import_module("email.message").EmailMessage()
    message["From"], message["To"] = "a@example.com", "b@example.com"
    message["Subject"] = "通知"
    message.set_content("\n\n".join(paragraphs))
    path.write_bytes(bytes(message))


_WRITERS: dict[str, Callable[[Path, list[str], Rows], None]] = {
    "docx": _write_docx,
    "pptx": _write_pptx,
    "xlsx": _write_xlsx,
    "tsv": _write_tsv,
    "md": _write_md,
    "html": _write_html,
    "xml": _write_xml,
    "eml": _write_eml,
}


def print_shared(readings: Iterable[Reading], slowest: int) -> None:
    """Print a line for each format, and the files that count most against the reader here."""
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.format].append(reading)
    print(
        f"{'':<6}{'files':>6}{'seconds':>9}{'peer':>9}{'of its time':>13}{'median':>8}"
        f"{'characters':>12}{'peer':>11}"
    )
    for name in _SHARED:
        group = groups[name]
        if not group:
            continue
        own, peer = (sum(reading.seconds[side] for reading in group) for side in (0, 1))
        ratios = [reading.seconds[0] / reading.seconds[1] for reading in group]
        characters = [sum(reading.characters[side] for reading in group) for side in (0, 1)]
        print(
            f"{name:<6}{len(group):>6}{own:>9.3f}{peer:>9.3f}{own / peer:>13.3f}"
            f"{statistics.median(ratios):>8.3f}{characters[0]:>12}{characters[1]:>11}"
        )
        if name == "pdf":
            print_pages(group)
        allowed = 0.1 if name == "pdf" else 1.2
        worst = sorted(
            group, key=lambda one: one.seconds[0] - allowed * one.seconds[1], reverse=True
        )
        for reading in worst[:slowest]:
            own, peer = reading.seconds
            if own > allowed * peer:
                print(f"      {own:8.4f} {peer:8.4f} {own / peer:6.2f}  {reading.path.name}")


def print_pages(group: list[Reading]) -> None:
    """Print how many pages a second each PDF file gives, then all of them together."""
    pages = sum(reading.pages for reading in group)
    own, peer = (sum(reading.seconds[side] for reading in group) for side in (0, 1))
    ratios = sorted(reading.seconds[1] / reading.seconds[0] for reading in group)
    for reading in sorted(group, key=lambda one: one.seconds[1] / one.seconds[0]):
        one, other = reading.seconds
        print(
            f"      {reading.pages:>4} pages {reading.pages / one:8.1f} a second, "
            f"peer {reading.pages / other:7.2f}: {other / one:5.1f} times  {reading.path.name}"
        )
    print(
        f"      {pages} text pages of all files: {pages / own:.1f} a second, "
        f"peer {pages / peer:.2f}: {peer / own:.1f} times as many; by file {ratios[0]:.1f} to "
        f"{ratios[-1]:.1f}, {statistics.median(ratios):.1f} at the median"
    )


def print_alone(title: str, readings: Iterable[Reading]) -> None:
    """Print files and pages a second for each format."""
    groups: dict[str, list[Reading]] = defaultdict(list)
    for reading in readings:
        groups[reading.format].append(reading)
    for name, group in sorted(groups.items()):
        seconds = sum(reading.own[0] for reading in group)
        pages = sum(reading.ocr for reading in group)
        read_pages = f", {pages} by OCR: {seconds / pages:.2f} s each" if pages else ""
        print(
            f"{title} {name}: {len(group)} files in {seconds:.1f} s, "
            f"{len(group) / seconds:.2f} a second{read_pages}"
        )


def main() -> None:
    """Run as the module's docstring says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, nargs="+", default=[])
    parser.add_argument("--made", action="store_true", help="also larger files made here")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slowest", type=int, default=0, help="files to name for each format")
    parser.add_argument("--only", nargs="+", help="only these formats")
    arguments = parser.parse_args()
    logging.disable(logging.ERROR)
    warnings.simplefilter("ignore")
    peer = peer_reader()
    skipped: Counter[str] = Counter()
    shared: list[Reading] = []
    pictured: list[Reading] = []
    converted: list[Reading] = []
    with tempfile.TemporaryDirectory() as scratch:
        found = [path for folder in arguments.data for path in _files(folder)]
        if arguments.made:
            found.extend(make_files(Path(scratch)))
        for path in found:
            try:
                name = open_source(path).format.name
                if arguments.only and name not in arguments.only:
                    continue
                reading = first_reading(path)
            except LoadError as exc:
                skipped[f"{path.suffix}: {exc.code}"] += 1
                continue
            if reading.ocr:
                if not pictured:
                    # The first one loads the models.
                    reading = first_reading(path)
                pictured.append(reading)
            elif name in _CONVERTED:
                if not converted:
                    reading = first_reading(path)
                converted.append(reading)
            elif name in _SHARED:
                try:
                    compare(reading, peer, arguments.rounds)
                except Exception as exc:  # noqa: BLE001 - whatever the peer raises, it has not read
                    skipped[f"{name}: peer: {type(exc).__name__}"] += 1
                    continue
                shared.append(reading)
                own, other = reading.seconds
                print(f"{own:.4f} {other:.4f} {path.name}", file=sys.stderr, flush=True)
    print_shared(shared, arguments.slowest)
    print_alone("OCR", pictured)
    print_alone("LibreOffice", converted)
    print("left out:", dict(skipped))
    print("the peer's language model is not here: a small stand-in, faster, takes its place")


def _files(path: Path) -> list[Path]:
    return sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


if __name__ == "__main__":
    main()
