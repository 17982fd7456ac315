"""Tiny studies for the rules of closures: each is broken by the optimum without its rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import layoutopt as lo
from layoutopt.testing import tiny_policy, tiny_study

Case = tuple[lo.Study, lo.Policy]


def two_villages(apart_km: float = 1.0, pupils: int = 4) -> lo.Study:
    """Two villages a walk apart, with 24 pupils and a school each."""
    return tiny_study(
        {"V1": (0, 0.1, [pupils] * 6), "V2": (apart_km, 0.1, [pupils] * 6)},
        {"S1": (0, 0, {"hub": False}), "S2": (apart_km, 0, {"hub": False})},
    )


def merge_share() -> Case:
    # Short ways keep both schools of 24 pupils; half of two small schools is one.
    return two_villages(), tiny_policy(goals=("travel",), merge_share=0.5)


def meals() -> Case:
    # Nine pupils 40 km away may board at two hubs; the cheaper one has seats for five in its canteen.
    hub: dict[str, Any] = {"hub": True, "beds": 20.0}
    study = tiny_study(
        {"V1": (40, 0, [0, 0, 0, 3, 3, 3])},
        {
            "S1": (0, 0, {**hub, "annual_cost_cny": 10_000.0, "canteen_seats": 5.0}),
            "S2": (0, 5, {**hub, "annual_cost_cny": 60_000.0}),
        },
    )
    return study, tiny_policy(allowed_boarding=True, keep_existing_exceptions=False)


CASES: dict[str, Callable[[], Case]] = {case.__name__: case for case in (merge_share, meals)}
