"""Pupil groups: settlement, band and school of today, cut into chunks only where larger than a bus."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.fleet import largest_bus
from layoutopt.journeys import remembered
from layoutopt.policy import Policy
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study
from layoutopt.today.attending import attendance, own_dwell_min


@remembered
def items_of(study: Study, policy: Policy) -> pd.DataFrame:
    """Return the pupil groups: settlement × band × school of today, cut into chunks only where larger than a bus.

    Several groups of one settlement and band are numbered as its chunks (``V1.lower.1``, ``V1.lower.2`` …);
    each carries its own school of today.
    """
    today = attendance(study, policy)
    seats = largest_bus(study, policy)
    pieces = np.maximum(1, np.ceil(today["pupils"].to_numpy() / seats)).astype(int)
    repeated = today.loc[today.index.repeat(pieces)].reset_index(drop=True)
    place = repeated.groupby(["settlement_id", "band"], sort=False)
    repeated["chunk"] = place.cumcount() + 1
    several = place["chunk"].transform("size") > 1
    values = [_chunks(row, count) for row, count in zip(today[list(PUPIL_COLUMNS)].to_numpy(), pieces, strict=True)]
    repeated[list(PUPIL_COLUMNS)] = np.vstack(values) if values else np.empty((0, len(PUPIL_COLUMNS)))
    rides = repeated["mode"] == "bus"
    whole_min = own_dwell_min(repeated["pupils"].to_numpy(float), study, policy)
    repeated["pupils"] = repeated[list(PUPIL_COLUMNS)].sum(axis=1)
    shorter_min = (whole_min - own_dwell_min(repeated["pupils"].to_numpy(float), study, policy)) * rides
    repeated["minutes"] -= shorter_min
    repeated["ride_min"] -= shorter_min
    repeated = repeated.rename(
        columns={
            "school_id": "today_school",
            "mode": "today_mode",
            "minutes": "today_min",
            "ride_min": "today_ride_min",
            "km": "today_km",
        }
    )
    chunk = np.where(several, "." + repeated["chunk"].astype(str), "")
    repeated.insert(0, "item", repeated["settlement_id"] + "." + repeated["band"] + chunk)
    return repeated


def _chunks(pupils: np.ndarray, count: int) -> np.ndarray:
    """Cut pupils by grade into ``count`` near-equal groups of whole pupils (rotating the remainders)."""
    parts = np.zeros((count, len(pupils)))
    turn = 0
    for grade, amount in enumerate(pupils):
        base, rest = divmod(round(amount), count)
        parts[:, grade] = base
        for extra in range(rest):
            parts[(turn + extra) % count, grade] += 1
        turn = (turn + rest) % count
    return parts
