"""The pilot replayed: every generated county solved under jiangxi_2023, beside the published totals.

Run: python benchmarks/bench_pilot.py --jobs 2
     python benchmarks/bench_pilot.py --counties 2 5 --no-rule
     python benchmarks/bench_pilot.py --jobs 2 --out src/layoutopt/samples/pilot_replay.csv
One row a county as it ends (figures of samples/pilot_totals.py, with what the rule of thumb would do, processor seconds
and violations the audit finds), then the totals and the ratios with their bands. The last form writes the table that
the notebook jiangxi_pilot shows. The steps of the solver are counted, not its seconds, so another machine finds the
same figures unless --time-limit stops it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import pandas as pd

import layoutopt as lo
from layoutopt.samples import write_county
from layoutopt.samples.pilot_rule import against_rule, close_all_small
from layoutopt.samples.pilot_totals import Replay, county_figures


def solve(number: int, seed: int, effort: str, time_limit_s: float, rule: bool) -> dict[str, Any]:
    """Solve one county and return its row."""
    county = lo.generate_pilot(seed).counties[number - 1]
    study = lo.read_study(write_county(county, Path(tempfile.mkdtemp()) / "county"))
    policy = lo.Policy.preset("jiangxi_2023")
    clock, cpu = time.perf_counter(), time.process_time()
    plan = lo.optimize(study, policy, effort=effort, time_limit_s=time_limit_s)
    row = county_figures(plan) | {"violations": len(lo.audit(plan))}
    row |= {"wall_s": time.perf_counter() - clock, "cpu_s": time.process_time() - cpu}
    print("        ", told(row), flush=True)
    if rule:
        row |= against_rule(plan, close_all_small(study, policy, time_limit_s=time_limit_s))
    return row


def told(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with three decimals."""
    return {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}


def main() -> None:
    """Solve the counties asked for, print the rows, and keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counties", type=int, nargs="*", default=list(range(1, 15)))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--effort", default="quick")
    parser.add_argument("--time-limit", type=float, default=3_600.0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--no-rule", action="store_true", help="leave the rule of thumb out")
    parser.add_argument("--out", type=Path, help="CSV file for the rows")
    given = parser.parse_args()
    print(repr(lo.generate_pilot(given.seed)))
    began, rows = time.perf_counter(), {}
    with ProcessPoolExecutor(given.jobs) as pool:
        asked = {
            pool.submit(solve, at, given.seed, given.effort, given.time_limit, not given.no_rule): at
            for at in given.counties
        }
        for done in as_completed(asked):
            rows[asked[done]] = done.result()
            print(f"{time.perf_counter() - began:6.0f} s", told(done.result()), flush=True)
            table = pd.DataFrame([rows[at] for at in sorted(rows)])
            if given.out:
                table.round(4).to_csv(given.out, index=False, lineterminator="\n")
    replay = Replay(table)
    print(f"{time.perf_counter() - began:.0f} s for {len(table)} counties, {given.jobs} at a time")
    print(replay)
    print(replay.ratios.round(2).to_string(index=False))


if __name__ == "__main__":
    main()
