"""The commands for several years and several futures, from a study folder to files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import layoutopt as lo
from layoutopt.ahead.task import Task
from layoutopt.cli import main
from layoutopt.samples import write_county


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("county") / "study"
    write_county(lo.generate_county(settlements=14, schools=5, pupils=350, towns=2, area_km2=120, teachers=45), folder)
    return folder


def test_phase_writes_a_plan_a_year(county: Path, tmp_path: Path) -> None:
    out = tmp_path / "phasing"
    ran = CliRunner().invoke(
        main, ["phase", str(county), "--years", "2025-2026", "--closures", "2025=1,2026=1", "--migration", "0", "--effort", "quick", "--json",
               "--out", str(out)],
    )  # fmt: skip
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert found["horizon"] == [2025, 2026] and found["problems"] == []
    assert found["bound_cny"] <= found["value_cny"]
    years = pd.read_csv(out / "phasing_years.csv")
    assert years["closes"].max() <= 1 and years["year"].tolist() == [2025, 2026]
    plan = lo.Plan.from_folder(out / "2026")
    assert plan.study.year == 2026 and lo.audit(plan, plan.study, plan.policy).empty


def test_robust_writes_a_plan_a_future(county: Path, tmp_path: Path) -> None:
    file = tmp_path / "futures.toml"
    file.write_text("[scenarios.base]\n[scenarios.wet]\nweight = 0.5\ntravel = 1.2\n", "utf-8")
    out = tmp_path / "robust"
    given = ["robust", str(county), "--scenarios", str(file), "--effort", "quick", "--json", "--out", str(out)]
    ran = CliRunner().invoke(main, given)
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert [row["scenario"] for row in found["table"]] == ["base", "wet"]
    plans = [lo.Plan.from_folder(out / name) for name in ("base", "wet")]
    assert plans[0].schools["role"].tolist() == plans[1].schools["role"].tolist()


def test_plans_are_there_before_regrets_are_worked_out(
    county: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regrets get a quarter of the time limit; Ctrl-C while they are sought leaves the plans."""

    def stopped(cases: object, task: Task, *given: object) -> None:
        assert 0 < task.left_s <= 0.25 * 40
        raise KeyboardInterrupt

    file, out = tmp_path / "futures.toml", tmp_path / "out"
    file.write_text("[scenarios.base]\n", "utf-8")
    given = ["robust", str(county), "--scenarios", str(file), "--effort", "quick", "--time-limit", "40", "--json"]
    monkeypatch.setattr("layoutopt.ahead.robust_result.regrets", stopped)
    ran = CliRunner().invoke(main, [*given, "--out", str(out)])
    assert ran.exit_code == 0 and "what is written stays" in ran.stderr
    assert {path.name for path in out.iterdir()} == {"robust.json", "robust_table.csv", "robust_schools.csv", "base"}
    assert "regret" not in json.loads(ran.stdout) and json.loads(ran.stdout) == json.loads(
        (out / "robust.json").read_text()
    )
    monkeypatch.setattr(lo, "robust", None)
    ran = CliRunner().invoke(main, [*given, "--out", str(county)])
    assert ran.exit_code == 2 and "holds other files" in ran.stderr


def test_a_folder_with_other_files_is_refused_before_anything_is_solved(county: Path) -> None:
    ran = CliRunner().invoke(main, ["phase", "no such study", "--years", "2025-2026", "--out", str(county)])
    assert ran.exit_code == 2 and "holds other files" in ran.stderr


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["phase", "--years", "soon"], "'soon' is no year or span of years"),
        (["phase", "--years", "2025-2026", "--merge-share", "most"], "'most' is no share of a year"),
        (["phase", "--years", "2025-2026", "--closures", "2025:5"], "'2025:5' is no limit"),
        (["robust", "--scenarios", "none.toml"], "none.toml: is no file"),
    ],
)
def test_bad_words_are_told(county: Path, tmp_path: Path, given: list[str], words: str) -> None:
    ran = CliRunner().invoke(main, [given[0], str(county), *given[1:], "--out", str(tmp_path / "out")])
    assert ran.exit_code == 2 and words in ran.stderr


def test_every_problem_of_a_file_of_futures_is_told(county: Path, tmp_path: Path) -> None:
    file = tmp_path / "futures.toml"
    file.write_text("[scenarios.wet]\ntravl = 1.2\n[scenarios.few]\nbirths = -3\n", "utf-8")
    ran = CliRunner().invoke(main, ["robust", str(county), "--scenarios", str(file), "--out", str(tmp_path / "out")])
    assert ran.exit_code == 2
    assert "Did you mean 'travel'" in ran.stderr and "births = -3" in ran.stderr
