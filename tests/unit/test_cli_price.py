"""The commands explain and price: words, JSON, files, and exit codes a script can rely on."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner, Result

import layoutopt as lo
from layoutopt.cli import main

PRICES = runpy.run_path(str(Path(__file__).with_name("test_price.py")))
"""The county of test_price.py: S2 closes; keeping it costs some 48,000, as a teaching point 38,000."""


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = lo.optimize(*PRICES["question"](), effort="proof")
    return plan.to_folder(tmp_path_factory.mktemp("price") / "plan")


def test_a_price_in_words_and_as_json(folder: Path) -> None:
    told = run("price", folder, "--keep", "S2", "--effort", "proof")
    assert told.exit_code == 0, told.output
    assert told.stdout.startswith("keep S2: +47,")
    found: dict[str, Any] = json.loads(run("price", folder, "--keep", "S2", "--json").stdout)
    assert found["possible"] and found["least_cny"] <= found["cost_cny"] <= found["most_cny"]
    assert found["lines"] == -1


def test_a_curve_is_written_as_a_table_and_a_picture(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    files = ("--csv", tmp_path / "rides.csv", "--plot", tmp_path / "rides.png")
    told = run("price", folder, "--set", "max_ride_min=15,40", *files)
    assert told.exit_code == 0, told.output
    assert "max_ride_min (min): 2 values, 2 of them possible." in told.stdout
    assert pd.read_csv(tmp_path / "rides.csv")["value"].tolist() == [15, 40]
    assert (tmp_path / "rides.png").read_bytes().startswith(b"\x89PNG")


def test_every_kind_of_change_has_its_word(folder: Path) -> None:
    words = ("--move", "V2=S2", "--places", "S1=5", "--beds", "S1=2", "--schools-open", "1", "--set", "must_keep=S2")
    told = run("price", folder, *words, "--json")
    assert told.exit_code == 0, told.output
    said = json.loads(told.stdout)["change"]
    assert all(part in said for part in ("V2 goes to S2", "+5 places at S1", "+2 beds at S1", "must_keep = ('S2',)"))


def test_what_cannot_be_is_exit_code_1(folder: Path) -> None:
    told = run("price", folder, "--close", "S2", "--set", "max_ride_min=15")
    assert told.exit_code == 1
    assert "not possible" in told.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Name one change"),
        (("--keep", "S9"), "'S9' is no school of this plan"),
        (("--places", "S1"), "write it as NAME=VALUE"),
        (("--buses", "few"), "give whole numbers"),
        (("--set", "max_rid_min=30"), "max_rid_min: unknown key"),
        (("--set", "max_ride_min=40", "--csv", "x.csv"), "Give several values with commas"),
    ],
)
def test_questions_that_cannot_be_asked_are_exit_code_2(folder: Path, words: tuple[str, ...], said: str) -> None:
    told = run("price", folder, *words)
    assert told.exit_code == 2, told.output
    assert said in told.stderr


def test_a_place_is_explained_in_words_and_as_json(folder: Path) -> None:
    told = run("explain", folder, "V2", "--effort", "quick")
    assert told.exit_code == 0, told.output
    assert "6 pupils of V2 not to S1 as planned: +37," in told.stdout
    found = json.loads(run("explain", folder, "S2", "--json").stdout)
    assert found["place"] == "S2" and len(found["options"]) == 3
    assert run("explain", folder, "V9").exit_code == 2
