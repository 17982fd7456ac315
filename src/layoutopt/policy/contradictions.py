"""Choices that cannot hold together, found before any solving."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from layoutopt.policy.keys import GOALS


def contradictions(policy: Any) -> list[str]:
    """Return every pair of choices that cannot hold together, naming both keys and their values."""
    return list(_contradictions(policy))


def _contradictions(policy: Any) -> Iterator[str]:
    both = sorted(set(policy.closure.must_keep) & set(policy.closure.must_close))
    if both:
        yield f"closure.must_keep and closure.must_close both name {', '.join(both)}"
    for goal in policy.goals.goals:
        if goal not in GOALS:
            yield f"goals.goals names '{goal}'; known are {', '.join(GOALS)}"
    if len(set(policy.goals.goals)) < len(policy.goals.goals):
        yield f"goals.goals names a goal twice: {', '.join(policy.goals.goals)}"
    if not any(goal in policy.goals.goals for goal in ("annual_cost", "travel")):
        yield "goals.goals holds neither annual_cost nor travel, so nothing decides between plans"
    for goal, share in policy.goals.goal_tolerance.items():
        if goal not in GOALS or not 0 <= share <= 1:
            yield f"goals.goal_tolerance.{goal} = {share}; name a goal and give a share from 0 to 1"
    for stage in ("primary", "junior"):
        if policy.closure.min_pupils[stage] > policy.classes.school_cap:
            yield (
                f"closure.min_pupils.{stage} = {policy.closure.min_pupils[stage]:g} is above "
                f"classes.school_cap = {policy.classes.school_cap:g}"
            )
    if policy.points.allowed and policy.points.point_max_pupils > policy.classes.multigrade_cap:
        yield (
            f"points.point_max_pupils = {policy.points.point_max_pupils:g} is above "
            f"classes.multigrade_cap = {policy.classes.multigrade_cap:g}"
        )
    for name, table in (
        ("staffing.pupils_per_post", policy.staffing.pupils_per_post),
        ("classes.class_cap", policy.classes.class_cap),
        ("travel.walk_kmh", policy.travel.walk_kmh),
    ):
        for part, value in table.model_dump().items():
            if value <= 0:
                yield f"{name}.{part} = {value:g}; give a number above 0"
    if any(speed <= 0 for speed in policy.travel.bus_kmh.values()):
        yield "travel.bus_kmh holds a speed that is not above 0; leave the class out where no bus may pass"
