"""The command line: help at once, figures as JSON, messages on stderr, exit codes a script can rely on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pandas as pd
import pytest
from click.testing import CliRunner, Result

import layoutopt as lo
from layoutopt.cli import main

COMMANDS = sorted(main.commands)
AUDITED = "Every rule was checked again from the tables, without the solver: no violation."


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture(scope="module")
def plans(county: tuple[lo.Study, lo.Policy], county_plan: lo.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    county_plan.to_folder(folder / "best")
    lo.current_plan(*county).to_folder(folder / "today")
    return folder


@pytest.fixture(scope="module")
def broken(plans: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The best plan with a village sent by hand to a school that is closed."""
    import shutil

    folder = tmp_path_factory.mktemp("broken") / "plan"
    shutil.copytree(plans / "best", folder)
    path = folder / "tables" / "assignments.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    table.loc[table["item"] == "V4.lower", "school_id"] = "S2"
    table.to_csv(path, index=False)
    return folder


def test_the_commands_of_the_contract_are_there() -> None:
    assert {"demo", "init", "template", "check", "solve", "audit", "compare", "explain", "report", "generate"} <= set(
        COMMANDS
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_help_says_what_every_word_means(name: str) -> None:
    result = run(name, "--help")
    assert result.exit_code == 0
    assert result.output.startswith(f"Usage: main {name} ")
    assert "Example: layoutopt " in result.output
    command = main.commands[name]
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and name != "generate":
            assert parameter.help, (name, parameter.name)
        if isinstance(parameter, click.Argument):
            assert parameter.human_readable_name in command.help, (name, parameter.name)


def test_version_and_exit_codes_are_told() -> None:
    assert run("--version").output == f"layoutopt, version {lo.__version__}\n"
    assert "0 done · 1 no valid plan, or an audit failed · 2 input or policy cannot be used" in run("--help").output


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys\nfrom layoutopt.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print([m for m in ('numpy', 'pandas', 'geopandas', 'highspy', 'numba', 'pydantic') if m in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "[]"


def test_a_misspelt_option_is_exit_code_2() -> None:
    result = run("solve", "county", "--ouput", "x")
    assert result.exit_code == 2
    assert "--out" in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("solve", "s", "--out", "o", "--effort", "much"),
        ("solve", "s", "--out", "o", "--time-limit", "0"),
        ("solve", "s"),
    ],
)
def test_values_no_option_takes(words: tuple[str, ...]) -> None:
    assert run(*words).exit_code == 2


def test_check_says_what_is_there(study_folder: Callable[..., Path]) -> None:
    result = run("check", study_folder())
    assert result.exit_code == 0, result.output
    assert "settlements                             3" in result.stdout
    assert "pupils                                 54" in result.stdout
    assert result.stdout.splitlines()[-1].startswith("0 errors, ")


def test_check_as_json(study_folder: Callable[..., Path]) -> None:
    found = json.loads(run("check", study_folder(), "--json").stdout, parse_constant=pytest.fail)
    assert found["errors"] == []
    assert found["counts"]["pupils"] == 54
    assert set(found["baseline"]) == {"lower", "upper", "junior"}
    assert found["baseline"]["lower"]["share_within_km"]["2"] == round(21 / 27, 4)


def test_check_as_json_holds_the_problems(study_folder: Callable[..., Path]) -> None:
    folder = study_folder(schools__csv="school_id,lon,lat\nS1,106.1,33.3\n")
    result = run("check", folder, "--json")
    assert result.exit_code == 2
    missing = (
        "schools.csv: the column grades is missing (grades it teaches, or could teach). "
        "Add it, or name yours in study.toml under [columns.schools]."
    )
    assert json.loads(result.stdout)["errors"] == [missing]
    assert "the column grades is missing" in (folder / "check.html").read_text("utf-8")
    plain = run("check", folder)
    assert plain.exit_code == 2
    assert plain.stdout.splitlines() == [f"error: {missing}", "1 error, 0 warnings, 0 repairs"]


def test_check_writes_its_page_where_it_is_told(study_folder: Callable[..., Path], tmp_path: Path) -> None:
    folder = study_folder()
    assert run("check", folder, "--no-html").exit_code == 0
    assert not (folder / "check.html").exists()
    result = run("check", folder, "--html", tmp_path / "new" / "page.html")
    assert (tmp_path / "new" / "page.html").is_file() and not (folder / "check.html").exists()
    assert f"Written {tmp_path / 'new' / 'page.html'}" in result.stderr
    assert "Written" in run("check", folder).stderr and (folder / "check.html").is_file()
    assert json.loads(run("check", folder, "--json").stdout)["errors"] == [], "its own page is no file of the study"


def test_check_goes_on_where_the_page_cannot_be_written(study_folder: Callable[..., Path]) -> None:
    folder = study_folder()
    (folder / "check.html").mkdir()
    result = run("check", folder)
    assert result.exit_code == 0
    assert "check.html cannot be written" in result.stderr and "--html FILE" in result.stderr
    assert result.stdout.splitlines()[-1].startswith("0 errors, ")
    assert sorted(path.name for path in folder.iterdir()) == ["check.html", "schools.csv", "settlements.csv"]


def test_check_of_no_folder(tmp_path: Path) -> None:
    result = run("check", tmp_path / "nowhere")
    assert result.exit_code == 2
    assert "the study folder does not exist" in result.stdout
    assert list(tmp_path.iterdir()) == []


def test_init_then_check(study_folder: Callable[..., Path]) -> None:
    folder = study_folder()
    (folder / "settlements.csv").rename(folder / "places.csv")
    assert run("check", folder).exit_code == 2
    result = run("init", folder)
    assert result.exit_code == 0, result.output
    assert "settlements  places.csv: 3 points; taken by its columns" in result.stdout.splitlines()
    assert "study.toml" in result.stderr
    assert run("check", folder).exit_code == 0
    again = run("init", folder)
    assert again.exit_code == 2 and "--force" in again.stderr
    assert run("init", folder, "--force").exit_code == 0
    assert run("init", folder / "nowhere").exit_code == 2


def test_check_without_a_way_is_exit_code_2(study_folder: Callable[..., Path]) -> None:
    import geopandas as gpd
    from shapely import LineString

    folder = study_folder()
    lines = gpd.GeoDataFrame(
        {"class": ["tertiary"]}, geometry=[LineString([(106.3, 33.3), (106.31, 33.3)])], crs="EPSG:4326"
    )
    lines.to_file(folder / "roads.gpkg", engine="pyogrio")
    result = run("check", folder, "--json")
    assert result.exit_code == 2
    errors = json.loads(result.stdout)["errors"]
    assert errors == [f"V3: no way leads to any school of band {band}" for band in ("lower", "upper")]


def test_solve_as_json(study_folder: Callable[..., Path]) -> None:
    folder = study_folder()
    out = folder.parent / "out"
    result = run("solve", folder, "--out", out, "--effort", "quick", "--json")
    assert result.exit_code == 0, result.stderr
    figures = json.loads(result.stdout)
    plan = lo.Plan.from_folder(out)
    assert figures["pupils"] == 54 == plan.figures.pupils
    assert figures["schools_open"] == plan.figures.schools_open
    assert (out / "report.html").is_file()
    for word in ("Read    ", "Solved  ", "Audited ", "Written "):
        assert word in result.stderr
    assert AUDITED in (out / "report.html").read_text("utf-8")


def test_solve_takes_a_policy_file(study_folder: Callable[..., Path]) -> None:
    folder = study_folder()
    policy = folder.parent / "policy.toml"
    policy.write_text('preset = "china_national"\nname = "ours"\n[closure]\nmust_keep = ["S2"]\n', encoding="utf-8")
    out = folder.parent / "out"
    result = run("solve", folder, "--out", out, "--policy", policy, "--effort", "quick", "--seed", 3)
    assert result.exit_code == 0, result.stderr
    plan = lo.Plan.from_folder(out)
    assert (plan.policy.name, plan.policy.closure.must_keep, plan.seed) == ("ours", ("S2",), 3)
    assert plan.schools.set_index("school_id").loc["S2", "role"] == "full"


def test_solve_does_not_touch_a_folder_of_others(study_folder: Callable[..., Path]) -> None:
    """Found out before the solver works, not after."""
    folder = study_folder()
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = run("solve", folder, "--out", folder, "--effort", "quick")
    assert result.exit_code == 2
    assert "the folder holds other files. Choose a new or empty folder." in result.stderr
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_audit_of_a_valid_plan(plans: Path) -> None:
    result = run("audit", plans / "best")
    assert (result.exit_code, result.stdout) == (0, "No rule is broken.\n")
    assert json.loads(run("audit", plans / "best", "--json").stdout) == []


def test_audit_names_what_a_hand_broke(broken: Path) -> None:
    result = run("audit", broken)
    assert result.exit_code == 1
    assert "band_taught: S2: V4.lower goes here, but band lower is not taught" in result.stdout.splitlines()
    found = json.loads(run("audit", broken, "--json").stdout)
    assert {"rule", "place", "found", "limit", "message"} == set(found[0])
    assert "band_taught" in {row["rule"] for row in found}
    assert result.stdout.splitlines()[-1] == f"{len(found)} violations."


def test_compare(plans: Path) -> None:
    result = run("compare", plans / "today", plans / "best")
    assert result.exit_code == 0
    assert "schools_open" in result.stdout
    found = json.loads(run("compare", plans / "today", plans / "best", "--json").stdout, parse_constant=pytest.fail)
    assert set(found) == {"figures", "schools", "settlements", "lines", "routes"}
    assert found["figures"]["schools_open"] == {"a": 5.0, "b": 3.0, "difference": -2.0}
    assert {"S2", "S4"} <= {row["school_id"] for row in found["schools"]}
    assert "V2.lower" in {row["item"] for row in found["settlements"]}


def test_compare_three_with_a_map(plans: Path, tmp_path: Path) -> None:
    page = tmp_path / "maps" / "differences.html"
    result = run("compare", plans / "today", plans / "best", plans / "best", "--map", page)
    assert result.exit_code == 0, result.stderr
    assert f"Written {page}" in result.stderr
    assert '<option value="2">' in page.read_text("utf-8")
    assert "best (2) against today: " in result.stdout and "range" in result.stdout


def test_equity(plans: Path, tmp_path: Path) -> None:
    result = run("equity", plans / "best", "--by", "band")
    assert result.exit_code == 0, result.stderr
    assert result.stdout.startswith("The daily way to school, on average: ")
    found = json.loads(run("equity", plans / "best", plans / "today", "--json").stdout, parse_constant=pytest.fail)
    assert {row["when"] for row in found["table"]} == {"today", "plan", "other"}
    assert {row["band"] for row in found["table"]} == {"all", "lower", "upper", "junior"}
    for name in ("equity.csv", "equity.xlsx"):
        written = run("equity", plans / "best", "--out", tmp_path / name)
        assert written.exit_code == 0
        assert (tmp_path / name).stat().st_size > 1_000
    wrong = run("equity", plans / "best", "--by", "bnad")
    assert wrong.exit_code == 2
    assert "'bnad' is nothing to tell apart. Did you mean 'band'?" in wrong.stderr
    assert run("equity", plans / "best", "--out", tmp_path / "equity.doc").exit_code == 2


def test_report_of_a_valid_plan(plans: Path) -> None:
    result = run("report", plans / "best")
    assert result.exit_code == 0, result.stderr
    assert AUDITED in (plans / "best" / "report.html").read_text("utf-8")


def test_report_of_a_broken_plan_is_stamped(broken: Path) -> None:
    result = run("report", broken)
    assert result.exit_code == 1
    assert "every file is stamped" in result.stderr
    assert "V4.lower goes here, but band lower is not taught" in (broken / "report.html").read_text("utf-8")


@pytest.mark.parametrize(
    "words", [("audit", "x"), ("compare", "x", "y"), ("report", "x"), ("explain", "x", "S1"), ("equity", "x")]
)
def test_no_plan_folder(words: tuple[str, ...], tmp_path: Path) -> None:
    result = run(words[0], *(tmp_path / word for word in words[1:]))
    assert result.exit_code == 2
    assert "no plan.json there, so this is no plan folder." in result.stderr


def test_template_is_a_folder_to_fill(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    assert run("template", folder).exit_code == 0
    names = sorted(path.name for path in folder.iterdir())
    assert {"settlements.csv", "schools.csv", "study.toml", "columns.md"} <= set(names)
    for name in ("settlements", "schools"):
        head = pd.read_csv(folder / f"{name}.csv", encoding="utf-8-sig")
        assert len(head) == 0
        row = {"settlement_id": "V1", "school_id": "S1", "grades": "1-6", "lon": 106.1, "lat": 33.3}
        row |= {f"g{grade}": 3 if grade < 7 else 0 for grade in range(1, 10)} if name == "settlements" else {}
        head.loc[0] = [row.get(column, "") for column in head.columns]
        head.to_csv(folder / f"{name}.csv", index=False)
    study = lo.read_study(folder)
    assert (len(study.settlements), len(study.schools), study.pupils_given) == (1, 1, 18)


def test_template_never_overwrites_what_was_filled_in(tmp_path: Path) -> None:
    folder = tmp_path / "county"
    run("template", folder)
    (folder / "settlements.csv").write_text("hours of typing", encoding="utf-8")
    again = run("template", folder)
    assert (folder / "settlements.csv").read_text(encoding="utf-8") == "hours of typing"
    assert again.exit_code == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "schools.csv").write_text("mine", encoding="utf-8")
    assert run("template", tmp_path / "other").exit_code == 2
    assert (tmp_path / "other" / "schools.csv").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_a_message(study_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    from layoutopt.plan import files

    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_geopackage", fails)
    folder = study_folder()
    result = run("solve", folder, "--out", folder.parent / "out", "--effort", "quick")
    assert result.exit_code == 1
    assert "No space left on device" in result.stderr
    assert not (folder.parent / "out").exists()
    assert sorted(path.name for path in folder.parent.iterdir()) == ["county"]


def test_generate_writes_a_study_that_solves(tmp_path: Path) -> None:
    size = ["--settlements", 12, "--schools", 5, "--pupils", 300, "--towns", 2, "--area-km2", 60, "--teachers", 30]
    result = run("generate", "--out", tmp_path / "made", *size, "--seed", 4)
    assert result.exit_code == 0, result.output
    study = lo.read_study(tmp_path / "made")
    assert len(study.settlements) == 12
    assert study.pupils_given == 300


def test_demo_runs_the_main_job_on_a_sample(study_folder: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """On a tiny folder in place of the bundled region, which takes its two minutes elsewhere."""
    from layoutopt import samples

    folder = study_folder()
    asked: list[str] = []
    monkeypatch.setattr(samples, "sample_path", lambda name: asked.append(name) or folder)
    out = folder.parent / "demo"
    result = run("demo", "--out", out, "--effort", "quick")
    assert result.exit_code == 0, result.stderr
    assert asked == ["ladakh"]
    assert lo.audit(lo.Plan.from_folder(out)).empty
    assert f"Written {out}: look at {out / 'report.html'} in a browser" in result.stderr


def test_an_unknown_sample_is_exit_code_2(tmp_path: Path) -> None:
    result = run("demo", "--sample", "ladak", "--out", tmp_path / "demo")
    assert result.exit_code == 2
    assert "Did you mean 'ladakh'?" in result.stderr
    assert not (tmp_path / "demo").exists()


def test_explain_says_why_a_school_closes(plans: Path) -> None:
    result = run("explain", plans / "best", "S2")
    assert result.exit_code == 0, result.output
    assert "S2" in result.stdout
