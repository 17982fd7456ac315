"""Good choices of depots by search: several starts, then neighbours of the best, the lines found again for each."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join
from layoutopt.kernels.routing.search import Plan, find_plan
from layoutopt.kernels.routing.task import NO_WAY_MIN, Task
from layoutopt.kernels.routing.values import Floats

STARTS = 6
MOST_MOVES = 8
TRIED_NEIGHBOURS = 20
DEEPENED = 3
SEEDS_WITH_ROOM = 5
MOST_LINES = 12_000
Layout = tuple[int, ...]


@dataclass(eq=False)
class Met:
    """The best plan met for each choice of depots, and lines of good plans."""

    plans: dict[Layout, Plan] = field(default_factory=dict)
    tried: set[Layout] = field(default_factory=set)
    lines: list[Lines] = field(default_factory=list)

    def note(self, plan: Plan, lines: Lines) -> None:
        """Keep ``plan`` if it is the best of its layout."""
        self.lines.append(lines)
        here = layout_of(plan)
        if plan.left_out == 0 and (here not in self.plans or plan.cost < self.plans[here].cost - 1e-9):
            self.plans[here] = plan

    def ranked(self) -> list[Layout]:
        """Return the layouts met, the cheapest first."""
        return sorted(self.plans, key=lambda layout: (round(self.plans[layout].cost, 9), layout))


def layout_of(plan: Plan) -> Layout:
    """Return the depots that ``plan`` uses."""
    return tuple(int(d) for d in np.unique(plan.lines.depot))


def find_layout(
    task: Task, *, rounds: int, seed: int, time_limit_s: float, start: Lines | None = None
) -> tuple[Plan | None, Lines]:
    """Return the best plan met (None: none serves everybody), and the lines of good plans on the way.

    ``rounds`` is what the search of lines gets for the best layouts; a first look at one gets a fraction of it.
    """
    ends, met = time.perf_counter() + time_limit_s, Met()
    for turn in range(STARTS):
        met.note(*_searched(task, rounds // 8, seed + turn, ends, start if turn == 0 else None, None, 1.0))
        if time.perf_counter() > ends:
            break
    _walk(task, met, max(200, rounds // 12), seed, ends)
    _deepen(task, met, rounds, seed, ends)
    lines = cheapest_of_each_set(join(met.lines[::-1]), task.n)
    lines = lines.take(np.arange(min(len(lines), MOST_LINES)))
    ranked = met.ranked()
    return (met.plans[ranked[0]] if ranked else None), lines


def _searched(
    task: Task, iterations: int, seed: int, ends: float, start: Lines | None, layout: Layout | None,
    heat: float, lines_high: int | None = None,
) -> tuple[Plan, Lines]:  # fmt: skip
    return find_plan(
        task, iterations=max(200, iterations), seed=seed, time_limit_s=max(0.0, ends - time.perf_counter()),
        start=start, allowed=None if layout is None else np.array(layout), heat=heat, lines_high=lines_high,
    )  # fmt: skip


def _deepen(task: Task, met: Met, rounds: int, seed: int, ends: float) -> None:
    """Search the lines of the best layouts for longer, also with one line fewer; where room is short, from more seeds.

    With tight room the plans of two seeds differ by a per cent or two, without it hardly at all.
    """
    turns = 1 if np.isinf(task.capacity).all() else SEEDS_WITH_ROOM
    for layout in met.ranked()[:DEEPENED]:
        many = len(met.plans[layout].lines)
        met.note(*_searched(task, rounds // 2, seed, ends, met.plans[layout].lines, layout, 1.0))
        for turn in range(turns):
            met.note(*_searched(task, rounds, seed + 1 + turn, ends, None, layout, 1.0, many - 1))
            if turns > 1:
                met.note(*_searched(task, rounds, seed + 1 + turn, ends, None, layout, 1.0, many))
    for layout in met.ranked()[:1]:
        met.note(*_searched(task, rounds, seed, ends, met.plans[layout].lines, layout, 0.3))


def _walk(task: Task, met: Met, iterations: int, seed: int, ends: float) -> None:
    """Move from the best layout to its best neighbour until none of those tried is better."""
    share = share_costs(task)
    for _ in range(MOST_MOVES):
        ranked = met.ranked()
        if not ranked:
            return
        here = ranked[0]
        met.tried.add(here)
        for layout in _neighbours(task, share, here, met.tried)[:TRIED_NEIGHBOURS]:
            if time.perf_counter() > ends:
                return
            met.tried.add(layout)
            lines = met.plans[here].lines
            kept = lines.take(np.flatnonzero(np.isin(lines.depot, layout)))
            met.note(*_searched(task, iterations, seed, ends, kept, layout, 1.0))
        if met.ranked()[0] == here:
            return


def share_costs(task: Task) -> Floats:
    """Return about what serving each stop from each depot costs, depots × stops: its share of a full line.

    A line straight out to the stop and back, split among as many riders as the vehicle seats.
    """
    way = np.minimum(task.pay_inward, NO_WAY_MIN) + np.minimum(task.pay_outward, NO_WAY_MIN)
    part = np.minimum(1.0, task.riders / task.seats.max())
    return (task.fixed.min() + task.per_min.min() * way) * part + task.rider_cost * task.riders * task.inward


def _neighbours(task: Task, share: Floats, layout: Layout, tried: set[Layout]) -> list[Layout]:
    """Return layouts one step away (a depot more, fewer, exchanged), large enough, the most promising first."""
    inside, many = set(layout), len(task.opening)
    outside = [d for d in range(many) if d not in inside]
    found = [tuple(d for d in layout if d != gone) for gone in layout]
    found += [tuple(sorted((*layout, new))) for new in outside]
    found += [tuple(sorted((*(d for d in layout if d != gone), new))) for gone in layout for new in outside]
    room = task.riders.sum()
    fresh = [way for way in found if way and way not in tried and task.capacity[list(way)].sum() >= room]
    worth = {way: float(task.opening[list(way)].sum() + share[list(way)].min(axis=0).sum()) for way in fresh}
    return sorted(fresh, key=lambda way: (round(worth[way], 6), way))
