"""Who attends where, from totals only: the least minutes that meet the enrolments, as a transport problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import SolverError

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

NEAR_SCHOOLS = 8
MORE_SCHOOLS = 3
"""Ways a settlement starts with, and gets at a time while any would save minutes: the answer depends on neither."""
TOLERANCE_MIN = 1e-6
TIME_LIMIT_S = 600.0
"""A safety stop only: four thousand settlements take seconds."""


@dataclass(frozen=True, eq=False)
class Flow:
    """Whole pupils on each way used: positions of settlement and school, and how many."""

    settlement: Ints
    school: Ints
    pupils: Array

    def enrolled(self, schools: int) -> Array:
        """Return pupils per school."""
        return np.asarray(np.bincount(self.school, weights=self.pupils, minlength=schools), dtype=float)


def least_minutes(pupils: Array, places: Array, minutes: Array) -> Flow:
    """Return who goes where so that schools enrol ``places`` and the ways are least.

    First the sum of |pupils at a school − its places| is least (0 where the totals agree and the ways allow),
    then the sum of minutes.

    Parameters
    ----------
    pupils
        Whole pupils per settlement; those with no way to any school are left out of the answer.
    places
        Whole pupils enrolled per school.
    minutes
        Settlements × schools; ``inf`` is no way.

    Examples
    --------
    >>> flow = least_minutes(np.array([3.0, 2.0]), np.array([2.0, 3.0]), np.array([[1.0, 5.0], [2.0, 3.0]]))
    >>> list(zip(flow.settlement.tolist(), flow.school.tolist(), flow.pupils.tolist()))
    [(0, 0, 2.0), (0, 1, 1.0), (1, 1, 2.0)]
    """
    rows = np.flatnonzero((pupils > 0) & np.isfinite(minutes).any(axis=1))
    demand, minutes = pupils[rows], minutes[rows]
    if not len(rows):
        return Flow(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), np.empty(0))
    used = _best(minutes, NEAR_SCHOOLS) & np.isfinite(minutes)
    # One pupil more or less at a school changes others' ways along a path that meets each school once: its
    # ways together cost less than this, so deviation counts before minutes.
    price = 2.0 * (len(places) + 1) * max(float(minutes[np.isfinite(minutes)].max()), 1.0)
    while True:
        way, at = np.nonzero(used)
        values, settlement_price, school_price = _solved(demand, places, minutes[way, at], way, at, price)
        saved = settlement_price[:, None] + school_price[None, :] - minutes
        better = (saved > TOLERANCE_MIN) & ~used
        if not better.any():
            break
        used |= better & _best(np.where(better, -saved, np.inf), MORE_SCHOOLS)
    kept = values > 0
    return Flow(rows[way[kept]], at[kept], values[kept])


def _best(cost: Array, count: int) -> NDArray[np.bool_]:
    """Which ``count`` entries of each row are lowest."""
    chosen = np.zeros(cost.shape, dtype=bool)
    np.put_along_axis(chosen, np.argsort(cost, axis=1, kind="stable")[:, :count], True, axis=1)
    return chosen


def _solved(
    demand: Array, places: Array, minutes: Array, way: Ints, at: Ints, price: float
) -> tuple[Array, Array, Array]:
    """Return pupils per way, and the prices of one more pupil at each settlement and of one more place."""
    from layoutopt.kernels.highs import Budget, Program, solve

    n, m, ways = len(demand), len(places), len(way)
    too_many, too_few = -sp.identity(m), sp.identity(m)
    from_settlement = sp.csr_matrix((np.ones(ways), (way, np.arange(ways))), shape=(n, ways))
    to_school = sp.csr_matrix((np.ones(ways), (at, np.arange(ways))), shape=(m, ways))
    rows = sp.bmat([[from_settlement, None, None], [to_school, too_many, too_few]], format="csr")
    sums = np.concatenate([demand, places])
    width = ways + 2 * m
    program = Program(
        cost=np.concatenate([minutes, np.full(2 * m, price)]),
        lower=np.zeros(width),
        upper=np.full(width, np.inf),
        integer=np.zeros(width, dtype=bool),
        rows=rows,
        row_lower=sums,
        row_upper=sums,
    )
    solved = solve(program, budget=Budget(time_limit_s=TIME_LIMIT_S))
    if solved.status != "optimal" or solved.values is None:
        raise SolverError(f"Today's attendance could not be inferred from the enrolments ({solved.status}).")
    # Every corner of a transport problem with whole sums is whole; rounding only sweeps away float dust.
    values = np.round(solved.values[:ways])
    assert np.abs(values - solved.values[:ways]).max(initial=0.0) < 1e-4
    return values, solved.row_dual[:n], solved.row_dual[n:]
