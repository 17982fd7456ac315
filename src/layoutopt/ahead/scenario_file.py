"""A file of scenarios read at once: every problem of it in one message."""

from __future__ import annotations

import tomllib
from pathlib import Path

from layoutopt.ahead.scenario import Scenario, read_scenario
from layoutopt.errors import InputError, Problem

TABLES = ("scenarios", "demand")
"""Tables that hold scenarios, by name; the second is what a sweep file calls them."""


def read_scenarios(path: str | Path) -> list[Scenario]:
    """Return the scenarios of a TOML file, in its order.

    Raises
    ------
    InputError
        No such file, no TOML, no scenarios, or values that cannot be used; all at once.
    """
    file = Path(path)
    try:
        given = tomllib.loads(file.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise InputError([Problem(str(file), "is no file", "Give a TOML file with [scenarios.NAME] tables.")]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(file), f"is no TOML: {error}", "Correct that line; save it as UTF-8.")]) from None
    tables = [given[name] for name in TABLES if isinstance(given.get(name), dict)]
    if not any(tables):
        cure = "Write a table for each, for example [scenarios.wet] with travel = 1.2."
        raise InputError([Problem(str(file), "has no scenarios", cure)])
    read = [read_scenario(name, table, file=file.name) for part in tables for name, table in part.items()]
    problems = [problem for _, found in read for problem in found]
    if problems:
        raise InputError(problems)
    return [one for one, _ in read if one is not None]
