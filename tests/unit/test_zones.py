"""School zones: who is whose neighbour, through whom a zone reaches a place, and what a rule needs to be known."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.model.build import build_model
from layoutopt.model.rules import RULES
from layoutopt.options import build_options
from layoutopt.plan.audit import CHECKS
from layoutopt.plan.facts import facts_of
from layoutopt.study.neighbours import neighbours
from layoutopt.testing import tiny_policy as policy
from layoutopt.testing import tiny_study
from layoutopt.today import items_of
from layoutopt.today.zones import nearer_places

SCHOOL: dict[str, Any] = {"hub": False}


@pytest.mark.parametrize("kind", ["anywhere", "grid", "line", "twins", "few"])
def test_neighbours_are_pairs_with_nobody_in_the_circle_between_them(kind: str) -> None:
    rng = np.random.default_rng(7)
    points = {
        "anywhere": rng.uniform(0, 100, (40, 2)),
        "grid": np.array([(x, y) for x in range(5) for y in range(5)], dtype=float),
        "line": np.column_stack([np.arange(9.0), 3 * np.arange(9.0)])[rng.permutation(9)],
        "twins": np.repeat(rng.uniform(0, 9, (6, 2)), 2, axis=0),
        "few": rng.uniform(0, 9, (3, 2)),
    }[kind]
    found = neighbours(points)
    for i, j in itertools.combinations(range(len(points)), 2):
        middle, radius = (points[i] + points[j]) / 2, np.linalg.norm(points[i] - points[j]) / 2
        others = np.unique(points[~(points == points[i]).all(axis=1) & ~(points == points[j]).all(axis=1)], axis=0)
        alone = bool((np.linalg.norm(others - middle, axis=1) > radius * (1 + 1e-9)).all())
        assert (j in found[i]) == (i in found[j]) == alone


def in_a_row(*pupils: int) -> lo.Study:
    """Villages a kilometre apart, a school beside the first."""
    return tiny_study(
        {f"V{n}": (n, 0, [count] * 3) for n, count in enumerate(pupils)}, {"S1": (0, 0, {**SCHOOL, "grades": "1-3"})}
    )


def reached(study: lo.Study, place: str) -> list[str]:
    pairs = pd.DataFrame({"settlement_id": [place], "band": "lower", "school_id": "S1"})
    return nearer_places(study, policy(), pairs)["before"].tolist()


def test_a_zone_passes_through_places_without_pupils() -> None:
    assert reached(in_a_row(4, 4, 4), "V2") == ["V1"]
    assert reached(in_a_row(4, 0, 4), "V2") == ["V0"]
    assert reached(in_a_row(4, 0, 4), "V0") == []
    assert reached(in_a_row(0, 0, 4), "V2") == [], "nobody lives nearer"


def random_case(seed: int) -> tuple[lo.Study, lo.Policy]:
    """Five villages, some without pupils of a band, and three schools anywhere."""
    rng = np.random.default_rng(seed)
    villages = {
        f"V{n}": (float(rng.uniform(0, 2)), float(rng.uniform(0, 2)), [*(3 * (rng.random(2) < 0.8)).repeat(3)])
        for n in range(5)
    }
    schools: dict[str, Any] = {f"S{n}": (float(rng.uniform(0, 2)), float(rng.uniform(0, 2)), SCHOOL) for n in range(3)}
    choices = policy(
        contiguous=True, one_school_for="stage", walk_max_min=60, oneway_max_min=60, seats=[5, 34][seed % 2]
    )
    return tiny_study(villages, schools), choices


@pytest.mark.parametrize("seed", range(3))
def test_rows_and_audit_agree_about_any_assignment(seed: int) -> None:
    """Groups sent anywhere, schools teaching grades 4-6 or not: both twins of each rule say the same."""
    study, choices = random_case(seed)
    options = build_options(study, choices)
    _, data = build_model(study, choices, options)
    stated = {name: list(RULES[name].rows(data)) for name in ("one_school", "contiguous")}
    today = lo.current_plan(study, choices)
    rng, agreed = np.random.default_rng(seed), {"one_school": set[bool](), "contiguous": set[bool]()}
    for _ in range(10):
        near = rng.choice(["S0", "S1", "S2"], size=(6, 2)) if rng.random() < 0.5 else None
        rows = options.rows.groupby("item").sample(1, random_state=int(rng.integers(1e6)))
        if near is not None:  # whole villages together, so that a rule is kept now and then
            to = {(f"V{n}", band): near[n, k] for n in range(5) for k, band in enumerate(("lower", "upper"))}
            wanted = [to[key] for key in options.rows[["settlement_id", "band"]].itertuples(index=False, name=None)]
            rows = options.rows[options.rows["school_id"] == wanted].drop_duplicates("item")
        both = pd.Series(rng.random(3) < 0.7, index=["S0", "S1", "S2"])
        x = np.zeros(data.frame.width)
        x[data.frame.blocks["chosen"].columns] = options.rows.index.isin(rows.index)
        taught = data.frame.blocks["taught"].table
        x[data.frame.blocks["taught"].columns] = (taught["band"] == "lower") | both.reindex(
            taught["school_id"]
        ).to_numpy()
        sent = items_of(study, choices).merge(
            rows[["item", "school_id", "mode", "minutes", "ride_min", "km"]], on="item"
        )
        sent = sent.assign(line_id="", moved=False, exception=False)[list(today.assignments.columns)]
        schools = today.schools.assign(bands=np.where(both, "lower+upper", "lower"))
        facts = facts_of(today.replace(assignments=sent, schools=schools), study, choices)
        for name, kept in agreed.items():
            held = all(
                ((own.matrix @ x <= own.upper + 1e-9) & (own.matrix @ x >= own.lower - 1e-9)).all()
                for own in stated[name]
            )
            assert held == (not list(CHECKS[name](facts)))
            kept.add(held)
    assert agreed["one_school"] == {True, False} or agreed["contiguous"] == {True, False}


def test_brothers_and_sisters_go_together_where_both_are_taught() -> None:
    # V1 is nearer S1 (30 places), V2 beside S2. Least ways: 18 of V1 to S1, its other 18 over to S2. Together: all of
    # V1 to S2. A school for grades 1-3 alone may take the younger: S1 is kept whole, so that it is none.
    places = {"V1": (0.4, 0, [6] * 6), "V2": (2, 0, [4] * 6)}
    sites = {"S1": (0, 0, {**SCHOOL, "places_primary": 30.0, "status": "keep"}), "S2": (2, 0.1, SCHOOL)}
    split = lo.optimize(tiny_study(places, sites), policy(goals=("travel",), one_school_for="band"), effort="proof")
    goes = split.assignments[split.assignments["settlement_id"] == "V1"].set_index("band")["school_id"]
    assert set(goes) == {"S1", "S2"}
    whole = lo.optimize(tiny_study(places, sites), policy(goals=("travel",), one_school_for="stage"), effort="proof")
    goes = whole.assignments[whole.assignments["settlement_id"] == "V1"].set_index("band")["school_id"]
    assert set(goes) == {"S2"}
    assert lo.audit(whole).empty
    assert "one_school" in set(lo.audit(split, policy=whole.policy)["rule"])


def two_towns(**second: Any) -> lo.Study:
    return tiny_study(
        {"V1": (0, 0, [4] * 3), "V2": (2, 0, [4] * 3)},
        {"S1": (0, 0.1, {**SCHOOL, "town": "A"}), "S2": (2, 0.1, {**SCHOOL, "town": "B"})},
        current={"V1": {"town": "A"}, "V2": {"town": "B", **second}}, year=2024,
    )  # fmt: skip


def ways(study: lo.Study, **changes: Any) -> set[tuple[str, str]]:
    rows = build_options(study, policy(**changes)).rows
    return set(rows[["settlement_id", "school_id"]].itertuples(index=False, name=None))


HOME, ALL = {("V1", "S1"), ("V2", "S2")}, set(itertools.product(("V1", "V2"), ("S1", "S2")))


def test_town_borders_and_who_may_cross_them() -> None:
    assert ways(two_towns()) == ALL
    assert ways(two_towns(), within_town=True) == HOME
    assert ways(two_towns(), within_town=True, town_exceptions=("V2",)) == HOME | {("V2", "S1")}
    assert ways(two_towns(), within_town=True, town_exceptions=("S2",)) == HOME | {("V1", "S2")}
    assert ways(two_towns(current_primary="S1"), within_town=True) == ALL - {("V1", "S2")}


def test_what_a_border_needs_to_be_known() -> None:
    with pytest.raises(
        lo.PolicyError, match=r"zones\.within_town = true needs the column town of the layer settlements: V2"
    ):
        ways(two_towns(town=""), within_town=True)
    with pytest.raises(lo.PolicyError, match=r"zones\.town_exceptions names 'V9', which is no settlement"):
        ways(two_towns(), within_town=True, town_exceptions=("V9",))
    assert ways(two_towns(town=""), within_town=True, town_exceptions=("V2",)) == HOME | {("V2", "S1")}


@pytest.mark.parametrize(
    ("moved", "years", "free"), [(2024, 3, False), (2021, 3, False), (2020, 3, True), (2023, 1, False)]
)
def test_nobody_is_moved_twice_within_the_years(moved: int, years: int, free: bool) -> None:
    found = ways(two_towns(moved_year=moved), move_once_years=years)
    assert found == (ALL if free else ALL - {("V2", "S1")})
    assert ways(two_towns(moved_year=moved), move_once_years=years, move_once=False) == ALL


def test_kilometres_and_the_longer_way_of_today() -> None:
    short = {"lower": 1.0, "upper": 1.0, "junior": 1.0}
    assert ways(two_towns(), oneway_max_km=short) == HOME
    assert ways(two_towns(current_primary="S1"), oneway_max_km=short) == HOME | {("V2", "S1")}
    assert ways(two_towns(current_primary="S1"), oneway_max_km=short, keep_existing_exceptions=False) == HOME
    # Two kilometres are too far on foot by the kilometre limit, so that a bus may bring them.
    study = tiny_study({"V1": (2, 0, [4] * 3)}, {"S1": (0, 0, {"hub": True}), "S2": (2, 0, SCHOOL)})
    rows = build_options(study, policy(walk_max_km=1.5)).rows
    assert set(rows["mode"] + rows["school_id"]) == {"walkS2", "busS1"}


def test_a_school_too_far_is_named_with_its_kilometres() -> None:
    study = tiny_study({"V1": (2, 0, [4] * 3)}, {"S1": (0, 0, SCHOOL)})
    with pytest.raises(lo.InfeasibleError, match=r"2\.0 km and so above oneway_max_km or walk_max_km") as caught:
        lo.optimize(study, policy(oneway_max_km=1.5, keep_existing_exceptions=False))
    assert caught.value.rules == ("distance_limit",)


def test_a_recent_move_and_a_decided_closure_cannot_both_hold() -> None:
    with pytest.raises(lo.InfeasibleError, match=r"its pupils were moved in the last 3 years \(move_once\)") as caught:
        lo.optimize(two_towns(moved_year=2023), policy(must_close=("S2",)))
    assert "S2 closes by decision" in str(caught.value)
    assert set(caught.value.rules) == {"move_once", "protected"}
