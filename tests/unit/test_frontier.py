"""Frontiers: limits from step to step, the knee, bounds that several costs prove, real lines within the limits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import layoutopt as lo
from layoutopt.cli import BAD_INPUT, main
from layoutopt.errors import AskError
from layoutopt.explaining.axes import AXES, axes_of, dominated, knee
from layoutopt.explaining.frontier import Frontier, frontier
from layoutopt.explaining.tracing import Point, proven
from layoutopt.pipeline.limits import within_limits
from layoutopt.testing import tiny_study

INF = math.inf
HUB = {"grades": "1-3", "hub": True, "annual_cost_cny": 60_000.0}
SMALL = {"grades": "1-3", "hub": False, "annual_cost_cny": 20_000.0}
VILLAGES = {
    "V1": (1.5, 1.0, [3, 3, 3]), "V2": (4.0, 3.0, [2, 2, 2]), "V3": (6.5, 6.0, [2, 1, 2]), "V4": (9.0, 8.5, [1, 2, 2]),
    "V5": (3.5, 9.0, [1, 1, 1]),
}  # fmt: skip
SCHOOLS = {"S1": (1.0, 1.0, HUB), "S2": (10.0, 10.0, HUB), "S3": (6.0, 6.0, SMALL), "S4": (3.5, 8.5, SMALL)}
STUDY = tiny_study(VILLAGES, SCHOOLS)


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 4.0, "straight_bus_kmh": 30.0, "walk_max_min": 25, "oneway_max_min": 60,
        "max_ride_min": 40, "seats": 20, "line_fixed_cny": 30_000, "cny_per_km": 4.0, "wage_cny": 40_000,
        "goals": ["unserved", "merge_small", "annual_cost", "travel"], "goal_tolerance": {}, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


@pytest.fixture(scope="module")
def found() -> Frontier:
    return frontier(STUDY, policy(), points=4, effort="quick")


def test_the_knee_is_farthest_below_the_line_through_the_ends() -> None:
    # Scaled: (0, 1), (0.1, 0.2), (0.8, 0.1), (1, 0); below the line by 0, 0.7, 0.1, 0 (over the root of 2).
    assert knee(np.array([[0.0, 10.0], [1.0, 2.0], [8.0, 1.0], [10.0, 0.0]])) == 1
    # The scale of a goal changes nothing: thousands of CNY, tenths of a minute.
    assert knee(np.array([[0.0, 1.0], [1_000.0, 0.2], [8_000.0, 0.1], [10_000.0, 0.0]])) == 1
    assert knee(np.array([[0.0, 2.0], [1.0, 1.0], [2.0, 0.0]])) is None, "a straight line bends nowhere"
    assert knee(np.array([[0.0, 2.0], [1.9, 1.9], [2.0, 0.0]])) is None, "a point above the line is no knee"
    assert knee(np.array([[0.0, 2.0], [2.0, 0.0]])) is None, "two points have none"
    # Three goals: below the plane by 1 - (0.2 + 0.2 + 0.2) against 1 - (0.5 + 0.2 + 0.2).
    ends = [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0], [1.0, 1.0, 0.0]]
    assert knee(np.array([*ends, [0.5, 0.2, 0.2], [0.2, 0.2, 0.2]])) == 4


def test_a_point_that_another_betters_is_named_with_the_other() -> None:
    loads = np.array([[1.0, 3.0], [2.0, 3.0], [2.0, 1.0], [2.0, 1.0], [3.0, 0.5]])
    assert dominated(loads) == [None, 0, None, 2, None]


def test_limits_divide_the_way_evenly_from_the_tightest_on() -> None:
    minutes, share, kept = AXES["worst_journey"], AXES["inequality"], AXES["schools_kept"]
    assert (minutes.tightest(58.3, 24.6), minutes.tightest(25.0, 24.6), minutes.tightest(20.0, 20.0)) == (
        25,
        None,
        None,
    )
    # From 25 to 58.3 with 7 limits between: 25 + 33.3 / 8 = 29.2, whole minutes: 30.
    assert minutes.looser(25.0, 58.3, 7) == 30
    assert minutes.looser(57.0, 58.3, 1) == 58
    assert minutes.looser(58.0, 58.3, 1) is None, "no whole minute is left"
    assert minutes.looser(25.0, 58.3, 0) is None
    assert (share.tightest(20.0, 10.0), share.looser(10.0, 20.0, 3)) == (10.0, 12.5)
    # More schools are better, so that loads are below zero: from 8 schools to 5 with 2 limits between: 7, then 6.
    assert (kept.tightest(-5.0, -8.0), kept.looser(-8.0, -5.0, 2), kept.looser(-7.0, -5.0, 1)) == (-8, -7, -6)
    assert kept.looser(-6.0, -5.0, 1) is None


@pytest.mark.parametrize(
    ("goals", "words"),
    [
        (("annual_cost", "worst_journy"), "Did you mean 'worst_journey'"),
        (("annual_cost",), "two or three"),
        (("annual_cost", "annual_cost"), "two or three"),
        (("travel", "worst_journey"), "annual_cost among the goals"),
        (("annual_cost", "travel", "quality", "merge_small"), "two or three"),
    ],
)
def test_goals_that_make_no_frontier_are_told(goals: tuple[str, ...], words: str) -> None:
    with pytest.raises(AskError, match=words):
        axes_of(goals)


def test_the_cost_comes_first_whatever_the_order_asked() -> None:
    assert [axis.name for axis in axes_of(("schools_kept", "annual_cost"))] == ["annual_cost", "schools_kept"]


def point(limits: Mapping[str, float], cost: float, bound: float, **loads: float) -> Point:
    return Point(None, limits, {"annual_cost": cost, **loads}, {"annual_cost": bound}, 1.0)  # type: ignore[arg-type]


def test_costs_bound_the_other_goal() -> None:
    axes = axes_of(("annual_cost", "worst_journey"))
    points = [
        point({}, 100.0, 98.0, worst_journey=50.0),
        point({"worst_journey": 40.0}, 120.0, 110.0, worst_journey=39.5),
        point({"worst_journey": 30.0}, 125.0, 105.0, worst_journey=30.0),
    ]
    found = proven(points, axes, {"worst_journey": 25.0})
    # No plan within 40 minutes is below 110, so none within 30 is; a plan for 100 is then longer than 40 minutes.
    assert [p.bounds["annual_cost"] for p in found] == [98.0, 110.0, 110.0]
    assert [p.bounds["worst_journey"] for p in found] == [40.0, 25.0, 25.0]


def test_costs_bound_a_number_of_schools_to_the_next_whole_one() -> None:
    axes = axes_of(("annual_cost", "schools_kept"))
    points = [point({}, 100.0, 98.0, schools_kept=-5.0), point({"schools_kept": -7.0}, 130.0, 120.0, schools_kept=-7.0)]
    # Seven schools cost 120 at least: for 100 there are six at most.
    assert [p.bounds["schools_kept"] for p in proven(points, axes, {"schools_kept": -8.0})] == [-6.0, -8.0]


def test_a_limit_with_another_goal_proves_nothing_of_plans_that_break_it() -> None:
    axes = axes_of(("annual_cost", "worst_journey", "schools_kept"))
    tight = {"worst_journey": 40.0, "schools_kept": -8.0}
    points = [
        point({}, 100.0, 98.0, worst_journey=50.0, schools_kept=-5.0),
        point(tight, 150.0, 140.0, worst_journey=40.0, schools_kept=-8.0),
    ]
    # A plan for 100 with 40 minutes may exist with fewer than eight schools.
    assert proven(points, axes, {})[0].bounds["worst_journey"] == -INF


def test_rows_of_direct_rides_speak_for_lines_where_no_line_is_quicker() -> None:
    assert AXES["travel"].sound(own_travel=False, rides=True)
    assert not AXES["travel"].sound(own_travel=True, rides=True)
    assert not AXES["group_gap"].sound(own_travel=False, rides=True)
    assert AXES["group_gap"].sound(own_travel=True, rides=False)
    assert AXES["schools_kept"].sound(own_travel=True, rides=True)


def test_every_plan_is_audited_with_real_lines_within_its_limit(found: Frontier) -> None:
    assert len(found) == len(found.points) >= 2
    for own in found.points:
        assert lo.audit(own.plan).empty
        longest = own.plan.assignments["minutes"].max()
        assert own.loads["worst_journey"] == pytest.approx(longest)
        assert longest <= own.limits.get("worst_journey", INF) + 1e-5
        assert own.loads["annual_cost"] == own.plan.figures.cost_cny
        assert 0 < own.bounds["annual_cost"] <= own.loads["annual_cost"]
    table = found.table
    assert (table["annual_cost"].diff().dropna() > 0).all()
    assert (table["worst_journey"].diff().dropna() < 0).all()
    assert isinstance(found[0], lo.Plan)
    assert [plan.figures.cost_cny for plan in found] == table["annual_cost"].tolist()


def test_each_point_begins_at_one_before_it_and_says_its_work(found: Frontier) -> None:
    assert found.work_s == pytest.approx(sum(own.work_s for own in found.points), rel=0.99)
    assert "s of work in all" in str(found)
    assert "none better in everything" in str(found)


def test_what_limits_hold_elsewhere_is_not_solved_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.explaining import tracing

    asked: list[Any] = []
    real = tracing.optimize

    def counted(*given: Any, **how: Any) -> lo.Plan:
        asked.append((how.get("limits"), how["start"]))
        return real(*given, **how)

    monkeypatch.setattr(tracing, "optimize", counted)
    found = frontier(STUDY, policy(), goals=("annual_cost", "worst_journey", "schools_kept"), points=4, effort="quick")
    assert len(asked) <= 4
    assert asked[0] == (None, None)
    assert all(start is not None for _, start in asked[1:])
    assert all(lo.audit(plan).empty for plan in found)


def test_a_plan_asked_about_is_set_against_its_frontier() -> None:
    plan = lo.optimize(STUDY, policy(), effort="quick")
    found = frontier(plan, goals=("annual_cost", "schools_kept"), points=3, effort="quick")
    assert found.given is plan
    assert "The plan asked about comes to" in str(found)
    assert found.goals == ("annual_cost", "schools_kept")


def test_a_study_needs_a_policy_and_a_frontier_two_points() -> None:
    with pytest.raises(AskError, match="policy"):
        frontier(STUDY)
    with pytest.raises(AskError, match="two points"):
        frontier(STUDY, policy(), points=1)


def test_pictures_and_pages(found: Frontier, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    ax = found.plot(ax=Figure().subplots())
    assert ax.get_xlabel() == "longest daily way (min)"
    page = found._repr_html_()
    assert "<svg" in page and "annual_cost_bound" in page
    assert json.loads(json.dumps(found.to_dict()))["goals"] == ["annual_cost", "worst_journey"]
    found.to_folder(tmp_path / "out")
    assert (tmp_path / "out" / "frontier.csv").read_text().count("\n") == len(found) + 1
    again = lo.Plan.from_folder(tmp_path / "out" / "point_1")
    assert again.figures.cost_cny == pytest.approx(found[0].figures.cost_cny)


def test_a_limit_leaves_out_longer_ways_and_shortens_lines() -> None:
    from layoutopt.model.hub import LONGEST
    from layoutopt.options import build_options

    options = build_options(STUDY, policy())
    kept = within_limits(options, {"worst_journey": 20.0})
    longer = (options.rows["mode"] != "board") & (options.rows["minutes"] > 20.0)
    assert 0 < longer.sum() == len(options.rows) - len(kept.rows) == kept.removed["worst_journey"]
    assert set(kept.items[LONGEST]) == {20.0}
    assert within_limits(options, None) is options
    with pytest.raises(ValueError, match="Did you mean 'worst_journey'"):
        within_limits(options, {"worst_journy": 20.0})


def test_the_command_tells_a_goal_it_does_not_know(study_folder: Any, tmp_path: Path) -> None:
    words = ["frontier", str(study_folder()), "--goals", "annual_cost,kept", "--out", str(tmp_path / "f")]
    done = CliRunner().invoke(main, words)
    assert (done.exit_code, "unknown goal 'kept'" in done.stderr) == (BAD_INPUT, True)
