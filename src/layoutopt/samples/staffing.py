"""Pupils, seats, beds, posts and money of the schools in a sample: whole numbers that add up."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.demand.spread import apportion
from layoutopt.samples.terrain import Floats, Ints
from layoutopt.schema import PUPIL_COLUMNS

POSTS_PER_PUPIL = {"primary": 1 / 19, "junior": 1 / 13.5}
"""National norm, rural and urban alike (2001 no. 74 and its unification of 2014–15)."""
CLASS_CAP = {"primary": 45, "junior": 50}
"""Evaluation rules of 2017."""
TINY, SMALL = 30, 100
TINY_PUPILS_PER_POST = 2.5
"""Jiangxi pilot: 6,368 pupils and 2,526 teachers moved out of 736 schools."""
FUNDS_CNY = {"primary": 720.0, "junior": 940.0, "bed": 300.0}
"""Public funds a pupil and year since 2023; schools under 100 pupils are paid as 100."""


def enrol(pupils: Ints, attends: Ints, schools: int) -> Ints:
    """Return pupils per school and grade. ``pupils`` n × 9; ``attends`` n × 9, school positions."""
    enrolled = np.zeros((schools, pupils.shape[1]), dtype=np.int64)
    for grade in range(pupils.shape[1]):
        np.add.at(enrolled[:, grade], attends[:, grade], pupils[:, grade])
    return enrolled


def stage_pupils(enrolled: Ints) -> tuple[Ints, Ints]:
    """Return pupils of grades 1–6 and 7–9 by school."""
    return enrolled[:, :6].sum(axis=1), enrolled[:, 6:].sum(axis=1)


def post_weights(enrolled: Ints) -> Floats:
    """Return posts a school would have by norm and size; tiny schools have one for each 2.5 pupils."""
    primary, junior = stage_pupils(enrolled)
    every = primary + junior
    norm = primary * POSTS_PER_PUPIL["primary"] + junior * POSTS_PER_PUPIL["junior"]
    tiny = np.maximum(every / TINY_PUPILS_PER_POST, 1.0)
    small = np.interp(every, [0, TINY, SMALL], [1.0, TINY / TINY_PUPILS_PER_POST / 1.5, 12.0])
    return np.where(every < TINY, np.minimum(tiny, 9.0), np.maximum(norm, np.where(every < SMALL, small, 12.0)))


def posts(total: int, enrolled: Ints) -> Ints:
    """Return posts by school that sum to ``total``: small schools as they are, the others share the rest."""
    weight = post_weights(enrolled)
    is_big = enrolled.sum(axis=1) >= SMALL
    few = np.maximum(np.round(weight), 1).astype(np.int64)
    rest = total - int(few[~is_big].sum())
    if not is_big.any() or rest < is_big.sum():
        return apportion(total, weight).astype(np.int64)
    result = few.copy()
    result[is_big] = apportion(rest, weight[is_big])
    return result


def yearly_cost(enrolled: Ints, beds: Ints, is_hub: np.ndarray) -> Ints:
    """Return running cost without wages in whole thousands: a base by size plus what public funds would pay."""
    primary, junior = stage_pupils(enrolled)
    every = primary + junior
    funds = primary * FUNDS_CNY["primary"] + junior * FUNDS_CNY["junior"]
    funds = np.where((every > 0) & (every < SMALL), funds / np.maximum(every, 1) * SMALL, funds)
    base = np.where(is_hub, 60_000.0, 15_000.0)
    thousands = np.round((base + funds + beds * FUNDS_CNY["bed"]) / 1_000)
    return np.asarray(thousands * 1_000, dtype=np.int64)


def up_to(values: Floats, step: int) -> Ints:
    """Round up to a multiple of ``step``."""
    return np.asarray(np.ceil(values / step - 1e-9) * step, dtype=np.int64)


def grade_frame(pupils: Ints) -> pd.DataFrame:
    """Return the columns g1…g9."""
    return pd.DataFrame(pupils, columns=list(PUPIL_COLUMNS))
