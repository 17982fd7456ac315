"""The rules between the years of a phasing: what stays closed, what stays built, who moves, and how much a year."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import reduce
from itertools import pairwise

import numpy as np
import pandas as pd

from layoutopt.model.columns import pupils_by
from layoutopt.model.copies import added
from layoutopt.model.copies_between import (
    arrivals,
    at_home,
    by_school,
    lead_years,
    lower_points,
    most_posts,
    needed,
    pairs_of,
    staying,
    told,
)
from layoutopt.model.copies_horizon import YEAR_RULES, Horizon, between
from layoutopt.model.frame import Expr, NamedRows, Rows
from layoutopt.policy.norms import merges_wanted

NEVER = (10_000, 10_000)
"""The years in which an expansion that was not begun before is begun, and in use."""


def year_rows(horizon: Horizon, *, skip: Collection[str] = ()) -> list[NamedRows]:
    """Return the rows between the years, rule by rule; ``skip`` names rules to leave out."""
    return [
        NamedRows(name, rows)
        for name, rule in YEAR_RULES.items()
        if name not in skip
        for rows in rule.rows(horizon)
        if len(rows.labels)
    ]


@between(
    "A school once closed stays closed, a teaching point stays one, a band given up is not taken up again; a school "
    "once built stays",
    r"y_{jt} \le y_{j,t-1},\; y_{jt} + p_{jt} \le y_{j,t-1} + p_{j,t-1},\; s_{jbt} \le s_{jb,t-1}",
)
def stays_closed(h: Horizon) -> Iterator[Rows]:
    """Three rows a school and year; the other way round for schools that are built."""
    for before, after in pairwise(h.data):
        built = set(before.schools.index[~before.schools["exists"].to_numpy(bool)])
        for state in (staying, lambda d: d.frame.each("open"), lambda d: d.frame.each("taught")):
            now, then = state(after), state(before)
            then = then.on(now.labels)
            new = np.asarray(now.level("school_id").isin(built))
            yield then.only(new) <= now.only(new)
            if not h.asked.reopen:
                yield now.only(~new) <= then.only(~new)
    if not h.asked.reopen:
        yield from _needed_later(h)


def _needed_later(h: Horizon) -> Iterator[Rows]:
    """What a later year cannot do without is there before: implied by the rows above, and a better bound a year."""
    wanted: set[tuple[object, ...]] = set()
    for before, after in reversed(list(pairwise(h.data))):
        wanted |= needed(after)
        taught = before.frame.each("taught")
        taught = taught.only(np.array([label in wanted for label in taught.labels], dtype=bool))
        yield taught + lower_points(before).on(taught.labels) >= 1.0


@between("An expansion once built stays, and its school with it", r"z_{et} \ge z_{e,t-1}")
def stays_built(h: Horizon) -> Iterator[Rows]:
    """One row an expansion and year."""
    for before, after in pairwise(h.data):
        now = after.frame.each("level")
        if len(now):
            yield before.frame.each("level").on(now.labels) <= now


@between(
    "Places are built before pupils come: a level counts from the year it is ready, and what was begun is finished",
    r"z_{et} = 0 \;(t < l_e)",
)
def build_first(h: Horizon) -> Iterator[Rows]:
    """One row an expansion and year in which it cannot be ready; what was begun before is ready as it was promised."""
    for at, data in list(enumerate(h.data))[h.again :]:
        levels = data.frame.each("level")
        promised = np.array([h.asked.begun.get(tuple(label), NEVER)[1] for label in levels.labels])
        begun, ready = promised < NEVER[1], promised <= h.years[at]
        late = np.where(begun, ~ready, lead_years(data, h.asked) > at - h.again)
        yield levels.only(late) <= 0.0
        yield levels.only(ready) >= 1.0


@between("Nobody moves twice: who left today's school stays at the next", r"x_{njt} \ge x_{nj,t-1} \;(j \ne h_n)")
def moved_once(h: Horizon) -> Iterator[Rows]:
    """One row a pupil group, year and school that is not today's."""
    if not h.asked.move_once:
        return
    for pairs, before, after in pairs_of(h.data):
        then, now, homes = arrivals(pairs, before, after)
        new = np.asarray(then.level("school_id") != homes)
        yield then.only(new) <= now.only(new)


@between(
    "No more schools close in a year than its limit", r"\sum_j (y_{j,t-1} + p_{j,t-1} - y_{jt} - p_{jt})^+ \le C_t"
)
def closures_per_year(h: Horizon) -> Iterator[Rows]:
    """One row a school and year, and one a year."""
    for at, year, most in h.limited("closures_per_year"):
        closes = h.of_year("closes", year)
        now = staying(h.data[at]).on(by_school(closes))
        before = staying(h.data[at - 1]).on(now.labels) if at else now * 0.0 + 1.0
        yield told(before - now, closes)
        yield added([closes]) <= most


@between("No more pupils change school in a year than its limit", r"\sum_n d_n c_{nt} \le M_t")
def moved_pupils_per_year(h: Horizon) -> Iterator[Rows]:
    """One row a pupil group and school it may leave, and one a year."""
    steps = dict(zip(h.years[1:], pairs_of(h.data), strict=True))
    for at, year, most in h.limited("moved_pupils_per_year"):
        leaves = h.of_year("leaves", year)
        moves = Expr(leaves.matrix, leaves.constant, pd.MultiIndex.from_arrays([leaves.level("item")], names=["item"]))
        if at:
            then, now, homes = arrivals(*steps[year])
            may = np.asarray(then.level("school_id") == homes) | (not h.asked.move_once)
            then, now = then.only(may), now.only(may)
            yield then - now <= moves.on(now.labels)
        else:
            stay = at_home(h.data[0])
            yield stay * -1.0 + 1.0 <= moves.on(stay.labels)
        moved = h.copies.frame.total("leaves", weight="pupils", by=["copy"])
        yield added([moved.only(np.asarray(moved.level("copy") == str(year)))]) <= most


@between(
    "No more capital is spent in a year than its limit, each expansion in the year it is begun",
    r"\sum_e g_e (z_{e,t+l_e} - z_{e,t+l_e-1}) \le G_t",
)
def capital_per_year(h: Horizon) -> Iterator[Rows]:
    """One row a year."""
    for at, _, most in h.limited("capital_per_year_cny"):
        parts = []
        leads = lead_years(h.data[at], h.asked)
        levels = h.data[at].frame.each("level").labels
        new = np.array([tuple(label) not in h.asked.begun for label in levels], dtype=bool)
        for lead in sorted(set(leads)):
            ready = at + int(lead)
            for year, sign in ((ready, 1.0), (ready - 1, -1.0)):
                if 0 <= year < len(h.data) and ready < len(h.data):
                    used = h.data[year].frame.each("level")
                    capital = h.data[year].frame.blocks["level"].table["capital_cny"].to_numpy(float)
                    parts.append(used * (sign * np.where((leads == lead) & new, capital, 0.0)))
        if parts:
            yield added(parts) <= most


@between(
    "No more buses are bought in a year than its limit, each carrying as many riders as are expected",
    r"B_t - B_{t-1} \le N_t,\; \sum_n d_n u_n / q \le B_t",
)
def new_buses_per_year(h: Horizon) -> Iterator[Rows]:
    """Three rows a year: buses last, they carry the riders, and few are bought."""
    if not h.asked.limits.any("new_buses_per_year"):
        return
    for at, year in list(enumerate(h.years))[h.again :]:
        fleet, riders = added([h.of_year("fleet", year)]), pupils_by(h.data[at], [], mode="bus")
        before = added([h.of_year("fleet", h.years[at - 1])]) if at > h.again else fleet * 0.0 + h.asked.buses[year - 1]
        yield before <= fleet
        if len(riders):
            yield added([riders]) * (1.0 / h.asked.riders_per_bus) <= fleet
        most = h.asked.limits.of("new_buses_per_year", year)
        if most is not None:
            yield fleet - before <= most


@between(
    "No more teachers lose their school in a year than its limit",
    r"\sum_j g_{jt} \le L_t,\; g_{jt} \ge T_{j,t-1} - U_j (y_{jt} + p_{jt}),\; "
    r"g_{jt} \ge T_{j,t-1} - t^p - U_j (2 - p_{jt} - y_{j,t-1})",
)
def teacher_moves_per_year(h: Horizon) -> Iterator[Rows]:
    """Two rows a school and year, it closes or it shrinks to a teaching point, and one a year."""
    needs = [h.asked.posts_today, *map(most_posts, h.data)]
    largest = reduce(lambda one, other: one.combine(other, max, fill_value=0.0), needs)
    for at, year, most in h.limited("teacher_moves_per_year"):
        go, data = h.of_year("posts_gone", year), h.data[at]
        schools = by_school(go)
        big = largest.reindex(schools.get_level_values(0), fill_value=0.0).to_numpy(float)
        point = data.frame.each("point").on(schools)
        whole = h.data[at - 1].frame.each("open").on(schools) if at else point * 0.0 + 1.0
        left = data.policy.points.point_staff
        today = h.asked.posts_today.reindex(schools.get_level_values(0)).fillna(0.0).to_numpy(float)
        before = h.data[at - 1].frame.total("posts", by=["school_id"]).on(schools)
        had = before if at else Expr(before.matrix * 0.0, today, schools)
        yield told(had - (data.frame.each("open").on(schools) + point) * big, go)
        yield told(had - left + (point + whole - 2.0) * big, go)
        yield added([go]) <= most


@between(
    "The asked share of the small schools of the first year is merged by each year",
    r"\sum_{j \in S} (1 - y_{jt} - p_{jt}) \ge \lceil \mu_t |S| \rceil",
)
def merge_share_of_year(h: Horizon) -> Iterator[Rows]:
    """One row a year with a share."""
    counted = h.data[0].schools["counted"]
    for at, year in list(enumerate(h.years))[h.again :]:
        share = h.asked.merge_shares.get(year)
        if share is None or not counted.any():
            continue
        policy = h.data[at].policy.replace(merge_share=share)
        stay = staying(h.data[at])
        stay = stay.only(counted.reindex(stay.level("school_id")).to_numpy(bool))
        yield added([stay]) <= float(int(counted.sum()) - merges_wanted(int(counted.sum()), policy))
