"""One school decided the other way, everything else as planned: what it would cost, and what it would spare."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.options import Options
from layoutopt.plan.facts import calls_of
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.policy import Policy
from layoutopt.policy.norms import classes_of_band, point_posts, posts_of_stage
from layoutopt.schema import BAND_OF, BANDS, GRADES, PUPIL_COLUMNS, STAGE_OF, STAGES
from layoutopt.today import own_dwell_min, school_facts


@dataclass(frozen=True)
class KeepInstead:
    """A school that closes or shrinks, kept whole: its pupils of today go back, the rest stays as planned.

    Costs are CNY a year, positive where keeping costs more; ``posts`` and ``wages_cny`` are net of what the
    schools that would have received the pupils no longer need. ``way_min`` and ``today_min`` are averages of the
    pupils who would go daily both ways, nan where there is none. ``riders_today`` have no way on foot today; the
    lines that bring them are not known and cost nothing here. ``places_short`` pupils would find no place.
    """

    school_id: str
    pupils: float
    way_min: float
    today_min: float
    boarders: float
    riders_today: float
    places_short: float
    posts: float
    running_cny: float
    wages_cny: float
    buses_cny: float
    boarding_cny: float

    @property
    def cost_cny(self) -> float:
        """What keeping the school costs more than the plan, a year."""
        return self.running_cny + self.wages_cny + self.buses_cny + self.boarding_cny

    @property
    def spared_min(self) -> float:
        """Minutes each of the daily pupils is spared on average, one way."""
        return self.way_min - self.today_min


@dataclass(frozen=True, eq=False)
class CloseInstead:
    """A small school that stays, closed: each group goes to the open school nearest by an admissible way.

    ``ways``: ``item, settlement_id, band, pupils, now_min, school_id, mode, minutes, admissible``; where no way is
    admissible it names the nearest open school all the same (none, and ``inf``, where no way leads to any).
    ``overfull`` tells how many places a school would then lack. Costs as in :class:`KeepInstead`, positive where
    closing costs more; rides cost the price of a seat before lines exist.
    """

    school_id: str
    pupils: float
    ways: pd.DataFrame
    overfull: Mapping[str, float]
    posts: float
    running_cny: float
    wages_cny: float
    buses_cny: float
    boarding_cny: float

    @property
    def cost_cny(self) -> float:
        """What closing the school costs more than the plan, a year; negative where it saves."""
        return self.running_cny + self.wages_cny + self.buses_cny + self.boarding_cny

    @property
    def beyond(self) -> float:
        """Pupils for whom no admissible way to another open school is left."""
        return float(self.ways.loc[~self.ways["admissible"], "pupils"].sum())

    @property
    def longer_min(self) -> float:
        """Minutes by which the daily way grows on average, of pupils with an admissible one; nan without any."""
        daily = self.ways[self.ways["admissible"] & (self.ways["mode"] != "board") & np.isfinite(self.ways["now_min"])]
        return _mean(daily["minutes"] - daily["now_min"], daily["pupils"])


def keep_instead(plan: Plan, school_id: str) -> KeepInstead:
    """Return what keeping ``school_id`` whole would change, for a school of today that closes or shrinks."""
    policy, facts = plan.policy, school_facts(plan.study, plan.policy)
    rows, fact = plan.assignments, facts.loc[school_id]
    back = rows[(rows["today_school"] == school_id) & (rows["school_id"] != school_id)]
    now = plan.schools.set_index("school_id")
    pupils = back[list(PUPIL_COLUMNS)].sum() + now.loc[school_id, list(PUPIL_COLUMNS)].astype(float)
    offered = tuple(band for band in BANDS if fact[f"offers_{band}"])
    own = needed_posts("full", offered, pupils, policy) - float(now.loc[school_id, "posts"])
    posts = own + sum(_posts_change(plan, now, str(code), -1.0 * part) for code, part in _by_school(back))
    daily = back[(back["school_id"] != "") & (back["mode"] != "board") & np.isfinite(back["today_min"].astype(float))]
    boarders = float(back.loc[back["mode"] == "board", "pupils"].sum())
    short = sum(max(0.0, _stage_sum(pupils, stage) - float(fact[f"places_{stage}"])) for stage in STAGES)
    return KeepInstead(
        school_id=school_id,
        pupils=float(back["pupils"].sum()),
        way_min=_mean(daily["minutes"], daily["pupils"]),
        today_min=_mean(daily["today_min"], daily["pupils"]),
        boarders=boarders,
        riders_today=float(back.loc[back["today_mode"] == "bus", "pupils"].sum()),
        places_short=short,
        posts=posts,
        running_cny=float(fact["annual_cny"] - now.loc[school_id, "annual_cny"]),
        wages_cny=posts * policy.staffing.wage_cny,
        buses_cny=-lines_spared_cny(plan, set(back["item"])),
        boarding_cny=-boarders * policy.boarding.board_annual_cny,
    )


def close_instead(plan: Plan, school_id: str, options: Options) -> CloseInstead:
    """Return what closing ``school_id`` would change, for a school the plan keeps; ``options`` are the plan's."""
    policy, now = plan.policy, plan.schools.set_index("school_id")
    rows = plan.assignments[plan.assignments["school_id"] == school_id]
    ways = _next_best(plan, rows, options, school_id)
    moved = rows[["item", *PUPIL_COLUMNS]].merge(ways[["item", "school_id", "mode"]], on="item")
    posts = -float(now.loc[school_id, "posts"])
    posts += sum(_posts_change(plan, now, str(code), part) for code, part in _by_school(moved))
    boarders = float(
        ways.loc[ways["mode"] == "board", "pupils"].sum() - rows.loc[rows["mode"] == "board", "pupils"].sum()
    )
    ended = plan.bus_lines.loc[plan.bus_lines["school_id"] == school_id, "cost_cny"].sum()
    return CloseInstead(
        school_id=school_id,
        pupils=float(rows["pupils"].sum()),
        ways=ways.drop(columns="cost_cny"),
        overfull=_overfull(now, moved),
        posts=posts,
        running_cny=-float(now.loc[school_id, "annual_cny"]),
        wages_cny=posts * policy.staffing.wage_cny,
        buses_cny=float(ways.loc[ways["mode"] == "bus", "cost_cny"].sum() - ended),
        boarding_cny=boarders * policy.boarding.board_annual_cny,
    )


def needed_posts(role: str, bands: tuple[str, ...], pupils: pd.Series, policy: Policy) -> int:
    """Return the posts the norms want for pupils by grade (g1…g9) at a school that teaches ``bands``."""
    if role == "teaching_point":
        return point_posts(float(pupils.sum()), policy)
    total = 0
    for stage, members in STAGES.items():
        classes = 0
        for band in (band for band in members if band in bands):
            counts = [float(pupils[f"g{grade}"]) for grade in BANDS[band]]
            found, shared = classes_of_band(counts, policy.classes.class_cap[STAGE_OF[band]], policy)
            classes += sum(found) + shared
        total += posts_of_stage(classes, _stage_sum(pupils, stage), stage, policy) if classes else 0
    return total


def lines_spared_cny(plan: Plan, items: set[str]) -> float:
    """Return what the bus lines cost less a year without the stops of ``items``, each keeping its order.

    A vehicle that drives two lines is paid by those that are left.
    """
    fleet = {kind.vehicle_id: kind for kind in vehicle_types(plan.study, plan.policy)}
    touched = set(plan.bus_stops.loc[plan.bus_stops["item"].isin(items), "line_id"])
    own = plan.bus_lines["line_id"].astype(str)
    vehicle = plan.bus_lines["vehicle_no"].fillna("").astype(str)
    spared = 0.0
    for _, lines in plan.bus_lines.groupby(vehicle.where(vehicle != "", own), sort=True):
        if not touched & set(lines["line_id"]):
            continue
        kind = fleet.get(str(lines["vehicle_id"].iloc[0]), next(iter(fleet.values())))
        km = [_km_without(plan, line, items) for line in lines.to_dict("records")]
        left = [length for length in km if length is not None]
        spared += float(lines["cost_cny"].sum())
        spared -= sum(kind.line_cny(length, plan.policy, runs=len(left)) for length in left)
    return spared


def _km_without(plan: Plan, line: Mapping[Any, Any], items: set[str]) -> float | None:
    """Kilometres of one trip of a line, the empty way included, without the stops of ``items``; None without any."""
    stops = plan.bus_stops[plan.bus_stops["line_id"] == line["line_id"]].sort_values("order", kind="stable")
    stays = ~stops["item"].isin(items).to_numpy(bool)
    if not stays.any():
        return None
    # A school on the way comes after a numbered stop; the numbers follow the stops that are left.
    after = np.nan_to_num(stops["alights_after"].to_numpy(float), nan=len(stops)).clip(1, len(stops)).astype(int)
    stops = stops.assign(ends_at=line["school_id"], alights_after=np.cumsum(stays)[after - 1].clip(1))[stays]
    _, km = journeys_of(plan.study, plan.policy).rides(calls_of(stops)["place"].tolist())
    return sum(float(km[a, b]) for a, b in pairwise(range(len(km)))) + float(km[-1, 0])


def _by_school(rows: pd.DataFrame) -> list[tuple[str, pd.Series]]:
    placed = rows[rows["school_id"] != ""]
    return [(str(code), part) for code, part in placed.groupby("school_id")[list(PUPIL_COLUMNS)].sum().iterrows()]


def _posts_change(plan: Plan, now: pd.DataFrame, school_id: str, pupils: pd.Series) -> float:
    """Posts by the norms with ``pupils`` more (fewer where negative) than planned, less those as planned."""
    row = now.loc[school_id]
    planned = row[list(PUPIL_COLUMNS)].astype(float)
    bands = tuple(str(row["bands"]).split("+"))
    changed = (planned + pupils).clip(lower=0.0)
    role, policy = str(row["role"]), plan.policy
    return needed_posts(role, bands, changed, policy) - needed_posts(role, bands, planned, policy)


def _next_best(plan: Plan, rows: pd.DataFrame, options: Options, closing: str) -> pd.DataFrame:
    """The quickest admissible daily way of each group to another open school, else boarding, else the nearest."""
    is_open = plan.schools["role"].isin(OPEN_ROLES) & (plan.schools["school_id"] != closing)
    taught = {row.school_id: set(str(row.bands).split("+")) for row in plan.schools[is_open].itertuples()}
    own = options.rows[options.rows["item"].isin(rows["item"])]
    fits = [band in taught.get(school, ()) for school, band in zip(own["school_id"], own["band"], strict=True)]
    found = own[np.array(fits, dtype=bool)]
    found = found.assign(boards=found["mode"] == "board")
    best = found.sort_values(["item", "boards", "minutes", "school_id"], kind="stable").drop_duplicates("item")
    columns = ["item", "settlement_id", "band", "pupils", "minutes"]
    ways = rows[columns].rename(columns={"minutes": "now_min"})
    ways = ways.merge(best[["item", "school_id", "mode", "minutes", "cost_cny"]], on="item", how="left")
    ways["admissible"] = ways["minutes"].notna()
    for at in ways.index[~ways["admissible"]]:
        way = _nearest(plan, ways.loc[at], {code for code, bands in taught.items() if ways.loc[at, "band"] in bands})
        ways.loc[at, ["school_id", "mode", "minutes", "cost_cny"]] = [*way, 0.0]
    return ways


def _nearest(plan: Plan, group: pd.Series, schools: set[str]) -> tuple[str, str, float]:
    """The quickest way of a group to any of ``schools``, whatever the limits say."""
    journeys = journeys_of(plan.study, plan.policy)
    at = plan.study.settlements.index.get_loc(group["settlement_id"])
    dwell = float(own_dwell_min(np.array([float(group["pupils"])]), plan.study, plan.policy)[0])
    band = str(group["band"])
    by_mode = {"walk": journeys.walk_min(band)[at], "bus": journeys.bus_min(band, dwell)[at]}
    ways = [
        (float(minutes[position]), str(code), mode)
        for mode, minutes in by_mode.items()
        for position, code in enumerate(plan.study.schools.index)
        if code in schools and np.isfinite(minutes[position])
    ]
    minutes, school, mode = min(ways, default=(float("inf"), "", ""))
    return school, mode, minutes


def _overfull(now: pd.DataFrame, moved: pd.DataFrame) -> dict[str, float]:
    short = {}
    for code, part in _by_school(moved):
        pupils = now.loc[code, list(PUPIL_COLUMNS)].astype(float) + part
        lack = sum(max(0.0, _stage_sum(pupils, stage) - float(now.loc[code, f"places_{stage}"])) for stage in STAGES)
        if lack > 0:
            short[code] = lack
    return short


def _stage_sum(pupils: pd.Series, stage: str) -> float:
    return float(sum(pupils[f"g{grade}"] for grade in GRADES if STAGE_OF[BAND_OF[grade]] == stage))


def _mean(values: pd.Series, weights: pd.Series) -> float:
    total = float(weights.sum())
    return float((values.astype(float) * weights).sum() / total) if total > 0 else float("nan")
