"""A change to what was asked: the study, policy and rules it makes, and its words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import AskError, nearest
from layoutopt.fleet import vehicle_types
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.model.objective import plus
from layoutopt.pipeline import optimize
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.policy import Policy
from layoutopt.schema import BANDS, STAGES
from layoutopt.study import Study
from layoutopt.today import school_facts

EFFORT = "quick"
"""How much work a question costs where nothing else is said: the search begins at the plan and looks around it."""


MORE_ALLOWS = (
    "max_ride_min", "oneway_max_min", "oneway_max_km", "worsening_max_min", "board_max_min", "board_nearest",
    "annual_budget_cny", "capital_budget_cny",
)  # fmt: skip
"""Limits of which a smaller one only takes plans away: bounds found under the larger one hold under it too."""


@dataclass(frozen=True, eq=False)
class Change:
    """One question asked otherwise: ``tightens`` where it only takes plans away, so that earlier bounds hold."""

    words: str
    study: Study
    policy: Policy
    extra_rules: tuple[ExtraRule, ...] = ()
    tightens: bool = False


def change_of(
    plan: Plan,
    *,
    keep: str | Sequence[str] | None = None,
    close: str | Sequence[str] | None = None,
    move: Mapping[str, str] | None = None,
    places: Mapping[str, float] | None = None,
    beds: Mapping[str, float] | None = None,
    buses: int | None = None,
    schools_open: int | None = None,
    **policy_keys: Any,
) -> Change:
    """Return the change to what ``plan`` was asked.

    Parameters
    ----------
    keep, close
        A school_id that must stay, or must close.
    move
        Where the pupils of a settlement go: settlement_id (or settlement_id.band) to school_id.
    places, beds
        Seats or beds more (or fewer) at a school: school_id to their number. Seats are added in every stage the
        school teaches.
    buses
        Vehicles more or fewer in the county than the plan uses, of the kind it uses most.
    schools_open
        At least (or, below zero, at most) that many more schools open than in the plan.
    policy_keys
        Policy keys with their new values, for example ``max_ride_min=45``.

    Raises
    ------
    AskError
        An unknown id, or no change at all.
    PolicyError
        An unknown key, or values that contradict each other.
    """
    kept, closed = _schools(plan, keep), _schools(plan, close)
    sent = {place: _school(plan, school) for place, school in (move or {}).items()}
    study, said = plan.study, [f"{key} = {value}" for key, value in policy_keys.items()]
    for column, more in (("places", places), ("beds", beds)):
        for school, count in (more or {}).items():
            study = _with_room(study, _school(plan, school), column, count)
            said.append(f"{count:+g} {column} at {school}")
    if buses:
        study = _with_buses(study, plan, buses)
        said.append(f"{buses:+d} buses than the plan uses")
    rules: tuple[ExtraRule, ...] = ()
    if schools_open:
        rules = (_open_count(plan, schools_open),)
        said.append(f"{schools_open:+d} schools open")
    said += [f"keep {school}" for school in kept] + [f"close {school}" for school in closed]
    said += [f"{place} goes to {school}" for place, school in sent.items()]
    if not said:
        raise AskError("Name one change: keep=, close=, move=, places=, beds=, buses=, schools_open= or a policy key.")
    decided = _decided(plan.policy, kept, closed, sent)
    policy = plan.policy.replace(**{**decided, **policy_keys})
    tightens = (
        all(_takes_away(plan.policy, policy, key) for key in policy_keys)
        and all(more <= 0 for given in (places, beds) for more in (given or {}).values())
        and (buses or 0) <= 0
        and _only_adds(plan.policy, decided)
        and _frees_nobody(plan, kept, closed)
    )
    return Change(", ".join(said), study, policy, rules, tightens)


def solve_changed(plan: Plan, change: Change, *, effort: str | None = None, time_limit_s: float = 120.0) -> Plan:
    """Return the plan after the change, begun at ``plan``; its bound is the larger of its own and one that still holds.

    Raises
    ------
    InfeasibleError
        No plan keeps every rule after the change.
    """
    after = optimize(
        change.study, change.policy, effort=effort or EFFORT, time_limit_s=time_limit_s, seed=plan.seed,
        extra_rules=change.extra_rules, start=plan,
    )  # fmt: skip
    return _with_bound_of(plan, after) if change.tightens else after


def _with_bound_of(before: Plan, after: Plan) -> Plan:
    """The plan with the bound of the wider question where that says more: one goal, or the yearly cost first."""
    old, new = before.proof, after.proof
    if not old.levels or not new.levels or old.levels[0].goal != "annual_cost" or new.levels[0].goal != "annual_cost":
        return after
    if old.bound_name != new.bound_name or old.levels[0].bound <= new.levels[0].bound:
        return after
    first = replace(new.levels[0], bound=min(old.levels[0].bound, new.levels[0].value))
    return after.replace(proof=replace(new, levels=(first, *new.levels[1:])))


def _schools(plan: Plan, named: str | Sequence[str] | None) -> tuple[str, ...]:
    given: Iterable[str] = () if named is None else (named,) if isinstance(named, str) else named
    return tuple(_school(plan, school) for school in given)


def _school(plan: Plan, school: str) -> str:
    known = plan.study.schools.index
    if school not in known:
        raise AskError(f"'{school}' is no school of this plan.{nearest(school, known)}")
    return school


def _decided(policy: Policy, kept: Sequence[str], closed: Sequence[str], sent: Mapping[str, str]) -> dict[str, Any]:
    """The policy keys that hold decisions, with these; a later decision replaces an earlier one."""
    found: dict[str, Any] = {}
    closure = policy.closure
    if kept or closed:
        found["must_keep"] = (*(s for s in closure.must_keep if s not in {*kept, *closed}), *kept)
        found["must_close"] = (*(s for s in closure.must_close if s not in {*kept, *closed}), *closed)
        found["keep_reasons"] = {s: why for s, why in closure.keep_reasons.items() if s in found["must_keep"]}
    if sent:
        found["must_attend"] = {**policy.zones.must_attend, **sent}
    return found


def _only_adds(policy: Policy, decided: Mapping[str, Any]) -> bool:
    """Whether these decisions leave every earlier one as it is."""
    closure, zones = policy.closure, policy.zones
    return (
        set(closure.must_keep) <= set(decided.get("must_keep", closure.must_keep))
        and set(closure.must_close) <= set(decided.get("must_close", closure.must_close))
        and zones.must_attend.items() <= decided.get("must_attend", zones.must_attend).items()
    )


def _frees_nobody(plan: Plan, kept: Sequence[str], closed: Sequence[str]) -> bool:
    """Whether decisions lift no rule: what protects a school that is to close, min_pupils of one that is to stay."""
    facts = school_facts(plan.study, plan.policy)
    protected = facts["keep_reason"] != ""
    exempt = any(not protected[code] for code in kept) and any(
        plan.policy.closure.min_pupils[stage] > 0 for stage in STAGES
    )
    return not exempt and not any(protected[code] for code in closed)


def _takes_away(before: Policy, after: Policy, key: str) -> bool:
    """Whether the new value of a key is known to take plans away only, and changes no cost."""
    if key not in MORE_ALLOWS:
        return False
    old, new = (list(_numbers(policy, key)) for policy in (before, after))
    return all(two <= one for one, two in zip(old, new, strict=True))


def _numbers(policy: Policy, key: str) -> Iterator[float]:
    """The values of a limit band by band; no limit counts as infinite."""
    value = next(value for _, name, value in policy if name == key)
    for band in BANDS:
        own = value[band] if isinstance(value, Mapping) else value
        yield np.inf if own is None else float(own)


def _with_room(study: Study, school: str, column: str, more: float) -> Study:
    """The study with more room at a school."""
    schools = study.schools.copy()
    names = [column]
    if column == "places":
        stages = [stage for stage, bands in STAGES.items() if any(schools.loc[school, f"offers_{b}"] for b in bands)]
        names = [f"places_{stage}" for stage in stages]
    for name in names:
        now = schools.loc[school, name] if name in schools else np.nan
        if pd.isna(now):
            raise AskError(
                f"{school}: {name} is not known, so that {more:+g} says nothing. Give it in the schools layer."
            )
        schools.loc[school, name] = max(0.0, float(now) + more)
    return replace(study, schools=schools)


def _with_buses(study: Study, plan: Plan, more: int) -> Study:
    """The study with as many vehicles of the kind the plan uses most as it uses, and ``more``."""
    used = plan.bus_lines.drop_duplicates(["vehicle_id", "vehicle_no"])["vehicle_id"].value_counts()
    if used.empty:
        raise AskError("The plan has no buses to take or to add.")
    kinds = vehicle_types(study, plan.policy)
    attendant = plan.policy.bus.attendant_cny
    rows = [
        {
            "vehicle_id": kind.vehicle_id, "kind": kind.kind, "seats": kind.seats, "cny_per_km": kind.cny_per_km,
            "fixed_cny": kind.fixed_cny - (attendant if kind.kind == "school_bus" else 0.0),
            "count": max(0, int(used.iloc[0]) + more) if kind.vehicle_id == used.index[0] else kind.count,
        }
        for kind in kinds
    ]  # fmt: skip
    return replace(study, vehicles=pd.DataFrame(rows).astype({"count": float}))


def _open_count(plan: Plan, more: int) -> ExtraRule:
    """At least (or at most) that many schools more than the plan has open."""
    now = int(plan.schools["role"].isin(OPEN_ROLES).sum())

    def schools_open(d: Data) -> Iterator[Rows]:
        count = plus(d, d.frame.total("open", by=[]), d.frame.total("point", by=[]))
        yield count >= now + more if more > 0 else count <= now + more

    return schools_open
