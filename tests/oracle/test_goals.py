"""Goals of equity against every assignment of tiny counties, and against sums done by hand."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.options import Options, build_options
from layoutopt.plan.goal_figures import FIGURES
from layoutopt.plan.plan import Level
from layoutopt.testing import tiny_policy, tiny_study

EQUITY = ("worst_journey", "inequality", "moved_pupils", "group_gap")
GROUPS = ("girls", "left_behind", "poor")
SCHOOL: dict[str, Any] = {"grades": "1-3", "hub": False}


def on_foot(**changes: Any) -> lo.Policy:
    """Everybody walks, ten minutes a kilometre, as far as an hour; grades 1-3 only, no teaching points."""
    return tiny_policy(**{"walk_max_min": 60, "oneway_max_min": 60, "allowed": False, **changes})


def levels(plan: lo.Plan) -> dict[str, Level]:
    return {level.goal: level for level in plan.proof.levels}


def random_county(seed: int) -> lo.Study:
    """Four villages and three schools on a plane, too small to take everybody at the nearest."""
    rng = np.random.default_rng(seed)
    villages = {
        f"V{n}": (float(rng.uniform(0, 2)), float(rng.uniform(0, 2)), [int(k) for k in rng.integers(1, 6, 3)])
        for n in range(4)
    }
    schools: dict[str, Any] = {
        f"S{n}": (
            float(rng.uniform(0, 2)), float(rng.uniform(0, 2)),
            {**SCHOOL, "places_primary": 60.0 if n == 2 else float(rng.integers(8, 22))},
        )
        for n in range(3)
    }  # fmt: skip
    shares = {
        code: {group: float(rng.choice([0.1, 0.3, 0.5, 0.9])) for group in GROUPS}
        | {"current_primary": f"S{rng.integers(3)}"}
        for code in villages
    }
    return tiny_study(villages, schools, current=shares)


def every_assignment(study: lo.Study, options: Options) -> list[pd.DataFrame]:
    """Each way to send every group somewhere that has the places, a row a group."""
    items = options.items.set_index("item")
    ways = [group for _, group in options.rows.groupby("item")]
    found = []
    for chosen in itertools.product(*(range(len(group)) for group in ways)):
        rows = pd.concat([group.iloc[[k]] for group, k in zip(ways, chosen, strict=True)])
        rows = rows.assign(pupils=items.loc[rows["item"], "pupils"].to_numpy())
        rows["today_school"] = items.loc[rows["item"], "today_school"].to_numpy()
        load = rows.groupby("school_id")["pupils"].sum()
        if (load <= study.schools.loc[load.index, "places_primary"]).all():
            found.append(rows)
    return found


def measured(study: lo.Study, choices: lo.Policy, rows: pd.DataFrame) -> dict[str, float]:
    """Every goal of one assignment, in plain arithmetic: everybody walks."""
    minutes, pupils = rows["minutes"].to_numpy(), rows["pupils"].to_numpy()
    each = np.sort(np.repeat(minutes, pupils.astype(int)))[::-1]
    wanted = choices.goals.worst_share * len(each)
    whole = math.floor(wanted + 1e-9)
    part = (wanted - whole) * each[whole] if whole < len(each) else 0.0
    gaps = []
    for group in choices.goals.gap_groups:
        own = study.settlements.loc[rows["settlement_id"], group].to_numpy() * pupils
        gaps.append(abs(minutes @ own / own.sum() - minutes @ (pupils - own) / (pupils - own).sum()))
    return {
        "worst_journey": float(minutes.max()),
        "inequality": float((each[:whole].sum() + part) / wanted),
        "moved_pupils": float(pupils[(rows["school_id"] != rows["today_school"]).to_numpy()].sum()),
        "group_gap": max(gaps),
        "travel": float(minutes @ pupils),
    }


@pytest.mark.parametrize("seed", range(2))
def test_each_goal_and_the_one_after_it_are_the_least_of_all_assignments(seed: int) -> None:
    study = random_county(seed)
    base = on_foot(worst_share=0.2)
    table = pd.DataFrame([measured(study, base, rows) for rows in every_assignment(study, build_options(study, base))])
    for goal in EQUITY:
        choices = base.replace(goals=(goal, "travel"), goal_tolerance={goal: 0.1})
        plan = lo.optimize(study, choices, effort="proof")
        found = levels(plan)
        least = float(table[goal].min())
        assert found[goal].value == pytest.approx(least, abs=1e-4)
        assert found[goal].bound <= least + 1e-4
        within = table[table[goal] <= least * 1.1 + 1e-6]
        assert found["travel"].value == pytest.approx(float(within["travel"].min()), rel=1e-4)
        assert FIGURES[goal](plan) <= least * 1.1 + 1e-4


def test_weights_add_the_goals_up() -> None:
    study = random_county(2)
    weights = {
        "travel": 1.0, "worst_journey": 40.0, "inequality": 15.0, "group_gap": 60.0, "moved_pupils": 9.0,
        "annual_cost": 0.0,
    }  # fmt: skip
    choices = on_foot(goal_weights=weights)
    table = pd.DataFrame(
        [measured(study, choices, rows) for rows in every_assignment(study, build_options(study, choices))]
    )
    least = float(sum(table[goal] * weight for goal, weight in weights.items() if weight).min())
    plan = lo.optimize(study, choices, effort="proof")
    (level,) = plan.proof.levels
    assert (level.goal, level.value) == ("weighted", pytest.approx(least, rel=1e-6))
    assert level.bound == pytest.approx(least, rel=1e-4)
    assert sum(FIGURES[goal](plan) * weight for goal, weight in weights.items() if weight) == pytest.approx(
        least, rel=1e-6
    )


def line(*, places: float, **share: Any) -> lo.Study:
    """Villages of 30, 10 and 10 pupils at 0, 1 and 2 km; a small school at the middle one, S2 at 4 km beyond all."""
    return tiny_study(
        {"V1": (0, 0, [10] * 3), "V2": (1, 0, [10]), "V3": (2, 0, [10])},
        {"S1": (1, 0, {**SCHOOL, "places_primary": places}), "S2": (4, 0, SCHOOL)},
        current={code: dict(share) for code in ("V1", "V2", "V3")},
    )


def test_by_hand_the_longest_way() -> None:
    # Places for 30 at S1. Least travel: V2 and V3 there (0 and 10 min), V1 40 min to S2:
    # 10 * 0 + 10 * 10 + 30 * 40 = 1,300; V1 at S1, V2 30 and V3 20 min to S2: 300 + 300 + 200 = 800. The longest way
    # of the latter is 30, and no less is possible: V2 or V1 must go to S2 (V3 alone there leaves 40 for S1).
    plan = lo.optimize(line(places=30.0), on_foot(goals=("worst_journey", "travel")), effort="proof")
    assert levels(plan)["worst_journey"].value == pytest.approx(30.0)
    assert levels(plan)["worst_journey"].bound == pytest.approx(30.0, abs=1e-3)
    assert levels(plan)["travel"].value == pytest.approx(800.0)


def test_by_hand_the_worst_off_twentieth() -> None:
    # 50 pupils: the worst-off 5 % are 2.5 pupils. With places for all at S1: V1 10, V2 0, V3 10 min: mean 10.
    # With 40 places V3 goes to S2, 20 min: 2.5 pupils of V3, mean 20; with 45 % they are 22.5: 10 * 20 + 12.5 * 10 = 325,
    # by 22.5 = 14.44.
    for places, share, mean in ((60.0, 0.05, 10.0), (40.0, 0.05, 20.0), (40.0, 0.45, 325 / 22.5)):
        choices = on_foot(goals=("inequality", "travel"), worst_share=share)
        plan = lo.optimize(line(places=places), choices, effort="proof")
        assert levels(plan)["inequality"].value == pytest.approx(mean, abs=1e-4)
        assert FIGURES["inequality"](plan) == pytest.approx(mean, abs=1e-4)


def test_by_hand_the_gap_between_groups() -> None:
    # Half of V1 and all of V2 are poor, nobody of V3: 25 poor, 25 others. All at S1: poor (15 * 10 + 10 * 0) / 25 = 6,
    # others (15 * 10 + 10 * 10) / 25 = 10: a gap of 4. V2 at S2 (30 min): poor (150 + 300) / 25 = 18: 8.
    # V3 at S2 (20): others (150 + 200) / 25 = 14: 8. V1 at S2 (40): poor (600 + 0) / 25 = 24, others (600 + 100) / 25 =
    # 28: 4. V1 and V2 at S2: poor (600 + 300) / 25 = 36, others 28: 8. V2, V3 at S2: poor 18, others 14: 4. V1, V3:
    # poor 24, others (600 + 200) / 25 = 32: 8. All at S2: poor 36, others 32: 4. So 4 is least, and least travel with
    # it is everybody at S1: 30 * 10 + 10 * 10 = 400.
    study = line(places=60.0)
    study.settlements["poor"] = [0.5, 1.0, 0.0]
    plan = lo.optimize(study, on_foot(goals=("group_gap", "travel"), gap_groups=("poor",)), effort="proof")
    assert levels(plan)["group_gap"].value == pytest.approx(4.0)
    assert levels(plan)["travel"].value == pytest.approx(400.0)


def test_by_hand_pupils_who_move() -> None:
    # V1 attends S1 today, V2 and V3 S2. The shortest ways send all to S1: 400 pupil-minutes, 20 pupils moved. First
    # that nobody moves: V1 10, V2 30, V3 20 min: 300 + 300 + 200 = 800.
    study = line(places=60.0)
    study.settlements["current_primary"] = ["S1", "S2", "S2"]
    short = lo.optimize(study, on_foot(goals=("travel",)), effort="proof")
    assert (levels(short)["travel"].value, FIGURES["moved_pupils"](short)) == (pytest.approx(400.0), 20.0)
    still = lo.optimize(study, on_foot(goals=("moved_pupils", "travel")), effort="proof")
    assert (levels(still)["moved_pupils"].value, levels(still)["travel"].value) == (0.0, pytest.approx(800.0))


def winding() -> lo.Study:
    """Three villages around a hub that one bus serves one after the other; the last rides longer than straight."""
    return tiny_study(
        {"V1": (6, 0, [2] * 3), "V2": (6, 4, [2] * 3), "V3": (0, 6, [2] * 3)},
        {"S1": (0, 0, {"grades": "1-3", "hub": True})},
    )


def test_riders_count_with_their_real_minutes() -> None:
    # Straight: V1 12, V2 2 * sqrt(52) = 14.42, V3 12 min. One bus for all costs least: V1, V2, V3 in a row or the other
    # way round. V1 8 min to V2, sqrt(40) km or 12.65 min to V3, 12 to the hub: 32.65 for V1; V3, V2, V1: 12.65 + 8 + 12.
    choices = tiny_policy(goals=("annual_cost", "worst_journey", "inequality"), walk_max_min=30, oneway_max_min=60)
    plan = lo.optimize(winding(), choices, effort="proof")
    longest = 8 + 2 * math.sqrt(40) + 12
    assert plan.figures.lines == 1
    assert plan.figures.journey_max_min == pytest.approx(longest)
    found = levels(plan)
    assert (found["worst_journey"].status, found["worst_journey"].bound) == ("lines fixed", -np.inf)
    assert found["worst_journey"].value == pytest.approx(longest)
    assert found["inequality"].value == pytest.approx(longest)
    assert lo.audit(plan).empty


def test_the_longest_way_before_the_cost_is_kept_by_the_lines() -> None:
    # Straight, the longest way is V2's: 2 * sqrt(52) = 14.42 minutes. So one bus may not serve all: V1 on the way from
    # V2 makes 8 + 12 = 20 for V2, V2 on the way from V1 8 + 14.42. Each has a bus of its own.
    given: dict[str, Any] = {"walk_max_min": 30, "oneway_max_min": 60}
    plan = lo.optimize(winding(), tiny_policy(goals=("worst_journey", "annual_cost"), **given), effort="proof")
    level = levels(plan)["worst_journey"]
    assert (level.status, level.value) == ("direct rides", pytest.approx(2 * math.sqrt(52)))
    assert level.bound == pytest.approx(2 * math.sqrt(52), abs=1e-3)
    assert (plan.figures.lines, plan.figures.journey_max_min) == (3, pytest.approx(2 * math.sqrt(52)))
    # Half as long again, 21.63: V2 and then V1, 20 minutes for V2; V3 on its own.
    loose = tiny_policy(goals=("worst_journey", "annual_cost"), goal_tolerance={"worst_journey": 0.5}, **given)
    plan = lo.optimize(winding(), loose, effort="proof")
    assert (plan.figures.lines, plan.figures.journey_max_min) == (2, pytest.approx(20.0))
    assert levels(plan)["worst_journey"].value == pytest.approx(20.0)
    assert levels(plan)["annual_cost"].bound == pytest.approx(plan.figures.cost_cny, rel=1e-4)


def test_without_the_yearly_cost_the_lines_keep_the_longest_way_too() -> None:
    choices = tiny_policy(goals=("worst_journey", "travel"), walk_max_min=30, oneway_max_min=60)
    plan = lo.optimize(winding(), choices, effort="proof")
    assert plan.figures.journey_max_min == pytest.approx(2 * math.sqrt(52))


def test_a_group_whose_share_is_not_known_is_refused() -> None:
    with pytest.raises(lo.PolicyError, match=r"goals\.gap_groups names poor, which needs the column poor of the layer"):
        lo.optimize(line(places=60.0, girls=0.5), on_foot(goals=("group_gap", "travel"), gap_groups=("girls", "poor")))
