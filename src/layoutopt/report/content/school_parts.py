"""The sub-plans about schools and villages: hub conditions, publicity, premises."""

from __future__ import annotations

from layoutopt.report import pictures
from layoutopt.report.content import closing_tables, premises_tables, pupil_tables, quality_tables, school_tables
from layoutopt.report.content.brief import Brief, fill_in
from layoutopt.report.document import Block, Bullets, Paragraph, Section


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
            (school_tables.building(b), closing_tables.waiting(b)),
        ),
        Section("hubs_quality", lang.text("Quality-balance indicators"), _quality(b)),
    )


def _quality(b: Brief) -> tuple[Block, ...]:
    """The seven resources before and after, how even they are, areas for each pupil, full classes."""
    areas = quality_tables.areas(b, only_receiving=True)
    rule, large = Paragraph(quality_tables.rule_words(b), "note"), quality_tables.large_classes(b)
    if not quality_tables.is_known(b):
        asked = b.lang.text("teaching and sports area for each pupil, equipment (quality-balance indicators);")
        return (rule, fill_in(b, asked), areas, large)
    words = Paragraph(quality_tables.quality_words(b))
    return (words, rule, quality_tables.spread(b), quality_tables.quality(b), areas, large)


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
    many = Paragraph(premises_tables.use_counts(b))
    told: list[Block] = [many, premises_tables.uses(b)] if len(b.plan.premises) else []
    lead = Paragraph(lang.text("Premises serve education first, in this order (State Council office 2018 no. 27):"))
    return (
        Section(
            "premises_list",
            lang.text("Premises that become free"),
            (
                premises_tables.premises(b),
                fill_in(b, lang.text("floor area, land area, title, condition and new use of each building;")),
            ),
        ),
        Section("premises_uses", lang.text("Uses"), (lead, uses, *told)),
    )
