"""Parts of a county that may be decided again: hubs that share pupils, and the schools around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.payers import Payers, payers_of
from layoutopt.kernels.highs import Program
from layoutopt.model.columns import COUNTY, Data

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Ground:
    """What the search stands on: data and program with free buses, hubs, and which hub each school belongs to.

    ``budgets`` are those of sources of money that must hold with real lines.
    """

    data: Data
    program: Program
    hubs: tuple[Hub, ...]
    first_option: int
    budgets: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def payers(self) -> Payers:
        """The sources with a budget that bear a part of the buses."""
        return payers_of(self.data, self.hubs, self.budgets)

    @cached_property
    def home(self) -> pd.Series:
        """Position of the hub each school belongs to: the one that shares most of its possible pupils."""
        table = self.data.frame.blocks["chosen"].table
        once = table.drop_duplicates(["item", "school_id"])[["item", "school_id", "pupils"]]
        rides = pd.concat(
            [pd.DataFrame({"item": hub.group["item"], "hub": at}) for at, hub in enumerate(self.hubs)],
            ignore_index=True,
        )
        shared = once.merge(rides, on="item").groupby(["school_id", "hub"])["pupils"].sum().reset_index()
        best = shared.sort_values(["school_id", "pupils", "hub"], ascending=[True, False, True], kind="stable")
        found = best.drop_duplicates("school_id").set_index("school_id")["hub"]
        own = pd.Series({hub.school_id: at for at, hub in enumerate(self.hubs)})
        found = pd.concat([found[~found.index.isin(own.index)], own])
        return found.reindex(self.data.schools.index, fill_value=-1).astype(int)

    @cached_property
    def neighbours(self) -> list[list[int]]:
        """For each hub the others, those with most groups in common first."""
        sets = [frozenset(hub.group["item"]) for hub in self.hubs]
        common = np.array([[len(one & other) for other in sets] for one in sets])
        return [
            [int(k) for k in np.argsort(-common[at], kind="stable") if k != at and common[at, k] > 0]
            for at in range(len(sets))
        ]

    def free(self, chosen: Sequence[int], point: Floats) -> tuple[Flags, Flags]:
        """Return which columns a neighbourhood may move, and which option rows among them."""
        frame = self.data.frame
        schools = {COUNTY, *self.home.index[self.home.isin(chosen)]}
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

    def everything(self) -> tuple[Flags, Flags]:
        """Return the same for the whole county."""
        return np.ones(self.data.frame.width, dtype=bool), np.ones(len(self.data.options.rows), dtype=bool)

    def region(self, centre: int, options: int, point: Floats) -> tuple[tuple[int, ...], Flags, Flags]:
        """Return hubs around ``centre`` until ``options`` options may move, with what may move.

        Neighbours join in the order of the groups they share with the centre, then with those who joined.
        """
        chosen: tuple[int, ...] = (centre,)
        queue = list(self.neighbours[centre])
        free, moves = self.free(chosen, point)
        while moves.sum() < options and queue:
            joins = queue.pop(0)
            chosen = (*chosen, joins)
            queue += [k for k in self.neighbours[joins] if k not in chosen and k not in queue]
            free, moves = self.free(chosen, point)
        return chosen, free, moves


def sizes(first: int, last: int, growth: float) -> Iterator[int]:
    """Yield the sizes of neighbourhoods, each ``growth`` times the one before."""
    size = float(first)
    while size < last:
        yield int(size)
        size *= growth
    yield last
