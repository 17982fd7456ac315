"""Uses of closed premises against sums in the head and against every possible choice; straight kilometres."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.follow_up import premises_uses
from layoutopt.follow_up.premises import _crowds
from layoutopt.plan.premises_figures import buildings_reused, sites_km, use_facts
from layoutopt.testing import tiny_policy, tiny_study

BIG = {"building_area_m2": 1_000.0}


def county(
    villages: Mapping[str, tuple[float, float, Mapping[str, Any]]],
    sites: Mapping[str, tuple[float, float, Mapping[str, Any]]],
    **more: Any,
) -> lo.Study:
    """Villages of ten pupils."""
    return tiny_study(
        {code: (x, y, [10]) for code, (x, y, _) in villages.items()},
        {code: (x, y, columns) for code, (x, y, columns) in sites.items()},
        current={code: dict(columns) for code, (_, _, columns) in villages.items()},
        **more,
    )


def closed(*codes: str) -> pd.DataFrame:
    return pd.DataFrame({"school_id": list(codes), "role": "closed"})


def uses(table: pd.DataFrame) -> dict[str, str]:
    return dict(zip(table["school_id"], table["use"], strict=True))


def test_the_second_site_takes_another_use_where_the_first_stands_too_near() -> None:
    # S1 and S2 lie 1 km apart, S3 lies 9 km off. A kindergarten (60,000) may be at one of the first two (spacing 3 km)
    # and at S3; left-behind homes (50,000, spacing 5 km, radius 5 km) have 4 x 10 x 0.5 = 20 of at least 10 pupils at
    # S1 and S2. Best: kindergarten + home + kindergarten = 170,000; of S1 and S2 the kindergarten goes where most
    # children are (S2 reaches V2's 30 within 2 km as well, S1 20 only).
    village = {"age_0_6": 20.0, "left_behind": 0.5}
    villages = {
        "V1": (0, 0, village),
        "V2": (2.5, 0, {**village, "age_0_6": 30.0}),
        "V3": (10, 0, {**village, "left_behind": 0.0}),
    }
    study = county(villages, {"S1": (0, 0, BIG), "S2": (1, 0, BIG), "S3": (10, 0, BIG)})
    policy = tiny_policy(uses=("kindergarten", "left_behind_home"))
    found = premises_uses(study, policy, closed("S1", "S2", "S3"))
    assert uses(found) == {"S1": "left_behind_home", "S2": "kindergarten", "S3": "kindergarten"}
    assert found["value_cny"].sum() == 170_000
    assert found["capital_cny"].tolist() == [100_000, 150_000, 150_000]
    assert found["demand"].tolist() == [10.0, 50.0, 20.0]  # homes: V1 and V2 with 10 x 0.5 each
    assert found.loc[1, "next_km"] == pytest.approx(9.0) and np.isnan(found.loc[0, "next_km"])
    assert buildings_reused(found) == 3


def test_what_is_not_known_meets_no_minimum() -> None:
    # No area, no children under school age: only the village use has neither minimum.
    study = county({"V1": (0, 0, {})}, {"S1": (0, 0, {})})
    facts = use_facts(study, tiny_policy(), ["S1"]).set_index("use")["why_not"]
    assert facts["kindergarten"] == facts["left_behind_home"] == "area not known"
    found = premises_uses(study, tiny_policy(), closed("S1"))
    assert found.loc[0, "use"] == "village_use" and "area not known" in found.loc[0, "reason"]
    assert buildings_reused(found) == 0
    known = county({"V1": (0, 0, {})}, {"S1": (0, 0, BIG)})
    facts = use_facts(known, tiny_policy(), ["S1"]).set_index("use")["why_not"]
    assert (
        facts["kindergarten"] == "children nearby not known"
        and facts["labour_education_base"] == "too few children nearby"
    )


def test_teaching_area_stands_in_for_the_buildings() -> None:
    study = county(
        {"V1": (0, 0, {"age_0_6": 15.0})},
        {
            "S1": (0, 0, {"teaching_area_m2": 199.0}),
            "S2": (9, 0, {"teaching_area_m2": 201.0, "building_area_m2": 100.0}),
            "S3": (0, 1, {"teaching_area_m2": 200.0}),
        },
    )
    facts = use_facts(study, tiny_policy(uses=("kindergarten",)), ["S1", "S2", "S3"])
    assert facts["why_not"].tolist() == ["too small", "too small", ""]


def test_a_place_that_exists_keeps_its_distance() -> None:
    # A kindergarten stands in V1: S1 is 2.9 km away (spacing 3 km), S2 exactly 3 km.
    study = county(
        {"V1": (0, 0, {"age_0_6": 30.0}), "V2": (3, 0, {"age_0_6": 30.0})}, {"S1": (2.9, 0, BIG), "S2": (3, 0, BIG)},
        facilities=[{"settlement_id": "V1", "use": "kindergarten", "places": 30}],
    )  # fmt: skip
    found = premises_uses(study, tiny_policy(uses=("kindergarten",)), closed("S1", "S2"))
    assert uses(found) == {"S1": "", "S2": "kindergarten"}
    assert found["reason"].tolist() == ["kindergarten: another such place is near", "the use worth most that fits"]
    assert found.loc[1, "next_km"] == pytest.approx(3.0)


def test_who_stands_idle_is_told_why() -> None:
    study = county({"V1": (0, 0, {"age_0_6": 30.0})}, {"S1": (0, 0, BIG), "S2": (1, 0, BIG)})
    found = premises_uses(study, tiny_policy(uses=("kindergarten",)), closed("S1", "S2"))
    assert sorted(found["reason"]) == ["kindergarten: a closed school nearby takes it", "the use worth most that fits"]
    assert premises_uses(study, tiny_policy(uses=()), closed("S1"))["reason"].tolist() == ["the policy offers no use"]
    assert premises_uses(study, tiny_policy(), closed()).empty


def random_case(seed: int) -> tuple[lo.Study, lo.Policy]:
    rng = np.random.default_rng(seed)
    villages = {
        f"V{k}": (
            *rng.uniform(0, 8, 2),
            {"age_0_6": float(rng.integers(0, 40)), "left_behind": float(rng.uniform(0, 1))},
        )
        for k in range(6)
    }
    sites = {f"S{k}": (*rng.uniform(0, 8, 2), {"building_area_m2": float(rng.integers(50, 500))}) for k in range(6)}
    policy = tiny_policy(
        uses=("kindergarten", "left_behind_home", "after_school_care"),
        use_value_cny={"kindergarten": float(rng.integers(1, 5)), "left_behind_home": 3.0, "after_school_care": 2.0},
    )
    return county(villages, sites), policy


@pytest.mark.parametrize("seed", range(12))
def test_the_uses_are_worth_most_of_all_choices(seed: int) -> None:
    study, policy = random_case(seed)
    codes = list(study.schools.index)
    found = premises_uses(study, policy, closed(*codes))
    facts = use_facts(study, policy, codes)
    fits = facts[facts["why_not"] == ""].set_index(["school_id", "use"])[["value_cny", "demand"]]
    km = pd.DataFrame(sites_km(study, codes), codes, codes)

    def allowed(choice: tuple[str, ...]) -> bool:
        pairs = itertools.combinations([(code, use) for code, use in zip(codes, choice, strict=True) if use], 2)
        return all(a[1] != b[1] or km.loc[a[0], b[0]] >= policy.premises.use_spacing_km[a[1]] for a, b in pairs)

    offers = [["", *(use for use in policy.premises.uses if (code, use) in fits.index)] for code in codes]
    worth = [
        (sum(fits.loc[(c, u), "value_cny"] for c, u in zip(codes, choice, strict=True) if u),
         sum(fits.loc[(c, u), "demand"] for c, u in zip(codes, choice, strict=True) if u))
        for choice in itertools.product(*offers) if allowed(choice)
    ]  # fmt: skip
    assert (found["value_cny"].sum(), found["demand"].sum()) == pytest.approx(max(worth))


@pytest.mark.parametrize("seed", range(5))
def test_the_crowds_hold_every_two_that_are_too_near_and_no_others(seed: int) -> None:
    study, policy = random_case(seed)
    fits = use_facts(study, policy, list(study.schools.index))
    near = sites_km(study, list(study.schools.index)) < policy.premises.use_spacing_km["kindergarten"]
    at = np.flatnonzero((fits["use"] == "kindergarten").to_numpy())
    pairs = {
        tuple(sorted(p))
        for crowd in _crowds(study, policy, fits, "kindergarten")
        for p in itertools.combinations(crowd, 2)
    }
    assert pairs == {(at[i], at[j]) for i, j in itertools.combinations(range(len(at)), 2) if near[i, j]}
