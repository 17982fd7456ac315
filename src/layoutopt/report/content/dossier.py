"""The sheet of one school: why it closes or stays, where its pupils go, teachers, building, conditions, questions."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutopt.plan.closures import waits_for
from layoutopt.report import pictures
from layoutopt.report.content import (
    bus_tables,
    closing_tables,
)
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.content.dossier_people import people
from layoutopt.report.content.master import subtitle
from layoutopt.report.content.questions import questions
from layoutopt.report.content.reasons import close_words, keep_words, protected_words
from layoutopt.report.content.ways import in_words
from layoutopt.report.content.whatif import CloseInstead, KeepInstead, close_instead, keep_instead
from layoutopt.report.document import Block, Document, Paragraph, Section, Table
from layoutopt.report.echoes import echoed
from layoutopt.report.language import message

DECISIONS: dict[str, str] = {
    "hub": message("stays as a hub school"),
    "full": message("stays"),
    "teaching_point": message("becomes a teaching point for grades {grades}"),
    "closed": message("closes"),
}
STAYS_POINT = message("stays as a teaching point for grades {grades}")


def dossier(b: Brief, school_id: str) -> Document:
    """Return the sheet of a school that exists today or that the plan opens."""
    lang, row = b.lang, b.schools.loc[school_id]
    title = lang.text("School sheet: {school}", school=b.school_name(school_id))
    gone = b.leaving(school_id)
    changes = row["role"] == "closed" or (row["role"] == "teaching_point" and len(gone) > 0)
    kept = keep_instead(b.basis, school_id) if changes and row["existed"] else None
    closed = close_instead(b.basis, school_id) if row["is_open"] and row["small"] else None
    parts = [decision(b, school_id), why(b, school_id, kept, closed), pupils(b, school_id), people(b, school_id)]
    if school_id in b.closing.index or school_id in b.shrinking.index:
        checks: list[Block] = [closing_tables.conditions(b, school_id), *waiting(b, school_id)]
        parts.append(Section("conditions", lang.text("Five conditions"), tuple(checks)))
    asked = questions(b, school_id, kept)
    if asked:
        said = [
            Section(f"question_{at}", asked_text, (Paragraph(answer),)) for at, (asked_text, answer) in enumerate(asked)
        ]
        parts.append(Section("questions", lang.text("What parents ask"), sections=tuple(said)))
    return Document(f"school-{school_id}", title, subtitle(b), tuple(parts), lang.code, b.stamp)


def decision(b: Brief, school_id: str) -> Section:
    """What is decided, with the school's figures side by side."""
    lang, row = b.lang, b.schools.loc[school_id]
    said = lang.text(
        "{school} ({town}) {decision}.",
        school=b.school_name(school_id),
        town=str(row["town"]) or str(school_id),
        decision=lang.text(_decision(b, school_id), grades=b.grades["lower"]),
    )
    reason = str(row["reason"] or "")
    why_said = lang.text("Reason on record: {reason}.", reason=echoed(reason, lang)) if reason else ""
    return Section(
        "decision", lang.text("Decision"), (Paragraph(lang.sentences([said, why_said]), "lead"), figures(b, school_id))
    )


def _decision(b: Brief, school_id: str) -> str:
    role = str(b.schools.loc[school_id, "role"])
    return STAYS_POINT if role == "teaching_point" and school_id not in b.shrinking.index else DECISIONS[role]


def figures(b: Brief, school_id: str) -> Table:
    """Return the school's figures, today and in the plan."""
    say, row = b.lang.text, b.schools.loc[school_id]
    today = b.today.schools.set_index("school_id").loc[school_id]
    rows = [
        (say("Pupils"), row["pupils_before"], row["pupils_after"]),
        (say("Classes"), today["classes"] if row["existed"] else np.nan, row["classes"]),
        (say("Teachers today, posts in the plan"), row["teachers_before"], row["posts"]),
        (say("Places, grades 1–6"), row["was_places_primary"], row["places_primary"]),
        (say("Places, grades 7–9"), row["was_places_junior"], row["places_junior"]),
        (say("Beds"), row["was_beds"], row["beds"]),
        (say("Boarders"), today["boarders"], row["boarders"]),
        (say("Running cost a year, CNY"), row["was_annual_cny"], row["annual_cny"]),
    ]
    names = ["label", "amount_today", "amount"]
    frame = pd.DataFrame(rows, columns=names).replace(np.inf, np.nan)
    return table("figures", say("Figures"), frame, names, b.lang)


def why(b: Brief, school_id: str, kept: KeepInstead | None, closed: CloseInstead | None) -> Section:
    """The reasons, with the alternative's cost and minutes."""
    said: list[Block] = []
    if kept is not None:
        said.append(Paragraph(b.lang.sentences(keep_words(b, kept))))
    if closed is not None:
        said += [
            Paragraph(b.lang.sentences(close_words(b, closed))),
            next_best(b, closed),
            Paragraph(held_words(b), "note"),
        ]
    if not said:
        said.append(Paragraph(b.lang.sentences(protected_words(b, school_id))))
    return Section("why", b.lang.text("Why"), tuple(said))


def held_words(b: Brief) -> str:
    """Return what the comparison holds fixed."""
    return b.lang.text(
        "One school is decided the other way and everything else stays as planned: all other schools, pupils and "
        "lines, and the order of the stops that are left. A plan sought anew could do better; the command "
        "layoutopt explain works that out."
    )


def next_best(b: Brief, closed: CloseInstead) -> Table:
    """Return where the pupils of a school that stays would have to go."""
    lang, ways = b.lang, closed.ways
    names = b.ways.drop_duplicates("settlement_id").set_index("settlement_id")["settlement"]
    rows = ways.assign(
        settlement=ways["settlement_id"].map(names),
        today_school="-",
        today="",
        school=ways["school_id"].map(b.schools["name"]).fillna(""),
        today_mode="",
        exception=False,
        today_min=ways["now_min"],
    )
    rows = in_words(lang, rows, b.plan.policy)
    rows["state"] = [lang.text("yes") if fine else lang.text("no") for fine in ways["admissible"]]
    columns = ["settlement", "grades", "pupils", "today_min", "to_school", "mode", "minutes", "state"]
    heads = {
        "today_min": lang.text("In the plan"), "to_school": lang.text("School then"), "minutes": lang.text("Then"),
        "state": lang.text("Admissible"),
    }  # fmt: skip
    title = lang.text("Where its pupils would have to go")
    return table("next_best", title, rows, columns, lang, heads=heads)


def pupils(b: Brief, school_id: str) -> Section:
    """Where each village's pupils go and how, and who comes."""
    lang, gone = b.lang, b.leaving(school_id)
    here = b.groups[b.groups["school_id"] == school_id]
    blocks: list[Block] = [pictures.school_map(b.plan, school_id, lang.code)]
    for name, title, part in (
        ("going", lang.text("Its pupils of today who go elsewhere"), gone),
        ("coming", lang.text("Its pupils in the plan"), here),
    ):
        if len(part):
            other = "to_school" if name == "going" else "from_school"
            columns = ["settlement", "grades", "pupils", other, "mode", "today_min", "minutes", "change_min"]
            blocks.append(table(name, title, part, columns, lang))
    blocks += _lines(b, school_id)
    return Section("pupils", lang.text("Pupils and their ways"), tuple(blocks))


def _lines(b: Brief, school_id: str) -> list[Block]:
    """The bus lines that take its pupils of today elsewhere, and those that bring pupils to it."""
    lang, blocks = b.lang, list[Block]()
    for name, title, every in (
        ("lines_away", lang.text("Bus lines that take its pupils of today elsewhere"), b.rides_from),
        ("lines_here", lang.text("Bus lines to this school"), b.rides_to),
    ):
        rows = every[every["of_school"] == school_id]
        if len(rows):
            heads = {"pupils": lang.text("Of them ride"), "school": lang.text("Calls at")}
            run = ["run"] if (rows["runs"] > 1).any() else []
            wait = ["early_min"] if (rows["early_min"] >= bus_tables.LEAST_EARLY_MIN).any() else []
            columns = ["line_id", "kind", "vehicle_no", *run, "school", "pupils", "ride_min", *wait]
            blocks.append(table(name, title, rows, columns, lang, heads=heads))
    return blocks


def waiting(b: Brief, school_id: str) -> list[Block]:
    """Return the schools that are enlarged before this one closes; nothing where none is."""
    rows = waits_for(b.plan)
    goals = sorted(set(rows.loc[rows["school_id"] == school_id, "to_school"]))
    if not goals:
        return []
    names = b.lang.listed(b.school_name(code) for code in goals)
    return [Paragraph(b.lang.text("It closes only when the building at {schools} is ready.", schools=names))]


def shown_schools(b: Brief) -> Iterator[str]:
    """Yield the schools that get a sheet: all of today, and those the plan opens."""
    rows = b.schools[b.schools["existed"] | b.schools["is_open"]]
    yield from sorted(rows.index)
