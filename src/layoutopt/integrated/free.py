"""The compact program with free buses: what the lines cost comes from columns and prices instead."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from layoutopt.kernels.highs import Program
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model, NamedRows
from layoutopt.model.objective import buses_cny
from layoutopt.model.rules.money import budget_rows


def lines_free(model: Model, data: Data, skip: Collection[str]) -> Model:
    """Return the program with lines left out of every budget: what must hold whatever they cost."""
    model = model.without("annual_budget").without("source_budget")
    rows = () if "source_budget" in skip else budget_rows(data, buses=False)
    return replace(model, rules=(*model.rules, *(NamedRows("source_budget", own) for own in rows)))


def with_free_buses(model: Model, data: Data, *, skip: Collection[str] = ()) -> Program:
    """Return the program of the goal annual_cost in which a bus rider costs nothing, neither there nor in a budget."""
    return lines_free(model, data, skip).program(model.goals["annual_cost"] - buses_cny(data))
