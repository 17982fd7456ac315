"""Which hubs may serve a site, and what a tour's table says."""

from __future__ import annotations

import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.tours import groups_of, hubs_near, support_cny, teams, tour_table
from layoutopt.testing import tiny_policy, tiny_study

HUB = {"hub": True}
SCHOOLS = {"A": (0, 0, HUB), "B": (4, 0, HUB), "C": (9, 0, HUB), "S": (3, 0, {"hub": False})}


def study(**changes: object) -> lo.Study:
    schools = {code: (x, y, {**given, **changes}) for code, (x, y, given) in SCHOOLS.items()}
    return tiny_study({"V": (3, 0.1, [4] * 6)}, schools)  # type: ignore[arg-type]


def test_the_nearest_hubs_within_reach_may_serve_a_site() -> None:
    # Two minutes a kilometre: B 2, A 6, C 12 minutes off.
    assert hubs_near(study(), tiny_policy(itinerant_nearest=3)) == {"S": ("B", "A", "C")}
    assert hubs_near(study(), tiny_policy(itinerant_nearest=1)) == {"S": ("B",)}
    assert hubs_near(study(), tiny_policy(itinerant_nearest=3, itinerant_max_min=6)) == {"S": ("B", "A")}


def test_a_hub_that_closes_serves_nobody_and_a_site_that_closes_needs_nobody() -> None:
    assert hubs_near(study(), tiny_policy(must_close=("B",), itinerant_nearest=1)) == {"S": ("A",)}
    assert hubs_near(study(), tiny_policy(must_close=("S",))) == {}


def test_the_way_back_keeps_the_limit_as_well() -> None:
    # One-way loop of 1 + 1 + 4 km: from hub to site 2 minutes at 30 km/h, back 10.
    loop = [
        ([(0, 0), (1, 0)], {"class": "tertiary", "oneway": "yes", "speed_kmh": 30.0}),
        ([(1, 0), (1, 2), (0, 2), (0, 0)], {"class": "tertiary", "oneway": "yes", "speed_kmh": 30.0}),
    ]
    schools = {"H": (0, 0, HUB), "S": (1, 0, {"hub": False})}
    one_way = tiny_study({"V": (1, 0, [4] * 6)}, schools, roads=loop)
    assert hubs_near(one_way, tiny_policy(itinerant_max_min=10.5)) == {"S": ("H",)}
    assert hubs_near(one_way, tiny_policy(itinerant_max_min=9.5)) == {"S": ()}


def test_the_table_has_a_row_a_leg_and_the_way_back() -> None:
    policy = tiny_policy()
    table = tour_table(study(), policy, [("A", ("S", "B"), 2)])
    assert table[["tour_id", "school_id", "days", "order", "site_id"]].values.tolist() == [
        ["T001", "A", 2, 1, "S"],
        ["T001", "A", 2, 2, "B"],
        ["T001", "A", 2, 3, "A"],
    ]
    assert table["minutes"].tolist() == pytest.approx([6, 2, 8])
    # 3, 1 and 4 km on 2 days of 40 weeks at 1 a km.
    assert table["cost_cny"].tolist() == pytest.approx([240, 80, 320])
    assert teams(table, policy) == 1
    assert support_cny(table, pd.Series(["own", "online", ""]), policy) == pytest.approx(132_000 + 640 + 45_000)
    assert tour_table(study(), policy, []).empty


def test_groups_need_not_be_given() -> None:
    assert set(groups_of(study())) == {""}
    assert set(groups_of(study(group="north"))) == {"north"}
