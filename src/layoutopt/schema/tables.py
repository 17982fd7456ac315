"""The layers beside settlements and schools: roads, own minutes, and the optional tables."""

from __future__ import annotations

from layoutopt.schema.grades import STAGES, USES
from layoutopt.schema.layer import Column, Layer, pupil_columns

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
        *pupil_columns("Pupils of grade {grade}", 5_000),
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
        *pupil_columns("Pupils enrolled in grade {grade}", 10_000),
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
