"""What may give way where nothing fits, at what price, and in which order a planner lets it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from layoutopt.errors import nearest

PRICES: dict[str, float] = {
    # a place that is missing for one pupil is the measure of all others
    "places": 1.0,
    "beds": 1.0,
    "meals": 1.0,
    "school_size": 1.0,
    "point_size": 1.0,
    "quality": 1.0,
    "min_pupils": 1.0,
    # 10,000 CNY count like a place
    "capital_budget": 1e-4,
    "annual_budget": 1e-4,
    "source_budget": 1e-4,
    "source_capital": 1e-4,
    # by pupil and minute: ten minutes too long for one pupil count like a place
    "walk_limit": 0.1,
    "ride_limit": 0.1,
    "oneway_limit": 0.1,
    "worst_journey": 0.1,
    "worsening_limit": 0.05,
    "board_limit": 0.02,
    "distance_limit": 1.0,  # by pupil and kilometre
    # by pupil
    "walkable": 0.2,
    "board_nearest": 1.0,
    "hub_only": 2.0,
    "town_border": 1.0,
    "move_once": 1.0,
    "board_grade": 5.0,  # the law: grades 1-3 never board
    "must_attend": 10.0,  # decided by name
    # by pupil group, by school
    "one_school": 20.0,
    "contiguous": 20.0,
    "merge_share": 50.0,
    "protected": 200.0,
}
"""Price of one unit. What a planner can buy is cheap, what concerns children on their way is dearer the more of them
and the longer, and what was decided (a school kept or closed) counts like 200 places, so that it gives way last."""
OWN_PRICE = 200.0
"""A rule of one's own has no unit that is known here: it gives way as late as a decision does."""
MINUTES = ("walk_limit", "ride_limit", "oneway_limit", "worst_journey", "worsening_limit", "board_limit")
WAYS = (*MINUTES, "distance_limit")
BY_PUPIL = ("walkable", "board_nearest", "hub_only", "town_border", "must_attend", "move_once", "board_grade")
OWN = "own_rules"
GROUPS: dict[str, tuple[str, ...]] = {
    "room": ("places", "beds", "meals", "school_size", "point_size"),
    "money": ("capital_budget", "annual_budget", "source_budget", "source_capital"),
    "sizes": ("min_pupils", "merge_share"),
    "resources": ("quality",),
    "ways": WAYS,
    "buses": ("hub_only", "walkable"),
    "boarding": ("board_nearest", "board_grade"),
    "zones": ("one_school", "contiguous", "town_border", "move_once"),
    "decisions": ("protected", "must_attend"),
}
"""Rules a planner may name together."""


def price_of_rule(rule: str) -> float:
    """Return the price of one unit; a rule of one's own has ``OWN_PRICE``."""
    return PRICES.get(rule, OWN_PRICE)


def check_priorities(priorities: Sequence[str], own: Collection[str] = ()) -> None:
    """Raise ``ValueError`` for a name that is no rule that can give, and no group of them."""
    known = [*GROUPS, *PRICES, OWN, *own]
    for name in priorities:
        if name not in known:
            raise ValueError(f"unknown priority '{name}'.{nearest(name, known)} Known: {', '.join(known)}.")


def tiers_of(priorities: Sequence[str], present: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the rules ``present`` in the order in which they may give: those named first, the others last together.

    A rule gives way only as far as those before it cannot help.
    """
    own = tuple(rule for rule in present if rule not in PRICES)
    left, tiers = list(present), []
    for name in priorities:
        rules = GROUPS.get(name, own if name == OWN else (name,))
        tier = tuple(rule for rule in left if rule in rules)
        left = [rule for rule in left if rule not in tier]
        tiers += [tier] if tier else []
    return [*tiers, tuple(left)] if left else tiers
