"""The rule of thumb a plan is held against: close every school below the trigger, nearest school for its pupils."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.options import build_options
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.samples.pilot_totals import county_figures
from layoutopt.study import Study
from layoutopt.today import items_of, school_facts
from layoutopt.units import SLACK_MIN

NO_LIMIT_MIN = 180.0
"""Wide enough for any way in a county; the rule knows no limit."""
FREE = ("places", "school_size")
"""What the rule of thumb does not look at either: whether there is room. Classes and posts are counted as ever."""


def close_all_small(study: Study, policy: Policy, *, effort: str = "quick", time_limit_s: float = 600.0) -> Plan:
    """Return the plan that closes every school below ``closure.trigger_pupils``, limits or not.

    Pupils of a closed school go to the nearest school that stays and teaches them: on foot within the limit, else by
    bus to the nearest hub, however long the way; all others stay where they are, and nobody boards. Only the bus
    lines are chosen, at their least cost. The plan keeps the prices of ``policy`` and breaks its limits on ways: they
    are wide open in ``plan.policy``; ``lo.audit(plan.replace(policy=policy))`` names who is beyond them.

    Examples
    --------
    >>> rule = close_all_small(study, Policy.preset("jiangxi_2023"))  # doctest: +SKIP
    """
    facts = school_facts(study, policy)
    small = facts.index[facts["small"] & (facts["keep_reason"] == "")]
    wide = policy.replace(
        must_close=tuple(sorted({*policy.closure.must_close, *small})), oneway_max_min=NO_LIMIT_MIN,
        max_ride_min=NO_LIMIT_MIN, allowed_boarding=False, allowed=False,
        goals=("unserved", "annual_cost"), goal_tolerance={},
    )  # fmt: skip
    rule = wide.replace(must_attend=_nearest(study, wide))
    return optimize(study, rule, effort=effort, time_limit_s=time_limit_s, skip=FREE)


def _nearest(study: Study, policy: Policy) -> dict[str, str]:
    """The school of each place and band: today's if it stays, else the nearest on foot, else the nearest hub."""
    rows = build_options(study, policy).rows
    walks = rows["mode"] == "walk"
    order = rows.assign(rank=np.where(walks, 0, 1)).sort_values(["item", "rank", "minutes", "school_id"], kind="stable")
    first = order.drop_duplicates("item").set_index("item")["school_id"]
    items = items_of(study, policy)
    closing = set(policy.closure.must_close)
    stays = ~items["today_school"].isin([*closing, ""])
    goes = items["today_school"].where(stays, items["item"].map(first))
    places = (items["settlement_id"] + "." + items["band"]).to_numpy()
    return dict(pd.Series(goes.to_numpy(), index=places).dropna().groupby(level=0).first())


def against_rule(plan: Plan, rule: Plan) -> dict[str, float]:
    """Return what ``plan`` saves and spares against the rule of thumb in the same county.

    ``spared``: schools the rule closes and the plan keeps, ``spared_pupils`` those who attend them today ·
    ``rule_over_min``: pupils of grades 1 to 3 whom the rule sends beyond the limit of ``plan.policy`` (``access``), or
    beyond today's way where that is longer already · the other figures as :func:`county_figures` names them.
    """
    spared = plan.schools["school_id"].isin(_closed(rule) - _closed(plan))
    rows, limit = rule.assignments, plan.policy.access.oneway_max_min["lower"]
    late = (rows["band"] == "lower") & (rows["minutes"] > np.maximum(limit, rows["today_min"]) + SLACK_MIN)
    own, figures = county_figures(rule), rule.figures
    return {
        "spared": float(spared.sum()),
        "spared_pupils": float(plan.schools.loc[spared, "pupils_before"].sum()),
        "rule_closed": own["closed"],
        "rule_lines_all": own["lines_all"],
        "rule_over_min": float(rows.loc[late, "pupils"].sum()),
        "rule_cost_cny": own["cost_cny"],
        "rule_buses_cny": own["buses_cny"],
        "rule_minutes_mean": own["minutes_mean"],
        "rule_minutes_p90": own["minutes_p90"],
        "rule_minutes_max": figures.journey_max_min,
        "minutes_max": plan.figures.journey_max_min,
    }


def _closed(plan: Plan) -> set[str]:
    return set(plan.schools.loc[plan.schools["role"] == "closed", "school_id"])
