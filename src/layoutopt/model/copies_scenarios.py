"""The rules between scenarios: one layout for all of them, and a limit on what the worst may cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np

from layoutopt.model.copies import Copies
from layoutopt.model.frame import NamedRows, Rows
from layoutopt.model.objective import annual_cost
from layoutopt.model.solve import LAYOUT_BLOCKS

ONE_LAYOUT, WORST_COST = "one_layout", "worst_cost"
SCENARIO_RULES = {
    ONE_LAYOUT: "Schools, bands and expansions are the same in every scenario",
    WORST_COST: "No scenario costs more than the limit",
}


def scenario_rows(copies: Copies, *, worst_cny: float | None, skip: Collection[str] = ()) -> list[NamedRows]:
    """Return the rows between scenarios; ``skip`` names rules to leave out."""
    found = []
    if ONE_LAYOUT not in skip:
        found += [NamedRows(ONE_LAYOUT, rows) for rows in _one_layout(copies) if len(rows.labels)]
    if worst_cny is not None and WORST_COST not in skip:
        found += [NamedRows(WORST_COST, annual_cost(data) <= worst_cny) for data in copies.wide]
    return found


def _one_layout(copies: Copies) -> Iterator[Rows]:
    """A row a column of the layout and scenario; what is no choice in one scenario is none in any."""
    first, *others = copies.wide
    for data in others:
        for block in LAYOUT_BLOCKS:
            here, there = data.frame.each(block), first.frame.each(block)
            yield here.equals(there.on(here.labels))
            yield there.only(~np.asarray(there.labels.isin(here.labels), dtype=bool)) <= 0.0
