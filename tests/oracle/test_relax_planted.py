"""Planted infeasibilities: the culprit is named, alone, several at once, and in a county of sixty schools."""

from __future__ import annotations

import runpy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import layoutopt as lo
from layoutopt.options import build_options
from layoutopt.samples import write_county
from layoutopt.testing import tiny_policy, tiny_study

KINDS = runpy.run_path(str(Path(__file__).parent / "planted_cases.py"))["KINDS"]
CASES = {kind.__name__: kind for kind in KINDS}


def named(found: Any, rule: str, place: str, amount: float) -> bool:
    return any(
        one.rule == rule and place in ("", one.place) and one.amount == pytest.approx(amount, abs=1e-3)
        for one in found.relaxations
    )


@pytest.mark.parametrize("name", list(CASES))
def test_the_culprit_is_named(name: str) -> None:
    case = CASES[name]()
    found = lo.why_infeasible(case.study, case.policy, priorities=case.priorities, extra_rules=tuple(case.extra_rules))
    assert found and not found.exists and found.proven
    assert named(found, case.rule, case.place, case.amount), found
    assert found.conflict and found.minimal
    assert found.repairs
    said = str(found)
    assert case.place.split(" ")[0] in said
    for one in found.relaxations:
        assert one.words.split(",")[0].split(" (")[0] in said, one.words
    assert list(found.table["rule"]) == [one.rule for one in found.relaxations]
    assert found._repr_html_().count("<li>") >= len(found.repairs)


def test_there_are_twenty_kinds_and_more() -> None:
    kinds = {CASES[name]().rule for name in CASES}
    assert len(CASES) >= 30 and len(kinds) >= 24


def test_several_at_once_are_all_named() -> None:
    """A full school, a way too long and a missing hub, each in a valley of its own."""
    small = {"hub": False}
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (100, 2.5, [0, 0, 0, 3, 3, 3]), "V3": (200, 10, [0, 0, 0, 2, 2, 2])},
        {
            "S1": (0, 0, {**small, "places_primary": 10.0}), "S2": (100, 0, small), "S3": (200, 0, small),
        },
    )  # fmt: skip
    policy = tiny_policy(keep_existing_exceptions=False, walk_max_min=20, oneway_max_min=90)
    found = lo.why_infeasible(study, policy)
    # 14 places; 9 pupils walk 25 minutes instead of 20; 6 pupils come 10 km by bus to what is no hub.
    assert {(one.rule, one.place, round(one.amount, 3)) for one in found.relaxations} == {
        ("places", "S1 primary", 14.0), ("walk_limit", "V2 upper", 5.0), ("hub_only", "S3", 6.0),
    }  # fmt: skip
    assert not found.repairs  # no single change is enough
    assert found.minimal and len(found.conflict) < 4  # one of the three valleys
    with pytest.raises(lo.InfeasibleError) as caught:
        lo.optimize(study, policy)
    assert set(caught.value.rules) == {"places", "walk_limit", "hub_only"}
    assert caught.value.relaxations == found.relaxations and caught.value.proven


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> lo.Study:
    """Sixty schools and 110 villages, few pupils."""
    made = lo.generate_county(settlements=110, schools=60, pupils=2_400, towns=5, area_km2=600, teachers=330, seed=3)
    return lo.read_study(write_county(made, tmp_path_factory.mktemp("county") / "county"))


POLICY = lo.Policy.preset("jiangxi_2023")


def alone(study: lo.Study, *, hub: bool) -> tuple[str, float]:
    """The school whose pupils have no other, with most such pupils of grades 1-6, and how many they are."""
    options = build_options(study, POLICY)
    only = options.rows.groupby("item")["school_id"].agg(["nunique", "first"])
    rows = options.items.join(only[only["nunique"] == 1]["first"], on="item", how="inner")
    rows = rows[rows["band"] != "junior"]
    pupils = rows.groupby("first")["pupils"].sum().sort_index()
    pupils = pupils[options.schools["hub"].reindex(pupils.index).to_numpy(bool) == hub]
    return str(pupils.idxmax()), float(pupils.max())


def with_places(study: lo.Study, school: str, places: float) -> lo.Study:
    schools = study.schools.copy()
    schools.loc[school, "places_primary"] = places
    return replace(study, schools=schools)


def test_a_full_school_of_a_county(county: lo.Study) -> None:
    school, pupils = alone(county, hub=True)
    found = lo.why_infeasible(with_places(county, school, pupils - 7), POLICY)
    assert any(
        proof.rule == "places" and school in proof.schools and proof.amount >= 7 - 1e-6 for proof in found.proofs
    )
    assert found.relaxations and any(school in line for line in found.conflict)
    assert any(f"at {school} primary" in repair.words for repair in found.repairs)


def test_a_closure_decided_in_a_county(county: lo.Study) -> None:
    school, _ = alone(county, hub=False)
    found = lo.why_infeasible(county, POLICY.replace(must_close=(school,)))
    assert f"{school} closes by decision" in str(found)
    assert any(repair.words == f"{school} stays after all" for repair in found.repairs)


def test_a_share_that_a_county_cannot_merge(county: lo.Study) -> None:
    found = lo.why_infeasible(county, POLICY.replace(merge_share=1.0))
    assert [proof.rule for proof in found.proofs] == ["merge_share"]
    assert alone(county, hub=False)[0] in found.proofs[0].schools
    # Longer ways for a few pupils count less than a closure; a share less by what is short is one change as well.
    wanted = f"{found.proofs[0].amount:.0f} closures fewer than merge_share asks for"
    assert any(repair.words == wanted for repair in found.repairs)


def test_all_of_them_at_once_in_a_county(county: lo.Study) -> None:
    full, pupils = alone(county, hub=True)
    closed, _ = alone(county, hub=False)
    study = with_places(county, full, pupils - 7)
    with pytest.raises(lo.InfeasibleError) as caught:
        lo.optimize(study, POLICY.replace(merge_share=1.0, must_close=(closed,)))
    said = str(caught.value)
    assert full in said and closed in said and "merge_share" in said
    assert {"merge_share", "protected"} <= set(caught.value.rules)
    assert len(caught.value.proofs) == 2  # places short around the one, and the share


def test_a_county_that_fits_is_told_so(county: lo.Study) -> None:
    found = lo.why_infeasible(county, POLICY)
    assert not found and found.exists and found.relaxations == () and found.table.empty
    assert str(found).startswith("A plan exists")
