"""A layout with its real lines: what it costs, to the yuan, and the lines each hub then needs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.draw import draw, part_of
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.payers import Payers
from layoutopt.kernels.highs import Program
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.whole import once_each
from layoutopt.model.lines import LEAST_TIME_S, routed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SAME_COST = 1e-6
"""Costs this near to each other (relative) are one cost."""


@dataclass(frozen=True, eq=False)
class Best:
    """A point of the compact program with the lines that carry its riders, hub by hub, and the cost of both.

    ``excess_cny`` is what sources of money bear above their budgets: only without any is it a plan.
    """

    point: Floats
    lines: tuple[Lines, ...]
    cost: float
    excess_cny: float = 0.0

    @property
    def value(self) -> float:
        """The cost of a plan; ``inf`` where a budget is broken."""
        return self.cost if self.excess_cny == 0 else np.inf

    def beats(self, other: Best, gain: float = 0.0) -> bool:
        """Return whether this breaks budgets less than ``other``, or as little at less cost, by a share of ``gain``."""
        if self.excess_cny != other.excess_cny:
            return self.excess_cny < other.excess_cny * (1 - gain)
        return self.cost < other.cost * (1 - gain)


@dataclass(eq=False)
class Router:
    """Draws the lines of a hub for given riders, and remembers them; holds their cost against the ``payers``."""

    hubs: Sequence[Hub]
    program: Program
    first_option: int
    seed: int
    payers: Payers | None = None
    known: dict[tuple[int, bytes], Lines | None] = field(default_factory=dict)
    settled: set[tuple[int, bytes]] = field(default_factory=set)

    def remember(self, point: Floats, lines: Sequence[Lines]) -> None:
        """Take ``lines``, hub by hub, as drawn with all care where they serve just the riders of ``point``."""
        for at, own in enumerate(lines):
            riders = self.riders(at, point)
            if len(riders) and np.array_equal(np.sort(own.flat), riders):
                key = (at, riders.tobytes())
                self.known[key] = own
                self.settled.add(key)

    def realised(self, point: Floats, hints: Sequence[Lines] = ()) -> Best | None:
        """Return ``point`` with real lines; None where some hub's riders fit on no lines.

        ``hints`` holds, hub by hub, lines that serve these riders already; they are taken where drawing anew
        finds nothing cheaper.
        """
        found = []
        for at in range(len(self.hubs)):
            own = self.lines(at, self.riders(at, point), hints[at] if hints else None)
            if own is None:
                return None
            found.append(own)
        return self._priced(point, found)

    def riders(self, hub_at: int, point: Floats) -> Ints:
        """Return the stops of one hub at which somebody boards."""
        return np.flatnonzero(point[self.first_option + self.hubs[hub_at].option] > 0.5)

    def _priced(self, point: Floats, lines: Sequence[Lines]) -> Best:
        paid = sum(float(own.cost.sum()) for own in lines)
        excess = 0.0 if self.payers is None else self.payers.excess(point, paid)
        return Best(point, tuple(lines), self.program.objective(point) + paid, excess)

    def lines(self, hub_at: int, riders: Ints, hint: Lines | None = None) -> Lines | None:
        """Return lines of one hub for the stops ``riders``; None where they cannot be carried."""
        key = (hub_at, riders.tobytes())
        if key not in self.known:
            self.known[key] = self._quick(hub_at, riders)
        known = self.known[key]
        trimmed = None if hint is None else serving(self.hubs[hub_at].task, hint, riders)
        if trimmed is not None and (known is None or trimmed.cost.sum() < known.cost.sum()):
            self.known[key] = known = trimmed
        return known

    def _quick(self, hub_at: int, riders: Ints) -> Lines | None:
        hub = self.hubs[hub_at]
        if not len(riders):
            return no_lines(hub)
        drawn = draw(part_of(hub.task, riders))
        if drawn is None:
            return None
        flat, depots = riders[drawn.flat], np.zeros(len(drawn), dtype=np.int64)
        return price_lines(hub.task, flat, drawn.starts, depots, kind=drawn.kind)

    def polished(self, best: Best, until: float) -> Best:
        """Return ``best`` with the lines of every hub drawn with all care, unless that is dearer.

        Of lines that cost the same those with shorter rides are taken. ``until`` is a time of ``time.monotonic()``;
        hubs share evenly what is left until then.
        """
        found = []
        for at, own in enumerate(best.lines):
            riders = self.riders(at, best.point)
            if (at, riders.tobytes()) in self.settled:
                found.append(own)
                continue
            left = (until - time.monotonic()) / (len(self.hubs) - at)
            again = self._drawn(at, riders, max(LEAST_TIME_S, left))
            dearer = again is None or again.cost.sum() > own.cost.sum() * (1 + SAME_COST)
            found.append(own if again is None or dearer else again)
        polished = self._priced(best.point, found)
        return best if polished.excess_cny > best.excess_cny else polished

    def _drawn(self, hub_at: int, riders: Ints, time_limit_s: float) -> Lines | None:
        hub = self.hubs[hub_at]
        if not len(riders):
            return no_lines(hub)
        at = np.r_[0, riders + 1]
        both = np.ix_(at, at)
        ways = replace(
            hub.ways, minutes=hub.ways.minutes[both], km=hub.ways.km[both], riders=hub.ways.riders[at],
            limit_min=hub.ways.limit_min[at],
        )  # fmt: skip
        found = routed(ways, time_limit_s=time_limit_s, seed=self.seed)
        if found.status not in ("optimal", "feasible"):
            return None
        flat, starts = pack([riders[line - 1] for line in found.routes])
        depots = np.zeros(len(found.routes), dtype=np.int64)
        return price_lines(hub.task, flat, starts, depots, kind=np.asarray(found.vehicle, dtype=np.int64))


def serving(task: Task, lines: Lines, riders: Ints) -> Lines | None:
    """Return ``lines`` with every one of ``riders`` on one line and nobody else; None where a limit then breaks."""
    wanted = np.zeros(task.n, dtype=bool)
    wanted[riders] = True
    rows = [row[wanted[row]] for row in (lines.stops(q) for q in range(len(lines)))]
    flat, starts = pack([row for row in rows if len(row)])
    kept = price_lines(task, flat, starts, np.zeros(len(starts) - 1, dtype=np.int64))
    found = once_each(task, kept)
    return found if len(found.flat) == len(riders) else None


def no_lines(hub: Hub) -> Lines:
    """Return an empty set of lines."""
    flat, starts = pack([])
    none = np.empty(0, dtype=np.int64)
    return price_lines(hub.task, flat, starts, none)
