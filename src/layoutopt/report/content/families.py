"""Parts of the one-file report about the families of rules, from the tables and sentences the documents show too."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from layoutopt.plan.plan import Plan
from layoutopt.report.content import (
    closing_tables,
    county_tables,
    money_tables,
    premises_tables,
    quality_tables,
    school_tables,
    staff_tables,
    support_tables,
)
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.closing_tables import conditions
from layoutopt.report.content.dossier_people import premises_words, support_words
from layoutopt.report.content.master import refusal
from layoutopt.report.document import Block, Paragraph, Section, Table
from layoutopt.report.language import language, message

TITLES: dict[str, str] = {
    "money": message("Who pays"),
    "closures": message("Closures"),
    "support": message("Small schools"),
    "staff": message("Teachers"),
    "quality": message("Quality"),
    "premises": message("Free premises"),
}


def family_brief(plan: Plan, *, lang: str) -> Brief:
    """Return what these parts are written from; they ask neither for today's plan nor for the audit."""
    return Brief(plan, plan, pd.DataFrame(), language(lang))


def family_parts(b: Brief) -> dict[str, Section]:
    """Return the parts of the report by name; one whose tables have no row is left out."""
    made = {name: Section(name, b.lang.text(TITLES[name]), PARTS[name](b)) for name in TITLES}
    return {name: part for name, part in made.items() if _has_rows(part.blocks)}


def school_parts(b: Brief) -> Iterator[tuple[str, tuple[Block, ...]]]:
    """Yield for each school that stands or is built what these families say of it alone, where they say anything."""
    moves = b.plan.staff_moves
    speak_of: dict[Callable[[Brief, str], Table], set[str]] = {
        conditions: set(b.conditions["school_id"]),
        quality_tables.quality: set(b.quality["school_id"]),
        staff_tables.moves: {*moves["from_school"], *moves["to_school"]},
        support_tables.tour_week: set(b.plan.tours["school_id"]),
    }
    for school_id in map(str, b.schools.index[b.schools["role"] != "not_built"]):
        words = [made(b, school_id) for made in (support_words, premises_words)]
        tables = [made(b, school_id) for made, named in speak_of.items() if school_id in named]
        found: tuple[Block, ...] = (
            *(Paragraph(text) for text in words if text),
            *(table for table in tables if len(table.rows)),
        )
        if found:
            yield school_id, found


def values_to_check(b: Brief) -> tuple[Block, ...]:
    """Return the values of the policy that are recalled or our own, and what that means; nothing where none is."""
    table = county_tables.unsure(b)
    return (table, Paragraph(county_tables.unsure_words(b), "note")) if len(table.rows) else ()


def _has_rows(blocks: tuple[Block, ...]) -> bool:
    return any(len(block.rows) for block in blocks if isinstance(block, Table))


def _money(b: Brief) -> tuple[Block, ...]:
    lines = [money_tables.bus_costs(b)] if len(b.plan.bus_lines) else []
    return (
        Paragraph(money_tables.share_words(b), "note"),
        *money_tables.budget_tables(b),
        money_tables.by_source(b),
        money_tables.accounts(b),
        *lines,
        Paragraph(money_tables.funds_words(b)),
        money_tables.public_funds(b),
    )


def _closures(b: Brief) -> tuple[Block, ...]:
    return (*refusal(b), closing_tables.waiting(b))


def _support(b: Brief) -> tuple[Block, ...]:
    if not b.plan.policy.support.full_curriculum:
        return (school_tables.kept_small(b),)
    toured = [support_tables.tour_week(b), support_tables.tours(b)] if len(b.plan.tours) else []
    words = Paragraph(support_tables.tour_words(b))
    return (words, school_tables.kept_small(b), support_tables.support(b), *toured)


def _staff(b: Brief) -> tuple[Block, ...]:
    """Nothing where the data name no teachers: every table would say so."""
    subjects, moves = staff_tables.subjects(b), staff_tables.moves(b)
    if subjects.rows.empty and moves.rows.empty:
        return ()
    words = staff_tables.move_words(b)
    return (*([Paragraph(words)] if words else []), subjects, moves, staff_tables.rotation(b))


def _quality(b: Brief) -> tuple[Block, ...]:
    full = (quality_tables.areas(b), quality_tables.large_classes(b))
    if not quality_tables.is_known(b):
        return full
    words, rule = Paragraph(quality_tables.quality_words(b)), Paragraph(quality_tables.rule_words(b), "note")
    return (words, rule, quality_tables.spread(b), quality_tables.quality(b), *full)


def _premises(b: Brief) -> tuple[Block, ...]:
    told = (Paragraph(premises_tables.use_counts(b)), premises_tables.uses(b)) if len(b.plan.premises) else ()
    return (*told, premises_tables.premises(b))


PARTS: dict[str, Callable[[Brief], tuple[Block, ...]]] = {
    "money": _money,
    "closures": _closures,
    "support": _support,
    "staff": _staff,
    "quality": _quality,
    "premises": _premises,
}
