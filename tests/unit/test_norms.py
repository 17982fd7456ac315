"""Classes, posts, prices: the one definition behind model, plan and audit, against sums done by hand."""

from __future__ import annotations

import pytest

import layoutopt as lo
from layoutopt.policy.norms import (
    annuity,
    classes_of_band,
    highest_stage,
    point_posts,
    posts_of_stage,
    rider_price_cny,
    school_cap,
)

POLICY = lo.Policy()


@pytest.mark.parametrize(
    ("pupils", "multigrade", "classes", "shared"),
    [
        ([10, 10, 10], True, (0, 0, 0), True),  # 30 is the most of one multigrade class
        ([10, 10, 11], True, (1, 1, 1), False),
        ([10, 10, 10], False, (1, 1, 1), False),
        ([45, 46, 0], True, (1, 2, 1), False),  # a grade without pupils still has its class
        ([90, 91, 136], True, (2, 3, 4), False),
        ([0, 0, 0], True, (0, 0, 0), True),
    ],
)
def test_classes_of_a_band(pupils: list[float], multigrade: bool, classes: tuple[int, ...], shared: bool) -> None:
    policy = POLICY.replace(multigrade=multigrade)
    assert classes_of_band(pupils, 45, policy) == (classes, shared)


@pytest.mark.parametrize(
    ("classes", "pupils", "stage", "posts"),
    [
        (2, 24, "primary", 4),  # 2 · 2 against 24 / 19
        (6, 270, "primary", 15),  # 6 · 2 against 270 / 19 = 14.2
        (3, 0, "junior", 9),  # 3 · 3
        (3, 135, "junior", 10),  # 135 / 13.5 = 10 to the point, not 11
        (3, 136, "junior", 11),
    ],
)
def test_posts_of_a_stage(classes: int, pupils: float, stage: str, posts: int) -> None:
    assert posts_of_stage(classes, pupils, stage, POLICY) == posts


@pytest.mark.parametrize(("pupils", "posts"), [(0, 2), (19, 2), (38, 2), (39, 3)])
def test_posts_of_a_teaching_point(pupils: float, posts: int) -> None:
    assert point_posts(pupils, POLICY) == posts


def test_an_annuity_repays_the_capital() -> None:
    rate, years = 0.04, 30
    payment = annuity(1_000_000, years, rate)
    worth = sum(payment / (1 + rate) ** year for year in range(1, years + 1))
    assert worth == pytest.approx(1_000_000)
    assert payment == pytest.approx(57_830.10, abs=0.01)
    assert annuity(900, 30, 0.0) == 30


def test_the_price_of_a_rider() -> None:
    # 10 km there and back, twice a day on 200 days: 8,000 km at 3.5 = 28,000; with 65,000 shared by 0.8 · 34 riders.
    price = rider_price_cny(10, POLICY, seats=34, fixed_cny=65_000, cny_per_km=3.5)
    assert price == pytest.approx((65_000 + 28_000) / 27.2)


def test_caps_and_stages() -> None:
    assert school_cap(True, False, POLICY) == school_cap(False, True, POLICY) == 2_000
    assert school_cap(True, True, POLICY) == 2_500
    assert (highest_stage(True), highest_stage(False)) == ("junior", "primary")
