"""Decisions by hand on a plan: checked at once, and the rest kept as near to the plan as can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from layoutopt.errors import nearest
from layoutopt.explaining.change import Change, change_of
from layoutopt.follow_up import premises_uses, staff_moves
from layoutopt.options import build_options
from layoutopt.pipeline import optimize
from layoutopt.plan.audit import audit
from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import assignment_table, levels_of, school_table
from layoutopt.policy import Policy
from layoutopt.schema import BANDS, STAGES
from layoutopt.study import Study

KEEP, CLOSE, MOVE = "keep", "close", "move"
DRAFT = "draft"
"""Kind of a plan with decisions taken and nothing decided again."""
WAY = ["school_id", "mode", "minutes", "ride_min", "km"]


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
        ValueError
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
        return _draft(self.plan, self.change) if self.steps else self.plan

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
        raise ValueError(f"'{code}' is no {what} of this plan.{nearest(code, known)}")
    return code


def _draft(plan: Plan, change: Change) -> Plan:
    """The plan's tables with who must move moved by the simplest rule, and schools counted anew."""
    study, policy = change.study, change.policy
    state = _states(plan, policy)
    options = build_options(study, policy)
    there = options.rows["school_id"].map(state)
    admitted = options.rows[(there == "full") | ((there == "teaching_point") & (options.rows["band"] == "lower"))]
    rows = options.items.merge(plan.assignments[["item", *WAY, "line_id"]], on="item", how="left")
    goes = pd.MultiIndex.from_frame(rows[["item", "school_id", "mode"]])
    comes_back = rows["today_school"].isin(_kept_again(plan, state)).to_numpy()
    stays = goes.isin(pd.MultiIndex.from_frame(admitted[["item", "school_id", "mode"]])) & ~comes_back
    home = admitted["item"].map(rows[comes_back].set_index("item")["today_school"])
    ranked = admitted.assign(away=admitted["school_id"] != home).sort_values(["away", "minutes", "school_id"])
    soonest = ranked.drop_duplicates("item").set_index("item")
    for column in WAY:
        rows[column] = rows[column].where(stays, rows["item"].map(soonest[column]))
    rows["line_id"] = rows["line_id"].where(stays)
    assignments = assignment_table(rows, policy)
    before = plan.schools.set_index("school_id")
    levels = {(code, stage): levels_of(before.loc[code, f"level_{stage}"]) for code in before.index for stage in STAGES}
    schools = school_table(
        study, policy, assignments, state=state, bands=_bands(study, before), levels=levels,
        support=dict(before["support"]),
    )  # fmt: skip
    rides = assignments.loc[assignments["line_id"] != "", ["item", "line_id"]]
    stops = plan.bus_stops.merge(rides, on=["item", "line_id"])[list(plan.bus_stops.columns)]
    return plan.replace(
        study=study, policy=policy, assignments=assignments, schools=schools, bus_stops=stops, kind=DRAFT,
        staff_moves=staff_moves(study, policy, schools), premises=premises_uses(study, policy, schools),
        proof=Proof("draft", "a draft is not solved"),
    )  # fmt: skip


def _states(plan: Plan, policy: Policy) -> dict[str, str]:
    """What each school is after the decisions: full, teaching_point or closed."""
    roles = plan.schools.set_index("school_id")["role"].replace({"hub": "full", "not_built": "closed"})
    closure = policy.closure
    return {**roles, **dict.fromkeys(closure.must_keep, "full"), **dict.fromkeys(closure.must_close, "closed")}


def _kept_again(plan: Plan, state: Mapping[str, str]) -> list[str]:
    """Schools the plan closed or shrank that are full schools after the decisions."""
    smaller = plan.schools.loc[plan.schools["role"].isin(["closed", "teaching_point"]), "school_id"]
    return [code for code in smaller if state[code] == "full"]


def _bands(study: Study, before: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """The bands each school teaches in the plan, or could, where it teaches none there or only the lowest."""
    found = {}
    for code in study.schools.index:
        own = str(before.loc[code, "bands"]).split("+") if before.loc[code, "role"] in ("hub", "full") else []
        offered = [band for band in BANDS if study.schools.loc[code, f"offers_{band}"]]
        found[str(code)] = tuple(own or offered)
    return found
