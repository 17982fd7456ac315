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
from layoutopt.model.together import Choice, Room, mended
from layoutopt.options import COST_COLUMNS
from layoutopt.policy.norms import class_cap, classes_of_band, posts_of_stage
from layoutopt.schema import GRADES, STAGE_GRADES, STAGE_OF, STAGES

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
    """Take units by fewest options; each goes to today's school if it can, else the cheapest room."""
    room, choices = Room.of(data), _choices(data)
    went: dict[str, Choice] = {}
    for unit in sorted(choices, key=lambda name: (len(choices[name]), name)):
        fitting = next((choice for choice in choices[unit] if room.fits(choice)), None)
        if fitting is None:
            return None
        went[unit] = room.takes(fitting)
    if data.policy.zones.contiguous:
        went = mended(data, choices, went, room)
    taken = np.zeros(len(data.frame.blocks["chosen"]), dtype=bool)
    for choice in went.values():
        taken[list(choice.rows)] = True
    return taken


def _choices(data: Data) -> dict[str, list[Choice]]:
    """Where each unit can go as a whole, today's school first, then by cost and minutes."""
    table = data.frame.blocks["chosen"].table
    items = data.options.items.set_index("item")
    alone = data.policy.zones.one_school_for == "group"
    keyed = table.assign(
        row=np.arange(len(table)),
        other=(table["school_id"] != table["item"].map(items["today_school"])).astype(int),
        boarders=table["pupils"].where(table["mode"] == "board", 0.0),
        way=table["mode"] if alone else "",
        all_cny=table[list(COST_COLUMNS)].sum(axis=1),
    ).sort_values(["item", "other", "all_cny", "minutes", "school_id"], kind="stable")
    unit = pd.Series(items.index, index=items.index) if alone else _units(data, keyed)
    keyed = keyed.assign(unit=keyed["item"].map(unit)).drop_duplicates(["item", "school_id", "way"])
    whole = keyed.groupby(["unit", "school_id", "stage", "way"], sort=False).agg(
        groups=("row", "size"), other=("other", "sum"), all_cny=("all_cny", "sum"), minutes=("minutes", "sum"),
        pupils=("pupils", "sum"), boarders=("boarders", "sum"), rows=("row", list),
    )  # fmt: skip
    whole = whole.reset_index().sort_values(["unit", "other", "all_cny", "minutes", "school_id"], kind="stable")
    sizes = unit.value_counts()
    found: dict[str, list[Choice]] = {str(name): [] for name in unit.unique()}
    for name, count, *choice in whole[["unit", "groups", *Choice._fields]].itertuples(index=False, name=None):
        if count == sizes[name]:
            found[name].append(Choice(*choice))
    return found


def _units(data: Data, options: pd.DataFrame) -> pd.Series:
    """The unit of each group that goes to one school: its place and band, or stage where some school takes it whole."""
    items = data.options.items.set_index("item")
    by_band = items["settlement_id"] + "." + items["band"]
    if data.policy.zones.one_school_for == "band":
        return by_band
    by_stage = items["settlement_id"] + "." + items["band"].map(STAGE_OF)
    reach = options.drop_duplicates(["item", "school_id"])
    most = reach.groupby([reach["item"].map(by_stage), "school_id"]).size().groupby(level=0).max()
    sizes = by_stage.value_counts()
    return by_stage.where(by_stage.map(most) == by_stage.map(sizes), by_band)


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
        counts = [float(pupils.loc[school, f"g{grade}"]) for grade in policy.bands[band]]
        cap = class_cap(STAGE_OF[band], bool(data.schools.loc[school, "complete_primary"]), policy)
        found, is_shared = classes_of_band(counts, cap, policy)
        works = float(is_open[school])
        shared[school, band] = works * is_shared
        classes |= {(school, g): works * n for g, n in zip(policy.bands[band], found, strict=True)}
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
        grades = STAGE_GRADES[stage]
        count = sum(classes.get((school, grade), 0.0) for grade in grades)
        count += sum(shared.get((school, band), 0.0) for band in STAGES[stage])
        total = float(sum(pupils.loc[school, f"g{grade}"] for grade in grades))
        found.append(float(posts_of_stage(int(count), total, stage, data.policy)))
    return found
