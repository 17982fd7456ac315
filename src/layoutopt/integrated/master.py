"""The linear master: the compact program's own rows, with lines as columns that carry its bus riders.

min  cost of everything but buses + Σ_r c_r z_r
     the rows of the compact program, every rule as it stands there
(carried)  Σ_{r to j, n on r} z_r ≥ x_{nj,bus}        every bus option

The price of a row (carried) is what a line earns by taking that group along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.integrated.hubs import Hub
from layoutopt.kernels.highs import Program, load, set_option
from layoutopt.kernels.routing.lines import Lines

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Solved:
    """A solved master: value, the compact program's point, the lines' shares, and the prize of each bus option."""

    value: float
    point: Floats
    share: Floats
    prize: Floats


class Master:
    """The linear program, kept warm in HiGHS while lines are added."""

    def __init__(self, program: Program, hubs: Sequence[Hub], first_option: int) -> None:
        """``program``: the compact program with free buses; ``first_option``: column of the first option row."""
        self.hubs = hubs
        self.width = len(program.cost)
        self.height = program.rows.shape[0]
        options = np.concatenate([hub.option for hub in hubs])
        self.row_of = np.full(int(options.max()) + 1, -1, dtype=np.int64)
        self.row_of[options] = self.height + np.arange(len(options))
        self.options = options
        many = len(options)
        taken = sp.csr_matrix(
            (np.full(many, -1.0), (np.arange(many), first_option + options)), shape=(many, self.width)
        )
        self.highs: Any = load(
            Program(
                cost=program.cost, lower=program.lower, upper=program.upper,
                integer=np.zeros(self.width, dtype=bool),
                rows=sp.vstack([program.rows, taken], format="csr"),
                row_lower=np.r_[program.row_lower, np.zeros(many)],
                row_upper=np.r_[program.row_upper, np.full(many, np.inf)],
                offset=program.offset,
            )
        )  # fmt: skip
        self.hub_of: list[Ints] = []
        self.parts: list[Lines] = []

    def add(self, hub_at: int, lines: Lines) -> None:
        """Append the lines of one hub as columns."""
        matrix = self.carried(hub_at, lines)
        many = len(lines)
        self.highs.addCols(
            many, lines.cost, np.zeros(many), np.full(many, np.inf), matrix.nnz, matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32), matrix.data,
        )  # fmt: skip
        self.hub_of.append(np.full(many, hub_at))
        self.parts.append(lines)

    def carried(self, hub_at: int, lines: Lines) -> sp.csr_matrix:
        """Return which rows (carried) each line serves, lines × rows."""
        row = self.row_of[self.hubs[hub_at].option][lines.flat]
        matrix = sp.csr_matrix(
            (np.ones(len(row)), row, lines.starts), shape=(len(lines), self.height + len(self.options))
        )
        matrix.sum_duplicates()
        return matrix

    def solve(self, *, grown: bool) -> Solved:
        """Solve; ``grown`` says that columns were added to an optimal program."""
        import highspy

        set_option(self.highs, "simplex_strategy", 4 if grown else 1)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self.highs.clearSolver()
            self.highs.run()
        status = self.highs.getModelStatus()
        if status != highspy.HighsModelStatus.kOptimal:
            raise SolverError(f"HiGHS stopped the integrated master: {self.highs.modelStatusToString(status)}.")
        answer = self.highs.getSolution()
        x, dual = np.array(answer.col_value), np.array(answer.row_dual)
        return Solved(
            value=float(self.highs.getInfo().objective_function_value),
            point=x[: self.width],
            share=x[self.width :],
            prize=np.maximum(dual[self.height :], 0.0),
        )

    def prizes(self, solved: Solved) -> list[Floats]:
        """Return the prizes hub by hub, stop by stop."""
        return [solved.prize[self.row_of[hub.option] - self.height] for hub in self.hubs]
