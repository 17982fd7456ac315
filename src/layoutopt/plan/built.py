"""What a plan builds: the expansions of its schools, and what they add up to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from layoutopt.plan.tables import expansion_rows, levels_of
from layoutopt.schema import STAGES
from layoutopt.study import Study


def built_of(study: Study, code: object, row: Any) -> Iterator[dict[str, float]]:
    """Yield the figures of every expansion that a school's row of the plan names, stage by stage."""
    for stage in STAGES:
        yield from expansion_rows(study, str(code), stage, levels_of(row[f"level_{stage}"]))


def built_total(study: Study, code: object, row: Any, figure: str) -> float:
    """Return what a school's expansions add of one figure: ``capital_cny, beds, canteen_seats``…"""
    return float(sum(built[figure] for built in built_of(study, code, row)))


def capital_built_cny(study: Study, schools: pd.DataFrame) -> float:
    """Return the capital that the expansions of all schools take; ``schools`` is indexed by school."""
    return sum((built_total(study, code, row, "capital_cny") for code, row in schools.iterrows()), 0.0)
