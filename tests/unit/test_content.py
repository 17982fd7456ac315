"""What the documents say: figures that add up to the plan's, the same in both languages, stamps, names as text."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from layoutopt.errors import InputError
from layoutopt.plan.metrics import Headline
from layoutopt.plan.plan import Plan
from layoutopt.plan.today import current_plan
from layoutopt.report.content import dossiers, notices, report_document, stamp, workbook_tables
from layoutopt.report.content.brief import Brief, brief_of
from layoutopt.report.content.bus_tables import card, roads_along, timetable
from layoutopt.report.content.county_tables import FIGURES, OF_TODAY, figure_text
from layoutopt.report.content.procedure import STEPS, day_of, term_start
from layoutopt.report.content.reasons import close_words, keep_words
from layoutopt.report.content.school_tables import fullest_class
from layoutopt.report.content.whatif import Basis, keep_instead
from layoutopt.report.document import Bullets, Document, Paragraph, Section, Table
from layoutopt.report.language import language
from layoutopt.study import Study

LANGS = ("en", "zh")
NO_VIOLATIONS = pd.DataFrame(columns=["rule", "place", "found", "limit", "message"])
NASTY = ("<b>&\"'", "{name} {0}", "مدرسة القرية", "=1+1", "x" * 300, "🏫 希望小学")
SUB_PLANS = ("placement", "travel", "boarding", "staff", "hubs", "care", "publicity", "premises")


@pytest.fixture(scope="module")
def plan(by_hand: SimpleNamespace) -> Plan:
    """S2 closes, its 16 pupils ride to S1; all names differ from the ids, and the study has a year."""
    return named(by_hand.closing())


def named(plan: Plan, names: tuple[str, ...] = (), **changes: object) -> Plan:
    study = plan.study
    settlements, schools = study.settlements.copy(), study.schools.copy()
    settlements["name"] = [names[k % len(names)] if names else f"Village {k}" for k in range(len(settlements))]
    schools["name"] = [names[(k + 1) % len(names)] if names else f"School {k}" for k in range(len(schools))]
    settlements["town"], schools["town"] = (names[0] if names else "River town",) * 2
    facts = {"name": names[2] if names else "Small county", "year": 2024, **changes}
    return plan.replace(study=dataclasses.replace(study, settlements=settlements, schools=schools, **facts))


def everything(plan: Plan, lang: str, violations: pd.DataFrame = NO_VIOLATIONS) -> list[Document]:
    today = current_plan(plan.study, plan.policy)
    given = {"today": today, "violations": violations, "lang": lang}
    sheets = [document for _, document in dossiers(plan, **given)]
    return [report_document(plan, **given), *sheets, *notices(plan, **given)]


def sections(document: Document) -> Iterator[Section]:
    stack = list(document.sections)[::-1]
    while stack:
        section = stack.pop()
        yield section
        stack += list(section.sections)[::-1]


def tables(document: Document) -> dict[str, Table]:
    found = [block for section in sections(document) for block in section.blocks if isinstance(block, Table)]
    return {table.name: table for table in found}


def said(document: Document) -> str:
    """Every word of a document."""
    say, parts = language(document.lang), [document.title, document.subtitle, document.stamp]
    for section in sections(document):
        parts += [section.title, section.owner]
        for block in section.blocks:
            if isinstance(block, Paragraph):
                parts.append(block.text)
            elif isinstance(block, Bullets):
                parts += block.items
            elif isinstance(block, Table):
                parts += [block.title, *(say.heading(column) for column in block.columns)]
                parts += [
                    say.cell(row[column.name], column)
                    for row in block.rows.to_dict("records")
                    for column in block.columns
                ]
    return "\n".join(parts)


def brief(plan: Plan, lang: str = "en") -> Brief:
    return brief_of(plan, violations=NO_VIOLATIONS, lang=lang)


def test_every_headline_figure_is_shown_with_its_counterpart_of_today(plan: Plan) -> None:
    names = {field.name for field in fields(Headline)}
    assert set(FIGURES) | set(OF_TODAY.values()) == names
    rows = tables(report_document(plan))["headline"].rows.set_index("figure")
    for name in FIGURES:
        assert rows.loc[name, "value"] == pytest.approx(getattr(plan.figures, name)), name
        assert rows.loc[name, "text"] == figure_text(name, getattr(plan.figures, name), language("en"))
    assert rows.loc["schools_open", "before"] == 3 and rows.loc["schools_open", "value"] == 2
    assert np.isnan(rows.loc["lines", "before"]), "today's lines are not known"


@pytest.mark.parametrize("lang", LANGS)
def test_tables_add_up_to_the_plans_figures(plan: Plan, lang: str) -> None:
    f = plan.figures
    found = {table.name: table.rows for table in workbook_tables(plan, violations=NO_VIOLATIONS, lang=lang)}
    assert found["moved"]["pupils"].sum() == found["records"]["pupils"].sum() == f.pupils_moved == 16
    assert found["records"][[f"g{grade}" for grade in range(1, 10)]].to_numpy().sum() == f.pupils_moved
    assert found["arrivals"]["arrive"].sum() == found["arrivals"]["leave"].sum() == f.pupils_moved
    assert found["care"]["pupils"].sum() == f.pupils_moved
    assert found["lines"]["riders"].sum() == found["stops"]["riders"].sum() == f.pupils_by_bus == 16
    assert found["lines"]["cost_cny"].sum() == pytest.approx(f.cost_buses_cny)
    assert found["costs"]["cost_cny"].sum() == pytest.approx(f.cost_cny)
    assert found["bus_costs"]["cost_cny"].sum() == pytest.approx(f.cost_buses_cny)
    parts = found["bus_costs"][["fixed_cny", "km_cny", "attendants_cny"]]
    assert parts.to_numpy().sum() == pytest.approx(f.cost_buses_cny)
    assert found["posts"]["posts"].sum() == f.teachers_needed
    assert found["schools"]["pupils_after"].sum() == f.pupils - f.unserved
    assert found["room"]["pupils_after"].sum() == f.pupils - f.unserved
    assert found["meals"]["meals"].sum() == f.pupils_by_bus + f.boarders
    assert found["fleet"]["vehicles"].sum() == f.vehicles
    assert found["villages_losing"]["pupils"].sum() == 16
    today = found["modes"].iloc[0::2]
    assert today[["by_walk", "by_bus", "by_board", "by_none"]].to_numpy().sum() == today["pupils"].sum() == f.pupils


def test_a_boarders_weekly_way_is_no_daily_one(plan: Plan) -> None:
    ways = plan.assignments
    boards = (ways["today_school"] == "S2") & (ways["band"] == "upper")
    ways = ways.assign(
        mode=ways["mode"].where(~boards, "board"), minutes=ways["minutes"].astype(float).where(~boards, 140.0)
    )
    given = plan.replace(assignments=ways)
    closing = tables(report_document(given, violations=NO_VIOLATIONS))["closing"].rows
    losing = {table.name: table for table in workbook_tables(given, violations=NO_VIOLATIONS)}["villages_losing"].rows
    rides = float(ways.loc[(ways["today_school"] == "S2") & ~boards, "minutes"].max())
    assert closing["longest_min"].tolist() == [pytest.approx(rides)]
    assert losing["longest_min"].max() == pytest.approx(rides) and losing["longest_min"].isna().any()


def test_tables_that_say_the_same_twice_are_left_out_of_word(plan: Plan) -> None:
    document = tables(report_document(plan, violations=NO_VIOLATIONS))
    assert "figure" not in {column.name for column in document["headline"].columns}, "codes are for the workbook"
    assert not {"schools_before", "small_schools_before"} & set(document["headline"].rows["figure"])
    assert document["arrivals"].rows["school"].tolist() == ["School 0"], "the school that closes stands in its own"
    told = document["villages_losing"].rows
    assert not told[["from_school", "settlement"]].duplicated().any() and told["pupils"].sum() == 16


def test_what_the_data_say_of_themselves_stands_in_word(plan: Plan) -> None:
    study = dataclasses.replace(plan.study, note="Schools are assumed.")
    assert "Schools are assumed." in said(report_document(plan.replace(study=study), violations=NO_VIOLATIONS))


def test_numbers_are_the_same_in_every_language(plan: Plan) -> None:
    english, chinese = (workbook_tables(plan, violations=NO_VIOLATIONS, lang=lang) for lang in LANGS)
    assert [table.name for table in english] == [table.name for table in chinese]
    assert len({table.name for table in english}) == len(english), "a name is a sheet"
    for one, other in zip(english, chinese, strict=True):
        kinds = {column.name: column.kind for column in other.columns}
        assert {column.name: column.kind for column in one.columns} == kinds, one.name
        for column in one.columns:
            if column.kind != "text":
                pd.testing.assert_series_equal(one.rows[column.name], other.rows[column.name])


@pytest.mark.parametrize("lang", LANGS)
def test_the_report_has_a_master_plan_and_eight_sub_plans_with_owners_and_actions(plan: Plan, lang: str) -> None:
    document = report_document(plan, violations=NO_VIOLATIONS, lang=lang)
    assert document.lang == lang and document.stamp == ""
    by_name = {section.name: section for section in document.sections}
    assert [name for name in by_name if name in SUB_PLANS] == list(SUB_PLANS)
    for name in SUB_PLANS:
        assert by_name[name].owner
        actions = tables(dataclasses.replace(document, sections=(by_name[name],)))[f"actions_{name}"].rows
        assert len(actions) and actions["department"].str.len().min() > 0
    names = [section.name for section in sections(document)]
    assert len(set(names)) == len(names), "a heading's name is its anchor"


@pytest.mark.parametrize("lang", LANGS)
def test_every_place_of_a_sentence_is_filled(plan: Plan, lang: str) -> None:
    for document in everything(plan, lang):
        text = said(document)
        assert not re.search(r"\{\w*\}", text), document.name
        assert "nan" not in text.lower().replace("finance", ""), document.name


def test_chinese_documents_hold_no_english_sentence(plan: Plan) -> None:
    for document in everything(named(plan, name="小县"), "zh"):
        lines = [line for line in said(document).splitlines() if re.search(r"[a-z]+ [a-z]+ [a-z]+", line)]
        assert not lines, document.name


def test_a_sound_plan_has_no_stamp_and_others_say_why_on_every_document(plan: Plan) -> None:
    assert not any(document.stamp for document in everything(plan, "en"))
    broken = pd.DataFrame([("beds", "S1", 5.0, 4.0, "5 boarders in 4 beds")], columns=NO_VIOLATIONS.columns)
    for lang, words in (("en", "found 1 violation"), ("zh", "复核发现1处违规")):
        assert all(words in document.stamp for document in everything(plan, lang, broken))
        assert words in stamp(plan, broken, lang)
    for lang, words in (
        ("en", ["No school has more boarders than beds.", "5 boarders in 4 beds"]),
        ("zh", ["寄宿生不超过床位数。", "寄宿生5名，床位4张"]),
    ):
        rows = tables(report_document(plan, violations=broken, lang=lang))["violations"].rows
        assert rows[["rule", "message"]].to_numpy().tolist() == [words]
    lost = plan.assignments["settlement_id"] == "V3"
    ways = plan.assignments.assign(school_id=plan.assignments["school_id"].where(~lost, ""))
    unserved = plan.replace(assignments=ways)
    assert all("7 pupils would have no school." in document.stamp for document in everything(unserved, "en"))
    assert stamp(plan, None) == "" and stamp(plan, NO_VIOLATIONS) == ""


def test_without_an_audit_given_one_is_made(plan: Plan) -> None:
    assert report_document(plan).stamp == ""
    table = plan.schools.assign(places_primary=0.0, g1=60.0)
    assert "violation" in report_document(plan.replace(schools=table)).stamp


def test_a_closing_school_has_its_reasons_conditions_and_answers(plan: Plan) -> None:
    sheets = dict(dossiers(plan, violations=NO_VIOLATIONS))
    assert list(sheets) == ["S1", "S2", "S3"]
    closed = sheets["S2"]
    text, kept = said(closed), keep_instead(Basis(plan), "S2")
    assert "School 1 (River town) closes." in text
    assert f"would cost {language('en').money(kept.cost_cny)} a year more than the plan: 16 pupils" in text
    assert f"spare each daily pupil {language('en').minutes(kept.spared_min, 1)}" in text
    assert len(tables(closed)["conditions"].rows) == 5
    assert tables(closed)["going"].rows["pupils"].sum() == 16
    names = {section.name for section in sections(closed)}
    assert {"decision", "why", "pupils", "people", "conditions", "questions", "question_5"} <= names
    assert "16 children come by bus, each with a seat, with an attendant." in text
    assert "Staff: 4 teachers today, 0 posts in the plan. 4 teachers move to other schools" in text


def test_a_kept_small_school_says_what_closing_it_would_break(plan: Plan) -> None:
    sheets = dict(dossiers(plan, violations=NO_VIOLATIONS))
    text = said(sheets["S3"])
    assert "stays as a teaching point for grades 1–3" in text, "it is one today"
    assert "No admissible way leads to any other open school" in text
    assert "conditions" not in tables(sheets["S3"])
    assert "it is no small school (below 100), so its closure is not considered" in said(sheets["S1"])
    assert "Staff: number of teachers today not known, 23 posts in the plan." in said(sheets["S1"])
    assert (
        tables(sheets["S1"])["coming"].rows["pupils"].sum()
        == plan.schools.set_index("school_id").loc["S1", "pupils_after"]
    )


def test_words_follow_the_sign_and_the_parts(plan: Plan) -> None:
    b, kept = brief(plan), keep_instead(Basis(plan), "S2")
    cheaper = dataclasses.replace(kept, wages_cny=-1e6, boarders=1.0, riders_today=2.0, places_short=3.0)
    words = " ".join(keep_words(b, cheaper))
    assert "a year less than the plan" in words
    assert "1 pupil would not board." in words
    assert "2 of them cannot walk there today; how they ride is not known and not counted." in words
    assert "It lacks 3 places for them." in words
    slower = dataclasses.replace(kept, way_min=5.0, today_min=9.0)
    assert "It would spare no time: 5.0 min on average in the plan, 9.0 min today." in keep_words(b, slower)


def test_closing_words_name_price_or_obstacle(plan: Plan) -> None:
    from layoutopt.report.content.whatif import CloseInstead

    ways = pd.DataFrame(
        {"item": ["a", "b"], "pupils": [3.0, 2.0], "now_min": [5.0, 6.0], "minutes": [20.0, 50.0], "mode": "bus",
         "admissible": [True, False]}
    )  # fmt: skip
    found = CloseInstead(
        school_id="S3", pupils=5.0, ways=ways, overfull={}, posts=-2.0, running_cny=-20_000.0, wages_cny=-220_000.0,
        buses_cny=40_000.0, boarding_cny=0.0,
    )  # fmt: skip
    words = " ".join(close_words(brief(plan), found))
    assert "2 of them would have no admissible way to any other open school" in words
    assert "up to 50 min away" in words and "save" in words and "200,000" not in words
    fine = dataclasses.replace(found, ways=ways.assign(admissible=True))
    assert "would save about 200,000 CNY a year" in " ".join(close_words(brief(plan), fine))
    dear = dataclasses.replace(fine, buses_cny=500_000.0)
    assert "would pay 260,000 CNY a year more" in " ".join(close_words(brief(plan), dear))
    full = dataclasses.replace(fine, overfull={"S1": 4.0})
    assert "School 0 would lack 4 places." in close_words(brief(plan), full)


@pytest.mark.parametrize("lang", LANGS)
def test_names_of_any_kind_stay_text(by_hand: SimpleNamespace, lang: str) -> None:
    nasty = named(by_hand.closing(), NASTY)
    everywhere = "\n".join(said(document) for document in everything(nasty, lang))
    for name in {*nasty.study.settlements["name"], *nasty.study.schools["name"], nasty.study.name}:
        assert name in everywhere


def test_steps_count_back_from_the_start_of_term(plan: Plan) -> None:
    b = brief(plan)
    assert term_start(b) == datetime.date(2025, 9, 1)
    notice, hearing = STEPS["notice"], STEPS["hearing"]
    first, last = day_of(b, notice.first), day_of(b, notice.last)
    assert first is not None and last is not None and (last - first).days >= 30
    assert hearing.first < notice.last, "the hearing follows the notice"
    order = list(STEPS.values())
    assert all(a.last >= b_.first and a.first >= a.last for a, b_ in pairwise(order))
    undated = named(plan, year=None)
    assert term_start(brief(undated)) is None
    rows = tables(report_document(undated, violations=NO_VIOLATIONS))["procedure"].rows
    assert rows["start"].isna().all() and rows["days"].notna().sum() >= 9


def test_notices_name_every_school_that_closes_or_shrinks(plan: Plan) -> None:
    found = {document.name: document for document in notices(plan, violations=NO_VIOLATIONS)}
    assert list(found) == ["notice", "hearing", "timetables", "drivers", "moved"]
    text = said(found["notice"])
    assert "School 1 is to close on 1 September 2025." in text and "from 18 February 2025 to 20 March 2025" in text
    assert "School 2" not in text, "it changes nothing for anybody"
    assert tables(found["hearing"])["conditions"].rows["check"].nunique() == 5
    assert tables(found["moved"])["records"].rows["pupils"].sum() == 16
    assert len(tables(found["drivers"])["drivers"].rows) == len(plan.bus_lines)


def test_a_timetable_card_ends_at_the_school(plan: Plan) -> None:
    rows = card(brief(plan), "L001", timetable(brief(plan))).rows
    assert rows["settlement"].tolist()[-1] == "School 0"
    assert rows["order"].tolist() == list(range(1, len(rows) + 1))
    assert rows["board_at_min"].is_monotonic_increasing
    assert rows["board_at_min"].iloc[-1] == pytest.approx(float(plan.bus_lines["minutes"].iloc[0]))
    assert rows["riders"].sum() == 16


def test_a_line_names_its_roads_in_order_and_its_danger_sections(plan: Plan) -> None:
    roads = plan.study.roads
    assert roads is not None
    assert roads_along(plan)["names"].tolist() == [()] and roads_along(plan)["danger_km"].isna().all()
    cut = roads.iloc[[0]].geometry.iloc[0]
    parts = [cut.interpolate(0.5, normalized=True), cut.interpolate(0.9, normalized=True)]
    from shapely.ops import split

    west, rest = split(cut, parts[0]).geoms
    middle, east = split(rest, parts[1]).geoms
    pieces = roads.iloc[[0, 0, 0]].reset_index(drop=True).set_geometry([west, middle, east])
    pieces["name"], pieces["danger"] = ["West road", "Mill road", "Ridge road"], [False, True, False]
    along = roads_along(named(plan, roads=pieces))
    assert along["names"].tolist() == [("Ridge road", "Mill road")], "from the outermost stop to the school"
    assert along["danger_km"].iloc[0] == pytest.approx(4.0, abs=0.02)


def test_the_fullest_class_is_held_against_its_own_limit(plan: Plan) -> None:
    b = brief(plan)
    assert fullest_class(b, "S1", "primary") == (43.0, 45.0)  # 40 + 3 pupils of grade 1
    assert fullest_class(b, "S3", "primary") == (7.0, 30.0)  # the point's one class
    assert np.isnan(fullest_class(b, "S3", "junior")[0])


def test_a_plan_that_changes_nothing_still_makes_every_document(plan: Plan) -> None:
    today = current_plan(plan.study, plan.policy)
    for document in everything(today, "zh"):
        assert not re.search(r"\{\w*\}", said(document))
    assert "No school closes or shrinks" in said(notices(today, violations=NO_VIOLATIONS)[0])


def test_what_the_data_do_not_tell_is_asked_for(plan: Plan) -> None:
    text = said(report_document(plan, violations=NO_VIOLATIONS))
    assert "The data tell neither sex, nor poverty, nor who is left behind." in text
    assert "numbers of girls, left-behind children and children of poor families by school; ________" in text
    study: Study = plan.study
    given = study.settlements.assign(left_behind=0.5)
    told = plan.replace(study=dataclasses.replace(study, settlements=given))
    rows = tables(report_document(told, violations=NO_VIOLATIONS))["care"].rows
    assert rows["left_behind_pupils"].sum() == pytest.approx(8.0)


def test_teachers_that_are_not_known_are_neither_counted_nor_missing(plan: Plan) -> None:
    document = report_document(plan, violations=NO_VIOLATIONS)
    assert "6 teachers work in the county's schools today. The teachers of 1 school are not known" in said(document)
    rows = tables(document)["posts"].rows.set_index("school")
    assert np.isnan(rows.loc["School 0", ["teachers_before", "posts_more", "posts_less"]].astype(float)).all()
    assert rows.loc["School 1", "posts_less"] == 4


def test_an_unknown_language_is_refused(plan: Plan) -> None:
    with pytest.raises(InputError, match="Known languages"):
        report_document(plan, lang="xx")
