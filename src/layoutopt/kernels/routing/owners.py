"""Bound of a part whose depots are short of room: stops go to depots as wholes, lines may still be shares.

min  Σ c_r z_r + Σ f_d open       over the lines left, with for every stop i and open depot d
     x_id = Σ_{r to d} a_ir z_r,  Σ_d x_id = 1,  Σ_i riders_i x_id ≤ room_d,  x_id ∈ {0, 1}

The solver sees the knapsack of each depot and cuts there; over the lines alone it is hidden.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels import highs
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Node
from layoutopt.kernels.routing.whole import Search

OWNER_LINES, OWNER_STEPS = 12_000, 4_000
"""More lines than this make the program slow; the steps end a try that does not get on."""


def owners_matter(search: Search, pool: Lines, node: Node) -> bool:
    """Return whether the program is worth a try: depots settled, short of room, and not too many lines."""
    settled = bool((node.open_low == node.open_high).all()) or not search.task.opening.any()
    short = int((np.isfinite(search.task.capacity) & (node.open_high > 0)).sum()) > 1
    return settled and short and 0 < len(pool) <= OWNER_LINES


def owner_bound(search: Search, pool: Lines, node: Node, *, spare_s: float) -> float:
    """Return a proven bound on every plan made of ``pool`` within ``node``; inf when there is none."""
    task = search.task
    depots = np.flatnonzero(node.open_high > 0)
    n, many, lines = task.n, len(depots), len(pool)
    owners = many * n
    owner = np.repeat(np.arange(lines), np.diff(pool.starts))
    place = np.searchsorted(depots, pool.depot)
    served = sp.csr_matrix((np.ones(len(owner)), (place[owner] * n + pool.flat, owner)), shape=(owners, lines))
    link = sp.hstack([-sp.eye(owners), served])
    once = sp.hstack([sp.hstack([sp.eye(n)] * many), sp.csr_matrix((n, lines))])
    room = sp.hstack([sp.kron(sp.eye(many), task.riders[None, :]), sp.csr_matrix((many, lines))])
    count = sp.csr_matrix((np.ones(lines), (place, np.arange(lines))), shape=(many, lines))
    counts = sp.hstack([sp.csr_matrix((many, owners)), count])
    total = sp.hstack([sp.csr_matrix((1, owners)), sp.csr_matrix(np.ones((1, lines)))])
    low, high = np.r_[node.depot_low[depots], node.low], np.r_[node.depot_high[depots], node.high]
    program = highs.Program(
        cost=np.r_[np.zeros(owners), pool.cost],
        lower=np.zeros(owners + lines),
        upper=np.ones(owners + lines),
        integer=np.r_[np.ones(owners, dtype=bool), np.zeros(lines, dtype=bool)],
        rows=sp.vstack([link, once, room, counts, total]).tocsr(),
        row_lower=np.r_[np.zeros(owners), np.ones(n), np.full(many, -np.inf), low],
        row_upper=np.r_[np.zeros(owners), np.ones(n), task.capacity[depots], high],
        offset=float(task.opening[depots].sum()),
    )
    solved = highs.solve(
        program, budget=highs.Budget(gap=search.gap / 2, time_limit_s=max(0.1, spare_s), steps=OWNER_STEPS)
    )
    if solved.status == "infeasible":
        return float("inf")
    return solved.bound if np.isfinite(solved.bound) else -np.inf
