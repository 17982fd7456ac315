"""The audit on plans changed by hand: each rule is caught by its name, and only with those that follow from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.audit import CHECKS, COLUMNS
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.schema import BANDS, PUPIL_COLUMNS

Change = Callable[[lo.Plan], lo.Plan]
HANDS: dict[str, tuple[Change, set[str]]] = {}


def hand(*follows: str) -> Callable[[Change], Change]:
    """Register a change made by hand that breaks the rule of the function's name, and what follows from it."""

    def register(function: Change) -> Change:
        HANDS[function.__name__] = (function, set(follows))
        return function

    return register


def school(plan: lo.Plan, code: str, **cells: Any) -> lo.Plan:
    """The plan with some cells of one school changed."""
    table = plan.schools.astype(dict.fromkeys(cells, object))
    for name, value in cells.items():
        table.loc[table["school_id"] == code, name] = value
    return plan.replace(schools=table)


def group(plan: lo.Plan, item: str, **cells: Any) -> lo.Plan:
    """The plan with some cells of one pupil group changed; the school table still counts right."""
    table = plan.assignments.astype(dict.fromkeys(cells, object))
    for name, value in cells.items():
        table.loc[table["item"] == item, name] = value
    return counted(plan.replace(assignments=table))


def counted(plan: lo.Plan) -> lo.Plan:
    """The plan with the pupils of its school table counted anew."""
    served = plan.assignments[plan.assignments["school_id"] != ""]
    sums = served.groupby("school_id")[list(PUPIL_COLUMNS)].sum().reindex(plan.schools["school_id"], fill_value=0.0)
    table = plan.schools.copy()
    table[list(PUPIL_COLUMNS)] = sums.to_numpy(float)
    table["pupils_after"] = table[list(PUPIL_COLUMNS)].sum(axis=1)
    return plan.replace(schools=table)


def stop(plan: lo.Plan, item: str, **cells: Any) -> lo.Plan:
    table = plan.bus_stops.copy()
    for name, value in cells.items():
        table.loc[table["item"] == item, name] = value
    return plan.replace(bus_stops=table)


def without_stop(plan: lo.Plan, item: str) -> lo.Plan:
    return plan.replace(bus_stops=plan.bus_stops[plan.bus_stops["item"] != item])


def way(plan: lo.Plan, item: str, school_id: str, mode: str) -> dict[str, Any]:
    """What the roads give for the group going there so, as the tables state it."""
    from layoutopt.journeys import journeys_of

    row = plan.assignments.set_index("item").loc[item]
    journeys = journeys_of(plan.study, plan.policy)
    at = journeys.table.from_ids.get_loc(row["settlement_id"]), journeys.table.to_ids.get_loc(school_id)
    if mode == "walk":
        return {"minutes": float(journeys.walk_min(row["band"])[at]), "ride_min": 0.0}
    door = float(journeys.bus_min(row["band"], 0.0)[at])
    return {"minutes": door, "ride_min": door if mode == "bus" else 0.0}


def sent(plan: lo.Plan, item: str, school_id: str, mode: str) -> lo.Plan:
    """The plan with a group sent elsewhere, off any line, its minutes stated as they are."""
    changed = {"school_id": school_id, "mode": mode, "line_id": "", **way(plan, item, school_id, mode)}
    return group(without_stop(plan, item), item, **changed)


def with_line(plan: lo.Plan, item: str, school_id: str) -> lo.Plan:
    """The plan with a group sent by a line of its own."""
    moved = sent(plan, item, school_id, "bus")
    row = moved.assignments.set_index("item").loc[item]
    ride = float(row["ride_min"])
    line = {
        "line_id": "L900", "school_id": school_id, "vehicle_id": "bus", "seats": 12, "riders": row["pupils"], "stops": 1,
        "minutes": ride, "km": ride / 2, "empty_km": ride / 2, "cost_cny": 60_000 + 3.0 * ride * 400,
        "kind": "school_bus", "vehicle_no": "B900", "run": 1, "early_min": 0.0,
    }  # fmt: skip
    stops = {
        "line_id": "L900", "order": 1, "item": item, "settlement_id": row["settlement_id"], "band": row["band"],
        "riders": row["pupils"], "board_at_min": 0.0, "ride_min": ride, "school_id": school_id, "alights_after": 1,
        "early_min": 0.0,
    }  # fmt: skip
    moved = moved.replace(
        bus_lines=pd.concat([moved.bus_lines, pd.DataFrame([line])], ignore_index=True),
        bus_stops=pd.concat([moved.bus_stops, pd.DataFrame([stops])], ignore_index=True),
    )
    return group(moved, item, line_id="L900")


@hand()
def cover(plan: lo.Plan) -> lo.Plan:
    return counted(plan.replace(assignments=plan.assignments[plan.assignments["item"] != "V1.lower.1"]))


@hand("oneway_limit", "worsening_limit")
def walk_limit(plan: lo.Plan) -> lo.Plan:
    return sent(plan, "V2.lower", "S1", "walk")


@hand("ride_limit", "oneway_limit", "worsening_limit")
def hub_only(plan: lo.Plan) -> lo.Plan:
    return with_line(plan, "V2.lower", "S5")


@hand()
def walkable(plan: lo.Plan) -> lo.Plan:
    return with_line(plan, "V1.upper.1", "S1")


@hand("oneway_limit")
def ride_limit(plan: lo.Plan) -> lo.Plan:
    return with_line(plan, "V3.lower", "S1")


@hand("ride_limit")
def oneway_limit(plan: lo.Plan) -> lo.Plan:
    return with_line(plan, "V3.lower", "S1")


@hand("walk_limit", "oneway_limit")
def worsening_limit(plan: lo.Plan) -> lo.Plan:
    return sent(plan, "V2.upper", "S1", "walk")


@hand("walkable")
def board_grade(plan: lo.Plan) -> lo.Plan:
    return sent(plan, "V1.lower.1", "S1", "board")


@hand("beds")
def board_limit(plan: lo.Plan) -> lo.Plan:
    return sent(plan, "V5.upper", "S3", "board")


@hand("beds", "board_limit")
def board_nearest(plan: lo.Plan) -> lo.Plan:
    return sent(plan.replace(policy=plan.policy.replace(board_nearest=1)), "V5.upper", "S3", "board")


@hand("bus_lines")
def seats(plan: lo.Plan) -> lo.Plan:
    """Everybody of two lines on one."""
    first, second = plan.bus_lines["line_id"].head(2)
    stops = plan.bus_stops.assign(line_id=first)
    joined = plan.replace(
        bus_lines=plan.bus_lines[plan.bus_lines["line_id"] != second],
        bus_stops=stops.assign(order=range(1, len(stops) + 1)),
        assignments=plan.assignments.assign(line_id=plan.assignments["line_id"].replace({second: first})),
    )
    return stated(joined)


def stated(plan: lo.Plan) -> lo.Plan:
    """The plan with the minutes its lines really take."""
    from layoutopt.plan.facts import facts_of

    real = facts_of(plan, plan.study, plan.policy).rows.set_index("item")
    table = plan.assignments.set_index("item")
    table[["minutes", "ride_min"]] = real[["real_min", "real_ride_min"]].reindex(table.index)
    return plan.replace(assignments=table.reset_index()[list(plan.assignments.columns)])


@hand()
def bus_lines(plan: lo.Plan) -> lo.Plan:
    first = plan.bus_stops.iloc[0]
    return stop(plan, first["item"], riders=first["riders"] - 1)


@hand("seats")
def fleet(plan: lo.Plan) -> lo.Plan:
    return plan.replace(bus_lines=plan.bus_lines.assign(vehicle_id="minibus", seats=10))


@hand()
def second_runs(plan: lo.Plan) -> lo.Plan:
    """One bus for both lines, under a policy that gives every line its own."""
    return plan.replace(bus_lines=plan.bus_lines.assign(vehicle_no="B001", run=[1, 2]))


@hand("bus_lines", "minutes", "ride_limit")
def school_wait(plan: lo.Plan) -> lo.Plan:
    return stop(plan, plan.bus_stops["item"].iloc[0], school_id="S3", alights_after=1)


@hand()
def minutes(plan: lo.Plan) -> lo.Plan:
    return group(plan, "V4.lower", minutes=2.0)


@hand()
def band_taught(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", bands="lower+junior")


@hand("protected", "min_pupils", "staff_moves", "premises")
def school_state(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S2", role="full")


@hand("band_taught", "staff_moves")
def protected(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S3", role="closed", bands="")


@hand()
def places(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", level_primary="", capital_cny=0.0, places_primary=900.0)


@hand("walkable")
def beds(plan: lo.Plan) -> lo.Plan:
    return sent(sent(plan, "V1.junior.1", "S1", "board"), "V1.junior.2", "S1", "board")


@hand()
def class_size(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", classes_g1=1)


@hand("staff_moves")
def class_per_grade(plan: lo.Plan) -> lo.Plan:
    classes = {"classes_g1": 1, "classes_g2": 0, "classes_g3": 1, "classes": 3}
    return school(plan, "S3", multigrade_lower=False, **classes, posts_primary=9, posts=9)


@hand()
def multigrade_size(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", multigrade_lower=True, classes_g1=0, classes_g2=0, classes_g3=0)


@hand()
def point_size(plan: lo.Plan) -> lo.Plan:
    """Too large under a policy made stricter afterwards."""
    return plan.replace(policy=plan.policy.replace(point_max_pupils=10))


@hand()
def school_size(plan: lo.Plan) -> lo.Plan:
    return plan.replace(policy=plan.policy.replace(nine_year_cap=90))


@hand()
def min_pupils(plan: lo.Plan) -> lo.Plan:
    return plan.replace(policy=plan.policy.replace(min_pupils={"primary": 0, "junior": 120}))


@hand("staff_moves")
def posts(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S3", posts_primary=3, posts=3)


@hand("capital_budget")
def one_level(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", level_primary="1+2", capital_cny=400_000.0)


@hand()
def capital_budget(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S3", level_primary="1", capital_cny=100_000.0)


@hand("staff_moves")
def annual_budget(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", posts_primary=60, posts=63)


@hand()
def source_capital(plan: lo.Plan) -> lo.Plan:
    money = plan.policy.money.source_share
    shares = {**money, "capital": {"province": 1.0}}
    return plan.replace(policy=plan.policy.replace(source_share=shares, capital_by_source={"province": 0.0}))


@hand()
def source_budget(plan: lo.Plan) -> lo.Plan:
    return plan.replace(policy=plan.policy.replace(budget_by_source={"province": 1_000}))


@hand()
def staff_moves(plan: lo.Plan) -> lo.Plan:
    return plan.replace(staff_moves=plan.staff_moves.assign(teachers=plan.staff_moves["teachers"] + 1))


@hand()
def payroll(plan: lo.Plan) -> lo.Plan:
    study = plan.study.schools.fillna({"teachers": 0.0})
    plan = plan.replace(study=replace(plan.study, schools=study), policy=plan.policy.replace(wages="redeployed"))
    stated = replace(plan.proof, options={**plan.proof.options, "paid_posts": plan.schools["posts"].sum() - 1})
    return plan.replace(proof=stated)


@hand()
def premises(plan: lo.Plan) -> lo.Plan:
    return plan.replace(premises=plan.premises.assign(use="kindergarten"))


def equipped(plan: lo.Plan, name: str, code: str, value: float) -> lo.Plan:
    """The plan where one school has so much of something."""
    schools = plan.study.schools.assign(**{name: np.where(plan.study.schools.index == code, value, np.nan)})
    return plan.replace(study=replace(plan.study, schools=schools))


@hand()
def merge_share(plan: lo.Plan) -> lo.Plan:
    return plan.replace(policy=plan.policy.replace(merge_share=0.8))


@hand()
def meals(plan: lo.Plan) -> lo.Plan:
    return equipped(plan, "canteen_seats", "S1", 12.0)


@hand("protected")
def closing_conditions(plan: lo.Plan) -> lo.Plan:
    return equipped(plan.replace(policy=plan.policy.replace(must_close=())), "objection_share", "S2", 0.6)


@hand()
def quality(plan: lo.Plan) -> lo.Plan:
    return equipped(
        plan.replace(policy=plan.policy.replace(quality_required=("sports_area_m2",))), "sports_area_m2", "S1", 500.0
    )


@hand()
def distance_limit(plan: lo.Plan) -> lo.Plan:
    return plan.replace(policy=plan.policy.replace(oneway_max_km=5.0))


def placed(plan: lo.Plan, **columns: Any) -> lo.Plan:
    """The plan where settlements have further columns: V2 a value of its own, then all others."""
    where = plan.study.settlements
    given = {name: np.where(where.index == "V2", own, other) for name, (own, other) in columns.items()}
    return plan.replace(study=replace(plan.study, year=2024, settlements=where.assign(**given)))


@hand()
def town_border(plan: lo.Plan) -> lo.Plan:
    plan = placed(plan, town=("Lower", "Upper"))
    study = replace(plan.study, schools=plan.study.schools.assign(town="Upper"))
    return plan.replace(study=study, policy=plan.policy.replace(within_town=True))


@hand()
def must_attend(plan: lo.Plan) -> lo.Plan:
    row = plan.assignments[plan.assignments["settlement_id"] == "V2"].iloc[0]
    schools = plan.study.schools
    other = schools.index[schools[f"offers_{row['band']}"] & (schools.index != row["school_id"])][0]
    return plan.replace(policy=plan.policy.replace(must_attend={f"V2.{row['band']}": other}))


@hand()
def move_once(plan: lo.Plan) -> lo.Plan:
    return placed(plan, moved_year=(2022.0, np.nan))


@hand("school_state", "class_per_grade")
def one_school(plan: lo.Plan) -> lo.Plan:
    return school(plan.replace(policy=plan.policy.replace(one_school_for="stage")), "S5", bands="lower+upper")


@hand("hub_only", "ride_limit", "oneway_limit", "worsening_limit")
def contiguous(plan: lo.Plan) -> lo.Plan:
    """V6 rides through the zone that V2 then leaves."""
    plan = plan.replace(policy=plan.policy.replace(contiguous=True))
    assert rules(plan) == set()
    return with_line(plan, "V2.lower", "S5")


def curriculum(plan: lo.Plan, *, support: Mapping[str, str] | None = None, **choices: Any) -> lo.Plan:
    """The plan where hubs have specialists of their own and S5 takes online classes, or as ``support`` says."""
    forms = {"S1": "own", "S3": "own", "S5": "online", **(support or {})}
    choices = {"full_curriculum": True, "own_specialists_from_posts": 3, **choices}
    plan = plan.replace(policy=plan.policy.replace(**choices))
    return plan.replace(schools=plan.schools.assign(support=plan.schools["school_id"].map(forms).fillna("")))


@hand()
def full_curriculum(plan: lo.Plan) -> lo.Plan:
    assert rules(curriculum(plan)) == set()
    return curriculum(plan, support={"S5": ""})


@hand()
def own_specialists(plan: lo.Plan) -> lo.Plan:
    return curriculum(plan, support={"S5": "own"})


@hand()
def support_size(plan: lo.Plan) -> lo.Plan:
    return curriculum(plan, support_max_pupils=5)


@hand()
def helping_school(plan: lo.Plan) -> lo.Plan:
    return curriculum(plan, support={"S5": "group"})


@hand()
def tours(plan: lo.Plan) -> lo.Plan:
    return curriculum(plan, support={"S5": "itinerant"})


@hand()
def figures(plan: lo.Plan) -> lo.Plan:
    return school(plan, "S1", pupils_after=120.0)


def rules(plan: lo.Plan) -> set[str]:
    return set(lo.audit(plan).rule)


def test_the_plan_itself_breaks_nothing(county_plan: lo.Plan) -> None:
    found = lo.audit(county_plan)
    assert found.empty
    assert list(found.columns) == COLUMNS


def test_the_county_has_every_kind_of_thing(county_plan: lo.Plan) -> None:
    """So that the changes below start from a plan with buses, boarders, a teaching point and an expansion."""
    assert set(county_plan.schools["role"]) == {"hub", "closed", "teaching_point", "not_built"}
    assert set(county_plan.assignments["mode"]) == {"walk", "bus", "board"}
    assert len(county_plan.bus_lines) == 2
    assert set(county_plan.schools["level_primary"]) == {"", "2"}


@pytest.mark.parametrize("name", HANDS)
def test_a_change_by_hand_is_named(name: str, county_plan: lo.Plan) -> None:
    """By its own rule; besides, only by rules the same change truly breaks, or by stated figures that no longer hold."""
    change, follows = HANDS[name]
    found = rules(change(county_plan))
    assert name in found
    assert found <= {name, "figures", *follows}


def test_every_check_has_a_change_that_it_catches() -> None:
    assert set(HANDS) == set(CHECKS)
    assert [check.__name__ for check in CHECKS.values()] == list(CHECKS)


def test_a_violation_says_place_amount_and_limit(county_plan: lo.Plan) -> None:
    found = lo.audit(HANDS["seats"][0](county_plan)).set_index("rule").loc["seats"]
    assert found.to_dict() == {"place": "L001", "found": 18.0, "limit": 12.0, "message": "18 riders on 12 seats"}
    found = lo.audit(HANDS["cover"][0](county_plan))
    assert list(found["place"]) == ["V1", "V1", "V1"]
    assert found["message"].iloc[0] == "6 pupils of grade 1 live here, 3 are placed"


@pytest.mark.parametrize(
    ("code", "cells"),
    [
        ("S6", {"role": "village school"}),
        ("S4", {"bands": "lower"}),
        ("S5", {"bands": "lower+upper"}),
        ("S5", {"bands": "upper", "role": "full"}),
        ("S3", {"bands": "lower+upper+junior"}),
        ("S3", {"role": "teaching_point", "bands": "lower"}),
    ],
)
def test_states_no_school_can_be_in(code: str, cells: dict[str, Any], county_plan: lo.Plan) -> None:
    found = lo.audit(school(county_plan, code, **cells))
    assert code in set(found.loc[found["rule"] == "school_state", "place"])


def test_lines_that_do_not_fit_their_riders(county_plan: lo.Plan) -> None:
    item = county_plan.bus_stops["item"].iloc[0]
    lost = without_stop(county_plan, item)
    twice = county_plan.replace(
        bus_stops=pd.concat([county_plan.bus_stops, county_plan.bus_stops.head(1)], ignore_index=True)
    )
    astray = county_plan.replace(bus_lines=county_plan.bus_lines.assign(school_id="S3"))
    walks = group(county_plan, item, mode="walk")
    nowhere = county_plan.replace(bus_lines=county_plan.bus_lines.iloc[1:])
    other_line = group(county_plan, item, line_id="L777")
    elsewhere = stop(county_plan, item, settlement_id="V1")
    for plan in (lost, twice, astray, walks, nowhere, other_line, elsewhere):
        assert "bus_lines" in rules(plan)


def test_seats_are_those_of_the_vehicles_and_not_of_the_table(county_plan: lo.Plan) -> None:
    """A hand that writes more seats into the table does not make the bus larger."""
    crowded = HANDS["seats"][0](county_plan)
    assert not lo.audit(crowded.replace(bus_lines=crowded.bus_lines.assign(seats=99))).empty


def test_a_vehicle_nobody_has(county_plan: lo.Plan) -> None:
    assert not lo.audit(county_plan.replace(bus_lines=county_plan.bus_lines.assign(vehicle_id="coach"))).empty


STATED = [
    ("schools", "posts", 1.0), ("schools", "annual_cny", 1.0), ("schools", "capital_cny", 1.0),
    ("bus_lines", "kind", "public_extension"), ("bus_lines", "early_min", 1.0), ("bus_stops", "early_min", 1.0),
    ("bus_stops", "ride_min", 1.0), ("bus_stops", "board_at_min", 1.0), ("bus_stops", "alights_after", 9.0),
    ("bus_lines", "km", 1.0), ("bus_lines", "empty_km", 1.0), ("bus_lines", "cost_cny", 1.0),
    ("assignments", "today_min", 1.0), ("assignments", "moved", False), ("assignments", "exception", True),
    ("assignments", "pupils", 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "value"), STATED)
def test_figures_made_false_by_hand_are_named(
    table: str, column: str, value: float | bool | str, county_plan: lo.Plan
) -> None:
    """Costs, ways before and lists of who moves are read from the tables, so the tables must be true."""
    frame = getattr(county_plan, table)
    assert not (frame[column] == value).all()
    assert not lo.audit(county_plan.replace(**{table: frame.assign(**{column: value})})).empty


@pytest.mark.parametrize("column", ["classes_g1", "posts_primary", "posts_junior", "pupils_after", "g1"])
def test_an_emptied_cell_is_a_violation(column: str, county_plan: lo.Plan) -> None:
    assert not lo.audit(school(county_plan, "S1", **{column: np.nan})).empty


@pytest.mark.parametrize("column", ["minutes", "ride_min"])
def test_emptied_minutes_are_a_violation(column: str, county_plan: lo.Plan) -> None:
    assert "minutes" in rules(group(county_plan, "V2.lower", **{column: np.nan}))


def test_codes_that_are_not_in_the_study(county_plan: lo.Plan) -> None:
    """Named, not a crash: hands mistype."""
    extra = county_plan.schools.tail(1).assign(school_id="S9", role="full", bands="lower")
    twice = pd.concat([county_plan.schools, county_plan.schools.tail(1)], ignore_index=True)
    missing = county_plan.schools[county_plan.schools["school_id"] != "S1"]
    stranger = county_plan.assignments.tail(1).assign(item="V9.lower", settlement_id="V9")
    for plan in (
        county_plan.replace(schools=pd.concat([county_plan.schools, extra], ignore_index=True)),
        county_plan.replace(schools=twice),
        county_plan.replace(schools=missing),
        county_plan.replace(assignments=pd.concat([county_plan.assignments, stranger], ignore_index=True)),
        group(county_plan, "V4.lower", school_id="S9"),
        group(county_plan, "V3.junior", school_id="S9"),
        group(county_plan, "V2.lower", school_id="S9"),
        group(county_plan, "V4.lower", band="kindergarten"),
        group(county_plan, "V4.lower", mode="sledge"),
    ):
        assert not lo.audit(plan).empty


def test_an_unserved_group_is_named(county_plan: lo.Plan) -> None:
    plan = group(county_plan, "V4.lower", school_id="", mode="")
    assert rules(plan) <= {"cover", "figures"}
    assert "V4" in set(lo.audit(plan)["place"])
    assert plan.figures.unserved == 6


def test_the_audit_takes_another_study(county_plan: lo.Plan, county: tuple[lo.Study, lo.Policy]) -> None:
    """Two pupils more in V4 than the plan knows."""
    from dataclasses import replace

    study, policy = county
    more = study.settlements.copy()
    more.loc["V4", "g1"] += 2
    found = lo.audit(county_plan, replace(study, settlements=more), policy)
    assert "V4" in set(found.loc[found["rule"] == "cover", "place"])


def test_todays_schools_are_held_against_the_same_rules(county: tuple[lo.Study, lo.Policy]) -> None:
    found = lo.audit(lo.current_plan(*county))
    named = set(zip(found["rule"], found["place"], strict=True))
    assert {("bus_lines", "V3.junior"), ("protected", "S2"), ("protected", "S4")} <= named


def test_neither_solver_nor_options_are_loaded() -> None:
    import subprocess
    import sys

    code = (
        "import sys, layoutopt as lo\n"
        "from layoutopt.testing import tiny_study\n"
        "study = tiny_study({'V1': (0, 0, [4] * 6)}, {'S1': (0.5, 0, {})})\n"
        "lo.audit(lo.current_plan(study, lo.Policy()))\n"
        "heavy = ('highspy', 'pulp', 'layoutopt.model', 'layoutopt.options', 'layoutopt.kernels')\n"
        "print([m for m in sys.modules if m.startswith(heavy)])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_bands_and_roles_are_those_the_tables_know(county_plan: lo.Plan) -> None:
    is_open = county_plan.schools["role"].isin(OPEN_ROLES)
    taught = county_plan.schools.loc[is_open, "bands"].str.split("+").explode()
    assert set(taught) <= set(BANDS)
