"""The buses that may be used: the vehicles table's types, or the policy's one type."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.policy import Policy
from layoutopt.study import Study


@dataclass(frozen=True)
class VehicleType:
    """One kind of bus, with its yearly and kilometre cost; ``count`` None for any number."""

    vehicle_id: str
    seats: int
    fixed_cny: float
    cny_per_km: float
    count: int | None = None

    def line_cny(self, km: float, policy: Policy) -> float:
        """Return the yearly cost of a line of ``km`` kilometres a trip, loaded and empty together."""
        yearly_trips = policy.bus.trips_per_day * policy.bus.school_days
        return self.fixed_cny + self.cny_per_km * km * yearly_trips


def vehicle_types(study: Study, policy: Policy) -> tuple[VehicleType, ...]:
    """Return the admissible vehicle types, sorted by id."""
    if study.vehicles is None:
        bus = policy.bus
        return (VehicleType("bus", bus.seats, bus.line_fixed_cny, bus.cny_per_km),)
    table = study.vehicles.sort_values("vehicle_id", kind="stable")
    counts = table["count"] if "count" in table else pd.Series(np.nan, index=table.index)
    columns = (table[name] for name in ("vehicle_id", "seats", "fixed_cny", "cny_per_km"))
    return tuple(
        VehicleType(str(name), int(seats), float(fixed), float(per_km), None if np.isnan(count) else int(count))
        for name, seats, fixed, per_km, count in zip(*columns, counts, strict=True)
    )


def largest_bus(study: Study, policy: Policy) -> int:
    """Return the seats of the largest vehicle that may be used."""
    return max(kind.seats for kind in vehicle_types(study, policy))
