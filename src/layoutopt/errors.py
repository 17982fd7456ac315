"""Every exception layoutopt raises on purpose: what is wrong, where, and what to do now."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong with an input, placed where a spreadsheet or GIS shows it."""

    where: str
    what: str
    cure: str = ""

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}".rstrip(".") + "."
        return f"{text} {self.cure}" if self.cure else text


@dataclass(frozen=True)
class Finding:
    """Something a planner should see: repaired while reading, or worth a look; ``ids`` tell where it is on a map."""

    text: str
    layer: str = ""
    ids: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text


class LayoutError(Exception):
    """The one base class of everything layoutopt raises on purpose."""


class InputError(LayoutError, ValueError):
    """Inputs that cannot be used; ``problems`` lists every one, gathered in a single pass."""

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems: tuple[Problem, ...] = () if isinstance(problems, str) else tuple(problems)
        if isinstance(problems, str):
            super().__init__(problems)
            return
        count = len(self.problems)
        head = "1 problem stops the reading:" if count == 1 else f"{count} problems stop the reading:"
        super().__init__("\n".join([head, *(f"  {problem}" for problem in self.problems)]))


class PolicyError(LayoutError, ValueError):
    """Choices that are unknown or contradict each other."""


class AskError(LayoutError, ValueError):
    """A question that names what does not exist, or asks for nothing."""


@dataclass(frozen=True)
class Relaxation:
    """One rule that gives way at one place: by how much, and what its limit is now and would have to be.

    ``place`` is empty for rules of the whole county; limits are None where a rule knows only yes or no.
    """

    rule: str
    place: str
    amount: float
    unit: str
    limit_now: float | None = None
    limit_needed: float | None = None
    words: str = ""

    def __str__(self) -> str:
        return self.words or f"{self.place}: {self.rule} gives way by {self.amount:g} {self.unit}"


@dataclass(frozen=True)
class Repair:
    """One change that alone makes a plan possible; ``relaxations`` lists what gives way by it."""

    words: str
    relaxations: tuple[Relaxation, ...] = ()

    def __str__(self) -> str:
        return self.words


class InfeasibleError(LayoutError):
    """No plan can keep every rule; ``rules`` names what cannot hold together, with places and amounts.

    ``relaxations`` is the smallest easing found under which all pupils are served (``proven`` where none is
    smaller), ``repairs`` are single changes that alone suffice, ``proofs`` what was certain before solving.
    """

    def __init__(
        self,
        message: str,
        rules: Sequence[str] = (),
        *,
        relaxations: Sequence[Relaxation] = (),
        repairs: Sequence[Repair] = (),
        proofs: Sequence[str] = (),
        proven: bool = False,
    ) -> None:
        super().__init__(message)
        self.rules: tuple[str, ...] = tuple(rules)
        self.relaxations: tuple[Relaxation, ...] = tuple(relaxations)
        self.repairs: tuple[Repair, ...] = tuple(repairs)
        self.proofs: tuple[str, ...] = tuple(proofs)
        self.proven = proven


class SolverError(LayoutError):
    """The solver stopped before any plan was found."""


class MissingExtraError(LayoutError, ImportError):
    """A part needs a package that is not installed; the message names the extra to install."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"This needs the package '{package}'. Install it with: pip install 'layoutopt[{extra}]'")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the known name closest to ``name``, or an empty string."""
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""
