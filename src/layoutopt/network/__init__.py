"""Roads to travel: minutes, kilometres and ways between places, on foot and by bus."""

from layoutopt.network.cached import cached_roads, cached_travel
from layoutopt.network.matrix import TravelTable, travel
from layoutopt.network.own import with_own_minutes, with_own_rides
from layoutopt.network.paths import paths
from layoutopt.network.report import Island, RoadReport
from layoutopt.network.roads import RoadGraph, build_roads
from layoutopt.network.slope import REFERENCE_WALK_KMH
from layoutopt.network.snap import Reach, Snapped, snap
from layoutopt.network.speeds import Mode, Speeds, edge_minutes, passable
from layoutopt.network.stops import BusStops, StopTable, bus_stops, stop_table

__all__ = [
    "REFERENCE_WALK_KMH",
    "BusStops",
    "Island",
    "Mode",
    "Reach",
    "RoadGraph",
    "RoadReport",
    "Snapped",
    "Speeds",
    "StopTable",
    "TravelTable",
    "build_roads",
    "bus_stops",
    "cached_roads",
    "cached_travel",
    "edge_minutes",
    "passable",
    "paths",
    "snap",
    "stop_table",
    "travel",
    "with_own_minutes",
    "with_own_rides",
]
