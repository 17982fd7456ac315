"""Bounds a node over an explicit pool: linear program by pricing the pool, cuts, and fixing by reduced cost."""

from __future__ import annotations

import logging
import time
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layoutopt.kernels.routing.cut_loops import reduced_of
from layoutopt.kernels.routing.cuts import Cut, broken_links, price_words, separate
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Master, Node, Prices, Solution
from layoutopt.kernels.routing.task import Task, least_way
from layoutopt.kernels.routing.values import Floats, Ints
from layoutopt.kernels.routing.whole import Bounded, Search

log = logging.getLogger(__name__)

Flags = NDArray[np.bool_]

WHOLE_LINES = 150
"""HiGHS settles this many lines as integers faster than branching here does."""
SLOW_ROUND = 0.01
"""A round of cuts that closes less of the gap is slow; three in a row end them."""
ROUNDING = 1e-7
SHRUNK, STALE = 0.7, 0.5
"""The master is made anew when fixing leaves this share of the pool, or when this share of its cuts is slack."""


class PoolBound:
    """The linear program of one node, kept warm while lines of the pool enter, cuts are added and lines are fixed."""

    def __init__(self, search: Search, node: Node, pool: Lines, upper: float, hot: Floats | None) -> None:
        full_enough = np.flatnonzero(pool.load >= least_load(search.task, node.high))
        if len(full_enough) < len(pool):
            pool, hot = pool.take(full_enough), None if hot is None else hot[full_enough]
        self.search, self.pool, self.upper = search, pool, upper
        self.node = replace(node, cuts=tuple(cut.everywhere() for cut in node.cuts))
        self.reduced = _worth(pool, search.task) if hot is None else hot
        self._open()

    def _open(self) -> None:
        """Start a master over the lines of least reduced cost."""
        task = self.search.task
        self.master = Master(task, self.node, self.search.covering, self.search.artificial)
        self.inside = np.zeros(len(self.pool), dtype=bool)
        self._add(_leaders(self.reduced, self.pool, 6 * task.n))
        self.settle()

    def _add(self, chosen: Ints) -> None:
        self.inside[chosen] = True
        self.master.add_lines(self.pool.take(chosen))
        self.master.where = np.concatenate([self.master.where, chosen])

    def settle(self) -> None:
        """Add lines of the pool until none outside the master prices out."""
        master, pool, task = self.master, self.pool, self.search.task
        grown = False
        while True:
            self.solution: Solution = master.solve(grown=grown)
            prices = self.solution.prices
            words, paid = price_words(master.cuts, prices.cut, task.n)
            self.reduced = reduced_of(
                pool.flat, pool.starts, pool.depot, pool.kind, pool.cost, prices.prize, prices.extra, words, paid
            )
            tolerance = 1e-7 * max(1.0, abs(self.solution.value) / max(1, task.n))
            wanted = np.flatnonzero((self.reduced < -tolerance) & ~self.inside)
            if len(wanted) == 0:
                return
            order = wanted[np.argsort(self.reduced[wanted], kind="stable")][: max(200, 4 * task.n)]
            self._add(np.sort(order))
            grown = True

    def fix(self, slack: float, upper: float) -> None:
        """Drop the lines that no plan cheaper than ``upper`` uses, and with them the cuts that cost nothing."""
        kept = np.flatnonzero(self.reduced <= slack + ROUNDING * max(1.0, abs(upper)))
        price, cuts = self.solution.prices.cut, self.master.cuts
        stale = len(cuts) >= 40 and float((price > 0).sum()) < STALE * len(cuts)
        if len(kept) >= SHRUNK * len(self.pool) and not stale:
            return
        self.node = self.node_now()
        self.pool, self.reduced = self.pool.take(kept), self.reduced[kept]
        self._open()

    def shares(self) -> tuple[Floats, Lines | None]:
        """Return the share of each line of the pool, and the plan if all shares are whole."""
        share, solution = np.zeros(len(self.pool)), self.solution
        share[self.master.where] = solution.lines
        wholes = np.abs(solution.lines - np.round(solution.lines)).max(initial=0.0) < 1e-6
        opened = np.abs(solution.opened - np.round(solution.opened)).max(initial=0.0) < 1e-6
        if wholes and (opened or not self.search.task.opening.any()) and solution.missing < 1e-6:
            return share, self.pool.take(np.flatnonzero(share > 0.5))
        return share, None

    def node_now(self) -> Node:
        """Return the node with the cuts that cost something, and the links."""
        price = self.solution.prices.cut
        cuts = tuple(cut for cut, paid in zip(self.master.cuts, price, strict=True) if paid > 0)
        return replace(self.node, cuts=cuts, links=tuple(self.master.links))


def bound_node(
    search: Search, node: Node, pool: Lines, upper: float, *, rounds: int, hot: Floats | None = None
) -> Bounded:
    """Return the linear bound of ``node`` over ``pool`` after up to ``rounds`` rounds of cuts.

    ``hot``: a number for each line, the smaller the likelier it is wanted.
    """
    task = search.task
    at = PoolBound(search, node, pool, upper, hot)
    bound, last, slow = -np.inf, -np.inf, 0
    while True:
        value = dual_bound(at.solution.prices, float(at.reduced.min(initial=0.0)), task, upper, shrunk=False)
        bound = max(bound, value)
        if bound >= upper - search.gap * abs(upper):
            nothing = np.empty(0, dtype=np.int64)
            return Bounded(
                bound, pool.take(nothing), np.empty(0), at.solution.opened, at.node_now(), np.empty(0), None, at
            )
        at.fix(upper - value, upper)
        share, whole = at.shares()
        links = (
            broken_links(at.pool, share, at.solution.opened, task.n, set(at.master.links)) if task.opening.any() else []
        )
        if links:
            at.master.add_links(links)
            at.settle()
            continue
        slow = slow + 1 if value - last < SLOW_ROUND * (upper - value) else 0
        last = value
        late = time.perf_counter() > search.deadline
        fresh: list[Cut] = []
        if whole is None and rounds > 0 and not late and slow < 3 and len(at.pool) > WHOLE_LINES // 2:
            fresh = separate(at.pool, share, task.n, limited=False, known={cut.key: cut for cut in at.master.cuts})
        if not fresh:
            return Bounded(bound, at.pool, share, at.solution.opened, at.node_now(), at.reduced, whole, at)
        at.master.add_cuts(fresh)
        at.settle()
        rounds -= 1


def least_load(task: Task, high: int) -> float:
    """Return the load below which no line of a plan with at most ``high`` lines can be."""
    return float(task.riders.sum() - (high - 1) * task.seats.max()) - 1e-6


def _worth(pool: Lines, task: Task) -> Floats:
    """Return the cost of a line for each of its riders."""
    return np.asarray(pool.cost / np.maximum(pool.load, 1e-9))


def _leaders(worth: Floats, pool: Lines, many: int) -> Ints:
    """Return the lines of least ``worth``, and for each depot and type some of the rest."""
    return np.sort(np.argsort(worth, kind="stable")[:many])


def dual_bound(prices: Prices, least_reduced: float, task: Task, upper: float, *, shrunk: bool = True) -> float:
    """Return a proven lower bound from ``prices``, whatever their small faults.

    At most ``most`` lines run in a plan worth having, each may be too cheap by ``least_reduced`` (Lasdon 1970). Not
    ``shrunk``: the bound of these very prices, whose distance to ``upper`` says which lines may be dropped.
    """
    most = min(task.n, task.lines_high)
    cheapest = float(cheapest_line(task))
    if cheapest > 0 and np.isfinite(upper):
        most = min(most, int(upper / cheapest) + 1)
    simple = prices.value + most * min(0.0, least_reduced)
    if not shrunk or cheapest <= 0 or least_reduced >= 0:
        return simple
    # Farley 1990: prices shrunk by this share are fair for every line; needs a value of 0 or more.
    farley = prices.value / (1.0 - least_reduced / cheapest) if prices.value >= 0 else -np.inf
    return max(simple, farley)


def cheapest_line(task: Task) -> float:
    """Return a lower bound on the cost of any line: its last leg at least is paid."""
    if task.n == 0:
        return 0.0
    least = float((task.pay_inward.min(axis=0) + task.pay_service).min())
    return float((task.fixed + task.per_min * least).min())


def least_through(task: Task) -> Floats:
    """Return what the vehicle of any line through each stop is paid for at least: out and in over any stops."""
    inward = least_way(task.pay_between, task.pay_inward, task.pay_service)
    outward = least_way(task.pay_between.T, task.pay_outward, np.zeros(task.n))
    return np.asarray((inward + outward).min(axis=0))


def seat_shares(task: Task) -> Floats:
    """Return a share of cost for each stop such that no line costs less than the shares of its stops together.

    A line through stop i counts at least m_i, the shortest way out and in over any stops, so it costs f + p m_i for
    each of its stops and no less than their mean over its riders, of whom there are at most Q: every rider bears
    (f + p m_i) / Q of the cheapest vehicle type, and the cost of a ride no shorter than the shortest way in.
    """
    costs = task.fixed[:, None] + task.per_min[:, None] * least_through(task)[None]
    ride = least_way(task.between, task.inward, task.service).min(axis=0)
    return np.asarray(task.riders * ((costs / task.seats[:, None]).min(axis=0) + task.rider_cost * ride))


def seat_bound(task: Task) -> float:
    """Return a lower bound on the cost of every plan that needs no linear program: everybody's seat share."""
    return float(seat_shares(task).sum())
