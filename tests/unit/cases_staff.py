"""Tiny studies in which the rule of the payroll decides: see test_rules.py."""

from __future__ import annotations

from collections.abc import Callable

import layoutopt as lo
from layoutopt.testing import tiny_policy, tiny_study

Case = tuple[lo.Study, lo.Policy]


def payroll() -> Case:
    # Nine teachers, four posts: without the rule nobody would be paid at all.
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (1, 0, [4] * 6)},
        {
            "S1": (0, 0, {"hub": False, "teachers": 5.0, "annual_cost_cny": 10_000.0}),
            "S2": (1, 0.1, {"hub": False, "teachers": 4.0, "annual_cost_cny": 60_000.0}),
        },
    )
    return study, tiny_policy(wages="redeployed")


CASES: dict[str, Callable[[], Case]] = {"payroll": payroll}
