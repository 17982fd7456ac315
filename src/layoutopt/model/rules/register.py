"""One function per constraint: its name is the constraint's name in the LP file, the docs and the audit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows

RuleFunction = Callable[[Data], Iterator[Rows]]


@dataclass(frozen=True)
class Rule:
    """A constraint: what it says to a planner, its formula, and the function that states its rows."""

    name: str
    sentence: str
    formula: str
    rows: RuleFunction


RULES: dict[str, Rule] = {}


def rule(sentence: str, formula: str) -> Callable[[RuleFunction], RuleFunction]:
    """Register a constraint function under its own name."""

    def register(function: RuleFunction) -> RuleFunction:
        RULES[function.__name__] = Rule(function.__name__, sentence, formula, function)
        return function

    return register
