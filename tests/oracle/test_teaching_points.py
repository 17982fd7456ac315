"""Teaching points of grades 1-3 or 1-4: the line between lower and upper band, against sums in the head."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.options import build_options
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.rooms import class_table
from layoutopt.plan.today import current_plan
from layoutopt.pupils import pupils_of
from layoutopt.schema import GRADES, PUPIL_COLUMNS
from layoutopt.testing import tiny_policy, tiny_study
from layoutopt.today import attendance, items_of, staff_today

PUPILS = list(PUPIL_COLUMNS)
BUS = [{"vehicle_id": "B", "seats": 20, "fixed_cny": 1_000, "cny_per_km": 0}]
YEAR = {"oneway_max_min": {"lower": 10, "upper": 45, "junior": 60}, "wage_cny": 10_000, "allowed_boarding": False,
        "school_annual_cny": {"primary": 50_000, "junior": 50_000}}  # fmt: skip


def two_schools(p1: str = "1-6", *, each: int = 4) -> lo.Study:
    """P1 in a village of 24 pupils, 8 km (16 minutes by bus) from S1, a school of 120."""
    return tiny_study(
        {"V1": (0, 0, [each] * 6), "V2": (8, 0, [20] * 6)},
        {"P1": (0, 0, {"grades": p1}), "S1": (8, 0, {"hub": True})},
        vehicles=BUS,
    )


def last(grade: int, **changes: object) -> lo.Policy:
    return tiny_policy(**{**YEAR, "lower_last_grade": grade, **changes})


@pytest.mark.parametrize(("grade", "stays", "rides"), [(3, 12, 12), (4, 16, 8)])
def test_which_grades_stay_at_a_teaching_point(grade: int, stays: int, rides: int) -> None:
    # The lower band may be under way for 10 minutes and S1 is 16 away, so P1 cannot close.
    # P1 whole: 50,000 and two classes of two posts, 40,000; nobody rides: 90,000.
    # P1 as a point: 20,000, two posts 20,000, and one bus for the upper band (12 or 8 riders on 20 seats), 1,000: 41,000.
    # S1 has 20 to 24 in every grade, 6 classes of two posts either way: 50,000 + 120,000.
    study, policy = two_schools(), last(grade)
    plan = lo.optimize(study, policy)
    schools = plan.schools.set_index("school_id")
    assert schools.loc["P1", "role"] == "teaching_point"
    assert schools.loc["P1", "reason"] == f"V1 (grades 1-{grade}) would have no school within the limits"
    assert schools.loc["P1", "pupils_after"] == stays
    assert [schools.loc["P1", f"g{g}"] for g in GRADES] == [4 if g <= grade else 0 for g in GRADES]
    assert plan.bus_lines["riders"].sum() == rides
    costs = annual_costs(plan)
    assert {name: costs[name] for name in ("schools", "teachers", "buses")} == {
        "schools": 70_000, "teachers": 140_000, "buses": 1_000,
    }  # fmt: skip
    assert lo.audit(plan, study, policy).empty


@pytest.mark.parametrize(("grade", "other", "band"), [(3, 4, "upper"), (4, 3, "lower")])
def test_the_audit_names_a_plan_of_other_bands(grade: int, other: int, band: str) -> None:
    # Grade 4 rides with the upper band (k = 3) or stays with the lower (k = 4): under the other policy it has
    # the limits and classes of the wrong band, in both villages.
    study = two_schools()
    plan = lo.optimize(study, last(grade))
    found = lo.audit(plan, study, last(other))
    wrong = found[found["rule"] == "cover"]
    assert set(wrong["place"].str.extract(r"(V\d\.\w+)")[0]) == {f"V1.{band}", f"V2.{band}"}
    assert wrong["found"].sum() == 4 + 20
    assert wrong["message"].str.contains(f"of grade 4 go with band {band}").all()


@pytest.mark.parametrize(("grade", "classes", "posts"), [(3, 2, 4), (4, 5, 10)])
def test_classes_follow_the_bands(grade: int, classes: int, posts: int) -> None:
    # 10 in each grade. 1-3 and 4-6: 30 and 30 pupils, two multigrade classes (at most 30), 4 posts (60 / 19 = 3.2).
    # 1-4 and 5-6: 40 are too many for one class, four grade classes, and one multigrade class of 20: 5, 10 posts.
    study = tiny_study({"V1": (0, 0, [10] * 6)}, {"S1": (0, 0, {"teachers": 9.0})})
    plan = current_plan(study, last(grade))
    row = plan.schools.iloc[0]
    assert (row["classes"], row["posts"]) == (classes, posts)
    wanted = ["1-3", "4-6"] if grade == 3 else ["1", "2", "3", "4", "5-6"]
    assert class_table(plan)["grades"].tolist() == wanted
    assert lo.audit(plan, study, last(grade)).empty
    assert staff_today(study, last(grade))["teachers"].sum() == 9


def test_grade_four_of_a_school_of_three_grades_is_counted_where_it_attends_today() -> None:
    # P1 teaches 1-3 today: its village's grade 4 goes to S1, whatever the policy's bands; with k = 4 it may come back.
    study, policy = two_schools("1-3"), last(4, oneway_max_min=60)
    today = attendance(study, policy)
    at = today[today["settlement_id"] == "V1"].set_index(["band", "school_id"])[PUPILS].sum(axis=1)
    assert at.to_dict() == {("lower", "P1"): 12, ("lower", "S1"): 4, ("upper", "S1"): 8}
    items = items_of(study, policy).set_index("item")
    assert items.loc[["V1.lower.1", "V1.lower.2"], "today_school"].tolist() == ["P1", "S1"]
    rows = build_options(study, policy).rows
    assert set(rows.loc[rows["item"] == "V1.lower.2", "school_id"]) == {"P1", "S1"}


def test_a_school_of_four_grades_has_its_fourth_where_the_bands_say_so() -> None:
    study = two_schools("1-4")
    for grade, school in ((3, "S1"), (4, "P1")):
        today = attendance(study, last(grade))
        four = today[(today["settlement_id"] == "V1") & (today["g4"] > 0)]
        assert four["school_id"].tolist() == [school]


@pytest.mark.parametrize(
    ("grade", "least", "boards"),
    [(3, 4, {"upper"}), (4, 4, {"upper"}), (3, 5, set()), (4, 5, {"upper"}), (4, 6, set())],
)
def test_a_band_boards_from_its_lowest_grade(grade: int, least: int, boards: set[str]) -> None:
    # The upper band begins with grade 4 or 5; the lower never boards, even where grade 4 is in it.
    study = tiny_study({"V1": (0, 0, [4] * 6)}, {"S1": (60, 0, {"hub": True, "beds": 50.0})})
    rows = build_options(study, last(grade, allowed_boarding=True, board_min_grade=least)).rows
    assert set(rows.loc[rows["mode"] == "board", "band"]) == boards


@pytest.mark.parametrize("method", ["grades", "residents", "enrolment"])
def test_no_pupil_is_lost_or_made_by_the_bands(method: str) -> None:
    rng = np.random.default_rng(7)
    homes = {f"V{k}": (float(k), 0.0, rng.integers(1, 7, 9).tolist()) for k in range(6)}
    enrolled = {name: [6.0, 9.0] for name in PUPILS}
    schools = {
        code: (x, 0.0, {"grades": "1-9", "places_junior": 90.0, **{name: enrolled[name][at] for name in PUPILS}})
        for at, (code, x) in enumerate({"S1": 1.0, "S2": 4.0}.items())
    }
    study = tiny_study(homes, schools, current={code: {"population": 300.0} for code in homes})
    found = {}
    for grade in (3, 4):
        policy = last(grade) if method == "grades" else last(grade, method=method)
        totals = attendance(study, policy).groupby("settlement_id")[PUPILS].sum()
        pd.testing.assert_frame_equal(totals, pupils_of(study, policy).loc[totals.index], check_names=False)
        found[grade] = totals
    pd.testing.assert_frame_equal(found[3], found[4])
