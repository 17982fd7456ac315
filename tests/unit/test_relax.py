"""When nothing fits: place, limit and amount, and the smallest easing that truly helps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.testing import tiny_study


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0, "dwell_min_per_rider": 0.0,
        "goals": ("annual_cost",), "allowed_boarding": False, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


def told(study: lo.Study, choices: lo.Policy) -> lo.InfeasibleError:
    with pytest.raises(lo.InfeasibleError) as caught:
        lo.optimize(study, choices)
    return caught.value


def two(apart_km: float, **first: Any) -> lo.Study:
    return tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (apart_km, 0.1, [4] * 6)},
        {"S1": (0, 0, {"hub": False, **first}), "S2": (apart_km, 0, {"hub": False})},
    )


def test_places_that_are_missing_where_they_are_needed() -> None:
    """48 places in all, yet 24 pupils near S1 find 10, and S2 is an hour away."""
    error = told(two(6, places_primary=10.0), policy())
    assert "\n  S1 primary: " in str(error)
    # Groups are never split: the two of twelve need 24 places.
    assert "S1 primary: 14 more places are needed" in str(error)
    assert error.rules == ("places",)
    helped = lo.optimize(two(6, places_primary=24.0), policy(), effort="quick")
    assert helped.figures.unserved == 0


def test_a_budget_and_its_shortfall() -> None:
    best = lo.optimize(two(6), policy(), effort="proof").figures.cost_cny
    error = told(two(6), policy(annual_budget_cny=best - 100_000))
    assert "annual_budget_cny is 100,000 CNY short" in str(error)
    assert error.rules == ("annual_budget",)


def test_a_school_too_small_for_the_minimum() -> None:
    error = told(two(6), policy(min_pupils={"primary": 30, "junior": 0}, allowed=False))
    assert "S1: 6 pupils short of min_pupils" in str(error)
    assert "S2: 6 pupils short of min_pupils" in str(error)
    assert error.rules == ("min_pupils",)


def test_a_closure_that_leaves_pupils_without_a_school() -> None:
    error = told(two(1), policy(must_close=("S1", "S2")))
    lines = str(error).splitlines()
    assert lines[0] == "4 pupil groups cannot be served under this policy:"
    assert lines[1].startswith("  V1, grades of band lower (12 pupils): ")
    assert "S1 closes by decision (must_close or status close)" in lines[1]
    assert "protected" in error.rules


NO_OPTION = [
    ({"walk_max_min": 20, "oneway_max_min": 90}, 2.5, False, "walk_limit",
     "25 min to S1 (walk), above walk_max_min.upper = 20"),
    ({"walk_max_min": 90, "oneway_max_min": 20}, 2.5, False, "oneway_limit",
     "25 min to S1 (walk), above oneway_max_min.upper = 20"),
    ({}, 10, False, "hub_only", "20 min to S1 (bus), which is no hub (hub_only)"),
    ({"max_ride_min": 15}, 10, True, "ride_limit", "20 min to S1 (bus), its ride above max_ride_min = 15"),
    ({"board_max_min": 60, "allowed_boarding": True}, 40, True, "board_limit",
     "80 min to S1 (board), above board_max_min = 60"),
    ({"board_min_grade": 7, "allowed_boarding": True}, 40, True, "board_grade",
     "80 min to S1 (board), below board_min_grade = 7, or no boarding allowed"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "km", "hub", "rule", "words"), NO_OPTION, ids=[case[3] for case in NO_OPTION])
def test_the_limit_that_stands_in_the_way(changes: dict[str, Any], km: float, hub: bool, rule: str, words: str) -> None:
    study = tiny_study(
        {"V1": (km, 0, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, {"hub": hub, "beds": 9.0 * rule.startswith("board")})}
    )
    error = told(study, policy(keep_existing_exceptions=False, **changes))
    head, line, *_ = str(error).splitlines()
    assert head == "1 pupil groups cannot be served under this policy:"
    assert f"  V1, grades of band upper (9 pupils): {words}" in line
    assert rule in error.rules


def test_worsening_against_today() -> None:
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6)}, {"S1": (0, 0, {"hub": False, "status": "close"}), "S2": (2, 0, {"hub": False})}
    )
    error = told(study, policy(worsening_max_min=10))
    assert "20 min to S2 (walk), longer than today by over worsening_max_min = 10" in str(error)


def test_several_limits_at_once_are_said_to_be_several() -> None:
    study = tiny_study({"V1": (60, 0, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, {"hub": False})})
    error = told(study, policy(keep_existing_exceptions=False))
    assert "V1, grades of band upper (9 pupils): several limits at once stand in the way" in str(error)
    assert error.rules


def test_a_rule_of_ones_own_that_cannot_hold() -> None:
    def impossible(data: Any) -> Any:
        yield data.frame.total("open", by=[]) >= 5.0

    with pytest.raises(lo.InfeasibleError, match="your rule 'impossible' is missed by 3") as caught:
        lo.optimize(two(6), policy(), extra_rules=[impossible])
    assert caught.value.rules == ("impossible",)


def test_a_rule_that_no_easing_reaches() -> None:
    def impossible(data: Any) -> Any:
        chosen = data.frame.total("chosen", by=[])
        yield chosen >= 5.0  # softened, but
        data.frame.blocks["open"].upper[:] = 0.0  # no school may be open

    with pytest.raises(lo.InfeasibleError, match="Look at your extra rules"):
        lo.optimize(two(6), policy(), extra_rules=[impossible])


def test_the_error_carries_what_it_says() -> None:
    error = told(two(6, places_primary=10.0), policy())
    (one,) = error.relaxations
    assert (one.rule, one.place, one.amount, one.unit) == ("places", "S1 primary", 14.0, "places")
    assert (one.limit_now, one.limit_needed) == (10.0, 24.0)
    assert str(one) == "S1 primary: 14 more places are needed (24 instead of 10)"
    assert error.proven
    assert error.proofs == (
        "14 places are short in a closed pocket: the 24 pupils of V1 reach only S1, where 10 of them find room, "
        "expansions included",
    )
    assert [str(repair) for repair in error.repairs] == [
        "+14 places at S1 primary (24 instead of 10)",
        "S2 as a hub",
        "61 instead of 30 or 45 minutes for V1 (oneway_max_min.lower, walk_max_min.lower, oneway_max_min.upper, "
        "walk_max_min.upper)",
    ]


def test_each_repair_alone_is_enough() -> None:
    study = two(6, places_primary=10.0)
    schools = study.schools.copy()
    schools.loc["S2", "hub"] = True
    for eased, choices in (
        (two(6, places_primary=24.0), policy()),
        (replace(study, schools=schools), policy()),
        (study, policy(walk_max_min=61, oneway_max_min=61)),
    ):
        assert not lo.why_infeasible(eased, choices)
        assert lo.audit(lo.optimize(eased, choices, effort="quick")).empty


def test_an_unknown_priority_names_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown priority 'place'\. Did you mean 'places'"):
        lo.why_infeasible(two(6, places_primary=10.0), policy(), priorities=["place"])


def test_priorities_choose_what_gives() -> None:
    study = two(6, places_primary=10.0)
    assert lo.why_infeasible(study, policy(), priorities=["room"]).rules == ("places",)
    assert lo.why_infeasible(study, policy(), priorities=["buses", "room"]).rules == ("hub_only",)
    assert set(lo.why_infeasible(study, policy(), priorities=["ways"]).rules) == {"walk_limit", "oneway_limit"}


def packed() -> lo.Study:
    """Three villages of 12 pupils, 18 places at each of two schools: 36 of both, but no school takes two villages."""
    return tiny_study(
        {"V1": (0, 0.1, [4, 4, 4]), "V2": (0.5, 0, [4, 4, 4]), "V3": (1, 0.1, [4, 4, 4])},
        {
            "S1": (0, 0, {"hub": False, "places_primary": 18.0}),
            "S2": (1, 0, {"hub": False, "places_primary": 18.0}),
        },
        expansions=[{"school_id": "S1", "stage": "primary", "level": 1, "places": 4, "capital_cny": 80_000}],
    )


def test_whole_groups_that_fit_in_total_but_cannot_be_packed() -> None:
    found = lo.why_infeasible(packed(), policy())
    # S1 grows by 4 to 22: 2 more for two villages.
    assert [(one.rule, one.place, one.amount) for one in found.relaxations] == [("places", "S1 primary", 2.0)]
    assert "All pupils fit in total, but whole groups cannot be packed." in str(found)
    # One village of 12 is split: 6 of it find room beside each of the others.
    parts = found.split.groupby("item")["pupils"].agg(["size", "sum"])
    assert parts["size"].tolist() == [2]
    assert (parts["sum"] == 12).all()
    assert "A place more costs 20,000 CNY in this study's expansions." in str(found)
    assert lo.why_infeasible(two(6, places_primary=10.0), policy()).split.empty


def test_a_plan_that_exists_is_no_reason() -> None:
    found = lo.why_infeasible(two(6), policy())
    assert not found and "A plan exists" in found._repr_html_()
