"""Walking up and down: Tobler's speeds, worked out along roads whose vertices have heights."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from layoutopt.units import M_PER_KM, MIN_PER_H

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

TOBLER_KMH = 6.0
TOBLER_FALL = 3.5
TOBLER_BEST = 0.05
"""Tobler (1993): 6·exp(−3.5·|s + 0.05|) km/h, fastest where the way falls by 5 %."""

REFERENCE_WALK_KMH = TOBLER_KMH * math.exp(-TOBLER_FALL * TOBLER_BEST)
"""Tobler's walker on the flat, 5.04 km/h: one search serves every band, as minutes scale with speed."""

STEP_M = 50.0
"""Slopes are taken over stretches of about this length: a height model has cells of 12 to 30 m, and between
two of its cells a drawn vertex may see a wall where there is none."""

STEEPEST = 1 / TOBLER_FALL
"""Here s·exp(−3.5·s) is largest: who climbs at 29 % gains height fastest. Steeper ground is walked in zigzags
of this slope, so that a wrong height costs the minutes of its metres and not hours."""


def walking_kmh(slope: Floats) -> Floats:
    """Return Tobler's speed where the way rises by ``slope`` (metres up a metre along); level if unknown.

    The speed is that along the straight way, also where it is steep and walked in zigzags.
    """
    known = np.where(np.isfinite(slope), slope, 0.0)
    walked = np.clip(known, -STEEPEST, STEEPEST)
    straight = np.minimum(STEEPEST / np.maximum(np.abs(known), STEEPEST), 1.0)
    kmh: Floats = TOBLER_KMH * np.exp(-TOBLER_FALL * np.abs(walked + TOBLER_BEST)) * straight
    return kmh


def walking_min(distance_m: Floats, rise_m: Floats | float = 0.0) -> Floats:
    """Return the minutes of the reference walker over ``distance_m`` that rise evenly by ``rise_m``.

    A rise of NaN is not known and counts as none; infinite distances take forever.
    """
    far = np.where(np.isfinite(distance_m) & (distance_m > 0), distance_m, np.inf)
    minutes: Floats = distance_m / M_PER_KM / walking_kmh(np.asarray(rise_m / far)) * MIN_PER_H
    return minutes


@dataclass(frozen=True, eq=False)
class Climb:
    """Heights along edges, and the reference walker's minutes from the first edge's start on.

    All edges lie end to end on one scale of metres, ``begin`` says where each starts; at ``at_m`` on it the
    height is ``height_m``, and ``along_min`` and ``against_min`` have passed.
    """

    begin: Floats
    at_m: Floats
    height_m: Floats
    along_min: Floats
    against_min: Floats

    def minutes(self, edge: Ints, from_m: Floats, to_m: Floats) -> tuple[Floats, Floats]:
        """Return minutes from ``from_m`` to ``to_m`` along each edge, and back."""
        low, high = self.begin[edge] + from_m, self.begin[edge] + to_m
        along, against = (
            np.interp(high, self.at_m, passed) - np.interp(low, self.at_m, passed)
            for passed in (self.along_min, self.against_min)
        )
        return along, against

    def height(self, edge: Ints, along_m: Floats) -> Floats:
        """Return the height on each edge, NaN where unknown."""
        return np.interp(self.begin[edge] + along_m, self.at_m, self.height_m)


def climb(geometry: NDArray[Any]) -> Climb | None:
    """Return the heights along the lines and the minutes they make; None where no vertex has a height."""
    xyz, line = shapely.get_coordinates(geometry, include_z=True, return_index=True)
    if not np.isfinite(xyz[:, 2]).any():
        return None
    step = np.hypot(*np.diff(xyz[:, :2], axis=0, prepend=xyz[:1, :2]).T)
    step[np.flatnonzero(np.diff(line, prepend=-1))] = 1.0  # a metre between edges keeps them apart
    vertex_m = np.cumsum(step)
    first = np.searchsorted(line, np.arange(len(geometry)))
    last = np.append(first[1:], len(line)) - 1
    begin, length_m = vertex_m[first], vertex_m[last] - vertex_m[first]

    cuts = np.maximum(np.rint(length_m / STEP_M), 1).astype(np.int64)
    edge = np.repeat(np.arange(len(geometry)), cuts + 1)
    number = np.arange(len(edge)) - np.repeat(np.cumsum(cuts + 1) - cuts - 1, cuts + 1)
    at_m = begin[edge] + length_m[edge] * number / cuts[edge]
    height_m = np.interp(at_m, vertex_m, xyz[:, 2])
    run_m, rise_m = np.diff(at_m), np.diff(height_m)
    run_m[edge[1:] != edge[:-1]] = 0.0
    passed = [np.append(0.0, np.cumsum(walking_min(run_m, sign * rise_m))) for sign in (1.0, -1.0)]
    return Climb(begin, at_m, height_m, *passed)
