"""How full the schools of a plan are: large classes, and the areas each pupil has before and after."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.policy.norms import class_cap, least_per_pupil
from layoutopt.schema import PUPIL_COLUMNS, STAGE_OF, STAGES, span
from layoutopt.today import school_facts
from layoutopt.today.resources import stage_pupils

AREAS = ("teaching_area_m2", "sports_area_m2", "building_area_m2", "site_area_m2", "dorm_area_m2")
EPSILON = 1e-9


def class_table(plan: Plan) -> pd.DataFrame:
    """Return the classes of every open school: ``school_id, stage, grades, pupils, classes, size, cap, kind``.

    ``grades`` is one grade, or a span in one multigrade class; ``size`` is the fullest of its classes; ``kind`` is
    ``large`` or ``over-large`` after ``quality.large_class`` and ``over_large_class``, else empty.
    """
    rows = []
    complete = school_facts(plan.study, plan.policy)["complete_primary"].to_dict()
    for school in plan.schools[plan.schools["role"].isin(OPEN_ROLES)].to_dict("records"):
        for band in str(school["bands"]).split("+"):
            rows += [row for row in _band_classes(plan, school, band, complete[school["school_id"]]) if row["size"]]
    columns = ["school_id", "stage", "grades", "pupils", "classes", "size", "cap"]
    table = pd.DataFrame(rows, columns=columns)
    quality = plan.policy.quality
    over, large = table["size"] >= quality.over_large_class, table["size"] >= quality.large_class
    return table.assign(kind=np.select([over.to_numpy(bool), large.to_numpy(bool)], ["over-large", "large"], ""))


def large_classes(plan: Plan) -> tuple[str, ...]:
    """Return a warning for each grade of a school whose classes are large."""
    table = class_table(plan)
    return tuple(
        f"{row.school_id}, grade {row.grades}: {row.size:g} pupils in a class, which is {row.kind}."
        for row in table[table["kind"] != ""].itertuples()
    )


def _band_classes(plan: Plan, school: dict[Any, Any], band: str, complete: bool) -> list[dict[str, object]]:
    policy = plan.policy
    if band not in policy.bands:
        return []
    grades, stage = policy.bands[band], STAGE_OF[band]
    base = {"school_id": school["school_id"], "stage": stage}
    if school[f"multigrade_{band}"]:
        pupils = sum(float(school[f"g{grade}"]) for grade in grades)
        point = school["role"] == "teaching_point"
        cap = policy.points.point_max_pupils if point else policy.classes.multigrade_cap
        return [{**base, "grades": span(grades), "pupils": pupils, "classes": 1, "size": pupils, "cap": cap}]
    rows: list[dict[str, object]] = []
    for grade in grades:
        pupils, classes = float(school[f"g{grade}"]), int(school[f"classes_g{grade}"])
        size = float(np.ceil(pupils / classes - EPSILON)) if classes else 0.0
        cap = class_cap(stage, complete, policy)
        rows.append({**base, "grades": str(grade), "pupils": pupils, "classes": classes, "size": size, "cap": cap})
    return rows


def area_table(plan: Plan) -> pd.DataFrame:
    """Return the areas of every school today and in the plan, for each pupil, beside what they should be.

    Columns: ``school_id, when, area, m2, pupils`` (boarders for the dormitory; those of today are not known),
    ``each_m2, least_m2, verdict``. The least teaching and sports area is that of the quality-balance check, the
    building's speaks of small schools (under ``closable_below_pupils``). ``verdict``: ``met``, ``broken``, ``not
    known``, empty where nothing is asked; of the grounds ``usual`` or ``less than usual``.
    """
    facts = school_facts(plan.study, plan.policy)
    after = plan.schools[plan.schools["role"].isin(OPEN_ROLES)].set_index("school_id")
    areas = plan.study.schools.reindex(columns=list(AREAS)).astype(float)
    rows = []
    for when, schools in (("before", facts[facts["exists"]]), ("after", after)):
        boarders = schools["boarders"] if when == "after" else pd.Series(np.nan, schools.index)
        for area in AREAS:
            pupils = boarders if area == "dorm_area_m2" else schools[list(PUPIL_COLUMNS)].sum(axis=1)
            own = pd.DataFrame({"when": when, "area": area, "m2": areas[area].reindex(schools.index)})
            own["pupils"] = pupils.astype(float)
            own["each_m2"] = own["m2"] / own["pupils"].where(own["pupils"] > 0)
            own["least_m2"] = _least_m2(plan, area, schools)
            rows.append(own.rename_axis("school_id").reset_index())
    table = pd.concat(rows, ignore_index=True)
    return table.assign(verdict=[_verdict(row) for row in table.to_dict("records")])


def _least_m2(plan: Plan, area: str, schools: pd.DataFrame) -> pd.Series:
    """What each pupil should have; over both stages of a nine-year school the mean by pupils."""
    quality = plan.policy.quality
    if area == "dorm_area_m2":
        return pd.Series(quality.dorm_area_m2, schools.index)
    pupils = schools[list(PUPIL_COLUMNS)].sum(axis=1)
    if area == "building_area_m2":
        small = pupils < plan.policy.closure.closable_below_pupils
        return pd.Series(quality.building_area_m2, schools.index).where(small)
    asked = {
        stage: quality.site_area_m2[stage] if area == "site_area_m2" else least_per_pupil(area, stage, plan.policy)
        for stage in STAGES
    }
    needed = sum((asked[stage] * stage_pupils(schools, stage) for stage in STAGES), pd.Series(0.0, schools.index))
    return needed / pupils.where(pupils > 0)


def _verdict(row: dict[Any, Any]) -> str:
    if np.isnan(row["least_m2"]) or row["pupils"] == 0:
        return ""
    if np.isnan(row["each_m2"]):
        return "not known"
    is_met = row["each_m2"] >= row["least_m2"] - EPSILON
    if row["area"] == "site_area_m2":
        return "usual" if is_met else "less than usual"
    return "met" if is_met else "broken"
