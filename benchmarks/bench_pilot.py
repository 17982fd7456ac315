"""The pilot replayed: every generated county solved under jiangxi_2023, beside the published totals.

Run: python benchmarks/bench_pilot.py --jobs 2 --method sequential --out src/layoutopt/samples/pilot_replay.csv
     python benchmarks/bench_pilot.py --counties 14
     python benchmarks/bench_pilot.py --counties 14 --method sequential --rules
One row a county as it ends (figures of samples/pilot_totals.py, processor seconds, violations the audit finds, and whom
the rule of thumb of samples/pilot_rule.py would send too far), then the totals and the ratios with their bands. The
first form writes the table that the notebook jiangxi_pilot shows; stopped and started again, it solves only what is
missing or made by other code. The second decides layout and lines together, at more than six times the work; the third
draws the lines of the rules of thumb as well, which have no limits and take minutes. The steps of the solver are
counted, not its seconds, so another machine finds the same figures unless --time-limit stops it.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

import layoutopt as lo
from layoutopt.plan.files import versions
from layoutopt.samples import write_county
from layoutopt.samples.pilot_rule import beside_plan, close_all_small, rule_reach, send_to_nearest
from layoutopt.samples.pilot_totals import Replay, county_figures

NOT_DECIDING = ("ahead", "batch", "cli", "data", "explaining", "report", "samples")
"""Folders of the package no single plan depends on; the county itself has its digest."""


def solve(number: int, made: dict[str, Any], rules: bool, time_limit_s: float) -> dict[str, Any]:
    """Solve one county and return its row; ``made`` (seed, effort, method, code) is kept in it."""
    study, policy = study_of(number, made["seed"]), lo.Policy.preset("jiangxi_2023")
    how = {"effort": made["effort"], "method": made["method"], "time_limit_s": time_limit_s}
    clock, cpu = time.perf_counter(), time.process_time()
    plan = lo.optimize(study, policy, **how)
    row = county_figures(plan) | beside_plan(plan, plan, name="plan")
    row |= made | {"time_limit_s": time_limit_s, "digest": lo.generate_pilot(made["seed"]).digests[number - 1]}
    row |= {"stopped_by": plan.proof.main.stopped_by, "violations": len(lo.audit(plan))}
    row |= {"wall_s": time.perf_counter() - clock, "cpu_s": time.process_time() - cpu}
    print("        ", told(row), flush=True)
    if rules:
        row |= beside_plan(plan, send_to_nearest(plan, **how), name="near")
        row |= beside_plan(plan, close_all_small(study, plan.policy, **how), name="all")
    return row


def reach(number: int, seed: int) -> dict[str, Any]:
    """Whom the rule of thumb sends too far in one county."""
    return rule_reach(study_of(number, seed), lo.Policy.preset("jiangxi_2023"))


def study_of(number: int, seed: int) -> lo.Study:
    """One county of the pilot, written and read like any study."""
    with tempfile.TemporaryDirectory() as folder:
        return lo.read_study(write_county(lo.generate_pilot(seed).counties[number - 1], Path(folder) / "county"))


def code() -> str:
    """The version, a hash of the lines a plan of one year can depend on, and the version of the solver."""
    home, found = Path(lo.__file__).parent, hashlib.sha256()
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if path.suffix in (".py", ".toml") and parts[0] not in NOT_DECIDING and not path.name.startswith("copies"):
            found.update("/".join(parts).encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return f"{lo.__version__}+{found.hexdigest()[:12]}, highspy {versions()['highspy']}"


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with three decimals."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}


def known(out: Path | None, made: dict[str, Any]) -> dict[int, dict[str, Any]]:
    """The rows already in ``out`` that are still of the same counties and made the same way, by number."""
    if out is None or not out.exists():
        return {}
    rows = pd.read_csv(out)
    digests = {digest: number for number, digest in enumerate(lo.generate_pilot(made["seed"]).digests, start=1)}
    for name in ("seed", "effort", "method", "code"):
        rows = rows[rows[name] == made[name]]
    rows = rows[rows["digest"].isin(digests)]
    return {digests[row["digest"]]: row for row in rows.to_dict("records")}


def main() -> None:
    """Solve the counties asked for, print the rows, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counties", type=int, nargs="*", default=list(range(1, 15)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--effort", default="quick")
    parser.add_argument("--method", default="together", choices=("together", "sequential"))
    parser.add_argument("--time-limit", type=float, default=3_600.0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--rules", action="store_true", help="solve the rules of thumb with their lines as well")
    parser.add_argument("--out", type=Path, help="CSV file for the rows")
    given = parser.parse_args()
    print(repr(lo.generate_pilot(given.seed)))
    made = {"seed": given.seed, "effort": given.effort, "method": given.method, "code": code()}
    began, rows = time.perf_counter(), known(given.out, made)
    with ProcessPoolExecutor(given.jobs) as pool:
        asked = {
            pool.submit(solve, at, made, given.rules, given.time_limit): at for at in given.counties if at not in rows
        }
        for done in as_completed(asked):
            rows[asked[done]] = done.result()
            print(f"{time.perf_counter() - began:6.0f} s", told(done.result()), flush=True)
            table(rows, given.out)
        for at, found in zip(sorted(rows), pool.map(partial(reach, seed=given.seed), sorted(rows)), strict=True):
            rows[at] |= found
    replay = Replay(table(rows, given.out))
    print(f"{time.perf_counter() - began:.0f} s for {len(asked)} counties, {given.jobs} at a time")
    print(replay)
    print(replay.ratios.round(2).to_string(index=False))
    print(replay.layouts.round(1).to_string(index=False))
    print(replay.made)


def table(rows: dict[int, dict[str, Any]], out: Path | None) -> pd.DataFrame:
    """The rows by county, kept in ``out``."""
    found = pd.DataFrame([rows[at] for at in sorted(rows)])
    if out:
        found.round(4).to_csv(out, index=False, lineterminator="\n")
    return found


if __name__ == "__main__":
    main()
