"""Layout and bus lines decided together: cost, bound and gap against one after the other, over seeds.

Run: python benchmarks/bench_integrated.py S 0 1 2 --effort normal        (sizes: S 30 villages, 10 schools; M 250, 53)
Each row: the plan whose lines are drawn after its layout, the plan decided together, what that saves, and the bound
that no layout with any lines goes below. CPU seconds of this process.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import layoutopt as lo
from layoutopt.integrated.solve import EFFORTS, integrate
from layoutopt.model.build import build_model
from layoutopt.model.solve import EFFORTS as COMPACT
from layoutopt.model.solve import solve_goals
from layoutopt.model.start import first_point
from layoutopt.options import build_options
from layoutopt.samples import write_county

SIZES = {"S": (30, 10, 1_100, 3, 330.0, 125), "M": (250, 53, 11_172, 17, 2_831.0, 1_194)}


def county(size: str, seed: int) -> lo.Study:
    """Return a generated county of the size."""
    settlements, schools, pupils, towns, area_km2, teachers = SIZES[size]
    made = lo.generate_county(
        settlements=settlements, schools=schools, pupils=pupils, towns=towns, area_km2=area_km2, teachers=teachers,
        seed=seed,
    )  # fmt: skip
    return lo.read_study(write_county(made, Path(tempfile.mkdtemp()) / "county"))


def run(size: str, seed: int, effort: str) -> str:
    """Return one row of the table."""
    study = county(size, seed)
    policy = lo.Policy.preset("jiangxi_2023", goals=["unserved", "annual_cost"])
    options = build_options(study, policy)
    model, data = build_model(study, policy, options)
    began = time.process_time()
    start = solve_goals(
        replace(model, goals={"annual_cost": model.goals["annual_cost"]}), tolerance={}, effort=COMPACT["quick"],
        time_limit_s=300, seed=seed, start=first_point(model, data), report=lambda share, text: None,
        interrupted=lambda: False,
    )  # fmt: skip
    compact_s = time.process_time() - began
    found = integrate(
        study, policy, options, start.values, effort=EFFORTS[effort], held=lambda program: program,
        time_limit_s=1_800, seed=seed, interrupted=lambda: False, report=lambda share, text: None,
    )  # fmt: skip
    if found is None:
        return f"{size} {seed}: nobody may ride"
    first, best = float(found.notes["sequential_cny"]), found.best.cost
    return (
        f"{size} {seed}: one after the other {first:,.0f}, together {best:,.0f} ({1 - best / first:.2%} saved), "
        f"bound {found.bound:,.0f}, gap {1 - found.bound / best:.2%}, CPU s {compact_s:.0f} + "
        f"{time.process_time() - began - compact_s:.0f}, {dict(found.notes)}"
    )


def main(argv: list[str]) -> None:
    """Run the sizes and seeds named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=sorted(SIZES))
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="normal")
    args = parser.parse_args(argv)
    for seed in args.seeds:
        print(run(args.size, seed, args.effort), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
