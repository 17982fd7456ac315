"""Bus lines to one school: who rides which line in which order, at least cost or with fewest lines."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from layoutopt.errors import InputError, Problem, nearest
from layoutopt.kernels.routing import check as checks
from layoutopt.kernels.routing.answers import known_lines, nothing_found, state_of
from layoutopt.kernels.routing.task import (
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
from layoutopt.kernels.routing.values import Engine, Floats, Goal, Ints, Routed, RouteState, Vehicle

__all__ = ["RouteState", "Routed", "Vehicle", "check", "route"]

log = logging.getLogger(__name__)

GOALS = ("cost", "lines", "lines_cost")
ENGINES = ("auto", "own", "pyvrp")


def route(
    minutes: ArrayLike,
    riders: ArrayLike,
    *,
    school: int = 0,
    seats: float | None = None,
    fixed_cost: float = 0.0,
    cost_per_min: float = 1.0,
    max_ride_min: ArrayLike = np.inf,
    dwell_min: float = 0.0,
    dwell_min_per_rider: float = 0.0,
    return_trip: bool = True,
    fleet: Sequence[Vehicle] | None = None,
    goal: Goal = "cost",
    cost_per_rider_min: float = 0.0,
    max_line_min: float = np.inf,
    line_cost: ArrayLike | None = None,
    second_run_window_min: float | None = None,
    gap: float = 1e-4,
    time_limit_s: float = 60.0,
    work: float = np.inf,
    seed: int = 0,
    start: Sequence[ArrayLike] | None = None,
    state: RouteState | None = None,
    engine: Engine = "auto",
) -> Routed:
    """Return lines that bring all riders to the school, with a proven bound on what any lines must cost.

    Parameters
    ----------
    minutes
        Travel minutes, ``[k + 1, k + 1]`` from row to column; may be asymmetric, ``inf`` where no way leads.
        Positions 0 minutes apart are several groups of one place, each with its own riders and ride limit.
    riders
        Riders boarding at each position, ``[k + 1]``. Positions without riders, and the school, are not visited.
    school
        Position of the school.
    seats, fixed_cost, cost_per_min
        The vehicle: seats, cost of a line, cost of a minute under way. ``fleet`` takes their place when given.
    max_ride_min
        Longest ride from boarding (own dwell counted) to the school: one number, or one a position.
    dwell_min, dwell_min_per_rider
        Minutes a vehicle stands at each stop, and more for every rider boarding there.
    return_trip
        Whether the empty way from the school out to the first stop is paid (and counts in ``max_line_min``).
    fleet
        Vehicle types of a mixed fleet, with counts where they are limited.
    goal
        ``"cost"``: Σ over lines of fixed cost + cost per minute × (minutes with riders, dwell counted, + minutes
        of the paid empty way) + ``cost_per_rider_min`` × Σ riders × ride. ``"lines"``: fewest lines, then least
        Σ riders × ride (the objective reported). ``"lines_cost"``: fewest lines, then that cost.
    max_line_min
        Longest line in minutes, the paid empty way counted.
    line_cost
        What each leg counts towards the cost of a line instead of its minutes, ``[k + 1, k + 1]``: kilometres, say,
        and ``cost_per_min`` is then the cost of one. Standing at stops costs nothing then; limits stay in minutes.
    second_run_window_min
        When given (goal ``"cost"``), a vehicle may drive two lines whose minutes, the paid empty ways counted,
        together fit into this window, and its fixed cost is paid once; ``vehicles_needed`` says how many.
    gap, time_limit_s, seed
        Proven relative gap at which to stop, safety stop, and seed of the search. Two runs that are not stopped
        by the clock give the same arrays.
    work
        Where the proof of one program stops, on every machine alike: pairs of labels compared, some
        2e7 in a second.
    start, state
        Lines to begin from (positions, outermost first; those that break a rule are dropped), and the ``state`` of
        an earlier result.
    engine
        Who looks for good lines before the proof: ``"own"``, or ``"pyvrp"``, which must be installed, knows neither
        ``cost_per_rider_min`` nor limits that differ between stops nor second runs, and works beside our own search.
        ``"auto"`` is ``"own"``: an answer never depends on what happens to be installed.

    Examples
    --------
    >>> found = route([[0, 10, 12], [10, 0, 5], [12, 5, 0]], [0, 8, 9], seats=20, return_trip=False)
    >>> found.objective, [line.tolist() for line in found.routes], found.status
    (15.0, [[2, 1]], 'optimal')
    """
    began = time.perf_counter()
    table, people, task, types = _read(
        minutes, riders, school, seats, fixed_cost, cost_per_min, max_ride_min, dwell_min, dwell_min_per_rider,
        return_trip, fleet, goal, cost_per_rider_min, max_line_min, line_cost, second_run_window_min, gap,
        time_limit_s, engine,
    )  # fmt: skip
    if task.n == 0:
        return Routed("optimal", 0.0, 0.0, time.perf_counter() - began, "nobody rides", ride_min=np.zeros(len(people)))
    runs = 1 if second_run_window_min is None else 2
    blocked, reasons = blocked_stops(table, replace(task, count=runs * task.count), return_trip=return_trip)
    if reasons:
        return Routed(
            "infeasible", np.inf, np.inf, time.perf_counter() - began, "input", ride_min=np.zeros(len(people)),
            blocked=blocked, reasons=reasons,
        )  # fmt: skip
    if engine == "pyvrp":
        _require_pyvrp(task, goal, second_run_window_min)
    rows = [np.asarray(line, dtype=np.int64) for line in start or ()] + list(state.lines if state is not None else ())
    known = known_lines(task, rows, [0] * len(rows))
    window = second_run_window_min
    found = _solve(task, goal, window, gap, time_limit_s, work, seed, known, state is not None, engine)
    return _routed(found, task, goal, window, began, table, people, dwell_min, dwell_min_per_rider, types, gap)


def check(
    result: Routed,
    minutes: ArrayLike,
    riders: ArrayLike,
    *,
    school: int = 0,
    seats: float | None = None,
    fixed_cost: float = 0.0,
    cost_per_min: float = 1.0,
    max_ride_min: ArrayLike = np.inf,
    dwell_min: float = 0.0,
    dwell_min_per_rider: float = 0.0,
    return_trip: bool = True,
    fleet: Sequence[Vehicle] | None = None,
    goal: Goal = "cost",
    cost_per_rider_min: float = 0.0,
    max_line_min: float = np.inf,
    line_cost: ArrayLike | None = None,
    second_run_window_min: float | None = None,
) -> tuple[str, ...]:
    """Return what is wrong with ``result``, worked out from the arrays alone; empty when nothing is.

    An answer without lines (infeasible, or none found) has nothing to check and passes.
    """
    if result.status in ("infeasible", "none"):
        return ()
    table, people = np.array(minutes, dtype=float), np.asarray(riders, dtype=float)
    np.fill_diagonal(table, 0.0)
    legs = None if line_cost is None else np.array(line_cost, dtype=float)
    limit = np.broadcast_to(np.asarray(max_ride_min, dtype=float), people.shape)
    types = read_fleet(seats, fixed_cost, cost_per_min, fleet, [])
    faults = checks.served_once(result.routes, people, [school])
    if second_run_window_min is None:
        faults += checks.counted(list(result.vehicle), types)
    if faults:
        return tuple(faults)
    cost, rider_min, whole = 0.0, 0.0, []
    for at, line in enumerate(result.routes):
        stops, kind = [int(stop) for stop in line], types[int(result.vehicle[at])]
        rides = checks.rides_of(stops, school, table, people, dwell_min, dwell_min_per_rider)
        empty = float(table[school, stops[0]]) if return_trip else 0.0
        faults += checks.faults_of_line(at, stops, school, kind, table, people, limit, rides, empty, max_line_min)
        carried = sum(float(people[stop]) * ride for stop, ride in zip(stops, rides, strict=True))
        rider_min += carried
        whole.append(rides[0] + empty)
        paid = whole[-1] if legs is None else checks.legs_of(stops, school, legs, return_trip)
        cost += kind.cost_per_min * paid + cost_per_rider_min * carried
        faults += [
            f"position {s}: ride_min says {result.ride_min[s]:g}, it is {r:g}"
            for s, r in zip(stops, rides, strict=True)
            if abs(result.ride_min[s] - r) > 1e-6 * max(1.0, r)
        ]
        load = sum(float(people[stop]) for stop in stops)
        if abs(load - float(result.loads[at])) > 1e-6:
            faults.append(f"line {at}: loads says {float(result.loads[at]):g}, it is {load:g}")
    vehicles, too_few = checks.vehicles_of(list(result.vehicle), whole, types, second_run_window_min)
    faults += too_few
    if sum(vehicles) != result.vehicles_needed:
        faults.append(f"vehicles_needed says {result.vehicles_needed}, it is {sum(vehicles)}")
    cost += sum(many * kind.fixed_cost for many, kind in zip(vehicles, types, strict=True))
    objective = rider_min if goal == "lines" else cost
    if not abs(objective - result.objective) <= 1e-6 * max(1.0, abs(objective)):
        faults.append(f"the objective says {result.objective:g}, it is {objective:g}")
    if result.bound > objective + 1e-6 * max(1.0, abs(objective)):
        faults.append(f"the bound {result.bound:g} lies above the objective {objective:g}")
    return tuple(faults)


def _read(
    minutes: ArrayLike, riders: ArrayLike, school: int, seats: float | None, fixed_cost: float, cost_per_min: float,
    max_ride_min: ArrayLike, dwell_min: float, dwell_min_per_rider: float, return_trip: bool,
    fleet: Sequence[Vehicle] | None, goal: str, cost_per_rider_min: float, max_line_min: float,
    line_cost: ArrayLike | None, window: float | None, gap: float, time_limit_s: float, engine: str,
) -> tuple[Floats, Floats, Task, tuple[Vehicle, ...]]:  # fmt: skip
    """Check every argument in one pass and return the arrays."""
    problems: list[Problem] = []
    table = read_minutes(minutes, problems)
    size = len(table)
    people = read_vector("riders", riders, size, problems)
    limit = read_vector("max_ride_min", max_ride_min, size, problems, infinite=True)
    types = read_fleet(seats, fixed_cost, cost_per_min, fleet, problems)
    check_numbers(
        problems, max_line_min=max_line_min, dwell_min=dwell_min, dwell_min_per_rider=dwell_min_per_rider,
        cost_per_rider_min=cost_per_rider_min, gap=gap, time_limit_s=time_limit_s,
    )  # fmt: skip
    if window is not None and (not window > 0 or goal != "cost"):
        cure = 'Give minutes above 0 with goal="cost", or None.'
        problems.append(Problem("second_run_window_min", f"is {window:g} with goal {goal!r}", cure))
    if engine not in ENGINES:
        cure = f"Give one of {', '.join(ENGINES)}.{nearest(str(engine), ENGINES)}"
        problems.append(Problem("engine", f"is {engine!r}", cure))
    if goal not in GOALS:
        problems.append(Problem("goal", f"is {goal!r}", f"Give one of {', '.join(GOALS)}.{nearest(str(goal), GOALS)}"))
    legs = None if line_cost is None else read_minutes(line_cost, problems, name="line_cost")
    if legs is not None and legs.shape != table.shape:
        problems.append(Problem("line_cost", f"has the shape {legs.shape}", f"Give the shape {table.shape}."))
        legs = None
    if legs is not None:
        table[np.isinf(legs)] = np.inf
    if not 0 <= school < size:
        problems.append(Problem("school", f"is {school}", f"Give a position from 0 to {size - 1}."))
    elif people.shape == (size,) and people[school] != 0:
        problems.append(Problem(f"riders[{school}]", f"is {people[school]:g} at the school", "Give 0 riders there."))
    if problems:
        raise InputError(problems)
    task = make_task(
        table, people, depots=np.array([school]), types=types, limit_min=limit, line_limit_min=max_line_min,
        dwell_min=dwell_min, dwell_min_per_rider=dwell_min_per_rider, return_trip=return_trip,
        rider_cost=cost_per_rider_min, line_cost=legs,
    )  # fmt: skip
    return table, people, task, types


def _solve(
    task: Task,
    goal: str,
    window: float | None,
    gap: float,
    time_limit_s: float,
    work: float,
    seed: int,
    known: Any,
    reused: bool,
    engine: str,
) -> Any:
    """Return (answer, proven number of lines) for the goal."""
    from layoutopt.kernels.routing.fewest import fewest_lines
    from layoutopt.kernels.routing.one_school import solve
    from layoutopt.kernels.routing.second import solve_with_second_runs

    if window is not None:
        answer = solve_with_second_runs(
            task, window, gap=gap, time_limit_s=time_limit_s, seed=seed, start=known, reused=reused, work=work
        )
        return answer, 0
    if goal == "cost":
        done = solve(
            task, gap=gap, time_limit_s=time_limit_s, seed=seed, start=known, reused=reused, engine=engine, work=work
        )
        return done, 0
    if goal == "lines":
        zero = np.zeros_like(task.fixed)
        task = replace(task, fixed=zero, per_min=zero, rider_cost=1.0)
        known = _again(task, known)
    began = time.perf_counter()
    plan, low = fewest_lines(task, time_limit_s=0.4 * time_limit_s, seed=seed, start=known, engine=engine)
    task = replace(task, lines_low=low, lines_high=task.lines_high if plan is None else len(plan.lines))
    spare = max(0.5 * time_limit_s, time_limit_s - (time.perf_counter() - began))
    done = solve(
        task, gap=gap, time_limit_s=spare, seed=seed, start=known, plan=plan, reused=reused, engine=engine, work=work
    )
    return done, low


def _require_pyvrp(task: Task, goal: str, window: float | None) -> None:
    from layoutopt.kernels.routing.by_pyvrp import require

    rider_cost = 1.0 if goal == "lines" else task.rider_cost
    require(replace(task, rider_cost=rider_cost, steps=np.zeros((int(window is not None), 2))))


def _again(task: Task, known: Any) -> Any:
    from layoutopt.kernels.routing.lines import price_lines

    return None if known is None else price_lines(task, known.flat, known.starts, known.depot)


def _routed(
    found: Any, task: Task, goal: str, window: float | None, began: float, table: Floats, people: Floats,
    dwell: float, per_rider: float, types: Sequence[Vehicle], gap: float,
) -> Routed:  # fmt: skip
    """Return the answer in the caller's positions, every figure worked out from the lines."""
    answer, low = found
    seconds = time.perf_counter() - began
    if answer.lines is None:
        return Routed(seconds=seconds, lines_bound=low, **nothing_found(answer, task, len(people), "vehicles"))
    order = sorted(range(len(answer.lines)), key=lambda q: answer.lines.stops(q).tolist())
    routes: tuple[Ints, ...] = tuple(task.stop[answer.lines.stops(q)] for q in order)
    rides = np.zeros(len(people))
    cost, whole, school = 0.0, [], int(task.depot[0])
    kinds = answer.lines.kind[order].astype(np.int64)
    for at, line in enumerate(routes):
        rides[line] = checks.rides_of(line.tolist(), school, table, people, dwell, per_rider)
        empty = task.outward[0, answer.lines.stops(order[at])[0]]
        whole.append(float(rides[line[0]] + empty))
        paid = whole[-1] if task.pays_minutes else _paid(task, answer.lines.stops(order[at]))
        cost += types[int(kinds[at])].cost_per_min * paid
    vehicles, _ = checks.vehicles_of(kinds.tolist(), whole, types, window)
    cost += sum(many * kind.fixed_cost for many, kind in zip(vehicles, types, strict=True))
    rider_min = float(people @ rides)
    objective = rider_min if goal == "lines" else cost + task.rider_cost * rider_min
    bound = min(max(0.0, answer.bound), objective)
    proven = objective - bound <= max(gap, SOLVER_GAP) * abs(objective) + TINY and (
        goal == "cost" or low >= len(routes)
    )
    return Routed(
        status="optimal" if proven else "feasible",
        objective=float(objective),
        bound=float(bound),
        seconds=seconds,
        method=answer.method,
        routes=routes,
        loads=np.array([people[line].sum() for line in routes]),
        ride_min=rides,
        vehicle=kinds,
        lines_bound=low,
        vehicles_needed=sum(vehicles),
        state=state_of(task, answer.kept),
    )


def _paid(task: Task, stops: Ints) -> float:
    legs = float(task.pay_between[stops[:-1], stops[1:]].sum() + task.pay_service[stops].sum())
    return legs + float(task.pay_inward[0, stops[-1]] + task.pay_outward[0, stops[0]])
