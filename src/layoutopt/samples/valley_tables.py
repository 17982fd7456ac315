"""The layers of a made-up county as tables: settlements, schools, roads, towns, in a study's columns."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from layoutopt.demand.spread import apportion
from layoutopt.samples import staffing
from layoutopt.samples.shape import Shape
from layoutopt.samples.terrain import Floats, Ints, Valleys
from layoutopt.samples.valley_roads import CLASSES, RoadNet, drawn_lines
from layoutopt.samples.valley_schools import KINDS, Sited, Ways
from layoutopt.samples.villages import SEAT, TOWN, Villages

CRS = "EPSG:32648"
MIDDLE_M = (607_000.0, 3_690_000.0)
"""Where the county is laid: the Qinling mountains; nothing in it exists there."""
GRADE_SHARE = np.linspace(0.98, 1.20, 9) / np.linspace(0.98, 1.20, 9).sum()
"""Younger cohorts are smaller: births fall."""
REMOTE_MIN = 25.0
"""Beds are counted for pupils of grades 4 to 9 farther than this from the school they attend."""


def codes(letter: str, count: int) -> list[str]:
    """Return ``count`` codes of equal width that sort as they count: S001, S002 …"""
    width = max(3, len(str(count)))
    return [f"{letter}{number:0{width}d}" for number in range(1, count + 1)]


def pupils_by_grade(villages: Villages, hub_km: Floats, total: int, *, shape: Shape, rng: np.random.Generator) -> Ints:
    """Return pupils per settlement and grade that sum to ``total``; few live far from a town or up a track."""
    rank = villages.rank
    size = rng.lognormal(0.0, np.choose(rank, [0.3, 0.4, shape.uneven]))
    far = np.exp(-hub_km / shape.thins_km) * np.where(villages.sites.foot_min > 5.0, 0.6, 1.0)
    weight = np.where(rank == SEAT, size, np.where(rank == TOWN, size, size * far))
    weight[villages.school_villages] *= shape.village_weight
    villages_share = 1 - shape.seat_pupils - shape.town_pupils
    for group, share in ((SEAT, shape.seat_pupils), (TOWN, shape.town_pupils), (2, villages_share)):
        members = rank == group
        if members.any():
            weight[members] *= share / weight[members].sum()
    least = np.zeros(len(rank), dtype=np.int64)
    least[villages.school_villages] = min(shape.least_pupils, total // (2 * max(villages.schools, 1)))
    per_settlement = least + apportion(total - int(least.sum()), weight).astype(np.int64)
    by_grade = np.asarray(rng.multinomial(per_settlement, GRADE_SHARE), dtype=np.int64)
    return _no_empty_school(by_grade, villages.school_villages)


def _no_empty_school(by_grade: Ints, hosts: Ints) -> Ints:
    """Where a village with a school has no pupil in grades 1 to 3, one of its pupils is put into grade 3."""
    empty = hosts[(by_grade[hosts, :3].sum(axis=1) == 0) & (by_grade[hosts].sum(axis=1) > 0)]
    by_grade[empty, by_grade[empty].argmax(axis=1)] -= 1
    by_grade[empty, 2] += 1
    return by_grade


def town_areas(valleys: Valleys, town_nodes: Ints, names: list[str]) -> gpd.GeoDataFrame:
    """Return the towns' areas: the ground nearest to each centre, inside the county."""
    points = shapely.MultiPoint(valleys.xy_m[town_nodes])
    cells = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=valleys.boundary))
    centres = shapely.points(valleys.xy_m[town_nodes])
    if len(town_nodes) == 1:
        areas = np.array([valleys.boundary], dtype=object)
    else:
        holder = shapely.STRtree(cells).query(centres, predicate="within")[1]
        areas = shapely.intersection(cells[holder], valleys.boundary)
    return gpd.GeoDataFrame({"town": names}, geometry=_laid(areas), crs=CRS)


def settlement_table(
    villages: Villages, valleys: Valleys, pupils: Ints, names: list[str], towns: gpd.GeoDataFrame,
    *, rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return the settlements layer but for the schools attended today."""
    count = len(names)
    every = pupils.sum(axis=1)
    nearest = np.argmin(
        shapely.distance(shapely.points(villages.sites.xy_m)[:, None], shapely.points(valleys.xy_m)), axis=1
    )
    height_m = 620 + 16 * valleys.rise_km[nearest] + 12 * villages.sites.foot_min + rng.uniform(0, 40, count)
    per_pupil = np.where(villages.rank == SEAT, 12.5, rng.uniform(11.0, 22.0, count))
    away = np.choose(villages.rank, [0.12, 0.3, 0.5])
    poor = np.choose(villages.rank, [0.06, 0.12, 0.24])
    table = pd.DataFrame(
        {
            "settlement_id": codes("V", count),
            "name": names,
            "population": np.round(every * per_pupil + rng.integers(8, 60, count)).astype(np.int64),
        }
    )
    table = table.join(staffing.grade_frame(pupils))
    table["girls"] = _counted_share(every, np.full(count, 0.47), rng)
    table["left_behind"] = _counted_share(every, away, rng)
    table["poor"] = _counted_share(every, poor, rng)
    table["elevation_m"] = np.round(height_m).astype(np.int64)
    frame = gpd.GeoDataFrame(table, geometry=_laid(shapely.points(villages.sites.xy_m)), crs=CRS)
    frame.insert(2, "town", _town_of(frame.geometry, towns))
    return frame


def school_table(
    sited: Sited, ways: Ways, attends: Ints, settlements: gpd.GeoDataFrame, teachers: int,
    *, shape: Shape, rng: np.random.Generator,
) -> gpd.GeoDataFrame:  # fmt: skip
    """Return the schools layer in the order of ``sited``, enrolment as attended today."""
    pupils = settlements[[f"g{grade}" for grade in range(1, 10)]].to_numpy()
    enrolled = staffing.enrol(pupils, attends, len(sited.kind))
    rooms, places_primary, places_junior = _rooms_and_places(sited, ways, enrolled, pupils, shape.village_room, rng)
    beds = _beds(sited, ways, attends, enrolled, pupils)
    table = pd.DataFrame(
        {
            "name": _school_names(sited, settlements),
            "town": settlements["town"].to_numpy()[sited.at],
            "grades": [f"{KINDS[kind][0]}-{KINDS[kind][1]}" for kind in sited.kind],
            "status": "open",
            "kind": sited.kind,
            "hub": np.where(sited.is_hub, "yes", "no"),
            "places_primary": places_primary,
            "places_junior": places_junior,
            "classrooms": rooms,
            "beds": beds,
            "teachers": staffing.posts(teachers, enrolled),
            "annual_cost_cny": staffing.yearly_cost(enrolled, beds, sited.is_hub),
        }
    ).join(staffing.grade_frame(enrolled))
    return gpd.GeoDataFrame(table, geometry=_laid(shapely.points(sited.sites.xy_m)), crs=CRS)


def road_table(net: RoadNet, valleys: Valleys, villages: Villages, *, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the roads layer: named county and township roads, nameless village roads, tracks without buses."""
    lines, rank = drawn_lines(net, valleys, villages.tracks, rng=rng)
    order = np.lexsort((-shapely.length(lines).round(1), rank))
    lines, rank = lines[order], rank[order]
    title = np.array(["Provincial road 2", "County road 1", "Township road ", ""])[rank]
    number = np.concatenate([np.arange(1, n + 1) for n in np.bincount(rank, minlength=len(CLASSES))])
    table = pd.DataFrame(
        {
            "class": [*np.array(CLASSES)[rank], *["track"] * len(villages.tracks)],
            "name": [
                *(f"{words}{n:02d}" if words else "" for words, n in zip(title, number, strict=True)),
                *[""] * len(villages.tracks),
            ],
            "bus": ["yes"] * len(lines) + ["no"] * len(villages.tracks),
        }
    )
    return gpd.GeoDataFrame(table, geometry=_laid(np.concatenate([lines, villages.tracks])), crs=CRS)


def _laid(shapes: np.ndarray) -> np.ndarray:
    """Move shapes drawn around the origin to their place on the map."""
    return np.asarray(shapely.transform(shapes, lambda xy: np.round(xy + np.array(MIDDLE_M), 1)))


def _counted_share(pupils: Ints, share: Floats, rng: np.random.Generator) -> Floats:
    """Shares that belong to whole children."""
    return np.round(rng.binomial(pupils, share) / np.maximum(pupils, 1), 3)


def _town_of(points: gpd.GeoSeries, towns: gpd.GeoDataFrame) -> np.ndarray:
    """The town whose area holds each point, or lies nearest to it."""
    tree = shapely.STRtree(towns.geometry.to_numpy())
    return np.asarray(towns["town"].to_numpy()[tree.nearest(points.to_numpy())])


def _school_names(sited: Sited, settlements: gpd.GeoDataFrame) -> list[str]:
    places = settlements["name"].to_numpy()[sited.at]
    titles = {
        "county-seat primary school": "Primary School", "county-seat junior school": "Junior School",
        "nine-year school": "Nine-Year School", "township central school": "Central School",
        "township junior school": "Junior School", "village primary school": "Village School",
        "teaching point": "Teaching Point",
    }  # fmt: skip
    return [f"{place} {titles[kind]}" for place, kind in zip(places, sited.kind, strict=True)]


def _rooms_and_places(
    sited: Sited, ways: Ways, enrolled: Ints, pupils: Ints, village_room: tuple[int, int], rng: np.random.Generator
) -> tuple[Ints, Ints, Ints]:
    """Classrooms and seats. Village schools were built for more children; hubs have some room to spare.

    A hub is sized by the larger of 1.12 times its pupils and 0.95 to 1.25 times the primary pupils it is the
    nearest hub of, in whole classrooms.
    """
    hub = sited.is_hub
    primary, junior = staffing.stage_pupils(enrolled)
    teaches_primary, teaches_junior = sited.teaches(1), sited.teaches(7)
    central = np.where(teaches_primary & hub, ways.bus_min, np.inf).argmin(axis=1)
    around = np.bincount(central, weights=pupils[:, :6].sum(axis=1), minlength=len(hub))
    spare = rng.uniform(0.95, 1.25, len(hub))
    wanted = np.maximum(1.12 * primary, spare * around)
    cap_primary, cap_junior = staffing.CLASS_CAP["primary"], staffing.CLASS_CAP["junior"]
    rooms_primary = np.maximum(np.ceil(wanted / cap_primary), np.where(hub, 6, 0)).astype(np.int64)
    rooms_junior = np.maximum(np.ceil(rng.uniform(1.2, 1.5, len(hub)) * junior / cap_junior), 3).astype(np.int64)
    rooms_village = np.where(sited.teaches(4), 6, 3)
    small = staffing.up_to(np.maximum(primary * 1.05, rng.integers(*village_room, len(hub)) * rooms_village), 5)
    rooms_primary = np.where(teaches_primary, np.where(hub, rooms_primary, rooms_village), 0)
    rooms_junior = np.where(teaches_junior, rooms_junior, 0)
    places_primary = np.where(hub, rooms_primary * cap_primary, np.where(teaches_primary, small, 0))
    return rooms_primary + rooms_junior, places_primary, rooms_junior * cap_junior


def _beds(sited: Sited, ways: Ways, attends: Ints, enrolled: Ints, pupils: Ints) -> Ints:
    """Beds of the hubs: half as many again as pupils of grades 4–9 who would have far to go, and some at least."""
    hub = sited.is_hub
    beds = np.zeros(len(hub))
    for first, grades in ((4, slice(3, 6)), (7, slice(6, 9))):
        way_min = np.where(hub & sited.teaches(first), ways.bus_min, np.inf)
        far = way_min.min(axis=1) > REMOTE_MIN
        beds += 1.5 * np.bincount(
            way_min.argmin(axis=1), weights=pupils[:, grades].sum(axis=1) * far, minlength=len(hub)
        )
    least = np.where(sited.teaches(7), 40.0, 20.0)
    seat = np.array([kind.startswith("county-seat primary") for kind in sited.kind])
    return staffing.up_to(np.where(hub & ~seat, np.maximum(beds, least), 0.0), 10)
