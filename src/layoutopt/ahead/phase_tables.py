"""A phasing as tables, worked out from the plans of its years alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise, product

import numpy as np
import pandas as pd

from layoutopt.ahead.phase_basis import Basis
from layoutopt.model.copies_between import followers, lead_years
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.plan.tables import expansion_rows, levels_of
from layoutopt.schema import STAGES

Plans = Mapping[int, Plan]
Level = tuple[str, str, int]
"""A school, a stage, and a level of its expansion."""
EVENTS = ["year", "school_id", "event", "pupils"]
CLOSES, POINT, OPENS, GROWS = "closes", "becomes a teaching point", "opens", "is enlarged"
MOVES = ["year", "item", "settlement_id", "band", "from_school", "to_school", "pupils"]
GONE, WHOLE = ("closed", "not_built"), ("hub", "full")


def state_table(plans: Plans) -> pd.DataFrame:
    """Return a row a school and a column a year: its role, with a + where it has been enlarged."""
    found = {}
    for year, plan in plans.items():
        schools = plan.schools.set_index("school_id")
        grown = schools[[f"level_{stage}" for stage in STAGES]].ne("").any(axis=1)
        found[year] = schools["role"].where(~grown, schools["role"] + " +")
    table = pd.DataFrame(found)
    table.insert(0, "name", next(iter(plans.values())).schools.set_index("school_id")["name"])
    return table


def move_table(plans: Plans) -> pd.DataFrame:
    """Return the pupil groups that change school in each year; in the first, from today's school."""
    years = list(plans)
    first = plans[years[0]].assignments
    gone = first[(first["school_id"] != first["today_school"]) & (first["today_school"] != "")]
    parts = [gone.assign(year=years[0], from_school=gone["today_school"])]
    for before, after in pairwise(years):
        then, now = plans[before].assignments, plans[after].assignments
        pairs = followers(then, now)
        pairs["from_school"] = pairs["item_before"].map(then.set_index("item")["school_id"])
        rows = now.merge(pairs, on="item")
        rows = rows[rows["school_id"] != rows["from_school"]].drop_duplicates("item")
        parts.append(rows.assign(year=after))
    return pd.concat(parts).rename(columns={"school_id": "to_school"})[MOVES].reset_index(drop=True)


def event_table(plans: Plans) -> pd.DataFrame:
    """Return what happens to schools, year by year; ``pupils`` are those of the school the year before, or now."""
    rows = [row for year, before, after in steps(plans) for row in _events(year, before, after)]
    return pd.DataFrame(rows, columns=EVENTS)


def steps(plans: Plans) -> Iterator[tuple[int, pd.DataFrame, pd.DataFrame]]:
    """Yield every year with its schools before (today's in the first) and in it, by school."""
    years = list(plans)
    now = plans[years[0]].schools.set_index("school_id")
    exists = now["pupils_before"].notna()
    today = now.assign(
        role=np.where(exists, "full", "not_built"), pupils_after=now["pupils_before"].fillna(0.0),
        **{f"level_{stage}": "" for stage in STAGES},
    )  # fmt: skip
    tables = [today, *(plans[year].schools.set_index("school_id") for year in years)]
    for year, (before, after) in zip(years, pairwise(tables), strict=True):
        yield year, before, after


def _events(year: int, before: pd.DataFrame, after: pd.DataFrame) -> Iterator[tuple[int, str, str, float]]:
    for code in after.index:
        was, now = str(before.loc[code, "role"]), str(after.loc[code, "role"])
        if was in OPEN_ROLES and now in GONE:
            yield year, code, CLOSES, float(before.loc[code, "pupils_after"])
        elif was in GONE and now in OPEN_ROLES:
            yield year, code, OPENS, float(after.loc[code, "pupils_after"])
        elif was != "teaching_point" and now == "teaching_point":
            yield year, code, POINT, float(after.loc[code, "pupils_after"])
        if any(after.loc[code, f"level_{stage}"] != before.loc[code, f"level_{stage}"] for stage in STAGES):
            yield year, code, GROWS, float(after.loc[code, "pupils_after"])


def capital_paid(plans: Plans, basis: Basis) -> dict[int, float]:
    """Return the capital spent in each year (CNY): that of an expansion in the year it is begun."""
    found = dict.fromkeys(plans, 0.0)
    for (code, stage, level), (begun, ready) in begun_levels(plans, basis).items():
        rows = expansion_rows(plans[ready].study, code, stage, (level,))
        found[begun] += sum(row["capital_cny"] for row in rows)
    return found


def begun_levels(plans: Plans, basis: Basis) -> dict[Level, tuple[int, int]]:
    """Return every expansion of the plans with the year it is begun and that it is in use from.

    What a phasing decided again found begun keeps the year in which it was begun.
    """
    first, data, asked = next(iter(plans)), basis.horizon.copies[0].data, basis.horizon.asked
    keys = [tuple(label) for label in data.frame.each("level").labels]
    leads = dict(zip(keys, lead_years(data, asked), strict=True))
    found: dict[Level, tuple[int, int]] = {}
    for year, before, after in steps(plans):
        for code, stage in product(after.index, STAGES):
            then, now = (set(levels_of(table.loc[code, f"level_{stage}"])) for table in (before, after))
            for level in sorted(now - then):
                key = (code, stage, level)
                begun = asked.begun[key][0] if key in asked.begun else max(year - int(leads.get(key, 0)), first)
                found.setdefault(key, (begun, year))
    return found


def cost_table(plans: Plans, basis: Basis) -> pd.DataFrame:
    """Return a row a year: the yearly cost by kind with real lines, the capital spent, and the cost as discounted.

    ``cost_cny`` counts an expansion as its annuity from the year it is in use, ``capital_paid_cny`` when it is begun.
    """
    paid, weights = capital_paid(plans, basis), basis.weights
    rows = []
    for year, plan in plans.items():
        kinds = annual_costs(plan)
        total = sum(kinds.values())
        rows.append(
            {"year": year, **{f"{kind}_cny": value for kind, value in kinds.items()}, "cost_cny": total,
             "capital_paid_cny": paid[year], "counts": weights[str(year)],
             "discounted_cny": total * weights[str(year)]}
        )  # fmt: skip
    return pd.DataFrame(rows)


def year_table(plans: Plans, basis: Basis) -> pd.DataFrame:
    """Return a row a year: pupils, schools, what closes, who moves, posts and vehicles, and what is spent."""
    moves, events, costs = move_table(plans), event_table(plans), cost_table(plans, basis).set_index("year")
    rows, buses = [], fleet(plans, basis)
    for year, before, after in steps(plans):
        plan = plans[year]
        mine, happens = moves[moves["year"] == year], events[events["year"] == year]["event"]
        rows.append(
            {"year": year, "pupils": float(plan.assignments["pupils"].sum()),
             "schools_open": int(after["role"].isin(OPEN_ROLES).sum()), "closes": int((happens == CLOSES).sum()),
             "becomes_point": int((happens == POINT).sum()), "opens": int((happens == OPENS).sum()),
             "enlarged": int((happens == GROWS).sum()), "moved_pupils": float(mine["pupils"].sum()),
             "teachers_gone": posts_gone(plan, before, after, basis, year), "vehicles": vehicles(plan),
             "buses_bought": buses[year] - buses[year - 1],
             "capital_paid_cny": costs.loc[year, "capital_paid_cny"], "cost_cny": costs.loc[year, "cost_cny"]}
        )  # fmt: skip
    return pd.DataFrame(rows)


def posts_gone(plan: Plan, before: pd.DataFrame, after: pd.DataFrame, basis: Basis, year: int) -> float:
    """Return the posts of schools that close or shrink to a teaching point in a year."""
    posts = before["posts"]
    if year == basis.horizon.years[0]:
        posts = basis.horizon.asked.posts_today.reindex(before.index).fillna(0.0)
    shrinks = (after["role"] == "teaching_point") & before["role"].isin(WHOLE)
    left = np.where(shrinks, plan.policy.points.point_staff, 0.0)
    goes = (shrinks | after["role"].isin(GONE)).to_numpy(bool)
    return float(np.maximum(posts.to_numpy(float) - left, 0.0)[goes].sum())


def riders(plan: Plan) -> float:
    """Return the pupils who ride a bus."""
    return float(plan.assignments.loc[plan.assignments["mode"] == "bus", "pupils"].sum())


def vehicles(plan: Plan) -> int:
    """Return the vehicles of the lines as drawn."""
    return int(plan.bus_lines["vehicle_no"].nunique()) if len(plan.bus_lines) else 0


def fleet(plans: Plans, basis: Basis) -> dict[int, float]:
    """Return the buses there in each year and the year before: bought when riders need them, and none sold.

    Where a later year may not buy all it needs, some are bought before, as late as the limits allow.
    """
    h = basis.horizon
    found, wanted = dict(h.asked.buses), dict[int, float]()
    later = 0.0
    for year in reversed(h.years[h.again :]):
        wanted[year] = max(riders(plans[year]) / h.asked.riders_per_bus, later)
        most = h.asked.limits.of("new_buses_per_year", year)
        later = 0.0 if most is None else wanted[year] - most
    for year in h.years[h.again :]:
        found[year] = max(found[year - 1], wanted[year])
    return found


def twice_moved(plans: Plans) -> list[str]:
    """Return the groups with pupils who change school in more than one year, as the last year names them."""
    years, found = list(plans), dict[str, None]()
    first = plans[years[0]].assignments
    left = (first["school_id"] != first["today_school"]) & (first["today_school"] != "")
    times = dict(zip(first["item"], left.astype(int), strict=True))
    for before, after in pairwise(years):
        then, now = (plans[year].assignments.set_index("item")["school_id"] for year in (before, after))
        pairs = followers(plans[before].assignments, plans[after].assignments)
        pairs["times"] = pairs["item_before"].map(times) + (
            pairs["item_before"].map(then).to_numpy() != pairs["item"].map(now).to_numpy()
        )
        times = dict.fromkeys(now.index, 0) | pairs.groupby("item")["times"].max().to_dict()
        found |= dict.fromkeys(item for item, count in times.items() if count > 1)
    return sorted(found)
