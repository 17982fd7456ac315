"""The sub-plans about pupils: placement, travel, boarding and meals, care."""

from __future__ import annotations

from layoutopt.report import pictures
from layoutopt.report.content import bus_tables, pupil_tables
from layoutopt.report.content.brief import Brief, fill_in
from layoutopt.report.document import Block, Bullets, Paragraph, Section


def placement(b: Brief) -> tuple[Section, ...]:
    """Who changes school, from where to where."""
    lang, f = b.lang, b.plan.figures
    said = [
        lang.plural(
            "{n} of {pupils} pupils changes school.",
            "{n} of {pupils} pupils change school.",
            f.pupils_moved,
            pupils=f.pupils,
        ),
        lang.text("Each has a named school and a named way; they stand village by village below."),
    ]
    if f.unserved:
        said.append(lang.plural("{n} pupil has no school yet.", "{n} pupils have no school yet.", f.unserved))
    principles = Bullets(
        (
            lang.text("Children of one village and grade are to be kept together when classes are formed."),
            lang.text("A family may ask for another school with free places; the record follows the child."),
            lang.text("The record of each group is kept by village and grade; names stay with the schools."),
        )
    )
    return (
        Section(
            "placement_sum",
            lang.text("Who changes school"),
            (
                Paragraph(lang.sentences(said)),
                principles,
                pupil_tables.moved_by_grade(b),
                pupil_tables.arrivals(b, only_open=True),
            ),
        ),
        Section("placement_list", lang.text("From village to school"), (pupil_tables.moved(b),)),
    )


def travel(b: Brief) -> tuple[Section, ...]:
    """How pupils come, by which lines, and where that is hard."""
    lang, f, policy = b.lang, b.plan.figures, b.plan.policy
    rules = Bullets(
        (
            lang.text(
                "Nobody rides longer than {limit}; the whole way counts walk, stop and ride together.",
                limit=lang.minutes(policy.bus.max_ride_min),
            ),
            lang.text("Every rider has a seat; nobody stands. At least one attendant rides along on the whole trip."),
            lang.text(
                "A school bus drives at most {speed} km/h, and {slow} km/h on dangerous sections.",
                speed=policy.travel.bus_legal_max_kmh,
                slow=policy.travel.bus_danger_max_kmh,
            ),
        )
    )
    rides = lang.plural("{n} pupil comes by bus", "{n} pupils come by bus", f.pupils_by_bus)
    said = lang.plural("{rides} on {n} line.", "{rides} on {n} lines.", f.lines, rides=rides) if f.lines else ""
    blocks: list[Block] = [Paragraph(said)] if said else []
    sections = [Section("travel_modes", lang.text("How pupils come"), (*blocks, rules, pupil_tables.modes(b)))]
    if f.lines:
        sections.append(
            Section(
                "travel_lines",
                lang.text("Bus lines"),
                (
                    pictures.lines_map(b.plan, lang.code),
                    bus_tables.lines(b),
                    bus_tables.fleet(b),
                    Paragraph(
                        lang.text(
                            "Each line costs vehicle, driver, attendant and kilometres, the empty way included; "
                            "stops and minutes stand on the timetable cards."
                        )
                    ),
                    fill_in(b, lang.text("drivers, number plates, operator and contract of each line;")),
                ),
            )
        )
    hard: list[Block] = [
        pictures.journeys_map(b.plan, lang.code),
        pupil_tables.exceptions(b),
    ]
    return (*sections, Section("travel_long", lang.text("Long ways"), tuple(hard)))


def boarding(b: Brief) -> tuple[Section, ...]:
    """Who boards where, and who eats at school."""
    lang, f, grade = b.lang, b.plan.figures, b.plan.policy.boarding.board_min_grade
    said = lang.plural("{n} pupil boards during the week.", "{n} pupils board during the week.", f.boarders)
    rule = lang.text("Nobody below grade {grade} boards.", grade=grade)
    area = lang.text(
        "A bed needs {area} m² of usable dormitory; each boarder has a bed of their own.",
        area=b.plan.policy.quality.dorm_area_m2,
    )
    told = [said, rule, area] if f.boarders else [lang.text("Nobody boards in this plan."), rule]
    noon = lang.text("Whoever comes by bus or boards cannot go home at noon and needs a warm meal and a place to rest.")
    return (
        Section(
            "boarding_beds",
            lang.text("Boarding"),
            (
                Paragraph(lang.sentences(told)),
                pupil_tables.boarding(b),
                fill_in(b, lang.text("care staff by day and night, washrooms, heating, fire safety;")),
            ),
        ),
        Section(
            "boarding_meals",
            lang.text("Meals and noon rest"),
            (Paragraph(noon), pupil_tables.meals(b), fill_in(b, lang.text("kitchens, seats in the dining rooms;"))),
        ),
    )


def care(b: Brief) -> tuple[Section, ...]:
    """Who needs most care when moving."""
    lang = b.lang
    known = pupil_tables.groups_given(b)
    words = [lang.text(pupil_tables.GROUP_WORDS[name]) for name in known]
    basis = (
        lang.text("Numbers of {groups} are expected ones, by the shares of their villages.", groups=lang.listed(words))
        if known
        else lang.text("The data tell neither sex, nor poverty, nor who is left behind.")
    )
    missing = [lang.text(word) for name, word in pupil_tables.GROUP_WORDS.items() if name not in known]
    asked = [fill_in(b, lang.text("numbers of {groups} by school;", groups=lang.listed(missing)))] if missing else []
    measures = Bullets(
        (
            lang.text("Each group that moves keeps a teacher it knows, or gets one as contact for the first year."),
            lang.text("The youngest come first: seats near the attendant, the shortest walk, a place to rest at noon."),
            lang.text("Boarders can call home every day; care staff sleep in the dormitory."),
            lang.text("Nobody drops out: whoever stays away is visited within three days."),
        )
    )
    return (
        Section(
            "care_groups",
            lang.text("Pupils who need most care"),
            (Paragraph(basis), pupil_tables.care_table(b), *asked),
        ),
        Section("care_measures", lang.text("Measures"), (measures,)),
    )
