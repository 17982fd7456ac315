"""What a frontier weighs against each other: each goal with its words, its value in a plan, and its rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from layoutopt.errors import AskError, nearest
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Expr, Rows
from layoutopt.model.goals import GOALS
from layoutopt.model.objective import plus
from layoutopt.options import build_options
from layoutopt.pipeline.decide import COMPACT_NAME
from layoutopt.pipeline.limits import WORST_JOURNEY
from layoutopt.plan.goal_figures import DIRECT_BELOW, FIGURES, OF_MINUTES
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.today import school_facts

COST = "annual_cost"
KEPT = "schools_kept"
SCHOOLS = "schools"
NEED_COLUMNS = ("inequality", "group_gap", "quality")
"""Goals that are rows over columns of their own: the policy must name them, or the program has none."""
TENTHS = ("inequality", "group_gap")
"""Goals told with one decimal."""
EVEN = 1e-6
"""Values this near to each other (relative) are one value."""


@dataclass(frozen=True, eq=False)
class Axis:
    """One goal of a frontier; ``sign`` is −1 where more is better, ``step`` is 1 where only whole values are asked."""

    name: str
    words: str
    unit: str
    value: Callable[[Plan], float]
    expression: Callable[[Data], Expr]
    sign: float = 1.0
    step: float = 0.0

    def load(self, plan: Plan) -> float:
        """Return the value, turned so that less is better."""
        return self.sign * self.value(plan)

    @property
    def counts(self) -> bool:
        """Return whether the goal is a number of schools."""
        return self.unit == SCHOOLS

    def rule(self, limit: float) -> ExtraRule:
        """Return the rule that the goal comes to ``limit`` (less is better) at most."""

        def no_worse(d: Data) -> Iterator[Rows]:
            yield self.expression(d) * self.sign <= limit + EVEN * max(1.0, abs(limit))

        no_worse.__name__ = f"limit_{self.name}"
        return no_worse

    def sound(self, *, own_travel: bool, rides: bool) -> bool:
        """Return whether every plan with real lines within a limit keeps its rows too, so that bounds speak for it.

        Rows count direct rides. No line is quicker, unless a travel table of one's own says so; the gap between two
        groups may be smaller with lines than without.
        """
        return not rides or self.name not in OF_MINUTES or (self.name in DIRECT_BELOW and not own_travel)

    def tightest(self, load: float, ideal: float) -> float | None:
        """Return the tightest limit below ``load`` that may be kept; None where ``load`` is as good as the ideal."""
        least = float(math.ceil(ideal - EVEN)) if self.step else ideal
        return least if least < load - EVEN * max(1.0, abs(load)) else None

    def looser(self, limit: float, end: float, left: int) -> float | None:
        """Return the first of ``left`` limits that divide the way from ``limit`` to ``end`` evenly; None at its end.

        Whole where only whole values are asked.
        """
        if left < 1:
            return None
        new = limit + (end - limit) / (left + 1)
        new = float(math.ceil(new - EVEN)) if self.step else new
        return new if limit < new < end - EVEN * max(1.0, abs(end)) else None

    def said(self, value: float) -> str:
        """Return a load as a value with its unit."""
        digits = 1 if self.name in TENTHS else 0
        return f"{self.sign * value:,.{digits}f} {self.unit}"


def _cost(plan: Plan) -> float:
    return plan.figures.cost_cny


def _small_left(plan: Plan) -> float:
    return _open_among(plan, "small")


def _kept(plan: Plan) -> float:
    return _open_among(plan, "exists")


def _open_among(plan: Plan, fact: str) -> float:
    """How many schools of which a fact of today holds are open in the plan, as a school or a teaching point."""
    facts = school_facts(plan.study, plan.policy)[fact]
    is_open = plan.schools.set_index("school_id")["role"].isin(OPEN_ROLES)
    return float((is_open & facts.reindex(is_open.index).astype(bool)).sum())


def schools_kept(d: Data) -> Expr:
    """Goal: schools of today that stay, as school or teaching point; more is better."""
    exists = d.schools["exists"]
    parts = [
        d.frame.total(block, by=[], where=exists.reindex(d.frame.blocks[block].table["school_id"]).to_numpy(bool))
        for block in ("open", "point")
    ]
    return plus(d, *parts)


def attended(d: Data) -> Iterator[Rows]:
    """No school stays open for nobody: Σ x ≥ open or point. Else plans would be told apart by empty schools."""
    free = d.schools["keep_reason"] == ""
    for name in ("open", "point"):
        own = d.frame.each(name)
        own = own.only(free.reindex(own.level("school_id")).to_numpy(bool))
        yield d.frame.total("chosen", by=["school_id"]).on(own.labels) - own >= 0.0


def _axis(name: str, words: str, unit: str, *, step: float = 0.0) -> Axis:
    return Axis(name, words, unit, FIGURES[name], GOALS[name], step=step)


AXES: dict[str, Axis] = {
    axis.name: axis
    for axis in (
        Axis(COST, "yearly cost", "CNY", _cost, GOALS[COST]),
        _axis(WORST_JOURNEY, "longest daily way", "min", step=1.0),
        Axis(KEPT, "schools kept", SCHOOLS, _kept, schools_kept, sign=-1.0, step=1.0),
        Axis("merge_small", "small schools left", SCHOOLS, _small_left, GOALS["merge_small"], step=1.0),
        _axis("travel", "pupil-minutes one way a day", "min"),
        _axis("inequality", "mean way of the worst-off", "min"),
        _axis("moved_pupils", "pupils who change school", "pupils"),
        _axis("group_gap", "widest gap between groups", "min"),
        _axis("quality", "pupils beyond the resources", "pupils"),
    )
}


def axes_of(goals: Sequence[str]) -> tuple[Axis, ...]:
    """Return the axes, the yearly cost first.

    Raises
    ------
    AskError
        An unknown goal, not two or three of them, or none of them the yearly cost.
    """
    for name in goals:
        if name not in AXES:
            raise AskError(f"unknown goal '{name}'.{nearest(name, AXES)} Known: {', '.join(AXES)}.")
    if len(set(goals)) != len(goals) or len(goals) not in (2, 3):
        raise AskError(f"A frontier is of two or three different goals, not {', '.join(goals) or 'none'}.")
    if COST not in goals:
        raise AskError(f"Name {COST} among the goals: only cost is decided together with the bus lines.")
    return (AXES[COST], *(AXES[name] for name in goals if name != COST))


def real_bound(plan: Plan) -> float:
    """Return what no plan with real lines costs less than under the plan's rules; −∞ where that is not known.

    The program with buses at a price per rider proves nothing of plans with lines, unless nobody rides.
    """
    level = plan.proof.main
    if level is None or level.goal != COST:
        return -math.inf
    priced = plan.proof.bound_name == COMPACT_NAME
    rides = priced and bool((build_options(plan.study, plan.policy).rows["mode"] == "bus").any())
    return -math.inf if rides else level.bound


def dominated(loads: np.ndarray) -> list[int | None]:
    """Return for each row (less is better) the first that is nowhere worse and better somewhere, or equal and earlier.

    Examples
    --------
    >>> dominated(np.array([[1.0, 3.0], [2.0, 3.0], [2.0, 1.0], [2.0, 1.0]]))
    [None, 0, None, 2]
    """
    near = EVEN * np.maximum(1.0, np.abs(loads))
    found: list[int | None] = []
    for at, own in enumerate(loads):
        better = [
            other
            for other, its in enumerate(loads)
            if other != at
            and bool((its <= own + near[at]).all())
            and (bool((its < own - near[at]).any()) or other < at)
        ]
        found.append(better[0] if better else None)
    return found


def knee(loads: np.ndarray) -> int | None:
    """Return the row farthest below the line (with three goals the plane) through the ends; None where none is.

    Each goal is scaled to u = (value − least) / (greatest − least) over the rows; the line is Σ u = 1, and a point is
    (1 − Σ u) / √k below it, k goals (Das 1999, Structural Optimization 18:107-115, on two goals exactly so; with three
    its plane goes through the best plan of each goal, ours through the ends of the scales).

    Examples
    --------
    >>> knee(np.array([[0.0, 10.0], [1.0, 2.0], [8.0, 1.0], [10.0, 0.0]]))
    1
    """
    if len(loads) < 3:
        return None
    least, span = loads.min(axis=0), np.ptp(loads, axis=0)
    if (span <= 0).any():
        return None
    below = (1.0 - ((loads - least) / span).sum(axis=1)) / math.sqrt(loads.shape[1])
    best = int(np.argmax(below))
    return best if below[best] > EVEN else None
