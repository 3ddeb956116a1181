"""The words of a question linked to a table: to its columns and its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz, process

from kb.answer.tables import words
from kb.answer.tables.amounts import number_conditions
from kb.answer.tables.columns import Column
from kb.answer.tables.dates import date_conditions
from kb.answer.tables.mentions import ColumnMention, Links, Span, ValueMention
from kb.answer.tables.sqlite import SheetDatabase, table_name
from kb.answer.tables.words import folded
from kb.types import SheetTable

# Cells are compared with the question one by one up to here, beyond it SQLite looks for them.
_MOST_DISTINCT = 20_000
_MOST_LINKED = 200
_FEW_VALUES = 15
_LIKE_ENOUGH = 89.0
_LONG_CELL = 6
_SURE_NAME = 0.55


def link(question: str, database: SheetDatabase) -> Links:
    """Link a question to a table."""
    text = folded(question).rstrip("?？。!！")
    links = Links(text)
    links.columns = list(_columns(text, database.columns))
    links.context = list(_context(text, database.table))
    mentions = [each for each in _values(text, database) if not _of_title(each, links.context)]
    values = _resolved(mentions, links.columns)
    spans = [(each.start, each.end) for each in values]
    spans += [(each.start, each.end) for each in links.columns if each.score >= _SURE_NAME]
    links.columns = [
        each
        for each in links.columns
        if not _inside_longer(each, spans) and not _aside(each, links.context)
    ]
    links.values = values
    taken = [(each.start, each.end) for each in values]
    links.conditions = [*date_conditions(database, links, taken)]
    taken += [(each.start, each.end) for each in links.conditions]
    links.conditions += number_conditions(database, links, taken)
    _link_likenesses(links, database)
    return links


# Columns


def _columns(text: str, columns: Sequence[Column]) -> Iterator[ColumnMention]:
    for column in columns:
        name = folded(column.name)
        if not name:
            continue
        found: dict[Span, float] = {}
        for term, score in _terms(column.name, name):
            for span in _occurrences(text, term):
                found[span] = max(score, found.get(span, 0.0))
        for span, score in found.items():
            inside = any(
                other != span and other[0] <= span[0] and span[1] <= other[1] and best >= score
                for other, best in found.items()
            )
            if not inside:
                yield ColumnMention(*span, column, score)


def _terms(name: str, whole: str) -> Iterator[tuple[str, float]]:
    yield whole, 1.0
    parts = [folded(part) for part in name.split()]
    if len(parts) > 1:
        yield parts[-1], 0.8
        for part in parts[:-1]:
            yield part, 0.5
    core = re.sub(r"(?:名称|情况|数值|日期|时间|总?金?额|数量|人?数|姓名|[(（].*)$", "", whole)
    if len(core) > 1 and core != whole:
        yield core, 0.5 + 0.4 * len(core) / len(whole)
    for size in range(len(whole) - 1, 1, -1):
        for start in range(len(whole) - size + 1):
            yield whole[start : start + size], 0.25 + 0.6 * size / len(whole)
    for group in words.GROUPS:
        own = [word for word in group if word in whole and (len(word) > 1 or whole == word)]
        if not own:
            continue
        # The nearer a word is to the whole heading, the surer the others stand for it.
        near = max(len(word) for word in own) / len(whole)
        for word in group:
            if len(word) > 1 or word in ("谁", "人"):
                yield word, 0.25 + 0.35 * near


def _occurrences(text: str, term: str) -> Iterator[Span]:
    start = text.find(term)
    while start >= 0:
        end = start + len(term)
        if not _cuts_word(text, start, end):
            yield start, end
        start = text.find(term, start + 1)


def _cuts_word(text: str, start: int, end: int) -> bool:
    """Tell a place inside a Latin word or a number."""
    return (start > 0 and _joined(text[start - 1], text[start])) or (
        end < len(text) and _joined(text[end - 1], text[end])
    )


def _joined(left: str, right: str) -> bool:
    return (left.isascii() and right.isascii()) and (
        (left.isalpha() and right.isalpha()) or (left.isdecimal() and right.isdecimal())
    )


# Cells


def _values(text: str, database: SheetDatabase) -> Iterator[ValueMention]:
    for column in database.columns:
        if column.kind == "text":
            for value, raw in _cells(text, column, database):
                for start, end in _occurrences(text, value):
                    if len(value) > 1 or _stands_alone(text, start, end, column):
                        yield ValueMention(start, end, column, raw, exact=True)


def _cells(
    text: str, column: Column, database: SheetDatabase
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The different cells of a column that may stand in a text, folded, with their spellings."""
    found = database.cells(column.index, limit=_MOST_DISTINCT + 1)
    if len(found) > _MOST_DISTINCT:
        found = database.cells(column.index, inside=text, limit=_MOST_DISTINCT)
    spellings: dict[str, list[str]] = {}
    for cell in found:
        spellings.setdefault(folded(cell), []).append(cell)
    for value, raw in spellings.items():
        if value and value in text:
            yield value, tuple(raw)


def _stands_alone(text: str, start: int, end: int, column: Column) -> bool:
    """Tell whether one letter is a cell's name here: 女员工, A级, 班级为3."""
    after, name = text[end : end + 1], folded(column.name)
    if text[start:end] in "男女":
        return True
    before = text[:start]
    named = before.endswith((name, name + "为", name + "是", name + "等于"))
    return bool(name) and (named or (bool(after) and after in "级类等型班组" and after in name))


def _resolved(mentions: list[ValueMention], columns: Sequence[ColumnMention]) -> list[ValueMention]:
    """Keep the longest of overlapping mentions, and one column for each."""
    text_columns = [each for each in columns if each.score >= 0.95]
    kept: list[ValueMention] = []

    def order(each: ValueMention) -> tuple[float, ...]:
        near = min(
            (
                abs(other.end - each.start)
                for other in columns
                if other.column.index == each.column.index and other.end <= each.start + 1
            ),
            default=99,
        )
        return (each.start - each.end, min(near, 9), each.column.distinct, each.column.index)

    for each in sorted(mentions, key=order):
        length = each.end - each.start
        overlaps = any(each.start < other.end and other.start < each.end for other in kept)
        # 销售 is no department where 销售额 is asked for.
        covered = any(
            other.start <= each.start
            and each.end <= other.end
            and other.end - other.start >= length
            for other in text_columns
        )
        if not overlaps and not covered:
            kept.append(each)
    return sorted(kept, key=lambda each: each.start)


def _context(text: str, table: SheetTable) -> Iterator[Span]:
    """Words of the question that the table's title, place or file already says."""
    titles = folded(" ".join((table_name(table), table.title, table.heading, table.document)))
    start = 0
    while start < len(text) - 1:
        end = start
        while end < len(text) and text[start : end + 1] in titles:
            end += 1
        if end - start > 1:
            yield start, end
            start = end
        else:
            start += 1


def _inside_longer(mention: ColumnMention, spans: Sequence[Span]) -> bool:
    """销售 names no column where 销售量 does."""
    return any(
        start <= mention.start and mention.end <= end and end - start > mention.end - mention.start
        for start, end in spans
    )


def _aside(mention: ColumnMention, context: Sequence[Span]) -> bool:
    """Words in a long piece of the table's title ask for no column."""
    length = mention.end - mention.start
    return any(
        start <= mention.start and mention.end <= end and end - start >= 2 * length + 2
        for start, end in context
    )


def _of_title(mention: ValueMention, context: Sequence[Span]) -> bool:
    """Words inside a longer piece of the table's title name no cell: 在建 in 在建工程台账."""
    return any(
        start <= mention.start
        and mention.end <= end
        and end - start >= mention.end - mention.start + 2
        for start, end in context
    )


def _link_likenesses(links: Links, database: SheetDatabase) -> None:
    """Add cells that the question writes almost alike, or of which it says a part."""
    links.values += list(_misspelt(links, database))
    for match in re.finditer(r"[^\s]{2,}", _left(links)):
        word = match[0]
        best: ValueMention | None = None
        for column in database.columns:
            if column.kind != "text" or column.is_ordinal:
                continue
            cells = database.cells(column.index, limit=_MOST_DISTINCT)
            own = {cell: folded(cell) for cell in cells}
            holding = [raw for raw, value in own.items() if word in value]
            if holding and len(holding) <= _MOST_LINKED:
                mention = ValueMention(
                    match.start(), match.end(), column, tuple(holding), exact=False
                )
                if best is None or len(holding) < len(best.values):
                    best = mention
        if best is not None:
            links.values.append(best)


def _misspelt(links: Links, database: SheetDatabase) -> Iterator[ValueMention]:
    """Long cells that stand in the question but for a letter."""
    linked = {each.column.index for each in links.values}
    for column in database.columns:
        if column.kind != "text" or column.index in linked:
            continue
        cells = database.cells(column.index, limit=_MOST_DISTINCT)
        own = {cell: value for cell in cells if len(value := folded(cell)) >= _LONG_CELL}
        close = process.extractOne(
            links.text, own, scorer=fuzz.partial_ratio, score_cutoff=_LIKE_ENOUGH
        )
        if close is None or len(close[0]) > len(links.text):
            continue
        place = fuzz.partial_ratio_alignment(links.text, close[0])
        if place is not None:
            yield ValueMention(place.src_start, place.src_end, column, (close[2],), exact=False)


def _left(links: Links) -> str:
    """The question with everything that is explained blanked out, letter for letter."""
    text = list(links.text)
    spans = [
        *((each.start, each.end) for each in links.columns),
        *((each.start, each.end) for each in links.values),
        *((each.start, each.end) for each in links.conditions),
        *links.context,
    ]
    for pattern in (
        words.COUNT,
        words.TOP,
        words.HIGHEST,
        words.LOWEST,
        words.SUM,
        words.AVERAGE,
        words.DIFFERENCE,
        words.RANK,
    ):
        spans.extend(match.span() for match in pattern.finditer(links.text))
    spans.extend(match.span() for match in words.FILLERS.finditer(links.text))
    for start, end in spans:
        text[start:end] = " " * (end - start)
    return "".join(text)
