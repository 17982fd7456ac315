"""The audit against the options: two independent ways to say where a group may go must agree."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import layoutopt as lo
from layoutopt.options import RULES, build_options
from layoutopt.plan.audit import CHECKS
from layoutopt.plan.facts import facts_of
from layoutopt.testing import tiny_study
from layoutopt.today import items_of


def study_and_policy(draw: Any) -> tuple[lo.Study, lo.Policy]:
    """Two villages and three schools on a line, limits anywhere; whole kilometres lie just beyond round limits."""
    km = st.integers(0, 40).map(float) | st.floats(0, 40).map(lambda x: round(x, 2))
    settlements = {f"V{n}": (draw(km), 0.1, [1, 1, 1, 2, 2, 2, 1, 1, 1]) for n in range(2)}
    hub = st.booleans()
    schools = {
        f"S{n}": (
            draw(km), 0,
            {"grades": draw(st.sampled_from(["1-9", "1-6"])) if n else "1-9", "hub": draw(hub), "places_junior": 90.0,
             "beds": draw(st.sampled_from([0.0, 9.0])), "town": draw(st.sampled_from(["A", "B"]))},
        )
        for n in range(3)
    }  # fmt: skip
    limit = st.sampled_from([10, 20, 30, 45, 60])
    policy = lo.Policy().replace(
        detour_factor=1.0, walk_kmh=6.0, straight_bus_kmh=30.0,
        walk_max_min=draw(limit), oneway_max_min=draw(limit), max_ride_min=draw(limit), board_max_min=draw(limit),
        worsening_max_min=draw(st.sampled_from([None, 5, 30])), board_min_grade=draw(st.sampled_from([1, 4, 7])),
        board_nearest=draw(st.sampled_from([1, 4])), allowed_boarding=draw(st.booleans()),
        hub_only=draw(st.booleans()), keep_existing_exceptions=draw(st.booleans()),
        walk_max_km=draw(st.sampled_from([None, 1, 4])), oneway_max_km=draw(st.sampled_from([None, 2, 15])),
        within_town=draw(st.booleans()), move_once_years=draw(st.sampled_from([1, 3])),
    )  # fmt: skip
    current = {"V0": {"town": "A", "moved_year": draw(st.sampled_from([None, 2022]))}, "V1": {"town": "B"}}
    return tiny_study(settlements, schools, current=current, year=2024), policy


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_way_passes_the_audit_exactly_when_it_is_an_option(data: st.DataObject) -> None:
    agree(*study_and_policy(data.draw))


def agree(study: lo.Study, policy: lo.Policy) -> None:
    """Every (group, school, mode) there is, put into one table under a name of its own, against the way checks."""
    everything = build_options(study, policy, skip=set(RULES)).rows
    admissible = build_options(study, policy).rows
    key = ["item", "school_id", "mode"]
    wanted = set(admissible[key].agg("|".join, axis=1))
    today = lo.current_plan(study, policy)
    rows = everything.merge(items_of(study, policy).drop(columns=["settlement_id", "band"]), on="item")
    rows["item"] = rows[key].agg("|".join, axis=1)
    rows = rows.assign(line_id="", moved=False, exception=False)[list(today.assignments.columns)]
    facts = facts_of(today.replace(assignments=rows), study, policy)
    broken: dict[str, set[str]] = {}
    for name in RULES:
        for violation in CHECKS[name](facts):
            broken.setdefault(violation.place, set()).add(name)
    for item in rows["item"]:
        assert (item not in broken) == (item in wanted), (item, broken.get(item))


# V1 lives 100 m beside the road: to a school k km along it are √(k² + 0.01) km. On foot 6 km are 60.0083 minutes.
# By bus 10 km are 20.001 minutes, and 4.224 km are 8.4504: 5.002 more than 330 m on foot. S2 and S3 are equally near.
AT_A_LIMIT: dict[str, tuple[dict[str, float], dict[str, Any]]] = {
    "walk": ({"S1": 6.0}, {"walk_max_min": 60, "oneway_max_min": 60}),
    "under way": ({"S1": 6.0}, {"walk_max_min": 90, "oneway_max_min": 60}),
    "ride": ({"S1": 10.0}, {"max_ride_min": 20, "oneway_max_min": 90}),
    "worse": ({"S1": 0.33, "S2": 4.224}, {"worsening_max_min": 5, "walk_max_min": 10, "oneway_max_min": 90}),
    "board": ({"S1": 10.0}, {"board_max_min": 20, "allowed_boarding": True, "board_min_grade": 1}),
    "equally near": (
        {"S1": 12.0, "S2": 9.0, "S3": -9.0},
        {"allowed_boarding": True, "board_min_grade": 1, "board_nearest": 1, "board_max_min": 60},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AT_A_LIMIT)
def test_a_way_just_beyond_a_limit_is_no_option_and_found_by_the_audit(name: str) -> None:
    schools, limits = AT_A_LIMIT[name]
    given = {"dwell_min": 0.0, "dwell_min_per_rider": 0.0, "keep_existing_exceptions": False, **limits}
    policy = lo.Policy().replace(detour_factor=1.0, walk_kmh=6.0, straight_bus_kmh=30.0, **given)
    hub = {"grades": "1-9", "hub": True, "beds": 90.0, "places_junior": 90.0}
    study = tiny_study(
        {"V1": (0.0, 0.1, [1, 1, 1, 2, 2, 2, 1, 1, 1])}, {code: (km, 0.0, hub) for code, km in schools.items()}
    )
    agree(study, policy)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_plan_found_breaks_no_rule_whatever_the_limits(data: st.DataObject) -> None:
    study, policy = study_and_policy(data.draw)
    try:
        plan = lo.optimize(study, policy, effort="quick")
    except lo.InfeasibleError as error:
        assert error.rules
        return
    assert lo.audit(plan).empty
    assert plan.figures.unserved == 0
    assert np.isfinite(plan.assignments["minutes"].astype(float)).all()
