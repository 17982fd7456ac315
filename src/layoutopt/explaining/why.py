"""Why a school closes or stays, where a village's pupils go, whom a line carries: words first, table second."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pandas as pd

from layoutopt.errors import AskError, nearest
from layoutopt.explaining.binding import binding_rules, program_of
from layoutopt.explaining.otherwise import (
    Otherwise,
    line_otherwise,
    options_table,
    school_otherwise,
    settlement_otherwise,
)
from layoutopt.explaining.standing import group_sentences, only_way, ways_table
from layoutopt.options import build_options
from layoutopt.plan.plan import OPEN_ROLES, Plan

SHOWN_RULES = 6


@dataclass(frozen=True, eq=False)
class Explanation:
    """Sentences and the tables they rest on.

    ``options`` has a row as planned and one for each other decision, cheapest first, each solved again: its price
    between ``least_cny`` and ``most_cny``, minutes of all (``mean_min``, ``worst_min``) and of the pupils of this place
    (``own_mean_min``) more than as planned, and how far its plan may be from the best (``gap``). ``binding`` has the
    rules with no room left here, ``table`` the groups or stops concerned, ``otherwise`` the options with their plans.
    """

    place: str
    sentences: tuple[str, ...]
    table: pd.DataFrame
    options: pd.DataFrame = field(default_factory=pd.DataFrame)
    binding: pd.DataFrame = field(default_factory=pd.DataFrame)
    otherwise: tuple[Otherwise, ...] = ()

    def __str__(self) -> str:
        tables = [
            table.to_string(index=False, float_format=lambda value: f"{value:,.2f}", na_rep="-")
            for table in self._tables()
        ]
        return "\n\n".join(["\n".join(self.sentences), *tables])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<p>{escape(sentence)}</p>" for sentence in self.sentences)
        tables = [
            table.to_html(index=False, float_format=lambda value: f"{value:,.2f}", na_rep="-", border=0)
            for table in self._tables()
        ]
        return words + "".join(tables)

    def to_dict(self) -> dict[str, Any]:
        """Return sentences and tables as plain values, as JSON knows them; what is not known is None."""
        tables = {name: getattr(self, name) for name in ("options", "binding", "table")}
        return {"place": self.place, "sentences": list(self.sentences)} | {
            name: json.loads(table.to_json(orient="records")) for name, table in tables.items()
        }

    def _tables(self) -> list[pd.DataFrame]:
        return [table for table in (self.options, self.binding, self.table) if not table.empty]


def explain(plan: Plan, place: str, *, effort: str | None = None, time_limit_s: float = 120.0) -> Explanation:
    """Return why the plan does what it does at a school, a settlement or a bus line, and what otherwise would cost.

    The plan is solved again, from itself as start, with its decision for this place forbidden: a school in its other
    roles, a settlement without the ways it takes, a line without its riders. Prices are exact within the gaps stated.

    Parameters
    ----------
    place
        A school_id, settlement_id or line_id of the plan.
    effort
        How hard to look; ``quick`` where not given, as the search begins at the plan.
    time_limit_s
        Safety stop of each solve.

    Raises
    ------
    AskError
        The plan has no such place; the nearest name is told.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.explain(plan, "S017")  # doctest: +SKIP
    """
    limits = {"effort": effort, "time_limit_s": time_limit_s}
    if place in plan.study.schools.index:
        return _school(plan, place, school_otherwise(plan, place, **limits))  # type: ignore[arg-type]
    if place in plan.study.settlements.index:
        return _settlement(plan, place, effort, time_limit_s)
    if place in set(plan.bus_lines["line_id"]):
        return _line(plan, place, line_otherwise(plan, place, **limits))  # type: ignore[arg-type]
    known = [*plan.study.schools.index, *plan.study.settlements.index, *plan.bus_lines["line_id"]]
    raise AskError(f"'{place}' is no school, settlement or line of this plan.{nearest(place, known)}")


def _school(plan: Plan, school: str, found: list[Otherwise]) -> Explanation:
    row = plan.schools.set_index("school_id").loc[school]
    rows = plan.assignments
    was, now = rows[rows["today_school"] == school], rows[rows["school_id"] == school]
    is_open = row["role"] in OPEN_ROLES
    role = str(row["role"]).replace("_", " ")
    before = 0.0 if pd.isna(row["pupils_before"]) else float(row["pupils_before"])
    sentences = [f"{row['name']} ({school}): {role}. {_capital(row['reason'])}."]
    if is_open:
        sentences.append(
            f"{row['pupils_after']:g} pupils ({before:g} today) in {row['classes']:g} classes, {row['posts']:g} posts."
        )
    elif len(was):
        moved = was[was["school_id"] != ""]
        mean_now = (moved["minutes"] * moved["pupils"]).sum() / moved["pupils"].sum()
        mean_was = (moved["today_min"] * moved["pupils"]).sum() / moved["pupils"].sum()
        sentences.append(
            f"Its {moved['pupils'].sum():g} pupils go elsewhere: {mean_was:.0f} minutes today, {mean_now:.0f} then, "
            f"{moved['minutes'].max():.0f} at most."
        )
    concerned = (now if is_open else was)["item"]
    binding = binding_rules(plan, program_of(plan), schools=[school], items=list(concerned))
    columns = ["item", "pupils", "today_school", "school_id", "mode", "today_min", "minutes"]
    table = (now if is_open else was)[columns].round(1).reset_index(drop=True)
    return _explained(plan, school, sentences, binding, found, table)


def _settlement(plan: Plan, settlement: str, effort: str | None, time_limit_s: float) -> Explanation:
    options = build_options(plan.study, plan.policy)
    mine = plan.assignments[plan.assignments["settlement_id"] == settlement]
    sentences = list(group_sentences(plan, options, settlement)) or ["No pupils live here."]
    barred = list(only_way(plan, options, settlement))
    found = settlement_otherwise(plan, settlement, options, effort=effort, time_limit_s=time_limit_s)
    schools = [code for code in mine["school_id"].unique() if code]
    binding = binding_rules(plan, program_of(plan, options), schools=schools, items=list(mine["item"]))
    return _explained(plan, settlement, [*sentences, *barred], binding, found, ways_table(plan, options, settlement))


def _line(plan: Plan, line_id: str, found: list[Otherwise]) -> Explanation:
    row = plan.bus_lines.set_index("line_id").loc[line_id]
    stops = plan.bus_stops[plan.bus_stops["line_id"] == line_id]
    arrival = (stops["board_at_min"] + stops["ride_min"]).groupby(stops["school_id"]).max().sort_values(kind="stable")
    schools = [*(str(code) for code in arrival.index if code != row["school_id"]), str(row["school_id"])]
    sentences = [
        f"{line_id} brings {row['riders']:g} pupils from {row['stops']:g} places to {' and '.join(schools)} in "
        f"{row['minutes']:.0f} min over {row['km']:.1f} km, on {row['seats']:g} seats, for "
        f"{row['cost_cny']:,.0f} CNY a year."
    ]
    runs = int((plan.bus_lines["vehicle_no"] == row["vehicle_no"]).sum())
    if runs > 1:
        sentences.append(f"It is run {row['run']:g} of {runs} of vehicle {row['vehicle_no']}.")
    binding = binding_rules(plan, program_of(plan), schools=[], items=list(stops["item"]))
    if row["riders"] >= row["seats"]:
        seats = ("seats", line_id, row["riders"], row["seats"], f"{row['riders']:g} riders on {row['seats']:g} seats")
        binding = pd.concat([pd.DataFrame([seats], columns=binding.columns), binding], ignore_index=True)
    columns = ["order", "settlement_id", "band", "school_id", "riders", "board_at_min", "ride_min"]
    return _explained(plan, line_id, sentences, binding, found, stops[columns].round(1).reset_index(drop=True))


def _explained(
    plan: Plan, place: str, sentences: Sequence[str], binding: pd.DataFrame, found: Sequence[Otherwise],
    table: pd.DataFrame,
) -> Explanation:  # fmt: skip
    """The sentences in their order: what is, what binds, what else could be, how exactly that is known."""
    said = [*sentences, *_binding_sentence(binding), *_other_sentences(found), *_gap_sentence(plan, found)]
    options = options_table(plan, found) if found else pd.DataFrame()
    return Explanation(place, tuple(said), table, options, binding, tuple(found))


def _binding_sentence(binding: pd.DataFrame) -> Iterator[str]:
    if binding.empty:
        return
    told = [f"{row.rule} ({row.place}: {row.words})" for row in binding.head(SHOWN_RULES).itertuples()]
    more = f"; and {len(binding) - SHOWN_RULES} more" if len(binding) > SHOWN_RULES else ""
    yield f"No room is left in: {'; '.join(told)}{more}."


def _other_sentences(found: Sequence[Otherwise]) -> Iterator[str]:
    for at, one in enumerate(found):
        if one.price is None or one.price.after is None:
            yield f"{_capital(one.words)} is {one.price.refusal if one.price else f'not possible. {one.reason}'}"
            continue
        head = "Next best" if at == 0 else "Or"
        own = one.own_mean_min
        theirs = f" Its own pupils: {own:+.1f} min on average." if own == own else ""
        empty = " No pupil would go there: kept for its own sake." if one.empty else ""
        yield f"{head}: {one.words}{str(one.price)[len(one.price.change) :]}{theirs}{empty}"


def _gap_sentence(plan: Plan, found: Sequence[Otherwise]) -> Iterator[str]:
    """How far each plan may be from the best of its own question."""
    after = [one.price.after for one in found if one.price is not None and one.price.after is not None]
    if not after:
        return
    verb = "others are" if len(after) > 1 else "other is"
    names = " and ".join(dict.fromkeys(one.proof.bound_name for one in (plan, *after)))
    yield f"The plan is {_gap(plan)}, the {verb} {' and '.join(_gap(one) for one in after)} ({names})."


def _gap(plan: Plan) -> str:
    level = plan.proof.main
    if level is None or not level.gap < float("inf"):
        return "not known to be near the best"
    return f"within {level.gap:.2%} of the best"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text else "No reason is recorded"
