"""Tours of itinerant teams: which hubs may serve a site, the legs of a tour, and the table of who drives what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.journeys import Journeys, journeys_of
from layoutopt.plan.tables import NO_TOURS, TOUR_COLUMNS
from layoutopt.policy import Policy
from layoutopt.policy.helping import driving_cny, form_cny, team_cny, teams_for
from layoutopt.study import Study
from layoutopt.today import school_facts
from layoutopt.units import SLACK_MIN


@dataclass(frozen=True, eq=False)
class Ways:
    """Minutes and kilometres by road from each school to each."""

    ids: pd.Index
    minutes: NDArray[np.float64]
    km: NDArray[np.float64]

    def round_trip(self, stops: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return minutes and kilometres of each leg from the first stop through the others and back."""
        at = [self._at[stop] for stop in (*stops, stops[0])]
        return self.minutes[at[:-1], at[1:]], self.km[at[:-1], at[1:]]

    @cached_property
    def _at(self) -> dict[str, int]:
        return {str(code): at for at, code in enumerate(self.ids)}


def school_ways(journeys: Journeys, ids: Sequence[str]) -> Ways:
    """Return the ways between the schools ``ids``; ``inf`` where no road leads."""
    minutes, km = journeys.rides([f"s:{code}" for code in ids])
    return Ways(pd.Index(ids), minutes, km)


def hubs_near(study: Study, policy: Policy) -> dict[str, tuple[str, ...]]:
    """Return the hubs whose teams may serve each small school, nearest first.

    A hub is in reach where both the way out and the way back keep ``itinerant_max_min``; of those the
    ``itinerant_nearest`` may serve. Hubs that must close are none, schools that must close need none.
    """
    facts = school_facts(study, policy)
    stays = ~facts["must_close"].astype(bool)
    is_hub = facts["hub"].astype(bool)
    hubs, sites = facts.index[stays & is_hub], facts.index[stays & ~is_hub]
    limit = policy.support.itinerant_max_min + SLACK_MIN
    ways = school_ways(journeys_of(study, policy), list(facts.index))
    at = ways.ids.get_indexer(hubs)
    found = {}
    for site in sites:
        here = ways.ids.get_loc(site)
        out, back = ways.minutes[at, here], ways.minutes[here, at]
        order = [k for k in np.argsort(out, kind="stable") if max(out[k], back[k]) <= limit]
        found[str(site)] = tuple(str(hubs[k]) for k in order[: policy.support.itinerant_nearest])
    return found


def groups_of(study: Study) -> pd.Series:
    """Return the education group of every school, empty for none."""
    if "group" not in study.schools:
        return pd.Series("", index=study.schools.index)
    return study.schools["group"].astype(object).fillna("").astype(str)


def tour_table(study: Study, policy: Policy, driven: Sequence[tuple[str, tuple[str, ...], int]]) -> pd.DataFrame:
    """Return the plan's table of tours from (hub, sites in their order, days a week): a row a leg."""
    if not driven:
        return NO_TOURS.copy()
    ways = school_ways(journeys_of(study, policy), list(study.schools.index))
    rows = []
    for number, (hub, sites, days) in enumerate(sorted(driven), start=1):
        minutes, km = ways.round_trip([hub, *sites])
        for order, (site, leg_min, leg_km) in enumerate(zip([*sites, hub], minutes, km, strict=True), start=1):
            cost = driving_cny(float(leg_km), days, policy)
            rows.append((f"T{number:03d}", hub, days, order, site, float(leg_min), float(leg_km), cost))
    return pd.DataFrame(rows, columns=list(TOUR_COLUMNS))


def teams(tours: pd.DataFrame, policy: Policy) -> int:
    """Return the itinerant teams that the tours need, hub by hub."""
    days = tours.drop_duplicates("tour_id").groupby("school_id")["days"].sum()
    return sum(teams_for(float(count), policy) for count in days)


def timetable(tours: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return who tours when: ``school_id`` (hub), ``weekday`` (1 Monday to 5), ``team``, ``tour_id``, ``minutes``.

    Teams of one hub tour on few days, Tuesday and Thursday first, no site is called at twice a day, and no team
    tours on more days than it may. ``weekday`` is 0 where no day is left, which takes sites with three visits or more.
    """
    rows: list[tuple[str, int, int, str, float]] = []
    for hub, part in tours.groupby("school_id", sort=True):
        legs = dict(list(part.groupby("tour_id", sort=True)))
        many = teams(part, policy)
        week: dict[int, list[str]] = {day: [] for day in (2, 4, 1, 3, 5, 0)}
        for tour in sorted(legs, key=lambda name: (-legs[name]["days"].iloc[0], name)):
            for _ in range(int(legs[tour]["days"].iloc[0])):
                week[_day_for(tour, week, legs, str(hub), many)].append(tour)
        driven = [(day, tour) for day in sorted(week) for tour in week[day]]
        # One after another to the teams in turn: those of one day, at most as many as teams, go to different teams.
        rows += [
            (str(hub), day, at % many + 1, tour, float(legs[tour]["minutes"].sum()))
            for at, (day, tour) in enumerate(driven)
        ]
    return pd.DataFrame(rows, columns=["school_id", "weekday", "team", "tour_id", "minutes"])


def _day_for(tour: str, week: dict[int, list[str]], legs: dict[str, pd.DataFrame], hub: str, many: int) -> int:
    """The first day with a team left and no call at any of the tour's sites."""
    sites = set(legs[tour]["site_id"]) - {hub}
    for day, driven in week.items():
        if day == 0 or (len(driven) < many and not any(sites & set(legs[other]["site_id"]) for other in driven)):
            return day
    return 0


def itinerant_teachers(tours: pd.DataFrame, policy: Policy) -> int:
    """Return the teachers who tour."""
    return teams(tours, policy) * policy.support.itinerant_team


def support_cny(tours: pd.DataFrame, forms: pd.Series, policy: Policy) -> float:
    """Return the yearly cost of helping small schools out: wages and driving of teams, online classes, groups."""
    helped = sum(form_cny(str(form), policy) for form in forms)
    return float(teams(tours, policy) * team_cny(policy) + tours["cost_cny"].sum() + helped)
