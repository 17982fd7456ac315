"""Plans side by side: figures, schools, villages, lines and routes that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from importlib import import_module
from typing import Any

import pandas as pd

from layoutopt.errors import AskError
from layoutopt.plan.plan import OPEN_ROLES, Plan

SUFFIXES = "abcdefghijklmnopqrstuvwxyz"
SCHOOL_FACTS = ("role", "bands", "pupils_after", "classes", "posts")
WAY = ("school_id", "mode", "minutes")
LINES = ("lines", "riders", "km")
SAME = 1e-6
TOLD = {
    "schools_open": ("schools open", 0), "pupils_moved": ("pupils who change school", 0), "boarders": ("boarders", 0),
    "lines": ("bus lines", 0), "cost_cny": ("CNY a year", 0), "capital_cny": ("CNY of capital", 0),
    "journey_mean_min": ("min on average", 1), "journey_max_min": ("min at most", 0),
    "unserved": ("pupils unserved", 0),
}  # fmt: skip
"""Figures said in words: what they count, and their decimals."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between plans ``a``, ``b`` and further ones, in the order given; every table has only what differs.

    ``figures``: every headline figure, a column a plan, and of two plans ``difference``, b − a; of more ``range``,
    the largest less the smallest. ``schools``: decided differently (role, bands, pupils, classes, posts of each plan,
    the plan's letter behind the name). ``settlements``: groups that go elsewhere, otherwise or longer. ``lines``: bus
    lines, riders and kilometres of a school. ``routes``: lines that not every plan has, with the plans that have them.
    """

    figures: pd.DataFrame
    schools: pd.DataFrame
    settlements: pd.DataFrame
    lines: pd.DataFrame
    routes: pd.DataFrame = field(default_factory=pd.DataFrame)
    names: tuple[str, ...] = ("a", "b")
    plans: tuple[Plan, ...] = field(default=(), repr=False)

    def words(self) -> list[str]:
        """Return what every further plan has otherwise than the first, in sentences."""
        return [line for at in range(1, len(self.plans)) for line in _words(self, at)]

    def map(self) -> Any:
        """Return an interactive map of the differences of any two of the plans; it works without a network.

        Examples
        --------
        >>> compare(plan, other).map().save("differences.html")  # doctest: +SKIP
        """
        return import_module("layoutopt.report.compare_map").difference_map(self)

    def __repr__(self) -> str:
        head = f"<Comparison: {len(self.schools)} schools and {len(self.settlements)} village bands differ>"
        table = self._changed().to_string(float_format=lambda value: f"{value:,.2f}")
        return "\n".join([head, *self.words(), "", table])

    def _changed(self) -> pd.DataFrame:
        apart, size = self.figures.iloc[:, -1].abs(), self.figures.iloc[:, :-1].abs().max(axis=1)
        return self.figures[apart > SAME * size.clip(lower=1.0)]  # a plan's files round its minutes

    def _repr_html_(self) -> str:
        from html import escape

        lines = "".join(f"<p style='margin:.2em 0'>{escape(line)}</p>" for line in self.words())
        return lines + str(self.figures.to_html(float_format=lambda value: f"{value:,.2f}"))


def compare(a: Plan, b: Plan, *more: Plan, names: Sequence[str] | None = None) -> Comparison:
    """Return the differences between two or more plans of the same study.

    Parameters
    ----------
    names
        What the plans are called in words and on the map; letters where not given. Columns always carry letters.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.compare(plan, lo.current_plan(study, policy)).figures  # doctest: +SKIP
    """
    plans = (a, b, *more)
    if len(plans) > len(SUFFIXES):
        raise AskError(f"{len(plans)} plans are too many to stand side by side: give {len(SUFFIXES)} at most.")
    called = tuple(names) if names is not None else tuple(SUFFIXES[: len(plans)])
    if len(called) != len(plans) or len(set(called)) != len(called):
        raise AskError(f"{len(plans)} plans need as many different names, not {', '.join(called) or 'none'}.")
    context = ["settlement_id", "band", "pupils"]
    return Comparison(
        figures=_figures(plans),
        schools=_differing([plan.schools for plan in plans], ["school_id"], SCHOOL_FACTS),
        settlements=_differing([plan.assignments for plan in plans], ["item"], WAY, context=context),
        lines=_differing([_by_school(plan) for plan in plans], ["school_id"], LINES),
        routes=_routes(plans),
        names=called,
        plans=plans,
    )


def _figures(plans: Sequence[Plan]) -> pd.DataFrame:
    figures = pd.DataFrame({letter: plan.figures.to_dict() for letter, plan in zip(SUFFIXES, plans, strict=False)})
    figures = figures.astype(float)
    if len(plans) == 2:
        figures["difference"] = figures["b"] - figures["a"]
    else:
        figures["range"] = figures.max(axis=1) - figures.min(axis=1)
    return figures.rename_axis("figure")


def _by_school(plan: Plan) -> pd.DataFrame:
    grouped = plan.bus_lines.groupby("school_id")
    table = grouped.agg(lines=("line_id", "size"), riders=("riders", "sum"), km=("km", "sum"))
    return table.astype(float).reset_index()


def routes_of(plan: Plan) -> pd.Series:
    """Return the stops of every line in their order and the school it ends at, ``V1 > V2 > S1``, by line_id."""
    ordered = plan.bus_stops.sort_values(["line_id", "order"], kind="stable")
    stops = ordered.groupby("line_id")["settlement_id"].agg(lambda codes: list(dict.fromkeys(codes)))
    ends = plan.bus_lines.set_index("line_id")["school_id"]
    return pd.Series({line: " > ".join([*stops.get(line, []), school]) for line, school in ends.items()}, dtype=object)


def _routes(plans: Sequence[Plan]) -> pd.DataFrame:
    """The lines that not every plan has: ``route, school_id, plans`` (their letters), and riders by plan."""
    columns = ["riders", "minutes", "km"]
    tables = []
    for letter, plan in zip(SUFFIXES, plans, strict=False):
        named = plan.bus_lines.assign(route=plan.bus_lines["line_id"].map(routes_of(plan)))
        sums = named.groupby("route").agg(
            school_id=("school_id", "first"), riders=("riders", "sum"), minutes=("minutes", "max"), km=("km", "max")
        )
        tables.append(sums[["school_id"]].join(sums[columns].astype(float).add_suffix(f"_{letter}")).assign(own=letter))
    every = pd.concat(tables) if tables else pd.DataFrame()
    letters = every.groupby(level=0)["own"].agg("".join)
    figures = every.drop(columns=["own", "school_id"]).groupby(level=0).first()
    table = pd.DataFrame({"school_id": every.groupby(level=0)["school_id"].first(), "plans": letters}).join(figures)
    table = table[table["plans"] != SUFFIXES[: len(plans)]].rename_axis("route").reset_index()
    return table.sort_values(["school_id", "route"], kind="stable").reset_index(drop=True)


def _differing(
    tables: Sequence[pd.DataFrame], key: list[str], columns: Sequence[str], context: list[str] | None = None
) -> pd.DataFrame:
    """The rows in which not all tables agree, every column once a plan."""
    indexed = [table.set_index(key) for table in tables]
    parts = [table[list(columns)].add_suffix(f"_{letter}") for letter, table in zip(SUFFIXES, indexed, strict=False)]
    both = reduce(lambda left, right: left.join(right, how="outer"), parts)
    changed = pd.Series(False, index=both.index)
    for name in columns:
        own = [both[f"{name}_{letter}"] for letter, _ in zip(SUFFIXES, parts, strict=False)]
        for other in own[1:]:
            changed |= _unlike(own[0], other)
    table = both[changed]
    if context:
        known = reduce(lambda left, right: left.combine_first(right), [table[context] for table in indexed])
        table = known.reindex(table.index).join(table)[[*context, *both.columns]]
    return table.reset_index()


def _unlike(one: pd.Series, other: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
        return (one.fillna(0) - other.fillna(0)).abs() > SAME
    return one.fillna("").astype(str) != other.fillna("").astype(str)


def _words(found: Comparison, at: int) -> Iterator[str]:
    """What plan ``at`` has otherwise than the first."""
    first, letter = found.plans[0], SUFFIXES[at]
    one, other = (found.figures[column] for column in ("a", letter))
    said = [
        f"{other[name] - one[name]:+,.{digits}f} {what}"
        for name, (what, digits) in TOLD.items()
        if abs(round(other[name] - one[name], digits)) > 0
    ]
    yield f"{found.names[at]} against {found.names[0]}: {', '.join(said) if said else 'the same figures'}."
    was, now = (_open(plan) for plan in (first, found.plans[at]))
    for word, codes in (("opens", now - was), ("closes", was - now)):
        if codes:
            yield f"{found.names[at]} {word} what {found.names[0]} does not: {', '.join(sorted(codes))}."
    rows = found.settlements
    if len(rows):
        elsewhere = rows[_unlike(rows["school_id_a"], rows[f"school_id_{letter}"])]
        if len(elsewhere):
            places = elsewhere["settlement_id"].nunique()
            yield f"{elsewhere['pupils'].sum():,.0f} pupils of {places} villages go to another school."


def _open(plan: Plan) -> set[str]:
    return set(plan.schools.loc[plan.schools["role"].isin(OPEN_ROLES), "school_id"])
