"""The eight sub-plans, each with its department, its parts and its actions."""

from __future__ import annotations

from collections.abc import Callable

from layoutopt.report.content import pupil_parts, school_parts, staff_parts
from layoutopt.report.content.actions import actions
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.procedure import action_table, departments
from layoutopt.report.document import Section
from layoutopt.report.language import message

TITLES: dict[str, str] = {
    "placement": message("Sub-plan: student placement"),
    "travel": message("Sub-plan: travel to and from school"),
    "boarding": message("Sub-plan: boarding and meals"),
    "staff": message("Sub-plan: staff placement"),
    "hubs": message("Sub-plan: conditions at the hub schools"),
    "care": message("Sub-plan: student care"),
    "publicity": message("Sub-plan: publicity"),
    "premises": message("Sub-plan: reuse of idle premises"),
}
OWNERS: dict[str, tuple[str, ...]] = {
    "placement": ("education", "towns"),
    "travel": ("transport", "police", "education"),
    "boarding": ("education", "market", "health"),
    "staff": ("staff", "education"),
    "hubs": ("education", "housing", "finance"),
    "care": ("education", "civil"),
    "publicity": ("publicity", "education", "towns"),
    "premises": ("education", "land", "civil"),
}
PARTS: dict[str, Callable[[Brief], tuple[Section, ...]]] = {
    "placement": pupil_parts.placement,
    "travel": pupil_parts.travel,
    "boarding": pupil_parts.boarding,
    "staff": staff_parts.staff,
    "hubs": school_parts.hubs,
    "care": pupil_parts.care,
    "publicity": school_parts.publicity,
    "premises": school_parts.premises,
}


def sub_plans(b: Brief) -> tuple[Section, ...]:
    """Return the eight sub-plans in their order, each with its department and its actions."""
    every = actions(b)
    found = []
    for name, title in TITLES.items():
        own = [action for action in every if action.part == name]
        done = Section(f"{name}_actions", b.lang.text("Actions"), (action_table(b, own, name=f"actions_{name}"),))
        owner = departments(b, OWNERS[name])
        found.append(Section(name, b.lang.text(title), sections=(*PARTS[name](b), done), owner=owner))
    return tuple(found)
