"""What each hub's lines may be: the groups that may ride there, as the routing kernel sees them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.model.columns import Data
from layoutopt.model.hub import HubWays, hub_ways, least_ways, sharing_task
from layoutopt.policy import Policy
from layoutopt.study import Study

if TYPE_CHECKING:
    from layoutopt.kernels.routing.pricer import Pricer
    from layoutopt.kernels.routing.task import Task

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Hub:
    """One hub: its ways, and where its bus options stand among the rows of the ``chosen`` block, stop by stop.

    With ``window_min`` a line pays only what a second run within that window leaves it at least.
    """

    school_id: str
    option: Ints
    group: pd.DataFrame
    ways: HubWays
    window_min: float | None = None

    @cached_property
    def task(self) -> Task:
        """The routing task with every group that may ride here as a stop."""
        from layoutopt.kernels.routing.task import make_task

        ways = self.ways
        task = make_task(
            ways.minutes, ways.riders, depots=np.array([0]), types=ways.vehicles, limit_min=ways.limit_min,
            line_limit_min=np.inf, dwell_min=ways.dwell_min, dwell_min_per_rider=ways.dwell_min_per_rider,
            return_trip=True, rider_cost=0.0, line_cost=ways.km,
        )  # fmt: skip
        return sharing_task(task, self.window_min)

    @cached_property
    def pricer(self) -> Pricer:
        """The pricing of this hub's lines, with its working memory."""
        from layoutopt.kernels.routing.pricer import Pricer

        return Pricer(self.task)

    @cached_property
    def least_cny(self) -> float:
        """A yearly cost that no line of this hub is below."""
        from layoutopt.kernels.routing.bound import least_through

        return float((self.task.fixed + self.task.per_min * least_through(self.task).min()).min())


def hubs_of(
    study: Study, policy: Policy, data: Data, *, skip: Collection[str] = (), lowest: bool = False
) -> tuple[Hub, ...]:
    """Return every hub with bus options, by school_id, stops in the order of their options.

    With ``lowest`` a line costs no more than its share of any vehicle that may serve a second run or another
    school on its way (:func:`shared_vehicles`): prizes of such lines bound those vehicles too.
    """
    chosen = data.frame.blocks["chosen"].table
    rides = chosen[chosen["mode"] == "bus"]
    items = data.options.items.set_index("item")
    fleet = vehicle_types(study, policy)
    journeys = journeys_of(study, policy)
    least = None
    if lowest and policy.bus.schools_per_line > 1:
        places = items.loc[rides["item"].unique(), "settlement_id"]
        least = least_ways(journeys, [*("s:" + rides["school_id"].unique()), *("v:" + places.unique())])
    window_min = policy.bus.second_run_window_min if lowest else None
    found = []
    for school_id, part in rides.groupby("school_id", sort=True):
        group = items.loc[part["item"]].reset_index()
        ways = hub_ways(journeys, policy, fleet, str(school_id), group, skip=skip, least=least)
        found.append(Hub(str(school_id), part.index.to_numpy(np.int64), group, ways, window_min))
    return tuple(found)


def shared_vehicles(policy: Policy) -> bool:
    """Return whether a vehicle may serve more than one line to one school."""
    return policy.bus.second_run_window_min is not None or policy.bus.schools_per_line > 1
