"""The labelling in plain Python: slow, short, and the yardstick of the compiled one.

Labels grow backwards from the school as in ``labels``, remember visits by the same ng-sets and pay the same cuts,
but nothing is compared or bounded: every label is tried.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from layoutopt.kernels.routing.lines import Lines, join, pack, price_lines
from layoutopt.kernels.routing.master import Prices
from layoutopt.kernels.routing.pricer import Priced
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Ints

Label = tuple[float, float, float, float, list[int], set[int], tuple[int, ...]]


class PlainPricer:
    """A stand-in for ``Pricer``: ``near[j]`` are the stops whose visit is remembered at stop ``j``."""

    def __init__(self, task: Task, near: list[set[int]] | None = None) -> None:
        self.task = task
        self.near = [set(range(task.n))] * task.n if near is None else near

    def price(
        self, prices: Prices, words: Any, depots: Ints, *, exact: bool = True, tolerance: float, most: int
    ) -> Priced:
        """Return the best lines of reduced cost below ``-tolerance``, at most ``most`` a depot."""
        parts: list[Lines] = []
        least = -tolerance
        for d in depots.tolist():
            found = sorted(self.ended(d, prices, words), key=lambda entry: entry[0])
            least = min([least, *(value for value, _, _ in found[:1])])
            good = [entry for entry in found if entry[0] < -tolerance][:most]
            if good:
                flat, starts = pack([order for _, _, order in good])
                kinds = np.array([kind for _, kind, _ in good], dtype=np.int64)
                parts.append(price_lines(self.task, flat, starts, np.full(len(good), d), kind=kinds))
        return Priced(join(parts) if parts else None, least, True)

    def ended(self, d: int, prices: Prices, words: Any) -> list[tuple[float, int, list[int]]]:
        """Return (reduced cost, vehicle type, stops outermost first) of every line to depot ``d``."""
        task, found = self.task, []
        stack: list[Label] = [(0.0, 0.0, 0.0, 0.0, [], set(), ())]
        while stack:
            label = stack.pop()
            for j in range(task.n):
                grown = self._grown(label, j, d, prices, words)
                if grown is not None:
                    stack.append(grown)
                    value, kind = self._finished(grown, d, prices)
                    if np.isfinite(value):
                        found.append((value, kind, grown[4]))
        return found

    def _grown(self, label: Label, j: int, d: int, prices: Prices, words: Any) -> Label | None:
        """Return ``label`` with stop ``j`` before it, None where a rule or the memory forbids that."""
        task = self.task
        value, ride, load, paid, order, met, states = label
        ride += task.service[j] + (task.between[j, order[0]] if order else task.inward[d, j])
        paid += task.pay_service[j] + (task.pay_between[j, order[0]] if order else task.pay_inward[d, j])
        load += task.riders[j]
        if j in met or load > task.seats.max() or ride > task.limit[j] or ride > task.line_limit:
            return None
        value += task.rider_cost * task.riders[j] * ride - prices.prize[d, j]
        if words is not None:
            weight, parts, remembered = _numbers(words, j, len(prices.cut))
            before = states or (0,) * len(parts)
            totals = [state + w for state, w in zip(before, weight, strict=True)]
            value += sum(float(prices.cut[c]) for c, total in enumerate(totals) if total >= parts[c])
            states = tuple(total % p if kept else 0 for total, p, kept in zip(totals, parts, remembered, strict=True))
        return value, ride, load, paid, [j, *order], (met & self.near[j]) | {j}, states

    def _finished(self, label: Label, d: int, prices: Prices) -> tuple[float, int]:
        """Return (reduced cost, vehicle type) of the line that ends with ``label``."""
        task, (value, ride, load, paid, order, _, _) = self.task, label
        whole = ride + task.outward[d, order[0]]
        if whole > task.line_limit:
            return np.inf, -1
        costs = task.fixed + task.step_share(whole) * task.step_fixed + prices.extra[d]
        costs = np.where(task.seats >= load, costs + task.per_min * (paid + task.pay_outward[d, order[0]]), np.inf)
        return float(costs.min()) + value, int(costs.argmin())


def _numbers(words: Any, j: int, many: int) -> tuple[list[int], list[int], list[bool]]:
    """Return (weight at stop ``j``, parts, whether remembered there) of each cut, read out of the words."""
    read = [(words.add[j], 15), (words.parts, 15), (words.keep[j], 15)]
    rows = [[int(row[c // 16]) >> (4 * (c % 16)) & mask for c in range(many)] for row, mask in read]
    return rows[0], rows[1], [bool(kept) for kept in rows[2]]


def near_sets(keep: Any) -> list[set[int]]:
    """Return the ng-sets of a ``Pricer``'s ``keep`` words as sets."""
    n = len(keep)
    return [{i for i in range(n) if int(keep[j, i // 64]) >> (i % 64) & 1} for j in range(n)]
