"""Two real regions as their publishers wrote them, each read with a study.toml of at most 25 lines."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest

import layoutopt as lo
from layoutopt.plan.check import StudyCheck, check_study
from layoutopt.samples import sample_path

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "data" / "scripts"
GEODATA = Path(os.environ.get("LAYOUTOPT_GEODATA", ROOT.parent / "shared" / "geodata"))
RAW = {
    "ladakh_in": ("raw_ladakh.toml", ["ladakh.gpkg"]),
    "chiayi_tw": ("raw_chiayi.toml", ["schools.csv", "stat_areas.gpkg"]),
}

needs = {
    name: pytest.mark.skipif(
        not (GEODATA / name).is_dir(), reason=f"the set {name} is not beside the checkout (LAYOUTOPT_GEODATA)"
    )
    for name in RAW
}


def raw_folder(name: str, place: Path) -> Path:
    """The published files and the short study.toml beside each other."""
    toml, files = RAW[name]
    for file in files:
        shutil.copy(GEODATA / name / file, place / file)
    shutil.copy(SCRIPTS / toml, place / "study.toml")
    return place


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", RAW)
def test_the_short_study_toml_is_short(name: str) -> None:
    assert len((SCRIPTS / RAW[name][0]).read_text("utf-8").splitlines()) <= 25


@pytest.fixture(scope="module")
def ladakh(tmp_path_factory: pytest.TempPathFactory) -> tuple[lo.Study, StudyCheck]:
    study = lo.read_study(raw_folder("ladakh_in", tmp_path_factory.mktemp("ladakh")))
    return study, check_study(study, lo.Policy())


@needs["ladakh_in"]
def test_ladakh_raw(ladakh: tuple[lo.Study, StudyCheck]) -> None:
    study, found = ladakh
    assert len(study.settlements) == 729
    assert study.settlements["population"].sum() == 278_462
    assert len(study.schools) == 118  # 83 high and 35 higher secondary of 152 facilities
    assert study.schools["grades"].value_counts().to_dict() == {"1-9": 83, "7-9": 35}
    assert study.roads is not None and len(study.roads) == 1_015
    assert study.towns is not None and len(study.towns) == 31
    assert any("34" in text and "level_guess" in text for text in found.repairs), "rows left out are said"
    assert found.counts["road_km"] == pytest.approx(6_222, rel=0.02)
    assert found.counts["main_piece_share"] >= 0.99


@needs["ladakh_in"]
def test_ladakh_baseline(ladakh: tuple[lo.Study, StudyCheck]) -> None:
    """Pupils follow from residents; those on pieces of road that lead nowhere are named, not dropped."""
    _, found = ladakh
    assert found.counts["pupils"] == pytest.approx(278_462 * 0.108, rel=0.001)  # three bands of 3.6 %
    for band, figures in found.baseline.items():
        assert figures["pupils"] == pytest.approx(278_462 * 0.036, rel=0.001)
        assert 3 < figures["mean_km"] < 12, band
        assert len(figures["unreachable"]) <= 8
    assert found.baseline["lower"]["share_within_km"]["2"] > 0.3


@pytest.fixture(scope="module")
def chiayi(tmp_path_factory: pytest.TempPathFactory) -> tuple[lo.Study, StudyCheck]:
    study = lo.read_study(raw_folder("chiayi_tw", tmp_path_factory.mktemp("chiayi")))
    return study, check_study(study, lo.Policy())


@needs["chiayi_tw"]
def test_chiayi_raw(chiayi: tuple[lo.Study, StudyCheck]) -> None:
    study, found = chiayi
    assert len(study.settlements) == 5_593
    assert study.settlements["population"].sum() == 511_011
    assert len(study.schools) == 121
    assert found.counts["pupils"] == 17_154
    assert found.counts["schools_under_100"] == 77
    assert any("5593 polygons" in text.replace(",", "") for text in found.repairs)


@needs["chiayi_tw"]
def test_chiayi_raw_is_the_sample(chiayi: tuple[lo.Study, StudyCheck]) -> None:
    """Cutting the sample changed no figure: the same cells, schools and enrolment, in other words."""
    study, sample = chiayi[0], lo.sample("chiayi")
    lived = study.settlements[study.settlements["population"] > 0]
    assert list(lived.index) == list(sample.settlements.index)
    assert (lived["population"] == sample.settlements["population"]).all()
    grades = [f"g{grade}" for grade in range(1, 7)]
    assert (study.schools[grades] == sample.schools[grades]).all(axis=None)
    there, here = study.schools.geometry.to_crs("EPSG:4326"), sample.schools.geometry.to_crs("EPSG:4326")
    assert (there.x - here.x).abs().max() < 1e-6 and (there.y - here.y).abs().max() < 1e-6


@needs["chiayi_tw"]
def test_chiayi_sample_same_bytes_from_the_same_source(tmp_path: Path) -> None:
    script("cut_chiayi").main(GEODATA / "chiayi_tw", tmp_path)
    made = sorted(path.name for path in tmp_path.iterdir())
    assert made == ["schools.csv", "settlements.csv", "study.toml", "towns.geojson"]
    for name in made:
        assert (tmp_path / name).read_bytes() == (sample_path("chiayi") / name).read_bytes(), name
