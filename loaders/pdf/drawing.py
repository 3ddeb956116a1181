"""What a PDF page shows beside text: straight lines, which rule tables, and pictures."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2 as pdfium
import pypdfium2.raw as raw

from loaders.pdf.ruled import Rules
from loaders.pdf.text import Frame
from loaders.records import Box

_MOST_OBJECTS = 50_000
_MOST_POINTS = 100_000
_DEEPEST = 8
_THIN = 3.0
_DOT = 2.0
_WHITE = 250

Matrix = tuple[float, float, float, float, float, float]
_UNCHANGED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


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
    for handle, kind, matrix in _objects(page.raw, None, _UNCHANGED, 0):
        drawing.objects += 1
        if drawing.objects > _MOST_OBJECTS or points > _MOST_POINTS:
            break
        if kind == raw.FPDF_PAGEOBJ_IMAGE:
            x0, y0, x1, y1 = _upright(frame, _image_corners(matrix))
            if min(x1 - x0, y1 - y0) <= _THIN:
                drawing.rules.add(x0, (y0 + y1) / 2, x1, (y0 + y1) / 2)
                drawing.rules.add((x0 + x1) / 2, y0, (x0 + x1) / 2, y1)
            else:
                drawing.pictures.append((x0, y0, x1, y1))
        elif kind == raw.FPDF_PAGEOBJ_PATH and _is_visible(handle):
            for start, end in _strokes(handle):
                points += 1
                drawing.rules.add(*_upright(frame, (_moved(start, matrix), _moved(end, matrix))))
    return drawing


def _objects(
    page: object, form: object | None, outer: Matrix, depth: int
) -> Iterator[tuple[object, int, Matrix]]:
    """Yield objects with their kinds and their matrices on the page, those inside forms too."""
    count = raw.FPDFPage_CountObjects(page) if form is None else raw.FPDFFormObj_CountObjects(form)
    for index in range(count):
        handle = (
            raw.FPDFPage_GetObject(page, index)
            if form is None
            else raw.FPDFFormObj_GetObject(form, index)
        )
        if not handle:
            continue
        kind = raw.FPDFPageObj_GetType(handle)
        if kind == raw.FPDF_PAGEOBJ_TEXT:
            yield handle, kind, outer
            continue
        matrix = _times(_matrix(handle), outer)
        yield handle, kind, matrix
        if kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
            yield from _objects(page, handle, matrix, depth + 1)


def _matrix(handle: object) -> Matrix:
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(handle, ctypes.byref(found)):
        return _UNCHANGED
    return found.a, found.b, found.c, found.d, found.e, found.f


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


def _moved(point: tuple[float, float], matrix: Matrix) -> tuple[float, float]:
    x, y = point
    a, b, c, d, e, f = matrix
    return a * x + c * y + e, b * x + d * y + f


def _upright(frame: Frame, corners: tuple[tuple[float, float], ...]) -> Box:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return frame.upright(min(xs), min(ys), max(xs), max(ys))


def _image_corners(matrix: Matrix) -> tuple[tuple[float, float], ...]:
    """Return the corners of a picture, which fills the unit square of its own space."""
    return tuple(_moved(point, matrix) for point in ((0, 0), (0, 1), (1, 0), (1, 1)))


def _is_visible(handle: object) -> bool:
    """Tell whether a path leaves a mark: drawn, or filled with something other than white."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    if not raw.FPDFPageObj_GetBounds(handle, left, bottom, right, top):
        return False
    if max(right.value - left.value, top.value - bottom.value) < _DOT:
        return False
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not raw.FPDFPath_GetDrawMode(handle, fill, stroke):
        return False
    if stroke.value:
        return True
    if not fill.value:
        return False
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    if not raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
        return True
    return bool(alpha.value) and min(red.value, green.value, blue.value) < _WHITE


def _strokes(handle: object) -> Iterator[tuple[tuple[float, float], tuple[float, float]]]:
    """Yield the straight parts of a path in its own space."""
    x, y = ctypes.c_float(), ctypes.c_float()
    first = last = (0.0, 0.0)
    for index in range(min(raw.FPDFPath_CountSegments(handle), _MOST_POINTS)):
        part = raw.FPDFPath_GetPathSegment(handle, index)
        if not part or not raw.FPDFPathSegment_GetPoint(part, x, y):
            return
        point = x.value, y.value
        kind = raw.FPDFPathSegment_GetType(part)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            first = point
        elif kind == raw.FPDF_SEGMENT_LINETO:
            yield last, point
        last = point
        if raw.FPDFPathSegment_GetClose(part):
            yield last, first
            last = first
