"""Tables about closures: the five conditions that forbid one, and what must be built before."""

from __future__ import annotations

import re

import pandas as pd

from layoutopt.plan.closures import CONDITIONS, waits_for
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.echoes import echoed
from layoutopt.report.language import Language, message
from layoutopt.report.words import CLOSING_VERDICTS, STAGE_NAMES

CONFIRM: dict[str, str] = {
    "objection": message("after the hearing: for ____, against ____"),
    "journey": message("safety of the road, by the traffic police"),
    "beds_and_meals": message("kitchen and dining room, on site"),
}
"""What the county has to find out about a condition, whatever the plan shows."""
COLUMN_OF = {"journey": "way", "class_size": "class_sizes"}
"""Conditions whose column in a table has another name."""


def conditions(b: Brief, school_id: str) -> Table:
    """Return what the plan shows on each of the five conditions that would forbid closing ``school_id``."""
    rows = b.conditions[b.conditions["school_id"] == school_id]
    rows = rows.assign(
        check=[b.lang.text(CONDITIONS[name]) for name in rows["condition"]],
        verdict=[b.lang.text(CLOSING_VERDICTS[verdict]) for verdict in rows["verdict"]],
        finding=[finding_words(b, str(text)) for text in rows["text"]],
        confirm=[b.lang.text(CONFIRM.get(name, "")) for name in rows["condition"]],
    )
    title = b.lang.text("Five conditions: the closure is refused where one of them holds")
    return table("conditions", title, rows, ["check", "verdict", "finding", "confirm"], b.lang)


def finding_words(b: Brief, text: str) -> str:
    """Return a finding in the language, sentence by sentence, with the names of schools for their ids."""
    return b.lang.sentences(_sentence(b, part) for part in re.split(r"(?<=\.) (?=\S)", text))


def _sentence(b: Brief, text: str) -> str:
    code, colon, rest = text.partition(": ")
    named = f"{b.school_name(code)}: {rest}" if colon and code in b.schools.index else text
    return echoed(named, b.lang)


def all_conditions(b: Brief) -> Table:
    """Return the verdicts on the five conditions, a row a school that closes or becomes a teaching point."""
    found: dict[str, dict[str, str]] = {}
    for row in b.conditions.to_dict("records"):
        name, word = COLUMN_OF.get(row["condition"], row["condition"]), CLOSING_VERDICTS[row["verdict"]]
        found.setdefault(str(row["school_id"]), {})[name] = b.lang.text(word)
    schools = b.schools.loc[list(found)]
    said = pd.DataFrame(found.values(), index=schools.index)
    rows = said.assign(school=schools["name"], town=schools["town"], role=b.roles(schools))
    names = ["school", "town", "role", "objection", "way", "beds_and_meals", "school_size", "class_sizes"]
    title = b.lang.text("The five conditions at every school that closes or becomes a teaching point")
    return table("all_conditions", title, rows.sort_values(["town", "school"], kind="stable"), names, b.lang)


def waiting(b: Brief) -> Table:
    """Return the closures that wait until a receiving school is enlarged."""
    rows = waits_for(b.plan)
    rows = rows.assign(
        school=[b.school_name(code) for code in rows["school_id"]],
        to_school=[b.school_name(code) for code in rows["to_school"]],
        stage=stages_in_words(b.lang, rows["stage"]),
        build_years=rows["build_years"].where(rows["build_years"] > 0),
    )
    names = ["school", "to_school", "stage", "level", "build_years"]
    heads = {"school": b.lang.text("School that closes"), "to_school": b.lang.text("School that is enlarged first")}
    none = b.lang.text("No closure has to wait for a building.")
    title = b.lang.text("Closures that wait for a building")
    return table("waiting", title, rows, names, b.lang, heads=heads, empty=none)


def stages_in_words(lang: Language, stages: pd.Series) -> list[str]:
    """Return stages as tables call them."""
    return [lang.text(STAGE_NAMES[str(stage)]) for stage in stages]
