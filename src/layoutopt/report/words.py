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
GRADES: dict[str, str] = {
    "lower": message("1–3"),
    "upper": message("4–6"),
    "junior": message("7–9"),
    "all": message("1–9"),
}
STAGE_WORDS: dict[str, str] = {"primary": message("Primary, grades 1–6"), "junior": message("Junior, grades 7–9")}
COSTS: dict[str, str] = {
    "schools": message("Running schools"),
    "teachers": message("Teachers"),
    "buses": message("Buses"),
    "boarding": message("Boarding"),
    "capital": message("Buildings, by the year"),
}
GOALS: dict[str, tuple[str, str]] = {
    "unserved": (message("Pupils without a school"), message("pupils")),
    "merge_small": (message("Schools below the merging trigger"), message("schools")),
    "annual_cost": (message("Yearly cost"), "CNY"),
    "travel": (message("Time on the way to school, one way a day"), message("pupil-minutes")),
}
REUSE = message("not decided")
"""What ``plan.gpkg`` says of the premises of a school that closes."""
number, signed, money, share = ENGLISH.number, ENGLISH.signed, ENGLISH.money, ENGLISH.share


def count(value: float, one: str, many: str | None = None) -> str:
    """Return an English count with its noun: ``1 school``, ``2 schools``."""
    return f"{number(value)} {one if round(value) == 1 else many or one + 's'}"


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


_KEYS: dict[str, str] = {
    "lower": message("lower"),
    "upper": message("upper"),
    "junior": message("junior"),
    "primary": message("primary"),
}
