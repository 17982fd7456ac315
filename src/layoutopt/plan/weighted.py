"""Statistics of values that each count for so many pupils: the one definition behind figures, goals, equity, charts."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from layoutopt.errors import AskError

Array = NDArray[np.float64]
SLACK = 1e-6
"""A value this little over a limit still keeps it."""


def mean(values: Array, weights: Array) -> float:
    """Return Σ w x / Σ w."""
    return float(values @ weights / weights.sum())


def percentile(values: Array, weights: Array, share: float) -> float:
    """Return the smallest value that at least ``share`` of the weight does not exceed."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= share * weights.sum() - 1e-9
    return float(values[order][np.argmax(reached)])


def share_over(values: Array, weights: Array, limit: float) -> float:
    """Return the share of the weight whose value is above ``limit``; the limit itself still counts as kept."""
    return float(weights[values > limit + SLACK].sum() / weights.sum())


def worst_mean(values: Array, weights: Array, share: float) -> float:
    """Return the mean of the largest ``values`` of a ``share`` of the pupils; the last group counts in part.

    Pupils in the order of falling x, w_i of them with x_i: Σ x_i c_i / (share Σ w), where c_i of the group are
    counted, all of them until share Σ w is reached and of the group that reaches it only what is still missing.

    Examples
    --------
    >>> worst_mean(np.array([10.0, 30.0, 20.0]), np.array([90.0, 4.0, 6.0]), 0.05)  # (30 · 4 + 20 · 1) / 5
    28.0
    """
    wanted = share * weights.sum()
    if wanted <= 0:
        return 0.0
    order = np.argsort(-values, kind="stable")
    before = np.cumsum(weights[order]) - weights[order]
    counted = np.clip(wanted - before, 0.0, weights[order])
    return float(values[order] @ counted / wanted)


def lorenz_points(values: Array, weights: Array) -> tuple[Array, Array]:
    """Return the Lorenz curve: shares of the pupils, smallest value first, and the shares of the total they have.

    Both start at 0 and end at 1. Where nobody has anything it is the straight line of equal shares.
    """
    order = np.argsort(values, kind="stable")
    people = np.concatenate([[0.0], np.cumsum(weights[order])])
    total = np.concatenate([[0.0], np.cumsum((values * weights)[order])])
    if not people[-1] or not total[-1]:
        return np.array([0.0, 1.0]), np.array([0.0, 1.0])
    return people / people[-1], total / total[-1]


def gini(values: Array, weights: Array) -> float:
    """Return the Gini index, 1 − Σ (p_k − p_(k−1)) (L_k + L_(k−1)) over the Lorenz curve: 0 where all are equal.

    Examples
    --------
    >>> gini(np.array([10.0, 30.0]), np.array([1.0, 1.0]))  # 1 − (0.5 · 0.25 + 0.5 · 1.25)
    0.25
    """
    people, total = lorenz_points(values, weights)
    return max(0.0, 1.0 - float(np.diff(people) @ (total[1:] + total[:-1])))


def atkinson(values: Array, weights: Array, epsilon: float) -> float:
    """Return the Atkinson index, 1 − (Σ w/W x^(1−ε))^(1/(1−ε)) / x̄, for ε = 1: 1 − exp(Σ w/W ln x) / x̄.

    The share of the total that equal values could do without and be as good by a welfare whose aversion to
    inequality is ``epsilon`` (above 0; Atkinson 1970). It looks at the small values more than at the large, the more
    so the larger ε; from ε = 1 on it is 1 as soon as one value is 0.

    Examples
    --------
    >>> round(atkinson(np.array([1.0, 9.0]), np.array([1.0, 1.0]), 0.5), 12)  # ((1 + 3) / 2)² = 4 of 5
    0.2
    """
    if epsilon <= 0:
        raise AskError(f"epsilon = {epsilon}: the aversion to inequality is a number above 0, such as 0.5.")
    average = mean(values, weights)
    if average <= 0:
        return 0.0
    counted = weights > 0
    share, relative = weights[counted] / weights.sum(), values[counted] / average
    has = relative > 0
    if epsilon >= 1 and not has.all():
        return 1.0
    logs, power = np.log(relative[has]), 1.0 - epsilon  # in logarithms no power overflows
    equal = share[has] @ logs if power == 0 else np.logaddexp.reduce(np.log(share[has]) + power * logs) / power
    return float(np.clip(1.0 - np.exp(equal), 0.0, 1.0))
