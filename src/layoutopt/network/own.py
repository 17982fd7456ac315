"""A user's own travel table, which wins over computed travel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import InputError, Problem, nearest
from layoutopt.network.matrix import TravelTable
from layoutopt.network.stops import StopTable

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

MODES = ("walk", "bus")


def with_own_minutes(table: TravelTable, own: pd.DataFrame) -> TravelTable:
    """Return ``table`` with the pairs of ``own`` replaced; what it does not name stays as computed.

    Parameters
    ----------
    own
        ``from_id``, ``to_id``, ``mode`` (walk, bus) and ``minutes`` door to door, the same for every band;
        ``inf`` closes the way. ``km`` where known; left out, the computed kilometres stay. Rows between two
        places of one side speak of bus lines: see ``with_own_rides``.

    Raises
    ------
    InputError
        Unknown ids or modes, repeated pairs, minutes that are no number, kilometres nobody knows.
    """
    rows = _checked(own, table.from_ids.union(table.to_ids, sort=False))
    walk_min, walk_km = table.walk_min.copy(), table.walk_km.copy()
    ride_min, ride_km = table.ride_min.copy(), table.ride_km.copy()
    access_min, access_km = table.access_min.copy(), table.access_km.copy()
    problems: list[Problem] = []
    for mode, known_km in (("walk", walk_km), ("bus", table.km("bus"))):
        part, i, j = _cells(rows[rows["mode"] == mode], table.from_ids, table.to_ids)
        km = _kilometres(part, known_km[i, j], problems)
        if mode == "walk":
            walk_min[i, j], walk_km[i, j] = part["minutes"].to_numpy()[:, None], km
        else:
            ride_min[i, j], ride_km[i, j] = part["minutes"], km
            access_min[i, j], access_km[i, j] = 0.0, 0.0
    if problems:
        raise InputError(problems)
    return replace(
        table,
        walk_min=walk_min,
        walk_km=walk_km,
        ride_min=ride_min,
        ride_km=ride_km,
        access_min=access_min,
        access_km=access_km,
    )


def with_own_rides(stops: StopTable, own: pd.DataFrame) -> StopTable:
    """Return ``stops`` with the bus rows of ``own`` replaced; the walk to a stop stays as it is.

    Raises
    ------
    InputError
        As ``with_own_minutes``.
    """
    rows = _checked(own, stops.ids)
    part, i, j = _cells(rows[rows["mode"] == "bus"], stops.ids, stops.ids)
    ride_min, ride_km = stops.ride_min.copy(), stops.ride_km.copy()
    problems: list[Problem] = []
    ride_km[i, j] = _kilometres(part, ride_km[i, j], problems)
    ride_min[i, j] = part["minutes"]
    if problems:
        raise InputError(problems)
    return replace(stops, ride_min=ride_min, ride_km=ride_km)


def _checked(own: pd.DataFrame, known: pd.Index) -> pd.DataFrame:
    """Return the rows with clean numbers and a ``where`` for messages, or raise with every problem found."""
    names = known.astype(str)
    rows = pd.DataFrame(
        {
            "where": [f"travel row {number + 2}" for number in range(len(own))],  # row 1 is the header
            "from_id": own["from_id"].to_numpy(),
            "to_id": own["to_id"].to_numpy(),
            "mode": own["mode"].to_numpy(),
            "minutes": pd.to_numeric(own["minutes"], errors="coerce").to_numpy(float),
            "km": pd.to_numeric(own["km"], errors="coerce").to_numpy(float) if "km" in own else np.nan,
        }
    )
    problems = [
        Problem(where, f"{column} = '{name}' is no place of this study", nearest(str(name), names).strip())
        for column in ("from_id", "to_id")
        for where, name in zip(rows["where"], rows[column], strict=True)
        if name not in known
    ]
    for wrong, what, cure in (
        (~rows["mode"].isin(MODES), "the mode is neither walk nor bus", "Give walk or bus."),
        (~(rows["minutes"] >= 0), "the minutes are no number of 0 or more", "Give minutes, or inf."),
        (rows["km"] < 0, "the kilometres are negative", "Give kilometres, or leave them empty."),
        (rows.duplicated(["from_id", "to_id", "mode"]), "the pair appears before", "Keep one of the rows."),
    ):
        problems += [Problem(where, what, cure) for where in rows["where"][wrong]]
    if problems:
        raise InputError(problems)
    return rows


def _cells(rows: pd.DataFrame, from_ids: pd.Index, to_ids: pd.Index) -> tuple[pd.DataFrame, Ints, Ints]:
    """Return the rows that run from the one side to the other, and their positions on both."""
    i: Ints = from_ids.get_indexer(pd.Index(rows["from_id"])).astype(np.int64)
    j: Ints = to_ids.get_indexer(pd.Index(rows["to_id"])).astype(np.int64)
    inside = (i >= 0) & (j >= 0)
    return rows[inside], i[inside], j[inside]


def _kilometres(rows: pd.DataFrame, computed: Floats, problems: list[Problem]) -> Floats:
    given = rows["km"].to_numpy(float)
    km = np.where(np.isnan(given), computed, given)
    closed = np.isinf(rows["minutes"].to_numpy())
    unknown = ~np.isfinite(km) & ~closed
    problems += [
        Problem(where, "the kilometres are missing and no road tells them", "Give kilometres.")
        for where in rows["where"][unknown]
    ]
    return np.where(closed, np.inf, km)
