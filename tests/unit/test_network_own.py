"""A user's own minutes win over computed ones, and nothing unusable slips in."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point

from layoutopt.errors import InputError
from layoutopt.network import Reach, Speeds, stop_table, travel, with_own_minutes, with_own_rides

SPEEDS = Speeds({"lower": 3.0, "junior": 6.0}, 0.5, {}, 20, 60, 80, 20, 1.5, 30, 8, 10)
REACH = Reach(np.inf, 30, 500, 0)


def places(**xy):
    return gpd.GeoDataFrame(index=list(xy), geometry=[Point(at) for at in xy.values()], crs="EPSG:32650")


HERE, THERE = places(A=(0, 0), B=(2000, 0)), places(S=(4000, 0), T=(50_000, 0))
TABLE = travel(HERE, THERE, roads=None, speeds=SPEEDS, reach=REACH)


def own(*rows, columns=("from_id", "to_id", "mode", "minutes", "km")):
    return pd.DataFrame(rows, columns=columns)


def test_own_rows_win_and_the_rest_stays():
    table = with_own_minutes(TABLE, own(("A", "S", "walk", 33, 5.5), ("B", "T", "bus", 44, 50)))
    assert table.walk_min[0, 0].tolist() == [33, 33]
    assert table.walk_km[0, 0] == 5.5
    assert table.minutes("bus", "lower")[1, 1] == 44
    assert table.km("bus")[1, 1] == 50
    assert table.walk_min[1, 0] == pytest.approx(TABLE.walk_min[1, 0])
    assert table.ride_min[0, 0] == TABLE.ride_min[0, 0]
    assert np.isinf(TABLE.ride_min[1, 1]), "the table given is not edited"


def test_kilometres_left_out_stay_as_computed():
    table = with_own_minutes(TABLE, own(("A", "S", "bus", 9), columns=("from_id", "to_id", "mode", "minutes")))
    assert (table.ride_min[0, 0], table.ride_km[0, 0]) == (9, 6)


def test_infinite_minutes_close_a_way():
    table = with_own_minutes(TABLE, own(("A", "S", "walk", np.inf, 3)))
    assert np.isinf(table.walk_min[0, 0]).all()
    assert np.isinf(table.walk_km[0, 0])


def test_every_unusable_row_is_named():
    rows = own(
        ("A", "S", "walk", 10, 1),
        ("A", "S", "walk", 11, 1),
        ("A1", "S", "walk", 10, 1),
        ("A", "S", "fly", -1, 1),
        ("B", "S", "bus", "soon", -2),
    )
    with pytest.raises(InputError) as caught:
        with_own_minutes(TABLE, rows)
    assert str(caught.value) == (
        "6 problems stop the reading:\n"
        "  travel row 4: from_id = 'A1' is no place of this study. Did you mean 'A'?\n"
        "  travel row 5: the mode is neither walk nor bus. Give walk or bus.\n"
        "  travel row 5: the minutes are no number of 0 or more. Give minutes, or inf.\n"
        "  travel row 6: the minutes are no number of 0 or more. Give minutes, or inf.\n"
        "  travel row 6: the kilometres are negative. Give kilometres, or leave them empty.\n"
        "  travel row 3: the pair appears before. Keep one of the rows."
    )


def test_kilometres_nobody_knows():
    with pytest.raises(InputError, match="travel row 2: the kilometres are missing and no road tells them"):
        with_own_minutes(TABLE, own(("B", "T", "bus", 44, np.nan)))


def test_own_rides_between_stops():
    both = places(A=(0, 0), B=(2000, 0), S=(4000, 0))
    stops = stop_table(both, roads=None, speeds=SPEEDS, reach=REACH)
    rows = own(("A", "B", "bus", 7, 3.5), ("A", "S", "walk", 90, 6))
    changed = with_own_rides(stops, rows)
    assert (changed.ride_min[0, 1], changed.ride_km[0, 1]) == (7, 3.5)
    assert changed.ride_min[1, 0] == stops.ride_min[1, 0]
    assert changed.ride_min[0, 2] == stops.ride_min[0, 2], "walking rows are not rides"
    assert with_own_minutes(TABLE, own(("A", "B", "bus", 7, 3.5))).ride_min.tolist() == TABLE.ride_min.tolist()
