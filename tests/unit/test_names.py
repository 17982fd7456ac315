"""Names offices write in several ways: what they mean, what is unclear, and what is said about it."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from layoutopt.study.finish import Finished, finish
from layoutopt.study.names import bare_school, normal, some, town_spellings


def frame(rows: list[dict[str, Any]], *, shapes: list[Any] | None = None) -> gpd.GeoDataFrame:
    points = [shapely.Point(1_000 * place, 0) for place in range(len(rows))]
    return gpd.GeoDataFrame(pd.DataFrame(rows), geometry=shapes or points, crs="EPSG:32648")


def finished(settlements: list[dict[str, Any]], schools: list[dict[str, Any]], **others: Any) -> Finished:
    rows = [{"grades": "1-6", **row} for row in schools]
    return finish({"settlements": frame([{"g1": 1.0, **row} for row in settlements]), "schools": frame(rows), **others})


def read(cell: str, schools: list[dict[str, Any]], **about: str) -> tuple[str, list[str], list[str]]:
    done = finished([{"settlement_id": "V1", "current_primary": cell, **about}], schools)
    return done.settlements.loc["V1", "current_primary"], list(map(str, done.findings)), list(map(str, done.problems))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Upper Bend", "upper  bend"),
        ("臺中市", "台中市"),
        ("朴子國小（本部）", "朴子国小(本部)"),
        ("ＡＢＣ１", "abc1"),
        ("Upper-Bend", "Upper Bend"),
    ],
)
def test_spellings_that_are_one_name(one: str, other: str) -> None:
    assert normal(one) == normal(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Upper Bend Sch.", "Upper Bend School"),
        ("Govt. Primary School Ford", "Ford"),
        ("縣立大同國小", "大同小学"),
        ("略阳县城关镇中心小学", "城关小学"),
        ("白水江镇九年一贯制学校", "白水江中学"),
        ("红星教学点", "红星小学（红星村）"),
        ("High School, Lochum", "Lochum High School"),
    ],
)
def test_schools_of_one_place(one: str, other: str) -> None:
    assert normal(one) != normal(other)
    assert bare_school(one) == bare_school(other) != ""


@pytest.mark.parametrize(("one", "other"), [("Upper Bend School", "Bend School"), ("东升小学", "西升小学")])
def test_schools_of_different_places(one: str, other: str) -> None:
    assert bare_school(one) != bare_school(other)


def test_a_name_that_is_nothing_but_a_kind_stays() -> None:
    assert (bare_school("小学"), bare_school("Primary School")) == ("小学", "primary")


SCHOOLS = [
    {"school_id": "S1", "name": "Upper Bend School", "town": "Ford"},
    {"school_id": "S2", "name": "Central School", "town": "Ford"},
    {"school_id": "S3", "name": "Central School", "town": "Mill"},
    {"school_id": "S4", "name": "Upper Bend Junior School", "town": "Ford", "grades": "7-9"},
    {"school_id": "S5", "name": "New Central", "town": "Mill", "status": "candidate"},
]


def test_an_id_is_read_without_a_word() -> None:
    assert read("S1", SCHOOLS) == ("S1", [], [])


def test_an_id_wins_over_a_name() -> None:
    assert read("S1", [*SCHOOLS, {"school_id": "S9", "name": "S1"}]) == ("S1", [], [])


@pytest.mark.parametrize("cell", ["Upper Bend School", "upper bend school", "Upper Bend Sch.", "Upper Bend", "s1"])
def test_a_name_becomes_an_id_with_a_word(cell: str) -> None:
    said = f"settlements V1: current_primary '{cell}' read as S1 (Upper Bend School, Ford)"
    assert read(cell, SCHOOLS) == ("S1", [said], [])


def test_the_school_of_the_own_town_is_meant() -> None:
    said = "settlements V1: current_primary 'Central' read as S3 (Central School, Mill)"
    assert read("Central", SCHOOLS, town="Mill") == ("S3", [said], [])


@pytest.mark.parametrize("town", ["", "Elsewhere"])
def test_two_schools_of_one_name_are_a_problem(town: str) -> None:
    wanted = (
        "settlements (V1): current_primary = 'Central School' may be S2 (Central School, Ford) or "
        "S3 (Central School, Mill). Give its id."
    )
    assert read("Central School", SCHOOLS, town=town) == ("", [], [wanted])


def test_names_nobody_bears_stay() -> None:
    assert read("Nowhere", SCHOOLS) == ("Nowhere", [], [])


def test_one_finding_for_all_who_write_it_so() -> None:
    rows = [{"settlement_id": f"V{at}", "current_junior": "Upper Bend"} for at in range(1, 6)]
    done = finished(rows, SCHOOLS)
    assert set(done.settlements["current_junior"]) == {"S4"}
    assert [(finding.text, finding.ids) for finding in done.findings] == [
        (
            "settlements V1, V2, V3 and 2 more: current_junior 'Upper Bend' read as S4 (Upper Bend Junior School, Ford)",
            ("V1", "V2", "V3", "V4", "V5"),
        )
    ]


def test_the_settlement_a_school_stands_in() -> None:
    villages = [{"settlement_id": "V1", "name": "河口"}, {"settlement_id": "V2", "name": "Ridge"}]
    schools = [
        {"school_id": "S1", "settlement": "V2"},
        {"school_id": "S2", "settlement": "河 口"},
        {"school_id": "S3", "settlement": "Rigde"},
    ]
    done = finished(villages, schools)
    assert done.schools["settlement"].tolist() == ["V2", "V1", ""]
    assert list(map(str, done.findings)) == [
        "schools S2: settlement '河 口' read as V1 (河口)",
        "schools S3: settlement 'Rigde' is not in the settlements layer and is left out. Did you mean 'Ridge'?",
    ]
    assert done.problems == ()


def test_each_town_gets_one_spelling_and_it_is_said() -> None:
    villages = [
        {"settlement_id": "V1", "town": "城关镇"},
        {"settlement_id": "V2", "town": "城关"},
        {"settlement_id": "V3", "town": "白水江鎮"},
    ]
    schools = [{"school_id": "S1", "town": "略阳县白水江镇"}, {"school_id": "S2", "town": "城关镇"}]
    areas = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    towns = frame([{"town": "城关镇"}, {"town": "白水江镇"}], shapes=areas)
    done = finished(villages, schools, towns=towns)
    assert done.settlements["town"].tolist() == ["城关镇", "城关镇", "白水江镇"]
    assert done.schools["town"].tolist() == ["白水江镇", "城关镇"]
    assert done.towns is not None and done.towns["town"].tolist() == ["城关镇", "白水江镇"]
    assert list(map(str, done.findings)) == [
        "settlements V2: town '城关' read as '城关镇'",
        "schools S1: town '略阳县白水江镇' read as '白水江镇'",
        "settlements V3: town '白水江鎮' read as '白水江镇'",
    ]


def test_towns_that_differ_in_kind_are_different_towns() -> None:
    spelling, findings = town_spellings({"settlements": ["城关镇", "城关乡", "城关", "West", "East Town"]})
    assert spelling == {}
    assert list(map(str, findings)) == ["town '城关' may be 城关乡 or 城关镇: left as it is written"]


def test_the_more_frequent_spelling_is_kept_and_the_towns_layer_s_always() -> None:
    assert town_spellings({"settlements": ["Ford", "ford", "ford"]})[0] == {"Ford": "ford"}
    assert town_spellings({"towns": ["Ford"], "settlements": ["ford", "ford"]})[0] == {"ford": "Ford"}
    # One each: the fullest form. Counted over all layers: the school decides.
    assert town_spellings({"settlements": ["城关", "城关镇"]})[0] == {"城关": "城关镇"}
    assert town_spellings({"settlements": ["城关", "城关镇"], "schools": ["城关"]})[0] == {"城关镇": "城关"}
    # Two areas of the towns layer are two towns, however alike their names.
    assert town_spellings({"towns": ["Green", "Green Town"], "settlements": ["Green"]})[0] == {}


def test_a_polygon_that_crosses_itself_is_repaired() -> None:
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    people = frame([{"settlement_id": "V1", "g1": 1.0}], shapes=[bow])
    done = finish({"settlements": people, "schools": frame([{"school_id": "S1", "grades": "1-6"}])})
    assert list(map(str, done.findings)) == [
        "settlements V1: a polygon that crosses itself was repaired",
        "settlements: 1 polygon stands for a point inside it",
    ]
    # Two triangles are left of the bow; a point inside one of them stands for the settlement.
    assert shapely.distance(done.settlements.geometry["V1"], shapely.make_valid(bow)) == 0


def test_broken_towns_keep_their_area() -> None:
    bow = shapely.Polygon([(0, 0), (2, 2), (2, 0), (0, 2)])
    towns = frame([{"town": "Ford"}, {"town": "Mill"}], shapes=[bow, shapely.box(5, 5, 6, 6)])
    done = finished([{"settlement_id": "V1"}], [{"school_id": "S1"}], towns=towns)
    # The bow tie's two triangles have a base of 2 and a height of 1 each.
    assert done.towns is not None and done.towns.area.tolist() == [2, 1]
    assert list(map(str, done.findings)) == ["towns Ford: a polygon that crosses itself was repaired"]


def test_few_ids_and_many() -> None:
    assert some(["a", "b", "c"]) == "a, b, c"
    assert some(["a", "b", "c", "d"]) == "a, b, c and 1 more"
