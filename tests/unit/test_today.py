"""Today: who attends which school, what each school is, and how groups are cut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.errors import PolicyError
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study
from layoutopt.testing import tiny_study
from layoutopt.today import (
    attendance,
    attendance_method,
    enrolment_today,
    items_of,
    largest_bus,
    methods,
    own_dwell_min,
    school_facts,
)


def policy(**changes: Any) -> lo.Policy:
    """A kilometre is 10 minutes on foot and 2 by bus; stops take a minute, and one more for ten riders."""
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 1.0, "dwell_min_per_rider": 0.1,
        "gravity_halving_km": 2.0, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


STUDY = tiny_study(
    {
        "V1": (0, 0, [4] * 6),  # 1 km from S1, names it
        "V2": (2, 0, [2] * 6),  # names none, S2 is nearest
        "V3": (10, 0, [3] * 3),  # names S1 although S2 is nearer: 100 minutes on foot, so it rides
    },
    {
        "S1": (0, 1, {"teachers": 9.0, "places_primary": 100.0}),
        "S2": (2, 1, {"grades": "1-3", "places_primary": np.nan, "classrooms": 4.0}),
        "S3": (2, 0.5, {"status": "candidate"}),
    },
    current={"V1": {"current_primary": "S1"}, "V3": {"current_primary": "S1"}},
)


def test_who_attends_which_school_and_how() -> None:
    today = attendance(STUDY, policy()).set_index(["settlement_id", "band"])
    assert today["school_id"].to_dict() == {
        ("V1", "lower"): "S1", ("V1", "upper"): "S1", ("V2", "lower"): "S2", ("V2", "upper"): "S1", ("V3", "lower"): "S1",
    }  # fmt: skip
    assert today["inferred"].to_dict() == {
        ("V1", "lower"): False, ("V1", "upper"): False, ("V2", "lower"): True, ("V2", "upper"): True,
        ("V3", "lower"): False,
    }  # fmt: skip
    walk = today.loc[("V1", "lower")]
    assert (walk["mode"], walk["minutes"], walk["ride_min"], walk["km"]) == (
        "walk",
        pytest.approx(10),
        0,
        pytest.approx(1),
    )
    ride = today.loc[("V3", "lower")]
    assert ride["mode"] == "bus"
    # sqrt(101) km at 2 min, one minute of standing and 0.1 for each of nine riders.
    assert ride["minutes"] == ride["ride_min"] == pytest.approx(2 * np.sqrt(101) + 1.9)


def test_a_band_without_pupils_has_no_row() -> None:
    assert ("V3", "upper") not in set(attendance(STUDY, policy()).set_index(["settlement_id", "band"]).index)


@pytest.mark.parametrize(("limit_min", "mode"), [(30.0, "walk"), (29.9, "bus")])
def test_up_to_the_limit_itself_pupils_walk(limit_min: float, mode: str) -> None:
    travel = [{"from_id": "V1", "to_id": "S1", "mode": "walk", "minutes": 30.0, "km": 3.0}]
    study = tiny_study({"V1": (3, 0, [1] * 6)}, {"S1": (0, 0, {})}, travel=travel)
    # Own minutes are those of grades 4-6, who walk at 4 km/h.
    today = attendance(study, policy(walk_max_min=limit_min, walk_kmh=4.0)).set_index("band")
    assert today.loc["upper", "mode"] == mode


def test_a_band_nobody_teaches_today() -> None:
    """Only a possible site would teach grades 7-9: today these nine pupils are on nobody's list."""
    study = tiny_study(
        {"V1": (0, 1, [3] * 9)},
        {"S1": (0, 0, {}), "S2": (0, 2, {"grades": "7-9", "status": "candidate", "places_junior": 30.0})},
    )
    today = attendance(study, policy()).set_index("band")
    assert today.loc["junior", "school_id"] == ""
    assert np.isinf(today.loc["junior", "minutes"])
    assert enrolment_today(study, policy()).sum(axis=1).to_dict() == {"S1": 18, "S2": 0}


def test_the_schools_layer_s_own_numbers_win() -> None:
    study = tiny_study({"V1": (0, 1, [4] * 6)}, {"S1": (0, 0, {"g1": 9.0, "g2": np.nan}), "S2": (3, 0, {"g1": 0.0})})
    found = enrolment_today(study, policy())
    assert found.loc["S1", ["g1", "g2", "g3"]].tolist() == [9, 4, 4]
    assert found.loc["S2"].sum() == 0


def who_goes_where(study: Study, **changes: Any) -> dict[tuple[str, str], float]:
    """Pupils of grades 1-3 by settlement and school."""
    today = attendance(study, policy(**changes))
    lower = today[today["band"] == "lower"].set_index(["settlement_id", "school_id"])
    return {(str(code), str(school)): pupils for (code, school), pupils in lower["pupils"].to_dict().items()}


def enrolling(first: float, second: float, **current: str) -> Study:
    """V1 and V2 beside S1, 4 km (40 minutes) and 3 km from S2; 4 and 3 pupils of grade 1."""
    return tiny_study(
        {"V1": (0, 0, [4]), "V2": (1, 0, [3])},
        {"S1": (0, 0, enrolled(first)), "S2": (4, 0, enrolled(second))},
        current={code: {"current_primary": school} for code, school in current.items()},
    )


def enrolled(first: float, upper: float = 0.0) -> dict[str, Any]:
    return {"grades": "1-6", **{f"g{grade}": upper for grade in range(1, 7)}, "g1": first}


def test_attendance_meets_the_enrolments() -> None:
    # S2 enrols two: V2's walk 30 - 10 minutes more each, V1's 40, so V2 sends two.
    study = enrolling(5, 2)
    assert who_goes_where(study) == {("V1", "S1"): 4, ("V2", "S1"): 1, ("V2", "S2"): 2}
    assert attendance_method(study, policy()) == (
        "Today's schools: 7 pupils by the least total minutes on foot that meet the enrolments."
    )
    assert attendance(study, policy())["inferred"].all()


def test_enrolments_that_do_not_fit_are_missed_by_as_little_as_can_be() -> None:
    # 10 enrolled, 7 live here: 3 are missed wherever; S1 keeps as many as it enrols, as that is nearer.
    study = enrolling(6, 4)
    assert who_goes_where(study) == {("V1", "S1"): 4, ("V2", "S1"): 2, ("V2", "S2"): 1}
    assert attendance_method(study, policy()) == (
        "Today's schools: 7 pupils by the least total minutes on foot that meet the enrolments "
        "(the schools' enrolments are missed by 3 pupils in all)."
    )


def test_who_names_a_school_keeps_it_and_the_others_fill_what_is_left() -> None:
    study = enrolling(3, 4, V1="S2")
    assert who_goes_where(study) == {("V1", "S2"): 4, ("V2", "S1"): 3}
    assert attendance_method(study, policy()) == (
        "Today's schools: 4 pupils as their settlement names it; "
        "3 pupils by the least total minutes on foot that meet the enrolments."
    )
    by_place = attendance(study, policy()).set_index("settlement_id")["inferred"].to_dict()
    assert by_place == {"V1": False, "V2": True}


@pytest.mark.parametrize("method", ["nearest", "given"])
def test_the_policy_may_want_the_nearest(method: str) -> None:
    study = enrolling(3, 4, V1="S2")
    assert who_goes_where(study, attendance=method) == {("V1", "S2"): 4, ("V2", "S1"): 3}
    assert attendance_method(study, policy(attendance=method)) == (
        "Today's schools: 4 pupils as their settlement names it; 3 pupils at the nearest school that teaches their band."
    )


def test_an_enrolment_not_given_leaves_the_nearest() -> None:
    study = tiny_study({"V1": (0, 0, [4])}, {"S1": (0, 0, {}), "S2": (4, 0, enrolled(4))})
    assert who_goes_where(study) == {("V1", "S1"): 4}
    with pytest.raises(PolicyError) as caught:
        attendance(study, policy(attendance="enrolment"))
    assert str(caught.value) == (
        "demand.attendance = 'enrolment' needs g1, g2, g3 of every school that teaches the band lower: S1 has none."
    )


def test_attendance_given_where_nothing_is_given() -> None:
    with pytest.raises(PolicyError) as caught:
        attendance(enrolling(3, 4), policy(attendance="given"))
    assert str(caught.value) == (
        "demand.attendance = 'given' needs current_primary or current_junior in the settlements layer: "
        "this study has none."
    )


def spreading() -> Study:
    """Pupils known from enrolment only: V1 lives at S1, V2 at S2, four kilometres apart."""
    study = enrolling(6, 3)
    people = study.settlements.drop(columns=list(PUPIL_COLUMNS)).assign(population=[100.0, 100.0])
    return replace(study, settlements=people)


def test_a_child_counted_at_a_school_attends_it() -> None:
    # S1: km 0 and 1, so 100 and 100 · 2^-0.5 = 70.7: 3.5 and 2.5 of 6 in one ring of 2 km; V1 first of the tie.
    # S2: km 4 and 3: 25 and 35.4: 1.2 and 1.8 of 3, each in its own ring.
    assert who_goes_where(spreading()) == {("V1", "S1"): 4, ("V1", "S2"): 1, ("V2", "S1"): 2, ("V2", "S2"): 2}
    assert methods(spreading(), policy()) == {
        "pupils": "9 pupils enrolled at 2 schools, spread over the settlements by residents and distance "
        "(the pull halves every 2 km).",
        "today": "Today's schools: 9 pupils where they are enrolled.",
        "travel": "Straight lines × 1, as no roads are given.",
    }


def test_pupils_from_enrolment_may_still_be_sent_to_the_nearest() -> None:
    assert who_goes_where(spreading(), attendance="nearest") == {("V1", "S1"): 5, ("V2", "S1"): 4}


def test_each_group_carries_its_own_school_of_today() -> None:
    items = items_of(spreading(), policy()).set_index("item")
    assert items["today_school"].to_dict() == {
        "V1.lower.1": "S1", "V1.lower.2": "S2", "V2.lower.1": "S1", "V2.lower.2": "S2",
    }  # fmt: skip
    assert items["pupils"].tolist() == [4, 1, 2, 2]
    # 40 minutes on foot are beyond 30: those bound for S2 ride 8 minutes and stand 1 + 0.1 a pupil.
    assert items.loc["V1.lower.2", ["today_mode", "today_min"]].tolist() == ["bus", pytest.approx(9.1)]


def test_groups_of_several_schools_larger_than_a_bus_are_cut_and_numbered_on() -> None:
    items = items_of(spreading(), policy(seats=3))
    assert items["item"].tolist() == [
        "V1.lower.1", "V1.lower.2", "V1.lower.3", "V2.lower.1", "V2.lower.2",
    ]  # fmt: skip
    assert items["today_school"].tolist() == ["S1", "S1", "S2", "S1", "S2"]
    assert items["pupils"].tolist() == [2, 2, 1, 2, 2]


def test_today_s_plan_of_several_schools_passes_its_audit() -> None:
    study, choice = spreading(), policy(hub_only=False, max_ride_min=60)
    plan = lo.current_plan(study, choice)
    assert plan.assignments.groupby("school_id")["pupils"].sum().to_dict() == {"S1": 6, "S2": 3}
    assert "figures" not in set(lo.audit(plan, study, choice)["rule"])


def test_travel_in_words() -> None:
    roads = [([(0, 0), (4, 0)], {"class": "tertiary"}), ([(0, 9), (1, 9)], {"class": "tertiary"})]
    travel = [{"from_id": "V1", "to_id": "S1", "mode": "walk", "minutes": 3.0, "km": 0.3}]
    study = tiny_study({"V1": (0, 0, [1])}, {"S1": (4, 0, {})}, roads=roads, travel=travel)
    assert methods(study, policy())["travel"] == (
        "Along 5 km of roads, 80.0 % of them in one connected piece, but one way as in the study's own travel table."
    )


def test_groups_are_cut_only_where_larger_than_a_bus() -> None:
    study = tiny_study({"V1": (0, 1, [20, 21, 0, 11, 11, 12])}, {"S1": (0, 0, {})})
    items = items_of(study, policy(seats=34)).set_index("item")
    assert list(items.index) == ["V1.lower.1", "V1.lower.2", "V1.upper"]
    assert items["pupils"].tolist() == [21, 20, 34]
    assert items[list(PUPIL_COLUMNS)].sum().tolist()[:6] == [20, 21, 0, 11, 11, 12]
    assert (items[list(PUPIL_COLUMNS)] == items[list(PUPIL_COLUMNS)].round()).all(axis=None)


@pytest.mark.parametrize("seats", [1, 5, 7, 56])
def test_cutting_loses_nobody(seats: int) -> None:
    items = items_of(STUDY, policy(seats=seats))
    today = attendance(STUDY, policy(seats=seats))
    assert items["pupils"].max() <= seats
    for name in PUPIL_COLUMNS:
        assert (
            items.groupby(["settlement_id", "band"])[name].sum().to_dict()
            == today.set_index(["settlement_id", "band"])[name].to_dict()
        )


def test_the_largest_vehicle_counts() -> None:
    assert largest_bus(STUDY, policy(seats=20)) == 20
    vehicles = [
        {"vehicle_id": name, "seats": seats, "fixed_cny": 1.0, "cny_per_km": 1.0}
        for name, seats in (("a", 12), ("b", 45))
    ]
    study = tiny_study({"V1": (0, 1, [1])}, {"S1": (0, 0, {})}, vehicles=vehicles)
    assert largest_bus(study, policy(seats=20)) == 45
    assert own_dwell_min(np.array([0.0, 10.0, 90.0]), study, policy()).tolist() == [1, 2, 5.5]


def facts(schools: dict[str, Any], *, pupils: int = 4, roads: Any = None, **changes: Any) -> Any:
    places = {code: (x, 0.1, given) for x, (code, given) in enumerate(schools.items())}
    villages = {f"V{x}": (x, 0, [pupils] * 6) for x in range(len(schools))}
    return school_facts(tiny_study(villages, places, roads=roads), policy(**changes))


def test_what_may_become_of_a_school() -> None:
    found = facts(
        {
            "S1": {"hub": True},
            "S2": {"hub": False},
            "S3": {"hub": False, "status": "keep", "keep_reason": "minority school"},
            "S4": {"hub": False, "status": "keep"},
            "S5": {"hub": False, "status": "close"},
            "S6": {"hub": False, "status": "candidate"},
            "S7": {"hub": False, "grades": "4-6"},
        },
        must_keep=("S2",),
    )
    assert found["keep_reason"].to_dict() == {
        "S1": "", "S2": "must be kept by policy", "S3": "minority school", "S4": "marked keep in the schools layer",
        "S5": "", "S6": "", "S7": "",
    }  # fmt: skip
    assert found["must_close"].tolist() == [False, False, False, False, True, False, False]
    assert found["may_point"].to_dict() == {
        "S1": False, "S2": False, "S3": False, "S4": False, "S5": False, "S6": True, "S7": False,
    }  # fmt: skip
    assert found["exists"].tolist() == [True] * 5 + [False, True]
    # 24 pupils each are fewer than 30; what is closed anyway or not built is not counted.
    assert found["small"].tolist() == [True, True, True, True, False, False, True]


def test_large_schools_stay() -> None:
    found = facts({"S1": {"hub": False}, "S2": {"hub": False}}, pupils=20)
    assert found["keep_reason"].tolist() == ["has 100 pupils or more"] * 2
    assert facts({"S1": {}}, pupils=20, closable_below_pupils=121)["keep_reason"].tolist() == [""]


def test_hubs_are_those_marked_or_the_larger_ones() -> None:
    assert facts({"S1": {"hub": True}, "S2": {"hub": None}, "S3": {"hub": False}}, pupils=20)["hub"].tolist() == [
        True, True, False,
    ]  # fmt: skip
    assert facts({"S1": {}, "S2": {"status": "candidate"}}, pupils=4)["hub"].tolist() == [False, True]


def test_a_school_without_a_bus_road_stays() -> None:
    roads = [([(-1, 0), (0.5, 0)], {"class": "tertiary"}), ([(0.5, 0), (6, 0)], {"class": "path"})]
    schools = {"S1": {}, "S2": {}, "S3": {}, "S4": {}, "S5": {}}
    found = facts(schools, roads=roads)
    # 3 km (max_access_m) from the last bus road at 0.5 km: S5 at 4 km is beyond.
    assert found["keep_reason"].to_dict()["S5"] == "no road a bus can use reaches it"
    assert found["keep_reason"].to_dict()["S2"] == ""
    assert (facts(schools, roads=roads, keep_without_bus_road=False)["keep_reason"] == "").all()


def test_places_given_from_classrooms_or_unknown() -> None:
    found = school_facts(STUDY, policy())
    # 4 rooms of 45; no grades 7-9 anywhere, so no places for them.
    assert found["places_primary"].tolist() == [100, 180, 200]
    assert found["places_junior"].tolist() == [0, 0, 0]
    nine = facts({"S1": {"grades": "1-9", "places_primary": np.nan, "places_junior": np.nan, "classrooms": 9.0}})
    # Two thirds of the rooms for six grades, one third for three: 6 · 45 and 3 · 50.
    assert (nine["places_primary"].iloc[0], nine["places_junior"].iloc[0]) == (270, 150)
    unknown = facts({"S1": {"places_primary": np.nan}})
    assert np.isinf(unknown["places_primary"].iloc[0])


def test_caps_costs_and_stages() -> None:
    found = facts({"S1": {"grades": "1-9"}, "S2": {"annual_cost_cny": 5.0}, "S3": {"grades": "7-9"}})
    assert found["cap"].tolist() == [2_500, 2_000, 2_000]
    assert found["annual_cny"].tolist() == [120_000, 5, 120_000]
    assert found["highest"].tolist() == ["junior", "primary", "junior"]


def test_a_plan_of_groups_with_several_schools_survives_its_files(tmp_path: Path) -> None:
    study = spreading()
    study = replace(study, schools=study.schools.assign(hub=True))
    choice = policy(min_pupils={"primary": 0, "junior": 0})
    plan = lo.optimize(study, choice)
    assert lo.audit(plan, study, choice).empty
    again = lo.Plan.from_folder(plan.to_folder(tmp_path / "plan"))
    assert lo.audit(again, again.study, choice).empty
    items = items_of(again.study, choice)[["item", "today_school", "pupils"]]
    assert items.equals(items_of(study, choice)[["item", "today_school", "pupils"]])
