"""Dates of a question as conditions: months, quarters, ranges, before and after."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kb.answer.tables.columns import Column
from kb.answer.tables.mentions import Condition, Links, Span
from kb.answer.tables.plan import Filter
from kb.answer.tables.sqlite import SheetDatabase, quoted, table_name
from kb.answer.tables.words import folded
from kb.text.numerals import parse_numeral

_Y = (
    r"(?P<{0}y>(?:19|20)\d{{2}}|[一二][零〇○一二三四五六七八九]{{3}}(?=年))"
    r"(?:年度?|[-/.](?=\d{{1,2}}(?!\d)))"
)
_MD = (
    r"(?P<{0}m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])(?:月份?|[-/.](?=\d))"
    r"(?:(?P<{0}d>3[01]|[12]\d|0?[1-9])[日号]?)?"
)
_DATE = re.compile(_Y.format("a") + "的?(?:" + _MD.format("a") + ")?|" + _MD.format("b"))
_DASHED = re.compile(r"(?P<y>(?:19|20)\d{2})[-/.](?P<m>\d{1,2})(?:[-/.](?P<d>\d{1,2}))?")
_PERIOD = re.compile(
    r"(?P<y>(?:19|20)\d{2})年?度?的?(?:第?(?P<q>[1-4一二三四])季度?|q(?P<q2>[1-4])|(?P<h>上|下)半年)"
    r"|(?:第(?P<q3>[1-4一二三四])季度?|(?P<q4>[一二三四])季度|(?P<h2>上|下)半年)"
)
_TO = re.compile(r"(?:到|至|~|-|—|–|和|与)(?:了)?$")
_AFTER = re.compile(r"(?:及其?)?(?P<op>之前|以前|前|之后|以后|后|起|开始|以来|至今|至?以来)")


@dataclass(frozen=True, slots=True)
class _Day:
    """A day, a month or a year, the first day of it and the first after it."""

    start: int
    end: int
    first: str
    after: str


def date_conditions(
    database: SheetDatabase, links: Links, taken: Sequence[Span]
) -> Iterator[Condition]:
    """Yield the comparisons with dates outside what is ``taken``.

    A date that the table's title says is added to the links' context instead.
    """
    text = links.text
    columns = [column for column in database.columns if column.kind == "date"]
    titles = folded(" ".join((table_name(database.table), database.table.title)))
    named = [(each.start, each.end) for each in links.columns if each.score >= 0.95]
    days = [
        day
        for day in _days(text, database, columns)
        if not _overlaps(day, taken) and not _overlaps(day, named)
    ]
    position = 0
    while position < len(days):
        day = days[position]
        position += 1
        start, end, first, after = day.start, day.end, day.first, day.after
        if position < len(days) and _TO.fullmatch(text[end : days[position].start]):
            after, end = days[position].after, days[position].end
            position += 1
            while text[end : end + 2] in ("之间", "期间"):
                end += 2
        elif op := _AFTER.match(text, end):
            end = op.end()
            if op["op"] in ("之前", "以前", "前"):
                first, after = "", day.first
            elif op["op"] in ("之后", "以后", "后"):
                first, after = day.after, "9999"
            else:
                first, after = day.first, "9999"
        column = _date_column(text, start, end, columns)
        if column is None:
            if text[start:end] in titles:
                links.context.append((start, end))
            elif columns:
                yield Condition(start, end, None)
            continue
        condition = Filter(column.index, "between", (first, after))
        if text[start:end] in titles and not _holds(database, condition):
            links.context.append((start, end))
            continue
        yield Condition(start, end, condition)


def _days(text: str, database: SheetDatabase, columns: Sequence[Column]) -> Iterator[_Day]:
    found: list[_Day] = []
    for match in _PERIOD.finditer(text):
        year = match["y"] or _only_year(text, database, columns)
        if year is None:
            continue
        quarter = match["q"] or match["q2"] or match["q3"] or match["q4"]
        half = match["h"] or match["h2"]
        if quarter:
            number = "一二三四".find(quarter) + 1 or int(quarter)
            low, high = 3 * number - 2, 3 * number
        else:
            low, high = (1, 6) if half == "上" else (7, 12)
        first, _ = _bounds(int(year), low, None)
        _, after = _bounds(int(year), high, None)
        found.append(_Day(*match.span(), first, after))
    for match in (*_DASHED.finditer(text), *_DATE.finditer(text)):
        if any(match.start() < day.end and day.start < match.end() for day in found):
            continue
        groups = match.groupdict()
        year_text = groups.get("ay") or groups.get("y")
        month = groups.get("am") or groups.get("m") or groups.get("bm")
        day_text = groups.get("ad") or groups.get("d") or groups.get("bd")
        if year_text is None:
            earlier = [day for day in found if day.end <= match.start()]
            year_text = earlier[-1].first[:4] if earlier else _only_year(text, database, columns)
        if year_text is None or not 0 <= _int(month) <= 12:
            continue
        first, after = _bounds(_int(year_text), _int(month) or None, _int(day_text) or None)
        found.append(_Day(*match.span(), first, after))
    return iter(sorted(found, key=lambda day: day.start))


def _bounds(year: int, month: int | None, day: int | None) -> tuple[str, str]:
    """The first day of a period, and the first after it, as far as the period tells."""
    if month is None:
        return f"{year}", f"{year + 1}"
    if day is None:
        later = (year, month + 1) if month < 12 else (year + 1, 1)
        return f"{year}-{month:02}", f"{later[0]}-{later[1]:02}"
    day = min(day, calendar.monthrange(year, month)[1])
    # Nothing but this day sorts between it and it with a letter behind.
    return f"{year}-{month:02}-{day:02}", f"{year}-{month:02}-{day:02}~"


def _int(text: str | None) -> int:
    return (parse_numeral(text) or 0) if text else 0


def _only_year(text: str, database: SheetDatabase, columns: Sequence[Column]) -> str | None:
    """The year that is meant where none is said: that of the question, or of all the dates."""
    if said := re.search(r"(?:19|20)\d{2}(?=年)", text):
        return said[0]
    for column in columns:
        name = database.column(column.index)
        low, high = database.run(
            f"SELECT MIN({name}), MAX({name}) FROM {quoted(database.name)}"  # noqa: S608 - quoted
        )[0]
        if isinstance(low, str) and isinstance(high, str) and low[:4] == high[:4]:
            return low[:4]
    return None


def _date_column(text: str, start: int, end: int, columns: Sequence[Column]) -> Column | None:
    """The date column that a date is of: the one named next to it, else the first."""
    best: tuple[float, Column] | None = None
    around = text[max(0, start - 8) : start] + text[end : end + 8]
    for column in columns:
        name = folded(column.name)
        said = sum(
            name[place : place + 2] in around
            for place in range(len(name) - 1)
            if name[place : place + 2] not in ("日期", "时间", "年份", "月份")
        )
        if best is None or said > best[0]:
            best = (said, column)
    return best[1] if best else None


def _holds(database: SheetDatabase, condition: Filter) -> bool:
    name = database.column(condition.column)
    return bool(
        database.run(
            f"SELECT 1 FROM {quoted(database.name)} WHERE {name} >= ? AND {name} < ?",  # noqa: S608
            condition.values,
            limit=1,
        )
    )


def _overlaps(day: _Day, spans: Sequence[Span]) -> bool:
    return any(start < day.end and day.start < end for start, end in spans)
