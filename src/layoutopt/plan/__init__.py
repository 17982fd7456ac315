"""The answer: tables, figures, audit, comparison and files. None of it needs a solver or the options."""

from layoutopt.plan.plan import Plan

__all__ = ["Plan"]
