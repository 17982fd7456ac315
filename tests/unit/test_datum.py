"""Web-map coordinates back to WGS 84: to a millimetre, in China only, and as the public packages do it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from layoutopt.io.datum import DATUMS, SHIFTED, from_wgs84, in_china, to_wgs84

DEGREE_M = 111_320.0


def metres(one: Any, other: Any) -> np.ndarray:
    east = (np.asarray(one[0]) - other[0]) * np.cos(np.radians(other[1]))
    return np.hypot(east, np.asarray(one[1]) - other[1]) * DEGREE_M


def grid(count: int) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = np.meshgrid(np.linspace(73.1, 135.1, count), np.linspace(3.6, 53.6, count))
    return lon.ravel(), lat.ravel()


@pytest.mark.parametrize("datum", SHIFTED)
def test_there_and_back_ends_within_a_centimetre(datum: str) -> None:
    places = grid(150)
    shown = from_wgs84(*places, datum)
    moved = metres(shown, places)
    assert moved.min() > 20
    assert metres(to_wgs84(*shown, datum), places).max() < 0.001


@pytest.mark.parametrize("datum", SHIFTED)
def test_a_shift_is_hundreds_of_metres_and_not_everywhere_the_same(datum: str) -> None:
    here, there = from_wgs84(106.1, 33.3, datum), from_wgs84(116.4, 39.9, datum)
    assert 300 < metres(here, (106.1, 33.3)) < 1_600
    assert abs(metres(here, (106.1, 33.3)) - metres(there, (116.4, 39.9))) > 1


@pytest.mark.parametrize("datum", DATUMS)
@pytest.mark.parametrize("place", [(2.35, 48.86), (140.0, 36.0), (77.6, -10.0), (70.0, 40.0)])
def test_nothing_moves_outside_china(datum: str, place: tuple[float, float]) -> None:
    assert not in_china(*place)
    for function in (to_wgs84, from_wgs84):
        assert [float(value) for value in function(*place, datum)] == list(place)


@pytest.mark.parametrize("datum", ["wgs84", "cgcs2000"])
def test_two_datums_are_the_same_for_a_school(datum: str) -> None:
    assert [float(value) for value in to_wgs84(106.1, 33.3, datum)] == [106.1, 33.3]


def test_points_on_both_sides_of_the_border_go_their_own_ways() -> None:
    lon, lat = to_wgs84([106.1, 150.0], [33.3, 33.3], "gcj02")
    assert (lon[1], lat[1]) == (150.0, 33.3)
    assert lon[0] != 106.1


def test_arguments_stay_as_they_were() -> None:
    lon, lat = grid(3)
    kept = lon.copy(), lat.copy()
    to_wgs84(lon, lat, "bd09")
    assert (lon == kept[0]).all()
    assert (lat == kept[1]).all()


def _prcoords(datum: str) -> Callable[[float, float], tuple[float, float]]:
    module = pytest.importorskip("prcoords", reason="compares with the public package prcoords")
    move = {"gcj02": module.wgs_gcj, "bd09": module.wgs_bd}[datum]

    def moved(lon: float, lat: float) -> tuple[float, float]:
        found = move((lat, lon))
        return found[1], found[0]

    return moved


def _coord_convert(datum: str) -> Callable[[float, float], tuple[float, float]]:
    module = pytest.importorskip("coord_convert.transform", reason="compares with the public package coord-convert")
    move = module.Transform()
    return {"gcj02": move.wgs2gcj, "bd09": move.wgs2bd}[datum]


@pytest.mark.parametrize("datum", SHIFTED)
@pytest.mark.parametrize(
    ("package", "within_m"),
    [(_prcoords, 0.001), (_coord_convert, 0.001)],
)
def test_the_public_packages_agree(package: Any, within_m: float, datum: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        move = package(datum)
        places = grid(12)
        theirs = np.array([move(float(lon), float(lat)) for lon, lat in zip(*places, strict=True)]).T
    assert metres(from_wgs84(*places, datum), theirs).max() < within_m
    assert metres(to_wgs84(*theirs, datum), places).max() < within_m
