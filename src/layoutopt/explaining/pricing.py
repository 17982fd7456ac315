"""One price worked out: the question solved again, with what the plan asked about proves for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from layoutopt.errors import InfeasibleError
from layoutopt.explaining.asked import amount_of, value_now
from layoutopt.explaining.change import Change, solve_changed
from layoutopt.explaining.fewer import with_fewer_vehicles
from layoutopt.explaining.impossible import in_short
from layoutopt.explaining.price import Price
from layoutopt.explaining.proven import bounded, cheaper, only_tightens, takes_away
from layoutopt.explaining.returning import WHOLE, empty_now, or_left_empty, with_pupils_back
from layoutopt.model.line_tables import FleetShort
from layoutopt.plan.plan import Plan


def priced(
    plan: Plan,
    change: Change,
    *,
    asked: Mapping[str, Any] | None = None,
    start: Plan | None = None,
    stays: Mapping[str, str] | None = None,
    effort: str | None = None,
    time_limit_s: float = 120.0,
) -> Price:
    """Return the price of a change already stated, ``asked`` in the words of :func:`price_of`, begun at ``start``.

    ``stays`` has the role of each school that the change wants open; read from its policy where not given.
    """
    amount, unit = amount_of(plan, asked or {})
    if change.study is plan.study and change.policy == plan.policy and not change.extra_rules:
        return Price(change.words, plan, plan, "", amount, unit, change.tightens)
    olds = {name: value_now(plan, name) for name in asked or {}}
    tightens = takes_away(plan, change) or only_tightens(plan.policy, asked or {})

    kept = set(change.policy.closure.must_keep) - set(plan.policy.closure.must_keep)
    roles = dict.fromkeys(sorted(kept), WHOLE) if stays is None else stays
    again = empty_now(plan, roles)

    def solve(asked: Change) -> Plan:
        begin, free = start or plan, replace(asked, tightens=False)
        if not again:
            return solve_changed(begin, free, effort=effort, time_limit_s=time_limit_s)
        wish = begin
        for school in again:
            wish = with_pupils_back(wish, asked, [school], roles[school])
        found = solve_changed(wish, free, effort=effort, time_limit_s=time_limit_s)
        return or_left_empty(found, begin, free, time_limit_s=time_limit_s)

    try:
        try:
            after = solve(change)
        except FleetShort as short:
            after = with_fewer_vehicles(plan, change, short, solve, tightens=tightens)
    except InfeasibleError as error:
        reason = in_short(error, own_rules=[getattr(rule, "__name__", "") for rule in change.extra_rules])
        return Price(change.words, plan, None, reason, amount, unit, tightens, error)
    if tightens:
        after = bounded(after, plan)
    elif only_tightens(change.policy, olds):
        after = cheaper(after, plan, change) or after
    return Price(change.words, plan, after, "", amount, unit, tightens)


def informed(start: Plan, after: Plan | None) -> Plan:
    """Return ``start`` with what the solve of ``after`` learnt about lines, where nothing is known of its own."""
    if start.basis is not None or after is None or after.basis is None:
        return start
    return start.replace(basis=after.basis)
