"""From who-goes-where to a plan's tables: classes, posts, places and reasons follow from the pupils."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.plan.classes import Decided
from layoutopt.plan.tables import assignment_table, expansion_rows, levels_of, school_table
from layoutopt.testing import tiny_study
from layoutopt.today import items_of


def policy(**changes: Any) -> lo.Policy:
    given: dict[str, Any] = {"detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, **changes}
    return lo.Policy().replace(**given)


STUDY = tiny_study(
    {"V1": (0, 0.1, [20] * 6), "V2": (1, 0.1, [5, 5, 5, 6, 6, 6])},
    {
        "S1": (0, 0, {"hub": True, "teachers": 12.0, "beds": 10.0}),
        "S2": (1, 0, {"hub": False, "teachers": 4.0}),
        "S3": (2, 0, {"hub": False, "status": "candidate"}),
    },
    expansions=[
        {"school_id": "S1", "stage": "primary", "level": level, "places": 10 * level, "beds": level, "capital_cny": 1e5 * level}
        for level in (1, 2)
    ],
)  # fmt: skip


def assigned(**to: str) -> pd.DataFrame:
    """Everybody walks: V1 to S1, V2 where told."""
    items = items_of(STUDY, policy())
    target = {"V1": "S1", "V2": "S2", **to}
    rows = items.assign(school_id=items["settlement_id"].map(target), mode="walk", minutes=5.0, ride_min=0.0, km=0.5)
    return assignment_table(rows, policy())


def tabled(assignments: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    given: dict[str, Any] = {
        "state": {"S1": "full", "S2": "full", "S3": "closed"},
        "bands": {"S1": ("lower", "upper"), "S2": ("lower", "upper")}, "levels": {}, **keys,
    }  # fmt: skip
    return school_table(STUDY, policy(), assignments, **given).set_index("school_id")


def test_what_follows_from_the_pupils() -> None:
    table = tabled(assigned())
    first = table.loc["S1"]
    # Twenty a grade: six classes, 12 posts (120 / 19 = 6.3).
    assert [first[f"classes_g{grade}"] for grade in range(1, 10)] == [1] * 6 + [0] * 3
    assert (first["classes"], first["posts_primary"], first["posts_junior"], first["posts"]) == (6, 12, 0, 12)
    assert (first["pupils_before"], first["pupils_after"], first["role"]) == (120, 120, "hub")
    assert first["reason"] == "has 100 pupils or more"
    second = table.loc["S2"]
    # 15 and 18 pupils: one multigrade class each, 4 posts.
    assert second[["multigrade_lower", "multigrade_upper", "multigrade_junior"]].tolist() == [True, True, False]
    assert (second["classes"], second["posts"], second["role"]) == (2, 4, "full")
    third = table.loc["S3"]
    assert (third["role"], third["posts"], third["annual_cny"], third["reason"]) == ("not_built", 0, 0, "not needed")
    assert pd.isna(third["pupils_before"])


def test_a_closed_school_and_a_teaching_point() -> None:
    closed = tabled(assigned(V2="S1"), state={"S1": "full", "S2": "closed", "S3": "closed"}).loc["S2"]
    assert (closed["role"], closed["bands"], closed["classes"], closed["posts"]) == ("closed", "", 0, 0)
    assert (closed["places_primary"], closed["annual_cny"], closed["beds"]) == (0, 0, 0)
    rows = assigned()
    rows = rows[~((rows["settlement_id"] == "V2") & (rows["band"] == "upper"))]
    point = tabled(rows, state={"S1": "full", "S2": "teaching_point", "S3": "closed"}).loc["S2"]
    assert (point["role"], point["bands"], point["posts"], point["annual_cny"]) == (
        "teaching_point",
        "lower",
        2,
        20_000,
    )
    assert (point["places_primary"], point["multigrade_lower"], point["classes"]) == (30, True, 1)
    assert point["reason"] == "grades 1-3 stay near home"


def test_idle_slack_of_a_solver_costs_nobody() -> None:
    """Nine classes and 40 posts decided where six and 12 do: the tables take what the norms need."""
    decided = Decided(
        {(school, grade): 9 for school in ("S1", "S2") for grade in range(1, 7)},
        {(school, band): 0 for school in ("S1", "S2") for band in ("lower", "upper")},
        {(school, "primary"): 40 for school in ("S1", "S2")},
    )
    table = tabled(assigned(), decided=decided)
    assert table.loc["S1", ["classes", "posts"]].tolist() == [6, 12]
    assert table.loc["S2", ["classes", "posts"]].tolist() == [2, 4]


def test_fewer_classes_decided_than_needed_are_shown_not_mended() -> None:
    """Else a plan that breaks a rule would look whole, and the audit could not name it."""
    decided = Decided(
        {(school, grade): 0 for school in ("S1", "S2") for grade in range(1, 7)},
        {("S1", "lower"): 0, ("S1", "upper"): 0, ("S2", "lower"): 1, ("S2", "upper"): 1},
        {("S1", "primary"): 3, ("S2", "primary"): 4},
    )
    assert tabled(assigned(), decided=decided).loc["S1", "classes"] == 0
    short = Decided(
        {**decided.classes, **{("S1", grade): 1 for grade in range(1, 7)}}, decided.multigrade, decided.posts
    )
    assert tabled(assigned(), decided=short).loc["S1", ["classes", "posts"]].tolist() == [6, 3]


def test_expansions_add_places_beds_and_capital() -> None:
    row = tabled(assigned(), levels={("S1", "primary"): (2,)}).loc["S1"]
    assert (row["places_primary"], row["beds"], row["capital_cny"], row["level_primary"]) == (220, 12, 200_000, "2")
    assert expansion_rows(STUDY, "S1", "primary", (1, 2))[1]["capital_cny"] == 200_000
    assert expansion_rows(STUDY, "S2", "primary", (1,)) == []
    assert expansion_rows(STUDY, "S1", "primary", ()) == []


@pytest.mark.parametrize(
    ("text", "levels"), [("", ()), ("1", (1,)), ("1+2", (1, 2)), ("x", ()), (None, ()), ("2.0", ())]
)
def test_levels_as_tables_name_them(text: object, levels: tuple[int, ...]) -> None:
    assert levels_of(text) == levels


def test_who_moves_and_who_is_an_exception() -> None:
    items = items_of(STUDY, policy())
    rows = items.assign(school_id="S1", mode="walk", minutes=29.0, ride_min=0.0, km=1.0)
    table = assignment_table(rows, policy()).set_index("item")
    assert table.loc["V1.lower.1", ["moved", "exception"]].tolist() == [False, False]
    assert table.loc["V2.lower", ["moved", "exception"]].tolist() == [True, False]
    far = assignment_table(rows.assign(minutes=31.0), policy()).set_index("item")
    assert far.loc["V2.lower", "exception"], "31 minutes on foot pass the 30 of grades 1-3"
    assert not far.loc["V2.upper", "exception"], "but not the 45 of grades 4-6"
    boards = assignment_table(rows.assign(mode="board", minutes=90.0), policy())
    assert not boards["exception"].any()
    rides = assignment_table(rows.assign(mode="bus", minutes=29.0, ride_min=41.0), policy())
    assert rides["exception"].all()
    nobody = assignment_table(rows.assign(school_id=None, mode=None, minutes=float("nan")), policy())
    assert (nobody["school_id"] == "").all()
    assert not nobody[["moved", "exception"]].to_numpy().any()
