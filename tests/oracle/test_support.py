"""How small schools keep a full curriculum: hand-solved counties, and brute force over forms and tours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product
from math import ceil, cos, hypot, pi, sin
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.rules.support import possible_tours
from layoutopt.model.start import first_point
from layoutopt.options import build_options
from layoutopt.plan.facts import facts_of
from layoutopt.plan.figure_checks import figures
from layoutopt.plan.support_checks import CHECKS
from layoutopt.plan.tours import timetable, tour_table
from layoutopt.testing import tiny_policy, tiny_study

WAGE = 110_000.0
STAYS: dict[str, Any] = {"full_curriculum": True, "max_ride_min": 5, "keep_existing_exceptions": False}
"""Nobody rides longer than 5 minutes, 2.5 km: no site below can close."""
QINAN = [(r * cos(k * pi / 3), r * sin(k * pi / 3)) for r in (6.0, 12.0) for k in range(6)]
Places = Sequence[tuple[float, float]]


def county(
    sites: Places, hubs: Places = ((0, 0),), pupils: int = 4, hub: dict[str, Any] | None = None, **site: Any
) -> lo.Study:
    """Hubs of 300 pupils and small schools of six times ``pupils``, each with its village beside it."""
    villages: dict[str, Any] = {}
    schools: dict[str, Any] = {}
    for letter, places, count, given in (
        ("H", hubs, 50, {"hub": True, "places_primary": 1_000.0, **(hub or {})}),
        ("S", sites, pupils, {"hub": False, **site}),
    ):
        for number, (x, y) in enumerate(places, start=1):
            villages[f"V{letter}{number}"] = (x, y + 0.1, [count] * 6)
            schools[f"{letter}{number}"] = (x, y, given)
    return tiny_study(villages, schools)


def solved(study: lo.Study, policy: lo.Policy) -> lo.Plan:
    plan = lo.optimize(study, policy, effort="proof")
    assert lo.audit(plan, study, policy).empty
    level = plan.proof.main
    assert level is not None and level.gap <= 1e-4 and level.value == pytest.approx(plan.figures.cost_cny)
    return plan


def forms(plan: lo.Plan) -> dict[str, str]:
    return dict(zip(plan.schools["school_id"], plan.schools["support"], strict=True))


@pytest.fixture(scope="module")
def qinan() -> lo.Plan:
    return solved(county(QINAN), tiny_policy(**STAYS, online=False, group=False, itinerant_cny_per_km=50))


def test_qinan_nine_teachers_serve_twelve_sites(qinan: lo.Plan) -> None:
    """12 sites, one day each, two a day: 6 tours; two days a week a team: 3 teams of 3 teachers."""
    assert forms(qinan) == {"H1": "own", **{f"S{n}": "itinerant" for n in range(1, 13)}}
    assert qinan.figures.itinerant_teachers == 9
    calls = qinan.tours[qinan.tours["site_id"] != "H1"]
    assert sorted(calls["site_id"]) == sorted(f"S{n}" for n in range(1, 13))
    assert calls["tour_id"].nunique() == 6 and set(calls["days"]) == {1}
    # The cheapest six tours drive out in one direction, past 6 km to 12 km, and back: 24 km and 48 minutes each.
    # (Two far neighbours, 12 km apart, take 36 km and the two near ones 18 km: 54 for four sites instead of 48.)
    # 3 teams x 3 teachers x 2/5 x 110,000 = 396,000; 6 x 24 km x 40 weeks x 50 = 288,000.
    # Specialists of their own would take two posts more at each site: 12 x 220,000.
    legs = qinan.tours.groupby("tour_id")
    assert legs["minutes"].sum().tolist() == pytest.approx([48.0] * 6)
    assert legs["km"].sum().tolist() == pytest.approx([24.0] * 6)
    assert qinan.tours["cost_cny"].sum() == pytest.approx(288_000)
    assert qinan.figures.cost_support_cny == pytest.approx(396_000 + 288_000)


def test_qinan_tours_on_tuesdays_and_thursdays(qinan: lo.Plan) -> None:
    table = timetable(qinan.tours, qinan.policy)
    assert sorted(zip(table["weekday"], table["team"], strict=True)) == [
        (d, team) for d in (2, 4) for team in (1, 2, 3)
    ]
    assert sorted(table["tour_id"]) == [f"T00{n}" for n in range(1, 7)]
    assert table["minutes"].tolist() == pytest.approx([48.0] * 6)


def test_a_site_is_called_at_once_a_day() -> None:
    """Two teams, A twice with B, B once more with C: B's three calls are on three days, no team tours on over two."""
    driven = [("H", ("A", "B"), 2), ("H", ("B", "C"), 1), ("H", ("D",), 1)]
    legs = [(f"T{n}", hub, days, site) for n, (hub, sites, days) in enumerate(driven) for site in (*sites, hub)]
    table = pd.DataFrame(legs, columns=["tour_id", "school_id", "days", "site_id"]).assign(minutes=10.0)
    found = timetable(table, tiny_policy())
    assert sorted(zip(found["tour_id"], found["weekday"], strict=True)) == [("T0", 2), ("T0", 4), ("T1", 1), ("T2", 2)]
    assert found["team"].value_counts().to_dict() == {1: 2, 2: 2}
    assert not found.duplicated(["weekday", "team"]).any()


def test_a_day_too_short_for_two_sites_takes_two_teams() -> None:
    """Two sites 9 km off at a right angle, 36 minutes each alone; both in one day 9 + 12.73 + 9 km, 61.5 minutes."""
    study, given = county([(9, 0), (0, 9)]), {**STAYS, "online": False, "itinerant_days_per_week": 1}
    # A team that tours one day costs 3 x 1/5 x 110,000 = 66,000, the car 40 x 1 a km and week.
    both = solved(study, tiny_policy(**given, itinerant_day_min=62))
    assert both.figures.itinerant_teachers == 3 and set(both.tours["tour_id"]) == {"T001"}
    assert both.figures.cost_support_cny == pytest.approx(66_000 + 40 * (18 + hypot(9, 9)))
    each = solved(study, tiny_policy(**given, itinerant_day_min=61))
    assert each.figures.itinerant_teachers == 6 and set(each.tours["tour_id"]) == {"T001", "T002"}
    assert each.figures.cost_support_cny == pytest.approx(132_000 + 40 * 36)


def test_two_visits_a_week_are_two_days_of_the_tour() -> None:
    plan = solved(county([(6, 0), (6, 6)]), tiny_policy(**STAYS, online=False, itinerant_visits_per_week=2))
    assert set(plan.tours["days"]) == {2} and set(plan.tours["tour_id"]) == {"T001"}
    assert plan.figures.itinerant_teachers == 3  # two days, one team
    km = 6 + 6 + hypot(6, 6)
    assert plan.figures.cost_support_cny == pytest.approx(132_000 + km * 2 * 40)


def test_online_classes_win_where_one_site_lies_alone() -> None:
    """Online 12,000 + 0.3 x 110,000 = 45,000; a team for one site 132,000; two more posts 220,000."""
    plan = solved(county([(8, 0)]), tiny_policy(**STAYS))
    assert forms(plan)["S1"] == "online"
    assert plan.figures.cost_support_cny == pytest.approx(45_000)
    assert plan.tours.empty and plan.figures.itinerant_teachers == 0


def test_the_group_wins_where_it_takes_up_less() -> None:
    """Group 8,000 + 0.3 x 110,000 = 41,000 against 45,000 online, but only in a hub's own group."""
    plan = solved(county([(8, 0)], hub={"group": "A"}, group="A"), tiny_policy(**STAYS, group_posts=0.3))
    assert forms(plan)["S1"] == "group"
    assert plan.figures.cost_support_cny == pytest.approx(41_000)
    other = solved(county([(8, 0)], hub={"group": "A"}, group="B"), tiny_policy(**STAYS, group_posts=0.3))
    assert forms(other)["S1"] == "online"


def test_own_specialists_win_where_few_posts_are_missing() -> None:
    """Four posts by class, five make specialists: one more costs 110,000, a team 132,000 and its car."""
    plan = solved(county([(8, 0)]), tiny_policy(**STAYS, online=False, own_specialists_from_posts=5))
    school = plan.schools.set_index("school_id").loc["S1"]
    assert (school["support"], school["posts"], school["posts_primary"]) == ("own", 5, 5)
    assert plan.figures.cost_support_cny == 0


def test_a_school_with_enough_posts_by_the_norm_has_its_specialists_already() -> None:
    """33 pupils a band are more than one multigrade class: 6 classes, 12 posts."""
    plan = solved(county([(8, 0)], pupils=11), tiny_policy(**STAYS))
    assert forms(plan)["S1"] == "own"
    assert plan.schools.set_index("school_id").loc["S1", "posts"] == 12


def test_closing_wins_once_the_full_curriculum_must_be_paid() -> None:
    """Staying costs 4 posts of 10,000 and 10,000; a full curriculum at least 12,000 + 0.3 x 10,000 more."""
    study = county([(8, 0)], annual_cost_cny=10_000.0)
    bus = {
        "wage_cny": 10_000, "allowed": False, "line_fixed_cny": 50_000, "attendant_cny": 0, "cny_per_km": 0.625,
        "seats": 40, "trips_per_day": 2, "school_days": 200,
    }  # fmt: skip
    # One bus for 24 riders: 50,000 a year and 16 km x 2 trips x 200 days x 0.625 = 4,000; 54,000 in all.
    plain = solved(study, tiny_policy(**bus))
    assert plain.schools.set_index("school_id").loc["S1", "role"] == "full"
    full = solved(study, tiny_policy(**bus, full_curriculum=True))
    assert full.schools.set_index("school_id").loc["S1", "role"] == "closed"
    assert forms(full) == {"H1": "own", "S1": ""}
    assert full.figures.cost_cny - plain.figures.cost_cny == pytest.approx(4_000, abs=10)


def test_off_there_is_nothing_of_it() -> None:
    study, policy = county([(8, 0)]), tiny_policy(**{**STAYS, "full_curriculum": False})
    plan = solved(study, policy)
    assert set(plan.schools["support"]) == {""} and plan.tours.empty
    _, data = build_model(study, policy, build_options(study, policy))
    assert not {"support", "tours", "teams"} & set(data.frame.blocks)


@pytest.mark.parametrize("seed", range(4))
def test_forms_and_tours_agree_with_brute_force(seed: int) -> None:
    """Five sites between two hubs: every form at every site, every way to cut sites into tours."""
    rng = np.random.default_rng(seed)
    sites = [(float(x), float(y)) for x, y in rng.uniform((-3, -9), (15, 9), (5, 2)).round(1)]
    hubs = [(0.0, 0.0), (12.0, 0.0)]
    dear = {"online_annual_cny": 50_000.0, "itinerant_cny_per_km": 20.0, "itinerant_max_min": 20.0}
    policy = tiny_policy(**{**STAYS, "max_ride_min": 0.1}, **dear, group=False, allowed=False, walk_max_min=2)
    plan = solved(county(sites, hubs), policy)
    assert plan.figures.schools_closed == 0
    least = min(_paid(sites, hubs, choice) for choice in product(("own", "online", 0, 1), repeat=len(sites)))
    extra = (
        plan.figures.cost_support_cny + WAGE * (plan.schools.set_index("school_id")["posts"].filter(like="S") - 4).sum()
    )
    assert extra == pytest.approx(least)


def _paid(sites: Places, hubs: Places, choice: Sequence[str | int]) -> float:
    cost = sum(220_000.0 if form == "own" else 83_000.0 if form == "online" else 0.0 for form in choice)
    for at, hub in enumerate(hubs):
        own = [site for site, form in zip(sites, choice, strict=True) if form == at]
        if own:
            cost += min(
                ceil(len(tours) / 2) * 132_000 + 40 * 20 * sum(_km(hub, tour) for tour in tours)
                for tours in _partitions(own)
            )
    return cost


def _km(hub: tuple[float, float], tour: Places) -> float:
    """Out, between and back; inf where a leg takes over 20 minutes (10 km)."""
    stops = [hub, *tour, hub]
    legs = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(stops)]
    direct = [hypot(site[0] - hub[0], site[1] - hub[1]) for site in tour]
    return sum(legs) if max([*legs, *direct]) <= 10 else float("inf")


def _partitions(sites: Places) -> Iterator[list[Places]]:
    """Every way to cut sites into ones and pairs."""
    if not sites:
        yield []
        return
    first, *rest = sites
    for others in _partitions(rest):
        yield [[first], *others]
    for at, second in enumerate(rest):
        for others in _partitions([*rest[:at], *rest[at + 1 :]]):
            yield [[first, second], *others]


@pytest.mark.parametrize("seed", range(4))
def test_audit_and_model_agree_about_forms_and_tours(seed: int) -> None:
    """Forms and tours at random, right and wrong: the point of the program keeps its rows where the audit is empty."""
    rng = np.random.default_rng(seed)
    sites = [(float(x), float(y)) for x, y in rng.uniform((-3, -9), (15, 9), (5, 2)).round(1)]
    study = county(sites, [(0.0, 0.0), (12.0, 0.0)])
    policy = tiny_policy(**{**STAYS, "max_ride_min": 0.1}, allowed=False, walk_max_min=2, group=False)
    model, data = build_model(study, policy, build_options(study, policy))
    base, plan = first_point(model, data), lo.optimize(study, policy, effort="quick")
    assert base is not None and lo.audit(plan).empty
    program, verdicts = model.program(model.goals["annual_cost"]), []
    for _ in range(15):
        forms, driven = _drawn(rng, len(sites))
        point = _as_point(data, base, forms, driven)
        kept = point is not None and program.violation(point) <= 1e-6
        drawn = plan.replace(schools=_as_schools(plan, forms), tours=tour_table(study, policy, driven))
        facts = facts_of(drawn, study, policy)
        found = [wrong for check in (*CHECKS.values(), figures) for wrong in check(facts)]
        assert (found == []) == kept, (forms, driven, found)
        verdicts.append(kept)
    assert 2 <= sum(verdicts) <= 13


def _drawn(rng: np.random.Generator, count: int) -> tuple[dict[str, str], list[tuple[str, tuple[str, ...], int]]]:
    """A form for every site and tours of one or two sites for the itinerant ones; half the time one thing is wrong."""
    names = [f"S{n}" for n in range(1, count + 1)]
    forms = dict(zip(names, rng.choice(["own", "itinerant", "online"], count, p=[0.2, 0.5, 0.3]).tolist(), strict=True))
    left, driven = [name for name in names if forms[name] == "itinerant"], []
    while left:
        size = int(rng.integers(1, 3))
        driven.append((f"H{rng.integers(1, 3)}", tuple(left[:size]), 1))
        left = left[size:]
    wrong = rng.integers(6)
    if wrong == 0:
        forms[names[0]] = str(rng.choice(["", "group", "itinerant", "online"]))
    elif wrong == 1 and driven:
        driven[0] = (*driven[0][:2], 2)
    elif wrong == 2:
        driven = driven[1:]
    return forms, driven


def _as_point(data: Data, base: np.ndarray, forms: dict[str, str], driven: Any) -> np.ndarray | None:
    """The program's point of these forms and tours; None where one has no column."""
    frame, point = data.frame, base.copy()
    every = {"H1": "own", "H2": "own", **forms}
    values = {name: np.zeros(len(frame.blocks[name])) for name in ("support", "tours", "teams")}
    table = frame.blocks["support"].table
    at = {key: row for row, key in enumerate(zip(table["school_id"], table["form"], strict=True))}
    tours = frame.blocks["tours"].table
    known = {
        (hub, frozenset(tour.split("+"))): row
        for row, (hub, tour) in enumerate(zip(tours["school_id"], tours["tour"], strict=True))
    }
    for school, form in every.items():
        if form and (school, form) not in at:
            return None
        if form:
            values["support"][at[school, form]] = 1
    for hub, stops, days in driven:
        if (hub, frozenset(stops)) not in known:
            return None
        values["tours"][known[hub, frozenset(stops)]] += days
    hubs = frame.blocks["teams"].table["school_id"]
    values["teams"][:] = [ceil(sum(days for at_hub, _, days in driven if at_hub == hub) / 2) for hub in hubs]
    posts = frame.blocks["posts"].table["school_id"]
    values["posts"] = np.array([24 if code.startswith("H") else 6 if every[code] == "own" else 4 for code in posts])
    for name, found in values.items():
        point[frame.blocks[name].columns] = found
    return point


def _as_schools(plan: lo.Plan, forms: dict[str, str]) -> pd.DataFrame:
    table = plan.schools.copy()
    form = table["school_id"].map({"H1": "own", "H2": "own", **forms})
    posts = np.where(table["role"] == "hub", 24, np.where(form == "own", 6, 4))
    return table.assign(support=form, posts=posts, posts_primary=posts)


def test_three_sites_a_day_take_the_shortest_round() -> None:
    """In a row at 4, 5 and 6 km: any order that turns only once drives 12 km; 6 tours of one or two sites drive more."""
    study = county([(4, 0), (5, 0), (6, 0)])
    tours = possible_tours(study, tiny_policy(**STAYS, itinerant_sites_per_day=3))
    assert len(tours) == 7
    assert tours["km"].max() == pytest.approx(12.0)
    assert tours[tours["stop_3"] != ""]["minutes"].tolist() == pytest.approx([24.0])


def test_the_first_point_keeps_every_rule() -> None:
    study, policy = county(QINAN[:4]), tiny_policy(**STAYS)
    model, data = build_model(study, policy, build_options(study, policy))
    point = first_point(model, data)
    assert point is not None
    assert data.frame.values("posts", point).sum() == 24 + 4 * 6


EDITS: dict[str, tuple[str, Any]] = {
    "tours": ("teams come on 2 days a week", lambda t: t.assign(days=2)),
    "order": ("is no tour", lambda t: t.assign(order=1)),
    "hub": ("is no tour", lambda t: t.assign(site_id=t["site_id"].replace("H1", "S1"))),
    "missing": ("teams come on 0 days a week", lambda t: t[t["tour_id"] != "T001"]),
    "long": ("sites a day", lambda t: _one_tour(t)),
}


def _one_tour(table: pd.DataFrame) -> pd.DataFrame:
    """All sites on one day of one team."""
    stops = [*table.loc[table["site_id"] != "H1", "site_id"], "H1"]
    legs = pd.concat([table.iloc[[0]]] * len(stops), ignore_index=True)
    return legs.assign(site_id=stops, order=range(1, len(stops) + 1))


@pytest.mark.parametrize("edit", EDITS)
def test_the_audit_names_a_tour_that_cannot_be_driven(qinan: lo.Plan, edit: str) -> None:
    says, change = EDITS[edit]
    found = lo.audit(qinan.replace(tours=change(qinan.tours)))
    assert found.loc[found["rule"] == "tours", "message"].str.contains(says).any()


def test_the_audit_names_stated_minutes_that_are_not_true(qinan: lo.Plan) -> None:
    found = lo.audit(qinan.replace(tours=qinan.tours.assign(minutes=1.0, cost_cny=0.0)))
    assert set(found["rule"]) == {"figures"}


@pytest.mark.parametrize(
    ("support", "rule"), [("", "full_curriculum"), ("online", "full_curriculum"), ("own", "own_specialists")]
)
def test_the_audit_names_a_form_that_is_not_there(qinan: lo.Plan, support: str, rule: str) -> None:
    """Online classes are not offered; specialists of its own take more than S1's four posts."""
    table = qinan.schools.copy()
    table.loc[table["school_id"] == "S1", "support"] = support
    found = lo.audit(qinan.replace(schools=table))
    # The team that still comes to S1 is named as well.
    assert set(found["rule"]) == {rule, "tours"} and set(found["place"]) == {"S1"}


def test_tours_survive_their_files(qinan: lo.Plan, tmp_path: Path) -> None:
    again = lo.Plan.from_folder(qinan.to_folder(tmp_path / "plan"))
    assert lo.audit(again).empty
    assert again.figures.to_dict() == pytest.approx(qinan.figures.to_dict())
