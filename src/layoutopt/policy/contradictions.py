"""Choices that cannot hold together, found before any solving."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from layoutopt.errors import nearest
from layoutopt.policy.fixed import broken
from layoutopt.policy.goals import DEFAULT_ORDER, GAP_GROUPS, GOALS, Goals, sought
from layoutopt.policy.money import FAMILIES, KINDS, WITH_BOARDING
from layoutopt.schema import STAGES


def contradictions(policy: Any) -> list[str]:
    """Return every pair of choices that cannot hold together, naming both keys and their values."""
    return list(_contradictions(policy))


def _contradictions(policy: Any) -> Iterator[str]:
    both = sorted(set(policy.closure.must_keep) & set(policy.closure.must_close))
    if both:
        yield f"closure.must_keep and closure.must_close both name {', '.join(both)}"
    unasked = sorted(set(policy.closure.keep_reasons) - set(policy.closure.must_keep))
    if unasked:
        yield f"closure.keep_reasons names {', '.join(unasked)}, which closure.must_keep does not"
    for goal in policy.goals.goals:
        if goal not in GOALS:
            yield f"goals.goals names '{goal}'; known are {', '.join(GOALS)}"
    if len(set(policy.goals.goals)) < len(policy.goals.goals):
        yield f"goals.goals names a goal twice: {', '.join(policy.goals.goals)}"
    if not any(goal in sought(policy.goals) for goal in ("annual_cost", "travel")):
        key = "goals.goal_weights" if policy.goals.goal_weights else "goals.goals"
        yield f"{key} holds neither annual_cost nor travel, so nothing decides between plans"
    yield from _of_weights(policy.goals)
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
    yield from broken(policy)
    yield from policy.premises.contradictions()
    yield from _of_payers(policy)
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


def _of_weights(goals: Goals) -> Iterator[str]:
    """Weights of goals there are not, below zero, or beside an order that asks for what they leave out."""
    for goal, weight in goals.goal_weights.items():
        if goal not in GOALS:
            yield f"goals.goal_weights names '{goal}'; known are {', '.join(GOALS)}"
        if weight < 0:
            yield f"goals.goal_weights.{goal} = {weight:g}; give a number from 0"
    if goals.goal_weights and goals.goals != DEFAULT_ORDER:
        left_out = [goal for goal in goals.goals if goal != "unserved" and goal not in goals.goal_weights]
        if left_out:
            yield (
                f"goals.goals = {', '.join(goals.goals)} is an order, but goals.goal_weights takes its place and "
                f"leaves out {', '.join(left_out)}: give them a weight (0 where they shall not count)"
            )
    for group in goals.gap_groups:
        if group not in GAP_GROUPS:
            yield f"goals.gap_groups names '{group}'; known are {', '.join(GAP_GROUPS)}"
    if "group_gap" in sought(goals) and not goals.gap_groups:
        yield "goals.gap_groups is empty, so that group_gap compares nobody: name a group, or leave out group_gap"


def _of_payers(policy: Any) -> Iterator[str]:
    """What cannot hold in the keys about who pays."""
    money = policy.money
    for kind in dict.fromkeys((*KINDS, *money.source_share)):
        shares = money.source_share.get(kind)
        if kind not in KINDS:
            yield f"money.source_share names '{kind}'; known are {', '.join(KINDS)}.{nearest(kind, KINDS)}"
        elif shares is None:
            if kind in WITH_BOARDING:
                continue
            yield f"money.source_share says nobody pays {kind}; name its sources with shares that add up to 1"
        elif min(shares.values(), default=0.0) < 0 or abs(sum(shares.values()) - 1.0) > 1e-6:
            yield f"money.source_share.{kind} = {_plain(shares)} adds up to {sum(shares.values()):g}, not to 1"
    known = {source for shares in money.source_share.values() for source in shares} | {FAMILIES}
    for name, budgets in (
        ("budget_by_source", money.budget_by_source),
        ("capital_by_source", money.capital_by_source),
    ):
        for source, budget in budgets.items():
            if source not in known:
                hint = nearest(source, known)
                yield f"money.{name} names '{source}', which pays nothing in money.source_share.{hint}"
            if budget < 0:
                yield f"money.{name}.{source} = {budget:g}; give a number from 0"
    yield from _of_families(policy)


def _of_families(policy: Any) -> Iterator[str]:
    """Families pay no more of a boarder or of meals than these cost."""
    money, care = policy.money, policy.boarding.board_care_cny
    for stage in STAGES:
        if money.family_board_cny > care[stage]:
            yield (
                f"money.family_board_cny = {money.family_board_cny:g} is above "
                f"boarding.board_care_cny.{stage} = {care[stage]:g}"
            )
    if money.family_meals_cny > money.meals_cny:
        yield (f"money.family_meals_cny = {money.family_meals_cny:g} is above money.meals_cny = {money.meals_cny:g}")


def _plain(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{source} {share:g}" for source, share in shares.items()) or "nobody"
