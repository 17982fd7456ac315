"""Measure how much longer ways are than straight lines, on ladakh's roads: python data/scripts/measure_detour.py.

A study without roads multiplies straight kilometres by policy key travel.detour_factor; this is where figures for
it come from. Pairs of habitation and school closer than NEAR_KM say more about where a point is drawn than about
roads, pairs beyond FAR_KM are no daily way, and pairs without any way do not count.
"""

from __future__ import annotations

import sys
from typing import Literal

import numpy as np
from scipy.spatial.distance import cdist

import layoutopt as lo
from layoutopt.journeys import journeys_of

NEAR_KM, FAR_KM = 2.0, 15.0


def main(name: str = "ladakh") -> None:
    """Write a line a mode: pairs counted, quartiles and median of the ratio."""
    study = lo.sample(name)
    homes, schools = (layer.geometry.get_coordinates().to_numpy() for layer in (study.settlements, study.schools))
    straight_km = cdist(homes, schools) / 1e3
    table = journeys_of(study, lo.Policy()).table
    modes: tuple[Literal["walk", "bus"], ...] = ("walk", "bus")
    for mode in modes:
        km = table.km(mode)
        counted = (straight_km >= NEAR_KM) & (straight_km <= FAR_KM) & np.isfinite(km)
        low, middle, high = np.percentile(km[counted] / straight_km[counted], [25, 50, 75])
        text = f"{mode}: {counted.sum():,} pairs, median {middle:.2f}, P25 {low:.2f}, P75 {high:.2f}"
        sys.stdout.write(f"{name}, {text}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
