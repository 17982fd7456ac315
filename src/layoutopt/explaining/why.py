"""Why a school closes or stays, where a village's pupils go, whom a line carries: words first, table second."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from layoutopt.errors import nearest
from layoutopt.explaining.price import price_of
from layoutopt.options import COST_COLUMNS, build_options
from layoutopt.plan.plan import OPEN_ROLES, Plan

SHOWN_OPTIONS = 5


@dataclass(frozen=True, eq=False)
class Explanation:
    """Sentences and the table they rest on."""

    place: str
    sentences: tuple[str, ...]
    table: pd.DataFrame

    def __str__(self) -> str:
        head = "\n".join(self.sentences)
        return head if self.table.empty else f"{head}\n{self.table.to_string(index=False)}"

    __repr__ = __str__


def explain(plan: Plan, place: str, *, effort: str | None = None, time_limit_s: float = 120.0) -> Explanation:
    """Return why the plan does what it does at a school, a settlement or a bus line.

    For a school the opposite decision is solved afresh; its price is exact within the gaps stated.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.explain(plan, "S017")  # doctest: +SKIP
    """
    if place in plan.study.schools.index:
        return _school(plan, place, effort, time_limit_s)
    if place in plan.study.settlements.index:
        return _settlement(plan, place)
    if place in set(plan.bus_lines["line_id"]):
        return _line(plan, place)
    known = [*plan.study.schools.index, *plan.study.settlements.index, *plan.bus_lines["line_id"]]
    raise ValueError(f"'{place}' is no school, settlement or line of this plan.{nearest(place, known)}")


def _school(plan: Plan, school: str, effort: str | None, time_limit_s: float) -> Explanation:
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
    change = {"close": school} if is_open else {"keep": school}
    sentences.append(str(price_of(plan, effort=effort, time_limit_s=time_limit_s, **change)))
    columns = ["item", "pupils", "today_school", "school_id", "mode", "today_min", "minutes"]
    table = (now if is_open else was)[columns].round(1).reset_index(drop=True)
    return Explanation(school, tuple(sentences), table)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:] if text else "No reason is recorded"


def _settlement(plan: Plan, settlement: str) -> Explanation:
    options = build_options(plan.study, plan.policy).rows
    options = options.assign(cost_cny=options[list(COST_COLUMNS)].sum(axis=1))
    mine = plan.assignments[plan.assignments["settlement_id"] == settlement]
    parts, sentences = [], []
    for row in mine.itertuples():
        there = options[options["item"] == row.item].sort_values(["cost_cny", "minutes"], kind="stable")
        taken = (there["school_id"] == row.school_id) & (there["mode"] == row.mode)
        parts.append(there.assign(taken=taken).head(SHOWN_OPTIONS))
        sentences.append(
            f"{row.item}: {row.pupils:g} pupils go to {row.school_id} ({row.mode}), {row.minutes:.0f} min, today "
            f"{row.today_min:.0f} min to {row.today_school}; {len(there)} options were admissible."
        )
    columns = ["item", "school_id", "mode", "minutes", "km", "cost_cny", "taken"]
    table = pd.concat(parts)[columns].round(1) if parts else pd.DataFrame(columns=columns)
    return Explanation(settlement, tuple(sentences) or ("No pupils live here.",), table)


def _line(plan: Plan, line_id: str) -> Explanation:
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
    columns = ["order", "settlement_id", "band", "school_id", "riders", "board_at_min", "ride_min"]
    return Explanation(line_id, tuple(sentences), stops[columns].round(1).reset_index(drop=True))
