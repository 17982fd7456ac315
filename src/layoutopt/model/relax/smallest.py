"""The smallest easing: what gives way, and by how much, that all pupils are served."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.kernels import highs
from layoutopt.model.relax.beyond import Beyond
from layoutopt.model.relax.prices import check_priorities, tiers_of
from layoutopt.model.relax.soften import Softened, soften

Array = NDArray[np.float64]
log = logging.getLogger(__name__)
FEW = 3_000
"""So many options or fewer are all looked at from the beginning."""
MANY = 6_000
"""More options than these are not looked at: the easing is then not proven to be the smallest."""
EXACT = highs.Budget(gap=1e-6, time_limit_s=60, steps=1_000)
LARGE = highs.Budget(gap=0.02, time_limit_s=60, steps=80)
"""How much work one tier may cost: with few options the easing is proven, with many a good one is found."""
ROUNDS = 3
HOLD = 1e-6


@dataclass(frozen=True, eq=False)
class Easing:
    """A point of the softened program: ``given`` lists what gives way at what ``price``.

    ``proven`` where no easing is smaller under the priorities; ``bound`` is what every easing costs at the least,
    among the options looked at.
    """

    soft: Softened
    values: Array
    given: pd.DataFrame
    price: float
    bound: float
    proven: bool


def smallest(beyond: Beyond, *, priorities: Sequence[str] = ()) -> Easing | None:
    """Return the smallest easing under which all pupils are served; None where nothing that can give helps.

    Options beyond the limits are looked at from the cheapest on: those that cost more than an easing known already
    cannot be part of a smaller one.
    """
    check_priorities(priorities, [getattr(rule, "__name__", "extra") for rule in beyond.asked.extra_rules])
    everything = np.ones(len(beyond.rows), dtype=bool)
    keep = everything if len(everything) <= FEW else beyond.first()
    found: Easing | None = None
    for _ in range(ROUNDS):
        soft = soften(beyond, keep)
        found = _eased(soft, priorities)
        wanted = everything if found is None or priorities else beyond.worth(found.price)
        if not (wanted & ~keep).any():
            return found
        if wanted.sum() > MANY:
            break
        log.info("%d further options beyond the limits could make the easing smaller.", int((wanted & ~keep).sum()))
        keep = keep | wanted
    return None if found is None else replace(found, proven=False)


def _eased(soft: Softened, priorities: Sequence[str]) -> Easing | None:
    """The smallest easing with the columns of ``soft``: tier by tier, what gives last kept smallest first."""
    program, values, proven, bound = soft.program, None, True, 0.0
    budget = EXACT if len(soft.data.frame.blocks["chosen"]) <= MANY else LARGE
    for tier in reversed(tiers_of(priorities, soft.rules)):
        cost = soft.cost(tier)
        solved = highs.solve(replace(program, cost=cost), budget=budget, start=values)
        if solved.values is None:
            return None
        values = cleaned(program, solved.values)
        proven &= solved.status == "optimal" and solved.gap <= EXACT.gap
        bound += max(solved.bound, 0.0)
        program = _held(program, cost, float(cost @ values))
    if values is None:
        return None
    return Easing(soft, values, soft.given(values), float(soft.cost() @ values), bound, proven)


def _held(program: highs.Program, cost: Array, most: float) -> highs.Program:
    """The program in which these columns together give no more; none of them where they need not give at all."""
    if most <= HOLD:
        return replace(program, upper=np.where(cost > 0, 0.0, program.upper))
    return replace(
        program,
        rows=sp.vstack([program.rows, sp.csr_matrix(cost)], format="csr"),
        row_lower=np.append(program.row_lower, -np.inf),
        row_upper=np.append(program.row_upper, most * (1 + HOLD) + HOLD),
    )


def cleaned(program: highs.Program, values: Array) -> Array:
    """Return the point with whole columns rounded, where that breaks no row."""
    rounded = np.where(program.integer, np.round(values), values)
    return rounded if program.violation(rounded) <= 10 * highs.FEASIBILITY_TOLERANCE else values
