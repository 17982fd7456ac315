"""A plan's tables as a point of the compact program, so that its rows say what binds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.columns import Data
from layoutopt.model.rules import FILLS
from layoutopt.plan.plan import Plan
from layoutopt.plan.tables import levels_of

Array = NDArray[np.float64]


def point_of(plan: Plan, data: Data) -> Array:
    """Return the plan as values of the columns of ``data``.

    Layout, classes, posts, expansions and forms of support are those of the tables; columns of goals and of tours
    stay zero. A way that is no option any more (a table edited by hand) is left out.
    """
    frame, x = data.frame, np.zeros(data.frame.width)
    schools = plan.schools.set_index("school_id")
    whole = schools["role"].isin(("hub", "full"))
    taken = pd.MultiIndex.from_frame(plan.assignments[["item", "school_id", "mode"]])
    x[frame.blocks["chosen"].columns] = _labels(data, "chosen").isin(taken)
    x[frame.blocks["open"].columns] = _of_school(data, "open", whole)
    x[frame.blocks["point"].columns] = _of_school(data, "point", schools["role"] == "teaching_point")
    taught = [
        whole[school] and band in str(schools.loc[school, "bands"]).split("+")
        for school, band in _labels(data, "taught")
    ]
    x[frame.blocks["taught"].columns] = taught
    shared = [schools.loc[school, f"multigrade_{band}"] for school, band in _labels(data, "multigrade")]
    x[frame.blocks["multigrade"].columns] = np.array(taught, dtype=bool) & np.array(shared, dtype=bool)
    x[frame.blocks["grade_classes"].columns] = [
        schools.loc[school, f"classes_g{grade}"] for school, grade in _labels(data, "grade_classes")
    ]
    x[frame.blocks["posts"].columns] = [
        schools.loc[school, f"posts_{stage}"] for school, stage in _labels(data, "posts")
    ]
    x[frame.blocks["level"].columns] = [
        level in levels_of(schools.loc[school, f"level_{stage}"]) for school, stage, level in _labels(data, "level")
    ]
    return _further(plan, data, x)


def _further(plan: Plan, data: Data, x: Array) -> Array:
    """Columns of further families: support as in the tables, payroll and shortfall as a first point has; no tours."""
    blocks = data.frame.blocks
    held = x[blocks["posts"].columns].copy()
    for fill in FILLS:
        for name, values in fill(data, x).items():
            x[blocks[name].columns] = values
    x[blocks["posts"].columns] = held
    if "support" in blocks:
        forms = plan.schools.set_index("school_id")["support"]
        x[blocks["support"].columns] = [forms[school] == form for school, form in _labels(data, "support")]
    return x


def _labels(data: Data, block: str) -> pd.MultiIndex:
    found = data.frame.blocks[block]
    return pd.MultiIndex.from_frame(found.table[list(found.key)])


def _of_school(data: Data, block: str, flags: pd.Series) -> Array:
    return flags.reindex(data.frame.blocks[block].table["school_id"], fill_value=False).to_numpy(float)
