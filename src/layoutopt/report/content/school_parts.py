"""The sub-plans about schools and villages: staff, hub conditions, publicity, premises."""

from __future__ import annotations

from layoutopt.report import pictures
from layoutopt.report.content import pupil_tables, school_tables
from layoutopt.report.content.brief import Brief, fill_in
from layoutopt.report.document import Bullets, Paragraph, Section


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
                fill_in(b, lang.text("which teacher takes which post, subjects, backbone teachers;")),
            ),
        ),
        Section("staff_small", lang.text("Small schools that stay"), (school_tables.kept_small(b),)),
    )


def hubs(b: Brief) -> tuple[Section, ...]:
    """Room, classes and buildings of the schools that stay."""
    lang, f, classes = b.lang, b.plan.figures, b.plan.policy.classes
    first = lang.text("First build, then close: a school closes only when its pupils' new places stand.")
    if f.capital_cny:
        first = lang.sentences([first, lang.text("Building costs {money} once.", money=lang.money(f.capital_cny))])
    caps = lang.text(
        "A class has at most {primary} pupils in primary and {junior} in junior school.",
        primary=classes.class_cap["primary"],
        junior=classes.class_cap["junior"],
    )
    return (
        Section(
            "hubs_room",
            lang.text("Room and classes"),
            (Paragraph(lang.sentences([first, caps])), school_tables.room(b), pictures.sizes_chart(b.plan, lang.code)),
        ),
        Section(
            "hubs_building",
            lang.text("Building"),
            (
                school_tables.building(b),
                fill_in(
                    b,
                    lang.text("teaching and sports area for each pupil, equipment (quality-balance indicators);"),
                ),
            ),
        ),
    )


def publicity(b: Brief) -> tuple[Section, ...]:
    """Whom to tell, and what."""
    lang = b.lang
    points = Bullets(
        (
            lang.text("Say what changes for each village, with its own figures, not with the county's averages."),
            lang.text("Say who is worse off, and what is done about it."),
            lang.text("Notices hang for one month; hearings are held where the parents live; minutes are public."),
            lang.text("A closure that most parents or delegates refuse is not carried out."),
        )
    )
    return (
        Section("publicity_who", lang.text("Villages to be heard"), (pupil_tables.villages_losing(b),)),
        Section(
            "publicity_how",
            lang.text("How it is told"),
            (points, fill_in(b, lang.text("telephone number for questions, places and days of the hearings;"))),
        ),
    )


def premises(b: Brief) -> tuple[Section, ...]:
    """What becomes of the buildings."""
    lang = b.lang
    uses = Bullets(
        (
            lang.text("Kindergarten of the village"),
            lang.text("After-school care and home for left-behind children"),
            lang.text("Labour-education base, library, sports ground of the village"),
            lang.text("Elderly care or village office, where education has no need"),
            lang.text("Kept ready, where pupils may come back"),
        ),
        numbered=True,
    )
    lead = Paragraph(lang.text("Premises serve education first, in this order (State Council office 2018 no. 27):"))
    return (
        Section(
            "premises_list",
            lang.text("Premises that become free"),
            (
                school_tables.premises(b),
                fill_in(b, lang.text("floor area, land area, title, condition and new use of each building;")),
            ),
        ),
        Section("premises_uses", lang.text("Uses"), (lead, uses)),
    )
