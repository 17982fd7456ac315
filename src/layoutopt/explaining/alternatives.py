"""Plans nearly as good that decide differently about schools."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from layoutopt.errors import InfeasibleError
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.model.objective import annual_cost
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import OPEN_ROLES, Plan


def alternatives(
    plan: Plan,
    k: int = 3,
    *,
    within: float = 0.02,
    differ: int = 1,
    effort: str | None = None,
    time_limit_s: float = 120.0,
) -> list[Plan]:
    """Return up to ``k`` other plans, each audited and different from all before it.

    Parameters
    ----------
    within
        How much more the compact program may cost, as a share of the plan's own value.
    differ
        In how many schools at least two of the plans decide differently (open or not).

    Fewer than ``k`` plans come back where no more exist.

    Examples
    --------
    >>> import layoutopt as lo
    >>> [other.figures.schools_closed for other in lo.alternatives(plan, 5)]  # doctest: +SKIP
    """
    found: list[Plan] = []
    level = next((level for level in plan.proof.levels if level.goal == "annual_cost"), None)
    ceiling = np.inf if level is None else level.value * (1 + within)
    chosen = effort or str(plan.proof.options.get("effort", "normal"))
    for _ in range(k):
        earlier = [plan, *found]

        def different(d: Data, earlier: Sequence[Plan] = earlier) -> Iterator[Rows]:
            """Far enough from every plan before, and near enough in cost."""
            for other in earlier:
                yield _distance_at_least(d, other, differ)
            if np.isfinite(ceiling):
                yield annual_cost(d) <= ceiling

        try:
            found.append(
                optimize(
                    plan.study, plan.policy, effort=chosen, time_limit_s=time_limit_s, seed=plan.seed,
                    extra_rules=[different],
                )
            )  # fmt: skip
        except InfeasibleError:
            break
    return found


def _distance_at_least(d: Data, other: Plan, least: int) -> Rows:
    """Schools that decide otherwise: Σ over open (1 − a) + Σ over not open a ≥ least, a = open or point."""
    role = other.schools.set_index("school_id")["role"]
    was_open = role.isin(OPEN_ROLES)
    sign = 1.0 - 2.0 * was_open
    parts = [
        d.frame.total(block, weight=sign.reindex(d.frame.blocks[block].table["school_id"]).to_numpy(float), by=[])
        for block in ("open", "point")
    ]
    changed = parts[0] + parts[1].on(parts[0].labels)
    return changed >= least - float(was_open.sum())
