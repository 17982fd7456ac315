"""Who pays what: families, sources of money, public funds of a school; one definition behind model, plan and audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from layoutopt.policy.money import FAMILIES, KINDS, WITH_BOARDING, Money

if TYPE_CHECKING:
    from layoutopt.policy.policy import Policy

Array = NDArray[np.float64]


def families_pay(cost_cny: ArrayLike, persons: ArrayLike, each_cny: float) -> Array:
    """Return what families pay of a cost: ``each_cny`` a person, and never more than the cost."""
    return np.minimum(np.asarray(cost_cny, dtype=float), np.asarray(persons, dtype=float) * each_cny)


def each_cny(kind: str, money: Money) -> float:
    """Return what a family pays of a kind of cost for a child in a year; 0 where it pays nothing."""
    by_head = {"buses": money.family_fare_cny, "boarding": money.family_board_cny, "meals": money.family_meals_cny}
    return by_head.get(kind, 0.0)


def paying_modes(kind: str, policy: Policy) -> tuple[str, ...]:
    """Return the modes whose pupils' families pay a part of a kind of cost by the head."""
    by_head = {"buses": ("bus",), "boarding": ("board",), "meals": policy.quality.meals_for}
    return by_head.get(kind, ())


def shares_of(kind: str, money: Money) -> Mapping[str, float]:
    """Return the share of each source in what families leave; meals and grants are paid as boarding is, if not named.

    Examples
    --------
    >>> dict(shares_of("capital", Money()))
    {'province': 0.033, 'county': 0.967}
    """
    named = money.source_share
    return named["boarding"] if kind in WITH_BOARDING and kind not in named else named[kind]


def parts_of(source: str, kind: str, money: Money) -> tuple[float, float]:
    """Return ``(of_cost, of_own)``: a source bears of_cost · cost + of_own · own of a kind of cost.

    ``own`` is what families pay by the head, before anything is shared out. A source bears its share of the rest,
    share · (cost − own); families bear ``own`` besides.
    """
    share = shares_of(kind, money).get(source, 0.0)
    return share, float(source == FAMILIES) - share


def sources_of(money: Money) -> tuple[str, ...]:
    """Return who pays: the sources in the order in which ``source_share`` names them, families last."""
    named = [source for kind in KINDS for source in shares_of(kind, money)]
    return (*(source for source in dict.fromkeys(named) if source != FAMILIES), FAMILIES)


def public_funds_cny(pupils: Mapping[str, float], boarders: float, money: Money) -> tuple[float, float, float]:
    """Return a school's public funds in a year, and two parts of them: for few pupils, and for boarders.

    Each pupil brings the rate of the stage. A school with fewer pupils than the floor is paid as if it had so many,
    in the same mixture of stages: the first part is what its pupils alone would not bring. One without pupils gets
    nothing. The second part is the supplement that boarders bring besides.

    Examples
    --------
    >>> public_funds_cny({"primary": 40, "junior": 0}, 10, Money())
    (75000.0, 43200.0, 3000.0)
    """
    own = sum(count * money.funds_cny[stage] for stage, count in pupils.items())
    total = sum(pupils.values())
    added = own * (max(1.0, money.funds_floor_pupils / total) - 1.0) if total > 0 else 0.0
    supplement = float(boarders * money.funds_boarder_cny)
    return own + added + supplement, added, supplement
