"""The compact program, or a part of it, with known lines as columns that carry its riders.

min  cost of everything but buses + Σ_r c_r z_r
     the rows of the compact program
(carried)  Σ_{r to j, n on r} z_r ≥ x_{nj,bus}        every bus option that may move
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.integrated.best import Best
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.payers import Payers
from layoutopt.integrated.restrict import Cutout, cutout
from layoutopt.kernels.highs import Program
from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Pooled(Cutout):
    """A program over the ``free`` columns and then over lines, the present plan as its start, and which hubs move."""

    start: Floats
    lines: tuple[Lines, ...]
    moving: tuple[bool, ...]

    def running(self, values: Floats) -> list[Lines]:
        """Return the lines that run in an answer with whole lines, hub by hub."""
        share, found = values[len(self.free) :], []
        for own in self.lines:
            found.append(own.take(np.flatnonzero(share[: len(own)] > 0.5)))
            share = share[len(own) :]
        return found


def pooled(
    program: Program,
    hubs: Sequence[Hub],
    first_option: int,
    best: Best,
    lines: Sequence[Lines],
    *,
    free: Flags,
    moves: Flags,
    whole_lines: bool,
) -> Pooled:
    """Return ``program`` with lines for the options that move; the rest stays as ``best`` has it.

    Parameters
    ----------
    lines
        Known lines hub by hub; one is used where every stop may move. The present lines are added to them. Of lines
        over the same stops in the same vehicle the cheapest stands for all.
    whole_lines
        Whether a line runs or does not; else its share is free, and the value is a lower bound for these lines.
    """
    part = cutout(program, free, best.point)
    column_of = np.full(len(program.cost), -1, dtype=np.int64)
    column_of[part.free] = np.arange(len(part.free))
    row_of = np.full(len(moves), -1, dtype=np.int64)
    rides, rows, columns, costs, used, taken_lines, many = [], [], [], [], [], [], 0
    height = 0
    for hub, known, present in zip(hubs, lines, best.lines, strict=True):
        mine = np.flatnonzero(moves[hub.option])
        if not len(mine):
            taken_lines.append(known.take(np.empty(0, dtype=np.int64)))
            continue
        row_of[hub.option[mine]] = height + np.arange(len(mine))
        height += len(mine)
        rides.append(column_of[first_option + hub.option[mine]])
        own = cheapest_of_each_set(inside(join([known, present]), moves[hub.option]), hub.task.n)
        rows.append(row_of[hub.option][own.flat])
        columns.append(many + np.repeat(np.arange(len(own)), np.diff(own.starts)))
        costs.append(own.cost)
        used.append(present_in(own, present, hub.task.n))
        taken_lines.append(own)
        many += len(own)
    width = len(part.free)
    row, column, ride = (np.concatenate([*parts, np.empty(0, dtype=np.int64)]) for parts in (rows, columns, rides))
    carried = sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(height, many))
    carried.data[:] = 1.0
    taken = sp.csr_matrix((np.full(height, -1.0), (np.arange(height), ride)), shape=(height, width))
    small = part.program
    grown = replace(
        small,
        cost=np.concatenate([small.cost, *costs]),
        lower=np.r_[small.lower, np.zeros(many)],
        upper=np.r_[small.upper, np.ones(many)],
        integer=np.r_[small.integer, np.full(many, whole_lines)],
        rows=sp.bmat([[small.rows, sp.csr_matrix((small.rows.shape[0], many))], [taken, carried]], format="csr"),
        row_lower=np.r_[small.row_lower, np.zeros(height)],
        row_upper=np.r_[small.row_upper, np.full(height, np.inf)],
    )
    start = np.concatenate([best.point[part.free], *[flags.astype(float) for flags in used]])
    moving = tuple(bool(moves[hub.option].any()) for hub in hubs)
    return Pooled(grown, part.free, start, tuple(taken_lines), moving)


def within_budgets(part: Pooled, payers: Payers, best: Best, *, eased: bool) -> Pooled:
    """Return ``part`` of the present plan ``best`` with the budgets of the ``payers``; ``eased`` prices what is above.

    A hub that is not in the part keeps its lines, and their cost.
    """
    if not len(payers):
        return part
    costs = [own.cost for own in part.lines]
    stay = sum(
        float(own.cost.sum()) for own, moves in zip(best.lines, part.moving, strict=True) if not moves
    )  # fmt: skip
    program = payers.within(part.program, part.free, np.concatenate(costs), fixed=best.point, fixed_cny=stay)
    start = part.start
    if eased:
        program, start = payers.eased(program, start)
    return replace(part, program=program, start=start)


def inside(lines: Lines, moves: Flags) -> Lines:
    """Return the lines whose every stop may move."""
    if not len(lines) or moves.all():
        return lines
    return lines.take(np.flatnonzero(np.minimum.reduceat(moves[lines.flat], lines.starts[:-1])))


def present_in(lines: Lines, present: Lines, n: int) -> Flags:
    """Return which of ``lines`` over ``n`` stops serve those of a ``present`` one, in any order, by the same kind."""
    wanted = {_served(present, at) for at in range(len(present))}
    lengths = [len(stops) for stops, _ in wanted]
    flags = np.zeros(len(lines), dtype=bool)
    different = np.diff(lines.visits(n).indptr)  # a priced line may pass a stop twice
    for at in np.flatnonzero(np.isin(different, lengths)).tolist():
        flags[at] = _served(lines, at) in wanted
    return flags


def _served(lines: Lines, at: int) -> tuple[frozenset[int], int]:
    return frozenset(lines.stops(at).tolist()), int(lines.kind[at])
