"""What documents say of small schools, staff, quality, premises and money: the figures of one solved county."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from layoutopt.plan.closures import CONDITIONS
from layoutopt.plan.plan import Plan
from layoutopt.report.content import dossiers, notices, report_document, workbook_tables
from layoutopt.report.content.whatif import Basis, close_instead, keep_instead
from layoutopt.report.document import Block, Document, Paragraph, Section, Table

NO_VIOLATIONS = pd.DataFrame(columns=["rule", "place", "found", "limit", "message"])
CONDITION_COLUMNS = ("objection", "way", "beds_and_meals", "school_size", "class_sizes")


def _county() -> Any:
    path = Path(__file__).with_name("county_of_families.py")
    spec = importlib.util.spec_from_file_location("county_of_families", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


COUNTY = _county()


@pytest.fixture(scope="module")
def plan() -> Plan:
    return COUNTY.solved()


def tables(plan: Plan, lang: str = "en") -> dict[str, pd.DataFrame]:
    return {table.name: table.rows for table in workbook_tables(plan, violations=NO_VIOLATIONS, lang=lang)}


@pytest.fixture(scope="module")
def made(plan: Plan) -> SimpleNamespace:
    """The tables of the workbook, the report and the sheets of the schools, each made once."""
    report = report_document(plan, violations=NO_VIOLATIONS)
    sheets = dict(dossiers(plan, violations=NO_VIOLATIONS))
    return SimpleNamespace(tables=tables(plan), report=words(report), sheets=sheets)


def sections(parts: tuple[Section, ...]) -> list[Section]:
    return [found for part in parts for found in (part, *sections(part.sections))]


def blocks(document: Document) -> list[Block]:
    return [block for section in sections(document.sections) for block in section.blocks]


def words(document: Document) -> str:
    return "\n".join(block.text for block in blocks(document) if isinstance(block, Paragraph))


def shown(document: Document) -> dict[str, pd.DataFrame]:
    return {block.name: block.rows for block in blocks(document) if isinstance(block, Table)}


def test_small_schools_and_the_week_of_the_team_that_helps(plan: Plan, made: SimpleNamespace) -> None:
    found = made.tables
    rows = found["support"].set_index("school")
    assert rows.loc["S1", ["form", "helper", "days_week"]].tolist() == ["itinerant teachers", "H1", 1]
    assert rows.loc["H1", "form"] == "specialists of its own" and "S2" not in rows.index
    # Out and back 6 km at 30 km/h: 24 minutes, on the first day that teams take, Tuesday.
    (week,) = found["tour_week"].to_dict("records")
    assert [week[name] for name in ("hub", "weekday", "team", "sites")] == ["H1", "Tuesday", 1, "S1"]
    assert (week["tour_min"], week["tour_km"]) == pytest.approx((24, 12), abs=0.01)
    assert found["tours"]["school"].tolist() == ["S1", "H1"]
    # 3 teachers x 2/5 x 110,000 and 12 km x 40 weeks x 1 CNY.
    assert "3 itinerant teachers in 1 team serve 1 school. Tours, online classes and groups cost 132,480" in made.report
    card = notices(plan, violations=NO_VIOLATIONS)[-1]
    assert card.name == "tours" and set(shown(card)) == {"tour_week", "tours"}


def test_teachers_who_move_posts_by_subject_and_rotation(made: SimpleNamespace) -> None:
    found = made.tables
    (move,) = found["staff_moves"].to_dict("records")
    assert [move[name] for name in ("kind", "from_school", "to_school", "subject", "teachers")] == [
        "moves to another school", "S2", "H1", "music", 4,
    ]  # fmt: skip
    # 348 pupils in 12 classes take 24 posts, S1 takes 4: all 28 teachers have one.
    posts = found["subjects"].set_index("subject")["posts"]
    assert posts.to_dict() == {"physical education": 24, "music": 4}
    share = found["rotation"].iloc[0]
    assert share["least_share"] == pytest.approx(4 / 27) and share["verdict"] == "met"


def test_the_five_conditions_of_a_closure_with_verdicts(made: SimpleNamespace) -> None:
    (row,) = made.tables["all_conditions"].to_dict("records")
    assert row["school"] == "S2" and {row[name] for name in CONDITION_COLUMNS} == {"nothing against it"}
    sheet = made.sheets["S2"]
    rows = shown(sheet)["conditions"]
    assert rows["check"].tolist() == list(CONDITIONS.values())
    assert rows["finding"].tolist() == [
        "40% object.",
        "The way nearest to its limit takes 10 min, admissible are 30.",
        "Nobody boards or eats at the receiving schools.",
        "H1: 348 pupils, 2000 admissible.",
        "H1: 29 pupils in the fullest class, 45 admissible. In 6 grades classes are large.",
    ]
    assert rows["confirm"].str.len().gt(0).tolist() == [True, True, True, False, False]
    assert "It closes only when the building at H1 is ready." in words(sheet)
    (wait,) = made.tables["waiting"].to_dict("records")
    assert (wait["school"], wait["to_school"], wait["level"], wait["build_years"]) == ("S2", "H1", 1, 2)


def test_a_school_that_shrinks_is_asked_the_five_conditions_too(plan: Plan) -> None:
    schools = plan.schools.set_index("school_id", drop=False)
    schools.loc["S1", ["role", "bands"]] = ["teaching_point", "lower"]
    changed = plan.replace(schools=schools.reset_index(drop=True))
    assert tables(changed)["all_conditions"]["school"].tolist() == ["S1", "S2"]
    rows = shown(dict(dossiers(changed, violations=NO_VIOLATIONS))["S1"])["conditions"]
    assert len(rows) == 5 and rows["finding"].tolist()[1] == "No pupil has to change."


def test_quality_before_and_after_with_thresholds(made: SimpleNamespace) -> None:
    found = made.tables
    rows = found["quality"].set_index(["school", "when"])
    # 15 teachers for 300 pupils; with the 1.5 of S2 16.5 for 348.
    assert rows.loc[("H1", "Today"), "teachers_above_degree"] == pytest.approx(5)
    assert rows.loc[("H1", "Plan"), "teachers_above_degree"] == pytest.approx(100 * 16.5 / 348)
    assert rows.loc[("H1", "Plan"), "teaching_area_m2"] == pytest.approx(1600 / 348)
    spread = found["spread"].set_index("label").loc["Teaching area, m² each"]
    assert (spread["least"], spread["cv_max"]) == (4.5, 0.5)
    # 160 m2 for 24 pupils at S1: mean 1,760 / 372.
    mean = 1760 / 372
    cv = np.sqrt((348 * (1600 / 348 - mean) ** 2 + 24 * (160 / 24 - mean) ** 2) / 372) / mean
    assert spread["spread_mean"] == pytest.approx(mean) and spread["cv"] == pytest.approx(cv)
    areas = found["areas"].set_index(["school", "area"])
    assert areas.loc[("H1", "Teaching and auxiliary rooms"), "each_after"] == pytest.approx(1600 / 348)
    assert len(found["large_classes"]) == 6 and set(found["large_classes"]["kind"]) == {"large class"}


def test_premises_have_their_use_with_its_reason(plan: Plan, made: SimpleNamespace) -> None:
    found = made.tables
    (row,) = found["uses"].to_dict("records")
    assert [row[name] for name in ("school", "use", "demand", "fit_cny")] == ["S2", "kindergarten", 20, 150_000]
    assert found["premises"]["use"].tolist() == ["kindergarten"]
    sheet = words(made.sheets["S2"])
    assert "New use: kindergarten (the use worth most that fits); fitting it out costs 150,000 CNY." in sheet
    idle = plan.premises.assign(use="", reason="kindergarten: too small; village_use: another such place is near")
    told = tables(plan.replace(premises=idle), "zh")["uses"].iloc[0]
    assert (told["use"], told["reason"]) == ("闲置", "幼儿园：面积不足；交还村集体：附近已有同类场所")


def test_money_by_source_adds_up(plan: Plan, made: SimpleNamespace) -> None:
    found, f = made.tables, plan.figures
    for name in ("accounts", "by_source"):
        assert found[name]["annual_paid_cny"].sum() == pytest.approx(f.cost_cny)
        assert found[name]["capital_paid_cny"].sum() == pytest.approx(f.capital_cny + f.premises_capital_cny)
    # S2: 48 pupils at 720 were paid as 100.
    lost = found["public_funds"].set_index("school").loc["S2"]
    assert lost[["funds_before_cny", "lost_cny"]].tolist() == pytest.approx([72_000, 52 * 720])
    assert "1 small school that closes was paid as 100 pupils: 37,440 CNY a year end with it." in made.report


def test_values_to_be_checked_are_listed_and_marked(plan: Plan, made: SimpleNamespace) -> None:
    found = made.tables
    marks = {entry.key: entry.mark for entry in plan.policy.unsure()}
    assert found["unsure"].set_index("key")["mark"].to_dict() == marks and marks["wage_cny"] == "our own"
    chosen = found["policy"].set_index("key")["mark"]
    assert chosen["funds_cny"] == "recalled" and chosen["max_ride_min"] == ""


def test_everything_is_said_in_chinese(plan: Plan) -> None:
    documents = [report_document(plan, violations=NO_VIOLATIONS, lang="zh"),
                 *notices(plan, violations=NO_VIOLATIONS, lang="zh"),
                 *(sheet for _, sheet in dossiers(plan, violations=NO_VIOLATIONS, lang="zh"))]  # fmt: skip
    cells = [
        str(cell) for document in documents for rows in shown(document).values() for cell in rows.to_numpy().ravel()
    ]
    texts = [*cells, *(words(document) for document in documents)]
    assert not [text for text in texts if re.search(r"[a-z]+ [a-z]+ [a-z]+", text)]


def test_wages_that_go_on_are_saved_by_no_closure(plan: Plan) -> None:
    """Of 28 teachers all have a post: one post more at S2 is one wage more, four fewer save nothing."""
    paid = plan.replace(policy=plan.policy.replace(wages="redeployed"))
    assert keep_instead(Basis(paid), "S2").wages_cny >= 0
    assert close_instead(Basis(paid), "S1").wages_cny >= 0 > close_instead(Basis(plan), "S1").wages_cny
    assert "whoever has no post in the plan is redeployed" in words(report_document(paid, violations=NO_VIOLATIONS))
