"""The bundled studies and the generator: exact totals, published proportions, the same bytes each time."""

from __future__ import annotations

import csv
import json
import tomllib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from layoutopt.demand.spread import apportion
from layoutopt.errors import InputError
from layoutopt.journeys import journeys_of
from layoutopt.options import build_options
from layoutopt.policy import Policy
from layoutopt.samples import County, generate_county, sample, sample_path, staffing, write_county
from layoutopt.samples.names import place_names
from layoutopt.samples.valley_roads import CLASSES
from layoutopt.samples.valley_schools import school_mix
from layoutopt.schema import BANDS, LAYERS, PUPIL_COLUMNS
from layoutopt.study import Study, read_study
from layoutopt.today import attendance

GRADES = list(PUPIL_COLUMNS)
SMALL = {"settlements": 12, "schools": 5, "pupils": 400, "towns": 1, "area_km2": 90, "teachers": 40}
LIMIT_MIN = {"lower": 30, "upper": 45, "junior": 60}


@pytest.fixture(scope="module")
def county() -> County:
    return generate_county()


@pytest.fixture(scope="module", params=["ladakh", "valley"])
def study(request: pytest.FixtureRequest) -> Study:
    return sample(request.param)


def enrolment(schools: pd.DataFrame) -> pd.Series:
    return schools[GRADES].sum(axis=1)


# --- the generator ---------------------------------------------------------------------------------------


def test_county_has_the_published_totals(county: County) -> None:
    assert len(county.settlements) == 250
    assert len(county.schools) == 53
    assert len(county.towns) == 17
    assert county.settlements[GRADES].to_numpy().sum() == 11_172
    assert county.schools[GRADES].to_numpy().sum() == 11_172
    assert county.schools["teachers"].sum() == 1_194
    assert county.towns.area.sum() / 1e6 == pytest.approx(2_831, rel=1e-4)
    assert set(county.settlements["town"]) == set(county.towns["town"])


def test_school_sizes_are_as_skewed_as_published(county: County) -> None:
    size = enrolment(county.schools)
    tiny = size < 30
    assert size.min() > 0
    assert size.median() < 0.5 * size.mean()
    assert tiny.sum() >= 15
    assert 6 <= size[tiny].mean() <= 15  # Jiangxi pilot: 8.65 pupils a merged school
    assert 2 <= size[tiny].sum() / county.schools["teachers"][tiny].sum() <= 3.2  # pilot: 2.5
    places = county.schools[["places_primary", "places_junior"]].to_numpy().sum()
    assert 1.5 <= places / 11_172 <= 1.8


def test_no_school_is_fuller_than_its_places(county: County) -> None:
    schools = county.schools
    assert (schools[GRADES[:6]].sum(axis=1) <= schools["places_primary"]).all()
    assert (schools[GRADES[6:]].sum(axis=1) <= schools["places_junior"]).all()
    assert (schools.loc[schools["hub"] == "no", "beds"] == 0).all()


def test_same_seed_same_county_other_seed_another() -> None:
    first, again, other = generate_county(**SMALL), generate_county(**SMALL), generate_county(**SMALL, seed=1)
    for layer in ("settlements", "schools", "roads", "towns", "staff", "history"):
        assert_frame_equal(getattr(first, layer), getattr(again, layer))
    assert not first.settlements.geometry.equals(other.settlements.geometry)


def test_resources_add_up_and_lie_around_the_thresholds(county: County) -> None:
    schools = county.schools.set_index("school_id")
    staff = county.staff
    assert (staff.groupby("school_id")["teachers"].sum() == schools["teachers"]).all()
    assert (staff[["protected", "backbone"]].max(axis=1) <= staff["teachers"]).all()
    assert (staff.groupby("school_id")["backbone"].sum() == schools["backbone_teachers"]).all()
    assert (schools["teachers_above_degree"] <= schools["teachers"]).all()
    size = enrolment(schools)
    area = schools["teaching_area_m2"] / size
    assert area[size < 30].median() > 2 * area[size >= 100].median()  # villages built for more children
    assert (schools.loc[size < 30, "pe_art_teachers"] == 0).all()
    hubs = schools[(schools["hub"] == "yes") & (schools["grades"] == "1-6")]
    per_100 = 100 * hubs["teachers_above_degree"].sum() / enrolment(hubs).sum()
    assert 4.2 * 0.85 < per_100 < 4.2 * 1.4
    assert county.history.groupby("school_id")["year"].agg(list).map(lambda years: years == [2022, 2023]).all()
    places = county.facilities[county.facilities["use"] == "kindergarten"]
    assert 0.5 * len(county.towns) <= len(places) <= len(county.towns)


def test_roads_are_drawn_as_surveys_draw_them(county: County) -> None:
    roads = county.roads
    assert set(roads["class"]) == {*CLASSES, "track"}
    assert (roads.loc[roads["class"] == "track", "bus"] == "no").all()
    ends = {point for line in roads.geometry for point in (line.coords[0], line.coords[-1])}
    vertices = [point for line in roads.geometry for point in line.coords]
    shared = {point for point in ends if vertices.count(point) > 1}
    assert 0.3 < len(shared) / len(ends) < 0.95  # most meet at a vertex, some blind, some careless


@pytest.mark.parametrize("schools", [1, 2, 3, 4, 9, 30, 53, 250])
@pytest.mark.parametrize("towns", [1, 17, 60])
def test_mix_uses_every_school_once(schools: int, towns: int) -> None:
    mix = school_mix(2 * schools + 5, schools, towns)
    assert mix.seat + (mix.towns - 1) + mix.town_junior + mix.village == schools
    assert 1 <= mix.towns <= towns
    assert mix.village >= 0 and mix.town_junior + mix.primary_only <= max(mix.towns - 1, 0)


def test_impossible_sizes_are_refused_all_at_once() -> None:
    with pytest.raises(InputError) as caught:
        generate_county(settlements=1, schools=4, teachers=3)
    assert len(caught.value.problems) == 2
    assert "teachers = 3: fewer than 4. Give 4 or more." in str(caught.value)


def test_place_names_never_repeat() -> None:
    names = place_names(5_000, rng=np.random.default_rng(0))
    assert len(set(names)) == 5_000


def test_largest_remainders_by_hand() -> None:
    # 10 × (0.5, 0.3, 0.2) / 1 = 5, 3, 2; 7 × … = 3.5, 2.1, 1.4: the half gets the one left over
    assert apportion(10, np.array([0.5, 0.3, 0.2])).tolist() == [5, 3, 2]
    assert apportion(7, np.array([0.5, 0.3, 0.2])).tolist() == [4, 2, 1]
    with pytest.raises(ValueError, match="no weight"):
        apportion(3, np.zeros(2))


def test_enrolment_by_hand() -> None:
    pupils = np.array([[1] * 9, [2] * 9])
    attends = np.array([[0] * 6 + [1] * 3, [1] * 9])
    assert staffing.enrol(pupils, attends, 2).tolist() == [[1] * 6 + [0] * 3, [2] * 6 + [3] * 3]


# --- files -----------------------------------------------------------------------------------------------


def test_written_county_is_read_back(tmp_path: Path) -> None:
    county = generate_county(**SMALL)
    study = read_study(write_county(county, tmp_path / "county"))
    assert study.name == county.name and study.attribution == county.attribution
    assert study.pupils_given == 400
    assert study.settlements.index.tolist() == county.settlements["settlement_id"].tolist()
    moved_m = study.schools.geometry.distance(
        gpd.GeoSeries(county.schools.geometry.to_crs(study.crs).to_numpy(), study.schools.index, study.crs)
    )
    assert moved_m.max() < 0.2  # six decimals of a degree


def test_same_county_writes_the_same_bytes_and_never_over_others(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_county(generate_county(**SMALL), tmp_path / name)
    files = sorted(file.name for file in (tmp_path / "a").iterdir())
    always = {
        "history.csv",
        "roads.geojson",
        "schools.csv",
        "settlements.csv",
        "staff.csv",
        "study.toml",
        "towns.geojson",
    }
    assert always <= set(files) <= {*always, "facilities.csv"}
    for file in files:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    with pytest.raises(InputError, match="not empty"):
        write_county(generate_county(**SMALL), tmp_path / "a")


# --- the bundled studies ---------------------------------------------------------------------------------


def test_unknown_sample_names_the_nearest() -> None:
    with pytest.raises(InputError, match=r"no such sample.*Did you mean 'valley'\?"):
        sample_path("vally")


def test_bundled_study_is_small_and_complete(study: Study) -> None:
    assert study.roads is not None and study.towns is not None
    assert study.attribution and study.note and study.year
    assert "S017" in study.schools.index
    assert study.schools["offers_lower"].any() and study.schools["offers_junior"].any()
    assert study.notes == ()


@pytest.mark.parametrize("name", ["ladakh", "valley"])
def test_bundled_files_stay_small_and_hold_known_columns(name: str) -> None:
    folder = sample_path(name)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 1_500_000
    assert (folder / "README.md").exists()
    for layer in ("settlements", "schools"):
        with (folder / f"{layer}.csv").open(encoding="utf-8", newline="") as file:
            header = set(next(csv.reader(file)))
        assert header - set(LAYERS[layer].names) <= {"lon", "lat", "source_id", "pupils_are"}
    for layer in ("roads", "towns"):
        features = json.loads((folder / f"{layer}.geojson").read_text("utf-8"))["features"]
        used = {key for feature in features for key in feature["properties"]}
        assert used <= set(LAYERS[layer].names)


def test_enrolment_is_the_sum_of_those_who_attend(study: Study) -> None:
    today = attendance(study, Policy.preset("china_national"))
    attending = today.groupby("school_id")[GRADES].sum().reindex(study.schools.index, fill_value=0.0)
    assert_frame_equal(attending, study.schools[GRADES], check_dtype=False, check_names=False)
    assert (enrolment(study.schools) > 0).all()


def test_today_is_bearable_and_everybody_has_an_option(study: Study) -> None:
    policy = Policy.preset("jiangxi_2023")
    today = attendance(study, policy)
    late = today[today["minutes"] > today["band"].map(LIMIT_MIN)]
    assert set(late["band"]) <= {"junior"}
    assert late["pupils"].sum() < 0.01 * today["pupils"].sum()
    assert len(build_options(study, policy).without) == 0


def test_young_pupils_of_ladakh_walk() -> None:
    today = attendance(sample("ladakh"), Policy.preset("china_national"))
    assert (today.loc[today["band"] != "junior", "mode"] == "walk").all()


def test_roads_join_into_one_net_but_not_by_shared_vertices_alone(study: Study) -> None:
    report = journeys_of(study, Policy.preset("china_national")).roads.report
    assert report.pieces_before > 5
    assert report.crossings_joined > 20 and report.ends_joined > 5
    assert report.main_share > 0.97


def test_some_village_schools_have_to_stay(study: Study) -> None:
    options = build_options(study, Policy.preset("jiangxi_2023"))
    hubs = options.schools.index[options.schools["hub"]]
    lower = options.items.loc[options.items["band"] == "lower", "item"]
    to_hub = options.rows[options.rows["school_id"].isin(hubs)]["item"]
    stuck = 1 - lower.isin(to_hub).mean()
    assert 0.02 < stuck < 0.25


def test_ladakh_says_what_is_real_and_what_is_assumed() -> None:
    study = sample("ladakh")
    assert "Government Open Data License" in study.attribution
    assert "12 %" in study.note and "assumed" in study.note
    assumed = study.schools["assumed"].astype(bool)
    assert (~assumed).sum() == 18
    assert study.schools.loc[assumed, "name"].str.contains("(assumed)", regex=False).all()
    assert not study.schools.loc[~assumed, "name"].str.contains("assumed").any()
    assert not study.schools.loc[assumed, "hub"].astype(bool).any()
    share = study.pupils_given / study.settlements["population"].sum()
    assert share == pytest.approx(0.12, abs=1e-4)


def test_valley_is_what_the_generator_makes() -> None:
    folder = sample_path("valley")
    county = generate_county(seed=28)
    for layer, key in (("settlements", "settlement_id"), ("schools", "school_id")):
        kept = pd.read_csv(folder / f"{layer}.csv", keep_default_na=False)
        made = getattr(county, layer)
        names = [key, "name", "town", *GRADES]
        assert_frame_equal(kept[names], pd.DataFrame(made[names]), check_dtype=False)
        degrees = made.geometry.to_crs("EPSG:4326")
        assert np.abs(kept["lon"] - degrees.x).max() < 2e-6
        assert np.abs(kept["lat"] - degrees.y).max() < 2e-6
    about = tomllib.loads((folder / "study.toml").read_text("utf-8"))["study"]
    assert about["year"] == county.year


def test_valley_roads_wind_as_mountain_roads_do() -> None:
    study = sample("valley")
    journeys = journeys_of(study, Policy.preset("china_national"))
    hubs = study.schools.index.get_indexer(study.schools.index[study.schools["hub"].astype(bool)])
    start = np.array([(p.x, p.y) for p in study.settlements.geometry])
    goal = np.array([(p.x, p.y) for p in study.schools.geometry])
    straight_km = np.hypot(*(start[:, None] - goal[None, hubs]).transpose(2, 0, 1)) / 1e3
    ratio = journeys.table.ride_km[:, hubs][straight_km > 3] / straight_km[straight_km > 3]
    assert 1.4 < np.median(ratio) < 1.9
    assert set(BANDS) == set(LIMIT_MIN)
