"""Lines that would pay at given prizes, and prizes that no line earns more than it costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.hubs import Hub
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.kernels.routing.master import plain_prices

Floats = NDArray[np.float64]
TOLERANCE_CNY = 0.5
"""A line that saves less than half a yuan a year is not worth a column."""
MOST_LINES = 120


@dataclass(frozen=True, eq=False)
class Offer:
    """What pricing one hub gave: lines that pay, and a proven lower bound on any line's cost less its prizes."""

    lines: Lines | None
    least: float
    proven: bool


def offer(hub: Hub, prize: Floats, *, exact: bool) -> Offer:
    """Return lines of ``hub`` that earn more in prizes than they cost."""
    found = hub.pricer.price(
        plain_prices(hub.task, prize), None, np.array([0]), exact=exact, tolerance=TOLERANCE_CNY, most=MOST_LINES
    )
    return Offer(found.lines, found.least, found.proven)


def single_lines(hub: Hub) -> Lines:
    """Return a line of its own for every group: what the options promise, so that the master has a point."""
    flat, starts = pack([[at] for at in range(hub.task.n)])
    return price_lines(hub.task, flat, starts, np.zeros(hub.task.n, dtype=np.int64))


def certified(hub: Hub, prize: Floats, least: float) -> Floats:
    """Return prizes no line of ``hub`` earns more of than it costs, from the least reduced cost proven.

    Every line has Σ prize ≤ cost + |least| ≤ cost × (1 + |least| / least cost): dividing by that factor makes
    the prizes a share of cost that holds for all lines at once (after Farley 1990, hub by hub).
    """
    return prize / (1.0 + max(0.0, -least) / hub.least_cny)


def radial(hub: Hub) -> Floats:
    """Return prizes that hold without any search: each group's share of seats in the shortest round trip to it.

    A line with load at most Q passes its farthest stop n, so it costs at least F + c·(way out and back to n);
    the loads add up to at most Q, so shares d_n / Q of those costs never exceed the largest of them.
    """
    task = hub.task
    way = hub.round_trip
    per_rider = np.min((task.fixed[None, :] + np.outer(way, task.per_min)) / task.seats[None, :], axis=1)
    return np.asarray(task.riders * per_rider, dtype=float)


def cost_shares(lines: Sequence[Lines], hubs: Sequence[Hub]) -> list[Floats]:
    """Return the realised cost of each group on the lines it rides, shared by riders."""
    found = []
    for hub, own in zip(hubs, lines, strict=True):
        share = np.zeros(hub.task.n)
        for at in range(len(own)):
            stops = own.stops(at)
            share[stops] = own.cost[at] * hub.task.riders[stops] / hub.task.riders[stops].sum()
        found.append(share)
    return found
