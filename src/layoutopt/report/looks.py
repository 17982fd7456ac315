"""Colours and marks of printed pictures; the same as on the report's page in its light mode."""

from __future__ import annotations

INK, SOFT, RULE = "#1c2227", "#57616a", "#c9ccc8"
BEFORE, PLAN = "#a9b1b6", "#0b5579"
CLASS_COLORS: dict[str, str] = {
    "t0": "#4575b4",
    "t1": "#91bfdb",
    "t2": "#fde58a",
    "t3": "#f58b51",
    "t4": "#b2182b",
    "board": "#7a4a9e",
    "none": "#26292c",
}
MODE_COLORS: dict[str, str] = {"walk": "#7d868d", "bus": "#00756b", "board": "#7a4a9e"}
ROAD_COLORS: dict[str, str] = {"path": "#d8d5ce", "minor": "#cfcbc2", "major": "#bdb6a6"}
ROAD_WIDTHS: dict[str, float] = {"path": 0.4, "minor": 0.7, "major": 1.3}
TOWN, LAND, VILLAGE = "#858e87", "#fbfaf7", "#8d959b"
SCHOOL, CLOSED = "#123c63", "#b3341f"
ROLE_MARKS: dict[str, dict[str, object]] = {
    "hub": {"marker": "s", "color": SCHOOL, "markeredgecolor": "white", "markersize": 7.5, "markeredgewidth": 0.8},
    "full": {"marker": "o", "color": SCHOOL, "markeredgecolor": "white", "markersize": 6.5, "markeredgewidth": 0.8},
    "teaching_point": {
        "marker": "^", "color": "white", "markeredgecolor": SCHOOL, "markersize": 6.5, "markeredgewidth": 1.3
    },
    "closed": {"marker": "x", "color": CLOSED, "markersize": 5.5, "markeredgewidth": 1.8},
    "not_built": {
        "marker": "D", "color": "white", "markeredgecolor": SOFT, "markersize": 4.5, "markeredgewidth": 0.9
    },
}  # fmt: skip
LINE_COLORS: tuple[str, ...] = (
    "#00756b", "#b8601f", "#5b4a9e", "#a3265f", "#2f7d32", "#1f6fb2", "#8a6d00", "#7b3f2b", "#c2337a", "#3f7f93",
)  # fmt: skip
"""Bus lines are coloured by the school they end at; the colours repeat where there are more schools."""
