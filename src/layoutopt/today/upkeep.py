"""What is paid for pupils themselves: care of boarders, meals at school, living grants; behind options and accounts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.policy import Policy
from layoutopt.policy.fields import ByStage
from layoutopt.schema import MODES, STAGE_OF
from layoutopt.study import Study


def pupil_costs(rows: pd.DataFrame, study: Study, policy: Policy) -> pd.DataFrame:
    """Return the yearly cost (CNY) of the pupils of each of ``rows``: ``boarding, meals, grants``, on the same index.

    ``rows`` say ``settlement_id, band, mode, pupils``; whoever has no mode costs nothing. Care and grants depend on
    the stage, meals on who eats at school (``quality.meals_for``); with ``money.grants_to`` = poor the share of poor
    families where the pupils live gets grants, and everybody where that share is not known.

    Examples
    --------
    >>> pupil_costs(plan.assignments, plan.study, plan.policy).sum()  # doctest: +SKIP
    """
    money, mode = policy.money, rows["mode"]
    stage, pupils = rows["band"].map(STAGE_OF), rows["pupils"].to_numpy(float)
    boards, by_day = (mode == "board").to_numpy(bool), mode.isin([name for name in MODES if name != "board"]).to_numpy()

    def each(rate: ByStage) -> np.ndarray:
        return stage.map({name: rate[name] for name in set(STAGE_OF.values())}).to_numpy(float)

    grant = np.where(boards, each(money.board_grant_cny), np.where(by_day, each(money.day_grant_cny), 0.0))
    costs = {
        "boarding": np.where(boards, each(policy.boarding.board_care_cny), 0.0) * pupils,
        "meals": np.where(mode.isin(policy.quality.meals_for).to_numpy(), money.meals_cny, 0.0) * pupils,
        "grants": grant * _granted_share(rows, study, policy) * pupils,
    }
    return pd.DataFrame(costs, index=rows.index)


def _granted_share(rows: pd.DataFrame, study: Study, policy: Policy) -> np.ndarray:
    """The share of pupils who get a living grant."""
    if policy.money.grants_to == "all" or "poor" not in study.settlements:
        return np.ones(len(rows))
    poor = study.settlements["poor"].astype(float).reindex(rows["settlement_id"]).to_numpy(float)
    return np.where(np.isnan(poor), 1.0, poor)
