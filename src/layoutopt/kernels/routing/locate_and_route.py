"""Which depots open and how lines run from them, decided together, with one proven bound on both."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from layoutopt.errors import InputError, Problem
from layoutopt.kernels.routing import check as checks
from layoutopt.kernels.routing.answers import known_lines, nothing_found, state_of
from layoutopt.kernels.routing.task import (
    NO_WAY_MIN,
    SOLVER_GAP,
    TINY,
    Task,
    blocked_stops,
    check_numbers,
    make_task,
    read_fleet,
    read_minutes,
    read_vector,
)
from layoutopt.kernels.routing.values import Floats, Ints, Routed, RouteState, Vehicle

__all__ = ["LocatedRouted", "check", "locate_and_route"]

Tour = Literal["open", "closed"]


@dataclass(frozen=True, eq=False)
class LocatedRouted(Routed):
    """As :class:`Routed`; ``open`` says which of the ``depots`` are open, ``depot`` which of them each route uses."""

    open: Any = field(default_factory=lambda: np.empty(0, dtype=bool))
    depot: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __repr__(self) -> str:
        if not np.isfinite(self.objective):
            return f"<LocatedRouted: {self.status}, no lines, {self.seconds:.3g} s>"
        proof = "proven best" if self.status == "optimal" else f"within {100 * self.gap:.2g} % of the best"
        places = f"{int(np.sum(self.open))} of {len(self.open)} depots open, {len(self.routes)} lines"
        riders = f"{float(self.loads.sum()):g} riders"
        return f"<LocatedRouted: {places}, {riders}, cost {self.objective:.6g}, {proof}, {self.seconds:.3g} s>"


def locate_and_route(
    minutes: ArrayLike,
    riders: ArrayLike,
    *,
    depots: Sequence[int] | Ints,
    opening_cost: ArrayLike,
    depot_capacity: ArrayLike | None = None,
    seats: float | None = None,
    fixed_cost: float = 0.0,
    cost_per_min: float = 1.0,
    max_ride_min: ArrayLike = np.inf,
    dwell_min: float = 0.0,
    dwell_min_per_rider: float = 0.0,
    return_trip: bool = True,
    tour: Tour | None = None,
    fleet: Sequence[Vehicle] | None = None,
    cost_per_rider_min: float = 0.0,
    max_line_min: float = np.inf,
    gap: float = 1e-4,
    time_limit_s: float = 60.0,
    seed: int = 0,
    start: Routed | None = None,
    state: RouteState | None = None,
) -> LocatedRouted:
    """Return the depots to open and the lines from them at least cost, with a proven bound on any such choice.

    The cost is Σ opening cost of open depots + Σ over lines of the cost that :func:`route` describes; every rider
    goes to one depot, whichever is best for all together. The arguments not listed mean what they mean there.

    Parameters
    ----------
    minutes, riders
        Travel minutes ``[p, p]`` between all positions and riders ``[p]``; depots carry no riders.
    depots
        Positions of the possible depots (schools, hubs).
    opening_cost, depot_capacity
        Cost of opening each depot, and the riders it can take: one number, or one a depot. No capacity: unlimited.
    tour
        ``"closed"``: a line returns to where it began, the empty way is paid (as ``return_trip=True``);
        ``"open"``: it is not. None: as ``return_trip`` says.

    Examples
    --------
    >>> way = [[0, 30, 2, 3], [30, 0, 29, 28], [2, 29, 0, 2], [3, 28, 2, 0]]
    >>> found = locate_and_route(way, [0, 0, 4, 5], depots=[0, 1], opening_cost=9, seats=20, tour="open")
    >>> found.objective, found.open.tolist(), [line.tolist() for line in found.routes]
    (13.0, [True, False], [[3, 2]])
    """
    from layoutopt.kernels.routing.drive import solve

    began = time.perf_counter()
    paid = return_trip if tour is None else tour == "closed"
    table, people, task, types = _read(
        minutes, riders, depots, opening_cost, depot_capacity, seats, fixed_cost, cost_per_min, max_ride_min,
        dwell_min, dwell_min_per_rider, paid, tour, fleet, cost_per_rider_min, max_line_min, gap, time_limit_s,
    )  # fmt: skip
    shut = np.zeros(len(task.depot), dtype=bool)
    if task.n == 0:
        return LocatedRouted(
            "optimal",
            0.0,
            0.0,
            time.perf_counter() - began,
            "nobody rides",
            ride_min=np.zeros(len(people)),
            open=shut,
        )
    blocked, reasons = blocked_stops(table, task, return_trip=paid)
    if reasons:
        return LocatedRouted(
            "infeasible", np.inf, np.inf, time.perf_counter() - began, "input", ride_min=np.zeros(len(people)),
            blocked=blocked, reasons=reasons, open=shut,
        )  # fmt: skip
    known = _known_lines(task, start, state)
    answer = solve(task, gap=gap, time_limit_s=time_limit_s, seed=seed, start=known, reused=state is not None)
    return _located(answer, task, began, table, people, dwell_min, dwell_min_per_rider, types, gap)


def check(
    result: LocatedRouted,
    minutes: ArrayLike,
    riders: ArrayLike,
    *,
    depots: Sequence[int] | Ints,
    opening_cost: ArrayLike,
    depot_capacity: ArrayLike | None = None,
    seats: float | None = None,
    fixed_cost: float = 0.0,
    cost_per_min: float = 1.0,
    max_ride_min: ArrayLike = np.inf,
    dwell_min: float = 0.0,
    dwell_min_per_rider: float = 0.0,
    return_trip: bool = True,
    tour: Tour | None = None,
    fleet: Sequence[Vehicle] | None = None,
    cost_per_rider_min: float = 0.0,
    max_line_min: float = np.inf,
) -> tuple[str, ...]:
    """Return what is wrong with ``result``, worked out from the arrays alone; empty when nothing is."""
    if result.status in ("infeasible", "none"):
        return ()
    table, people = np.array(minutes, dtype=float), np.asarray(riders, dtype=float)
    np.fill_diagonal(table, 0.0)
    places = [int(at) for at in depots]
    paid = return_trip if tour is None else tour == "closed"
    limit = np.broadcast_to(np.asarray(max_ride_min, dtype=float), people.shape)
    opening = np.broadcast_to(np.asarray(opening_cost, dtype=float), (len(places),))
    room = np.broadcast_to(
        np.asarray(np.inf if depot_capacity is None else depot_capacity, dtype=float), (len(places),)
    )
    types = read_fleet(seats, fixed_cost, cost_per_min, fleet, [])
    faults = checks.served_once(result.routes, people, places) + checks.counted(list(result.vehicle), types)
    if faults:
        return tuple(faults)
    cost, load_at = float(opening[result.open].sum()), np.zeros(len(places))
    for at, line in enumerate(result.routes):
        stops, kind, d = [int(stop) for stop in line], types[int(result.vehicle[at])], int(result.depot[at])
        rides = checks.rides_of(stops, places[d], table, people, dwell_min, dwell_min_per_rider)
        empty = float(table[places[d], stops[0]]) if paid else 0.0
        faults += checks.faults_of_line(at, stops, places[d], kind, table, people, limit, rides, empty, max_line_min)
        if not result.open[d]:
            faults.append(f"line {at} goes to depot {d}, which is closed")
        load_at[d] += sum(float(people[stop]) for stop in stops)
        carried = sum(float(people[stop]) * ride for stop, ride in zip(stops, rides, strict=True))
        cost += kind.fixed_cost + kind.cost_per_min * (rides[0] + empty) + cost_per_rider_min * carried
    faults += [
        f"depot {d} takes {load_at[d]:g} riders, it has room for {room[d]:g}"
        for d in range(len(places))
        if load_at[d] > room[d] + 1e-6
    ]
    if not abs(cost - result.objective) <= 1e-6 * max(1.0, abs(cost)):
        faults.append(f"the objective says {result.objective:g}, it is {cost:g}")
    if result.bound > cost + 1e-6 * max(1.0, abs(cost)):
        faults.append(f"the bound {result.bound:g} lies above the objective {cost:g}")
    return tuple(faults)


def _read(
    minutes: ArrayLike, riders: ArrayLike, depots: Sequence[int] | Ints, opening_cost: ArrayLike,
    depot_capacity: ArrayLike | None, seats: float | None, fixed_cost: float, cost_per_min: float,
    max_ride_min: ArrayLike, dwell_min: float, dwell_min_per_rider: float, paid: bool, tour: str | None,
    fleet: Sequence[Vehicle] | None, cost_per_rider_min: float, max_line_min: float, gap: float, time_limit_s: float,
) -> tuple[Floats, Floats, Task, tuple[Vehicle, ...]]:  # fmt: skip
    """Check every argument in one pass and return the arrays."""
    problems: list[Problem] = []
    table = read_minutes(minutes, problems)
    size = len(table)
    people = read_vector("riders", riders, size, problems)
    limit = read_vector("max_ride_min", max_ride_min, size, problems, infinite=True)
    types = read_fleet(seats, fixed_cost, cost_per_min, fleet, problems)
    places = np.asarray(depots, dtype=np.int64).ravel()
    if len(places) == 0 or len(np.unique(places)) < len(places):
        problems.append(Problem("depots", f"is {places.tolist()}", "Give one or more different positions."))
    for at, place in enumerate(places):
        if not 0 <= place < size:
            problems.append(Problem(f"depots[{at}]", f"is {place}", f"Give a position from 0 to {size - 1}."))
        elif people[place] != 0:
            problems.append(Problem(f"riders[{place}]", f"is {people[place]:g} at a depot", "Give 0 riders there."))
    opening = read_vector("opening_cost", opening_cost, len(places), problems)
    room = read_vector(
        "depot_capacity",
        np.inf if depot_capacity is None else depot_capacity,
        len(places),
        problems,
        infinite=True,
    )
    check_numbers(
        problems, max_line_min=max_line_min, dwell_min=dwell_min, dwell_min_per_rider=dwell_min_per_rider,
        cost_per_rider_min=cost_per_rider_min, gap=gap, time_limit_s=time_limit_s,
    )  # fmt: skip
    if tour not in (None, "open", "closed"):
        problems.append(Problem("tour", f"is {tour!r}", 'Give "open", "closed" or None.'))
    if problems:
        raise InputError(problems)
    task = make_task(
        table, people, depots=places, types=types, limit_min=limit, line_limit_min=max_line_min, dwell_min=dwell_min,
        dwell_min_per_rider=dwell_min_per_rider, return_trip=paid, rider_cost=cost_per_rider_min, opening=opening,
        capacity=room,
    )  # fmt: skip
    return table, people, task, types


def _known_lines(task: Task, start: Routed | None, state: RouteState | None) -> Any:
    """Return the lines known from earlier, to the depot they went to."""
    rows: list[Ints] = []
    owners: list[int] = []
    if isinstance(start, LocatedRouted):
        rows += [np.asarray(line) for line in start.routes]
        owners += [int(d) for d in start.depot]
    if state is not None and len(state.depots) == len(state.lines):
        rows += list(state.lines)
        owners += list(state.depots)
    return known_lines(task, rows, owners)


def _located(
    answer: Any, task: Task, began: float, table: Floats, people: Floats, dwell: float, per_rider: float,
    types: Sequence[Vehicle], gap: float,
) -> LocatedRouted:  # fmt: skip
    """Return the answer in the caller's positions, every figure worked out from the lines."""
    seconds = time.perf_counter() - began
    shut = np.zeros(len(task.depot), dtype=bool)
    if answer.lines is None:
        return LocatedRouted(
            seconds=seconds, open=shut, **nothing_found(answer, task, len(people), "depots and vehicles")
        )
    lines = answer.lines
    order = sorted(range(len(lines)), key=lambda q: (int(lines.depot[q]), lines.stops(q).tolist()))
    routes = tuple(task.stop[lines.stops(q)] for q in order)
    depot = lines.depot[order].astype(np.int64)
    rides, cost = np.zeros(len(people)), 0.0
    for at, line in enumerate(routes):
        rides[line] = checks.rides_of(line.tolist(), int(task.depot[depot[at]]), table, people, dwell, per_rider)
        empty = task.outward[depot[at], lines.stops(order[at])[0]]
        assert empty < NO_WAY_MIN
        kind = types[int(lines.kind[order[at]])]
        cost += kind.fixed_cost + kind.cost_per_min * (rides[line[0]] + empty)
    shut[depot] = True
    objective = float(cost + task.rider_cost * (people @ rides) + task.opening[shut].sum())
    bound = float(min(max(0.0, answer.bound), objective))
    return LocatedRouted(
        status="optimal" if objective - bound <= max(gap, SOLVER_GAP) * abs(objective) + TINY else "feasible",
        objective=objective, bound=bound, seconds=seconds, method=answer.method, routes=routes,
        loads=np.array([people[line].sum() for line in routes]), ride_min=rides,
        vehicle=lines.kind[order].astype(np.int64), vehicles_needed=len(routes),
        state=state_of(task, answer.kept), open=shut, depot=depot,
    )  # fmt: skip
