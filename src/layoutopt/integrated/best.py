"""A layout with its real lines: what it costs, to the yuan, and the lines each hub then needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.draw import draw, part_of
from layoutopt.integrated.hubs import Hub
from layoutopt.kernels.highs import Program
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.model.lines import LINE_GAP

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Best:
    """A point of the compact program with the lines that carry its riders, hub by hub, and the cost of both."""

    point: Floats
    lines: tuple[Lines, ...]
    cost: float


@dataclass(eq=False)
class Router:
    """Draws the lines of a hub for given riders, and remembers them."""

    hubs: Sequence[Hub]
    program: Program
    first_option: int
    seed: int
    line_time_s: float
    known: dict[tuple[int, bytes], Lines | None] = field(default_factory=dict)

    def realised(self, point: Floats) -> Best | None:
        """Return ``point`` with real lines; None where some hub's riders fit on no lines."""
        found = []
        for at, hub in enumerate(self.hubs):
            riders = np.flatnonzero(point[self.first_option + hub.option] > 0.5)
            own = self.lines(at, riders)
            if own is None:
                return None
            found.append(own)
        return self._priced(point, found)

    def _priced(self, point: Floats, lines: Sequence[Lines]) -> Best:
        return Best(point, tuple(lines), self.program.objective(point) + sum(float(own.cost.sum()) for own in lines))

    def lines(self, hub_at: int, riders: Ints) -> Lines | None:
        """Return lines of one hub for the stops ``riders``; None where they cannot be carried."""
        key = (hub_at, riders.tobytes())
        if key not in self.known:
            self.known[key] = self._quick(hub_at, riders)
        return self.known[key]

    def _quick(self, hub_at: int, riders: Ints) -> Lines | None:
        hub = self.hubs[hub_at]
        if not len(riders):
            return no_lines(hub)
        drawn = draw(part_of(hub.task, riders))
        if drawn is None:
            return None
        flat, depots = riders[drawn.flat], np.zeros(len(drawn), dtype=np.int64)
        return price_lines(hub.task, flat, drawn.starts, depots, kind=drawn.kind)

    def polished(self, best: Best) -> Best:
        """Return ``best`` with the lines of every hub drawn with all care, where that is cheaper."""
        found = []
        for at, (hub, own) in enumerate(zip(self.hubs, best.lines, strict=True)):
            riders = np.flatnonzero(best.point[self.first_option + hub.option] > 0.5)
            again = self._drawn(at, riders)
            found.append(own if again is None or again.cost.sum() >= own.cost.sum() else again)
        return self._priced(best.point, found)

    def _drawn(self, hub_at: int, riders: Ints) -> Lines | None:
        from layoutopt.kernels.routing.route import route

        hub = self.hubs[hub_at]
        if not len(riders):
            return no_lines(hub)
        at = np.r_[0, riders + 1]
        ways = hub.ways
        found = route(
            ways.minutes[np.ix_(at, at)], ways.riders[at], fleet=ways.vehicles, max_ride_min=ways.limit_min[at],
            dwell_min=ways.dwell_min, dwell_min_per_rider=ways.dwell_min_per_rider, return_trip=True,
            line_cost=ways.km[np.ix_(at, at)], gap=LINE_GAP, time_limit_s=self.line_time_s, seed=self.seed,
        )  # fmt: skip
        if found.status not in ("optimal", "feasible"):
            return None
        flat, starts = pack([riders[line - 1] for line in found.routes])
        depots = np.zeros(len(found.routes), dtype=np.int64)
        return price_lines(hub.task, flat, starts, depots, kind=np.asarray(found.vehicle, dtype=np.int64))


def no_lines(hub: Hub) -> Lines:
    """Return an empty set of lines."""
    flat, starts = pack([])
    none = np.empty(0, dtype=np.int64)
    return price_lines(hub.task, flat, starts, none)
