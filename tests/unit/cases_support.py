"""Tiny studies for the rules about small schools that stay with a full curriculum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import layoutopt as lo
from layoutopt.testing import tiny_policy, tiny_study

Case = tuple[lo.Study, lo.Policy]
FAR = {"full_curriculum": True, "max_ride_min": 5, "keep_existing_exceptions": False}
"""Nobody rides longer than 5 minutes (2.5 km), so that no site below can close."""


def hub_and_sites(
    *sites: tuple[float, float], pupils: int = 4, hub: dict[str, Any] | None = None, site: dict[str, Any] | None = None
) -> lo.Study:
    """A hub of 300 pupils at the origin, and at each of the places (km) a village with a school."""
    villages: dict[str, Any] = {"V0": (0, 0.1, [50] * 6)}
    schools: dict[str, Any] = {"H": (0, 0, {"hub": True, "places_primary": 1_000.0, **(hub or {})})}
    for number, (x, y) in enumerate(sites, start=1):
        villages[f"V{number}"] = (x, y + 0.1, [pupils] * 6)
        schools[f"S{number}"] = (x, y, {"hub": False, **(site or {})})
    return tiny_study(villages, schools)


def full_curriculum() -> Case:
    # Any way of teaching all subjects costs something; saying nothing costs nothing.
    return hub_and_sites((8, 0)), tiny_policy(**FAR)


def own_specialists() -> Case:
    # 24 pupils in two multigrade classes need 4 posts; two more for specialists cost 220,000, unless nobody asks.
    offered = {"online": False, "group": False, "itinerant": False}
    return hub_and_sites((8, 0)), tiny_policy(**FAR, **offered)


def support_size() -> Case:
    # 60 pupils in two multigrade classes need 4 posts. Online classes for 45,000 are cheaper than the two posts more
    # for specialists, but above 50 pupils not allowed.
    return hub_and_sites((8, 0), pupils=10), tiny_policy(**FAR, support_max_pupils=50)


def helping_school() -> Case:
    # Closing G saves its 600,000 and four posts, since its pupils can walk to S2; but then nobody helps S1.
    study = tiny_study(
        {"V1": (8, 0.1, [4] * 6), "V2": (0, 0.1, [4] * 6)},
        {
            "S1": (8, 0, {"hub": False, "group": "A"}),
            "G": (0, 0, {"hub": True, "group": "A", "annual_cost_cny": 600_000.0}),
            "S2": (0.5, 0, {"hub": False}),
        },
    )
    return study, tiny_policy(**FAR, online=False, itinerant=False, own_specialists_from_posts=40)


def tours() -> Case:
    # Without tours an itinerant team is free; with them one costs 132,000 and the car, less than two posts of 110,000.
    return hub_and_sites((8, 0)), tiny_policy(**FAR, online=False)


CASES: dict[str, Callable[[], Case]] = {
    case.__name__: case for case in (full_curriculum, own_specialists, support_size, helping_school, tours)
}
