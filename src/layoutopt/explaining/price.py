"""What one change costs: the plan solved again with that one thing different."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layoutopt.errors import InfeasibleError, nearest
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy


@dataclass(frozen=True, eq=False)
class Price:
    """A plan before and after one change. ``after`` is None where no plan keeps every rule any more.

    The difference of two solves is only as exact as both gaps: ``uncertain_cny`` is the sum of what each
    could still be improved by in its own program.
    """

    change: str
    before: Plan
    after: Plan | None
    reason: str = ""

    @property
    def cost_cny(self) -> float:
        """Yearly cost after less before (CNY); ``inf`` where the change is impossible."""
        if self.after is None:
            return float("inf")
        return self.after.figures.cost_cny - self.before.figures.cost_cny

    @property
    def mean_min(self) -> float:
        """Mean journey after less before (minutes)."""
        if self.after is None:
            return float("inf")
        return self.after.figures.journey_mean_min - self.before.figures.journey_mean_min

    @property
    def uncertain_cny(self) -> float:
        """How much both solves together could still improve (CNY)."""
        total = 0.0
        for plan in (self.before, self.after):
            level = None if plan is None else plan.proof.main
            if level is not None and level.goal == "annual_cost":
                total += max(0.0, level.value - level.bound)
        return total

    def __str__(self) -> str:
        if self.after is None:
            return f"{self.change}: not possible. {self.reason}"
        a, b = self.after.figures, self.before.figures
        return (
            f"{self.change}: {self.cost_cny:+,.0f} CNY a year (known to within {self.uncertain_cny:,.0f}), "
            f"{self.mean_min:+.1f} min on average, {a.journey_max_min - b.journey_max_min:+.1f} for the longest way, "
            f"{a.schools_open - b.schools_open:+d} schools ({a.small_schools_after - b.small_schools_after:+d} small "
            f"ones), {a.lines - b.lines:+d} bus lines."
        )

    __repr__ = __str__


def price_of(
    plan: Plan,
    *,
    keep: str | None = None,
    close: str | None = None,
    effort: str | None = None,
    time_limit_s: float = 120.0,
    **changes: Any,
) -> Price:
    """Return what one change to the plan's policy costs, by solving again.

    Parameters
    ----------
    keep, close
        A school_id that must stay, or must close.
    changes
        Policy keys with their new values, for example ``max_ride_min=45``.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.price_of(plan, keep="S017")  # doctest: +SKIP
    """
    policy, words = _changed(plan, keep, close, changes)
    chosen = effort or str(plan.proof.options.get("effort", "normal"))
    try:
        after = optimize(plan.study, policy, effort=chosen, time_limit_s=time_limit_s, seed=plan.seed)
    except InfeasibleError as error:
        return Price(words, plan, None, str(error))
    return Price(words, plan, after)


def _changed(plan: Plan, keep: str | None, close: str | None, changes: dict[str, Any]) -> tuple[Policy, str]:
    closure = plan.policy.closure
    words = [f"{key} = {value}" for key, value in changes.items()]
    for school in (keep, close):
        known = plan.study.schools.index
        if school is not None and school not in known:
            raise ValueError(f"'{school}' is no school of this plan.{nearest(school, known)}")
    if keep is not None:
        changes["must_keep"] = (*(s for s in closure.must_keep if s != keep), keep)
        changes["must_close"] = tuple(s for s in closure.must_close if s != keep)
        words.append(f"keep {keep}")
    if close is not None:
        changes["must_close"] = (*(s for s in closure.must_close if s != close), close)
        changes["must_keep"] = tuple(s for s in changes.get("must_keep", closure.must_keep) if s != close)
        words.append(f"close {close}")
    if not words:
        raise ValueError("Name one change: keep=, close=, or a policy key.")
    return plan.policy.replace(**changes), ", ".join(words)
