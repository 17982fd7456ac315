"""Every closure held against the five conditions that forbid one, and what must be built before it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.network.attributes import YES
from layoutopt.plan.geometry import line_paths
from layoutopt.plan.plan import Plan
from layoutopt.plan.rooms import class_table
from layoutopt.plan.tables import expansion_rows, levels_of
from layoutopt.policy import Policy
from layoutopt.policy.norms import way_limit_min
from layoutopt.schema import STAGES
from layoutopt.today import school_facts
from layoutopt.today.schools import MOST

Array = NDArray[np.float64]
CONDITIONS: dict[str, str] = {
    "objection": "Most parents or most delegates of the hearing object",
    "journey": "The way is inconvenient, or traffic is not safe",
    "beds_and_meals": "The receiving school lacks beds or meals",
    "school_size": "The receiving school becomes too large",
    "class_size": "Its classes become too large",
}
"""What forbids a closure (State Council office 2012 no. 48): the name of each condition, and what it says."""
MET, BROKEN, UNKNOWN = "met", "broken", "not known"
COLUMNS = ["school_id", "condition", "verdict", "found", "limit", "text"]
ASIDE_M = 10.0
"""A drawn line this near to a road runs along it."""
CROSSING_KM = 0.05
"""Less than this on dangerous sections is but a crossing."""
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Finding:
    """What the plan shows on one condition: the verdict, a figure beside its limit, and both in words."""

    verdict: str
    found: float
    limit: float
    text: str


def closing_conditions(plan: Plan, *, also: Sequence[str] = ()) -> pd.DataFrame:
    """Return what the plan shows on the five conditions that forbid a closure, for every school that closes.

    ``also`` names further schools to look at, such as those that become teaching points.

    Columns: ``school_id, condition`` (a name of ``CONDITIONS``), ``verdict`` (``met``: nothing stands against the
    closure; ``broken``; ``not known``), ``found, limit`` (the figure that decides, NaN without one) and ``text``.

    Examples
    --------
    >>> closing_conditions(plan).query("verdict == 'broken'")  # doctest: +SKIP
    """
    facts = school_facts(plan.study, plan.policy)
    schools = plan.schools.set_index("school_id")
    closes = (schools["role"] == "closed") & facts["exists"].reindex(schools.index, fill_value=False)
    closing = list(dict.fromkeys([*schools.index[closes], *also]))
    if not closing:
        return pd.DataFrame(columns=COLUMNS)
    danger_km, classes = _danger_km(plan, set(closing)), class_table(plan)
    rows = []
    for code in closing:
        gone = plan.assignments[(plan.assignments["today_school"] == code) & (plan.assignments["pupils"] > 0)]
        gone = gone[gone["school_id"] != code]
        goals = [goal for goal in sorted(set(gone["school_id"])) if goal in schools.index]
        found = {
            "objection": _objection(plan, str(code)),
            "journey": _journey(plan.policy, gone, danger_km),
            "beds_and_meals": _beds_and_meals(plan, schools, facts, goals),
            "school_size": _school_size(schools, facts, goals),
            "class_size": _class_size(classes[classes["school_id"].isin(goals)]),
        }
        rows += [(code, name, *vars(finding).values()) for name, finding in found.items()]
    return pd.DataFrame(rows, columns=COLUMNS)


def _objection(plan: Plan, code: str) -> Finding:
    share = float(plan.study.schools.reindex(columns=["objection_share"])["objection_share"].astype(float)[code])
    if np.isnan(share):
        return Finding(UNKNOWN, share, MOST, "Nobody has been asked yet (column objection_share).")
    return Finding(BROKEN if share > MOST else MET, share, MOST, f"{share:.0%} object.")


def way_limits(rows: pd.DataFrame, policy: Policy) -> Array:
    """Return the longest admissible minutes of each way: its limit, or today's way where that is longer already."""
    access = policy.access
    limit = way_limit_min(rows, policy)
    if access.keep_existing_exceptions:
        today = rows["today_min"].to_numpy(float)
        limit = np.maximum(limit, np.where(np.isfinite(today), today, 0.0))
    return np.where(rows["mode"] == "board", access.board_max_min, limit)


def _journey(policy: Policy, gone: pd.DataFrame, danger_km: pd.Series | None) -> Finding:
    """The way nearest to its limit; then what is known of dangerous sections on the lines of those who ride."""
    lost = float(gone.loc[gone["school_id"] == "", "pupils"].sum())
    if lost:
        return Finding(BROKEN, lost, 0.0, f"{lost:g} of its pupils have no school.")
    if gone.empty:
        return Finding(MET, 0.0, np.nan, "No pupil has to change.")
    limits, minutes = way_limits(gone, policy), gone["minutes"].to_numpy(float)
    worst = int(np.argmax(minutes - limits))
    longest, limit = float(minutes[worst]), float(limits[worst])
    text = f"The way nearest to its limit takes {longest:.0f} min, admissible are {limit:.0f}."
    if longest > limit + TOLERANCE:
        return Finding(BROKEN, longest, limit, text)
    lines = sorted(set(gone["line_id"]) - {""})
    if not lines:
        return Finding(MET, longest, limit, text)
    if danger_km is None:
        return Finding(
            UNKNOWN, longest, limit, f"{text} Dangerous sections of the roads are not known (column danger)."
        )
    km = float(danger_km.reindex(lines).fillna(0.0).sum())
    if km > CROSSING_KM:
        said = f"{text} The bus drives {km:.1f} km on dangerous sections: their protection is to be confirmed."
        return Finding(UNKNOWN, longest, limit, said)
    return Finding(MET, longest, limit, f"{text} The bus drives on no dangerous section.")


def _danger_km(plan: Plan, closing: set[object]) -> pd.Series | None:
    """Kilometres on sections marked as danger, by line that carries pupils of closing schools; None where not known."""
    roads, lines = plan.study.roads, plan.bus_lines
    if roads is None or "danger" not in roads or not roads["danger"].notna().any():
        return None
    marked = roads["danger"].astype(str).str.strip().str.lower().isin(YES)
    gone = plan.assignments[plan.assignments["today_school"].isin(closing)]
    lines = lines[lines["line_id"].isin(gone["line_id"])]
    if not marked.any() or lines.empty:
        return pd.Series(dtype=float)
    paths = line_paths(plan.replace(bus_lines=lines, bus_stops=_of(plan.bus_stops, lines))).to_crs(plan.study.crs)
    ground = roads.geometry[marked].union_all().buffer(ASIDE_M)
    return pd.Series(paths.geometry.intersection(ground).length.to_numpy() / 1e3, index=paths["line_id"])


def _of(stops: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    return stops[stops["line_id"].isin(lines["line_id"])]


def _beds_and_meals(plan: Plan, schools: pd.DataFrame, facts: pd.DataFrame, goals: list[str]) -> Finding:
    """The receiving school with the least room to spare for boarders, then for those who eat there."""
    eaters = plan.assignments[plan.assignments["mode"].isin(plan.policy.quality.meals_for)]
    eating = eaters.groupby("school_id")["pupils"].sum().reindex(goals, fill_value=0.0)
    found = []
    for code in goals:
        boarders, beds = float(schools.loc[code, "boarders"]), float(schools.loc[code, "beds"])
        if boarders:
            found.append((boarders, beds, f"{code}: {boarders:g} boarders, {beds:g} beds."))
        if eating[code]:
            seats = canteen_seats(plan, code, facts)
            said = "canteen seats not known" if np.isnan(seats) else f"{seats:g} canteen seats"
            found.append((float(eating[code]), seats, f"{code}: {eating[code]:g} eat at school, {said}."))
    if not found:
        return Finding(MET, 0.0, np.nan, "Nobody boards or eats at the receiving schools.")
    text = " ".join(dict.fromkeys(said for _, _, said in found))
    short = [(need, room) for need, room, _ in found if need > room + TOLERANCE]
    unknown = any(np.isnan(room) for _, room, _ in found)
    need, room = short[0] if short else min(((n, r) for n, r, _ in found), key=lambda pair: pair[1] - pair[0])
    return Finding(BROKEN if short else UNKNOWN if unknown else MET, need, room, text)


def canteen_seats(plan: Plan, code: str, facts: pd.DataFrame) -> float:
    """Return the canteen seats of a school with those built; NaN where today's are not known."""
    row = plan.schools.set_index("school_id").loc[code]
    levels = [
        level["canteen_seats"]
        for stage in STAGES
        for level in expansion_rows(plan.study, code, stage, levels_of(row[f"level_{stage}"]))
    ]
    return float(facts.loc[code, "canteen_seats"]) + sum(levels)


def _school_size(schools: pd.DataFrame, facts: pd.DataFrame, goals: list[str]) -> Finding:
    if not goals:
        return Finding(MET, 0.0, np.nan, "No school takes pupils in.")
    size, cap = schools.loc[goals, "pupils_after"].astype(float), facts.loc[goals, "cap"].astype(float)
    fullest = str((size / cap).idxmax())
    text = " ".join(f"{code}: {size[code]:g} pupils, {cap[code]:g} admissible." for code in goals)
    verdict = BROKEN if (size > cap + TOLERANCE).any() else MET
    return Finding(verdict, float(size[fullest]), float(cap[fullest]), text)


def _class_size(classes: pd.DataFrame) -> Finding:
    """The class nearest to its cap; large classes are said, whatever the cap."""
    if classes.empty:
        return Finding(MET, 0.0, np.nan, "No class takes pupils in.")
    full = classes.loc[(classes["size"] / classes["cap"]).idxmax()]
    said = f"{full['school_id']}: {full['size']:g} pupils in the fullest class, {full['cap']:g} admissible."
    for kind in ("over-large", "large"):
        count = int((classes["kind"] == kind).sum())
        said += f" In {count} grades classes are {kind}." if count else ""
    verdict = BROKEN if full["size"] > full["cap"] + TOLERANCE else MET
    return Finding(verdict, float(full["size"]), float(full["cap"]), said)


def waits_for(plan: Plan) -> pd.DataFrame:
    """Return the closures that wait for a building: build first, close later.

    A row a closed school and receiving school that is enlarged: ``school_id, to_school, stage, level, build_years``
    (0 where the level gives none).
    """
    rows = list(_waiting(plan))
    return pd.DataFrame(rows, columns=["school_id", "to_school", "stage", "level", "build_years"])


def _waiting(plan: Plan) -> Iterator[tuple[str, str, str, int, float]]:
    schools = plan.schools.set_index("school_id")
    closed = schools.index[schools["role"] == "closed"]
    gone = plan.assignments[plan.assignments["today_school"].isin(closed)]
    pairs = gone[["today_school", "school_id"]].drop_duplicates().sort_values(["today_school", "school_id"])
    for code, goal in pairs.itertuples(index=False, name=None):
        for stage in STAGES if goal in schools.index else ():
            for level in levels_of(schools.loc[goal, f"level_{stage}"]):
                for built in expansion_rows(plan.study, goal, stage, (level,)):
                    yield code, goal, stage, level, built["build_years"]
