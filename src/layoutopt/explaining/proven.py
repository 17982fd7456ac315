"""What one solve proves for another: a plan for a tighter question, a bound for a looser one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from layoutopt.explaining.change import MORE_ALLOWS, Change
from layoutopt.options import build_options
from layoutopt.pipeline.decide import TOGETHER_NAME
from layoutopt.pipeline.reasons import stay_reasons
from layoutopt.pipeline.run import UNAVOIDABLE_NAME
from layoutopt.plan.audit import audit
from layoutopt.plan.plan import Level, Plan, Proof
from layoutopt.plan.tables import assignment_table
from layoutopt.policy import Policy
from layoutopt.policy.policy import groups_of_keys
from layoutopt.today import school_facts

INF = float("inf")
SAME = 1e-6
CHEAPER_CNY = 0.5
LIMITS = {**dict.fromkeys((*MORE_ALLOWS, "school_cap", "nine_year_cap"), 1), "min_pupils": -1, "merge_share": -1}
"""Keys that only take plans away when they fall (1) or rise (-1), and change nothing else."""
DEFAULT_REASON = "keeping it is part of the best plan found"


def cost_level(plan: Plan) -> Level | None:
    """Return what the plan's proof says of the yearly cost; None where the cost is no goal."""
    return next((level for level in plan.proof.levels if level.goal == "annual_cost"), None)


def earlier_goals(plan: Plan) -> dict[str, float]:
    """Return the goals sought before the yearly cost, and what they came to."""
    found: dict[str, float] = {}
    for level in plan.proof.levels:
        if level.goal == "annual_cost":
            break
        found[level.goal] = level.value
    return found


def only_tightens(loose: Policy, keys: Mapping[str, Any]) -> bool:
    """Return whether the policy ``keys``, set over ``loose``, only take plans away.

    Known for the limits of ``LIMITS``; a limit that also lets others be used (who may walk may not ride) is none.
    """
    if not keys or any(key not in LIMITS for key in keys):
        return False
    tight = loose.replace(**keys)
    return all(_as_tight(_parts(tight, key), _parts(loose, key), LIMITS[key]) for key in keys)


def takes_away(plan: Plan, change: Change) -> bool:
    """Return whether a change of decisions only takes plans away.

    Closing a school that is protected adds plans, and so does keeping one that would be too small to stay by itself.
    """
    if not change.tightens:
        return False
    facts, before, after = school_facts(plan.study, plan.policy), plan.policy.closure, change.policy.closure
    closed = facts.loc[[code for code in after.must_close if code not in before.must_close]]
    kept = facts.loc[[code for code in after.must_keep if code not in before.must_keep]]
    viable = (kept["keep_reason"] != "") | (kept["highest"].map(lambda stage: before.min_pupils[stage]) <= 0)
    return bool((closed["keep_reason"] == "").all() and viable.all())


def _parts(policy: Policy, key: str) -> list[float]:
    """The values of a key by band or stage, or its one value; no limit is the widest one."""
    value = getattr(getattr(policy, groups_of_keys()[key]), key)
    values = value.model_dump().values() if isinstance(value, BaseModel) else (value,)
    return [LIMITS[key] * INF if one is None else float(one) for one in values]


def _as_tight(tight: list[float], loose: list[float], sign: int) -> bool:
    return all(sign * one <= sign * other for one, other in zip(tight, loose, strict=True))


def same_goals(a: Plan, b: Plan) -> bool:
    """Return whether both plans came to the same in every goal before the cost."""
    one, other = earlier_goals(a), earlier_goals(b)
    return set(one) == set(other) and all(abs(one[g] - other[g]) <= SAME * max(1.0, abs(one[g])) for g in one)


def same_program(tight: Plan, loose: Plan) -> bool:
    """Return whether a bound on the cost of ``loose`` speaks of what ``tight`` costs, below equal goals before it.

    It does where both come from one kind of program, or the bound is one of real lines and the cost that of the tables.
    """
    level = cost_level(tight)
    real = level is not None and abs(level.value - tight.figures.cost_cny) <= CHEAPER_CNY
    of_lines = real and loose.proof.bound_name in (TOGETHER_NAME, UNAVOIDABLE_NAME)
    return same_goals(tight, loose) and (tight.proof.bound_name == loose.proof.bound_name or of_lines)


def bounded(tight: Plan, loose: Plan) -> Plan:
    """Return the plan of a tighter question with the bound of a looser one, where that is the higher."""
    own, other = cost_level(tight), cost_level(loose)
    if own is None or other is None or other.bound <= own.bound or not same_program(tight, loose):
        return tight
    levels = [
        replace(level, bound=min(other.bound, level.value)) if level is own else level for level in tight.proof.levels
    ]
    return tight.replace(proof=replace(tight.proof, levels=tuple(levels), bound_name=loose.proof.bound_name))


def cheaper(found: Plan | None, tight: Plan, change: Change) -> Plan | None:
    """Return the plan ``tight`` of a tighter question under ``change`` where it is the better one; else ``found``.

    It must pass the audit there, cost less, and be no worse in any goal before the cost.
    """
    if found is not None:
        own, other = earlier_goals(found), earlier_goals(tight)
        worse = any(other.get(goal, INF) > value + SAME * max(1.0, abs(value)) for goal, value in own.items())
        if worse or tight.figures.cost_cny >= found.figures.cost_cny - CHEAPER_CNY:
            return found
    moved = _under(tight, change)
    if not audit(moved).empty:
        return found
    return moved.replace(proof=_proof(moved, found))


def _under(plan: Plan, change: Change) -> Plan:
    """The same decisions under another question: what the tables say of limits and reasons is worked out again."""
    ways = assignment_table(plan.assignments, change.policy)
    facts = school_facts(change.study, change.policy)
    stays = stay_reasons(build_options(change.study, change.policy), change.policy)
    schools = plan.schools.copy()
    free = schools["role"].isin(("hub", "full")) & schools["school_id"].map(facts["keep_reason"] == "")
    own = schools["school_id"].map(stays).fillna(DEFAULT_REASON)
    schools["reason"] = schools["reason"].where(~free, own)
    return plan.replace(study=change.study, policy=change.policy, assignments=ways, schools=schools)


def _proof(plan: Plan, found: Plan | None) -> Proof:
    """The adopted plan's values beside the bounds proven for this question; none where none was found."""
    bounds = {level.goal: level.bound for level in found.proof.levels} if found else {}
    levels = tuple(
        replace(level, bound=min(bounds.get(level.goal, -INF), level.value), status="feasible")
        for level in plan.proof.levels
    )
    name = found.proof.bound_name if found else plan.proof.bound_name
    return replace(plan.proof, levels=levels, bound_name=name, status="feasible")
