"""What one solve learnt about lines, for the next: the lines it saw and its sound prizes, by pupil group.

Prizes p are sound for a hub where no line earns more than it costs: Σ_n p_n ≤ c_r for every line r. They stay so at a
hub whose lines are among those of before and no cheaper, which is read off the arrays of the routing task, but for the
rounding of sums.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.integrated.best import no_lines
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.shares import Prizes
from layoutopt.kernels.routing.lines import Lines, pack, price_lines
from layoutopt.kernels.routing.task import Task

Ints = NDArray[np.int64]
NOWHERE = -1
ROUNDING = 1e-12
"""Ways added up in another order differ by this share at most; prizes are shaved by more than that."""
SHAVED = 1.0 - 1e-9


@dataclass(frozen=True, eq=False)
class Basis:
    """Lines seen at ``hubs``, and prizes that hold for every line of ``low`` (a share of a vehicle may do there)."""

    hubs: tuple[Hub, ...]
    lines: tuple[Lines, ...]
    low: tuple[Hub, ...]
    sets: tuple[Prizes, ...]

    def lines_at(self, hubs: Sequence[Hub]) -> tuple[Lines, ...]:
        """Return the lines seen that keep the limits of ``hubs``, with what they cost there."""
        before = {hub.school_id: (hub, own) for hub, own in zip(self.hubs, self.lines, strict=True)}
        found = []
        for hub in hubs:
            if hub.school_id not in before:
                found.append(no_lines(hub))
                continue
            old, own = before[hub.school_id]
            there = _positions(old, hub)[own.flat]
            whole = np.ones(len(own), dtype=bool)
            if len(own):
                whole = np.minimum.reduceat(there, own.starts[:-1]) > NOWHERE
            kept = own.take(np.flatnonzero(whole))
            found.append(price_lines(hub.task, _positions(old, hub)[kept.flat], kept.starts, kept.depot))
        return tuple(found)

    def sets_at(self, low: Sequence[Hub]) -> tuple[Prizes, ...] | None:
        """Return the prizes at ``low``; None where a hub has lines that they were not proven for."""
        before = {hub.school_id: at for at, hub in enumerate(self.low)}
        taken = []
        for hub in low:
            at = before.get(hub.school_id, NOWHERE)
            there = None if at == NOWHERE else _positions(hub, self.low[at])
            if there is None or (there == NOWHERE).any() or not covers(self.low[at].task, hub.task, there):
                return None
            taken.append((at, there))
        return tuple(tuple(SHAVED * prizes[at][there] for at, there in taken) for prizes in self.sets)


def _positions(old: Hub, new: Hub) -> Ints:
    """Where each stop of ``old`` stands among those of ``new``, by pupil group."""
    return pd.Index(new.group["item"]).get_indexer(pd.Index(old.group["item"])).astype(np.int64)


def covers(old: Task, new: Task, there: Ints) -> bool:
    """Return whether every line of ``new`` is one of ``old`` and no cheaper; ``there`` are its stops' positions."""
    both = np.ix_(there, there)
    same = (
        (old.between[both], new.between), (old.inward[:, there], new.inward), (old.outward[:, there], new.outward),
        (old.pay_between[both], new.pay_between), (old.pay_inward[:, there], new.pay_inward),
        (old.pay_outward[:, there], new.pay_outward), (old.service[there], new.service),
        (old.pay_service[there], new.pay_service), (old.riders[there], new.riders),
        (old.steps, new.steps), (old.step_fixed, new.step_fixed),
    )  # fmt: skip
    kinds = {(seats, fixed, pay) for seats, fixed, pay in zip(old.seats, old.fixed, old.per_min, strict=True)}
    return (
        all(one.shape == other.shape and np.allclose(one, other, rtol=ROUNDING, atol=0.0) for one, other in same)
        and bool(np.all(new.limit <= old.limit[there]))
        and all(kind in kinds for kind in zip(new.seats, new.fixed, new.per_min, strict=True))
        and (old.line_limit, old.rider_cost, old.pays_minutes) == (new.line_limit, new.rider_cost, new.pays_minutes)
    )


def lines_run(hubs: Sequence[Hub], orders: Mapping[str, Sequence[Sequence[str]]]) -> tuple[Lines, ...]:
    """Return the lines that ``orders`` (items outermost first, by school_id) make at ``hubs``, where they can run."""
    found = []
    for hub in hubs:
        at = {item: stop for stop, item in enumerate(hub.group["item"])}
        known = [[at[item] for item in order] for order in orders.get(hub.school_id, ()) if all(i in at for i in order)]
        flat, starts = pack(known)
        found.append(price_lines(hub.task, flat, starts, np.zeros(len(known), dtype=np.int64)))
    return tuple(found)
