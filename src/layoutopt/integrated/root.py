"""Column generation at the root: lines that pay are added until none does, or the budget ends; then the prices."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.master import Master
from layoutopt.integrated.pricing import certified, offer, single_lines
from layoutopt.kernels.highs import Program
from layoutopt.kernels.routing.bound import seat_shares
from layoutopt.kernels.routing.lines import Lines, join

Floats = NDArray[np.float64]
log = logging.getLogger(__name__)
MOST_IN_HASTE = 120


@dataclass(frozen=True, eq=False)
class Root:
    """What the root leaves: prizes that hold for every line, the lines seen, the linear value, how it ended."""

    prizes: tuple[Floats, ...]
    lines: tuple[Lines, ...]
    value: float
    rounds: int
    converged: bool
    loss: float


def solve_root(
    program: Program,
    hubs: Sequence[Hub],
    first_option: int,
    *,
    known: Sequence[Lines],
    rounds: int,
    exact: bool,
    interrupted: Callable[[], bool],
    report: Callable[[float, int], None],
) -> Root:
    """Return certified prizes and a pool of lines.

    Parameters
    ----------
    program
        The compact program with free buses, earlier goals held.
    known
        Lines to begin with, hub by hub.
    rounds
        Masters to solve at most.
    exact
        Whether lines are looked for exactly once the quick pricing finds none.
    report
        Called with the master's value and the number of lines after each round.

    Notes
    -----
    Prizes are certified hub by hub with the least reduced cost an exact pricing proved at the same prices
    (:func:`~layoutopt.integrated.pricing.certified`), so the root may be stopped at any round.
    """
    master = Master(program, hubs, first_option)
    pool: list[list[Lines]] = []
    for at, hub in enumerate(hubs):
        pool.append([part for part in (single_lines(hub.task), known[at]) if len(part)])
        for part in pool[at]:
            master.add(at, part)
    done, converged, proving = 0, False, False
    quiet = np.zeros(len(hubs), dtype=bool)
    last: list[Floats | None] = [None] * len(hubs)
    grown = False
    while True:
        solved = master.solve(grown=grown)
        grown = True
        prizes = master.prizes(solved)
        done += 1
        report(solved.value, sum(len(part) for parts in pool for part in parts))
        final = done >= rounds or interrupted()
        added = 0
        if not final:
            for at, hub in enumerate(hubs):
                before = last[at]
                if not proving and quiet[at] and before is not None and np.allclose(before, prizes[at], atol=0.5):
                    continue
                found = offer(hub, prizes[at], exact=proving)
                last[at] = prizes[at]
                quiet[at] = found.lines is None
                if found.lines is not None:
                    master.add(at, found.lines)
                    pool[at].append(found.lines)
                    added += len(found.lines)
        if final or (added == 0 and (proving or not exact)):
            converged = proving and not final
            break
        proving = added == 0
    sure, loss = _certify(hubs, prizes, in_haste=interrupted() or not exact)
    lines = tuple(join(parts) for parts in pool)
    log.debug("root: value %.1f, %d rounds, converged %s, loss %.4f", solved.value, done, converged, loss)
    return Root(tuple(sure), lines, solved.value, done, converged, loss)


def _certify(hubs: Sequence[Hub], prizes: Sequence[Floats], *, in_haste: bool) -> tuple[list[Floats], float]:
    """Prizes scaled so that they hold; where pricing could not be proven, seat shares; and the worst loss.

    In haste hubs with many stops are certified by the completion bound alone, which is quick and gives more away.
    """
    sure, loss = [], 0.0
    for hub, prize in zip(hubs, prizes, strict=True):
        hub.pricer.deadline = -np.inf if in_haste and hub.task.n > MOST_IN_HASTE else np.inf
        found = offer(hub, prize, exact=True)
        if not found.proven:
            sure.append(seat_shares(hub.task))
            loss = 1.0
            continue
        sure.append(certified(hub, prize, found.least))
        loss = max(loss, 1.0 - 1.0 / (1.0 + max(0.0, -found.least) / hub.least_cny))
    return sure, loss
