"""The families of rules on the page: the same tables as in the workbook, only where a plan has them, text as text."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from layoutopt.plan.plan import Plan
from layoutopt.report.content import workbook_tables
from layoutopt.report.content.families import TITLES
from layoutopt.report.document import Table
from layoutopt.report.html import report_page
from layoutopt.report.language import language


def _module(name: str) -> Any:
    path = Path(__file__).with_name(f"{name}.py")
    spec = importlib.util.spec_from_file_location(f"{name}_for_families", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COUNTY, PLANS = _module("county_of_families"), _module("test_report_plan")
NO_VIOLATIONS = pd.DataFrame(columns=["rule", "place", "found", "limit", "message"])
SHOWN = {
    "by_source", "accounts", "public_funds", "all_conditions", "waiting", "kept_small", "support", "tour_week", "tours",
    "subjects", "staff_moves", "rotation", "spread", "quality", "areas", "large_classes", "uses", "premises", "unsure",
}  # fmt: skip


@pytest.fixture(scope="module")
def plan() -> Plan:
    return COUNTY.solved()


@pytest.fixture(scope="module")
def page(plan: Plan) -> Any:
    return PLANS.page_of(plan)


def ids(page: Any, tag: str) -> list[str]:
    return [str(facts.get("id", "")) for name, facts in page.tags if name == tag]


def said(table: Table, lang: str) -> list[list[str]]:
    """The cells of a table as every document writes them."""
    say = language(lang)
    rows = [{name: _known(value) for name, value in row.items()} for row in table.rows.to_dict("records")]
    return [[say.cell(row[column.name], column) for column in table.columns] for row in rows]


def _known(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_page_holds_the_tables_of_the_workbook(plan: Plan, lang: str) -> None:
    found = PLANS.page_of(plan, lang=lang).tables
    tables = {table.name: table for table in workbook_tables(plan, violations=NO_VIOLATIONS, lang=lang)}
    for name in SHOWN:
        rows = [cells for _, cells in found[f"{name}-rows"]]
        assert rows[0] == [language(lang).heading(column) for column in tables[name].columns], name
        assert len(tables[name].rows) > 0
        assert rows[1 : len(tables[name].rows) + 1] == said(tables[name], lang), name


def test_every_family_has_its_part_and_the_menu_leads_there(page: Any) -> None:
    links = [str(facts.get("href")) for tag, facts in page.tags if tag == "a"]
    for name in TITLES:
        assert name in ids(page, "section") and f"#{name}" in links
    assert "3 itinerant teachers in 1 team serve 1 school." in page.text
    assert "A closure is refused where one of five conditions holds" in page.text
    assert "1 closed building serves children again; fitting them out costs 150,000 CNY once." in page.text


def test_a_plan_has_no_parts_for_what_it_does_not_have() -> None:
    plan = PLANS.small_plan()
    found = ids(PLANS.page_of(plan), "section")
    assert {"money", "closures", "support", "staff", "premises"} <= set(found), "S2 closes, S3 and S5 are small"
    assert "quality" not in found, "the data give no resources and no class is large"
    roles = {"S1": "hub", "S2": "full", "S3": "full", "S5": "full", "S4": "not_built"}
    kept = plan.schools.assign(role=plan.schools["school_id"].map(roles))
    unknown = _with(plan.study, plan.study.schools.assign(teachers=np.nan))
    left = ids(PLANS.page_of(plan.replace(schools=kept, study=unknown)), "section")
    assert {"closures", "premises", "staff"}.isdisjoint(left) and "money" in left


def test_names_of_schools_lead_to_their_sheets_but_not_a_name_two_share(plan: Plan) -> None:
    text = report_page(plan)
    assert '<a href="#school/2">S2</a>' in text
    schools = plan.study.schools.assign(name="Same name")
    both = report_page(plan.replace(study=_with(plan.study, schools)))
    assert ">Same name</a>" not in both and "Same name" in both


def _with(study: Any, schools: Any) -> Any:
    return dataclasses.replace(study, schools=schools)


def test_the_sheet_of_a_school_says_what_the_families_say_of_it(plan: Plan) -> None:
    text = report_page(plan)
    own = text[text.index('<template id="sheet-of-2">') :]
    own = own[: own.index("</template>")]
    for word in ("Five conditions", "40% object.", "New use: kindergarten", "moves to another school"):
        assert word in own, word
    hub = text[text.index('<template id="sheet-of-0">') : text.index('<template id="sheet-of-1">')]
    assert "Tuesday" in hub and "Five conditions" not in hub


def test_budgets_stand_beside_what_is_paid(plan: Plan) -> None:
    limits = {"annual_budget_cny": 9e6, "budget_by_source": {"county": 5e6}, "capital_by_source": {"province": 1e6}}
    page = PLANS.page_of(plan.replace(policy=plan.policy.replace(**limits)))
    assert page.rows("budgets-rows") == [["Yearly cost", f"{plan.figures.cost_cny:,.0f}", "9,000,000"]]
    heads = page.tables["by_source-rows"][0][1]
    assert heads[-2:] == ["Most it may bear a year, CNY", "Most it may raise for expansions, CNY"]
    by_payer = {row[0]: row for row in page.rows("by_source-rows")}
    assert by_payer["county"][-2:] == ["5,000,000", "–"] and by_payer["province"][-2:] == ["–", "1,000,000"]
    assert "budgets-rows" not in PLANS.page_of(plan).tables


def test_a_long_table_folds_and_can_be_searched(plan: Plan, page: Any) -> None:
    folds = [sum(facts.get("class") == "fold" for _, facts in page.tags)]
    many = plan.replace(staff_moves=pd.concat([plan.staff_moves] * 16, ignore_index=True))
    found = PLANS.page_of(many)
    folds.append(sum(facts.get("class") == "fold" for _, facts in found.tags))
    assert folds == [1, 2], "the values to be checked are many; now the teachers too"
    assert "16 rows" in found.text
    assert "staff_moves-rows" in {facts.get("data-table") for tag, facts in found.tags if tag == "input"}


def test_names_of_the_data_stay_text(plan: Plan, page: Any) -> None:
    names = [PLANS.NASTY[at] for at in (0, 1, 2)]
    nasty = PLANS.page_of(plan.replace(study=_with(plan.study, plan.study.schools.assign(name=names))))
    assert [tag for tag, _ in nasty.tags] == [tag for tag, _ in page.tags]
    assert not [key for _, facts in nasty.tags for key in facts if key.startswith("on")]
    assert all(nasty.text.count(name) > 3 for name in names)


def test_what_is_not_known_is_a_dash_and_sorts_last(plan: Plan) -> None:
    schools = plan.study.schools.copy()
    schools.loc["S1", "equipment_cny"] = np.nan
    text = report_page(plan.replace(study=_with(plan.study, schools)))
    assert '<td class="n" data-sort="">–</td>' in text
