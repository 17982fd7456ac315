"""A plan in plain words: the opening sentences, the figures a county reads first, and what is proven."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from layoutopt.plan.metrics import LONG_WAYS_MIN
from layoutopt.plan.plan import Level, Plan
from layoutopt.report.language import NONE, Language, language, message
from layoutopt.report.words import GOALS

LONGER_MIN = 10.0
UNBOUNDED = 1e100  # a bound this large is none: a solver that proved nothing gives infinity or 1e300
EXACT_GAP = 1e-9
ENGLISH = language("en")
ENDINGS: dict[str, str] = {
    "optimal": message("optimal"),
    "feasible": message("feasible"),
    "time": message("time"),
    "gap": message("gap"),
    "nodes": message("nodes"),
    "steps": message("steps"),
    "user": message("the user"),
    "iterations": message("iterations"),
    "lines fixed": message("lines fixed"),
    "layout fixed": message("layout fixed"),
    "bound refused": message("bound refused"),
    "direct rides": message("direct rides"),
}
"""How a search ended, as levels of a proof name it."""


@dataclass(frozen=True)
class Figure:
    """One figure: its name in ``Headline``, label, text, and the text and value of today where known."""

    name: str
    label: str
    value: float
    text: str
    before: str = ""
    note: str = ""


def sentences(plan: Plan, lang: Language = ENGLISH) -> list[str]:
    """Return a few sentences that say what the plan does and to whom."""
    figures = plan.figures
    pupils = lang.plural("{n} pupil", "{n} pupils", figures.pupils)
    if figures.pupils_moved == 0 and figures.schools_closed == 0 and figures.schools_opened == 0:
        schools = lang.plural("{n} school", "{n} schools", figures.schools_open)
        return [
            lang.text("Nothing changes: {schools} for {pupils}.", schools=schools, pupils=pupils),
            *_ways(plan, lang),
        ]
    part = lang.text(" ({share})", share=lang.share(figures.pupils_moved / figures.pupils)) if figures.pupils else ""
    moved = lang.plural(
        "{n} of {pupils}{part} changes school.", "{n} of {pupils}{part} change school.", figures.pupils_moved,
        pupils=pupils, part=part,
    )  # fmt: skip
    return [_schools(plan, lang), moved, *_travel(plan, lang), *_ways(plan, lang)]


def _schools(plan: Plan, lang: Language) -> str:
    f = plan.figures
    points = lang.plural(", {n} of them as a teaching point", ", {n} of them as teaching points", f.teaching_points)
    opened = lang.plural("; {n} new school opens", "; {n} new schools open", f.schools_opened)
    return lang.text(
        "Of {before} today, {closed} and {stay}{points}{opened}.",
        before=lang.plural("{n} school", "{n} schools", f.schools_before),
        closed=lang.plural("{n} closes", "{n} close", f.schools_closed),
        stay=lang.plural("{n} stays open", "{n} stay open", f.schools_open - f.schools_opened),
        points=points if f.teaching_points else "",
        opened=opened if f.schools_opened else "",
    )


def _travel(plan: Plan, lang: Language) -> list[str]:
    f = plan.figures
    lines = lang.plural("{n} bus line", "{n} bus lines", f.lines)
    rides = lang.plural("{n} pupil rides {lines}", "{n} pupils ride {lines}", f.pupils_by_bus, lines=lines)
    if f.lines and f.boarders:
        return [lang.plural(
            "{rides}, {n} boards during the week.", "{rides}, {n} board during the week.", f.boarders, rides=rides
        )]  # fmt: skip
    if f.lines:
        return [lang.text("{rides}.", rides=rides)]
    if f.boarders:
        return [lang.plural("{n} pupil boards during the week.", "{n} pupils board during the week.", f.boarders)]
    return []


def _ways(plan: Plan, lang: Language) -> list[str]:
    f = plan.figures
    if f.pupils <= f.boarders + f.unserved:
        return []
    said = lang.text(
        "The daily way takes {mean} minutes on average (today {mean_today}) "
        "and {longest} minutes at most (today {longest_today}).",
        mean=lang.number(f.journey_mean_min, 1),
        mean_today=lang.number(f.journey_mean_before_min, 1),
        longest=lang.number(f.journey_max_min),
        longest_today=lang.number(f.journey_max_before_min),
    )
    longer = lengthened(plan)
    grows = lang.plural(
        "For {n} pupil it grows by more than {limit} minutes.",
        "For {n} pupils it grows by more than {limit} minutes.",
        longer,
        limit=LONGER_MIN,
    )
    return [said, grows] if longer else [said]


def lengthened(plan: Plan) -> float:
    """Return the daily pupils whose way grows by more than ``LONGER_MIN``."""
    rows = plan.assignments
    daily = (rows["school_id"] != "") & (rows["mode"] != "board") & (rows["today_mode"] != "board")
    change = rows["minutes"].astype(float) - rows["today_min"].astype(float)
    return float(rows.loc[daily & (change > LONGER_MIN), "pupils"].sum())


def tiles(plan: Plan, today: Plan | None, lang: Language = ENGLISH) -> list[Figure]:
    """Return the eight figures shown large."""
    f, t, say = plan.figures, today.figures if today is not None else None, lang.text
    part = lang.share(f.pupils_moved / f.pupils) if f.pupils else ""
    moved = say("{share} of {pupils}", share=part, pupils=f.pupils) if f.pupils else ""
    riders, boarders = (t.pupils_by_bus, t.boarders) if t else (None, None)
    lines = lang.plural("{n} line, {km}", "{n} lines, {km}", f.lines, km=lang.km(f.line_km, 0))
    points = lang.plural("{n} teaching point", "{n} teaching points", f.teaching_points)
    posts = lang.plural("{n} post needed", "{n} posts needed", f.teachers_needed)
    mean, mean_today = (lang.minutes(m, 1) for m in (f.journey_mean_min, f.journey_mean_before_min))
    return [
        _whole(lang, "schools_closed", say("Schools close"), f.schools_closed, note=say("of {n}", n=f.schools_before)),
        _whole(lang, "schools_open", say("Schools open"), f.schools_open, before=f.schools_before, note=points),
        _whole(lang, "pupils_moved", say("Pupils change school"), f.pupils_moved, note=moved),
        _whole(lang, "pupils_by_bus", say("Pupils by bus"), f.pupils_by_bus, before=riders, note=lines),
        _whole(lang, "boarders", say("Boarders"), f.boarders, before=boarders, note=say("during the week")),
        Figure("journey_mean_min", say("Average way"), f.journey_mean_min, mean, mean_today),
        _whole(lang, "teachers_freed", say("Teachers freed"), f.teachers_freed, note=posts),
        Figure("cost_cny", say("Cost a year"), f.cost_cny, lang.money(f.cost_cny), lang.money(t.cost_cny) if t else ""),
    ]


def further(plan: Plan, lang: Language = ENGLISH) -> list[Figure]:
    """Return the figures shown small, beneath the tiles."""
    f, say = plan.figures, lang.text
    long_ways = [
        Figure(name, say("Pupils with a way over {limit} min", limit=limit), value, lang.share(value, 1))
        for limit in LONG_WAYS_MIN
        for name in [f"share_over_{limit}_min"]
        for value in [getattr(f, name)]
    ]
    small, small_before = f.small_schools_after, f.small_schools_before
    p90, p90_before = f.journey_p90_min, f.journey_p90_before_min
    longest, longest_before = f.journey_max_min, f.journey_max_before_min
    return [
        _whole(lang, "lines", say("Bus lines"), f.lines),
        _whole(lang, "teaching_points", say("Teaching points"), f.teaching_points),
        _whole(lang, "schools_opened", say("New schools"), f.schools_opened),
        _whole(lang, "small_schools_after", say("Schools below the merging trigger"), small, before=small_before),
        _minutes(lang, "journey_p50_min", say("Half the pupils travel at most"), f.journey_p50_min),
        _minutes(lang, "journey_p90_min", say("Nine in ten travel at most"), p90, p90_before),
        _minutes(lang, "journey_max_min", say("Longest daily way"), longest, longest_before),
        *long_ways,
        _whole(lang, "unserved", say("Pupils without a school"), f.unserved),
        _whole(lang, "exceptions", say("Pupils with a named exception"), f.exceptions),
        Figure("capital_cny", say("Building cost, once"), f.capital_cny, lang.money(f.capital_cny)),
    ]


def _whole(
    lang: Language, name: str, label: str, value: float, *, before: float | None = None, note: str = ""
) -> Figure:
    return Figure(name, label, value, lang.number(value), lang.number(before) if before is not None else "", note)


def _minutes(lang: Language, name: str, label: str, value: float, before: float | None = None) -> Figure:
    return Figure(name, label, value, lang.minutes(value), lang.minutes(before) if before is not None else "")


def refusals(plan: Plan, violations: pd.DataFrame | None, lang: Language = ENGLISH) -> list[str]:
    """Return why the plan cannot be adopted as it stands; empty where nothing speaks against it."""
    reasons, unserved = [], plan.figures.unserved
    if unserved > 0:
        reasons.append(lang.plural("{n} pupil would have no school.", "{n} pupils would have no school.", unserved))
    if violations is not None and len(violations):
        reasons.append(_found(violations, lang))
    return reasons


def _found(violations: pd.DataFrame, lang: Language) -> str:
    return lang.plural(
        "The check of every rule found {n} violation.", "The check of every rule found {n} violations.", len(violations)
    )


def audit_words(violations: pd.DataFrame | None, lang: Language = ENGLISH) -> str:
    """Return what the independent check of the rules said, or that none was made."""
    if violations is None:
        return lang.text("The rules were not rechecked for this report.")
    if len(violations):
        return lang.sentences([_found(violations, lang), lang.text("They are listed above.")])
    return lang.text("Every rule was checked again from the tables, without the solver: no violation.")


@dataclass(frozen=True)
class LevelWords:
    """One goal in words: label, value, bound, gap, and how the solver ended."""

    goal: str
    value: str
    bound: str
    gap: str
    ended: str
    sentence: str


def level_words(level: Level, lang: Language = ENGLISH) -> LevelWords:
    """Return what one level of the proof says, in plain words."""
    label, unit = GOALS.get(level.goal, (level.goal.replace("_", " "), ""))
    label, value = lang.text(label), _amount(level.value, unit, lang)
    ended = _ending(level.status, lang)
    if level.stopped_by not in ("", "done"):
        ended = lang.text("{status}, stopped by {cause}", status=ended, cause=_ending(level.stopped_by, lang))
    if not -UNBOUNDED < level.bound < UNBOUNDED:
        unproven = lang.text(
            "{goal}: {value}. Nothing is proven about how much better a plan could be.", goal=label, value=value
        )
        return LevelWords(label, value, NONE, NONE, ended, unproven)
    bound, gap = _amount(level.bound, unit, lang), lang.share(level.gap, 2)
    if level.gap <= EXACT_GAP:
        sentence = lang.text("{goal}: {value}. No plan of this program does better.", goal=label, value=value)
    else:
        sentence = lang.text(
            "{goal}: {value}. No plan of this program gets below {bound}: at most {gap} is left to gain.",
            goal=label, value=value, bound=bound, gap=gap,
        )  # fmt: skip
    return LevelWords(label, value, bound, gap, ended, sentence)


def _ending(word: str, lang: Language) -> str:
    return lang.text(ENDINGS[word]) if word in ENDINGS else word.replace("_", " ")


def _amount(value: float, unit: str, lang: Language) -> str:
    if unit == "CNY":
        return lang.text("{amount} CNY", amount=lang.number(value))
    amount = lang.number(value, 0 if abs(value) >= 1000 or float(value).is_integer() else 2)
    return lang.text("{amount} {unit}", amount=amount, unit=lang.text(unit)) if unit else amount
