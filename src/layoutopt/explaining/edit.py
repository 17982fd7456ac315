"""Decisions by hand on a plan: checked at once, and the rest kept as near to the plan as can be."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pandas as pd

from layoutopt.errors import AskError, nearest
from layoutopt.explaining.change import Change, change_of
from layoutopt.explaining.draft import draft_of
from layoutopt.pipeline import optimize
from layoutopt.plan.audit import audit
from layoutopt.plan.plan import Plan

KEEP, CLOSE, MOVE = "keep", "close", "move"


@dataclass(frozen=True, eq=False)
class Edit:
    """Decisions on top of a plan, in their order: each method returns a new edit, nothing is changed in place.

    A later decision about the same school or village replaces an earlier one.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.edit(plan).keep("S01").close("S02").move("V003", "S07").reoptimize()  # doctest: +SKIP
    """

    plan: Plan
    steps: tuple[tuple[str, str, str], ...] = ()

    def keep(self, school: str, reason: str = "") -> Edit:
        """Return the edit with ``school`` kept as a full school; documents give the ``reason``."""
        return self._with(KEEP, _known(self.plan, school, "school"), reason)

    def close(self, school: str) -> Edit:
        """Return the edit with ``school`` closed."""
        return self._with(CLOSE, _known(self.plan, school, "school"), "")

    def move(self, settlement: str, school: str) -> Edit:
        """Return the edit with the pupils of ``settlement`` (or settlement.band) sent to ``school``.

        Of a settlement those bands go that the school teaches.
        """
        place = settlement if settlement in self.plan.study.settlements.index else settlement.rpartition(".")[0]
        _known(self.plan, place or settlement, "settlement")
        return self._with(MOVE, settlement, _known(self.plan, school, "school"))

    def undo(self) -> Edit:
        """Return the edit without its last decision."""
        return replace(self, steps=self.steps[:-1])

    @property
    def change(self) -> Change:
        """What the decisions make of the study's policy.

        Raises
        ------
        AskError
            There is no decision yet.
        PolicyError
            A decision the policy or the schools layer forbids.
        """
        kept = [name for what, name, _ in self.steps if what == KEEP]
        closed = [name for what, name, _ in self.steps if what == CLOSE]
        found = change_of(
            self.plan, keep=kept, close=closed, move={name: to for what, name, to in self.steps if what == MOVE}
        )
        given = {name: why for what, name, why in self.steps if what == KEEP and why}
        reasons = {**found.policy.closure.keep_reasons, **given}
        return replace(found, policy=found.policy.replace(keep_reasons=reasons)) if given else found

    @property
    def draft(self) -> Plan:
        """The plan with the decisions taken and nothing decided again.

        Pupils of a school that closes, and those who are sent, take the soonest way the rules allow to a school that
        is open; riders have no line until lines are drawn. :meth:`check` says what that breaks.
        """
        return draft_of(self.plan, self.change) if self.steps else self.plan

    def check(self) -> pd.DataFrame:
        """Return the violations of :attr:`draft`, at once and without solving; see :func:`layoutopt.audit`."""
        return audit(self.draft)

    def reoptimize(self, *, time_limit_s: float = 120.0) -> Plan:
        """Return the plan that keeps every rule and decision with the fewest further changes.

        Fewest schools decided otherwise first, then fewest pupils who go elsewhere or another way; lines whose riders
        stay are kept. That no plan changes less is proven where ``plan.proof.status`` says optimal.

        Raises
        ------
        InfeasibleError
            No plan keeps every rule with these decisions; the message names what stands in the way.
        """
        change = self.change
        return optimize(
            change.study, change.policy, time_limit_s=time_limit_s, seed=self.plan.seed, start=self.plan,
            method="nearest",
        )  # fmt: skip

    def _with(self, what: str, name: str, more: str) -> Edit:
        about = MOVE if what == MOVE else KEEP + CLOSE
        steps = tuple(step for step in self.steps if not (step[0] in about and step[1] == name))
        return replace(self, steps=(*steps, (what, name, more)))

    def __repr__(self) -> str:
        said = ", ".join(f"{what} {name}" + (f" to {to}" if what == MOVE else "") for what, name, to in self.steps)
        return f"<Edit of {self.plan!r}: {said or 'nothing decided yet'}>"


def edit(plan: Plan) -> Edit:
    """Return an edit of ``plan`` without any decision yet.

    Examples
    --------
    >>> import layoutopt as lo
    >>> draft = lo.edit(plan).keep("S01").move("V003", "S07")  # doctest: +SKIP
    >>> draft.check()  # doctest: +SKIP
    >>> draft.undo().reoptimize()  # doctest: +SKIP
    """
    return Edit(plan)


def _known(plan: Plan, code: str, what: str) -> str:
    known = plan.study.schools.index if what == "school" else plan.study.settlements.index
    if code not in known:
        raise AskError(f"'{code}' is no {what} of this plan.{nearest(code, known)}")
    return code
