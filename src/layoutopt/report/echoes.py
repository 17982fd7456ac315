"""Sentences the lower layers wrote in English, recognised in a plan's tables and said in the report's language."""

from __future__ import annotations

import re
from functools import cache

from layoutopt.plan.audit import CHECKS
from layoutopt.report.language import Language, message

SENTENCES: tuple[str, ...] = (
    message("closure decided already"),
    message("its pupils are served elsewhere within all limits at less cost"),
    message("not needed"),
    message("grades 1-3 stay near home"),
    message("keeping it is part of the best plan found"),
    message("has {n} pupils or more"),
    message("no road a bus can use reaches it"),
    message("must be kept by policy"),
    message("marked keep in the schools layer"),
    message("Pupils as given by grade in the settlements layer."),
    message("Children by age ({columns} of the settlements layer), spread evenly over the grades."),
    message("Residents times the policy's shares of pupils ({shares})."),
    message("{n} pupils enrolled at {schools} schools, spread over the settlements nearest to each school, "
            "in proportion to {weights}."),
    message("{n} pupils enrolled at {schools} schools, spread over the settlements by {weights} and distance "
            "(the pull halves every {halving} km)."),
    message("Nobody attends a school today."),
    message("Today's schools: {parts}."),
    message("{parts} (the schools' enrolments are missed by {n} pupils in all)"),
    message("{parts}; {n} of them reach no school"),
    message("{n} pupils as their settlement names it"),
    message("{n} pupils where they are enrolled"),
    message("{n} pupils by the least total minutes on foot that meet the enrolments"),
    message("{n} pupils at the nearest school that teaches their band"),
    message("Straight lines × {factor}, as no roads are given."),
    message("Along {km} km of roads, {share} of them in one connected piece."),
    message("Straight lines × {factor}, as no roads are given, but {ways} as in the study's own travel table."),
    message("Along {km} km of roads, {share} of them in one connected piece, but {ways} as in the study's own "
            "travel table."),
    message("one way"),
    message("{n} ways"),
    message("residents"),
    message("children of that age"),
    message("the compact program with buses at a price per rider"),
    message("layout and bus lines together, lines at their real cost"),
    message("classes and staff nobody can avoid"),
    message("today's schools; nothing was optimised"),
    message("chosen by the planner"),
)  # fmt: skip
"""Messages as they are composed below the report; a plan edited by hand may hold others, which stay as written."""
NESTED = ("parts", "weights", "ways")
"""Places whose content is a sentence of this table itself."""


def echoed(text: str, lang: Language) -> str:
    """Return a known sentence in the language, and any other text unchanged."""
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            values = {name: _part(name, part, lang) for name, part in found.groupdict().items()}
            return lang.text(template, **values)
    return text


def _part(name: str, text: str, lang: Language) -> str:
    if name not in NESTED:
        return text
    return lang.text("; ").join(echoed(part, lang) for part in text.split("; "))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each message as a pattern; those with fewer open places come first, as they say more."""
    order = sorted(SENTENCES, key=lambda sentence: (sentence.count("{"), -len(sentence)))
    return tuple((sentence, re.compile(_expression(sentence))) for sentence in order)


def _expression(sentence: str) -> str:
    pieces = re.split(r"\{(\w+)\}", sentence)
    return "".join(re.escape(piece) if at % 2 == 0 else f"(?P<{piece}>.+?)" for at, piece in enumerate(pieces))


def rule_words(rule: str, lang: Language) -> str:
    """Return what a rule demands, in the audit's own words; the rule's name where the audit does not know it."""
    text = (CHECKS[rule].__doc__ or "") if rule in CHECKS else ""
    return lang.text(text.splitlines()[0]) if text else rule
