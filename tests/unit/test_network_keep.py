"""What is kept between runs: the same on the second run, never an old answer, never an error."""

import os
import sys
from dataclasses import fields, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import LineString, Point

from layoutopt.network import Reach, RoadGraph, Speeds, cached, cached_roads, cached_travel, keep

CRS = "EPSG:32650"
SPEEDS = Speeds(
    walk_kmh={"lower": 3.0, "junior": 6.0},
    off_path_factor=0.5,
    bus_kmh={"primary": 60},
    other_bus_kmh=20,
    bus_max_kmh=60,
    expressway_max_kmh=80,
    danger_kmh=20,
    detour_factor=1.5,
    straight_bus_kmh=30,
    ferry_kmh=8,
    ferry_wait_min=10,
)
REACH = Reach(walk_cutoff_min=np.inf, bus_cutoff_min=np.inf, max_access_m=500, cross_country_max_m=100, island_km=0)
LINES = gpd.GeoDataFrame(
    {"class": ["primary", "track", None], "surface": ["gravel", None, "asphalt"], "speed_kmh": [np.nan, 20, np.nan]},
    geometry=[
        LineString([(0, 0, 10), (9000, 0, 90)]),
        LineString([(5000, 0, 50), (5000, 350, 60)]),
        LineString([(0, 9000), (100, 9000)]),
    ],
    crs=CRS,
)


def places(height, **xy):
    points = [Point(at) for at in xy.values()]
    return gpd.GeoDataFrame({"elevation_m": height}, index=list(xy), geometry=points, crs=CRS)


HERE = places([10.0, np.nan, 20.0, 0.0], A=(5000, 300), B=(10, 0), far=(0, 4000), isle=(50, 9000))
THERE = places([10.0], S=(8000, 10))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A cache folder of this test alone, and a count of what is really worked out."""
    monkeypatch.setenv(keep.VARIABLE, str(tmp_path / "kept"))
    made = []
    for name in ("build_roads", "travel"):
        real = getattr(cached, name)

        def counted(*args, _name=name, _real=real, **terms):
            made.append(_name)
            return _real(*args, **terms)

        monkeypatch.setattr(cached, name, counted)
    return tmp_path / "kept", made


def run(lines=LINES, here=HERE, there=THERE, speeds=SPEEDS, reach=REACH, snap_m=60.0):
    roads = cached_roads(lines, snap_m=snap_m)
    return roads, cached_travel(here, there, roads=roads, speeds=speeds, reach=reach)


def same(one, two):
    if isinstance(one, np.ndarray) and one.dtype == object and isinstance(one[0], shapely.Geometry):
        return np.array_equal(shapely.to_wkb(one), shapely.to_wkb(two))
    if isinstance(one, np.ndarray):
        return one.dtype == two.dtype and np.array_equal(one, two, equal_nan=one.dtype.kind == "f")
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, two)
        return True
    return one.equals(two) if isinstance(one, pd.Index) else one == two


def test_the_second_run_finds_the_same(folder):
    _, made = folder
    first, again = run(), run()
    assert made == ["build_roads", "travel"]
    for one, two in zip(first, again, strict=True):
        for field in fields(one):
            assert same(getattr(one, field.name), getattr(two, field.name)), field.name
    assert first[1].off_road["id"].tolist() == ["far", "far"]
    assert first[1].islands["id"].tolist() == ["isle", "isle"]


@pytest.mark.parametrize(
    ("made_anew", "change"),
    [
        (["build_roads"], {"snap_m": 10.0}),  # nothing lies between 10 and 60 m here, so the graph stays the same
        (["build_roads", "travel"], {"lines": LINES.assign(surface=["gravel", None, "dirt"])}),
        (["build_roads", "travel"], {"lines": LINES.assign(speed_kmh=[np.nan, 20.5, np.nan])}),
        (["build_roads", "travel"], {"lines": LINES.set_geometry(shapely.force_2d(LINES.geometry.to_numpy()), crs=CRS)}),
        (["build_roads", "travel"], {"lines": LINES.set_geometry(LINES.geometry.translate(0.001), crs=CRS)}),
        (["travel"], {"here": HERE.assign(elevation_m=5.0)}),
        (["travel"], {"here": HERE.rename({"A": "a"})}),
        (["travel"], {"here": HERE.set_geometry(HERE.geometry.translate(0, 1e-6), crs=CRS)}),
        (["travel"], {"there": THERE.rename({"S": "T"})}),
        (["travel"], {"speeds": replace(SPEEDS, walk_kmh={"lower": 3.0, "junior": 5.9})}),
        (["travel"], {"speeds": replace(SPEEDS, surface_factor={"gravel": 0.9})}),
        (["travel"], {"speeds": replace(SPEEDS, walk_slope=False)}),
        (["travel"], {"reach": replace(REACH, max_access_m=501)}),
        ([], {}),
    ],
)  # fmt: skip
def test_whatever_changes_is_worked_out_anew(folder, made_anew, change):
    _, made = folder
    run()
    made.clear()
    _, table = run(**change)
    assert made == made_anew
    assert table.from_ids.equals(change.get("here", HERE).index)


def test_another_version_of_the_program_takes_nothing_old(folder, monkeypatch):
    _, made = folder
    run()
    monkeypatch.setattr(keep, "_program", lambda: b"another")
    run()
    assert made == ["build_roads", "travel"] * 2


def wreck(file, how):
    whole = file.read_bytes()
    if how == "empty":
        file.write_bytes(b"")
    elif how == "cut off":
        file.write_bytes(whole[: len(whole) // 2])
    elif how == "no archive":
        file.write_bytes(b"good morning" * 100)
    elif how == "a turned bit":
        at = len(whole) // 2
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    elif how == "a folder":
        file.unlink()
        file.mkdir()
    elif how == "objects":
        with np.load(file) as arrays:
            plain = dict(arrays)
        np.savez(file, **{**plain, "twin": np.array([{}], dtype=object), "walk_km": np.array([{}], dtype=object)})
    else:  # of the wrong size, though under the right key
        with np.load(file) as arrays:
            plain = {name: values if values.ndim == 0 else values[:1] for name, values in arrays.items()}
        np.savez(file, **plain)


@pytest.mark.parametrize(
    "how", ["empty", "cut off", "no archive", "a turned bit", "a folder", "objects", "of the wrong size"]
)
def test_a_damaged_file_is_worked_out_anew(folder, how):
    kept, made = folder
    first = run()
    for file in sorted(kept.glob("*.npz")):
        wreck(file, how)
    again = run()
    assert made[:3] == ["build_roads", "travel", "build_roads"]
    assert "travel" in made[3:]
    assert all(same(getattr(first[1], field.name), getattr(again[1], field.name)) for field in fields(first[1]))
    assert all(same(getattr(first[0], field.name), getattr(again[0], field.name)) for field in fields(RoadGraph))


def test_a_file_of_other_data_under_our_name_is_not_believed(folder):
    kept, made = folder
    run()
    (old,) = kept.glob("roads-*.npz")
    content = old.read_bytes()
    other = LINES.assign(surface=["dirt", None, None])
    run(lines=other)
    (new,) = set(kept.glob("roads-*.npz")) - {old}
    new.write_bytes(content)
    made.clear()
    roads, _ = run(lines=other)
    assert made[0] == "build_roads"
    assert set(roads.surface[roads.line == 0]) == {"dirt"}


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    monkeypatch.setenv(keep.VARIABLE, str(blocked / "kept"))
    assert np.isfinite(run()[1].walk_km[0, 0])
    assert blocked.read_text() == "in the way"


@pytest.mark.parametrize("said", ["", "off", "OFF", " "])
def test_nothing_is_kept_where_nothing_shall_be(tmp_path, monkeypatch, said):
    monkeypatch.setenv(keep.VARIABLE, said)
    monkeypatch.chdir(tmp_path)
    assert keep.cache_folder() is None
    run()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("platform", "variable", "tail"),
    [
        ("win32", "LOCALAPPDATA", ("layoutopt",)),
        ("linux", "XDG_CACHE_HOME", ("layoutopt",)),
        ("darwin", "HOME", ("Library", "Caches", "layoutopt")),
    ],
)
def test_the_folder_each_platform_keeps_for_this(tmp_path, monkeypatch, platform, variable, tail):
    monkeypatch.delenv(keep.VARIABLE, raising=False)
    monkeypatch.setenv(variable, str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    assert keep.cache_folder() == tmp_path.joinpath(*tail)


def test_the_newest_files_stay(folder, monkeypatch):
    kept, _ = folder
    monkeypatch.setattr(keep, "MOST_FILES", 3)
    run()
    strange = kept / "notes.npz"
    strange.write_text("not ours")
    half = kept / "roads-1.part"
    half.write_text("killed")
    for file in [*kept.glob("roads-*"), *kept.glob("travel-*")]:
        os.utime(file, (1, 1))
    run(snap_m=61.0)  # one more graph, and the table of before used again
    assert len(list(kept.glob("*.npz"))) == 4
    run(snap_m=62.0)
    assert len(list(kept.glob("roads-*.npz"))) == 2
    assert len(list(kept.glob("travel-*.npz"))) == 1
    assert strange.exists()
    assert not half.exists()


def test_too_large_a_table_is_not_kept(folder, monkeypatch):
    kept, made = folder
    monkeypatch.setattr(keep, "MOST_BYTES", 1)
    run()
    run()
    assert made == ["build_roads", "travel"] * 2
    assert not kept.exists()


def test_straight_lines_are_not_kept(folder):
    kept, made = folder
    table = cached_travel(HERE, THERE, roads=None, speeds=SPEEDS, reach=REACH)
    assert np.isfinite(table.walk_km).all()
    assert made == ["travel"]
    assert not kept.exists()
