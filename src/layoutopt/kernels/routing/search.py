"""Good lines by search: the compiled loops run in chunks, from nothing or from given lines."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from layoutopt.kernels.routing.lines import Lines, cheapest_of_each_set, join, pack, price_lines
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Ints

POOL_LINES = 20_000
CHUNK = 2_000
HOT, COLD = 0.3, 0.003


@dataclass(frozen=True, eq=False)
class Plan:
    """Lines that serve every stop once (``left_out`` = 0), or all but ``left_out`` of them."""

    lines: Lines
    cost: float
    left_out: int


def neighbours(task: Task) -> Ints:
    """Return for each stop all stops from near to far, itself first."""
    both = task.between + task.between.T
    np.fill_diagonal(both, -1.0)
    return np.argsort(both, axis=1, kind="stable").astype(np.int64)


def longest_line(task: Task) -> int:
    """Return an upper bound on the number of stops of a line, from seats alone."""
    loads = np.cumsum(np.sort(task.riders))
    return max(1, int(np.searchsorted(loads, task.seats.max(), side="right")))


def plan_of(task: Task, lines: Lines) -> Plan:
    """Return ``lines`` as a plan, its cost summed from them."""
    opened = np.unique(lines.depot)
    return Plan(lines, float(lines.cost.sum() + task.opening[opened].sum()), task.n - len(np.unique(lines.flat)))


def find_plan(
    task: Task,
    *,
    iterations: int,
    seed: int,
    time_limit_s: float,
    start: Lines | None = None,
    allowed: Ints | None = None,
    lines_high: int | None = None,
    stop_when_served: bool = False,
    heat: float = 1.0,
) -> tuple[Plan, Lines]:
    """Return the best plan met and lines of the good plans on the way."""
    from layoutopt.kernels.routing import search_loops as loops

    n, width = task.n, longest_line(task)
    cap = min(n, task.lines_high if lines_high is None else lines_high)
    rows, kept, best = (_empty_rows(task, max(1, cap), width) for _ in range(3))
    if start is not None:
        _enter(task, start, rows.seq, rows.info)
    field = _field(task, allowed, cap)
    work = _work(task, max(1, cap), seed)
    pool_seq, pool_info = (
        np.zeros((POOL_LINES, width), dtype=np.int64),
        np.zeros((POOL_LINES, 3), dtype=np.int64),
    )
    scale, ends = _scale(task), time.perf_counter() + time_limit_s
    ran, turn, top, top_out, found = 0, 0, np.inf, n + 1, []
    final: tuple[Ints, Ints] = (rows.seq, rows.info)
    while True:
        chunk = max(0, min(CHUNK, iterations - ran))
        span = np.array([ran, chunk, max(1, iterations)], dtype=np.int64)
        # Strict chunks keep everybody served, the others look for ways through plans that do not.
        strict = stop_when_served or turn % 2 == 0
        if strict and top_out == 0 and rows.info[:, 0].sum() < n:
            rows.seq[:], rows.info[:] = final
        cost, out, met = loops.search(
            rows, kept, best, work, field, pool_seq, pool_info, span, HOT * scale * heat, COLD * scale, strict,
            stop_when_served,
        )  # fmt: skip
        turn += 1
        if (out, cost) < (top_out, top - 1e-9):
            top, top_out, final = cost, out, (best.seq.copy(), best.info.copy())
        many = min(met, POOL_LINES)
        found.append(_measured_rows(task, pool_seq[:many], pool_info[:many]))
        ran += chunk
        if ran >= iterations or time.perf_counter() > ends or (stop_when_served and top_out == 0):
            break
    used = final[1][:, 0] > 0
    lines = _measured_rows(task, final[0][used], final[1][used], kinds=True)
    return plan_of(task, lines), cheapest_of_each_set(join([*found[-40:], lines]), n)


def _empty_rows(task: Task, lines: int, width: int) -> Any:
    from layoutopt.kernels.routing import search_rows as loops

    many, depots = len(task.seats), len(task.opening)
    return loops.Rows(
        seq=np.zeros((lines, width), dtype=np.int64), info=np.zeros((lines, 3), dtype=np.int64),
        at=np.zeros((lines, width, 3)), cost=np.zeros(lines), used=np.zeros(many, dtype=np.int64),
        lines=np.zeros(depots, dtype=np.int64), load=np.zeros(depots),
    )  # fmt: skip


def _field(task: Task, allowed: Ints | None, most_lines: int) -> Any:
    from layoutopt.kernels.routing import search_rows as loops

    open_to = np.full(len(task.opening), allowed is None)
    if allowed is not None:
        open_to[allowed] = True
    return loops.Field(
        task.between, task.inward, task.outward, task.service, task.riders, task.limit, task.line_limit, task.seats,
        task.fixed, task.per_min, task.count, task.rider_cost, task.opening, task.capacity, open_to,
        neighbours(task), most_lines, task.pay_between, task.pay_inward, task.pay_outward, task.pay_service,
    )  # fmt: skip


def _work(task: Task, lines: int, seed: int) -> Any:
    from layoutopt.kernels.routing import search_rows as loops

    n = task.n
    state = np.array([(int(seed) * 2654435761 + 88172645463325252) % 2**63 + 1], dtype=np.uint64)
    return loops.Work(
        line_of=np.full(n, -1, dtype=np.int64), place_of=np.full(n, -1, dtype=np.int64),
        touched=np.zeros(lines, dtype=bool), touched_list=np.zeros(lines, dtype=np.int64),
        removed=np.zeros(n, dtype=np.int64), many=np.zeros(2, dtype=np.int64), missed=np.zeros(n),
        banned=np.zeros(len(task.opening), dtype=bool), opening_now=task.opening.copy(), state=state,
        penalty=np.array([3.0 * HOT * _scale(task)]),
    )  # fmt: skip


def _scale(task: Task) -> float:
    """Return what a stop costs on its way in a line, about; the temperature is measured in it."""
    nearest = np.partition(task.pay_between + np.diag(np.full(task.n, np.inf)), min(1, task.n - 1), axis=1)
    step = nearest[:, : min(2, task.n)].mean() if task.n > 1 else 0.0
    home = float(task.pay_inward.min(axis=0).mean())
    minutes = task.rider_cost * float(task.riders.mean()) * 2.0 * 1.3 * float(task.inward.min(axis=0).mean())
    if task.pays_minutes:
        minutes = task.rider_cost * float(task.riders.mean()) * 2.0 * (min(step, home) + 0.3 * home)
    return max((min(step, home) + 0.3 * home) * float(task.per_min.mean()) + minutes, 1e-6)


def _enter(task: Task, start: Lines, seq: Ints, info: Ints) -> None:
    """Write the lines of ``start`` into the search rows; a line with a stop met before, or too many, is left out."""
    row, seen = 0, np.zeros(task.n, dtype=bool)
    used = np.zeros(len(task.seats), dtype=np.int64)
    load = np.zeros(len(task.opening))
    for q in range(len(start)):
        stops = start.stops(q)
        d, k = int(start.depot[q]), int(start.kind[q])
        fits = used[k] < task.count[k] and load[d] + start.load[q] <= task.capacity[d]
        if row >= len(info) or len(stops) > seq.shape[1] or seen[stops].any() or not fits:
            continue
        if len(np.unique(stops)) < len(stops):
            continue
        seen[stops] = True
        used[k] += 1
        load[d] += start.load[q]
        seq[row, : len(stops)], info[row] = stops, (len(stops), d, k)
        row += 1


def _measured_rows(task: Task, seq: Ints, info: Ints, *, kinds: bool = False) -> Lines:
    flat, starts = pack([seq[r, : info[r, 0]] for r in range(len(info))])
    return price_lines(task, flat, starts, info[:, 1], kind=info[:, 2] if kinds else None)
