"""Why a change cannot be, in a sentence or two instead of the whole report."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from layoutopt.errors import InfeasibleError

SHOWN = 3


def in_short(error: InfeasibleError, *, own_rules: Collection[str] = ()) -> str:
    """Return what would have to give, and what alone would do; the question's ``own_rules`` are no answer to it."""
    eased = [str(one) for one in error.relaxations if one.rule not in own_rules]
    alone = [
        str(one)
        for one in error.repairs
        if one.relaxations and not any(part.rule in own_rules for part in one.relaxations)
    ]
    if not eased:
        head, *lines = str(error).splitlines()
        lines = [line.strip() for line in lines if line.startswith(" ") and not _speaks_of(line, own_rules)]
        return " ".join([head.rstrip(":.") + (":" if lines else "."), _listed(lines)]).strip()
    told = [f"No plan keeps every rule. What would have to give: {_listed(eased)}"]
    if alone and alone != eased:
        told.append(f"Any one of these alone would do: {_listed(alone)}")
    return " ".join(told)


def _speaks_of(line: str, rules: Collection[str]) -> bool:
    return any(f"'{rule}'" in line for rule in rules)


def _listed(parts: Sequence[str]) -> str:
    """The first few parts as one sentence, and how many more there are."""
    if not parts:
        return ""
    more = f"; and {len(parts) - SHOWN} more" if len(parts) > SHOWN else ""
    return "; ".join(part.rstrip(".;") for part in parts[:SHOWN]) + more + "."
