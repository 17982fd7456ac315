"""Location kernel on generated villages: build time, proven gap, memory, reuse, and the same against plain HiGHS.

``python benchmarks/bench_locate.py`` prints one table over three seeds of each family; name families to run
only those, ``--seeds 1 2`` for other seeds, ``--against`` to give plain HiGHS the same CPU seconds in the same
run, ``--pmed FILE`` or ``--cap FILE`` to solve a published instance in the OR-Library's formats (files are not
part of this project). Times are CPU seconds of one thread; limits are wall seconds, so give the machine some quiet.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import shortest_path

from layoutopt.kernels import highs
from layoutopt.kernels.location import program
from layoutopt.kernels.location.locate import Located, State, check, locate
from layoutopt.kernels.location.obstacles import slim
from layoutopt.kernels.location.reading import read_instance

Asked = dict[str, Any]
HEAD = f"{'family':>12} {'case':>14} {'objective':>14} {'proven gap':>10} {'over best':>9} {'CPU s':>7} {'GB':>5}  how"


@dataclass(frozen=True)
class Family:
    """Instances of one kind: ``cases`` lists (name, question) for a seed."""

    cases: Callable[[int], list[tuple[str, Asked]]]
    limit_s: float
    gap: float


def villages(
    units: int, sites: int, seed: int, *, near: int | None = 11, tight: float = 1.8, opening: float = 0.2
) -> Asked:
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


def median(units: int, sites: int, count: int, seed: int) -> Asked:
    """Points on a square, whole distances, a fixed number of sites among the first points."""
    rng = np.random.default_rng([seed, count])
    place = rng.random((units, 2)) * 100
    distance = np.hypot(*(place[:, None] - place[None, :sites]).transpose(2, 0, 1)).round()
    return {"cost": distance, "demand": np.ones(units), "open_count": count}


def weighted_median(units: int, sites: int, count: int, seed: int) -> Asked:
    """Clustered villages, pupils times straight distance (no whole numbers), a fixed number of sites."""
    rng = np.random.default_rng([seed, count, 7])
    number = max(3, units // 60)
    centre = (rng.random((number, 2)) * 100)[rng.integers(0, number, units)]
    place = centre + rng.normal(0, 4, (units, 2))
    demand = np.maximum(1, rng.lognormal(2.6, 0.7, units).round())
    distance = np.hypot(*(place[:, None] - place[None, :sites]).transpose(2, 0, 1))
    return {"cost": distance * demand[:, None], "demand": demand, "open_count": count}


def perturbed(asked: Asked, rng: np.random.Generator) -> Asked:
    """A like question: pupils, ways and opening costs changed by up to 3-5 %."""
    units, sites = asked["cost"].shape
    more, dearer = rng.uniform(0.95, 1.05, units), rng.uniform(0.97, 1.03, sites)
    return asked | {
        "demand": np.maximum(1, np.rint(asked["demand"] * more)),
        "cost": sp.csr_matrix(sp.diags(more) @ sp.csr_matrix(asked["cost"]) @ sp.diags(dearer)),
        "opening_cost": np.rint(asked["opening_cost"] * rng.uniform(0.95, 1.05, sites)),
    }


def _one(make: Callable[..., Asked], *size: int, **terms: Any) -> Callable[[int], list[tuple[str, Asked]]]:
    return lambda seed: [("", make(*size, seed, **terms))]


def _tight(seed: int) -> list[tuple[str, Asked]]:
    return [(f"seats x{t}", villages(1_300, 35, seed, near=None, tight=t)) for t in (1.05, 1.1, 1.2, 1.3)]


def _medians(units: int, sites: int, counts: tuple[int, ...]) -> Callable[[int], list[tuple[str, Asked]]]:
    return lambda seed: [
        (f"{name} p={count}", make(units, sites, count, seed))
        for count in counts
        for name, make in (("whole", median), ("real", weighted_median))
    ]


FAMILIES = {
    "150x30": Family(_one(villages, 150, 30, near=None, tight=2.5), 60, 1e-4),
    "200x60": Family(_one(villages, 200, 60, near=None, tight=3.0), 60, 1e-3),
    "400x80": Family(_one(villages, 400, 80, near=None), 60, 1e-3),
    "1300x35": Family(_tight, 300, 1e-3),
    "2000x200": Family(_one(villages, 2_000, 200), 60, 3e-3),
    "20000x2000": Family(_one(villages, 20_000, 2_000), 120, 1e-2),
    "median900": Family(_medians(900, 900, (5, 90, 200, 300)), 20, 1e-4),
    "median1300": Family(_medians(1_300, 135, (13, 40, 65)), 180, 1e-6),
}


def solve_one(name: str, case: str, asked: Asked, limit_s: float, gap: float, against: bool) -> None:
    """Solve one question, check the answer, print its line; run in a process of its own for its peak memory."""
    locate([[1.0, 2.0], [2.0, 1.0]], [1, 1], method="lagrange")  # compiled once, outside the time
    began = time.process_time()
    found = locate(**asked, time_limit_s=limit_s, gap=gap)
    cpu = time.process_time() - began
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    faults = check(found, **asked)
    over, line = "", ""
    if against:
        instance = slim(read_instance(**asked))
        budget = highs.Budget(gap=gap, time_limit_s=20 * cpu + 10)
        began = time.process_time()
        until = began + cpu
        plain = highs.solve(program.build(instance), budget=budget, progress=lambda *_: time.process_time() >= until)
        spent = time.process_time() - began
        over = f"{found.objective / min(plain.objective, found.objective) - 1:9.3%}"
        line = f" | plain HiGHS {plain.objective / found.objective:.4f} of it, gap {plain.gap:.3%}, {spent:.1f} CPU s"
    print(
        f"{name:>12} {case:>14} {found.objective:14,.1f} {found.gap:10.3%} {over:>9} {cpu:7.1f} {gigabytes:5.2f}  "
        f"{found.status}, {found.method} {' '.join(faults)}{line}",
        flush=True,
    )


def apart(work: Callable[..., None], *terms: Any) -> None:
    """Run ``work`` in a fresh process and wait for it."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=terms)
    process.start()
    process.join()
    if process.exitcode != 0:
        print(f"stopped with exit code {process.exitcode}", flush=True)


def build() -> None:
    """Reading, rows and hand-over to HiGHS of 55,000 arcs, the best of five."""
    asked, times = villages(5_000, 400, 1), []
    for _ in range(5):
        marks = [time.process_time()]
        instance = slim(read_instance(**asked))
        marks.append(time.process_time())
        arrays = program.build(instance)
        marks.append(time.process_time())
        highs.load(arrays)
        marks.append(time.process_time())
        times.append(np.diff(marks))
    best = min(times, key=lambda part: float(part.sum()))
    print("build 5000 x 400: reading {:.3f}, rows {:.3f}, hand-over {:.3f} CPU s".format(*best), flush=True)


def reuse(seeds: list[int], scenarios: int) -> None:
    """A first question, then like ones from its state: CPU seconds of the later ones as a share of the first."""
    locate([[1.0, 2.0], [2.0, 1.0]], [1, 1], method="lagrange")
    for seed in seeds:
        asked = villages(2_000, 200, seed)
        for gap in (0.02, 0.01, 0.005):
            spent, proven, state = [], 0, None
            rng = np.random.default_rng(seed)
            question = asked
            for _ in range(scenarios + 1):
                cpu, found = _timed(question, gap, state)
                spent.append(cpu)
                proven += found.status == "optimal"
                state, question = found.state, perturbed(asked, rng)
            later = np.array(spent[1:])
            print(
                f"reuse 2000 x 200, seed {seed}, gap {gap:.1%}: first {spent[0]:.2f} CPU s, then {later.mean():.2f} on "
                f"average ({later.mean() / spent[0]:.0%}), {np.median(later):.2f} in the middle; "
                f"{proven} of {scenarios + 1} proven",
                flush=True,
            )


def _timed(asked: Asked, gap: float, state: State | None) -> tuple[float, Located]:
    began = time.process_time()
    found = locate(**asked, gap=gap, time_limit_s=60, state=state)
    cpu = time.process_time() - began
    assert check(found, **asked) == ()
    return cpu, found


def read_pmed(path: Path) -> Asked:
    """OR-Library p-median: "vertices edges p", then the edges "from to length"; a repeated edge replaces the former."""
    numbers = np.array(path.read_text().split(), dtype=float)
    size, _, count = (int(number) for number in numbers[:3])
    length = np.full((size, size), np.inf)
    for one, other, cost in numbers[3:].reshape(-1, 3):
        length[int(one) - 1, int(other) - 1] = length[int(other) - 1, int(one) - 1] = cost
    return {"cost": shortest_path(length, directed=False), "demand": np.ones(size), "open_count": count}


def read_cap(path: Path, *, capacity: float | None = None) -> Asked:
    """OR-Library warehouses: "sites units", "capacity opening" a site, then for each unit its demand and costs.

    Some files write the word "capacity" instead of a number: then ``capacity`` is asked for.
    """
    words = path.read_text().split()
    sites, units = int(words[0]), int(words[1])
    if "capacity" in words and capacity is None:
        raise SystemExit(f"{path} leaves the capacity open. Give it with --capacity.")
    numbers = np.array([str(capacity) if word == "capacity" else word for word in words[2:]], dtype=float)
    site = numbers[: 2 * sites].reshape(sites, 2)
    unit = numbers[2 * sites :].reshape(units, sites + 1)
    return {"cost": unit[:, 1:], "demand": unit[:, 0], "capacity": site[:, 0], "opening_cost": site[:, 1]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("family", nargs="*", help=f"build, reuse, {', '.join(FAMILIES)}; all without a name")
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2, 3])
    parser.add_argument("--against", action="store_true", help="plain HiGHS for the same CPU seconds")
    parser.add_argument("--scenarios", type=int, default=20, help="like questions for reuse")
    parser.add_argument("--pmed", type=Path, help="an OR-Library p-median file")
    parser.add_argument("--cap", type=Path, help="an OR-Library warehouse location file")
    parser.add_argument("--capacity", type=float, help="for files that leave the capacity open")
    chosen = parser.parse_args()
    known = {"build", "reuse", *FAMILIES}
    if not set(chosen.family) <= known:
        parser.error(f"families are {', '.join(sorted(known))}")
    if chosen.pmed or chosen.cap:
        print(HEAD)
        asked = read_pmed(chosen.pmed) if chosen.pmed else read_cap(chosen.cap, capacity=chosen.capacity)
        apart(solve_one, (chosen.pmed or chosen.cap).name, "", asked, 60.0, 1e-6, chosen.against)
        return
    names = chosen.family or ["build", *FAMILIES, "reuse"]
    if "build" in names:
        build()
    print(HEAD)
    for name in (name for name in names if name in FAMILIES):
        family = FAMILIES[name]
        for seed in chosen.seeds:
            for case, asked in family.cases(seed):
                apart(solve_one, name, f"{case} s{seed}", asked, family.limit_s, family.gap, chosen.against)
    if "reuse" in names:
        reuse(chosen.seeds, chosen.scenarios)


if __name__ == "__main__":
    main()
