"""Columns of a table with their types, told by the majority of their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from kb.answer.tables.values import (
    Number,
    is_blank,
    parse_date,
    parse_number,
    parse_unit,
    plain,
)
from kb.types import SheetRow, SheetTable
from loaders.sheets.columns import column_letters

Kind = Literal["number", "date", "text"]

# So many of the cells that say anything must be of a type for the column to be of it.
_MAJORITY = 0.7
_IDENTIFIER = re.compile(
    r"编号|编码|代码|代号|号码|单号|账号|帐号|卡号|学号|工号|证号|房号|车牌|流水号|批号|证书号|电话|手机|"
    r"传真|邮编|身份证|条码|序号|型号|\bids?$|_id$|^no\.?$|^(?:id|phone|zip|sku)\b"
)
_ORDINAL = re.compile(r"^(?:序号|行号|no\.?|编号|排序|#)$")
_YEAR_NAME = re.compile(r"年份|年度|^年$|year|届|[^每今近]年$")
_BRACKETED = re.compile(r"[(（\[【]([^()（）\[\]【】]*)[)）\]】]")
_AFTER_STROKE = re.compile(r"[/,，、:：_-]\s*(?:单位[:：]?\s*)?([^/,，、:：_()-]+(?:/[^/]+)?)$")
_TITLE_UNIT = re.compile(r"单位\s*[:：]\s*(?:人民币)?\s*([^\s，,;；。)）]+)")
_TOTAL = re.compile(
    r"(?:总\s*计|合\s*计|小\s*计|总\s*和|累\s*计|总\s*额|共\s*计|本页合计|"
    r"sub\s?total|(?:grand )?total|sum|平均值?|均值|average)[:：]?|.{1,12}(?:合计|小计|总计)"
)
_MONEY = re.compile(
    r"额|价|费|款|元|收入|支出|成本|利润|薪|工资|奖金|预算|余额|资产|负债|税|金$|产值"
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its place, its name without unit, what its cells are.

    ``unit`` and ``scale`` are those of its numbers: in 金额（万元） a cell 3 is 3 × 10,000 元.
    ``distinct`` is the share of different cells among those that say anything.
    """

    index: int
    letter: str
    header: str
    name: str
    kind: Kind
    unit: str = ""
    scale: float = 1.0
    distinct: float = 1.0
    filled: int = 0
    is_identifier: bool = False
    is_ordinal: bool = False

    def parse(self, text: str) -> str | float | None:
        """The typed value of a cell: a number in the column's unit, an ISO date, its text."""
        if is_blank(text):
            return None
        if self.kind == "text":
            return " ".join(text.split())
        if self.kind == "date":
            return _date(text)
        number = parse_number(text)
        if number is None:
            return None
        if number.scale == 1.0:
            return number.value
        return float(f"{number.amount / self.scale:.12g}")


def typed_columns(table: SheetTable, sample: Sequence[SheetRow]) -> list[Column]:
    """Tell the columns' types from some rows, those of totals left out."""
    rows = [row.cells for row in sample if not is_total(row.cells)]
    title_unit = _title_unit(table)
    columns = []
    for index in range(table.width):
        header = table.header[index] if table.header else ""
        cells = [row[index] for row in rows if not is_blank(row[index])]
        columns.append(_typed(table, index, " ".join(header.split()), cells, title_unit))
    return columns


def is_total(cells: Sequence[str]) -> bool:
    """Tell a row that sums up others: one of its first cells says so."""
    words = [plain(cell) for cell in cells if cell.strip()][:2]
    return any(_TOTAL.fullmatch(word) for word in words)


def _typed(
    table: SheetTable, index: int, header: str, cells: Sequence[str], title_unit: Number | None
) -> Column:
    name, unit = _name_and_unit(plain(header))
    identifier = bool(_IDENTIFIER.search(name))
    kind: Kind = "text"
    numbers = [number for cell in cells if (number := parse_number(cell)) is not None]
    needed = max(1, _MAJORITY * len(cells))
    years = bool(_YEAR_NAME.search(name)) and all(
        number.value.is_integer() and 1800 <= number.value <= 2200 for number in numbers
    )
    if cells and not identifier:
        dates = sum(parse_date(cell) is not None for cell in cells)
        if dates >= needed and not (len(numbers) >= needed and _no_dates(name, cells)):
            kind = "date"
        elif len(numbers) >= needed:
            kind = "date" if years and numbers else "number"
    if kind == "number" and unit is None:
        units = {number.unit for number in numbers}
        scales = {number.scale for number in numbers}
        if len(units) == 1 and units != {""}:
            unit = Number(1.0, min(scales), units.pop())
        elif title_unit is not None and (title_unit.unit != "元" or _MONEY.search(name)):
            unit = title_unit
    return Column(
        index=index,
        letter=column_letters(table.first_column + index),
        header=header,
        name=name,
        kind=kind,
        unit=unit.unit if unit else "",
        scale=unit.scale if unit else 1.0,
        distinct=len(set(cells)) / len(cells) if cells else 0.0,
        filled=len(cells),
        is_identifier=identifier,
        is_ordinal=bool(_ORDINAL.search(name)),
    )


def _no_dates(name: str, cells: Sequence[str]) -> bool:
    """Eight digits may be a date or a count: only the column's name can tell."""
    return all(cell.strip().isdecimal() for cell in cells) and not re.search(
        "日|期|时间|date|月|day", name
    )


def _name_and_unit(header: str) -> tuple[str, Number | None]:
    """Part a heading into its name and its unit: 金额（万元）, 产量/吨, 单价:元."""
    unit = None
    for match in _BRACKETED.finditer(header):
        if (found := parse_unit(match[1])) is not None:
            unit = found
            header = header.replace(match[0], " ")
    if unit is None and (end := _AFTER_STROKE.search(header)) and end.start():
        unit = parse_unit(end[1])
        header = header[: end.start()] if unit else header
    return " ".join(header.split()), unit


def _title_unit(table: SheetTable) -> Number | None:
    found = _TITLE_UNIT.search(plain(table.title)) or _TITLE_UNIT.search(plain(table.heading))
    return parse_unit(found[1]) if found else None


def _date(text: str) -> str | None:
    found = parse_date(text)
    if found is None and (number := parse_number(text)) is not None and number.value.is_integer():
        return f"{int(number.value)}" if 1800 <= number.value <= 2200 else None
    return found
