"""What the command line prints: one JSON value, or aligned tables for a person."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from app.api.models import ErrorBody, ErrorModel, JobModel, Model
from app.messages import of_stage
from app.strings import Language, text

_BAR_CELLS = 24
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def as_json(value: Model) -> None:
    """Write one JSON value to stdout."""
    content = value.model_dump(mode="json")
    sys.stdout.write(json.dumps(content, ensure_ascii=False, indent=2) + "\n")
    sys.stdout.flush()


def pieces(content: Iterable[str]) -> None:
    """Write one JSON value to stdout that comes piece by piece."""
    for piece in content:
        sys.stdout.write(piece)
    sys.stdout.write("\n")
    sys.stdout.flush()


def error_json(code: str, message: str, hint: str) -> None:
    """Write an error as the one JSON value."""
    as_json(ErrorModel(error=ErrorBody(code=code, message=message, hint=hint)))


def line(content: str = "") -> None:
    """Write a line to stdout."""
    sys.stdout.write(printable(content) + "\n")


def printable(content: str) -> str:
    """Take out what would steer the terminal: names and texts come from files."""
    return _CONTROLS.sub("\ufffd", content)


def table(headers: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write rows under headers, aligned as the terminal shows them: Chinese is two columns wide."""
    cells = [[printable(str(cell)).replace("\n", " ") for cell in row] for row in (headers, *rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(headers))]
    for number, row in enumerate(cells):
        padded = (cell + " " * (widths[column] - width(cell)) for column, cell in enumerate(row))
        line("  ".join(padded).rstrip())
        if number == 0:
            line("  ".join("─" * each for each in widths))


def time_text(seconds: float) -> str:
    """Write a time as the reader's clock shows it."""
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%d %H:%M")


def width(content: str) -> int:
    """Count the terminal columns of a text."""
    columns = 0
    for character in content:
        if unicodedata.combining(character) or unicodedata.category(character) in (
            "Cf",
            "Me",
            "Mn",
        ):
            continue
        columns += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return columns


def size_text(size: int) -> str:
    """Write a number of bytes as a person reads it."""
    amount = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if amount < 1024 or unit == "GB":
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} TB"


class Progress:
    """A line on stderr that is rewritten while a job runs; on no terminal, a line now and then."""

    def __init__(self, language: Language) -> None:
        self._language: Language = language
        self._shown = ""

    def __call__(self, job: JobModel) -> None:
        """Show where the job is."""
        share = job.done / job.total if job.total else 0.0
        bar = "█" * int(share * _BAR_CELLS)
        eta = "" if job.eta is None else text("cli.eta", self._language, seconds=round(job.eta))
        stage = of_stage(job.stage, self._language)
        if sys.stderr.isatty():
            shown = f"{bar:░<{_BAR_CELLS}} {job.done}/{job.total} {stage} {eta}"
            sys.stderr.write(f"\r\x1b[2K{printable(shown)}")
        else:
            shown = f"{job.done}/{job.total}"
            if shown != self._shown:
                sys.stderr.write(f"{shown} {printable(stage)} {eta}".rstrip() + "\n")
        self._shown = shown
        sys.stderr.flush()

    def end(self) -> None:
        """Take the line away."""
        if self._shown and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[2K")
            sys.stderr.flush()
