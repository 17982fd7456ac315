"""Prices lines with the compiled labels: quickly for finding some, exactly for a bound, completely for a pool."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from layoutopt.kernels.routing import labels
from layoutopt.kernels.routing.cut_loops import CutWords
from layoutopt.kernels.routing.cuts import cut_words
from layoutopt.kernels.routing.line_loops import gather
from layoutopt.kernels.routing.lines import Lines, join, price_lines
from layoutopt.kernels.routing.listing import every_line
from layoutopt.kernels.routing.master import Prices
from layoutopt.kernels.routing.task import NO_LIMIT_MIN, Task, least_way
from layoutopt.kernels.routing.values import Floats, Ints

NG_SIZE = 8
RIDE_CELLS, FEWEST_RIDE_CELLS, MOST_GRID_WORK = 60, 8, 1_000_000_000
"""Cells of the completion bound; fewer where stops and loads are so many that it would take seconds."""
GROWN_AT_ONCE = 200
"""Labels grown between two looks at the clock."""
STORE_SIZES = (100_000, 1_000_000, 4_000_000)
QUICK_LABELS_A_STOP = 12
MOST_LOAD_CELLS = 3_000
SEED_OF_MARKS = 20_240_101


@dataclass(frozen=True, eq=False)
class Priced:
    """Lines of negative reduced cost, the least reduced cost of any line, and whether that is proven."""

    lines: Lines | None
    least: float
    proven: bool


def near_words(task: Task, size: int) -> Any:
    """Return as bits, for each stop, the ``size`` stops nearest to it: the visits it remembers (ng-sets)."""
    both = task.between + task.between.T
    np.fill_diagonal(both, -1.0)
    nearest = np.argsort(both, axis=1, kind="stable")[:, :size]
    words = np.zeros((task.n, (task.n + 63) // 64), dtype=np.uint64)
    for i in range(task.n):
        for j in nearest[i]:
            words[i, j // 64] |= np.uint64(1) << np.uint64(j % 64)
    # Stop i remembers j where j counts i among its near ones too, and always itself.
    return words


def load_unit(task: Task) -> tuple[float, int]:
    """Return (load of a cell, cells) for the completion bound; 0 cells where riders are too uneven for it."""
    most, least = float(task.seats.max()), float(task.riders.min())
    whole = bool((task.riders == np.round(task.riders)).all())
    unit = float(np.gcd.reduce(task.riders.astype(np.int64))) if whole else least
    if most / unit > 300:
        unit = max(unit, min(least, most / 300))
    cells = int(most / unit) + 1
    return unit, (cells if cells <= MOST_LOAD_CELLS else 0)


def ride_unit(task: Task, cells: int) -> tuple[float, int]:
    """Return (minutes of a cell, cells) for the completion bound."""
    longest = min(float(task.limit.max()), task.line_limit)
    if longest < NO_LIMIT_MIN / 10:
        return longest / cells, cells + 1
    alike = len(np.unique(task.per_min)) == 1 or not task.pays_minutes
    if task.rider_cost == 0 and alike and len(task.steps) == 0 and task.line_limit > NO_LIMIT_MIN / 10:
        return NO_LIMIT_MIN, 1
    typical = float(np.median(task.inward.min(axis=0)))
    return max(4.0 * typical / cells, 1e-6), cells


NOTHING = labels.Grid(False, np.empty((0, 0, 0)), np.empty((0, 0, 0)), np.empty((0, 0, 0), dtype=np.int32), 1.0, 1.0)


class Pricer:
    """One task as the loops want it: ng-sets, grid of the completion bound, and room for labels, used again.

    After the ``deadline``, or ``most_work`` pairs of labels compared, exact pricing stops growing labels and answers
    with the completion bound, which is proven.
    """

    def __init__(
        self, task: Task, *, ng_size: int = NG_SIZE, ride_cells: int = RIDE_CELLS, deadline: float = np.inf,
        most_work: float = np.inf,
    ) -> None:  # fmt: skip
        self.task, self.deadline, self.most_work = task, deadline, most_work
        self.work = 0.0
        self.keep = near_words(task, ng_size)
        self.everything = np.full_like(self.keep, np.uint64(0xFFFFFFFFFFFFFFFF))
        self.load = load_unit(task)
        room = MOST_GRID_WORK // max(1, task.n**2 * self.load[1])
        self.ride = ride_unit(task, max(FEWEST_RIDE_CELLS, min(ride_cells, room)))
        rng = np.random.default_rng(SEED_OF_MARKS)
        self.marks = rng.integers(1, 2**63, size=task.n, dtype=np.int64).astype(np.uint64)
        self.pay_least = least_way(task.pay_between, task.pay_inward, task.pay_service)
        self.room: labels.Store | None = None

    @property
    def late(self) -> bool:
        """Whether the time is over."""
        return time.perf_counter() > self.deadline

    @property
    def over(self) -> bool:
        """Whether time or work is over."""
        return self.work > self.most_work or self.late

    def _ground(self, d: int, prices: Prices) -> labels.Ground:
        task = self.task
        return labels.Ground(
            task.between, task.inward[d], task.outward[d], task.service, task.riders, task.limit, task.line_limit,
            task.seats, task.fixed + prices.extra[d], task.per_min, task.rider_cost, prices.prize[d], task.steps,
            task.step_fixed, task.pay_between, task.pay_inward[d], task.pay_outward[d], task.pay_service,
            self.pay_least[d], task.pays_minutes,
        )  # fmt: skip

    def _grid(self, ground: labels.Ground) -> labels.Grid:
        unit, cells = self.load
        if cells == 0:
            return NOTHING
        minute, minutes = self.ride
        least, other, then = labels.completion(ground, unit, minute, cells, minutes)
        return labels.Grid(True, least, other, then, unit, minute)

    def _store(self, size: int, cut_many: int) -> labels.Store:
        """Return room for ``size`` labels; pages never written take no memory."""
        width = self.keep.shape[1] + cut_many
        if self.room is None or len(self.room.ref) < size or self.room.bits.shape[1] != width:
            self.room = labels.Store(
                np.empty((size, 5)),
                np.empty((size, 5), dtype=np.int32),
                np.empty((size, width), dtype=np.uint64),
            )
        return labels.Store(*(part[:size] for part in self.room))

    def price(
        self,
        prices: Prices,
        words: Any,
        depots: Ints,
        *,
        exact: bool,
        tolerance: float,
        most: int,
    ) -> Priced:
        """Return the best lines of reduced cost below ``-tolerance``, at most ``most`` a depot."""
        words = _cut_words(words, self.task)
        parts: list[Lines] = []
        least, proven = 0.0, True
        for d in depots.tolist():
            found = self._price_depot(d, prices, words, exact=exact, tolerance=tolerance, most=most)
            least, proven = min(least, found.least), proven and found.proven
            if found.lines is not None:
                parts.append(found.lines)
        return Priced(join(parts) if parts else None, least, proven)

    def _price_depot(
        self, d: int, prices: Prices, words: CutWords, *, exact: bool, tolerance: float, most: int
    ) -> Priced:
        ground = self._ground(d, prices)
        cuts = labels.CutBits(words, prices.cut)
        grid = self._grid(ground) if exact else NOTHING
        for size in STORE_SIZES if exact else STORE_SIZES[:1]:
            store = self._store(size, words.add.shape[1])
            many, full = self._labels(ground, cuts, grid, -tolerance, exact, store)
            if not full or self.over:
                break
        ended = store.num[:many, labels.ENDED]
        least = min(float(ended.min(initial=0.0)), -tolerance if exact else 0.0)
        if exact and full and grid.used:
            # Labels ran out: fall back on the completion bound, which holds for every line.
            least, full = min(least, self._floor(ground, grid)), False
        good = np.flatnonzero(ended < -tolerance)
        if len(good) == 0:
            return Priced(None, least, exact and not full)
        order = good[np.argsort(ended[good], kind="stable")][: 20 * most]
        flat, starts = labels.paths(order, store.ref)
        chosen = spread(flat, starts, self.task.n, most)
        flat, starts = gather(flat, starts, chosen)
        kind = store.ref[order[chosen], labels.KIND].astype(np.int64)
        lines = price_lines(self.task, flat, starts, np.full(len(chosen), d, dtype=np.int64), kind=kind)
        return Priced(lines, least, exact and not full)

    def _labels(
        self, ground: labels.Ground, cuts: labels.CutBits, grid: labels.Grid, threshold: float, exact: bool, store: Any
    ) -> tuple[int, bool]:
        """Grow all labels, layer by layer; return how many, and whether room or time ran out before the end."""
        n = self.task.n
        head, least = np.full((n, labels.LOAD_CELLS), -1, dtype=np.int32), np.full((n, labels.LOAD_CELLS), np.inf)
        many, layer, compared = 0, (-1, 0), np.zeros(1, dtype=np.int64)
        while layer[0] < layer[1]:
            shelf = head, least, np.zeros(n, dtype=np.int64), compared
            before = many
            for first in range(layer[0], layer[1], GROWN_AT_ONCE):
                if exact and many > 0 and self.over:
                    return many, True
                last = min(first + GROWN_AT_ONCE, layer[1])
                many, full = labels.extend(
                    first, last, many, ground, self.keep, cuts, grid, threshold, exact, QUICK_LABELS_A_STOP, shelf,
                    store,
                )  # fmt: skip
                self.work, compared[0] = self.work + exact * float(compared[0]), 0
                if full:
                    return many, True
            layer = (before, many)
        return many, False

    def _floor(self, ground: labels.Ground, grid: labels.Grid) -> float:
        """Return a lower bound on the reduced cost of every line, from the completion bound alone."""
        task = self.task
        now = ground.inward + task.service
        b = np.minimum((task.riders / grid.unit_load + 1e-9).astype(np.int64), grid.least.shape[1] - 1)
        k = np.minimum((np.minimum(now, NO_LIMIT_MIN) / grid.unit_min).astype(np.int64), grid.least.shape[2] - 1)
        rest = grid.least[np.arange(task.n), b, k]
        paid = ground.pay_inward + task.pay_service
        first = task.per_min.min() * paid + task.rider_cost * task.riders * now - ground.prize
        return float(np.where(now <= task.limit, first + rest, np.inf).min(initial=0.0))

    def every_line(
        self,
        prices: Prices,
        words: Any,
        depots: Ints,
        *,
        threshold: float,
        most_labels: int,
        each_kind: bool,
    ) -> Lines | None:
        """Return all lines whose reduced cost may stay below ``threshold``; None when they are too many."""
        words = _cut_words(words, self.task)
        parts: list[Lines] = []
        everywhere = words._replace(keep=np.full_like(words.add, np.uint64(0xFFFFFFFFFFFFFFFF)))
        cuts = labels.CutBits(everywhere, prices.cut)
        for d in depots.tolist():
            ground = self._ground(d, prices)
            grid = self._grid(ground) if np.isfinite(threshold) else NOTHING
            store = self._store(most_labels, words.add.shape[1])
            many, full = every_line(ground, self.everything, cuts, grid, threshold, self.marks, store)
            if full:
                return None
            ended = np.where(store.ref[:many, labels.ALIVE] > 0, store.num[:many, labels.ENDED], np.inf)
            several = each_kind or len(self.task.seats) > 1
            chosen = _best_of_each_set(ended, store.bits[:many, : self.keep.shape[1]], threshold, keep_all=several)
            most_labels -= many
            flat, starts = labels.paths(chosen, store.ref)
            parts.append(price_lines(self.task, flat, starts, np.full(len(chosen), d), each_kind=each_kind))
        return join(parts)


def _cut_words(words: Any, task: Task) -> CutWords:
    return words if isinstance(words, CutWords) else cut_words([], task.n)


def _best_of_each_set(ended: Floats, mask: Any, threshold: float, *, keep_all: bool) -> Ints:
    """Return the labels that end cheapest for their set of stops (all Pareto-best ones with ``keep_all``)."""
    good = np.flatnonzero(ended < threshold)
    if keep_all or len(good) == 0:
        return good
    order = np.lexsort([ended[good], *(mask[good, w] for w in range(mask.shape[1]))])
    sets = mask[good][order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (sets[1:] != sets[:-1]).any(axis=1)
    return np.sort(good[order[first]])


def spread(flat: Ints, starts: Ints, n: int, most: int) -> Ints:
    """Return up to ``most`` of the lines, in order, no stop in too many of them."""
    cap = max(4, int(np.ceil(most * np.diff(starts).mean() / n * 2.0)))
    met, chosen = np.zeros(n, dtype=np.int64), []
    for q in range(len(starts) - 1):
        stops = flat[starts[q] : starts[q + 1]]
        if (met[stops] < cap).all():
            met[stops] += 1
            chosen.append(q)
            if len(chosen) >= most:
                break
    return np.array(chosen, dtype=np.int64)
