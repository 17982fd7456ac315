"""Tables about small schools that stay: who teaches all subjects there, and the weekly tours of itinerant teams."""

from __future__ import annotations

import pandas as pd

from layoutopt.plan.tours import groups_of, teams, timetable
from layoutopt.policy.helping import GROUP, ITINERANT, OWN
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.words import FORMS, WEEKDAYS


def support(b: Brief, *, only_helped: bool = False) -> Table:
    """Return how each open school teaches all subjects, and who helps it on how many days; all, or those helped."""
    forms = [form for form in FORMS if form != OWN or not only_helped]
    rows = b.schools[b.schools["is_open"] & b.schools["support"].isin(forms)]
    calls = b.plan.tours[b.plan.tours["site_id"] != b.plan.tours["school_id"]]
    days = calls.groupby("site_id")["days"].sum()
    rows = rows.assign(
        school=rows["name"],
        role=b.roles(rows),
        form=[b.lang.text(FORMS[form]) for form in rows["support"]],
        helper=[b.lang.listed(b.school_name(code) for code in helpers(b, str(code))) for code in rows.index],
        days_week=days.reindex(rows.index).astype(float),
        rank=rows["support"].map({form: at for at, form in enumerate(FORMS)}),
    ).sort_values(["rank", "town", "school_id"], ascending=[False, True, True], kind="stable")
    names = ["school", "town", "role", "pupils_after", "posts", "form", "helper", "days_week"]
    if only_helped:
        title = b.lang.text("Schools that are helped to teach all subjects")
        none = b.lang.text("Every school that stays has specialists of its own.")
    else:
        title = b.lang.text("How each school teaches all subjects")
        none = b.lang.text("The policy does not ask how all subjects are taught.")
    return table("support", title, rows, names, b.lang, empty=none)


def helpers(b: Brief, school_id: str) -> list[str]:
    """Return the schools that help a school out: the hubs of its tours, or the open hubs of its education group."""
    form = b.schools.loc[school_id, "support"]
    if form == ITINERANT:
        tours = b.plan.tours
        return sorted(set(tours.loc[tours["site_id"] == school_id, "school_id"]))
    if form == GROUP:
        groups = groups_of(b.plan.study)
        own = groups.index[(groups == groups[school_id]).to_numpy(bool)]
        return [str(code) for code in own if b.schools.loc[code, "role"] == "hub"]
    return []


def tour_week(b: Brief, hub: str = "") -> Table:
    """Return who tours when, a row a team and day; all, or those of one hub."""
    legs, week = b.plan.tours, timetable(b.plan.tours, b.plan.policy)
    week = week[week["school_id"] == hub] if hub else week
    by_tour = {tour: rows.sort_values("order", kind="stable") for tour, rows in legs.groupby("tour_id")}
    rows = week.assign(
        hub=[b.school_name(code) for code in week["school_id"]],
        weekday=[b.lang.text(WEEKDAYS[day]) for day in week["weekday"]],
        sites=[b.lang.text(", ").join(_sites(b, by_tour[tour])) for tour in week["tour_id"]],
        tour_min=week["minutes"],
        tour_km=[float(by_tour[tour]["km"].sum()) for tour in week["tour_id"]],
    )
    title = b.lang.text("Week of the itinerant teams")
    names = ["hub", "weekday", "team", "tour_id", "sites", "tour_min", "tour_km"]
    return table("tour_week", title, rows, names[1:] if hub else names, b.lang, empty=no_tours(b))


def no_tours(b: Brief) -> str:
    """Return what stands where nobody tours."""
    return b.lang.text("No itinerant teams are needed.")


def _sites(b: Brief, legs: pd.DataFrame) -> list[str]:
    return [b.school_name(site) for site, hub in zip(legs["site_id"], legs["school_id"], strict=True) if site != hub]


def tours(b: Brief, hub: str = "") -> Table:
    """Return every leg of every tour with its minutes, kilometres and yearly cost of driving; all, or of one hub."""
    rows = b.plan.tours[b.plan.tours["school_id"] == hub] if hub else b.plan.tours
    rows = rows.sort_values(["tour_id", "order"], kind="stable").assign(
        hub=[b.school_name(code) for code in rows["school_id"]],
        school=[b.school_name(code) for code in rows["site_id"]],
        days_week=rows["days"].astype(float),
        order=rows["order"].astype(float),
        tour_min=rows["minutes"].astype(float),
        tour_km=rows["km"].astype(float),
        cost_cny=rows["cost_cny"].astype(float),
    )
    names = ["tour_id", "hub", "days_week", "order", "school", "tour_min", "tour_km:", "cost_cny"]
    heads = {"school": b.lang.text("Goes to"), "cost_cny": b.lang.text("Driving a year")}
    return table("tours", b.lang.text("Tours leg by leg"), rows, names, b.lang, heads=heads, empty=no_tours(b))


def tour_words(b: Brief) -> str:
    """Return how many teachers tour in how many teams, and what helping small schools costs."""
    lang, f = b.lang, b.plan.figures
    if not f.itinerant_teachers:
        said = [no_tours(b)]
    else:
        many = teams(b.plan.tours, b.plan.policy)
        who = lang.plural("{n} itinerant teacher", "{n} itinerant teachers", f.itinerant_teachers)
        in_teams = lang.plural("{n} team", "{n} teams", many)
        served = int((b.schools["support"] == ITINERANT).sum())
        serve = lang.plural(
            "{who} in {teams} serve {n} school.", "{who} in {teams} serve {n} schools.", served, who=who, teams=in_teams
        )
        said = [serve]
    if f.cost_support_cny:
        cost = lang.money(f.cost_support_cny)
        said.append(
            lang.text("Tours, online classes and groups cost {money} a year, wages of those days included.", money=cost)
        )
    return lang.sentences(said)
