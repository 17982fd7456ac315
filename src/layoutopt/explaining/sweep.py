"""A price at every value of a range: each solve begins at the plan beside it, and neighbours share what they prove."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from layoutopt.errors import AskError, SolverError
from layoutopt.explaining.asked import UNITS, amount_of, is_number, value_now
from layoutopt.explaining.change import Change, change_of
from layoutopt.explaining.curve import PriceCurve
from layoutopt.explaining.price import Price
from layoutopt.explaining.pricing import informed, priced
from layoutopt.explaining.proven import bounded, cheaper, only_tightens
from layoutopt.plan.plan import Plan
from layoutopt.policy.keys import note_of
from layoutopt.policy.policy import groups_of_keys

log = logging.getLogger(__name__)


def ranged(plan: Plan, asked: Mapping[str, Any]) -> str | None:
    """Return the name of the one thing asked that is given as a range, None where every value is single.

    Raises
    ------
    AskError
        More than one range, or an empty one.
    """
    found = []
    for name, value in asked.items():
        if name in ("keep", "close", "move") or isinstance(value_now(plan, name), (tuple, list)):
            continue
        inner = next(iter(value.values())) if name in ("places", "beds") and len(value) == 1 else value
        if isinstance(inner, (list, tuple, range, np.ndarray)):
            found.append(name)
            if not len(inner):
                raise AskError(f"{name}: the range is empty. Name at least one value.")
    if len(found) > 1:
        raise AskError(f"{' and '.join(found)} are ranges. Give one of them, and single values for the others.")
    return found[0] if found else None


def price_curve(
    plan: Plan, name: str, asked: Mapping[str, Any], *, effort: str | None = None, time_limit_s: float = 120.0
) -> PriceCurve:
    """Return the curve over the range ``asked[name]``; everything else asked is the same at every value.

    From the plan's own value outwards each solve begins at the plan found beside it. What one point proves then holds
    for its neighbours where it can: a bound for a looser value is one for a tighter, and a plan for a tighter value
    is one for a looser, if it passes the audit there.
    """
    of = asked[name]
    values, now = _values(next(iter(of.values())) if isinstance(of, Mapping) else of), _now(plan, name)
    questions = [{**asked, name: dict.fromkeys(of, v) if isinstance(of, Mapping) else v} for v in values]
    changes = [_change(plan, name, question) for question in questions]
    found: dict[int, Price] = {}
    own = plan
    for side in _sides(values, now):
        start = own
        for at in side:
            found[at] = _point(plan, changes[at], questions[at], start, effort, time_limit_s)
            own, start = informed(own, found[at].after), found[at].after or start
    prices = _shared(name, values, [found[at] for at in range(len(values))], changes)
    label = f"{name} at {', '.join(of)}" if isinstance(of, Mapping) else name
    return PriceCurve(label, _unit(name), tuple(values), tuple(prices), now)


def _change(plan: Plan, name: str, question: dict[str, Any]) -> Change:
    """The change of one value; none more and none fewer is no change."""
    value = next(iter(question[name].values())) if isinstance(question[name], Mapping) else question[name]
    if name in UNITS and value == 0:
        question = {key: given for key, given in question.items() if key != name}
    return change_of(plan, **question) if question else Change("as planned", plan.study, plan.policy)


def _point(
    plan: Plan, change: Change, asked: Mapping[str, Any], start: Plan, effort: str | None, time_limit_s: float
) -> Price:
    """One price of the curve; a solve that the limits stopped before any plan is a gap in it, not its end."""
    try:
        return priced(plan, change, asked=asked, start=start, effort=effort, time_limit_s=time_limit_s)
    except SolverError as error:
        log.warning("%s: %s", change.words, error)
        amount, unit = amount_of(plan, asked)
        return Price(change.words, plan, None, str(error), amount, unit, change.tightens, error)


def _shared(name: str, values: Sequence[Any], prices: list[Price], changes: Sequence[Change]) -> list[Price]:
    """The prices after each point has taken from its neighbours what holds for it too, upwards and then downwards."""
    order = [(at, at + 1) for at in range(len(values) - 1)]
    tight = {
        pair: _tighter(name, changes[pair[0]], values[pair[0]], values[pair[1]])
        for pair in (*order, *((b, a) for a, b in order))
    }
    for here, there in (*order, *((b, a) for a, b in order[::-1])):  # what ``here`` found is offered to ``there``
        giving, taking = prices[here].after, prices[there].after
        if giving is None:
            continue
        if tight[there, here]:
            taking = cheaper(taking, giving, changes[there])
        elif tight[here, there] and taking is not None:
            taking = bounded(taking, giving)
        if taking is not prices[there].after:
            prices[there] = replace(prices[there], after=taking, reason="")
    return prices


def _tighter(name: str, loose: Change, value: Any, other: Any) -> bool:
    """Whether every plan for ``other`` is one for ``value``, the value of the question ``loose``.

    Seats and beds are facts of the study: a plan's tables name them, so that it is not one for another number.
    """
    if name == "buses":
        return bool(other < value)
    if name == "schools_open":
        return value == 0 or (value * other > 0 and abs(other) > abs(value))
    return name not in UNITS and only_tightens(loose.policy, {name: other})


def _values(given: Any) -> list[Any]:
    """The values once each, numbers in rising order."""
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    values = list(dict.fromkeys(values))
    return sorted(values) if all(is_number(value) for value in values) else values


def _sides(values: Sequence[Any], now: float | None) -> Iterator[list[int]]:
    """Positions from the plan's own value outwards: upwards, then downwards; all in order where it has none."""
    if now is None or not all(is_number(value) for value in values):
        yield list(range(len(values)))
        return
    yield [at for at, value in enumerate(values) if value >= now]
    yield [at for at, value in enumerate(values) if value < now][::-1]


def _now(plan: Plan, name: str) -> float | None:
    value = 0.0 if name in UNITS else value_now(plan, name)
    return float(value) if is_number(value) else None


def _unit(name: str) -> str:
    return f"{UNITS[name]}s more" if name in UNITS else note_of(groups_of_keys()[name], name).unit
