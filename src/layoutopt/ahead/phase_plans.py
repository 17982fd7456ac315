"""A plan for every year of a phasing; those of years that are past stay as they are."""

from __future__ import annotations

from collections.abc import Mapping

from layoutopt.ahead.drawing import plan_of
from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.phase_years import of_year
from layoutopt.ahead.task import Task
from layoutopt.errors import InfeasibleError
from layoutopt.model.frame import Array
from layoutopt.plan.plan import Plan

METHOD = "phase"
YEAR_NAME = "one year of a phasing; what is proven speaks for all years together"


def plans_of(basis: Basis, task: Task, point: Array, done: Mapping[int, Plan]) -> dict[int, Plan]:
    """Return the plan of every year, those of ``done`` as they are.

    Raises
    ------
    InfeasibleError
        A year's lines need more vehicles than there are, or cost more than a budget leaves.
    """
    found: dict[int, Plan] = {}
    for one, copy in zip(basis.found, basis.horizon.copies.copies, strict=True):
        task.report(0.95, f"bus lines of {one.year}")
        try:
            found[one.year] = done.get(one.year) or plan_of(
                copy, point[copy.columns], task, effort=basis.effort, method=METHOD, bound_name=YEAR_NAME,
                skip=basis.skip,
            )  # fmt: skip
        except InfeasibleError as error:
            raise of_year(error, one.year) from None
    return found
