"""From who-goes-where to the tables of a plan: classes, posts, places and costs follow from the pupils."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from layoutopt.plan.classes import Decided, class_columns, own_specialists
from layoutopt.policy import Policy
from layoutopt.policy.norms import way_limit_min
from layoutopt.schema import BANDS, GRADES, PUPIL_COLUMNS, STAGES, span
from layoutopt.study import Study
from layoutopt.today import school_facts

ASSIGNMENT_COLUMNS = (
    "item", "settlement_id", "band", "school_id", "mode", "line_id", "pupils", *PUPIL_COLUMNS, "minutes",
    "ride_min", "km", "today_school", "today_mode", "today_min", "today_ride_min", "moved", "exception",
)  # fmt: skip
SCHOOL_COLUMNS = (
    "school_id", "name", "town", "role", "support", "reason", "bands", "pupils_before", "pupils_after", *PUPIL_COLUMNS,
    *(f"classes_g{grade}" for grade in GRADES), *(f"multigrade_{band}" for band in BANDS), "classes",
    *(f"posts_{stage}" for stage in STAGES), "posts", "teachers_before",
    *(f"places_{stage}" for stage in STAGES), "beds", *(f"level_{stage}" for stage in STAGES), "capital_cny",
    "annual_cny", "boarders",
)  # fmt: skip
LINE_COLUMNS = (
    "line_id", "school_id", "vehicle_id", "kind", "vehicle_no", "run", "seats", "riders", "stops", "minutes",
    "early_min", "km", "empty_km", "cost_cny",
)  # fmt: skip
STOP_COLUMNS = (
    "line_id", "order", "item", "settlement_id", "band", "school_id", "riders", "board_at_min", "ride_min",
    "alights_after", "early_min",
)  # fmt: skip
BUILT = ("places", "beds", "canteen_seats", "capital_cny", "build_years", "life_years")
"""What an expansion level adds, costs and takes."""
TOUR_COLUMNS = ("tour_id", "school_id", "days", "order", "site_id", "minutes", "km", "cost_cny")
MOVE_COLUMNS = ("from_school", "to_school", "stage", "subject", "to_subject", "teachers", "minutes", "kind")
PREMISES_COLUMNS = (
    "school_id", "use", "area_m2", "demand", "next_km", "value_cny", "capital_cny", "reason",
)  # fmt: skip
NO_LINES = pd.DataFrame(columns=list(LINE_COLUMNS))
NO_STOPS = pd.DataFrame(columns=list(STOP_COLUMNS))
NO_TOURS = pd.DataFrame(columns=list(TOUR_COLUMNS))
NO_MOVES = pd.DataFrame(columns=list(MOVE_COLUMNS))
NO_PREMISES = pd.DataFrame(columns=list(PREMISES_COLUMNS))


def assignment_table(rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return the assignments with ``moved`` and ``exception`` worked out, sorted by group."""
    table = rows.copy()
    for name in ("school_id", "mode", "line_id"):
        table[name] = table[name].astype(object).fillna("") if name in table else ""
    table["moved"] = (table["school_id"] != table["today_school"]) & (table["school_id"] != "")
    beyond = (table["minutes"].to_numpy(float) > way_limit_min(table, policy) + 1e-6) | _too_far(table, policy)
    rides_long = (table["mode"] == "bus") & (table["ride_min"] > policy.bus.max_ride_min + 1e-6)
    table["exception"] = (beyond | rides_long) & (table["mode"] != "board") & (table["school_id"] != "")
    order = table.sort_values(["settlement_id", "item"], kind="stable")
    return order[list(ASSIGNMENT_COLUMNS)].reset_index(drop=True)


def _too_far(table: pd.DataFrame, policy: Policy) -> np.ndarray:
    """Ways with more kilometres than their limits."""
    far = np.zeros(len(table), dtype=bool)
    access, on_foot = policy.access, (table["mode"] == "walk").to_numpy(bool)
    for km, own in ((access.oneway_max_km, ~np.zeros(len(table), dtype=bool)), (access.walk_max_km, on_foot)):
        if km is not None:
            limit = table["band"].map({band: km[band] for band in BANDS}).to_numpy(float)
            far |= own & (table["km"].to_numpy(float) > limit + 1e-6)
    return far


def school_table(
    study: Study,
    policy: Policy,
    assignments: pd.DataFrame,
    *,
    state: Mapping[str, str],
    bands: Mapping[str, tuple[str, ...]],
    levels: Mapping[tuple[str, str], tuple[int, ...]],
    decided: Decided | None = None,
    support: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Return one row a school with everything that follows from its pupils.

    Parameters
    ----------
    state
        ``full``, ``teaching_point`` or ``closed`` for every school.
    bands
        Bands each full school teaches.
    levels
        Expansion levels chosen, by (school_id, stage); absent for none.
    decided
        Classes and posts as a model chose them; without it the norms' own.
    support
        How each open school teaches all subjects (``own``, ``itinerant``, ``online``, ``group``), by school_id.
    reasons
        Why a school stays that the policy does not protect, by school_id.
    """
    facts = school_facts(study, policy)
    after = assignments.groupby("school_id")[list(PUPIL_COLUMNS)].sum().reindex(facts.index, fill_value=0.0)
    boarders = assignments[assignments["mode"] == "board"].groupby("school_id")["pupils"].sum()
    rows = [
        _school_row(study, policy, school_id, fact, after.loc[school_id], state, bands, levels, decided)
        for school_id, fact in facts.iterrows()
    ]
    table = pd.DataFrame(own_specialists(row, policy, dict(support or {}), decided) for row in rows)
    table["support"] = [dict(support or {}).get(school_id, "") for school_id in facts.index]
    kept = table["role"].isin(["hub", "full", "teaching_point"]) & (facts["keep_reason"] == "").to_numpy()
    own = table["school_id"].map(dict(reasons or {}))
    table["reason"] = own.where(kept & own.notna(), table["reason"])
    table["boarders"] = boarders.reindex(facts.index, fill_value=0.0).to_numpy()
    return table[list(SCHOOL_COLUMNS)]


def _school_row(
    study: Study,
    policy: Policy,
    school_id: str,
    fact: pd.Series,
    pupils: pd.Series,
    state: Mapping[str, str],
    bands: Mapping[str, tuple[str, ...]],
    levels: Mapping[tuple[str, str], tuple[int, ...]],
    decided: Decided | None,
) -> dict[str, object]:
    role = _role(state[school_id], fact)
    taught = ("lower",) if role == "teaching_point" else bands.get(school_id, ()) if role in ("hub", "full") else ()
    chosen = {stage: levels.get((school_id, stage), ()) for stage in STAGES}
    added = _added(study, school_id, chosen)
    row: dict[str, object] = {
        "school_id": school_id,
        "name": study.schools.loc[school_id, "name"],
        "town": study.schools.loc[school_id, "town"],
        "role": role,
        "reason": _reason(role, fact, policy),
        "bands": "+".join(taught),
        "pupils_before": fact["pupils"] if fact["exists"] else np.nan,
        "pupils_after": pupils.sum(),
        **{name: pupils[name] for name in PUPIL_COLUMNS},
        **class_columns(policy, fact, role, taught, pupils, decided),
        "teachers_before": fact["teachers"] if fact["exists"] else 0.0,
    }
    is_open = role in ("hub", "full")
    for stage in STAGES:
        room = fact[f"places_{stage}"] + added[f"places_{stage}"]
        at_point = role == "teaching_point" and stage == "primary"
        row[f"places_{stage}"] = room if is_open else min(room, policy.points.point_max_pupils) if at_point else 0.0
    row["beds"] = fact["beds"] + added["beds"] if is_open else 0.0
    row |= {f"level_{stage}": "+".join(map(str, chosen[stage])) for stage in STAGES}
    row["capital_cny"] = added["capital_cny"]
    costs = {
        "hub": fact["annual_cny"],
        "full": fact["annual_cny"],
        "teaching_point": policy.points.point_annual_cny,
    }
    row["annual_cny"] = costs.get(role, 0.0)
    return row


def _role(state: str, fact: pd.Series) -> str:
    if state == "full":
        return "hub" if fact["hub"] else "full"
    if state == "closed" and not fact["exists"]:
        return "not_built"
    return state


def _reason(role: str, fact: pd.Series, policy: Policy) -> str:
    if fact["must_close"]:
        return "closure decided already" if role == "closed" else ""
    if role in ("hub", "full") and fact["keep_reason"]:
        return str(fact["keep_reason"])
    return {
        "closed": "its pupils are served elsewhere within all limits at less cost",
        "not_built": "not needed",
        "teaching_point": f"grades {span(policy.bands['lower'])} stay near home",
    }.get(role, "keeping it is part of the best plan found")


def _added(study: Study, school_id: str, chosen: Mapping[str, tuple[int, ...]]) -> dict[str, float]:
    total = {"places_primary": 0.0, "places_junior": 0.0, "beds": 0.0, "capital_cny": 0.0}
    for stage, levels in chosen.items():
        for row in expansion_rows(study, school_id, stage, levels):
            total[f"places_{stage}"] += row["places"]
            total["beds"] += row["beds"]
            total["capital_cny"] += row["capital_cny"]
    return total


def expansion_rows(study: Study, school_id: str, stage: str, levels: tuple[int, ...]) -> list[dict[str, float]]:
    """Return the figures (``BUILT``, 0 where not given) of the expansions chosen."""
    table = study.expansions
    if table is None or not levels:
        return []
    table = table.reindex(columns=["school_id", "stage", "level", *BUILT])
    rows = table[(table["school_id"] == school_id) & (table["stage"] == stage) & table["level"].isin(levels)]
    return rows[list(BUILT)].fillna(0.0).astype(float).to_dict("records")


def levels_of(text: object) -> tuple[int, ...]:
    """Return the expansion levels a plan's table names, such as ``1`` or nothing."""
    return tuple(int(part) for part in str(text).split("+") if part.strip().isdigit())
