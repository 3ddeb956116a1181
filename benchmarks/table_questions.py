"""Makes tables of many domains and questions about them, with the truth computed row by row.

Everything follows from the seed. The words for columns and the phrasing differ from table to table,
as people's do: headings with units in brackets, behind a stroke or in the title, cells with
thousands separators, per cent or 万, dates of several forms, blanks, rows of totals.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.table_domains import DOMAINS, Domain, Measure

Row = dict[str, object]


@dataclass(frozen=True)
class Question:
    """A question with its truth: texts that must all stand in the answer, or one number.

    ``others`` must not stand in it.
    """

    text: str
    kind: str
    document: str
    texts: tuple[str, ...] = ()
    number: float | None = None
    others: tuple[str, ...] = ()


@dataclass
class Made:
    domain: Domain
    document: str
    rows: list[Row] = field(default_factory=list)


def make_tables(seed: int, domains: tuple[Domain, ...] = DOMAINS) -> list[Made]:
    """Make one table of each domain."""
    made = []
    for number, domain in enumerate(domains):
        rng = random.Random(f"{seed}-{domain.title}")  # noqa: S311 - no secret
        table = Made(domain, f"{domain.title}_{seed}{number:02}.csv")
        names = domain.names(rng, rng.randrange(14, 28))
        for name in names:
            row: Row = {domain.key: name}
            for category in domain.categories:
                row[category.header] = rng.choice(category.values)
            for measure in domain.measures:
                value = round(rng.uniform(measure.low, measure.high), measure.decimals)
                row[measure.header] = value if measure.decimals else int(value)
            if domain.date:
                row[domain.date[0]] = (2023, rng.randrange(1, 13), rng.randrange(1, 28))
                if rng.random() < 0.3:
                    row[domain.date[0]] = (2022, rng.randrange(1, 13), rng.randrange(1, 28))
            table.rows.append(row)
        # Some cells are empty, as they are.
        for measure in domain.measures[1:]:
            for row in rng.sample(table.rows, 1):
                row[measure.header] = None
        made.append(table)
    return made


def write(table: Made, folder: Path) -> None:
    """Write a table as a CSV file."""
    domain = table.domain
    headers = list(table.rows[0])
    styles = {measure.header: measure for measure in domain.measures}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / table.document).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        if domain.preamble:
            blank = [""] * (len(headers) - 1)
            writer.writerow([domain.title, *blank])
            writer.writerow([domain.preamble, *blank])
        writer.writerow(headers)
        for row in table.rows:
            writer.writerow([_cell(row[name], styles.get(name), domain) for name in headers])
        if domain.total_row:
            sums = [
                _cell(sum(_numbers(table, name)), styles[name], domain)
                if name in styles and styles[name].adds_up
                else ""
                for name in headers[1:]
            ]
            writer.writerow(["合计", *sums])


def _numbers(table: Made, header: str) -> list[float]:
    return [float(value) for row in table.rows if isinstance(value := row[header], int | float)]


def _cell(value: object, measure: Measure | None, domain: Domain) -> str:
    if value is None:
        return "—" if len(domain.title) % 2 else ""
    if isinstance(value, tuple):
        year, month, day = value
        return {
            "iso": f"{year}-{month:02}-{day:02}",
            "slash": f"{year}/{month}/{day}",
            "chinese": f"{year}年{month}月{day}日",
            "compact": f"{year}{month:02}{day:02}",
        }[domain.date_style]
    if measure is None or not isinstance(value, int | float):
        return str(value)
    if measure.style == "percent":
        return f"{value}%"
    if measure.style == "comma":
        return f"{value:,.{measure.decimals}f}"
    if measure.style == "currency":
        return f"¥{value:.{measure.decimals}f}"
    return f"{value:.{measure.decimals}f}"


# Questions: several manners of asking for the same. Slots: n noun, w which, c counter, m measure,
# g group's word, v value, x number, u unit, a b names, k number of the first, d date words.
_FORMS: dict[str, tuple[str, ...]] = {
    "count_value": (
        "{g}为{v}的{n}有多少{c}？",
        "{v}的{n}一共有几{c}？",
        "请问{v}有多少{c}{n}",
        "{n}里面，{g}是{v}的有多少{c}？",
        "帮我数一下{v}的{n}有几{c}",
    ),
    "count_above": (
        "{m}超过{x}{u}的{n}有多少{c}？",
        "有几{c}{n}的{m}高于{x}{u}？",
        "{m}在{x}{u}以上的{n}共有多少{c}",
        "{m}大于{x}{u}的有多少{c}{n}？",
    ),
    "count_below": (
        "{m}低于{x}{u}的{n}有多少{c}？",
        "有多少{c}{n}{m}不足{x}{u}？",
        "{m}小于{x}{u}的{n}有几{c}",
    ),
    "count_date": (
        "{d}{t}的{n}有多少{c}？",
        "{d}一共{t}了多少{c}{n}？",
        "{t}时间在{d}的{n}有几{c}",
    ),
    "count_distinct": ("表中一共涉及多少个{g}？", "{n}分布在几个不同的{g}？", "总共有多少个{g}？"),
    "sum": (
        "所有{n}的{m}合计是多少？",
        "全部{n}的{m}总和是多少",
        "{m}一共是多少？",
        "请问{n}的{m}加起来有多少？",
        "总{m}是多少？",
    ),
    "sum_value": (
        "{v}的{m}总共是多少？",
        "{g}为{v}的{n}，{m}合计多少？",
        "{v}{n}的{m}加起来是多少",
        "计算一下{v}的{m}之和",
    ),
    "sum_date": ("{d}{t}的{n}{m}合计是多少？", "{d}{t}的{n}的{m}总和是多少"),
    "avg": (
        "{n}的平均{m}是多少？",
        "所有{n}的{m}平均值是多少",
        "{m}的均值是多少？",
        "平均每{c}{n}的{m}是多少？",
    ),
    "avg_value": ("{v}的平均{m}是多少？", "{g}为{v}的{n}平均{m}是多少？", "{v}的{n}{m}平均是多少"),
    "max": (
        "{w}{n}的{m}最高？",
        "{m}最高的{n}是{w}？",
        "{n}中{m}最高的是谁",
        "请问{m}最高的是{w}{n}？",
        "{m}排名第一的{n}是？",
    ),
    "min": (
        "{w}{n}的{m}最低？",
        "{m}最低的{n}是哪一个？",
        "请问{m}最少的是{w}{n}",
        "{m}最小的{n}是什么？",
    ),
    "max_value": ("{n}的{m}最高是多少？", "最高的{m}是多少？", "{m}的最大值是多少"),
    "max_filtered": (
        "{v}中{w}{n}的{m}最高？",
        "{g}为{v}的{n}里，{m}最高的是{w}？",
        "在{v}的{n}中，{m}最高的{n}是？",
    ),
    "second": ("{m}第二高的{n}是{w}？", "{w}{n}的{m}排名第二？"),
    "top": (
        "{m}最高的{k}{c}{n}是哪些？",
        "{m}排名前{k}的{n}有哪些？",
        "列出{m}前{k}名的{n}",
        "{n}{m}前{k}是谁？",
    ),
    "bottom": ("{m}最低的{k}{c}{n}是哪些？", "{m}最少的{k}{c}{n}分别是？"),
    "compare": (
        "{a}和{b}哪个的{m}更高？",
        "{a}与{b}相比，谁的{m}更高？",
        "{a}跟{b}，{m}哪个高一些？",
        "比较{a}和{b}的{m}，哪个更高？",
    ),
    "difference": (
        "{a}和{b}的{m}相差多少？",
        "{a}的{m}与{b}的{m}差多少",
        "{a}、{b}两者{m}的差距是多少？",
    ),
    "group_avg": ("{wg}的平均{m}最高？", "哪个{g}的{m}平均值最高？", "平均{m}最高的{g}是哪个？"),
    "group_count": ("哪个{g}的{n}最多？", "{n}最多的{g}是哪个？", "{n}数量最多的{g}是哪个？"),
    "group_sum": (
        "哪个{g}的{m}总和最高？",
        "{m}合计最多的{g}是哪个？",
        "按{g}统计，哪个{g}的总{m}最高？",
    ),
    "list_above": (
        "哪些{n}的{m}超过{x}{u}？",
        "列出{m}在{x}{u}以上的{n}",
        "{m}高于{x}{u}的有哪些{n}？",
    ),
    "list_both": ("{v}里{m}超过{x}{u}的{n}有哪些？", "{g}为{v}且{m}高于{x}{u}的{n}有多少{c}？"),
    "count_between": (
        "{m}在{x}到{y}{u}之间的{n}有多少{c}？",
        "{m}介于{x}{u}和{y}{u}之间的{n}有几{c}？",
    ),
}
_WRAPS = (
    "{}",
    "{}",
    "请问{}",
    "你好，我想知道{}",
    "根据《{title}》，{}",
    "在{title}里，{}",
    "麻烦查一下{}",
)


def make_questions(table: Made, seed: int, count: int) -> list[Question]:
    """Ask a table ``count`` questions of different forms."""
    rng = random.Random(f"{seed}-questions-{table.domain.title}")  # noqa: S311 - no secret
    kinds = list(_FORMS)
    rng.shuffle(kinds)
    found: list[Question] = []
    for kind in kinds * 3:
        if len(found) >= count:
            break
        question = _ask(table, kind, rng)
        if question is not None and question.text not in {each.text for each in found}:
            found.append(question)
    return found


def questions(seed: int, tables: list[Made], per_table: int) -> Iterator[Question]:
    """Ask all tables."""
    for table in tables:
        yield from make_questions(table, seed, per_table)


def _ask(table: Made, kind: str, rng: random.Random) -> Question | None:
    domain, rows = table.domain, table.rows
    additive = [each for each in domain.measures if each.adds_up]
    wants_sum = kind in ("sum", "sum_value", "sum_date", "group_sum")
    if wants_sum and not additive:
        return None
    measure = rng.choice(additive if wants_sum else domain.measures)
    category = rng.choice(domain.categories)
    value = rng.choice(sorted({str(row[category.header]) for row in rows}))
    spoken = rng.choice(measure.spoken)
    filled = [row for row in rows if row[measure.header] is not None]
    ranked = sorted(filled, key=lambda row: -_value(row, measure))
    names = [str(row[domain.key]) for row in ranked]
    chosen = [row for row in filled if row[category.header] == value]
    middle = _value(ranked[len(ranked) * rng.randrange(3, 7) // 10], measure)
    bound = _round(middle, measure)
    if kind in ("count_above", "list_above", "list_both") and any(
        _value(row, measure) == bound for row in filled
    ):
        # Whether 以上 takes the bound in is disputed.
        return None
    slots: dict[str, object] = {
        "n": domain.noun,
        "w": domain.which,
        "c": domain.counter,
        "m": spoken,
        "g": category.spoken,
        "wg": f"哪个{category.spoken}",
        "v": value,
        "x": _plain(bound),
        "u": measure.unit,
        "k": rng.choice((3, 5, "三", "五")),
    }
    texts: tuple[str, ...] = ()
    number: float | None = None
    others: tuple[str, ...] = ()

    def unique(place: int) -> bool:
        values = [_value(row, measure) for row in ranked]
        return values.count(values[place]) == 1

    if "date" in kind:
        if domain.date is None:
            return None
        header, verb = domain.date
        form = rng.choice(("month", "quarter", "range", "year"))
        year, month = 2023, rng.randrange(1, 10)
        months = {
            "month": (month, month),
            "quarter": (1, 3),
            "range": (month, month + 3),
            "year": (1, 12),
        }[form]
        slots |= {
            "t": verb,
            "d": {
                "month": f"{year}年{month}月",
                "quarter": f"{year}年第一季度",
                "range": f"{year}年{month}月到{month + 3}月",
                "year": f"{year}年",
            }[form],
        }
        inside = [
            row
            for row in rows
            if isinstance(when := row[header], tuple)
            and when[0] == year
            and months[0] <= when[1] <= months[1]
        ]
        if not inside:
            return None
        number = (
            float(len(inside))
            if kind == "count_date"
            else sum(_value(row, measure) for row in inside if row[measure.header] is not None)
        )
    elif kind == "count_value":
        number = float(sum(row[category.header] == value for row in rows))
    elif kind in ("count_above", "list_above"):
        above = [row for row in filled if _value(row, measure) > bound]
        if not 0 < len(above) < 12:
            return None
        if kind == "count_above":
            number = float(len(above))
        else:
            texts = tuple(str(row[domain.key]) for row in above)
            others = tuple(name for name in names if name not in texts)
    elif kind == "count_below":
        number = float(sum(_value(row, measure) < bound for row in filled))
    elif kind == "count_between":
        high = _round(_value(ranked[1], measure), measure)
        if high <= bound:
            return None
        slots["y"] = _plain(high)
        number = float(sum(bound <= _value(row, measure) <= high for row in filled))
    elif kind == "count_distinct":
        number = float(len({row[category.header] for row in rows}))
    elif kind == "sum":
        number = sum(_value(row, measure) for row in filled)
    elif kind == "sum_value":
        number = sum(_value(row, measure) for row in chosen)
    elif kind == "avg":
        number = sum(_value(row, measure) for row in filled) / len(filled)
    elif kind == "avg_value":
        if not chosen:
            return None
        number = sum(_value(row, measure) for row in chosen) / len(chosen)
    elif kind in ("max", "min", "second"):
        place = {"max": 0, "min": -1, "second": 1}[kind]
        if not unique(place) or not unique(0):
            return None
        texts = (names[place],)
        others = tuple(name for name in names if name not in texts)
    elif kind == "max_value":
        number = _value(ranked[0], measure)
    elif kind == "max_filtered":
        own = sorted(chosen, key=lambda row: -_value(row, measure))
        if len(own) < 2 or _value(own[0], measure) == _value(own[1], measure):
            return None
        texts = (str(own[0][domain.key]),)
        others = tuple(name for name in names if name not in texts)
    elif kind in ("top", "bottom"):
        limit = {"三": 3, "五": 5}.get(str(slots["k"])) or int(str(slots["k"]))
        ordered = ranked if kind == "top" else ranked[::-1]
        if _value(ordered[limit - 1], measure) == _value(ordered[limit], measure):
            return None
        texts = tuple(str(row[domain.key]) for row in ordered[:limit])
        others = tuple(name for name in names if name not in texts)
    elif kind in ("compare", "difference"):
        one, two = rng.sample(ranked, 2)
        if _value(one, measure) == _value(two, measure):
            return None
        slots |= {"a": one[domain.key], "b": two[domain.key]}
        if kind == "compare":
            best, worst = (one, two) if _value(one, measure) > _value(two, measure) else (two, one)
            texts, others = (str(best[domain.key]),), (str(worst[domain.key]),)
        else:
            number = abs(_value(one, measure) - _value(two, measure))
    elif kind in ("group_avg", "group_count", "group_sum"):
        groups: dict[str, list[Row]] = {}
        for row in rows if kind == "group_count" else filled:
            groups.setdefault(str(row[category.header]), []).append(row)
        figures = {}
        for name, own in groups.items():
            total = sum(_value(row, measure) for row in own) if kind != "group_count" else len(own)
            figures[name] = total / len(own) if kind == "group_avg" else total
        best_first = sorted(figures, key=lambda name: -figures[name])
        if len(best_first) < 2 or abs(figures[best_first[0]] - figures[best_first[1]]) < 1e-9:
            return None
        texts, others = (best_first[0],), tuple(best_first[1:])
    elif kind == "list_both":
        own = [row for row in chosen if _value(row, measure) > bound]
        if not own:
            return None
        form = rng.choice(_FORMS[kind])
        text = form.format(**slots)
        if "多少" in text:
            return _question(table, kind, text, rng, number=float(len(own)))
        texts = tuple(str(row[domain.key]) for row in own)
        return _question(
            table,
            kind,
            text,
            rng,
            texts=texts,
            others=tuple(name for name in names if name not in texts),
        )
    return _question(
        table,
        kind,
        rng.choice(_FORMS[kind]).format(**slots),
        rng,
        texts=texts,
        number=number,
        others=others,
    )


def _question(
    table: Made,
    kind: str,
    text: str,
    rng: random.Random,
    *,
    texts: tuple[str, ...] = (),
    number: float | None = None,
    others: tuple[str, ...] = (),
) -> Question:
    wrapped = rng.choice(_WRAPS).format(text, title=table.domain.title)
    # A name that stands in another one cannot be told apart by its letters.
    others = tuple(name for name in others if not any(name in text for text in texts))
    return Question(wrapped, kind, table.document, texts, number, others)


def _value(row: Row, measure: Measure) -> float:
    value = row[measure.header]
    assert isinstance(value, int | float)
    return float(value)


def _round(value: float, measure: Measure) -> float:
    """A number that a person would ask with."""
    if value >= 1000:
        return round(value / 100) * 100
    if value >= 20:
        return round(value / 5) * 5
    return round(value, 1) if measure.decimals else round(value)


def _plain(value: float) -> str:
    return f"{value:g}" if value < 100_000 else f"{value:.0f}"
