"""Every rule bites: without it the optimum breaks it and the audit names it, with it the audit is empty."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.lines import LINE_RULES
from layoutopt.model.rules import RULES
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import build_options
from layoutopt.plan.audit import CHECKS
from layoutopt.testing import tiny_policy as policy
from layoutopt.testing import tiny_study

ALL = (*RULES, *OPTION_RULES, *LINE_RULES)
OF_SHARED_BUSES = ("fleet", "second_runs", "school_wait")
"""These need lines drawn by hand beside them: test_second_runs.py and test_joined.py show each both ways."""
Case = tuple[lo.Study, lo.Policy]
TINY: dict[str, Callable[[], Case]] = {}
NEVER_ALONE = {"band_taught": "multigrade_size"}
"""``multigrade_size`` also says that no pupil comes to a band that is not taught (its right side is then 0),
so leaving out ``band_taught`` alone changes no plan; it is stated for the bound, see the test below."""


for path in sorted(Path(__file__).parent.glob("cases_*.py")):
    TINY |= runpy.run_path(str(path))["CASES"]  # a family of rules beside the layout's


def tiny(function: Callable[[], Case]) -> Callable[[], Case]:
    TINY[function.__name__] = function
    return function


def two_villages(apart_km: float, pupils: int = 4, **first: Any) -> lo.Study:
    """Two villages with a school each; running the first school costs less."""
    schools: Mapping[str, Any] = {
        "S1": (0, 0, {"annual_cost_cny": 10_000.0, "hub": False, **first}),
        "S2": (apart_km, 0.1, {"annual_cost_cny": 60_000.0, "hub": False}),
    }
    return tiny_study({"V1": (0, 0.1, [pupils] * 6), "V2": (apart_km, 0, [pupils] * 6)}, schools)


def far_village(pupils: list[int], km: float = 40.0, **hub: Any) -> lo.Study:
    """A village whose own school costs a million a year, far from a hub with beds."""
    given = {"hub": True, "beds": 20.0, **hub}
    return tiny_study(
        {"V1": (km, 0, pupils)},
        {"S1": (0, 0, given), "S2": (km, 0.1, {"hub": False, "annual_cost_cny": 1e6})},
    )


@tiny
def cover() -> Case:
    return two_villages(1.0), policy()


@tiny
def band_taught() -> Case:
    # 20 pupils of grade 4: a taught upper band needs three classes, pupils without a band only one.
    study = tiny_study({"V1": (0, 0.1, [20, 0, 0, 20])}, {"S1": (0, 0, {"hub": True})})
    return study, policy(multigrade=False)


@tiny
def school_state() -> Case:
    # All 24 pupils of grades 1-3 fit S1's one class; S2 would then teach grades 4-6 only.
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 3), "V2": (2, 0, [4] * 6)},
        {"S1": (0, 0, {"grades": "1-3", "status": "keep"}), "S2": (2, 0.1, {"hub": False})},
    )
    return study, policy()


@tiny
def protected() -> Case:
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (1, 0, [4] * 6)},
        {"S1": (0, 0, {}), "S2": (1, 0.1, {"status": "keep"})},
    )
    return study, policy()


@tiny
def places() -> Case:
    return two_villages(1.0, places_primary=30.0), policy()


@tiny
def beds() -> Case:
    # Nine pupils of grades 4-6, 40 km from two hubs; the cheaper hub has five beds.
    hub: Mapping[str, Any] = {"hub": True, "annual_cost_cny": 60_000.0}
    study = tiny_study(
        {"V1": (40, 0, [0, 0, 0, 3, 3, 3])},
        {"S1": (0, 0, {**hub, "annual_cost_cny": 10_000.0, "beds": 5.0}), "S2": (0, 5, {**hub, "beds": 20.0})},
    )
    return study, policy(allowed_boarding=True, keep_existing_exceptions=False)


@tiny
def class_size() -> Case:
    # 50 pupils of grade 1, at most 45 in a class: two classes, where one would save 2 posts.
    return tiny_study({"V1": (0, 0.1, [50])}, {"S1": (0, 0, {})}), policy()


@tiny
def class_per_grade() -> Case:
    return tiny_study({"V1": (0, 0.1, [20])}, {"S1": (0, 0, {"hub": True})}), policy(multigrade=False)


@tiny
def multigrade_size() -> Case:
    # 60 pupils: three grade classes need 6 posts, one class of 60 only 60 / 19 = 4.
    return tiny_study({"V1": (0, 0.1, [20] * 3)}, {"S1": (0, 0, {"hub": True})}), policy()


@tiny
def point_size() -> Case:
    # As above, and a teaching point (not for hubs) costs 20,000 where the school costs 60,000.
    return tiny_study({"V1": (0, 0.1, [20] * 3)}, {"S1": (0, 0, {"grades": "1-3", "hub": False})}), policy()


@tiny
def school_size() -> Case:
    return two_villages(1.0, pupils=5), policy(school_cap=50)


@tiny
def min_pupils() -> Case:
    # Keeping S2 for 6 pupils costs 4,000; a bus costs each of them 3,400.
    study = tiny_study(
        {"V1": (0, 0.1, [10] * 6), "V2": (10, 0, [1] * 6)},
        {"S1": (0, 0, {"hub": True}), "S2": (10, 0.1, {"hub": False, "annual_cost_cny": 0.0})},
    )
    return study, policy(min_pupils={"primary": 20, "junior": 0}, wage_cny=1_000, allowed=False)


@tiny
def posts() -> Case:
    return tiny_study({"V1": (0, 0.1, [4] * 6)}, {"S1": (0, 0, {})}), policy()


def growing(levels: list[tuple[int, float]]) -> lo.Study:
    """24 pupils, a school with 10 places that can grow, and a dear one 2 km away."""
    rows = [
        {"school_id": "S1", "stage": "primary", "level": number, "places": places, "capital_cny": capital}
        for number, (places, capital) in enumerate(levels, start=1)
    ]
    near = {"places_primary": 10.0, "annual_cost_cny": 0.0, "hub": False}
    return tiny_study(
        {"V1": (0, 0.1, [4] * 6)},
        {"S1": (0, 0, near), "S2": (2, 0.1, {"annual_cost_cny": 500_000.0, "hub": False})},
        expansions=rows,
    )


@tiny
def one_level() -> Case:
    return growing([(10, 1_000.0), (10, 1_000.0)]), policy()


@tiny
def capital_budget() -> Case:
    return growing([(20, 1e6)]), policy(capital_budget_cny=5e5)


@tiny
def annual_budget() -> Case:
    # Short ways keep both schools: 10,000 + 60,000 + 8 posts of 110,000; one school needs 4 posts.
    return two_villages(1.0), policy(goals=("travel",), annual_budget_cny=7e5)


@tiny
def walk_limit() -> Case:
    limits = {"lower": 15, "upper": 15, "junior": 15}
    return two_villages(2.0), policy(walk_max_min=limits, oneway_max_min=200)


@tiny
def hub_only() -> Case:
    return two_villages(5.0, pupils=1), policy()


@tiny
def walkable() -> Case:
    # The bus takes 2 minutes for the kilometre, the walk 10.
    study = tiny_study({"V1": (1, 0, [4] * 6)}, {"S1": (0, 0, {"hub": True})})
    return study, policy(goals=("travel", "annual_cost"))


@tiny
def ride_limit() -> Case:
    return two_villages(5.0, pupils=1, hub=True), policy(max_ride_min=5)


@tiny
def oneway_limit() -> Case:
    return two_villages(2.0), policy(oneway_max_min=15)


@tiny
def worsening_limit() -> Case:
    return two_villages(2.0), policy(worsening_max_min=5)


@tiny
def board_grade() -> Case:
    return far_village([3, 3, 3]), policy(allowed_boarding=True, allowed=False)


@tiny
def board_limit() -> Case:
    return far_village([0, 0, 0, 3, 3, 3]), policy(allowed_boarding=True, board_max_min=60)


@tiny
def board_nearest() -> Case:
    # The nearer hub costs half a million a year more than the other.
    hub: Mapping[str, Any] = {"hub": True, "beds": 20.0}
    study = tiny_study(
        {"V1": (40, 0, [0, 0, 0, 3, 3, 3])},
        {"S1": (0, 0, {**hub, "annual_cost_cny": 510_000.0}), "S2": (-5, 0, {**hub, "annual_cost_cny": 10_000.0})},
    )
    return study, policy(allowed_boarding=True, keep_existing_exceptions=False, board_nearest=1)


@tiny
def seats() -> Case:
    study = tiny_study(
        {"V1": (10, 0, [0, 0, 0, 4, 3, 3]), "V2": (10, 0.5, [0, 0, 0, 4, 3, 3])}, {"S1": (0, 0, {"hub": True})}
    )
    return study, policy(seats=12)


@pytest.mark.parametrize("name", [name for name in ALL if name not in (*NEVER_ALONE, *OF_SHARED_BUSES)])
def test_rule_bites(name: str) -> None:
    study, choices = TINY[name]()
    broken = lo.optimize(study, choices, effort="proof", skip={name})
    assert set(lo.audit(broken, study, choices).rule) == {name}
    assert lo.audit(lo.optimize(study, choices, effort="proof"), study, choices).empty


@pytest.mark.parametrize("name", NEVER_ALONE)
def test_rule_bites_with_the_one_that_implies_it(name: str) -> None:
    study, choices = TINY[name]()
    broken = lo.optimize(study, choices, effort="proof", skip={name, NEVER_ALONE[name]})
    assert set(lo.audit(broken, study, choices).rule) == {name}
    assert lo.audit(lo.optimize(study, choices, effort="proof"), study, choices).empty


def test_band_taught_lifts_the_bound_of_the_relaxed_program() -> None:
    # V1 reaches S1 only and V2 only S2, so both open; pupils of V3, who reach both, blur that when summed.
    middle = {"V1": (0, 0.1, [4] * 6), "V2": (5, 0.1, [4] * 6), "V3": (2.5, 0.1, [40] * 6)}
    study = tiny_study(middle, {"S1": (0, 0, {"places_primary": 500.0}), "S2": (5, 0, {"places_primary": 500.0})})
    choices = policy(allowed=False, hub_only=True)
    bounds = [_relaxed(study, choices, skip) for skip in ((), ("band_taught",))]
    assert bounds[0] > bounds[1] * 1.01


def _relaxed(study: lo.Study, choices: lo.Policy, skip: tuple[str, ...]) -> float:
    """The optimum once yes and no may be halved."""
    import dataclasses

    model, _ = build_model(study, choices, build_options(study, choices), skip=skip)
    program = model.program(model.goals["annual_cost"])
    free = dataclasses.replace(program, integer=program.integer & False)
    found = highs.solve(free)
    assert found.status == "optimal"
    return found.objective


def test_every_rule_has_a_tiny_study_and_a_twin_in_the_audit() -> None:
    """Fails when a rule is added without either: write both beside it."""
    assert {*TINY, *OF_SHARED_BUSES} == set(ALL)
    assert set(ALL) <= set(CHECKS)
    assert len(set(ALL)) == len(ALL)


def test_every_rule_says_what_it_is_for() -> None:
    for name, rule in RULES.items():
        assert rule.name == name
        assert len(rule.sentence.split()) > 4
        assert rule.formula
        assert rule.rows.__doc__


def test_an_unknown_rule_is_refused_and_the_nearest_named() -> None:
    study, choices = TINY["cover"]()
    with pytest.raises(ValueError, match=r"unknown rule 'walk_limits'\. Did you mean 'walk_limit'\?"):
        lo.optimize(study, choices, skip={"walk_limits"})


def test_a_rule_of_ones_own_holds() -> None:
    """At most one school with a name that begins with S1: the other must take everybody."""

    def not_the_cheap_one(data: Any) -> Any:
        is_open = data.frame.each("open")
        yield is_open.only(is_open.level("school_id") == "S1") <= 0.0

    study, choices = two_villages(1.0), policy()
    plan = lo.optimize(study, choices, effort="proof", extra_rules=[not_the_cheap_one])
    assert dict(zip(plan.schools["school_id"], plan.schools["role"], strict=True)) == {
        "S1": "closed",
        "S2": "full",
    }
