"""Proves the best choice from an explicit pool of lines: linear bounds, cuts, fixing and branching."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from dataclasses import replace

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.kernels.routing.cuts import broken_links, separate
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.master import Cut, Master, Node, Prices, Solution, reduced_costs
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats, Ints
from layoutopt.kernels.routing.whole import Best, Bounded, Search, better, choose_whole

log = logging.getLogger(__name__)

Flags = NDArray[np.bool_]

FEW_LINES = 1_200
"""Below twice this many lines in all, listing them needs no search for a good plan first."""
WHOLE_LINES, WHOLE_NODES = 250, 200
"""HiGHS settles this many lines as integers faster than branching here does."""
TRIED_LINES, TRIED_NODES, TRIED_S = 500, 30, 10.0
"""The lines of least reduced cost that HiGHS tries once for a better plan."""
SLOW_ROUND = 0.01
"""A round of cuts that closes less of the gap is slow; three in a row end them."""
ROUNDING = 1e-7


def coefficients_of_cuts(visits: sp.csr_matrix, cuts: tuple[Cut, ...] | list[Cut]) -> sp.csr_matrix:
    """Return how often each line pays each cut with full memory, lines × cuts."""
    n = visits.shape[1]
    members = sp.lil_matrix((n, len(cuts)))
    for at, cut in enumerate(cuts):
        for stop in cut.stops:
            members[stop, at] = 1.0
    counted = (visits @ members.tocsr()).tocsr()
    counted.data = np.floor(counted.data / 2)
    counted.eliminate_zeros()
    return counted


def bound_node(search: Search, node: Node, pool: Lines, upper: float, *, rounds: int) -> Bounded:
    """Return the linear bound of ``node`` over ``pool`` after up to ``rounds`` rounds of cuts."""
    task = search.task
    node = replace(node, cuts=tuple(Cut(cut.stops) for cut in node.cuts))
    master = Master(task, node, search.covering, search.artificial)
    visits = pool.visits(task.n)
    inside = np.zeros(len(pool), dtype=bool)
    _add(master, pool, inside, _starters(pool, visits, task))
    bound, last = -np.inf, -np.inf
    paid = coefficients_of_cuts(visits, master.cuts) if master.cuts else None
    slow = 0
    while True:
        solution, reduced = _settle(master, pool, visits, paid, inside)
        value = dual_bound(solution.prices, float(reduced.min(initial=0.0)), task, upper)
        bound = max(bound, value)
        slack = upper - value
        if bound >= upper - search.gap * abs(upper):
            return Bounded(bound, pool.take(np.empty(0, dtype=np.int64)), np.empty(0), solution.opened, node, reduced)
        kept = np.flatnonzero(reduced <= slack + ROUNDING * max(1.0, abs(upper)))
        if len(kept) < 0.7 * len(pool):
            pool, visits, inside = pool.take(kept), visits[kept], np.zeros(len(kept), dtype=bool)
            paid = paid[kept] if paid is not None else None
            master = Master(
                task,
                replace(node, cuts=tuple(master.cuts), links=tuple(master.links)),
                search.covering,
                search.artificial,
            )
            _add(
                master,
                pool,
                inside,
                np.flatnonzero(np.argsort(np.argsort(reduced[kept], kind="stable"), kind="stable") < 6 * task.n),
            )
            solution, reduced = _settle(master, pool, visits, paid, inside)
        share, whole = _shares(master, solution, pool, inside)
        known = set(master.links)
        links = broken_links(pool, share, solution.opened, task.n, known) if task.opening.any() else []
        if links:
            master.add_links(links)
            continue
        if whole is not None:
            return Bounded(bound, pool, share, solution.opened, _with(node, master), reduced, whole)
        late = time.perf_counter() > search.deadline
        slow = slow + 1 if value - last < SLOW_ROUND * slack else 0
        last = value
        if rounds <= 0 or late or slow >= 3 or len(pool) <= WHOLE_LINES // 2:
            return Bounded(bound, pool, share, solution.opened, _with(node, master), reduced)
        cuts = separate(pool, share, task.n, limited=False, known={cut.stops for cut in master.cuts})
        if not cuts:
            return Bounded(bound, pool, share, solution.opened, _with(node, master), reduced)
        master.add_cuts(cuts)
        fresh = coefficients_of_cuts(visits, cuts)
        paid = fresh if paid is None else sp.hstack([paid, fresh]).tocsr()
        rounds -= 1


def _with(node: Node, master: Master) -> Node:
    return replace(node, cuts=tuple(master.cuts), links=tuple(master.links))


def dual_bound(prices: Prices, least_reduced: float, task: Task, upper: float) -> float:
    """Return a proven lower bound from ``prices``, whatever their small faults.

    At most ``most`` lines run in a plan worth having, each may be too cheap by ``least_reduced`` (Lasdon 1970).
    """
    most = min(task.n, task.lines_high)
    cheapest = float(cheapest_line(task))
    if cheapest > 0 and np.isfinite(upper):
        most = min(most, int(upper / cheapest) + 1)
    simple = prices.value + most * min(0.0, least_reduced)
    if cheapest <= 0 or least_reduced >= 0:
        return simple
    # Farley 1990: prices shrunk by this share are fair for every line; needs a value of 0 or more.
    farley = prices.value / (1.0 - least_reduced / cheapest) if prices.value >= 0 else -np.inf
    return max(simple, farley)


def cheapest_line(task: Task) -> float:
    """Return a lower bound on the cost of any line."""
    ride = float((task.inward.min(axis=0) + task.service).min()) if task.n else 0.0
    nearest = float(
        min((task.inward.min(), *([task.between[~np.eye(task.n, dtype=bool)].min()] if task.n > 1 else [])))
    )
    ride = min(ride, nearest + float(task.service.min())) if task.n else 0.0
    return float((task.fixed + task.per_min * ride).min())


def _starters(pool: Lines, visits: sp.csr_matrix, task: Task) -> Ints:
    """Return a few lines for each stop, the cheapest for their riders."""
    worth = pool.cost / np.maximum(pool.load, 1e-9)
    order = np.argsort(worth, kind="stable")
    met, chosen = np.zeros(task.n, dtype=np.int64), []
    for q in order[: 200 * task.n]:
        stops = pool.stops(q)
        if (met[stops] < 8).any():
            met[stops] += 1
            chosen.append(q)
    return np.array(sorted(chosen), dtype=np.int64)


def _add(master: Master, pool: Lines, inside: Flags, chosen: Ints) -> None:
    inside[chosen] = True
    lines = pool.take(chosen)
    master.add_lines(lines)
    master.where = np.concatenate([master.where, chosen])


def _settle(
    master: Master, pool: Lines, visits: sp.csr_matrix, paid: sp.csr_matrix | None, inside: Flags
) -> tuple[Solution, Floats]:
    """Add lines of the pool until none outside the master prices out; return the solution and reduced costs."""
    grown = False
    while True:
        solution = master.solve(grown=grown)
        load = paid @ solution.prices.cut if paid is not None and len(solution.prices.cut) else None
        reduced = reduced_costs(pool, visits, solution.prices, load)
        tolerance = 1e-7 * max(1.0, abs(solution.value) / max(1, master.task.n))
        candidates = np.flatnonzero((reduced < -tolerance) & ~inside)
        if len(candidates) == 0:
            return solution, reduced
        order = candidates[np.argsort(reduced[candidates], kind="stable")][: max(200, 4 * master.task.n)]
        _add(master, pool, inside, np.sort(order))
        grown = True


def _shares(master: Master, solution: Solution, pool: Lines, inside: Flags) -> tuple[Floats, Lines | None]:
    share = np.zeros(len(pool))
    share[master.where] = solution.lines
    task = master.task
    wholes = np.abs(solution.lines - np.round(solution.lines)).max(initial=0.0) < 1e-6
    opened = np.abs(solution.opened - np.round(solution.opened)).max(initial=0.0) < 1e-6 or not task.opening.any()
    if wholes and opened and solution.missing < 1e-6:
        return share, pool.take(np.flatnonzero(share > 0.5))
    return share, None


def solve_pool(search: Search, pool: Lines, best: Best, *, node: Node, rounds: int = 40) -> Best:
    """Return the best plan and bound over ``pool``, which must hold every line a better plan may use."""
    task = search.task
    counter = itertools.count()
    heap: list[tuple[float, int, Node, Lines]] = [(best.bound, next(counter), node, pool)]
    closed_at, nodes = np.inf, 0
    while heap:
        low, _, current, lines = heapq.heappop(heap)
        if low >= best.cost - search.gap * abs(best.cost):
            closed_at = min(closed_at, low)
            break
        if (time.perf_counter() > search.deadline and nodes > 0) or nodes >= search.most_nodes:
            heapq.heappush(heap, (low, next(counter), current, lines))
            break
        nodes += 1
        done = bound_node(search, current, lines, best.cost, rounds=rounds if nodes == 1 else 6)
        bound = max(low, done.bound)
        log.debug(
            "node %d bound %.4f best %.4f lines %d open %d",
            nodes,
            bound,
            best.cost,
            len(done.pool),
            len(heap),
        )
        if done.whole is not None:
            best = better(search, best, done.whole)
            closed_at = min(closed_at, bound)
            continue
        if len(done.pool) == 0:
            closed_at = min(closed_at, bound)
            continue
        spare = search.deadline - time.perf_counter()
        if len(done.pool) <= WHOLE_LINES:
            plan, low_mip, closed = choose_whole(search, done, best.cost, time_limit_s=spare, nodes=WHOLE_NODES)
            best = better(search, best, plan)
            bound = max(bound, min(low_mip, best.cost))
            if closed or bound >= best.cost - search.gap * abs(best.cost):
                closed_at = min(closed_at, bound)
                continue
        elif nodes == 1:
            chosen = np.sort(np.argsort(done.reduced, kind="stable")[:TRIED_LINES])
            tried = replace(done, pool=done.pool.take(chosen))
            plan, _, _ = choose_whole(search, tried, best.cost, time_limit_s=min(TRIED_S, spare), nodes=TRIED_NODES)
            best = better(search, best, plan)
        children = split(task, done)
        if not children:
            closed_at = min(closed_at, bound)
            continue
        for child, kept in children:
            heapq.heappush(heap, (bound, next(counter), child, done.pool.take(kept)))
    bound = min([closed_at, best.cost, *(entry[0] for entry in heap)])
    return replace(best, bound=max(best.bound, bound), nodes=nodes)


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
    pair = _doubtful_pair(task, pool, share)
    if pair is None:
        return _split_by_owner(task, pool, share, node)
    i, j = pair
    visits = pool.visits(task.n).tocsc()
    first = np.asarray(visits[:, [i]].todense()).ravel() > 0
    second = np.asarray(visits[:, [j]].todense()).ravel() > 0
    return [(node, np.flatnonzero(first == second)), (node, np.flatnonzero(~(first & second)))]


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


def _doubtful_pair(task: Task, pool: Lines, share: Floats) -> tuple[int, int] | None:
    """Return the pair of stops whose riding together is most in doubt (Ryan and Foster 1981)."""
    used = np.flatnonzero(share > 1e-7)
    visits = pool.take(used).visits(task.n)
    together = np.asarray((visits.T @ visits.multiply(share[used][:, None])).todense())
    together = np.triu(together, 1)
    doubt = np.minimum(together, 1.0 - together)
    at = int(np.argmax(np.round(doubt, 9)))
    if doubt.flat[at] < 1e-5:
        return None
    return at // task.n, at % task.n
