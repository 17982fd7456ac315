"""A tiny study for the rule of quality: the cheapest plan puts more pupils into a school than its rooms carry."""

from __future__ import annotations

from collections.abc import Callable

import layoutopt as lo
from layoutopt.testing import tiny_policy, tiny_study

Case = tuple[lo.Study, lo.Policy]


def quality() -> Case:
    # S1 teaches 24 pupils today; 180 m2 are enough for 180 / 4.5 = 40 of them, 48 would come.
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (1, 0.1, [4] * 6)},
        {
            "S1": (0, 0, {"hub": False, "annual_cost_cny": 10_000.0, "teaching_area_m2": 180.0}),
            "S2": (1, 0, {"hub": False, "annual_cost_cny": 60_000.0, "teaching_area_m2": 180.0}),
        },
    )
    return study, tiny_policy(quality_required=("teaching_area_m2",), allowed=False)


CASES: dict[str, Callable[[], Case]] = {"quality": quality}
