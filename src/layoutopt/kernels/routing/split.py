"""Splits a node of a pool search: by a depot, by numbers of lines, by a stop's depot, or by a pair of stops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Node
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats, Ints
from layoutopt.kernels.routing.whole import Bounded

TRIED_PAIRS, TRIAL_STEPS = 6, 80


def split(task: Task, done: Bounded) -> list[tuple[Node, Ints]]:
    """Return the parts of a node: by a depot, by the number of lines, by a stop's depot, or by a pair of stops."""
    pool, share, node = done.pool, done.share, done.node
    everything = np.arange(len(pool))
    if task.opening.any():
        doubt = np.abs(done.opened - 0.5)
        doubt[(node.open_low == node.open_high)] = 1.0
        d = int(np.argmin(doubt))
        if doubt[d] < 0.5 - 1e-5:
            shut, kept = node.open_high.copy(), node.open_low.copy()
            shut[d], kept[d] = 0.0, 1.0
            return [
                (replace(node, open_low=kept), everything),
                (replace(node, open_high=shut), np.flatnonzero(pool.depot != d)),
            ]
    total = float(share.sum())
    if abs(total - round(total)) > 1e-4:
        low, high = int(np.floor(total)), int(np.ceil(total))
        more, fewer = replace(node, low=max(node.low, high)), replace(node, high=min(node.high, low))
        return [(child, everything) for child in (more, fewer) if child.low <= child.high]
    if len(task.opening) > 1:
        ways = _split_lines_of_depot(task, pool, share, node) or _split_by_owner(task, pool, share, node)
        if ways:
            return ways
    pairs = _doubtful_pairs(task, pool, share)
    if not pairs:
        return _split_by_owner(task, pool, share, node)
    visits = pool.visits(task.n).tocsc()
    choices = [_parts_of_pair(visits, i, j) for i, j in pairs]
    best = _strongest(done, choices) if len(choices) > 1 and done.program is not None else 0
    return [(node, part) for part in choices[best]]


def _parts_of_pair(visits: sp.csc_matrix, i: int, j: int) -> tuple[Ints, Ints]:
    """Return the lines left when the stops ride together, and when they do not."""
    first, second = (np.zeros(visits.shape[0], dtype=bool) for _ in range(2))
    first[visits.indices[visits.indptr[i] : visits.indptr[i + 1]]] = True
    second[visits.indices[visits.indptr[j] : visits.indptr[j + 1]]] = True
    return np.flatnonzero(first == second), np.flatnonzero(~(first & second))


def _strongest(done: Bounded, ways: list[tuple[Ints, Ints]]) -> int:
    """Return the way whose two parts both raise the bound most, judged by a few simplex steps on the lines at hand."""
    master, base = done.program.master, done.program.solution.value
    room = max(done.program.upper - base, 1e-9)
    scores = []
    for parts in ways:
        gains = []
        for part in parts:
            kept = np.zeros(len(done.pool), dtype=bool)
            kept[part] = True
            value = master.without(np.flatnonzero(~kept[master.where]), TRIAL_STEPS)
            gains.append(min(max(value - base, 1e-4 * room), room))
        scores.append(gains[0] * gains[1])
    return int(np.argmax(np.round(scores, 9)))


def _split_lines_of_depot(task: Task, pool: Lines, share: Floats, node: Node) -> list[tuple[Node, Ints]]:
    """Return the parts in which the depot whose number of lines is most in doubt gets more, or fewer."""
    lines = np.bincount(pool.depot, weights=share, minlength=len(task.opening))
    doubt = np.abs(lines - np.round(lines))
    d = int(np.argmax(np.round(doubt, 9)))
    if doubt[d] < 1e-4:
        return []
    low, high = node.depot_low.copy(), node.depot_high.copy()
    low[d], high[d] = np.ceil(lines[d]), np.floor(lines[d])
    few = np.arange(len(pool)) if high[d] > 0 else np.flatnonzero(pool.depot != d)
    return [(replace(node, depot_low=low), np.arange(len(pool))), (replace(node, depot_high=high), few)]


def _split_by_owner(task: Task, pool: Lines, share: Floats, node: Node) -> list[tuple[Node, Ints]]:
    """Return the parts in which a stop, torn between depots or vehicle types, goes to one or to the others."""
    owner = np.repeat(np.arange(len(pool)), np.diff(pool.starts))
    for name, many in (("depot", len(task.opening)), ("kind", len(task.seats))):
        side = getattr(pool, name)
        weight = np.zeros((many, task.n))
        np.add.at(weight, (side[owner], pool.flat), share[owner])
        doubt = np.minimum(weight, 1.0 - weight)
        at = int(np.argmax(np.round(doubt, 9)))
        if doubt.flat[at] > 1e-5:
            which, stop = at // task.n, at % task.n
            holds = np.zeros(len(pool), dtype=bool)
            holds[owner[pool.flat == stop]] = True
            mine = side == which
            return [(node, np.flatnonzero(~holds | mine)), (node, np.flatnonzero(~(holds & mine)))]
    return []


def _doubtful_pairs(task: Task, pool: Lines, share: Floats) -> list[tuple[int, int]]:
    """Return the pairs of stops whose riding together is most in doubt (Ryan and Foster 1981)."""
    used = np.flatnonzero(share > 1e-7)
    visits = pool.take(used).visits(task.n)
    together = np.asarray((visits.T @ visits.multiply(share[used][:, None])).todense())
    together = np.triu(together, 1)
    doubt = np.round(np.minimum(together, 1.0 - together), 9)
    order = np.argsort(-doubt, axis=None, kind="stable")[:TRIED_PAIRS]
    return [(int(at) // task.n, int(at) % task.n) for at in order if doubt.flat[at] > 1e-5]
