"""What the audit holds a plan against: today, schools and ways, worked out afresh."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
"""Minutes that a plan states may be rounded by this much."""
LIMIT_MIN_TOLERANCE = 1e-5
"""Minutes over a limit that come from adding floats; options and lines are held to a few millionths."""
REAL = (
    "real_ride_min", "real_board_at_min", "real_wait_min", "real_line_min", "real_whole_min", "real_km",
    "real_empty_km",
)  # fmt: skip


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
    ``real_ride_min`` (recomputed), ``walk_min``, ``walk_km``, ``way_km`` (straight there, in the way's own mode),
    today's way, and the school's facts. ``stops``: the plan's, with ``ends_at`` (the school where the line ends) and
    the columns ``REAL``, recomputed. ``schools``: the plan's school table joined with today's facts
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


def each(rows: pd.DataFrame) -> Iterable[Any]:
    """Return the rows with their columns by name. Where there are none, making a type for them is saved as well."""
    return rows.itertuples() if len(rows) else ()


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
    """The stops with ``ends_at`` of their line, and minutes and kilometres worked out again from its calls."""
    ends = plan.bus_lines.drop_duplicates("line_id").set_index("line_id")["school_id"]
    stops = plan.bus_stops.assign(ends_at=plan.bus_stops["line_id"].map(ends))
    parts = [_real_line(line, policy, journeys) for _, line in stops.groupby("line_id", sort=False)]
    return stops.join(pd.concat(parts)) if parts else stops.assign(**dict.fromkeys(REAL, 0.0))


def _real_line(line: pd.DataFrame, policy: Policy, journeys: Journeys) -> pd.DataFrame:
    line = line.sort_values("order", kind="stable")
    calls = calls_of(line)
    minutes, all_km = journeys.rides(calls["place"].tolist())
    here = np.arange(len(calls) - 1)
    dwell = policy.bus.dwell_min + policy.bus.dwell_min_per_rider * calls["pupils"].to_numpy(float)
    left = np.r_[np.cumsum((minutes[here, here + 1] + dwell[:-1])[::-1])[::-1], 0.0]
    is_stop = calls["place"].str.startswith("v:").to_numpy()
    arrive = dict(zip(calls["place"][~is_stop].str[2:], left[~is_stop], strict=True))
    wait, ahead = line["school_id"].map(arrive).to_numpy(float), left[is_stop]
    ride = np.subtract(ahead, wait, out=np.full(len(line), np.inf), where=np.isfinite(ahead))
    since = np.subtract(left[0], ahead, out=np.full(len(line), np.inf), where=np.isfinite(ahead))
    real = {
        "real_ride_min": ride, "real_board_at_min": since, "real_wait_min": wait,
        "real_line_min": left[0], "real_whole_min": left[0] + minutes[-1, 0],
        "real_km": float(all_km[here, here + 1].sum()), "real_empty_km": float(all_km[-1, 0]),
    }  # fmt: skip
    return pd.DataFrame(real, index=line.index)


def calls_of(line: pd.DataFrame) -> pd.DataFrame:
    """Return where a line calls, in order: ``place`` (v: or s: and the id) and the ``pupils`` getting on or off.

    ``line`` holds its stops in their order, with ``ends_at``. A school on the way comes after the last stop that its
    riders name in ``alights_after``, the school where the line ends after everything.
    """
    count, end = len(line), str(line["ends_at"].iloc[0])
    riders = line["riders"].astype(float).tolist()
    places = enumerate(zip(line["settlement_id"], riders, strict=True), start=1)
    calls = [(float(at), 0, f"v:{place}", n) for at, (place, n) in places]
    off: dict[str, tuple[float, float]] = {}
    named = line["alights_after"].astype(float).fillna(-np.inf).tolist()
    for school, after, n in zip(line["school_id"].astype(str), named, riders, strict=True):
        last, before = off.get(school, (-np.inf, 0.0))
        off[school] = max(last, after), before + n
    for school, (after, n) in sorted(off.items()):
        if school != end:
            known = after if np.isfinite(after) else count
            calls.append((min(max(known, 1.0), float(count)), 1, f"s:{school}", n))
    calls = [*sorted(calls, key=lambda call: call[:2]), (float(count), 2, f"s:{end}", 0.0)]
    return pd.DataFrame(calls, columns=["after", "turn", "place", "pupils"])


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
    walk_km, bus_km = np.full(len(rows), np.inf), np.full(len(rows), np.inf)
    walk_km[known] = table.km("walk")[settlement[known], school[known]]
    bus_km[known] = table.km("bus")[settlement[known], school[known]]
    rows["walk_min"], rows["walk_km"] = walk, walk_km
    rows["way_km"] = np.where(mode == "walk", walk_km, bus_km)
    rows["real_ride_min"] = np.where(mode == "bus", ride, 0.0)
    rows["real_min"] = np.select([mode == "walk", mode == "bus"], [walk, access + ride], weekly)
    rows = rows.join(_ways_today(study, policy, rows))
    facts = school_facts(study, policy)
    rows["hub"] = facts["hub"].reindex(rows["school_id"]).to_numpy(bool)
    return rows


def _ways_today(study: Study, policy: Policy, rows: pd.DataFrame) -> pd.DataFrame:
    """Today's way of each row's group; one we do not know by name counts as most pupils of its settlement and band."""
    names = ["minutes", "ride_min", "mode", "school", "km"]
    own = items_of(study, policy).set_index("item")[[f"today_{n}" for n in ("min", "ride_min", "mode", "school", "km")]]
    own = own.reindex(rows["item"]).set_axis(names, axis=1).set_axis(rows.index)
    if own["mode"].notna().all():
        return own.add_prefix("was_")
    place = attendance(study, policy).rename(columns={"school_id": "school"})
    place = place.sort_values("pupils", ascending=False, kind="stable").drop_duplicates(["settlement_id", "band"])
    place = place.set_index(["settlement_id", "band"])[names]
    place = place.reindex(pd.MultiIndex.from_frame(rows[["settlement_id", "band"]])).set_axis(rows.index)
    return own.where(own["mode"].notna(), place).add_prefix("was_")
