"""Decides which village schools stay, become hubs, shrink to teaching points or close, and how pupils travel."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "PhaseLimits": "layoutopt.ahead.phase",
    "Plan": "layoutopt.plan.plan",
    "Policy": "layoutopt.policy",
    "Scenario": "layoutopt.ahead.scenario",
    "Study": "layoutopt.study",
    "alternatives": "layoutopt.explaining.alternatives",
    "audit": "layoutopt.plan.audit",
    "check_study": "layoutopt.plan.check",
    "compare": "layoutopt.plan.compare",
    "current_plan": "layoutopt.plan.today",
    "edit": "layoutopt.explaining.edit",
    "equity": "layoutopt.plan.equity",
    "explain": "layoutopt.explaining.why",
    "forecast": "layoutopt.ahead.forecast",
    "frontier": "layoutopt.explaining.frontier",
    "generate_county": "layoutopt.samples",
    "generate_pilot": "layoutopt.samples",
    "optimize": "layoutopt.pipeline",
    "phase": "layoutopt.ahead.phase",
    "price_of": "layoutopt.explaining.price",
    "read_results": "layoutopt.batch",
    "read_study": "layoutopt.study",
    "read_sweep": "layoutopt.batch",
    "robust": "layoutopt.ahead.robust",
    "run_batch": "layoutopt.batch",
    "sample": "layoutopt.samples",
    "to_pulp": "layoutopt.model.pulp",
    "why_infeasible": "layoutopt.explaining.infeasible",
    "words": "layoutopt.plan.words",
    "write_report": "layoutopt.report",
    "InfeasibleError": "layoutopt.errors",
    "InputError": "layoutopt.errors",
    "LayoutError": "layoutopt.errors",
    "PolicyError": "layoutopt.errors",
    "SolverError": "layoutopt.errors",
}

__all__ = ["__version__", *sorted(_HOME)]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first used, so that the import itself stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'layoutopt' has no attribute '{name}'")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
