"""Why nothing fits, put together: what gives way, single repairs, what cannot hold together, and the split trap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from layoutopt.errors import InfeasibleError, Relaxation, Repair
from layoutopt.model.relax.beyond import Asked, beyond_limits
from layoutopt.model.relax.conflict import Conflict, conflict_of, unit_words
from layoutopt.model.relax.lost import lost_lines
from layoutopt.model.relax.prices import GROUPS
from layoutopt.model.relax.repairs import Purse, repairs_of
from layoutopt.model.relax.smallest import Easing, smallest
from layoutopt.model.relax.split import Split, split_of
from layoutopt.model.relax.words import lines_of, relaxations_of

SHOWN = 12
QUICK_SOLVES = 16
PACKED = (*GROUPS["room"], *GROUPS["resources"], "min_pupils", "one_school", "contiguous")
"""Rules that may stand in the way only because groups are whole."""


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """Everything known about why no plan fits. ``easing`` is None where nothing that can give helps."""

    lost: tuple[str, ...]
    blamed: tuple[str, ...]
    easing: Easing | None
    relaxations: tuple[Relaxation, ...]
    repairs: tuple[Repair, ...]
    conflict: Conflict | None
    split: Split | None
    proofs: tuple[tuple[str, str], ...]

    @property
    def exists(self) -> bool:
        """Whether a plan exists after all: nothing has to give."""
        return self.easing is not None and not self.relaxations

    @property
    def conflict_words(self) -> tuple[str, ...]:
        """What cannot hold together, one thing each."""
        if self.conflict is None or self.easing is None:
            return ()
        return tuple(unit_words(self.easing.soft.data, unit) for unit in self.conflict.units)

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules that stand in the way."""
        certain = [rule for rule, _ in self.proofs]
        return tuple(dict.fromkeys([*self.blamed, *(one.rule for one in self.relaxations), *certain]))

    def parts(self) -> list[tuple[str, list[str]]]:
        """Return headlines with their lines: what is certain, what gives way, and what would do instead."""
        parts: list[tuple[str, list[str]]] = []
        if self.lost:
            parts.append((f"{len(self.lost)} pupil groups cannot be served under this policy:", list(self.lost)))
        if self.proofs:
            parts.append(("Certain before solving:", [words for _, words in self.proofs]))
        if self.relaxations or self.easing is None or not self.proofs:
            parts.append(self._easing_part())
        if self.conflict_words:
            known = "" if self.conflict is None or self.conflict.minimal else " (perhaps not each of them is needed)"
            parts.append((f"These cannot hold together{known}:", list(self.conflict_words)))
        if self.split is not None:
            parts.append(("No group may be split:", [self.split.words()]))
        if self.repairs:
            parts.append(("Any one of these changes alone would do:", [one.words for one in self.repairs]))
        return parts

    def _easing_part(self) -> tuple[str, list[str]]:
        head = "" if self.lost else "No plan keeps every rule. "
        if self.easing is None:
            return f"{head}No easing was found that helps. Look at your extra rules, or give more time.", []
        if not self.relaxations:
            return "The solver found no plan, yet a softened copy needs nothing eased: give more effort or time.", []
        least = "" if self.easing.proven else " (a smaller one may exist)"
        return f"{head}The smallest easing found under which all pupils are served{least}:", lines_of(
            list(self.relaxations)
        )

    def error(self) -> InfeasibleError:
        """Return the error that says it."""
        lines = []
        for head, own in self.parts():
            lines += [head, *(f"  {line}" for line in own[:SHOWN])]
            lines += [f"  and {len(own) - SHOWN} more"] if len(own) > SHOWN else []
        rules = self.rules or (("oneway_limit",) if self.lost else ())
        return InfeasibleError(
            "\n".join(lines),
            rules,
            relaxations=self.relaxations,
            repairs=self.repairs,
            proofs=[words for _, words in self.proofs],
            proven=self.easing is not None and self.easing.proven,
        )


def diagnose(
    asked: Asked, *, priorities: Sequence[str] = (), proofs: Sequence[tuple[str, str]] = (), thorough: bool = True
) -> Diagnosis:
    """Return why nothing fits what is asked; ``thorough`` looks for what cannot hold together as well.

    Parameters
    ----------
    priorities
        Rules or groups of rules in the order in which they may give; those not named give last.
    proofs
        What is known for certain already: rule, and words.
    """
    beyond = beyond_limits(asked)
    lost, blamed = lost_lines(beyond)
    easing = smallest(beyond, priorities=priorities)
    if easing is None:
        return Diagnosis(lost, blamed, None, (), (), None, None, tuple(proofs))
    relaxations = tuple(relaxations_of(easing.soft, easing.given))
    if not relaxations:
        return Diagnosis(lost, blamed, easing, (), (), None, None, tuple(proofs))
    repairs = repairs_of(easing, purse=Purse() if thorough else Purse(QUICK_SOLVES))
    conflict = conflict_of(easing) if thorough else None
    packed = not lost and any(one.rule in PACKED for one in relaxations)
    split = split_of(easing) if packed else None
    return Diagnosis(lost, blamed, easing, relaxations, tuple(repairs), conflict, split, tuple(proofs))
