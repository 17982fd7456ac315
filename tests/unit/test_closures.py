"""Which schools may close, why others stay, and the five conditions every closure is held against."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.errors import InfeasibleError, PolicyError
from layoutopt.options import build_options
from layoutopt.pipeline.reasons import stay_reasons
from layoutopt.plan.closures import CONDITIONS, closing_conditions, waits_for
from layoutopt.testing import tiny_policy as policy
from layoutopt.testing import tiny_study
from layoutopt.today import school_facts

DEAR = {"hub": False, "annual_cost_cny": 1e6}


def study(first: dict[str, Any] | None = None, *, apart_km: float = 1.0, pupils: int = 4, **more: Any) -> lo.Study:
    """Two villages with 24 pupils and a school each; running the second school costs a million."""
    return tiny_study(
        {"V1": (0, 0.1, [pupils] * 6), "V2": (apart_km, 0.1, [pupils] * 6)},
        {"S1": (0, 0, {"hub": True, **(first or {})}), "S2": (apart_km, 0, {**DEAR, **more.pop("second", {})})},
        **more,
    )


def closes(case: lo.Study, **changes: Any) -> lo.Plan:
    plan = lo.optimize(case, policy(**{"allowed": False, **changes}), effort="proof")
    assert plan.schools.set_index("school_id").loc["S2", "role"] == "closed"
    return plan


def verdicts(plan: lo.Plan) -> dict[str, str]:
    found = closing_conditions(plan)
    assert list(found["condition"]) == list(CONDITIONS) * found["school_id"].nunique()
    return dict(zip(found["condition"], found["verdict"], strict=True))


# --- what may become of a school -------------------------------------------------------------------------


def history(**years: list[float]) -> list[dict[str, Any]]:
    return [
        {"school_id": code, "year": 2024 - back, "pupils": pupils}
        for code, values in years.items()
        for back, pupils in enumerate(values, start=1)
    ]


def test_the_trigger_counts_years_in_a_row() -> None:
    # 24 pupils today, below 30. S1 was below in both years before, S2 only last year.
    past = history(S1=[28, 29], S2=[29, 30])
    for years, small in ((1, [True, True]), (2, [True, True]), (3, [True, False]), (4, [False, False])):
        found = school_facts(study(history=past, year=2024), policy(trigger_years=years))
        assert found["small"].tolist() == small
    assert not school_facts(study(), policy(trigger_years=2))["small"].any()  # nothing known of earlier years
    late = school_facts(study(history=past, year=2025), policy(trigger_years=2))  # 2024 is not known
    assert not late["small"].any()
    unsaid = school_facts(study(history=past), policy(trigger_years=3))  # the year after the last one known
    assert unsaid["small"].tolist() == [True, False]


def test_a_school_stays_where_most_object() -> None:
    case = study(second={"objection_share": 0.6})
    assert school_facts(case, policy())["keep_reason"].tolist() == [
        "",
        "most parents or delegates object to its closing",
    ]
    plan = lo.optimize(case, policy(), effort="proof")
    assert plan.schools["role"].tolist() == ["closed", "full"]  # without it the dear school would be the one to close
    assert school_facts(study(second={"objection_share": 0.5}), policy())["keep_reason"].tolist() == ["", ""]
    ignored = closes(case, respect_objection=False)
    assert verdicts(ignored)["objection"] == "broken"
    named = lo.audit(ignored, case, policy(allowed=False))
    assert {"closing_conditions", "protected"} <= set(named["rule"])


@pytest.mark.parametrize(
    ("second", "changes", "words"),
    [
        (
            {"objection_share": 0.6},
            {"must_close": ("S2",)},
            ("respect_objection", "objection_share = 0.6", "must_close"),
        ),
        ({"objection_share": 0.6, "status": "close"}, {}, ("respect_objection", "status is close")),
        ({"status": "close"}, {"must_keep": ("S2",)}, ("closure.must_keep names S2", "status = close")),
        ({"status": "keep"}, {"must_close": ("S2",)}, ("closure.must_close names S2", "status = keep")),
    ],
)
def test_what_is_decided_both_ways_is_refused(
    second: dict[str, Any], changes: dict[str, Any], words: tuple[str]
) -> None:
    with pytest.raises(PolicyError) as caught:
        school_facts(study(second=second), policy(**changes))
    assert all(word in str(caught.value) for word in words)


def test_the_reason_of_a_protected_school_is_the_planners() -> None:
    facts = school_facts(study(), policy(must_keep=("S1", "S2"), keep_reasons={"S2": "the only school on the island"}))
    assert facts["keep_reason"].tolist() == ["must be kept by policy", "the only school on the island"]
    with pytest.raises(PolicyError, match=r"keep_reasons names S9, which closure\.must_keep does not"):
        policy(keep_reasons={"S9": "why not"})


# --- the yearly share ------------------------------------------------------------------------------------


def three(**changes: Any) -> lo.Plan:
    """Three villages 1 km apart in a row, each with a small school; short ways would keep all three."""
    case = tiny_study(
        {f"V{n}": (n, 0.1, [2] * 6) for n in range(3)}, {f"S{n}": (n, 0, {"hub": False}) for n in range(3)}
    )
    return lo.optimize(case, policy(goals=("travel",), **changes), effort="proof")


@pytest.mark.parametrize(("share", "closed"), [(None, 0), (1 / 3, 1), (0.34, 2)])
def test_the_share_of_merged_schools_is_rounded_up(share: float | None, closed: int) -> None:
    # ceil(1/3 · 3) = 1, ceil(0.34 · 3) = ceil(1.02) = 2
    plan = three(merge_share=share)
    assert (plan.schools["role"] == "closed").sum() == closed
    assert (plan.schools["role"] != "teaching_point").all()  # a point would not count as merged


def test_a_share_that_cannot_be_names_the_rule_and_the_amount() -> None:
    with pytest.raises(InfeasibleError, match="merge_share asks for 1 more closures than can be") as caught:
        three(merge_share=1.0, must_keep=("S0",))
    assert caught.value.rules == ("merge_share",)


def test_too_few_canteen_seats_are_named() -> None:
    hub = {"hub": True, "beds": 20.0, "canteen_seats": 5.0}
    case = tiny_study({"V1": (40, 0, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, hub)})
    with pytest.raises(InfeasibleError, match="S1: 4 more canteen seats are needed"):
        lo.optimize(case, policy(allowed_boarding=True, keep_existing_exceptions=False))


def test_a_level_adds_canteen_seats() -> None:
    # Nine boarders, five seats; the level adds four.
    hub = {"hub": True, "beds": 20.0, "canteen_seats": 5.0}
    level = {"school_id": "S1", "stage": "primary", "level": 1, "places": 0, "canteen_seats": 4, "capital_cny": 1e3}
    case = tiny_study({"V1": (40, 0, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, hub)}, expansions=[level])
    plan = lo.optimize(case, policy(allowed_boarding=True, keep_existing_exceptions=False), effort="proof")
    assert plan.schools.loc[0, "level_primary"] == "1"
    assert lo.audit(plan).empty
    without = plan.replace(schools=plan.schools.assign(level_primary=""))
    assert "meals" in set(lo.audit(without)["rule"])


# --- why a school stays ----------------------------------------------------------------------------------


def test_the_reason_names_those_who_would_have_no_school() -> None:
    # 40 km apart and no boarding: nobody reaches the other school.
    case = study(apart_km=40.0)
    choices = policy(keep_existing_exceptions=False, max_ride_min=30)
    found = stay_reasons(build_options(case, choices), choices)
    assert found["S2"] == "V2 (grades 1-3), V2 (grades 4-6) would have no school within the limits"
    plan = lo.optimize(case, choices, effort="proof")
    reasons = dict(zip(plan.schools["school_id"], plan.schools["reason"], strict=True))
    assert reasons["S2"] == found["S2"]
    assert stay_reasons(build_options(study(), policy()), policy()) == {}


def test_a_teaching_point_says_for_whom_it_stays() -> None:
    # 18 km are 36 minutes by bus: too long for grades 1-3 (30 min), not for grades 4-6 (45 min).
    plan = lo.optimize(study(apart_km=18.0), policy(), effort="proof")
    row = plan.schools.set_index("school_id").loc["S2"]
    assert row["role"] == "teaching_point"
    assert row["reason"] == "V2 (grades 1-3) would have no school within the limits"


# --- the five conditions ---------------------------------------------------------------------------------


def test_what_is_not_known_is_not_met() -> None:
    found = verdicts(closes(study()))
    assert found == {
        "objection": "not known", "journey": "met", "beds_and_meals": "met", "school_size": "met", "class_size": "met",
    }  # fmt: skip


def test_an_asked_county_meets_all_five() -> None:
    plan = closes(study(second={"objection_share": 0.2}))
    table = closing_conditions(plan).set_index("condition")
    assert set(table["verdict"]) == {"met"}
    # V2 walks sqrt(1 + 0.1²) = 1.005 km, 10.05 min; grades 1-3 may walk 30.
    assert table.loc["journey", "found"] == pytest.approx(10.05, abs=0.01)
    assert table.loc["journey", "limit"] == 30
    assert table.loc["school_size", ["found", "limit"]].tolist() == [48, 2_000]
    assert closing_conditions(lo.current_plan(plan.study, plan.policy)).empty


@pytest.mark.parametrize(
    ("condition", "rule", "changes"),
    [
        ("journey", "oneway_limit", {"oneway_max_min": 5, "walk_max_min": 60}),
        ("school_size", "school_size", {"school_cap": 40}),
        ("class_size", "multigrade_size", {"multigrade_cap": 20, "allowed": False}),
    ],
)
def test_a_broken_condition_is_a_violation_of_its_rule(condition: str, rule: str, changes: dict[str, Any]) -> None:
    """Closed under easy rules, judged under strict ones: what forbids the closure, the audit names as well."""
    plan = closes(study())
    strict = policy(**{"allowed": False, "keep_existing_exceptions": False, **changes})
    assert verdicts(plan.replace(policy=strict))[condition] == "broken"
    assert rule in set(lo.audit(plan, plan.study, strict)["rule"])


def boarding(**hub: Any) -> lo.Plan:
    """Nine pupils of grades 4-6 whose school closes, 40 km from a hub with beds."""
    case = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (40, 0.1, [0, 0, 0, 3, 3, 3])},
        {"S1": (0, 0, {"hub": True, "beds": 12.0, **hub}), "S2": (40, 0, DEAR)},
    )
    return closes(case, allowed_boarding=True)


def test_beds_and_meals_of_boarders() -> None:
    plan = boarding()
    assert verdicts(plan)["beds_and_meals"] == "not known"  # the canteen is
    for seats, verdict in ((10.0, "met"), (8.0, "broken")):
        schools = plan.study.schools.assign(canteen_seats=[seats, np.nan])
        other = plan.replace(study=dataclasses.replace(plan.study, schools=schools))
        row = closing_conditions(other).set_index("condition").loc["beds_and_meals"]
        assert row["verdict"] == verdict
        assert (row["found"], row["limit"]) == (9, seats)  # the canteen is nearer to its limit than the 12 beds
        assert set(lo.audit(other)["rule"]) == ({"meals"} if verdict == "broken" else set())


def test_dangerous_sections_on_the_way() -> None:
    # V2 rides 8 km to S1; the middle 2 km of the road are dangerous, or not, or nobody has looked.
    ends = [(0, 0), (3, 0), (5, 0), (8, 0)]
    case = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (8, 0.1, [2] * 6)},
        {"S1": (0, 0, {"hub": True}), "S2": (8, 0, DEAR)},
        roads=[([a, b], {"class": "tertiary"}) for a, b in itertools.pairwise(ends)],
    )
    plan = closes(case, oneway_max_min=60)
    found = []
    for danger in (None, False, True):
        roads = case.roads if danger is None else case.roads.assign(danger=[False, danger, False])
        table = closing_conditions(plan.replace(study=dataclasses.replace(case, roads=roads)))
        found.append(table.set_index("condition").loc["journey"])
    assert [row["verdict"] for row in found] == ["not known", "met", "not known"]
    assert "not known (column danger)" in found[0]["text"]
    assert "no dangerous section" in found[1]["text"]
    assert "2.0 km on dangerous sections" in found[2]["text"]


# --- build first, close later ----------------------------------------------------------------------------


def test_a_closure_waits_for_the_building() -> None:
    # S1 has 30 places for 48 pupils.
    level = {"school_id": "S1", "stage": "primary", "level": 1, "places": 20, "capital_cny": 1e3, "build_years": 2}
    plan = closes(study({"places_primary": 30.0}, expansions=[level]))
    expected = [{"school_id": "S2", "to_school": "S1", "stage": "primary", "level": 1, "build_years": 2.0}]
    pd.testing.assert_frame_equal(waits_for(plan), pd.DataFrame(expected))
    assert waits_for(closes(study())).empty
