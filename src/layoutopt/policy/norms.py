"""Classes and posts a school needs for given pupils: the one definition behind model, plan and audit."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.policy.fields import ByStage
from layoutopt.policy.policy import Policy
from layoutopt.policy.quality import PER_100
from layoutopt.schema import BANDS

Array = NDArray[np.float64]
EPSILON = 1e-9
WEEKLY_SHARE = 0.2
"""A boarder travels on one school day in five."""


def classes_of_band(pupils: Sequence[float], cap: float, policy: Policy) -> tuple[tuple[int, ...], bool]:
    """Return the classes of each grade of one band, and whether one multigrade class serves them all.

    A band is taught either in grade classes, at least one a grade and none above ``cap``, or, where the
    policy allows it and the band has few enough pupils, in one multigrade class.

    Examples
    --------
    >>> classes_of_band([20, 46, 0], 45, Policy())
    ((1, 2, 1), False)
    >>> classes_of_band([5, 6, 7], 45, Policy())
    ((0, 0, 0), True)
    """
    if policy.classes.multigrade and sum(pupils) <= policy.classes.multigrade_cap + EPSILON:
        return (0,) * len(pupils), True
    return tuple(max(1, math.ceil(count / cap - EPSILON)) for count in pupils), False


def posts_of_stage(classes: int, pupils: float, stage: str, policy: Policy) -> int:
    """Return the posts a stage needs: by class or by pupils, whichever is more, rounded up.

    Sources: ``staffing.staff_per_class`` and ``staffing.pupils_per_post``.
    """
    by_class = policy.staffing.staff_per_class[stage] * classes
    by_pupils = pupils / policy.staffing.pupils_per_post[stage]
    return math.ceil(max(by_class, by_pupils) - EPSILON)


def point_posts(pupils: float, policy: Policy) -> int:
    """Return the posts of a teaching point: ``points.point_staff``, or by pupils where that is more."""
    by_pupils = pupils / policy.staffing.pupils_per_post["primary"]
    return math.ceil(max(policy.points.point_staff, by_pupils) - EPSILON)


def annuity(capital: float, years: float, rate: float) -> float:
    """Return the equal yearly payment that repays ``capital`` over ``years`` at ``rate``."""
    return capital / years if rate == 0 else capital * rate / (1 - (1 + rate) ** -years)


def rider_price_cny(km: Array, policy: Policy, *, seats: float, fixed_cny: float, cny_per_km: float) -> Array:
    """Return the yearly price of one bus rider before lines exist: a direct line out and back, shared.

    (fixed + 2 · km · cost per km · trips · days) / (expected fill · seats): the sequential method's price.
    """
    bus = policy.bus
    yearly_km = 2 * km * bus.trips_per_day * bus.school_days
    return (fixed_cny + yearly_km * cny_per_km) / (bus.expected_fill * seats)


def way_limit_min(rows: pd.DataFrame, policy: Policy) -> Array:
    """Return the longest admissible minutes of each daily way (``band, mode``): the band's, on foot the walk's too.

    What today's longer ways allow comes on top; how long a boarder may be under way is another key.
    """
    access = policy.access
    oneway, walk = (
        rows["band"].map({band: limits[band] for band in BANDS}).to_numpy(float)
        for limits in (access.oneway_max_min, access.walk_max_min)
    )
    return np.where((rows["mode"] == "walk").to_numpy(bool), np.minimum(oneway, walk), oneway)


def school_cap(offers_primary: bool, offers_junior: bool, policy: Policy) -> float:
    """Return the most pupils a school of these stages may have."""
    both = offers_primary and offers_junior
    return policy.classes.nine_year_cap if both else policy.classes.school_cap


def highest_stage(offers_junior: bool) -> str:
    """Return the stage whose yearly cost and minimum size a school follows."""
    return "junior" if offers_junior else "primary"


def school_day_share(mode: NDArray[np.object_]) -> Array:
    """Return the share of school days on which a pupil travels by each ``mode``: a boarder on one in five."""
    return np.where(np.asarray(mode) == "board", WEEKLY_SHARE, 1.0)


def class_cap(stage: str, complete: bool, policy: Policy) -> float:
    """Return the most pupils of a class; ``complete`` tells whether the school teaches all of grades 1-6."""
    cap = policy.classes.class_cap[stage]
    small = policy.classes.incomplete_cap
    return cap if stage != "primary" or complete or small is None else min(cap, small)


def merges_wanted(schools: int, policy: Policy) -> int:
    """Return how many of so many small schools the plan merges at the least (``closure.merge_share``)."""
    return math.ceil((policy.closure.merge_share or 0.0) * schools - EPSILON)


def thresholds(policy: Policy) -> dict[str, ByStage]:
    """Return the least of each of the seven resources, as the evaluation counts it (see ``quality.PER_100``)."""
    quality = policy.quality
    return {
        "teachers_above_degree": quality.teachers_above_degree,
        "backbone_teachers": quality.backbone_teachers,
        "pe_art_teachers": quality.pe_art_teachers,
        "teaching_area_m2": quality.teaching_area_m2,
        "sports_area_m2": quality.sports_area_m2,
        "equipment_cny": quality.equipment_cny,
        "multimedia_rooms": quality.multimedia_rooms,
    }


def least_per_pupil(indicator: str, stage: str, policy: Policy) -> float:
    """Return the threshold of a resource for one pupil of the stage."""
    return thresholds(policy)[indicator][stage] / (100 if indicator in PER_100 else 1)


def stage_weight(stage: str, policy: Policy) -> float:
    """Return what a pupil of the stage counts where a nine-year school splits its resources: 1, or junior_share."""
    return policy.quality.junior_share if stage == "junior" else 1.0
