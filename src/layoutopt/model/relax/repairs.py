"""Single changes that alone make a plan possible, each tried by solving."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.errors import Relaxation, Repair
from layoutopt.kernels import highs
from layoutopt.model.relax.prices import PRICES, WAYS
from layoutopt.model.relax.smallest import Easing, cleaned
from layoutopt.model.relax.soften import Softened, unit_of
from layoutopt.model.relax.words import relaxations_of

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
SOLVES = 32
EACH = highs.Budget(gap=1e-4, time_limit_s=20, steps=40)
SAFETY_S = 60.0
PER_KIND = 3
"""Repairs of one kind that are looked for, for example schools whose places could grow."""
TOO_DEAR = 20.0
"""Longer ways at this many times the price of the smallest easing are nothing a planner would weigh."""
LIKELY = ("ways", "places", "protected", "merge_share", "hub_only", "beds")
"""Kinds that are tried first, after those that give way in the smallest easing."""
WIDE = ("ways", "hub_only", "walkable", "board_nearest", "board_grade", "town_border", "move_once", "min_pupils",
        "point_size", "school_size", "one_school", "contiguous", "quality")  # fmt: skip
"""Kinds that one policy key decides for the whole county: changing it is one change, wherever it then gives."""


@dataclass
class Purse:
    """How many solves are left, and until when."""

    solves: int = SOLVES
    until: float = field(default_factory=lambda: time.monotonic() + SAFETY_S)

    def spend(self) -> bool:
        """Return whether one more solve may be made, and count it."""
        self.solves -= 1
        return self.solves >= 0 and time.monotonic() < self.until


def repairs_of(easing: Easing, *, most: int = 6, purse: Purse | None = None) -> list[Repair]:
    """Return the cheapest single changes found that alone suffice, at most ``most``."""
    soft, purse = easing.soft, purse or Purse()
    units = unit_of(soft.gives)
    used = list(dict.fromkeys(unit_of(easing.given).get_level_values("what")))
    present = set(units.get_level_values("what"))
    rest = [kind for kind in dict.fromkeys((*LIKELY, *PRICES)) if kind not in used and kind in present]
    own = sorted(present - {"ways", *PRICES, *used})
    found: list[tuple[float, Repair]] = []
    for kind in [*used, *rest, *own]:
        found += _of_kind(soft, kind, units, purse)
    found.sort(key=lambda pair: pair[0])
    return [repair for price, repair in found if _worth(repair, price / easing.price)][:most]


def _worth(repair: Repair, times: float) -> bool:
    """Not ways without measure, and nobody of grades 1-3 boards: State Council office 2018 no. 27."""
    ways = all(one.rule in WAYS for one in repair.relaxations)
    young = any(one.rule == "board_grade" and one.place.endswith(" lower") for one in repair.relaxations)
    return not young and (times <= TOO_DEAR or not ways)


def _of_kind(soft: Softened, kind: str, units: pd.MultiIndex, purse: Purse) -> Iterator[tuple[float, Repair]]:
    """Repairs of one kind: place by place while there are such, else the kind as a whole where one key decides it."""
    what, where = units.get_level_values("what"), units.get_level_values("where")
    may = np.asarray(what == kind)
    for tried in range(PER_KIND):
        values = _solved(soft, may, purse)
        if values is None:
            return
        places = _places(soft, values)
        if len(places) > 1:
            single = _single(soft, may, where, purse)
            if single is None:
                if tried == 0 and kind in WIDE:
                    yield _repair(soft, kind, values)
                return
            values, places = single, _places(soft, single)
        if not places:
            return
        yield _repair(soft, kind, values)
        may = may & ~np.asarray(where.isin(places))


def _places(soft: Softened, values: Array) -> list[str]:
    given = soft.given(values)
    return list(dict.fromkeys(unit_of(given).get_level_values("where")))


def _solved(soft: Softened, may: Flags, purse: Purse) -> Array | None:
    """The cheapest point in which only these things give; None where there is none, or none was found in time."""
    if not may.any() or not purse.spend():
        return None
    program = replace(soft.only(may), cost=soft.cost())
    solved = highs.solve(program, budget=EACH)
    return None if solved.values is None else cleaned(program, solved.values)


def _single(soft: Softened, may: Flags, where: pd.Index, purse: Purse) -> Array | None:
    """The cheapest point in which one place alone gives: a yes/no a place, at most one of them taken."""
    gives = soft.gives[may].assign(at=pd.factorize(where[may], sort=False)[0])
    count, width = int(gives["at"].max()) + 1, len(soft.program.cost)
    if count == 1 or not purse.spend():
        return None
    base = soft.only(may)
    links = gives.drop_duplicates("column")
    most = np.where(links["row"] >= 0, 1.0, np.minimum(_most(soft), base.upper[links["column"].to_numpy(int)]))
    rows = np.arange(len(links))
    left = sp.csr_matrix((np.ones(len(links)), (rows, links["column"])), shape=(len(links), width))
    right = sp.csr_matrix((-most, (rows, links["at"])), shape=(len(links), count))
    one = sp.hstack([sp.csr_matrix((1, width)), sp.csr_matrix(np.ones((1, count)))])
    old = sp.hstack([base.rows, sp.csr_matrix((base.rows.shape[0], count))])
    program = highs.Program(
        cost=np.concatenate([soft.cost(), np.zeros(count)]),
        lower=np.concatenate([base.lower, np.zeros(count)]),
        upper=np.concatenate([base.upper, np.ones(count)]),
        integer=np.concatenate([base.integer, np.ones(count, dtype=bool)]),
        rows=sp.vstack([old, sp.hstack([left, right]), one], format="csr"),
        row_lower=np.concatenate([base.row_lower, np.full(len(links) + 1, -np.inf)]),
        row_upper=np.concatenate([base.row_upper, np.zeros(len(links)), [1.0]]),
    )
    solved = highs.solve(program, budget=EACH)
    return None if solved.values is None else cleaned(program, solved.values)[:width]


def _most(soft: Softened) -> float:
    """No school can be short of more than all pupils, juniors counted by their share at the most twice."""
    return 2.0 * float(soft.data.options.items["pupils"].sum())


def _repair(soft: Softened, kind: str, values: Array) -> tuple[float, Repair]:
    relaxations = relaxations_of(soft, soft.given(values))
    return float(soft.cost() @ values), Repair(repair_words(kind, relaxations), tuple(relaxations))


CHANGES = {
    "places": "{amount:+.0f} places at {place}{change}",
    "beds": "{amount:+.0f} beds at {place}{change}",
    "meals": "{amount:+.0f} canteen seats at {place}{change}",
    "capital_budget": "{amount:+,.0f} CNY of capital_budget_cny",
    "annual_budget": "{amount:+,.0f} CNY a year of annual_budget_cny",
    "source_budget": "{amount:+,.0f} CNY a year of budget_by_source.{place}",
    "source_capital": "{amount:+,.0f} CNY of capital_by_source.{place}",
    "merge_share": "{amount:.0f} closures fewer than merge_share asks for",
    "hub_only": "{place} as a hub",
}


def repair_words(kind: str, relaxations: Sequence[Relaxation]) -> str:
    """Return one change in words: "+12 places at S004", "48 instead of 40 minutes for V031"."""
    first = relaxations[0]
    places = list(dict.fromkeys(one.place for one in relaxations))
    if kind == "ways":
        return _ways_words(relaxations)
    if kind in CHANGES and len(places) == 1:
        change = "" if first.limit_now is None else f" ({first.limit_needed:,.0f} instead of {first.limit_now:,.0f})"
        return CHANGES[kind].format(amount=first.amount, place=first.place, change=change)
    if kind == "protected" and len(places) == 1:
        return f"{first.place} stays after all" if "closes" in first.words else f"{first.place} need not stay whole"
    if kind not in PRICES:
        return f"your rule '{kind}' eased by {sum(one.amount for one in relaxations):g}"
    if kind == "min_pupils":
        least = min(one.limit_needed for one in relaxations if one.limit_needed is not None)
        return f"min_pupils of {least:.0f} instead of {first.limit_now:.0f}"
    if len(relaxations) == 1:
        return first.words
    return f"{kind} eased for {', '.join(places[:5])}" + (f" and {len(places) - 5} more" if len(places) > 5 else "")


def _ways_words(relaxations: Sequence[Relaxation]) -> str:
    parts: dict[str, list[Relaxation]] = {}
    for one in relaxations:
        parts.setdefault(one.unit, []).append(one)
    said = []
    for unit, own in parts.items():
        worst = max(own, key=lambda one: one.limit_needed or 0.0)
        number = f"{worst.limit_needed:.0f}" if unit == "min" else f"{worst.limit_needed:.1f}"
        limits = " or ".join(f"{now:g}" for now in dict.fromkeys(one.limit_now for one in own) if now is not None)
        said.append(f"{number} instead of {limits} {'minutes' if unit == 'min' else unit}")
    homes = list(dict.fromkeys(one.place.split(" ")[0] for one in relaxations))
    more = f" and {len(homes) - 5} more" if len(homes) > 5 else ""
    keys = list(dict.fromkeys(one.words.rpartition("(")[2].rstrip(")") for one in relaxations if one.rule in WAYS))
    return f"{' and '.join(said)} for {', '.join(homes[:5])}{more} ({', '.join(keys)})"
