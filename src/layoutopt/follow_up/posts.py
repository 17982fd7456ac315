"""Which subjects a school's posts are for: its own teachers keep theirs, new posts even out the county's mix."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.demand.spread import apportion
from layoutopt.schema import STAGES

Array = NDArray[np.float64]
COLUMNS = ["school_id", "stage", "subject", "teachers", "protected", "kept", "posts"]


def posts_by_subject(today: pd.DataFrame, schools: pd.DataFrame) -> pd.DataFrame:
    """Return ``school_id, stage, subject, teachers, protected, kept, posts``: who stays, and which posts there are.

    For a school with P posts of a stage and t_s teachers of subject s today:

    1. where Σ t_s ≤ P every teacher stays, kept_s = t_s; else P of them stay, protected ones first, the others
       by largest remainders of their subjects;
    2. the P − Σ kept_s posts that are left are shared over the subjects by largest remainders in proportion to
       what the county still lacks of each: its posts of the stage × the subject's share of today's teachers of
       the stage, less the posts that have this subject already. Schools come in the order of their ids.

    ``schools`` is the plan's table of the schools whose teachers are known.
    """
    parts = []
    for stage in STAGES:
        own = today[today["stage"] == stage]
        subjects = sorted(own["subject"].unique()) or [""]
        posts = schools.set_index("school_id")[f"posts_{stage}"].sort_index().round()
        teachers = _table(own, "teachers", posts.index, subjects)
        protected = _table(own, "protected", posts.index, subjects)
        wanted = posts.to_numpy(float)
        kept = np.array([_kept(*row) for row in zip(wanted, teachers, protected, strict=True)]).reshape(teachers.shape)
        cells = pd.MultiIndex.from_product([posts.index, [stage], subjects], names=COLUMNS[:3]).to_frame(index=False)
        found = (teachers, protected, kept, kept + _dealt(wanted, teachers, kept))
        parts.append(cells.assign(**{name: part.ravel() for name, part in zip(COLUMNS[3:], found, strict=True)}))
    return pd.concat(parts, ignore_index=True)


def _table(rows: pd.DataFrame, column: str, schools: pd.Index, subjects: list[str]) -> Array:
    wide = rows.pivot_table(index="school_id", columns="subject", values=column, aggfunc="sum", fill_value=0.0)
    return wide.reindex(index=schools, columns=subjects, fill_value=0.0).to_numpy(float)


def _kept(posts: float, teachers: Array, protected: Array) -> Array:
    """Step 1 for one school."""
    if teachers.sum() <= posts:
        return teachers
    if protected.sum() >= posts:
        return apportion(int(posts), protected)
    return protected + apportion(int(posts - protected.sum()), teachers - protected)


def _dealt(posts: Array, teachers: Array, kept: Array) -> Array:
    """Step 2, school by school."""
    mix = teachers.sum(axis=0)
    mix = mix / mix.sum() if mix.any() else np.ones(len(mix)) / len(mix)
    lacks = np.maximum(posts.sum() * mix - kept.sum(axis=0), 0.0)
    dealt = np.zeros_like(kept)
    for at, free in enumerate(posts - kept.sum(axis=1)):
        if free > 0:
            dealt[at] = apportion(int(free), lacks if lacks.any() else mix)
            lacks = np.maximum(lacks - dealt[at], 0.0)
    return dealt
