"""Why no plan fits: which places and rules cannot hold together, what would have to give, and single ways out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from layoutopt.errors import Relaxation, Repair
from layoutopt.model.build import ExtraRule
from layoutopt.model.relax import Asked, diagnose
from layoutopt.options import build_options
from layoutopt.pipeline.certificates import Certificate, certificates
from layoutopt.pipeline.gates import check_reachable
from layoutopt.policy import Policy
from layoutopt.study import Study

if TYPE_CHECKING:
    from layoutopt.model.relax import Diagnosis

COLUMNS = ["rule", "place", "amount", "unit", "limit_now", "limit_needed", "words"]
PLAN_EXISTS = "A plan exists that keeps every rule; bus lines are not drawn for this answer."


@dataclass(frozen=True, eq=False)
class Infeasibility:
    """Why no plan keeps every rule: words first, then a table.

    ``exists`` says whether a plan exists after all. ``relaxations`` is the smallest easing found under which all
    pupils are served, ``proven`` where none is smaller; ``repairs`` are single changes that alone suffice.
    ``conflict`` names what cannot hold together, ``minimal`` where each part of it is needed. ``proofs`` are certain
    without solving. ``split`` says whether whole groups fail to fit where split ones would.
    """

    exists: bool
    relaxations: tuple[Relaxation, ...]
    proven: bool
    repairs: tuple[Repair, ...]
    conflict: tuple[str, ...]
    minimal: bool
    proofs: tuple[Certificate, ...]
    split: pd.DataFrame
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def rules(self) -> tuple[str, ...]:
        """Rules that would give way."""
        return tuple(dict.fromkeys(one.rule for one in self.relaxations))

    @property
    def table(self) -> pd.DataFrame:
        """What gives way: ``rule, place, amount, unit, limit_now, limit_needed, words``."""
        return pd.DataFrame([[getattr(one, name) for name in COLUMNS] for one in self.relaxations], columns=COLUMNS)

    @property
    def repair_table(self) -> pd.DataFrame:
        """A row a rule and place that a single change eases; ``repair`` numbers the changes."""
        rows = [
            [number, repair.words, *(getattr(one, name) for name in COLUMNS[:-1])]
            for number, repair in enumerate(self.repairs, start=1)
            for one in repair.relaxations
        ]
        return pd.DataFrame(rows, columns=["repair", "words", *COLUMNS[:-1]])

    def __bool__(self) -> bool:
        return not self.exists

    def __str__(self) -> str:
        if self.exists:
            return PLAN_EXISTS
        return "\n".join("\n".join([head, *(f"  {line}" for line in lines)]) for head, lines in self.parts)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if self.exists:
            return f"<p>{escape(PLAN_EXISTS)}</p>"
        said = "".join(
            f"<p>{escape(head)}</p><ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>"
            for head, lines in self.parts
        )
        return said + self.table.drop(columns="words").round(1).to_html(index=False, na_rep="")


def why_infeasible(
    study: Study, policy: Policy, *, priorities: Sequence[str] = (), extra_rules: Iterable[ExtraRule] = ()
) -> Infeasibility:
    """Return why no plan keeps every rule, and what would have to give; falsy where a plan exists.

    Parameters
    ----------
    priorities
        Rules, or groups of them (``room, money, sizes, resources, ways, buses, boarding, zones, decisions,
        own_rules``), in the order in which they may give: each only as far as those before it cannot help, those not
        named last. Without it all have a price of one scale: a place missing for a pupil counts 1, ten minutes too
        long for a pupil 1, 10,000 CNY 1, a school decided otherwise 200. That keeps money and room before children's
        ways where these would get much longer, and decisions last.
    extra_rules
        A researcher's own rules, as in :func:`layoutopt.optimize`.

    Raises
    ------
    InputError
        Pupils that no school can serve whatever the policy says.
    ValueError
        A priority that is no rule and no group of rules.

    Examples
    --------
    >>> import layoutopt as lo
    >>> print(lo.why_infeasible(study, policy, priorities=["room", "ways"]))  # doctest: +SKIP
    """
    check_reachable(study, policy)
    options = build_options(study, policy)
    proofs = certificates(study, policy, options)
    asked = Asked(study, policy, options, extra_rules=tuple(extra_rules))
    found = diagnose(asked, priorities=priorities, proofs=[(proof.rule, proof.words) for proof in proofs])
    return _shown(found, tuple(proofs))


def _shown(found: Diagnosis, proofs: tuple[Certificate, ...]) -> Infeasibility:
    exists = found.exists and not proofs
    parts = () if exists else tuple((head, tuple(lines)) for head, lines in found.parts())
    return Infeasibility(
        exists=exists,
        relaxations=found.relaxations,
        proven=found.easing is not None and found.easing.proven,
        repairs=found.repairs,
        conflict=found.conflict_words,
        minimal=found.conflict is not None and found.conflict.minimal,
        proofs=proofs,
        split=found.split.parts if found.split else pd.DataFrame(columns=["item", "school_id", "mode", "pupils"]),
        parts=parts,
    )
