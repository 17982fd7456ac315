"""What is certain before solving: each proof names places and amounts, and is silent where a plan may exist."""

from __future__ import annotations

from typing import Any

import layoutopt as lo
from layoutopt.options import build_options
from layoutopt.pipeline.certificates import Certificate, certificates
from layoutopt.testing import tiny_policy, tiny_study

SMALL: dict[str, Any] = {"hub": False}


def proofs(study: lo.Study, policy: lo.Policy, **more: Any) -> list[Certificate]:
    return certificates(study, policy, build_options(study, policy), **more)


def chain(*places: float) -> lo.Study:
    """Villages of 12 pupils of grades 1-3 in a row, each between two schools 2 km apart; and a far one with room."""
    villages = {f"V{i}": (2.0 * i + 1.0, 0.0, [4, 4, 4]) for i in range(len(places) - 1)}
    schools = {f"S{i}": (2.0 * i, 0.0, {**SMALL, "places_primary": room}) for i, room in enumerate(places)}
    return tiny_study(
        {**villages, "V9": (90.0, 0.1, [4, 4, 4])}, {**schools, "S9": (90.0, 0.0, {**SMALL, "places_primary": 300.0})}
    )


def test_a_pocket_is_named_by_its_minimum_cut() -> None:
    # V0 and V1 (24 pupils) reach S0, S1 and S2 within 30 minutes: 5 + 4 + 9 places, 6 short. V9 has its own.
    policy = tiny_policy(oneway_max_min=30, walk_max_min=30)
    (proof,) = proofs(chain(5, 4, 9), policy)
    assert (proof.rule, proof.settlements, proof.schools, proof.amount) == (
        "places",
        ("V0", "V1"),
        ("S0", "S1", "S2"),
        6,
    )
    assert "6 places are short in a closed pocket: the 24 pupils of V0, V1 reach only S0, S1, S2" in str(proof)


def test_only_the_part_that_is_short_is_named() -> None:
    # Within 10 minutes V0 has S0 and S1, V1 has S1 and S2. S2 alone has room for V1: V0 with 5 + 4 is 3 short.
    policy = tiny_policy(oneway_max_min=10, walk_max_min=10, keep_existing_exceptions=False)
    (proof,) = proofs(chain(5, 4, 12), policy)
    assert (proof.settlements, proof.schools, proof.amount) == (("V0",), ("S0", "S1"), 3)


def test_pockets_that_share_no_school_are_told_apart() -> None:
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 3), "V2": (50, 0.1, [4] * 3), "V3": (90, 0.1, [4] * 3)},
        {
            "S1": (0, 0, {**SMALL, "places_primary": 10.0}), "S2": (50, 0, {**SMALL, "places_primary": 7.0}),
            "S3": (90, 0, SMALL),
        },
    )  # fmt: skip
    found = proofs(study, tiny_policy())
    assert [(proof.settlements, proof.schools, proof.amount) for proof in found] == [
        (("V1",), ("S1",), 2), (("V2",), ("S2",), 5),
    ]  # fmt: skip


def test_expansions_and_skipped_rules_leave_no_proof() -> None:
    policy = tiny_policy(oneway_max_min=30, walk_max_min=30)
    study = chain(5, 4, 9)
    assert proofs(study, policy, skip={"places"}) == []
    level = [{"school_id": "S1", "stage": "primary", "level": 1, "places": 6, "capital_cny": 1}]
    grown = tiny_study(
        {"V0": (1, 0, [4, 4, 4]), "V1": (3, 0, [4, 4, 4])},
        {f"S{i}": (2.0 * i, 0, {**SMALL, "places_primary": room}) for i, room in enumerate((5.0, 4.0, 9.0))},
        expansions=level,
    )
    assert proofs(grown, policy) == []


def test_the_largest_size_counts_over_stages() -> None:
    # 12 + 9 pupils, places for all of them, but no school may have more than 15.
    study = tiny_study(
        {"V1": (0, 0.1, [4, 4, 4, 0, 0, 0, 3, 3, 3])},
        {"S1": (0, 0, {**SMALL, "grades": "1-9", "places_junior": 50.0})},
    )
    (proof,) = proofs(study, tiny_policy(school_cap=15, nine_year_cap=15))
    assert (proof.schools, proof.amount) == (("S1",), 6)
    assert proofs(study, tiny_policy(school_cap=15, nine_year_cap=15), skip={"school_size"}) == []


def test_beds_for_those_who_can_only_board() -> None:
    study = tiny_study({"V1": (40, 0, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, {"hub": True, "beds": 5.0})})
    policy = tiny_policy(allowed_boarding=True, keep_existing_exceptions=False)
    (proof,) = proofs(study, policy)
    assert (proof.rule, proof.settlements, proof.schools, proof.amount) == ("beds", ("V1",), ("S1",), 4)
    assert proofs(study, policy, skip={"beds"}) == []


def test_a_fleet_without_seats_for_those_who_must_ride() -> None:
    vehicles = [{"vehicle_id": "small", "seats": 5, "count": 1, "fixed_cny": 1e4, "cny_per_km": 1.0}]
    study = tiny_study({"V1": (10, 0, [3, 3, 3])}, {"S1": (0, 0, {"hub": True})}, vehicles=vehicles)
    policy = tiny_policy(keep_existing_exceptions=False)
    (proof,) = proofs(study, policy)
    assert (proof.rule, proof.amount) == ("fleet", 4)
    assert proofs(study, tiny_policy(keep_existing_exceptions=False, second_run_window_min=60)) == []
    found = lo.why_infeasible(study, policy)
    assert found and not found.relaxations and "4 bus seats are short" in str(found)


def test_the_only_school_with_too_few_pupils() -> None:
    study = tiny_study({"V1": (0, 0.1, [2] * 6)}, {"S1": (0, 0, SMALL)})
    policy = tiny_policy(min_pupils={"primary": 20, "junior": 0})
    (proof,) = proofs(study, policy)
    assert (proof.rule, proof.schools, proof.amount) == ("min_pupils", ("S1",), 8)
    young = tiny_study({"V1": (0, 0.1, [2] * 3)}, {"S1": (0, 0, SMALL)})
    assert proofs(young, policy.replace(min_pupils={"primary": 20, "junior": 0})) == []  # a teaching point will do
