"""Hundreds of tiny counties on which the audit and the compact program must agree, several decisions each.

Run: python benchmarks/bench_agreement.py 1000 1200
For each disagreement the seed, the kind of decision, the rules the audit names and what the program says; at the end
how many decisions there were, how many the program allows, and how often each rule was broken, and broken alone.
"""

from __future__ import annotations

import argparse
import runpy
import sys
from collections import Counter
from pathlib import Path

import pandas as pd

COMPARED = Path(__file__).parents[1] / "tests" / "oracle" / "test_agreement.py"
KINDS = ("hand", "best", "changed 1", "changed 2", "changed 3")


def main(argv: list[str]) -> int:
    """Compare the seeds named in ``argv``; return 1 where the two disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("first", type=int)
    parser.add_argument("after", type=int)
    args = parser.parse_args(argv)
    compared = runpy.run_path(str(COMPARED))["compared"]
    pd.set_option("mode.string_storage", "python")
    counts, broken, alone = Counter[str](), Counter[str](), Counter[str]()
    for seed in range(args.first, args.after):
        for kinds in (KINDS, ("staff",), ("beyond",), ("budget",)):
            for case, named, may in compared(seed, kinds):
                counts.update({"decisions": 1, "allowed": int(may), "disagreements": int(may == bool(named))})
                broken.update(named)
                alone.update(named if len(named) == 1 else ())
                if may == bool(named):
                    print(f"{seed} {case.kind}: {'allowed' if may else 'forbidden'}, {sorted(named)}", flush=True)
    print(", ".join(f"{name} {count}" for name, count in counts.items()))
    print("broken (alone): " + ", ".join(f"{name} {count} ({alone[name]})" for name, count in sorted(broken.items())))
    return int(counts["disagreements"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
