"""Papers for the villages: public notice, hearing pack, timetable cards, driver sheet, list of moved pupils."""

from __future__ import annotations

import pandas as pd

from layoutopt.report import pictures
from layoutopt.report.content import bus_tables, closing_tables, pupil_tables
from layoutopt.report.content.brief import Brief, fill_in
from layoutopt.report.content.columns import table
from layoutopt.report.content.master import subtitle
from layoutopt.report.content.procedure import STEPS, day_of, term_start
from layoutopt.report.content.reasons import keep_words
from layoutopt.report.content.whatif import keep_instead
from layoutopt.report.document import Block, Bullets, Document, Paragraph, Section


def public_notice(b: Brief) -> Document:
    """Return the notice for every school that closes or becomes a teaching point."""
    lang = b.lang
    first, last = day_of(b, STEPS["notice"].first), day_of(b, STEPS["notice"].last)
    when = (
        lang.text("from {first} to {last}", first=lang.date(first), last=lang.date(last))
        if first is not None and last is not None
        else lang.text("for one month from ________")
    )
    lead = lang.sentences(
        [
            lang.text(
                "The county intends to change the layout of its schools. Before anything is decided, this notice hangs "
                "for one month ({when}, proposed).",
                when=when,
            ),
            lang.text(
                "Everybody may object, in writing or in person. After the notice a hearing is held; parents, "
                "teachers and village delegates speak and vote."
            ),
        ]
    )
    sections = [Section(f"notice_{code}", b.school_name(code), _notice(b, code)) for code in _affected(b)]
    none = Paragraph(lang.text("No school closes or shrinks in this plan."))
    ending = Section(
        "notice_rights",
        lang.text("How to object"),
        (
            Bullets(
                (
                    lang.text("In writing to the education bureau: ________"),
                    lang.text("By telephone: ________"),
                    lang.text("In person at the township government or at the hearing: ________"),
                )
            ),
            Paragraph(lang.text("Education bureau of the county, ________ (date, seal)")),
        ),
    )
    body = (Section("notice_lead", lang.text("Why this notice"), (Paragraph(lead), *([] if sections else [none]))),)
    title = lang.text("Public notice on the layout of schools: {county}", county=b.plan.study.name)
    return Document("notice", title, subtitle(b), (*body, *sections, ending), lang.code, b.stamp)


def _affected(b: Brief) -> list[str]:
    return [*sorted(b.closing.index), *sorted(b.shrinking.index)]


def _notice(b: Brief, school_id: str) -> tuple[Block, ...]:
    lang, row = b.lang, b.schools.loc[school_id]
    start = term_start(b)
    when = lang.date(start) if start is not None else "________"
    name = b.school_name(school_id)
    said = (
        lang.text("{school} is to close on {day}.", school=name, day=when)
        if row["role"] == "closed"
        else lang.text(
            "{school} is to become a teaching point for grades {grades} on {day}.",
            school=name,
            day=when,
            grades=b.grades["lower"],
        )
    )
    gone = b.leaving(school_id)
    if gone.empty:
        return (Paragraph(lang.sentences([said, lang.text("None of its pupils of today has to go elsewhere.")])),)
    many = lang.plural(
        "{n} pupil would go to another school:", "{n} pupils would go to other schools:", float(gone["pupils"].sum())
    )
    names = ["settlement", "grades", "pupils", "to_school", "mode", "today_min", "minutes"]
    title = lang.text("Where the pupils of {school} go", school=name)
    return (Paragraph(lang.sentences([said, many])), table(f"goes-{school_id}", title, gone, names, lang))


def hearing_pack(b: Brief) -> Document:
    """Return agenda, facts for each school, and forms for votes and minutes."""
    lang, day = b.lang, day_of(b, STEPS["hearing"].first)
    when = lang.date(day) if day is not None else "________"
    agenda = Bullets(
        (
            lang.text("Opening: who is here, who speaks, how votes are counted"),
            lang.text("The plan for this school, with its reasons and its figures"),
            lang.text("Parents, teachers and delegates speak; each objection is written down"),
            lang.text("Answers, and what could be changed: stops, times, another school, keeping it"),
            lang.text("Vote of the parents and of the delegates, apart"),
            lang.text("Reading and signing of the minutes"),
        ),
        numbered=True,
    )
    invited = Bullets(
        (
            lang.text("parents of all pupils concerned (villages in the list of each school)"),
            lang.text("teachers of the school and of the receiving schools"),
            lang.text("village delegates, township government"),
            lang.text("education bureau, transport bureau, traffic police"),
        )
    )
    guests = Paragraph(lang.text("Invited are:"))
    lead = Paragraph(
        lang.text("Proposed from {day} on, one hearing for each school, where the parents live.", day=when)
    )
    parts = [Section(f"hearing_{code}", b.school_name(code), _hearing(b, code)) for code in _affected(b)]
    title = lang.text("Hearing pack: {county}", county=b.plan.study.name)
    opening = Section("hearing_agenda", lang.text("Agenda and guests"), (lead, agenda, guests, invited))
    return Document("hearing", title, subtitle(b), (opening, *parts), lang.code, b.stamp)


def _hearing(b: Brief, school_id: str) -> tuple[Block, ...]:
    lang = b.lang
    reasons = Paragraph(lang.sentences(keep_words(b, keep_instead(b.basis, school_id))))
    votes = pd.DataFrame({"place": [lang.text("Parents"), lang.text("Delegates")], "agree": "", "against": ""})
    ballot = table(f"votes-{school_id}", lang.text("Votes"), votes, ["place", "agree", "against"], lang)
    checks = closing_tables.conditions(b, school_id)
    minutes = fill_in(b, lang.text("objections, answers, result, signatures;"))
    return (*_notice(b, school_id), reasons, checks, ballot, minutes)


def timetables(b: Brief) -> Document:
    """Return a card for every bus line: stops, boarding minutes, riders, roads, danger sections."""
    lang = b.lang
    along = bus_tables.roads_along(b.plan).set_index("line_id")
    title = lang.text("Timetable cards of the bus lines: {county}", county=b.plan.study.name)
    lead = Paragraph(
        lang.text(
            "Minutes count from the first boarding at the speeds of the policy; clock times are entered by the "
            "operator after trial runs. In the afternoon the line runs the other way round."
        )
    )
    overview: list[Block] = [lead] if len(along) else [Paragraph(lang.text("This plan has no bus line."))]
    if len(along):
        overview += [pictures.lines_map(b.plan, lang.code), bus_tables.lines(b)]
    rows = bus_tables.timetable(b)
    cards = [_card(b, row, along.loc[row["line_id"]], rows) for _, row in b.lines.iterrows()]
    sections = (Section("lines_all", lang.text("All lines"), tuple(overview)), *cards)
    return Document("timetables", title, subtitle(b), sections, lang.code, b.stamp)


def _card(b: Brief, line: pd.Series, along: pd.Series, rows: pd.DataFrame) -> Section:
    lang, line_id = b.lang, str(line["line_id"])
    title = lang.text("Line {line} to {school}", line=line_id, school=line["school"])
    said = [
        bus_tables.bus_words(b, line),
        lang.plural(
            "{n} rider on {seats} seats, {minutes}, {km}.",
            "{n} riders on {seats} seats, {minutes}, {km}.",
            float(line["riders"]),
            seats=float(line["seats"]),
            minutes=lang.minutes(float(line["minutes"])),
            km=lang.km(float(line["km"])),
        ),
        road_words(b, along),
    ]
    return Section(f"card_{line_id}", title, (Paragraph(lang.sentences(said)), bus_tables.card(b, line_id, rows)))


def road_words(b: Brief, along: pd.Series) -> str:
    """Return the roads a line follows and its danger sections, or that the data do not tell."""
    lang = b.lang
    names = along["names"]
    said = [
        lang.text("Roads: {names}.", names=lang.text(", ").join(names))
        if names
        else lang.text("The roads it follows have no names in the data.")
    ]
    if pd.isna(along["danger_km"]):
        said.append(lang.text("The data mark no danger sections; the traffic police confirm them on site."))
    elif along["danger_km"] > 0:
        said.append(
            lang.text(
                "{km} of danger sections, at most {speed} km/h.",
                km=lang.km(float(along["danger_km"])),
                speed=b.plan.policy.travel.bus_danger_max_kmh,
            )
        )
    else:
        said.append(lang.text("No danger section is marked on its way."))
    return lang.sentences(said)


def driver_sheet(b: Brief) -> Document:
    """Return one page of rules for drivers and attendants, and what to enter for each line."""
    lang, travel = b.lang, b.plan.policy.travel
    duties = Bullets(
        (
            lang.text(
                "At most {speed} km/h, on expressways {fast} km/h, never above the posted limit.",
                speed=travel.bus_legal_max_kmh,
                fast=travel.bus_motorway_max_kmh,
            ),
            lang.text(
                "At most {slow} km/h on sharp bends, steep or narrow sections and bridges, on ice and mud and in fog.",
                slow=travel.bus_danger_max_kmh,
            ),
            lang.text("Only the approved way and stops; nobody boards elsewhere."),
            lang.text("Seats only, never more riders than seats; the front passenger seat stays empty."),
            lang.text("Nobody but driver, attendant and pupils is aboard; the attendant stays on the whole trip."),
            lang.text("The attendant counts at every stop and at the school, and looks through the bus at the end."),
            lang.text("In doubt about weather or road: do not drive; call the school and the parents."),
        )
    )
    source = Paragraph(lang.text("School-bus regulation 2012, articles 28 to 40."), "note")
    rows = b.lines.assign(driver="", plate="", contact="")
    rows = rows.sort_values(["vehicle_no", "run", "line_id"], kind="stable")
    names = ["vehicle_no", "run", "line_id", "school", "riders", "seats:", "stops:", "trip_min", "driver", "plate",
             "contact"]  # fmt: skip
    none = lang.text("This plan has no bus line.")
    entries = table("drivers", lang.text("Drivers and vehicles (to be entered)"), rows, names, lang, empty=none)
    title = lang.text("Driver sheet: {county}", county=b.plan.study.name)
    sections = (
        Section("duties", lang.text("On every trip"), (duties, source)),
        Section("lines", lang.text("Lines"), (entries,)),
    )
    return Document("drivers", title, subtitle(b), sections, lang.code, b.stamp)


def moved_pupils(b: Brief) -> Document:
    """Return the list of moved pupils by village and grade; it holds numbers only, no personal data."""
    lang = b.lang
    note = Paragraph(lang.text("Numbers by village and grade; names of pupils stay with the schools."), "note")
    title = lang.text("Pupils who change school: {county}", county=b.plan.study.name)
    section = Section("records", lang.text("By village and grade"), (note, pupil_tables.records(b)))
    return Document("moved", title, subtitle(b), (section,), lang.code, b.stamp)
