"""Attendance from totals: hand-worked cases, and a full linear program as the yardstick."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from layoutopt.demand.transport import Flow, least_minutes


def table(flow: Flow, minutes: np.ndarray) -> list[list[float]]:
    found = np.zeros(minutes.shape)
    np.add.at(found, (flow.settlement, flow.school), flow.pupils)
    return found.tolist()


def solved(pupils: list[float], places: list[float], minutes: list[list[float]]) -> list[list[float]]:
    given = np.array(minutes)
    return table(least_minutes(np.array(pupils, dtype=float), np.array(places, dtype=float), given), given)


def test_totals_agree() -> None:
    # Both would go to S1. Sending V1's one away costs 5 - 1 = 4 minutes more, V2's 9 - 2 = 7: so V1's goes.
    assert solved([3, 2], [4, 1], [[1, 5], [2, 9]]) == [[2, 1], [2, 0]]


def test_more_pupils_than_places() -> None:
    # Six pupils on four places: two too many wherever they are put, so the two go where it is nearest.
    assert solved([6], [1, 3], [[1, 5]]) == [[3, 3]]


def test_fewer_pupils_than_places() -> None:
    assert solved([3], [2, 5], [[4, 1]]) == [[0, 3]]


def test_enrolment_counts_before_minutes() -> None:
    # One hour more for V2 rather than one pupil too many at S1.
    assert solved([1, 1], [1, 1], [[1, np.inf], [1, 61]]) == [[1, 0], [0, 1]]


def test_who_has_no_way_is_left_out_and_nobody_is_sent_without_one() -> None:
    assert solved([2, 5], [2, 5], [[3, np.inf], [np.inf, np.inf]]) == [[2, 0], [0, 0]]
    assert solved([0], [0], [[1.0]]) == [[0]]


@pytest.mark.parametrize("seed", range(6))
def test_against_the_whole_linear_program(seed: int) -> None:
    """40 settlements and 12 schools: more schools than a settlement starts with, so ways must be added."""
    rng = np.random.default_rng(seed)
    n, m = 40, 12
    pupils = rng.integers(0, 9, n).astype(float)
    places = np.bincount(rng.integers(0, m, int(pupils.sum()) + 5 * (seed % 3 - 1)), minlength=m).astype(float)
    minutes = rng.uniform(1, 60, (n, m)).round(1)
    minutes[rng.random((n, m)) < 0.4] = np.inf
    minutes[:, 0] = np.where(np.isinf(minutes).all(axis=1), 30.0, minutes[:, 0])
    flow = least_minutes(pupils, places, minutes)
    found = np.array(table(flow, minutes))
    assert (found.sum(axis=1) == pupils).all()
    ways = np.argwhere(np.isfinite(minutes))
    rows = np.zeros((n + m, len(ways) + 2 * m))
    rows[ways[:, 0], np.arange(len(ways))] = 1
    rows[n + ways[:, 1], np.arange(len(ways))] = 1
    rows[n:, len(ways) : len(ways) + m] = -np.eye(m)
    rows[n:, len(ways) + m :] = np.eye(m)
    cost = np.concatenate([minutes[tuple(ways.T)], np.full(2 * m, 1e4)])
    best = linprog(cost, A_eq=rows, b_eq=np.concatenate([pupils, places]))
    deviation = np.abs(found.sum(axis=0) - places).sum()
    real = float((flow.pupils * minutes[flow.settlement, flow.school]).sum()) + 1e4 * deviation
    assert real == pytest.approx(best.fun, rel=1e-9)
