"""The search for near-best plans that differ: the largest distance first, then a real plan that has it."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from layoutopt.errors import InfeasibleError, SolverError
from layoutopt.explaining.axes import attended, real_bound
from layoutopt.explaining.differing import Reach, differing, schools_apart
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import Plan

TRIES = 4
"""Plans solved for one alternative, each at another distance."""
EVEN = 1e-9
log = logging.getLogger(__name__)


class Search:
    """The plans found so far, and how far the next one can be from them."""

    def __init__(self, plan: Plan, within: float, differ: int, effort: str, time_limit_s: float) -> None:
        """Take the plan, what others may cost, and the work each may cost."""
        self.plan, self.within, self.differ, self.effort, self.time_limit_s = plan, within, differ, effort, time_limit_s
        self.most_cny = plan.figures.cost_cny * (1 + within)
        self.reach = Reach(plan, self.most_cny, time_limit_s=time_limit_s / TRIES)
        self.start = plan
        self.found: list[Plan] = []
        self.most: list[int] = []
        self.upper = self.tried = len(plan.schools)
        self.stopped = ""

    def next(self) -> bool:
        """Find one more plan, as far away as at most four solves get; False where there is none.

        The distance that seems within the cost is tried first, then less. The more plans there are to differ from, the
        nearer is the farthest: what was too far for the plan before is not tried again.
        """
        earlier = [self.plan, *self.found]
        self.upper = min(self.upper, self.reach.most(earlier))
        low, best = self.differ - 1, None
        high = wanted = min(self.upper, self.tried, max(self.reach.guess(earlier), self.differ))
        for left in reversed(range(TRIES)):
            if low >= high:
                break
            own = self.solved(earlier, wanted)
            if own is None:
                high = wanted - 1
            else:
                best, low = own, max(wanted, min(len(schools_apart(own, other)) for other in earlier))
            wanted = self.differ if best is None and left == 1 else (low + high + 1) // 2
        if best is None:
            self.stopped = self._why()
            return False
        self.tried = low
        self.found.append(best)
        self.most.append(self.upper)
        return True

    def solved(self, earlier: Sequence[Plan], least: int) -> Plan | None:
        """Return a plan within the cost that differs in ``least`` schools from all ``earlier``, if one is found.

        Where it proves that none is within the cost, the bound on the distance falls.
        """
        try:
            own = optimize(
                self.plan.study, self.plan.policy, effort=self.effort, time_limit_s=self.time_limit_s,
                seed=self.plan.seed, extra_rules=[attended, differing(earlier, least)], start=self.start,
            )  # fmt: skip
        except (InfeasibleError, SolverError) as error:
            log.info("No plan with %d schools decided otherwise: %s", least, error)
            return None
        if self.start.basis is None:
            self.start = self.start.replace(basis=own.basis)
        if real_bound(own) > self.most_cny * (1 + EVEN):
            self.upper = min(self.upper, least - 1)
        return own if own.figures.cost_cny <= self.most_cny * (1 + EVEN) else None

    def _why(self) -> str:
        """Why there is no further plan: proven, or not found."""
        what = f"plan within {self.within:.1%} that decides otherwise for {self.differ} or more schools than all others"
        if self.upper < self.differ:
            return f"There is no further {what}: that is proven."
        return f"No further {what} was found; up to {self.upper} schools are not ruled out."
