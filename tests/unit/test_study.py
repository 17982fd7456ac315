"""A study: read once, checked once, frozen, the same facts whatever the files looked like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import MultiPolygon, Point, Polygon

import layoutopt as lo
from layoutopt.testing import tiny_study

WriteFolder = Callable[..., Path]


def small(**columns: Any) -> lo.Study:
    return tiny_study({"V2": (1, 0, [2] * 6), "V1": (0, 0, [1] * 6)}, {"S1": (0, 0.5, columns)})


def test_what_is_read(study_folder: WriteFolder) -> None:
    study = lo.read_study(study_folder())
    assert repr(study) == "<Study county: 3 settlements, 2 schools, 54 pupils, no roads>"
    assert list(study.settlements.index) == ["V1", "V2", "V3"]
    assert list(study.schools.index) == ["S1", "S2"]
    assert study.crs == "EPSG:32648"
    assert study.settlements.crs == study.schools.crs == "EPSG:32648"
    assert study.settlements.loc["V1", "name"] == "Upper Mill"
    assert study.schools[["offers_lower", "offers_upper", "offers_junior"]].iloc[0].tolist() == [True, True, False]
    assert study.schools["hub"].tolist() == [True, False]
    assert study.schools["status"].tolist() == ["open", "open"]
    assert study.schools["places_junior"].isna().all()
    assert (study.settlements["g9"] == 0).all()
    assert study.roads is None
    assert study.notes == ()


def test_rows_are_sorted_by_code_whatever_the_file_s_order(study_folder: WriteFolder) -> None:
    lines = ["settlement_id,lon,lat,g1", "V3,106.10,33.3,1", "V1,106.11,33.3,2", "V2,106.12,33.3,3"]
    study = lo.read_study(study_folder(settlements__csv="\n".join(lines)))
    assert study.settlements["g1"].to_dict() == {"V1": 2, "V2": 3, "V3": 1}
    other = lo.read_study(study_folder("other", settlements__csv="\n".join([lines[0], *sorted(lines[1:])])))
    assert other.digest == study.digest


def test_study_toml_gives_name_and_names(study_folder: WriteFolder) -> None:
    folder = study_folder(
        settlements__csv=None,
        villages__csv="村代码,东,北,一年级\nV1,500000,3600000,5\n",
        study__toml='[study]\nname = "West"\nyear = 2024\nnote = "n"\nattribution = "a"\n[layers.settlements]\n'
        'file = "villages.csv"\nx = "东"\ny = "北"\ncrs = "EPSG:32648"\n'
        '[columns.settlements]\nsettlement_id = "村代码"\ng1 = "一年级"\n',
        schools__csv="school_id,lon,lat,grades,places_primary\nS1,105.0,32.54,1-6,50\n",
    )
    study = lo.read_study(folder)
    assert (study.name, study.year, study.note, study.attribution) == ("West", 2024, "n", "a")
    assert study.settlements["g1"].to_dict() == {"V1": 5}
    assert study.settlements.geometry.iloc[0] == Point(500_000, 3_600_000)
    assert set(study.inputs) == {"villages.csv", "schools.csv", "study.toml"}


def test_all_optional_layers(study_folder: WriteFolder) -> None:
    study = lo.read_study(
        study_folder(
            travel__csv="from_id,to_id,mode,minutes\nV1,S1,walk,7\n",
            expansions__csv="school_id,level,stage,places,capital_cny\nS1,1,primary,40,100000\n",
            vehicles__csv="vehicle_id,seats,fixed_cny,cny_per_km\nbus,30,60000,3\n",
            forecast__csv="settlement_id,year,g1\nV1,2030,3\n",
        )
    )
    for name in ("travel", "expansions", "vehicles", "forecast"):
        assert len(getattr(study, name)) == 1


def test_areas_stand_for_a_point_inside(study_folder: WriteFolder) -> None:
    folder = study_folder(settlements__csv=None)
    square = Polygon([(106.1, 33.3), (106.101, 33.3), (106.101, 33.301), (106.1, 33.301)])
    hook = MultiPolygon([square])
    layer = gpd.GeoDataFrame({"settlement_id": ["V1", "V2"], "g1": [1, 2]}, geometry=[square, hook], crs="EPSG:4326")
    layer.to_file(folder / "settlements.gpkg", engine="pyogrio")
    study = lo.read_study(folder)
    assert [note.text for note in study.notes] == ["settlements: 2 polygons stand for a point inside them"]
    inside = study.settlements.to_crs("EPSG:4326").geometry
    assert inside.within(square.buffer(1e-6)).all()


def test_a_school_of_no_whole_band_is_noted(study_folder: WriteFolder) -> None:
    folder = study_folder(
        schools__csv="school_id,lon,lat,grades,places_primary\nS1,106.1,33.3,1-6,90\nS2,106.1,33.3,1-2,9\n"
    )
    assert [(note.text, note.ids) for note in lo.read_study(folder).notes] == [
        ("schools: S2 teaches grades 1-2, no whole band (1-3, 4-6, 7-9): nobody goes there", ("S2",)),
    ]


def test_pupils_from_population(study_folder: WriteFolder) -> None:
    folder = study_folder(settlements__csv="settlement_id,lon,lat,population\nV1,106.1,33.3,1000\n")
    study = lo.read_study(folder)
    assert not study.has_pupils
    assert "pupils from population" in repr(study)
    assert study.pupils_given == 0


def test_a_study_is_frozen_and_its_argument_stays() -> None:
    study = small()
    with pytest.raises(FrozenInstanceError):
        study.name = "x"  # type: ignore[misc]
    frame = study.settlements.copy()
    lo.optimize(study, lo.Policy(), effort="quick")
    pd.testing.assert_frame_equal(pd.DataFrame(study.settlements), pd.DataFrame(frame))


def contradiction(study: lo.Study, **changes: Any) -> list[str]:
    with pytest.raises(lo.InputError) as caught:
        replace(study, **changes)
    return [str(problem) for problem in caught.value.problems]


def test_what_contradicts_itself_is_no_study() -> None:
    study = small(grades="1-3")
    at = study.settlements.copy()
    at.loc["V1", "current_primary"] = "S11"
    at.loc["V1", "current_junior"] = "S1"
    at[["g4", "g5", "g6"]] = 0.0
    assert contradiction(study, settlements=at) == [
        "settlements (V1): current_primary = 'S11' is no school. Did you mean 'S1'?",
        "settlements (V1): current_junior = 'S1' teaches grades 1-3 only. Name another school.",
    ]
    lost = pd.DataFrame([{"school_id": "S11", "stage": "primary", "level": 1, "places": 9, "capital_cny": 1.0}])
    assert contradiction(small(), expansions=lost) == ["expansions: school_id = 'S11' is no school. Did you mean 'S1'?"]


def test_nobody_attends_a_school_that_is_not_built() -> None:
    with pytest.raises(lo.InputError) as caught:
        tiny_study(
            {"V1": (0, 0, [2] * 6)},
            {"S1": (0, 1, {}), "S2": (1, 0, {"status": "candidate"})},
            current={"V1": {"current_primary": "S2"}},
        )
    assert [str(problem) for problem in caught.value.problems] == [
        "settlements (V1): current_primary = 'S2' is a candidate, not built yet. Name another school."
    ]


def test_places_count_with_their_expansions() -> None:
    """18 pupils on 10 places: too few, unless the school can grow by one of its levels."""
    grow = [
        {"school_id": "S1", "stage": "primary", "level": level, "places": places, "capital_cny": 1.0}
        for level, places in ((1, 4), (2, 7))
    ]
    settlements = {"V1": (0, 0, [3] * 6)}
    with pytest.raises(lo.InputError, match="17 primary places in all for 18 pupils"):
        tiny_study(settlements, {"S1": (0, 1, {"places_primary": 10.0})}, expansions=grow)
    grow[1]["places"] = 8
    assert tiny_study(settlements, {"S1": (0, 1, {"places_primary": 10.0})}, expansions=grow)


def test_unknown_places_are_no_shortage() -> None:
    assert small(places_primary=np.nan).pupils_given == 18


def test_a_school_that_closes_offers_no_places() -> None:
    with pytest.raises(lo.InputError, match="0 primary places in all for 18 pupils"):
        small(status="close")


CHANGES: dict[str, Callable[[lo.Study], dict[str, Any]]] = {
    "pupils": lambda s: {"settlements": s.settlements.assign(g1=9.0)},
    "a name": lambda s: {"settlements": s.settlements.assign(name="other")},
    "a place": lambda s: {"settlements": s.settlements.set_geometry(s.settlements.translate(1.0, 0))},
    "the status": lambda s: {"schools": s.schools.assign(status="keep")},
    "beds": lambda s: {"schools": s.schools.assign(beds=3.0)},
    "vehicles": lambda s: {
        "vehicles": pd.DataFrame([{"vehicle_id": "b", "seats": 9, "fixed_cny": 1.0, "cny_per_km": 1.0}])
    },
    "own travel": lambda s: {
        "travel": pd.DataFrame([{"from_id": "V1", "to_id": "S1", "mode": "walk", "minutes": 9.0, "km": 1.0}])
    },
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_digest_sees_every_change(name: str) -> None:
    study = small()
    assert replace(study).digest == study.digest
    assert replace(study, **CHANGES[name](study)).digest != study.digest


def test_the_digest_sees_where_one_road_ends() -> None:
    """The same points in the same order, but the gap lies elsewhere."""

    def roads(first: int) -> lo.Study:
        path = [(float(x), 0.0) for x in range(5)]
        lines = [(path[:first], {"class": "tertiary"}), (path[first:], {"class": "tertiary"})]
        return tiny_study({"V1": (0, 0, [1] * 6)}, {"S1": (0.1, 0, {})}, roads=lines)

    assert roads(2).digest != roads(3).digest


def test_a_study_folder_may_be_moved(study_folder: WriteFolder, tmp_path: Path) -> None:
    folder = study_folder()
    before = lo.read_study(folder).digest
    folder.rename(tmp_path / "elsewhere")
    assert lo.read_study(tmp_path / "elsewhere").digest == before


def test_a_string_does_for_a_path(study_folder: WriteFolder) -> None:
    assert lo.read_study(str(study_folder())).pupils_given == 54


@pytest.mark.parametrize(
    "toml",
    [
        "study = 3\n",
        "[study]\nname = 3\nyear = 'x'\n",
        "[study]\nyear = 20.5\n",
        "[layers]\nsettlements = 3\n",
        "[layers.settlements]\nfile = 3\n",
        "[layers.settlements]\nfile = ['a']\n",
        "[layers.settlements]\ncrs = 'EPSG:4326'\n",
        '[layers.settlements]\nfile = "settlements.csv"\nx = 3\n',
        '[layers.settlements]\nfile = "settlements.csv"\ncrs = 4326\n',
        '[layers.settlements]\nfile = "settlements.csv"\nencoding = 5\n',
        '[layers.settlements]\nfile = "/etc/hostname"\n',
        '[layers.settlements]\nfile = "."\n',
        '[layers.settlements]\nfile = ""\n',
        '[layers.settlements]\nfile = "a\\u0000b.csv"\n',
        "[columns]\nsettlements = 'a'\n",
        "[columns.settlements]\nsettlement_id = 3\n",
        "[columns.settlements]\nsettlement_id = ['a']\n",
        "[study]\ndatum = 'bd09'\n",
    ],
)
def test_any_study_toml_gives_a_study_or_an_input_error(toml: str, study_folder: WriteFolder) -> None:
    try:
        study = lo.read_study(study_folder(study__toml=toml))
    except lo.InputError as error:
        assert error.problems
    else:
        assert isinstance(study.name, str)
        assert study.year is None or isinstance(study.year, int)


def test_a_study_toml_in_another_encoding(study_folder: WriteFolder) -> None:
    with pytest.raises(lo.InputError, match=r"study\.toml: not valid TOML: .* Save it as UTF-8 text\."):
        lo.read_study(study_folder(study__toml='[study]\nname = "上磨"\n'.encode("gbk")))
    assert lo.read_study(study_folder(study__toml='[study]\nname = "上磨"\n'.encode("utf-8-sig"))).name == "上磨"


def test_codes_that_only_look_like_numbers_keep_their_zeros(study_folder: WriteFolder) -> None:
    folder = study_folder(
        settlements__csv="settlement_id,lon,lat,g1\n0012,106.1,33.3,1\n12,106.1,33.3,1\n",
    )
    assert list(lo.read_study(folder).settlements.index) == ["0012", "12"]


def test_points_beyond_the_reach_of_their_system_are_told(study_folder: WriteFolder) -> None:
    """A thousand kilometres of easting too many is a wrong zone or a typing error, not a place."""
    settlements = "settlement_id,x,y,g1\nV1,500000,3600000,1\nV2,1e9,3600000,1\n"
    toml = '[layers.settlements]\nfile = "settlements.csv"\nx = "x"\ny = "y"\ncrs = "EPSG:32648"\n'
    schools = "school_id,lon,lat,grades,places_primary\nS1,105.0,32.54,1-6,50\n"
    with pytest.raises(lo.InputError, match="settlements"):
        lo.read_study(study_folder(settlements__csv=settlements, study__toml=toml, schools__csv=schools))
