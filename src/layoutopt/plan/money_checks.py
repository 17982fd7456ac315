"""The audit's checks of who pays: the twins of the model's rules about sources of money."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from layoutopt.plan.built import capital_built_cny
from layoutopt.plan.facts import Facts, Violation
from layoutopt.plan.money import paid_by_source
from layoutopt.policy.payers import parts_of


def source_budget(f: Facts) -> Iterator[Violation]:
    """No source of money bears more than its budget, real lines included."""
    budgets = f.policy.money.budget_by_source
    paid = paid_by_source(replace(f.plan, study=f.study, policy=f.policy)) if budgets else {}
    for source, budget in budgets.items():
        if paid[source] > budget * (1 + 1e-9):
            yield Violation(source, paid[source], budget, f"bears {paid[source]:,.0f} CNY a year, budget {budget:,.0f}")


def source_capital(f: Facts) -> Iterator[Violation]:
    """No source of money raises more capital than it has."""
    money = f.policy.money
    built_cny = capital_built_cny(f.study, f.schools) if money.capital_by_source else 0.0
    for source, most in money.capital_by_source.items():
        raised = parts_of(source, "capital", money)[0] * built_cny
        if raised > most * (1 + 1e-9):
            yield Violation(source, raised, most, f"raises {raised:,.0f} CNY of capital, limit {most:,.0f}")


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {"source_budget": source_budget, "source_capital": source_capital}
