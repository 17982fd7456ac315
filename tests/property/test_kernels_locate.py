"""What must hold for any location question, whatever the numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutopt.kernels.location.locate import check, locate


@st.composite
def questions(draw: st.DrawFn) -> dict[str, Any]:
    n, m = draw(st.integers(1, 9)), draw(st.integers(1, 5))
    cells = st.one_of(st.integers(0, 60).map(float), st.just(np.inf))
    cost = np.array(draw(st.lists(cells, min_size=n * m, max_size=n * m))).reshape(n, m)
    demand = np.array(draw(st.lists(st.integers(0, 9), min_size=n, max_size=n)), dtype=float)
    capacity = np.array(draw(st.lists(st.integers(0, 30), min_size=m, max_size=m)), dtype=float)
    opening = np.array(draw(st.lists(st.integers(0, 40), min_size=m, max_size=m)), dtype=float)
    return {"cost": cost, "demand": demand, "capacity": capacity, "opening_cost": opening}


@given(questions())
@settings(max_examples=60, deadline=None)
def test_answers_are_valid_and_bounded(asked: dict[str, Any]) -> None:
    found = locate(**asked)
    assert check(found, **asked) == ()
    if found.status == "infeasible":
        assert found.blocked
        assert np.isinf(found.bound)
    else:
        assert found.status == "optimal"
        assert found.bound <= found.objective + 1e-9
        assert found.gap <= 1e-4


@given(questions())
@settings(max_examples=30, deadline=None)
def test_splitting_never_costs_more(asked: dict[str, Any]) -> None:
    together = locate(**asked, gap=1e-9)
    parted = locate(**asked, gap=1e-9, single_source=False)
    assert check(parted, **asked, single_source=False) == ()
    assert parted.objective <= together.objective + 1e-6 or together.status == "infeasible"


@given(questions())
@settings(max_examples=30, deadline=None)
def test_sparse_and_dense_costs_give_the_same_answer(asked: dict[str, Any]) -> None:
    row, column = np.nonzero(np.isfinite(asked["cost"]))
    stored = sp.csr_matrix((asked["cost"][row, column], (row, column)), shape=asked["cost"].shape)
    dense, sparse = locate(**asked), locate(**(asked | {"cost": stored}))
    assert dense.status == sparse.status
    assert dense.assignment.tolist() == sparse.assignment.tolist()


@given(questions(), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_one_more_rule_never_costs_less(asked: dict[str, Any], number: int) -> None:
    free = locate(**asked, gap=1e-9)
    held = locate(**asked, gap=1e-9, open_count=number)
    assert free.objective <= held.objective + 1e-6
