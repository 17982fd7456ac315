"""What one change costs: the plan solved again with that one thing different, and how exactly that is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from layoutopt.errors import LayoutError, SolverError
from layoutopt.explaining.change import change_of
from layoutopt.explaining.proven import (
    cost_level,
    earlier_goals,
    same_program,
)
from layoutopt.plan.plan import Plan

if TYPE_CHECKING:
    from layoutopt.explaining.curve import PriceCurve

INF = float("inf")
SAME = 1e-6
ROUND_CNY = 0.5


@dataclass(frozen=True, eq=False)
class Price:
    """A plan before and after one change. ``after`` is None where no plan keeps every rule any more.

    Costs are CNY a year, after less before. ``cost_cny`` compares the two plans found; the best plan without the
    change and the best with it differ by ``least_cny`` at least and ``most_cny`` at most, from the bounds of both
    solves. ``amount`` is by how many ``unit`` the change goes, where it is a number; ``tightens`` says that it only
    takes plans away. ``reason`` says in short why there is no plan after it, ``error`` at length.
    """

    change: str
    before: Plan
    after: Plan | None
    reason: str = ""
    amount: float | None = None
    unit: str = ""
    tightens: bool = False
    error: LayoutError | None = None

    @property
    def possible(self) -> bool:
        """Whether a plan keeps every rule after the change."""
        return self.after is not None

    @property
    def refusal(self) -> str:
        """Why there is no plan after the change: none is possible, or the limits were reached before any was found."""
        return f"{'not known' if isinstance(self.error, SolverError) else 'not possible'}. {self.reason}"

    @cached_property
    def cost_cny(self) -> float:
        """Yearly cost after less before (CNY); ``inf`` where the change is impossible."""
        return self._difference("cost_cny")

    @property
    def least_cny(self) -> float:
        """The least the change costs, whatever better plans there are before or after it; ``-inf`` where not known."""
        return self._interval[0]

    @property
    def most_cny(self) -> float:
        """The most the change costs, whatever better plans there are before or after it; ``inf`` where not known."""
        return self._interval[1]

    @property
    def mean_min(self) -> float:
        """Mean journey after less before (minutes)."""
        return self._difference("journey_mean_min")

    @property
    def worst_min(self) -> float:
        """Longest journey after less before (minutes)."""
        return self._difference("journey_max_min")

    @property
    def schools(self) -> float:
        """Schools open after less before."""
        return self._difference("schools_open")

    @property
    def lines(self) -> float:
        """Bus lines after less before."""
        return self._difference("lines")

    @property
    def uncertain_cny(self) -> float:
        """How much both solves together could still improve (CNY)."""
        levels = [cost_level(plan) for plan in (self.before, self.after) if plan is not None]
        return sum(max(0.0, level.value - level.bound) for level in levels if level is not None)

    @property
    def per_unit_cny(self) -> float | None:
        """What one unit of the change costs (one minute, one seat, one bus); None where it is no number."""
        if self.amount is None or abs(self.amount) <= SAME:
            return None
        return self.cost_cny / abs(self.amount)

    @cached_property
    def _interval(self) -> tuple[float, float]:
        if self.after is None:
            return INF, INF
        before, after = cost_level(self.before), cost_level(self.after)
        if before is None or after is None:
            return -INF, INF
        least, most = after.bound - before.value, after.value - before.bound
        if self.tightens and self.cost_cny >= 0 and same_program(self.after, self.before):
            least = max(least, 0.0)  # what only takes plans away makes the best plan no cheaper
        return least, most

    def _difference(self, figure: str) -> float:
        if self.after is None:
            return INF
        return float(getattr(self.after.figures, figure) - getattr(self.before.figures, figure))

    def __str__(self) -> str:
        if self.after is None:
            return f"{self.change}: {self.refusal}"
        a, b = self.after.figures, self.before.figures
        text = (
            f"{self.change}: {self.cost_cny:+,.0f} CNY a year ({self.known}), {self.mean_min:+.1f} min on average, "
            f"{self.worst_min:+.1f} for the longest way, {self.schools:+.0f} schools "
            f"({a.small_schools_after - b.small_schools_after:+d} small ones), {self.lines:+.0f} bus lines."
        )
        return " ".join([text, *self._further()])

    __repr__ = __str__

    def to_dict(self) -> dict[str, Any]:
        """Return the price as plain values, as JSON knows them; what is not known or not possible is None."""
        names = ("cost_cny", "least_cny", "most_cny", "mean_min", "worst_min", "schools", "lines", "per_unit_cny")
        found = {name: getattr(self, name) for name in names}
        plain = {name: value if value is not None and abs(value) < INF else None for name, value in found.items()}
        return {"change": self.change, "possible": self.possible, "reason": self.reason, **plain, "unit": self.unit}

    def _further(self) -> list[str]:
        """What goes before the cost, one unit's price, and a word where the changed plan is the better one."""
        found = []
        after = earlier_goals(self.after) if self.after else {}
        for name, was in earlier_goals(self.before).items():
            if abs(after.get(name, was) - was) > SAME * max(1.0, abs(was)):
                found.append(f"The goal {name}, which comes before the cost, goes from {was:g} to {after[name]:g}.")
        if self.per_unit_cny is not None and abs(abs(self.amount or 1.0) - 1.0) > SAME:
            found.append(f"That is {self.per_unit_cny:+,.0f} CNY a {self.unit}.")
        if self.tightens and self.cost_cny < -ROUND_CNY and not found:
            found.append("The plan found with it keeps the rules without it too: the one asked about was not the best.")
        return found

    @property
    def known(self) -> str:
        """How exactly the cost is known, in words."""
        least, most = self.least_cny, self.most_cny
        if most - least <= 2 * ROUND_CNY:
            return "exactly"
        sides = [f"at least {least:+,.0f}"] if least > -INF else []
        sides += [f"at most {most:+,.0f}"] if most < INF else []
        return " and ".join(sides) or "how near the best both are is not known"


def price_of(
    plan: Plan,
    *,
    keep: str | Sequence[str] | None = None,
    close: str | Sequence[str] | None = None,
    move: Mapping[str, str] | None = None,
    places: Mapping[str, Any] | None = None,
    beds: Mapping[str, Any] | None = None,
    buses: Any = None,
    schools_open: Any = None,
    effort: str | None = None,
    time_limit_s: float = 120.0,
    **policy_keys: Any,
) -> Price | PriceCurve:
    """Return what one change to the question costs, by solving again from the plan; a curve where a range is given.

    Where one number is given as a list, tuple or range (``max_ride_min=[30, 35, 40]``, ``places={"S04": (10, 20)}``)
    every value is priced, each from the plan before it, and a :class:`PriceCurve` comes back.

    Parameters
    ----------
    keep, close
        A school_id (or several) that must stay, or must close.
    move
        Where the pupils of a settlement go: settlement_id to school_id.
    places, beds
        Seats or beds more (or fewer) at a school: school_id to their number.
    buses
        Vehicles more or fewer.
    schools_open
        At least (or, below zero, at most) that many more schools open than now.
    effort, time_limit_s
        How hard to look (``quick`` where not given, as the search begins at the plan), and each solve's safety stop.
    policy_keys
        Policy keys with their new values, for example ``max_ride_min=45``.

    Raises
    ------
    AskError
        An unknown id, no change at all, or more than one range.
    PolicyError
        An unknown key, or values that contradict each other.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.price_of(plan, keep="S017")  # doctest: +SKIP
    >>> lo.price_of(plan, max_ride_min=[30, 35, 40, 45]).table  # doctest: +SKIP
    """
    from layoutopt.explaining.pricing import priced
    from layoutopt.explaining.sweep import price_curve, ranged

    given = {
        "keep": keep, "close": close, "move": move, "places": places, "beds": beds, "buses": buses,
        "schools_open": schools_open,
    }  # fmt: skip
    asked = {name: value for name, value in given.items() if value is not None} | policy_keys
    name = ranged(plan, asked)
    if name is not None:
        return price_curve(plan, name, asked, effort=effort, time_limit_s=time_limit_s)
    return priced(plan, change_of(plan, **asked), asked=asked, effort=effort, time_limit_s=time_limit_s)
