"""The linear master: choose lines so that every stop is served once, at least cost.

min  Σ c_r z_r + Σ f_d y_d
(cover)  Σ_r a_ir z_r = 1           every stop i   (≥ 1 where leaving a stop out never costs more)
(lines)  low ≤ Σ_r z_r ≤ high
(type)   Σ_{r of type v} z_r ≤ count_v              types limited in number
(room)   Σ_{r to d} load_r z_r ≤ room_d y_d         depots limited in size
(link)   Σ_{r to d} a_ir z_r ≤ y_d                  added where violated
(cut)    Σ_r ⌊Σ_i w_i a_ir / p⌋ z_r ≤ ⌊Σ_i w_i / p⌋    rank-1 cuts, added where violated
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import scipy.sparse as sp

from layoutopt.errors import SolverError
from layoutopt.kernels.highs import Program, load, set_option
from layoutopt.kernels.routing.cut_loops import CutWords, payments
from layoutopt.kernels.routing.cuts import Cut, cut_words
from layoutopt.kernels.routing.lines import Lines, join
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.values import Floats, Ints


@dataclass(frozen=True, eq=False)
class Prices:
    """Duals of the master, in the shape that pricing wants.

    ``prize[d, i]``: worth of covering stop i by a line to depot d; ``extra[d, v]``: added to the fixed cost of a
    line; ``cut[c] ≥ 0``: price of cut c. ``value``: the dual objective without the lines' own share.
    """

    prize: Floats
    extra: Floats
    cut: Floats
    value: float


def plain_prices(task: Task, prize: Floats) -> Prices:
    """Return prices that pay ``prize`` for each stop (one row a depot, or one for all) and nothing else."""
    depots = len(task.opening)
    rows = np.broadcast_to(np.asarray(prize, dtype=float), (depots, task.n)).copy()
    return Prices(rows, np.zeros((depots, len(task.seats))), np.empty(0), float(rows.max(axis=0).sum()))


@dataclass(frozen=True, eq=False)
class Node:
    """A part of the search space: bounds on lines in all, on each depot, and the cuts at hand."""

    low: int
    high: int
    open_low: Floats
    open_high: Floats
    depot_low: Floats
    depot_high: Floats
    cuts: tuple[Cut, ...] = ()
    links: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, eq=False)
class Solution:
    """A solved master: shares of its lines and depots, shares of stops left uncovered, prices, value."""

    value: float
    lines: Floats
    opened: Floats
    missing: float
    prices: Prices


@dataclass(eq=False)
class Master:
    """The linear program of one node, kept warm in HiGHS while lines, links and cuts are added."""

    task: Task
    node: Node
    covering: bool
    artificial: float
    cuts: list[Cut] = field(default_factory=list)
    links: list[tuple[int, int]] = field(default_factory=list)
    lines: Lines | None = None
    highs: Any = None
    order: list[tuple[str, int]] = field(default_factory=list)
    parts: list[Lines] = field(default_factory=list)
    words: CutWords | None = None
    where: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    def __post_init__(self) -> None:
        task, node = self.task, self.node
        n, d_many = task.n, len(task.opening)
        self.limited = np.flatnonzero(task.count < n)
        self.roomy = np.flatnonzero(np.isfinite(task.capacity))
        self.first_type = n + 1
        self.first_room = n + 1 + len(self.limited)
        self.first_depot = self.first_room + len(self.roomy)
        self.depots = np.arange(d_many) if d_many > 1 else np.empty(0, dtype=np.int64)
        self.last_fixed = self.first_depot + len(self.depots)
        rows = self.last_fixed + 1
        # One stand-in for each stop and each row that asks for lines or depots: the program always has a point.
        self.stood = np.concatenate([np.arange(n + 1), np.arange(self.first_depot, rows)])
        many = len(self.stood)
        stand_ins = sp.csr_matrix((np.ones(many), (self.stood, np.arange(many))), shape=(rows, many))
        matrix = sp.hstack([self.depot_part(rows), stand_ins])
        lower = np.full(rows, -np.inf)
        lower[:n], lower[n], lower[self.last_fixed] = 1.0, node.low, fewest_depots(task)
        lower[self.first_depot : self.last_fixed] = node.depot_low[self.depots]
        upper = np.full(rows, np.inf)
        upper[:n] = np.inf if self.covering else 1.0
        upper[n] = node.high
        upper[self.first_type : self.first_room] = task.count[self.limited]
        upper[self.first_room : self.first_depot] = 0.0
        upper[self.first_depot : self.last_fixed] = node.depot_high[self.depots]
        program = Program(
            cost=np.concatenate([task.opening, np.full(many, self.artificial)]),
            lower=np.concatenate([node.open_low, np.zeros(many)]),
            upper=np.concatenate([node.open_high, np.full(many, np.inf)]),
            integer=np.zeros(d_many + many, dtype=bool),
            rows=matrix.tocsr(), row_lower=lower, row_upper=upper,
        )  # fmt: skip
        self.highs = load(program)
        set_option(self.highs, "presolve", "off")
        self.rhs_low, self.rhs_high = lower, upper
        self.first_line = d_many + many
        for link in node.links:
            self._add_link(link)
        if node.cuts:
            self.add_cuts(list(node.cuts))

    def depot_part(self, rows: int) -> sp.csr_matrix:
        """Return the coefficients of the depots' y in the fixed rows and the links, ``rows`` in all."""
        task = self.task
        part = sp.lil_matrix((rows, len(task.opening)))
        for at, d in enumerate(self.roomy):
            part[self.first_room + at, d] = -min(task.capacity[d], task.riders.sum())
        part[self.last_fixed, :] = 1.0
        for at, (what, number) in enumerate(self.order):
            if what == "link":
                part[self.last_fixed + 1 + at, self.links[number][1]] = -1.0
        return part.tocsr()

    @property
    def many(self) -> int:
        """Lines in the program."""
        return sum(len(part) for part in self.parts)

    def all_lines(self) -> Lines:
        """Return every line in the program, in column order."""
        if len(self.parts) > 1:
            self.parts = [join(self.parts)]
        return self.parts[0]

    def coefficients(self, lines: Lines) -> sp.csr_matrix:
        """Return the rows' coefficients of ``lines``, lines × rows."""
        n = self.task.n
        q = np.arange(len(lines))
        visits = lines.visits(n).tocoo()
        parts = [(visits.row, visits.col, visits.data), (q, np.full(len(q), n), np.ones(len(q)))]
        for at, v in enumerate(self.limited):
            chosen = np.flatnonzero(lines.kind == v)
            parts.append((chosen, np.full(len(chosen), self.first_type + at), np.ones(len(chosen))))
        for at, d in enumerate(self.roomy):
            chosen = np.flatnonzero(lines.depot == d)
            parts.append((chosen, np.full(len(chosen), self.first_room + at), lines.load[chosen]))
        if len(self.depots):
            parts.append((q, self.first_depot + lines.depot, np.ones(len(q))))
        row_of_link, row_of_cut = self._added_rows()
        if self.links:
            place = row_of_link[lines.depot[visits.row], visits.col]
            kept = place >= 0
            parts.append((visits.row[kept], place[kept], visits.data[kept]))
        if self.cuts:
            owner, cut, count = self.cut_counts(lines)
            parts.append((owner, row_of_cut[cut], count))
        rows, cols, values = ([part[x] for part in parts] for x in range(3))
        shape = (len(lines), self.last_fixed + 1 + len(self.order))
        entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(cols)))
        return sp.csr_matrix(entries, shape=shape)

    def _added_rows(self) -> tuple[Ints, Ints]:
        """Return the rows of the links, by depot and stop (−1: none), and of the cuts."""
        of_link = np.full((len(self.task.opening), self.task.n), -1)
        of_cut = np.zeros(len(self.cuts), dtype=np.int64)
        for at, (what, number) in enumerate(self.order):
            if what == "link":
                stop, d = self.links[number]
                of_link[d, stop] = self.last_fixed + 1 + at
            else:
                of_cut[number] = self.last_fixed + 1 + at
        return of_link, of_cut

    def cut_counts(self, lines: Lines) -> tuple[Ints, Ints, Floats]:
        """Return (line, cut, coefficient) triplets of ``lines`` over the cuts at hand."""
        if self.words is None:
            self.words = cut_words(self.cuts, self.task.n)
        found = payments(lines.flat, lines.starts, self.words)
        return found[:, 0], found[:, 1], found[:, 2].astype(float)

    def add_lines(self, lines: Lines) -> None:
        """Append columns."""
        if len(lines) == 0:
            return
        matrix = self.coefficients(lines)
        many = len(lines)
        self.highs.addCols(
            many, lines.cost, np.zeros(many), np.full(many, np.inf), matrix.nnz, matrix.indptr[:-1].astype(np.int32),
            matrix.indices.astype(np.int32), matrix.data,
        )  # fmt: skip
        self.parts.append(lines)

    def _add_link(self, link: tuple[int, int]) -> None:
        stop, d = link
        self.order.append(("link", len(self.links)))
        self.links.append(link)
        index, value = [d], [-1.0]
        if self.parts:
            lines = self.all_lines()
            owner = np.repeat(np.arange(len(lines)), np.diff(lines.starts))
            hit, count = np.unique(owner[(lines.flat == stop) & (lines.depot[owner] == d)], return_counts=True)
            index += list(self.first_line + hit)
            value += list(count.astype(float))
        self._add_row(-np.inf, 0.0, np.array(index), np.array(value))

    def _add_row(self, low: float, high: float, index: Any, value: Floats) -> None:
        self.highs.addRow(low, high, len(index), index.astype(np.int32), value)
        self.rhs_low = np.append(self.rhs_low, low)
        self.rhs_high = np.append(self.rhs_high, high)

    def add_links(self, links: list[tuple[int, int]]) -> None:
        """Append link rows."""
        for link in links:
            self._add_link(link)

    def add_cuts(self, cuts: list[Cut]) -> None:
        """Append cut rows."""
        first, many = len(self.cuts), len(cuts)
        self.cuts.extend(cuts)
        self.words = None
        self.order += [("cut", first + number) for number in range(many)]
        limits = np.array([float(cut.limit) for cut in cuts])
        self.rhs_low = np.concatenate([self.rhs_low, np.full(many, -np.inf)])
        self.rhs_high = np.concatenate([self.rhs_high, limits])
        rows = sp.csr_matrix((many, self.first_line + self.many))
        if self.parts:
            lines = self.all_lines()
            found = payments(lines.flat, lines.starts, cut_words(cuts, self.task.n))
            rows = sp.csr_matrix((found[:, 2].astype(float), (found[:, 1], self.first_line + found[:, 0])), rows.shape)
        self.highs.addRows(
            many, np.full(many, -np.inf), limits, rows.nnz, rows.indptr[:-1].astype(np.int32),
            rows.indices.astype(np.int32), rows.data,
        )  # fmt: skip

    def without(self, lines: Ints, iterations: int) -> float:
        """Return about the value of the program without the ``lines`` (places); the program stays as it was."""
        columns = (self.first_line + lines).astype(np.int32)
        many, basis = len(columns), self.highs.getBasis()
        self.highs.changeColsBounds(many, columns, np.zeros(many), np.zeros(many))
        set_option(self.highs, "simplex_strategy", 1)
        set_option(self.highs, "simplex_iteration_limit", iterations)
        self.highs.run()
        value = float(self.highs.getInfo().objective_function_value)
        set_option(self.highs, "simplex_iteration_limit", 2**31 - 1)
        self.highs.changeColsBounds(many, columns, np.zeros(many), np.full(many, np.inf))
        self.highs.setBasis(basis)
        return value

    def solve(self, *, grown: bool = True) -> Solution:
        """Solve; ``grown`` says that columns rather than rows were added since the last time."""
        import highspy

        set_option(self.highs, "simplex_strategy", 4 if grown else 1)
        self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            self.highs.clearSolver()
            self.highs.run()
        if self.highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise SolverError(
                f"HiGHS stopped the routing master: {self.highs.modelStatusToString(self.highs.getModelStatus())}."
            )
        answer = self.highs.getSolution()
        x, dual = np.array(answer.col_value), np.array(answer.row_dual)
        d_many = len(self.task.opening)
        return Solution(
            value=float(self.highs.getInfo().objective_function_value),
            lines=x[self.first_line :],
            opened=x[:d_many],
            missing=float(x[d_many : self.first_line].sum()),
            prices=self._prices(dual),
        )

    def _prices(self, dual: Floats) -> Prices:
        task, n = self.task, self.task.n
        # Signs first: a price of the wrong sign, even by 1e-12, has no meaning in the bound.
        dual = np.where(np.isinf(self.rhs_high) & (dual < 0) | np.isinf(self.rhs_low) & (dual > 0), 0.0, dual)
        dual[self.stood] = np.minimum(dual[self.stood], self.artificial)
        cover = dual[:n]
        side = np.where(dual > 0, self.rhs_low, self.rhs_high)
        value = float(np.sum(np.where(dual == 0, 0.0, dual * np.where(dual == 0, 0.0, side))))
        prize = np.tile(cover, (len(task.opening), 1))
        extra = np.full((len(task.opening), len(task.seats)), -dual[n])
        for at, v in enumerate(self.limited):
            extra[:, v] -= dual[self.first_type + at]
        opening = task.opening.copy()
        for at, d in enumerate(self.roomy):
            price = dual[self.first_room + at]
            prize[d] += price * task.riders
            opening[d] += price * min(task.capacity[d], task.riders.sum())
        if len(self.depots):
            extra -= dual[self.first_depot : self.last_fixed][:, None]
        opening -= dual[self.last_fixed]
        cut = np.zeros(len(self.cuts))
        for at, (what, number) in enumerate(self.order):
            price = dual[self.last_fixed + 1 + at]
            if what == "link":
                stop, hub = self.links[number]
                prize[hub, stop] += price
                opening[hub] += price
            else:
                cut[number] = -price
        node = self.node
        value += float(np.sum(np.where(opening > 0, opening * node.open_low, opening * node.open_high)))
        return Prices(prize, extra, cut, value)


def fewest_depots(task: Task) -> int:
    """Return how many depots it takes at least to have room for all riders."""
    room = np.cumsum(np.sort(task.capacity)[::-1])
    return int(np.searchsorted(room, task.riders.sum() - 1e-6) + 1)


def reduced_costs(lines: Lines, visits: sp.csr_matrix, prices: Prices, cut_load: Floats | None = None) -> Floats:
    """Return the reduced cost of each line; ``cut_load`` is what its cuts cost it."""
    reduced = lines.cost + prices.extra[lines.depot, lines.kind]
    if len(prices.prize) == 1:
        reduced = reduced - visits @ prices.prize[0]
    else:
        for d in range(len(prices.prize)):
            chosen = np.flatnonzero(lines.depot == d)
            if len(chosen):
                reduced[chosen] -= visits[chosen] @ prices.prize[d]
    return reduced if cut_load is None else reduced + cut_load
