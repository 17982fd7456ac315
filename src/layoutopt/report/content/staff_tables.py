"""Tables about teachers: who changes school, posts by subject, and whether enough of them rotate."""

from __future__ import annotations

import pandas as pd

from layoutopt.follow_up.posts import posts_by_subject
from layoutopt.plan.staff_figures import rotation as rotation_shares
from layoutopt.plan.staff_figures import teachers_left
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.closing_tables import stages_in_words
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.language import message
from layoutopt.report.words import MOVE_KINDS, SUBJECTS, VERDICTS
from layoutopt.today import staff_known, staff_today

SHARES: dict[str, str] = {
    "rotation_share": message("Teachers who change school, of all who are not protected"),
    "rotation_backbone_share": message("Backbone teachers among those who change school"),
}


def moves(b: Brief, school_id: str = "", *, with_surplus: bool = True) -> Table:
    """Return who moves where, for whom no post is in reach, and which posts have nobody; all, or of one school.

    Without surplus those for whom no post is in reach are left out: the table by subject counts them.
    """
    rows = b.plan.staff_moves if with_surplus else b.plan.staff_moves[b.plan.staff_moves["kind"] != "surplus"]
    if school_id:
        rows = rows[(rows["from_school"] == school_id) | (rows["to_school"] == school_id)]
    known = staff_known(b.plan.study).any()
    told = rows.assign(
        kind=[b.lang.text(MOVE_KINDS.get(str(kind), str(kind))) for kind in rows["kind"]],
        from_school=[b.school_name(code) for code in rows["from_school"]],
        to_school=[b.school_name(code) for code in rows["to_school"]],
        stage=stages_in_words(b.lang, rows["stage"]),
        subject=[subject_words(b, subject) for subject in rows["subject"]],
        to_subject=[subject_words(b, subject) for subject in rows["to_subject"]],
        teachers=rows["teachers"].astype(float),
        minutes=rows["minutes"].astype(float),
    )
    names = ["kind", "from_school", "to_school", "stage", "subject", "to_subject", "teachers", "minutes"]
    say = b.lang.text
    heads = {"kind": say("What happens"), "from_school": say("Leaves school"), "to_school": say("Comes to school"),
             "minutes": say("Way by road")}  # fmt: skip
    none = say("Nobody has to change school.") if known else say("The data name no teachers.")
    return table("staff_moves", say("Teachers who change school"), told, names, b.lang, heads=heads, empty=none)


def subject_words(b: Brief, subject: object) -> str:
    """Return a subject in words; one that the report does not know stays as it is written."""
    return b.lang.text(SUBJECTS[str(subject)]) if str(subject) in SUBJECTS else str(subject)


def subjects(b: Brief) -> Table:
    """Return teachers, posts, surplus and shortage by stage and subject, of the schools whose teachers are known."""
    plan, keys = b.plan, ["stage", "subject"]
    known = staff_known(plan.study)
    schools = plan.schools[plan.schools["school_id"].map(known).fillna(False).to_numpy(bool)]
    today = staff_today(plan.study, plan.policy)
    names = ["stage", "subject", "teachers_before", "kept", "posts", "shortage", "surplus"]
    title = b.lang.text("Teachers and posts by subject")
    none = b.lang.text("The data name no teachers.")
    if today.empty:
        return table("subjects", title, pd.DataFrame(columns=names), names, b.lang, empty=none)
    sums = posts_by_subject(today, schools).groupby(keys, sort=False)[["teachers", "kept", "posts"]].sum()
    for kind, subject in (("shortage", "to_subject"), ("surplus", "subject")):
        own = plan.staff_moves[plan.staff_moves["kind"] == kind]
        found = own.groupby(["stage", subject])["teachers"].sum().rename_axis(keys)
        sums[kind] = found.reindex(sums.index).astype(float).fillna(0.0)
    rows = sums[(sums != 0).any(axis=1)].reset_index().rename(columns={"teachers": "teachers_before"})
    rows["stage"] = stages_in_words(b.lang, rows["stage"])
    rows["subject"] = [subject_words(b, subject) for subject in rows["subject"]]
    return table("subjects", title, rows, names, b.lang, empty=none)


def rotation(b: Brief) -> Table:
    """Return the shares of teachers who rotate against those the policy asks for."""
    rows = rotation_shares(b.plan)
    rows = rows.assign(
        label=[b.lang.text(SHARES[key]) for key in rows["key"]],
        least_share=rows["least"],
        most_share=rows["most"],
        limit_share=rows["limit"].astype(float),
        verdict=[b.lang.text(VERDICTS[verdict]) for verdict in rows["verdict"]],
    )
    names = ["label", "least_share", "most_share", "limit_share", "verdict"]
    heads = {"least_share": b.lang.text("In the plan, at least"), "most_share": b.lang.text("In the plan, at most")}
    return table("rotation", b.lang.text("Rotation of teachers"), rows, names, b.lang, heads=heads)


def move_words(b: Brief) -> str:
    """Return in a few sentences what becomes of the teachers."""
    lang, f, left = b.lang, b.plan.figures, teachers_left(b.plan.staff_moves)
    if b.plan.staff_moves.empty:
        return ""
    said = [lang.plural("{n} teacher changes school.", "{n} teachers change school.", f.teachers_moved)]
    if f.teachers_retrained:
        said.append(
            lang.plural(
                "{n} teacher is retrained for another subject, for {money} once.",
                "{n} teachers are retrained for another subject, for {money} once.",
                f.teachers_retrained,
                money=lang.money(f.retraining_cny),
            )
        )
    if left:
        said.append(lang.plural("For {n} no post is in reach.", "For {n} no post is in reach.", left))
    if f.posts_short:
        said.append(lang.plural("For {n} post nobody is in reach.", "For {n} posts nobody is in reach.", f.posts_short))
    return lang.sentences(said)
