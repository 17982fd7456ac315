"""Column generation: the linear bound when lines are too many to list, tightened by cuts, with a pool at its end."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from layoutopt.kernels.routing.cuts import broken_links, price_words, separate
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set
from layoutopt.kernels.routing.master import Master, Node, Prices, Solution
from layoutopt.kernels.routing.pool import dual_bound
from layoutopt.kernels.routing.pricer import Priced, Pricer
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats
from layoutopt.kernels.routing.whole import Search

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Root:
    """The linear bound of a node: proven ``bound``, the prices behind it, lines with their shares and cuts."""

    bound: float
    prices: Prices
    lines: Lines
    share: Floats
    opened: Floats
    missing: float
    node: Node
    converged: bool


class Generator:
    """One node's master and pricer, kept warm from the root bound through the rounds of cuts."""

    def __init__(self, search: Search, pricer: Pricer, node: Node, start: Lines) -> None:
        self.search, self.pricer, self.node = search, pricer, node
        self.depots = np.flatnonzero((node.open_high > 0) & (node.depot_high > 0))
        self.master = Master(search.task, node, search.covering, search.artificial)
        self.master.add_lines(start.take(np.flatnonzero(np.isin(start.depot, self.depots))))
        self.bound = -np.inf
        self.best_prices: Prices | None = None
        self.best_value = -np.inf

    def settle(self, upper: float) -> Root:
        """Add lines until none prices out (or time or work is over); return the bound."""
        task, grown, converged = self.search.task, True, False
        most = max(60, task.n)
        while True:
            solution = self.master.solve(grown=grown)
            tolerance = 1e-6 * max(1.0, abs(solution.value) / max(1, task.n))
            priced = self._price(solution.prices, exact=False, tolerance=tolerance, most=most)
            if priced.lines is None:
                links = self._links(solution)
                if links:
                    self.master.add_links(links)
                    grown = False
                    continue
                priced = self._price(solution.prices, exact=True, tolerance=tolerance, most=2 * most)
                if priced.proven:
                    self._note(solution, priced.least, upper)
            if priced.lines is None:
                converged = priced.proven
                break
            if self.pricer.over or self.bound >= upper:
                break
            self.master.add_lines(priced.lines)
            grown = True
        if self.best_prices is None:
            priced = self._price(solution.prices, exact=True, tolerance=1e-6, most=most)
            if priced.proven:
                self._note(solution, priced.least, upper)
        return self._root(solution, converged)

    def _price(self, prices: Prices, *, exact: bool, tolerance: float, most: int) -> Priced:
        words, paid = price_words(self.master.cuts, prices.cut, self.search.task.n)
        prices = replace(prices, cut=paid)
        return self.pricer.price(prices, words, self.depots, exact=exact, tolerance=tolerance, most=most)

    def _note(self, solution: Solution, least: float, upper: float) -> None:
        task = self.search.task
        value = dual_bound(solution.prices, least, task, upper)
        if value > self.bound or self.best_prices is None:
            self.bound, self.best_prices = max(value, self.bound), solution.prices
            self.best_value = dual_bound(solution.prices, least, task, upper, shrunk=False)
        log.debug("lines %d value %.4f bound %.4f least %.5f", self.master.many, solution.value, value, least)

    def _links(self, solution: Solution) -> list[tuple[int, int]]:
        task = self.search.task
        if not task.opening.any():
            return []
        return broken_links(self.master.all_lines(), solution.lines, solution.opened, task.n, set(self.master.links))

    def _root(self, solution: Solution, converged: bool) -> Root:
        master = self.master
        node = replace(self.node, cuts=tuple(master.cuts), links=tuple(master.links))
        lines = master.all_lines()
        prices = self.best_prices if self.best_prices is not None else solution.prices
        return Root(self.bound, prices, lines, solution.lines, solution.opened, solution.missing, node, converged)

    def cut(self, root: Root) -> int:
        """Add the cuts the root's point breaks most; return how many."""
        known = {cut.key: cut for cut in self.master.cuts}
        cuts = separate(root.lines, root.share, self.search.task.n, limited=True, known=known)
        if cuts:
            self.master.add_cuts(cuts)
            self.best_prices = None
        return len(cuts)

    def pool(self, root: Root, upper: float, most_labels: int) -> Lines | None:
        """Return every line that a plan cheaper than ``upper`` may use; None when they are too many."""
        slack = upper - self.best_value
        if self.best_prices is None or not np.isfinite(slack):
            return None
        task = self.search.task
        words, paid = price_words(self.master.cuts[: len(root.prices.cut)], root.prices.cut, task.n)
        each = bool((task.count < task.n).any())
        slack += 1e-7 * max(1.0, abs(upper))
        found = self.pricer.every_line(
            replace(root.prices, cut=paid), words, self.depots, threshold=slack, most_labels=most_labels, each_kind=each
        )
        return None if found is None else cheapest_of_each_set(found, task.n)


def start_node(task: Task) -> Node:
    """Return the node that holds every plan."""
    d_many = len(task.opening)
    most = np.full(d_many, float(task.n))
    return Node(task.lines_low, task.lines_high, np.zeros(d_many), np.ones(d_many), np.zeros(d_many), most)


def elementary(lines: Lines) -> Lines:
    """Return the lines that meet no stop twice."""
    kept = [q for q in range(len(lines)) if len(np.unique(lines.stops(q))) == len(lines.stops(q))]
    return lines.take(np.array(kept, dtype=np.int64))
