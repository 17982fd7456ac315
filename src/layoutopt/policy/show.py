"""A policy in words: every key with value, unit, source and confidence, and what is not to be taken for law."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from layoutopt.policy.fields import OURS
from layoutopt.policy.keys import note_of

if TYPE_CHECKING:
    from layoutopt.policy.policy import Policy

RECALLED, OWN = "recalled", "our own"
MARKS = {RECALLED: "?", OWN: "*"}
CONFIDENCE = {
    "H": "official text or agreeing reports", "M": "one secondary source or recalled", "L": "our own starting value",
}  # fmt: skip
WIDTH = 110


@dataclass(frozen=True)
class Shown:
    """One key as a planner reads it; ``mark`` says ``recalled`` or ``our own`` where the value is to be checked.

    ``confidence`` is H, M or L, and empty for a value that the planner chose; ``preset`` is whether the preset says
    it, or the planner, and not the default; ``fixed`` is what the preset allows, empty where all is.
    """

    group: str
    key: str
    value: Any
    unit: str
    meaning: str
    source: str
    confidence: str
    mark: str
    preset: bool
    fixed: str


def shown(policy: Policy) -> list[Shown]:
    """Return every key of a policy, those its preset or the planner sets first."""
    entries = [_entry(policy, group, key, value) for group, key, value in policy]
    return sorted(entries, key=lambda entry: not entry.preset)


def _entry(policy: Policy, group: str, key: str, value: Any) -> Shown:
    note, own = note_of(group, key), key in policy.sources
    source, confidence = split_source(policy.sources[key]) if own else (note.source, str(note.confidence))
    fixed = str(policy.fixed[key]) if key in policy.fixed else ""
    mark = "" if value is None or value in ((), {}) else mark_of(source, confidence)
    return Shown(group, key, value, note.unit, note.meaning, source, confidence, mark, own, fixed)


def split_source(text: str) -> tuple[str, str]:
    """Return a source without the confidence at its end, and the confidence; empty where none is said."""
    found = re.fullmatch(r"(.*?)\s*\(([HML])\)", text, re.DOTALL)
    return (found[1], found[2]) if found else (text, "")


def mark_of(source: str, confidence: str) -> str:
    """Return why a value is not to be taken for law: ``recalled``, ``our own``, or nothing."""
    if "recalled" in source:
        return RECALLED
    return OWN if confidence == "L" or OURS in source else ""


def policy_json(policy: Policy) -> dict[str, Any]:
    """Return a policy for programs: its name, what it is about, and every key."""
    return {"name": policy.name, "about": policy.about, "keys": [asdict(entry) for entry in shown(policy)]}


def policy_lines(policy: Policy) -> Iterator[str]:
    """Yield a policy as lines of text."""
    entries = shown(policy)
    yield f"{policy.name}: {policy.about}" if policy.about else policy.name
    yield f"{MARKS[OWN]} our own value, {MARKS[RECALLED]} recalled and not read again: check both before they are law."
    yield "; ".join(f"{letter} {words}" for letter, words in CONFIDENCE.items()) + "."
    for is_preset, head in ((True, "Said by the preset"), (False, "Left at its default")):
        part = [entry for entry in entries if entry.preset == is_preset]
        if part:
            yield from ("", f"{head}:")
        for entry in part:
            yield from _key_lines(entry)
    unsure = sum(bool(entry.mark) for entry in entries)
    yield ""
    yield f"{unsure} of {len(entries)} values are our own or recalled."


def _key_lines(entry: Shown) -> Iterator[str]:
    unit = f" {entry.unit}" if entry.unit else ""
    limit = f"  [fixed: {entry.fixed}]" if entry.fixed else ""
    yield f"{MARKS.get(entry.mark, ' ')} {entry.group}.{entry.key} = {plain(entry.value)}{unit}{limit}"
    said = f"{entry.source} ({entry.confidence})" if entry.confidence else entry.source
    yield from textwrap.wrap(said, WIDTH, initial_indent="      ", subsequent_indent="      ")


def plain(value: Any) -> str:
    """Return a value as a planner writes it."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {plain(part)}" for name, part in value.items()) or "none"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(plain, value)) or "none"
    if isinstance(value, float):
        return f"{value:,.6g}" if abs(value) < 1e6 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def preset_lines(policies: list[Policy]) -> Iterator[str]:
    """Yield a line for each bundled preset: its name, what it is about, and how many keys it sets."""
    width = max(len(policy.name) for policy in policies)
    for policy in policies:
        yield f"{policy.name:{width}}  {policy.about} ({len(policy.sources)} keys)"
