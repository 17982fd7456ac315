"""Decisions by hand: checked at once, undone by value, and kept with the fewest further changes."""

from __future__ import annotations

from itertools import product

import pytest

import layoutopt as lo
from layoutopt.explaining.edit import edit
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.testing import tiny_policy, tiny_study

# Three villages in a row, 1 km apart, a school at each; all within the limits of all others on foot (15 min a km).
# 10, 6 and 4 pupils; S1 has room for 16, S2 for 12, S3 for 14.
VILLAGES = {"V1": (0, 0, [5, 5]), "V2": (1, 0, [3, 3]), "V3": (2, 0, [2, 2])}
SCHOOLS = {
    "S1": (0, 0, {"places_primary": 16.0, "annual_cost_cny": 10_000.0}),
    "S2": (1, 0, {"places_primary": 12.0, "annual_cost_cny": 90_000.0}),
    "S3": (2, 0, {"places_primary": 14.0, "annual_cost_cny": 40_000.0}),
}


@pytest.fixture(scope="module")
def plan() -> lo.Plan:
    study = tiny_study(VILLAGES, SCHOOLS)
    policy = tiny_policy(walk_max_min=60, oneway_max_min=60, allowed=False, goals=("unserved", "annual_cost"))
    return lo.optimize(study, policy, effort="proof")


def states(found: lo.Plan) -> dict[str, bool]:
    return {row.school_id: row.role in OPEN_ROLES for row in found.schools.itertuples()}


def went(found: lo.Plan) -> dict[str, str]:
    return dict(zip(found.assignments["settlement_id"], found.assignments["school_id"], strict=True))


def fewest(plan: lo.Plan, *, keep: str = "", close: str = "", move: dict[str, str] | None = None) -> tuple[int, float]:
    """Schools decided otherwise and pupils elsewhere at least, by trying every layout and every assignment."""
    pupils = {"V1": 10.0, "V2": 6.0, "V3": 4.0}
    places = {"S1": 16.0, "S2": 12.0, "S3": 14.0}
    best = (9, 1e9)
    for is_open in product((True, False), repeat=3):
        layout = dict(zip(places, is_open, strict=True))
        if (keep and not layout[keep]) or (close and layout[close]):
            continue
        for goes in product(places, repeat=3):
            to = dict(zip(pupils, goes, strict=True))
            load = {s: sum(n for v, n in pupils.items() if to[v] == s) for s in places}
            if any(load[s] > places[s] or (load[s] and not layout[s]) for s in places):
                continue
            if any(to[v] != s for v, s in (move or {}).items()):
                continue
            home = {"V1": "S1", "V2": "S2", "V3": "S3"}
            wanted = {v: home[v] if home[v] == keep and not states(plan)[keep] else went(plan)[v] for v in pupils}
            changed = sum(layout[s] != states(plan)[s] for s in places)
            best = min(best, (changed, sum(n for v, n in pupils.items() if to[v] != wanted[v])))
    return best


def measured(plan: lo.Plan, found: lo.Plan) -> tuple[int, float]:
    pupils = found.assignments.groupby("settlement_id")["pupils"].sum()
    moved = sum(float(pupils[v]) for v, s in went(found).items() if s != went(plan)[v])
    return sum(states(found)[s] != was for s, was in states(plan).items()), moved


def test_the_plan_closes_the_dear_school_in_the_middle(plan: lo.Plan) -> None:
    # 90,000 for S2; V2's six fit beside V1's ten at S1 (16) or V3's four at S3 (14), and neither takes all 20.
    assert states(plan) == {"S1": True, "S2": False, "S3": True}


def test_closing_changes_as_little_as_can_be(plan: lo.Plan) -> None:
    found = edit(plan).close("S1").reoptimize()
    assert found.proof.status == "optimal"
    assert lo.audit(found).empty
    assert not states(found)["S1"]
    # S3 has 14 places for 20: S2 opens again, two schools decided otherwise.
    assert measured(plan, found)[0] == 2
    assert measured(plan, found) == fewest(plan, close="S1")


def test_a_school_kept_again_gets_its_pupils_back(plan: lo.Plan) -> None:
    found = edit(plan).keep("S2", "the bridge is out").reoptimize()
    assert went(found)["V2"] == "S2"
    assert found.schools.set_index("school_id").loc["S2", "reason"] == "the bridge is out"
    assert measured(plan, found)[0] == fewest(plan, keep="S2")[0] == 1
    assert lo.audit(found).empty


def test_a_village_is_sent_and_others_stay(plan: lo.Plan) -> None:
    other = {"S1": "S3", "S3": "S1"}[went(plan)["V3"]]
    expected = fewest(plan, move={"V3": other})
    found = edit(plan).move("V3", other).reoptimize()
    assert went(found)["V3"] == other
    assert measured(plan, found) == expected
    assert lo.audit(found).empty


def test_a_draft_says_at_once_what_a_decision_breaks(plan: lo.Plan) -> None:
    crowded = edit(plan).close("S1")  # the ten of V1 go to S3, the only one open: 20 on 14 places
    assert "places" in set(crowded.check()["rule"])
    assert set(crowded.close("S3").check()["rule"]) == {"cover"}  # no school is left
    assert edit(plan).check().empty
    assert edit(plan).keep("S2").check().empty


def test_undo_is_by_value_and_later_decisions_replace_earlier_ones(plan: lo.Plan) -> None:
    one = edit(plan).close("S1")
    two = one.keep("S1")
    assert [step[:2] for step in one.steps] == [("close", "S1")]
    assert [step[:2] for step in two.steps] == [("keep", "S1")]
    assert one.keep("S2").undo().steps == one.steps
    assert edit(plan).undo().steps == ()


def test_names_that_do_not_exist_are_told(plan: lo.Plan) -> None:
    with pytest.raises(ValueError, match="'S7' is no school"):
        edit(plan).keep("S7")
    with pytest.raises(ValueError, match="'V8' is no settlement"):
        edit(plan).move("V8", "S1")
    with pytest.raises(ValueError, match="Name one change"):
        edit(plan).reoptimize()
    with pytest.raises(lo.InfeasibleError):
        edit(plan).close("S1").close("S3").reoptimize()
