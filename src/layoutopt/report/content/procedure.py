"""The steps from survey to the first day of term, counted back from it, and the departments that share the work."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.language import message

TERM_MONTH, TERM_DAY = 9, 1
"""Schools begin on 1 September."""
RULES = message("State Council office 2012 no. 48; Ministry of Education notice of November 2016")
DEPARTMENTS: dict[str, str] = {
    "education": message("Education bureau"),
    "publicity": message("Publicity department"),
    "finance": message("Finance bureau"),
    "transport": message("Transport bureau"),
    "police": message("Public security bureau (traffic police)"),
    "staff": message("Human resources bureau and establishment office"),
    "civil": message("Civil affairs bureau"),
    "health": message("Health commission"),
    "market": message("Market supervision bureau"),
    "housing": message("Housing and construction bureau"),
    "land": message("Natural resources bureau"),
    "towns": message("Township governments"),
    "schools": message("Receiving schools"),
    "county": message("County government"),
    "above": message("Government of the level above"),
}


@dataclass(frozen=True)
class Step:
    """One step: its first and last day as days before term starts, who does it, and the rule that sets its length."""

    label: str
    first: int
    last: int
    department: str
    source: str = ""


STEPS: dict[str, Step] = {
    "survey": Step(message("Survey: pupils, roads, premises, wishes of parents"), 300, 241, "education"),
    "draft": Step(message("Draft of the master plan and the eight sub-plans"), 240, 211, "education"),
    "experts": Step(message("Expert argument on the draft"), 210, 196, "education"),
    "notice": Step(message("Public notice, one month, in every village concerned"), 195, 165, "publicity", RULES),
    "hearing": Step(message("Hearing with parents, teachers and village delegates"), 164, 150, "education"),
    "approval": Step(message("Approval by the level above, filing with the province"), 149, 106, "above"),
    "building": Step(message("Building, beds, kitchens, lines made ready: first build, then close"), 105, 21, "county"),
    "trial": Step(message("Trial runs of the lines, pupils and teachers registered"), 20, 1, "transport"),
    "start": Step(message("Term starts; the plan takes effect"), 0, 0, "education"),
    "watch": Step(message("First month of term: attendance, lines and classes are watched"), 0, -30, "schools"),
    "review": Step(message("Review after the first year; reopening where pupils come back"), -300, -330, "education"),
}
"""Order after the rules; the month of notice is theirs, the other lengths are our proposal for the county to change."""


def term_start(b: Brief) -> datetime.date | None:
    """Return the first day of the school year after the study's, or None where the study has no year."""
    year = b.plan.study.year
    return None if year is None else datetime.date(year + 1, TERM_MONTH, TERM_DAY)


def day_of(b: Brief, days_before: int) -> datetime.date | None:
    """Return the day so many days before term starts."""
    start = term_start(b)
    return None if start is None else start - datetime.timedelta(days=days_before)


def departments(b: Brief, names: Iterable[str]) -> str:
    """Return departments by name, the first in charge."""
    return b.lang.text(", ").join(b.lang.text(DEPARTMENTS[name]) for name in names)


def steps(b: Brief) -> Table:
    """Return the steps with their days, marked as a proposal."""
    say = b.lang.text
    rows = pd.DataFrame(
        {
            "step": say(step.label),
            "days": float(step.first) if step.first >= 0 else None,
            "start": day_of(b, step.first),
            "day": day_of(b, step.last),
            "department": say(DEPARTMENTS[step.department]),
            "source": say(step.source),
        }
        for step in STEPS.values()
    )
    names = ["step", "days", "start", "day", "department", "source"]
    return table(
        "procedure", say("Steps and dates (proposal, counted back from the start of term)"), rows, names, b.lang
    )


@dataclass(frozen=True)
class Action:
    """One thing to do: its sub-plan, what, who, and by the end of which step."""

    part: str
    text: str
    departments: tuple[str, ...]
    step: str


def action_table(b: Brief, actions: list[Action], *, name: str = "actions", title: str = "") -> Table:
    """Return the actions with who does them and until when."""
    say = b.lang.text
    rows = pd.DataFrame(
        [
            {
                "action": action.text,
                "department": departments(b, action.departments),
                "day": day_of(b, STEPS[action.step].last),
                "step": say(STEPS[action.step].label),
            }
            for action in actions
        ],
        columns=["action", "department", "day", "step"],
    )
    names = ["action", "department", "day"] if term_start(b) else ["action", "department", "step"]
    return table(name, title or say("What is done, by whom, until when"), rows, names, b.lang)
