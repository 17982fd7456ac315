"""Lines to two schools on one way: one vehicle drives two lines where all limits hold and it is cheaper.

What a bound may say of them. Leave out the stops and the school of the other part of a joined line: over least ways
(:func:`layoutopt.model.hub.least_ways`, which obey the triangle inequality) the round trip from the one school over
its stops back to it is no longer, no ride is longer, and no more riders sit in the same vehicle. So each part alone is
a line of the least ways that costs no more than the joined one, and prizes p that no such line to one school earns
more of than it costs hold for the joined line when halved: Σ p/2 over its riders ≤ (c_first + c_second)/2 ≤ c_joined.
Shares of cost by seat need not be halved: a line through stop i costs at least f + k·m_i, m_i the least round trip
through i over any stops and schools, and as every rider has a seat of their own, Σ d_i (f + k·m_i)/Q over its riders
is at most its cost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np

from layoutopt.fleet import VehicleType
from layoutopt.model.courses import Course, Rider, Roads, course_of, standing_min
from layoutopt.policy import Policy
from layoutopt.units import SLACK_MIN

LEAST_SAVING_CNY = 1.0
"""A join that saves less than a yuan a year is not worth a school on the way."""


def joined_share(policy: Policy) -> float:
    """Return the share of prizes certified for lines to one school over least ways that holds for all lines."""
    return 1.0 if policy.bus.schools_per_line == 1 else 0.5


def with_joined(
    courses: Sequence[Course],
    roads: Roads,
    policy: Policy,
    fleet: Sequence[VehicleType],
    used: Mapping[int, int],
    *,
    wait_max_min: float,
) -> list[Course]:
    """Return ``courses`` with pairs of lines to two schools joined, the pair that saves most first.

    Parameters
    ----------
    courses
        Lines to one school each whose vehicle drives no second run.
    used
        Vehicles of each kind that all lines of the plan need before any is joined.
    """
    joins = _possible(courses, roads, policy, fleet, wait_max_min)
    free, left = Counter(used), dict(enumerate(courses))
    while joins:
        priced = [
            (_saving(left[a], left[b], course, policy, fleet, free), -at) for at, (a, b, course) in enumerate(joins)
        ]
        (saving, kind), at = max(priced)
        if saving < LEAST_SAVING_CNY:
            break
        a, b, course = joins[-at]
        free.subtract((left.pop(a).kind, left.pop(b).kind))
        free[-kind] += 1
        left[b] = replace(course, kind=-kind)
        joins = [join for join in joins if not {a, b} & set(join[:2])]
    return [left[at] for at in sorted(left)]


def _possible(
    courses: Sequence[Course], roads: Roads, policy: Policy, fleet: Sequence[VehicleType], wait_max_min: float
) -> list[tuple[int, int, Course]]:
    """Every pair (first school, last school) that keeps all limits, joined along the shortest way found."""
    most = max(kind.seats for kind in fleet)
    found = []
    for a, b in permutations(range(len(courses)), 2):
        one, other = courses[a], courses[b]
        if one.school_id != other.school_id and one.load + other.load <= most + SLACK_MIN:
            course = best_join(one, other, roads, policy, wait_max_min=wait_max_min)
            if course is not None:
                found.append((a, b, course))
    return found


def _saving(
    one: Course,
    other: Course,
    course: Course,
    policy: Policy,
    fleet: Sequence[VehicleType],
    used: Mapping[int, int],
) -> tuple[float, int]:
    """What the join saves a year with the cheapest vehicle that is free then, and that vehicle negated (for ties)."""
    before = sum(fleet[part.kind].line_cny(part.km + part.empty_km, policy) for part in (one, other))
    freed = Counter((one.kind, other.kind))
    options = [
        (before - kind.line_cny(course.km + course.empty_km, policy), -at)
        for at, kind in enumerate(fleet)
        if kind.seats >= course.load - SLACK_MIN and (kind.count is None or used.get(at, 0) - freed[at] < kind.count)
    ]
    return max(options, default=(-np.inf, 0))


def best_join(first: Course, last: Course, roads: Roads, policy: Policy, *, wait_max_min: float) -> Course | None:
    """Return the shortest line over the stops of both that calls at ``first``'s school and ends at ``last``'s.

    Each part keeps the order of its stops; all ways of sliding the one order into the other are looked at (labels of
    minutes and kilometres, backwards from the school on the way, those dominated dropped). None where every way
    breaks a ride limit or makes the riders of the first school wait longer than ``wait_max_min`` for the bell.
    """
    best: tuple[float, float, tuple[Rider, ...], int] | None = None
    school = roads.at(f"s:{first.school_id}")
    stand = standing_min(policy, first.load)
    for later in range(len(last.riders) + 1):
        end_min, end_km = _rest(last, later, school, roads, policy)
        if stand + end_min > wait_max_min + SLACK_MIN:
            continue
        for minutes, km, order in _merged(first, last.riders[:later], stand + end_min, roads, policy):
            empty = float(roads.km[roads.at(f"s:{last.school_id}"), roads.at(f"v:{order[0].settlement_id}")])
            found = (km + end_km + empty, minutes, order, later)
            if np.isfinite(found[0]) and (best is None or found[:2] < best[:2]):
                best = found
    if best is None:
        return None
    order, later = (*best[2], *last.riders[best[3] :]), best[3]
    calls = ((first.school_id, len(first.riders) + later), (last.school_id, len(order)))
    return course_of(roads, policy, order, calls, last.kind)


def _rest(last: Course, later: int, school: int, roads: Roads, policy: Policy) -> tuple[float, float]:
    """Minutes and kilometres from the school on the way over the stops from ``later`` on to the last school."""
    minutes = km = 0.0
    here = school
    for rider in last.riders[later:]:
        there = roads.at(f"v:{rider.settlement_id}")
        minutes += float(roads.minutes[here, there]) + standing_min(policy, rider.pupils)
        km += float(roads.km[here, there])
        here = there
    end = roads.at(f"s:{last.school_id}")
    return minutes + float(roads.minutes[here, end]), km + float(roads.km[here, end])


Label = tuple[float, float, tuple[Rider, ...]]


def _merged(first: Course, others: Sequence[Rider], after_min: float, roads: Roads, policy: Policy) -> list[Label]:
    """Ways over the stops of both, orders kept, to the school on the way: (minutes, km, riders as they board).

    ``after_min`` is what the ``others`` still ride after arriving there.
    """
    start = roads.at(f"s:{first.school_id}")
    states: dict[tuple[int, int], list[Label]] = {(len(first.riders), len(others)): [(0.0, 0.0, ())]}
    for _ in range(len(first.riders) + len(others)):
        following: dict[tuple[int, int], list[Label]] = {}
        for (i, j), labels in states.items():
            steps = [(first.riders[i - 1], 0.0, (i - 1, j))] if i else []
            steps += [(others[j - 1], after_min, (i, j - 1))] if j else []
            for rider, more, state in steps:
                here = roads.at(f"v:{rider.settlement_id}")
                for minutes, km, order in labels:
                    nearer = roads.at(f"v:{order[0].settlement_id}") if order else start
                    ride = minutes + float(roads.minutes[here, nearer]) + standing_min(policy, rider.pupils)
                    if ride + more <= rider.limit_min + SLACK_MIN:
                        label = (ride, km + float(roads.km[here, nearer]), (rider, *order))
                        following.setdefault(state, []).append(label)
        states = {state: _undominated(labels) for state, labels in following.items()}
        if not states:
            return []
    return states[0, 0]


def _undominated(labels: Sequence[Label]) -> list[Label]:
    """Labels of one state: for each next stop those not beaten in both minutes and kilometres."""
    kept: list[Label] = []
    for label in sorted(labels, key=lambda one: (one[0], one[1], [rider.item for rider in one[2]])):
        if not any(old[2][0] is label[2][0] and old[1] <= label[1] for old in kept):
            kept.append(label)
    return kept
