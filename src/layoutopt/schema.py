"""Every input layer and column, once: checks, templates and docs/inputs.md all read this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Literal

Kind = Literal["id", "text", "number", "whole", "flag", "choice", "grades"]
Geometry = Literal["point", "point or polygon", "line", "polygon", "none"]

GRADES: tuple[int, ...] = tuple(range(1, 10))
BANDS: tuple[str, ...] = ("lower", "upper", "junior")
"""The grade bands; which grades they hold is the policy's choice (``Policy.bands``)."""
STAGES: dict[str, tuple[str, ...]] = {"primary": ("lower", "upper"), "junior": ("junior",)}
STAGE_OF: dict[str, str] = {band: stage for stage, bands in STAGES.items() for band in bands}
STAGE_GRADES: dict[str, tuple[int, ...]] = {"primary": GRADES[:6], "junior": GRADES[6:]}
MODES: tuple[str, ...] = ("walk", "bus", "board")
USES: tuple[str, ...] = (
    "kindergarten", "left_behind_home", "labour_education_base", "after_school_care", "village_use",
)  # fmt: skip
"""What closed premises may become."""
PUPIL_COLUMNS: tuple[str, ...] = tuple(f"g{grade}" for grade in GRADES)
AGE_COLUMNS: dict[str, str] = {"primary": "primary_age", "junior": "junior_age"}


@cache
def bands_of(lower_last_grade: int = 3) -> Mapping[str, tuple[int, ...]]:
    """Return the grades of each band, where ``lower`` ends with ``lower_last_grade``.

    Without it the bands that files and shares of residents are counted by: 1-3, 4-6 and 7-9.

    Examples
    --------
    >>> bands_of(4)["upper"]
    (5, 6)
    """
    primary = STAGE_GRADES["primary"]
    lower, upper = primary[:lower_last_grade], primary[lower_last_grade:]
    return MappingProxyType({"lower": lower, "upper": upper, "junior": STAGE_GRADES["junior"]})


def span(grades: tuple[int, ...]) -> str:
    """Return grades that follow one another as text, such as ``1-3``."""
    return f"{grades[0]}-{grades[-1]}"


@dataclass(frozen=True)
class Column:
    """One column: how it is written, what it may hold, and what it means to a planner."""

    name: str
    meaning: str
    kind: Kind = "text"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def limits(self) -> str:
        """The admissible values in words; empty where anything goes."""
        if self.choices:
            return ", ".join(self.choices)
        if self.kind == "flag":
            return "yes or no"
        if self.kind == "grades":
            return "a span such as 1-6"
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return ""


@dataclass(frozen=True)
class Layer:
    """One input layer: its geometry, its key and its columns."""

    name: str
    meaning: str
    geometry: Geometry
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in template order."""
        return tuple(column.name for column in self.columns)


def _pupils(meaning: str, high: float) -> tuple[Column, ...]:
    return tuple(
        Column(f"g{g}", meaning.format(grade=g), kind="number", unit="pupils", low=0, high=high) for g in GRADES
    )


INDICATORS: dict[str, str] = {
    "teachers_above_degree": "posts",
    "backbone_teachers": "posts",
    "pe_art_teachers": "posts",
    "teaching_area_m2": "m2",
    "sports_area_m2": "m2",
    "equipment_cny": "CNY",
    "multimedia_rooms": "rooms",
}
"""The seven resources of the quality-balance check and their units, in its order."""
_INDICATOR_MEANINGS = (
    "Teachers above the required degree",
    "Backbone teachers (county level or higher)",
    "Teachers of physical education, music and art",
    "Teaching and auxiliary area, indoor sport excluded",
    "Sports area",
    "Value of teaching equipment",
    "Multimedia rooms in the network",
)
INDICATOR_COLUMNS = tuple(
    Column(name, meaning, kind="number", unit=unit, low=0, high=1e9)
    for (name, unit), meaning in zip(INDICATORS.items(), _INDICATOR_MEANINGS, strict=True)
)

SETTLEMENTS = Layer(
    "settlements",
    "Villages and hamlets where pupils live",
    "point or polygon",
    ("settlement_id",),
    (
        Column("settlement_id", "Your own code of the settlement", kind="id", required=True),
        Column("name", "Name shown on maps and in documents"),
        Column("town", "Township or town it belongs to"),
        Column(
            "population",
            "Residents; used with the policy's shares where g1…g9 are absent",
            kind="number",
            unit="persons",
            low=0,
            high=1_000_000,
        ),
        *_pupils("Pupils of grade {grade} living here", 5_000),
        Column(
            "primary_age",
            "Children of primary age (grades 1-6) living here; spread evenly over the grades where g1…g9 are absent",
            kind="number",
            unit="persons",
            low=0,
            high=50_000,
        ),
        Column(
            "junior_age",
            "Children of junior age (grades 7-9) living here; spread evenly over the grades where g1…g9 are absent",
            kind="number",
            unit="persons",
            low=0,
            high=50_000,
        ),
        Column("current_primary", "school_id or name of the school that grades 1-6 attend today", kind="id"),
        Column("current_junior", "school_id or name of the school that grades 7-9 attend today", kind="id"),
        Column("girls", "Share of girls among the pupils", kind="number", unit="share", low=0, high=1),
        Column("left_behind", "Share of left-behind children", kind="number", unit="share", low=0, high=1),
        Column("poor", "Share of children from poor families", kind="number", unit="share", low=0, high=1),
        Column("language", "Teaching language, where it restricts the choice of school"),
        Column("moved_year", "Year its pupils were last moved to another school", kind="whole", low=1_980, high=2_100),
        Column(
            "age_0_6",
            "Children under school age living here: younger than 6 at the end of August",
            kind="number",
            unit="persons",
            low=0,
            high=50_000,
        ),
        Column("elevation_m", "Height above sea level", kind="number", unit="m", low=-500, high=9_000),
        Column("assumed", "yes where the row is an assumption and not from the source", kind="flag"),
    ),
    required=True,
)

SCHOOLS = Layer(
    "schools",
    "Schools of today and possible sites",
    "point",
    ("school_id",),
    (
        Column("school_id", "Your own code of the school", kind="id", required=True),
        Column("grades", "Grades it teaches, or could teach", kind="grades", required=True),
        Column("name", "Name shown on maps and in documents"),
        Column("town", "Township or town it belongs to"),
        Column("settlement", "settlement_id or name of the settlement it stands in", kind="id"),
        Column(
            "status",
            "open: the plan decides; keep or close: decided already; candidate: not built yet",
            kind="choice",
            choices=("open", "keep", "close", "candidate"),
        ),
        Column("keep_reason", "Why a school with status keep is protected"),
        Column("kind", "What it is called today, for example teaching point or nine-year school"),
        Column("hub", "yes where buses may bring pupils and boarders may live", kind="flag"),
        Column("places_primary", "Seats for grades 1-6", kind="whole", unit="places", low=0, high=10_000),
        Column("places_junior", "Seats for grades 7-9", kind="whole", unit="places", low=0, high=10_000),
        Column("classrooms", "Usable classrooms", kind="whole", unit="rooms", low=0, high=500),
        Column("beds", "Dormitory beds", kind="whole", unit="beds", low=0, high=10_000),
        Column("teachers", "Teaching posts filled today", kind="number", unit="posts", low=0, high=1_000),
        Column(
            "annual_cost_cny",
            "Yearly running cost without wages",
            kind="number",
            unit="CNY a year",
            low=0,
            high=1e9,
        ),
        *_pupils("Pupils of grade {grade} enrolled today", 5_000),
        *INDICATOR_COLUMNS,
        Column("group", "Education group or school community it belongs to"),
        Column("building_area_m2", "Floor area of its buildings", kind="number", unit="m2", low=0, high=1e6),
        Column("site_area_m2", "Area of its grounds", kind="number", unit="m2", low=0, high=1e7),
        Column("dorm_area_m2", "Usable dormitory area", kind="number", unit="m2", low=0, high=1e6),
        Column("canteen_seats", "Pupils its canteen can feed", kind="whole", unit="pupils", low=0, high=10_000),
        Column(
            "objection_share",
            "Share of parents or of hearing delegates who object to its closing",
            kind="number",
            unit="share",
            low=0,
            high=1,
        ),
        Column("language", "Teaching language, where it restricts who may come"),
        Column("elevation_m", "Height above sea level", kind="number", unit="m", low=-500, high=9_000),
        Column("assumed", "yes where the row is an assumption and not from the source", kind="flag"),
    ),
    required=True,
)

ROADS = Layer(
    "roads",
    "Roads and paths; without them straight lines times a detour factor are used",
    "line",
    (),
    (
        Column("class", "Road class in OpenStreetMap's highway words, for example tertiary, track or ferry"),
        Column("speed_kmh", "Running speed of a bus, where known", kind="number", unit="km/h", low=1, high=130),
        Column("surface", "Surface in OpenStreetMap's words, for example asphalt, gravel or dirt"),
        Column(
            "condition",
            "State of the road: good, fair, poor or impassable",
            kind="choice",
            choices=("good", "fair", "poor", "impassable"),
        ),
        Column("oneway", "yes where vehicles may only follow the drawn direction", kind="flag"),
        Column("bus", "no where a bus cannot pass", kind="flag"),
        Column("walk", "no where walking is not allowed", kind="flag"),
        Column("danger", "yes on sections where a school bus may drive 20 km/h at most", kind="flag"),
        Column("bridge", "yes on bridges, which join nothing they cross", kind="flag"),
        Column("tunnel", "yes in tunnels, which join nothing they cross", kind="flag"),
        Column("name", "Road name for timetables"),
    ),
)

TRAVEL = Layer(
    "travel",
    "Your own travel times; they win over computed ones",
    "none",
    ("from_id", "to_id", "mode"),
    (
        Column("from_id", "settlement_id", kind="id", required=True),
        Column("to_id", "school_id", kind="id", required=True),
        Column("mode", "How it is travelled", kind="choice", choices=("walk", "bus"), required=True),
        Column(
            "minutes",
            "One-way minutes; for walk those of grades 4-6",
            kind="number",
            unit="min",
            low=0,
            high=1_440,
            required=True,
        ),
        Column("km", "One-way distance", kind="number", unit="km", low=0, high=1_000),
    ),
)

EXPANSIONS = Layer(
    "expansions",
    "Ways to enlarge a school, at most one level a school and stage",
    "none",
    ("school_id", "stage", "level"),
    (
        Column("school_id", "School that can grow", kind="id", required=True),
        Column("level", "Number of the level", kind="whole", low=1, high=20, required=True),
        Column("stage", "Stage the places serve", kind="choice", choices=tuple(STAGES), required=True),
        Column("places", "Additional seats", kind="whole", unit="places", low=0, high=10_000, required=True),
        Column("beds", "Additional beds", kind="whole", unit="beds", low=0, high=10_000),
        Column(
            "canteen_seats", "Additional pupils its canteen can feed", kind="whole", unit="pupils", low=0, high=10_000
        ),
        Column("capital_cny", "Building cost", kind="number", unit="CNY", low=0, high=1e10, required=True),
        Column("build_years", "Years until it is ready", kind="number", unit="years", low=0, high=20),
        Column("life_years", "Years the building serves", kind="number", unit="years", low=1, high=100),
    ),
)

VEHICLES = Layer(
    "vehicles",
    "Bus types that may be used; without it the policy's one type",
    "none",
    ("vehicle_id",),
    (
        Column("vehicle_id", "Your own code of the type", kind="id", required=True),
        Column("kind", "Who runs it", kind="choice", choices=("school_bus", "public_extension")),
        Column("seats", "Seats for pupils", kind="whole", unit="pupils", low=1, high=100, required=True),
        Column(
            "fixed_cny",
            "Yearly cost of one vehicle, before kilometres",
            kind="number",
            unit="CNY a year",
            low=0,
            high=1e8,
            required=True,
        ),
        Column("cny_per_km", "Running cost", kind="number", unit="CNY per km", low=0, high=1_000, required=True),
        Column("count", "How many exist; empty for any number", kind="whole", unit="vehicles", low=0, high=10_000),
    ),
)

FORECAST = Layer(
    "forecast",
    "Pupils of later years",
    "none",
    ("settlement_id", "year"),
    (
        Column("settlement_id", "Settlement", kind="id", required=True),
        Column("year", "Calendar year the school year begins", kind="whole", low=2_000, high=2_100, required=True),
        *_pupils("Pupils of grade {grade}", 5_000),
    ),
)

STAFF = Layer(
    "staff",
    "Teachers of today by school, stage and subject",
    "none",
    ("school_id", "stage", "subject"),
    (
        Column("school_id", "School they teach at", kind="id", required=True),
        Column("stage", "Stage they teach", kind="choice", choices=tuple(STAGES), required=True),
        Column("subject", "Subject they teach, in your own words", required=True),
        Column("teachers", "How many there are", kind="number", unit="posts", low=0, high=1_000, required=True),
        Column("protected", "How many of them may not be moved", kind="number", unit="posts", low=0, high=1_000),
        Column("backbone", "How many of them are backbone teachers", kind="number", unit="posts", low=0, high=1_000),
    ),
)

HISTORY = Layer(
    "history",
    "Enrolment of schools in earlier years",
    "none",
    ("school_id", "year"),
    (
        Column("school_id", "School", kind="id", required=True),
        Column("year", "Calendar year the school year began", kind="whole", low=1_980, high=2_100, required=True),
        Column("pupils", "Pupils enrolled", kind="number", unit="pupils", low=0, high=10_000, required=True),
        *_pupils("Pupils enrolled in grade {grade}", 10_000),
    ),
)

FACILITIES = Layer(
    "facilities",
    "Places of care that exist already, for the reuse of closed premises",
    "none",
    ("settlement_id", "use"),
    (
        Column("settlement_id", "Settlement it stands in", kind="id", required=True),
        Column("use", "What it is", kind="choice", choices=USES, required=True),
        Column("places", "Children it can take", kind="whole", unit="places", low=0, high=10_000),
    ),
)

TOWNS = Layer(
    "towns",
    "Boundaries of towns, for maps",
    "polygon",
    (),
    (Column("town", "Name of the town"),),
)

LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        SETTLEMENTS,
        SCHOOLS,
        ROADS,
        TRAVEL,
        EXPANSIONS,
        VEHICLES,
        FORECAST,
        STAFF,
        HISTORY,
        FACILITIES,
        TOWNS,
    )
}
