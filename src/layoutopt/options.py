"""Every admissible (pupil group, school, mode) with minutes and cost; what each rule removed is counted."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.policy import Policy
from layoutopt.policy.norms import rider_price_cny
from layoutopt.schema import BANDS, MODES
from layoutopt.study import Study
from layoutopt.today import items_of, own_dwell_min, school_facts
from layoutopt.today.upkeep import pupil_costs
from layoutopt.today.zones import inside_town, moved_lately, sent_to
from layoutopt.units import SLACK_MIN

COST_COLUMNS = ("cost_cny", "meals_cny", "grants_cny")
"""What an option costs in a year, all in all."""


@dataclass(frozen=True, eq=False)
class Options:
    """What the model may choose from.

    ``items``: one row a pupil group (``item``, ``settlement_id, band, chunk, pupils, g1…g9``, and today's
    ``today_school, today_mode, today_min, today_ride_min``). ``rows``: the admissible options (``item,
    settlement_id, band, school_id, mode, minutes, ride_min, km, cost_cny, meals_cny, grants_cny``; ``cost_cny`` is
    the bus or the care of boarders), sorted. ``schools``: the
    facts of :func:`layoutopt.today.school_facts`. ``removed``: how many candidate rows each rule took out,
    each row counted at the first rule that removes it.
    """

    items: pd.DataFrame
    rows: pd.DataFrame
    schools: pd.DataFrame
    removed: pd.Series

    @property
    def without(self) -> pd.DataFrame:
        """Pupil groups that have no option at all."""
        return self.items[~self.items["item"].isin(self.rows["item"])]


def build_options(study: Study, policy: Policy, *, skip: Collection[str] = (), with_closing: bool = False) -> Options:
    """Return the options table.

    ``skip`` names eligibility rules to leave out (for tests and what-ifs); ``with_closing`` keeps the ways to
    schools whose closure is decided, to see whom the decision leaves without a school.
    """
    items = items_of(study, policy)
    schools = school_facts(study, policy)
    candidates = candidates_of(study, policy, items, schools)
    candidates = candidates[candidates["has_beds"]]
    candidates = candidates if with_closing else candidates[~candidates["must_close"].astype(bool)]
    removed: dict[str, int] = {}
    for name, keeps in RULES.items():
        if name in skip:
            continue
        kept = keeps(candidates, policy)
        removed[name] = int((~kept).sum())
        candidates = candidates[kept]
    order = candidates["item_at"].to_numpy() * (len(schools) * len(MODES))
    order = order + candidates["school_at"].to_numpy() * len(MODES) + candidates["mode_at"].to_numpy()
    rows = candidates.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    return Options(
        items, option_rows(rows, items, study, policy), schools, pd.Series(removed, name="removed", dtype=int)
    )


def option_rows(rows: pd.DataFrame, items: pd.DataFrame, study: Study, policy: Policy) -> pd.DataFrame:
    """Return candidates as options: their own columns, with what their pupils cost."""
    columns = ["item", "settlement_id", "band", "school_id", "mode", "minutes", "ride_min", "km", *COST_COLUMNS]
    costs = pupil_costs(rows.assign(pupils=items["pupils"].to_numpy(float)[rows["item_at"]]), study, policy)
    rows = rows.assign(cost_cny=rows["cost_cny"] + costs["boarding"], **costs[["meals", "grants"]].add_suffix("_cny"))
    return rows[columns]


def candidates_of(study: Study, policy: Policy, items: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    """Return every (item, school, mode) that exists at all, before any rule, with what the rules look at."""
    journeys = journeys_of(study, policy)
    n_items, n_schools = len(items), len(schools)
    at = study.settlements.index.get_indexer(pd.Index(items["settlement_id"]))
    band_at = pd.Index(list(BANDS)).get_indexer(pd.Index(items["band"]))
    dwell = own_dwell_min(items["pupils"].to_numpy(float), study, policy)[:, None]
    walk = np.stack([journeys.walk_min(band) for band in BANDS])[band_at, at]
    ride = journeys.table.ride_min[at] + dwell
    by_bus = np.stack([journeys.bus_min(band, 0.0) for band in BANDS])[band_at, at] + dwell
    km_walk, km_bus = journeys.table.km("walk")[at], journeys.table.km("bus")[at]
    price = _bus_price(study, policy, journeys.table.ride_km[at], items["pupils"].to_numpy()[:, None])
    weekly = np.where(np.isfinite(by_bus), by_bus, walk)
    by_mode = {
        "walk": (walk, np.zeros_like(walk), km_walk, np.zeros_like(walk)),
        "bus": (by_bus, ride, km_bus, price),
        "board": (weekly, np.zeros_like(walk), np.where(np.isfinite(by_bus), km_bus, km_walk), np.zeros_like(walk)),
    }
    item_at = np.repeat(np.arange(n_items), n_schools)
    school_at = np.tile(np.arange(n_schools), n_items)
    offers = schools[[f"offers_{band}" for band in BANDS]].to_numpy(bool).T[band_at]
    parts = []
    for mode_at, mode in enumerate(MODES):
        minutes, ride_min, km, cost = (values.ravel() for values in by_mode[mode])
        parts.append(
            pd.DataFrame(
                {
                    "item_at": item_at, "school_at": school_at, "mode_at": mode_at, "mode": mode,
                    "minutes": minutes, "ride_min": ride_min, "km": km, "cost_cny": cost,
                    "walk_min": walk.ravel(), "walk_km": km_walk.ravel(), "offers": offers.ravel(),
                }
            )
        )  # fmt: skip
    table = pd.concat(parts, ignore_index=True)
    table = table[table["offers"] & np.isfinite(table["minutes"])]
    table = _described(table, items, schools)
    table["inside_town"] = inside_town(study, policy, table)
    table["sent_to"] = sent_to(study, policy, table)
    table["moved_lately"] = moved_lately(study, policy).reindex(table["settlement_id"]).to_numpy(bool)
    table["has_beds"] = (table["mode"] != "board") | (table["beds_most"] > 0)
    return table


def _described(table: pd.DataFrame, items: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    taken = items.iloc[table["item_at"]]
    names = ["item", "settlement_id", "band", *(f"today_{n}" for n in ("school", "mode", "min", "ride_min", "km"))]
    for name in names:
        table[name] = taken[name].to_numpy()
    table["school_id"] = schools.index.to_numpy()[table["school_at"]]
    for name in ("hub", "beds_most", "must_close"):
        table[name] = schools[name].to_numpy()[table["school_at"]]
    return table


def _bus_price(study: Study, policy: Policy, km: np.ndarray, pupils: np.ndarray) -> np.ndarray:
    """The yearly price of riding, before lines exist: the cheapest vehicle type's price per rider."""
    prices = [
        rider_price_cny(km, policy, seats=kind.seats, fixed_cny=kind.fixed_cny, cny_per_km=kind.cny_per_km)
        for kind in vehicle_types(study, policy)
    ]
    return np.minimum.reduce(prices) * pupils


Keeps = Callable[[pd.DataFrame, Policy], pd.Series]


def _limit(table: pd.DataFrame, limit: np.ndarray, today: pd.Series, policy: Policy) -> np.ndarray:
    """The limit itself, or today's value where that is longer already (named exceptions)."""
    if not policy.access.keep_existing_exceptions:
        return limit + SLACK_MIN
    finite = np.where(np.isfinite(today), today, 0.0)
    return np.maximum(limit, finite) + SLACK_MIN


def _by_band(table: pd.DataFrame, values: object) -> np.ndarray:
    return table["band"].map({band: values[band] for band in BANDS}).to_numpy(float)  # type: ignore[index]


def walk_limit(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Nobody walks longer than the band's limit, or than today where that is longer."""
    today = table["today_min"].where(table["today_mode"] == "walk", 0.0)
    limit = _limit(table, _by_band(table, policy.access.walk_max_min), today, policy)
    return (table["mode"] != "walk") | (table["minutes"] <= limit)


def hub_only(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Buses and boarders go to hubs only; a bus also to today's school where pupils ride there already."""
    free = not policy.bus.hub_only
    rides_today = (table["today_mode"] == "bus") & (table["school_id"] == table["today_school"])
    stays = rides_today & policy.access.keep_existing_exceptions
    return (table["mode"] == "walk") | table["hub"].astype(bool) | ((free | stays) & (table["mode"] == "bus"))


def walkable(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """No bus and no bed for pupils who can walk there within the limits."""
    near = table["walk_min"] <= _by_band(table, policy.access.walk_max_min)
    if policy.access.walk_max_km is not None:
        near &= table["walk_km"] <= _by_band(table, policy.access.walk_max_km)
    return (table["mode"] == "walk") | ~near


def ride_limit(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Nobody rides longer than the limit, or than today where that is longer."""
    today = table["today_ride_min"].where(table["today_mode"] == "bus", 0.0)
    limit = _limit(table, np.full(len(table), policy.bus.max_ride_min), today, policy)
    return (table["mode"] != "bus") | (table["ride_min"] <= limit)


def oneway_limit(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """No daily way is longer door to door than the band's limit, or than today where that is longer."""
    limit = _limit(table, _by_band(table, policy.access.oneway_max_min), table["today_min"], policy)
    return (table["mode"] == "board") | (table["minutes"] <= limit)


def distance_limit(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """No daily way, and none on foot, has more kilometres than its limit, or than today's where that has more."""
    kept = pd.Series(True, index=table.index)
    walked_km = table["today_km"].where(table["today_mode"] == "walk", 0.0)
    for km, today, own in (
        (policy.access.oneway_max_km, table["today_km"], table["mode"] != "board"),
        (policy.access.walk_max_km, walked_km, table["mode"] == "walk"),
    ):
        if km is not None:
            kept &= ~own | (table["km"] <= _limit(table, _by_band(table, km), today, policy))
    return kept


def worsening_limit(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """No daily way grows by more than the limit against today."""
    most = policy.access.worsening_max_min
    if most is None:
        return pd.Series(True, index=table.index)
    return (table["mode"] == "board") | (table["minutes"] <= table["today_min"] + most + SLACK_MIN)


def town_border(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Where townships are borders nobody crosses one, but to today's school and for named exceptions."""
    return table["inside_town"] | (table["school_id"] == table["today_school"])


def move_once(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Pupils moved within the last years stay at today's school."""
    stays = (table["school_id"] == table["today_school"]) | (table["today_school"] == "")
    return ~table["moved_lately"] | stays


def must_attend(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Pupils whose school is decided go there."""
    return (table["sent_to"] == "") | (table["school_id"] == table["sent_to"])


def board_grade(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Boarding begins at the lowest admissible grade; a band boards only as a whole."""
    lowest = table["band"].map({band: grades[0] for band, grades in policy.bands.items()})
    allowed = policy.boarding.allowed_boarding & (lowest >= policy.boarding.board_min_grade)
    return (table["mode"] != "board") | allowed


def board_limit(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """The weekly way of a boarder keeps its limit."""
    return (table["mode"] != "board") | (table["minutes"] <= policy.access.board_max_min + SLACK_MIN)


def board_nearest(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Pupils board at one of the few nearest schools with beds that teach their band."""
    boards = table["mode"] == "board"
    minutes = (table["minutes"].where(boards) / SLACK_MIN).round()  # equally near schools have one rank
    rank = minutes.groupby(table["item"]).rank(method="min")
    return ~boards | (rank <= policy.boarding.board_nearest)


RULES: dict[str, Keeps] = {
    rule.__name__: rule
    for rule in (
        walk_limit, hub_only, board_nearest, walkable, ride_limit, oneway_limit, distance_limit, worsening_limit,
        town_border, must_attend, move_once, board_grade, board_limit,
    )
}  # fmt: skip
