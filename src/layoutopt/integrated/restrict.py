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
    """The small program, whose first columns are those of the large one that it may move."""

    program: Program
    free: Ints

    def point(self, values: Floats, present: Floats) -> Floats:
        """Return a point of the large program: ``values`` where free, whole numbers rounded, else ``present``."""
        part = values[: len(self.free)]
        whole = self.program.integer[: len(self.free)]
        found = present.copy()
        found[self.free] = np.where(whole, np.round(part), part)
        return found


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
