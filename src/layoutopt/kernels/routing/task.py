"""The routing arrays in the shape the loops want, made once from checked input."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse.csgraph as graph

from layoutopt.errors import InputError, Problem
from layoutopt.kernels.routing.values import Floats, Ints, Vehicle

NO_WAY_MIN = 1e9
"""Stands for "no way" inside the loops, where inf − inf would poison a difference."""
NO_LIMIT_MIN = 1e8
"""A ride limit nobody reaches, yet below ``NO_WAY_MIN``: a line over a missing way breaks even this one."""
TINY = 1e-9
SOLVER_GAP = 1e-7
"""Relative gap that only the rounding of the linear programs leaves: as good as none."""


@dataclass(frozen=True, eq=False)
class Task:
    """Stops with riders, depots (schools) they are brought to, and vehicle types; all positions are ours.

    Shapes: ``between[n, n]``, ``inward[d, n]`` stop → depot, ``outward[d, n]`` depot → stop (zeros where the
    empty trip is not paid), ``service, riders, limit, stop [n]``, vehicle arrays ``[v]``, depot arrays ``[d]``.
    ``stop`` and ``depot`` hold the caller's positions. What a vehicle's way costs is counted in ``pay_between,
    pay_inward, pay_outward, pay_service``, times ``per_min``: the minutes themselves unless something else is paid.
    ``steps[s]``: a line longer than ``steps[s, 0]`` minutes pays the share ``steps[s, 1]`` of ``step_fixed`` more.
    """

    between: Floats
    inward: Floats
    outward: Floats
    service: Floats
    riders: Floats
    limit: Floats
    line_limit: float
    seats: Floats
    fixed: Floats
    per_min: Floats
    count: Ints
    rider_cost: float
    opening: Floats
    capacity: Floats
    stop: Ints
    depot: Ints
    lines_low: int
    lines_high: int
    pay_between: Floats
    pay_inward: Floats
    pay_outward: Floats
    pay_service: Floats
    pays_minutes: bool = True
    steps: Floats = field(default_factory=lambda: np.empty((0, 2)))
    step_fixed: Floats = field(default_factory=lambda: np.empty(0))

    @property
    def n(self) -> int:
        """Number of stops with riders."""
        return len(self.riders)

    def step_share(self, whole_min: Any) -> Any:
        """Return which share of ``step_fixed`` lines of ``whole_min`` pay."""
        longer = np.asarray(whole_min)[..., None] > self.steps[:, 0]
        return (longer * self.steps[:, 1]).sum(axis=-1)


def read_minutes(minutes: object, problems: list[Problem], *, name: str = "minutes") -> Floats:
    """Return ``minutes`` as a square float array, with ``inf`` kept; faults are added to ``problems``."""
    array = np.array(minutes, dtype=float)
    if array.ndim != 2 or array.shape[0] != array.shape[1] or array.shape[0] == 0:
        raise InputError([Problem(name, f"has the shape {array.shape}", "Give a square table.")])
    np.fill_diagonal(array, 0.0)
    _report(
        problems,
        name,
        array,
        np.isnan(array) | (array < 0),
        f"Give {name.split('_')[-1]} of 0 or more, inf where no way.",
    )
    return array


def read_vector(
    name: str,
    value: object,
    size: int,
    problems: list[Problem],
    *,
    infinite: bool = False,
    positive: bool = False,
) -> Floats:
    """Return ``value`` (a number or one number a position) as ``size`` floats; faults go to ``problems``."""
    array = np.asarray(value, dtype=float)
    if array.ndim == 0:
        array = np.full(size, float(array))
    if array.shape != (size,):
        problems.append(Problem(name, f"has the shape {array.shape}", f"Give one number or {size} numbers."))
        return np.zeros(size)
    bad = np.isnan(array) | (array < 0)
    if positive:
        bad |= array <= 0
    if not infinite:
        bad |= np.isinf(array)
    kind = "above 0" if positive else "of 0 or more"
    _report(problems, name, array, bad, f"Give {'numbers' if infinite else 'finite numbers'} {kind}.")
    return array.copy()


def _report(problems: list[Problem], name: str, array: Floats, bad: Floats, cure: str) -> None:
    spots = np.argwhere(bad)
    for spot in spots[:20]:
        place = ", ".join(str(int(at)) for at in spot)
        problems.append(Problem(f"{name}[{place}]", f"is {float(array[tuple(spot)]):g}", cure))
    if len(spots) > 20:
        problems.append(Problem(name, f"has {len(spots) - 20} more such entries", cure))


def read_fleet(
    seats: float | None,
    fixed_cost: float,
    cost_per_min: float,
    fleet: Sequence[Vehicle] | None,
    problems: list[Problem],
) -> tuple[Vehicle, ...]:
    """Return the vehicle types, one made of ``seats`` and the costs when no ``fleet`` is given."""
    if fleet is None and seats is None:
        raise InputError([Problem("seats", "is missing", "Give the seats of a vehicle, or a fleet.")])
    single = Vehicle(float(seats or 0), float(fixed_cost), float(cost_per_min))
    types = (single,) if fleet is None else tuple(fleet)
    if not types:
        problems.append(Problem("fleet", "is empty", "Give at least one vehicle type, or seats."))
    for at, kind in enumerate(types):
        name = "" if fleet is None else f"fleet[{at}]."
        for part, low in (("seats", TINY), ("fixed_cost", 0.0), ("cost_per_min", 0.0)):
            value = float(getattr(kind, part))
            if not np.isfinite(value) or value < low:
                cure = "Give a number above 0." if low else "Give a finite number of 0 or more."
                problems.append(Problem(f"{name}{part}", f"is {value:g}", cure))
        if kind.count is not None and kind.count < 0:
            problems.append(Problem(f"{name}count", f"is {kind.count}", "Give 0 or more, or None for no limit."))
    return types


def check_numbers(problems: list[Problem], *, max_line_min: float, **numbers: float) -> None:
    """Add a problem for every number that is negative or not finite; only ``max_line_min`` may be ``inf``."""
    for name, value in numbers.items():
        if not np.isfinite(value) or value < 0:
            problems.append(Problem(name, f"is {value:g}", "Give a finite number of 0 or more."))
    if np.isnan(max_line_min) or max_line_min < 0:
        problems.append(Problem("max_line_min", f"is {max_line_min:g}", "Give minutes of 0 or more, or inf."))


def make_task(
    minutes: Floats,
    riders: Floats,
    *,
    depots: Ints,
    types: Sequence[Vehicle],
    limit_min: Floats,
    line_limit_min: float,
    dwell_min: float,
    dwell_min_per_rider: float,
    return_trip: bool,
    rider_cost: float,
    opening: Floats | None = None,
    capacity: Floats | None = None,
    line_cost: Floats | None = None,
) -> Task:
    """Return the :class:`Task` of checked arrays; positions without riders are left out.

    ``line_cost``, shaped as ``minutes``, is what each leg counts towards the cost of a line instead of its minutes;
    standing at stops then costs nothing.
    """
    is_depot = np.zeros(len(riders), dtype=bool)
    is_depot[depots] = True
    stop = np.flatnonzero((riders > 0) & ~is_depot)
    many = len(stop)
    between, inward, outward = _legs(minutes, stop, depots, return_trip)
    service = dwell_min + dwell_min_per_rider * riders[stop]
    pay = (between, inward, outward) if line_cost is None else _legs(line_cost, stop, depots, return_trip)
    return Task(
        between=between,
        inward=inward,
        outward=outward,
        service=service,
        riders=riders[stop].astype(float),
        limit=np.minimum(limit_min[stop], NO_LIMIT_MIN) + TINY,
        line_limit=min(line_limit_min, NO_LIMIT_MIN) + TINY,
        seats=np.array([float(kind.seats) for kind in types]) + TINY,
        fixed=np.array([float(kind.fixed_cost) for kind in types]),
        per_min=np.array([float(kind.cost_per_min) for kind in types]),
        count=np.array([many if kind.count is None else min(kind.count, many) for kind in types], dtype=np.int64),
        rider_cost=float(rider_cost),
        opening=np.zeros(len(depots)) if opening is None else opening.astype(float),
        capacity=np.full(len(depots), np.inf) if capacity is None else capacity + TINY,
        stop=stop.astype(np.int64),
        depot=depots.astype(np.int64),
        lines_low=0,
        lines_high=many,
        pay_between=pay[0],
        pay_inward=pay[1],
        pay_outward=pay[2],
        pay_service=service if line_cost is None else np.zeros(many),
        pays_minutes=line_cost is None,
        step_fixed=np.zeros(len(types)),
    )


def _legs(table: Floats, stop: Ints, depots: Ints, return_trip: bool) -> tuple[Floats, Floats, Floats]:
    finite = np.where(np.isfinite(table), table, NO_WAY_MIN)
    return (
        np.ascontiguousarray(finite[np.ix_(stop, stop)]),
        np.ascontiguousarray(finite[np.ix_(stop, depots)].T),
        np.ascontiguousarray(finite[np.ix_(depots, stop)]) * (1.0 if return_trip else 0.0),
    )


def blocked_stops(minutes: Floats, task: Task, *, return_trip: bool) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Return the positions that no line can serve, with the reason for each.

    A stop may be served on the way of others, so its minutes are measured along the shortest chain of ways.
    """
    inward, outward = _chains(minutes, task, return_trip)
    positions: list[int] = []
    reasons: list[str] = []
    for at in range(task.n):
        where, riders = int(task.stop[at]), task.riders[at]
        ride = float(inward[at] + task.service[at])
        if riders > task.seats.max():
            most = f"{task.seats.max():g} seats of the largest vehicle"
            reason = f"{riders:g} riders at position {where} exceed the {most}"
        elif not np.isfinite(inward[at]):
            reason = f"no way leads from position {where} to a school"
        elif ride > task.limit[at]:
            reason = f"the ride from position {where} takes {ride:g} min, {task.limit[at]:g} are allowed"
        elif not np.isfinite(outward[at]):
            reason = f"no way leads from a school to position {where}"
        elif ride + outward[at] > task.line_limit:
            reason = f"a line to position {where} takes {ride + outward[at]:g} min, {task.line_limit:g} are allowed"
        else:
            continue
        positions.append(where)
        reasons.append(reason)
    room = float(task.seats @ task.count)
    if not positions and room < task.riders.sum():
        reasons.append(f"{task.riders.sum():g} riders, {room:g} seats in the whole fleet")
    if not positions and task.capacity.sum() < task.riders.sum():
        reasons.append(f"{task.riders.sum():g} riders, {task.capacity.sum():g} places at all depots")
    return tuple(positions), tuple(reasons)


def _chains(minutes: Floats, task: Task, return_trip: bool) -> tuple[Floats, Floats]:
    # Explicit zeros would vanish as "no edge" in scipy's dense graphs: keep them a hair above zero.
    ways = np.where(np.isfinite(minutes), np.maximum(minutes, 1e-12), np.inf)
    back = graph.dijkstra(graph.csgraph_from_dense(ways.T, null_value=np.inf), indices=task.depot, min_only=True)
    inward = np.asarray(back)[task.stop]
    if not return_trip:
        return inward, np.zeros(task.n)
    out = graph.dijkstra(graph.csgraph_from_dense(ways, null_value=np.inf), indices=task.depot, min_only=True)
    return inward, np.asarray(out)[task.stop]


def is_covering(task: Task) -> bool:
    """Return whether leaving a stop out of a line never makes the line dearer or longer."""
    return _is_shorter_without(task.between, task.inward, task.outward, task.service) and (
        task.pays_minutes or _is_shorter_without(task.pay_between, task.pay_inward, task.pay_outward, task.pay_service)
    )


def _is_shorter_without(between: Floats, inward: Floats, outward: Floats, service: Floats) -> bool:
    ends = np.hstack([between, inward.T])
    direct, ways = ends, between
    if outward.any():
        depots = len(outward)
        direct = np.vstack([ends, np.hstack([outward, np.full((depots, depots), -np.inf)])])
        ways = np.vstack([between, outward])
    for u in range(len(service)):
        via = ways[:, u][:, None] + service[u] + ends[u][None, :]
        # The diagonal stands for no leg at all, and a missing way for one that no line takes.
        if (np.where(via < NO_WAY_MIN, direct - via, 0.0) > 1e-9).any():
            return False
    return True


def fewest_by_seats(task: Task) -> int:
    """Return how many of the largest vehicles the riders fill at least."""
    seats = np.sort(np.repeat(task.seats, np.minimum(task.count, task.n)))[::-1]
    return int(np.searchsorted(np.cumsum(seats), task.riders.sum() - 1e-6) + 1)


def least_way(between: Floats, ends: Floats, service: Floats) -> Floats:
    """Return for each depot and stop the shortest sum of legs and stops from the stop to the depot, over any stops."""
    legs = between + service[:, None]
    least = ends + service
    for _ in range(len(service)):
        nearer = np.minimum(least, (legs[None] + least[:, None, :]).min(axis=2))
        if (nearer >= least - 1e-12).all():
            break
        least = nearer
    return np.asarray(least)
