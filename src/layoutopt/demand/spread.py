"""Pupils where only totals are known: shares of the population, in whole children."""

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


def by_share(population: Array, share_of_grade: Array) -> Array:
    """Return pupils per settlement and grade as whole numbers; each grade's total is kept.

    Parameters
    ----------
    population
        Residents, one a settlement.
    share_of_grade
        Share of residents in each grade.
    """
    return np.column_stack([whole(np.asarray(population) * share) for share in share_of_grade])
