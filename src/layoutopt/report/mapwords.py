"""The words that the scripts of a page say: messages by name, with places that the script fills."""

from __future__ import annotations

from collections.abc import Mapping

from layoutopt.report.charts import CLASSES
from layoutopt.report.language import LOCALES, Language, message
from layoutopt.report.words import MODES, ROLES

KINDS: dict[str, str] = {
    "school_bus": message("School bus"),
    "public_extension": message("Extended public line"),
}

TEXTS: dict[str, str] = {
    "about": message("All about it"),
    "boarders": message("Boarders"),
    "boards": message("boards"),
    "before_after": message("{before} pupils today, {after} in the plan"),
    "beds": message("Beds"),
    "bus": message("Bus"),
    "change": message("Change"),
    "close": message("Close"),
    "classes": message("Classes"),
    "classes_posts": message("{classes} classes, {posts} posts"),
    "closes_too": message("Its school of today closes."),
    "dossier": message("Dossier of this school"),
    "empty": message("No pupils live here."),
    "exception": message("named exception"),
    "grades": message("Grades"),
    "how": message("How"),
    "how_today": message("How today"),
    "in_table": message("Show in the table"),
    "line": message("Line {line} to {school}"),
    "line_facts": message("{riders} of {seats} seats, {minutes}, {km} km"),
    "lines": message("Bus lines"),
    "line_name": message("Line"),
    "load": message("Aboard"),
    "minutes": message("{amount} min"),
    "minutes_bus": message("{minutes}, bus"),
    "no_one": message("In the plan nobody goes to school here."),
    "no_way": message("no way known"),
    "none": message("none"),
    "on_map": message("Show on the map"),
    "places_junior": message("Places 7–9"),
    "places_primary": message("Places 1–6"),
    "plan": message("Plan"),
    "plan_min": message("Plan, min"),
    "posts": message("Posts"),
    "pupils": message("Pupils"),
    "pupils_plan": message("Pupils in the plan"),
    "pupils_today": message("Pupils today"),
    "pupils_mode": message("{pupils} pupils, {mode}"),
    "ride": message("Ride, min"),
    "role_of": message("{school}: {role}"),
    "school": message("School"),
    "school_plan": message("School in the plan"),
    "school_today": message("School today"),
    "run": message("Run"),
    "seats": message("Seats"),
    "station": message("Stop {number} of line {line}: {village}"),
    "station_facts": message("{riders} board, ride {minutes}"),
    "station_row": message("{village}: {riders}, ride {minutes}"),
    "stops": message("Stops"),
    "starts": message("Boards at minute"),
    "teachers_today": message("Teachers today"),
    "today": message("Today"),
    "today_min": message("Today, min"),
    "total": message("Together"),
    "village": message("Village"),
    "way": message("{village} → {school}"),
    "where_to": message("Where its pupils of today go"),
    "who_comes": message("Who comes in the plan"),
    "zoom_in": message("Zoom in"),
    "zoom_out": message("Zoom out"),
    "worst": message("Among the places with the longest ways: {minutes}"),
}


def words_of(lang: Language, grades: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return every word a script needs, in one language; ``grades`` are those of each band."""
    tables = {"roles": ROLES, "modes": MODES, "classes": CLASSES, "grades": grades, "kinds": KINDS, "texts": TEXTS}
    return {name: {key: lang.text(text) for key, text in table.items()} for name, table in tables.items()}


def locale_of(lang: Language) -> str:
    """Return the locale by which a browser writes numbers: ``en-GB``."""
    return LOCALES[lang.code].replace("_", "-")
