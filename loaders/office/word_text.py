"""The running text of Word paragraphs: fields by their results, symbols, ruby, equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from loaders.office.equations import equation_text
from loaders.office.opc import local_name
from loaders.office.word_styles import W, is_on, value_of

# Adobe's encoding of the font Symbol, and what forms make of the fonts with boxes and ticks.
_GREEK = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "αβχδεφγηιϕκλμνοπθρστυϖωξψζΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ",
        strict=True,
    )
)
_SYMBOL = {
    0xA3: "≤", 0xA5: "∞", 0xAB: "↔", 0xAC: "←", 0xAD: "↑", 0xAE: "→", 0xAF: "↓", 0xB0: "°",
    0xB1: "±", 0xB2: "″", 0xB3: "≥", 0xB4: "×", 0xB5: "∝", 0xB6: "∂", 0xB7: "•", 0xB8: "÷",
    0xB9: "≠", 0xBA: "≡", 0xBB: "≈", 0xBC: "…", 0xC5: "⊕", 0xC7: "∩", 0xC8: "∪", 0xC9: "⊃",
    0xCC: "⊂", 0xCE: "∈", 0xCF: "∉", 0xD0: "∠", 0xD1: "∇", 0xD6: "√", 0xD7: "·", 0xD9: "∧",
    0xDA: "∨", 0xDB: "⇔", 0xDE: "⇒", 0xE5: "∑", 0xF2: "∫",
}  # fmt: skip
_WINGDINGS = {
    0x28: "☎", 0x2A: "✉", 0x4A: "☺", 0x6C: "●", 0x6E: "■", 0x6F: "□", 0x70: "□", 0x71: "□",
    0x72: "□", 0x75: "◆", 0x76: "❖", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "□", 0xD8: "➢",
    0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓",
    0xFD: "☒", 0xFE: "☑",
}  # fmt: skip
_WINGDINGS_2 = {0x4F: "✗", 0x50: "✓", 0x51: "☒", 0x52: "☑", 0x53: "☒", 0x54: "☒", 0xA3: "□"}
_WRAPPERS = frozenset(
    ("hyperlink", "ins", "moveTo", "smartTag", "customXml", "dir", "bdo", "fldSimple", "sdtContent")
)
_DROPPED = frozenset(("del", "moveFrom", "pPr", "rPr", "sdtPr", "sdtEndPr", "smartTagPr"))
_DRAWINGS = frozenset(("drawing", "pict", "object"))
_BREAKS = {"tab": "\t", "ptab": "\t", "cr": "\n", "noBreakHyphen": "-"}


@dataclass(slots=True)
class Line:
    """A paragraph's text as it grows, what hangs on it, and the notes it refers to.

    ``in_code`` holds one entry for each open field: True while its instruction runs, which nobody
    sees.
    """

    pieces: list[str] = field(default_factory=list)
    drawings: list[Any] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    in_code: list[bool] = field(default_factory=list)
    _readings: list[str] = field(default_factory=list)

    def add(self, text: str) -> None:
        """Append text, unless it belongs to a field's instruction."""
        if text and not any(self.in_code):
            self._end_ruby()
            self.pieces.append(text)

    def add_ruby(self, text: str, reading: str) -> None:
        """Append a text; its reading follows in brackets once the annotated words end."""
        if not any(self.in_code):
            self.pieces.append(text)
            self._readings.append(reading)

    def text(self) -> str:
        """Return the text so far."""
        self._end_ruby()
        return "".join(self.pieces)

    def _end_ruby(self) -> None:
        if self._readings:
            reading = "".join(self._readings).strip()
            self._readings.clear()
            if reading:
                self.pieces.append(f"({reading})")


def read_line(paragraph: Any, mark: Callable[[str, str], str]) -> Line:
    """Read a paragraph's own text; ``mark`` names the mark of a note by its kind and id."""
    line = Line()
    _read_children(paragraph, line, mark)
    return line


def _read_children(node: Any, line: Line, mark: Callable[[str, str], str]) -> None:
    for child in node:
        kind = local_name(child)
        if kind == "r":
            _read_run(child, line, mark)
        elif kind in _WRAPPERS:
            _read_children(child, line, mark)
        elif kind == "sdt":
            content = child.find(f"{W}sdtContent")
            if content is not None:
                _read_children(content, line, mark)
        elif kind in ("oMath", "oMathPara"):
            line.add(equation_text(child))
        elif kind == "AlternateContent":
            _read_alternative(child, line, mark, _read_children)
        elif kind == "p":
            # Only a broken document nests paragraphs; the text is still there.
            line.add("\n")
            _read_children(child, line, mark)


def _read_run(run: Any, line: Line, mark: Callable[[str, str], str]) -> None:
    for node in run:
        kind = local_name(node)
        if kind == "t":
            line.add(node.text or "")
        elif kind in _BREAKS:
            line.add(_BREAKS[kind])
        elif kind == "br":
            line.add("\n" if node.get(f"{W}type", "textWrapping") == "textWrapping" else "")
        elif kind == "sym":
            line.add(_symbol(node.get(f"{W}font") or "", node.get(f"{W}char") or ""))
        elif kind == "fldChar":
            _read_field(node, line)
        elif kind in _DRAWINGS:
            line.drawings.append(node)
        elif kind in ("footnoteReference", "endnoteReference", "commentReference"):
            key = node.get(f"{W}id") or ""
            note = kind.removesuffix("Reference")
            line.notes.append((note, key))
            line.add(mark(note, key) if not is_on_attribute(node, "customMarkFollows") else "")
        elif kind == "ruby":
            text = "".join(piece.text or "" for piece in node.iterfind(f"{W}rubyBase//{W}t"))
            reading = "".join(piece.text or "" for piece in node.iterfind(f"{W}rt//{W}t"))
            line.add_ruby(text, reading)
        elif kind == "AlternateContent":
            _read_alternative(node, line, mark, _read_run)
        elif kind in ("oMath", "oMathPara"):
            line.add(equation_text(node))


def is_on_attribute(node: Any, name: str) -> bool:
    """Tell whether an attribute of the main namespace is a switch that is on."""
    return node.get(W + name) in ("1", "true", "on")


def _read_alternative(
    node: Any,
    line: Line,
    mark: Callable[[str, str], str],
    read: Callable[[Any, Line, Callable[[str, str], str]], None],
) -> None:
    """Read the first of several versions of the same thing that holds something."""
    for version in node:
        pieces, drawings = len(line.pieces), len(line.drawings)
        read(version, line, mark)
        if len(line.pieces) > pieces or len(line.drawings) > drawings:
            return


def _read_field(node: Any, line: Line) -> None:
    kind = node.get(f"{W}fldCharType")
    if kind == "begin":
        data = node.find(f"{W}ffData")
        if data is not None:
            line.add(_form_value(data))
        line.in_code.append(True)
    elif kind == "separate" and line.in_code:
        line.in_code[-1] = False
    elif kind == "end" and line.in_code:
        line.in_code.pop()


def _form_value(data: Any) -> str:
    """Return what a form field of the old kind shows where its result does not tell."""
    box = data.find(f"{W}checkBox")
    if box is not None:
        state = box.find(f"{W}checked")
        return "☑" if is_on(state if state is not None else box.find(f"{W}default")) else "□"
    menu = data.find(f"{W}ddList")
    if menu is None:
        return ""
    entries = [value_of(entry) or "" for entry in menu.iterchildren(f"{W}listEntry")]
    chosen = value_of(menu.find(f"{W}result")) or value_of(menu.find(f"{W}default")) or "0"
    return entries[int(chosen)] if chosen.isdecimal() and int(chosen) < len(entries) else ""


def _symbol(font: str, char: str) -> str:
    try:
        code = int(char, 16)
    except ValueError:
        return ""
    if 0xF000 <= code <= 0xF0FF:
        code -= 0xF000
    elif not 0 < code < 0x110000 or 0xD800 <= code < 0xF900:
        return ""
    name = font.lower()
    if name == "symbol":
        return _SYMBOL.get(code) or _GREEK.get(chr(code)) or (chr(code) if code < 0x7F else "")
    if name.startswith("wingdings 2"):
        return _WINGDINGS_2.get(code, "")
    if name.startswith(("wingdings", "webdings")):
        return _WINGDINGS.get(code, "") if name == "wingdings" else ""
    return chr(code)
