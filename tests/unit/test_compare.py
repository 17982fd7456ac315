"""Two plans side by side: only what differs, with both values."""

from __future__ import annotations

import pandas as pd
import pytest

import layoutopt as lo


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
