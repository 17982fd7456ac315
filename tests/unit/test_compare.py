"""Two plans side by side: only what differs, with both values."""

from __future__ import annotations

import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.errors import AskError


@pytest.fixture(scope="module")
def found(county: tuple[lo.Study, lo.Policy], county_plan: lo.Plan) -> object:
    return lo.compare(lo.current_plan(*county), county_plan)


def test_a_plan_against_itself_differs_in_nothing(county_plan: lo.Plan) -> None:
    same = lo.compare(county_plan, county_plan)
    assert (same.figures["difference"] == 0).all()
    assert len(same.schools) == len(same.settlements) == len(same.lines) == 0


def test_figures_are_b_less_a(found: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    row = found.figures.loc["schools_open"]
    assert row.to_dict() == {"a": 5, "b": 3, "difference": -2}
    assert list(found.figures.columns) == ["a", "b", "difference"]
    assert found.figures.index.name == "figure"


def test_schools_that_differ(found: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    table = found.schools.set_index("school_id")
    assert list(table.index) == ["S1", "S2", "S4", "S5"], "S3 is as it was, S6 not built in either"
    assert table.loc["S2", ["role_a", "role_b"]].tolist() == ["full", "closed"]
    assert table.loc["S5", ["bands_a", "bands_b"]].tolist() == ["lower+upper", "lower"]


def test_villages_that_differ(found: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    table = found.settlements.set_index("item")
    assert {"V2.lower", "V2.upper", "V4.lower", "V5.upper", "V6.upper", "V3.junior"} <= set(table.index)
    assert not any(item.startswith("V1") for item in table.index)
    row = table.loc["V2.lower"]
    assert row[["settlement_id", "band", "pupils"]].tolist() == ["V2", "lower", 6]
    assert row[["school_id_a", "school_id_b", "mode_a", "mode_b"]].tolist() == ["S2", "S1", "walk", "bus"]
    assert row["minutes_b"] - row["minutes_a"] == pytest.approx(13.011, abs=1e-3)


def test_lines_that_differ(found: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    row = found.lines.set_index("school_id").loc["S1"]
    assert row["lines_b"] == 2
    assert row["riders_b"] == 18
    assert pd.isna(row["lines_a"]) or row["lines_a"] == 0


def test_groups_only_one_plan_has(county_plan: lo.Plan) -> None:
    fewer = county_plan.replace(assignments=county_plan.assignments.iloc[1:])
    first = county_plan.assignments.iloc[0]
    for one, other in ((county_plan, fewer), (fewer, county_plan)):
        table = lo.compare(one, other).settlements
        assert list(table["item"]) == [first["item"]]
        assert table[["settlement_id", "band"]].iloc[0].tolist() == [first["settlement_id"], first["band"]]


def test_in_words_and_as_html(found: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    assert repr(found).startswith("<Comparison: 4 schools and ")
    assert "schools_open" in repr(found)
    assert "<table" in found._repr_html_()


@pytest.fixture(scope="module")
def three(county: tuple[lo.Study, lo.Policy], county_plan: lo.Plan) -> lo.plan.compare.Comparison:  # type: ignore[name-defined]
    today = lo.current_plan(*county)
    return lo.compare(today, county_plan, today, names=("today", "best", "today again"))


def test_more_than_two_plans(three: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    assert list(three.figures.columns) == ["a", "b", "c", "range"]
    assert three.figures.loc["schools_open"].to_dict() == {"a": 5, "b": 3, "c": 5, "range": 2}
    table = three.schools.set_index("school_id")
    assert table.loc["S2", ["role_a", "role_b", "role_c"]].tolist() == ["full", "closed", "full"]
    row = three.settlements.set_index("item").loc["V2.lower"]
    assert row[["school_id_a", "school_id_b", "school_id_c"]].tolist() == ["S2", "S1", "S2"]
    assert row[["settlement_id", "band", "pupils"]].tolist() == ["V2", "lower", 6]
    assert three.lines.set_index("school_id").loc["S1", "lines_b"] == 2


def test_only_the_last_of_three_differs(county_plan: lo.Plan, three: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    found = lo.compare(county_plan, county_plan, three.plans[0])
    assert set(found.schools["school_id"]) == set(three.schools["school_id"])
    assert set(found.settlements["item"]) == set(three.settlements["item"])


def test_routes_only_some_plans_have(county_plan: lo.Plan, three: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    table = three.routes
    assert set(table["plans"]) == {"b"} and set(table["school_id"]) == {"S1"}
    assert table["riders_b"].sum() == county_plan.bus_lines["riders"].sum()
    first = county_plan.bus_stops[county_plan.bus_stops["line_id"] == county_plan.bus_lines["line_id"].iloc[0]]
    route = " > ".join([*dict.fromkeys(first.sort_values("order")["settlement_id"]), "S1"])
    assert route in set(table["route"])
    assert lo.compare(county_plan, county_plan).routes.empty
    today = three.plans[0]
    assert lo.compare(today, today).routes.empty, "neither has a line"


def test_what_differs_in_sentences(three: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    said = three.words()
    assert said[0].startswith("best against today: -2 schools open, ")
    assert said[1] == "best closes what today does not: S2, S4."
    # V2 and V4 with 12 each, grades 4-6 of V5 with 6, V6 with 6.
    assert said[2] == "36 pupils of 4 villages go to another school."
    assert said[3:] == ["today again against today: the same figures."]
    assert all(line in repr(three) for line in said)


def test_a_school_opened_is_said(three: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    today, best, _ = three.plans
    assert "b opens what a does not: S2, S4." in lo.compare(best, today).words()


def test_the_files_round_and_nothing_differs(county_plan: lo.Plan) -> None:
    rows = county_plan.assignments
    rounded = county_plan.replace(assignments=rows.assign(minutes=rows["minutes"] + 3e-8))
    found = lo.compare(county_plan, rounded)
    assert found.settlements.empty
    assert repr(found).endswith("Empty DataFrame\nColumns: [a, b, difference]\nIndex: []")


@pytest.mark.parametrize("names", [("x",), ("x", "x"), ("x", "y", "z")])
def test_every_plan_needs_its_own_name(county_plan: lo.Plan, names: tuple[str, ...]) -> None:
    with pytest.raises(AskError, match="2 plans need as many different names"):
        lo.compare(county_plan, county_plan, names=names)


def test_the_order_of_rows_is_no_difference(county_plan: lo.Plan, three: lo.plan.compare.Comparison) -> None:  # type: ignore[name-defined]
    turned = county_plan.replace(
        assignments=county_plan.assignments.iloc[::-1], bus_lines=county_plan.bus_lines.iloc[::-1]
    )
    today = three.plans[0]
    for one, other in zip(vars(lo.compare(today, county_plan)).values(), vars(lo.compare(today, turned)).values(), strict=True):  # fmt: skip
        if isinstance(one, pd.DataFrame):
            pd.testing.assert_frame_equal(one, other)
