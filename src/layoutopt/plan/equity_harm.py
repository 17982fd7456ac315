"""Who loses by a plan: groups whose way lengthens, villages whose school goes, evenness and protection."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from layoutopt.journeys import journeys_of
from layoutopt.plan.equity_cells import FELT_MIN
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.plan.quality import quality_spread
from layoutopt.today import school_facts

LOSER_COLUMNS = (
    "settlement_id", "village", "town", "band", "pupils", "today_school", "today_min", "school_id", "mode", "plan_min",
    "change_min",
)  # fmt: skip
VILLAGE_COLUMNS = (
    "settlement_id", "village", "town", "band", "pupils", "lost_school", "stands_here", "today_min", "school_id",
    "mode", "minutes", "km", "next_school", "next_km", "next_walk_min",
)  # fmt: skip
PROTECTED_COLUMNS = (
    "school_id", "reason", "pupils", "cost_cny", "per_pupil_cny", "others_per_pupil_cny", "beyond_cny",
)  # fmt: skip


def losers_of(ways: pd.DataFrame) -> pd.DataFrame:
    """Return the groups whose way takes longer than today or who come to board, the longest change first.

    ``ways`` as of ``ways_of``. A row a village, band, school today and school in the plan; minutes are means of its
    pupils. Boarders stand last, with the minutes of their weekly way; without a change where none is known today.
    """
    lost = ways[(ways["plan_min"] > ways["today_min"] + FELT_MIN) | ways["new_boarder"]]
    keys = ["settlement_id", "village", "town", "band", "today_school", "school_id", "mode"]
    weights = lost["pupils"].astype(float)
    sums = lost[keys].assign(pupils=weights, today_min=weights * lost["today_min"], plan_min=weights * lost["plan_min"])
    table = sums[sums["pupils"] > 0].groupby(keys, as_index=False, sort=True).sum()
    for name in ("today_min", "plan_min"):
        table[name] = table[name].astype(float) / table["pupils"]
    table["change_min"] = np.where(table["mode"] == "board", np.nan, table["plan_min"] - table["today_min"])
    order = ["change_min", "pupils", "settlement_id", "band"]
    table = table.sort_values(order, ascending=[False, False, True, True], kind="stable", na_position="last")
    return table[list(LOSER_COLUMNS)].reset_index(drop=True)


def between_of(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return the groups that go elsewhere or otherwise by the other of two plans, the way that grows most first.

    ``one`` and ``other`` as of ``ways_of``. A row a village, band and pair of schools and modes: ``pupils, one_min,
    other_min`` (means) and ``change_min``, NaN where either is no daily way.
    """
    named = {"school_id": "one_school", "mode": "one_mode", "plan_min": "one_min"}
    theirs = other[["item", "school_id", "mode", "plan_min"]]
    both = one.rename(columns=named).merge(
        theirs.rename(columns={"school_id": "other_school", "mode": "other_mode", "plan_min": "other_min"}), on="item"
    )
    apart = (both["other_min"] - both["one_min"]).abs() > FELT_MIN
    apart |= (both["one_school"] != both["other_school"]) | (both["one_mode"] != both["other_mode"])
    both = both[apart & (both["pupils"] > 0)]
    keys = ["settlement_id", "village", "town", "band", "one_school", "one_mode", "other_school", "other_mode"]
    weights = both["pupils"].astype(float)
    sums = both[keys].assign(pupils=weights, one_min=weights * both["one_min"], other_min=weights * both["other_min"])
    table = sums.groupby(keys, as_index=False, sort=True).agg(
        {name: lambda values: values.sum(skipna=False) for name in ("pupils", "one_min", "other_min")}
    )
    for name in ("one_min", "other_min"):
        table[name] = table[name].astype(float) / table["pupils"]
    daily = ~(table["one_mode"].isin(["board", ""]) | table["other_mode"].isin(["board", ""]))
    table["change_min"] = (table["other_min"] - table["one_min"]).where(daily)
    order = ["change_min", "pupils", "settlement_id", "band"]
    table = table.sort_values(order, ascending=[False, False, True, True], kind="stable", na_position="last")
    return table.reset_index(drop=True)


def villages_of(plan: Plan) -> pd.DataFrame:
    """Return the villages whose school of today no longer teaches their band, with where they go and the next school.

    ``stands_here`` tells that the lost school stands in the village itself: in the settlement it names, or else in
    the one nearest to it. ``next_school`` is the nearest open
    school on foot that teaches the band in the plan (whether or not it has a place), ``next_km`` and
    ``next_walk_min`` the way there; ``inf`` where no path leads to one. ``minutes`` and ``km`` are those of the plan,
    weekly ones for boarders.
    """
    rows = plan.assignments
    taught = _taught(plan)
    loses = [
        school != "" and school not in taught[band]
        for school, band in zip(rows["today_school"], rows["band"], strict=True)
    ]
    keys = ["settlement_id", "band", "today_school", "school_id", "mode"]
    lost = rows[np.array(loses, dtype=bool) & (rows["pupils"] > 0).to_numpy(bool)]
    table = lost.groupby(keys, as_index=False, sort=True).agg(
        pupils=("pupils", "sum"), today_min=("today_min", "max"), minutes=("minutes", "max"), km=("km", "max")
    )
    place = plan.study.settlements[["name", "town"]].reindex(table["settlement_id"])
    table = table.assign(
        village=place["name"].to_numpy(),
        town=place["town"].to_numpy(),
        stands_here=_stands_in(plan).reindex(table["today_school"]).to_numpy() == table["settlement_id"].to_numpy(),
    )
    table = table.rename(columns={"today_school": "lost_school"})
    return table.join(_next_schools(plan, table, taught))[list(VILLAGE_COLUMNS)]


def _taught(plan: Plan) -> Mapping[str, set[str]]:
    """The open schools of the plan by the band they teach."""
    is_open = plan.schools[plan.schools["role"].isin(OPEN_ROLES)]
    found: dict[str, set[str]] = {"lower": set(), "upper": set(), "junior": set()}
    for school, bands in zip(is_open["school_id"], is_open["bands"].astype(str), strict=True):
        for band in bands.split("+"):
            if band in found:
                found[band].add(str(school))
    return found


def _stands_in(plan: Plan) -> pd.Series:
    """The settlement each school stands in."""
    study = plan.study
    near = study.settlements.sindex.nearest(study.schools.geometry, return_all=False)
    nearest = pd.Series(study.settlements.index.to_numpy()[near[1]], index=study.schools.index[near[0]])
    named = study.schools.reindex(columns=["settlement"])["settlement"].fillna("").astype(str)
    return named.where(named != "", nearest)


def _next_schools(plan: Plan, rows: pd.DataFrame, taught: Mapping[str, set[str]]) -> pd.DataFrame:
    table = journeys_of(plan.study, plan.policy).table
    place = table.from_ids.get_indexer(pd.Index(rows["settlement_id"]))
    found: list[tuple[str, float, float]] = []
    for at, band in zip(place, rows["band"], strict=True):
        teaches = table.to_ids.isin(list(taught[band]))
        minutes = np.where(teaches, table.walk_min[at, :, table.bands.index(band)], np.inf)
        best = int(minutes.argmin())
        reached = bool(np.isfinite(minutes[best]))
        found.append(
            (str(table.to_ids[best]), float(table.walk_km[at, best]), float(minutes[best]))
            if reached
            else ("", np.inf, np.inf)
        )
    return pd.DataFrame(found, columns=["next_school", "next_km", "next_walk_min"], index=rows.index)


def variation_of(plans: Mapping[str, Plan]) -> pd.DataFrame:
    """Return how unevenly schools have the seven resources: coefficients of variation of today and of each plan.

    Columns: ``stage, indicator, limit, today``, and for each plan its coefficient and ``<name>_verdict``; see
    ``quality_spread``. A coefficient is NaN where no school of the stage gives the resource.
    """
    keys = ["stage", "indicator"]
    table = pd.DataFrame()
    for name, plan in plans.items():
        spread = quality_spread(plan)
        after = spread[spread["when"] == "after"].set_index(keys)
        if table.empty:
            before = spread[spread["when"] == "before"].set_index(keys)
            table = before[["limit", "cv"]].rename(columns={"cv": "today"})
        table[name], table[f"{name}_verdict"] = after["cv"], after["verdict"]
    return table.reset_index()


def protected_of(plan: Plan) -> pd.DataFrame:
    """Return what small schools cost that stay because they are protected, beside all other open schools.

    Small is below ``closure.closable_below_pupils``: larger schools are not up for closing. Columns: ``school_id,
    reason, pupils``; ``cost_cny`` (running cost and the wages of its posts in a year), ``per_pupil_cny``;
    ``others_per_pupil_cny`` (the same over all other open schools) and ``beyond_cny``, what it costs more than as many
    pupils there. That is no price of the protection, for closing it would bring rides and other schools' posts:
    ``price_of(plan, close=…)`` solves for it.
    """
    facts = school_facts(plan.study, plan.policy)
    small = facts["exists"] & (facts["pupils"] < plan.policy.closure.closable_below_pupils)
    reason = facts["keep_reason"].where(small, "").reindex(plan.schools["school_id"]).to_numpy(object)
    schools = plan.schools.assign(
        reason=reason,
        pupils=plan.schools["pupils_after"].astype(float),
        cost_cny=plan.schools["annual_cny"] + plan.schools["posts"] * plan.policy.staffing.wage_cny,
    )
    schools = schools[schools["role"].isin(OPEN_ROLES)]
    kept, others = schools[schools["reason"] != ""], schools[schools["reason"] == ""]
    each = others["cost_cny"].sum() / others["pupils"].sum() if others["pupils"].sum() > 0 else np.nan
    table = kept[["school_id", "reason", "pupils", "cost_cny"]].astype({"cost_cny": float})
    table = table.assign(
        per_pupil_cny=table["cost_cny"] / table["pupils"].where(table["pupils"] > 0),
        others_per_pupil_cny=each,
        beyond_cny=table["cost_cny"] - each * table["pupils"],
    )
    return table[list(PROTECTED_COLUMNS)].reset_index(drop=True)
