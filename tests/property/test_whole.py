"""Whole children: whatever the shares, totals are kept and nobody is moved by more than one."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from layoutopt.demand.spread import by_share, whole

AMOUNTS = hnp.arrays(
    float, hnp.array_shapes(max_dims=2, max_side=12), elements=st.floats(0, 5_000, allow_nan=False, width=32)
)


@given(AMOUNTS)
def test_totals_are_kept_and_everybody_stays_within_one(amounts: np.ndarray) -> None:
    found = whole(amounts)
    assert found.shape == amounts.shape
    assert (found == np.round(found)).all()
    assert (found >= 0).all()
    assert np.abs(found - amounts).max() < 1 + 1e-6
    assert abs(found.sum() - amounts.sum()) <= 0.5 + 1e-6


@given(AMOUNTS)
def test_whole_numbers_stay_as_they_are(amounts: np.ndarray) -> None:
    once = whole(amounts)
    assert (whole(once) == once).all()


@given(AMOUNTS, st.permutations(range(6)))
def test_more_never_gets_fewer(amounts: np.ndarray, _: object) -> None:
    """Between two entries with the same whole part, the larger remainder is never rounded down first."""
    flat, found = amounts.ravel(), whole(amounts).ravel()
    for one in range(len(flat)):
        for other in range(len(flat)):
            if np.floor(flat[one]) == np.floor(flat[other]) and flat[one] > flat[other] + 1e-6:
                assert found[one] >= found[other]


@given(
    hnp.arrays(float, st.integers(1, 20), elements=st.floats(0, 3_000)),
    hnp.arrays(float, st.integers(1, 9), elements=st.floats(0, 0.05)),
)
def test_each_grade_keeps_its_total(people: np.ndarray, share: np.ndarray) -> None:
    table = by_share(people, share)
    assert table.shape == (len(people), len(share))
    assert np.abs(table.sum(axis=0) - people.sum() * share).max() <= 0.5 + 1e-6
