"""What becomes of each closed school: the uses worth most together, far enough from one another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import SolverError
from layoutopt.kernels import highs
from layoutopt.kernels.highs import Budget, Program
from layoutopt.plan.premises_figures import SLACK, building_area_m2, nearest_km, sites_km, use_facts
from layoutopt.plan.tables import NO_PREMISES, PREMISES_COLUMNS
from layoutopt.policy import Policy
from layoutopt.study import Study

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]
BUDGET = Budget(gap=0.0, time_limit_s=30.0, steps=20_000)
"""Counties have at most a few hundred closed sites; steps and seconds are safety stops."""
ALIKE = 1e-9
"""Values this little apart, relatively, are the same when children nearby decide between them."""


def premises_uses(study: Study, policy: Policy, schools: pd.DataFrame) -> pd.DataFrame:
    """Return one row a closed school: its new use, or that it stands idle and why.

    A use fits a site by area, children nearby and the distance to existing places of that use
    (:func:`layoutopt.plan.premises_figures.use_facts`). One use a site, and sites of the same use at least
    ``premises.use_spacing_km`` apart; together they are worth most (``premises.use_value_cny``), and of what is
    worth the same, most children are near.

    Parameters
    ----------
    schools
        The plan's school table.
    """
    closed = sorted(schools.loc[schools["role"] == "closed", "school_id"])
    if not closed:
        return NO_PREMISES.copy()
    facts = use_facts(study, policy, closed)
    fits = facts[facts["why_not"] == ""].reset_index(drop=True)
    taken = fits[_best(study, policy, fits)].set_index("school_id") if len(fits) else fits.set_index("school_id")
    area = building_area_m2(study)
    rows = [
        _used(study, taken, code) if code in taken.index else _idle(facts, taken, code, float(area[code]))
        for code in closed
    ]
    return pd.DataFrame(rows)[list(PREMISES_COLUMNS)]


def _used(study: Study, taken: pd.DataFrame, code: str) -> dict[str, object]:
    row = taken.loc[code]
    others = taken.index[(taken["use"] == row["use"]) & (taken.index != code)]
    next_km = nearest_km(study, str(row["use"]), code, list(others))
    reason = "the use worth most that fits" + ("; area not known" if np.isnan(row["area_m2"]) else "")
    return {
        "school_id": code, "use": row["use"], "area_m2": row["area_m2"], "demand": row["demand"],
        "next_km": next_km if np.isfinite(next_km) else np.nan, "value_cny": row["value_cny"],
        "capital_cny": row["capital_cny"], "reason": reason,
    }  # fmt: skip


def _idle(facts: pd.DataFrame, taken: pd.DataFrame, code: str, area: float) -> dict[str, object]:
    own = facts[facts["school_id"] == code]
    told = [
        f"{use}: {why_not or 'a closed school nearby takes it'}" for use, why_not in own[["use", "why_not"]].to_numpy()
    ]
    return {
        "school_id": code, "use": "", "area_m2": area, "demand": np.nan, "next_km": np.nan, "value_cny": 0.0,
        "capital_cny": 0.0, "reason": "; ".join(told) or "the policy offers no use",
    }  # fmt: skip


def _best(study: Study, policy: Policy, fits: pd.DataFrame) -> Flags:
    """The set packing: value first, then children nearby."""
    count = len(fits)
    groups = [np.array(rows) for rows in fits.groupby("school_id").indices.values()]
    groups += [group for use in policy.premises.uses for group in _crowds(study, policy, fits, use)]
    row = np.concatenate([np.full(len(group), at) for at, group in enumerate(groups)])
    value = fits["value_cny"].to_numpy(float)
    program = Program(
        cost=-value,
        lower=np.zeros(count),
        upper=np.ones(count),
        integer=np.ones(count, dtype=bool),
        rows=sp.csr_matrix((np.ones(len(row)), (row, np.concatenate(groups))), shape=(len(groups), count)),
        row_lower=np.full(len(groups), -np.inf),
        row_upper=np.ones(len(groups)),
    )
    first = _solved(program, None)
    held = Program(
        cost=-fits["demand"].fillna(0.0).to_numpy(float), lower=program.lower, upper=program.upper,
        integer=program.integer, rows=sp.vstack([program.rows, sp.csr_matrix(value)], format="csr"),
        row_lower=np.r_[program.row_lower, value @ first * (1 - ALIKE)], row_upper=np.r_[program.row_upper, np.inf],
    )  # fmt: skip
    return _solved(held, first) > 0.5


def _solved(program: Program, start: Array | None) -> Array:
    found = highs.solve(program, budget=BUDGET, start=start)
    if found.values is None:
        raise SolverError(f"The uses of closed premises ended with '{found.status}'.")
    return np.round(found.values)


def _crowds(study: Study, policy: Policy, fits: pd.DataFrame, use: str) -> Iterator[Ints]:
    """Sets of rows of ``use`` of which one at most can be: every two that are too near are in one of them."""
    own = np.flatnonzero((fits["use"] == use).to_numpy())
    near = sites_km(study, list(fits["school_id"].iloc[own])) < policy.premises.use_spacing_km.get(use, 0.0) - SLACK
    np.fill_diagonal(near, False)
    open_pairs = near.copy()
    for one, other in np.argwhere(np.triu(near)):
        if not open_pairs[one, other]:
            continue
        crowd = [one, other]
        for third in range(len(own)):
            if third not in crowd and near[third, crowd].all():
                crowd.append(third)
        open_pairs[np.ix_(crowd, crowd)] = False
        yield own[crowd].astype(np.int64)
