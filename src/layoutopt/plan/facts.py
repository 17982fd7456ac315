"""What the audit holds a plan against: today, schools and ways, worked out afresh."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.journeys import Journeys, journeys_of
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.pupils import pupils_of
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.today import attendance, items_of, own_dwell_min, school_facts

Array = NDArray[np.float64]
TOLERANCE = 1e-6
MINUTES_TOLERANCE = 0.01


@dataclass(frozen=True)
class Violation:
    """One rule broken at one place."""

    place: str
    found: float
    limit: float
    message: str


@dataclass(frozen=True, eq=False)
class Facts:
    """The plan's tables joined with facts recomputed from the study.

    Only settlements, bands and schools the study knows are in them, each school once; the checks ``cover``
    and ``figures`` name the others. ``rows``: the served assignments with ``real_min`` and
    ``real_ride_min`` (recomputed), ``walk_min``,
    today's way, and the school's facts. ``schools``: the plan's school table joined with today's facts
    (suffix ``_fact`` where both have a column), indexed by school_id.
    """

    plan: Plan
    study: Study
    policy: Policy
    journeys: Journeys
    demand: pd.DataFrame
    rows: pd.DataFrame
    schools: pd.DataFrame
    stops: pd.DataFrame


def facts_of(plan: Plan, study: Study, policy: Policy) -> Facts:
    """Return everything the checks look at."""
    journeys = journeys_of(study, policy)
    listed = plan.schools.drop_duplicates("school_id").set_index("school_id")
    schools = listed.merge(
        school_facts(study, policy), left_index=True, right_index=True, how="inner", suffixes=("", "_fact")
    )
    stops = _real_rides(plan, study, policy, journeys)
    rows = _real_ways(plan, study, policy, journeys, stops)
    return Facts(plan, study, policy, journeys, pupils_of(study, policy), rows, schools, stops)


def _real_rides(plan: Plan, study: Study, policy: Policy, journeys: Journeys) -> pd.DataFrame:
    """The stops with ride, loaded and empty kilometres of each line worked out again from its stops."""
    stops = plan.bus_stops.merge(plan.bus_lines[["line_id", "school_id"]], on="line_id", how="left")
    parts = [_real_line(line, policy, journeys) for _, line in stops.groupby("line_id", sort=False)]
    if not parts:
        return stops.assign(real_ride_min=0.0, real_km=0.0, real_empty_km=0.0)
    return stops.join(pd.concat(parts))


def _real_line(line: pd.DataFrame, policy: Policy, journeys: Journeys) -> pd.DataFrame:
    line = line.sort_values("order", kind="stable")
    names = [*("v:" + line["settlement_id"]), f"s:{line['school_id'].iloc[0]}"]
    minutes, all_km = journeys.rides(names)
    here = np.arange(len(names) - 1)
    dwell = policy.bus.dwell_min + policy.bus.dwell_min_per_rider * line["riders"].to_numpy(float)
    rides = np.cumsum((minutes[here, here + 1] + dwell)[::-1])[::-1]
    km, empty_km = float(all_km[here, here + 1].sum()), float(all_km[-1, 0])
    return pd.DataFrame({"real_ride_min": rides, "real_km": km, "real_empty_km": empty_km}, index=line.index)


def _real_ways(plan: Plan, study: Study, policy: Policy, journeys: Journeys, stops: pd.DataFrame) -> pd.DataFrame:
    placed = plan.assignments[plan.assignments["school_id"] != ""]
    is_known = placed["settlement_id"].isin(study.settlements.index) & placed["band"].isin(list(BANDS))
    rows = placed[is_known & placed["school_id"].isin(study.schools.index)].copy()
    table = journeys.table
    settlement = table.from_ids.get_indexer(pd.Index(rows["settlement_id"]))
    school = table.to_ids.get_indexer(pd.Index(rows["school_id"]))
    band = pd.Index(list(BANDS)).get_indexer(pd.Index(rows["band"]))
    known = (settlement >= 0) & (school >= 0) & (band >= 0)
    walk, access = np.full(len(rows), np.inf), np.full(len(rows), np.inf)
    direct = np.full(len(rows), np.inf)
    walk[known] = table.walk_min[settlement[known], school[known], band[known]]
    access[known] = table.access_min[settlement[known], school[known], band[known]]
    direct[known] = table.ride_min[settlement[known], school[known]]
    direct = direct + own_dwell_min(rows["pupils"].to_numpy(float), study, policy)
    on_line = stops.drop_duplicates("item").set_index("item")["real_ride_min"]
    ride = rows["item"].map(on_line).to_numpy(float)
    ride = np.where(np.isnan(ride), direct, ride)
    mode = rows["mode"].to_numpy()
    weekly = np.where(np.isfinite(direct + access), direct + access, walk)
    rows["walk_min"] = walk
    rows["real_ride_min"] = np.where(mode == "bus", ride, 0.0)
    rows["real_min"] = np.select([mode == "walk", mode == "bus"], [walk, access + ride], weekly)
    rows = rows.join(_ways_today(study, policy, rows))
    facts = school_facts(study, policy)
    rows["hub"] = facts["hub"].reindex(rows["school_id"]).to_numpy(bool)
    return rows


def _ways_today(study: Study, policy: Policy, rows: pd.DataFrame) -> pd.DataFrame:
    """Today's way of each row's group; one we do not know by name counts as most pupils of its settlement and band."""
    names = ["minutes", "ride_min", "mode", "school"]
    own = items_of(study, policy).set_index("item")[[f"today_{n}" for n in ("min", "ride_min", "mode", "school")]]
    own = own.reindex(rows["item"]).set_axis(names, axis=1).set_axis(rows.index)
    place = attendance(study, policy).rename(columns={"school_id": "school"})
    place = place.sort_values("pupils", ascending=False, kind="stable").drop_duplicates(["settlement_id", "band"])
    place = place.set_index(["settlement_id", "band"])[names]
    place = place.reindex(pd.MultiIndex.from_frame(rows[["settlement_id", "band"]])).set_axis(rows.index)
    return own.where(own["mode"].notna(), place).add_prefix("was_")
