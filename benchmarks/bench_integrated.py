"""Layout and bus lines decided together: cost, bound and gap against one after the other, over seeds.

Run: python benchmarks/bench_integrated.py S 0 1 2 --effort normal --ablation
Sizes: S 30 villages, 10 schools; pilot 100 and 56, most of them tiny; M 250 and 53; L 1,500 and 250.
Each row: the plan whose lines are drawn after its layout, the plan decided together, what that saves of the total
and of what can be decided at all, and the bound that no layout with any lines goes below. With --ablation also the
same neighbourhood search with the price per rider in place of lines, as long as the whole integrated run took.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

import layoutopt as lo
from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.regions import Ground
from layoutopt.integrated.restrict import cutout
from layoutopt.integrated.solve import EFFORTS, Integrated, integrate
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.solve import EFFORTS as COMPACT
from layoutopt.model.solve import solve_goals
from layoutopt.model.start import first_point
from layoutopt.model.unavoidable import unavoidable_cny
from layoutopt.options import build_options
from layoutopt.samples import write_county

SIZES = {
    "S": (30, 10, 1_100, 3, 330.0, 125), "pilot": (100, 56, 876, 6, 1_400.0, 300),
    "M": (250, 53, 11_172, 17, 2_831.0, 1_194), "L": (1_500, 250, 60_338, 60, 9_000.0, 5_000),
}  # fmt: skip
PRICED_OPTIONS, PRICED_STEPS = 600, 100


def county(size: str, seed: int) -> lo.Study:
    """Return a generated county of the size."""
    settlements, schools, pupils, towns, area_km2, teachers = SIZES[size]
    made = lo.generate_county(
        settlements=settlements, schools=schools, pupils=pupils, towns=towns, area_km2=area_km2, teachers=teachers,
        seed=seed,
    )  # fmt: skip
    return lo.read_study(write_county(made, Path(tempfile.mkdtemp()) / "county"))


def run(size: str, seed: int, effort: str, time_limit_s: float, ablation: bool) -> str:
    """Return one row of the table."""
    study = county(size, seed)
    policy = lo.Policy.preset("jiangxi_2023", goals=["unserved", "annual_cost"])
    options = build_options(study, policy)
    model, data = build_model(study, policy, options)
    began, clock = time.process_time(), time.perf_counter()
    start = solve_goals(
        replace(model, goals={"annual_cost": model.goals["annual_cost"]}), tolerance={}, effort=COMPACT["quick"],
        time_limit_s=0.3 * time_limit_s, seed=seed, start=first_point(model, data), report=lambda share, text: None,
        interrupted=lambda: False,
    )  # fmt: skip
    compact_s = time.perf_counter() - clock
    found = integrate(
        model, data, start.values, effort=EFFORTS[effort], held=lambda program: program,
        time_limit_s=time_limit_s - compact_s, seed=seed, interrupted=lambda: False, report=lambda share, text: None,
    )  # fmt: skip
    if found is None:
        return f"{size} {seed}: nobody may ride"
    took_s, cpu_s = time.perf_counter() - clock, time.process_time() - began
    first, best = float(found.notes["sequential_cny"]), found.best.cost
    fixed = unavoidable_cny(model, data)
    row = (
        f"{size} {seed}: one after the other {first:,.0f}, together {best:,.0f} "
        f"(saves {1 - best / first:.2%}, {(first - best) / (first - fixed):.2%} of what can be decided), "
        f"bound {found.bound:,.0f}, gap {1 - found.bound / best:.2%} "
        f"({(best - found.bound) / (best - fixed):.2%}), {took_s:.0f} s of which start {compact_s:.0f}, "
        f"CPU {cpu_s:.0f} s, {dict(found.notes)}"
    )
    if ablation:
        price = model.program(model.goals["annual_cost"])
        naive = search_at_prices(found, price, data, start.values, seed, took_s)
        row += f"\n    same search at the price per rider: {naive:,.0f} (saves {1 - naive / first:.2%})"
    return row


def search_at_prices(
    found: Integrated, price: highs.Program, data: object, point: np.ndarray, seed: int, time_s: float
) -> float:
    """Return the real cost after a neighbourhood search that sees buses at their price per rider only."""
    free = replace(price, cost=price.cost.copy())
    block = data.frame.blocks["chosen"]  # type: ignore[attr-defined]
    free.cost[block.columns][(block.table["mode"] == "bus").to_numpy()] = 0.0
    ground = Ground(data, free, found.hubs, block.start)  # type: ignore[arg-type]
    router = Router(found.hubs, free, block.start, seed)
    best = router.realised(point)
    assert best is not None
    until, idle = time.perf_counter() + time_s, 0
    for turn, centre in enumerate(itertools.cycle(range(len(found.hubs)))):
        if time.perf_counter() > until or idle > len(found.hubs):
            break
        better = _priced_step(ground, router, price, best, centre, seed + turn)
        idle = idle + 1 if better is best else 0
        best = better
    return router.polished(best, time.monotonic() + 0.1 * time_s).cost


def _priced_step(ground: Ground, router: Router, price: highs.Program, best: Best, centre: int, seed: int) -> Best:
    _, columns, moves = ground.region(centre, PRICED_OPTIONS, best.point)
    if not moves.any():
        return best
    part = cutout(price, columns, best.point)
    solved = highs.solve(
        part.program, budget=highs.Budget(1e-3, 120.0, PRICED_STEPS), start=best.point[part.free], seed=seed
    )
    if solved.values is None:
        return best
    found = router.realised(part.point(solved.values, best.point))
    return found if found is not None and found.cost < best.cost else best


def main(argv: list[str]) -> None:
    """Run the sizes and seeds named in ``argv``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=sorted(SIZES))
    parser.add_argument("seeds", nargs="+", type=int)
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="normal")
    parser.add_argument("--time-limit", type=float, default=1_800.0, help="seconds for one seed")
    parser.add_argument("--ablation", action="store_true", help="also search with prices per rider, as long")
    args = parser.parse_args(argv)
    for seed in args.seeds:
        print(run(args.size, seed, args.effort, args.time_limit, args.ablation), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
