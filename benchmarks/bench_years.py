"""A county phased over years, beside other ways to go about it; and one layout for several futures with its regrets.

Run: python benchmarks/bench_years.py --sample valley --years 2025-2030 --closures 6 --moved 250
     python benchmarks/bench_years.py --sample middle --effort quick --time-limit 60 --robust
Columns of the phasing: a row a year, as in its table of years, then each other way with its discounted cost against
the phasing's, all of them the same program with something fixed, buses at a price per rider. Seconds are on the wall
and of the processor; the gap speaks for the programs of all years. With --robust: the regret table over futures that
the layout was not made for.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import layoutopt as lo
from layoutopt.samples import write_county

SMALL = {"settlements": 30, "schools": 10, "pupils": 1_100, "towns": 3, "area_km2": 330.0, "teachers": 125}
MIDDLE = {"settlements": 70, "schools": 21, "pupils": 2_400, "towns": 4, "area_km2": 900.0, "teachers": 290}
MADE = {"small": SMALL, "middle": MIDDLE}
FUTURES = (
    lo.Scenario("base", weight=0.5), lo.Scenario("wet", weight=0.25, travel=1.2),
    lo.Scenario("few", weight=0.25, births=-0.2),
)  # fmt: skip
HELD_BACK = (
    lo.Scenario("damp", travel=1.1), lo.Scenario("wetter", travel=1.3), lo.Scenario("fewish", births=-0.1),
    lo.Scenario("fewer", births=-0.3), lo.Scenario("few_wet", births=-0.2, travel=1.2),
)  # fmt: skip


def county(sample: str, seed: int) -> lo.Study:
    """Return a bundled study, or a generated one."""
    if sample not in MADE:
        return lo.sample(sample)
    made = lo.generate_county(**MADE[sample], seed=seed)
    return lo.read_study(write_county(made, Path(tempfile.mkdtemp()) / "county"))


def phased(study: lo.Study, policy: lo.Policy, given: argparse.Namespace) -> None:
    """Print a phasing, and what it saves."""
    first, last = (int(year) for year in given.years.split("-"))
    limits = lo.PhaseLimits(closures_per_year=given.closures, moved_pupils_per_year=given.moved)
    clock, cpu = time.perf_counter(), time.process_time()
    found = lo.phase(
        study, policy, years=range(first, last + 1), limits=limits, effort=given.effort, time_limit_s=given.time_limit
    )
    took, cpu_s = time.perf_counter() - clock, time.process_time() - cpu
    print(found.years.to_string(index=False, float_format=lambda value: f"{value:,.0f}"))
    print(found)
    for level in found.levels:
        print(f"{level.goal}: {level.value:,.1f}, bound {level.bound:,.1f}, gap {level.gap:.2%}, {level.status}")
    for year, levels in found.alone.items():
        said = ", ".join(f"{name} {level.value:,.0f} (gap {level.gap:.2%})" for name, level in levels.items())
        print(f"{year} alone: {said}")
    print(
        f"{took:.0f} s, CPU {cpu_s:.0f} s, {len(found.problems)} problems, stuck year by year: {found.stuck}",
        flush=True,
    )
    clock, cpu = time.perf_counter(), time.process_time()
    print(found.compare(time_limit_s=given.compare_limit))
    print(f"compared in {time.perf_counter() - clock:.0f} s, CPU {time.process_time() - cpu:.0f} s", flush=True)


def for_futures(study: lo.Study, policy: lo.Policy, given: argparse.Namespace) -> None:
    """Print one layout for several futures, and its regret over others."""
    clock, cpu = time.perf_counter(), time.process_time()
    found = lo.robust(study, policy, FUTURES, effort=given.effort, time_limit_s=given.time_limit)
    took, cpu_s = time.perf_counter() - clock, time.process_time() - cpu
    found = replace(found, later_s=given.compare_limit)
    print(found)
    print(
        f"gap {found.gap:.2%}, {took:.0f} s, CPU {cpu_s:.0f} s; price of robustness {found.price_cny:,.0f} CNY a year",
        flush=True,
    )
    clock, cpu = time.perf_counter(), time.process_time()
    for table in (found.table, found.in_sample, found.regret(HELD_BACK, time_limit_s=given.compare_limit)):
        shares = dict.fromkeys([name for name in table if name.endswith("_gap")], "{:.2%}".format)
        print(table.to_string(index=False, formatters=shares, float_format=lambda value: f"{value:,.1f}"), flush=True)
    print(f"regrets in {time.perf_counter() - clock:.0f} s, CPU {time.process_time() - cpu:.0f} s", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", default="valley")
    parser.add_argument("--preset", default="jiangxi_2023")
    parser.add_argument("--years", default="2025-2030")
    parser.add_argument("--closures", type=float)
    parser.add_argument("--moved", type=float)
    parser.add_argument("--effort", default="normal")
    parser.add_argument("--time-limit", type=float, default=900.0)
    parser.add_argument("--compare-limit", type=float, default=300.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--robust", action="store_true")
    given = parser.parse_args()
    study, policy = county(given.sample, given.seed), lo.Policy.preset(given.preset)
    (for_futures if given.robust else phased)(study, policy, given)


if __name__ == "__main__":
    main()
