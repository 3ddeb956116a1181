"""What a PDF page shows beside text: straight lines, which rule tables, and pictures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import repeat

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.calls import number_of, quick
from loaders.pdf.ruled import Rules
from loaders.pdf.text import Frame
from loaders.records import Box

_MOST_OBJECTS = 50_000
_MOST_POINTS = 100_000
_DEEPEST = 8
_THIN = 3.0
_DOT = 2.0
_WHITE = 250
_WIDE, _HIGH = 60.0, 20.0
_MOST_SHADES = 100

Matrix = tuple[float, float, float, float, float, float]
Point = tuple[float, float]
_UNCHANGED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)

_OF_A_BOX = 5
_NO_DRAWING = frozenset((raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_UNKNOWN))

_HANDLE, _PLACE = ctypes.c_void_p, ctypes.c_void_p
_objects_on_page = quick(raw.FPDFPage_CountObjects, ctypes.c_int, _HANDLE)
_objects_in_form = quick(raw.FPDFFormObj_CountObjects, ctypes.c_int, _HANDLE)
_object_of_page = quick(raw.FPDFPage_GetObject, _HANDLE, _HANDLE, ctypes.c_int)
_object_of_form = quick(raw.FPDFFormObj_GetObject, _HANDLE, _HANDLE, ctypes.c_ulong)
_kind_of = quick(raw.FPDFPageObj_GetType, ctypes.c_int, _HANDLE)
_matrix_of = quick(raw.FPDFPageObj_GetMatrix, ctypes.c_int, _HANDLE, _PLACE)
_bounds_of = quick(raw.FPDFPageObj_GetBounds, ctypes.c_int, _HANDLE, *[_PLACE] * 4)
_drawn_how = quick(raw.FPDFPath_GetDrawMode, ctypes.c_int, _HANDLE, *[_PLACE] * 2)
_fill_of = quick(raw.FPDFPageObj_GetFillColor, ctypes.c_int, _HANDLE, *[_PLACE] * 4)
_parts_of = quick(raw.FPDFPath_CountSegments, ctypes.c_int, _HANDLE)
_part_of = quick(raw.FPDFPath_GetPathSegment, _HANDLE, _HANDLE, ctypes.c_int)
_part_kind = quick(raw.FPDFPathSegment_GetType, ctypes.c_int, _HANDLE)
_part_closes = quick(raw.FPDFPathSegment_GetClose, ctypes.c_int, _HANDLE)
_point_of = quick(raw.FPDFPathSegment_GetPoint, ctypes.c_int, _HANDLE, *[_PLACE] * 2)


@dataclass(slots=True)
class Drawing:
    """Lines and the boxes of pictures, in points of the upright page, origin top left.

    ``objects`` counts all that is on the page, text included.
    """

    rules: Rules = field(default_factory=Rules)
    pictures: list[Box] = field(default_factory=list)
    objects: int = 0


def read_drawing(page: pdfium.PdfPage) -> Drawing:
    """Gather the lines and pictures of a page; the rest of an enormous drawing is left out."""
    drawing = Drawing()
    frame = Frame(page)
    points = 0
    asked = _Answers()
    for handle, kind, matrix in _objects(number_of(page.raw), None, _UNCHANGED, asked, drawing):
        if points > _MOST_POINTS:
            break
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = _upright(frame, _image_corners(matrix))
            if min(x1 - x0, y1 - y0) <= _THIN:
                drawing.rules.add(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
                drawing.rules.add((x0 + x1) / 2, y0, (x0 + x1) / 2, y1)
            else:
                drawing.pictures.append((x0, y0, x1, y1))
        elif kind == raw.FPDF_PAGEOBJ_PATH and asked.is_visible(handle):
            parts, ends = _path(handle)
            points += len(parts)
            if _are_corners(ends) and not (matrix[1] or matrix[2]):
                corners = _moved(ends[0], matrix), _moved(ends[2], matrix)
                drawing.rules.add_box(*_upright(frame, corners))
                continue
            for start, end in _strokes(parts, ends):
                drawing.rules.add(*_upright(frame, (_moved(start, matrix), _moved(end, matrix))))
    return drawing


def _objects(
    page: int, form: int | None, outer: Matrix, asked: _Answers, drawing: Drawing, depth: int = 0
) -> Iterator[tuple[int, int, Matrix]]:
    """Yield objects with their kinds and their matrices on the page, those inside forms too.

    Text is counted only.
    """
    room = range(_MOST_OBJECTS - drawing.objects)
    if form is None:
        handles = list(map(_object_of_page, repeat(page), room[: _objects_on_page(page)]))
    else:
        handles = list(map(_object_of_form, repeat(form), room[: max(0, _objects_in_form(form))]))
    drawing.objects += len(handles)
    for handle, kind in zip(handles, map(_kind_of, handles), strict=True):
        if kind in _NO_DRAWING:
            continue
        matrix = _times(asked.matrix(handle), outer)
        yield handle, kind, matrix
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            yield from _objects(page, handle, matrix, asked, drawing, depth + 1)


class _Answers:
    """Asks PDFium what it answers with several numbers, in one place of memory for all of them."""

    def __init__(self) -> None:
        self._floats = (ctypes.c_float * 6)()
        self._integers = (ctypes.c_uint * 4)()
        self._shades: list[Box] = []
        self._float_places = [ctypes.addressof(self._floats) + 4 * index for index in range(4)]
        self._integer_places = [ctypes.addressof(self._integers) + 4 * index for index in range(4)]

    def matrix(self, handle: int) -> Matrix:
        """Return an object's matrix in its own space."""
        if not _matrix_of(handle, self._float_places[0]):
            return _UNCHANGED
        a, b, c, d, e, f = self._floats
        return a, b, c, d, e, f

    def is_visible(self, handle: int) -> bool:
        """Tell whether a path leaves a mark: drawn, or filled with another colour than its ground.

        The ground is white but where something large was filled before.
        """
        if not _bounds_of(handle, *self._float_places):
            return False
        left, bottom, right, top = self._floats[:4]
        if max(right - left, top - bottom) < _DOT:
            return False
        if not _drawn_how(handle, *self._integer_places[:2]):
            return False
        fill, stroke = self._integers[:2]
        if stroke:
            return True
        if not fill:
            return False
        if not _fill_of(handle, *self._integer_places):
            return True
        red, green, blue, alpha = self._integers
        if not alpha:
            return False
        if min(red, green, blue) < _WHITE:
            if right - left > _WIDE and top - bottom > _HIGH and len(self._shades) < _MOST_SHADES:
                self._shades.append((left, bottom, right, top))
            return True
        # White cells on a dark ground look like ruled ones.
        return any(
            x0 <= left + 1 and y0 <= bottom + 1 and right - 1 <= x1 and top - 1 <= y1
            for x0, y0, x1, y1 in self._shades
        )


def _times(inner: Matrix, outer: Matrix) -> Matrix:
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (
        a * p + b * r,
        a * q + b * s,
        c * p + d * r,
        c * q + d * s,
        e * p + f * r + t,
        e * q + f * s + u,
    )


def _moved(point: Point, matrix: Matrix) -> Point:
    x, y = point
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _upright(frame: Frame, corners: tuple[Point, ...]) -> Box:
    if len(corners) == 2:
        # The thousands of lines of a drawing: as below, but quicker.
        (x0, y0), (x1, y1) = corners
        return frame.upright(
            x0 if x0 < x1 else x1,
            y0 if y0 < y1 else y1,
            x1 if x0 < x1 else x0,
            y1 if y0 < y1 else y0,
        )
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return frame.upright(min(xs), min(ys), max(xs), max(ys))


def _image_corners(matrix: Matrix) -> tuple[Point, ...]:
    """Return the corners of a picture, which fills the unit square of its own space."""
    return tuple(_moved(point, matrix) for point in ((0, 0), (0, 1), (1, 0), (1, 1)))


def _path(handle: int) -> tuple[list[int], list[Point]]:
    """Return the parts of a path, and where each of them ends in its own space."""
    count = max(0, min(_parts_of(handle), _MOST_POINTS))
    parts = list(map(_part_of, repeat(handle), range(count)))
    numbers = (ctypes.c_float * (2 * count))()
    start = ctypes.addressof(numbers)
    found = list(
        map(
            _point_of,
            parts,
            range(start, start + 8 * count, 8),
            range(start + 4, start + 4 + 8 * count, 8),
        )
    )
    if not all(found):
        count = found.index(0)
    return parts[:count], list(
        zip(numbers[: 2 * count : 2], numbers[1 : 2 * count : 2], strict=True)
    )


def _are_corners(points: Sequence[Point]) -> bool:
    """Tell points that go around an upright box: most of all that is drawn, in a document."""
    if len(points) != _OF_A_BOX:
        return False
    (x0, y0), (ax, ay), (x1, y1), (bx, by), end = points
    return end == (x0, y0) and (
        (ax == x0 and ay == y1 and bx == x1 and by == y0)
        or (ax == x1 and ay == y0 and bx == x0 and by == y1)
    )


def _strokes(parts: Sequence[int], points: Sequence[Point]) -> Iterator[tuple[Point, Point]]:
    """Yield the straight parts of a path."""
    first = last = (0.0, 0.0)
    for point, kind, closes in zip(
        points, map(_part_kind, parts), map(_part_closes, parts), strict=True
    ):
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield last, point
        last = point
        if closes:
            yield last, first
            last = first
