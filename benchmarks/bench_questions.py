"""What questions to a plan cost, each against the solve that made the plan, in one run.

Run: python benchmarks/bench_questions.py --sample valley --effort normal --time-limit 300
Columns: seconds on the wall, of the processor, and times the first solve. The issue allows the diagnosis of an
infeasible county 2 times a normal solve, and nine points of a frontier 3 times.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

import layoutopt as lo
from layoutopt.explaining.frontier import frontier

WITHIN = 0.02


class Bench:
    """Rows of one table; the first one is what all others are measured against."""

    def __init__(self) -> None:
        self.base: tuple[float, float] | None = None

    def row(self, name: str, ask: Callable[[], Any]) -> Any:
        """Run one question and print its row."""
        clock, cpu = time.perf_counter(), time.process_time()
        found = ask()
        wall, work = time.perf_counter() - clock, time.process_time() - cpu
        if self.base is None:
            self.base = wall, work
        times = f"{wall / self.base[0]:6.2f} {work / self.base[1]:6.2f}"
        print(f"{name:34} {wall:8.1f} s {work:8.1f} CPU s {times}", flush=True)
        return found


def main() -> None:
    """Solve once, then ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", default="valley")
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--time-limit", type=float, default=300.0)
    parser.add_argument("--points", type=int, default=9)
    parser.add_argument("--only", nargs="*", default=["price", "frontier", "infeasible", "alternatives", "edit"])
    given = parser.parse_args()
    study, policy = lo.sample(given.sample), lo.Policy.preset("jiangxi_2023")
    lo.optimize(lo.sample("ladakh"), policy, effort="quick", time_limit_s=20)  # compiles what is compiled once
    bench = Bench()
    plan = bench.row(
        f"solve, {given.effort}",
        lambda: lo.optimize(study, policy, effort=given.effort, time_limit_s=given.time_limit),
    )
    print(plan)
    schools = plan.schools
    closed = schools.loc[schools["role"] == "closed", "school_id"].iloc[0]
    kept = schools.loc[schools["role"].isin(["full", "teaching_point"]), "school_id"].iloc[0]
    asks: dict[str, list[tuple[str, Callable[[], Any]]]] = {
        "price": [
            (f"price_of keep {closed}", lambda: lo.price_of(plan, keep=closed)),
            (f"price_of close {kept}", lambda: lo.price_of(plan, close=kept)),
            ("price_of max_ride_min=35", lambda: lo.price_of(plan, max_ride_min=35)),
        ],
        "edit": [(f"edit: keep {closed}, reoptimize", lambda: lo.edit(plan).keep(closed).reoptimize())],
        "frontier": [
            (
                f"frontier, {given.points} points",
                lambda: frontier(plan, points=given.points, time_limit_s=given.time_limit),
            )
        ],
        "infeasible": [("why_infeasible, three faults", lambda: _infeasible(study, policy, plan))],
        "alternatives": [("alternatives, 3", lambda: lo.alternatives(plan, 3, within=WITHIN))],
    }
    for name in given.only:
        for label, ask in asks[name]:
            print(bench.row(label, ask))


def _infeasible(study: lo.Study, policy: lo.Policy, plan: lo.Plan) -> Any:
    """Three faults at once: a ride limit too short, the largest hub closed, a budget of nothing."""
    largest = plan.schools.sort_values("pupils_after")["school_id"].iloc[-1]
    return lo.why_infeasible(study, policy.replace(max_ride_min=8, must_close=(largest,), capital_budget_cny=0.0))


if __name__ == "__main__":
    main()
