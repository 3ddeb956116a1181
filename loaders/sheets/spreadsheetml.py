"""Workbooks in one file of XML, as Excel 2003 and many company programs write them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from loaders._unstructured import Element, make_element
from loaders.data.xml_stream import XmlFile
from loaders.office.opc import local_name
from loaders.sheets.cells import LAST_ROW, WIDEST, MergedCells, cleaned, note_element
from loaders.sheets.columns import column_letters
from loaders.sheets.number_format import shown
from loaders.source import Source
from loaders.tables.grid import Row, table_elements

_NAMED_FORMATS = {
    # The names that stand in place of codes (Excel 2003 XML reference, NumberFormat element).
    "General Number": "General",
    "Fixed": "0.00",
    "Standard": "#,##0.00",
    "Percent": "0.00%",
    "Scientific": "0.00E+00",
    "Currency": "#,##0.00",
    "General Date": "yyyy/m/d h:mm",
    "Short Date": "yyyy/m/d",
    "Medium Date": "d-mmm-yy",
    "Long Date": 'yyyy"年"m"月"d"日"',
    "Short Time": "h:mm",
    "Medium Time": "h:mm AM/PM",
    "Long Time": "h:mm:ss",
}


def load_spreadsheetml(source: Source) -> Iterator[Element]:
    """Yield the tables of every sheet, then its comments."""
    file = XmlFile(source)
    events = file.events("Worksheet", "Row", "Style", "Table", "Visible")
    formats: dict[str, str] = {}
    found = False
    for event, element in events:
        name = local_name(element)
        if event == "end" and name == "Style":
            number = element.find("{*}NumberFormat")
            code = "" if number is None else _attribute(number, "Format")
            formats[_attribute(element, "ID")] = _NAMED_FORMATS.get(code, code or "General")
        elif event == "start" and name == "Worksheet":
            sheet = _Sheet(_attribute(element, "Name"), formats, source)
            for made in table_elements(sheet.rows(events), sheet=sheet.name):
                found = True
                yield made
            yield from sheet.notes
    if file.fault:
        source.missing = "rest_unreadable"
        if not found:
            yield from map(make_element, file.bare_texts())


class _Sheet:
    """One sheet while its rows stream by."""

    def __init__(self, name: str, formats: dict[str, str], source: Source) -> None:
        self.name = name
        self.notes: list[Element] = []
        self._formats = formats
        self._source = source
        self._merged = MergedCells()

    def rows(self, events: Iterator[tuple[str, Any]]) -> Iterator[Row]:
        """Yield the rows up to the end of the sheet."""
        last = 0
        for event, element in events:
            name = local_name(element)
            if event == "start":
                continue
            if name == "Worksheet":
                break
            if name == "Visible" and (element.text or "").startswith("SheetHidden"):
                self._source.warn("hidden_sheets")
            if name != "Row":
                continue
            number = min(_index(element, last + 1), LAST_ROW)
            last = number + _whole(_attribute(element, "Span"))
            yield from self._merged.filled_rows(number)
            texts = self._cells(element, number)
            self._merged.fill(number, texts)
            yield number, texts
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
        yield from self._merged.filled_rows(LAST_ROW + 1)

    def _cells(self, row: Any, number: int) -> list[str]:
        texts: list[str] = []
        column = 0
        style = _attribute(row, "StyleID")
        for cell in row:
            if local_name(cell) != "Cell":
                continue
            column = _index(cell, column + 1)
            while not _attribute(cell, "Index") and self._merged.is_filled(number, column):
                # Programs that write no places leave out the cells that a merged one covers.
                column += 1
            if column > WIDEST:
                break
            across, down = (
                _whole(_attribute(cell, "MergeAcross")),
                _whole(_attribute(cell, "MergeDown")),
            )
            if across or down:
                self._merged.add(number, min(number + down, LAST_ROW), column, column + across)
            code = self._formats.get(_attribute(cell, "StyleID") or style, "General")
            if text := _shown(cell, code):
                texts.extend([""] * (column - len(texts)))
                texts[column - 1] = text
            for comment in cell.iterfind("{*}Comment"):
                text = " ".join("".join(comment.itertext()).split())
                reference = f"{column_letters(column)}{number}"
                if element := note_element(reference, text, self.name):
                    self.notes.append(element)
            column += across
        return texts


def _shown(cell: Any, code: str) -> str:
    data = cell.find("{*}Data")
    if data is None:
        return ""
    text = "".join(data.itertext())
    kind = _attribute(data, "Type")
    try:
        if kind == "Number":
            number = float(text)
            return cleaned(shown(int(number) if number.is_integer() else number, code))
        if kind == "DateTime":
            return cleaned(shown(datetime.fromisoformat(text.strip()), code))
    except (ValueError, OverflowError):
        return cleaned(text)
    if kind == "Boolean":
        return "TRUE" if text.strip() == "1" else "FALSE"
    return cleaned(text)


def _attribute(element: Any, name: str) -> str:
    """Return an attribute whatever its namespace is."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return str(value)
    return ""


def _whole(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 8 else 0


def _index(element: Any, following: int) -> int:
    """Return the place that an element names, else the one after the last; never one before."""
    return max(_whole(_attribute(element, "Index")), following)
