"""The compact program against brute force over every layout of tiny counties, and against sums done by hand."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.options import Options, build_options
from layoutopt.schema import BANDS, bands_of
from layoutopt.testing import tiny_study

WAGE, POINT_CNY = 110_000.0, 20_000.0
CAP = {"lower": 20, "upper": 20, "junior": 25}
SHARED, POINT_MOST, PER_POST = 30, 25, {"primary": 19.0, "junior": 13.5}
PER_CLASS = {"primary": 2.0, "junior": 3.0}
SEEDS = range(60)
"""Of these 46 fit, 14 do not; 21 ride, 3 board, 10 expand a school, 5 keep a teaching point, 25 close a school."""


def policy(**changes: Any) -> lo.Policy:
    """A kilometre is 10 minutes on foot and 2 by bus; only the yearly cost counts."""
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 0.0,
        "dwell_min_per_rider": 0.0, "goals": ("annual_cost",), "class_cap": {"primary": 20, "junior": 25},
        "point_max_pupils": POINT_MOST, "wage_cny": WAGE, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


def random_case(seed: int) -> tuple[lo.Study, lo.Policy]:
    """At most four settlements and three schools on a line of a few kilometres, some with beds, hubs, expansions."""
    rng = np.random.default_rng(seed)
    n_schools = int(rng.integers(2, 4))
    junior = bool(rng.random() < 0.3)
    settlements = {}
    for number in range(int(rng.integers(2, 5 if n_schools < 3 else 4))):
        pupils = rng.integers(0, 9, size=6) * (rng.random() < 0.8) + (rng.random(6) < 0.1) * 15
        tail = rng.integers(0, 6, size=3) if junior and number == 0 else np.zeros(3)
        far_km = 26.0 if number and rng.random() < 0.3 else 0.0
        settlements[f"V{number}"] = (
            far_km + float(rng.uniform(0, 5)),
            0.1 * number,
            [*map(int, pupils), *map(int, tail)],
        )
    settlements["V0"][2][0] += 3
    schools: dict[str, Any] = {}
    for number in range(n_schools):
        far_km = 24.0 if number and rng.random() < 0.25 else 0.0
        grades = "1-9" if junior and number == 0 else str(rng.choice(["1-6", "1-6", "1-3"])) if number else "1-6"
        schools[f"S{number}"] = (
            far_km + float(rng.uniform(0, 6)), 0.05,
            {
                "grades": grades,
                "hub": bool(number == 0 or rng.random() < 0.3),
                "places_primary": 400.0 if number == n_schools - 1 else float(rng.choice([20, 40, 90])),
                "places_junior": 60.0 if grades == "1-9" else 0.0,
                "beds": float(rng.choice([0, 6, 20])),
                "annual_cost_cny": float(rng.integers(2, 20) * 10_000),
                "status": str(rng.choice(["open", "open", "open", "keep", "candidate"])) if number else "open",
            },
        )  # fmt: skip
    expansions = None
    if rng.random() < 0.6:
        expansions = [
            {"school_id": "S0", "stage": "primary", "level": 1, "places": 30, "capital_cny": 200_000.0},
            {"school_id": "S0", "stage": "primary", "level": 2, "places": 60, "capital_cny": 700_000.0},
        ]
    choices = policy(
        multigrade=bool(rng.random() < 0.8),
        allowed=bool(rng.random() < 0.8),
        min_pupils={"primary": int(rng.choice([0, 0, 12])), "junior": 0},
        max_ride_min=int(rng.choice([6, 40])),
        **boarding(int(rng.choice([1_500, 4_500]))),
        keep_existing_exceptions=bool(rng.random() < 0.8),
        school_cap=int(rng.choice([80, 2000])),
    )
    return tiny_study(settlements, schools, expansions=expansions), choices


def boarding(cost_cny: int) -> dict[str, Any]:
    """A boarder for ``cost_cny`` a year: half of it care, a fifth meals, three tenths the living grant."""
    care, grant = (dict.fromkeys(("primary", "junior"), share * cost_cny) for share in (0.5, 0.3))
    return {"board_care_cny": care, "meals_cny": 0.2 * cost_cny, "board_grant_cny": grant}


@dataclass(frozen=True)
class Group:
    """A pupil group in plain numbers: its band and its pupils by grade."""

    band: str
    grades: tuple[int, ...]

    @property
    def pupils(self) -> int:
        return sum(self.grades)


Sent = frozenset[tuple[str, str]]
"""Groups sent to one school, each with its mode."""


def cheapest(study: lo.Study, choices: lo.Policy, options: Options) -> float:
    """The least yearly cost over every assignment, school state, band, class form and expansion.

    Written from the rules' sentences and without the model: once it is fixed who goes where and how, each
    school takes the cheapest of its admissible states.
    """
    ways = [list(group.itertuples(index=False)) for _, group in options.rows.groupby("item")]
    if len(ways) < len(options.items):
        return math.inf
    groups = {row["item"]: Group(row["band"], grades_of(row)) for row in options.items.to_dict("records")}
    facts = options.schools.to_dict("index")
    memory: dict[tuple[str, Sent], float] = {}
    best = math.inf
    for chosen in itertools.product(*ways):
        total = sum(row.cost_cny + row.meals_cny + row.grants_cny for row in chosen)
        for school_id in facts:
            sent = frozenset((row.item, row.mode) for row in chosen if row.school_id == school_id)
            if (school_id, sent) not in memory:
                memory[school_id, sent] = school_cost(study, choices, school_id, facts[school_id], groups, sent)
            total += memory[school_id, sent]
            if total >= best:
                break
        best = min(best, total)
    return best


def grades_of(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(int(row[f"g{grade}"]) for grade in bands_of()[row["band"]])


def school_cost(
    study: lo.Study, choices: lo.Policy, school_id: str, fact: dict[str, Any], groups: dict[str, Group], sent: Sent
) -> float:
    """The cheapest state of one school for the groups sent to it; ``inf`` where none is admissible."""
    by_band = {band: [groups[item] for item, _ in sent if groups[item].band == band] for band in BANDS}
    boarders = sum(groups[item].pupils for item, mode in sent if mode == "board")
    total = sum(groups[item].pupils for item, _ in sent)
    costs = [math.inf]
    if total == 0 and fact["keep_reason"] == "":
        costs.append(0.0)
    only_lower = total == sum(group.pupils for group in by_band["lower"])
    if fact["may_point"] and boarders == 0 and only_lower and total <= min(POINT_MOST, fact["places_primary"]):
        costs.append(POINT_CNY + math.ceil(max(2.0, total / PER_POST["primary"]) - 1e-9) * WAGE)
    if not fact["must_close"]:
        costs += [
            full_cost(study, choices, fact, school_id, by_band, bands, boarders)
            for count in (1, 2, 3)
            for bands in itertools.combinations(BANDS, count)
        ]
    return min(costs)


def full_cost(
    study: lo.Study, choices: lo.Policy, fact: dict[str, Any], school_id: str, by_band: dict[str, list[Group]],
    bands: tuple[str, ...], boarders: int,
) -> float:  # fmt: skip
    """What the school costs as a full school that teaches ``bands``."""
    offered = tuple(band for band in BANDS if fact[f"offers_{band}"])
    pupils = {band: sum(group.pupils for group in by_band[band]) for band in BANDS}
    total = sum(pupils.values())
    is_kept = fact["keep_reason"] != ""
    if (
        not set(bands) <= set(offered)
        or (is_kept and bands != offered)
        or ("upper" in bands and "lower" not in bands and "lower" in offered)
        or any(pupils[band] and band not in bands for band in BANDS)
        or boarders > fact["beds"]
        or total > fact["cap"]
        or (not is_kept and total < choices.closure.min_pupils[fact["highest"]])
    ):
        return math.inf
    cost = float(fact["annual_cny"])
    for stage, of_stage in (("primary", ("lower", "upper")), ("junior", ("junior",))):
        count = sum(pupils[band] for band in of_stage)
        cost += places_cost(study, school_id, stage, count - fact[f"places_{stage}"])
        classes = sum(fewest_classes(by_band[band], band, choices) for band in of_stage if band in bands)
        posts = max(PER_CLASS[stage] * classes, count / PER_POST[stage])
        cost += math.ceil(posts - 1e-9) * WAGE
    return cost


def fewest_classes(sent: list[Group], band: str, choices: lo.Policy) -> int:
    """Classes the band needs: at least one a grade, or one for all where they are few."""
    grades = [sum(group.grades[at] for group in sent) for at in range(3)]
    if choices.classes.multigrade and sum(grades) <= SHARED:
        return 1
    return sum(max(1, math.ceil(count / CAP[band])) for count in grades)


def places_cost(study: lo.Study, school_id: str, stage: str, short: float) -> float:
    """Yearly payment of the cheapest expansion that gives ``short`` places: 4 % over 30 years."""
    if short <= 0:
        return 0.0
    table = study.expansions
    if table is None:
        return math.inf
    fits = table[(table["school_id"] == school_id) & (table["stage"] == stage) & (table["places"] >= short)]
    return min((row.capital_cny * 0.04 / (1 - 1.04**-30) for row in fits.itertuples()), default=math.inf)


def optimum(study: lo.Study, choices: lo.Policy, options: Options) -> tuple[float, float]:
    """Value and bound of the compact program; infinite where nothing fits."""
    if not options.without.empty:
        return math.inf, math.inf
    model, _ = build_model(study, choices, options)
    found = highs.solve(model.program(model.goals["annual_cost"]), budget=highs.Budget(gap=1e-7))
    if found.status == "infeasible":
        return math.inf, math.inf
    assert found.status == "optimal"
    return found.objective, found.bound


@pytest.mark.parametrize("seed", SEEDS)
def test_the_optimum_is_the_cheapest_of_all_layouts(seed: int) -> None:
    study, choices = random_case(seed)
    options = build_options(study, choices)
    wanted = cheapest(study, choices, options)
    value, bound = optimum(study, choices, options)
    assert value == pytest.approx(wanted, rel=1e-6)
    assert bound <= wanted * (1 + 1e-9)


def one_school(pupils: list[int], **columns: Any) -> lo.Study:
    return tiny_study({"V1": (0.5, 0, pupils)}, {"S1": (0, 0, {"hub": True, **columns})})


def costs(study: lo.Study, choices: lo.Policy) -> Any:
    return lo.optimize(study, choices, effort="proof").figures


def test_by_hand_one_school_of_two_multigrade_classes() -> None:
    # 24 pupils: grades 1-3 one class, grades 4-6 one class; posts max(2 · 2, 24 / 19 = 1.3) = 4.
    # 60,000 + 4 · 110,000 = 500,000.
    figures = costs(one_school([4] * 6), policy())
    assert figures.cost_cny == 500_000
    assert (figures.cost_schools_cny, figures.cost_teachers_cny) == (60_000, 440_000)


def test_by_hand_grade_classes_and_posts_by_pupils() -> None:
    # Nine-year school, 45 + 45 + 45 of grades 1-3 (cap 20: 3 classes each), no one in 4-6, 26 each in 7-9 (cap 25: 2 each).
    # 213 pupils are no small school, so it stays whole: grades 4-6 keep one multigrade class for nobody.
    # Primary: 9 + 1 classes, 2 · 10 = 20 posts (135 / 19 = 7.1). Junior: 6 classes, 3 · 6 = 18 posts (78 / 13.5 = 5.8).
    # Own cost 120,000 (highest stage junior): 120,000 + (20 + 18) · 110,000 = 4,300,000.
    study = one_school([45, 45, 45, 0, 0, 0, 26, 26, 26], grades="1-9", places_junior=100.0)
    assert costs(study, policy()).cost_cny == 4_300_000


def test_by_hand_posts_by_pupils_are_rounded_up() -> None:
    # One grade of 19 · 3 + 1 = 58 pupils in classes of 60, one post a class: max(3 classes · 1, 58 / 19 = 3.05) -> 4.
    choices = policy(class_cap={"primary": 60, "junior": 25}, staff_per_class={"primary": 1, "junior": 3})
    study = one_school([58, 0, 0], grades="1-3")
    assert costs(study, choices).cost_cny == 60_000 + 4 * 110_000


def test_by_hand_a_teaching_point_and_a_bus() -> None:
    # V2's six pupils of grades 1-3 live 20 km (40 min by bus, limit 30) from the hub: a teaching point at 20,000 and
    # 2 posts, 240,000. Its six of grades 4-6 (limit 45 min) ride: price per rider (65,000 + 2 · 20 · 2 · 200 · 3.5) /
    # (0.8 · 34) = (65,000 + 56,000) / 27.2 = 4,448.53; six of them 26,691.18.
    # The hub: 24 + 6 pupils, 2 classes, 4 posts, 60,000: 500,000. Together 766,691.18 in the compact program.
    # The line really costs 65,000 + 56,000 = 121,000 (20 km out and 20 km back, twice a day): 861,000 in the plan.
    study = tiny_study(
        {"V1": (0.5, 0, [4] * 6), "V2": (20, 0, [2] * 6)},
        {"S1": (0, 0, {"hub": True}), "S2": (20, 0.1, {"hub": False})},
    )
    choices = policy(allowed_boarding=False)
    plan = lo.optimize(study, choices, effort="proof", method="sequential")
    assert dict(zip(plan.schools["school_id"], plan.schools["role"], strict=True)) == {
        "S1": "hub",
        "S2": "teaching_point",
    }
    assert plan.proof.levels[0].value == pytest.approx(766_691.18, abs=0.01)
    assert plan.figures.cost_cny == pytest.approx(861_000)
    assert plan.figures.cost_buses_cny == pytest.approx(121_000)
    assert plan.assignments.set_index("item").loc["V2.upper", "minutes"] == pytest.approx(40)
    # With lines at their real cost the school of V2 could stay whole for 60,000 and 4 posts: 500,000 more than nothing,
    # dearer than point and line together (240,000 + 121,000): the same plan, now proven.
    together = lo.optimize(study, choices, effort="proof")
    assert together.proof.levels[0].value == pytest.approx(861_000)
    assert together.proof.levels[0].bound == pytest.approx(861_000, rel=1e-6)


def test_by_hand_boarding_is_dearer_than_a_bus_until_the_ride_is_too_long() -> None:
    # Six pupils of grades 4-6. 20 km: bus 26,691 as above, boarding 6 · 4,500 = 27,000: the bus.
    # 21 km: a ride of 42 minutes passes max_ride_min = 40: they board.
    for km, mode, price in ((20, "bus", 121_000.0), (21, "board", 27_000.0)):
        study = tiny_study(
            {"V1": (0.5, 0, [4] * 6), "V2": (km, 0, [0, 0, 0, 2, 2, 2])},
            {"S1": (0, 0, {"hub": True, "beds": 6.0}), "S2": (km, 0.1, {"hub": False})},
        )
        plan = lo.optimize(study, policy(), effort="proof", method="sequential")
        assert plan.assignments.set_index("item").loc["V2.upper", "mode"] == mode
        assert plan.figures.cost_cny == pytest.approx(500_000 + price)
        # The line really costs 121,000, which a price per rider hides: together, they board either way.
        together = lo.optimize(study, policy(), effort="proof")
        assert together.assignments.set_index("item").loc["V2.upper", "mode"] == "board"
        assert together.figures.cost_cny == pytest.approx(527_000)


def test_by_hand_an_expansion_paid_over_thirty_years() -> None:
    # 24 pupils on 20 places. Growing costs 500,000 · 0.04 / (1 - 1.04^-30) = 28,915.05 a year;
    # splitting into S2 would cost its 60,000 and more posts.
    study = tiny_study(
        {"V1": (0.5, 0, [4] * 6)},
        {"S1": (0, 0, {"hub": True, "places_primary": 20.0}), "S2": (1, 0, {"hub": False, "places_primary": 20.0})},
        expansions=[{"school_id": "S1", "stage": "primary", "level": 1, "places": 4, "capital_cny": 500_000.0}],
    )
    figures = costs(study, policy())
    assert figures.cost_capital_cny == pytest.approx(28_915.05, abs=0.01)
    assert figures.cost_cny == pytest.approx(528_915.05, abs=0.01)
    assert figures.capital_cny == 500_000
    # At 10 % over 10 years the same building costs 81,372.70 a year.
    dear = costs(study, policy(discount_rate=0.1, life_years=10))
    assert dear.cost_capital_cny == pytest.approx(81_372.70, abs=0.01)


def test_by_hand_goals_in_their_order() -> None:
    # Two villages of 24 pupils 1 km apart, each with a school 0.1 km away. Cost: one school 500,000 (48 pupils of
    # 24 a band: two classes), two schools 1,000,000. Travel: one school 24 · 1 + 24 · ~10 minutes, two 24 · 1 + 24 · 1.
    study = tiny_study(
        {"V1": (0, 0.1, [4] * 6), "V2": (1, 0.1, [4] * 6)},
        {"S1": (0, 0, {"hub": False}), "S2": (1, 0, {"hub": False})},
    )
    by_cost = lo.optimize(study, policy(goals=("annual_cost", "travel")), effort="proof")
    assert [level.value for level in by_cost.proof.levels] == pytest.approx([500_000, 24 + 24 * 10 * math.sqrt(1.01)])
    by_way = lo.optimize(study, policy(goals=("travel", "annual_cost")), effort="proof")
    assert [level.value for level in by_way.proof.levels] == pytest.approx([48, 1_000_000])
    # A goal that may give up all of its 500,000 again leaves the ways to decide.
    loose = policy(goals=("annual_cost", "travel"), goal_tolerance={"annual_cost": 1.0})
    assert lo.optimize(study, loose, effort="proof").figures.cost_cny == pytest.approx(1_000_000)
    # Both have 24 pupils, below the trigger of 30: merging keeps one of them.
    merged = lo.optimize(study, policy(goals=("merge_small", "travel")), effort="proof")
    assert merged.proof.levels[0].value == merged.proof.levels[0].bound == 1
    assert merged.figures.small_schools_after == 1
