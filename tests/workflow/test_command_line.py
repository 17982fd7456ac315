"""The command line as a real process: solve, audit, compare and report one after another, repeatable to the byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

LAYOUTOPT = [sys.executable, "-m", "layoutopt.cli"]


def run(*words: object, code: int = 0, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*LAYOUTOPT, *map(str, words)], capture_output=True, text=True, encoding="utf-8", check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done


def stable(folder: Path) -> dict[str, Any]:
    """What the same input and seed must give again: tables to the byte, the JSON but for its one field run."""
    files: dict[str, Any] = {path.name: path.read_bytes() for path in sorted((folder / "tables").iterdir())}
    text = (folder / "plan.json").read_text("utf-8")
    files["plan.json"] = text[: text.index('"run": {')]
    return files


def test_from_files_with_any_names_to_a_checked_study(study_folder: Callable[..., Path]) -> None:
    county = study_folder()
    for ours, theirs in (("settlements", "村庄"), ("schools", "学校")):
        (county / f"{ours}.csv").rename(county / f"{theirs}.csv")
    assert "question" in run("init", county).stdout, "nothing says where the roads are"
    first = run("check", county, "--json", PYTHONHASHSEED="1")
    page = (county / "check.html").read_bytes()
    assert json.loads(first.stdout)["counts"]["pupils"] == 54
    second = run("check", county, "--json", PYTHONHASHSEED="2")
    assert (second.stdout, (county / "check.html").read_bytes()) == (first.stdout, page)


def test_one_county_from_template_to_report(study_folder: Callable[..., Path]) -> None:
    county = study_folder()
    out = county.parent
    assert json.loads(run("check", county, "--json").stdout)["errors"] == []
    # Two processes with different hash seeds: no order of a set may reach the plan.
    first = run("solve", county, "--out", out / "a", "--effort", "quick", "--json", PYTHONHASHSEED="1")
    run("solve", county, "--out", out / "b", "--effort", "quick", PYTHONHASHSEED="2")
    assert stable(out / "a") == stable(out / "b")
    figures = json.loads(first.stdout)
    assert figures["pupils"] == 54
    assert run("audit", out / "a").stdout == "No rule is broken.\n"
    found = json.loads(run("compare", out / "a", out / "b", "--json").stdout)
    assert {row["difference"] for row in found["figures"].values()} == {0.0}
    assert found["schools"] == found["settlements"] == found["lines"] == []
    (out / "a" / "report.html").unlink()
    run("report", out / "a")
    assert (out / "a" / "report.html").stat().st_size > 10_000
    # By hand: a school is shut while pupils still go there.
    table = out / "a" / "tables" / "schools.csv"
    text = table.read_text("utf-8-sig")
    line = next(line for line in text.splitlines() if line.startswith("S1,"))
    cells = line.split(",")
    cells[3] = "closed"
    table.write_text(text.replace(line, ",".join(cells)), encoding="utf-8")
    assert "S1" in run("audit", out / "a", code=1).stdout
