"""Every pupil group's way today and in a plan, taken apart: on foot, waiting, riding, on slow roads, and its price."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.journeys import journeys_of
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.facts import calls_of
from layoutopt.plan.money import own_pay_cny, paying_pupils
from layoutopt.plan.plan import Plan
from layoutopt.policy.goals import GAP_GROUPS
from layoutopt.policy.money import FAMILIES
from layoutopt.policy.payers import parts_of, paying_modes

Array = NDArray[np.float64]
SLOW_KMH = 20.0
"""Where a school bus may not drive faster: sharp bends, steep or narrow roads (School-bus regulation 2012 art. 35)."""
FIGURES = ("min", "walk_min", "wait_min", "ride_min", "slow_min", "slow_km", "family_cny")
"""What is known of a way; columns of :func:`ways_of` with the prefix ``today_`` or ``plan_``."""


def ways_of(plan: Plan, *, slow_kmh: float = SLOW_KMH) -> pd.DataFrame:
    """Return the assignments with what each way consists of, today and in the plan, and the groups' shares.

    Columns: ``item, settlement_id, village, town, band, pupils``; ``today_school, today_mode, school_id, mode``;
    ``FIGURES`` with the prefix ``today_`` or ``plan_``; ``served``, ``boards`` (in the plan), ``new_boarder``;
    and ``girls, left_behind, poor``, shares of the settlement's pupils, NaN where not given.

    Minutes of a way are those on foot and riding (the bus standing at the own stop counts). ``wait_min`` is spent at
    school before the bell, beyond the minutes of the way; nobody waits at a stop, for buses keep their timetable.
    """
    given = plan.study.settlements
    rows = plan.assignments
    place = given.reindex(columns=["name", "town", *GAP_GROUPS]).reindex(rows["settlement_id"]).set_axis(rows.index)
    named = ["item", "settlement_id", "band", "pupils", "today_school", "today_mode", "school_id", "mode"]
    boards = rows["mode"] == "board"
    table = rows[named].assign(
        village=place["name"].fillna("").astype(str),
        town=place["town"].fillna("").astype(str),
        served=rows["school_id"] != "",
        boards=boards,
        new_boarder=boards & (rows["today_mode"] != "board"),
    )
    for group in GAP_GROUPS:
        table[group] = place[group].astype(float)
    return table.join(_today(plan, slow_kmh).add_prefix("today_")).join(_then(plan, slow_kmh).add_prefix("plan_"))


def _today(plan: Plan, slow_kmh: float) -> pd.DataFrame:
    rows = plan.assignments
    rides = (rows["today_mode"] == "bus").to_numpy(bool)
    ride = np.where(rides, rows["today_ride_min"].to_numpy(float), 0.0)
    slow = _straight_there(plan, rows["settlement_id"], rows["today_school"], rides, slow_kmh)
    # Whoever rides today is known to ride, but neither by which line nor at what fare.
    fare = np.where(rides, np.nan, 0.0)
    return _figures(rows.index, rows["today_min"].to_numpy(float), ride, np.zeros(len(rows)), slow, fare)


def _then(plan: Plan, slow_kmh: float) -> pd.DataFrame:
    rows = plan.assignments
    served = (rows["school_id"] != "").to_numpy(bool)
    rides = (rows["mode"] == "bus").to_numpy(bool)
    on_line = rides & rows["item"].isin(plan.bus_stops["item"]).to_numpy(bool)
    slow = _straight_there(plan, rows["settlement_id"], rows["school_id"], rides & ~on_line, slow_kmh)
    slow[on_line] = _on_lines(plan, slow_kmh).reindex(rows.loc[on_line, "item"]).to_numpy(float)
    early = plan.bus_stops.drop_duplicates("item").set_index("item")["early_min"].astype(float)
    wait = np.where(rides, rows["item"].map(early).fillna(0.0).to_numpy(float), 0.0)
    minutes = np.where(served, rows["minutes"].to_numpy(float), np.nan)
    ride = np.where(rides, rows["ride_min"].to_numpy(float), 0.0)
    # A boarder's weekly way is one sum of minutes: what of it is walked is not written down.
    boards = (rows["mode"] == "board").to_numpy(bool)
    ride[boards] = slow[boards] = np.nan
    return _figures(rows.index, minutes, ride, wait, slow, rows["mode"].map(family_prices(plan)).to_numpy(float))


def _figures(index: pd.Index, minutes: Array, ride: Array, wait: Array, slow: Array, family: Array) -> pd.DataFrame:
    walk = np.maximum(np.where(np.isfinite(minutes), minutes, np.nan) - ride, 0.0)
    columns = (minutes, walk, wait, ride, slow[:, 0], slow[:, 1], family)
    return pd.DataFrame(dict(zip(FIGURES, columns, strict=True)), index=index)


def family_prices(plan: Plan) -> dict[str, float]:
    """Return what a family pays in a year for one pupil, by mode: fare, boarding and meals, with families' share.

    Families pay their own part by the head first, then their share in ``money.source_share`` of what the lines or
    boarding cost beyond it; other costs they bear, if any, are no price of a way. NaN for rides where no line is known.
    """
    costs, prices = annual_costs(plan), {"walk": 0.0, "bus": 0.0, "board": 0.0, "": 0.0}
    for kind in ("buses", "boarding", "meals"):
        of_cost, of_own = parts_of(FAMILIES, kind, plan.policy.money)
        heads = paying_pupils(plan, kind)
        borne = of_cost * costs[kind] + of_own * own_pay_cny(plan, kind, costs[kind])
        for mode in paying_modes(kind, plan.policy):
            prices[mode] += borne / heads if heads else 0.0
    if plan.bus_lines.empty:
        prices["bus"] = np.nan
    return prices


def _on_lines(plan: Plan, slow_kmh: float) -> pd.DataFrame:
    """Minutes and kilometres on slow roads of those who ride on a line, by item, along the calls of the line."""
    ends = plan.bus_lines.drop_duplicates("line_id").set_index("line_id")["school_id"]
    stops = plan.bus_stops.assign(ends_at=plan.bus_stops["line_id"].map(ends)).sort_values(["line_id", "order"])
    lines = [line for _, line in stops.groupby("line_id", sort=False)]
    calls = [calls_of(line)["place"].tolist() for line in lines]
    legs = [leg for places in calls for leg in pairwise(places)]
    found = journeys_of(plan.study, plan.policy).slow_parts([a for a, _ in legs], [b for _, b in legs], slow_kmh)
    if found is None or not lines:
        return pd.DataFrame(columns=["slow_min", "slow_km"], dtype=float)
    rows, begin = [], 0
    for line, places in zip(lines, calls, strict=True):
        own = [part[begin : begin + len(places) - 1] for part in found]
        rows.append(_of_riders(line, places, own))
        begin += len(places) - 1
    table = pd.concat(rows)
    return table[~table.index.duplicated()]


def _of_riders(line: pd.DataFrame, places: list[str], legs: list[Array]) -> pd.DataFrame:
    """What each stop's riders ride on slow roads, from their own stop to their own school."""
    boards = [at for at, place in enumerate(places) if place.startswith("v:")]
    leaves = line["school_id"].map({place[2:]: at for at, place in enumerate(places) if place.startswith("s:")})
    columns = {}
    for name, leg in zip(("slow_min", "slow_km"), legs, strict=True):
        ridden = np.concatenate([[0.0], np.cumsum(leg)])
        columns[name] = ridden[leaves.to_numpy(int)] - ridden[boards]
    return pd.DataFrame(columns, index=line["item"].to_numpy())


def _straight_there(
    plan: Plan, settlements: pd.Series, schools: pd.Series, rides: NDArray[np.bool_], kmh: float
) -> Array:
    """Minutes and kilometres on slow roads of direct rides; 0 for whoever does not ride; NaN without roads."""
    rides = rides & schools.isin(plan.study.schools.index).to_numpy(bool)
    found = journeys_of(plan.study, plan.policy).slow_parts(
        ("v:" + settlements[rides]).tolist(), ("s:" + schools[rides]).tolist(), kmh
    )
    slow = np.full((len(rides), 2), np.nan if found is None else 0.0)
    if found is not None:
        slow[rides] = np.column_stack(found)
    return slow
