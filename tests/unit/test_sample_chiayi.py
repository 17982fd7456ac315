"""The bundled chiayi sample: the source's figures, nothing made up, and who published them."""

from __future__ import annotations

import pandas as pd
import pytest

from layoutopt.plan.check import check_study
from layoutopt.policy import Policy
from layoutopt.samples import sample, sample_path
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study

PRIMARY = list(PUPIL_COLUMNS[:6])


@pytest.fixture(scope="module")
def study() -> Study:
    return sample("chiayi")


def test_schools_as_published(study: Study) -> None:
    enrolled = study.schools[PRIMARY].sum(axis=1)
    assert len(study.schools) == 121
    assert enrolled.sum() == 17_154
    assert int((enrolled < 50).sum()) == 56
    assert int((enrolled < 100).sum()) == 77
    assert study.schools["teachers"].sum() == 2_421
    assert study.schools.loc["104602", "name"] == "縣立大同國小"
    assert list(study.schools.loc["104602", PRIMARY]) == [153, 176, 176, 188, 153, 195]  # boys + girls


def test_cells_as_published(study: Study) -> None:
    assert len(study.settlements) == 4_266
    assert study.settlements["population"].sum() == 511_011
    assert study.settlements["population"].min() >= 1
    assert study.roads is None


def test_towns_hold_their_cells(study: Study) -> None:
    assert study.towns is not None
    assert len(study.towns) == 18
    assert set(study.towns["town"]) == set(study.settlements["town"]) >= set(study.schools["town"])
    assert study.towns.geometry.is_valid.all()
    own = study.towns.set_index("town").geometry.loc[study.settlements["town"]]
    off_m = study.settlements.geometry.reset_index(drop=True).distance(own.reset_index(drop=True))
    assert off_m.max() < 100  # borders are drawn 60 m coarser


def test_every_pupil_enrolled_lives_somewhere(study: Study) -> None:
    found = check_study(study, Policy())
    assert found.counts["pupils"] == 17_154
    assert found.counts["schools"] == 121
    assert found.counts["schools_under_100"] == 77
    assert found.errors == ()


def test_the_source_is_named(study: Study) -> None:
    readme = (sample_path("chiayi") / "README.md").read_text("utf-8")
    for text in (study.attribution, readme):
        for name in ("Ministry of Education", "Ministry of the Interior", "Open Government Data License"):
            assert name in text
    assert "Not a basis for decisions" in study.note


def test_estimates_are_no_pupils() -> None:
    """The age columns are estimates of 2015: named so that the library does not take them for the truth."""
    table = pd.read_csv(sample_path("chiayi") / "settlements.csv")
    assert table["age_6_11_estimate"].sum() == pytest.approx(22_715.55)
    assert not {"primary_age", "junior_age", *PUPIL_COLUMNS} & set(table.columns)
