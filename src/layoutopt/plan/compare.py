"""Two plans side by side: figures, schools, villages and lines that differ."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from layoutopt.plan.plan import Plan


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between two plans ``a`` and ``b``; ``figures`` has every headline figure and b − a."""

    figures: pd.DataFrame
    schools: pd.DataFrame
    settlements: pd.DataFrame
    lines: pd.DataFrame

    def __repr__(self) -> str:
        changed = self.figures[self.figures["difference"] != 0]
        head = f"<Comparison: {len(self.schools)} schools and {len(self.settlements)} village bands differ>"
        return "\n".join([head, changed.to_string(float_format=lambda value: f"{value:,.2f}")])

    def _repr_html_(self) -> str:
        return str(self.figures.to_html(float_format=lambda value: f"{value:,.2f}"))


def compare(a: Plan, b: Plan) -> Comparison:
    """Return the differences between two plans of the same study.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.compare(plan, lo.current_plan(study, policy)).figures  # doctest: +SKIP
    """
    figures = pd.DataFrame({"a": a.figures.to_dict(), "b": b.figures.to_dict()}).astype(float)
    figures["difference"] = figures["b"] - figures["a"]
    schools = _differing(a.schools, b.schools, ["school_id"], ["role", "bands", "pupils_after", "classes", "posts"])
    way = ["school_id", "mode", "minutes"]
    villages = _differing(a.assignments, b.assignments, ["item"], way, context=["settlement_id", "band", "pupils"])
    lines = _differing(_routes(a), _routes(b), ["school_id"], ["lines", "riders", "km"])
    return Comparison(figures.rename_axis("figure"), schools, villages, lines)


def _routes(plan: Plan) -> pd.DataFrame:
    grouped = plan.bus_lines.groupby("school_id")
    table = grouped.agg(lines=("line_id", "size"), riders=("riders", "sum"), km=("km", "sum"))
    return table.astype(float).reset_index()


def _differing(
    a: pd.DataFrame, b: pd.DataFrame, key: list[str], columns: list[str], context: list[str] | None = None
) -> pd.DataFrame:
    left, right = a.set_index(key), b.set_index(key)
    both = left[columns].add_suffix("_a").join(right[columns].add_suffix("_b"), how="outer")
    changed = pd.Series(False, index=both.index)
    for name in columns:
        one, other = both[f"{name}_a"], both[f"{name}_b"]
        if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
            changed |= (one.fillna(0) - other.fillna(0)).abs() > 1e-6
        else:
            changed |= one.fillna("").astype(str) != other.fillna("").astype(str)
    table = both[changed]
    if context:
        table = left[context].combine_first(right[context]).reindex(table.index).join(table)
    return table.reset_index()
