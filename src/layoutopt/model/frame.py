"""A thin vectorised layer over sparse arrays: named blocks of columns, sums over them, rows with labels.

A planner's own rule reads like the formula: ``f.total("chosen", weight="pupils", by=["school_id"])`` is
one expression a school; expressions with the same label names align by label, and one with fewer label
names repeats over the others. Comparing two gives rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.kernels.highs import Program

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Block:
    """Columns of one kind: ``table`` has a row a column with its labels and attributes; ``key`` names it."""

    name: str
    table: pd.DataFrame
    key: tuple[str, ...]
    start: int
    upper: Array
    integer: bool
    groups: dict[tuple[str, ...], tuple[NDArray[np.intp], pd.MultiIndex]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.table)

    def grouped(self, by: Sequence[str]) -> tuple[NDArray[np.intp], pd.MultiIndex]:
        """Return which distinct combination of the ``by`` labels each column has, and these in order of appearance."""
        names = tuple(by)
        if names not in self.groups:
            table = self.table if names else self.table.assign(all="all")
            keys = table[list(names) or ["all"]]
            if names == self.key:
                self.groups[names] = np.arange(len(keys)), pd.MultiIndex.from_frame(keys)
            else:
                first: dict[tuple[Any, ...], int] = {}  # a dictionary, as in _positions
                labels = zip(*(keys[name].tolist() for name in keys), strict=True)
                codes = np.fromiter((first.setdefault(label, len(first)) for label in labels), np.intp, len(keys))
                self.groups[names] = codes, pd.MultiIndex.from_frame(keys.iloc[_first_of_each(codes)])
        return self.groups[names]

    @property
    def columns(self) -> slice:
        """Positions of the block among all columns."""
        return slice(self.start, self.start + len(self.table))


@dataclass(frozen=True, eq=False)
class Rows:
    """``lower <= matrix @ x <= upper``, one labelled row each."""

    matrix: sp.csr_matrix
    lower: Array
    upper: Array
    labels: pd.MultiIndex


@dataclass(frozen=True, eq=False)
class Expr:
    """Linear expressions, one a label: ``matrix @ x + constant``."""

    matrix: sp.csr_matrix
    constant: Array
    labels: pd.MultiIndex

    def __len__(self) -> int:
        return len(self.labels)

    def on(self, labels: pd.MultiIndex) -> Expr:
        """Return the expressions for ``labels``; absent ones are zero, fewer label names repeat."""
        if self.labels is labels:
            return self
        names = list(self.labels.names)
        missing = [name for name in names if name not in labels.names]
        if missing:
            raise KeyError(f"labels {missing} are not among {list(labels.names)}")
        at = _positions(self.labels, labels, names)
        found = at >= 0
        ends = np.concatenate([[0], np.cumsum(found)])
        pick = sp.csr_matrix((np.ones(ends[-1]), at[found], ends), shape=(len(labels), len(self)))
        return Expr((pick @ self.matrix).tocsr(), pick @ self.constant, labels)

    def only(self, keep: NDArray[np.bool_]) -> Expr:
        """Return the expressions where ``keep`` is true."""
        return Expr(self.matrix[keep], self.constant[keep], self.labels[keep])

    def level(self, name: str) -> pd.Index:
        """Return one label of every expression."""
        return self.labels.get_level_values(name)

    def __add__(self, other: Expr | float) -> Expr:
        if not isinstance(other, Expr):
            return Expr(self.matrix, self.constant + other, self.labels)
        right = other.on(self.labels)
        return Expr((self.matrix + right.matrix).tocsr(), self.constant + right.constant, self.labels)

    def __neg__(self) -> Expr:
        return Expr(-self.matrix, -self.constant, self.labels)

    def __sub__(self, other: Expr | float) -> Expr:
        return self + (-other)

    def __mul__(self, factor: float | Array | pd.Series) -> Expr:
        """Scale every expression; a Series is looked up by the one label it is indexed by."""
        if isinstance(factor, pd.Series):
            factor = factor.reindex(self.level(str(factor.index.name))).to_numpy(float)
        scale = np.broadcast_to(np.asarray(factor, dtype=float), (len(self),))
        return Expr((sp.diags(scale) @ self.matrix).tocsr(), self.constant * scale, self.labels)

    __rmul__ = __mul__

    def __le__(self, other: Expr | float | Array) -> Rows:
        left = self - other if isinstance(other, Expr) else self
        right = np.zeros(len(self)) if isinstance(other, Expr) else np.broadcast_to(other, (len(self),))
        return Rows(left.matrix, np.full(len(self), -np.inf), right - left.constant, self.labels)

    def __ge__(self, other: Expr | float | Array) -> Rows:
        flipped = self <= other
        return Rows(flipped.matrix, flipped.upper, np.full(len(self), np.inf), self.labels)

    def equals(self, other: Expr | float | Array) -> Rows:
        """Return rows that hold both ways."""
        at_most = self <= other
        return Rows(at_most.matrix, at_most.upper, at_most.upper, self.labels)

    def value(self, x: Array) -> Array:
        """Return the expressions' values at the point ``x``."""
        return np.asarray(self.matrix @ x + self.constant)


def _first_of_each(codes: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return where each code stands first, of codes that count up as they appear."""
    highest = np.maximum.accumulate(codes)
    return np.flatnonzero(np.diff(highest, prepend=-1) > 0)


def _positions(labels: pd.MultiIndex, wanted: pd.MultiIndex, names: Sequence[str]) -> NDArray[np.intp]:
    """Return where each wanted label stands among ``labels``, by these names; -1 where it does not.

    A dictionary: an index made for the purpose takes five times as long for the few labels of a rule.
    """
    columns = ([index.get_level_values(name).tolist() for name in names] for index in (labels, wanted))
    known, sought = (zip(*own, strict=True) for own in columns)
    at = {label: position for position, label in enumerate(known)}
    if len(at) < len(labels):
        raise KeyError(f"labels {list(names)} repeat")
    return np.fromiter((at.get(label, -1) for label in sought), dtype=np.intp, count=len(wanted))


def stack(parts: Sequence[Expr]) -> Expr:
    """Return the expressions of all parts one after another; their label names must agree."""
    labels = parts[0].labels
    for part in parts[1:]:
        labels = labels.append(part.labels)
    return Expr(
        sp.vstack([part.matrix for part in parts], format="csr"),
        np.concatenate([part.constant for part in parts]),
        labels,
    )


@dataclass(frozen=True, eq=False)
class Frame:
    """The columns of one program, by block."""

    blocks: Mapping[str, Block]
    width: int

    def each(self, name: str) -> Expr:
        """Return one expression a column of the block, labelled by its key."""
        block = self.blocks[name]
        return self.total(name, by=list(block.key))

    def total(
        self, name: str, *, by: Sequence[str], weight: str | Array | None = None, where: Array | None = None
    ) -> Expr:
        """Return weighted sums of a block's columns, one a distinct combination of the ``by`` labels."""
        block = self.blocks[name]
        codes, labels = block.grouped(by)
        columns = np.arange(block.start, block.start + len(block))
        weights = np.ones(len(block)) if weight is None else weight
        weights = np.asarray(block.table[weight] if isinstance(weight, str) else weights, dtype=float)
        if where is not None:
            keep = np.asarray(where, dtype=bool)
            codes, found = pd.factorize(codes[keep], sort=False)
            labels, columns, weights = labels[found], columns[keep], weights[keep]
        matrix = sp.csr_matrix((weights, (codes, columns)), shape=(len(labels), self.width))
        return Expr(matrix, np.zeros(len(labels)), labels)

    def values(self, name: str, x: Array) -> Array:
        """Return the block's part of a point; yes/no and whole columns are rounded."""
        block = self.blocks[name]
        part = x[block.columns]
        return np.round(part) if block.integer else part

    def column_names(self) -> list[str]:
        """Return a readable name for every column, such as ``open[S017]``."""
        return [
            f"{block.name}[{','.join(map(str, label))}]"
            for block in self.blocks.values()
            for label in block.table[list(block.key)].itertuples(index=False, name=None)
        ]


@dataclass(frozen=True, eq=False)
class NamedRows:
    """Rows of one rule."""

    rule: str
    rows: Rows


@dataclass(frozen=True, eq=False)
class Model:
    """Frame, rows by rule, and goals: everything a solver needs, ids kept."""

    frame: Frame
    rules: tuple[NamedRows, ...]
    goals: Mapping[str, Expr]
    extra: tuple[NamedRows, ...] = field(default=())

    def program(self, goal: Expr) -> Program:
        """Return the arrays for one goal."""
        groups = [named.rows for named in (*self.rules, *self.extra) if len(named.rows.labels)]
        blocks = list(self.frame.blocks.values())
        return Program(
            cost=np.asarray(goal.matrix.toarray()).ravel(),
            lower=np.zeros(self.frame.width),
            upper=np.concatenate([block.upper for block in blocks]),
            integer=np.concatenate([np.full(len(block), block.integer) for block in blocks]),
            rows=sp.vstack([rows.matrix for rows in groups], format="csr"),
            row_lower=np.concatenate([rows.lower for rows in groups]),
            row_upper=np.concatenate([rows.upper for rows in groups]),
            offset=float(goal.constant.sum()),
        )

    def without(self, rule: str) -> Model:
        """Return the model without the rows of one rule."""
        return replace(self, rules=tuple(named for named in self.rules if named.rule != rule))

    def row_names(self) -> list[str]:
        """Return a readable name for every row, such as ``places[S017,primary]``."""
        return [
            f"{named.rule}[{','.join(map(str, label))}]"
            for named in (*self.rules, *self.extra)
            for label in named.rows.labels
        ]


def make_frame(specs: Sequence[tuple[str, pd.DataFrame, tuple[str, ...], Array | float, bool]]) -> Frame:
    """Return a frame from (name, table, key, upper bound, whole) in order; lower bounds are zero."""
    blocks: dict[str, Block] = {}
    start = 0
    for name, table, key, upper, integer in specs:
        limits = np.broadcast_to(np.asarray(upper, dtype=float), (len(table),)).copy()
        blocks[name] = Block(name, table.reset_index(drop=True), key, start, limits, integer)
        start += len(table)
    return Frame(blocks, start)
