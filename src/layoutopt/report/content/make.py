"""The documents of a plan by name: report, sheets of the schools, notices and lists, tables of the workbook."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from layoutopt.plan.plan import Plan
from layoutopt.report.content import (
    bus_tables,
    closing_tables,
    county_tables,
    money_tables,
    premises_tables,
    pupil_tables,
    quality_tables,
    school_tables,
    staff_tables,
    support_tables,
)
from layoutopt.report.content.actions import actions
from layoutopt.report.content.brief import brief_of
from layoutopt.report.content.dossier import dossier, shown_schools
from layoutopt.report.content.master import master_plan
from layoutopt.report.content.procedure import action_table, steps
from layoutopt.report.content.tour_cards import tour_cards
from layoutopt.report.document import Document, Table
from layoutopt.report.language import language
from layoutopt.report.summary import refusals


def stamp(plan: Plan, violations: pd.DataFrame | None, lang: str = "en") -> str:
    """Return why a plan cannot be adopted, in a sentence or two; empty where nothing speaks against it."""
    say = language(lang)
    reasons = refusals(plan, violations, say)
    return say.sentences([say.text("NOT ADOPTABLE."), *reasons]) if reasons else ""


def report_document(
    plan: Plan, *, today: Plan | None = None, violations: pd.DataFrame | None = None, lang: str = "en"
) -> Document:
    """Return the master plan with its eight sub-plans.

    Parameters
    ----------
    today, violations
        The plan of today's schools and what the audit found; each is worked out where it is not given.
    lang
        ``"en"`` or ``"zh"``.
    """
    return master_plan(brief_of(plan, today=today, violations=violations, lang=lang))


def dossiers(
    plan: Plan, *, today: Plan | None = None, violations: pd.DataFrame | None = None, lang: str = "en"
) -> Iterator[tuple[str, Document]]:
    """Yield school_id and sheet of every school of today and every one the plan opens, in the order of their ids."""
    b = brief_of(plan, today=today, violations=violations, lang=lang)
    for school_id in shown_schools(b):
        yield school_id, dossier(b, school_id)


def workbook_tables(
    plan: Plan, *, today: Plan | None = None, violations: pd.DataFrame | None = None, lang: str = "en"
) -> list[Table]:
    """Return the tables of the workbook: headline, county, and the tables of each sub-plan."""
    b = brief_of(plan, today=today, violations=violations, lang=lang)
    return [
        county_tables.headline_values(b),
        county_tables.journeys(b),
        county_tables.costs(b),
        money_tables.budgets(b),
        money_tables.by_source(b),
        money_tables.accounts(b),
        money_tables.public_funds(b),
        money_tables.bus_costs(b),
        school_tables.schools(b),
        closing_tables.all_conditions(b),
        closing_tables.waiting(b),
        pupil_tables.moved(b),
        pupil_tables.records(b),
        pupil_tables.arrivals(b),
        pupil_tables.modes(b),
        bus_tables.lines(b),
        bus_tables.stops(b),
        bus_tables.fleet(b),
        pupil_tables.worst_off(b),
        pupil_tables.exceptions(b),
        pupil_tables.boarding(b),
        pupil_tables.meals(b),
        school_tables.posts(b),
        staff_tables.subjects(b),
        staff_tables.moves(b),
        staff_tables.rotation(b),
        school_tables.kept_small(b),
        support_tables.support(b),
        support_tables.tour_week(b),
        support_tables.tours(b),
        school_tables.room(b),
        school_tables.building(b),
        quality_tables.quality(b),
        quality_tables.spread(b),
        quality_tables.areas(b),
        quality_tables.large_classes(b),
        pupil_tables.care_table(b),
        pupil_tables.villages_losing(b),
        premises_tables.premises(b),
        premises_tables.uses(b),
        steps(b),
        action_table(b, actions(b)),
        county_tables.violations(b),
        county_tables.policy_choices(b),
        county_tables.unsure(b),
    ]


def notices(
    plan: Plan, *, today: Plan | None = None, violations: pd.DataFrame | None = None, lang: str = "en"
) -> list[Document]:
    """Return the public notice, hearing pack, timetable cards, driver sheet and list of moved pupils.

    Where itinerant teams tour, their cards come last.
    """
    from layoutopt.report.content import notice

    b = brief_of(plan, today=today, violations=violations, lang=lang)
    return [
        notice.public_notice(b),
        notice.hearing_pack(b),
        notice.timetables(b),
        notice.driver_sheet(b),
        notice.moved_pupils(b),
        *([tour_cards(b)] if len(b.plan.tours) else []),
    ]
