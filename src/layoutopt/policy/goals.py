"""The keys about what is best: goals in their order, or weighted."""

from __future__ import annotations

from layoutopt.policy.fields import Group, key

GOALS: tuple[str, ...] = (
    "unserved", "merge_small", "annual_cost", "travel", "worst_journey", "inequality", "moved_pupils", "group_gap",
    "quality",
)  # fmt: skip
DEFAULT_ORDER: tuple[str, ...] = ("unserved", "annual_cost", "travel")
GAP_GROUPS: tuple[str, ...] = ("girls", "left_behind", "poor")
"""Groups of which settlements give their share."""


class Goals(Group):
    """What is best: goals in their order, each held within its tolerance while the next is sought."""

    goals: tuple[str, ...] = key(
        DEFAULT_ORDER,
        "Goals, most important first: " + ", ".join(GOALS),
    )
    goal_weights: dict[str, float] = key(
        {},
        "Instead of an order: CNY a year for one unit of each goal, all added to one; empty for goals in their order",
        unit="CNY a unit",
    )
    gap_groups: tuple[str, ...] = key(GAP_GROUPS, "Groups whose mean way group_gap compares with that of all others")
    worst_share: float = key(
        0.05, "Share of pupils with the longest ways that inequality looks at", unit="share", gt=0, le=1,
        source="worst-off 5 % of the equity figures", confidence="M",
    )  # fmt: skip
    goal_tolerance: dict[str, float] = key(
        {"annual_cost": 0.005},
        "Share a goal may give up for the goals after it",
        unit="share",
    )


def sought(goals: Goals) -> tuple[str, ...]:
    """Return the names of the goals that count: those with a weight, or those of the order where none has one."""
    if not goals.goal_weights:
        return goals.goals
    return tuple(goal for goal in GOALS if goals.goal_weights.get(goal, 0.0) > 0)
