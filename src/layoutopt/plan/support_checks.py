"""The audit's checks of a full curriculum in small schools: forms, posts, helping schools, and every tour."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from layoutopt.plan.facts import LIMIT_MIN_TOLERANCE, TOLERANCE, Facts, Violation
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.plan.tours import Ways, groups_of, hubs_near, school_ways
from layoutopt.policy.helping import FORMS, GROUP, ITINERANT, ONLINE, OWN, SCHOOL_DAYS
from layoutopt.schema import PUPIL_COLUMNS


def full_curriculum(f: Facts) -> Iterator[Violation]:
    """Every open school teaches all subjects in one way that the policy offers it; closed ones in none."""
    if not f.policy.support.full_curriculum:
        return
    for code, row in f.schools.iterrows():
        form = str(row["support"])
        if row["role"] not in OPEN_ROLES:
            if form:
                yield Violation(str(code), 1, 0, f"is {row['role']}, but its support says '{form}'")
        elif form not in FORMS:
            yield Violation(str(code), 0, 1, "nothing says how it teaches all subjects")
        elif form != OWN and (row["hub"] or not getattr(f.policy.support, form)):
            yield Violation(str(code), 1, 0, f"'{form}' is not offered to it")


def support_size(f: Facts) -> Iterator[Violation]:
    """Only small schools are helped out with specialists."""
    most = f.policy.support.support_max_pupils
    for code, row in _with_form(f, ITINERANT, ONLINE, GROUP).iterrows():
        pupils = float(sum(row[name] for name in PUPIL_COLUMNS))
        if pupils > most + TOLERANCE:
            yield Violation(str(code), pupils, most, f"{pupils:g} pupils, helped out as '{row['support']}'")


def own_specialists(f: Facts) -> Iterator[Violation]:
    """A school with specialists of its own has enough posts for them."""
    least = f.policy.support.own_specialists_from_posts
    for code, row in _with_form(f, OWN).iterrows():
        if row["posts"] < least - TOLERANCE:
            yield Violation(
                str(code), row["posts"], least, f"{row['posts']:g} posts, specialists of its own take {least:g}"
            )


def helping_school(f: Facts) -> Iterator[Violation]:
    """A school that its group helps has an open hub of this group, and online classes need an open hub."""
    hubs = f.schools[(f.schools["role"] == "hub") & f.schools["hub"]]
    groups = groups_of(f.study)
    leading = set(groups.reindex(hubs.index)) - {""}
    for code, row in _with_form(f, GROUP, ONLINE).iterrows():
        if row["support"] == GROUP and groups[code] not in leading:
            yield Violation(str(code), 0, 1, f"no open hub leads its group '{groups[code]}'")
        elif row["support"] == ONLINE and hubs.empty:
            yield Violation(str(code), 0, 1, "no open hub gives its online classes")


def tours(f: Facts) -> Iterator[Violation]:
    """Itinerant teams come to every site on the days promised, from open hubs, within the limits of a day."""
    if not f.policy.support.full_curriculum:
        return
    near = hubs_near(f.study, f.policy)
    ways = school_ways(f.journeys, list(f.study.schools.index))
    for tour, legs in f.plan.tours.groupby("tour_id", sort=True):
        yield from _of_tour(f, str(tour), legs.sort_values("order", kind="stable"), near, ways)
    calls = f.plan.tours[f.plan.tours["site_id"] != f.plan.tours["school_id"]]
    days = calls.groupby("site_id")["days"].sum()
    visits = f.policy.support.itinerant_visits_per_week
    served = set(_with_form(f, ITINERANT).index)
    for code in sorted(served | set(days.index)):
        found, wanted = float(days.get(code, 0.0)), float(visits if code in served else 0)
        if abs(found - wanted) > TOLERANCE:
            yield Violation(str(code), found, wanted, f"teams come on {found:g} days a week, promised are {wanted:g}")


def _of_tour(
    f: Facts, tour: str, legs: pd.DataFrame, near: dict[str, tuple[str, ...]], ways: Ways
) -> Iterator[Violation]:
    """What one tour breaks by itself."""
    support, hub = f.policy.support, str(legs["school_id"].iloc[0])
    *sites, last = map(str, legs["site_id"])
    days = float(legs["days"].iloc[0])
    same = legs[["school_id", "days"]].nunique().max() == 1 and days in range(1, SCHOOL_DAYS + 1)
    whole = (
        last == hub and sites and len(set(sites)) == len(sites) and list(legs["order"]) == [*range(1, len(legs) + 1)]
    )
    if not (same and whole and {hub, *sites} <= set(ways.ids)):
        yield Violation(tour, 0, 1, "is no tour: from one hub through sites and back, on the same whole days")
        return
    if hub not in f.schools.index or f.schools.loc[hub, "role"] != "hub":
        yield Violation(tour, 0, 1, f"starts at {hub}, which is no open hub")
    for site in sites:
        if hub not in near.get(site, ()):
            yield Violation(tour, 0, 1, f"{hub} may not serve {site}: too far, or not among its nearest hubs")
    minutes, _ = ways.round_trip([hub, *sites])
    for what, found, limit in (
        ("sites a day", float(len(sites)), float(support.itinerant_sites_per_day)),
        ("min on its longest leg", float(minutes.max()), support.itinerant_max_min + LIMIT_MIN_TOLERANCE),
        ("min on the road", float(minutes.sum()), support.itinerant_day_min + LIMIT_MIN_TOLERANCE),
    ):
        if found > limit:
            yield Violation(tour, found, limit, f"{found:g} {what}, at most {limit:g}")


def _with_form(f: Facts, *forms: str) -> pd.DataFrame:
    """Open schools of these forms, where the policy asks for a full curriculum."""
    if not f.policy.support.full_curriculum:
        return f.schools.iloc[:0]
    return f.schools[f.schools["support"].isin(forms) & f.schools["role"].isin(OPEN_ROLES)]


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {
    check.__name__: check for check in (full_curriculum, support_size, own_specialists, helping_school, tours)
}
