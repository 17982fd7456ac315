"""Flows of whole persons: several aims, one after another, without leaving the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.kernels.highs import Program

Array = NDArray[np.float64]
EPSILON = 1e-6
"""Prices of whole persons under whole costs are whole, so anything below this is zero."""


def in_order(program: Program, costs: Sequence[Array]) -> Array:
    """Return the whole flow that is cheapest by the first of ``costs``, among those by the second, and so on.

    Every column of ``program`` has at most one 1 and one −1 in its rows, and its limits are whole: a network,
    whose corners are whole. Each aim after the first is sought on the face of points that are best by those
    before: a column whose reduced cost is not zero stays where it is, a row with a price stays tight
    (complementary slackness). That fixes columns and rows and adds none, so it is a network still. All costs
    but the last must be whole, that prices can be told from rounding.
    """
    values = np.zeros(len(program.cost))
    for cost in costs:
        found = highs.solve(replace(program, cost=cost))
        if found.values is None or found.status != "optimal":
            raise SolverError(f"A flow of persons ended with '{found.status}'.")
        values = np.round(found.values)
        if program.violation(values) > highs.FEASIBILITY_TOLERANCE:
            raise SolverError("A flow of persons is not whole.")
        program = _face(program, cost, values, found.row_dual)
    return values


def _face(program: Program, cost: Array, values: Array, price: Array) -> Program:
    reduced = np.abs(cost - program.rows.T @ price) > EPSILON
    tight, activity = np.abs(price) > EPSILON, program.rows @ values
    return replace(
        program,
        lower=np.where(reduced, values, program.lower),
        upper=np.where(reduced, values, program.upper),
        row_lower=np.where(tight, activity, program.row_lower),
        row_upper=np.where(tight, activity, program.row_upper),
    )
