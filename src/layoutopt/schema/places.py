"""The layers of settlements and schools, column by column."""

from __future__ import annotations

from layoutopt.schema.layer import Column, Layer, pupil_columns

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
        *pupil_columns("Pupils of grade {grade} living here", 5_000),
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
        *pupil_columns("Pupils of grade {grade} enrolled today", 5_000),
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
