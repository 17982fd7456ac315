"""Every column the documents show, once: its heading, its kind of value and its unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from layoutopt.report.document import Column, Kind, Table
from layoutopt.report.language import Language, message
from layoutopt.report.words import INDICATOR_WORDS

MIN, KM, CNY, M2 = message("min"), message("km"), message("CNY"), message("m²")


@dataclass(frozen=True)
class Shown:
    """A column before it has a language."""

    label: str
    kind: Kind = "text"
    unit: str = ""
    summed: bool = False


COLUMNS: dict[str, Shown] = {
    "action": Shown(message("Action")),
    "agree": Shown(message("For")),
    "against": Shown(message("Against")),
    "annual_cny": Shown(message("Running cost a year"), "money", CNY, True),
    "arrive": Shown(message("Arrive"), "count", summed=True),
    "bands": Shown(message("Grades taught")),
    "amount": Shown(message("Plan"), "count"),
    "amount_today": Shown(message("Today"), "count"),
    "beds": Shown(message("Beds"), "count", summed=True),
    "beds_today": Shown(message("Beds today"), "count", summed=True),
    "before": Shown(message("Today"), "number"),
    "board_at_min": Shown(message("Boards at minute"), "minutes"),
    "boarders": Shown(message("Boarders"), "count", summed=True),
    "by_board": Shown(message("Boards weekly"), "count", summed=True),
    "by_bus": Shown(message("By bus"), "count", summed=True),
    "by_none": Shown(message("No school"), "count", summed=True),
    "by_walk": Shown(message("On foot"), "count", summed=True),
    "capital_cny": Shown(message("Building cost"), "money", CNY, True),
    "change_cny": Shown(message("Change a year"), "money", CNY, True),
    "change_min": Shown(message("Change"), "minutes", MIN),
    "check": Shown(message("Condition")),
    "class_cap": Shown(message("Its limit"), "count"),
    "class_size": Shown(message("Fullest class"), "count"),
    "classes": Shown(message("Classes"), "count", summed=True),
    "classrooms": Shown(message("Classrooms"), "count", summed=True),
    "clock": Shown(message("Clock time")),
    "contact": Shown(message("Contact")),
    "cost_cny": Shown(message("Cost a year"), "money", CNY, True),
    "cost_today_cny": Shown(message("Cost a year today"), "money", CNY, True),
    "danger_km": Shown(message("Danger sections"), "km", KM, True),
    "day": Shown(message("Until"), "date"),
    "days": Shown(message("Days before term starts"), "count"),
    "department": Shown(message("Responsible department")),
    "driver": Shown(message("Driver")),
    "early_min": Shown(message("Waits for the bell"), "minutes", MIN),
    "empty_km": Shown(message("Empty way out"), "km", KM, True),
    "exception": Shown(message("Named exception")),
    "figure": Shown(message("Code")),
    "finding": Shown(message("What the plan shows")),
    "found": Shown(message("Found"), "number"),
    "from_school": Shown(message("School today")),
    "girls_pupils": Shown(message("Girls"), "count", summed=True),
    "grade": Shown(message("Grade")),
    "grades": Shown(message("Grades")),
    "item": Shown(message("Group")),
    "kind": Shown(message("Kind")),
    "km": Shown(message("Loaded way"), "km", KM, True),
    "label": Shown(message("Figure")),
    "leave": Shown(message("Leave"), "count", summed=True),
    "left_behind_pupils": Shown(message("Left-behind children"), "count", summed=True),
    "lines": Shown(message("Lines"), "count", summed=True),
    "limit": Shown(message("Limit"), "number"),
    "line_id": Shown(message("Line")),
    "longest_min": Shown(message("Longest way"), "minutes", MIN),
    "max": Shown(message("Longest"), "minutes", MIN),
    "mean": Shown(message("Average"), "number", MIN),
    "mean_min": Shown(message("Average way"), "number", MIN),
    "meals": Shown(message("Pupils who need a midday meal"), "count", summed=True),
    "meaning": Shown(message("Meaning")),
    "message": Shown(message("In detail")),
    "minutes": Shown(message("Plan"), "minutes", MIN),
    "mode": Shown(message("How they come")),
    "moved": Shown(message("Change school"), "count", summed=True),
    "moved_share": Shown(message("Share who change school"), "share"),
    "order": Shown(message("Stop"), "count"),
    "over_30": Shown(message("Over 30 min"), "share"),
    "over_40": Shown(message("Over 40 min"), "share"),
    "over_60": Shown(message("Over 60 min"), "share"),
    "p50": Shown(message("Half travel at most"), "minutes", MIN),
    "p90": Shown(message("Nine in ten travel at most"), "minutes", MIN),
    "place": Shown(message("Where")),
    "places": Shown(message("Places"), "count", summed=True),
    "places_junior": Shown(message("Places, grades 7–9"), "count", summed=True),
    "places_primary": Shown(message("Places, grades 1–6"), "count", summed=True),
    "places_added": Shown(message("Places to build"), "count", summed=True),
    "plate": Shown(message("Number plate")),
    "poor_pupils": Shown(message("Children of poor families"), "count", summed=True),
    "posts": Shown(message("Posts needed"), "count", summed=True),
    "posts_less": Shown(message("Teachers beyond the posts"), "count", summed=True),
    "posts_more": Shown(message("Posts to fill"), "count", summed=True),
    "pupils": Shown(message("Pupils"), "count", summed=True),
    "pupils_after": Shown(message("Pupils in the plan"), "count", summed=True),
    "pupils_before": Shown(message("Pupils today"), "count", summed=True),
    "reason": Shown(message("Why")),
    "ride_min": Shown(message("Ride"), "minutes", MIN),
    "riders": Shown(message("Riders"), "count", summed=True),
    "role": Shown(message("Becomes")),
    "room_m2": Shown(message("Dormitory area needed"), "area", M2, True),
    "rule": Shown(message("Rule")),
    "run": Shown(message("Run"), "count"),
    "school": Shown(message("School")),
    "school_id": Shown(message("School code")),
    "seats": Shown(message("Seats"), "count", summed=True),
    "settlement": Shown(message("Village")),
    "settlement_id": Shown(message("Village code")),
    "source": Shown(message("Source")),
    "start": Shown(message("From"), "date"),
    "state": Shown(message("State")),
    "step": Shown(message("Step")),
    "stops": Shown(message("Stops"), "count", summed=True),
    "teachers_before": Shown(message("Teachers today"), "count", summed=True),
    "to_school": Shown(message("School in the plan")),
    "today_min": Shown(message("Today"), "minutes", MIN),
    "today_mode": Shown(message("How they come today")),
    "town": Shown(message("Town")),
    "trip_min": Shown(message("Time of the trip"), "minutes", MIN),
    "unit": Shown(message("Unit")),
    "use": Shown(message("New use")),
    "use_share": Shown(message("Places in use"), "share"),
    "value": Shown(message("Plan"), "number"),
    "vehicle_id": Shown(message("Vehicle type")),
    "vehicle_no": Shown(message("Vehicle")),
    "vehicles": Shown(message("Vehicles"), "count", summed=True),
    "villages": Shown(message("Villages concerned"), "count"),
    "when": Shown(message("When")),
    "young": Shown(message("Of them grades 1–3"), "count", summed=True),
    "annual_limit_cny": Shown(message("Most it may bear a year"), "money", CNY),
    "annual_paid_cny": Shown(message("Cost a year"), "money", CNY, True),
    "area": Shown(message("Area")),
    "area_m2": Shown(message("Building area"), "area", M2, True),
    "attendants_cny": Shown(message("Attendants"), "money", CNY, True),
    "beds_and_meals": Shown(message("Beds and meals")),
    "boarders_after_cny": Shown(message("of it the supplement for boarders"), "money", CNY, True),
    "build_years": Shown(message("Years of building"), "number"),
    "capital_limit_cny": Shown(message("Most it may raise for expansions"), "money", CNY),
    "capital_paid_cny": Shown(message("Capital to be raised"), "money", CNY, True),
    "class_sizes": Shown(message("Size of the classes")),
    "confirm": Shown(message("To be confirmed")),
    "cv": Shown(message("Coefficient of variation"), "ratio"),
    "cv_before": Shown(message("Coefficient of variation today"), "ratio"),
    "cv_max": Shown(message("Allowed at most"), "ratio"),
    "days_week": Shown(message("Days a week"), "count"),
    "demand": Shown(message("Children nearby"), "count"),
    "each_after": Shown(message("Each in the plan"), "ratio"),
    "each_before": Shown(message("Each today"), "ratio"),
    "fit_cny": Shown(message("Fitting out"), "money", CNY, True),
    "fixed_cny": Shown(message("Vehicles and drivers"), "money", CNY, True),
    "floor_before_cny": Shown(message("of it by the floor for small schools"), "money", CNY, True),
    "form": Shown(message("All subjects by")),
    "funds_after_cny": Shown(message("Public funds in the plan"), "money", CNY, True),
    "funds_before_cny": Shown(message("Public funds today"), "money", CNY, True),
    "helper": Shown(message("Helped from")),
    "hub": Shown(message("Starts at")),
    "kept": Shown(message("Teachers who stay"), "count", summed=True),
    "key": Shown(message("Key")),
    "km_cny": Shown(message("Kilometres driven"), "money", CNY, True),
    "least": Shown(message("Asked at least"), "ratio"),
    "least_share": Shown(message("At least"), "share"),
    "level": Shown(message("Level"), "count"),
    "limit_share": Shown(message("Asked at least"), "share"),
    "lost_cny": Shown(message("Ends with the school"), "money", CNY, True),
    "mark": Shown(message("To be checked: it is")),
    "met": Shown(message("Of seven met"), "count"),
    "most_cny": Shown(message("Budget"), "money", CNY),
    "most_share": Shown(message("At most"), "share"),
    "next_km": Shown(message("Next such place"), "km", KM),
    "objection": Shown(message("Objection")),
    "payer": Shown(message("Who pays")),
    "school_size": Shown(message("Size of the school")),
    "shortage": Shown(message("Posts with nobody in reach"), "count", summed=True),
    "sites": Shown(message("Schools in their order")),
    "spread_mean": Shown(message("Mean in the plan"), "ratio"),
    "spread_mean_before": Shown(message("Mean today"), "ratio"),
    "stage": Shown(message("Stage")),
    "subject": Shown(message("Subject")),
    "surplus": Shown(message("Teachers with no post in reach"), "count", summed=True),
    "teachers": Shown(message("Teachers"), "count", summed=True),
    "taken_cny": Shown(message("In the plan"), "money", CNY),
    "team": Shown(message("Team"), "count"),
    "to_subject": Shown(message("Teaches there")),
    "tour_id": Shown(message("Tour")),
    "tour_km": Shown(message("Way by road"), "km", KM, True),
    "tour_min": Shown(message("On the road"), "minutes", MIN),
    "value_cny": Shown(message("Value a year"), "money", CNY, True),
    "verdict": Shown(message("Verdict")),
    "verdict_before": Shown(message("Verdict today")),
    "way": Shown(message("Way")),
    "weekday": Shown(message("Weekday")),
    **{name: Shown(label, "ratio") for name, label in INDICATOR_WORDS.items()},
    **{f"g{grade}": Shown(label, "count", summed=True) for grade, label in enumerate(
        (message("Gr. 1"), message("Gr. 2"), message("Gr. 3"), message("Gr. 4"), message("Gr. 5"), message("Gr. 6"),
         message("Gr. 7"), message("Gr. 8"), message("Gr. 9")), start=1)},
}  # fmt: skip


def column(name: str, lang: Language, *, label: str = "", summed: bool | None = None) -> Column:
    """Return one of the columns in a language; ``label`` replaces its heading, ``summed`` whether it is summed."""
    shown = COLUMNS[name]
    total = shown.summed if summed is None else summed
    return Column(name, label or lang.text(shown.label), shown.kind, lang.text(shown.unit), total)


def table(
    name: str,
    title: str,
    rows: pd.DataFrame,
    names: Iterable[str],
    lang: Language,
    *,
    empty: str = "",
    heads: Mapping[str, str] | None = None,
) -> Table:
    """Return a table of the named columns of ``rows``.

    A column given as ``name:`` is not summed; ``heads`` replaces the headings of some.
    """
    wanted = [(given.removesuffix(":"), given.endswith(":")) for given in names]
    own = heads or {}
    columns = tuple(column(n, lang, label=own.get(n, ""), summed=False if plain else None) for n, plain in wanted)
    kept = rows.reindex(columns=[given for given, _ in wanted]).reset_index(drop=True)
    return Table(name, title, columns, kept, empty or lang.text("None."))
