"""A tiny county for each rule of school zones: leaving the rule out, the optimum breaks it alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import layoutopt as lo
from layoutopt.testing import tiny_policy as policy
from layoutopt.testing import tiny_study

Case = tuple[lo.Study, lo.Policy]
CHEAP: dict[str, Any] = {"annual_cost_cny": 10_000.0, "hub": False}
DEAR: dict[str, Any] = {"annual_cost_cny": 60_000.0, "hub": False}


def two_villages(**second: Any) -> lo.Study:
    """Two villages 2 km apart with a school each in a township of its own; running the first school costs less."""
    return tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (2, 0, [4] * 6)},
        {"S1": (0, 0, {**CHEAP, "town": "Upper"}), "S2": (2, 0.1, {**DEAR, "town": "Lower"})},
        current={"V1": {"town": "Upper"}, "V2": {"town": "Lower", **second}},
        year=2024,
    )


def distance_limit() -> Case:
    return two_villages(), policy(oneway_max_km=1.5)


def town_border() -> Case:
    return two_villages(), policy(within_town=True)


def must_attend() -> Case:
    return two_villages(), policy(must_attend={"V2": "S2"})


def move_once() -> Case:
    return two_villages(moved_year=2021), policy(move_once_years=3)


def one_school() -> Case:
    # 20 + 20 pupils of grade 1 in two busloads; S1 has room for 20. Both schools run either way (V2 needs S2), and a
    # class of 40 at S2 costs it 20 more pupils on foot: the shortest ways split the village.
    study = tiny_study(
        {"V1": (0, 0.1, [40]), "V2": (2, 0, [1])},
        {"S1": (0, 0, {**CHEAP, "places_primary": 20.0}), "S2": (2, 0.1, DEAR)},
    )
    return study, policy(one_school_for="band", goals=("travel",))


def contiguous() -> Case:
    # S1 has room for V1 (24) and V3 (6), or for V2 and V3. Minutes to S1 0, 10, 20; to S2, three km off V2, 31.6, 30,
    # 31.6. V1 and V3 at S1: 24 * 30 + 6 * 20 = 840, but V2 lies between them. Best in one piece: V1 at S1, V2 and V3
    # at S2: 24 * 30 + 6 * 31.6 = 910.
    study = tiny_study(
        {"V1": (0, 0, [4] * 6), "V2": (1, 0, [4] * 6), "V3": (2, 0, [1] * 6)},
        {"S1": (0, 0, {"hub": False, "places_primary": 30.0}), "S2": (1, 3, {"hub": False})},
    )
    return study, policy(contiguous=True, goals=("travel",), walk_max_min=60, oneway_max_min=60)


CASES: dict[str, Callable[[], Case]] = {
    case.__name__: case for case in (distance_limit, town_border, must_attend, move_once, one_school, contiguous)
}
