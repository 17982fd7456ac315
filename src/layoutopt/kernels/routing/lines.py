"""Many lines side by side: their stops, cost, load and minutes, measured from the data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from layoutopt.kernels.routing.line_loops import added_up, gather, measured
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats, Ints


@dataclass(frozen=True, eq=False)
class Lines:
    """Candidate lines: stops (outermost first) in one flat array, line ``q`` at ``starts[q]:starts[q + 1]``."""

    flat: Ints
    starts: Ints
    depot: Ints
    kind: Ints
    cost: Floats
    load: Floats
    whole_min: Floats

    def __len__(self) -> int:
        return len(self.starts) - 1

    def stops(self, at: int) -> Ints:
        """Return the stops of one line, outermost first."""
        return self.flat[self.starts[at] : self.starts[at + 1]]

    def take(self, chosen: Ints) -> Lines:
        """Return the ``chosen`` lines, in that order."""
        flat, starts = gather(self.flat, self.starts, np.asarray(chosen, dtype=np.int64))
        return Lines(
            flat,
            starts,
            self.depot[chosen],
            self.kind[chosen],
            self.cost[chosen],
            self.load[chosen],
            self.whole_min[chosen],
        )

    def visits(self, n: int) -> sp.csr_matrix:
        """Return how often each line visits each of ``n`` stops, lines × stops."""
        shape = (len(self), n)
        matrix = sp.csr_matrix((np.ones(len(self.flat)), self.flat, self.starts), shape=shape)
        matrix.sum_duplicates()
        return matrix


def pack(sequences: Iterable[Sequence[int] | Ints]) -> tuple[Ints, Ints]:
    """Return (flat, starts) of stop sequences."""
    rows = [np.asarray(row, dtype=np.int64) for row in sequences]
    starts = np.concatenate([[0], np.cumsum([len(row) for row in rows])]).astype(np.int64)
    return (np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)), starts


def price_lines(
    task: Task, flat: Ints, starts: Ints, depot: Ints, *, kind: Ints | None = None, each_kind: bool = False
) -> Lines:
    """Return the lines that keep every limit, with their cost.

    ``kind`` fixes the vehicle type of each line. Without it a line takes the cheapest type large enough, or, with
    ``each_kind``, appears once for every type large enough (needed where a type is limited in number).
    """
    flat, starts, depot = flat.astype(np.int64), starts.astype(np.int64), depot.astype(np.int64)
    load, whole, rider_min, valid = measured(
        flat, starts, depot, task.between, task.inward, task.outward, task.service, task.riders, task.limit,
        task.line_limit,
    )  # fmt: skip
    paid = whole
    if not task.pays_minutes:
        paid = added_up(flat, starts, depot, task.pay_between, task.pay_inward, task.pay_outward, task.pay_service)
    fits = valid[:, None] & (load[:, None] <= task.seats[None, :])
    costs = task.fixed[None, :] + paid[:, None] * task.per_min[None, :] + task.rider_cost * rider_min[:, None]
    if len(task.steps):
        costs = costs + task.step_share(whole)[:, None] * task.step_fixed[None, :]
    costs = np.where(fits, costs, np.inf)
    if kind is not None:
        chosen, types = np.flatnonzero(np.isfinite(costs[np.arange(len(load)), kind])), kind
    elif each_kind:
        chosen, types = np.nonzero(np.isfinite(costs))
        types_of = types
    else:
        types = np.argmin(costs, axis=1)
        chosen = np.flatnonzero(np.isfinite(costs.min(axis=1)))
    if kind is not None or not each_kind:
        types_of = types[chosen]
    new_flat, new_starts = gather(flat, starts, chosen.astype(np.int64))
    return Lines(
        new_flat, new_starts, depot[chosen], types_of.astype(np.int64), costs[chosen, types_of], load[chosen],
        whole[chosen],
    )  # fmt: skip


def join(parts: Sequence[Lines]) -> Lines:
    """Return all lines of ``parts`` one after another."""
    starts = [np.zeros(1, dtype=np.int64)]
    shift = 0
    for part in parts:
        starts.append(part.starts[1:] + shift)
        shift += len(part.flat)
    names = ("flat", "depot", "kind", "cost", "load", "whole_min")
    flat, depot, kind, cost, load, whole = (np.concatenate([getattr(part, n) for part in parts]) for n in names)
    return Lines(flat, np.concatenate(starts), depot, kind, cost, load, whole)


def cheapest_of_each_set(lines: Lines, n: int) -> Lines:
    """Return one line, the cheapest, for each set of stops, depot and vehicle type."""
    if len(lines) == 0:
        return lines
    words = (n + 62) // 63
    bits = np.zeros((len(lines), words), dtype=np.int64)
    owner = np.repeat(np.arange(len(lines)), np.diff(lines.starts))
    np.bitwise_or.at(bits, (owner, lines.flat // 63), np.int64(1) << (lines.flat % 63))
    keys = [lines.cost, lines.kind, lines.depot, *(bits[:, w] for w in range(words))]
    order = np.lexsort(keys)
    first = np.ones(len(lines), dtype=bool)
    same = (lines.kind[order][1:] == lines.kind[order][:-1]) & (lines.depot[order][1:] == lines.depot[order][:-1])
    same &= (bits[order][1:] == bits[order][:-1]).all(axis=1)
    first[1:] = ~same
    return lines.take(np.sort(order[first]))
