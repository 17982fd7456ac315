"""The compact program at other bus prices: free for the master, certified for the bound, realised for the search."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from layoutopt.integrated.hubs import Hub
from layoutopt.kernels.highs import Program
from layoutopt.model.build import ExtraRule, build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Compact:
    """How the compact program of one run is built, so that it can be built again at other bus prices."""

    study: Study
    policy: Policy
    options: Options
    skip: Collection[str]
    extra_rules: Iterable[ExtraRule]
    held: Callable[[Program], Program]

    def at(self, bus_cny: Floats) -> tuple[Model, Data, Program]:
        """Return model, data and program of the goal annual_cost; ``bus_cny`` has an entry an option row."""
        rows = self.options.rows.copy()
        by_bus = (rows["mode"] == "bus").to_numpy()
        rows["cost_cny"] = np.where(by_bus, bus_cny, rows["cost_cny"])
        model, data = build_model(
            self.study, self.policy, replace(self.options, rows=rows), skip=self.skip, extra_rules=self.extra_rules
        )
        return model, data, self.held(model.program(model.goals["annual_cost"]))


def spread_prizes(options: Options, hubs: Sequence[Hub], prizes: Sequence[Floats]) -> Floats:
    """Return prizes by hub and stop as one entry an option row, 0 where nobody rides."""
    found = np.zeros(len(options.rows))
    for hub, prize in zip(hubs, prizes, strict=True):
        found[hub.option] = prize
    return found
