"""Every rule worked out again from tables, study and policy; no model, no solver, no options."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from layoutopt.plan import (
    closure_checks,
    figure_checks,
    money_checks,
    premises_checks,
    quality_checks,
    school_checks,
    staff_checks,
    support_checks,
    way_checks,
    zone_checks,
)
from layoutopt.plan.facts import Facts, Violation, facts_of
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.study import Study

COLUMNS = ["rule", "place", "found", "limit", "message"]
CHECKS = {
    **way_checks.CHECKS,
    **school_checks.CHECKS,
    **closure_checks.CHECKS,
    **quality_checks.CHECKS,
    **support_checks.CHECKS,
    **money_checks.CHECKS,
    **zone_checks.CHECKS,
    **staff_checks.CHECKS,
    **premises_checks.CHECKS,
    **figure_checks.CHECKS,
}


def audit(plan: Plan, study: Study | None = None, policy: Policy | None = None) -> pd.DataFrame:
    """Return every violation of every rule as a table; an empty table means the plan is valid.

    Columns: ``rule`` (the constraint's name), ``place`` (school, settlement or line), ``found``, ``limit``
    and ``message`` in the planner's words. Study and policy default to the plan's own.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.audit(plan, study, policy).empty  # doctest: +SKIP
    True
    """
    facts = facts_of(plan, study or plan.study, policy or plan.policy)
    found = [violation for name, check in CHECKS.items() for violation in _named(name, check(facts))]
    table = pd.DataFrame(found, columns=COLUMNS)
    return table.sort_values(["rule", "place"], kind="stable").reset_index(drop=True)


def _named(name: str, violations: Iterator[Violation]) -> Iterator[tuple[str, str, float, float, str]]:
    for violation in violations:
        yield name, violation.place, violation.found, violation.limit, violation.message


__all__ = ["CHECKS", "Facts", "audit"]
