"""The keys about weekly boarding, school buses and extended public lines."""

from __future__ import annotations

from layoutopt.policy.fields import OURS, ByStage, Group, by_stage, key

YEAR_2012 = "State Council office 2012 no. 48 and 2018 no. 27"


class Boarding(Group):
    """Weekly boarding at hubs with beds."""

    allowed_boarding: bool = key(True, "Pupils may board", source=YEAR_2012, confidence="H")
    board_min_grade: int = key(
        4,
        "Lowest grade that may board",
        unit="grade",
        ge=1,
        le=9,
        source=YEAR_2012,
        confidence="H",
    )
    board_nearest: int = key(
        4,
        "Pupils board at one of so many nearest schools with beds",
        unit="schools",
        ge=1,
        source="our prototypes: keeps the program small at no visible cost",
    )
    board_care_cny: ByStage = key(
        by_stage(2_500, 2_250),
        "Yearly cost of a boarder, meals and living grant apart: care staff, running the dormitory, weekly transport",
        unit="CNY a year",
        source=f"with 1,000 of meals and the living grant 4,500 a boarder, of it 300 from public funds; {OURS}",
    )


class Bus(Group):
    """School buses and extended public lines."""

    hub_only: bool = key(
        True,
        "Buses bring pupils to hubs only",
        source="Jiangxi pilot: lines serve regional hub schools",
        confidence="M",
    )
    seats: int = key(
        34,
        "Pupil seats of a bus",
        unit="pupils",
        ge=1,
        le=56,
        source="36 occupants less driver and attendant (GB 24407-2012)",
        confidence="M",
    )
    max_ride_min: float = key(
        40,
        "Longest ride of any pupil, from boarding to the school",
        unit="min",
        gt=0,
        source="former national service time, Yizheng study",
        confidence="M",
    )
    dwell_min: float = key(
        19 / 60,
        "Standing time at a stop",
        unit="min",
        ge=0,
        source="Braca et al. 1997, recalled",
        confidence="M",
    )
    dwell_min_per_rider: float = key(
        2.6 / 60,
        "Additional standing time for each rider",
        unit="min",
        ge=0,
        source="Braca et al. 1997, recalled",
        confidence="M",
    )
    line_fixed_cny: float = key(
        65_000,
        "Yearly cost of a bus before kilometres",
        unit="CNY a year",
        ge=0,
        source="Yujiang 2024: 73,000 a line; Ang'angxi 2010: 65,000 a bus",
        confidence="M",
    )
    cny_per_km: float = key(3.5, "Running cost", unit="CNY per km", ge=0)
    attendant_cny: float = key(
        0,
        "Yearly wage of the attendant a school bus must carry, where the vehicle's fixed cost leaves it out; "
        "extended public lines (kind public_extension) have none",
        unit="CNY a year",
        ge=0,
        source="duty to attend: School-bus regulation 2012; the line costs reported contain it",
        confidence="M",
    )
    second_run_window_min: float | None = key(
        None,
        "A vehicle may drive two lines to one school, one after the other, when both with their empty ways out fit "
        "into these minutes before the bell; the longer line comes first; empty for one line a vehicle",
        unit="min",
        gt=0,
    )
    schools_per_line: int = key(
        1,
        "Most schools one line may serve on its way; every rider has a seat of their own and keeps every limit",
        unit="schools",
        ge=1,
        le=2,
        source="one school a line: Jiangxi pilot; mixed lines suit sparse areas (Park and Kim 2010, recalled)",
        confidence="M",
    )
    school_wait_max_min: float = key(
        20,
        "Where a line serves two schools: longest wait at the first between getting off and the bell",
        unit="min",
        ge=0,
    )
    school_days: int = key(
        200,
        "Days of transport",
        unit="days a year",
        ge=1,
        le=366,
        source="national meal scheme",
        confidence="M",
    )
    trips_per_day: int = key(2, "One-way trips on a school day", unit="trips", ge=1, le=8)
    expected_fill: float = key(
        0.8,
        "Share of seats filled that the price of a rider assumes before lines exist",
        unit="share",
        gt=0,
        le=1,
        source="our prototypes of the sequential method",
    )
