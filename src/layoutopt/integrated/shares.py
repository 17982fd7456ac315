"""Shares of cost that no line can undercut, several for each hub: what the bound may say a rider costs at least.

A set of prizes is sound where no line earns more than it costs; then riders x cost their hub at least Σ p x. The
largest of several such sums is sound too:

θ_j ≥ Σ_n p^t_n x_nj        every hub j, every set t

The root's prizes are best where the linear relaxation lies. Whole layouts lie elsewhere: prices of a hub that takes
everybody who may come (its routing relaxation), the mean of both, and seat shares hold the bound up there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.integrated.draw import cover_prices
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.pricing import certified, offer, single_lines
from layoutopt.integrated.root import Root
from layoutopt.kernels.highs import Program
from layoutopt.kernels.routing.bound import seat_shares
from layoutopt.kernels.routing.lines import Lines, join

Floats = NDArray[np.float64]
Prizes = tuple[Floats, ...]
"""One array a hub, one entry a stop."""
ROUNDS = 40
MOST_STOPS = 160
"""Hubs with more stops take the root's prizes again: their own would cost more than they bring."""


def share_sets(hubs: Sequence[Hub], root: Root, *, full: bool, joined: float = 1.0) -> tuple[Prizes, ...]:
    """Return the sets of prizes; without ``full`` only the root's and the seat shares.

    ``joined`` is what is left of prizes where lines may serve several schools
    (:func:`layoutopt.model.joined.joined_share`). Seat shares stay whole: every rider has a seat of their own.
    """
    seats = tuple(seat_shares(hub.task) for hub in hubs)
    if not full:
        return (_scaled(root.prizes, joined), seats)
    everybody = tuple(
        prize if hub.task.n > MOST_STOPS else full_prizes(hub, known)
        for hub, prize, known in zip(hubs, root.prizes, root.lines, strict=True)
    )
    mean = tuple(0.5 * (one + other) for one, other in zip(root.prizes, everybody, strict=True))
    return (*(_scaled(prizes, joined) for prizes in (root.prizes, everybody, mean)), seats)


def _scaled(prizes: Prizes, share: float) -> Prizes:
    return prizes if share == 1.0 else tuple(share * prize for prize in prizes)


def full_prizes(hub: Hub, known: Lines) -> Floats:
    """Return sound prizes from the routing relaxation in which every group that may ride to ``hub`` does.

    Where some group is on no line, nobody can tell what everybody would cost: seat shares then.
    """
    lines = join([single_lines(hub.task), known])
    if len(np.unique(lines.flat)) < hub.task.n:
        return seat_shares(hub.task)
    for _ in range(ROUNDS):
        prize = cover_prices(lines, hub.task.n)
        found = offer(hub, prize, exact=False)
        if found.lines is None:
            break
        lines = join([lines, found.lines])
    sure = offer(hub, prize, exact=True)
    return certified(hub, prize, sure.least) if sure.proven else seat_shares(hub.task)


def priced_program(program: Program, hubs: Sequence[Hub], first_option: int, sets: Sequence[Prizes]) -> Program:
    """Return the compact program with free buses plus a column θ for the lines of each hub, held up by ``sets``."""
    width, many = len(program.cost), len(hubs)
    row, column, value, height = [], [], [], 0
    for at, hub in enumerate(hubs):
        stops = len(hub.option)
        for prizes in sets:
            row.append(np.full(stops + 1, height))
            column.append(np.r_[first_option + hub.option, width + at])
            value.append(np.r_[-prizes[at], 1.0])
            height += 1
    entries = np.concatenate(value), (np.concatenate(row), np.concatenate(column))
    below = sp.csr_matrix(entries, shape=(height, width + many))
    above = sp.hstack([program.rows, sp.csr_matrix((program.rows.shape[0], many))])
    return Program(
        cost=np.r_[program.cost, np.ones(many)],
        lower=np.r_[program.lower, np.zeros(many)],
        upper=np.r_[program.upper, np.full(many, np.inf)],
        integer=np.r_[program.integer, np.zeros(many, dtype=bool)],
        rows=sp.vstack([above, below]).tocsr(),
        row_lower=np.r_[program.row_lower, np.zeros(height)],
        row_upper=np.r_[program.row_upper, np.full(height, np.inf)],
        offset=program.offset,
    )


def started(point: Floats, hubs: Sequence[Hub], first_option: int, sets: Sequence[Prizes]) -> Floats:
    """Return ``point`` with the θ it needs."""
    least = [
        max(float(prizes[at] @ point[first_option + hub.option]) for prizes in sets) for at, hub in enumerate(hubs)
    ]
    return np.r_[point, least]
