"""Teachers and wages against every possible answer and against sums in the head; two minutes a kilometre."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.demand.spread import apportion
from layoutopt.follow_up import staff_moves
from layoutopt.follow_up.posts import posts_by_subject
from layoutopt.journeys import journeys_of
from layoutopt.plan.staff_figures import posts_short, staff_balance, teachers_left, teachers_moved, teachers_retrained
from layoutopt.testing import tiny_policy, tiny_study
from layoutopt.today import staff_today

Row = tuple[str, str, str, str, str, float, float, str]


def county(sites: Mapping[str, tuple[float, float, Mapping[str, Any]]], staff: Sequence[Row] | None = None) -> lo.Study:
    rows = (
        None
        if staff is None
        else [dict(zip(("school_id", "stage", "subject", "teachers", "protected"), row, strict=False)) for row in staff]
    )
    return tiny_study(
        {"V1": (0, 0, [9] * 9)},
        {code: (x, y, {"grades": "1-9", "places_junior": 90.0, **c}) for code, (x, y, c) in sites.items()},
        staff=rows,
    )


def table(posts: Mapping[str, tuple[float, float] | None]) -> pd.DataFrame:
    """A plan's schools: posts by stage, None where it closes."""
    rows = [
        {
            "school_id": code,
            "role": "closed" if need is None else "full",
            "posts_primary": (need or (0, 0))[0],
            "posts_junior": (need or (0, 0))[1],
        }
        for code, need in posts.items()
    ]
    return pd.DataFrame(rows)


def told(moves: pd.DataFrame) -> set[tuple[Any, ...]]:
    return set(moves.itertuples(index=False, name=None))


def test_teachers_of_a_closing_school_take_the_nearest_free_posts() -> None:
    # S2 closes with 3 teachers. S1, 5 km = 10 min away, has 2 for 4 posts; S3, 6 km = 12 min away, 4 for 6 posts.
    # Two go to S1 (10 min), one to S3 (12 min); one post at S3 has nobody.
    staff = [("S1", "primary", "", 2), ("S2", "primary", "", 3), ("S3", "primary", "", 4)]
    study = county({"S1": (0, 0, {}), "S2": (5, 0, {}), "S3": (11, 0, {})}, staff)
    moves = staff_moves(study, tiny_policy(), table({"S1": (4, 0), "S2": None, "S3": (6, 0)}))
    rows = moves.assign(minutes=moves["minutes"].round(6))
    assert told(rows) == {
        ("S2", "S1", "primary", "", "", 2.0, 10.0, "moves"),
        ("S2", "S3", "primary", "", "", 1.0, 12.0, "moves"),
        ("", "S3", "primary", "", "", 1.0, 0.0, "shortage"),
    }


def test_filled_posts_come_before_short_ways() -> None:
    # S2 and S4 close with a teacher each. S1 (2 min from S2) and S3 (40 min from S2) want one each; S4 reaches only
    # S1 (50 min; S3 is 92 min off, limit 60). Short ways alone would be S2 -> S1 and a post at S3 with nobody.
    study = county(
        {
            "S1": (0, 0, {"teachers": 0.0}),
            "S2": (1, 0, {"teachers": 1.0}),
            "S3": (21, 0, {"teachers": 0.0}),
            "S4": (-25, 0, {"teachers": 1.0}),
        }
    )
    moves = staff_moves(study, tiny_policy(), table({"S1": (1, 0), "S2": None, "S3": (1, 0), "S4": None}))
    assert {(row.from_school, row.to_school, round(row.minutes)) for row in moves.itertuples()} == {
        ("S2", "S3", 40),
        ("S4", "S1", 50),
    }


def test_teachers_of_a_closing_school_come_before_those_to_spare_elsewhere() -> None:
    # S1 has one teacher too many, 2 min from the free post; S2 closes 10 min away: its teacher takes it.
    staff = [("S1", "primary", "", 3), ("S2", "primary", "", 1)]
    study = county({"S1": (0, 0, {}), "S2": (6, 0, {}), "S3": (1, 0, {})}, staff)
    moves = staff_moves(study, tiny_policy(), table({"S1": (2, 0), "S2": None, "S3": (1, 0)}))
    assert {(row.from_school, row.to_school, row.kind) for row in moves.itertuples()} == {
        ("S2", "S3", "moves"),
        ("S1", "", "surplus"),
    }


def test_who_is_protected_stays_where_the_school_stays() -> None:
    # S1 keeps 1 of 3 teachers of mathematics, 2 are protected: one stays on the post, one has none, one goes.
    # S2 closes: its protected teacher goes too. S3 wants three.
    staff = [("S1", "primary", "maths", 3, 2), ("S2", "primary", "maths", 1, 1)]
    study = county({"S1": (0, 0, {}), "S2": (1, 0, {}), "S3": (2, 0, {})}, staff)
    moves = staff_moves(study, tiny_policy(), table({"S1": (1, 0), "S2": None, "S3": (3, 0)}))
    assert {(row.from_school, row.to_school, row.teachers, row.kind) for row in moves.itertuples()} == {
        ("S1", "S3", 1.0, "moves"), ("S2", "S3", 1.0, "moves"), ("S1", "", 1.0, "surplus"), ("", "S3", 1.0, "shortage"),
    }  # fmt: skip


@pytest.mark.parametrize("retrain", [True, False])
def test_a_subject_nobody_needs_is_retrained_for(retrain: bool) -> None:
    # Today 4 teach Chinese and 2 music: two thirds and one third of the posts should be theirs.
    staff = [
        ("S1", "primary", "Chinese", 2),
        ("S2", "primary", "Chinese", 2),
        ("S3", "primary", "music", 1),
        ("S4", "primary", "music", 1),
    ]
    study = county({"S1": (0, 0, {}), "S2": (1, 0, {}), "S3": (2, 0, {}), "S4": (90, 0, {})}, staff)
    moves = staff_moves(
        study, tiny_policy(retrain=retrain), table({"S1": (2, 0), "S2": None, "S3": (3, 0), "S4": (1, 0)})
    )
    # Six posts: S1 keeps 2 of Chinese, S3 and S4 keep 1 of music each, S3 has 2 new posts. Lacking are
    # 6 x 4/6 - 2 = 2 of Chinese and 6 x 2/6 - 2 = 0 of music, so both are for Chinese: S2's two teachers come.
    assert {
        (row.from_school, row.to_school, row.subject, row.to_subject, row.teachers) for row in moves.itertuples()
    } == {("S2", "S3", "Chinese", "Chinese", 2.0)}
    moves = staff_moves(
        study, tiny_policy(retrain=retrain), table({"S1": (2, 0), "S2": None, "S3": (3, 0), "S4": None})
    )
    # With S4 closed five posts: lacking are 5 x 4/6 - 2 = 1.33 of Chinese and 5 x 2/6 - 1 = 0.67 of music, so S3's two
    # new posts are one of each. S4 is 176 min away: its music teacher cannot come, so one of S2's is retrained.
    common = {("S2", "S3", "Chinese", "Chinese", 1.0, "moves"), ("S4", "", "music", "", 1.0, "surplus")}
    more = (
        {("S2", "S3", "Chinese", "music", 1.0, "retrained")}
        if retrain
        else {("S2", "", "Chinese", "", 1.0, "surplus"), ("", "S3", "", "music", 1.0, "shortage")}
    )
    assert {
        (row.from_school, row.to_school, row.subject, row.to_subject, row.teachers, row.kind)
        for row in moves.itertuples()
    } == common | more


def random_case(seed: int) -> tuple[lo.Study, lo.Policy, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    codes = ["S1", "S2", "S3", "S4"]
    sites = {code: (float(rng.integers(0, 40)), float(rng.integers(0, 3)), {}) for code in codes}
    cells = [(code, stage, subject) for code in codes for stage in ("primary", "junior") for subject in ("a", "b")]
    picked = rng.choice(len(cells), size=5, replace=False)
    staff = []
    for at in sorted(picked):
        count = int(rng.integers(1, 3))
        staff.append((*cells[at], count, int(rng.integers(0, count + 1))))
    posts = {code: None if rng.random() < 0.4 else (int(rng.integers(0, 3)), int(rng.integers(0, 2))) for code in codes}
    policy = tiny_policy(commute_max_min=float(rng.choice([20, 40, 90])), retrain=bool(rng.random() < 0.6))
    return county(sites, staff), policy, table(posts)


def worth(
    persons: Sequence[tuple[str, str, str, bool]],
    taken: Sequence[int | None],
    slots: Sequence[tuple[str, str, str]],
    ride: Any,
) -> tuple[float, ...]:
    placed = [(person, slots[slot]) for person, slot in zip(persons, taken, strict=True) if slot is not None]
    return (
        -len(placed),
        -sum(person[3] for person, _ in placed),
        sum(person[2] != slot[2] for person, slot in placed),
        round(sum(ride(person[0], slot[0]) for person, slot in placed), 6),
    )


@pytest.mark.parametrize("seed", range(25))
def test_the_flow_is_the_best_of_all_ways_to_place_everybody(seed: int) -> None:
    study, policy, schools = random_case(seed)
    cells = posts_by_subject(staff_today(study, policy), schools)
    closed = set(schools.loc[schools["role"] == "closed", "school_id"])
    spare = cells["teachers"] - cells["kept"]
    free = np.where(cells["school_id"].isin(closed), spare, np.minimum(spare, cells["teachers"] - cells["protected"]))
    keys = list(cells[["school_id", "stage", "subject"]].itertuples(index=False, name=None))
    persons = [(*key, key[0] in closed) for key, count in zip(keys, free, strict=True) for _ in range(int(count))]
    slots = [key for key, count in zip(keys, cells["posts"] - cells["kept"], strict=True) for _ in range(int(count))]
    minutes, _ = journeys_of(study, policy).rides([f"s:{code}" for code in ("S1", "S2", "S3", "S4")])

    def ride(one: str, other: str) -> float:
        return float(minutes[int(one[1]) - 1, int(other[1]) - 1])

    def may(person: tuple[str, str, str, bool], slot: tuple[str, str, str]) -> bool:
        near = ride(person[0], slot[0]) <= policy.staffing.commute_max_min
        return near and person[1] == slot[1] and (person[2] == slot[2] or policy.staffing.retrain)

    choices = [[None, *(at for at, slot in enumerate(slots) if may(person, slot))] for person in persons]
    answers = (
        taken
        for taken in itertools.product(*choices)
        if len({t for t in taken if t is not None}) == sum(t is not None for t in taken)
    )
    best = min((worth(persons, taken, slots, ride) for taken in answers), default=(0, 0, 0, 0.0))
    moves = staff_moves(study, policy, schools)
    goes = moves[moves["kind"].isin(["moves", "retrained"])]
    found = (
        -teachers_moved(moves),
        -float(goes.loc[goes["from_school"].isin(closed), "teachers"].sum()),
        teachers_retrained(moves),
        round(float((goes["teachers"] * goes["minutes"]).sum()), 6),
    )
    assert found == pytest.approx(best)
    assert posts_short(moves) == len(slots) - teachers_moved(moves)
    assert teachers_left(moves) == spare.sum() - teachers_moved(moves)
    balance = staff_balance(study, policy, schools, moves)
    assert (balance["posts"] - balance["filled"] == balance["shortage"]).all()


@pytest.mark.parametrize("seed", range(25))
def test_posts_by_subject_add_up_and_lose_nobody_without_need(seed: int) -> None:
    study, policy, schools = random_case(seed)
    cells = posts_by_subject(staff_today(study, policy), schools)
    sums = cells.groupby(["school_id", "stage"])[["teachers", "protected", "kept", "posts"]].sum()
    wanted = schools.set_index("school_id")
    for (code, stage), row in sums.iterrows():
        assert row["posts"] == wanted.loc[code, f"posts_{stage}"]
        assert row["kept"] == min(row["posts"], row["teachers"])
    assert (cells["kept"] <= cells["teachers"]).all() and (cells["posts"] >= cells["kept"]).all()
    roomy = (
        cells.set_index(["school_id", "stage"])
        .join(sums["protected"].rename("all_protected"))
        .join(sums["posts"].rename("all_posts"))
    )
    roomy = roomy[roomy["all_protected"] <= roomy["all_posts"]]
    assert (roomy["kept"] >= roomy["protected"]).all()


def test_part_posts_of_a_school_are_rounded_up_once() -> None:
    # S1: 1.5 + 1.5 + 0.25 = 3.25 posts are 4 persons: 4 x 1.5 / 3.25 = 1.85 twice, 0.31: 2, 2, 0.
    staff = [
        ("S1", "primary", "a", 1.5),
        ("S1", "primary", "b", 1.5),
        ("S1", "junior", "a", 0.25),
        ("S2", "primary", "a", 2.0),
    ]
    study = county({"S1": (0, 0, {}), "S2": (1, 0, {})}, staff)
    found = staff_today(study, tiny_policy())
    assert list(found[["school_id", "stage", "subject", "teachers"]].itertuples(index=False, name=None)) == [
        ("S1", "primary", "a", 2.0), ("S1", "primary", "b", 2.0), ("S2", "primary", "a", 2.0),
    ]  # fmt: skip
    assert apportion(4, np.array([1.0, 1.0, 1.0])).tolist() == [2.0, 1.0, 1.0]
    assert apportion(0, np.zeros(2)).tolist() == [0.0, 0.0]


def test_teachers_without_a_stage_are_split_by_the_posts_their_pupils_need() -> None:
    # S1 has 81 pupils, 9 a grade. Primary: two multigrade classes (27 pupils each) need 2 x 2 = 4 posts; junior: one
    # class of 27 needs 3. Of 10 teachers 10 x 4/7 = 5.7 -> 6 are primary, 4 junior.
    found = staff_today(county({"S1": (0, 0, {"teachers": 10.0})}), tiny_policy())
    assert dict(zip(found["stage"], found["teachers"], strict=True)) == {"primary": 6.0, "junior": 4.0}


def two_schools() -> lo.Study:
    return tiny_study(
        {"V1": (0, 0.1, [8] * 6), "V2": (10, 0, [1] * 6)},
        {
            "S1": (0, 0, {"hub": True, "teachers": 4.0, "annual_cost_cny": 100_000.0}),
            "S2": (10, 0.1, {"hub": False, "teachers": 4.0, "annual_cost_cny": 5_000.0}),
        },
    )


def test_redeployed_wages_save_nothing_so_a_cheap_school_stays() -> None:
    """Eight posts with S2, four without (two multigrade classes of two posts each); eight teachers today."""
    saved, redeployed = (tiny_policy(wages=wages, allowed=False) for wages in ("saved", "redeployed"))
    closes, stays = (
        lo.optimize(two_schools(), saved, effort="proof"),
        lo.optimize(two_schools(), redeployed, effort="proof"),
    )
    roles = [dict(zip(plan.schools["school_id"], plan.schools["role"], strict=True))["S2"] for plan in (closes, stays)]
    # Wages saved: 4 x 110,000 + 100,000 and the bus. Redeployed: 8 x 110,000 + 105,000, for the bus costs more than S2.
    assert roles == ["closed", "full"]
    bus = closes.figures.cost_buses_cny
    assert bus > 5_000
    assert closes.figures.cost_cny == pytest.approx(4 * 110_000 + 100_000 + bus)
    assert stays.figures.cost_cny == pytest.approx(8 * 110_000 + 105_000)
    assert stays.proof.main is not None and stays.proof.main.gap < 1e-3
    assert stays.proof.unavoidable_cny == pytest.approx(8 * 110_000)


def test_posts_beyond_todays_teachers_are_paid_too() -> None:
    """One teacher today (half a post, rounded up) and two multigrade classes of two posts each: four are paid."""
    study = tiny_study({"V1": (0, 0.1, [10] * 6)}, {"S1": (0, 0, {"teachers": 0.5, "annual_cost_cny": 0.0})})
    plan = lo.optimize(study, tiny_policy(wages="redeployed"), effort="proof")
    assert plan.figures.cost_teachers_cny == pytest.approx(4 * 110_000)
    assert plan.proof.options["paid_posts"] == 4


def test_redeployed_wages_need_the_teachers_of_today() -> None:
    study = tiny_study({"V1": (0, 0.1, [10] * 6)}, {"S1": (0, 0, {})})
    with pytest.raises(
        lo.PolicyError, match=r"staffing.wages = 'redeployed' needs .* schools.teachers is empty for S1"
    ):
        lo.optimize(study, tiny_policy(wages="redeployed"))
