"""Words every page shares: roles, modes, grades, costs, goals; each said in a language by ``lang.text``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from layoutopt.report.language import NONE as NONE
from layoutopt.report.language import Language, language, message

ENGLISH = language("en")

ROLES: dict[str, str] = {
    "hub": message("Hub"),
    "full": message("Stays"),
    "teaching_point": message("Teaching point"),
    "closed": message("Closes"),
    "not_built": message("Not built"),
}
MODES: dict[str, str] = {
    "walk": message("On foot"),
    "bus": message("By bus"),
    "board": message("Boards weekly"),
    "": message("No school"),
}
GRADES: tuple[str, ...] = (
    message("1–3"), message("4–6"), message("1–4"), message("5–6"), message("7–9"), message("1–9"),
)  # fmt: skip
"""Spans of grades, as :func:`grade_words` says them."""
STAGE_WORDS: dict[str, str] = {"primary": message("Primary, grades 1–6"), "junior": message("Junior, grades 7–9")}
STAGE_NAMES: dict[str, str] = {"primary": message("Primary"), "junior": message("Junior")}
"""The same for narrow columns."""
COSTS: dict[str, str] = {
    "schools": message("Running schools"),
    "teachers": message("Teachers"),
    "buses": message("Buses"),
    "boarding": message("Boarding"),
    "meals": message("Meals at school"),
    "grants": message("Living grants"),
    "capital": message("Buildings, by the year"),
    "support": message("Helping small schools"),
}
GOALS: dict[str, tuple[str, str]] = {
    "unserved": (message("Pupils without a school"), message("pupils")),
    "merge_small": (message("Schools below the merging trigger"), message("schools")),
    "annual_cost": (message("Yearly cost"), "CNY"),
    "travel": (message("Time on the way to school, one way a day"), message("pupil-minutes")),
    "worst_journey": (message("Longest daily way"), message("min")),
    "inequality": (message("Average way of the worst-off pupils"), message("min")),
    "moved_pupils": (message("Pupils who change school"), message("pupils")),
    "group_gap": (message("Widest gap between the ways of a group and of all others"), message("min")),
    "quality": (message("Pupils beyond what the resources of their school carry"), message("pupils")),
    "weighted": (message("All goals by their weights"), "CNY"),
}
FORMS: dict[str, str] = {
    "own": message("specialists of its own"),
    "itinerant": message("itinerant teachers"),
    "online": message("online classes"),
    "group": message("specialists of its education group"),
}
"""How a school teaches all subjects."""
MOVE_KINDS: dict[str, str] = {
    "moves": message("moves to another school"),
    "retrained": message("is retrained"),
    "reserve": message("reserve beyond the posts"),
    "surplus": message("no post in reach"),
    "shortage": message("nobody in reach"),
}
USES: dict[str, str] = {
    "kindergarten": message("kindergarten"),
    "left_behind_home": message("home for left-behind children"),
    "labour_education_base": message("labour-education base"),
    "after_school_care": message("after-school care"),
    "village_use": message("returned to the village"),
    "idle": message("idle"),
    "not decided": message("not decided"),
}
"""What becomes of the premises of a school that closes; ``plan.gpkg`` says it too."""
INDICATOR_WORDS: dict[str, str] = {
    "teachers_above_degree": message("Teachers above the required degree, per 100"),
    "backbone_teachers": message("Backbone teachers, per 100"),
    "pe_art_teachers": message("PE and art teachers, per 100"),
    "teaching_area_m2": message("Teaching area, m² each"),
    "sports_area_m2": message("Sports area, m² each"),
    "equipment_cny": message("Equipment, CNY each"),
    "multimedia_rooms": message("Multimedia rooms, per 100"),
}
"""The seven resources of the quality-balance check, for each pupil or each 100."""
AREA_WORDS: dict[str, str] = {
    "teaching_area_m2": message("Teaching and auxiliary rooms"),
    "sports_area_m2": message("Sports ground"),
    "building_area_m2": message("All buildings"),
    "site_area_m2": message("Grounds"),
    "dorm_area_m2": message("Dormitory, for each boarder"),
}
VERDICTS: dict[str, str] = {
    "met": message("met"),
    "broken": message("not met"),
    "not met": message("not met"),
    "not known": message("not known"),
    "pass": message("passes"),
    "fail": message("does not pass"),
    "left out": message("left out"),
    "usual": message("as usual"),
    "less than usual": message("less than usual"),
}
CLOSING_VERDICTS: dict[str, str] = {
    "met": message("nothing against it"),
    "broken": message("forbids the closure"),
    "not known": message("not known"),
}
"""What one of the five conditions says of a closure."""
SOURCES: dict[str, str] = {
    "central": message("central government"),
    "province": message("province"),
    "city": message("city"),
    "county": message("county"),
    "town": message("towns"),
    "families": message("families"),
}
"""Who pays, where the policy names payers of its own; other names stay as they are."""
SUBJECTS: dict[str, str] = {
    "": message("all subjects"),
    "Chinese": message("Chinese"),
    "mathematics": message("mathematics"),
    "English": message("English"),
    "science": message("science"),
    "humanities": message("humanities"),
    "PE": message("physical education"),
    "music": message("music"),
    "art": message("art"),
}
"""Subjects that may stand in the layer staff; other names stay as they are."""
WEEKDAYS: tuple[str, ...] = (
    message("to be agreed"), message("Monday"), message("Tuesday"), message("Wednesday"), message("Thursday"),
    message("Friday"),
)  # fmt: skip
MARKS: dict[str, str] = {"recalled": message("recalled"), "our own": message("our own")}
"""Why a value of the policy is to be checked before it counts as law."""
number, signed, money, share = ENGLISH.number, ENGLISH.signed, ENGLISH.money, ENGLISH.share


def count(value: float, one: str, many: str | None = None) -> str:
    """Return an English count with its noun: ``1 school``, ``2 schools``."""
    return f"{number(value)} {one if round(value) == 1 else many or one + 's'}"


def grade_words(bands: Mapping[str, tuple[int, ...]]) -> dict[str, str]:
    """Return the grades of each band of a policy, and of ``all``, as a page says them."""
    return {band: f"{grades[0]}–{grades[-1]}" for band, grades in bands.items()} | {"all": GRADES[-1]}


def listed(value: Any, lang: Language = ENGLISH) -> str:
    """Return a policy value in words: tables and lists written out, nothing as ``no limit``."""
    if value is None:
        return lang.text("no limit")
    if isinstance(value, bool):
        return lang.text("yes") if value else lang.text("no")
    if isinstance(value, Mapping):
        parts = (f"{lang.text(_KEYS.get(str(name), str(name)))} {listed(part, lang)}" for name, part in value.items())
        return lang.text(", ").join(parts)
    if isinstance(value, (list, tuple)):
        return lang.text(", ").join(listed(part, lang) for part in value) or lang.text("none")
    return f"{value:.6g}" if isinstance(value, float) else str(value)


BAND_WORDS: dict[str, str] = {
    "lower": message("lower"),
    "upper": message("upper"),
    "junior": message("junior"),
}
_KEYS: dict[str, str] = BAND_WORDS | {"primary": message("primary")}
