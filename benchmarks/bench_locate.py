"""Location kernel on generated villages: build time, proven gap, and the same against plain HiGHS.

Run ``python benchmarks/bench_locate.py [family ...]``; without a family all are run, one after another.
Times are CPU seconds of this process; limits are wall seconds, so give the machine some quiet.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels import highs
from layoutopt.kernels.location.locate import Located, check, locate
from layoutopt.kernels.location import program
from layoutopt.kernels.location.obstacles import slim
from layoutopt.kernels.location.reading import read_instance

SEEDS = (1, 2, 3)


def villages(
    units: int, sites: int, seed: int, *, near: int | None = 11, tight: float = 1.8, opening: float = 0.2
) -> dict[str, Any]:
    """Clustered villages of about 17 pupils (lognormal); ``near`` sites allowed each, None for all.

    ``tight`` is total capacity over demand, ``opening`` scales the opening costs: at 0.2 about two sites in
    three open, at 1.0 as few as can hold everyone, which makes whole units hard to pack.
    """
    rng = np.random.default_rng(seed)
    number = max(3, units // 60)
    centre = (rng.random((number, 2)) * np.sqrt(units))[rng.integers(0, number, units)]
    place = centre + rng.normal(0, 1.2, (units, 2))
    demand = np.maximum(1, rng.lognormal(2.59, 0.7, units).round())
    site = place[rng.choice(units, sites, replace=False)] + rng.normal(0, 0.2, (sites, 2))
    minutes = 3 * np.hypot(*(place[:, None] - site[None]).transpose(2, 0, 1))
    share = rng.uniform(0.6, 1.4, sites)
    capacity = np.ceil(share / share.sum() * demand.sum() * tight)
    usual = rng.uniform(0.7, 1.3, sites) * (minutes.min(axis=1) @ demand) / sites * 2 + 20 * np.sqrt(capacity)
    asked = {"demand": demand, "capacity": capacity, "opening_cost": np.round(usual * opening)}
    if near is None:
        return asked | {"cost": minutes * demand[:, None]}
    chosen = np.argpartition(minutes, near - 1, axis=1)[:, :near].ravel()
    row = np.repeat(np.arange(units), near)
    cells = (minutes[row, chosen] * demand[row], (row, chosen))
    return asked | {"cost": sp.csr_matrix(cells, shape=minutes.shape)}


def median(units: int, sites: int, count: int, seed: int) -> dict[str, Any]:
    """Points on a square, whole distances, a fixed number of sites among the first points."""
    rng = np.random.default_rng([seed, count])
    place = rng.random((units, 2)) * 100
    distance = np.hypot(*(place[:, None] - place[None, :sites]).transpose(2, 0, 1)).round()
    return {"cost": distance, "demand": np.ones(units), "open_count": count}


def plain_highs(asked: dict[str, Any], seconds: float, gap: float) -> tuple[float, float]:
    """The strong program as it is, without start or bound."""
    instance = slim(read_instance(**asked))
    solved = highs.solve(program.build(instance), budget=highs.Budget(gap=gap, time_limit_s=seconds))
    return solved.objective, solved.bound


def build() -> None:
    """Reading, rows and hand-over to HiGHS of 55,000 arcs."""
    asked = villages(5_000, 400, 1)
    for _ in range(3):
        times = [time.process_time()]
        instance = slim(read_instance(**asked))
        times.append(time.process_time())
        arrays = program.build(instance)
        times.append(time.process_time())
        highs.load(arrays)
        times.append(time.process_time())
        print("build 5000 x 400: reading {:.3f}, rows {:.3f}, hand-over {:.3f} CPU s".format(*np.diff(times)))


def row(name: str, asked: dict[str, Any], seconds: float, gap: float, *, against: bool = False, **more: Any) -> Located:
    """Solve once, check, print one line of the table."""
    began = time.process_time()
    found = locate(**asked, time_limit_s=seconds, gap=gap, **more)
    cpu = time.process_time() - began
    faults = check(found, **asked)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    line = (
        f"{name:34s} {found.status:10s} {found.objective:14,.1f} {found.bound:14,.1f} {found.gap:8.3%} "
        f"{found.seconds:7.1f} s {cpu:7.1f} CPU s {memory:5.2f} GB {found.method} {' '.join(faults)}"
    )
    if against:
        objective, bound = plain_highs(asked, seconds, gap)
        line += f" | HiGHS {objective:,.1f} {bound:,.1f} ({found.objective / objective - 1:+.3%})"
    print(line, flush=True)
    return found


def family(
    name: str, make: Callable[[int], dict[str, Any]], seconds: float, gap: float, *, against: bool = False
) -> None:
    for seed in SEEDS:
        row(f"{name}, seed {seed}", make(seed), seconds, gap, against=against)


def medians() -> None:
    for count in (5, 90, 200):
        family(f"p-median 900, {count} sites", partial(median, 900, 900, count), 20, 1e-4)


def reuse() -> None:
    """The first question, then a like one with other numbers of pupils, from its state."""
    asked = villages(2_000, 200, 1)
    first = row("2000 x 200, first", asked, 60, 0.01, method="lagrange")
    rng = np.random.default_rng(0)
    factor = rng.choice([0.9, 1.0], len(asked["demand"]))
    cost = sp.csr_matrix(sp.diags(factor) @ asked["cost"])
    changed = asked | {"demand": np.ceil(asked["demand"] * factor), "cost": cost}
    row("2000 x 200, changed, anew", changed, 60, 0.01, method="lagrange")
    row("2000 x 200, changed, from state", changed, 60, 0.01, method="lagrange", state=first.state)


FAMILIES: dict[str, Callable[[], None]] = {
    "build": build,
    "150x30": lambda: family("150 x 30", lambda s: villages(150, 30, s, near=None, tight=2.5), 60, 1e-4, against=True),
    "200x60": lambda: family("200 x 60", lambda s: villages(200, 60, s, near=None, tight=3), 60, 1e-3, against=True),
    "400x80": lambda: family("400 x 80", lambda s: villages(400, 80, s, near=None), 60, 1e-3, against=True),
    "1300x35": lambda: family("1300 x 35 tight", lambda s: villages(1300, 35, s, near=None, tight=1.1), 300, 1e-3),
    "2000x200": lambda: family("2000 x 200", lambda s: villages(2000, 200, s), 60, 3e-3, against=True),
    "20000x2000": lambda: family("20000 x 2000", lambda s: villages(20_000, 2_000, s), 120, 1e-2),
    "median": medians,
    "median1300": lambda: family("p-median 1300 x 135, 40", lambda s: median(1300, 135, 40, s), 180, 1e-6),
    "reuse": reuse,
}


if __name__ == "__main__":
    for chosen in sys.argv[1:] or FAMILIES:
        FAMILIES[chosen]()
