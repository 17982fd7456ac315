"""Curves drawn as SVG by hand: a frame with ticks and one path a curve, coloured by the page's own style."""

from __future__ import annotations

from dataclasses import dataclass

from layoutopt.report.charts import Curve
from layoutopt.report.language import Language

LEFT, RIGHT, TOP, BOTTOM = 46, 430, 12, 214  # the frame inside the drawing of 452 by 264
MOST_POINTS = 240
"""More points than this cannot be seen; a curve is thinned to about so many."""
TICK_STEPS_MIN = (5, 10, 15, 20, 30, 60, 120)
MOST_TICKS = 8


@dataclass(frozen=True)
class Tick:
    """A line of the frame with its label."""

    at: float
    label: str


@dataclass(frozen=True)
class Drawing:
    """What a template needs to draw curves: ticks along and up, and the paths by name."""

    along: tuple[Tick, ...]
    up: tuple[Tick, ...]
    paths: dict[str, str]


def minutes_drawing(curves: dict[str, Curve], lang: Language) -> Drawing:
    """Return curves over minutes: the share of pupils (up) at school within so many minutes (along)."""
    longest = max([x for curve in curves.values() for x, _ in curve.points], default=0.0)
    step = next((step for step in TICK_STEPS_MIN if longest <= MOST_TICKS * step), TICK_STEPS_MIN[-1])
    end = max(step, -(-longest // step) * step)
    along = tuple(Tick(_x(k * step / end), lang.number(k * step)) for k in range(int(end // step) + 1))
    return Drawing(along, _shares_up(lang), {name: path_of(curve, x_end=end) for name, curve in curves.items()})


def share_drawing(curves: dict[str, Curve], lang: Language) -> Drawing:
    """Return curves of shares over shares, such as Lorenz curves."""
    along = tuple(Tick(_x(k / 4), lang.share(k / 4)) for k in range(5))
    return Drawing(along, _shares_up(lang), {name: path_of(curve) for name, curve in curves.items()})


def path_of(curve: Curve, *, x_end: float = 1.0) -> str:
    """Return the path of a curve, thinned; its first and last point always stay."""
    stride = max(1, -(-len(curve.points) // MOST_POINTS))
    points = [*curve.points[:-1:stride], *curve.points[-1:]]
    return "M" + "L".join(f"{_x(x / x_end):.1f} {_y(y):.1f}" for x, y in points)


def _shares_up(lang: Language) -> tuple[Tick, ...]:
    return tuple(Tick(_y(k / 4), lang.share(k / 4)) for k in range(5))


def _x(share: float) -> float:
    return LEFT + share * (RIGHT - LEFT)


def _y(share: float) -> float:
    return BOTTOM - share * (BOTTOM - TOP)
