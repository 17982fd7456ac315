"""What stands between a village and another school: closed, full, or beyond which limit."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutopt.options import COST_COLUMNS, RULES, Options, build_options
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.schema import STAGE_OF

SHOWN_OPTIONS = 5
NEARER_MIN = 0.5
RULE_WORDS = {
    "walk_limit": "walk_max_min",
    "oneway_limit": "oneway_max_min",
    "ride_limit": "max_ride_min",
    "distance_limit": "oneway_max_km or walk_max_km",
    "worsening_limit": "worsening_max_min",
    "board_limit": "board_max_min",
    "board_grade": "board_min_grade or allowed_boarding",
    "board_nearest": "board_nearest",
    "hub_only": "hub_only (buses and beds at hubs only)",
    "walkable": "the walk within its limits (no ride, no bed)",
    "town_border": "within_town",
    "move_once": "move_once_years",
}
"""The policy key that a rule about options reads, for people."""


def ways_table(plan: Plan, options: Options, settlement: str) -> pd.DataFrame:
    """Return the cheapest admissible ways of each group of a settlement, the one taken marked."""
    mine = plan.assignments[plan.assignments["settlement_id"] == settlement]
    parts = []
    for row in mine.itertuples():
        there = options.rows[options.rows["item"] == row.item]
        there = there.assign(cost_cny=there[list(COST_COLUMNS)].sum(axis=1))
        there = there.sort_values(["cost_cny", "minutes"], kind="stable")
        taken = (there["school_id"] == row.school_id) & (there["mode"] == row.mode)
        shown = (np.arange(len(there)) < SHOWN_OPTIONS) | taken.to_numpy(bool)
        parts.append(there.assign(taken=taken)[shown])
    columns = ["item", "school_id", "mode", "minutes", "km", "cost_cny", "taken"]
    return pd.concat(parts)[columns].round(1).reset_index(drop=True) if parts else pd.DataFrame(columns=columns)


def group_sentences(plan: Plan, options: Options, settlement: str) -> Iterator[str]:
    """Yield where each group of a settlement goes and what stands before the nearest school not taken."""
    schools = plan.schools.set_index("school_id")
    mine = plan.assignments[plan.assignments["settlement_id"] == settlement]
    for row in mine.itertuples():
        if not row.school_id:
            yield f"{row.item}: {row.pupils:g} pupils are not served."
            continue
        there = options.rows[options.rows["item"] == row.item]
        today = f"today {row.today_min:.0f} min to {row.today_school}" if row.today_school else "no school today"
        text = (
            f"{row.item}: {row.pupils:g} pupils go to {row.school_id} ({row.mode}), {row.minutes:.0f} min, {today}; "
            f"{len(there)} options are admissible."
        )
        nearer = there[(there["school_id"] != row.school_id) & (there["minutes"] < row.minutes - NEARER_MIN)]
        if len(nearer):
            best = nearer.sort_values(["minutes", "school_id"], kind="stable").iloc[0]
            state = _state(plan, schools.loc[best["school_id"]], str(row.band), float(row.pupils))
            text += f" Nearer is {best['school_id']} ({best['mode']}, {best['minutes']:.0f} min), {state}."
        yield text


def _state(plan: Plan, school: pd.Series, band: str, pupils: float) -> str:
    """What a school is to a group that does not go there."""
    if school["role"] not in OPEN_ROLES:
        return "which is not built" if school["role"] == "not_built" else "which closes"
    if band not in str(school["bands"]).split("+"):
        return "which does not teach these grades in the plan"
    stage = STAGE_OF[band]
    places = float(school[f"places_{stage}"])
    rows = plan.assignments
    here = rows[(rows["school_id"] == school.name) & (rows["band"].map(STAGE_OF) == stage)]["pupils"].sum()
    if here + pupils > places:
        return f"which has {here:g} pupils in {places:g} places: too few for {pupils:g} more"
    return "which would cost more"


def only_way(plan: Plan, options: Options, settlement: str) -> Iterator[str]:
    """Yield a sentence for each group whose one admissible way is the one taken, and what bars the next school."""
    mine = plan.assignments[(plan.assignments["settlement_id"] == settlement) & (plan.assignments["school_id"] != "")]
    counts = options.rows.groupby("item").size()
    alone = mine[mine["item"].map(counts).fillna(0) <= 1]
    if alone.empty:
        return
    barred: dict[str, tuple[float, str]] = {}
    taken = alone.set_index("item")["school_id"]
    for rule in RULES:
        eased = build_options(plan.study, plan.policy, skip={rule}).rows
        new = eased[eased["item"].isin(alone["item"]) & (eased["school_id"] != eased["item"].map(taken))]
        best = new.sort_values(["minutes", "school_id"], kind="stable").drop_duplicates("item")
        for row in best.itertuples():
            words = f"{row.school_id} ({row.mode}, {row.minutes:.0f} min), which {RULE_WORDS.get(rule, rule)} rules out"
            barred[row.item] = min(barred.get(row.item, (np.inf, "")), (float(row.minutes), words))
    for row in alone.itertuples():
        after = barred.get(row.item)
        more = f"the next school would be {after[1]}" if after else "several limits at once rule out every other school"
        yield f"{row.item} has no other admissible way: {more}."
