"""One call of the HiGHS solver on sparse arrays, its status made plain and its answer checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import SolverError

Status = Literal["optimal", "feasible", "infeasible", "unbounded", "none"]
StoppedBy = Literal["done", "time", "steps", "nodes", "user"]
Progress = Callable[[float, float], bool]

FEASIBILITY_TOLERANCE = 1e-6
"""Largest violation HiGHS may leave in a row or bound (its own default)."""


@dataclass(frozen=True)
class Program:
    """A mixed-integer linear program, always a minimisation.

    ``cost``, ``lower``, ``upper`` and ``integer`` have one entry a column; ``rows`` is a sparse matrix,
    rows × columns; ``row_lower <= rows @ x <= row_upper``. ``offset`` is added to the objective.
    """

    cost: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    integer: NDArray[np.bool_]
    rows: sp.csr_matrix
    row_lower: NDArray[np.float64]
    row_upper: NDArray[np.float64]
    offset: float = 0.0

    def objective(self, values: NDArray[np.float64]) -> float:
        """Return the cost of ``values``, computed here and not by a solver."""
        return float(self.cost @ values) + self.offset

    def violation(self, values: NDArray[np.float64]) -> float:
        """Return by how much ``values`` break the worst row, bound or whole-number demand."""
        activity = self.rows @ values
        worst = [
            0.0,
            float(np.max(self.row_lower - activity, initial=0.0)),
            float(np.max(activity - self.row_upper, initial=0.0)),
            float(np.max(self.lower - values, initial=0.0)),
            float(np.max(values - self.upper, initial=0.0)),
            float(np.max(np.abs(values - np.round(values))[self.integer], initial=0.0)),
        ]
        return max(worst)


@dataclass(frozen=True)
class Budget:
    """When to stop. Steps and nodes are repeatable; ``time_limit_s`` is the safety stop that is recorded.

    ``steps`` counts the points at which HiGHS asks whether to go on: on one thread the same program and
    seed meet the same points (measured: same count, same answer), whatever else the machine does. One
    step may be long, the root node above all.
    """

    gap: float = 1e-4
    time_limit_s: float = 60.0
    steps: int | None = None
    nodes: int | None = None


@dataclass(frozen=True)
class Solved:
    """What a solver call gave. ``values`` is None when no point was found; ``bound`` may then still hold."""

    status: Status
    values: NDArray[np.float64] | None
    objective: float
    bound: float
    nodes: int
    steps: int
    seconds: float
    stopped_by: StoppedBy = "done"
    row_dual: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    @property
    def gap(self) -> float:
        """(objective − bound) / |objective|, never negative; ``inf`` without a point."""
        if self.values is None:
            return float("inf")
        return max(0.0, self.objective - self.bound) / max(abs(self.objective), 1e-9)


def solve(
    program: Program,
    *,
    budget: Budget = Budget(),
    start: NDArray[np.float64] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Solved:
    """Return the best point and bound HiGHS finds for ``program`` within ``budget``, on one thread.

    Parameters
    ----------
    start
        A full feasible point; an infeasible one is ignored by the solver, so it is checked here first.
    progress
        Called with (best objective so far, bound); return True to stop with the best so far.

    Raises
    ------
    SolverError
        The solver refused the program or an option, or claims a point that breaks the program's rows.
    """
    began = time.perf_counter()
    highs = load(program)
    for name, value in _options(budget, seed).items():
        set_option(highs, name, value)
    kept = start if start is not None and program.violation(start) <= FEASIBILITY_TOLERANCE else None
    if kept is not None:
        _pass_start(highs, kept)
    watch = _Watch(budget, progress)
    is_integer = bool(program.integer.any())
    if is_integer:
        highs.cbMipInterrupt.subscribe(watch.check)
    _run(highs)
    return _read(highs, program, kept, watch, time.perf_counter() - began, is_integer)


def load(program: Program) -> Any:
    """Return a silent single-thread ``highspy.Highs`` holding ``program``."""
    import highspy

    highs = highspy.Highs()
    set_option(highs, "output_flag", False)
    set_option(highs, "threads", 1)
    columns = program.rows.tocsc()
    height, width = columns.shape
    numbers = _plain(program.cost, program.lower, program.upper, program.row_lower, program.row_upper)
    assert [len(part) for part in numbers] == [width, width, width, height, height]
    assert len(program.integer) == width  # HiGHS reads the arrays blindly
    none, nothing = np.empty(0, dtype=np.int32), np.empty(0)
    by_column, minimise = 1, 1
    taken = highs.passModel(  # whole arrays at once: a tenth of the time of filling a HighsLp field by field
        width,
        height,
        columns.nnz,
        0,
        by_column,
        by_column,
        minimise,
        program.offset,
        *numbers,
        columns.indptr.astype(np.int32, copy=False),
        columns.indices.astype(np.int32, copy=False),
        columns.data.astype(float, copy=False),
        none,
        none,
        nothing,
        np.asarray(program.integer, dtype=np.int32),
    )
    if taken == highspy.HighsStatus.kError:
        raise SolverError("HiGHS refused the program: an index or a bound is not usable.")
    return highs


def _plain(*arrays: NDArray[Any]) -> list[NDArray[np.float64]]:
    return [np.ascontiguousarray(array, dtype=float) for array in arrays]


def set_option(highs: Any, name: str, value: object) -> None:
    """Set one HiGHS option; an unknown one is an error, where HiGHS itself would go on without it."""
    import highspy

    if highs.setOptionValue(name, value) != highspy.HighsStatus.kOk:
        raise SolverError(f"HiGHS does not take the option {name} = {value!r}.")


def _options(budget: Budget, seed: int) -> dict[str, object]:
    options: dict[str, object] = {
        "mip_rel_gap": float(budget.gap),
        "time_limit": float(budget.time_limit_s),
        "random_seed": int(seed),
    }
    if budget.nodes is not None:
        options["mip_max_nodes"] = int(budget.nodes)
    return options


def _pass_start(highs: Any, start: NDArray[np.float64]) -> None:
    import highspy

    point = highspy.HighsSolution()
    point.col_value = list(start)
    highs.setSolution(point)


class _Watch:
    """Counts the steps of a run and stops it at the budget or at the caller's wish."""

    def __init__(self, budget: Budget, progress: Progress | None) -> None:
        self.limit = budget.steps
        self.progress = progress
        self.steps = 0
        self.stopped_by: StoppedBy = "done"

    def check(self, event: Any) -> None:
        self.steps += 1
        data = event.data_out
        if self.limit is not None and self.steps >= self.limit:
            self.stopped_by = "steps"
            event.interrupt()
        elif self.progress is not None and self.progress(data.mip_primal_bound, data.mip_dual_bound):
            self.stopped_by = "user"
            event.interrupt()


def _run(highs: Any) -> None:
    import highspy

    if highs.run() == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS failed: {highs.modelStatusToString(highs.getModelStatus())}.")


def _read(
    highs: Any,
    program: Program,
    start: NDArray[np.float64] | None,
    watch: _Watch,
    seconds: float,
    is_integer: bool,
) -> Solved:
    import highspy

    status = highs.getModelStatus()
    info = highs.getInfo()
    solution = highs.getSolution()
    values = np.array(solution.col_value) if solution.value_valid else None
    if values is not None and program.violation(values) > 10 * FEASIBILITY_TOLERANCE:
        values = None
    if start is not None and (values is None or program.objective(values) > program.objective(start)):
        values = start.copy()
    kinds = highspy.HighsModelStatus
    limits: dict[Any, StoppedBy] = {kinds.kTimeLimit: "time", kinds.kSolutionLimit: "nodes"}
    stopped = watch.stopped_by if watch.stopped_by != "done" else limits.get(status, "done")
    bound = float(info.mip_dual_bound) if is_integer else -np.inf
    if status == kinds.kOptimal and not is_integer:
        bound = float(info.objective_function_value)
    plain: Status = "none" if values is None else "feasible"
    if status == kinds.kOptimal and values is not None:
        plain = "optimal"
    elif status == kinds.kInfeasible and values is None:
        plain = "infeasible"
    elif status in (kinds.kUnbounded, kinds.kUnboundedOrInfeasible):
        plain = "infeasible" if status == kinds.kUnboundedOrInfeasible else "unbounded"
    return Solved(
        status=plain,
        values=values,
        objective=program.objective(values) if values is not None else float("inf"),
        bound=bound,
        nodes=int(max(info.mip_node_count, 0)),
        steps=watch.steps,
        seconds=seconds,
        stopped_by=stopped,
        row_dual=np.array(solution.row_dual) if solution.dual_valid else np.empty(0),
    )
