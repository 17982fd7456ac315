"""What documents say of lines that share a vehicle, and of a line that serves two schools."""

from __future__ import annotations

from typing import Any

import pytest

import layoutopt as lo
from layoutopt.explaining.why import explain
from layoutopt.plan.plan import Plan
from layoutopt.report.content import dossiers, notices, workbook_tables
from layoutopt.report.document import Document, Paragraph, Section, Table
from layoutopt.report.html import report_page
from layoutopt.report.tables import line_rows, runs_of_vehicle, schools_called
from layoutopt.testing import tiny_study

UPPER = [0, 0, 0, 2, 2, 1]


def solved(settlements: dict[str, Any], schools: dict[str, Any], **changes: Any) -> Plan:
    given = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 1.0, "dwell_min_per_rider": 0.1,
        "goals": ("annual_cost",), "allowed_boarding": False, **changes,
    }  # fmt: skip
    study = tiny_study(settlements, schools)
    return lo.optimize(study, lo.Policy().replace(**given), effort="quick", method="sequential")


@pytest.fixture(scope="module")
def twice() -> Plan:
    """One bus brings the village in the east, then the one in the west; the first waits 21.5 minutes."""
    sides = {"V1": (5, 0, UPPER), "V2": (-5, 0, UPPER)}
    return solved(sides, {"S1": (0, 0, {"hub": True})}, seats=9, second_run_window_min=43)


@pytest.fixture(scope="module")
def joined() -> Plan:
    """One line calls at S2 for the pupils of V1 and ends at S1 with those of V2."""
    villages = {"V1": (16, 0, [2, 2, 1]), "V2": (15, 0, UPPER)}
    schools = {"S1": (0, 0, {"hub": True, "grades": "4-6"}), "S2": (6, 0, {"hub": True, "grades": "1-3"})}
    return solved(villages, schools, seats=10, schools_per_line=2)


def document(plan: Plan, name: str) -> Document:
    return next(found for found in notices(plan) if found.name == name)


def sections(document: Document) -> dict[str, Section]:
    return {section.name: section for section in document.sections}


def words(section: Section) -> str:
    return " ".join(block.text for block in section.blocks if isinstance(block, Paragraph))


def table(section: Section, name: str) -> Table:
    return next(block for block in section.blocks if isinstance(block, Table) and block.name == name)


def test_cards_name_the_vehicle_and_which_of_its_runs_it_is(twice: Plan) -> None:
    cards = sections(document(twice, "timetables"))
    first, second = words(cards["card_L001"]), words(cards["card_L002"])
    assert "Vehicle B001 (School bus). This is run 1 of 2 of this vehicle." in first
    assert "It reaches the school 22 min before the bell." in first
    assert "run 2 of 2" in second and "before the bell" not in second
    assert runs_of_vehicle(twice.bus_lines.assign(vehicle_no="")).tolist() == [1, 1]


def test_drivers_find_both_runs_of_their_bus_together(twice: Plan) -> None:
    rows = table(sections(document(twice, "drivers"))["lines"], "drivers").rows
    assert rows[["vehicle_no", "run"]].to_numpy().tolist() == [["B001", 1], ["B001", 2]]
    lines = next(found for found in workbook_tables(twice) if found.name == "lines")
    assert lines.rows["run"].tolist() == [1, 2]


def test_the_report_says_run_of_runs(twice: Plan) -> None:
    page = report_page(twice)
    assert "run 1 of 2" in page and "run 2 of 2" in page and "B001" in page


def test_a_card_of_two_schools_names_the_school_of_each_stop(joined: Plan) -> None:
    card = sections(document(joined, "timetables"))["card_L001"]
    assert card.title == "Line L001 to S2 and S1"
    rows = table(card, "line-L001").rows
    assert rows["settlement"].tolist() == ["V1", "V2", "S2", "S1"]
    assert rows["school"].tolist()[:2] == ["S2", "S1"]


def test_one_school_needs_no_column_of_schools(twice: Plan) -> None:
    card = table(sections(document(twice, "timetables"))["card_L001"], "line-L001")
    assert "school" not in {column.name for column in card.columns}


def test_lists_of_lines_name_both_schools(joined: Plan) -> None:
    assert schools_called(joined) == {"L001": ["S2", "S1"]}
    assert [school["name"] for school in line_rows(joined)[0]["called"]] == ["S2", "S1"]
    lines = next(found for found in workbook_tables(joined) if found.name == "lines")
    assert lines.rows["school"].tolist() == ["S2 and S1"]
    rows = table(sections(document(joined, "drivers"))["lines"], "drivers").rows
    assert rows["school"].tolist() == ["S2 and S1"]


def test_a_schools_sheet_shows_its_own_riders_of_a_line(joined: Plan) -> None:
    sheets = {code: sections(sheet) for code, sheet in dossiers(joined)}
    for code, ride_min, early_min in (("S2", 23, 13.5), ("S1", 33, 0)):
        (row,) = table(sheets[code]["pupils"], "lines_here").rows.to_dict("records")
        assert (row["line_id"], row["school"], row["pupils"]) == ("L001", "S2 and S1", 5)
        assert (row["ride_min"], row.get("early_min", 0)) == pytest.approx((ride_min, early_min))


def test_an_explained_line_names_all_its_schools(joined: Plan) -> None:
    told = explain(joined, "L001")
    assert "10 pupils from 2 places to S2 and S1 in 36 min" in told.sentences[0]
    assert told.table["school_id"].tolist() == ["S2", "S1"]


def test_an_explained_line_of_a_shared_bus_says_its_run(twice: Plan) -> None:
    assert "It is run 2 of 2 of vehicle B001." in explain(twice, "L002").sentences
