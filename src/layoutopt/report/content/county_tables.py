"""Tables about the whole county: headline figures, ways by grade band, cost, rules, choices."""

from __future__ import annotations

import pandas as pd

from layoutopt.plan.costs import annual_costs
from layoutopt.plan.metrics import journeys_by_band
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Column, Table
from layoutopt.report.echoes import violations_in_words
from layoutopt.report.language import Language, message
from layoutopt.report.tables import choices
from layoutopt.report.words import COSTS, MARKS

FIGURES: dict[str, str] = {
    "pupils": message("Pupils"),
    "schools_open": message("Schools open"),
    "schools_closed": message("Schools that close"),
    "teaching_points": message("Teaching points"),
    "schools_opened": message("New schools"),
    "small_schools_after": message("Schools below the merging trigger"),
    "pupils_moved": message("Pupils who change school"),
    "pupils_by_bus": message("Pupils by bus"),
    "boarders": message("Boarders"),
    "unserved": message("Pupils without a school"),
    "exceptions": message("Pupils with a named exception"),
    "lines": message("Bus lines"),
    "lines_school_bus": message("of them school buses"),
    "lines_public_extension": message("of them extended public lines"),
    "vehicles": message("Vehicles"),
    "line_km": message("Length of the lines"),
    "teachers_freed": message("Teachers freed"),
    "teachers_needed": message("Teaching posts needed"),
    "teachers_moved": message("Teachers who change school"),
    "teachers_retrained": message("of them retrained for another subject"),
    "posts_short": message("Posts for which nobody is in reach"),
    "itinerant_teachers": message("Itinerant teachers"),
    "cost_cny": message("Cost a year"),
    "cost_schools_cny": message("of it running schools"),
    "cost_teachers_cny": message("of it teachers"),
    "cost_buses_cny": message("of it buses"),
    "cost_boarding_cny": message("of it boarding"),
    "cost_meals_cny": message("of it meals at school"),
    "cost_grants_cny": message("of it living grants"),
    "cost_capital_cny": message("of it buildings, by the year"),
    "cost_support_cny": message("of it helping small schools"),
    "capital_cny": message("Building cost, once"),
    "retraining_cny": message("Retraining teachers, once"),
    "buildings_reused": message("Closed buildings with a new use"),
    "premises_capital_cny": message("Fitting out closed buildings, once"),
    "journey_mean_min": message("Average daily way"),
    "journey_p50_min": message("Half the pupils travel at most"),
    "journey_p90_min": message("Nine in ten travel at most"),
    "journey_max_min": message("Longest daily way"),
    "share_over_30_min": message("Share of daily pupils with a way over 30 min"),
    "share_over_40_min": message("Share of daily pupils with a way over 40 min"),
    "share_over_60_min": message("Share of daily pupils with a way over 60 min"),
}
"""The figures of :class:`layoutopt.plan.metrics.Headline` as documents call them; those of today stand beside."""
OF_TODAY = {
    "schools_open": "schools_before",
    "small_schools_after": "small_schools_before",
    "journey_mean_min": "journey_mean_before_min",
    "journey_p90_min": "journey_p90_before_min",
    "journey_max_min": "journey_max_before_min",
}
"""Figures whose counterpart of today the plan itself knows."""
FROM_TODAYS_PLAN = (
    "pupils", "boarders", "cost_cny", "cost_schools_cny", "cost_teachers_cny", "cost_buses_cny", "cost_boarding_cny",
    "cost_meals_cny", "cost_grants_cny", "cost_capital_cny", "cost_support_cny", "teachers_needed", "pupils_by_bus",
    "journey_p50_min", "share_over_30_min", "share_over_40_min", "share_over_60_min",
)  # fmt: skip


def figure_text(name: str, value: float | None, lang: Language) -> str:
    """Return a headline figure as every document writes it."""
    if value is None:
        return lang.number(None)
    if name.endswith("_cny"):
        return lang.money(value)
    if name.startswith("share_"):
        return lang.share(value, 1)
    if name.endswith("_min"):
        return lang.minutes(value, 1)
    return lang.km(value) if name.endswith("_km") else lang.number(value)


def figure_before(b: Brief, name: str) -> float | None:
    """Return today's value of a headline figure; None where today has none."""
    if name in OF_TODAY:
        return float(getattr(b.plan.figures, OF_TODAY[name]))
    return float(getattr(b.today.figures, name)) if name in FROM_TODAYS_PLAN else None


def headline(b: Brief) -> Table:
    """Return the headline figures as texts; the rows hold their codes and numbers too."""
    lang, rows = b.lang, []
    for name, label in FIGURES.items():
        value, before = float(getattr(b.plan.figures, name)), figure_before(b, name)
        texts = {"before_text": figure_text(name, before, lang), "text": figure_text(name, value, lang)}
        rows.append({"label": lang.text(label), "figure": name, "before": before, "value": value, **texts})
    columns = (
        Column("label", lang.text("Figure")),
        Column("before_text", lang.text("Today")),
        Column("text", lang.text("Plan")),
    )
    return Table("headline", lang.text("Headline figures"), columns, pd.DataFrame(rows))


def headline_values(b: Brief) -> Table:
    """Return the headline figures as plain numbers, for the workbook."""
    lang, texts = b.lang, headline(b)
    columns = (
        Column("label", lang.text("Figure")),
        Column("figure", lang.text("Code")),
        Column("before", lang.text("Today"), "number"),
        Column("value", lang.text("Plan"), "number"),
        Column("text", lang.text("As written")),
    )
    return Table("headline", texts.title, columns, texts.rows)


def journeys(b: Brief) -> Table:
    """Return the daily ways by grade band, today and in the plan."""
    rows = journeys_by_band(b.plan)
    rows = rows[rows["pupils"] > 0]
    when = {"before": b.lang.text("Today"), "after": b.lang.text("Plan")}
    rows = rows.assign(grades=rows["band"].map(lambda band: b.grades[band]), when=rows["when"].map(when))
    names = ["grades", "when", "pupils:", "mean", "p50", "p90", "max", "over_30", "over_40", "over_60"]
    return table("journeys", b.lang.text("Daily ways to school, one way, by grade band"), rows, names, b.lang)


def costs(b: Brief) -> Table:
    """Return the yearly cost by kind, today and in the plan."""
    after, before = annual_costs(b.plan), annual_costs(b.today)
    rows = pd.DataFrame(
        {
            "kind": b.lang.text(COSTS[kind]),
            "cost_today_cny": before[kind],
            "cost_cny": after[kind],
            "change_cny": after[kind] - before[kind],
        }
        for kind in after
    )
    return table(
        "costs", b.lang.text("Yearly cost"), rows, ["kind", "cost_today_cny", "cost_cny", "change_cny"], b.lang
    )


def violations(b: Brief) -> Table:
    """Return what the audit found, each with the rule in words."""
    rows = violations_in_words(b.violations, b.lang)
    names = ["rule", "place", "found", "limit", "message"]
    title = b.lang.text("Rules the plan breaks")
    return table("violations", title, rows, names, b.lang, empty=b.lang.text("The audit found no violation."))


def policy_choices(b: Brief, *, only_changed: bool = False) -> Table:
    """Return the policy's choices with their sources, marked where they are to be checked before they count as law."""
    lang, marks = b.lang, {entry.key: entry.mark for entry in b.plan.policy.unsure()}
    rows = pd.DataFrame(
        [
            (
                choice.key,
                choice.value,
                choice.unit,
                choice.meaning,
                choice.source,
                _mark(marks.get(choice.key, ""), lang),
            )
            for choice in choices(b.plan, lang)
            if choice.changed or not only_changed
        ],
        columns=["key", "value", "unit", "meaning", "source", "mark"],
    )
    title = lang.text("Choices that differ from the defaults") if only_changed else lang.text("Choices of the policy")
    none = lang.text("None: every choice is the default.")
    return Table("policy", title, _choice_columns(b), rows, none)


def unsure(b: Brief) -> Table:
    """Return the values of the policy that are recalled and not read again, or our own: to be checked by the county."""
    lang = b.lang
    said = {choice.key: choice for choice in choices(b.plan, lang)}
    rows = pd.DataFrame(
        [
            (entry.key, said[entry.key].value, said[entry.key].unit, said[entry.key].meaning, _mark(entry.mark, lang))
            for entry in b.plan.policy.unsure()
        ],
        columns=["key", "value", "unit", "meaning", "mark"],
    )
    columns = tuple(column for column in _choice_columns(b) if column.name != "source")
    return Table("unsure", lang.text("Values that are recalled or our own"), columns, rows, lang.text("None."))


def unsure_words(b: Brief) -> str:
    """Return what the marks of values mean."""
    return b.lang.text(
        "These values are not to be taken for law before somebody has checked them: they are recalled and were not "
        "read again, or they are our own starting values."
    )


def _mark(mark: str, lang: Language) -> str:
    return lang.text(MARKS[mark]) if mark else ""


def _choice_columns(b: Brief) -> tuple[Column, ...]:
    say = b.lang.text
    return (
        Column("key", say("Key")),
        Column("value", say("Value")),
        Column("unit", say("Unit")),
        Column("meaning", say("Meaning")),
        Column("source", say("Source")),
        Column("mark", say("To be checked: it is")),
    )
