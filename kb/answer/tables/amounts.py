"""Numbers of a question as conditions: above, below, between, in the unit of their column."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.answer.tables.columns import Column
from kb.answer.tables.mentions import Condition, Links, Span
from kb.answer.tables.plan import Filter
from kb.answer.tables.sqlite import SheetDatabase
from kb.answer.tables.values import Number, parse_written_number

_SCALE = "万亿|亿|千万|百万|万|千(?!克|米|瓦|卡)"
_UNITS = (
    "元/平方米|元/平米|元/㎡|元每平方米|平方米|平方公里|立方米|公里|公斤|千克|千米|千瓦时|千瓦|千卡|"
    "万元|亿元|美元|欧元|日元|港元|人民币|块钱|块|元|毫米|厘米|米|分钟|个小时|小时|秒|天|个月|年|周岁|岁|吨|斤|克|升|毫升|亩|公顷|"
    "人次|人|名|位|个|台|"
    "套|件|只|支|张|份|本|辆|部|间|户|家|次|分|股|度|倍|平|箱|瓶|盒|%|‰|℃|"
    "km|kg|cm|mm|㎡|m|g|t|kwh|kw|w|mb|gb|h"
)
_N = (
    r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|"
    r"[一二两三四五六七八九十百千]+(?=[万亿元岁个人名套台件分年天次%])"
)
_NUMBER = rf"(?:{_N})(?:{_SCALE})?(?:{_UNITS})?"
_BEFORE = {
    ">=": "不低于|不少于|不小于|不短于|不早于|至少|最少|起码|大于等于|高于等于|大于或等于|>=|≥|"
    "(?<![未没有])达到|(?<![不未])满",
    "<=": "不超过|不高于|不大于|不多于|不长于|不晚于|至多|最多|顶多|小于等于|低于等于|小于或等于|"
    "<=|≤|以内",
    ">": "超过|大于|高于|多于|超出|突破|长于|重于|贵于|>|超",
    "<": "低于|小于|少于|不足|不到|不满|未满|短于|未达|没到|没有达到|未达到|<",
    "=": "等于|恰好|正好|刚好|为|是|=",
}
_ABOVE = re.compile(r"(?:以上|及以上|或以上|以上的|往上|起)")
_BELOW = re.compile(r"(?:以下|及以下|或以下|以内|之内|往下)")
_BETWEEN = re.compile(
    rf"(?P<lead>介于|在|处于|位于|从)?(?P<low>{_NUMBER})(?:到|至|~|-|—|–|和|与|及)"
    rf"(?P<high>{_NUMBER})(?P<tail>之间|范围|区间|以内|不等|的|$)?"
)


def number_conditions(
    database: SheetDatabase, links: Links, taken: Sequence[Span]
) -> list[Condition]:
    """Find the comparisons with numbers outside what is ``taken``."""
    text = links.text
    taken = list(taken)
    found: list[Condition] = []
    for match in _BETWEEN.finditer(text):
        if not (match["lead"] or match["tail"] in ("之间", "范围", "区间")):
            continue
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        low, high = parse_written_number(match["low"]), parse_written_number(match["high"])
        if low is None or high is None:
            continue
        # 3到5万: the unit said once is that of both.
        if low.scale == 1.0 and not low.unit and (high.scale > 1.0 or high.unit):
            low = Number(low.value, high.scale, high.unit)
        column = _number_column(text, match.start(), match.end(), high, database, links)
        values = (_in_unit(low, column), _in_unit(high, column)) if column else ()
        condition = Filter(column.index, "between", values) if column else None
        found.append(Condition(match.start(), match.end(), condition))
        taken.append(match.span())
    for comparison, pattern in _BEFORE.items():
        for match in re.finditer(rf"(?:{pattern})(?:了|于)?(?P<number>{_NUMBER})", text):
            tail = _ABOVE.match(text, match.end()) or _BELOW.match(text, match.end())
            own = comparison
            if comparison == "=" and tail:
                own = ">=" if _ABOVE.match(text, match.end()) else "<="
            end = tail.end() if tail else match.end()
            _add(found, taken, text, (match.start(), end), own, match["number"], database, links)
    for match in re.finditer(_NUMBER, text):
        above, below = _ABOVE.match(text, match.end()), _BELOW.match(text, match.end())
        tail = above or below
        if tail is not None:
            span = (match.start(), tail.end())
            comparison = ">=" if above else "<="
            _add(found, taken, text, span, comparison, match[0], database, links)
    return found


def _add(
    found: list[Condition],
    taken: list[Span],
    text: str,
    span: Span,
    comparison: str,
    written: str,
    database: SheetDatabase,
    links: Links,
) -> None:
    if any(start < span[1] and span[0] < end for start, end in taken):
        return
    number = parse_written_number(written)
    if number is None:
        return
    column = _number_column(text, span[0], span[1], number, database, links)
    if column is None and comparison == "=":
        return
    condition = (
        Filter(column.index, comparison, (_in_unit(number, column),))  # type: ignore[arg-type]
        if column
        else None
    )
    found.append(Condition(*span, condition))
    taken.append(span)


def _number_column(
    text: str, start: int, end: int, number: Number, database: SheetDatabase, links: Links
) -> Column | None:
    """The column that a number is compared with: named before it, of its unit, or the only one."""
    numeric = [
        column
        for column in database.columns
        if column.kind == "number" and not column.is_ordinal and not column.is_identifier
    ]
    fitting = [
        column
        for column in numeric
        if not number.unit or not column.unit or _same_measure(number.unit, column.unit)
    ]
    best: tuple[float, Column] | None = None
    for mention in links.columns:
        if mention.column not in fitting:
            continue
        between = text[mention.end : start] if mention.end <= start else ""
        if mention.end <= start and len(between) <= 10 and not re.search("[,，;；]", between):
            score = mention.score - 0.06 * len(between)
        elif mention.start >= end and mention.start - end <= 3:
            score = mention.score - 0.5
        else:
            continue
        if number.unit and number.unit == mention.column.unit:
            score += 0.3
        if best is None or score > best[0]:
            best = (score, mention.column)
    if best is not None:
        return best[1]
    if number.unit:
        own = [column for column in fitting if column.unit == number.unit]
        if not own:
            own = [column for column in fitting if _unit_fits_name(number.unit, column.name)]
        if len(own) == 1:
            return own[0]
    return fitting[0] if len(fitting) == 1 else None


_MEASURES_OF_UNITS = {
    "岁": "年龄",
    "元": "额|价|费|款|工资|薪|成本|收入|利润|预算|奖金|支出|金",
    "人": "人数|人",
    "天": "天|时长|周期|工期",
    "分": "分|成绩",
    "㎡": "面积",
    "%": "率|比|占|幅|速",
    "kg": "重|质量",
    "年": "年限|工龄|教龄|司龄|年",
    "小时": "时长|工时|小时",
    "km": "里程|距离|长",
    "次": "次",
}


def _unit_fits_name(unit: str, name: str) -> bool:
    pattern = _MEASURES_OF_UNITS.get(unit)
    return bool(pattern and re.search(pattern, name))


def _same_measure(one: str, other: str) -> bool:
    if one == other or one in other or other in one:
        return True
    # Counters of things are used for each other; measures are not.
    counters = "个台套件只支张份本辆部间户家次人名位箱瓶盒"
    return one in counters and other in counters


def _in_unit(number: Number, column: Column) -> float:
    """A number of the question in the unit of a column: 5000万元 in 万元 is 5000."""
    if number.scale == 1.0 and (not number.unit or number.unit in ("个", "%")):
        return number.value
    if number.scale == 1.0 and column.unit != number.unit and column.scale == 1.0:
        return number.value
    return float(f"{number.amount / column.scale:.12g}")
