"""Phasing against brute force over every sequence of layouts, and each rule between the years with and without it."""

from __future__ import annotations

import pathlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.ahead.improving import improved
from layoutopt.ahead.phase_basis import Basis, Built, basis_of, built_of
from layoutopt.ahead.phase_check import check_phasing
from layoutopt.ahead.phase_compare import year_by_year
from layoutopt.ahead.phase_result import Phasing
from layoutopt.ahead.phase_tables import fleet, twice_moved
from layoutopt.ahead.phase_years import Year, studies_of, years_of
from layoutopt.ahead.solving import together
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.columns import pupils_by
from layoutopt.model.copies_between import NO_LIMITS, followers
from layoutopt.model.copies_horizon import YEAR_RULES
from layoutopt.model.frame import NamedRows
from layoutopt.model.solve import Held, Stopped
from layoutopt.options import build_options
from layoutopt.testing import tiny_policy, tiny_study

SITES = {"S1": (0, 6), "S2": (6, 0), "S3": (0, -6)}
"""Three village schools 6 km from the hub: nobody walks there, and buses go to the hub only."""
PUPILS = {2025: (4, 5, 1), 2026: (3, 1, 1), 2027: (1, 5, 1)}
"""Pupils a grade at each site: S2 loses its pupils and gets them back, the temptation to close and open again."""
YEARS = tuple(PUPILS)
Layout = frozenset[tuple[str, str]]
"""The bands taught at the sites."""
Path = tuple[Layout, ...]
GIVEN: dict[str, Any] = {
    "wage_cny": 10_000, "allowed": False, "must_keep": ("H",), "closable_below_pupils": 1_000, "discount_rate": 0.05,
    "line_fixed_cny": 120_000,
}  # fmt: skip


def county(counts: tuple[int, ...], **more: Any) -> lo.Study:
    villages = {f"V{code[1]}": (x, y, [n] * 6) for (code, (x, y)), n in zip(SITES.items(), counts, strict=True)}
    schools: dict[str, Any] = {code: (x, y, {"hub": False}) for code, (x, y) in SITES.items()}
    schools["H"] = (0, 0, {"hub": True, "places_primary": 1_000.0})
    return tiny_study({**villages, "VH": (0, 0, [15] * 6)}, schools, **more)


@pytest.fixture(scope="module")
def studies() -> dict[int, lo.Study]:
    return {year: county(counts, year=year) for year, counts in PUPILS.items()}


@pytest.fixture(scope="module")
def costs(studies: dict[int, lo.Study]) -> dict[int, dict[Layout, float]]:
    """The least yearly cost of every layout in every year: the program of one year, its schools fixed."""
    found: dict[int, dict[Layout, float]] = {}
    for year, study in studies.items():
        policy = tiny_policy(**GIVEN)
        options = build_options(study, policy)
        model, data = build_model(study, policy, options)
        program = model.program(model.goals["annual_cost"])
        found[year] = {}
        for layout in layouts():
            lower, upper = program.lower.copy(), program.upper.copy()
            for name, taught in (("open", {(code,) for code, _ in layout}), ("taught", layout)):
                block = data.frame.blocks[name]
                labels = block.table[list(block.key)].itertuples(index=False, name=None)
                lower[block.columns] = upper[block.columns] = [one in taught or one[0] == "H" for one in labels]
            solved = highs.solve(replace(program, lower=lower, upper=upper), budget=highs.Budget(gap=1e-9))
            assert solved.status == "optimal"
            found[year][layout] = solved.objective
    return found


def layouts() -> list[Layout]:
    """Each site closed, with its lower band, or with both."""
    bands: list[tuple[str, ...]] = [(), ("lower",), ("lower", "upper")]
    choices = product(bands, repeat=len(SITES))
    return [frozenset((code, band) for code, own in zip(SITES, some, strict=True) for band in own) for some in choices]


def brute(costs: Mapping[int, Mapping[Layout, float]], keeps: Callable[[Path], bool]) -> float:
    """The least discounted cost over all sequences of layouts that keep a rule."""
    rate = 1.0 + GIVEN["discount_rate"]
    found = [
        sum(costs[year][layout] / rate**turn for turn, (year, layout) in enumerate(zip(YEARS, path, strict=True)))
        for path in product(layouts(), repeat=len(YEARS))
        if keeps(path)
    ]
    return min(found)


def with_today(path: Path) -> Path:
    return (frozenset(product(SITES, ("lower", "upper"))), *path)


def monotone(path: Path) -> bool:
    return all(now <= then for then, now in pairwise(with_today(path)))


def sites(layout: Layout) -> set[str]:
    return {code for code, _ in layout}


def closed(path: Path) -> list[set[str]]:
    return [sites(then) - sites(now) for then, now in pairwise(with_today(path))]


def moved(path: Path) -> list[int]:
    """Three grades of a band leave with it."""
    counts = [dict(zip(SITES, PUPILS[year], strict=True)) for year in YEARS]
    gone = [then - now for then, now in pairwise(with_today(path))]
    return [sum(3 * count[code] for code, _ in bands) for count, bands in zip(counts, gone, strict=True)]


def phased(studies: Mapping[int, lo.Study], **asked: Any) -> Phasing:
    """Whole phasings audit each year's plan and the years together; they are dear, so there are few of them."""
    found = lo.phase(dict(studies), tiny_policy(**GIVEN), effort="proof", **asked)
    assert found.main.gap <= 1e-4 and found.problems.empty
    return found


def broken(by: Phasing, **asked: Any) -> set[str]:
    """The rules between years, as they are asked, that the plans of a phasing break."""
    wishes = replace(by.basis.horizon.asked, **asked)
    return set(check_phasing(by.plans, replace(by.basis, horizon=replace(by.basis.horizon, asked=wishes)))["rule"])


@dataclass(frozen=True, eq=False)
class Programs:
    """The programs of the years, built once, to be joined with other wishes."""

    found: tuple[Year, ...]
    built: list[Built]

    @classmethod
    def of(cls, studies: Mapping[int, lo.Study]) -> Programs:
        found = years_of(studies, dict.fromkeys(studies, tiny_policy(**GIVEN)))
        return cls(found, built_of(found))

    def best(self, **asked: Any) -> tuple[float, Basis, Any]:
        """The least discounted cost of all years together, with what it was found for, and its point."""
        basis = basis_of(self.found, self.built, effort="proof", **asked)
        end = time.monotonic() + 60.0
        task = basis.task(deadline=end, report=lambda share, text: None, interrupted=lambda: False)
        answer = together(task, None, 1.0)
        assert answer.levels[0].gap <= 1e-4
        return answer.levels[0].value, basis, answer.values


@pytest.fixture(scope="module")
def programs(studies: dict[int, lo.Study]) -> Programs:
    return Programs.of(studies)


@pytest.fixture(scope="module")
def free(studies: dict[int, lo.Study]) -> Phasing:
    """Without any limit: what each rule of a single year would come to where it is left out."""
    found = phased(studies)
    for year, plan in found.plans.items():
        assert lo.audit(plan, plan.study, plan.policy).empty
        assert plan.study.year == year
    return found


LIMITS = {"closures_per_year": 1, "moved_pupils_per_year": 20, "teacher_moves_per_year": 4}
SHARES = {2025: 0.3, 2027: 0.7}


@pytest.fixture(scope="module")
def limited(studies: dict[int, lo.Study]) -> Phasing:
    return phased(studies, limits=lo.PhaseLimits(**LIMITS))


def test_free_years_close_what_pays(free: Phasing, costs: dict[int, dict[Layout, float]]) -> None:
    assert free.main.value == pytest.approx(brute(costs, monotone), rel=1e-6)
    assert set(free.table.columns) == {"name", *YEARS}


def test_schools_that_close_and_pupils_who_move_twice(
    programs: Programs, limited: Phasing, costs: dict[int, dict[Layout, float]]
) -> None:
    """S2 has 5, 1 and 5 pupils a grade: closed in the middle year only, where neither rule forbids it.

    The years of a phasing turned about open what was closed, and bring back who left.
    """
    anything = brute(costs, lambda path: True)
    assert anything < brute(costs, monotone) - 1.0
    assert programs.best(reopen=True, move_once=False)[0] == pytest.approx(anything, rel=1e-6)
    assert programs.best(reopen=True)[0] == pytest.approx(brute(costs, monotone), rel=1e-6)
    assert programs.best(move_once=False)[0] == pytest.approx(brute(costs, monotone), rel=1e-6)
    turned = replace(limited, plans=dict(zip(YEARS, reversed(limited.plans.values()), strict=True)))
    assert broken(turned, limits=NO_LIMITS) == {"stays_closed", "moved_once"}
    assert broken(turned, limits=NO_LIMITS, reopen=True) == {"moved_once"}
    assert broken(turned, limits=NO_LIMITS, move_once=False) == {"stays_closed"}


KEPT: dict[str, Callable[[Path], bool]] = {
    "closures_per_year": lambda path: max(map(len, closed(path))) <= 1,
    "moved_pupils_per_year": lambda path: max(moved(path)) <= 20,
    "teacher_moves_per_year": lambda path: max(map(len, closed(path))) <= 1,
}
"""What each limit means for layouts. A school needs 4 posts (two multigrade classes): 4 a year are one school."""


@pytest.mark.parametrize("limit", LIMITS)
def test_yearly_limits(programs: Programs, free: Phasing, costs: dict[int, dict[Layout, float]], limit: str) -> None:
    best = brute(costs, lambda path: monotone(path) and KEPT[limit](path))
    assert best > brute(costs, monotone) + 1.0
    limits = lo.PhaseLimits(**{limit: LIMITS[limit]})
    assert programs.best(limits=limits)[0] == pytest.approx(best, rel=1e-6)
    assert broken(free, limits=limits) == {limit}


def test_all_limits_hold_in_the_plans(limited: Phasing, costs: dict[int, dict[Layout, float]]) -> None:
    best = brute(costs, lambda path: monotone(path) and all(kept(path) for kept in KEPT.values()))
    assert limited.main.value == pytest.approx(best, rel=1e-6)
    for name, column in (("closures", "closes"), ("moved_pupils", "moved_pupils"), ("teacher_moves", "teachers_gone")):
        assert 0 < limited.years[column].max() <= LIMITS[f"{name}_per_year"]


def test_share_of_the_first_years_small_schools(
    programs: Programs, free: Phasing, costs: dict[int, dict[Layout, float]]
) -> None:
    """Four schools count as small: 30 % are two by 2025, 70 % are three by 2027."""

    def keeps(path: Path) -> bool:
        return monotone(path) and len(sites(path[0])) <= 1 and len(path[2]) == 0

    assert brute(costs, keeps) > brute(costs, monotone) + 1.0
    assert programs.best(merge_shares=SHARES)[0] == pytest.approx(brute(costs, keeps), rel=1e-6)
    assert broken(free, merge_shares=SHARES) == {"merge_share_of_year"}


def test_comparisons_are_the_same_program_restricted(limited: Phasing, costs: dict[int, dict[Layout, float]]) -> None:
    assert str(limited.compare(time_limit_s=0.0)).endswith("another run may end elsewhere.")
    found = limited.compare().table
    table = found.set_index("way")["cost_cny"]
    constant = brute(costs, lambda path: len(set(path)) == 1)
    rate = 1.0 + GIVEN["discount_rate"]
    alone = sum(min(costs[year].values()) / rate**turn for turn, year in enumerate(YEARS))
    assert table["all in year one"] == pytest.approx(constant, rel=1e-4)
    assert table["each year alone"] == pytest.approx(alone, rel=1e-4)
    assert table["year by year"] >= table["phasing"] - 1.0
    assert table["phasing"] == pytest.approx(limited.main.value)
    bounds = found.set_index("way")["bound_cny"]
    assert bounds["phasing"] == pytest.approx(limited.main.bound) and bounds.isna().sum() == 2
    assert bounds["each year alone"] <= alone + 1.0


def test_years_one_after_another_with_later_ones_kept_possible(
    programs: Programs, costs: dict[int, dict[Layout, float]]
) -> None:
    """One school a year, all three by 2027: each year by itself would close none or the wrong ones."""

    def keeps(path: Path) -> bool:
        return monotone(path) and max(map(len, closed(path))) <= 1 and not sites(path[2])

    _, basis, point = programs.best(limits=lo.PhaseLimits(closures_per_year=1), merge_shares={2027: 0.7})
    end = time.monotonic() + 60.0
    task = basis.task(deadline=end, report=lambda share, text: None, interrupted=lambda: False)
    found = year_by_year(basis, task, point, 1.0)
    paths = [path for path in product(layouts(), repeat=len(YEARS)) if keeps(path)]
    least = min([round(costs[year][one], 2) for year, one in zip(YEARS, path, strict=True)] for path in paths)
    assert found is not None
    own = [copy.model.goals["annual_cost"].value(found[copy.columns]).sum() for copy in task.copies.copies]
    assert own == pytest.approx(least, rel=1e-4)


def growing(**level: Any) -> dict[int, lo.Study]:
    """S1 may close into the hub once the hub is enlarged by 12 places; the hub is full with 24 pupils of its own."""
    schools: dict[str, Any] = {"S1": (0, 6, {"hub": False}), "H": (0, 0, {"hub": True, "places_primary": 24.0})}
    expansion = {"school_id": "H", "stage": "primary", "level": 1, "places": 12, "capital_cny": 30_000, **level}
    villages: dict[str, Any] = {"V1": (0, 6, [2] * 6), "VH": (0, 0, [4] * 6)}
    return {year: tiny_study(villages, schools, expansions=[expansion], year=year) for year in YEARS}


@pytest.fixture(scope="module")
def enlarging() -> Programs:
    return Programs.of(growing(build_years=1))


def enlarged(basis: Basis, point: Any) -> list[bool]:
    """Whether the hub's level is in use, year by year."""
    return [bool(data.frame.values("level", point)[0] > 0.5) for data in basis.horizon.data]


@pytest.fixture(scope="module")
def built() -> Phasing:
    return phased(growing(build_years=1))


def test_built_before_closed(built: Phasing, enlarging: Programs) -> None:
    """The hub's level takes a year to build: begun in 2025, paid in 2025, in use in 2026, when S1 closes."""
    assert built.events.values.tolist() == [[2026, "H", "is enlarged", 36.0], [2026, "S1", "closes", 12.0]]
    assert built.costs["capital_paid_cny"].tolist() == [30_000, 0, 0]
    at_once, basis, point = enlarging.best(build_years=0)
    assert enlarged(basis, point) == [True, True, True] and at_once < built.main.value - 1.0
    assert broken(built, build_years=2) == {"build_first"}


def test_capital_of_a_year(built: Phasing, enlarging: Programs) -> None:
    """30,000 a level, begun the year before: with 10,000 in 2025 it is begun in 2026 and in use in 2027."""
    limits = lo.PhaseLimits(capital_per_year_cny={2025: 10_000, 2026: 30_000})
    _, basis, point = enlarging.best(limits=limits)
    assert enlarged(basis, point) == [False, False, True]
    assert broken(built, limits=limits) == {"capital_per_year"}


def test_buses_of_a_year(programs: Programs, free: Phasing) -> None:
    """Nobody rides today; a part of a bus each year, one rider too small for the first year's best, adds up."""
    per_bus = free.basis.horizon.asked.riders_per_bus
    riders = [float(plan.assignments.query("mode == 'bus'")["pupils"].sum()) for plan in free.plans.values()]
    assert riders[0] > 0
    most = (riders[0] - 1.0) / per_bus
    limits = lo.PhaseLimits(new_buses_per_year=most)
    value, basis, point = programs.best(limits=limits)
    for turn, data in enumerate(basis.horizon.data, start=1):
        assert float(pupils_by(data, [], mode="bus").value(point).sum()) / per_bus <= turn * most + 1e-6
    assert value > free.main.value + 1.0
    assert broken(free, limits=limits) == {"new_buses_per_year"}


def test_an_enlarged_school_stays_enlarged(built: Phasing) -> None:
    """Pupils of V1 leave after 2025: without the rule nobody pays for the level any more."""
    schools: dict[str, Any] = {
        "S1": (0, 6, {"hub": False, "status": "close"}),
        "H": (0, 0, {"hub": True, "places_primary": 24.0}),
    }
    expansion = {"school_id": "H", "stage": "primary", "level": 1, "places": 12, "capital_cny": 30_000}
    programs = Programs.of({
        year: tiny_study({"V1": (0, 6, [n] * 6), "VH": (0, 0, [4 - (n == 1)] * 6)}, schools, expansions=[expansion], year=year)
        for year, n in zip(YEARS, (2, 1, 1), strict=True)
    })  # fmt: skip
    assert enlarged(*programs.best()[1:]) == [True, True, True]
    assert enlarged(*programs.best(skip=("stays_built",))[1:]) == [True, False, False]
    turned = dict(zip(YEARS, reversed(built.plans.values()), strict=True))
    assert {"stays_built", "stays_closed"} <= broken(replace(built, plans=turned))


def test_rules_that_cannot_hold_together(studies: dict[int, lo.Study]) -> None:
    with pytest.raises(lo.InfeasibleError, match="Each year has a plan of its own") as caught:
        phased(studies, limits=lo.PhaseLimits(closures_per_year=0), merge_shares={2026: 0.5})
    assert set(caught.value.rules) == {"closures_per_year", "merge_share_of_year"}


def test_replanned_years_keep_the_past(limited: Phasing) -> None:
    """Other pupils than foreseen, and a limit on buses that nobody thought of before: nothing more can close."""
    fuller = {year: county(PUPILS[2025], year=year) for year in YEARS[1:]}
    limits = replace(limited.basis.horizon.asked.limits, new_buses_per_year=0)
    again = limited.replan(2026, fuller, limits=limits)
    assert again.table[2025].equals(limited.table[2025]) and again.problems.empty
    assert again.plans[2025] is limited.plans[2025]
    assert again.plans[2027].assignments["pupils"].sum() == 6 * (10 + 15)
    assert again.years["closes"].tolist() == [1, 0, 0]
    with pytest.raises(lo.LayoutError, match="nothing to decide again from 2025"):
        limited.replan(2025)
    with pytest.raises(lo.LayoutError, match="is of 2027, not of 2026"):
        limited.replan(2026, fuller[2027])


def test_what_was_begun_is_finished_and_paid_once(built: Phasing) -> None:
    """Begun and paid in 2025 for 2026: it is there, though nobody needs it now, building is quick and money is gone."""
    schools: dict[str, Any] = {"S1": (0, 6, {"hub": False}), "H": (0, 0, {"hub": True, "places_primary": 24.0})}
    expansion = {
        "school_id": "H",
        "stage": "primary",
        "level": 1,
        "places": 12,
        "capital_cny": 30_000,
        "build_years": 1,
    }
    fewer = {
        year: tiny_study({"V1": (0, 6, [2] * 6), "VH": (0, 0, [1] * 6)}, schools, expansions=[expansion], year=year)
        for year in YEARS[1:]
    }
    again = built.replan(2026, fewer, build_years=0, limits=lo.PhaseLimits(capital_per_year_cny=0))
    assert again.costs["capital_paid_cny"].tolist() == [30_000, 0, 0]
    assert [plan.schools.set_index("school_id").loc["H", "level_primary"] for plan in again.plans.values()] == [
        "",
        "1",
        "1",
    ]
    without = dict(zip(YEARS, [built.plans[2025]] * 3, strict=True))
    assert broken(replace(again, plans=without)) == {"build_first"}


def test_the_last_year_alone_needs_no_forecast_and_made_years_take_their_pupils_from_it() -> None:
    study = growing()[2027]
    assert studies_of(study, (2027,)) == {2027: study}
    residents = dict.fromkeys((2026, 2027), tiny_policy(**GIVEN, method="residents"))
    made = years_of({year: growing()[year] for year in residents}, residents, made=residents)
    assert [(one.policy.demand.method, one.chosen.demand.method) for one in made] == [("given", "residents")] * 2
    with pytest.raises(lo.PolicyError, match="residents' needs population"):
        years_of({2026: growing()[2026]}, residents)


def test_buses_are_bought_as_late_as_the_limits_allow() -> None:
    """Two buses there, riders for 1, 1 and 7, two a year: 7 in 2027 are 5 in 2026 and 3 in 2025; none without limits."""
    import pandas as pd

    def bought(limits: lo.PhaseLimits) -> list[float]:
        asked = SimpleNamespace(buses={2024: 2.0}, riders_per_bus=10.0, limits=limits)
        plans = {
            year: SimpleNamespace(assignments=pd.DataFrame({"mode": ["bus", "walk"], "pupils": [10.0 * count, 99.0]}))
            for year, count in zip(YEARS, (1, 1, 7), strict=True)
        }
        found: Any = SimpleNamespace(horizon=SimpleNamespace(asked=asked, years=YEARS, again=0))
        return list(fleet(plans, found).values())  # type: ignore[arg-type]

    assert bought(lo.PhaseLimits(new_buses_per_year=2)) == [2, 3, 5, 7]
    assert bought(lo.PhaseLimits(new_buses_per_year={2027: 4})) == [2, 2, 3, 7]
    assert bought(NO_LIMITS) == [2, 2, 2, 7]


def test_groups_follow_each_other_when_their_number_changes() -> None:
    """Two chunks become one, then one becomes three: each follows whom it shares pupils with."""
    import pandas as pd

    def items(count: int) -> Any:
        rows = [("V1", "lower", "S1", f"V1.lower.{k}") for k in range(1, count + 1)]
        return pd.DataFrame(rows, columns=["settlement_id", "band", "today_school", "item"])

    def pairs(before: int, after: int) -> list[tuple[int, int]]:
        table = followers(items(before), items(after))
        return [(int(then[-1]), int(now[-1])) for then, now in table.itertuples(index=False, name=None)]

    assert pairs(2, 1) == [(1, 1), (2, 1)]
    assert pairs(1, 3) == [(1, 1), (1, 2), (1, 3)]
    assert pairs(2, 3) == [(1, 1), (1, 2), (2, 2), (2, 3)]


def test_groups_follow_by_their_number_not_by_their_name() -> None:
    """Eleven chunks in either order are themselves: .10 comes after .9, not after .1."""
    import pandas as pd

    rows = [("V1", "lower", "S1", f"V1.lower.{k}") for k in range(1, 12)]
    by_number = pd.DataFrame(rows, columns=["settlement_id", "band", "today_school", "item"])
    pairs = followers(by_number, by_number.sort_values("item"))
    assert len(pairs) == 11 and (pairs["item_before"] == pairs["item"]).all()


def test_groups_that_become_one_are_counted_once() -> None:
    """S1 closes in 2025: its 120 pupils, three groups and more, leave it then, and nobody in 2026 when they are fewer."""
    schools: dict[str, Any] = {
        "S1": (0, 6, {"hub": False, "status": "close"}),
        "H": (0, 0, {"hub": True, "places_primary": 1_000.0}),
    }
    programs = Programs.of(
        {year: tiny_study({"V1": (0, 6, [n] * 6)}, schools, year=year) for year, n in ((2025, 20), (2026, 8))}
    )
    assert [len(one.options.items) for one in programs.found] == [4, 2]
    programs.best(limits=lo.PhaseLimits(moved_pupils_per_year={2025: 120, 2026: 0}))
    with pytest.raises(Stopped):
        programs.best(limits=lo.PhaseLimits(moved_pupils_per_year={2025: 119}))


def test_a_group_has_moved_as_often_as_some_of_its_pupils() -> None:
    """One of two groups moves, then both are one group at its school, then that goes back: only this is twice."""
    import pandas as pd

    def plan(went: dict[str, str]) -> Any:
        rows = [("V1", "lower", "A", item, school) for item, school in went.items()]
        columns = ["settlement_id", "band", "today_school", "item", "school_id"]
        return SimpleNamespace(assignments=pd.DataFrame(rows, columns=columns))

    plans = {2025: plan({"V1.1": "A", "V1.2": "B"}), 2026: plan({"V1": "B"}), 2027: plan({"V1": "A"})}
    assert twice_moved({year: plans[year] for year in (2025, 2026)}) == []
    assert twice_moved(plans) == ["V1"]


def test_goals_without_a_cost() -> None:
    """Travel after another goal keeps the layouts of all years; words, tables and ways speak of the last goal."""
    two = {year: study for year, study in growing(build_years=1).items() if year < 2027}
    found = lo.phase(two, tiny_policy(**GIVEN, goals=("unserved", "merge_small", "travel")), effort="quick")
    assert [level.goal for level in found.levels] == ["merge_small", "travel"] and found.levels[
        1
    ].status == "layout fixed"
    known = replace(found, levels=tuple(replace(level, bound=0.9 * level.value) for level in found.levels))
    assert "; travel is within 10.00% of the best for" in str(known) and known.to_dict()["value_cny"] is None
    ways = found.compare().table.set_index("way")
    assert ways.loc["phasing", ["merge_small", "travel"]].tolist() == [level.value for level in found.levels]
    assert "travel discounted" in ways.loc["all in year one", "words"]


def test_levels_are_those_of_the_point_and_improving_keeps_earlier_goals(studies: dict[int, lo.Study]) -> None:
    """With low wages the cost uses what the tolerance leaves; a year decided again keeps what is held, here more schools."""
    goals = {"goals": ("unserved", "merge_small", "annual_cost"), "goal_tolerance": {"merge_small": 1.0}}
    found = years_of(studies, dict.fromkeys(studies, tiny_policy(**GIVEN | {"wage_cny": 1_000}, **goals)))
    basis = basis_of(found, built_of(found), limits=lo.PhaseLimits(closures_per_year=1), effort="proof")
    task = basis.task(deadline=time.monotonic() + 60.0, report=lambda share, text: None, interrupted=lambda: False)
    answer = together(task, None, 1.0)
    model = task.copies.model(task.weights, task.links)
    few, cost = (model.goals[level.goal] for level in answer.levels)
    for level in answer.levels:
        assert level.value == pytest.approx(model.goals[level.goal].value(answer.values).sum())
    assert answer.levels[0].value > answer.levels[0].bound + 0.5 and task.stopped_by == "done"
    loose, held = replace(task, links=()), Held().also(few * -1.0, -answer.levels[0].value)
    freed, kept = (
        improved(
            loose, answer.values, 1.0, goals=["annual_cost"], held=NamedRows("held", own.as_rows(len(answer.values)))
        )
        for own in (Held(), held)
    )
    assert few.value(freed).sum() < few.value(answer.values).sum() - 0.5
    assert few.value(kept).sum() >= few.value(answer.values).sum() - 1e-6
    assert cost.value(freed).sum() < cost.value(kept).sum() - 1.0
    improved(
        replace(task, deadline=0.0), answer.values, 1.0, goals=["annual_cost"], held=NamedRows("held", held.as_rows(0))
    )
    assert task.stopped_by == "time"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"years": (2025,)}, "2 to 12 years"),
        ({"years": (2025, 2027)}, "follow each other"),
        ({"years": range(2024, 2028)}, "no study of 2024"),
        ({"limits": lo.PhaseLimits(closures_per_year=-1)}, "closures_per_year = -1"),
        ({"limits": lo.PhaseLimits(capital_per_year_cny={2031: 1.0})}, "2031"),
        ({"merge_shares": {2024: 0.5, 2026: 60}}, "2024, which is no year.*from 0 to 1"),
        ({"build_years": -1.0, "discount": float("nan")}, "build_years = -1.0.*discount = nan"),
    ],
)
def test_what_cannot_be_asked(studies: dict[int, lo.Study], asked: dict[str, Any], words: str) -> None:
    with pytest.raises(lo.LayoutError, match=words):
        lo.phase(dict(studies), tiny_policy(**GIVEN), **asked)


def test_other_counties_are_refused_with_every_difference(studies: dict[int, lo.Study]) -> None:
    schools: dict[str, Any] = {"H": (0, 0, {"hub": True, "places_primary": 1_000.0}), "S9": (0, 3, {})}
    other = tiny_study({"V9": (0, 0, [1] * 6)}, schools, year=2026)
    with pytest.raises(lo.InputError) as caught:
        lo.phase({2025: studies[2025], 2026: other}, tiny_policy(**GIVEN))
    assert [problem.where for problem in caught.value.problems] == ["settlements of 2026", "schools of 2026"]


def test_other_expansions_and_missing_policies_are_refused(studies: dict[int, lo.Study]) -> None:
    with pytest.raises(lo.InputError, match="expansions of 2026: are others than in 2025"):
        lo.phase(growing() | {2026: growing(level=2)[2026]}, tiny_policy(**GIVEN))
    with pytest.raises(lo.LayoutError, match="no policy of 2026, 2027"):
        lo.phase(studies, {2025: tiny_policy(**GIVEN)})


def test_every_rule_between_years_stands_on_the_page_of_years() -> None:
    text = (pathlib.Path(__file__).parents[2] / "docs" / "years.md").read_text("utf-8")
    assert [name for name in YEAR_RULES if f"| `{name}` |" not in text] == []


def test_words_tables_and_files(limited: Phasing, tmp_path: Any) -> None:
    found = limited
    assert str(found).splitlines()[-1].startswith("All years together cost ")
    assert "discounted to 2025" in str(found) and "within 0.00% of the best" in str(found)
    assert found.discounted_cny == pytest.approx(found.costs["discounted_cny"].sum())
    weights = [1.0, 1 / 1.05, 1 / 1.05**2]
    assert found.costs["counts"].tolist() == pytest.approx(weights)
    kinds = [
        name
        for name in found.costs
        if name.endswith("_cny") and name not in ("cost_cny", "capital_paid_cny", "discounted_cny")
    ]
    assert np.allclose(found.costs[kinds].sum(axis=1), found.costs["cost_cny"])
    folder = found.to_folder(tmp_path / "out")
    (folder / "2024").mkdir()
    (folder / "notes.txt").write_text("ours", "utf-8")
    found.to_folder(folder)
    assert (folder / "notes.txt").exists() and not (folder / "2024").exists()
    (folder / "phasing.json").rename(folder / "other.json")
    with pytest.raises(lo.InputError, match="holds other files"):
        found.to_folder(folder)
    assert sorted(path.name for path in folder.iterdir() if path.suffix == ".csv") == [
        "phasing_costs.csv", "phasing_events.csv", "phasing_moves.csv", "phasing_table.csv", "phasing_years.csv",
    ]  # fmt: skip
    back = lo.Plan.from_folder(folder / "2026")
    assert back.figures.schools_open == found.plans[2026].figures.schools_open
    assert len(found.plot().patches) == 3 * found.events["school_id"].nunique()
