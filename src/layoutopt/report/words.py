"""Words and number formats that every page shares: roles, modes, grades, goals, minutes, money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

THIN = "\u202f"  # narrow no-break space, the separator of thousands
MINUS = "\u2212"
NONE = "\u2013"

ROLES: dict[str, str] = {
    "hub": "Hub",
    "full": "Stays",
    "teaching_point": "Teaching point",
    "closed": "Closes",
    "not_built": "Not built",
}
MODES: dict[str, str] = {"walk": "On foot", "bus": "By bus", "board": "Boards weekly", "": "No school"}
GRADES: dict[str, str] = {"lower": "1–3", "upper": "4–6", "junior": "7–9", "all": "1–9"}
COSTS: dict[str, str] = {
    "schools": "Running schools",
    "teachers": "Teachers",
    "buses": "Buses",
    "boarding": "Boarding",
    "capital": "Buildings, by the year",
}
GOALS: dict[str, tuple[str, str]] = {
    "unserved": ("Pupils without a school", "pupils"),
    "merge_small": ("Small schools left", "schools"),
    "annual_cost": ("Yearly cost", "CNY"),
    "travel": ("Time on the way to school, one way a day", "pupil-minutes"),
}


def number(value: Any, digits: int = 0) -> str:
    """Return a number with thin separators; a dash where it is not known.

    Examples
    --------
    >>> number(1234567.4), number(-3.25, 1), number(float("nan"))
    ('1\u202f234\u202f567', '\u22123.2', '\u2013')
    """
    if value is None or not math.isfinite(value):
        return NONE
    text = f"{abs(value):,.{digits}f}".replace(",", THIN)
    negative = value < 0 and any(digit in text for digit in "123456789")
    return MINUS + text if negative else text


def signed(value: Any, digits: int = 0) -> str:
    """Return a change with its sign; ``0`` has none."""
    text = number(value, digits)
    rises = value is not None and math.isfinite(value) and any(digit in text for digit in "123456789")
    return f"+{text}" if rises and value > 0 else text


def money(value: float) -> str:
    """Return an amount of CNY as people say it: millions with two decimals, smaller ones in full."""
    if abs(value) >= 1e6:
        return f"{number(value / 1e6, 2)} million CNY"
    return f"{number(value)} CNY"


def share(value: float, digits: int = 0) -> str:
    """Return a share of one as per cent."""
    return f"{number(100 * value, digits)}{THIN}%"


def count(value: float, one: str, many: str | None = None) -> str:
    """Return a count with its noun: ``1 school``, ``2 schools``."""
    return f"{number(value)} {one if round(value) == 1 else many or one + 's'}"


def listed(value: Any) -> str:
    """Return a policy value in words: tables and lists written out, nothing as ``no limit``."""
    if value is None:
        return "no limit"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {listed(part)}" for name, part in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(listed(part) for part in value) or "none"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
