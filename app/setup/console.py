"""Progress on the terminal: what, how much, how long; one living line, or plain lines in a log."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata
from typing import TextIO

from app.setup.messages import duration, say

_MOVING = "|/-\\"
_REDRAW_SECONDS = 0.2
_PLAIN_SECONDS = 10.0


class Console:
    """Show numbered steps on a stream.

    On a terminal the current step is one line redrawn in place, its indicator moving; elsewhere a
    plain line is written when a step begins, at most every ten seconds, and when it ends.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._living = self._stream.isatty()
        self._title = ""
        self._detail = ""
        self._began = 0.0
        self._drawn = 0.0
        self._turns = 0
        self._width = 0

    def begin(self, number: int, total: int, title: str) -> None:
        """Begin step ``number`` of ``total``."""
        self._title = f"[{number}/{total}] {title}"
        self._detail = ""
        self._began = self._drawn = time.monotonic()
        if self._living:
            self._draw()
        else:
            self._write(f"{self._title} …\n")

    def tick(self, detail: str = "") -> None:
        """Show that work goes on; an empty ``detail`` keeps the last one. Cheap, call it often."""
        if detail:
            self._detail = detail
        now = time.monotonic()
        if now - self._drawn < (_REDRAW_SECONDS if self._living else _PLAIN_SECONDS):
            return
        self._drawn = now
        if self._living:
            self._draw()
        else:
            self._write(self._line() + "\n")

    def end(self, outcome: str = "") -> None:
        """End the step."""
        elapsed = time.monotonic() - self._began
        self._clear()
        self._write(f"{self._title} · {outcome or say('done')} · {duration(elapsed)}\n")
        self._title = ""

    def note(self, sentence: str) -> None:
        """Write a sentence on a line of its own."""
        self._clear()
        self._write(sentence + "\n")

    def leave(self) -> None:
        """Leave the living line as it stands, so that the next text begins on a new one."""
        if self._width:
            self._write("\n")
            self._width = 0

    def _line(self) -> str:
        detail = f" · {self._detail}" if self._detail else ""
        return f"{self._title}{detail} · {duration(time.monotonic() - self._began)}"

    def _draw(self) -> None:
        self._turns += 1
        columns = shutil.get_terminal_size().columns - 1
        text = _shorten(f"{_MOVING[self._turns % len(_MOVING)]} {self._line()}", columns)
        width = _columns(text)
        # Padding instead of an escape sequence: old Windows consoles would show the latter.
        self._write("\r" + text + " " * max(0, self._width - width))
        self._width = width

    def _clear(self) -> None:
        if self._width:
            self._write("\r" + " " * self._width + "\r")
            self._width = 0

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def _shorten(text: str, columns: int) -> str:
    width = 0
    for index, char in enumerate(text):
        width += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if width > columns:
            return text[:index]
    return text
