"""The compact program several times side by side, a copy for each year or scenario, with rows between the copies."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.model.build import build_model
from layoutopt.model.columns import Data, Spec
from layoutopt.model.frame import Array, Block, Expr, Frame, Model, NamedRows, Rows, make_frame
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study

COPY = "copy"
"""The column of a further block's table that says to which copy each of its columns belongs."""
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Copy:
    """One copy: its program alone (``model``, ``data``), and its data over the columns of all copies (``wide``)."""

    name: str
    options: Options
    model: Model
    data: Data
    wide: Data
    start: int

    @property
    def columns(self) -> slice:
        """Positions of its columns among those of all copies."""
        return slice(self.start, self.start + self.data.frame.width)


@dataclass(frozen=True, eq=False)
class Copies:
    """All copies in their order, and one frame over their columns and the further ones that join them."""

    copies: tuple[Copy, ...]
    frame: Frame
    further: tuple[str, ...]

    def __getitem__(self, at: int) -> Copy:
        return self.copies[at]

    def __len__(self) -> int:
        return len(self.copies)

    @property
    def wide(self) -> tuple[Data, ...]:
        """The data of every copy over the columns of all."""
        return tuple(copy.wide for copy in self.copies)

    def of(self, name: str) -> Mask:
        """Return which columns belong to a copy, further ones included."""
        mask = np.zeros(self.frame.width, dtype=bool)
        for copy in self.copies:
            mask[copy.columns] |= copy.name == name
        for block in (self.frame.blocks[further] for further in self.further):
            mask[block.columns] |= (block.table[COPY] == name).to_numpy(bool)
        return mask

    def model(self, weights: Mapping[str, float], links: Iterable[NamedRows]) -> Model:
        """Return the joint program: the rows of every copy, the rows between them, each goal a weighted sum.

        A goal that only some copies have is sought for those.
        """
        width = self.frame.width
        rules = tuple(
            NamedRows(named.rule, widened(named.rows, copy.start, width))
            for copy in self.copies
            for named in (*copy.model.rules, *copy.model.extra)
        )
        names = list(dict.fromkeys(name for copy in self.copies for name in copy.model.goals))
        goals = {name: self._sum(name, weights) for name in names}
        return Model(self.frame, rules, goals, tuple(links))

    def alone(self, at: int, links: Iterable[NamedRows], *, known: Mask, point: Array) -> Model:
        """Return the program of one copy while the columns ``known`` are as in ``point``.

        Rows between copies that speak of columns neither of this copy nor known count as far as they are certain.
        Blocks have the names they have in a program of their own.
        """
        copy, mine = self.copies[at], self.of(self.copies[at].name)
        at_columns = np.concatenate([np.arange(copy.start, copy.columns.stop), np.flatnonzero(mine[self._extra])])
        at_columns[copy.data.frame.width :] += self._extra.start
        frame = self._own_frame(copy)
        width, fixed = frame.width, np.where(known & ~mine, point, 0.0)
        unknown = ~(known | mine)
        between = tuple(
            NamedRows(named.rule, rows)
            for named in links
            for rows in [_left(named.rows, at_columns, mine, unknown, fixed)]
            if len(rows.labels)
        )
        rules = tuple(NamedRows(named.rule, widened(named.rows, 0, width)) for named in copy.model.rules)
        extra = tuple(NamedRows(named.rule, widened(named.rows, 0, width)) for named in copy.model.extra)
        goals = {name: _wide_expr(goal, 0, width) for name, goal in copy.model.goals.items()}
        return Model(frame, rules, goals, (*extra, *between))

    def put(self, point: Array, at: int, values: Array) -> Array:
        """Return ``point`` with the columns of one copy, further ones included, as a program of its own has them."""
        copy, found = self.copies[at], point.copy()
        own = copy.data.frame.width
        found[copy.columns] = values[:own]
        mine = self.of(copy.name)
        mine[: self._extra.start] = False
        found[mine] = values[own:]
        return found

    def take(self, point: Array, at: int) -> Array:
        """Return the columns of one copy, further ones included, in the order of a program of its own."""
        copy, mine = self.copies[at], self.of(self.copies[at].name)
        mine[: self._extra.start] = False
        return np.concatenate([point[copy.columns], point[mine]])

    def alone_width(self, at: int) -> int:
        """Return how many columns the program of one copy has, further ones included."""
        return int(self.of(self.copies[at].name).sum())

    @property
    def _extra(self) -> slice:
        """Positions of the further columns: they stand after those of all copies."""
        return slice(self.copies[-1].columns.stop, self.frame.width)

    def _sum(self, name: str, weights: Mapping[str, float]) -> Expr:
        width = self.frame.width
        parts = [
            _wide_expr(copy.model.goals[name], copy.start, width) * weights[copy.name]
            for copy in self.copies
            if name in copy.model.goals
        ]
        total = parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _own_frame(self, copy: Copy) -> Frame:
        """The copy's blocks and its part of the further ones."""
        blocks, start = dict(copy.data.frame.blocks), copy.data.frame.width
        for name in self.further:
            block = self.frame.blocks[name]
            keep = (block.table[COPY] == copy.name).to_numpy(bool)
            table = block.table[keep].reset_index(drop=True)
            blocks[name] = Block(name, table, block.key, start, block.upper[keep], block.integer)
            start += len(table)
        return Frame(blocks, start)


def side_by_side(
    cases: Sequence[tuple[str, Study, Policy, Options]],
    further: Iterable[Spec] = (),
    *,
    skip: Collection[str] = (),
) -> Copies:
    """Return a copy of the compact program for each case, and the further columns after them all.

    Parameters
    ----------
    cases
        A name, different for each copy, with the study, the policy and the options of the copy.
    further
        Blocks of columns that join copies; each table has a column ``copy``, the name of the copy its column moves
        with.
    skip
        Rules of the compact program to leave out.
    """
    built = [(name, options, *build_model(study, policy, options, skip=skip)) for name, study, policy, options in cases]
    return joined(built, further)


def joined(built: Sequence[tuple[str, Options, Model, Data]], further: Iterable[Spec] = ()) -> Copies:
    """Return programs that are built already as copies; see :func:`side_by_side`."""
    specs = list(further)
    start, widths = 0, [data.frame.width for *_, data in built]
    width = sum(widths) + sum(len(table) for _, table, *_ in specs)
    copies: list[Copy] = []
    blocks: dict[str, Block] = {}
    for name, options, model, data in built:
        shifted = {key: _shifted(block, start) for key, block in data.frame.blocks.items()}
        wide = replace(data, frame=Frame(shifted, width))
        copies.append(Copy(name, options, model, data, wide, start))
        blocks |= {f"{name}/{key}": replace(block, name=f"{name}/{key}") for key, block in shifted.items()}
        start += data.frame.width
    extra = make_frame(specs)
    blocks |= {key: _shifted(block, start) for key, block in extra.blocks.items()}
    return Copies(tuple(copies), Frame(blocks, width), tuple(extra.blocks))


def widened(rows: Rows, start: int, width: int) -> Rows:
    """Return rows over ``width`` columns, their own standing from ``start`` on."""
    return Rows(_wide(rows.matrix, start, width), rows.lower, rows.upper, rows.labels)


def fixed_rows(known: Mask, point: Array) -> Rows:
    """Return rows that hold the columns ``known`` where they are in ``point``."""
    at = np.flatnonzero(known)
    matrix = sp.csr_matrix((np.ones(len(at)), (np.arange(len(at)), at)), shape=(len(at), len(point)))
    return Rows(matrix, point[at], point[at], pd.MultiIndex.from_arrays([at], names=["column"]))


def added(parts: Sequence[Expr]) -> Expr:
    """Return the sum of all expressions of all parts, as a single one."""
    labels = pd.MultiIndex.from_tuples([("all",)], names=["all"])
    sums = [
        Expr(sp.csr_matrix(np.ones((1, len(one)))) @ one.matrix, one.constant.sum(keepdims=True), labels)
        for one in parts
    ]
    return reduce(lambda left, right: left + right, sums)


def _shifted(block: Block, by: int) -> Block:
    return replace(block, start=block.start + by)


def _wide(matrix: sp.csr_matrix, start: int, width: int) -> sp.csr_matrix:
    given = matrix.tocsr()
    return sp.csr_matrix((given.data, given.indices + start, given.indptr), shape=(given.shape[0], width))


def _wide_expr(expr: Expr, start: int, width: int) -> Expr:
    return Expr(_wide(expr.matrix, start, width), expr.constant, expr.labels)


def _left(rows: Rows, columns: NDArray[np.intp], mine: Mask, unknown: Mask, fixed: Array) -> Rows:
    """Rows that speak of this copy, over its columns; what is known moves to their limits.

    Unknown columns count as zero where that breaks no row that could hold: at most some value, none of them below it.
    """
    matrix = rows.matrix.tocsr()
    touches = (abs(matrix) @ mine.astype(float)) > 0
    may_be_zero = ~((matrix.minimum(0) @ unknown.astype(float)) < 0) & np.isneginf(rows.lower)
    keep = np.asarray(touches & (may_be_zero | ~((abs(matrix) @ unknown.astype(float)) > 0)))
    moved = matrix[keep] @ fixed
    return Rows(matrix[keep][:, columns].tocsr(), rows.lower[keep] - moved, rows.upper[keep] - moved, rows.labels[keep])
