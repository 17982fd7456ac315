"""Who loses by a plan: the table's shape, the sentences, two plans, files, charts, and what is not known."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.errors import AskError
from layoutopt.plan.equity import Equity
from layoutopt.plan.equity_ways import family_prices

MADE = runpy.run_path(str(Path(__file__).parents[1] / "oracle" / "equity_county.py"))
merged = MADE["merged"]


@pytest.fixture(scope="module")
def plan() -> lo.Plan:
    return merged()


@pytest.fixture(scope="module")
def found(plan: lo.Plan) -> Equity:
    return lo.equity(plan)


def test_a_row_a_cell_and_every_margin(found: Equity) -> None:
    keys = found.table[["band", "group", "town", "when"]]
    assert not keys.duplicated().any()
    assert set(found.table["band"]) == {"all", "lower", "upper"}, "nobody is in grades 7-9"
    assert set(found.table["group"]) == {"all", "girls", "poor", "boarders"}, "left-behind children are not known"
    assert set(found.table["town"]) == {"all", "A", "B"}
    assert keys.iloc[:2].to_numpy().tolist() == [["all", "all", "all", "today"], ["all", "all", "all", "plan"]]


@pytest.mark.parametrize("by", [(), ("band",), ("group",), ("town",), "band"])
def test_only_what_is_asked_is_told_apart(plan: lo.Plan, found: Equity, by: tuple[str, ...]) -> None:
    table = lo.equity(plan, by=by).table
    for name in ("band", "group", "town"):
        assert (set(table[name]) > {"all"}) == (name in by)
    assert lo.equity(plan, by=by).cells().loc["plan"].equals(found.cells().loc["plan"])


def test_the_parts_of_a_county_are_the_county(found: Equity) -> None:
    for name in ("pupils", "daily", "boarders", "family_cny"):
        whole = found.cells().loc["plan", name]
        for parts in ([found.cells(town=t) for t in "AB"], [found.cells(band=b) for b in ("lower", "upper")]):
            assert sum(part.loc["plan", name] for part in parts) == pytest.approx(whole)


def test_it_says_who_loses_and_by_how_much(found: Equity) -> None:
    text = str(found)
    for sentence in (
        "The daily way to school, on average: 4.4 today, 6.0 in the plan (minutes).",
        "The 5% with the longest ways, on average: 10.0 today, 16.0 in the plan.",
        "Girls (expected 11): 5.0 min today, 1.1 more than all others;",
        "Of 19 daily pupils 21.1% have a way more than 1 min longer than today, 0.0% a shorter one;",
        "6 pupils come to board, 0 of them in grades 1-3. Their daily way today takes 10 min on average.",
        "What families pay for rides and boarding: 2,600 CNY a year.",
        "2 villages (10 pupils) lose their school of today, in 1 of them it stands in the village; the next one lies 8.5 km off",
        "Small schools that stay because they are protected: 1, ",
        "Village V2 (V2), grades 1-3, 4 pupils: 0 → 16 min by bus to S1",
        "Not known for any settlement, so left out: left_behind.",
        "The share of poor is not known where 4 pupils live",
        "No roads are given, so that slow roads are not known.",
    ):  # fmt: skip
        assert sentence in text
    assert repr(found) == text
    assert "<table" in found._repr_html_()


def test_losers_stand_by_the_growth_of_their_way(found: Equity) -> None:
    table = found.losers
    assert table[["settlement_id", "mode", "pupils"]].to_numpy().tolist() == [["V2", "bus", 4], ["V3", "board", 6]]
    assert table.loc[0, ["today_min", "plan_min", "change_min"]].tolist() == pytest.approx([0, 16, 16])
    assert np.isnan(table.loc[1, "change_min"])


def test_young_boarders_are_named(plan: lo.Plan) -> None:
    rows = plan.assignments.copy()
    rows.loc[rows["item"] == "V2.lower", ["mode", "line_id"]] = ["board", ""]
    found = lo.equity(plan.replace(assignments=rows))
    assert found.young_boarders == {"plan": 4.0}
    assert "10 pupils come to board, 4 of them in grades 1-3 (none may)." in str(found)


def test_nobody_is_lost_without_a_word(plan: lo.Plan) -> None:
    rows = plan.assignments.copy()
    rows.loc[rows["item"] == "V2.lower", ["school_id", "mode", "line_id"]] = ["", "", ""]
    found = lo.equity(plan.replace(assignments=rows))
    assert found.cells().loc["plan", ["unserved", "daily"]].tolist() == [4, 15]
    assert "4 pupils have no school." in str(found)


def test_protected_schools_beside_the_others(plan: lo.Plan, found: Equity) -> None:
    schools = plan.schools.set_index("school_id")
    cost = schools["annual_cny"] + schools["posts"] * plan.policy.staffing.wage_cny
    (row,) = found.protected.to_dict("records")
    assert (row["school_id"], row["reason"], row["pupils"]) == ("S3", "hills", 5)
    assert row["cost_cny"] == pytest.approx(cost["S3"])
    assert row["beyond_cny"] == pytest.approx(cost["S3"] - cost["S1"] / 20 * 5)


def test_conditions_and_variation_are_those_of_their_own_tables(plan: lo.Plan, found: Equity) -> None:
    from layoutopt.plan.closures import closing_conditions
    from layoutopt.plan.quality import quality_spread

    pd.testing.assert_frame_equal(found.conditions.drop(columns="plan"), closing_conditions(plan))
    spread = quality_spread(plan)
    after = spread[spread["when"] == "after"]
    assert found.variation["plan_verdict"].tolist() == after["verdict"].tolist()
    np.testing.assert_array_equal(found.variation["plan"], after["cv"])


def test_two_plans_beside_today(plan: lo.Plan) -> None:
    found = lo.equity(plan, lo.current_plan(plan.study, plan.policy), names=("merged", "as it is"))
    assert found.plans == ("merged", "as it is")
    rows = found.cells()
    assert list(rows.index) == ["today", "merged", "as it is"]
    assert rows.loc["as it is", "mean_min"] == rows.loc["today", "mean_min"]
    assert rows.loc["as it is", ["change_min", "longer_share", "new_boarders"]].tolist() == [0, 0, 0]
    assert set(found.losers["plan"]) == {"merged"}
    text = str(found)
    assert "as it is: Nobody comes to board." in text and "as it is: No village loses its school." in text
    assert "on average: 4.4 today, 6.0 in merged, 4.4 in as it is" in text
    assert {"merged", "as it is", "as it is_verdict"} <= set(found.variation.columns)


def test_between_two_plans(plan: lo.Plan) -> None:
    today = lo.current_plan(plan.study, plan.policy)
    found = lo.equity(today, plan, names=("now", "merged"))
    table = found.between()
    columns = ["settlement_id", "band", "pupils", "one_school", "other_school", "other_mode"]
    assert table[columns].to_numpy().tolist() == [
        ["V2", "lower", 4, "S2", "S1", "bus"],
        ["V3", "upper", 6, "S2", "S1", "board"],
    ]
    assert table.loc[0, ["one_min", "other_min", "change_min"]].tolist() == pytest.approx([0, 16, 16])
    assert np.isnan(table.loc[1, "change_min"])
    said = "From now to merged: 4 pupils have a way more than 1 min longer, 0 a shorter one, 6 come to board; most loses Village V2"
    assert said in str(found)
    assert "From plan to other no way changes by more than 1 min." in str(lo.equity(plan, plan))
    with pytest.raises(AskError, match="one plan here"):
        lo.equity(plan).between()


def test_another_today_is_told(plan: lo.Plan) -> None:
    slower = lo.current_plan(plan.study, plan.policy.replace(walk_kmh=3.0))
    assert any("see today differently" in note for note in lo.equity(plan, slower).notes)
    assert not any("see today differently" in note for note in lo.equity(plan, plan).notes)


def test_the_points_of_the_curve(found: Equity) -> None:
    points = found.lorenz()
    for _, curve in points.groupby("when"):
        assert curve[["pupils_share", "minutes_share"]].iloc[-1].tolist() == pytest.approx([1, 1])
    plan = points[points["when"] == "plan"]
    assert plan["minutes_share"].tolist() == pytest.approx([0, 0, 50 / 114, 1])
    assert found.minutes("plan", group="girls")["pupils"].tolist() == pytest.approx([2, 5, 1])


def test_files(found: Equity, tmp_path: Path) -> None:
    table = pd.read_csv(found.to_file(tmp_path / "deep" / "equity.csv"))
    assert len(table) == len(found.table) and list(table.columns) == list(found.table.columns)
    book = pd.ExcelFile(found.to_file(tmp_path / "equity.xlsx"))
    assert book.sheet_names == ["words", "table", "losers", "villages", "variation", "conditions", "protected"]
    book.close()
    assert json.dumps(found.to_dict(), allow_nan=False)
    with pytest.raises(AskError, match=r"neither \.csv nor \.xlsx"):
        found.to_file(tmp_path / "equity.doc")


def test_charts(found: Equity) -> None:
    pytest.importorskip("matplotlib").use("Agg")
    from matplotlib.figure import Figure

    lorenz = found.plot_lorenz(ax=Figure().add_subplot(), group="girls")
    assert lorenz.get_title(loc="left").endswith(": group girls")
    labels = [text.get_text() for text in lorenz.get_legend().get_texts()]
    # Girls today: 3 have 0, 5 have 5, 3 have 10 minutes: 1 − (5/11 · 25/55 + 3/11 · 80/55) = 0.397; in the plan 2 have
    # 0, 5 have 5, one has 16: 1 − (5/8 · 25/41 + 1/8 · 66/41) = 0.418.
    assert labels == ["all ways equally long", "today, Gini index 0.40", "plan, Gini index 0.42"]
    ways = found.plot_ways(ax=Figure().add_subplot())
    curve = next(line for line in ways.get_lines() if line.get_label() == "plan")
    assert curve.get_ydata()[-1] == pytest.approx(1) and curve.get_xdata()[-1] == 16


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"by": ("bnad",)}, "'bnad' is nothing to tell apart. Did you mean 'band'?"),
        ({"names": ("today", "b")}, "none of them 'today'"),
    ],
)
def test_what_cannot_be_asked(plan: lo.Plan, wrong: dict[str, object], said: str) -> None:
    with pytest.raises(AskError, match=said.replace("?", r"\?")):
        lo.equity(plan, **wrong)  # type: ignore[arg-type]
    with pytest.raises(AskError, match="two different names"):
        lo.equity(plan, plan, names=("x", "x"))
    with pytest.raises(AskError, match="'Z' is no town of this table"):
        lo.equity(plan).cells(town="Z")


def test_what_a_ride_costs_a_family(plan: lo.Plan) -> None:
    assert family_prices(plan) == {"walk": 0.0, "": 0.0, "bus": 500.0, "board": 100.0}
    cheap = plan.replace(bus_lines=plan.bus_lines.assign(cost_cny=1_000.0))
    assert family_prices(cheap)["bus"] == 250, "never more than the lines cost"
    shares = plan.policy.money.source_share | {"buses": {"county": 0.9, "families": 0.1}}
    shared = plan.replace(policy=plan.policy.replace(source_share=shares))
    assert family_prices(shared)["bus"] == pytest.approx(500 + 0.1 * (50_000 - 2_000) / 4)
    assert np.isnan(family_prices(plan.replace(bus_lines=plan.bus_lines.iloc[:0]))["bus"]), "no line is known"


def test_a_village_without_a_way_stays_in_the_counts(plan: lo.Plan) -> None:
    rows = plan.assignments.copy()
    rows.loc[rows["item"] == "V2.lower", ["today_min", "today_ride_min"]] = [np.inf, 0.0]
    found = lo.equity(plan.replace(assignments=rows))
    row = found.cells()
    assert row.loc["today", ["pupils", "daily"]].tolist() == [25, 21]
    assert row.loc["today", "mean_min"] == pytest.approx(110 / 21)
    assert row.loc["plan", "change_min"] == 0, "there is nothing to compare the new way with"
    assert "No way is known today for 4 pupils" in str(found)


def test_the_same_plan_gives_the_same_table(plan: lo.Plan, found: Equity) -> None:
    pd.testing.assert_frame_equal(lo.equity(plan).table, found.table)
    shuffled = plan.replace(assignments=plan.assignments.iloc[::-1])
    pd.testing.assert_frame_equal(lo.equity(shuffled).table, found.table)
