"""How a part of the search splits while lines are still generated: depots, numbers of lines, who serves a stop."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layoutopt.kernels.routing.generate import Generator, Root
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Node, Prices
from layoutopt.kernels.routing.pricer import Priced, Pricer
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats, Ints

WHOLE = 1e-5
"""A share this close to a whole number counts as one."""
COUNT_WHOLE = 1e-4
NEVER = -1e7
"""Worth of a stop to a depot that must not serve it: no line with it pays."""


@dataclass(frozen=True, eq=False)
class Rule:
    """A part of the search space: what ``node`` says, and which stops no line to which depot may meet."""

    node: Node
    barred: tuple[tuple[int, int], ...] = ()

    def mask(self, task: Task) -> Any:
        """Return the barred pairs as flags, depots × stops."""
        mask = np.zeros((len(task.opening), task.n), dtype=bool)
        for stop, d in self.barred:
            mask[d, stop] = True
        return mask


class PartPricer:
    """The pricer of one part: offers no line that meets a barred stop, and looks first where it found some last."""

    def __init__(self, pricer: Pricer, mask: Any) -> None:
        self.pricer, self.mask = pricer, mask
        self.fruitful: Ints | None = None

    @property
    def over(self) -> bool:
        """As :attr:`Pricer.over`."""
        return self.pricer.over

    def _barred(self, prices: Prices) -> Prices:
        return replace(prices, prize=np.where(self.mask, NEVER, prices.prize)) if self.mask.any() else prices

    def price(self, prices: Prices, words: Any, depots: Ints, *, exact: bool, **terms: Any) -> Priced:
        """As :meth:`Pricer.price`; when not ``exact``, depots that offered nothing last time wait for their turn."""
        prices = self._barred(prices)
        if exact or len(depots) == 1:
            self.fruitful = None
            return self.pricer.price(prices, words, depots, exact=exact, **terms)
        first = depots if self.fruitful is None else self.fruitful
        found = self.pricer.price(prices, words, first, exact=False, **terms)
        if found.lines is None and len(first) < len(depots):
            first = np.setdiff1d(depots, first)
            found = self.pricer.price(prices, words, first, exact=False, **terms)
        self.fruitful = None if found.lines is None else np.unique(found.lines.depot)
        return found

    def every_line(self, prices: Prices, *given: Any, **terms: Any) -> Lines | None:
        """As :meth:`Pricer.every_line`."""
        return self.pricer.every_line(self._barred(prices), *given, **terms)


def keeping(lines: Lines, mask: Any) -> Lines:
    """Return the ``lines`` that meet no barred stop."""
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.starts))
    fine = np.ones(len(lines), dtype=bool)
    fine[owner[mask[lines.depot[owner], lines.flat]]] = False
    return lines.take(np.flatnonzero(fine))


def settled_depots(generator: Generator, root: Root, cutoff: float) -> Node:
    """Return the node with every depot fixed whose opening or closing alone lifts the bound to ``cutoff``.

    The reduced cost of y_d is what the bound rises by when y_d leaves its value (Dantzig, Fulkerson, Johnson 1954).
    """
    node, highs = root.node, generator.master.highs
    worth = np.array(highs.getSolution().col_dual)[: len(node.open_low)]
    value = float(highs.getInfo().objective_function_value)
    value -= 1e-5 * abs(value)  # The last prices are fair up to the tolerance of the pricing.
    free = node.open_low < node.open_high
    shut = free & (root.opened < 0.5) & (value + worth >= cutoff)
    kept = free & (root.opened > 0.5) & (value - worth >= cutoff)
    if not (shut | kept).any():
        return node
    low, high = np.where(kept, 1.0, node.open_low), np.where(shut, 0.0, node.open_high)
    return replace(node, open_low=low, open_high=high)


def split(task: Task, rule: Rule, root: Root) -> list[Rule]:
    """Return the parts of a settled part; none when depots and numbers of lines are whole and settled."""
    rule = replace(rule, node=root.node)
    ways = _by_depot(task, rule, root) or _by_count(rule, root) or _by_other_depot(task, rule, root)
    return ways or _by_count_of_depot(task, rule, root)


def _by_depot(task: Task, rule: Rule, root: Root) -> list[Rule]:
    """The depot most in doubt is open, or shut."""
    node = rule.node
    if not task.opening.any():
        return []
    doubt = np.where(node.open_low == node.open_high, 1.0, np.abs(root.opened - 0.5))
    d = int(np.argmin(np.round(doubt, 9)))
    if doubt[d] > 0.5 - WHOLE:
        return []
    return [_with(rule, d, 1.0), _with(rule, d, 0.0)]


def _with(rule: Rule, d: int, value: float) -> Rule:
    low, high = rule.node.open_low.copy(), rule.node.open_high.copy()
    low[d] = high[d] = value
    return replace(rule, node=replace(rule.node, open_low=low, open_high=high))


def _by_count(rule: Rule, root: Root) -> list[Rule]:
    """There are more lines in all, or fewer: with a cost for each line, the strongest question of all."""
    total = float(root.share.sum())
    # Outside its own limits, where stand-ins fill the rows, a count has nothing to decide any more.
    if abs(total - round(total)) < COUNT_WHOLE or not rule.node.low < total < rule.node.high:
        return []
    node, low, high = rule.node, int(np.ceil(total)), int(np.floor(total))
    pair = (replace(node, low=max(node.low, low)), replace(node, high=min(node.high, high)))
    return [replace(rule, node=child) for child in pair if child.low <= child.high]


def _by_other_depot(task: Task, rule: Rule, root: Root) -> list[Rule]:
    """The depots are exactly those of the linear point, or the first other one (in order) is the opposite of it."""
    node = rule.node
    if not task.opening.any():
        return []
    free = np.flatnonzero(node.open_low < node.open_high)
    ways: list[Rule] = []
    for d in free.tolist():
        now = float(np.round(root.opened[d]))
        ways.append(_with(rule, d, 1.0 - now))
        rule = _with(rule, d, now)
    return [rule, *ways] if ways else []


def _by_count_of_depot(task: Task, rule: Rule, root: Root) -> list[Rule]:
    """The depot whose number of lines is most in doubt gets more, or fewer."""
    if len(task.opening) == 1:
        return []
    lines = np.bincount(root.lines.depot, weights=root.share, minlength=len(task.opening))
    doubt = np.abs(lines - np.round(lines))
    doubt[(lines <= rule.node.depot_low) | (lines >= rule.node.depot_high)] = 0.0
    d = int(np.argmax(np.round(doubt, 9)))
    if doubt[d] < COUNT_WHOLE:
        return []
    low, high = rule.node.depot_low.copy(), rule.node.depot_high.copy()
    low[d], high[d] = np.ceil(lines[d]), np.floor(lines[d])
    return [
        replace(rule, node=replace(rule.node, depot_low=low)),
        replace(rule, node=replace(rule.node, depot_high=high)),
    ]


def served(task: Task, lines: Lines, share: Floats) -> Floats:
    """Return which share of each stop each depot serves, depots × stops."""
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.starts))
    weight = np.zeros((len(task.opening), task.n))
    np.add.at(weight, (lines.depot[owner], lines.flat), share[owner])
    return weight


def split_by_owner(task: Task, rule: Rule, root: Root) -> list[Rule]:
    """The stop torn most between depots, many riders first, goes to one of them, or not to it."""
    rule = replace(rule, node=root.node)
    weight, barred = served(task, root.lines, root.share), rule.mask(task)
    doubt = np.minimum(weight, 1.0 - weight)
    # A stop left to one depot alone has nothing to decide, even where the linear point leaves it out in part.
    doubt[barred | (barred.sum(axis=0) >= len(barred) - 1)[None, :]] = 0.0
    score = np.round(np.where(doubt > COUNT_WHOLE, doubt * task.riders[None, :], 0.0), 9)
    at = int(np.argmax(score))
    if score.flat[at] <= 0:
        return []
    d, stop = divmod(at, task.n)
    others = tuple((stop, other) for other in np.flatnonzero(~barred[:, stop]).tolist() if other != d)
    return [replace(rule, barred=rule.barred + others), replace(rule, barred=(*rule.barred, (stop, d)))]
