"""A change to what was asked: the study, policy and rules it makes, and its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import nearest
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.policy import Policy
from layoutopt.study import Study


@dataclass(frozen=True, eq=False)
class Change:
    """One question asked otherwise: ``tightens`` where it only takes plans away, so that earlier bounds hold."""

    words: str
    study: Study
    policy: Policy
    extra_rules: tuple[ExtraRule, ...] = ()
    tightens: bool = False


def change_of(
    plan: Plan,
    *,
    keep: str | Sequence[str] | None = None,
    close: str | Sequence[str] | None = None,
    move: Mapping[str, str] | None = None,
    places: Mapping[str, float] | None = None,
    beds: Mapping[str, float] | None = None,
    buses: int | None = None,
    schools_open: int | None = None,
    **policy_keys: Any,
) -> Change:
    """Return the change to what ``plan`` was asked.

    Parameters
    ----------
    keep, close
        School_ids that must stay, or must close.
    move
        Where the pupils of a settlement go: settlement_id to school_id.
    places, beds
        Seats or beds more (or fewer) at a school: school_id to their number. Seats are added in every stage the
        school teaches.
    buses
        Vehicles more or fewer in the county, of the kind the plan uses most.
    schools_open
        At least (or, below zero, at most) that many more schools open than now.
    policy_keys
        Policy keys with their new values, for example ``max_ride_min=45``.

    Raises
    ------
    ValueError
        An unknown id, or no change at all.
    PolicyError
        An unknown key, or values that contradict each other.
    """
    raise NotImplementedError


def solve_changed(plan: Plan, change: Change, *, effort: str | None = None, time_limit_s: float = 120.0) -> Plan:
    """Return the plan after the change, begun at ``plan``.

    Raises
    ------
    InfeasibleError
        No plan keeps every rule after the change.
    """
    chosen = effort or str(plan.proof.options.get("effort", "normal"))
    return optimize(
        change.study, change.policy, effort=chosen, time_limit_s=time_limit_s, seed=plan.seed,
        extra_rules=change.extra_rules, start=plan,
    )  # fmt: skip
