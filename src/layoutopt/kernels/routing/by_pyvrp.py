"""Lines found by PyVRP, an optional engine: work is counted in iterations, minutes in whole thousandths."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from layoutopt.errors import InputError, Problem
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.kernels.routing.task import NO_LIMIT_MIN, NO_WAY_MIN, TINY, Task
from layoutopt.kernels.routing.values import Floats

SCALE = 1_000
"""PyVRP takes whole numbers: minutes and costs are rounded to thousandths, and the lines measured again afterwards."""
ITERATIONS_A_STOP = 40
MOST = 10**11


def obstacles(task: Task) -> list[str]:
    """Return what of ``task`` PyVRP cannot express."""
    found = []
    limits = np.unique(task.limit)
    loose = bool(limits.min() > NO_LIMIT_MIN / 10)
    if len(limits) > 1:
        found.append("ride limits that differ between stops")
    elif task.outward.any() and not loose:
        found.append("a ride limit beside a paid empty way out")
    if task.rider_cost > 0:
        found.append("riders' minutes in the cost")
    if not (task.riders == np.round(task.riders)).all():
        found.append("parts of riders")
    if len(task.steps):
        found.append("second runs")
    return found


def require(task: Task) -> None:
    """Raise ``InputError`` where PyVRP is missing or cannot express ``task``."""
    found = obstacles(task)
    if found:
        cure = 'Give engine="own", or leave it out.'
        raise InputError([Problem("engine", f"pyvrp does not know {', '.join(found)}", cure)])
    try:
        import pyvrp  # noqa: F401
    except ImportError as error:
        cure = "Install it (pip install pyvrp), or leave engine out."
        raise InputError([Problem("engine", "pyvrp is not installed", cure)]) from error


def find_lines(task: Task, *, lines: int, seed: int) -> Lines | None:
    """Return lines of PyVRP's best plan with at most ``lines`` lines; None where it leaves a rule broken."""
    from pyvrp import Model
    from pyvrp.stop import MaxIterations

    model = Model()
    places = [model.add_location(0, 0) for _ in range(task.n + 1)]
    school = model.add_depot(places[0])
    for place, riders, service in zip(places[1:], task.riders, task.service, strict=True):
        model.add_client(place, delivery=int(riders), service_duration=_whole(service))
    longest = _whole(min(float(task.limit.max()), task.line_limit) - TINY)
    profiles = [model.add_profile() for _ in task.seats]
    for v, seats in enumerate(task.seats):
        model.add_vehicle_type(
            int(min(task.count[v], lines)), capacity=int(seats), start_depot=school, end_depot=school,
            fixed_cost=_whole(task.fixed[v]), unit_distance_cost=1, unit_duration_cost=0, shift_duration=longest,
            profile=profiles[v],
        )  # fmt: skip
    _add_legs(model, places, profiles, task)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = model.solve(MaxIterations(ITERATIONS_A_STOP * task.n), seed=seed, display=False)
    if not found.is_feasible():
        return None
    orders = [[visit.idx for visit in route if visit.is_client()] for route in found.best.routes()]
    flat, starts = pack(orders)
    kinds = np.array([int(route.vehicle_type()) for route in found.best.routes()], dtype=np.int64)
    priced = price_lines(task, flat, starts, np.zeros(len(orders), dtype=np.int64), kind=kinds)
    # Rounding may let a line slip over a limit by a thousandth of a minute: then the plan does not count.
    return priced if len(np.unique(priced.flat)) == task.n and len(priced) <= lines else None


def _add_legs(model: Any, places: list[Any], profiles: list[Any], task: Task) -> None:
    """Add every leg to the model: its minutes, and its cost for each vehicle type."""
    minutes, counted = (
        _square(task.between, task.inward, task.outward),
        _square(task.pay_between + task.pay_service[:, None], task.pay_inward + task.pay_service, task.pay_outward),
    )
    for v, profile in enumerate(profiles):
        for i, origin in enumerate(places):
            for j, target in enumerate(places):
                if i != j and minutes[i, j] < NO_WAY_MIN:
                    cost = _whole(float(task.per_min[v] * counted[i, j]))
                    model.add_edge(
                        origin, target, distance=cost, duration=_whole(float(minutes[i, j])), profile=profile
                    )


def _square(between: Floats, inward: Floats, outward: Floats) -> Floats:
    return np.block([[np.zeros((1, 1)), outward[:1]], [inward[:1].T, between]])


def _whole(value: float) -> int:
    return int(min(np.rint(SCALE * value), MOST))
