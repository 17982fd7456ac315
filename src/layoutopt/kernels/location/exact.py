"""The whole question as one mixed-integer program, with connectedness cut in where an answer breaks it."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np

from layoutopt.kernels import highs
from layoutopt.kernels.location.check import faults
from layoutopt.kernels.location.contiguity import loose_pieces, repair, separate
from layoutopt.kernels.location.found import Ask, Found
from layoutopt.kernels.location.instance import Answer, Instance, Ints, whole
from layoutopt.kernels.location.program import Cut, build, to_answer, to_values

log = logging.getLogger(__name__)

STEPS_PER_S = 40.0
"""HiGHS steps granted per second of the time limit."""


def solve_program(
    instance: Instance,
    found: Found,
    ask: Ask,
    *,
    keep: Ints | None = None,
    floor: float = np.inf,
    steps: int | None = None,
) -> Found:
    """Return ``found`` improved by HiGHS on the arcs in ``keep`` (all where None).

    ``floor`` is a bound on every answer that uses an arc outside ``keep``: the program's own bound counts
    only up to there. ``steps`` are HiGHS steps; without a number the time limit grants them.
    """
    cuts: list[Cut] = []
    left = ask.steps(1.0, STEPS_PER_S) if steps is None else steps
    while True:
        solved = _once(instance, found, ask, cuts, keep, left)
        left -= solved.steps
        if solved.status == "infeasible":
            shut = floor == np.inf and found.answer is None
            return replace(found, impossible=shut, bound=max(found.bound, min(floor, found.value(instance))))
        found = replace(found, bound=max(found.bound, min(solved.bound, floor)))
        if solved.values is None:
            return found
        answer = to_answer(instance, solved.values, keep)
        if instance.neighbours is None:
            return better(instance, found, answer)
        if not loose_pieces(instance, answer.main_arc(instance)):
            found = better(instance, found, answer)
            if solved.status == "optimal" or left <= 0 or ask.left_s() <= 0:
                return found
        else:
            found = better(instance, found, _connected(instance, answer))
            cuts += separate(instance, answer.main_arc(instance))
        if found.gap(instance) <= ask.gap or left <= 0 or ask.left_s() <= 0:
            return found
        log.debug("connectedness: %d cuts, bound %.6g", len(cuts), found.bound)


def better(instance: Instance, found: Found, answer: Answer | None) -> Found:
    """Return ``found`` with ``answer`` in place of its own where that is valid and costs less."""
    if answer is None or answer.cost(instance) >= found.value(instance) or faults(instance, answer):
        return found
    return replace(found, answer=answer)


def _once(instance: Instance, found: Found, ask: Ask, cuts: list[Cut], keep: Ints | None, steps: int) -> highs.Solved:
    start = None if found.answer is None else to_values(found.answer, keep)
    budget = highs.Budget(gap=ask.gap * 0.5, time_limit_s=max(ask.left_s(), 0.05), steps=max(steps, 1))
    return highs.solve(build(instance, cuts, keep), budget=budget, start=start, seed=ask.seed)


def _connected(instance: Instance, answer: Answer) -> Answer | None:
    arc = repair(instance, answer.main_arc(instance), answer.open)
    return None if arc is None else whole(instance, arc, answer.open)


def started(instance: Instance, ask: Ask) -> Found:
    """Return what is known before any search: the caller's start, if it is valid as it stands."""
    return better(instance, Found(method="exact"), ask.start)
