"""The keys about pupils and their ways: limits, speeds, and what is assumed of today."""

from __future__ import annotations

from typing import Literal

from layoutopt.policy.fields import OURS, ByBand, Group, by_band, key

YEAR_2018 = "State Council office 2018 no. 27"
BUS_RULES = "School-bus regulation 2012"


class Access(Group):
    """How long a way to school may be."""

    oneway_max_min: ByBand = key(
        by_band(30, 45, 60),
        "Longest way to school door to door: access on foot, stop and ride together",
        unit="min",
        source=f"{YEAR_2018} for grades 1-3; 45 and 60 {OURS}",
        confidence="M",
    )
    walk_max_min: ByBand = key(
        by_band(30, 45, 60),
        "Longest way on foot",
        unit="min",
        source=f"{YEAR_2018} for grades 1-3; 45 and 60 {OURS}",
        confidence="M",
    )
    oneway_max_km: ByBand | None = key(
        None, "Longest way to school by any daily mode; empty for no limit in kilometres", unit="km"
    )
    walk_max_km: ByBand | None = key(None, "Longest way on foot; empty for no limit in kilometres", unit="km")
    worsening_max_min: float | None = key(
        None,
        "Longest lengthening of a way against today; empty for no such limit",
        unit="min",
        ge=0,
    )
    keep_existing_exceptions: bool = key(
        True,
        "Where today's way is already beyond a limit, a way no longer than today's stays admissible, "
        "and the place is listed as a named exception",
        source=f"{YEAR_2018} ('normally')",
        confidence="M",
    )
    board_max_min: float = key(
        180,
        "Longest weekly way of a boarder",
        unit="min",
        gt=0,
    )


class Travel(Group):
    """Speeds, and how points join the roads."""

    walk_kmh: ByBand = key(by_band(3.4, 4.0, 4.5), "Walking speed on the level", unit="km/h")
    off_path_factor: float = key(
        0.6,
        "Walking speed away from roads, as a share of walk_kmh",
        unit="share",
        gt=0,
        le=1,
        source="Tobler's hiking function, off-path factor",
        confidence="H",
    )
    bus_kmh: dict[str, float] = key(
        {
            "motorway": 70,
            "trunk": 60,
            "primary": 45,
            "secondary": 45,
            "tertiary": 35,
            "unclassified": 25,
            "residential": 18,
            "service": 15,
            "living_street": 15,
            "road": 25,
        },
        "Running speed of a bus by road class (OpenStreetMap words)",
        unit="km/h",
        source=f"after JTG B01 design speeds (recalled); {OURS}",
    )
    bus_other_kmh: float = key(25, "Bus speed on roads whose class is unknown or not named", unit="km/h", gt=0)
    bus_legal_max_kmh: float = key(
        60,
        "Speed a school bus never passes, expressways apart",
        unit="km/h",
        gt=0,
        source=f"{BUS_RULES} art. 35",
        confidence="H",
    )
    bus_motorway_max_kmh: float = key(
        80,
        "Speed a school bus never passes on expressways",
        unit="km/h",
        gt=0,
        source=f"{BUS_RULES} art. 35",
        confidence="H",
    )
    bus_danger_max_kmh: float = key(
        20,
        "Speed on sharp bends, steep or narrow sections and bridges marked as danger",
        unit="km/h",
        gt=0,
        source=f"{BUS_RULES} art. 35",
        confidence="H",
    )
    bus_surface_factor: dict[str, float] = key(
        {
            "gravel": 0.8, "fine_gravel": 0.8, "compacted": 0.8, "pebblestone": 0.7, "cobblestone": 0.7,
            "unpaved": 0.7, "dirt": 0.6, "earth": 0.6, "ground": 0.6, "sand": 0.5, "mud": 0.4,
        },
        "Bus speed on a surface as a share of that on a paved road (OpenStreetMap words)",
        unit="share",
    )  # fmt: skip
    bus_condition_factor: dict[str, float] = key(
        {"good": 1.0, "fair": 0.8, "poor": 0.6},
        "Bus speed on a road in this condition as a share of that in a good one; nobody drives on an impassable one",
        unit="share",
    )
    walk_slope: bool = key(
        True,
        "Walk slower up and down slopes where heights are given (elevation layer)",
        source="Tobler's hiking function 6·exp(−3.5·|slope + 0.05|) km/h, × walk_kmh / 5.04; zigzags above 29 %",
        confidence="H",
    )
    ferry_kmh: float = key(8, "Speed of a ferry whose own speed is not given", unit="km/h", gt=0)
    ferry_wait_min: float = key(10, "Wait at a ferry, added to every crossing", unit="min", ge=0)
    detour_factor: float = key(
        1.8,
        "Road kilometres for one straight kilometre, where no roads are given",
        unit="ratio",
        ge=1,
        source="measured on the Ladakh roads, settlement to school: median 1.89 by bus, 1.78 on foot (quarter 1.4-1.5)",
        confidence="M",
    )
    straight_bus_kmh: float = key(25, "Bus speed where no roads are given", unit="km/h", gt=0)
    snap_m: float = key(
        60,
        "Road ends closer than this are joined",
        unit="m",
        ge=0,
        source="measured: joins 99.9 % of a real rural network",
        confidence="M",
    )
    max_access_m: float = key(
        3_000,
        "Points farther than this from any road are off the network",
        unit="m",
        gt=0,
    )
    cross_country_max_m: float = key(
        1_500,
        "Points closer than this may also be walked between straight, off the path",
        unit="m",
        ge=0,
    )


class Demand(Group):
    """Pupils where they are not given by grade, and who attends where today."""

    method: Literal["auto", "given", "residents", "enrolment"] = key(
        "auto",
        "Where pupils by settlement come from: given by grade (or by age), residents times shares, or the enrolment of "
        "schools spread over settlements; auto takes the first that the files allow, in this order, but enrolment "
        "before residents",
    )
    spread: Literal["gravity", "nearest"] = key(
        "gravity",
        "How enrolment is spread: over the settlements around by residents and distance, or to those nearest",
    )
    gravity_halving_km: float = key(
        1.0,
        "Distance at which a settlement's pull on a school's places halves (spread = gravity)",
        unit="km",
        gt=0,
        source="chosen so that ways in the Chiayi sample are as long as those to the nearest school, 1.8 km on average",
        confidence="M",
    )
    town_pupil_share: dict[str, ByBand] = key(
        {}, "Pupils of the band among the residents of a town, by its name; other towns take pupil_share", unit="share"
    )
    attendance: Literal["auto", "given", "enrolment", "nearest"] = key(
        "auto",
        "Who attends where today: given by settlement, least total way that meets the enrolments, or the nearest "
        "school that offers the grade; auto takes the first that the files allow, in this order",
    )

    pupil_share: ByBand = key(
        by_band(0.036, 0.036, 0.036),
        "Pupils of grades 1-3, 4-6 and 7-9 among all residents, where no g1…g9 are given; "
        "these grades whatever lower_last_grade says",
        unit="share",
        source=f"about 1.2 % of residents a year of age; {OURS}",
    )
