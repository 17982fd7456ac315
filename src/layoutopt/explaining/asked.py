"""What a question changes, as a number with a unit where it is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from layoutopt.plan.plan import Plan
from layoutopt.policy.keys import note_of
from layoutopt.policy.policy import groups_of_keys

UNITS = {"places": "place", "beds": "bed", "buses": "bus", "schools_open": "school"}
"""What a change by a number counts, where it is no policy key."""


def amount_of(plan: Plan, asked: Mapping[str, Any]) -> tuple[float | None, str]:
    """Return by how much a change of one number goes, and its unit; None where it is no such change."""
    if len(asked) != 1:
        return None, ""
    ((name, value),) = asked.items()
    if name in ("places", "beds"):
        (number, *more) = value.values()
        return (None, "") if more else (float(number), UNITS[name])
    if name in UNITS:
        return float(value), UNITS[name]
    now = value_now(plan, name)
    if not (is_number(value) and is_number(now)):
        return None, ""
    unit = note_of(groups_of_keys()[name], name).unit
    return float(value) - float(now), unit or "unit"


def value_now(plan: Plan, name: str) -> Any:
    """Return what a policy key is in the plan; one value where it is the same in every band or stage."""
    group = groups_of_keys().get(name)
    value = None if group is None else getattr(getattr(plan.policy, group), name)
    if isinstance(value, BaseModel):
        parts = set(value.model_dump().values())
        return parts.pop() if len(parts) == 1 else value
    return value


def is_number(value: Any) -> bool:
    """Return whether a value is a number and no yes or no."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)
