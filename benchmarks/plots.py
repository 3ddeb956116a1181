"""Line plots as SVG, both axes logarithmic: a cost in proportion to size is a straight slope."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 80, 200, 50, 60
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#555555")


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a line; only those above 0 have a place on a logarithmic axis."""

    name: str
    x: Sequence[float]
    y: Sequence[float]

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points that can be drawn."""
        return [(x, y) for x, y in zip(self.x, self.y, strict=True) if x > 0 and y > 0]


def plot(title: str, axes: tuple[str, str], curves: Sequence[Curve]) -> str:
    """Draw curves; ``axes`` are what stands at the horizontal and at the vertical one.

    Raises:
        ValueError: there is no point to draw.
    """
    points = [point for curve in curves for point in curve.points]
    if not points:
        raise ValueError(f"{title}: no point above 0 to draw")
    across, up = ([math.log10(point[axis]) for point in points] for axis in (0, 1))
    x_low, x_high = (
        math.floor(min(across)),
        max(math.ceil(max(across)), math.floor(min(across)) + 1),
    )
    y_low, y_high = math.floor(min(up)), max(math.ceil(max(up)), math.floor(min(up)) + 1)

    def place(x: float, y: float) -> tuple[float, float]:
        wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return (
            _LEFT + wide * (math.log10(x) - x_low) / (x_high - x_low),
            _HEIGHT - _BOTTOM - high * (math.log10(y) - y_low) / (y_high - y_low),
        )

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<text x="{_LEFT}" y="25" font-size="15">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="{_HEIGHT - 15}">{escape(axes[0])}</text>',
        f'<text x="{_LEFT - 60}" y="{_TOP - 8}">{escape(axes[1])}</text>',
    ]
    for power in range(x_low, x_high + 1):
        x, _ = place(10.0**power, 10.0**y_low)
        parts.append(_line(x, _TOP, x, _HEIGHT - _BOTTOM))
        parts.append(_label(x, _HEIGHT - _BOTTOM + 18, power, "middle"))
    for power in range(y_low, y_high + 1):
        _, y = place(10.0**x_low, 10.0**power)
        parts.append(_line(_LEFT, y, _WIDTH - _RIGHT, y))
        parts.append(_label(_LEFT - 8, y + 4, power, "end"))
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        placed = [place(*point) for point in curve.points]
        way = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in placed]
        y = _TOP + 18 * number + 10
        parts.append(
            f'<text x="{_WIDTH - _RIGHT + 12}" y="{y}" fill="{colour}">{escape(curve.name)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#dddddd"/>'


def _label(x: float, y: float, power: int, anchor: str) -> str:
    text = f"{10**power:,}" if power >= 0 else f"{10.0**power:g}"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'
