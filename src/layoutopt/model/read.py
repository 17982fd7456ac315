"""Variable values → who goes where, what each school is, and which expansions are built."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.columns import CORE_BLOCKS, Data
from layoutopt.plan.classes import Decided

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layout:
    """The decisions in plain terms. ``chosen`` holds the option rows taken (at most one a group).

    ``picked`` has the rows of every further family's block that is not zero, with its ``value``.
    """

    chosen: pd.DataFrame
    state: dict[str, str]
    bands: dict[str, tuple[str, ...]]
    levels: dict[tuple[str, str], tuple[int, ...]]
    decided: Decided
    picked: dict[str, pd.DataFrame]


def read_layout(data: Data, values: Array) -> Layout:
    """Return the decisions a point stands for; whole-number columns are rounded first."""
    frame = data.frame
    taken = frame.values("chosen", values) > 0.5
    chosen = data.options.rows[taken].reset_index(drop=True)
    is_open = dict(zip(frame.blocks["open"].table["school_id"], frame.values("open", values) > 0.5, strict=True))
    point = frame.blocks["point"].table["school_id"][frame.values("point", values) > 0.5]
    state = {school: "full" if flag else "closed" for school, flag in is_open.items()}
    state |= {school: "teaching_point" for school in point if not is_open[school]}
    taught = frame.blocks["taught"].table[frame.values("taught", values) > 0.5]
    bands = {school: tuple(group) for school, group in taught.groupby("school_id")["band"]}
    order = ("lower", "upper", "junior")
    bands = {school: tuple(b for b in order if b in found) for school, found in bands.items()}
    built = frame.blocks["level"].table[frame.values("level", values) > 0.5]
    levels: dict[tuple[str, str], tuple[int, ...]] = {}
    for row in built.itertuples():
        levels[row.school_id, row.stage] = (*levels.get((row.school_id, row.stage), ()), int(row.level))
    return Layout(chosen, state, bands, levels, _decided(data, values), _picked(data, values))


def _picked(data: Data, values: Array) -> dict[str, pd.DataFrame]:
    found = {}
    for name, block in data.frame.blocks.items():
        if name not in CORE_BLOCKS:
            table = block.table.assign(value=data.frame.values(name, values))
            found[name] = table[table["value"].abs() > 1e-6].reset_index(drop=True)
    return found


def _decided(data: Data, values: Array) -> Decided:
    frame = data.frame

    def by(block: str) -> dict[tuple[str, object], int]:
        table = frame.blocks[block].table[list(frame.blocks[block].key)]
        found = frame.values(block, values).astype(int)
        return dict(zip(table.itertuples(index=False, name=None), found.tolist(), strict=True))

    return Decided(by("grade_classes"), by("multigrade"), by("posts"))
