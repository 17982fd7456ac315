"""What follows from a layout, audited: each wrong cell of staff_moves and premises is named, the right ones pass."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.follow_up import premises_uses, staff_moves
from layoutopt.kernels.highs import Program
from layoutopt.plan.audit import CHECKS
from layoutopt.plan.facts import facts_of
from layoutopt.plan.geopackage import plan_layers
from layoutopt.plan.staff_figures import rotation
from layoutopt.plan.tables import MOVE_COLUMNS
from layoutopt.testing import tiny_policy, tiny_study

POLICY = tiny_policy(uses=("kindergarten", "village_use"))
STAFF = [
    ("S1", "primary", "Chinese", 3, 1, 1), ("S2", "primary", "Chinese", 2, 0, 1), ("S2", "primary", "maths", 1, 1, 0),
    ("S3", "primary", "Chinese", 1, 0, 0), ("S3", "primary", "maths", 4, 3, 2), ("S4", "primary", "maths", 2, 0, 1),
]  # fmt: skip
POSTS = {"S1": 5, "S2": 0, "S3": 4, "S4": 0}


@cache
def county() -> lo.Study:
    """S2 (1 km from S1) and S4 (50 km off) close; S3 (5 km) has one teacher too many; two sites for kindergartens."""
    names = ("school_id", "stage", "subject", "teachers", "protected", "backbone")
    return tiny_study(
        {"V1": (0, 0, [9] * 6), "V2": (1, 0, [1] * 6), "V3": (5, 0, [9] * 6), "V4": (50, 0, [1] * 6)},
        {
            "S1": (0, 0, {}),
            "S2": (1, 0, {"building_area_m2": 300.0}),
            "S3": (5, 0, {}),
            "S4": (50, 0, {"building_area_m2": 90.0}),
        },
        staff=[dict(zip(names, row, strict=True)) for row in STAFF],
        facilities=[{"settlement_id": "V3", "use": "kindergarten"}],
        current={"V1": {"age_0_6": 40.0}, "V2": {"age_0_6": 5.0}},
    )


@cache
def made() -> lo.Plan:
    """Today's plan with two schools closed by hand, and what follows from that."""
    plan = lo.current_plan(county(), POLICY)
    schools = plan.schools.copy()
    posts = schools["school_id"].map(POSTS)
    schools["role"] = np.where(posts > 0, "full", "closed")
    schools["posts_primary"] = schools["posts"] = posts
    moves, uses = (make(county(), POLICY, schools) for make in (staff_moves, premises_uses))
    return plan.replace(schools=schools, staff_moves=moves, premises=uses)


def named(plan: lo.Plan, rule: str, policy: lo.Policy = POLICY) -> list[str]:
    """What one check of the audit says."""
    found = CHECKS[rule](facts_of(plan, plan.study, policy))
    return [f"{violation.place}: {violation.message}" for violation in found]


def move(
    kind: str,
    start: str,
    end: str,
    subject: str = "Chinese",
    to: str = "Chinese",
    teachers: float = 1.0,
    minutes: float = 0.0,
) -> tuple[Any, ...]:
    return (start, end, "primary", subject, to, teachers, minutes, kind)


def test_the_county_follows() -> None:
    # 13 teachers, 9 posts; maths 7/13, Chinese 6/13. S1 keeps 3 on 5 posts. S3 keeps 4 of 5: its 3 protected of maths
    # and 1 of the other two by largest remainder, 1 x 1/2 each: Chinese comes first. Lacking are 9 x 6/13 - 4 = 0.15 of
    # Chinese and 9 x 7/13 - 3 = 1.85 of maths, so of S1's two new posts 2 x 0.15/2 = 0.15 -> 0 are Chinese, 2 maths.
    # S2 closes: its teacher of maths goes to S1 (2 min), and one of Chinese is retrained, or S3's spare teacher of
    # maths goes there: teachers of closing schools come first. S4 is too far off.
    assert set(made().staff_moves.itertuples(index=False, name=None)) == {
        move("moves", "S2", "S1", "maths", "maths", 1.0, 2.0),
        move("retrained", "S2", "S1", "Chinese", "maths", 1.0, 2.0),
        move("surplus", "S2", "", "Chinese", ""),
        move("surplus", "S3", "", "maths", ""),
        move("surplus", "S4", "", "maths", "", 2.0),
    }
    assert named(made(), "staff_moves") == named(made(), "premises") == []
    figures = made().figures
    assert (figures.teachers_moved, figures.teachers_retrained, figures.posts_short) == (2.0, 1.0, 0.0)
    assert (figures.retraining_cny, figures.buildings_reused, figures.premises_capital_cny) == (3_000.0, 1, 150_000.0)


def test_redeployed_teachers_without_a_post_are_a_reserve() -> None:
    # As above, and wages are redeployed: S2's other teacher of Chinese goes to S1 all the same. S4 is out of reach, S3
    # stays open.
    policy = POLICY.replace(wages="redeployed")
    moves = staff_moves(county(), policy, made().schools)
    rest = made().staff_moves.drop(index=at("surplus", "S2")).itertuples(index=False, name=None)
    assert set(moves.itertuples(index=False, name=None)) == {*rest, move("reserve", "S2", "S1", minutes=2.0)}
    plan = made().replace(staff_moves=moves, policy=policy)
    assert named(plan, "staff_moves", policy) == []
    assert plan.figures.teachers_moved == 3.0
    none = made().schools.assign(role="closed", posts=0, posts_primary=0)
    assert set(staff_moves(county(), policy, none)["kind"]) == {"surplus"}


def replaced(*rows: tuple[Any, ...], drop: tuple[int, ...] = ()) -> lo.Plan:
    """The plan with rows of its moves dropped and others added."""
    kept = made().staff_moves.drop(index=list(drop))
    return made().replace(
        staff_moves=pd.concat([kept, pd.DataFrame(rows, columns=list(MOVE_COLUMNS))], ignore_index=True)
    )


def at(kind: str, start: str) -> int:
    moves = made().staff_moves
    return int(moves.index[(moves["kind"] == kind) & (moves["from_school"] == start)][0])


WRONG: dict[str, tuple[Callable[[], lo.Plan], str]] = {
    "beyond the limit": (
        lambda: replaced(move("moves", "S4", "S1", "maths", "maths", minutes=100), drop=(at("moves", "S2"),)),
        "S4: teachers of S4 would travel 100 min to S1, limit 60",
    ),
    "wrong minutes": (
        lambda: replaced(move("moves", "S2", "S1", "maths", "maths", minutes=5), drop=(at("moves", "S2"),)),
        "S2: minutes says 5.00, it is 2.00",
    ),
    "leaves a school that has too few": (
        lambda: replaced(move("moves", "S1", "S3", minutes=10), move("shortage", "", "S1", "")),
        "S1: 1 of 3 primary teachers leave, though there are 5 posts",
    ),
    "protected": (
        lambda: replaced(move("moves", "S3", "S1", "maths", "maths", 2, 10), drop=(at("surplus", "S3"),)),
        "S3: 2 primary teachers maths leave, 3 are protected",
    ),
    "more than there are": (
        lambda: replaced(move("surplus", "S4", "", "maths", "", 3), drop=(at("surplus", "S4"),)),
        "S4: 3 primary teachers maths leave or are left over of 2",
    ),
    "counted twice": (
        lambda: replaced(move("surplus", "S1", "", "Chinese", "")),
        "S1: 3 primary teachers − 0 who leave − 1 without a post + 2 who come + 0 lacking are not 5 posts",
    ),
    "a reserve from a school that stays": (
        lambda: replaced(move("reserve", "S3", "S1", "maths", "maths", minutes=10), drop=(at("surplus", "S3"),)),
        "S3: teachers leave for S1 as a reserve, though their school stays",
    ),
    "a reserve for a closed school": (
        lambda: replaced(move("reserve", "S4", "S2", "maths", "maths", 2, 98), drop=(at("surplus", "S4"),)),
        "S2: is to take a reserve, but has no primary posts",
    ),
    "no school": (lambda: replaced(move("moves", "S9", "S1")), "S9: a row of kind moves: 'S9' is no school"),
    "both ends": (lambda: replaced(move("surplus", "S1", "S2")), "S1: a row of kind surplus: 'S2' should be empty"),
    "no kind": (
        lambda: replaced(move("leaves", "S1", "S2")),
        "S1: 'leaves' of stage 'primary' is no movement of teachers",
    ),
    "half a person": (
        lambda: replaced(move("surplus", "S1", "", teachers=0.5)),
        "S1: 0.5 teachers are not whole persons",
    ),
    "retrained, not said": (
        lambda: replaced(move("moves", "S2", "S1", "Chinese", "maths", minutes=2), drop=(at("retrained", "S2"),)),
        "S2: kind moves from subject 'Chinese' to 'maths'",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_move_is_named(case: str) -> None:
    make, message = WRONG[case]
    assert message in named(make(), "staff_moves")


def test_retraining_is_held_against_the_policy() -> None:
    assert named(made(), "staff_moves", POLICY.replace(retrain=False)) == [
        "S2: teachers are retrained, which the policy forbids"
    ]
    assert named(made(), "staff_moves", POLICY.replace(commute_max_min=1))[0].endswith(
        "would travel 2 min to S1, limit 1"
    )


def test_plans_without_the_tables_are_not_held_against_it() -> None:
    today = lo.current_plan(county(), POLICY)
    assert named(today, "staff_moves") == named(today, "premises") == named(today, "payroll") == []
    assert (today.figures.teachers_moved, today.figures.buildings_reused) == (0.0, 0)


def test_teachers_nobody_knows_do_not_move() -> None:
    # S1's are not known: it neither gives nor takes; S2's teacher could go nowhere else.
    study = tiny_study({"V1": (0, 0, [9] * 6)}, {"S1": (0, 0, {}), "S2": (1, 0, {"teachers": 1.0})})
    schools = pd.DataFrame(
        {"school_id": ["S1", "S2"], "role": ["full", "closed"], "posts_primary": [9, 0], "posts_junior": [0, 0]}
    )
    moves = staff_moves(study, POLICY, schools)
    assert list(moves.itertuples(index=False, name=None)) == [("S2", "", "primary", "", "", 1.0, 0.0, "surplus")]
    nobody = tiny_study({"V1": (0, 0, [9] * 6)}, {"S1": (0, 0, {}), "S2": (1, 0, {})})
    assert staff_moves(nobody, POLICY, schools).empty


def premises(**cells: Any) -> lo.Plan:
    table = made().premises.astype(dict.fromkeys(cells, object))
    for name, value in cells.items():
        table.loc[0, name] = value
    return made().replace(premises=table)


def test_the_premises_follow() -> None:
    # S2: 300 m2 and 40 + 5 children under school age within 2 km, the next kindergarten at V3, 4 km off: it fits.
    # S4: no child is known there.
    assert made().premises[["school_id", "use", "area_m2", "demand", "next_km"]].iloc[0].tolist() == [
        "S2",
        "kindergarten",
        300.0,
        45.0,
        4.0,
    ]
    assert made().premises["use"].tolist() == ["kindergarten", "village_use"]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"school_id": "S1"}, "S1: its premises are given a use, but it is full"),
        ({"school_id": "S9"}, "S9: its premises are given a use, but it is no school of the study"),
        ({"school_id": "S4"}, "S4: its premises have more than one use"),
        ({"use": "inn"}, "S2: 'inn' is no use the policy offers"),
        ({"demand": 46.0}, "S2: demand says 46, it is 45"),
        ({"value_cny": 1.0}, "S2: value_cny says 1, it is 60,000"),
        ({"next_km": np.nan}, "S2: next_km says nan, it is 4"),
        ({"use": ""}, "S2: value_cny says 60,000, it is 0"),
    ],
)
def test_wrong_premises_are_named(cells: dict[str, Any], message: str) -> None:
    assert message in named(premises(**cells), "premises")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"use_min_area_m2": {"kindergarten": 301}}, "S2: cannot become kindergarten: too small"),
        ({"use_min_demand": {"kindergarten": 46}}, "S2: cannot become kindergarten: too few children nearby"),
        ({"use_spacing_km": {"kindergarten": 4.1}}, "S2: cannot become kindergarten: another such place is near"),
        ({"uses": ("village_use",)}, "S2: 'kindergarten' is no use the policy offers"),
    ],
)
def test_uses_are_held_against_the_policy(changes: dict[str, Any], message: str) -> None:
    assert message in named(made(), "premises", POLICY.replace(**changes))


def test_closed_sites_keep_their_distance_from_each_other() -> None:
    table = pd.concat([made().premises[made().premises["school_id"] == "S2"]] * 2, ignore_index=True)
    table["school_id"], table["next_km"] = ["S2", "S4"], [4.0, 45.0]
    policy = POLICY.replace(use_spacing_km={"kindergarten": 3}, use_min_area_m2={}, use_min_demand={})
    assert not [text for text in named(made().replace(premises=table), "premises", policy) if "limit" in text]
    near = POLICY.replace(use_spacing_km={"village_use": 60}, use_min_area_m2={}, use_min_demand={})
    both = table.assign(use="village_use")
    assert "S2: village_use is 49.0 km from the next, limit 60 km" in named(
        made().replace(premises=both), "premises", near
    )


def test_the_map_says_what_becomes_of_the_premises() -> None:
    layer = plan_layers(made())["premises"].set_index("school_id")["reuse"]
    assert layer.to_dict() == {"S2": "kindergarten", "S4": "village_use"}
    table = made().premises.assign(use="")
    assert plan_layers(made().replace(premises=table))["premises"]["reuse"].tolist() == ["idle", "idle"]
    assert plan_layers(made().replace(premises=table[:0]))["premises"]["reuse"].tolist() == [
        "not decided",
        "not decided",
    ]


def test_rotation_says_what_is_known() -> None:
    # Two of the 13 teachers change school; five are protected: 2/8. The one of maths is all there is at S2 and no
    # backbone teacher; of S2's two of Chinese one goes and one of the two is a backbone teacher: 0 or 1 of 2.
    found = rotation(made()).set_index("key")
    assert found.loc["rotation_share", ["least", "most", "verdict"]].tolist() == [0.25, 0.25, "met"]
    assert found.loc["rotation_backbone_share", ["least", "most", "verdict"]].tolist() == [0.0, 0.5, "not known"]
    strict = made().replace(policy=POLICY.replace(rotation_share=0.3, rotation_backbone_share=0.6))
    assert rotation(strict)["verdict"].tolist() == ["not met", "not met"]
    none = made().replace(staff_moves=made().staff_moves[:0])
    assert rotation(none)["verdict"].tolist() == ["not met", "not known"]


def test_the_tables_survive_the_folder(tmp_path: Path) -> None:
    back = lo.Plan.from_folder(made().to_folder(tmp_path / "plan"))
    pd.testing.assert_frame_equal(back.staff_moves, made().staff_moves, check_dtype=False)
    pd.testing.assert_frame_equal(back.premises, made().premises, check_dtype=False)


BAD = [
    ({"uses": ("inn",)}, "premises.uses names 'inn'; known are kindergarten"),
    ({"uses": ("village_use", "village_use")}, "premises.uses names a use twice"),
    ({"use_min_area_m2": {"inn": 3}}, "premises.use_min_area_m2 names 'inn'"),
    ({"use_value_cny": {"kindergarten": -1}}, "premises.use_value_cny.kindergarten = -1; give 0 or more"),
    (
        {"use_radius_km": {}},
        "premises.use_min_demand.kindergarten = 15 needs premises.use_radius_km.kindergarten; it is not given",
    ),
]


@pytest.mark.parametrize(("changes", "message"), BAD)
def test_what_no_policy_of_premises_can_hold(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(lo.PolicyError) as caught:
        lo.Policy().replace(**changes)
    assert message in str(caught.value)


def test_a_flow_without_a_way_is_no_flow() -> None:
    import scipy.sparse as sp

    from layoutopt.errors import SolverError
    from layoutopt.follow_up.network import in_order

    one = np.ones(1)
    program = Program(one, 0 * one, one, one > 1, sp.csr_matrix([[1.0]]), 2 * one, 2 * one)
    with pytest.raises(SolverError, match="infeasible"):
        in_order(program, [one])
