"""Lines that would pay at given prizes, and prizes that no line earns more than it costs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.hubs import Hub
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.kernels.routing.master import plain_prices
from layoutopt.kernels.routing.pricer import Priced
from layoutopt.kernels.routing.task import Task

Floats = NDArray[np.float64]
TOLERANCE_CNY = 0.5
"""A line that saves less than half a yuan a year is not worth a column."""
MOST_LINES = 120


def offer(hub: Hub, prize: Floats, *, exact: bool) -> Priced:
    """Return lines of ``hub`` that earn more in prizes than they cost."""
    prices = plain_prices(hub.task, prize)
    return hub.pricer.price(prices, None, np.array([0]), exact=exact, tolerance=TOLERANCE_CNY, most=MOST_LINES)


def single_lines(task: Task) -> Lines:
    """Return a line of its own for every stop that allows one."""
    flat, starts = pack([[at] for at in range(task.n)])
    return price_lines(task, flat, starts, np.zeros(task.n, dtype=np.int64))


def certified(hub: Hub, prize: Floats, least: float) -> Floats:
    """Return prizes no line of ``hub`` earns more of than it costs, from the least reduced cost proven.

    Every line has Σ prize ≤ cost + |least| ≤ cost × (1 + |least| / least cost): dividing by that factor makes
    the prizes a share of cost that holds for all lines at once (after Farley 1990, hub by hub).
    """
    return prize / (1.0 + max(0.0, -least) / hub.least_cny)
