"""Plans for questions of a plain form: most, total, how many, the first three, which is higher."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kb.answer.tables import words
from kb.answer.tables.columns import Column
from kb.answer.tables.mentions import Links, ValueMention
from kb.answer.tables.plan import Aggregate, Filter, Plan, Ranking
from kb.answer.tables.reading import Reading
from kb.answer.tables.sqlite import SheetDatabase
from kb.text.numerals import parse_numeral

# From here on a column's cells name their rows.
_NAMES_ROWS = 0.9


@dataclass(frozen=True, slots=True)
class Drafted:
    """A plan with how well the table explains the question: 1 where nothing is left over."""

    plan: Plan
    fit: float
    is_sure: bool


def draft(links: Links, database: SheetDatabase) -> Drafted | None:
    """Plan a question of a plain form; None where its form is another, or its measure unclear."""
    if not database.table.header:
        return None
    drawn = _Forms(links, database)
    plan = drawn.plan()
    if plan is None:
        return None
    plan = replace(plan, columns=plan.columns or drawn.shown(plan))
    if _is_looked_up(plan, database):
        return None
    unresolved = any(condition.filter is None for condition in links.conditions)
    return Drafted(plan, links.fit(drawn.used), drawn.sure and not unresolved)


class _Forms(Reading):
    """The forms, each a plan or None; the first that fits is taken."""

    def plan(self) -> Plan | None:
        for form in (
            self._compare,
            self._nested,
            self._top,
            self._extreme,
            self._each,
            self._average,
            self._count,
            self._sum,
            self._listing,
        ):
            plan = form()
            if plan is not None:
                return plan
        return None

    def _compare(self) -> Plan | None:
        groups: dict[int, list[ValueMention]] = {}
        for mention in self.links.values:
            groups.setdefault(mention.column.index, []).append(mention)
        several = [found for found in groups.values() if len(found) > 1]
        difference = words.DIFFERENCE.search(self.text)
        if not several or not (difference or words.COMPARE.search(self.text)):
            return None
        mentions = max(several, key=len)
        behind = self.text[mentions[1].end :]
        between = self.text[mentions[0].end : mentions[1].start]
        low = words.COMPARED_LOW.search(behind)
        high = re.search(r"更|较|高|大|多|长|贵|快|强|好|重|晚|谁|哪", behind)
        compared = re.search(r"比|和|与|跟|还是|、|,|及|同", between) or "比" in behind
        if not (difference or low or high) or not compared:
            return None
        if not difference and not re.search(r"谁|哪|更|比较|孰|还是|相比|对比", self.text):
            return None
        if (words.SUM.search(self.text) or words.AVERAGE.search(self.text)) and not re.search(
            "更|哪|谁|差", behind
        ):
            return None
        anchor = low or high
        measure = self.measure(mentions[-1].end + (anchor.start() if anchor else 0))
        if measure is None:
            return None
        column = mentions[0].column
        filters = self.filters(leave=column.index)
        values = tuple(dict.fromkeys(value for each in mentions for value in each.values))
        if len(values) < 2:
            return None
        filters = (*filters, Filter(column.index, "in", values))
        for pattern in (words.COMPARE, words.COMPARED_LOW, words.DIFFERENCE, words.HIGHEST):
            self.use(pattern)
        grouped = self.repeats(column, values)
        return Plan(
            "compare",
            columns=(column.index,),
            measure=measure.index,
            filters=filters,
            group_by=column.index if grouped else None,
            aggregate=self.aggregate(measure) if grouped else None,
            descending=low is None or difference is not None,
            difference=bool(difference),
        )

    def _nested(self) -> Plan | None:
        """The highest of one measure among the first five by another."""
        top = words.TOP.search(self.text)
        if top is None:
            return None
        behind = re.compile("里|中|内|当中").search(self.text, top.end())
        extreme = self.superlative(top.end())
        if behind is None or extreme is None:
            return None
        first, second = self.measure(top.start(), before=True), self.measure(extreme[0].start())
        if first is None or second is None:
            return None
        if first.index == second.index:
            return None
        self.use(words.TOP)
        self.used.append(extreme[0].span())
        return Plan(
            "max" if extreme[1] else "min",
            measure=second.index,
            filters=self.filters(),
            among=Ranking(first.index, not words.TOP_LOW.search(self.text), _limit(top)),
            descending=extreme[1],
        )

    def _top(self) -> Plan | None:
        top = words.TOP.search(self.text)
        if top is None:
            return None
        extreme = self.superlative(0)
        descending = not words.TOP_LOW.search(self.text) and not words.ASCENDING.search(self.text)
        if extreme is not None and not extreme[1]:
            descending = False
        measure = self.measure(top.start())
        if measure is None:
            return None
        self.use(words.TOP)
        for pattern in (words.HIGHEST, words.LOWEST, words.AVERAGE, words.SUM):
            self.use(pattern)
        group, aggregate = self.group(measure, extreme[0].start() if extreme else top.start())
        return Plan(
            "top",
            measure=measure.index,
            filters=self.filters(),
            group_by=group.index if group else None,
            aggregate=aggregate,
            descending=descending,
            limit=_limit(top),
        )

    def _extreme(self) -> Plan | None:
        extreme = self.superlative(0)
        rank = words.RANK.search(self.text)
        if extreme is None and rank is None:
            return None
        descending = extreme[1] if extreme else not words.RANK_LOW.search(self.text)
        place = extreme[0] if extreme else rank
        assert place is not None  # noqa: S101 - one of them is there
        number = 1
        if rank is not None:
            number = parse_numeral(rank[1] or rank[2]) or 1
            descending = not words.RANK_LOW.search(self.text)
            self.use(words.RANK)
        measure = self.measure(place.start())
        if measure is None:
            group = self.entity()
            if group is None or group.distinct > 0.95 or not self.counts_rows():
                return None
            self.used.append(place.span())
            return Plan(
                "max" if descending else "min",
                filters=self.filters(),
                group_by=group.index,
                aggregate="count",
                descending=descending,
                rank=number,
            )
        self.used.append(place.span())
        self.use(words.AVERAGE)
        self.use(words.SUM)
        grouped, aggregate = self.group(measure, place.start())
        return Plan(
            "max" if descending else "min",
            measure=measure.index,
            filters=self.filters(),
            group_by=grouped.index if grouped else None,
            aggregate=aggregate,
            descending=descending,
            rank=number,
        )

    def _each(self) -> Plan | None:
        each = words.EACH.search(self.text)
        if each is None or words.SEVERAL_KINDS.search(self.text):
            return None
        noun_at = max(each.start("noun"), each.start("noun2"), each.start("noun3"))
        group = self.named(noun_at, each.end(), texts_only=True)
        if group is None or group.distinct > 0.95:
            return None
        aggregate: Aggregate
        measure: Column | None
        if average := words.AVERAGE.search(self.text):
            aggregate, measure = "avg", self.measure(average.end())
        elif words.COUNT.search(self.text) and not words.SUM.search(self.text):
            aggregate, measure = "count", None
        else:
            total = words.SUM.search(self.text)
            measure = self.measure(total.end() if total else each.end())
            aggregate = "sum" if measure else "count"
            if not (total or words.COUNT.search(self.text) or measure):
                return None
        if measure is None and aggregate != "count":
            return None
        self.used.append((each.start(), noun_at))
        self.use(words.AVERAGE)
        self.use(words.SUM)
        return Plan(
            aggregate if aggregate in ("count", "sum", "avg") else "sum",
            measure=measure.index if measure else None,
            filters=self.filters(),
            group_by=group.index,
            aggregate=aggregate,
        )

    def _average(self) -> Plan | None:
        average = words.AVERAGE.search(self.text)
        if average is None:
            return None
        named = [
            mention
            for mention in self.links.columns
            if mention.start <= average.start() < mention.end and mention.column.kind == "number"
        ]
        if named and self.one_row():
            return None
        measure = self.measure(average.end())
        if measure is None:
            return None
        self.use(words.AVERAGE)
        return Plan("avg", measure=measure.index, filters=self.filters())

    def _sum(self) -> Plan | None:
        total = words.SUM.search(self.text)
        if total is None:
            return None
        named = [
            mention
            for mention in self.links.columns
            if mention.start <= total.start() < mention.end and mention.column.kind == "number"
        ]
        if named and self.one_row():
            return None
        measure = self.measure(total.end())
        if measure is None:
            return None
        self.use(words.SUM)
        self.use(words.COUNT)
        return Plan("sum", measure=measure.index, filters=self.filters())

    def _count(self) -> Plan | None:
        asked = words.COUNT.search(self.text)
        if asked is None:
            return None
        measure = self.counted_measure(asked)
        if measure is not None:
            if self.one_row() and not words.SUM.search(self.text):
                return None
            self.use(words.COUNT)
            self.use(words.SUM)
            return Plan("sum", measure=measure.index, filters=self.filters())
        noun = next((asked[name] for name in ("noun", "noun2", "noun3") if asked[name]), "")
        if asked["kind"] is None and words.AMOUNT.search(noun):
            return None
        start = asked.start() + asked[0].find(noun) if noun else asked.start()
        column = self.named(start, start + len(noun), texts_only=True) if noun else None
        filtered = {mention.column.index for mention in self.links.values}
        distinct = (
            column is not None
            and column.index not in filtered
            and not column.is_ordinal
            and 0 < column.distinct < 0.95
        )
        self.use(words.COUNT)
        self.use(words.SUM)
        if not distinct and not self.filters() and not (noun or asked["noun3"]):
            self.sure = False
        return Plan(
            "count",
            measure=column.index if distinct and column else None,
            filters=self.filters(),
            distinct=distinct,
        )

    def _listing(self) -> Plan | None:
        if not words.LISTING.search(self.text):
            return None
        filters = self.filters()
        if not filters:
            return None
        self.use(words.LISTING)
        self.use(words.WHICH)
        return Plan("list", filters=filters)


def _is_looked_up(plan: Plan, database: SheetDatabase) -> bool:
    """Whether there is nothing to compute: the condition names rows, or a list of what it says."""
    held = {each.column for each in plan.filters}
    if plan.operation == "list" and plan.columns and held.issuperset(plan.columns):
        return True
    if plan.operation == "count" and any(
        each.comparison == "in" and database.columns[each.column].distinct > _NAMES_ROWS
        for each in plan.filters
    ):
        return all(each.comparison in ("=", "in") for each in plan.filters)
    return (
        plan.operation not in ("compare", "list")
        and plan.group_by is None
        and any(
            each.comparison == "=" and database.columns[each.column].distinct > _NAMES_ROWS
            for each in plan.filters
        )
    )


def _limit(match: re.Match[str]) -> int:
    number = next(group for group in match.groups() if group)
    return max(1, parse_numeral(number) or 1)
