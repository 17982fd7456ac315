"""Works any set of lines out again from the caller's arrays, without search, solver or compiled code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from layoutopt.kernels.routing.values import Floats, Vehicle
from layoutopt.units import SLACK_MIN


def rides_of(
    route: Sequence[int], depot: int, minutes: Floats, riders: Floats, dwell: float, per_rider: float
) -> list[float]:
    """Return minutes from boarding to the depot for each stop of ``route`` (outermost first)."""
    rides: list[float] = []
    clock, nearer = 0.0, depot
    for stop in reversed(list(route)):
        clock += float(minutes[stop, nearer]) + dwell + per_rider * float(riders[stop])
        rides.append(clock)
        nearer = stop
    return rides[::-1]


def legs_of(route: Sequence[int], depot: int, legs: Floats, return_trip: bool) -> float:
    """Return the sum of ``legs`` along a line, its empty way out included where that is paid."""
    ways = [*pairwise(route), (route[-1], depot), *([(depot, route[0])] if return_trip else [])]
    return sum(float(legs[way]) for way in ways)


def faults_of_line(
    at: int, route: Sequence[int], depot: int, kind: Vehicle, minutes: Floats, riders: Floats, limit: Floats,
    rides: Sequence[float], empty_min: float, line_limit: float,
) -> list[str]:  # fmt: skip
    """Return what is wrong with one line."""
    faults = []
    load = float(sum(riders[stop] for stop in route))
    if load > kind.seats + SLACK_MIN:
        faults.append(f"line {at} carries {load:g} riders on {kind.seats:g} seats")
    for stop, ride in zip(route, rides, strict=True):
        if not ride <= limit[stop] + SLACK_MIN:
            faults.append(f"line {at}: the ride from position {stop} takes {ride:g} min, {limit[stop]:g} are allowed")
    if not np.isfinite(empty_min):
        faults.append(f"line {at}: no way leads from position {depot} to its first stop")
    elif rides and rides[0] + empty_min > line_limit + SLACK_MIN:
        faults.append(f"line {at} takes {rides[0] + empty_min:g} min, {line_limit:g} are allowed")
    return faults


def served_once(routes: Sequence[Any], riders: Floats, depots: Sequence[int]) -> list[str]:
    """Return what is wrong with who is served: everyone with riders once, nobody else."""
    faults = []
    visits = np.zeros(len(riders), dtype=int)
    for at, route in enumerate(routes):
        if len(route) == 0:
            faults.append(f"line {at} is empty")
        for stop in route:
            if not 0 <= stop < len(riders) or stop in depots:
                faults.append(f"line {at} visits position {stop}, which is no stop")
            else:
                visits[stop] += 1
    for stop in range(len(riders)):
        wanted = int(riders[stop] > 0 and stop not in depots)
        if visits[stop] != wanted:
            faults.append(f"position {stop} is visited {visits[stop]} times instead of {wanted}")
    return faults


def counted(vehicle: Sequence[int], types: Sequence[Vehicle]) -> list[str]:
    """Return which vehicle types are used more often than there are vehicles."""
    faults = []
    for v, kind in enumerate(types):
        used = sum(1 for k in vehicle if k == v)
        if kind.count is not None and used > kind.count:
            faults.append(f"vehicle type {v} is used {used} times, there are {kind.count}")
    return faults


def fewest_vehicles(whole_min: Sequence[float], window_min: float | None) -> int:
    """Return the vehicles needed when one may run a second line if both fit into ``window_min``.

    The longest line that finds a partner takes the longest partner that still fits: for "the sum fits" this greedy
    pairing is a largest one.
    """
    if window_min is None:
        return len(whole_min)
    order = sorted(whole_min)
    low, high, vehicles = 0, len(order) - 1, 0
    while low <= high:
        if low < high and order[low] + order[high] <= window_min + SLACK_MIN:
            low += 1
        high -= 1
        vehicles += 1
    return vehicles


def vehicles_of(
    vehicle: Sequence[int], whole_min: Sequence[float], types: Sequence[Vehicle], window_min: float | None
) -> tuple[list[int], list[str]]:
    """Return the vehicles of each type that the lines need, and which types have too few of them."""
    needed, faults = [], []
    for v, kind in enumerate(types):
        mine = [whole for k, whole in zip(vehicle, whole_min, strict=True) if k == v]
        needed.append(fewest_vehicles(mine, window_min))
        if kind.count is not None and needed[-1] > kind.count:
            faults.append(f"vehicle type {v} needs {needed[-1]} vehicles, there are {kind.count}")
    return needed, faults
