"""Yearly rates from past enrolments: the ratio estimate, and how far each town's own figure is to be believed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Ratio:
    """``rate`` pupils later for each pupil before; ``noise`` is the variance of one pair for each pupil before.

    ``error`` is the standard error of the rate; it and ``noise`` are NaN where one pair alone is known.
    """

    rate: float
    error: float
    noise: float
    pairs: int


def ratio(before: Array, later: Array) -> Ratio:
    """Return the rate r of ``later ≈ r · before`` by least squares with variance in proportion to ``before``.

    Minimising Σ (y − r x)² / x gives r = Σy / Σx, the ratio of the sums; the noise is
    Σ (y − r x)² / x / (n − 1) and the variance of r is noise / Σx (Cochran, Sampling Techniques, 1977, § 6.7:
    the best linear unbiased estimate under this variance).

    Parameters
    ----------
    before, later
        Pairs, one a year and place; ``before`` above 0.

    Examples
    --------
    38 of 40: 0.95. Noise (−1.5)² / 10 + 1.5² / 30 = 0.3.

    >>> found = ratio(np.array([10.0, 30.0]), np.array([8.0, 30.0]))
    >>> found.rate, round(found.noise, 6), round(found.error**2, 6)
    (0.95, 0.3, 0.0075)
    """
    rate = float(later.sum() / before.sum())
    if len(before) < 2:
        return Ratio(rate, np.nan, np.nan, len(before))
    noise = float(((later - rate * before) ** 2 / before).sum() / (len(before) - 1))
    return Ratio(rate, float(np.sqrt(noise / before.sum())), noise, len(before))


@dataclass(frozen=True, eq=False)
class Factors:
    """Each group's own factor on the common rate, its standard error, and the weight its own pairs were given."""

    factor: Array
    error: Array
    weight: Array
    noise: float


def credible(expected: Array, later: Array, group: Ints, *, groups: int) -> Factors:
    """Return each group's factor on what was expected, drawn towards the factor of all the more, the less it rests on.

    With F the factor of all and F_u = Σy / Σe that of group u (X_u = Σe), the factor is F + Z_u (F_u − F) with
    Z_u = X_u τ² / (X_u τ² + σ²): Bühlmann and Straub, Glaubwürdigkeit für Schadensätze, 1970. σ² is the noise
    within groups, Σ_u Σ e (y/e − F_u)² / Σ_u (n_u − 1); τ² the variance between them,
    (Σ X_u (F_u − F)² − (U − 1) σ²) / (X − Σ X_u² / X), not below 0. A group without pairs has the factor of all.

    Parameters
    ----------
    expected, later
        Pairs: what the common rate makes of the pupils before (above 0), and the pupils later.
    group
        The group of each pair, numbers from 0 below ``groups``.

    Examples
    --------
    Two towns, two pairs each. F = 330 / 400 = 0.825, F_u = 0.9 and 0.75; σ² = (4 · 100 · 0.05²) / 2 = 0.5;
    τ² = (2 · 200 · 0.075² − 0.5) / (400 − 200) = 0.00875; Z = 1.75 / 2.25.

    >>> e = np.full(4, 100.0)
    >>> credible(e, np.array([95.0, 85.0, 80.0, 70.0]), np.array([0, 0, 1, 1]), groups=2).factor.round(6)
    array([0.883333, 0.766667])
    """
    total = np.bincount(group, expected, minlength=groups)
    count = np.bincount(group, minlength=groups)
    seen = total > 0
    overall = float(later.sum() / expected.sum())
    own = np.divide(np.bincount(group, later, minlength=groups), total, out=np.full(groups, overall), where=seen)
    freedom = int((count[seen] - 1).sum())
    if freedom < 1 or seen.sum() < 2:
        noise = np.nan
        if len(expected) > 1:
            noise = float((expected * (later / expected - overall) ** 2).sum() / (len(expected) - 1))
        return Factors(np.full(groups, overall), np.zeros(groups), np.zeros(groups), noise)
    noise = float((expected * (later / expected - own[group]) ** 2).sum() / freedom)
    whole = float(total.sum())
    between = float((total * (own - overall) ** 2).sum() - (seen.sum() - 1) * noise)
    between = max(0.0, between / (whole - float((total**2).sum()) / whole))
    weight = np.divide(total * between, total * between + noise, out=np.zeros(groups), where=total * between > 0)
    error = np.sqrt(between * (1 - weight))
    return Factors(overall + weight * (own - overall), error, weight, noise)
