"""How far plans differ in who closes, and how far they can: rows that keep a distance, and its proven most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from layoutopt.explaining.axes import attended
from layoutopt.kernels import highs
from layoutopt.model.build import ExtraRule, build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Expr, Model, Rows
from layoutopt.model.objective import COSTS, annual_cost
from layoutopt.model.solve import ceiling
from layoutopt.options import build_options
from layoutopt.plan.plan import OPEN_ROLES, Level, Plan

STEPS = 200
WHOLE = 1e-6


def schools_apart(one: Plan, other: Plan) -> tuple[str, ...]:
    """Return the schools open in one of two plans of the same study and not in the other."""
    mine, its = opened(one), opened(other)
    return tuple(school for school in one.study.schools.index if (school in mine) != (school in its))


def opened(plan: Plan) -> frozenset[str]:
    """Return the schools open in a plan, as a school or a teaching point."""
    return frozenset(plan.schools.loc[plan.schools["role"].isin(OPEN_ROLES), "school_id"])


def apart(d: Data, other: Plan) -> Expr:
    """How many schools decide otherwise than in ``other``: Σ_open (1 − a) + Σ_others a, where a = open or point."""
    was_open = opened(other)
    parts = []
    for name in ("open", "point"):
        schools = d.frame.blocks[name].table["school_id"]
        parts.append(d.frame.total(name, weight=np.where(schools.isin(was_open), -1.0, 1.0), by=[]))
    return parts[0] + parts[1].on(parts[0].labels) + float(len(was_open))


def differing(earlier: Sequence[Plan], least: int) -> ExtraRule:
    """Return the rule that ``least`` schools or more decide otherwise than in each of the ``earlier`` plans."""

    def different(d: Data) -> Iterator[Rows]:
        for other in earlier:
            yield apart(d, other) >= float(least)

    return different


class Reach:
    """How far a plan within a cost can be from others: at most by proof, and as the compact program guesses."""

    def __init__(self, plan: Plan, most_cny: float, *, time_limit_s: float) -> None:
        """Take the study and policy of ``plan``, and the yearly cost that is the limit."""
        options = build_options(plan.study, plan.policy)
        model, self.data = build_model(plan.study, plan.policy, options, extra_rules=[attended])
        self.model: Model = model.without("annual_budget").without("source_budget")
        self.held = [self.model.goals[level.goal] <= _ceiling(plan, level) for level in _before_cost(plan)]
        self.time_limit_s = time_limit_s
        self.most_cny = most_cny
        priced = _priced_bus_cny(plan, self.data)
        self.scale = plan.figures.cost_buses_cny / priced if priced > 0 else 0.0

    def most(self, earlier: Sequence[Plan]) -> int:
        """Return a distance to the nearest of ``earlier`` that no plan within the cost exceeds.

        Lines cost nothing here, so that it holds whatever they cost.
        """
        return self._farthest(earlier, 0.0)[1]

    def guess(self, earlier: Sequence[Plan]) -> int:
        """Return the distance that seems within the cost: a rider at the stated price, scaled to the plan's lines."""
        return self._farthest(earlier, self.scale)[0]

    def _farthest(self, earlier: Sequence[Plan], bus_price: float) -> tuple[int, int]:
        """The distance found and the most there is."""
        total = annual_cost(self.data) - COSTS["buses"](self.data) * (1.0 - bus_price)
        distances = [apart(self.data, other) for other in earlier]
        program = _of_distance(self.model.program(total), distances, [total <= self.most_cny, *self.held])
        found = highs.solve(program, budget=highs.Budget(gap=1e-4, time_limit_s=self.time_limit_s, steps=STEPS))
        if found.status == "infeasible":
            return 0, 0
        reached = 0 if found.values is None else int(np.floor(-program.objective(found.values) + WHOLE))
        return reached, int(np.floor(-found.bound + WHOLE)) if np.isfinite(found.bound) else len(self.data.schools)


def _before_cost(plan: Plan) -> list[Level]:
    """The goals before the yearly cost, which near-best plans keep too; direct rides never make one of them worse."""
    names = [level.goal for level in plan.proof.levels]
    before = plan.proof.levels[: names.index("annual_cost")] if "annual_cost" in names else ()
    return [level for level in before if level.goal != "group_gap"]


def _ceiling(plan: Plan, level: Level) -> float:
    return ceiling(level.value, plan.policy.goals.goal_tolerance.get(level.goal, 0.0))


def _of_distance(program: highs.Program, apart: Sequence[Expr], limits: Sequence[Rows]) -> highs.Program:
    """The program of the largest whole t ≤ the distance to every plan, within ``limits``."""
    width = len(program.cost)
    rest = sp.vstack([program.rows, *(rows.matrix for rows in limits)])
    rest = sp.hstack([rest, sp.csr_matrix((rest.shape[0], 1))])
    own = sp.hstack([sp.vstack([expr.matrix for expr in apart]), sp.csr_matrix(-np.ones((len(apart), 1)))])
    constant = np.concatenate([expr.constant for expr in apart])
    return replace(
        program,
        cost=np.r_[np.zeros(width), -1.0], offset=0.0,
        lower=np.r_[program.lower, 0.0], upper=np.r_[program.upper, np.inf], integer=np.r_[program.integer, True],
        rows=sp.vstack([rest, own], format="csr"),
        row_lower=np.concatenate([program.row_lower, *(rows.lower for rows in limits), -constant]),
        row_upper=np.concatenate([program.row_upper, *(rows.upper for rows in limits), np.full(len(apart), np.inf)]),
    )  # fmt: skip


def _priced_bus_cny(plan: Plan, d: Data) -> float:
    """What the plan's riders would cost at the price per rider."""
    key = ["item", "school_id", "mode"]
    rows = d.options.rows.merge(plan.assignments[key], on=key)
    return float(rows.loc[rows["mode"] == "bus", "cost_cny"].sum())
