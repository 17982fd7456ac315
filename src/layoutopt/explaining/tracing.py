"""The points of a frontier one after another, each begun at its neighbour: the cost made least, the others limited."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from layoutopt.errors import InfeasibleError, SolverError
from layoutopt.explaining.axes import COST, EVEN, KEPT, NEED_COLUMNS, Axis, attended, real_bound
from layoutopt.explaining.change import EFFORT
from layoutopt.model.build import ExtraRule, build_model
from layoutopt.model.solve import Effort, Stopped, solve_goals
from layoutopt.model.start import first_point
from layoutopt.options import build_options
from layoutopt.pipeline import optimize
from layoutopt.pipeline.limits import WORST_JOURNEY
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.progress import Report
from layoutopt.study import Study

IDEAL = Effort(gap=1e-4, steps=200)
"""How hard the best value of each other goal is looked for; it only says where a frontier ends."""
IDEAL_SHARE = 0.1
"""Of the time limit, for each of them."""
LATER_SHARE = 0.2
"""Of the time limit of the first point, for each that begins at another."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Point:
    """One plan of a frontier: the limits it was asked to keep, its loads (less is better), what is proven, the work.

    ``loads`` and ``bounds`` go by goal. The bound of the yearly cost speaks for every plan within the limits; that of
    another goal for every plan that is no worse in the rest. ``work_s`` is processor time.
    """

    plan: Plan
    limits: Mapping[str, float]
    loads: Mapping[str, float]
    bounds: Mapping[str, float]
    work_s: float

    def keeps(self, limits: Mapping[str, float]) -> bool:
        """Return whether the plan comes to no more than ``limits``."""
        return all(self.loads[name] <= most + EVEN * max(1.0, abs(most)) for name, most in limits.items())

    def looser(self, limits: Mapping[str, float]) -> bool:
        """Return whether this point was asked for no more than ``limits`` ask."""
        return all(name in limits and limits[name] <= most + EVEN for name, most in self.limits.items())


@dataclass(eq=False)
class Tracer:
    """Solves points and remembers them: what holds within looser limits need not be sought again."""

    study: Study
    policy: Policy
    axes: tuple[Axis, ...]
    effort: str
    time_limit_s: float
    seed: int
    report: Report
    wanted: int
    found: list[Point] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    least: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = (COST, *(axis.name for axis in self.axes[1:] if axis.name in NEED_COLUMNS))
        self.policy = self.policy.replace(goals=names, goal_weights={}, goal_tolerance={COST: 0.0})
        self.always: tuple[ExtraRule, ...] = (attended,) if KEPT in [axis.name for axis in self.axes] else ()
        self.rides = bool((build_options(self.study, self.policy).rows["mode"] == "bus").any())

    def trace(self, start: Plan | None) -> None:
        """Find the points: the least cost, the best value of each goal, and those between."""
        first = self.solved({}, start)
        ideals = self.ideals()
        along, *across = self.axes[1:]
        if not across:
            self._chain(first, along, ideals[along.name], self.wanted)
            return
        chains = max(2, round(math.sqrt(self.wanted)))
        heads = self._chain(first, across[0], ideals[across[0].name], chains)
        for head in heads:
            self._chain(head, along, ideals[along.name], max(2, self.wanted // chains))

    def _chain(self, first: Point, axis: Axis, ideal: float, count: int) -> list[Point]:
        """``first``, the point at the best value of a goal, and those between them, ``count`` in all.

        From the best value on the limit is eased: each plan keeps the next limit too and is where its search begins,
        so that no step costs more. Prizes found without a limit hold within every one.
        """
        chain, start, end = [first], first.plan, first.loads[axis.name]
        limit = axis.tightest(end, ideal)
        for left in reversed(range(count - 1)):
            if limit is None:
                break
            limits = {**first.limits, axis.name: limit}
            try:
                chain.append(self.solved(limits, start))
                start = chain[-1].plan.replace(basis=first.plan.basis)
            except (InfeasibleError, SolverError) as error:
                log.info("No point within %s: %s", limits, error)
                self.failed.append(f"No plan was found within {self.said(limits)}.")
            limit = axis.looser(limit, end, left)
        return chain

    def solved(self, limits: Mapping[str, float], start: Plan | None) -> Point:
        """Return the point within ``limits``: one already known where it is the cheapest there too, or solved."""
        known = [point for point in self.found if point.looser(limits) and point.keeps(limits)]
        if known:
            return replace(min(known, key=lambda point: point.loads[COST]), limits=dict(limits), work_s=0.0)
        share = len(self.found) / self.wanted
        self.report(min(share, 0.95), f"point {len(self.found) + 1}: {self.said(limits) or 'the least cost'}")
        rules = [*self.always, *(axis.rule(limits[axis.name]) for axis in self.axes[1:] if axis.name in limits)]
        began = time.process_time()
        plan = optimize(
            self.study, self.policy, seed=self.seed, start=start, **self._work(), **_asked(limits, rules)
        )  # fmt: skip
        work_s = time.process_time() - began
        loads = {axis.name: axis.load(plan) for axis in self.axes}
        self.found.append(Point(plan, dict(limits), loads, {COST: self._bound(plan, limits)}, work_s))
        return self.found[-1]

    def _work(self) -> dict[str, Any]:
        """How hard a point is looked for: one begun at its neighbour has little left to find."""
        if not self.found:
            return {"effort": self.effort, "time_limit_s": self.time_limit_s}
        effort = self.effort if self.effort == "proof" else EFFORT
        return {"effort": effort, "time_limit_s": LATER_SHARE * self.time_limit_s}

    def _bound(self, plan: Plan, limits: Mapping[str, float]) -> float:
        """What no plan within the limits is below; −∞ where what was proven does not speak for plans with lines."""
        own = self.study.travel is not None
        asked = [axis for axis in self.axes if axis.name in limits]
        return real_bound(plan) if all(axis.sound(own_travel=own, rides=self.rides) for axis in asked) else -np.inf

    def ideals(self) -> dict[str, float]:
        """The best value of each goal but the cost, whatever the cost and with direct rides for everybody."""
        names = (COST, *(axis.name for axis in self.axes[1:] if axis.name in (*NEED_COLUMNS, WORST_JOURNEY)))
        asked = self.policy.replace(goals=names)
        model, data = build_model(self.study, asked, build_options(self.study, asked), extra_rules=self.always)
        model = model.without("annual_budget").without("source_budget")
        best = {}
        for axis in self.axes[1:]:
            self.report(0.0, f"the best {axis.words}")
            only = replace(model, goals={axis.name: axis.expression(data) * axis.sign})
            try:
                answer = solve_goals(
                    only, tolerance={}, effort=IDEAL, time_limit_s=IDEAL_SHARE * self.time_limit_s, seed=self.seed,
                    start=first_point(only, data), report=lambda share, text: None, interrupted=lambda: False,
                )  # fmt: skip
            except Stopped:
                continue
            best[axis.name] = answer.levels[-1].value
            if axis.sound(own_travel=self.study.travel is not None, rides=self.rides):
                self.least[axis.name] = answer.levels[-1].bound
        return {axis.name: best.get(axis.name, np.inf) for axis in self.axes[1:]}

    def said(self, limits: Mapping[str, float]) -> str:
        """Return limits in words."""
        return ", ".join(f"{axis.words} {axis.said(limits[axis.name])}" for axis in self.axes if axis.name in limits)


def _asked(limits: Mapping[str, float], rules: Sequence[Any]) -> dict[str, Any]:
    """What optimize is asked for limits: rows over the compact program, and what real lines must keep."""
    if WORST_JOURNEY not in limits:
        return {"extra_rules": rules}
    kept = [rule for rule in rules if rule.__name__ != f"limit_{WORST_JOURNEY}"]
    return {"extra_rules": kept, "limits": {WORST_JOURNEY: limits[WORST_JOURNEY]}}


def proven(points: Sequence[Point], axes: Sequence[Axis], least: Mapping[str, float]) -> list[Point]:
    """Return the points with every bound that their costs prove together; ``least`` bounds each goal alone.

    A cost bound within looser limits holds within tighter ones. Where no plan within a limit costs as little as a
    point does, no plan that cheap keeps the limit: that bounds the other goal.
    """
    costs = [max([q.bounds[COST] for q in points if q.looser(p.limits)], default=p.bounds[COST]) for p in points]
    found = []
    for point, cost in zip(points, costs, strict=True):
        bounds = {COST: min(cost, point.loads[COST])}
        for axis in axes[1:]:
            out_of_reach = [
                q.limits[axis.name] + (1.0 if axis.counts else 0.0)
                for q, bound in zip(points, costs, strict=True)
                if axis.name in q.limits
                and bound > point.loads[COST] * (1 + EVEN)
                and point.keeps({name: most for name, most in q.limits.items() if name != axis.name})
            ]
            proven = max([least.get(axis.name, -np.inf), *out_of_reach])
            bounds[axis.name] = min(proven, point.loads[axis.name])
        found.append(replace(point, bounds=bounds))
    return found
