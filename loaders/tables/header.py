"""Which rows at the top of a grid of cells are its header, if any.

A header row holds short labels of what stands below. Evidence for it are columns of numbers under
words; evidence against it are columns whose cells are as mixed as a form's (name, date, address …),
where the labels stand at the left of each value.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_LONGEST_HEADER = 60
_MOST_HEADER_ROWS = 5
_LOOKED_AT = 20
_LONG = 24
_ALIKE = 0.75
"""Share of a column's cells that are of one kind in a column under a header."""

_MOSTLY = 0.6
_FORM_SHARE = 0.2

_NUMERIC = re.compile(
    r"[-+(]?\s*[¥￥$€£]?\s*[-+]?\d[\d,，]*(?:\.\d+)?(?:[eE][-+]?\d+)?\s*[%‰)]?"
    r"|\d{4}[-/.年]\d{1,2}(?:[-/.月]\d{1,2}日?)?(?:\s+\d{1,2}:\d{2}(?::\d{2})?)?|\d{1,2}:\d{2}(?::\d{2})?"
)
_YEAR = re.compile(r"(?:19|20)\d{2}(?:年|年度)?")
_NOTHING = re.compile(r"[-—–/\\*.…]{1,4}|n/?a|无|none|null", re.IGNORECASE)
_PERIOD = re.compile(
    r"(?:19|20)\d{2}(?:\s*[-/.年]\s*\d{1,2})?(?:\s*[-/.月]\s*\d{1,2}\s*日?)?"
    r"|第?\d+(?:\s*[-–~～至到]\s*\d+)?\s*(?:年|月|日|季度?|个月|天|期|岁|级|次|周|名|%)|[QH][1-4]",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_WEB = re.compile(r"https?://|www\.|\S@\S+\.\S")
# What columns are usually called: the one thing that tells "item, content" from "name, Li Lei".
_LABEL = re.compile(
    r"(?:名称|姓名|项目|内容|金额|数量|单价|总价|日期|时间|编号|序号|号码|类型|类别|分类|型号|规格|单位|备注|"
    r"说明|比例|占比|参数|参数值|指标|数值|值|描述|释义|部门|职务|地区|区域|状态|等级|标准|要求|结果|合计|余额|"
    r"年份|月份|年度|价格|均价|期末|期初|本期|上期|定义|含义|要点|属性|字段|变动|情况|方式|标题|"
    r"name|value|item|type|date|amount|description|key|id|no\.?|number|title|content|unit|price|"
    r"total|count|status|category|parameter|remark|notes?|field)$",
    re.IGNORECASE,
)


def is_numeric(text: str) -> bool:
    """Tell whether a cell shows a number, a date or a time."""
    return _NUMERIC.fullmatch(text.strip()) is not None


def is_column_name(text: str) -> bool:
    """Tell whether a text is, or ends like, what columns are usually called: name, date, amount."""
    return _LABEL.search(_BRACKETS.sub("", text).strip()) is not None


def header_rows(grid: Sequence[Sequence[str]]) -> int:
    """Count the header rows at the top of a grid; several where upper labels group lower ones."""
    if len(grid) < 2:
        return 0
    looked = grid[:_LOOKED_AT]
    width = max(len(_texts(row)) for row in looked)
    if not _may_be_header(looked[0], width) or _is_form(looked):
        return 0
    count = 1
    while (
        count < min(_MOST_HEADER_ROWS, len(looked) - 1)
        and _may_be_header(looked[count], width)
        and (
            _groups_columns(looked[count - 1], looked[count])
            or (count == 1 and _groups_over_gaps(looked))
        )
    ):
        count += 1
    return count


def merged_header(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Name every column by all the labels above it, the upper first."""
    width = max(map(len, rows), default=0)
    if len(rows) > 1 and _groups_over_gaps(rows):
        rows = [_reaching_right(rows[0], rows[1]), *rows[1:]]
    merged = []
    for column in range(width):
        parts = dict.fromkeys(
            " ".join(row[column].split()) for row in rows if column < len(row) and row[column]
        )
        merged.append(" ".join(parts))
    return tuple(merged)


def _texts(cells: Sequence[str]) -> list[str]:
    return [text for text in cells if text]


def _may_be_header(cells: Sequence[str], width: int) -> bool:
    texts = _texts(cells)
    return len(texts) >= max(1, (width + 1) // 2) and all(
        len(text) <= _LONGEST_HEADER and (not is_numeric(text) or _YEAR.fullmatch(text))
        for text in texts
    )


def _groups_columns(upper: Sequence[str], lower: Sequence[str]) -> bool:
    """Tell whether one label of the upper row spans columns that the lower row tells apart.

    Where the upper row groups nothing, a lower row of the header repeats it (cells merged over both
    rows) or is empty; a row of data says something else there.
    """
    spanned = [
        column
        for column in range(min(len(upper), len(lower)) - 1)
        if upper[column] and upper[column] == upper[column + 1]
    ]
    if all(lower[column] == lower[column + 1] for column in spanned):
        return False
    grouped = {*spanned, *(column + 1 for column in spanned)}
    return all(
        column in grouped or not above or not below or above == below
        for column, (above, below) in enumerate(zip(upper, lower, strict=False))
    )


def _groups_over_gaps(rows: Sequence[Sequence[str]]) -> bool:
    """Tell the same where a label stands only above the first of its columns, as in csv files."""
    upper, lower = rows[0], rows[1]
    gaps = [
        column
        for column, text in enumerate(lower)
        if text and not (column < len(upper) and upper[column])
    ]
    if not gaps or gaps[0] == 0:
        return False
    reached = _reaching_right(upper, lower)
    if any(not reached[column] for column in gaps):
        return False
    return _groups_columns(reached, lower) and all(
        is_numeric(row[column]) or not row[column] or _NOTHING.fullmatch(row[column])
        for row in rows[2:_LOOKED_AT]
        for column in gaps
        if column < len(row)
    )


def _reaching_right(upper: Sequence[str], lower: Sequence[str]) -> list[str]:
    """Repeat each label over the empty cells at its right that have something below them."""
    reached: list[str] = []
    for column in range(max(len(upper), len(lower))):
        text = upper[column] if column < len(upper) else ""
        below = lower[column] if column < len(lower) else ""
        before_below = lower[column - 1] if 0 < column <= len(lower) else ""
        if not text and below and before_below and reached:
            text = reached[-1]
        reached.append(text)
    return reached


def _is_form(rows: Sequence[Sequence[str]]) -> bool:
    """Tell a form, whose labels stand at the left of their values, from a table with a header."""
    first, body = rows[0], rows[1:]
    columns = range(max(map(len, rows)))
    distinct = dict.fromkeys(_texts(first))
    kinds = [Counter(_kinds(body, column)) for column in columns]
    if _named_by_label(distinct) or any(
        _share(kinds[column], "number") >= _MOSTLY and sum(kinds[column].values()) > 1
        for column in columns[1:]
        if column < len(first) and first[column] and not _is_value(first[column])
    ):
        return False
    used = [
        column
        for column in columns
        if column < len(first) and first[column] and not _repeats(rows, column)
    ]
    if len(used) < 2:
        return False
    if len(used) % 2 == 0 and len(body) > 1 and _alternates(first, used, kinds):
        return True
    others = [text for text in distinct if text != first[used[0]]]
    values = [text for text in others if _is_value(text)]
    if not values or len(values) == len(others) or len(values) < _FORM_SHARE * len(others):
        return False
    return len(body) < 3 or any(
        first[column] in values and _top_share(kinds[column]) < _ALIKE for column in used
    )


def _named_by_label(distinct: dict[str, None]) -> bool:
    """Tell whether the texts are what columns are usually called."""
    labels = sum(map(is_column_name, distinct))
    return labels == len(distinct) or (len(distinct) > 2 and labels > _MOSTLY * len(distinct))


def _alternates(first: Sequence[str], used: list[int], kinds: list[Counter[str]]) -> bool:
    """Tell whether columns of labels stand beside columns of values of all kinds."""
    labels, values = used[::2], used[1::2]
    if any(_is_value(first[column]) or kinds[column]["number"] for column in labels):
        return False
    return (
        len(used) > 2 and sum(_is_value(first[column]) for column in values) * 2 >= len(values)
    ) or all(
        sum(kinds[column].values()) > 1 and _top_share(kinds[column]) < _ALIKE for column in values
    )


def _repeats(rows: Sequence[Sequence[str]], column: int) -> bool:
    """Tell a column that only repeats the one before it, as cells merged over both do."""
    return column > 0 and all(column >= len(row) or row[column] == row[column - 1] for row in rows)


def _kinds(rows: Sequence[Sequence[str]], column: int) -> list[str]:
    """Return the kinds of a column's cells, empty ones left out; a merged cell counts once."""
    found = []
    before = ""
    for row in rows:
        text = row[column].strip() if column < len(row) else ""
        if text and text != before and not _NOTHING.fullmatch(text):
            found.append(_kind(text))
        before = text
    return found


def _kind(text: str) -> str:
    if is_numeric(text):
        return "number"
    if _WEB.search(text):
        return "web"
    if len(text) > _LONG:
        return "long"
    return "mixed" if any(map(str.isdigit, text)) else "word"


def _is_value(text: str) -> bool:
    """Tell a text that is rather something said of a thing than the name of a column."""
    if is_numeric(text):
        return not _YEAR.fullmatch(text)
    bare = _PERIOD.sub("", _BRACKETS.sub("", text))
    return (
        any(map(str.isdigit, bare))
        or len(text) > _LONG
        or _WEB.search(text) is not None
        or "。" in text
    )


def _share(kinds: Counter[str], kind: str) -> float:
    return kinds[kind] / max(1, sum(kinds.values()))


def _top_share(kinds: Counter[str]) -> float:
    return max(kinds.values(), default=0) / max(1, sum(kinds.values()))
