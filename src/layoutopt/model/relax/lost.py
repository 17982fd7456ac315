"""Pupil groups without any option: the one limit that stands in the way of each."""

from __future__ import annotations

from typing import Any

from layoutopt.model.relax.beyond import Beyond
from layoutopt.options import RULES
from layoutopt.policy import Policy

SORTED = ["item", "minutes", "school_id"]


def lost_lines(beyond: Beyond) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return a sentence for every group without an option, and the rules that are named in them."""
    options, policy = beyond.asked.options, beyond.asked.policy
    lost = options.without
    if lost.empty:
        return (), ()
    rows = beyond.rows[beyond.rows["item"].isin(lost["item"])].sort_values(SORTED, kind="stable")
    nearest: dict[str, list[str]] = {item: [] for item in lost["item"]}
    blamed: list[str] = []
    free = rows[rows["has_beds"] & ~rows["must_close"].astype(bool)]
    for rule in [*RULES, "worst_journey"]:
        for row in free[free["single"] == rule].drop_duplicates("item").itertuples():
            nearest[row.item].append(_would_help(rule, row, policy))
            blamed.append(rule)
    closing = rows[rows["must_close"].astype(bool) & rows["has_beds"] & (rows["price"] == 0)]
    for row in closing.drop_duplicates("item").itertuples():
        nearest[row.item].append(f"{row.school_id} closes by decision (must_close or status close)")
        blamed.append("protected")
    return tuple(_line(row, nearest[row.item]) for row in lost.itertuples()), tuple(dict.fromkeys(blamed))


def _line(row: Any, found: list[str]) -> str:
    who = f"{row.settlement_id}, grades of band {row.band} ({row.pupils:g} pupils)"
    return f"{who}: {'; or '.join(found) or 'several limits at once stand in the way'}"


def _would_help(rule: str, row: Any, policy: Policy) -> str:
    band = row.band
    km = f"{row.km:.1f} km and so above oneway_max_km or walk_max_km of the band {band}"
    limits = {
        "walk_limit": f"above walk_max_min.{band} = {policy.access.walk_max_min[band]:g}",
        "oneway_limit": f"above oneway_max_min.{band} = {policy.access.oneway_max_min[band]:g}",
        "ride_limit": f"its ride above max_ride_min = {policy.bus.max_ride_min:g}",
        "distance_limit": km,
        "town_border": "which is in another township (within_town)",
        "must_attend": "although they are sent elsewhere by must_attend",
        "move_once": f"but its pupils were moved in the last {policy.zones.move_once_years} years (move_once)",
        "worsening_limit": f"longer than today by over worsening_max_min = {policy.access.worsening_max_min}",
        "board_grade": f"below board_min_grade = {policy.boarding.board_min_grade}, or no boarding allowed",
        "board_limit": f"above board_max_min = {policy.access.board_max_min:g}",
        "board_nearest": "beyond board_nearest",
        "hub_only": "which is no hub (hub_only)",
        "walkable": "which is within walking distance",
        "worst_journey": "longer than the limit on worst_journey",
    }
    return f"{row.minutes:.0f} min to {row.school_id} ({row.mode}), {limits.get(rule, rule)}"
