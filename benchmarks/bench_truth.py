"""Hundreds of tiny counties against every layout, assignment and set of lines there is.

Run: python benchmarks/bench_truth.py 0 300 --effort proof
For each seed the plan of ``lo.optimize``, the true least cost and the bound; at the end how many plans are the best
there is, how many bounds lie above the truth and how many audits are not empty (both must be 0).
"""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

import numpy as np

import layoutopt as lo

TRUTH = Path(__file__).parents[1] / "tests" / "oracle" / "test_truth.py"
ROUNDING = 1e-6
PROVEN = 1e-4


def main(argv: list[str]) -> int:
    """Compare the seeds named in ``argv``; return 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("after", type=int)
    parser.add_argument("--effort", choices=("quick", "normal", "proof"), default="proof")
    args = parser.parse_args(argv)
    against_truth = runpy.run_path(str(TRUTH))["against_truth"]
    counts = dict.fromkeys(("best", "dearer", "no plan", "wrong", "bound above truth", "audit"), 0)
    gaps = []
    for seed in range(args.first, args.after):
        plan, truth = against_truth(seed, effort=args.effort)
        if plan is None or not np.isfinite(truth):
            counts["no plan" if plan is None and not np.isfinite(truth) else "wrong"] += 1
            if plan is not None or np.isfinite(truth):
                print(f"{seed}: plan {plan!r}, truth {truth:,.2f}", flush=True)
            continue
        level, cost = plan.proof.main, plan.figures.cost_cny
        counts["audit"] += not lo.audit(plan).empty
        counts["wrong"] += cost < truth * (1 - ROUNDING)
        counts["bound above truth"] += level.bound > truth * (1 + ROUNDING)
        counts["best" if cost <= truth * (1 + ROUNDING) else "dearer"] += 1
        gaps.append(level.gap)
        if abs(cost / truth - 1) > ROUNDING or level.bound > truth * (1 + ROUNDING):
            print(f"{seed}: plan {cost:,.2f}, truth {truth:,.2f}, bound {level.bound:,.2f}", flush=True)
    proven = np.mean(np.array(gaps) < PROVEN)
    print(f"{counts}; gap mean {np.mean(gaps):.3%}, worst {np.max(gaps):.3%}, proven best {proven:.0%}")
    return int(counts["wrong"] + counts["bound above truth"] + counts["audit"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
