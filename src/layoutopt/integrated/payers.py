"""Sources of money with a budget that bear a part of the buses: rows over the layout and what its lines cost.

a_s x + b_s L + o_s P ≤ B_s        every source s with a budget

a_s x is what it bears of everything but buses, L what all lines cost, P = min(L, F · riders) what families pay in
fares, b_s its share and o_s = [s is the families] - b_s. P is not linear; the row takes the side that lets more
plans through, so that a bound under it holds for all plans: F · riders where o_s < 0, and where o_s > 0 rider by
rider the fare or the share of cost that no line undercuts, whichever is less. Where every line costs more than its
fares, which is the rule, both are P itself. Whether real lines keep a budget is worked out with P.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.integrated.hubs import Hub
from layoutopt.kernels.highs import Program
from layoutopt.model.columns import Data
from layoutopt.model.objective import of_mode
from layoutopt.model.rules.money import burden
from layoutopt.policy.payers import each_cny, families_pay, parts_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
ROOM = 5e-10
"""Share of a budget, or of ``ROW_SIZE``, by which sums may differ through rounding; the audit allows twice as much."""
ROW_SIZE = 1_000.0
"""Rows are scaled to budgets of this size, so that the solver's tolerance is a rounding of money."""
EXCESS_PRICE = 100.0
"""What a yuan above a budget costs while no plan within the budgets is known, over the source's share of buses."""
LEAST_SHARE = 0.01
NOTHING_WITHIN = "no_plan_within_budgets"
"""Note of a run that found no plan within the budgets of all sources: whether it is proven that there is none."""


@dataclass(frozen=True, eq=False)
class Payers:
    """The budgets of sources that bear a part of the buses, one row each.

    ``beside`` and ``constant`` say what a source bears of everything but buses, ``parts`` what of lines and of
    fares; ``fares`` what a point's riders pay at most, ``least`` what they pay at least.
    """

    beside: sp.csr_matrix
    constant: Floats
    parts: Floats
    fares: Floats
    least: Floats
    budget: Floats

    def __len__(self) -> int:
        return len(self.budget)

    def excess(self, point: Floats, lines_cny: float) -> float:
        """Return by how much (CNY) a point whose lines cost ``lines_cny`` exceeds the budgets, all added up."""
        if not len(self):
            return 0.0
        paid = float(families_pay(lines_cny, float(self.fares @ point), 1.0))
        borne = self.beside @ point + self.constant + self.parts @ np.array([lines_cny, paid])
        return float(np.maximum(borne - self.allowed, 0.0).sum())

    @cached_property
    def allowed(self) -> Floats:
        """The budgets with room for rounding."""
        return np.asarray(self.budget + ROOM * np.maximum(self.budget, ROW_SIZE))

    @cached_property
    def scale(self) -> Floats:
        """What the rows are multiplied by."""
        return ROW_SIZE / np.maximum(self.budget, ROW_SIZE)

    @cached_property
    def rows(self) -> sp.csr_matrix:
        """The rows over the layout: what a source bears beside lines, and of fares."""
        of_own = self.parts[:, 1]
        fares = np.outer(np.minimum(of_own, 0.0), self.fares) + np.outer(np.maximum(of_own, 0.0), self.least)
        return sp.csr_matrix(sp.diags(self.scale) @ (self.beside + sp.csr_matrix(fares)))

    @cached_property
    def most(self) -> Floats:
        """The right-hand sides of ``rows``."""
        return np.asarray(self.scale * (self.allowed - self.constant))

    def within(self, program: Program, layout: Ints, lines_cny: Floats, *, fixed: Floats, fixed_cny: float) -> Program:
        """Return ``program`` with the budgets as further rows.

        Parameters
        ----------
        program
            Its first columns are those of the layout at ``layout``, its last ones add ``lines_cny`` to what lines cost.
        fixed
            A point of the layout whose entries outside ``layout`` hold.
        fixed_cny
            What lines cost that are no columns of the program.
        """
        if not len(self):
            return program
        rows, of_cost = self.rows, self.scale * self.parts[:, 0]
        outside = fixed.copy()
        outside[layout] = 0.0
        between = len(program.cost) - len(layout) - len(lines_cny)
        blocks = [rows.tocsc()[:, layout], sp.csr_matrix((len(self), between)), np.outer(of_cost, lines_cny)]
        return replace(
            program,
            rows=sp.vstack([program.rows, sp.hstack([sp.csr_matrix(block) for block in blocks])], format="csr"),
            row_lower=np.r_[program.row_lower, np.full(len(self), -np.inf)],
            row_upper=np.r_[program.row_upper, self.most - rows @ outside - of_cost * fixed_cny],
        )

    def eased(self, program: Program, start: Floats) -> tuple[Program, Floats]:
        """Return a program that ends with the rows of ``within``, each with a priced excess, and its start."""
        many = len(self)
        above = np.maximum((program.rows @ start - program.row_upper)[-many:], 0.0)
        price = EXCESS_PRICE / np.maximum(self.parts[:, 0], LEAST_SHARE) / self.scale
        column = sp.vstack([sp.csr_matrix((program.rows.shape[0] - many, many)), -sp.identity(many)])
        grown = replace(
            program,
            cost=np.r_[program.cost, price],
            lower=np.r_[program.lower, np.zeros(many)],
            upper=np.r_[program.upper, np.full(many, np.inf)],
            integer=np.r_[program.integer, np.zeros(many, dtype=bool)],
            rows=sp.hstack([program.rows, column], format="csr"),
        )
        return grown, np.r_[start, above]


def payers_of(data: Data, hubs: Sequence[Hub], budgets: Mapping[str, float]) -> Payers:
    """Return the sources among ``budgets`` that bear a part of the buses; ``hubs`` hold the least a line costs."""
    from layoutopt.kernels.routing.bound import seat_shares

    money, width = data.policy.money, data.frame.width
    each = each_cny("buses", money)
    parts = {source: parts_of(source, "buses", money) for source in budgets}
    parts = {source: (of_cost, of_own) for source, (of_cost, of_own) in parts.items() if of_cost or of_own * each}
    block = data.frame.blocks["chosen"]
    riders = np.where(of_mode(data, "bus"), block.table["pupils"].to_numpy(float), 0.0)
    least = np.zeros(len(block))
    if any(of_own > 0 for _, of_own in parts.values()):
        for hub in hubs:
            least[hub.option] = families_pay(seat_shares(hub.task), riders[hub.option], each)
    beside = [burden(data, source, buses=False) for source in parts]
    return Payers(
        beside=sp.vstack([sp.csr_matrix((0, width)), *(own.matrix for own in beside)], format="csr"),
        constant=np.array([float(own.constant.sum()) for own in beside]),
        parts=np.array(list(parts.values()), dtype=float).reshape(-1, 2),
        fares=_over(width, block.start, each * riders),
        least=_over(width, block.start, least),
        budget=np.array([budgets[source] for source in parts], dtype=float),
    )


def _over(width: int, start: int, values: Floats) -> Floats:
    """The values of a block as a row over all columns."""
    row = np.zeros(width)
    row[start : start + len(values)] = values
    return row
