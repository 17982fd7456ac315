"""The sub-plan about staff: posts, who changes school, and how small schools teach all subjects."""

from __future__ import annotations

from layoutopt.report.content import school_tables, staff_tables, support_tables
from layoutopt.report.content.brief import Brief, fill_in
from layoutopt.report.document import Block, Bullets, Paragraph, Section


def staff(b: Brief) -> tuple[Section, ...]:
    """Teachers of today, posts of the plan, and the difference."""
    lang, f, policy = b.lang, b.plan.figures, b.plan.policy.staffing
    teachers = b.schools.loc[b.schools["existed"], "teachers_before"]
    unknown = int(teachers.isna().sum())
    said = lang.sentences(
        [
            lang.plural(
                "{n} teacher works in the county's schools today.",
                "{n} teachers work in the county's schools today.",
                float(teachers.sum()),
            ),
            lang.plural(
                "The teachers of {n} school are not known and not counted.",
                "The teachers of {n} schools are not known and not counted.",
                unknown,
            )
            if unknown
            else "",
            lang.plural("The plan needs {n} post.", "The plan needs {n} posts.", f.teachers_needed),
            lang.plural(
                "{n} teacher of closing and shrinking schools is free for other schools.",
                "{n} teachers of closing and shrinking schools are free for other schools.",
                f.teachers_freed,
            ),
        ]
    )
    norm = lang.text(
        "A post is counted by class or by pupils, whichever is more: {primary} posts a class and one post for "
        "{primary_pupils} pupils in primary, {junior} posts a class and one for {junior_pupils} in junior school.",
        primary=policy.staff_per_class["primary"],
        primary_pupils=policy.pupils_per_post["primary"],
        junior=policy.staff_per_class["junior"],
        junior_pupils=policy.pupils_per_post["junior"],
    )
    principles = Bullets(
        (
            lang.text("Nobody is dismissed: teachers move with their pupils first, then to the nearest open post."),
            lang.text("Subjects, age and family are weighed in a talk with each teacher before a post is named."),
            lang.text(
                "Small schools that stay are to keep every subject: itinerant teachers come, online classes help."
            ),
        )
    )
    return (
        Section(
            "staff_posts",
            lang.text("Posts and teachers"),
            (
                Paragraph(said),
                Paragraph(norm, "note"),
                principles,
                school_tables.posts(b),
                staff_tables.subjects(b),
            ),
        ),
        Section("staff_moves", lang.text("Teachers who change school"), _moves(b)),
        Section("staff_small", lang.text("Small schools that stay"), _small(b)),
    )


def _moves(b: Brief) -> tuple[Block, ...]:
    """Teachers who change school, posts and teachers left over, and rotation."""
    words = staff_tables.move_words(b)
    lead: list[Block] = [Paragraph(words)] if words else []
    asked = fill_in(b, b.lang.text("which teacher takes which post, subjects, backbone teachers;"))
    return (*lead, staff_tables.moves(b, with_surplus=False), staff_tables.rotation(b), asked)


def _small(b: Brief) -> tuple[Block, ...]:
    """The small schools that stay, how they teach all subjects, and the week of the itinerant teams."""
    kept = school_tables.kept_small(b)
    if not b.plan.policy.support.full_curriculum:
        return (kept,)
    words = Paragraph(support_tables.tour_words(b))
    week = [support_tables.tour_week(b)] if len(b.plan.tours) else []
    return (kept, support_tables.support(b, only_helped=True), words, *week)
