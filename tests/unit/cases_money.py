"""Tiny studies for the rules about money: without its rule the optimum breaks each, and only its check says so."""

from __future__ import annotations

from collections.abc import Callable

import layoutopt as lo
from layoutopt.testing import tiny_policy, tiny_study

Case = tuple[lo.Study, lo.Policy]


def source_budget() -> Case:
    """The province pays what schools cost besides wages: 70,000 for two, 10,000 for one. Short ways would keep both."""
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (1, 0, [4] * 6)},
        {
            "S1": (0, 0, {"annual_cost_cny": 10_000.0, "hub": False}),
            "S2": (1, 0.1, {"annual_cost_cny": 60_000.0, "hub": False}),
        },
    )
    county = {kind: {"county": 1.0} for kind in ("teachers", "buses", "boarding", "capital", "support")}
    return study, tiny_policy(
        goals=("travel",), source_share={"schools": {"province": 1.0}, **county}, budget_by_source={"province": 5e4}
    )


def source_capital() -> Case:
    """24 pupils, a school with 10 places that can grow for 1,000,000, and a dear one 2 km away. The province, which
    bears half of all capital, has 400,000."""
    near = {"places_primary": 10.0, "annual_cost_cny": 0.0, "hub": False}
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6)},
        {"S1": (0, 0, near), "S2": (2, 0.1, {"annual_cost_cny": 500_000.0, "hub": False})},
        expansions=[{"school_id": "S1", "stage": "primary", "level": 1, "places": 20, "capital_cny": 1e6}],
    )
    shares = {**lo.Policy().money.source_share, "capital": {"province": 0.5, "county": 0.5}}
    return study, tiny_policy(source_share=shares, capital_by_source={"province": 4e5})


CASES: dict[str, Callable[[], Case]] = {"source_budget": source_budget, "source_capital": source_capital}
