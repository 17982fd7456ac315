"""Villages, towns and county add up, whatever the figures."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layoutopt.demand.reconcile import controlled, dealt, fitted, prorated, summed

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def counties(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, int]:
    """Pupils by place and grade to a thousandth, many of them none, and the town of each place."""
    places, grades, towns = draw(st.integers(1, 12)), draw(st.integers(1, 9)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    largest, none = draw(st.sampled_from([1, 5, 500])), draw(st.sampled_from([0.0, 0.5, 0.9]))
    amounts = np.round(rng.uniform(0, largest, (places, grades)), 3) * (rng.random((places, grades)) >= none)
    return amounts, rng.integers(0, towns, places), towns


def tables(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(0.5, 50, (3, 4)), rng.uniform(0.5, 50, (3, 4))


@PATIENT
@given(counties())
def test_whole_pupils_add_up_by_grade_town_and_county(county: tuple[np.ndarray, np.ndarray, int]) -> None:
    amounts, town, towns = county
    sums = summed(amounts, town, towns)
    whole_towns = controlled(sums)
    whole = dealt(amounts, town, whole_towns)
    assert (summed(whole, town, towns) == whole_towns).all()
    assert (np.abs(whole - amounts) < 1 + 1e-6).all()
    assert (whole >= 0).all()
    assert (whole == np.round(whole)).all()
    for axis in (0, 1):
        assert (np.abs(whole_towns.sum(axis=axis) - sums.sum(axis=axis)) < 1 + 1e-6).all()
    assert abs(whole.sum() - amounts.sum()) <= 0.5 + 1e-6


@PATIENT
@given(counties())
def test_whole_figures_stay(county: tuple[np.ndarray, np.ndarray, int]) -> None:
    amounts, town, towns = county
    amounts = np.round(amounts)
    assert (dealt(amounts, town, controlled(summed(amounts, town, towns))) == amounts).all()


@PATIENT
@given(counties(), st.floats(0.1, 3))
def test_settlements_meet_their_towns(county: tuple[np.ndarray, np.ndarray, int], share: float) -> None:
    amounts, town, towns = county
    wanted = summed(amounts, town, towns) * share
    np.testing.assert_allclose(summed(prorated(amounts, town, wanted), town, towns), wanted, atol=1e-6)


@PATIENT
@given(st.integers(0, 2**32))
def test_fitting_meets_both_sums_where_nothing_is_zero(seed: int) -> None:
    table, other = tables(seed)
    found = fitted(table, rows=other.sum(axis=1), columns=other.sum(axis=0))
    np.testing.assert_allclose(found.sum(axis=1), other.sum(axis=1), rtol=1e-6)
    np.testing.assert_allclose(found.sum(axis=0), other.sum(axis=0), rtol=1e-9)
