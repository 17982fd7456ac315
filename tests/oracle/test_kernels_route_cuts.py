"""Rank-1 cuts hold for every whole choice of lines, say what their formula says, and are found where broken."""

from __future__ import annotations

import numpy as np
import pytest

from layoutopt.kernels.routing.cut_loops import payments, reduced_of
from layoutopt.kernels.routing.cuts import WEIGHTS, Cut, cut_words, separate
from layoutopt.kernels.routing.lines import pack, price_lines
from layoutopt.kernels.routing.task import make_task
from layoutopt.kernels.routing.values import Vehicle

pytestmark = pytest.mark.usefixtures("warm_kernels")

STOPS = 10


def a_task():
    minutes = np.ones((STOPS + 1, STOPS + 1)) - np.eye(STOPS + 1)
    return make_task(
        minutes, np.r_[0.0, np.ones(STOPS)], depots=np.array([0]), types=[Vehicle(9.0)],
        limit_min=np.full(STOPS + 1, 99.0), line_limit_min=np.inf, dwell_min=0.0, dwell_min_per_rider=0.0,
        return_trip=True, rider_cost=0.0,
    )  # fmt: skip


def lines_of(rows):
    flat, starts = pack(rows)
    return price_lines(a_task(), flat, starts, np.zeros(len(rows), dtype=np.int64))


def paid_by(cut, order):
    """Return how often a line pays, from the formula alone; the sum starts anew outside the memory."""
    weight, total, paid = dict(zip(cut.stops, cut.weights, strict=True)), 0, 0
    for stop in reversed(order):
        total += weight.get(stop, 0)
        paid, total = paid + total // cut.parts, total % cut.parts
        if cut.memory is not None and stop not in cut.memory:
            total = 0
    return paid


def random_cut(rng, at):
    weights, parts = [((1, 1, 1), 2), *WEIGHTS][at % (len(WEIGHTS) + 1)]
    stops = tuple(sorted(rng.choice(STOPS, size=len(weights), replace=False).tolist()))
    memory = None if at % 2 else tuple(sorted({*stops, *rng.choice(STOPS, size=2).tolist()}))
    return Cut(stops, memory, tuple(rng.permutation(weights).tolist()), parts)


@pytest.mark.parametrize("seed", range(20))
def test_every_partition_keeps_every_cut(seed):
    rng = np.random.default_rng(seed)
    cuts = [random_cut(rng, at) for at in range(40)]
    side = rng.integers(0, int(rng.integers(1, 7)), size=STOPS)
    rows = [rng.permutation(np.flatnonzero(side == s)) for s in np.unique(side)]
    for cut in cuts:
        assert sum(paid_by(cut, row.tolist()) for row in rows) <= cut.limit


@pytest.mark.parametrize("seed", range(20))
def test_payments_follow_the_formula(seed):
    rng = np.random.default_rng(seed)
    cuts = [random_cut(rng, at) for at in range(37)]
    # ng-routes meet a stop twice: such rows count too.
    rows = [rng.choice(STOPS, size=int(rng.integers(1, 8)), replace=bool(q % 2)) for q in range(30)]
    lines = lines_of(rows)
    words = cut_words(cuts, STOPS)
    found = {(q, c): times for q, c, times in payments(lines.flat, lines.starts, words).tolist()}
    wanted = {(q, c): paid_by(cut, row.tolist()) for q, row in enumerate(rows) for c, cut in enumerate(cuts)}
    assert found == {key: times for key, times in wanted.items() if times}
    price = rng.uniform(0, 5, size=len(cuts))
    prize = rng.uniform(0, 5, size=(1, STOPS))
    reduced = reduced_of(
        lines.flat, lines.starts, lines.depot, lines.kind, lines.cost, prize, np.zeros((1, 1)), words, price
    )
    for q, row in enumerate(rows):
        dear = sum(price[c] * wanted[q, c] for c in range(len(cuts)))
        assert reduced[q] == pytest.approx(lines.cost[q] - prize[0, row].sum() + dear)


@pytest.mark.parametrize("limited", [False, True])
@pytest.mark.parametrize("seed", range(15))
def test_separated_cuts_are_broken(seed, limited):
    rng = np.random.default_rng(seed)
    rows = [rng.choice(STOPS, size=int(rng.integers(2, 6)), replace=False) for _ in range(12)]
    lines, share = lines_of(rows), rng.choice([1 / 3, 0.4, 0.5], size=12)
    cuts = separate(lines, share, STOPS, limited=limited, known={})
    assert cuts
    for cut in cuts:
        total = sum(share[q] * paid_by(cut, row.tolist()) for q, row in enumerate(rows))
        assert total > cut.limit + 0.02 - 1e-9
        assert (cut.memory is not None) == limited


def test_five_stops_break_only_a_cut_over_five():
    # Each of the ten pairs of five stops at one quarter serves each stop once; each triple holds 3/4 < 1 of them.
    rows = [np.array([i, j]) for i in range(5) for j in range(i + 1, 5)]
    cuts = separate(lines_of(rows), np.full(10, 0.25), STOPS, limited=False, known={})
    assert {(cut.stops, cut.parts, frozenset(cut.weights)) for cut in cuts} >= {((0, 1, 2, 3, 4), 2, frozenset({1}))}
    assert all(len(cut.stops) > 3 for cut in cuts)
