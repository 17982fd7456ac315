"""The keys about schools: which may close or shrink, how pupils form classes, and who teaches them."""

from __future__ import annotations

from typing import Literal

from layoutopt.policy.fields import OURS, ByStage, Group, by_stage, key
from layoutopt.policy.quality import EVALUATION
from layoutopt.policy.ways import YEAR_2018


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
    trigger_years: int = key(
        1,
        "Consecutive years a school must be below trigger_pupils (layer history; today counts as one)",
        unit="years",
        ge=1,
        le=10,
        source="3 years in Chungbuk, Korea; 1 reads the Jiangxi plans literally",
        confidence="M",
    )
    merge_share: float | None = key(
        None,
        "Least share of the schools below closable_below_pupils that the plan merges, rounded up; empty for no quota",
        unit="share",
        ge=0,
        le=1,
        source="0.6 (2024), 0.7 (2025), 0.8 (2026) in Xunwu's county plan",
        confidence="H",
    )
    respect_objection: bool = key(
        True,
        "A school stays where most parents or hearing delegates object to its closing (column objection_share)",
        source="State Council office 2012 no. 48",
        confidence="H",
    )
    must_keep: tuple[str, ...] = key(
        (),
        "school_ids that stay open whatever the figures say",
        source=YEAR_2018,
        confidence="H",
    )
    keep_reasons: dict[str, str] = key({}, "Why a school of must_keep stays, by school_id, as documents say it")
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
    """Teaching points: grades 1-3, or 1-4, in one multigrade class near home."""

    allowed: bool = key(
        True,
        "A primary school may shrink to a teaching point",
        source=YEAR_2018,
        confidence="H",
    )
    lower_last_grade: Literal[3, 4] = key(
        3,
        "Last grade of the lower band, the grades of a teaching point; the upper band begins after it. With 4, grade 4 "
        "has the limits of the lower band and does not board, and a school of grades 1-3 may teach it from now on; "
        "today's pupils of grade 4 are counted at schools that teach it today",
        unit="grade",
        source=f"3: {YEAR_2018}; 4: 建标109-2008 art. 8, an incomplete primary school of four classes",
        confidence="M",
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
    incomplete_cap: float | None = key(
        None,
        "Most pupils of a class of a primary school that does not teach all of grades 1-6; empty for class_cap",
        unit="pupils",
        gt=0,
        source="30: GB 50099-2011, class of an incomplete primary school",
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
    wages: Literal["saved", "redeployed"] = key(
        "saved",
        "Wages of posts no longer needed are saved, or go on being paid because the teachers are redeployed",
    )
    commute_max_min: float = key(60, "Longest way of a teacher from the old school to the new one", unit="min", gt=0)
    retrain_cny: float = key(
        3_000, "Cost of retraining a teacher for another subject; a figure of its own, in no yearly cost",
        unit="CNY", ge=0,
    )  # fmt: skip
    retrain: bool = key(True, "Teachers may be retrained for another subject of their stage")
    rotation_share: float = key(
        0.1, "Least share of eligible teachers who should change school in a year", unit="share", ge=0, le=1,
        source=EVALUATION, confidence="H",
    )  # fmt: skip
    rotation_backbone_share: float = key(
        0.2, "Least share of backbone teachers among those who rotate", unit="share", ge=0, le=1,
        source=EVALUATION, confidence="H",
    )  # fmt: skip
