"""The buses that may be used: the vehicles table's types, or the policy's one type, and who drives twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.policy import Policy
from layoutopt.study import Study
from layoutopt.units import SLACK_MIN

SCHOOL_BUS = "school_bus"
PUBLIC_EXTENSION = "public_extension"


@dataclass(frozen=True)
class VehicleType:
    """One kind of bus, with its yearly and kilometre cost; ``count`` None for any number.

    ``fixed_cny`` is what a vehicle costs before kilometres, the attendant of a school bus included.
    """

    vehicle_id: str
    seats: int
    fixed_cny: float
    cny_per_km: float
    count: int | None = None
    kind: str = SCHOOL_BUS

    def line_cny(self, km: float, policy: Policy, *, runs: int = 1) -> float:
        """Return the yearly cost of a line of ``km`` kilometres a trip, loaded and empty together.

        A vehicle that drives ``runs`` lines is paid by them in equal parts.
        """
        yearly_trips = policy.bus.trips_per_day * policy.bus.school_days
        return self.fixed_cny / runs + self.cny_per_km * km * yearly_trips


def vehicle_types(study: Study, policy: Policy) -> tuple[VehicleType, ...]:
    """Return the admissible vehicle types, sorted by id."""
    attendant = policy.bus.attendant_cny
    if study.vehicles is None:
        bus = policy.bus
        return (VehicleType("bus", bus.seats, bus.line_fixed_cny + attendant, bus.cny_per_km),)
    table = study.vehicles.sort_values("vehicle_id", kind="stable")
    counts = table["count"].astype(float) if "count" in table else pd.Series(np.nan, index=table.index)
    kinds = table["kind"] if "kind" in table else pd.Series("", index=table.index)
    columns = (table[name] for name in ("vehicle_id", "seats", "fixed_cny", "cny_per_km"))
    return tuple(
        VehicleType(
            str(name), int(seats), float(fixed) + (0.0 if who == PUBLIC_EXTENSION else attendant), float(per_km),
            None if np.isnan(count) else int(count), PUBLIC_EXTENSION if who == PUBLIC_EXTENSION else SCHOOL_BUS,
        )
        for name, seats, fixed, per_km, count, who in zip(*columns, counts, kinds, strict=True)
    )  # fmt: skip


def largest_bus(study: Study, policy: Policy) -> int:
    """Return the seats of the largest vehicle that may be used."""
    return max(kind.seats for kind in vehicle_types(study, policy))


def runs_of(whole_min: Sequence[float], window_min: float | None) -> list[tuple[int, ...]]:
    """Return the lines of each vehicle, as few vehicles as can be: one line, or two that fit into the window together.

    ``whole_min`` are the minutes of lines of one kind to one school, their empty way out counted. The longest line
    takes the shortest one left when both fit, else no line fits beside it: no pairing has more pairs. Of two runs
    the longer comes first, so that its riders wait half of the window at most.

    Examples
    --------
    >>> runs_of([30, 12, 20, 50], 45)
    [(3,), (0, 1), (2,)]
    """
    order = sorted(range(len(whole_min)), key=lambda at: (whole_min[at], -at))
    vehicles: list[tuple[int, ...]] = []
    while order:
        longest = order.pop()
        fits = window_min is not None and order and whole_min[longest] + whole_min[order[0]] <= window_min + SLACK_MIN
        vehicles.append((longest, order.pop(0)) if fits else (longest,))
    return vehicles


def least_line_share(policy: Policy, whole_min: float, *, shortest_min: float = 0.0) -> float:
    """Return the share of a vehicle that a line of ``whole_min`` (empty way out counted) pays at least: 1/2 or 1.

    ``shortest_min`` is what every line to the same school takes at least. Two lines share a vehicle only if both fit
    into the window, so neither is longer than the window less the shortest: a longer one pays its vehicle alone, and
    two that share pay one half each. Summed over any lines, the shares are no more than the vehicles needed.
    """
    window = policy.bus.second_run_window_min
    return 0.5 if window is not None and whole_min + shortest_min <= window + 2 * SLACK_MIN else 1.0
