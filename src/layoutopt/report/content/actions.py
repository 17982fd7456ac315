"""What has to be done for the plan to work: each action with its departments and its step."""

from __future__ import annotations

from collections.abc import Iterator

from layoutopt.fleet import SCHOOL_BUS
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.procedure import Action


def actions(b: Brief) -> list[Action]:
    """Return the actions of all eight sub-plans that this plan calls for."""
    makers = (_placement, _travel, _boarding, _staff, _hubs, _care, _publicity, _premises)
    return [action for maker in makers for action in maker(b)]


def _placement(b: Brief) -> Iterator[Action]:
    say, lang, f = b.lang.text, b.lang, b.plan.figures
    if f.pupils_moved:
        yield Action(
            "placement",
            lang.plural(
                "Open a record for the {n} pupil who changes school, and hand it over with the school roll",
                "Open a record for each of the {n} pupils who change school, and hand it over with the school roll",
                f.pupils_moved,
            ),
            ("education",),
            "trial",
        )
        yield Action(
            "placement",
            say("Receiving schools visit every family that changes school"),
            ("schools", "towns"),
            "building",
        )
    yield Action("placement", say("Publish the catchments of all schools"), ("education",), "approval")


def _travel(b: Brief) -> Iterator[Action]:
    say, lang, f = b.lang.text, b.lang, b.plan.figures
    if f.lines:
        yield Action(
            "travel",
            lang.plural(
                "Order {n} bus line: vehicle, driver with at least three years' licence, permit",
                "Order {n} bus lines: vehicles, drivers with at least three years' licence, permits",
                f.lines,
            ),
            ("transport", "finance"),
            "building",
        )
        yield Action(
            "travel",
            lang.plural(
                "Employ and train {n} attendant, one for every school bus",
                "Employ and train {n} attendants, one for every school bus",
                _school_buses(b),
            ),
            ("education", "finance"),
            "building",
        )
        yield Action(
            "travel",
            say("Inspect every line; approve route, stops and protection of dangerous sections"),
            ("police", "transport"),
            "building",
        )
        yield Action(
            "travel",
            say("Trial runs at school hours; correct the minutes of the timetable cards"),
            ("transport", "schools"),
            "trial",
        )
    if f.exceptions:
        yield Action(
            "travel",
            say("Decide on each named exception: an earlier stop, a nearer school, or boarding"),
            ("education", "towns"),
            "hearing",
        )
    yield Action(
        "travel",
        say("Walk the long ways on foot together with the villages; light and secure crossings"),
        ("towns", "police"),
        "building",
    )


def _boarding(b: Brief) -> Iterator[Action]:
    say, f = b.lang.text, b.plan.figures
    if f.boarders:
        yield Action(
            "boarding",
            say("Inspect beds, washrooms, heating and fire safety of the dormitories"),
            ("education", "housing"),
            "building",
        )
        yield Action(
            "boarding", say("Employ care staff for the boarders, at night too"), ("education", "staff"), "building"
        )
        yield Action(
            "boarding", say("Prepare the grants for boarders, for poor families first"), ("finance", "civil"), "trial"
        )
    yield Action(
        "boarding",
        say("Check kitchens and dining rooms for the pupils who stay at noon"),
        ("market", "health"),
        "building",
    )


def _staff(b: Brief) -> Iterator[Action]:
    say, lang, f = b.lang.text, b.lang, b.plan.figures
    if f.teachers_freed:
        yield Action(
            "staff",
            lang.plural(
                "Hold a talk with the {n} teacher whose post ends; decide on the new post together",
                "Hold talks with the {n} teachers whose posts end; decide on the new posts together",
                f.teachers_freed,
            ),
            ("education", "staff"),
            "hearing",
        )
    yield Action(
        "staff",
        say("Set the posts of every school after the new number of classes"),
        ("staff", "education"),
        "approval",
    )
    if len(b.schools[b.schools["small"] & b.schools["is_open"]]):
        yield Action(
            "staff",
            say("Arrange itinerant teachers and online classes for the small schools that stay"),
            ("education",),
            "trial",
        )


def _hubs(b: Brief) -> Iterator[Action]:
    say, lang, f = b.lang.text, b.lang, b.plan.figures
    if f.capital_cny:
        yield Action(
            "hubs",
            say(
                "Build the places and beds of the plan for {money} before pupils move", money=lang.money(f.capital_cny)
            ),
            ("housing", "finance"),
            "building",
        )
    yield Action(
        "hubs",
        say("Measure the premises of the receiving schools: teaching area, sports area, equipment"),
        ("education",),
        "draft",
    )
    yield Action("hubs", say("Furnish the additional classes"), ("education", "finance"), "building")


def _care(b: Brief) -> Iterator[Action]:
    say = b.lang.text
    yield Action("care", say("Name one teacher as contact for each group that changes school"), ("schools",), "trial")
    yield Action(
        "care",
        say(
            "List left-behind children, poor families and children with disabilities by name, "
            "protected as personal data"
        ),
        ("civil", "education"),
        "hearing",
    )
    yield Action(
        "care",
        say("Check attendance daily in the first month; visit whoever is missing within three days"),
        ("schools", "towns"),
        "watch",
    )


def _publicity(b: Brief) -> Iterator[Action]:
    say, lang, f = b.lang.text, b.lang, b.plan.figures
    if f.schools_closed + f.teaching_points:
        yield Action(
            "publicity",
            lang.plural(
                "Put up the public notice for one month at the school and in the villages concerned",
                "Put up the public notices for one month at the {n} schools and in the villages concerned",
                f.schools_closed + f.teaching_points,
            ),
            ("publicity", "towns"),
            "notice",
        )
        yield Action(
            "publicity",
            say("Hold the hearings; keep the minutes and the count of votes"),
            ("education", "towns"),
            "hearing",
        )
    yield Action(
        "publicity", say("Publish the decision with its reasons and the way to object"), ("county",), "approval"
    )


def _premises(b: Brief) -> Iterator[Action]:
    say = b.lang.text
    if b.plan.figures.schools_closed:
        yield Action(
            "premises",
            say("Survey buildings and land of the schools that close, with title and condition"),
            ("land", "education"),
            "draft",
        )
        yield Action(
            "premises",
            say("Decide on the new use: kindergarten, after-school and left-behind care first"),
            ("county", "towns", "civil"),
            "approval",
        )
        yield Action(
            "premises",
            say("Hand over keys, equipment and archives; keep the building safe until it is used"),
            ("education", "towns"),
            "watch",
        )


def _school_buses(b: Brief) -> int:
    lines = b.plan.bus_lines
    return int(lines.loc[lines["kind"] == SCHOOL_BUS, "vehicle_no"].nunique())
