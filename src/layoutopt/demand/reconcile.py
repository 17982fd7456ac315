"""Places that must add up: villages to towns, towns to the county, in parts of a pupil and in whole ones."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
ROUNDS = 500
NEAR = 1e-9
ROW_FIRST, COLUMN_FIRST = 10.0, 1_000.0
"""How much more a rounded sum counts than a rounded entry."""


def prorated(amounts: Array, group: Ints, totals: Array) -> Array:
    """Return ``amounts`` (place × column) scaled so that each group's column adds up to ``totals`` (group × column).

    Where a group has nothing to scale but a total to reach, its places share it evenly.

    Examples
    --------
    >>> prorated(np.array([[1.0], [3.0], [0.0]]), np.array([0, 0, 1]), np.array([[8.0], [5.0]])).ravel()
    array([2., 6., 5.])
    """
    sums = summed(amounts, group, len(totals))
    size = np.bincount(group, minlength=len(totals)).astype(float)
    even = np.divide(totals, size[:, None], out=np.zeros_like(totals), where=size[:, None] > 0)
    share = np.divide(totals, sums, out=np.zeros_like(totals), where=sums > 0)
    return np.where(sums[group] > 0, amounts * share[group], even[group])


def summed(amounts: Array, group: Ints, groups: int) -> Array:
    """Return the sum of each column by group, (group, column)."""
    return np.column_stack([np.bincount(group, column, minlength=groups) for column in amounts.T])


def fitted(table: Array, *, rows: Array | None = None, columns: Array | None = None) -> Array:
    """Return ``table`` scaled to these sums by iterative proportional fitting; NaN in ``rows`` leaves a row free.

    Rows and columns are scaled in turn until both hold (Deming and Stephan 1940); the columns hold exactly. Where
    the zeros of the table do not allow both, it ends as near as the rounds get; see ``misfit``.

    Examples
    --------
    >>> found = fitted(np.array([[1.0, 1.0], [1.0, 1.0]]), rows=np.array([6.0, 2.0]), columns=np.array([4.0, 4.0]))
    >>> found.tolist()
    [[3.0, 3.0], [1.0, 1.0]]
    """
    table = np.asarray(table, dtype=float)
    for _ in range(ROUNDS):
        if rows is not None:
            now = table.sum(axis=1)
            table = table * np.divide(rows, now, out=np.ones_like(now), where=np.isfinite(rows) & (now > 0))[:, None]
        if columns is not None:
            now = table.sum(axis=0)
            table = table * np.divide(columns, now, out=np.ones_like(now), where=now > 0)
        if rows is None or columns is None or misfit(table, rows) < NEAR:
            break
    return table


def misfit(table: Array, rows: Array) -> float:
    """Return by how much the row furthest from its sum misses it."""
    known = np.isfinite(rows)
    return float(np.abs(table.sum(axis=1) - rows)[known].max(initial=0.0))


def controlled(table: Array) -> Array:
    """Return whole numbers next to ``table`` whose every row and column sum is a whole number next to its sum.

    Each entry is rounded down or up; sums that are whole stay as they are. A flow from rows to columns, so that such
    a rounding exists always and the linear program finds a whole one (Cox, A constructive procedure for unbiased
    controlled rounding, 1987). The larger fractions are rounded up: of the columns first, then of rows, then entries.

    Examples
    --------
    >>> controlled(np.array([[0.5, 0.5], [0.5, 0.5]])).sum(axis=0).tolist()
    [1.0, 1.0]
    """
    from scipy.optimize import linprog

    down = np.floor(table + NEAR)
    part = np.where(table - down > NEAR, table - down, 0.0)
    at_row, at_column = np.nonzero(part)
    count, (height, width) = len(at_row), table.shape
    if not count:
        return down
    # Variables: entries rounded up, then rows and columns whose sum is; a sum's own fraction decides for it.
    sums = np.concatenate([part.sum(axis=1), part.sum(axis=0)])
    base = np.floor(sums + NEAR)
    rest = np.where(sums - base > NEAR, sums - base, 0.0)
    belongs = np.concatenate([at_row, height + at_column])
    entries = sp.csr_array((np.ones(2 * count), (belongs, np.tile(np.arange(count), 2))), shape=(height + width, count))
    rows = sp.hstack([entries, -sp.eye_array(height + width)])
    total = sp.csr_array(np.concatenate([np.ones(count), np.zeros(height + width)])[None, :])
    gain = np.concatenate([part[at_row, at_column], ROW_FIRST * rest[:height], COLUMN_FIRST * rest[height:]])
    found = linprog(
        -gain, A_eq=sp.vstack([rows, total]), b_eq=np.concatenate([base, [round(float(part.sum()))]]),
        bounds=np.column_stack([np.zeros(len(gain)), np.concatenate([np.ones(count), rest > 0])]), method="highs-ds",
    )  # fmt: skip
    assert found.status == 0, "a controlled rounding exists always"
    down[at_row, at_column] += np.round(found.x[:count])
    return down


def dealt(amounts: Array, group: Ints, totals: Array) -> Array:
    """Return whole numbers next to ``amounts`` (place × column) that add up to ``totals`` by group and column.

    In each group and column the larger remainders are rounded up; what a place got too little in one column counts
    for it in the next, so that places keep their sums too, within a pupil or so. ``totals`` are whole numbers next to
    the groups' sums.

    Examples
    --------
    >>> dealt(np.full((2, 2), 0.5), np.array([0, 0]), np.array([[1.0, 1.0]])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    down = np.floor(amounts + NEAR)
    short = totals - summed(down, group, len(totals))
    owed = np.zeros(len(amounts))
    place = np.arange(len(amounts))
    first = np.searchsorted(np.sort(group), np.arange(len(totals)))
    for column in range(amounts.shape[1]):
        rest = amounts[:, column] - down[:, column]
        claim = np.where(rest > NEAR, rest + owed, -np.inf)
        order = np.lexsort((place, -claim, group))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = place - first[group[order]]
        up = rank < short[group, column]
        down[:, column] += up
        owed += rest - up
    return down
