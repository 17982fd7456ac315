"""A plan in plain words: the opening sentences, the figures a county reads first, and what is proven."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from layoutopt.plan.metrics import LONG_WAYS_MIN
from layoutopt.plan.plan import Level, Plan
from layoutopt.report.words import GOALS, NONE, THIN, count, money, number, share

LONGER_MIN = 10.0
UNBOUNDED = 1e100  # a bound this large is none: a solver that proved nothing gives infinity or 1e300
EXACT_GAP = 1e-9


@dataclass(frozen=True)
class Figure:
    """One figure: its name in ``Headline``, label, text, and the text and value of today where known."""

    name: str
    label: str
    value: float
    text: str
    before: str = ""
    note: str = ""


def sentences(plan: Plan) -> list[str]:
    """Return a few sentences that say what the plan does and to whom."""
    figures = plan.figures
    if figures.pupils_moved == 0 and figures.schools_closed == 0 and figures.schools_opened == 0:
        taught = f"{count(figures.schools_open, 'school')} for {count(figures.pupils, 'pupil')}"
        return [f"Nothing changes: {taught}.", *_ways(plan)]
    part = f" ({share(figures.pupils_moved / figures.pupils)})" if figures.pupils else ""
    moved = (
        f"{number(figures.pupils_moved)} of {count(figures.pupils, 'pupil')}{part} "
        f"{_verb(figures.pupils_moved, 'change')} school."
    )
    return [_schools(plan), moved, *_travel(plan), *_ways(plan)]


def _schools(plan: Plan) -> str:
    figures = plan.figures
    stays = figures.schools_open - figures.schools_opened
    text = (
        f"Of {count(figures.schools_before, 'school')} today, {number(figures.schools_closed)} "
        f"{_verb(figures.schools_closed, 'close')} and {number(stays)} {_verb(stays, 'stay')} open"
    )
    if figures.teaching_points:
        kind = "a teaching point" if figures.teaching_points == 1 else "teaching points"
        text += f", {figures.teaching_points} of them as {kind}"
    if figures.schools_opened:
        new = count(figures.schools_opened, "new school")
        text += f"; {new} {_verb(figures.schools_opened, 'open')}"
    return text + "."


def _travel(plan: Plan) -> list[str]:
    figures = plan.figures
    said = []
    if figures.lines:
        riders, lines = count(figures.pupils_by_bus, "pupil"), count(figures.lines, "bus line")
        said.append(f"{riders} {_verb(figures.pupils_by_bus, 'ride')} {lines}")
    if figures.boarders:
        noun = "" if said else " pupil" if figures.boarders == 1 else " pupils"
        said.append(f"{number(figures.boarders)}{noun} {_verb(figures.boarders, 'board')} during the week")
    return [", ".join(said) + "."] if said else []


def _verb(value: float, verb: str) -> str:
    return verb + ("s" if round(value) == 1 else "")


def _ways(plan: Plan) -> list[str]:
    figures = plan.figures
    if figures.pupils <= figures.boarders + figures.unserved:
        return []
    mean, longest = number(figures.journey_mean_min, 1), number(figures.journey_max_min)
    mean_today, longest_today = figures.journey_mean_before_min, figures.journey_max_before_min
    said = (
        f"The daily way takes {mean} minutes on average (today {number(mean_today, 1)}) "
        f"and {longest} minutes at most (today {number(longest_today)})."
    )
    longer = lengthened(plan)
    grows = f"For {count(longer, 'pupil')} it grows by more than {LONGER_MIN:.0f} minutes."
    return [said, grows] if longer else [said]


def lengthened(plan: Plan) -> float:
    """Return the daily pupils whose way grows by more than ``LONGER_MIN``."""
    rows = plan.assignments
    daily = (rows["school_id"] != "") & (rows["mode"] != "board") & (rows["today_mode"] != "board")
    change = rows["minutes"].astype(float) - rows["today_min"].astype(float)
    return float(rows.loc[daily & (change > LONGER_MIN), "pupils"].sum())


def tiles(plan: Plan, today: Plan | None) -> list[Figure]:
    """Return the eight figures shown large."""
    f, t = plan.figures, today.figures if today is not None else None
    moved = f"{share(f.pupils_moved / f.pupils)} of {number(f.pupils)}" if f.pupils else ""
    riders, boarders = (t.pupils_by_bus, t.boarders) if t else (None, None)
    cost = number(t.cost_cny / 1e6, 2) if t else ""
    lines = f"{count(f.lines, 'line')}, {number(f.line_km)} km"
    points, posts = count(f.teaching_points, "teaching point"), f"{number(f.teachers_needed)} posts needed"
    mean, mean_today = (f"{number(m, 1)} min" for m in (f.journey_mean_min, f.journey_mean_before_min))
    return [
        _whole("schools_closed", "Schools close", f.schools_closed, note=f"of {f.schools_before}"),
        _whole("schools_open", "Schools open", f.schools_open, before=f.schools_before, note=points),
        _whole("pupils_moved", "Pupils change school", f.pupils_moved, note=moved),
        _whole("pupils_by_bus", "Pupils by bus", f.pupils_by_bus, before=riders, note=lines),
        _whole("boarders", "Boarders", f.boarders, before=boarders, note="during the week"),
        Figure("journey_mean_min", "Average way", f.journey_mean_min, mean, mean_today),
        _whole("teachers_freed", "Teachers freed", f.teachers_freed, note=posts),
        Figure("cost_cny", "Yearly cost, million CNY", f.cost_cny, number(f.cost_cny / 1e6, 2), cost),
    ]


def further(plan: Plan) -> list[Figure]:
    """Return the figures shown small, beneath the tiles."""
    f = plan.figures
    small, small_before = f.small_schools_after, f.small_schools_before
    p90, p90_before = f.journey_p90_min, f.journey_p90_before_min
    long_ways = [
        Figure(name, f"Pupils with a way over {limit} min", getattr(f, name), share(getattr(f, name), 1))
        for limit in LONG_WAYS_MIN
        for name in [f"share_over_{limit}_min"]
    ]
    return [
        _whole("lines", "Bus lines", f.lines),
        _whole("teaching_points", "Teaching points", f.teaching_points),
        _whole("schools_opened", "New schools", f.schools_opened),
        _whole("small_schools_after", "Small schools still open", small, before=small_before),
        _minutes("journey_p50_min", "Half the pupils travel at most", f.journey_p50_min),
        _minutes("journey_p90_min", "Nine in ten travel at most", p90, p90_before),
        _minutes("journey_max_min", "Longest daily way", f.journey_max_min, f.journey_max_before_min),
        *long_ways,
        _whole("unserved", "Pupils without a school", f.unserved),
        _whole("exceptions", "Pupils with a named exception", f.exceptions),
        Figure("capital_cny", "Building cost, once", f.capital_cny, money(f.capital_cny)),
    ]


def _whole(name: str, label: str, value: float, *, before: float | None = None, note: str = "") -> Figure:
    return Figure(name, label, value, number(value), number(before) if before is not None else "", note)


def _minutes(name: str, label: str, value: float, before: float | None = None) -> Figure:
    text = number(before) + " min" if before is not None else ""
    return Figure(name, label, value, f"{number(value)} min", text)


def refusals(plan: Plan, violations: pd.DataFrame | None) -> list[str]:
    """Return why the plan cannot be adopted as it stands; empty where nothing speaks against it."""
    reasons = []
    if plan.figures.unserved > 0:
        reasons.append(f"{count(plan.figures.unserved, 'pupil')} would have no school.")
    if violations is not None and len(violations):
        reasons.append(f"The check of every rule found {count(len(violations), 'violation')}.")
    return reasons


def audit_words(violations: pd.DataFrame | None) -> str:
    """Return what the independent check of the rules said, or that none was made."""
    if violations is None:
        return "The rules were not rechecked for this report."
    if len(violations):
        return f"The check of every rule found {count(len(violations), 'violation')}; they are listed above."
    return "Every rule was checked again from the tables, without the solver: no violation."


@dataclass(frozen=True)
class LevelWords:
    """One goal in words: label, value, bound, gap, and how the solver ended."""

    goal: str
    value: str
    bound: str
    gap: str
    ended: str
    sentence: str


def level_words(level: Level) -> LevelWords:
    """Return what one level of the proof says, in plain words."""
    label, unit = GOALS.get(level.goal, (level.goal.replace("_", " "), ""))
    value = _amount(level.value, unit)
    ended = level.status if level.stopped_by in ("", "done") else f"{level.status}, stopped by {level.stopped_by}"
    ended = ended.replace("_", " ")
    if not -UNBOUNDED < level.bound < UNBOUNDED:
        sentence = f"{label}: {value}. Nothing is proven about how much better a plan could be."
        return LevelWords(label, value, NONE, NONE, ended, sentence)
    bound, gap = _amount(level.bound, unit), share(level.gap, 2)
    if level.gap <= EXACT_GAP:
        sentence = f"{label}: {value}. No plan of this program does better."
    else:
        sentence = f"{label}: {value}. No plan of this program gets below {bound}: at most {gap} is left to gain."
    return LevelWords(label, value, bound, gap, ended, sentence)


def _amount(value: float, unit: str) -> str:
    if unit == "CNY":
        return f"{number(value)}{THIN}CNY"
    return f"{number(value, 0 if abs(value) >= 1000 or float(value).is_integer() else 2)}{THIN}{unit}".rstrip(THIN)
