"""Roads to travel: minutes, kilometres and ways between places, on foot and by bus."""

from layoutopt.network.matrix import StopTable, TravelTable, stop_table, travel
from layoutopt.network.own import with_own_minutes, with_own_rides
from layoutopt.network.paths import paths
from layoutopt.network.roads import RoadGraph, RoadReport, build_roads
from layoutopt.network.snap import Reach, Snapped, snap
from layoutopt.network.speeds import REFERENCE_WALK_KMH, Mode, Speeds, edge_minutes, passable

__all__ = [
    "REFERENCE_WALK_KMH",
    "Mode",
    "Reach",
    "RoadGraph",
    "RoadReport",
    "Snapped",
    "Speeds",
    "StopTable",
    "TravelTable",
    "build_roads",
    "edge_minutes",
    "passable",
    "paths",
    "snap",
    "stop_table",
    "travel",
    "with_own_minutes",
    "with_own_rides",
]
