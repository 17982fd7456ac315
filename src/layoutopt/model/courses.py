"""The course of a bus line: where it calls, in which order, and how long every rider is on it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.journeys import Journeys
from layoutopt.policy import Policy

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Rider:
    """A group that boards together; ``limit_min`` is its longest ride."""

    item: str
    settlement_id: str
    band: str
    pupils: float
    school_id: str
    limit_min: float


@dataclass(frozen=True, eq=False)
class Roads:
    """Bus minutes and kilometres between the stops and schools of all lines."""

    ids: pd.Index
    minutes: Array
    km: Array

    def at(self, name: str) -> int:
        return int(self.ids.get_loc(name))


def roads_between(journeys: Journeys, names: Iterable[str]) -> Roads:
    """Return the ways among ``names`` (``v:`` settlement, ``s:`` school)."""
    ids = pd.Index(sorted(dict.fromkeys(names)))
    return Roads(ids, *journeys.rides(list(ids)))


@dataclass(frozen=True)
class Course:
    """One line: riders in the order they board, schools with the number of riders boarded before the call there.

    The last school is where the line ends and where its empty way out begins. ``ride_min``, ``board_at_min`` and
    ``wait_min`` (from getting off to the end of the line) have an entry a rider; ``minutes`` and ``km`` run from the
    first stop to the last school.
    """

    riders: tuple[Rider, ...]
    calls: tuple[tuple[str, int], ...]
    kind: int
    ride_min: tuple[float, ...]
    board_at_min: tuple[float, ...]
    wait_min: tuple[float, ...]
    minutes: float
    km: float
    empty_km: float
    empty_min: float

    @property
    def school_id(self) -> str:
        """The school where the line ends."""
        return self.calls[-1][0]

    @property
    def whole_min(self) -> float:
        """Minutes of the line with its empty way out."""
        return self.empty_min + self.minutes

    @property
    def load(self) -> float:
        """All riders: each has a seat of their own, also where another has got off before."""
        return sum(rider.pupils for rider in self.riders)

    def alights_after(self, rider: Rider) -> int:
        """Return after how many boardings the line calls at the rider's school."""
        return dict(self.calls)[rider.school_id]


def standing_min(policy: Policy, pupils: float) -> float:
    """Return how long a bus stands where so many get on, or off on the way."""
    return policy.bus.dwell_min + policy.bus.dwell_min_per_rider * pupils


def course_of(
    roads: Roads, policy: Policy, riders: Sequence[Rider], calls: Sequence[tuple[str, int]], kind: int
) -> Course:
    """Return the course with every minute and kilometre worked out.

    A ride begins when the bus arrives at the stop (its own standing time counts) and ends when it arrives at the
    rider's school; at a school on the way the bus stands as long as at a stop of so many riders.
    """
    names, stands = [], []
    for boarded in range(len(riders) + 1):
        for school, after in calls:
            if after == boarded:
                off = sum(rider.pupils for rider in riders if rider.school_id == school)
                names.append(f"s:{school}")
                stands.append(standing_min(policy, off))
        if boarded < len(riders):
            names.append(f"v:{riders[boarded].settlement_id}")
            stands.append(standing_min(policy, riders[boarded].pupils))
    at = [roads.at(name) for name in names]
    legs = [float(roads.minutes[leg]) + stand for leg, stand in zip(pairwise(at), stands, strict=False)]
    left = [*np.cumsum(legs[::-1])[::-1].tolist(), 0.0]
    stops = [position for position, name in enumerate(names) if name.startswith("v:")]
    ends = {name[2:]: left[position] for position, name in enumerate(names) if name.startswith("s:")}
    return Course(
        riders=tuple(riders),
        calls=tuple(calls),
        kind=kind,
        ride_min=tuple(left[stop] - ends[rider.school_id] for stop, rider in zip(stops, riders, strict=True)),
        board_at_min=tuple(left[0] - left[stop] for stop in stops),
        wait_min=tuple(ends[rider.school_id] for rider in riders),
        minutes=left[0],
        km=float(sum(roads.km[leg] for leg in pairwise(at))),
        empty_km=float(roads.km[at[-1], at[0]]),
        empty_min=float(roads.minutes[at[-1], at[0]]),
    )
