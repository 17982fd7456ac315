"""A first point for the solver: every school stays, every group goes where there is room, today's first."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.kernels.highs import FEASIBILITY_TOLERANCE
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.model.goals import goal_fill
from layoutopt.model.rules import FILLS
from layoutopt.policy.norms import classes_of_band, posts_of_stage
from layoutopt.schema import BAND_OF, BANDS, GRADES, STAGE_OF, STAGES

Array = NDArray[np.float64]


def first_point(model: Model, data: Data) -> Array | None:
    """Return a feasible point of the whole program, or None where this simple rule finds none."""
    chosen = _assigned(data)
    if chosen is None:
        return None
    point = _completed(data, chosen)
    for fill in (*FILLS, goal_fill):
        for name, values in fill(data, point).items():
            point[data.frame.blocks[name].columns] = values
    goal = next(iter(model.goals.values()))
    return point if model.program(goal).violation(point) <= FEASIBILITY_TOLERANCE else None


def _assigned(data: Data) -> NDArray[np.bool_] | None:
    """Take groups by fewest options; each goes to today's school if it can, else the cheapest room."""
    table = data.frame.blocks["chosen"].table
    room = {
        (school, stage): float(data.schools.loc[school, f"places_{stage}"])
        for school in data.schools.index
        for stage in STAGES
    }
    size, beds = data.schools["cap"].to_dict(), data.schools["beds"].to_dict()
    today = data.options.items.set_index("item")["today_school"]
    keyed = table.assign(
        row=np.arange(len(table)), other=(table["school_id"] != table["item"].map(today)).astype(int)
    ).sort_values(["item", "other", "cost_cny", "minutes", "school_id"], kind="stable")
    columns = ["item", "school_id", "stage", "mode", "pupils", "row"]
    groups: dict[str, list[tuple[str, str, str, float, int]]] = {}
    for item, *option in keyed[columns].itertuples(index=False, name=None):
        groups.setdefault(item, []).append(tuple(option))
    taken = np.zeros(len(table), dtype=bool)
    for item in sorted(groups, key=lambda name: (len(groups[name]), name)):
        for school, stage, mode, pupils, row in groups[item]:
            needs_bed = pupils if mode == "board" else 0.0
            if room[school, stage] >= pupils and size[school] >= pupils and beds[school] >= needs_bed:
                room[school, stage] -= pupils
                size[school] -= pupils
                beds[school] -= needs_bed
                taken[row] = True
                break
        else:
            return None
    return taken


def _completed(data: Data, taken: NDArray[np.bool_]) -> Array:
    """Fill in open schools, classes and posts that the assignment needs."""
    frame, policy = data.frame, data.policy
    x = np.zeros(frame.width)
    x[frame.blocks["chosen"].columns] = taken
    sent = frame.blocks["chosen"].table[taken]
    names = [f"g{grade}" for grade in GRADES]
    pupils = sent.groupby("school_id")[names].sum().reindex(data.schools.index, fill_value=0.0)
    is_open = ~data.schools["must_close"] & ((pupils.sum(axis=1) > 0) | (data.schools["keep_reason"] != ""))
    x[frame.blocks["open"].columns] = is_open.reindex(frame.blocks["open"].table["school_id"]).to_numpy(float)
    taught = frame.blocks["taught"].table
    x[frame.blocks["taught"].columns] = is_open.reindex(taught["school_id"]).to_numpy(float)
    classes: dict[tuple[str, int], float] = {}
    shared: dict[tuple[str, str], float] = {}
    for school, band in taught[["school_id", "band"]].itertuples(index=False):
        counts = [float(pupils.loc[school, f"g{grade}"]) for grade in BANDS[band]]
        found, is_shared = classes_of_band(counts, policy.classes.class_cap[STAGE_OF[band]], policy)
        works = float(is_open[school])
        shared[school, band] = works * is_shared
        classes |= {(school, g): works * n for g, n in zip(BANDS[band], found, strict=True)}
    x[frame.blocks["multigrade"].columns] = [
        shared[key]
        for key in frame.blocks["multigrade"].table[["school_id", "band"]].itertuples(index=False, name=None)
    ]
    grades = frame.blocks["grade_classes"].table
    x[frame.blocks["grade_classes"].columns] = [
        classes[key] for key in grades[["school_id", "grade"]].itertuples(index=False, name=None)
    ]
    x[frame.blocks["posts"].columns] = _posts(data, pupils, classes, shared)
    return x


def _posts(
    data: Data,
    pupils: pd.DataFrame,
    classes: dict[tuple[str, int], float],
    shared: dict[tuple[str, str], float],
) -> list[float]:
    found = []
    for school, stage in data.frame.blocks["posts"].table[["school_id", "stage"]].itertuples(index=False):
        grades = [grade for grade in GRADES if BAND_OF[grade] in STAGES[stage]]
        count = sum(classes.get((school, grade), 0.0) for grade in grades)
        count += sum(shared.get((school, band), 0.0) for band in STAGES[stage])
        total = float(sum(pupils.loc[school, f"g{grade}"] for grade in grades))
        found.append(float(posts_of_stage(int(count), total, stage, data.policy)))
    return found
