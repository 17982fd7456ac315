"""What gives way, in the planner's words: rule, place, amount, the limit now and the one needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import Relaxation
from layoutopt.model.columns import Data
from layoutopt.model.relax.prices import BY_PUPIL, MINUTES, PRICES, WAYS
from layoutopt.model.relax.soften import Softened

UNITS: Mapping[str, str] = {
    "places": "places", "beds": "beds", "meals": "canteen seats", "merge_share": "closures", "distance_limit": "km",
    **dict.fromkeys(("capital_budget", "annual_budget", "source_budget", "source_capital"), "CNY"),
    **dict.fromkeys(("school_size", "min_pupils", "point_size", "quality", *BY_PUPIL), "pupils"),
    **dict.fromkeys(MINUTES, "min"), **dict.fromkeys(("one_school", "contiguous"), "places"), "protected": "schools",
}  # fmt: skip
SAYS: Mapping[str, str] = {
    "places": "{place}: {amount:.0f} more places are needed{change}",
    "beds": "{place}: {amount:.0f} more beds are needed{change}",
    "meals": "{place}: {amount:.0f} more canteen seats are needed{change}",
    "school_size": "{place}: {amount:.0f} pupils above its largest admissible size{change}",
    "min_pupils": "{place}: {amount:.0f} pupils short of min_pupils{change}",
    "point_size": "{place}: {amount:.0f} pupils above point_max_pupils{change}",
    "quality": "{place}: {amount:.0f} pupils more than this resource is enough for",
    "capital_budget": "capital_budget_cny is {amount:,.0f} CNY short",
    "annual_budget": "annual_budget_cny is {amount:,.0f} CNY short, buses at their price per rider",
    "source_budget": "budget_by_source.{place} is {amount:,.0f} CNY short, buses at their price per rider",
    "source_capital": "capital_by_source.{place} is {amount:,.0f} CNY short",
    "one_school": "{place}: its pupils would not go to one school (one_school_for)",
    "contiguous": "{place}: its zone would not hang together (contiguous)",
    "merge_share": "merge_share asks for {amount:.0f} more closures than can be",
    "hub_only": "{place}: it would have to be a hub, for {amount:g} pupils who come by {mode} (hub_only)",
    "town_border": "{place}: {amount:g} pupils would go to {school} in another township (within_town)",
    "must_attend": "{place}: {amount:g} pupils would go to {school} instead of where they are sent (must_attend)",
    "move_once": "{place}: {amount:g} pupils would be moved again, to {school} (move_once)",
    "walkable": "{place}: {amount:g} pupils would not walk to {school}, although they can (walkable)",
    "board_grade": "{place}: {amount:g} pupils would board at {school}, {why}",
    "board_nearest": "{place}: {amount:g} pupils would board at {school}, beyond board_nearest = {now:g}",
    "distance_limit": "{place}: {needed:.1f} instead of {now:g} km to {school} for {pupils:g} pupils "
    "(oneway_max_km or walk_max_km)",
    "worsening_limit": "{place}: {needed:.0f} instead of {now:g} minutes longer than today, to {school} for "
    "{pupils:g} pupils (worsening_max_min)",
}
KEYS: Mapping[str, str] = {
    "walk_limit": "walk_max_min.{band}", "ride_limit": "max_ride_min", "oneway_limit": "oneway_max_min.{band}",
    "worst_journey": "worst_journey", "board_limit": "board_max_min",
}  # fmt: skip
BY_MODE = {"walk": "on foot", "bus": "by bus", "board": "to board"}


def relaxations_of(soft: Softened, given: pd.DataFrame) -> list[Relaxation]:
    """Return what gives way, one a rule and place, what weighs most first."""
    weight = given["amount"] / given["excess"] * given["price"]
    grouped = given.assign(weight=weight).groupby(["rule", "place"], sort=False)
    heavy = grouped["weight"].sum().sort_values(ascending=False, kind="stable")
    return [_relaxation(soft, str(rule), str(place), grouped.get_group((rule, place))) for rule, place in heavy.index]


def _relaxation(soft: Softened, rule: str, place: str, rows: pd.DataFrame) -> Relaxation:
    if int(rows["row"].iloc[0]) >= 0:
        return _of_way(soft, rule, place, rows)
    amount = float(rows["amount"].sum())
    amount = float(np.ceil(amount - 1e-4)) if rule in PRICES else amount
    now = limit_now(soft.data, rule, place)
    needed = None if now is None else now + (-amount if rule == "min_pupils" else amount)
    if rule == "protected":
        words = _decided(soft.data, place)
    elif rule in SAYS:
        change = "" if now is None else f" ({needed:,.0f} instead of {now:,.0f})"
        words = SAYS[rule].format(place=place, amount=amount, change=change)
    else:
        words = f"{place or 'the county'}: your rule '{rule}' is missed by {amount:g}"
    return Relaxation(rule, place, amount, UNITS.get(rule, ""), now, needed, words)


def _decided(data: Data, place: str) -> str:
    fact = data.schools.loc[place]
    if fact["must_close"]:
        return f"{place}: it would have to stay, although it closes by decision (must_close or status close)"
    return f"{place}: it could not be kept whole, although it {fact['keep_reason']}"


def limit_now(data: Data, rule: str, place: str) -> float | None:
    """Return the limit as it stands, expansions at their best level; None where a rule knows only yes or no."""
    schools, policy = data.schools, data.policy
    code, *stage = place.split(" ")
    level = data.frame.blocks["level"].table
    own = level[(level["school_id"] == code) & (not stage or level["stage"] == stage[0])] if len(level) else level
    money = policy.money
    finders: dict[str, Callable[[], Any]] = {
        "places": lambda: schools.loc[code, f"places_{stage[0]}"] + (own["places"].max() if len(own) else 0.0),
        "beds": lambda: schools.loc[code, "beds_most"],
        "meals": lambda: schools.loc[code, "canteen_seats"] + (own["canteen_seats"].max() if len(own) else 0.0),
        "school_size": lambda: schools.loc[code, "cap"],
        "point_size": lambda: policy.points.point_max_pupils,
        "min_pupils": lambda: policy.closure.min_pupils[schools.loc[code, "highest"]],
        "capital_budget": lambda: money.capital_budget_cny,
        "annual_budget": lambda: money.annual_budget_cny,
        "source_budget": lambda: money.budget_by_source[place],
        "source_capital": lambda: money.capital_by_source[place],
    }
    return float(finders[rule]()) if rule in finders else None


def _of_way(soft: Softened, rule: str, place: str, rows: pd.DataFrame) -> Relaxation:
    """A limit on options: the option farthest beyond it decides."""
    options = soft.data.frame.blocks["chosen"].table.iloc[rows["row"].to_numpy(int)]
    at = int(rows["excess"].to_numpy(float).argmax())
    worst = options.iloc[at]
    pupils = float(options["pupils"].sum())
    now, over = float(rows["limit"].iloc[at]), float(rows["excess"].iloc[at])
    policy = soft.data.policy
    said: dict[str, Any] = {
        "place": place, "school": worst["school_id"], "pupils": pupils, "mode": "bus" if worst["mode"] == "bus" else
        "boarding", "why": _why_no_board(policy),
    }  # fmt: skip
    if rule in BY_PUPIL:
        words = SAYS[rule].format(amount=pupils, now=now, **said)
        return Relaxation(rule, place, pupils, UNITS[rule], None if np.isnan(now) else now, None, words)
    if rule == "worsening_limit":
        now = float(policy.access.worsening_max_min or 0.0)
    needed = now + over if rule == "distance_limit" else float(np.ceil(now + over - 1e-6))
    if rule in SAYS:
        words = SAYS[rule].format(now=now, needed=needed, **said)
    else:
        key = KEYS[rule].format(band=worst["band"])
        way = BY_MODE[str(worst["mode"])]
        words = f"{place}: {needed:.0f} instead of {now:g} minutes {way} to {worst['school_id']} for {pupils:g} pupils"
        words += f" ({key})"
    return Relaxation(rule, place, over, UNITS[rule], now, needed, words)


def _why_no_board(policy: Any) -> str:
    boarding = policy.boarding
    return (
        f"below board_min_grade = {boarding.board_min_grade}"
        if boarding.allowed_boarding
        else "allowed_boarding = false"
    )


def lines_of(relaxations: list[Relaxation]) -> list[str]:
    """Return the sentences; one that only repeats another limit on the same way is left to the table."""
    lines: dict[tuple[str, float | None], str] = {}
    for index, one in enumerate(relaxations):
        ways = one.rule in WAYS and one.unit == "min"
        key = (one.place, one.limit_needed) if ways else (f"{index}", None)
        if key in lines:
            lines[key] = lines[key].removesuffix(")") + f", {one.words.rpartition('(')[2]}"
        else:
            lines[key] = one.words
    return list(lines.values())
