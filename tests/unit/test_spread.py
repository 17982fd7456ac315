"""Whole children from shares: totals kept, nobody negative, ties settled the same way every time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layoutopt.demand.spread import by_share, deal, evenly, gravity, nearest, spread, whole


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


def test_towns_may_have_shares_of_their_own() -> None:
    # One grade: 10 % of 100 residents, 20 % of 50.
    assert by_share(np.array([100.0, 50.0]), np.array([[0.1], [0.2]])).tolist() == [[10], [10]]


def test_children_cut_into_grades() -> None:
    # 10 children on 6 grades: one each and four over, to grades 1-4; the next place's 3 over go on at grade 5.
    assert evenly(np.array([10.0, 9.0, 0.0]), 6).tolist() == [[2, 2, 2, 2, 1, 1], [2, 1, 1, 1, 2, 2], [0] * 6]


@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.integers(1, 6))
def test_cutting_keeps_rows_and_balances_columns(totals: list[int], parts: int) -> None:
    table = evenly(np.array(totals, dtype=float), parts)
    assert table.sum(axis=1).tolist() == totals
    assert np.ptp(table.sum(axis=0)) <= 1
    assert np.ptp(table, axis=1).max() <= 1


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.data())
def test_dealing_keeps_both_sums(rows: list[int], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, sum(rows)), min_size=2, max_size=2)))
    columns = np.diff([0, *cuts, sum(rows)]).astype(float)
    table = deal(np.array(rows, dtype=float), columns)
    assert table.sum(axis=1).tolist() == rows
    assert table.sum(axis=0).tolist() == columns.tolist()


def one_ring(count: int) -> dict[str, Any]:
    return {"ring": np.zeros(count, dtype=np.int64), "owed": np.zeros(count)}


def test_a_school_s_pupils_by_largest_remainder() -> None:
    # 10 pupils, weights 7.4 : 1.8 : 0.8 -> 7, 1 and 0 for sure; the two left go to remainders .8 and .8.
    found = spread(np.array([4.0, 6.0]), np.array([7.4, 1.8, 0.8]), **one_ring(3))
    assert found.sum(axis=1).tolist() == [7, 2, 1]
    assert found.sum(axis=0).tolist() == [4, 6]


def test_far_places_together_get_their_share() -> None:
    # Near 6 of 10, far eight of half a pupil each: 4 go far, though .5 loses against any near remainder.
    pull = np.array([5.6, 0.4, *[0.5] * 8])
    found = spread(np.array([10.0]), pull, np.array([0, 0, *[1] * 8]), np.zeros(10))[:, 0]
    assert found.tolist() == [6, 0, 1, 1, 1, 1, 0, 0, 0, 0]


def test_what_one_school_owes_counts_at_the_next() -> None:
    pull = np.array([0.5, 0.5])
    assert spread(np.array([1.0]), pull, **one_ring(2))[:, 0].tolist() == [1, 0]
    second = spread(np.array([1.0]), pull, np.zeros(2, dtype=np.int64), np.array([-0.5, 0.5]))
    assert second[:, 0].tolist() == [0, 1]


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=6),
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(0, 3)), min_size=1, max_size=15),
)
def test_spreading_keeps_every_grade(enrolled: list[int], places: list[tuple[float, int]]) -> None:
    pull = np.array([amount for amount, _ in places]) + 1e-3
    found = spread(np.array(enrolled, dtype=float), pull, np.array([ring for _, ring in places]), np.zeros(len(pull)))
    assert found.sum(axis=0).tolist() == enrolled
    assert (found >= 0).all() and (found == found.round()).all()
    assert np.abs(found.sum(axis=1) - sum(enrolled) * pull / pull.sum()).max() < 1 + 1e-6


def test_pull_halves_with_distance() -> None:
    # 100 residents at 0, 2 and 4 km, halving every 2 km; nobody comes where no way leads.
    assert gravity(np.full(4, 100.0), np.array([[0.0], [2.0], [4.0], [np.inf]]), 2.0)[:, 0].tolist() == [100, 50, 25, 0]


def test_nearest_school_only() -> None:
    km = np.array([[1.0, 2.0, 9.0], [5.0, 3.0, 9.0], [1.0, np.inf, 8.0], [np.inf, np.inf, np.inf]])
    # V3 and V4 have nobody; S3 is nearest to none and takes from V1, the first of two inhabited places at 9 km.
    assert nearest(np.array([10.0, 20.0, 0.0, 5.0]), km).tolist() == [[10, 0, 1], [0, 20, 0], [0, 0, 0], [0, 0, 0]]
