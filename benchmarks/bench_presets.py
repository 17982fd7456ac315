"""A county under every bundled preset, a row each, and what it costs in time to have every family of rules on.

Run: python benchmarks/bench_presets.py --sample valley --effort normal
     python benchmarks/bench_presets.py --sample small --effort quick jiangxi_2023
Columns: schools that stay, close, become teaching points; bus lines and boarders; the yearly cost in millions; the way
that nine of ten pupils stay within; the largest coefficient of variation among the seven resources, primary and junior
schools, today → in the plan; seconds on the wall and of the processor; what is proven. A preset under which no plan
exists says why. The last rows are jiangxi_2023 as it is and with every family on, and how many times as long that
took (the issue allows three times).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import layoutopt as lo
from layoutopt.plan.quality import WHENS, quality_spread
from layoutopt.policy import presets
from layoutopt.samples import write_county

SMALL = {"settlements": 30, "schools": 10, "pupils": 1_100, "towns": 3, "area_km2": 330.0, "teachers": 125}
BASIC = "jiangxi_2023"
EVERYTHING: dict[str, Any] = {
    "full_curriculum": True, "merge_share": 0.5, "wages": "redeployed",
    "oneway_max_km": 40.0, "one_school_for": "band", "contiguous": True, "move_once": True,
    "budget_by_source": {"province": 1e9, "county": 1e9}, "capital_budget_cny": 1e9, "annual_budget_cny": 2e9,
    "goals": ("unserved", "merge_small", "annual_cost", "quality", "travel", "worst_journey", "group_gap"),
}  # fmt: skip
"""Every family on: the budgets are wide, so that what is measured is the program and not another plan."""
MOST = 3.0


def county(sample: str, seed: int) -> lo.Study:
    """Return a bundled study, or a small generated one."""
    if sample != "small":
        return lo.sample(sample)
    return lo.read_study(write_county(lo.generate_county(**SMALL, seed=seed), Path(tempfile.mkdtemp()) / "county"))


def variation(plan: lo.Plan) -> str:
    """Return the largest coefficient of variation of a stage today and in the plan; a dash where nothing is known."""
    table = quality_spread(plan).dropna(subset=["cv"])
    worst = table.groupby(["stage", "when"])["cv"].max()
    worst = worst.unstack("when").reindex(columns=list(WHENS))
    told = [f"{stage} {row['before']:.2f}→{row['after']:.2f}" for stage, row in worst.iterrows()]
    return ", ".join(told) or "-"


def run(name: str, study: lo.Study, policy: lo.Policy, effort: str, time_limit_s: float) -> float | None:
    """Print the row of one policy; return the seconds of the processor, None where there is no plan."""
    clock, cpu = time.perf_counter(), time.process_time()
    try:
        plan = lo.optimize(study, policy, effort=effort, time_limit_s=time_limit_s)
    except (lo.LayoutError, ValueError) as error:
        why = " ".join(line.strip() for line in str(error).splitlines())
        print(f"{name:14} no plan after {time.perf_counter() - clock:.0f} s: {why}", flush=True)
        return None
    took, cpu_s, f, level = time.perf_counter() - clock, time.process_time() - cpu, plan.figures, plan.proof.main
    gap = f"within {level.gap:.2%} ({level.goal})" if level is not None and level.gap < 1e9 else "not known"
    print(
        f"{name:14} stay {f.schools_open - f.teaching_points}, close {f.schools_closed}, points {f.teaching_points}, "
        f"lines {f.lines}, boarders {f.boarders:.0f}, {f.cost_cny / 1e6:.2f} M CNY, P90 {f.journey_p90_min:.1f} min, "
        f"CV {variation(plan)}, {took:.0f} s, CPU {cpu_s:.0f} s, {gap}, {lo.audit(plan).shape[0]} violations",
        flush=True,
    )
    return cpu_s


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("presets", nargs="*", help="which presets; all of them where none is named")
    parser.add_argument("--sample", default="valley", help="a bundled study, or small for a generated one")
    parser.add_argument("--seed", type=int, default=0, help="of the generated county")
    parser.add_argument("--effort", default="normal", choices=("quick", "normal", "proof"))
    parser.add_argument("--time-limit", type=float, default=1_800.0, help="seconds for one plan")
    parser.add_argument("--no-families", action="store_true", help="only the presets")
    given = parser.parse_args()
    study = county(given.sample, given.seed)
    print(f"{study!r}, effort {given.effort}")
    for name in given.presets or presets():
        run(name, study, lo.Policy.preset(name), given.effort, given.time_limit)
    if given.no_families:
        return
    plain = run("basic", study, lo.Policy.preset(BASIC), given.effort, given.time_limit)
    full = run("every family", study, lo.Policy.preset(BASIC, **EVERYTHING), given.effort, given.time_limit)
    if plain and full:
        print(f"every family on takes {full / plain:.1f} times as long (limit {MOST:.0f})")


if __name__ == "__main__":
    main()
