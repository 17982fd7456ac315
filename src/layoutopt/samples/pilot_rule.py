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
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.today import school_facts
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
    return _to_nearest(study, policy, _small(study, policy), **solving)


def send_to_nearest(plan: Plan, **solving: Any) -> Plan:
    """Return the plan that closes what ``plan`` closes and sends the pupils by the rule of :func:`close_all_small`.

    What it costs more than ``plan`` is what choosing schools and lines together saves, the closures being the same.

    Examples
    --------
    >>> nearest = send_to_nearest(plan)  # doctest: +SKIP
    """
    return _to_nearest(plan.study, plan.policy, _closed(plan), **solving)


def rule_reach(study: Study, policy: Policy) -> dict[str, float]:
    """Return whom :func:`close_all_small` would send too far, known without drawing a line: a direct ride is the least.

    ``rule_closed``: schools it closes · ``rule_over``: pupils beyond the limit of their band (``access``) or of the
    ride, and beyond today's way, though the bus came for them alone · ``rule_over_lower``: of these, grades 1 to 3 ·
    ``rule_over_schools``: closed schools with such a pupil · ``rule_minutes_max``: the longest of their ways ·
    ``rule_overfull``: schools sent more primary pupils than they have places.
    """
    ways = _nearest(study, _wide(policy, _small(study, policy)))
    limits = ways["band"].map({band: policy.access.oneway_max_min[band] for band in BANDS})
    over = ways["minutes"] > np.maximum(limits, ways["today_min"].fillna(0.0)) + SLACK_MIN
    rides = np.maximum(policy.bus.max_ride_min, ways["today_ride_min"].fillna(0.0)) + SLACK_MIN
    over |= (ways["mode"] == "bus") & (ways["ride_min"] > rides)
    late, closed = ways[over], _small(study, policy)
    primary = ways[ways["band"] != "junior"].groupby("school_id")["pupils"].sum()
    places = study.schools["places_primary"].reindex(primary.index)
    return {
        "rule_closed": len(closed),
        "rule_over": float(late["pupils"].sum()),
        "rule_over_lower": float(late.loc[late["band"] == "lower", "pupils"].sum()),
        "rule_over_schools": int(late.loc[late["today_school"].isin(closed), "today_school"].nunique()),
        "rule_minutes_max": float(late["minutes"].max()) if len(late) else 0.0,
        "rule_overfull": int((primary > places).sum()),
    }


def _small(study: Study, policy: Policy) -> list[str]:
    facts = school_facts(study, policy)
    return sorted(facts.index[facts["small"] & (facts["keep_reason"] == "")])


def _wide(policy: Policy, closing: Collection[str]) -> Policy:
    return policy.replace(
        must_close=tuple(sorted({*policy.closure.must_close, *closing})), oneway_max_min=NO_LIMIT_MIN,
        max_ride_min=NO_LIMIT_MIN, allowed_boarding=False, allowed=False,
        goals=("unserved", "annual_cost"), goal_tolerance={},
    )  # fmt: skip


def _to_nearest(study: Study, policy: Policy, closing: Collection[str], **solving: Any) -> Plan:
    """Limits give way as far as the longest direct way of each band asks; wider ones would only make longer lines."""
    wide = _wide(policy, closing)
    ways = _nearest(study, wide)
    longest = ways.groupby("band")["minutes"].max()
    rule = wide.replace(
        must_attend=dict(ways.groupby("place")["school_id"].first()),
        oneway_max_min={
            band: max(policy.access.oneway_max_min[band], float(np.ceil(longest.get(band, 0.0)))) for band in BANDS
        },
        max_ride_min=max(policy.bus.max_ride_min, float(np.ceil(ways["ride_min"].max()))),
    )
    return optimize(study, rule, **{"effort": "quick", **solving}, skip=FREE)


def _nearest(study: Study, policy: Policy) -> pd.DataFrame:
    """The way of each pupil group: to today's school if that stays, else the nearest on foot, else to a hub."""
    options = build_options(study, policy)
    of = ["item", "pupils", "today_school", "today_mode", "today_min", "today_ride_min"]
    rows = options.rows.merge(options.items[of], on="item")
    own = (rows["school_id"] == rows["today_school"]) & ~rows["school_id"].isin(policy.closure.must_close)
    rows["rank"] = np.where(own, 0, np.where(rows["mode"] == "walk", 1, 2))
    order = rows.sort_values(["item", "rank", "minutes", "school_id"], kind="stable")
    return order.drop_duplicates("item").assign(place=order["settlement_id"] + "." + order["band"])


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
