"""Neighbourhood search: a few hubs and the schools around them decided again, with lines as columns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.integrated.best import Best, Router
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.restrict import cutout
from layoutopt.kernels import highs
from layoutopt.kernels.routing.lines import Lines, join
from layoutopt.model.columns import Data

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
log = logging.getLogger(__name__)
LEAST_GAIN = 1e-6
"""A step must save this share of the cost; less is rounding."""


@dataclass(frozen=True)
class Effort:
    """How far the search goes: neighbourhoods at most, hubs in each, solver steps and gap of one."""

    neighbourhoods: int
    hubs: int
    steps: int
    gap: float = 0.002
    most_lines: int = 1_500


@dataclass(frozen=True, eq=False)
class Ground:
    """What the search stands on: data and program with free buses, hubs, and which hub each school belongs to."""

    data: Data
    program: highs.Program
    hubs: Sequence[Hub]
    first_option: int
    home: pd.Series

    def free(self, chosen: Sequence[int], point: Floats) -> tuple[Flags, Flags]:
        """Return which columns a neighbourhood may move, and which option rows among them."""
        frame = self.data.frame
        schools = set(self.home.index[self.home.isin(chosen)])
        table = frame.blocks["chosen"].table
        inside = table["school_id"].isin(schools).to_numpy()
        taken = point[frame.blocks["chosen"].columns] > 0.5
        items = set(table.loc[inside & taken, "item"])
        moves = inside & table["item"].isin(items).to_numpy()
        free = np.zeros(frame.width, dtype=bool)
        for name, block in frame.blocks.items():
            own = moves if name == "chosen" else block.table["school_id"].isin(schools).to_numpy()
            free[block.columns] = own
        return free, moves


def homes(data: Data, hubs: Sequence[Hub]) -> pd.Series:
    """Return the position of the hub each school belongs to: the one that shares most of its possible pupils."""
    table = data.frame.blocks["chosen"].table
    once = table.drop_duplicates(["item", "school_id"])[["item", "school_id", "pupils"]]
    rides = pd.concat(
        [pd.DataFrame({"item": hub.group["item"], "hub": at}) for at, hub in enumerate(hubs)], ignore_index=True
    )
    shared = once.merge(rides, on="item").groupby(["school_id", "hub"])["pupils"].sum().reset_index()
    best = shared.sort_values(["school_id", "pupils", "hub"], ascending=[True, False, True], kind="stable")
    found = best.drop_duplicates("school_id").set_index("school_id")["hub"]
    own = pd.Series({hub.school_id: at for at, hub in enumerate(hubs)})
    found = pd.concat([found[~found.index.isin(own.index)], own])
    return found.reindex(data.schools.index, fill_value=-1).astype(int)


def neighbours(hubs: Sequence[Hub]) -> list[list[int]]:
    """Return for each hub the others, those with most groups in common first."""
    many = len(hubs)
    sets = [frozenset(hub.group["item"]) for hub in hubs]
    common = np.array([[len(one & other) for other in sets] for one in sets])
    return [
        [int(k) for k in np.argsort(-common[at], kind="stable") if k != at and common[at, k] > 0] for at in range(many)
    ]


def groups(hubs: Sequence[Hub], size: int) -> Iterator[tuple[int, ...]]:
    """Yield neighbourhoods for ever: each hub with its nearest, then with the next, and so on, round after round."""
    near = neighbours(hubs)
    if len(hubs) <= size:
        while True:
            yield tuple(range(len(hubs)))
    turn = 0
    while True:
        for at in range(len(hubs)):
            others = near[at]
            if not others:
                yield (at,)
                continue
            first = turn % max(1, len(others))
            yield (at, *(others[(first + k) % len(others)] for k in range(min(size - 1, len(others)))))
        turn += 1


def improve(
    ground: Ground,
    router: Router,
    best: Best,
    pool: Sequence[Lines],
    *,
    effort: Effort,
    seed: int,
    stop: Callable[[], bool],
    report: Callable[[float, int], None],
) -> Best:
    """Return a plan no dearer than ``best``; lines are taken from ``pool`` and drawn anew for what changes."""
    lines = [join([own, known]) if len(known) else own for own, known in zip(pool, best.lines, strict=True)]
    idle = 0
    size = min(effort.hubs, len(ground.hubs))
    many = 1 if size == len(ground.hubs) else len(ground.hubs)
    for done, chosen in enumerate(groups(ground.hubs, size)):
        if done >= effort.neighbourhoods or idle >= 2 * many or stop():
            break
        done += 1
        found = _step(ground, router, best, lines, chosen, effort, seed + done + 1)
        if found is not None and found.cost < best.cost * (1 - LEAST_GAIN):
            log.debug("neighbourhood %s: %.0f -> %.0f", chosen, best.cost, found.cost)
            best, idle = found, 0
            for at in chosen:
                lines[at] = join([lines[at], best.lines[at]]) if len(best.lines[at]) else lines[at]
        else:
            idle += 1
        report(best.cost, done + 1)
    return best


def _step(
    ground: Ground, router: Router, best: Best, lines: Sequence[Lines], chosen: Sequence[int], effort: Effort, seed: int
) -> Best | None:
    free, moves = ground.free(chosen, best.point)
    if not moves.any():
        return None
    part = cutout(ground.program, free, best.point)
    program, start = _with_lines(ground, part.program, part.free, best, lines, chosen, moves, effort.most_lines)
    found = highs.solve(
        program, budget=highs.Budget(gap=effort.gap, time_limit_s=60.0, steps=effort.steps), start=start, seed=seed
    )
    if found.values is None:
        return None
    values = found.values[: len(part.free)]
    whole = program.integer[: len(part.free)]
    point = part.whole(np.where(whole, np.round(values), values), best.point)
    if np.array_equal(point, best.point):
        return None
    return router.realised(point)


def _with_lines(
    ground: Ground,
    program: highs.Program,
    free: NDArray[np.int64],
    best: Best,
    lines: Sequence[Lines],
    chosen: Sequence[int],
    moves: Flags,
    most: int,
) -> tuple[highs.Program, Floats]:
    """Return the cut-out with line columns and the rows that say who is carried, and the present plan in it."""
    column_of = np.full(ground.data.frame.width, -1, dtype=np.int64)
    column_of[free] = np.arange(len(free))
    row_of = np.full(len(moves), -1, dtype=np.int64)
    blocks, costs, used, rows, height = [], [], [], [], 0
    for at in chosen:
        hub = ground.hubs[at]
        mine = np.flatnonzero(moves[hub.option])
        row_of[hub.option[mine]] = height + np.arange(len(mine))
        rows.append(column_of[ground.first_option + hub.option[mine]])
        height += len(mine)
        own = _useful(lines[at], moves[hub.option], most, best.lines[at])
        blocks.append((row_of[hub.option][own.flat], np.repeat(np.arange(len(own)), np.diff(own.starts))))
        costs.append(own.cost)
        used.append(_present(own, best.lines[at]))
    many = sum(len(cost) for cost in costs)
    width = len(free)
    first = np.cumsum([0, *(len(cost) for cost in costs)])[:-1]
    row = np.concatenate([block[0] for block in blocks])
    column = np.concatenate([block[1] + start for block, start in zip(blocks, first, strict=True)])
    carried = sp.csr_matrix((np.ones(len(row)), (row, column)), shape=(height, many))
    carried.data[:] = 1.0
    rides = np.concatenate(rows)
    taken = sp.csr_matrix((np.full(height, -1.0), (np.arange(height), rides)), shape=(height, width))
    grown = replace(
        program,
        cost=np.concatenate([program.cost, *costs]),
        lower=np.r_[program.lower, np.zeros(many)],
        upper=np.r_[program.upper, np.ones(many)],
        integer=np.r_[program.integer, np.zeros(many, dtype=bool)],
        rows=sp.bmat([[program.rows, None], [taken, carried]], format="csr"),
        row_lower=np.r_[program.row_lower, np.zeros(height)],
        row_upper=np.r_[program.row_upper, np.full(height, np.inf)],
    )
    start = np.concatenate([best.point[free], *[flags.astype(float) for flags in used]])
    return grown, start


def _useful(lines: Lines, moves: Flags, most: int, present: Lines) -> Lines:
    """Return the lines whose every stop may move, cheapest per rider first, the present ones always."""
    inside = np.minimum.reduceat(moves[lines.flat], lines.starts[:-1]) if len(lines) else np.empty(0, dtype=bool)
    kept = np.flatnonzero(inside)
    if len(kept) > most:
        per_rider = lines.cost[kept] / np.maximum(lines.load[kept], 1e-9)
        now = np.isin(kept, np.flatnonzero(_present(lines, present)))
        kept = np.sort(kept[np.lexsort((per_rider, ~now))][:most])
    return lines.take(kept)


def _present(lines: Lines, present: Lines) -> Flags:
    """Return which of ``lines`` are the ``present`` ones, each once."""
    wanted = {(present.stops(at).tobytes(), int(present.kind[at])) for at in range(len(present))}
    flags = np.zeros(len(lines), dtype=bool)
    for at in range(len(lines)):
        key = (lines.stops(at).tobytes(), int(lines.kind[at]))
        if key in wanted:
            flags[at] = True
            wanted.discard(key)
    return flags
