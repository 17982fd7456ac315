"""What years of a phasing are asked to keep together, the columns this needs, and who follows whom between years."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.columns import Data, Spec
from layoutopt.model.copies import COPY
from layoutopt.model.frame import Array, Expr, Rows

TINY = 1e-9
PLACE = ["settlement_id", "band"]
ATTENDED = [*PLACE, "today_school"]
Each = float | Mapping[int, float] | None
"""A limit of every year, or of single years by year."""


@dataclass(frozen=True)
class PhaseLimits:
    """The most that may happen in one year; a number for every year, {year: number} for single years, None for any.

    Parameters
    ----------
    closures_per_year
        Schools that close (schools).
    moved_pupils_per_year
        Pupils who change school because of the plan (pupils).
    capital_per_year_cny
        Capital for expansions, in the year each is begun (CNY).
    new_buses_per_year
        Buses bought, a bus carrying as many riders as the policy expects (buses).
    teacher_moves_per_year
        Posts of schools that close or shrink to a teaching point (posts).
    """

    closures_per_year: Each = None
    moved_pupils_per_year: Each = None
    capital_per_year_cny: Each = None
    new_buses_per_year: Each = None
    teacher_moves_per_year: Each = None

    def of(self, name: str, year: int) -> float | None:
        """Return a limit in a year; None where there is none."""
        value = getattr(self, name)
        found = value.get(year) if isinstance(value, Mapping) else value
        return None if found is None else float(found)

    def any(self, name: str) -> bool:
        """Return whether some year has this limit."""
        value = getattr(self, name)
        return bool(value) if isinstance(value, Mapping) else value is not None

    @classmethod
    def names(cls) -> list[str]:
        """Return the names of the limits."""
        return [one.name for one in fields(cls)]


NO_LIMITS = PhaseLimits()


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of all years together.

    ``build_years`` are the years from the beginning of a building to its use, None for those of the expansions table.
    ``begun`` are levels begun before the first open year, each with the year it was begun and that it is in use from.
    ``posts_today`` are by school; ``buses`` are there in each of the years before the first open one.
    """

    limits: PhaseLimits = NO_LIMITS
    reopen: bool = False
    move_once: bool = True
    build_years: float | None = None
    merge_shares: Mapping[int, float] = field(default_factory=dict)
    begun: Mapping[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)
    posts_today: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    riders_per_bus: float = 1.0
    buses: Mapping[int, float] = field(default_factory=dict)


def further_blocks(years: Sequence[int], data: Sequence[Data], limits: PhaseLimits) -> Iterator[Spec]:
    """Yield the columns that yearly limits need."""
    by_school = ["closures_per_year", "teacher_moves_per_year"]
    for name, block, upper in zip(by_school, ("closes", "posts_gone"), (1.0, np.inf), strict=True):
        if limits.any(name):
            parts = [_existing(one.schools).assign(**{COPY: str(year)}) for year, one in zip(years, data, strict=True)]
            yield block, pd.concat(parts, ignore_index=True), (COPY, "school_id"), upper, False
    if limits.any("moved_pupils_per_year"):
        groups = [
            one.options.items[["item", "pupils"]].assign(**{COPY: str(year)})
            for year, one in zip(years, data, strict=True)
        ]
        yield "leaves", pd.concat(groups, ignore_index=True), (COPY, "item"), 1.0, False
    if limits.any("new_buses_per_year"):
        yield "fleet", pd.DataFrame({COPY: [str(year) for year in years]}), (COPY,), np.inf, False


def _existing(schools: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({"school_id": schools.index[schools["exists"].to_numpy(bool)]})


def staying(data: Data) -> Expr:
    """Return by school whether it stays at all, as a full school or a teaching point."""
    is_open = data.frame.each("open")
    return is_open + data.frame.each("point").on(is_open.labels)


def needed(data: Data) -> set[tuple[object, ...]]:
    """Return (school, band) without which a year has no plan: all that some group can reach; schools of today only."""
    rows = data.options.rows[["item", "school_id", "band"]].drop_duplicates()
    only = rows[rows.groupby("item")["school_id"].transform("size") == 1]
    exists = data.schools["exists"].reindex(only["school_id"]).to_numpy(bool)
    return set(only.loc[exists, ["school_id", "band"]].itertuples(index=False, name=None))


def lower_points(data: Data) -> Expr:
    """Return by school and band whether a teaching point teaches it."""
    point = data.frame.each("point")
    labels = [point.level("school_id"), np.full(len(point), "lower")]
    return Expr(point.matrix, point.constant, pd.MultiIndex.from_arrays(labels, names=["school_id", "band"]))


def most_posts(data: Data) -> pd.Series:
    """Return by school more posts than its classes, its pupils and its specialists can ever need."""
    staffing, stages = data.policy.staffing, data.frame.blocks["posts"].table.set_index(["school_id", "stage"]).index
    classes, shared = (data.frame.blocks[name] for name in ("grade_classes", "multigrade"))
    rooms = classes.table.assign(most=classes.upper).groupby(["school_id", "stage"])["most"].sum()
    rooms = rooms.add(shared.table.groupby(["school_id", "stage"]).size(), fill_value=0.0).reindex(
        stages, fill_value=0.0
    )
    by_class = rooms * np.array([staffing.staff_per_class[stage] for _, stage in stages])
    by_pupil = data.reach_of(["school_id", "stage"]).reindex(stages, fill_value=0.0)
    by_pupil = by_pupil / np.array([staffing.pupils_per_post[stage] for _, stage in stages])
    needed = np.ceil(by_class + data.policy.points.point_staff + by_pupil).groupby(level="school_id").sum()
    return needed + np.ceil(data.policy.support.own_specialists_from_posts)


def told(expr: Expr, column: Expr) -> Rows:
    """Return rows in which a column, in the same order, is at least an expression."""
    return Expr(expr.matrix, expr.constant, column.labels) <= column


def lead_years(data: Data, asked: Asked) -> Array:
    """Return by expansion the whole years from its beginning to its use."""
    table = data.frame.blocks["level"].table
    if asked.build_years is not None or data.study.expansions is None:
        return np.full(len(table), np.ceil(asked.build_years or 0.0))
    key = ["school_id", "stage", "level"]
    given = data.study.expansions.reindex(columns=[*key, "build_years"]).astype({"level": int})
    return np.ceil(table[key].merge(given, on=key, how="left")["build_years"].fillna(0.0).to_numpy(float))


def pairs_of(data: Sequence[Data]) -> Iterator[tuple[pd.DataFrame, Data, Data]]:
    """Yield, year after year, who follows whom: ``item_before, item, home``, with the data of both years.

    The pupils of a place, band and school of today, its chunks in their order, follow each other; where their number
    differs, a chunk follows every one it shares pupils with. ``home`` is the school of today in the first
    year, empty for a group whose pupils had different ones: where it is now, some of it may have moved to already.
    """
    homes = data[0].options.items.set_index("item")["today_school"]
    for before, after in pairwise(data):
        pairs = followers(before.options.items, after.options.items)
        pairs["home"] = homes.reindex(pairs["item_before"]).to_numpy()
        own = after.options.items.set_index("item")["today_school"]
        ends = pairs.groupby("item")["home"].agg(["min", "max"])
        homes = ends["min"].where(ends["min"] == ends["max"], "").reindex(own.index).fillna(own)
        yield pairs, before, after


def followers(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return which groups of a year (``item``) have pupils of which groups of the year before (``item_before``).

    Those of a place, band and school of today follow each other. Groups whose school of today is not named in the other
    year follow those of their place and band of which the same holds; where there are none, they begin or end.
    """
    attended = [items[ATTENDED].drop_duplicates() for items in (before, after)]
    both = attended[0].merge(attended[1], on=ATTENDED)
    parts = [_parts(items, both) for items in (before, after)]
    pairs = parts[0].merge(parts[1], on=[*ATTENDED, "alone"], suffixes=("_before", ""))
    shared = np.minimum(pairs["until_before"], pairs["until"]) - np.maximum(pairs["from_before"], pairs["from"])
    return pairs.loc[shared > TINY, ["item_before", "item"]].reset_index(drop=True)


def _parts(items: pd.DataFrame, both: pd.DataFrame) -> pd.DataFrame:
    """Groups as near-equal parts of a whole: a place, band and school of today, or all schools not in ``both``.

    They stand by their number, in whatever order they come: V1.lower.2 before V1.lower.10.
    """
    number = pd.to_numeric(items["item"].str.rpartition(".")[2], errors="coerce").fillna(0.0)
    items = items.loc[number.sort_values(kind="stable").index]
    keyed = items[["item", *ATTENDED]].merge(both.assign(alone=False), on=ATTENDED, how="left")
    keyed["alone"] = keyed["alone"].isna()
    keyed["today_school"] = keyed["today_school"].mask(keyed["alone"], "")
    whole = keyed.groupby([*ATTENDED, "alone"], sort=False)["item"]
    at, count = whole.cumcount(), whole.transform("size")
    return keyed.assign(**{"from": at / count, "until": (at + 1) / count})


def arrivals(pairs: pd.DataFrame, before: Data, after: Data) -> tuple[Expr, Expr, NDArray[np.object_]]:
    """Return where groups went the year before and go now, one row a pair and school of then, and the pairs' homes.

    Labels are ``item_before, item, school_id``; a school that is no option any more is zero now.
    """
    sent = before.frame.total("chosen", by=["item", "school_id"])
    table = pd.DataFrame({"item_before": sent.level("item"), "school_id": sent.level("school_id")})
    table = table.assign(at=np.arange(len(sent))).merge(pairs, on="item_before")
    labels = pd.MultiIndex.from_frame(table[["item_before", "item", "school_id"]])
    at = table["at"].to_numpy(int)
    there = after.frame.total("chosen", by=["item", "school_id"]).on(labels)
    return Expr(sent.matrix[at], sent.constant[at], labels), there, table["home"].to_numpy(object)


def by_school(column: Expr) -> pd.MultiIndex:
    """Return the schools of the columns of a further block, as labels of their own."""
    return pd.MultiIndex.from_arrays([column.level("school_id")], names=["school_id"])


def at_home(data: Data) -> Expr:
    """Return by group whether it goes to its school of today; groups without one are left out."""
    items = data.options.items
    items = items[items["today_school"] != ""]
    home = pd.MultiIndex.from_arrays([items["item"], items["today_school"]], names=["item", "school_id"])
    return data.frame.total("chosen", by=["item", "school_id"]).on(home)
