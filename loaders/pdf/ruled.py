"""Tables with rules: the grid of lines gives the cells. Pure geometry: knows no PDF.

The way of the "lattice" readers (A. Nurminen, "Algorithmic extraction of data in tables in PDF
documents", Tampere 2013, as in Tabula and pdfplumber): rules are snapped together and joined, those
that touch make one grid, and a cell is what no rule parts. Here cells come from the elementary
fields of the grid, united where the rule between two of them is missing, which gives merged cells
their extent at once.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from loaders.pdf.openings import open_cuts, open_row
from loaders.pdf.pieces import Segment, cut_at, rows_of
from loaders.pdf.tables import TableBlock, cell_text
from loaders.records import Box

_SNAP = 3.0
"""Points within which two rules are one, and within which rules touch."""

_LEAST_LENGTH = 6.0
_LEAST_FIELD = 4.0
_MOST_RULES = 3000
_MOST_FIELDS = 40_000
_LONG_CELL = 150
_MOST_ODD = 0.1
_MANY_COLUMNS = 12
_MOST_REPEATED = 5
_FEW_COLUMNS = 3


@dataclass(slots=True)
class Rules:
    """Straight lines: horizontal ones as (y, x0, x1), vertical ones as (x, y0, y1)."""

    horizontal: list[tuple[float, float, float]] = field(default_factory=list)
    vertical: list[tuple[float, float, float]] = field(default_factory=list)

    def add(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Take the line between two corners, if it is one that stands straight."""
        across, down = abs(x1 - x0), abs(y1 - y0)
        if down <= _SNAP / 2 and across > down:
            self.horizontal.append(((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif across <= _SNAP / 2 and down > across:
            self.vertical.append(((x0 + x1) / 2, min(y0, y1), max(y0, y1)))

    def add_box(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """Take the sides of a box; a narrow one is a line."""
        if min(x1 - x0, y1 - y0) <= _SNAP / 2:
            self.add(x0, y0, x1, y1)
        else:
            self.horizontal += (y0, x0, x1), (y1, x0, x1)
            self.vertical += (x0, y0, y1), (x1, y0, y1)

    def turned_back(self, turn: int, width: float, height: float) -> Rules:
        """Return them as they lie when a page of this size is turned back by ``turn`` degrees."""
        if not turn:
            return self
        turned = Rules()
        for y, x0, x1 in self.horizontal:
            turned.add(*_back(x0, y, turn, width, height), *_back(x1, y, turn, width, height))
        for x, y0, y1 in self.vertical:
            turned.add(*_back(x, y0, turn, width, height), *_back(x, y1, turn, width, height))
        return turned


def _back(x: float, y: float, turn: int, width: float, height: float) -> tuple[float, float]:
    if turn == 90:
        return y, width - x
    if turn == 180:
        return width - x, height - y
    return height - y, x


def ruled_tables(
    segments: Sequence[Segment], rules: Rules
) -> tuple[list[TableBlock], list[Segment]]:
    """Return the tables that rules make, and the pieces that stand in none of them."""
    horizontal, vertical = joined(rules.horizontal), joined(rules.vertical)
    rest = list(segments)
    tables = []
    if len(horizontal) + len(vertical) <= _MOST_RULES:
        for lines in _grids(horizontal, vertical):
            grid = _Grid(lines)
            if grid.is_drawing:
                continue
            inside, outside = grid.part(rest)
            if grid.column_count <= _FEW_COLUMNS and (cuts := open_cuts(grid.xs, grid.ys, inside)):
                grid = grid.cut(cuts)
                inside, outside = grid.part(rest)
            table = _table(grid, inside) if inside else None
            if table is not None:
                tables.append(table)
                rest = outside
    return tables, rest


def joined(lines: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    """Snap parallel lines together and join those that overlap or nearly touch."""
    joined: list[tuple[float, float, float]] = []
    cluster: list[tuple[float, float, float]] = []
    for line in sorted(lines):
        if cluster and line[0] - cluster[0][0] > _SNAP:
            joined.extend(_join_cluster(cluster))
            cluster = []
        cluster.append(line)
    joined.extend(_join_cluster(cluster))
    return joined


def _join_cluster(cluster: list[tuple[float, float, float]]) -> list[tuple[float, float, float]]:
    if not cluster:
        return []
    # The middle line would do for drawn ones; of two edges of a broad one it is between them.
    place = (cluster[0][0] + cluster[-1][0]) / 2
    found: list[tuple[float, float, float]] = []
    low = high = None
    for _, start, end in sorted(cluster, key=lambda line: line[1]):
        if low is None or high is None:
            low, high = start, end
        elif start <= high + _SNAP:
            high = max(high, end)
        else:
            found.append((place, low, high))
            low, high = start, end
    if low is not None and high is not None:
        found.append((place, low, high))
    return [line for line in found if line[2] - line[1] >= _LEAST_LENGTH]


def _grids(
    horizontal: list[tuple[float, float, float]], vertical: list[tuple[float, float, float]]
) -> list[Rules]:
    """Group the rules that touch each other, the uppermost group first."""
    parent = list(range(len(horizontal) + len(vertical)))
    places = [line[0] for line in vertical]
    for index, (y, x0, x1) in enumerate(horizontal):
        for other in range(bisect_left(places, x0 - _SNAP), bisect_right(places, x1 + _SNAP)):
            if vertical[other][1] - _SNAP <= y <= vertical[other][2] + _SNAP:
                parent[_root(parent, index)] = _root(parent, len(horizontal) + other)
    groups: defaultdict[int, Rules] = defaultdict(Rules)
    for index, line in enumerate(horizontal):
        groups[_root(parent, index)].horizontal.append(line)
    for index, line in enumerate(vertical):
        groups[_root(parent, len(horizontal) + index)].vertical.append(line)
    found = [group for group in groups.values() if group.horizontal and group.vertical]
    return sorted(found, key=lambda group: group.horizontal[0])


def _root(parent: list[int], index: int) -> int:
    while parent[index] != index:
        parent[index] = parent[parent[index]]
        index = parent[index]
    return index


class _Grid:
    """The fields between the rules of one grid, and the cells that they unite to."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self.xs = _places(rules.vertical, [end for line in rules.horizontal for end in line[1:]])
        self.ys = _places(rules.horizontal, [end for line in rules.vertical for end in line[1:]])
        self.row_count, self.column_count = len(self.ys) - 1, len(self.xs) - 1
        self.is_drawing = (
            self.column_count < 2
            or self.row_count < 1
            or self.row_count * self.column_count > _MOST_FIELDS
        )
        if self.is_drawing:
            return
        self._walls = _covered(rules.vertical, self.xs, self.ys)
        self._floors = _covered(rules.horizontal, self.ys, self.xs)
        self._parent = list(range(self.row_count * self.column_count))
        for row in range(self.row_count):
            for column in range(self.column_count):
                here = row * self.column_count + column
                if column and (column, row) not in self._walls:
                    self._unite(here, here - 1)
                if row and (row, column) not in self._floors:
                    self._unite(here, here - self.column_count)

    @property
    def box(self) -> Box:
        return self.xs[0], self.ys[0], self.xs[-1], self.ys[-1]

    def cut(self, walls: list[tuple[float, float, float]]) -> _Grid:
        """Return it with more upright rules."""
        return _Grid(Rules(self._rules.horizontal, sorted([*self._rules.vertical, *walls])))

    def cell(self, row: int, column: int) -> int:
        """Return the number of the cell that a field belongs to."""
        return _root(self._parent, row * self.column_count + column)

    def part(self, segments: list[Segment]) -> tuple[list[tuple[int, int, Segment]], list[Segment]]:
        """Return the pieces inside with their rows and columns, cut at rules, and the others."""
        inside: list[tuple[int, int, Segment]] = []
        outside: list[Segment] = []
        x0, y0, x1, y1 = self.box
        for segment in segments:
            if not y0 < segment.middle < y1 or segment.x1 <= x0 or segment.x0 >= x1:
                outside.append(segment)
                continue
            row = min(bisect_right(self.ys, segment.middle) - 1, self.row_count - 1)
            walls = [
                x
                for column, x in enumerate(self.xs)
                if column in (0, self.column_count) or (column, row) in self._walls
            ]
            for piece in cut_at(segment, walls):
                middle = (piece.x0 + piece.x1) / 2
                if x0 <= middle <= x1:
                    column = min(bisect_right(self.xs, middle) - 1, self.column_count - 1)
                    inside.append((row, column, piece))
                else:
                    outside.append(piece)
        return inside, outside

    def _unite(self, one: int, other: int) -> None:
        self._parent[_root(self._parent, one)] = _root(self._parent, other)


def _places(lines: list[tuple[float, float, float]], ends: list[float]) -> list[float]:
    """Return where the lines lie, and where the crossing ones end beyond the outermost of them."""
    places: list[float] = []
    for place in sorted(line[0] for line in lines):
        if not places or place - places[-1] > _SNAP:
            places.append(place)
    # Many tables are open at the sides: their rules reach beyond the last upright one.
    if min(ends) < places[0] - 2 * _SNAP:
        places.insert(0, min(ends))
    if max(ends) > places[-1] + 2 * _SNAP:
        places.append(max(ends))
    return places


def _nearest(places: list[float], place: float) -> int:
    after = bisect_left(places, place)
    if after == len(places) or (after and place - places[after - 1] <= places[after] - place):
        return after - 1
    return after


def _covered(
    lines: list[tuple[float, float, float]], places: list[float], crossing: list[float]
) -> set[tuple[int, int]]:
    """Return (place, field) where a line runs along at least half of the field's side."""
    found: set[tuple[int, int]] = set()
    for place, low, high in lines:
        number = _nearest(places, place)
        start = max(0, bisect_right(crossing, low) - 1)
        for side in range(start, len(crossing) - 1):
            if crossing[side] >= high:
                break
            length = crossing[side + 1] - crossing[side]
            if min(high, crossing[side + 1]) - max(low, crossing[side]) >= 0.5 * length:
                found.add((number, side))
    return found


def _table(grid: _Grid, inside: list[tuple[int, int, Segment]]) -> TableBlock | None:
    by_cell: defaultdict[int, list[tuple[int, int, Segment]]] = defaultdict(list)
    fields: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for row, column, piece in inside:
        by_cell[grid.cell(row, column)].append((row, column, piece))
    owner: dict[tuple[int, int], list[Segment]] = {}
    for row in range(grid.row_count):
        for column in range(grid.column_count):
            fields[grid.cell(row, column)].append((row, column))
    odd = sum(not _is_oblong(places) for places in fields.values())
    if odd > _MOST_ODD * len(fields):
        return None
    for cell, content in by_cell.items():
        _give(grid, fields[cell], content, owner)
    columns = [
        column
        for column in range(grid.column_count)
        if grid.xs[column + 1] - grid.xs[column] > 2 * _LEAST_FIELD
        or any((row, column) in owner for row in range(grid.row_count))
    ]
    rows: list[list[str]] = []
    boxes: list[Box] = []
    for row in range(grid.row_count):
        pieces = [owner.get((row, column), []) for column in columns]
        if not any(pieces):
            continue
        parts = _lines_as_rows(pieces, [grid.cell(row, column) for column in columns], grid, row)
        for part, (top, bottom) in parts:
            rows.append(
                [
                    cell_text(cell, (grid.xs[column], grid.xs[column + 1]))
                    for cell, column in zip(part, columns, strict=True)
                ]
            )
            boxes.append((grid.xs[0], top, grid.xs[-1], bottom))
    drawn = sum(len(piece.text) for _, _, piece in inside)
    shown = sum(len(text) for row in rows for text in row)
    if not _is_table(rows) or (len(columns) > _MANY_COLUMNS and shown > _MOST_REPEATED * drawn):
        # The wide fields of a form would stand in dozens of narrow columns.
        return None
    return TableBlock(
        rows,
        boxes,
        [(grid.xs[column], grid.xs[column + 1]) for column in columns],
        grid.box,
        median(piece.size for _, _, piece in inside),
        inside[0][2].turn,
        ruled=True,
    )


def _is_oblong(places: list[tuple[int, int]]) -> bool:
    """Tell a cell from the fields that the lines of a drawing leave open to each other."""
    rows, columns = {row for row, _ in places}, {column for _, column in places}
    return len(places) == len(rows) * len(columns)


def _give(
    grid: _Grid,
    fields: list[tuple[int, int]],
    content: list[tuple[int, int, Segment]],
    owner: dict[tuple[int, int], list[Segment]],
) -> None:
    """Let every field of a cell own its text, or its columns theirs where wide gaps part them."""
    if len(fields) == grid.column_count and len({row for row, _ in fields}) == 1:
        of_row = open_row(grid.xs, [piece for _, _, piece in content])
        if of_row:
            for row, column in fields:
                owner[row, column] = of_row.get(column, [])
            return
    by_column: defaultdict[int, list[Segment]] = defaultdict(list)
    for _, column, piece in content:
        by_column[column].append(piece)
    apart = len(by_column) > 1 and _stand_apart(grid, by_column)
    for row, column in fields:
        owner[row, column] = (
            by_column.get(column, []) if apart else [piece for _, _, piece in content]
        )


def _stand_apart(grid: _Grid, by_column: dict[int, list[Segment]]) -> bool:
    """Tell whether the columns that rules show elsewhere part the text here as well."""
    order = sorted(by_column)
    for left, right in pairwise(order):
        size = by_column[right][0].size
        end = max(piece.x1 for piece in by_column[left])
        start = min(piece.x0 for piece in by_column[right])
        if start - end < size or end > grid.xs[left + 1] + 1 or start < grid.xs[right] - 1:
            return False
    return True


def _lines_as_rows(
    pieces: list[list[Segment]], cells: list[int], grid: _Grid, row: int
) -> list[tuple[list[list[Segment]], tuple[float, float]]]:
    """Part a field row whose lines are rows of their own, as where only columns are ruled."""
    top, bottom = grid.ys[row], grid.ys[row + 1]
    whole = [(pieces, (top, bottom))]
    if bottom - top < 0.5 * (grid.ys[-1] - grid.ys[0]):
        return whole
    spans_rows = [
        (row > 0 and grid.cell(row - 1, column) == cell)
        or (row + 1 < grid.row_count and grid.cell(row + 1, column) == cell)
        for column, cell in enumerate(cells)
    ]
    filled = [column for column, cell in enumerate(pieces) if cell and not spans_rows[column]]
    lines = rows_of({id(piece): piece for column in filled for piece in pieces[column]}.values())
    if len(lines) < 3 or len(filled) < 2:
        return whole
    steady = [column for column in filled if len(rows_of(pieces[column])) >= 0.8 * len(lines)]
    if len(steady) < max(2, 0.6 * len(filled)) or steady[0] != filled[0]:
        return whole
    parts = []
    for line in lines:
        members = {id(piece) for piece in line}
        parts.append(
            (
                [
                    cell if spans_rows[column] else [p for p in cell if id(p) in members]
                    for column, cell in enumerate(pieces)
                ],
                (min(piece.y0 for piece in line), max(piece.y1 for piece in line)),
            )
        )
    return parts


def _is_table(rows: list[list[str]]) -> bool:
    """Tell a table from boxes around running text, frames and the grid of a chart."""
    if len(rows) < 2 or len(rows[0]) < 2:
        return False
    texts = [text for row in rows for text in row if text]
    wide = sum(len({text for text in row if text}) > 1 for row in rows)
    if not wide or len(texts) < 0.15 * len(rows) * len(rows[0]):
        return False
    return not (len(rows) <= 3 and median(map(len, texts)) > _LONG_CELL)
