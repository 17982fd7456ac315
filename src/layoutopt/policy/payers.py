"""Who pays what: families, sources of money, public funds of a school; one definition behind model, plan and audit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from layoutopt.policy.money import FAMILIES, KINDS, Money

Array = NDArray[np.float64]


def families_pay(cost_cny: ArrayLike, persons: ArrayLike, each_cny: float) -> Array:
    """Return what families pay of a cost: ``each_cny`` a person, and never more than the cost."""
    return np.minimum(np.asarray(cost_cny, dtype=float), np.asarray(persons, dtype=float) * each_cny)


def sources_of(money: Money) -> tuple[str, ...]:
    """Return who pays: the sources in the order in which ``source_share`` names them, families last."""
    named = [source for kind in KINDS for source in money.source_share[kind]]
    return (*(source for source in dict.fromkeys(named) if source != FAMILIES), FAMILIES)


def public_funds_cny(pupils: Mapping[str, float], boarders: float, money: Money) -> tuple[float, float]:
    """Return a school's public funds in a year, and the part of them that its pupils alone would not bring.

    Each pupil brings the rate of the stage. A school with fewer pupils than the floor is paid as if it had so many,
    in the same mixture of stages; one without pupils gets nothing. Boarders bring their supplement besides.

    Examples
    --------
    >>> public_funds_cny({"primary": 40, "junior": 0}, 0, Money())
    (72000.0, 43200.0)
    """
    own = sum(count * money.funds_cny[stage] for stage, count in pupils.items())
    total = sum(pupils.values())
    added = own * (max(1.0, money.funds_floor_pupils / total) - 1.0) if total > 0 else 0.0
    return own + added + boarders * money.funds_boarder_cny, added
