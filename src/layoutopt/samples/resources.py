"""What the schools of a made-up county have besides seats: teachers by subject, rooms, grounds, earlier years, care."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.demand.spread import apportion
from layoutopt.samples.shape import Shape
from layoutopt.samples.staffing import POSTS_PER_PUPIL, SMALL, TINY, up_to
from layoutopt.samples.terrain import Floats, Ints
from layoutopt.schema import PUPIL_COLUMNS, STAGES

STREAM = 6
"""The generator's second stream of chance: what came before it keeps its figures."""
SUBJECTS: dict[str, dict[str, float]] = {
    "primary": {
        "Chinese": 0.36, "mathematics": 0.29, "English": 0.12, "science": 0.10,
        "PE": 0.058, "music": 0.036, "art": 0.036,
    },
    "junior": {
        "Chinese": 0.19, "mathematics": 0.19, "English": 0.18, "science": 0.20, "humanities": 0.12,
        "PE": 0.05, "music": 0.035, "art": 0.035,
    },
}  # fmt: skip
"""Shares of the teachers of a hub: our guess from the weekly lessons of each subject."""
GENERAL = {"Chinese": 0.5, "mathematics": 0.4, "English": 0.1}
"""In a small school few teach anything else."""
PE_ART = ("PE", "music", "art")
COHORT = 0.75
"""Children of one year under school age for each pupil of a grade today: births fall."""
AREA_M2 = {"primary": 4.5, "junior": 5.8}
SPORTS_M2 = {"primary": 7.5, "junior": 10.2}
SITE_M2 = {"primary": 23.0, "junior": 28.0}
EQUIPMENT_CNY = {"primary": 2_000.0, "junior": 2_500.0}
ROOMS = {"primary": 0.023, "junior": 0.024}
DEGREE = {"primary": 0.042, "junior": 0.053}
"""Thresholds of the evaluation rules of 2017 for each pupil (site: Jiangsu): hubs of the county lie around them."""


@dataclass(frozen=True, eq=False)
class Resources:
    """The layers with the new columns, and the tables beside them; ``facilities`` None where there are none."""

    settlements: pd.DataFrame
    schools: pd.DataFrame
    staff: pd.DataFrame
    history: pd.DataFrame
    facilities: pd.DataFrame | None


def with_resources(
    settlements: pd.DataFrame, schools: pd.DataFrame, centres: Ints, *, year: int, shape: Shape, seed: int
) -> Resources:
    """Return the county with its resources; ``centres`` are the settlements in which a town has its centre.

    Hubs lie around the thresholds of the quality-balance check; tiny schools have much room for each pupil
    and hardly a teacher of physical education, music or art.
    """
    rng = np.random.default_rng([seed, STREAM])
    staff = _staff(schools, rng)
    schools = _with_columns(schools, _school_columns(schools, staff, rng), after="g9")
    pupils = settlements[list(PUPIL_COLUMNS)].sum(axis=1).to_numpy(float)
    young = pd.DataFrame({"age_0_6": rng.poisson(pupils / len(PUPIL_COLUMNS) * 7 * COHORT)})
    people = _with_columns(settlements, young, after="poor")
    return Resources(people, schools, staff, _history(schools, year, rng), _facilities(people, centres, shape, rng))


def _with_columns(frame: pd.DataFrame, columns: pd.DataFrame, *, after: str) -> pd.DataFrame:
    frame = frame.copy()
    at = int(frame.columns.get_loc(after)) + 1
    for shift, name in enumerate(columns):
        frame.insert(at + shift, name, columns[name].to_numpy())
    return frame


def _stage_pupils(schools: pd.DataFrame) -> dict[str, Floats]:
    grades = schools[list(PUPIL_COLUMNS)].to_numpy(float)
    return {"primary": grades[:, :6].sum(axis=1), "junior": grades[:, 6:].sum(axis=1)}


def _staff(schools: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Teachers by school, stage and subject; by school they sum to its ``teachers``."""
    by_stage = _stage_pupils(schools)
    pupils = by_stage["primary"] + by_stage["junior"]
    rows = []
    for at, (code, total) in enumerate(zip(schools["school_id"], schools["teachers"], strict=True)):
        first, last = (int(part) for part in str(schools["grades"].iloc[at]).split("-"))
        taught = {"primary": first <= 6, "junior": last >= 7}
        need = np.array([(by_stage[s][at] * POSTS_PER_PUPIL[s] + 1e-6) * taught[s] for s in STAGES])
        is_small = bool(pupils[at] < SMALL)
        for stage, count in zip(STAGES, apportion(int(total), need), strict=True):
            shares = _shares(stage, float(pupils[at]), rng)
            for subject, teachers in zip(shares, apportion(int(count), np.array([*shares.values()])), strict=True):
                if teachers:
                    rows.append((code, stage, subject, int(teachers), is_small))
    table = pd.DataFrame(rows, columns=["school_id", "stage", "subject", "teachers", "is_small"])
    table["protected"] = rng.binomial(table["teachers"], 0.03)
    table["backbone"] = rng.binomial(table["teachers"], np.where(table.pop("is_small"), 0.02, 0.12))
    return table


def _shares(stage: str, pupils: float, rng: np.random.Generator) -> dict[str, float]:
    """Shares of the subjects at one school; a small one that is not tiny may have a teacher of sports."""
    shares = dict(GENERAL if pupils < SMALL else SUBJECTS[stage])
    if TINY <= pupils < SMALL and rng.random() < 0.3:
        shares["PE"] = shares.pop("English")
    return {subject: share * rng.lognormal(0.0, 0.2) for subject, share in shares.items()}


def _school_columns(schools: pd.DataFrame, staff: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    pupils, count = _stage_pupils(schools), len(schools)
    small = pupils["primary"] + pupils["junior"] < SMALL
    ids = schools["school_id"]
    teachers = schools["teachers"].to_numpy(float)
    specialists = staff[staff["subject"].isin(PE_ART)].groupby("school_id")["teachers"].sum()
    room = {s: 0.5 * (pupils[s] + schools[f"places_{s}"].to_numpy(float)) for s in STAGES}

    def around(per: dict[str, float], base: dict[str, Floats], low: float, high: float) -> Floats:
        whole = sum((per[stage] * base[stage] for stage in STAGES), np.zeros(count))
        return np.asarray(whole * rng.uniform(low, high, count) * np.where(small, 1.2, 1.0))

    trained = np.where(small, teachers * rng.uniform(0.2, 0.6, count), around(DEGREE, pupils, 0.9, 1.3))
    teaching, beds = up_to(around(AREA_M2, room, 0.85, 1.15), 10), schools["beds"].to_numpy(float)
    dorm = up_to(beds * rng.uniform(2.8, 4.2, count), 5)
    eat = beds * rng.uniform(1.0, 1.6, count) + 0.5 * (pupils["primary"] + pupils["junior"]) * (beds > 0)
    return pd.DataFrame(
        {
            "teachers_above_degree": np.minimum(np.round(trained), teachers).astype(np.int64),
            "backbone_teachers": staff.groupby("school_id")["backbone"].sum().reindex(ids, fill_value=0).to_numpy(),
            "pe_art_teachers": specialists.reindex(ids, fill_value=0).to_numpy(),
            "teaching_area_m2": teaching,
            "sports_area_m2": up_to(around(SPORTS_M2, room, 0.8, 1.2), 10),
            "equipment_cny": up_to(around(EQUIPMENT_CNY, pupils, 0.85, 1.25), 1_000),
            "multimedia_rooms": np.maximum(np.round(around(ROOMS, pupils, 0.85, 1.25)), 1).astype(np.int64),
            "group": [f"{town} school group" for town in schools["town"]],
            "building_area_m2": up_to(teaching * rng.uniform(1.2, 1.5, count) + 1.3 * dorm, 10),
            "site_area_m2": up_to(around(SITE_M2, room, 0.7, 1.2), 100),
            "dorm_area_m2": dorm,
            "canteen_seats": up_to(eat + np.where(small, rng.integers(0, 3, count) * 20, 0), 10),
        }
    )


def _history(schools: pd.DataFrame, year: int, rng: np.random.Generator) -> pd.DataFrame:
    """Enrolment of the two years before: village schools lose a tenth a year, hubs hardly any."""
    pupils = schools[list(PUPIL_COLUMNS)].sum(axis=1).to_numpy(float)
    loss = np.where(pupils < SMALL, rng.uniform(0.02, 0.2, len(pupils)), rng.uniform(-0.02, 0.03, len(pupils)))
    tables = [
        pd.DataFrame(
            {
                "school_id": schools["school_id"].to_numpy(),
                "year": year - back,
                "pupils": np.round(pupils * (1 + loss) ** back).astype(np.int64),
            }
        )
        for back in (2, 1)
    ]
    return pd.concat(tables).sort_values(["school_id", "year"], kind="stable").reset_index(drop=True)


def _facilities(
    settlements: pd.DataFrame, centres: Ints, shape: Shape, rng: np.random.Generator
) -> pd.DataFrame | None:
    """Places of care in town centres and villages as ``shape`` has them, one labour-education base a county."""
    ids, young = settlements["settlement_id"].to_numpy(), settlements["age_0_6"].to_numpy(float)
    nursery = np.maximum(30, up_to(0.6 * young, 10))
    rows = []
    for number, at in enumerate(centres):
        if rng.random() < shape.kindergarten:
            rows.append((ids[at], "kindergarten", int(nursery[at])))
        if rng.random() < shape.after_school:
            rows.append((ids[at], "after_school_care", 40))
        if number == 0 and len(centres) > 1:
            rows.append((ids[at], "labour_education_base", 200))
    for at in centres[rng.random(len(centres)) < shape.home] if shape.home else ():
        rows.append((ids[at], "left_behind_home", 30))
    villages = np.setdiff1d(np.arange(len(ids)), centres)
    for at in villages[rng.random(len(villages)) < shape.villages_served] if shape.villages_served else ():
        rows += [(ids[at], "kindergarten", int(nursery[at])), (ids[at], "after_school_care", 20)]
    return pd.DataFrame(rows, columns=["settlement_id", "use", "places"]) if rows else None
