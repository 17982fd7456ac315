"""What a caller of the routing kernels gives and gets: vehicles, lines, status and bound."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Status = Literal["optimal", "feasible", "infeasible", "none"]
Goal = Literal["cost", "lines", "lines_cost"]
Engine = Literal["auto", "own", "pyvrp"]


@dataclass(frozen=True)
class Vehicle:
    """One type of vehicle of a mixed fleet; ``count`` None means as many as wanted."""

    seats: float
    fixed_cost: float = 0.0
    cost_per_min: float = 1.0
    count: int | None = None


@dataclass(frozen=True, eq=False)
class RouteState:
    """What a run leaves for the next one: the lines it knew (positions, outermost first)."""

    lines: tuple[Ints, ...] = ()
    depots: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False, repr=False)
class Routed:
    """Lines to one school, with what is proven about them.

    ``objective`` is recomputed from ``routes``. ``bound`` is a proven lower bound on the objective of every
    plan; with a goal that counts lines first, of every plan with ``len(routes)`` lines, while
    ``lines_bound`` is a proven lower bound on the number of lines. ``blocked`` lists positions that no plan
    can serve and ``reasons`` says why, in the same order, followed by reasons that have no position.
    ``ride_min`` has one entry a position: minutes from boarding (own dwell counted) to the school, 0 at the
    school and where nobody boards.
    """

    status: Status
    objective: float
    bound: float
    seconds: float
    method: str
    routes: tuple[Ints, ...] = ()
    loads: Floats = field(default_factory=lambda: np.empty(0))
    ride_min: Floats = field(default_factory=lambda: np.empty(0))
    vehicle: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    lines_bound: int = 0
    vehicles_needed: int = 0
    blocked: tuple[int, ...] = ()
    reasons: tuple[str, ...] = ()
    state: Any = None

    @property
    def gap(self) -> float:
        """(objective − bound) / objective, never negative; ``inf`` without lines."""
        if not np.isfinite(self.objective):
            return float("inf")
        return max(0.0, self.objective - self.bound) / max(abs(self.objective), 1e-9)

    def __repr__(self) -> str:
        """Return the figures in one line, without the arrays."""
        if not np.isfinite(self.objective):
            why = f": {self.reasons[0]}" if self.reasons else ""
            return f"<{type(self).__name__}: {self.status}{why}, {self.seconds:.1f} s>"
        carried = f"{len(self.routes)} lines, {self.loads.sum():g} riders, objective {self.objective:g}"
        proof = "optimal" if self.status == "optimal" else f"within {100 * self.gap:.2g} % of the best"
        return f"<{type(self).__name__}: {carried}, {proof}, {self.seconds:.1f} s>"
