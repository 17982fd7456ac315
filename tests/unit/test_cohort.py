"""Cohorts, rates and sums that must agree, on numbers small enough for the head."""

from __future__ import annotations

import numpy as np
import pytest

from layoutopt.demand.cohort import (
    NO_TREND_ERROR,
    Doubt,
    advance,
    ages_of,
    entering_births,
    no_doubt,
    past_classes,
    trend,
)
from layoutopt.demand.cohort_rates import credible, ratio
from layoutopt.demand.reconcile import controlled, dealt, fitted, misfit, prorated, summed


def test_pupils_are_a_grade_higher_a_year_later() -> None:
    pupils = np.array([[10.0, 20.0, 30.0], [4.0, 4.0, 4.0]])
    rates = np.array([[0.9, 1.1], [0.5, 0.25]])
    assert advance(pupils, rates, np.array([8.0, 0.0])).tolist() == [[8.0, 9.0, 22.0], [0.0, 2.0, 1.0]]


def test_the_rate_is_the_ratio_of_the_sums() -> None:
    # Σy / Σx = (8 + 30) / (10 + 30) = 0.95; noise ((8 − 9.5)² / 10 + (30 − 28.5)² / 30) / 1 = 0.225 + 0.075 = 0.3;
    # variance of the rate 0.3 / 40.
    found = ratio(np.array([10.0, 30.0]), np.array([8.0, 30.0]))
    assert found.rate == pytest.approx(0.95)
    assert found.noise == pytest.approx(0.3)
    assert found.error == pytest.approx(np.sqrt(0.0075))


def test_one_pair_has_a_rate_and_no_error() -> None:
    found = ratio(np.array([10.0]), np.array([9.0]))
    assert (found.rate, found.pairs) == (0.9, 1)
    assert np.isnan(found.error)
    assert np.isnan(found.noise)


def test_towns_are_drawn_towards_the_county() -> None:
    # F = 330/400 = 0.825; F_A = 0.9, F_B = 0.75. σ² = 4 · 100 · 0.05² / 2 = 0.5.
    # τ² = (200 · 0.075² · 2 − 0.5) / (400 − 2 · 200² / 400) = 1.75 / 200 = 0.00875. Z = 1.75 / 2.25 = 7/9.
    expected, later = np.full(4, 100.0), np.array([95.0, 85.0, 80.0, 70.0])
    found = credible(expected, later, np.array([0, 0, 1, 1]), groups=3)
    assert found.weight == pytest.approx([7 / 9, 7 / 9, 0.0])
    assert found.factor == pytest.approx([0.825 + 7 / 9 * 0.075, 0.825 - 7 / 9 * 0.075, 0.825])
    assert found.error**2 == pytest.approx([0.00875 * 2 / 9, 0.00875 * 2 / 9, 0.00875])
    assert found.noise == pytest.approx(0.5)


def test_towns_that_differ_by_chance_alone_are_the_county() -> None:
    # F = 1, both towns 1: nothing between them, so τ² < 0 → 0.
    found = credible(np.full(4, 100.0), np.array([110.0, 90.0, 95.0, 105.0]), np.array([0, 0, 1, 1]), groups=2)
    assert found.factor.tolist() == [1.0, 1.0]
    assert found.error.tolist() == [0.0, 0.0]


def test_one_town_is_the_county() -> None:
    found = credible(np.array([10.0, 10.0]), np.array([9.0, 8.0]), np.array([0, 0]), groups=1)
    assert found.factor.tolist() == [0.85]


def test_todays_grades_show_the_first_grades_of_the_past() -> None:
    # 8 today; 9 / 0.9 = 10 a year ago; 9.9 / (0.9 · 1.1) = 10 two years ago.
    assert past_classes(np.array([8.0, 9.0, 9.9]), np.array([0.9, 1.1])) == pytest.approx([8, 10, 10])


def test_a_steady_fall_is_found_and_flattens() -> None:
    found = trend(np.array([80.0, 100.0, 125.0]), np.array([0.0, -1.0, -2.0]))
    assert found.growth == pytest.approx(0.8)
    assert found.at(2, 1.0) == pytest.approx(80 * 0.64)
    assert found.at(2, 0.5) == pytest.approx(80 * 0.8 ** (0.5 + 0.25))
    assert found.at(3, 0.0) == pytest.approx(80)
    assert found.error(1) == pytest.approx(0)


def test_the_error_of_a_trend_is_that_of_the_regression() -> None:
    # ln: 0, 0.3, 0 at −2, −1, 0: mean 0.1, slope 0; rest −0.1, 0.2, −0.1: s² = 0.06 / 1. Sxx = 2, x̄ = −1.
    # One year ahead: s² (1 + 1/3 + 2² / 2) = 0.06 · 10/3 = 0.2.
    found = trend(np.exp([0.0, 0.3, 0.0]), np.array([0.0, -1.0, -2.0]))
    assert found.error(1) ** 2 == pytest.approx(0.2)


@pytest.mark.parametrize(("classes", "level"), [([0, 0, 0], 0), ([0, 12, 0], 12), ([4, 8, 0], 6)])
def test_too_few_classes_have_no_trend(classes: list[float], level: float) -> None:
    found = trend(np.array(classes, dtype=float), -np.arange(3.0))
    assert (found.level, found.growth) == (level, 1.0)
    assert found.error(4) == NO_TREND_ERROR * 2


def test_small_children_fall_into_classes_that_go_on_from_the_first_grade() -> None:
    # 16 in grade 1 and 8 + 4 + 2 = 14 children: each class half the one before.
    assert ages_of(16.0, 14.0, classes=3) == pytest.approx([8 / 14, 4 / 14, 2 / 14])
    assert ages_of(0.0, 14.0, classes=2).tolist() == [0.5, 0.5]
    assert ages_of(16.0, 0.0, classes=2).tolist() == [0.5, 0.5]
    # One child for a hundred pupils: no class is less than half the one before, 4 : 2 : 1.
    assert ages_of(100.0, 1.0, classes=3) == pytest.approx([4 / 7, 2 / 7, 1 / 7])


def test_births_enter_in_the_autumn_after_their_sixth_birthday() -> None:
    # Six by 31 August 2025: born September 2018 to August 2019; 4/12 · 120 + 8/12 · 90 = 100.
    births = {2018: np.array([120.0]), 2019: np.array([90.0])}
    assert entering_births(births, 2025, age=6, cutoff_month=8) == pytest.approx([100])
    assert entering_births(births, 2026, age=6, cutoff_month=8) is None
    assert entering_births(births, 2025, age=6, cutoff_month=12) == pytest.approx([90])
    assert entering_births(births, 2025, age=6, cutoff_month=0) == pytest.approx([120])


def test_doubt_after_two_years_by_hand() -> None:
    # One place, grades 1 and 2: 100 pupils each, rate 0.9, noise 0.5, first grade 80 with an error of 10 %.
    # Year 1: grade 2 = 90, variance 0.5 · 100 = 50, one transition: 90. Grade 1 = 80: variance 80, error 8.
    # Year 2: grade 2 = 72, variance 0.81 · 80 + 0.5 · 80 = 104.8, one transition: 72, error 0.9 · 8 = 7.2;
    #         grade 1 = 80 again, variance 80, error 8. Rate error 2 %: 1.44. sd² = 184.8 + 1.44² + 15.2².
    rates, entering = np.array([[0.9]]), np.array([80.0])
    pupils = np.array([[100.0, 100.0]])
    one = no_doubt(pupils).after(pupils, rates, entering, noise=0.5, entry_error=0.1)
    assert one.chance.tolist() == [[80.0, 50.0]]
    two = one.after(np.array([[80.0, 90.0]]), rates, entering, noise=0.5, entry_error=0.1)
    wanted = 184.8 + 1.44**2 + 15.2**2
    assert two.sd(np.ones((1, 1)), np.array([0.02])) ** 2 == pytest.approx([wanted])
    assert two.sd_each(np.array([0.02])) ** 2 == pytest.approx([wanted])


def test_doubt_agrees_with_chance_tried_out() -> None:
    # 20,000 counties of three places whose classes, rates and first grades vary as the doubt says.
    rng, tries, years, noise, error, rate = np.random.default_rng(5), 20_000, 4, 1.3, 0.03, 0.95
    start = np.array([[60.0, 80.0, 70.0, 90.0], [20.0, 25.0, 15.0, 10.0], [40.0, 30.0, 30.0, 20.0]])
    entering, common = np.array([50.0, 20.0, 30.0]), rng.normal(0, 1, tries)
    drift = 1 + error * rng.normal(0, 1, tries)
    states = np.repeat(start[None], tries, axis=0)
    doubt, mean = no_doubt(start), start
    for _ in range(years):
        expected = states[:, :, :-1] * rate * drift[:, None, None]
        moved = expected + rng.normal(0, 1, expected.shape) * np.sqrt(noise * np.maximum(states[:, :, :-1], 0))
        first = entering * (1 + 0.08 * common[:, None]) + rng.normal(0, 1, (tries, 3)) * np.sqrt(entering)
        states = np.concatenate([first[:, :, None], moved], axis=2)
        doubt = doubt.after(mean, np.full((3, 3), rate), entering, noise=noise, entry_error=0.08)
        mean = advance(mean, np.full((3, 3), rate), entering)
    found = doubt.sd(np.ones((1, 3)), np.array([error]))[0]
    assert found == pytest.approx(states.sum(axis=(1, 2)).std(), rel=0.03)
    assert doubt.sd_each(np.full(3, error)) == pytest.approx(states.sum(axis=2).std(axis=0), rel=0.03)


def test_doubt_scales_with_the_pupils() -> None:
    doubt = Doubt(*(np.array([[4.0, 2.0]]) for _ in range(3)))
    assert doubt.scaled(np.array([[0.5, 2.0]])).moved.tolist() == [[2.0, 4.0]]


def test_places_are_scaled_to_their_group() -> None:
    amounts = np.array([[1.0], [3.0], [0.0], [0.0]])
    assert prorated(amounts, np.array([0, 0, 1, 1]), np.array([[8.0], [5.0]])).ravel().tolist() == [2, 6, 2.5, 2.5]


def test_rows_and_columns_are_fitted() -> None:
    # The ratios across stay: (1·4)/(2·3) before and after.
    table = np.array([[1.0, 2.0], [3.0, 4.0]])
    found = fitted(table, rows=np.array([30.0, 10.0]), columns=np.array([20.0, 20.0]))
    assert found.sum(axis=0) == pytest.approx([20, 20])
    assert found.sum(axis=1) == pytest.approx([30, 10])
    assert found[0, 0] * found[1, 1] / (found[0, 1] * found[1, 0]) == pytest.approx(4 / 6)


def test_a_row_may_be_free() -> None:
    found = fitted(np.ones((2, 2)), rows=np.array([6.0, np.nan]), columns=np.array([5.0, 5.0]))
    assert found.sum(axis=1) == pytest.approx([6, 4])


def test_zeros_that_do_not_allow_the_sums_are_said() -> None:
    table = fitted(np.array([[1.0, 0.0], [0.0, 1.0]]), rows=np.array([3.0, 1.0]), columns=np.array([2.0, 2.0]))
    assert misfit(table, np.array([3.0, 1.0])) == pytest.approx(1)


def test_controlled_rounding_keeps_both_sums() -> None:
    found = controlled(np.array([[0.5, 0.5], [0.5, 0.5]]))
    assert found.sum(axis=0).tolist() == found.sum(axis=1).tolist() == [1, 1]
    assert controlled(np.array([[2.0, 3.0]])).tolist() == [[2, 3]]


def test_controlled_rounding_takes_the_nearest_sums_it_can() -> None:
    # Columns of 29.02 and 9.4 and 5.5, 43.92 in all: 44, so the last goes up and the first two down.
    found = controlled(np.array([[9.69, 4.7, 2.75], [19.33, 4.7, 2.75]]))
    assert found.sum(axis=0).tolist() == [29, 9, 6]
    assert found.sum(axis=1).tolist() == [17, 27]


def test_what_a_place_lacks_in_one_grade_it_gets_in_the_next() -> None:
    assert dealt(np.full((2, 2), 0.5), np.array([0, 0]), np.array([[1.0, 1.0]])).tolist() == [[1, 0], [0, 1]]
    # Groups in any order: places 0 and 2 are of group 1.
    found = dealt(np.array([[0.5], [0.2], [0.5]]), np.array([1, 0, 1]), np.array([[0.0], [1.0]]))
    assert found.ravel().tolist() == [1, 0, 0]


def test_sums_by_group() -> None:
    assert summed(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([1, 1]), 2).tolist() == [[0, 0], [4, 6]]
