"""The part of a school's sheet about its teachers, what each pupil has there, and its building."""

from __future__ import annotations

import math

import pandas as pd

from layoutopt.report.content import premises_tables, quality_tables, staff_tables, support_tables
from layoutopt.report.content.brief import Brief, fill_in
from layoutopt.report.document import Block, Paragraph, Section
from layoutopt.report.words import FORMS


def people(b: Brief, school_id: str) -> Section:
    """Teachers, how all subjects are taught, resources for each pupil, and what becomes of the building."""
    lang, row = b.lang, b.schools.loc[school_id]
    blocks: list[Block] = [Paragraph(lang.sentences([staff_words(b, school_id), support_words(b, school_id)]))]
    for found in (staff_tables.moves(b, school_id), quality_tables.quality(b, school_id)):
        if len(found.rows):
            blocks.append(found)
    if school_id in b.closing.index or school_id in b.shrinking.index:
        rooms = row["classrooms"]
        many = lang.plural("{n} classroom", "{n} classrooms", float(rooms)) if pd.notna(rooms) else "________"
        free = (
            lang.text("The building becomes free: {rooms}.", rooms=many)
            if row["role"] == "closed"
            else lang.text("Part of the building becomes free; it has {rooms}.", rooms=many)
        )
        use = premises_words(b, school_id)
        blocks.append(Paragraph(lang.sentences([free, use])))
        blocks.append(fill_in(b, lang.text("new posts of the teachers; new use of the building;")))
    return Section("people", lang.text("Teachers and building"), tuple(blocks))


def support_words(b: Brief, school_id: str) -> str:
    """Return how an open school teaches all subjects; empty where the policy does not ask."""
    lang, form = b.lang, str(b.schools.loc[school_id, "support"])
    if form not in FORMS:
        return ""
    who = support_tables.helpers(b, school_id)
    if not who:
        return lang.text("It teaches all subjects by {form}.", form=lang.text(FORMS[form]))
    helped = lang.listed(b.school_name(code) for code in who)
    return lang.text("It teaches all subjects by {form} from {schools}.", form=lang.text(FORMS[form]), schools=helped)


def premises_words(b: Brief, school_id: str) -> str:
    """Return what the premises of a closed school become and why; empty where the plan does not say."""
    rows, lang = b.plan.premises, b.lang
    rows = rows[rows["school_id"] == school_id]
    if rows.empty:
        return ""
    row, use = rows.iloc[0], premises_tables.use_words(b, school_id)
    reason = premises_tables.reason_words(b, str(row["reason"]))
    if not row["use"]:
        return lang.text("It stands idle: {reason}.", reason=reason)
    money = lang.money(float(row["capital_cny"]))
    return lang.text("New use: {use} ({reason}); fitting it out costs {money}.", use=use, reason=reason, money=money)


def staff_words(b: Brief, school_id: str) -> str:
    """Return the teachers of today, the posts of the plan, and what follows from both."""
    lang, row = b.lang, b.schools.loc[school_id]
    teachers, posts = float(row["teachers_before"]), float(row["posts"])
    now = lang.plural("{n} teacher today", "{n} teachers today", teachers)
    if math.isnan(teachers):
        now = lang.text("number of teachers today not known")
    then = lang.plural("{n} post in the plan", "{n} posts in the plan", posts)
    said = [lang.text("Staff: {teachers}, {posts}.", teachers=now, posts=then)]
    if teachers > posts:
        said.append(
            lang.plural(
                "{n} teacher moves to another school of the county.",
                "{n} teachers move to other schools of the county.",
                teachers - posts,
            )
        )
    if posts > teachers:
        said.append(lang.plural("{n} post is to be filled.", "{n} posts are to be filled.", posts - teachers))
    return lang.sentences(said)
