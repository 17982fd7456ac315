"""The audit's check of closed premises: one use a closed school at most, where it fits and far enough from the next."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from layoutopt.plan.facts import TOLERANCE, Facts, Violation
from layoutopt.plan.premises_figures import building_area_m2, nearest_km, use_facts

RELATIVE = 1e-6


def premises(f: Facts) -> Iterator[Violation]:
    """A closed school has one new use at most, fit for it and far enough from the next such place.

    A plan without the table, such as today's or one drawn by hand, reuses nothing and is not held against it.
    """
    rows = f.plan.premises
    yield from _sites(f, rows)
    used = rows[(rows["use"] != "") & rows["school_id"].isin(f.schools.index)]
    for use in sorted(set(used["use"]) - set(f.policy.premises.uses)):
        codes = used.loc[used["use"] == use, "school_id"]
        yield Violation(str(codes.iloc[0]), 0, 1, f"'{use}' is no use the policy offers")
    used = used[used["use"].isin(f.policy.premises.uses)].drop_duplicates("school_id")
    yield from _uses(f, used)
    for row in rows[(rows["use"] == "") & rows["school_id"].isin(f.schools.index)].to_dict("records"):
        yield from _compared(row, {**_area(f, row["school_id"]), "value_cny": 0.0, "capital_cny": 0.0})


def _sites(f: Facts, rows: pd.DataFrame) -> Iterator[Violation]:
    for code in rows.loc[rows["school_id"].duplicated(), "school_id"].unique():
        yield Violation(str(code), 2, 1, "its premises have more than one use")
    for code in rows["school_id"].unique():
        role = f.schools.loc[code, "role"] if code in f.schools.index else "no school of the study"
        if role != "closed":
            yield Violation(str(code), 1, 0, f"its premises are given a use, but it is {role}")


def _uses(f: Facts, used: pd.DataFrame) -> Iterator[Violation]:
    if used.empty:
        return
    facts = use_facts(f.study, f.policy, list(used["school_id"])).set_index(["school_id", "use"])
    for row in used.to_dict("records"):
        code, use = str(row["school_id"]), str(row["use"])
        fact = facts.loc[(code, use)]
        if fact["why_not"] != "":
            yield Violation(code, 0, 1, f"cannot become {use}: {fact['why_not']}")
        others = used.loc[(used["use"] == use) & (used["school_id"] != code), "school_id"]
        next_km, spacing = nearest_km(f.study, use, code, list(others)), f.policy.premises.use_spacing_km.get(use, 0.0)
        if next_km < spacing - TOLERANCE and fact["why_not"] == "":
            yield Violation(code, next_km, spacing, f"{use} is {next_km:.1f} km from the next, limit {spacing:g} km")
        names = ("area_m2", "demand", "value_cny", "capital_cny")
        stated = {name: float(fact[name]) for name in names}
        yield from _compared(row, {**stated, "next_km": next_km if np.isfinite(next_km) else np.nan})


def _area(f: Facts, code: str) -> dict[str, float]:
    return {"area_m2": float(building_area_m2(f.study)[code])}


def _compared(row: dict[str, object], expected: dict[str, float]) -> Iterator[Violation]:
    for name, real in expected.items():
        told = float(row[name])  # type: ignore[arg-type]
        near = abs(told - real) <= max(RELATIVE * abs(real), 10 * RELATIVE)
        if not (near or (np.isnan(told) and np.isnan(real))):
            yield Violation(str(row["school_id"]), told, real, f"{name} says {told:,.6g}, it is {real:,.6g}")


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {"premises": premises}
