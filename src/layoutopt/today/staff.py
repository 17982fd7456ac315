"""Teachers of today in whole persons, by school, stage and subject; what is not given is not known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.demand.spread import apportion
from layoutopt.errors import PolicyError
from layoutopt.journeys import remembered
from layoutopt.policy import Policy
from layoutopt.policy.norms import EPSILON, class_cap, classes_of_band, posts_of_stage
from layoutopt.schema import STAGES
from layoutopt.study import Study
from layoutopt.today.schools import school_facts

Array = NDArray[np.float64]
COLUMNS = ["school_id", "stage", "subject", "teachers", "protected", "backbone"]
NAMED = 5
"""Schools an error lists by name."""


@remembered
def staff_today(study: Study, policy: Policy) -> pd.DataFrame:
    """Return ``school_id, stage, subject, teachers, protected, backbone`` of every school whose teachers are known.

    The layer ``staff``, or else the schools layer's ``teachers``, split over a school's stages by the posts
    its pupils of today need, subject "". Teachers are whole: part posts of a school are added and rounded up
    once, here, and shared out again by largest remainders. ``backbone`` is NaN where it is not known.
    """
    rows = _split(study, policy) if study.staff is None else study.staff.reindex(columns=COLUMNS)
    rows = rows.astype(dict.fromkeys(COLUMNS[3:], float)).sort_values(COLUMNS[:3], kind="stable")
    for _, part in rows.groupby("school_id"):
        total = math.ceil(float(part["teachers"].sum()) - EPSILON)
        rows.loc[part.index, "teachers"] = apportion(total, part["teachers"].to_numpy(float))
    rows["protected"] = np.minimum(np.ceil(rows["protected"].fillna(0.0) - EPSILON), rows["teachers"])
    return rows[rows["teachers"] > 0].reset_index(drop=True)


def staff_known(study: Study) -> pd.Series:
    """Return whether the teachers of each school are known; a school not built yet has none."""
    if study.staff is not None:
        return pd.Series(True, index=study.schools.index)
    return study.schools["teachers"].notna() | (study.schools["status"] == "candidate")


def teachers_today(study: Study, policy: Policy) -> int:
    """Return how many teachers the county pays today.

    Raises
    ------
    PolicyError
        The policy counts on them, but they are not known for every school.
    """
    known = staff_known(study)
    if not known.all():
        names = known.index[~known]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        raise PolicyError(
            f"staffing.wages = '{policy.staffing.wages}' needs the teachers of today: schools.teachers is empty for "
            f"{', '.join(names[:NAMED])}{more}. Fill in the column, give the layer staff, or set wages = 'saved'."
        )
    return int(staff_today(study, policy)["teachers"].sum())


def paid_posts(study: Study, policy: Policy, posts: float) -> float:
    """Return the posts the county pays where ``posts`` are needed: no fewer than today where wages are redeployed."""
    if policy.staffing.wages == "saved":
        return posts
    return max(posts, float(teachers_today(study, policy)))


def _split(study: Study, policy: Policy) -> pd.DataFrame:
    facts = school_facts(study, policy)
    known = facts[facts["teachers"].notna() & facts["exists"]]
    rows = []
    for code, fact in known.iterrows():
        need = np.array([_posts_today(fact, stage, policy) for stage in STAGES], dtype=float)
        if not need.any():
            need = np.array([float(fact[f"offers_{stage}_stage"]) for stage in STAGES])
        for stage, share in zip(STAGES, need / max(need.sum(), 1.0), strict=True):
            rows.append((code, stage, "", share * fact["teachers"], 0.0, np.nan))
    return pd.DataFrame(rows, columns=COLUMNS)


def _posts_today(fact: pd.Series, stage: str, policy: Policy) -> int:
    classes, pupils = 0, 0.0
    for band in STAGES[stage]:
        if fact[f"offers_{band}"]:
            counts = [float(fact[f"g{grade}"]) for grade in policy.bands[band]]
            found, shared = classes_of_band(counts, class_cap(stage, fact["complete_primary"], policy), policy)
            classes, pupils = classes + sum(found) + shared, pupils + sum(counts)
    return posts_of_stage(classes, pupils, stage, policy) if classes else 0
