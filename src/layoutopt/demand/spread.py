"""Pupils where only totals are known: shares, ages and enrolment turned into whole children, totals kept."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def whole(amounts: Array) -> Array:
    """Return whole numbers with the rounded total of ``amounts``: largest remainders are rounded up.

    Ties go to the earlier entry. ``amounts`` has any shape and no negative entry.

    Examples
    --------
    >>> whole(np.array([1.5, 1.5, 0.9]))
    array([2., 1., 1.])
    """
    flat = np.asarray(amounts, dtype=float).ravel()
    floor = np.floor(flat + 1e-9)
    short = round(float(flat.sum())) - int(floor.sum())
    order = np.argsort(-(flat - floor), kind="stable")
    floor[order[: max(short, 0)]] += 1
    return floor.reshape(np.shape(amounts))


def apportion(total: int, weights: Array) -> Array:
    """Return ``total`` whole things shared out by ``weights``, largest remainders first, the earlier one in a tie.

    Raises
    ------
    ValueError
        There is something to share out, but no weight to do it by.

    Examples
    --------
    >>> apportion(5, np.array([2.0, 1.0, 1.0]))
    array([3., 1., 1.])
    """
    scale = float(np.sum(weights))
    if scale <= 0 < total:
        raise ValueError("no weight to share by")
    return whole(total * np.asarray(weights, dtype=float) / scale) if scale > 0 else np.zeros(len(weights))


def by_share(population: Array, share_of_grade: Array) -> Array:
    """Return pupils per settlement and grade as whole numbers; each grade's total is kept.

    Parameters
    ----------
    population
        Residents, one a settlement.
    share_of_grade
        Share of residents in each grade: one for all settlements, or settlements × grades.
    """
    shares = np.broadcast_to(share_of_grade, (len(population), np.shape(share_of_grade)[-1]))
    return np.column_stack([whole(np.asarray(population) * share) for share in shares.T])


def evenly(totals: Array, parts: int) -> Array:
    """Return each whole total cut into ``parts`` near-equal whole ones, (total, part).

    What is left over goes to the parts in turn, going on where the row before stopped, so that the columns
    differ by one at most.

    Examples
    --------
    >>> evenly(np.array([4.0, 1.0]), 3)
    array([[2., 1., 1.],
           [0., 1., 0.]])
    """
    totals = np.asarray(totals, dtype=float)
    base, rest = np.divmod(totals, parts)
    begin = np.cumsum(rest) - rest
    turn = (np.arange(parts)[None, :] - begin[:, None]) % parts
    return np.asarray(base[:, None] + (turn < rest[:, None]))


def deal(rows: Array, columns: Array) -> Array:
    """Return whole numbers (row, column) with exactly these sums, the columns mixed as evenly as may be.

    Parameters
    ----------
    rows, columns
        Whole numbers with the same total: children per place, and children per grade.

    Examples
    --------
    >>> deal(np.array([2.0, 2.0]), np.array([2.0, 1.0, 1.0]))
    array([[1., 1., 0.],
           [1., 0., 1.]])
    """
    count, size = np.asarray(columns).astype(int), np.asarray(rows).astype(int)
    assert count.sum() == size.sum()
    grade = np.repeat(np.arange(len(count)), count)
    first = np.repeat(np.cumsum(count) - count, count)
    place = (np.arange(len(grade)) - first + 0.5) / np.repeat(np.maximum(count, 1), count)
    table = np.zeros((len(size), len(count)))
    np.add.at(table, (np.repeat(np.arange(len(size)), size), grade[np.argsort(place, kind="stable")]), 1.0)
    return table


def spread(enrolled: Array, pull: Array, ring: NDArray[np.int64], owed: Array) -> Array:
    """Return one school's pupils by place and grade; each grade's total is kept exactly.

    The school's total is shared out over the rings and each ring's over its places, both by largest
    remainders. Without rings the many far places, each with a small fraction, would never get anybody, and
    ways would come out too short; without ``owed`` the small places would go empty at every school.

    Parameters
    ----------
    enrolled
        Whole pupils by grade.
    pull
        Weight of each place, one above 0 at least: its share of the pupils.
    ring
        Which places are about equally far; numbers from 0.
    owed
        Fractions of pupils each place got too few at other schools; added to its remainder.

    Examples
    --------
    >>> pull = np.array([6.0, 3.0, 1.0])
    >>> spread(np.array([5.0, 2.0]), pull, ring=np.array([0, 1, 1]), owed=np.zeros(3))
    array([[3., 1.],
           [1., 1.],
           [1., 0.]])
    """
    expected = enrolled.sum() * pull / pull.sum()
    floor = np.floor(expected + 1e-9)
    short = whole(np.asarray(np.bincount(ring, expected), dtype=float)) - np.bincount(ring, floor)
    claim = np.where(expected > floor, expected - floor + owed, -np.inf)
    order = np.lexsort((-claim, ring))
    first = np.cumsum(np.bincount(ring)) - np.bincount(ring)
    place = np.empty(len(pull))
    place[order] = np.arange(len(pull)) - first[ring[order]]
    return deal(floor + (place < short[ring]), enrolled)


def gravity(residents: Array, km: Array, halving_km: float) -> Array:
    """Return the pull of each place on each school, (place, school): residents × 2^(−km / halving_km)."""
    return np.asarray(residents)[:, None] * np.exp2(-np.asarray(km) / halving_km)


def nearest(residents: Array, km: Array) -> Array:
    """Return the pull of each place on each school, (place, school): residents at the nearest school only.

    A school that is nearest to nobody takes the inhabited place nearest to it. ``inf`` is no way.
    """
    pull = np.zeros(km.shape)
    inhabited = np.asarray(residents) > 0
    served = inhabited & np.isfinite(km).any(axis=1)
    pull[np.flatnonzero(served), km[served].argmin(axis=1)] = np.asarray(residents)[served]
    for school in np.flatnonzero(pull.sum(axis=0) == 0):
        way = np.where(inhabited, km[:, school], np.inf)
        if np.isfinite(way).any():
            pull[way.argmin(), school] = 1.0
    return pull
