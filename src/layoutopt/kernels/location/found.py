"""What a search knows at any moment: the best answer, the best bound, and the multipliers worth keeping."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from layoutopt.kernels.location.instance import Answer, Flags, Floats, Instance, Ints


@dataclass(frozen=True)
class State:
    """What the next, similar question can start from: unit prices, open sites, and the site of each unit.

    ``unit_cost`` is the mean cost of each unit's arcs when the prices were found: where it has changed
    since (more pupils, dearer ways), the unit's price is taken to have changed with it.
    """

    unit_price: Floats | None = None
    open: Flags | None = None
    site: Ints | None = None
    unit_cost: Floats | None = None


@dataclass(frozen=True)
class Found:
    """The best answer so far (None when there is none) and the largest proven bound."""

    answer: Answer | None = None
    bound: float = -np.inf
    impossible: bool = False
    price: Floats | None = None
    method: str = ""

    def value(self, instance: Instance) -> float:
        return np.inf if self.answer is None else self.answer.cost(instance)

    def gap(self, instance: Instance) -> float:
        """(objective − bound) / objective, ``inf`` without an answer."""
        return gap_between(self.value(instance), instance.lift(self.bound))


@dataclass(frozen=True)
class Ask:
    """What was asked of the search. The limit in seconds is a safety stop; effort is counted in steps."""

    gap: float = 1e-4
    time_limit_s: float = 60.0
    seed: int = 0
    start: Answer | None = None
    price: Floats | None = None
    began: float = field(default_factory=time.perf_counter)

    def left_s(self) -> float:
        return max(0.0, self.time_limit_s - (time.perf_counter() - self.began))

    def steps(self, share: float, per_s: float) -> int:
        """Return ``share`` of the time limit as a repeatable number of steps."""
        return max(1, int(share * self.time_limit_s * per_s))


def gap_between(value: float, bound: float) -> float:
    """Return how far ``value`` may be above the best, as a share of ``value``; never negative."""
    if not np.isfinite(value):
        return float("inf")
    return max(0.0, value - bound) / max(abs(value), 1e-9)
