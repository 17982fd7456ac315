"""Layouts taken from points, put into programs, and shared by all copies."""

from __future__ import annotations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from layoutopt.ahead.task import Task, completed
from layoutopt.model.columns import Data
from layoutopt.model.copies import Copy
from layoutopt.model.frame import Array, Rows
from layoutopt.model.solve import LAYOUT_BLOCKS

Layout = dict[str, dict[tuple[object, ...], float]]
"""The columns of a layout that are not zero, by block and key."""


def layout_of(copy: Copy, point: Array) -> Layout:
    """Return the layout of one copy's part of a point of all copies."""
    return layout_at(copy.data, point[copy.columns])


def layout_at(data: Data, values: Array) -> Layout:
    """Return the layout of a point of one program."""
    found: Layout = {}
    for name in LAYOUT_BLOCKS:
        block = data.frame.blocks[name]
        keys = block.table[list(block.key)].itertuples(index=False, name=None)
        found[name] = {key: 1.0 for key, value in zip(keys, values[block.columns], strict=True) if value > 0.5}
    return found


def wanted(data: Data, layout: Layout) -> Array | None:
    """Return the columns of the layout, others zero; None where the program does not know one of them."""
    values = np.zeros(data.frame.width)
    for name in LAYOUT_BLOCKS:
        block = data.frame.blocks[name]
        keys = list(block.table[list(block.key)].itertuples(index=False, name=None))
        if set(layout[name]) - set(keys):
            return None
        values[block.columns] = [layout[name].get(key, 0.0) for key in keys]
    return values


def layout_rows(data: Data, layout: Layout) -> Rows | None:
    """Return rows that hold the layout of a program; None where the program does not know it."""
    values = wanted(data, layout)
    if values is None:
        return None
    at = np.concatenate([np.arange(b.start, b.start + len(b)) for b in (data.frame.blocks[n] for n in LAYOUT_BLOCKS)])
    matrix = sp.csr_matrix((np.ones(len(at)), (np.arange(len(at)), at)), shape=(len(at), data.frame.width))
    return Rows(matrix, values[at], values[at], pd.MultiIndex.from_arrays([at], names=["column"]))


def point_with(task: Task, layout: Layout) -> Array | None:
    """Return a point of all copies with the layout; None where a copy has none."""
    point = task.point.copy()
    for copy in task.copies.copies:
        wish = wanted(copy.data, layout)
        found = completed(copy.model, wish, task.seed, ways=False)
        if found is None:
            return None
        point[copy.columns] = found
    return point
