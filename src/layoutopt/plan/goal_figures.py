"""What a plan comes to for each goal, measured from its tables: the twin of the program's goals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.plan.quality import quality_shortfall
from layoutopt.plan.weighted import worst_mean
from layoutopt.policy.norms import school_day_share
from layoutopt.today.groups import group_weights

if TYPE_CHECKING:
    from layoutopt.plan.plan import Plan


def travel(plan: Plan) -> float:
    """Pupil-minutes one way a school day; a boarder's weekly way counts a fifth."""
    rows = _served(plan)
    return float(_minutes(rows) @ rows["pupils"].to_numpy(float))


def worst_journey(plan: Plan) -> float:
    """Minutes of the longest daily way."""
    rows = _served(plan)
    daily = rows[(rows["mode"] != "board") & (rows["pupils"] > 0)]
    return float(daily["minutes"].max()) if len(daily) else 0.0


def inequality(plan: Plan) -> float:
    """Mean minutes of the worst-off share of pupils (``goals.worst_share``), a boarder's way counting a fifth."""
    rows = _served(plan)
    return worst_mean(_minutes(rows), rows["pupils"].to_numpy(float), plan.policy.goals.worst_share)


def moved_pupils(plan: Plan) -> float:
    """Pupils who change school."""
    return float(plan.assignments.loc[plan.assignments["moved"], "pupils"].sum())


def group_gap(plan: Plan) -> float:
    """The largest difference of mean minutes between one of ``goals.gap_groups`` and all other pupils."""
    rows = _served(plan)
    gaps = [abs(float(_minutes(rows) @ group_weights(plan.study, rows, g))) for g in plan.policy.goals.gap_groups]
    return max(gaps, default=0.0)


def _served(plan: Plan) -> pd.DataFrame:
    return plan.assignments[plan.assignments["school_id"] != ""]


def _minutes(rows: pd.DataFrame) -> np.ndarray:
    """Minutes one way a school day."""
    return rows["minutes"].to_numpy(float) * school_day_share(rows["mode"].to_numpy())


Figure = Callable[["Plan"], float]
FIGURES: dict[str, Figure] = {
    "travel": travel,
    "worst_journey": worst_journey,
    "inequality": inequality,
    "moved_pupils": moved_pupils,
    "group_gap": group_gap,
    "quality": quality_shortfall,
}
DIRECT_BELOW = ("travel", "worst_journey", "inequality")
"""Goals no line can better: what they come to with a direct ride for everybody is a bound for real lines as well."""
OF_MINUTES = (*DIRECT_BELOW, "group_gap")
