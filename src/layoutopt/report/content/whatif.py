"""One school decided the other way, everything else as planned: what it would cost, and what it would spare."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.journeys import journeys_of
from layoutopt.options import build_options
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.policy import Policy
from layoutopt.policy.norms import class_cap, classes_of_band, point_posts, posts_of_stage
from layoutopt.report.content.spared import Fleet, fleet_of, lines_spared_cny
from layoutopt.schema import BANDS, PUPIL_COLUMNS, STAGE_GRADES, STAGE_OF, STAGES
from layoutopt.today import own_dwell_min, paid_posts, school_facts
from layoutopt.today.upkeep import pupil_costs

Array = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False, kw_only=True)
class Instead:
    """A school decided the other way: the ``pupils`` who would change, and what that costs more than the plan.

    Costs are CNY a year, negative where the other decision saves; ``posts`` and ``wages_cny`` are net over all
    schools concerned.
    """

    school_id: str
    pupils: float
    posts: float
    running_cny: float
    wages_cny: float
    buses_cny: float
    boarding_cny: float

    @property
    def cost_cny(self) -> float:
        """What the other decision costs more than the plan, a year."""
        return self.running_cny + self.wages_cny + self.buses_cny + self.boarding_cny


@dataclass(frozen=True, eq=False, kw_only=True)
class KeepInstead(Instead):
    """A school that closes or shrinks, kept whole: its pupils of today go back, the rest stays as planned.

    ``way_min`` and ``today_min`` are averages of the pupils who would go daily both ways, nan where there is none.
    ``riders_today`` have no way on foot today; the lines that bring them are not known and cost nothing here.
    ``places_short`` pupils would find no place.
    """

    way_min: float
    today_min: float
    boarders: float
    riders_today: float
    places_short: float

    @property
    def spared_min(self) -> float:
        """Minutes each of the daily pupils is spared on average, one way."""
        return self.way_min - self.today_min


@dataclass(frozen=True, eq=False, kw_only=True)
class CloseInstead(Instead):
    """A small school that stays, closed: each group goes to the open school nearest by an admissible way.

    ``ways``: ``item, settlement_id, band, pupils, now_min, school_id, mode, minutes, admissible``; where no way is
    admissible it names the nearest open school all the same (none, and ``inf``, where no way leads to any).
    ``overfull`` tells how many places a school would then lack. Rides cost the price of a seat before lines exist.
    """

    ways: pd.DataFrame
    overfull: Mapping[str, float]

    @property
    def beyond(self) -> float:
        """Pupils for whom no admissible way to another open school is left."""
        return float(self.ways.loc[~self.ways["admissible"], "pupils"].sum())

    @property
    def longer_min(self) -> float:
        """Minutes by which the daily way grows on average, of pupils with an admissible one; nan without any."""
        daily = self.ways[self.ways["admissible"] & (self.ways["mode"] != "board") & np.isfinite(self.ways["now_min"])]
        return _mean(daily["minutes"] - daily["now_min"], daily["pupils"])


@dataclass(frozen=True, eq=False)
class Basis:
    """A plan with what every other decision about its schools rests on, each worked out when first asked for."""

    plan: Plan

    @cached_property
    def schools(self) -> pd.DataFrame:
        """The plan's schools by id."""
        return self.plan.schools.set_index("school_id")

    @cached_property
    def grades(self) -> dict[str, Array]:
        """The pupils of each school by grade, 1 to 9."""
        counts = self.schools[list(PUPIL_COLUMNS)].to_numpy(float)
        return {str(code): row for code, row in zip(self.schools.index, counts, strict=True)}

    @cached_property
    def complete(self) -> dict[str, bool]:
        """Whether each school teaches all of grades 1-6."""
        facts = school_facts(self.plan.study, self.plan.policy)["complete_primary"]
        return {str(code): bool(found) for code, found in facts.items()}

    @cached_property
    def taught(self) -> dict[str, frozenset[str]]:
        """The bands that each open school teaches."""
        is_open = self.schools["role"].isin(OPEN_ROLES)
        bands = self.schools.loc[is_open, "bands"].astype(str)
        return {str(code): frozenset(text.split("+")) for code, text in bands.items()}

    @cached_property
    def ways(self) -> pd.DataFrame:
        """The admissible ways to open schools, for each group the quickest daily one first, boarding last."""
        rows = build_options(self.plan.study, self.plan.policy).rows
        fits = [band in self.taught.get(code, ()) for code, band in zip(rows["school_id"], rows["band"], strict=True)]
        rows = rows[np.array(fits, dtype=bool)]
        rows = rows.assign(boards=rows["mode"] == "board")
        return rows.sort_values(["item", "boards", "minutes", "school_id"], kind="stable").reset_index(drop=True)

    @cached_property
    def ways_at(self) -> dict[str, Ints]:
        """Where the ways of each group stand in ``ways``."""
        return {str(item): at for item, at in self.ways.groupby("item", sort=False).indices.items()}

    @cached_property
    def fleet(self) -> Fleet:
        """Where each bus calls."""
        return fleet_of(self.plan)


def keep_instead(basis: Basis, school_id: str) -> KeepInstead:
    """Return what keeping ``school_id`` whole would change, for a school of today that closes or shrinks."""
    plan, policy, now = basis.plan, basis.plan.policy, basis.schools
    rows, fact = plan.assignments, school_facts(plan.study, policy).loc[school_id]
    back = rows[(rows["today_school"] == school_id) & (rows["school_id"] != school_id)]
    pupils = back[list(PUPIL_COLUMNS)].to_numpy(float).sum(axis=0) + basis.grades[school_id]
    offered = tuple(band for band in BANDS if fact[f"offers_{band}"])
    complete = bool(fact["complete_primary"])
    own = needed_posts("full", offered, pupils, policy, complete=complete) - float(now.loc[school_id, "posts"])
    posts = own + sum(_posts_change(basis, code, -part) for code, part in _by_school(back))
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
        wages_cny=_wages_cny(plan, posts),
        buses_cny=-lines_spared_cny(plan, basis.fleet, back["item"]),
        boarding_cny=_upkeep_cny(plan, back.assign(mode=back["today_mode"].where(back["today_mode"] == "bus", "walk")))
        - _upkeep_cny(plan, back),
    )


def close_instead(basis: Basis, school_id: str) -> CloseInstead:
    """Return what closing ``school_id`` would change, for a school the plan keeps."""
    plan, now = basis.plan, basis.schools
    rows = plan.assignments[plan.assignments["school_id"] == school_id]
    ways = _next_best(basis, rows, school_id)
    moved = rows[["item", *PUPIL_COLUMNS]].merge(ways[["item", "school_id", "mode"]], on="item")
    posts = -float(now.loc[school_id, "posts"])
    posts += sum(_posts_change(basis, code, part) for code, part in _by_school(moved))
    ended = plan.bus_lines.loc[plan.bus_lines["school_id"] == school_id, "cost_cny"].sum()
    return CloseInstead(
        school_id=school_id,
        pupils=float(rows["pupils"].sum()),
        ways=ways.drop(columns="cost_cny"),
        overfull=_overfull(basis, moved),
        posts=posts,
        running_cny=-float(now.loc[school_id, "annual_cny"]),
        wages_cny=_wages_cny(plan, posts),
        buses_cny=float(ways.loc[ways["mode"] == "bus", "cost_cny"].sum() - ended),
        boarding_cny=_upkeep_cny(plan, ways) - _upkeep_cny(plan, rows),
    )


def needed_posts(role: str, bands: Collection[str], pupils: Array, policy: Policy, *, complete: bool = True) -> int:
    """Return the posts the norms want for ``pupils`` by grade (1 to 9) at a school that teaches ``bands``.

    ``complete`` tells whether the school teaches all of grades 1-6, which decides how large its classes may be.
    """
    if role == "teaching_point":
        return point_posts(float(pupils.sum()), policy)
    total = 0
    for stage, members in STAGES.items():
        classes = 0
        for band in (band for band in members if band in bands):
            counts = [float(pupils[grade - 1]) for grade in policy.bands[band]]
            found, shared = classes_of_band(counts, class_cap(STAGE_OF[band], complete, policy), policy)
            classes += sum(found) + shared
        total += posts_of_stage(classes, _stage_sum(pupils, stage), stage, policy) if classes else 0
    return total


def _by_school(rows: pd.DataFrame) -> list[tuple[str, Array]]:
    """The pupils of ``rows`` by grade, for each school they go to."""
    sums = rows[rows["school_id"] != ""].groupby("school_id")[list(PUPIL_COLUMNS)].sum()
    return [(str(code), part) for code, part in zip(sums.index, sums.to_numpy(float), strict=True)]


def _posts_change(basis: Basis, school_id: str, pupils: Array) -> float:
    """Posts by the norms with ``pupils`` more (fewer where negative) than planned, less those as planned."""
    role, planned = str(basis.schools.loc[school_id, "role"]), basis.grades[school_id]
    bands = str(basis.schools.loc[school_id, "bands"]).split("+")
    changed, policy = np.maximum(planned + pupils, 0.0), basis.plan.policy
    complete = basis.complete[school_id]
    then, now = (needed_posts(role, bands, counts, policy, complete=complete) for counts in (changed, planned))
    return then - now


def _wages_cny(plan: Plan, posts: float) -> float:
    """Wages of ``posts`` more; where wages are redeployed, nothing as long as teachers of today are left over."""
    planned = float(plan.schools["posts"].sum())
    paid = [paid_posts(plan.study, plan.policy, count) for count in (planned, planned + posts)]
    return (paid[1] - paid[0]) * plan.policy.staffing.wage_cny


def _upkeep_cny(plan: Plan, rows: pd.DataFrame) -> float:
    """What care, meals and living grants of these pupils cost in a year."""
    return float(pupil_costs(rows, plan.study, plan.policy).to_numpy().sum())


def _next_best(basis: Basis, rows: pd.DataFrame, closing: str) -> pd.DataFrame:
    """The quickest admissible daily way of each group to another open school, else boarding, else the nearest."""
    own = [basis.ways_at[item] for item in rows["item"] if item in basis.ways_at]
    found = basis.ways.iloc[np.concatenate([np.empty(0, dtype=np.int64), *own])]
    best = found[found["school_id"] != closing].drop_duplicates("item")
    ways = rows[["item", "settlement_id", "band", "pupils", "minutes"]].rename(columns={"minutes": "now_min"})
    ways = ways.merge(best[["item", "school_id", "mode", "minutes", "cost_cny"]], on="item", how="left")
    ways["admissible"] = ways["minutes"].notna()
    for at, group in ways[~ways["admissible"]].iterrows():
        others = {code for code, bands in basis.taught.items() if group["band"] in bands and code != closing}
        ways.loc[at, ["school_id", "mode", "minutes", "cost_cny"]] = [*_nearest(basis.plan, group, others), 0.0]
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


def _overfull(basis: Basis, moved: pd.DataFrame) -> dict[str, float]:
    short = {}
    for code, part in _by_school(moved):
        pupils, row = basis.grades[code] + part, basis.schools.loc[code]
        lack = sum(max(0.0, _stage_sum(pupils, stage) - float(row[f"places_{stage}"])) for stage in STAGES)
        if lack > 0:
            short[code] = lack
    return short


def _stage_sum(pupils: Array, stage: str) -> float:
    return float(sum(pupils[grade - 1] for grade in STAGE_GRADES[stage]))


def _mean(values: pd.Series, weights: pd.Series) -> float:
    total = float(weights.sum())
    return float((values.astype(float) * weights).sum() / total) if total > 0 else float("nan")
