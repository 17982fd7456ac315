"""Points beside the roads by one vector: found where there is one, not where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from layoutopt.io.datum import from_wgs84
from layoutopt.study.shift import FEWEST_POINTS, compass, constant_shift, datum_of


def net() -> tuple[np.ndarray, np.ndarray]:
    """Crooked roads some 2 km apart, and forty points on them."""
    rng = np.random.default_rng(4)
    lines = []
    for step in range(6):
        x = np.arange(0.0, 12_001.0, 400.0)
        y = 2_000.0 * step + np.cumsum(rng.uniform(-250, 250, len(x)))
        lines += [shapely.LineString(np.column_stack([x, y])), shapely.LineString(np.column_stack([y, x]))]
    on = rng.integers(0, len(lines), 40)
    spots = shapely.line_interpolate_point(np.array(lines)[on], rng.random(40), normalized=True)
    return np.array(lines), shapely.get_coordinates(spots)


@pytest.mark.parametrize("shift", [(300.0, 350.0), (-520.0, 260.0), (90.0, -640.0)])
def test_one_vector_is_found(shift: tuple[float, float]) -> None:
    lines, points = net()
    scatter = np.random.default_rng(1).uniform(-20, 20, points.shape)
    found = constant_shift(points + scatter + shift, lines)
    assert found is not None
    assert np.hypot(found[0] + shift[0], found[1] + shift[1]) < 60


def test_points_on_the_roads_are_left_alone() -> None:
    lines, points = net()
    assert constant_shift(points + np.random.default_rng(1).uniform(-80, 80, points.shape), lines) is None


def test_points_off_in_all_directions_have_no_vector() -> None:
    lines, points = net()
    rng = np.random.default_rng(3)
    angle = rng.uniform(0, 2 * np.pi, len(points))
    away = rng.uniform(200, 900, len(points))[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    assert constant_shift(points + away, lines) is None


def test_too_few_points_say_nothing() -> None:
    lines, points = net()
    assert constant_shift(points[: FEWEST_POINTS - 1] + 400.0, lines) is None
    assert constant_shift(points, np.array([], dtype=object)) is None


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
@pytest.mark.parametrize(("lon", "lat"), [(115.9, 28.7), (103.8, 36.1), (86.1, 44.3)])
def test_the_datum_of_a_shift(lon: float, lat: float, datum: str) -> None:
    x, y = from_wgs84([lon], [lat], datum)
    degree_m = 111_320.0
    back = (float((lon - x[0]) * degree_m * np.cos(np.radians(lat))), float((lat - y[0]) * degree_m))
    assert 200 < np.hypot(*back) < 1_400
    assert datum_of(back, float(x[0]), float(y[0])) == datum
    assert datum_of((-back[0], -back[1]), float(x[0]), float(y[0])) == ""
    assert datum_of(back, 10.0, 50.0) == "", "no web map shifts points outside China"


def test_directions_in_words() -> None:
    assert [compass(*way) for way in ((1, 0), (1, 1), (0, 2), (-3, 3), (-1, 0), (-1, -1), (0, -1), (2, -2))] == [
        "east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east",
    ]  # fmt: skip
