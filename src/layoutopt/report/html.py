"""The report: one HTML file for a county office and for parents, complete without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from layoutopt.plan.metrics import journeys_by_band
from layoutopt.plan.plan import Plan
from layoutopt.report import charts, summary, tables
from layoutopt.report.content.brief import names_of
from layoutopt.report.content.families import family_brief, family_parts, school_parts, values_to_check
from layoutopt.report.curves import minutes_drawing, share_drawing
from layoutopt.report.document import Column
from layoutopt.report.echoes import violations_in_words
from layoutopt.report.language import Language, language, message
from layoutopt.report.maps import map_data
from layoutopt.report.mapwords import KINDS
from layoutopt.report.page_of import Link, block_of, part_of
from layoutopt.report.pages import rendered
from layoutopt.report.words import listed

MOST_WORST = 10
"""Longest ways listed; the table of villages holds all."""


def report_page(
    plan: Plan,
    *,
    today: Plan | None = None,
    violations: pd.DataFrame | None = None,
    lang: str = "en",
    dossiers: Mapping[str, str] | None = None,
) -> str:
    """Return the report's text in ``lang``.

    Parameters
    ----------
    today
        The plan of today's schools; with it costs, riders and boarders are set against today's.
    violations
        What the audit found. A plan with violations, or with pupils left without a school, is stamped as
        not adoptable; ``None`` says in the report that no audit was made.
    dossiers
        For a school the way from the report to its dossier; the school's sheet then leads there.
    """
    said = language(lang)
    choices = list(tables.choices(plan, said))
    return rendered(
        "report.html.j2",
        lang=lang,
        plan=plan,
        study=plan.study,
        has_today=today is not None,
        map={**map_data(plan, lang=lang), "dossiers": dict(dossiers or {})},
        lead=said.sentences(summary.sentences(plan, said)),
        tiles=summary.tiles(plan, today, said),
        further=summary.further(plan, said),
        refusals=summary.refusals(plan, violations, said),
        violations=_violation_rows(violations, said),
        audit_words=summary.audit_words(violations, said),
        levels=[summary.level_words(level, said) for level in plan.proof.levels],
        journeys=_journey_pairs(plan),
        schools=tables.school_rows(plan),
        lines=tables.line_rows(plan),
        kinds=KINDS,
        changed=[choice for choice in choices if choice.changed],
        unchanged=[choice for choice in choices if not choice.changed],
        provenance=_provenance(plan, said),
        **_charts(plan, today, said),
        **_villages(plan),
        **_families(plan, lang),
    )


SCHOOL_COLUMNS = ("school", "from_school", "to_school", "hub")
"""Columns of the neutral tables that name a school."""


def _families(plan: Plan, lang: str) -> dict[str, Any]:
    """Return the parts about the families of rules, and what the sheets of single schools say of them."""
    said, b, link = language(lang), family_brief(plan, lang=lang), _school_link(plan)
    positions = {str(code): position for position, code in enumerate(plan.study.schools.index)}
    sheets = [(positions[code], [block_of(block, said, link) for block in found]) for code, found in school_parts(b)]
    return {
        "families": {name: part_of(part, said, name, link) for name, part in family_parts(b).items()},
        "sheets": sheets,
        "to_check": [block_of(block, said) for block in values_to_check(b)],
    }


def _school_link(plan: Plan) -> Link:
    """Return what leads from a school's name to its sheet; a name that two schools share leads nowhere."""
    names = names_of(plan.study.schools)
    places = {name: f"#school/{position}" for position, name in enumerate(names) if (names == name).sum() == 1}

    def link(column: Column, text: str) -> str:
        return places.get(text, "") if column.name in SCHOOL_COLUMNS else ""

    return link


def _charts(plan: Plan, today: Plan | None, lang: Language) -> dict[str, Any]:
    """Return what the charts draw."""
    bars, sizes, even = charts.journey_bars(plan), charts.size_rows(plan), charts.lorenz(plan)
    return {
        "classes": charts.CLASSES,
        "bars": bars,
        "used": {part.name for bar in bars for part in bar.parts},
        "costs": charts.cost_rows(plan, today),
        "sizes": {"rows": sizes, "most": max((max(row.before, row.after) for row in sizes), default=1)},
        "within": minutes_drawing(charts.within(plan), lang),
        "lorenz": share_drawing(even, lang),
        "gini": {when: curve.index for when, curve in even.items()},
    }


def _villages(plan: Plan) -> dict[str, Any]:
    """Return the rows of the villages, and those with the longest daily ways."""
    rows = tables.village_rows(plan)
    ways = charts.worst_off(plan)
    if ways.empty:
        return {"villages": rows, "worst": None}
    daily = [row for row in rows if row["school_id"] and row["mode"] != "board" and row["minutes"] is not None]
    longest = sorted(daily, key=lambda row: (-row["minutes"], row["settlement_id"]))[:MOST_WORST]
    return {"villages": rows, "worst": {"places": len(ways), "from_min": float(ways.min()), "rows": longest}}


VIOLATION_WORDS: dict[str, str] = {
    "rule": message("Rule"),
    "place": message("Place"),
    "found": message("Found"),
    "limit": message("Limit"),
    "message": message("What is wrong"),
}


def _violation_rows(violations: pd.DataFrame | None, lang: Language) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of what the audit found."""
    if violations is None or violations.empty:
        return [], []
    names = [lang.text(VIOLATION_WORDS.get(str(name), str(name))) for name in violations.columns]
    found = tables.records(violations_in_words(violations, lang))
    return names, [[lang.said(value) for value in row.values()] for row in found]


def _journey_pairs(plan: Plan) -> list[dict[str, Any]]:
    """Return one row a band with its figures before and after side by side."""
    table = journeys_by_band(plan)
    rows = []
    for band, pair in table.groupby("band", sort=False):
        by_when = {row["when"]: row for row in tables.records(pair)}
        if by_when["before"]["pupils"] or by_when["after"]["pupils"]:
            rows.append({"band": band, **by_when})
    return rows


def _provenance(plan: Plan, lang: Language) -> list[tuple[str, str]]:
    """Return what is needed to get this plan again: seed, versions, hashes of the inputs."""
    facts = [
        (lang.text("Kind of plan"), lang.text(plan.kind)),
        (lang.text("Policy"), plan.policy.name),
        (lang.text("Seed"), str(plan.seed)),
        (lang.text("Study"), plan.study.digest),
    ]
    facts += [(str(name), listed(value, lang)) for name, value in plan.run.items()]
    return facts + [(name, digest[:16]) for name, digest in plan.study.inputs.items()]
