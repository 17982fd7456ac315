"""The keys of a policy, group by group: one entry a key with unit, limits, default, source and confidence."""

from __future__ import annotations

from typing import Any

from layoutopt.policy.fields import OURS, ByStage, Group, Note, by_stage, key
from layoutopt.policy.ways import YEAR_2018, Access, Demand, Travel

GOALS: tuple[str, ...] = ("unserved", "merge_small", "annual_cost", "travel")
YEAR_2012 = "State Council office 2012 no. 48 and 2018 no. 27"
EVALUATION = "2017 quality-balance evaluation rules"


class Closure(Group):
    """Which schools the plan may close."""

    closable_below_pupils: float = key(
        100,
        "Only schools with fewer pupils today may close (small schools)",
        unit="pupils",
        ge=0,
        source=f"small school: {YEAR_2018}; Guangxi standard",
        confidence="H",
    )
    trigger_pupils: float = key(
        30,
        "Schools below this are to be merged in principle (goal merge_small)",
        unit="pupils",
        ge=0,
        source="Xunwu, Xingguo and Longnan county plans 2024",
        confidence="H",
    )
    must_keep: tuple[str, ...] = key(
        (),
        "school_ids that stay open whatever the figures say",
        source=YEAR_2018,
        confidence="H",
    )
    must_close: tuple[str, ...] = key((), "school_ids whose closure is decided already")
    keep_without_bus_road: bool = key(
        True,
        "Schools that no bus-passable road reaches stay open",
        source=YEAR_2018,
        confidence="M",
    )
    min_pupils: ByStage = key(
        by_stage(0, 0),
        "Fewest pupils of an open school that is not protected, by highest stage; 0 for none",
        unit="pupils",
    )
    hub_min_pupils: float = key(
        100,
        "Where no hub column is given: schools with at least so many pupils may be hubs",
        unit="pupils",
        ge=0,
        source=f"not a small school: {YEAR_2018}",
        confidence="M",
    )


class Points(Group):
    """Teaching points: grades 1-3 in one multigrade class near home."""

    allowed: bool = key(
        True,
        "A primary school may shrink to a teaching point",
        source=YEAR_2018,
        confidence="H",
    )
    point_max_pupils: float = key(
        30,
        "Most pupils of a teaching point",
        unit="pupils",
        ge=0,
        source="GB 50099-2011, class of an incomplete primary school",
        confidence="H",
    )
    point_staff: float = key(
        2,
        "Teachers of a teaching point",
        unit="posts",
        ge=0,
        source="small-school staffing by class, at least 1.7 to 2 a class",
        confidence="M",
    )
    point_annual_cny: float = key(20_000, "Yearly cost of a teaching point without wages", unit="CNY a year", ge=0)


class Classes(Group):
    """How pupils are counted into classes."""

    class_cap: ByStage = key(
        by_stage(45, 50),
        "Most pupils of a class",
        unit="pupils",
        source=f"{EVALUATION}; GB 50099-2011",
        confidence="H",
    )
    multigrade: bool = key(
        True,
        "A grade band with few pupils may be taught in one multigrade class",
        source="practice of small rural schools",
        confidence="M",
    )
    multigrade_cap: float = key(
        30,
        "Most pupils of a multigrade class",
        unit="pupils",
        ge=0,
        source="GB 50099-2011, class of an incomplete primary school",
        confidence="H",
    )
    school_cap: float = key(
        2_000,
        "Most pupils of a school",
        unit="pupils",
        gt=0,
        source=EVALUATION,
        confidence="H",
    )
    nine_year_cap: float = key(
        2_500,
        "Most pupils of a nine-year school",
        unit="pupils",
        gt=0,
        source=EVALUATION,
        confidence="H",
    )


class Staffing(Group):
    """Teaching posts a school needs: by class and by pupils, whichever is more."""

    staff_per_class: ByStage = key(
        by_stage(2.0, 3.0),
        "Posts for each class",
        unit="posts",
        source=f"at least 1.7 to 2 in small schools (M); junior {OURS}",
    )
    pupils_per_post: ByStage = key(
        by_stage(19, 13.5),
        "Pupils for each post",
        unit="pupils",
        source="2001 no. 74 with the unification of 2014-15",
        confidence="H",
    )
    wage_cny: float = key(110_000, "Full yearly cost of a post", unit="CNY a year", ge=0)


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
    board_annual_cny: float = key(
        4_500,
        "Yearly cost of a boarder: supplement, meals, care staff, weekly transport",
        unit="CNY a year",
        ge=0,
        source=f"300 supplement, 1,000 meals, 1,250 living grant, care and transport {OURS}",
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


class Money(Group):
    """Costs beside wages, and budgets."""

    school_annual_cny: ByStage = key(
        by_stage(60_000, 120_000),
        "Yearly running cost of a school without wages, by highest stage, where the schools layer gives none",
        unit="CNY a year",
    )
    capital_budget_cny: float | None = key(
        None,
        "Most capital for expansions; empty for no limit",
        unit="CNY",
        ge=0,
    )
    annual_budget_cny: float | None = key(
        None,
        "Most yearly cost; empty for no limit",
        unit="CNY a year",
        ge=0,
    )
    discount_rate: float = key(0.04, "Rate that spreads capital over years", unit="share", ge=0, le=1)
    life_years: float = key(30, "Years a building serves where the expansions table gives none", unit="years", gt=0)


class Goals(Group):
    """What is best: goals in their order, each held within its tolerance while the next is sought."""

    goals: tuple[str, ...] = key(
        ("unserved", "annual_cost", "travel"),
        "Goals, most important first: " + ", ".join(GOALS),
    )
    goal_tolerance: dict[str, float] = key(
        {"annual_cost": 0.005},
        "Share a goal may give up for the goals after it",
        unit="share",
    )


GROUPS: dict[str, type[Group]] = {
    "access": Access,
    "travel": Travel,
    "demand": Demand,
    "closure": Closure,
    "points": Points,
    "classes": Classes,
    "staffing": Staffing,
    "boarding": Boarding,
    "bus": Bus,
    "money": Money,
    "goals": Goals,
}


def note_of(group: str, name: str) -> Note:
    """Return unit, source and confidence of a key's default."""
    field = GROUPS[group].model_fields[name]
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    confidence: Any = extra["confidence"]
    return Note(field.description or "", str(extra["unit"]), str(extra["source"]), confidence)
