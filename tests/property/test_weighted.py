"""What any distribution of minutes must satisfy: indices in their range, the same for any unit, curves that end at 1."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layoutopt.plan.weighted import atkinson, gini, lorenz_points, mean, percentile, worst_mean

Ways = tuple[np.ndarray, np.ndarray]
QUIET = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
EPSILONS = st.sampled_from([0.25, 0.5, 0.75, 1.0, 2.0])


@st.composite
def ways(draw: st.DrawFn) -> Ways:
    """Minutes of some groups and their pupils, at least one."""
    minutes = draw(st.lists(st.floats(0, 300, allow_subnormal=False), min_size=1, max_size=12))
    pupils = draw(st.lists(st.floats(0.01, 500), min_size=len(minutes), max_size=len(minutes)))
    return np.array(minutes), np.array(pupils)


@QUIET
@given(ways())
def test_the_lorenz_curve_rises_below_the_line_and_ends_at_one(case: Ways) -> None:
    along, up = lorenz_points(*case)
    assert along[0] == up[0] == 0
    assert along[-1] == pytest.approx(1) and up[-1] == pytest.approx(1)
    assert (np.diff(along) >= 0).all() and (np.diff(up) >= -1e-12).all()
    assert (up <= along + 1e-9).all()


@QUIET
@given(ways(), EPSILONS)
def test_indices_lie_between_zero_and_one(case: Ways, epsilon: float) -> None:
    assert 0 <= gini(*case) <= 1
    assert 0 <= atkinson(*case, epsilon) <= 1


@QUIET
@given(ways(), EPSILONS, st.floats(0.01, 100), st.floats(0.1, 10))
def test_neither_unit_nor_number_of_pupils_matters(case: Ways, epsilon: float, unit: float, many: float) -> None:
    minutes, pupils = case
    assert gini(unit * minutes, many * pupils) == pytest.approx(gini(*case), abs=1e-9)
    assert atkinson(unit * minutes, many * pupils, epsilon) == pytest.approx(atkinson(*case, epsilon), abs=1e-6)


@QUIET
@given(st.floats(0.1, 300), st.lists(st.floats(0.1, 500), min_size=1, max_size=8), EPSILONS)
def test_equal_ways_are_no_inequality(minutes: float, pupils: list[float], epsilon: float) -> None:
    values, weights = np.full(len(pupils), minutes), np.array(pupils)
    assert gini(values, weights) == pytest.approx(0, abs=1e-12)
    assert atkinson(values, weights, epsilon) == pytest.approx(0, abs=1e-9)


@QUIET
@given(ways(), st.floats(0.01, 1))
def test_the_worst_off_lie_between_mean_and_longest(case: Ways, share: float) -> None:
    worst = worst_mean(*case, share)
    assert mean(*case) - 1e-9 <= worst <= case[0].max() + 1e-9
    assert worst_mean(*case, 1.0) == pytest.approx(mean(*case))


@QUIET
@given(ways(), st.floats(0.05, 1))
def test_a_percentile_leaves_no_more_than_its_rest_above(case: Ways, share: float) -> None:
    minutes, pupils = case
    found = percentile(minutes, pupils, share)
    assert found in minutes
    assert pupils[minutes > found].sum() <= (1 - share) * pupils.sum() + 1e-6


@QUIET
@given(ways(), st.integers(0, 11))
def test_splitting_a_group_changes_nothing(case: Ways, at: int) -> None:
    minutes, pupils = case
    at %= len(minutes)
    halves = pupils.copy()
    halves[at] /= 2
    split = np.append(minutes, minutes[at]), np.append(halves, halves[at])
    assert gini(*split) == pytest.approx(gini(*case), abs=1e-9)
    assert worst_mean(*split, 0.05) == pytest.approx(worst_mean(*case, 0.05))
