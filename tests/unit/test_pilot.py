"""The pilot: fourteen counties that can meet the published totals, its figures by hand, and the rule of thumb."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import layoutopt as lo
from layoutopt.samples import Pilot
from layoutopt.samples.county import Size, make_county
from layoutopt.samples.pilot import RURAL
from layoutopt.samples.pilot_rule import beside_plan, close_all_small, rule_reach, send_to_nearest
from layoutopt.samples.pilot_totals import PUBLISHED, RATIOS, Replay, county_figures, replay_of, stored_replay
from layoutopt.testing import tiny_policy, tiny_study

SMALL = {"hub": False, "teachers": 4.0}


@pytest.fixture(scope="module")
def pilot() -> Pilot:
    return lo.generate_pilot()


@pytest.fixture(scope="module")
def study() -> lo.Study:
    """A hub, a small school 6 km off (12 minutes by bus), another 20 km off (40 minutes), 12 pupils each."""
    return tiny_study(
        {"V0": (0, 0, [20] * 6), "VA": (6, 0, [2] * 6), "VB": (20, 0, [2] * 6)},
        {"H": (0, 0, {"hub": True, "teachers": 12.0}), "SA": (6, 0, SMALL), "SB": (20, 0, SMALL)},
        current={f"V{at}": {"current_primary": school} for at, school in (("0", "H"), ("A", "SA"), ("B", "SB"))},
    )


@pytest.fixture(scope="module")
def policy() -> lo.Policy:
    return tiny_policy(goals=("unserved", "merge_small", "annual_cost"), goal_tolerance={}, allowed=False)


@pytest.fixture(scope="module")
def plan(study: lo.Study, policy: lo.Policy) -> lo.Plan:
    return lo.optimize(study, policy, effort="quick")


# --- the counties ----------------------------------------------------------------------------------------


def test_fourteen_counties_can_meet_the_published_totals(pilot: Pilot) -> None:
    table = pilot.table
    assert len(table) == 14 and table["county"].is_unique
    assert table["under_30"].sum() > PUBLISHED["closed"]
    assert table["pupils_in_them"].sum() > PUBLISHED["pupils"]
    assert table["teachers_in_them"].sum() > PUBLISHED["teachers"]
    assert 6 <= table["pupils_in_them"].sum() / table["under_30"].sum() <= 12
    assert 2 <= table["teachers_in_them"].sum() / table["under_30"].sum() <= 5


def test_sizes_differ_and_one_is_as_big_as_yujiang(pilot: Pilot) -> None:
    small = pilot.table["under_30"]
    assert small.iloc[0] > 1.5 * small.iloc[1]
    assert small.iloc[1] > 1.3 * small.iloc[-1]
    assert pilot.table["area_km2"].max() > 2 * pilot.table["area_km2"].min()


def test_the_generator_decides_nothing(pilot: Pilot) -> None:
    for county in pilot.counties:
        assert set(county.schools["status"]) == {"open"}
        assert "keep_reason" not in county.schools


def test_same_seed_same_pilot_other_seed_another(pilot: Pilot) -> None:
    again, other = lo.generate_pilot(0), lo.generate_pilot(1)
    assert again.digests == pilot.digests
    assert not set(other.digests) & set(pilot.digests)
    assert_frame_equal(pilot.table, again.table)
    for layer in ("settlements", "schools", "roads"):
        assert_frame_equal(getattr(pilot.counties[-1], layer), getattr(again.counties[-1], layer))
    assert not pilot.table["pupils"].equals(other.table["pupils"])


def test_pilot_is_written_a_folder_a_county_and_never_over_others(tmp_path: Path) -> None:
    counties = tuple(
        make_county(Size(14, 6, 150, 1, 40, 30), RURAL, name=f"Small {seed}", seed=seed) for seed in (1, 2)
    )
    pilot = Pilot(counties, 0)
    folders = pilot.to_folder(tmp_path / "pilot")
    assert [folder.name for folder in folders] == ["county_01", "county_02"]
    assert [lo.read_study(folder).name for folder in folders] == ["Small 1", "Small 2"]
    assert repr(pilot).startswith("<Pilot 0: 2 counties, 12 schools, ")
    with pytest.raises(lo.InputError, match="not empty"):
        pilot.to_folder(tmp_path / "pilot")


# --- its figures -----------------------------------------------------------------------------------------


def test_figures_of_a_county_by_hand(plan: lo.Plan) -> None:
    # SA closes: 12 pupils, 4 teachers, one line. SB stays for grades 1 to 3, for whom 40 minutes are too long;
    # its 6 pupils of grades 4 to 6 ride along: they move, but their school does not close.
    found = county_figures(plan)
    assert found["small_before"] == 2 and found["small_after"] == 1
    assert {name: found[name] for name in PUBLISHED} == {
        "closed": 1, "pupils": 12.0, "teachers": 4.0, "lines": 1, "buildings": 0,
    }  # fmt: skip
    assert (found["ride"], found["pupils_moved"]) == (12.0, 18.0)


def test_ratios_by_hand() -> None:
    rows = [(10, 80, 30, 2, 1), (30, 240, 90, 10, 3), (0, 0, 0, 0, 0)]
    found = Replay(pd.DataFrame(rows, columns=list(PUBLISHED)))
    # together 320/40 = 8 pupils and 120/40 = 3 teachers a school, 320/12 = 26.7 pupils and 40/12 = 3.33 schools a line
    assert found.ratios["replay"].tolist() == pytest.approx([8.0, 3.0, 320 / 12, 40 / 12])
    assert found.ratios["inside"].all()
    # by county: 40 and 24 pupils a line are inside 20 to 50; 5 and 3 schools inside 2.5 to 6; nothing known of the third
    assert found.ratios["counties_inside"].tolist() == [2, 2, 2, 2]
    assert found.totals["share"].tolist() == pytest.approx([40 / 736, 320 / 6_368, 120 / 2_526, 12 / 189, 4 / 101])


def test_what_lies_outside_its_band_is_said() -> None:
    found = Replay(pd.DataFrame([(10, 80, 30, 10, 1)], columns=list(PUBLISHED)))
    assert not found.ratios["inside"].iloc[2] and not found.ratios["inside"].iloc[3]
    said = "these pupils for each line: 8.0, OUTSIDE the band 20 to 50 (published 33.7); 0 of 1 counties are inside."
    assert said in str(found)
    assert "OUTSIDE" in found._repr_html_()


def test_published_ratios_lie_in_their_bands() -> None:
    assert [round(ratio.published, 2) for ratio in RATIOS] == [8.65, 3.43, 33.69, 3.89]
    assert all(ratio.low < ratio.published < ratio.high for ratio in RATIOS)


def test_replay_is_drawn(plan: lo.Plan) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    axes = replay_of([plan]).plot()
    assert [label.get_text() for label in axes.get_yticklabels()] == [ratio.words for ratio in RATIOS]


# --- the rule of thumb -----------------------------------------------------------------------------------


def test_rule_closes_everything_small_and_the_plan_spares(study: lo.Study, policy: lo.Policy, plan: lo.Plan) -> None:
    rule = close_all_small(study, policy)
    assert rule.schools.loc[rule.schools["role"] == "closed", "school_id"].tolist() == ["SA", "SB"]
    assert set(rule.assignments["school_id"]) == {"H"}
    found = beside_plan(plan, rule, name="all")
    # the plan keeps SB and its 12 pupils; 6 of them, grades 1 to 3, would ride 40 of at most 30 minutes
    assert (found["all_spared"], found["all_spared_pupils"], found["all_over_min"]) == (1, 12.0, 6.0)
    assert found["all_minutes_max"] == pytest.approx(40.0)
    late = lo.audit(rule.replace(policy=policy))
    assert {"oneway_limit"} <= set(late["rule"])


def test_whom_the_rule_sends_too_far_is_known_without_lines(study: lo.Study, policy: lo.Policy) -> None:
    found = rule_reach(study, policy)
    # direct rides: VA 12 minutes, VB 40 (grades 1 to 3 may take 30, 4 to 6 45); the hub has places enough
    assert (found["rule_closed"], found["rule_over"], found["rule_over_lower"]) == (2, 6.0, 6.0)
    assert (found["rule_over_schools"], found["rule_overfull"]) == (1, 0)
    assert found["rule_minutes_max"] == pytest.approx(40.0)


def test_same_closures_by_the_nearest_school(study: lo.Study, policy: lo.Policy, plan: lo.Plan) -> None:
    near = send_to_nearest(plan)
    assert near.schools.loc[near.schools["role"] == "closed", "school_id"].tolist() == ["SA"]
    goes = near.assignments.set_index(["settlement_id", "band"])["school_id"]
    assert (goes["VA"] == "H").all()
    assert (goes["VB"] == "SB").all(), "whose school stays, stays: the plan sent grades 4 to 6 to the hub"
    found = beside_plan(plan, near, name="near")
    assert (found["near_closed"], found["near_spared"], found["near_over_min"]) == (1, 0, 0.0)


def test_layouts_are_added_up_and_minutes_weighed_by_pupils() -> None:
    figures = {"closed": 3, "spared": 0, "over_min": 0.0, "cost_cny": 5e6, "minutes_mean": 10.0, "minutes_max": 30.0}
    one = {f"plan_{name}": value for name, value in figures.items()}
    two = one | {"plan_minutes_mean": 20.0, "plan_minutes_max": 44.0}
    found = Replay(pd.DataFrame([one | {"pupils_all": 300}, two | {"pupils_all": 100}])).layouts
    assert found["layout"].tolist() == ["the plan"]
    # (300 * 10 + 100 * 20) / 400
    assert found.loc[0, ["closed", "cost_cny", "minutes_mean", "minutes_max"]].tolist() == [6, 1e7, 12.5, 44.0]


# --- the stored replay -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def stored() -> Replay:
    return stored_replay()


def test_stored_replay_is_still_of_these_counties(pilot: Pilot, stored: Replay) -> None:
    rows = stored.counties
    stale = "the counties changed: run the first command of benchmarks/bench_pilot.py, without the old table"
    assert rows["digest"].tolist() == list(pilot.digests), stale
    assert rows["county"].tolist() == pilot.table["county"].tolist()
    assert rows["small_before"].tolist() == pilot.table["under_30"].tolist()
    assert rows["pupils_all"].tolist() == pilot.table["pupils"].tolist()


def test_stored_replay_says_how_it_was_made(stored: Replay) -> None:
    rows = stored.counties
    assert set(rows["seed"]) == {0} and set(rows["effort"]) == {"quick"} and len(set(rows["code"])) == 1
    assert rows["gap"].between(0, 0.2).all() and (rows["violations"] == 0).all()
    assert rows["code"].iloc[0] in stored.made and "effort quick" in stored.made
    assert Replay(rows[["closed", "gap"]]).made == ""


def test_stored_replay_adds_up(stored: Replay) -> None:
    rows = stored.counties
    assert (rows["plan_closed"] == rows["closed"]).all() and (rows["closed"] <= rows["small_before"] + 3).all()
    assert (rows["small_after"] >= rows["small_before"] - rows["closed"]).all()
    assert (rows["plan_over_min"] == 0).all() and (rows["lines"] <= rows["plan_lines"]).all()
    assert (rows["rule_closed"] >= rows["small_before"] - rows["small_after"]).all()
    assert (rows["stopped_by"] == "done").all(), "a clock cut it: another machine would find another plan"
    assert stored.layouts["closed"].iloc[0] == stored.totals["replay"].iloc[0]
