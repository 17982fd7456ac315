"""Sentences the lower layers wrote in English, recognised in a plan's tables and said in the report's language."""

from __future__ import annotations

import re
from functools import cache

import pandas as pd

from layoutopt.plan.audit import CHECKS
from layoutopt.report.language import SOURCE, Language
from layoutopt.report.sentences import CODES, LISTED, NESTED, SENTENCES


def echoed(text: str, lang: Language) -> str:
    """Return a known sentence in the language, and any other text unchanged: planners write reasons of their own."""
    if lang.code == SOURCE:
        return text
    for template, pattern in _patterns():
        found = pattern.fullmatch(text)
        if found:
            values = {name: _part(name, part, lang) for name, part in found.groupdict().items()}
            return lang.text(template, **values)
    return text


def _part(name: str, text: str, lang: Language) -> str:
    if name in CODES:
        return lang.text(CODES[name].get(text, text))
    if name in LISTED:
        return lang.text(", ").join(echoed(part, lang) for part in text.split(", "))
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


def violations_in_words(violations: pd.DataFrame, lang: Language) -> pd.DataFrame:
    """Return what an audit found with its rules, its place for the whole county and its details in the language."""
    county = {"county": lang.text("whole county")}
    said = violations.assign(rule=[rule_words(str(rule), lang) for rule in violations["rule"]])
    if "place" in said:
        said["place"] = [county.get(str(place), place) for place in said["place"]]
    if "message" in said:
        said["message"] = [echoed(str(text), lang) for text in said["message"]]
    return said
