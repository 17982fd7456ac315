"""A small program cut out of a large one: most columns fixed, their share moved to the limits of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layoutopt.kernels.highs import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cutout:
    """The small program, and the columns of the large one it may move."""

    program: Program
    free: Ints

    def whole(self, values: Floats, fixed: Floats) -> Floats:
        """Return a point of the large program: ``values`` where free, ``fixed`` elsewhere."""
        point = fixed.copy()
        point[self.free] = values
        return point


def cutout(program: Program, free: NDArray[np.bool_], point: Floats) -> Cutout:
    """Return ``program`` with every column that is not ``free`` fixed at ``point``."""
    columns = np.flatnonzero(free)
    rows = program.rows.tocsc()
    inside = rows[:, columns].tocsr()
    activity = rows[:, ~free] @ point[~free]
    used = np.flatnonzero(np.diff(inside.indptr) > 0)
    part = inside[used]
    return Cutout(
        Program(
            cost=program.cost[columns],
            lower=program.lower[columns],
            upper=program.upper[columns],
            integer=program.integer[columns],
            rows=part,
            row_lower=program.row_lower[used] - activity[used],
            row_upper=program.row_upper[used] - activity[used],
            offset=program.offset + float(program.cost[~free] @ point[~free]),
        ),
        columns,
    )
