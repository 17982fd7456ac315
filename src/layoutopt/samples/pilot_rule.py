"""The rules of thumb a plan is held against: close every school below the trigger, nearest school for its pupils."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.options import build_options
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.study import Study
from layoutopt.today import items_of, school_facts
from layoutopt.units import SLACK_MIN

NO_LIMIT_MIN = 180.0
"""Wide enough for any way in a county; the rule knows no limit."""
FREE = ("places", "school_size")
"""What the rule of thumb does not look at either: whether there is room. Classes and posts are counted as ever."""


def close_all_small(study: Study, policy: Policy, **solving: Any) -> Plan:
    """Return the plan that closes every school below ``closure.trigger_pupils``, limits or not.

    Pupils of a closed school go to the nearest school that stays and teaches them: on foot within the limit, else by
    bus to the nearest hub, however long the way; all others stay where they are, and nobody boards. Only the bus
    lines are chosen, at their least cost. The plan keeps the prices of ``policy`` and breaks its limits on ways: they
    are wide open in ``plan.policy``; ``lo.audit(plan.replace(policy=policy))`` names who is beyond them.
    ``solving`` goes to ``lo.optimize`` (effort, ``quick`` by default, method, time limit).

    Examples
    --------
    >>> rule = close_all_small(study, Policy.preset("jiangxi_2023"))  # doctest: +SKIP
    """
    facts = school_facts(study, policy)
    small = facts.index[facts["small"] & (facts["keep_reason"] == "")]
    return _to_nearest(study, policy, small, **solving)


def send_to_nearest(plan: Plan, **solving: Any) -> Plan:
    """Return the plan that closes what ``plan`` closes and sends the pupils by the rule of :func:`close_all_small`.

    What it costs more than ``plan`` is what choosing schools and lines together saves, the closures being the same.

    Examples
    --------
    >>> nearest = send_to_nearest(plan)  # doctest: +SKIP
    """
    return _to_nearest(plan.study, plan.policy, _closed(plan), **solving)


def _to_nearest(study: Study, policy: Policy, closing: Collection[str], **solving: Any) -> Plan:
    wide = policy.replace(
        must_close=tuple(sorted({*policy.closure.must_close, *closing})), oneway_max_min=NO_LIMIT_MIN,
        max_ride_min=NO_LIMIT_MIN, allowed_boarding=False, allowed=False,
        goals=("unserved", "annual_cost"), goal_tolerance={},
    )  # fmt: skip
    rule = wide.replace(must_attend=_nearest(study, wide))
    return optimize(study, rule, **{"effort": "quick", **solving}, skip=FREE)


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


def beside_plan(plan: Plan, other: Plan, *, name: str) -> dict[str, float]:
    """Return what ``other``, another plan of the county of ``plan``, comes to; the figures' names open with ``name``.

    ``<name>_spared``: schools it closes and ``plan`` keeps, ``_spared_pupils`` those who attend them today ·
    ``_over_min``: pupils of grades 1 to 3 whom it sends beyond the limit of ``plan.policy`` (``access``), or beyond
    today's way where that is longer already · ``_closed``, ``_lines`` (all of them), ``_cost_cny``, ``_buses_cny``,
    ``_minutes_mean`` and ``_minutes_max`` (one way, of all pupils).
    """
    spared = plan.schools["school_id"].isin(_closed(other) - _closed(plan))
    rows, limit, figures = other.assignments, plan.policy.access.oneway_max_min["lower"], other.figures
    late = (rows["band"] == "lower") & (rows["minutes"] > np.maximum(limit, rows["today_min"]) + SLACK_MIN)
    found = {
        "closed": len(_closed(other)),
        "spared": int(spared.sum()),
        "spared_pupils": float(plan.schools.loc[spared, "pupils_before"].sum()),
        "over_min": float(rows.loc[late, "pupils"].sum()),
        "lines": figures.lines,
        "cost_cny": figures.cost_cny,
        "buses_cny": figures.cost_buses_cny,
        "minutes_mean": figures.journey_mean_min,
        "minutes_max": figures.journey_max_min,
    }
    return {f"{name}_{figure}": value for figure, value in found.items()}


def _closed(plan: Plan) -> set[str]:
    return set(plan.schools.loc[plan.schools["role"] == "closed", "school_id"])
