"""What a linked question is about: its measure, its groups, the thing it asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kb.answer.tables import words
from kb.answer.tables.columns import Column
from kb.answer.tables.mentions import ColumnMention, Links, Span
from kb.answer.tables.plan import Aggregate, Filter, Plan, run
from kb.answer.tables.sqlite import SheetDatabase
from kb.answer.tables.words import folded

# What a sum over rows makes sense of; a price, a rate, a mark or an age is ranked row by row.
_ADDS_UP = re.compile(
    r"额|量|数(?!字)|件|产值|收入|支出|成本|利润|费|奖金|预算|里程|时长|工时|面积|款|金$|吨|天|总价|sales|amount|quantity"
)
_NO_SUM = re.compile(r"率|比|均|单价|价格|年龄|分数|评分|指数|温|平均|人均|增幅|增速")
_NAMES = re.compile(
    r"名称|姓名|名$|^名|品名|产品|商品|项目|题目|标题|书|客户|公司|企业|单位|供应商|车站|门店|店|城市|学校|景点|菜|设备|"
    r"药品|课程|地块|小区|楼盘|人员|员工|学生|型号|国家|地区|省|部门|name|title|product"
)
_IMPLIED = (
    (re.compile(r"最?(?:贵|便宜)"), re.compile(r"价|费|金额|租金")),
    (re.compile(r"最?(?:年轻|年长|年纪)|老(?=的)"), re.compile(r"年龄|岁")),
    (re.compile(r"最(?:早|晚|先|新|近|迟|旧)"), re.compile(r"日期|时间|年|期$|日$")),
    (re.compile(r"最(?:重|轻)"), re.compile(r"重")),
    (re.compile(r"最(?:长|短)"), re.compile(r"长|里程|时|距离|期|天")),
    (re.compile(r"最(?:快|慢)"), re.compile(r"速|时间|时长|用时|成绩")),
    (re.compile(r"最(?:畅销|滞销|受欢迎)|卖得"), re.compile(r"销量|销售量|销售数量|数量|件数")),
    (re.compile(r"最热|最冷"), re.compile(r"气?温")),
    (re.compile(r"最远|最近"), re.compile(r"距离|里程")),
)

_HALF_NAMED = 0.7


class Reading:
    """A linked question, asked for its measure, its groups, what it is about.

    ``used`` gathers the words that a plan has explained; ``sure`` turns False where it was
    guessed.
    """

    def __init__(self, links: Links, database: SheetDatabase) -> None:
        self.links = links
        self.text = links.text
        self.database = database
        self.columns = database.columns
        self.used: list[Span] = []
        self.sure = True
        self.numeric = [
            column
            for column in self.columns
            if column.kind == "number" and not column.is_ordinal and not column.is_identifier
        ]

    def superlative(self, start: int) -> tuple[re.Match[str], bool] | None:
        """The first word for the highest (True) or the lowest (False) from a place on."""
        found = [
            (match, descending)
            for pattern, descending in ((words.HIGHEST, True), (words.LOWEST, False))
            for match in pattern.finditer(self.text, start)
            if not self._is_bound(match) and not self._in_name(match)
        ]
        return min(found, key=lambda each: each[0].start()) if found else None

    def _is_bound(self, match: re.Match[str]) -> bool:
        """最多3个, 最少5人: a limit, no question for the highest."""
        return bool(re.match(r"[多少低高][\d一二三四五六七八九十]", self.text[match.end() - 1 :]))

    def _in_name(self, match: re.Match[str]) -> bool:
        """最高温度 may be a column."""
        return any(
            mention.score == 1.0
            and mention.start <= match.start()
            and match.end() < mention.end
            and not words.HIGHEST.search(self.text, mention.end)
            and not words.LOWEST.search(self.text, mention.end)
            and self.one_row()
            for mention in self.links.columns
        ) or any(
            mention.start <= match.start() and match.end() <= mention.end
            for mention in self.links.values
        )

    def measure(self, place: int, *, before: bool = False) -> Column | None:
        """The number or date that is meant at a place: named near it, or implied by its word."""
        compared = {
            condition.filter.column
            for condition in self.links.conditions
            if condition.filter is not None
        }
        best: tuple[float, Column] | None = None
        for mention in self.links.columns:
            if not self._measurable(mention) or (before and mention.start > place):
                continue
            if mention.column.kind == "date" and not words.IN_TIME.search(self.text):
                continue
            score = mention.score - 0.015 * _distance(mention, place)
            # 价格超过100元的产品中销量最高: the price was for the condition.
            if mention.column.index in compared and self._beside_condition(mention):
                score -= 0.5
            if mention.column.kind == "number":
                score += 0.05
            if best is None or score > best[0]:
                best = (score, mention.column)
        if best is not None and best[0] >= 0.3:
            return best[1]
        for word, name in _IMPLIED:
            if word.search(self.text):
                implied = [
                    column
                    for column in self.columns
                    if column.kind != "text" and not column.is_ordinal and name.search(column.name)
                ]
                if implied:
                    return implied[0]
        if best is not None and best[0] >= 0.2:
            self.sure = False
            return best[1]
        if len(self.numeric) == 1 and not self.counts_rows():
            self.sure = False
            return self.numeric[0]
        return None

    def _measurable(self, mention: ColumnMention) -> bool:
        column = mention.column
        if column.is_ordinal or column.is_identifier or column.kind == "text":
            return False
        # 订单最多的供应商 has the most rows with 订单号, not the highest 订单金额.
        names_rows = mention.score < _HALF_NAMED and re.search("最[多少]", self.text)
        if names_rows and any(
            (other.start, other.end) == (mention.start, mention.end)
            and other.column.kind == "text"
            and other.score >= mention.score
            for other in self.links.columns
        ):
            return False
        return not any(
            value.start <= mention.start and mention.end <= value.end for value in self.links.values
        )

    def _beside_condition(self, mention: ColumnMention) -> bool:
        return any(
            condition.filter is not None
            and condition.filter.column == mention.column.index
            and 0 <= condition.start - mention.end <= 6
            for condition in self.links.conditions
        )

    def counts_rows(self) -> bool:
        """最多 alone asks for the most rows."""
        return bool(re.search(r"最[多少]|人数|数量|次数|个数", self.text))

    def counted_measure(self, asked: re.Match[str]) -> Column | None:
        """How many pieces were sold: a number of pieces stands in a column, rows are not meant."""
        kind = asked["kind"]
        near = [
            mention
            for mention in self.links.columns
            if mention.column in self.numeric
            and mention.score >= 0.6
            and not self._beside_condition(mention)
        ]
        if kind is not None:
            # 多少套房: a column of 成交套数 counts in the same word.
            counts_in = re.compile(rf"{kind}数量?$")
            own = [
                column
                for column in self.numeric
                if column.unit == kind or counts_in.search(folded(column.name))
            ]
            named = [mention.column for mention in near if mention.column in own]
            if named or len(own) == 1:
                return (named or own)[0]
            # 销量一共是多少件
            plain = [
                mention
                for mention in near
                if not mention.column.unit and _ADDS_UP.search(mention.column.name)
            ]
            if plain and not asked["noun"]:
                return max(plain, key=lambda mention: mention.score).column
            noun = asked["noun"] or ""
            holding = [
                column
                for column in self.numeric
                if noun and noun in folded(column.name) and re.search("数量?$|量$", column.name)
            ]
            return holding[0] if len(holding) == 1 else None
        inside = [
            mention
            for mention in near
            if mention.start < asked.end() and asked.start() < mention.end
        ]
        return max(inside, key=lambda mention: mention.score).column if inside else None

    def entity(self) -> Column | None:
        """The column of what is asked for, after 哪个 or before 最, else None."""
        for match in words.WHICH.finditer(self.text):
            noun = match["noun"]
            start = match.start("noun")
            found = self.named(start, start + len(noun), texts_only=True) if noun else None
            if found is not None:
                return found
        if "谁" in self.text or "哪位" in self.text:
            people = [column for column in self.columns if re.search("姓名|人|员", column.name)]
            if people:
                return people[0]
        ends = re.search(r"最.{1,3}的(?P<noun>[^的是,，]{1,6})(?:是|有|$|,)", self.text)
        if ends:
            return self.named(ends.start("noun"), ends.end("noun"), texts_only=True)
        return None

    def named(self, start: int, end: int, *, texts_only: bool) -> Column | None:
        """The column that the words in a place name best."""
        best: ColumnMention | None = None
        for mention in self.links.columns:
            if texts_only and mention.column.kind == "number":
                continue
            if (
                mention.start < end
                and start < mention.end
                and (
                    best is None
                    or (mention.score, mention.column.kind == "text")
                    > (best.score, best.column.kind == "text")
                )
            ):
                best = mention
        if best is None and end - start == 1:
            # 省 for 省份, 班 for 班级: one letter is no mention, but here a column is named.
            letter = self.text[start:end]
            for column in self.columns:
                if column.kind == "text" and letter in (column.name[:1], column.name[-1:]):
                    return column
        return best.column if best and best.score >= 0.3 else None

    def group(self, measure: Column, place: int) -> tuple[Column | None, Aggregate | None]:
        """Whether groups are ranked: the average of each department, the total of each region."""
        entity = self.entity()
        each = words.EACH.search(self.text)
        if entity is None and each is not None:
            entity = self.named(each.start(), each.end(), texts_only=True)
        if entity is None or entity.index == measure.index or entity.distinct > 0.95:
            return None, None
        if measure.kind != "number":
            return None, None
        before = self.text[:place]
        if words.AVERAGE.search(before) and "均" not in measure.name:
            return entity, "avg"
        if words.SUM.search(before) and "总" not in measure.name:
            return entity, "sum"
        return (entity, "sum") if self.aggregate(measure) == "sum" else (None, None)

    def aggregate(self, measure: Column) -> Aggregate:
        if words.AVERAGE.search(self.text):
            return "avg"
        adds_up = _ADDS_UP.search(measure.name) and not _NO_SUM.search(measure.name)
        return "sum" if adds_up or words.SUM.search(self.text) else "avg"

    def repeats(self, column: Column, values: Sequence[str]) -> bool:
        """Whether the values compared stand in several rows each."""
        filters = (*self.filters(leave=column.index), Filter(column.index, "in", tuple(values)))
        outcome = run(Plan("list", columns=(column.index,), filters=filters), self.database)
        return len(outcome.rows) > len({row.cells for row in outcome.rows})

    def one_row(self) -> bool:
        """Whether the conditions leave a single row: then its cell is asked for."""
        filters = self.filters()
        if not filters:
            return False
        return len(run(Plan("list", filters=filters), self.database).rows) == 1

    def filters(self, leave: int | None = None) -> tuple[Filter, ...]:
        return filters_of(self.links, leave)

    def shown(self, plan: Plan) -> tuple[int, ...]:
        """The columns that name a row of the answer."""
        if plan.group_by is not None or plan.operation in ("count", "sum", "avg"):
            return ()
        entity = self.entity()
        if entity is not None and entity.index != plan.measure:
            filtered = {each.column for each in plan.filters if each.comparison in ("=", "in")}
            if entity.index not in filtered or entity.distinct > 0.95:
                return (entity.index,)
        key = key_column(self.columns)
        return (key.index,) if key and key.index != plan.measure else ()

    def use(self, pattern: re.Pattern[str]) -> None:
        self.used.extend(match.span() for match in pattern.finditer(self.text))


def filters_of(links: Links, leave: int | None = None) -> tuple[Filter, ...]:
    """Every condition of a question; several values of a column are alternatives.

    The column ``leave`` is left out.
    """
    kept: dict[int, list[str]] = {}
    dropped: dict[int, list[str]] = {}
    for mention in links.values:
        if mention.column.index == leave:
            continue
        negated = words.NOT.search(links.text[: mention.start])
        negated = negated or re.match(r"(?:以外|之外|除外)", links.text[mention.end :])
        values = dropped if negated else kept
        values.setdefault(mention.column.index, []).extend(mention.values)
    return (
        *(_one_of(index, values, "=", "in") for index, values in kept.items()),
        *(_one_of(index, values, "!=", "not in") for index, values in dropped.items()),
        *(each.filter for each in links.conditions if each.filter is not None),
    )


def key_column(columns: Iterable[Column]) -> Column | None:
    """The column that names a table's rows."""
    texts = [
        column
        for column in columns
        if column.kind == "text" and not column.is_ordinal and column.filled
    ]
    if not texts:
        return next((column for column in columns if column.kind == "date"), None)
    for named in (True, False):
        for column in texts:
            if column.distinct > 0.8 and bool(_NAMES.search(column.name)) is named:
                if column.is_identifier and not named:
                    continue
                return column
    return max(texts, key=lambda column: column.distinct)


def _one_of(index: int, values: Sequence[str], one: str, several: str) -> Filter:
    values = tuple(dict.fromkeys(values))
    return Filter(index, one if len(values) == 1 else several, values)  # type: ignore[arg-type]


def _distance(mention: ColumnMention, place: int) -> int:
    if mention.end <= place:
        return place - mention.end
    return max(0, mention.start - place) + 2
