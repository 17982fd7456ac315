"""Whole children from shares: totals kept, nobody negative, ties settled the same way every time."""

from __future__ import annotations

import numpy as np
import pytest

from layoutopt.demand.spread import by_share, whole


@pytest.mark.parametrize(
    ("amounts", "wanted"),
    [
        ([1.5, 1.5, 0.9], [2, 1, 1]),
        ([0.4, 0.4, 0.4], [1, 0, 0]),
        ([3, 4, 0], [3, 4, 0]),
        ([2.9999999999, 1.0000000001], [3, 1]),
        ([0.2, 0.2], [0, 0]),
        ([], []),
    ],
)
def test_largest_remainders(amounts: list[float], wanted: list[float]) -> None:
    assert whole(np.array(amounts, dtype=float)).tolist() == wanted


def test_a_matrix_keeps_its_shape() -> None:
    assert whole(np.full((2, 2), 0.5)).tolist() == [[1, 1], [0, 0]]


def test_each_grade_keeps_its_total() -> None:
    # 1,000 and 500 residents, 1.25 % in grade 1 and 0.5 % in grade 2: 18.75 -> 19 and 7.5 -> 8 (Python rounds to even).
    table = by_share(np.array([1000.0, 500.0]), np.array([0.0125, 0.005]))
    assert table.sum(axis=0).tolist() == [19, 8]
    assert table.tolist() == [[13, 5], [6, 3]]
