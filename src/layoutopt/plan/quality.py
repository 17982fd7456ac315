"""The quality-balance check before and after the plan: seven resources a school and stage, and how even they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.policy import Policy
from layoutopt.policy.norms import least_per_pupil, stage_weight
from layoutopt.policy.quality import PER_100
from layoutopt.schema import BANDS, INDICATORS, PUPIL_COLUMNS, STAGES
from layoutopt.today import school_facts
from layoutopt.today.resources import carried, resources_today, stage_pupils, weighted_pupils

Array = NDArray[np.float64]
TEACHERS = ("teachers_above_degree", "backbone_teachers", "pe_art_teachers")
"""Resources that move with people; the others stay with the building."""
WHENS = ("before", "after")
EPSILON = 1e-9


def quality_table(plan: Plan) -> pd.DataFrame:
    """Return the seven resources of every school and stage, today and in the plan, held against their thresholds.

    A row a school, stage and ``when`` (before, after), without closed schools and stages nobody attends. A nine-year
    school's resources are split by primary + junior_share · junior pupils. Columns: ``school_id, stage, when,
    pupils``; the seven resources (for each pupil or each 100, see ``policy.quality.PER_100``; NaN where not known);
    ``met`` (how many meet their threshold), ``below`` (those that are known not to), ``verdict``: ``pass`` where
    ``pass_of`` meet it and every other reaches ``pass_share`` of it, ``fail``, ``not known``, or ``left out`` for a
    teaching point (grades 1-3 alone) under ``quality_least_pupils``; ``teachers_by`` tells how the teachers of closed
    schools were shared out (``staff_moves`` of the plan, or ``pupils``: as their pupils go).

    Examples
    --------
    >>> quality_table(plan).query("verdict == 'fail'")  # doctest: +SKIP
    """
    before, after = _schools_before(plan), _schools_after(plan)
    resources = {"before": resources_today(plan.study), "after": resources_after(plan)}
    parts = [
        _stage_rows(schools, resources[when], stage, plan.policy).assign(when=when)
        for when, schools in zip(WHENS, (before, after), strict=True)
        for stage in STAGES
    ]
    table = pd.concat(parts, ignore_index=True)
    table["teachers_by"] = np.where(
        table["when"] == "before", "", "pupils" if plan.staff_moves.empty else "staff_moves"
    )
    first = ["school_id", "stage", "when", "pupils", *INDICATORS, "met", "below", "verdict", "teachers_by"]
    table["when"] = pd.Categorical(table["when"], WHENS)
    table = table.sort_values(["school_id", "stage", "when"], ascending=[True, False, True], kind="stable")
    return table.assign(when=table["when"].astype(str))[first].reset_index(drop=True)


def quality_spread(plan: Plan) -> pd.DataFrame:
    """Return how evenly the schools of a stage have each resource, today and in the plan.

    The coefficient of variation is √(Σ P_i/P (x_i − x̄)²) / x̄, where x_i is what school i has for each of its P_i
    pupils and x̄ the county's total for each of its P pupils; without ``quality.cv_weights`` every school counts the
    same. Columns: ``stage, indicator, when, schools, known`` (those of them with a figure), ``mean, cv, limit,
    verdict`` (``met``, ``broken``; ``not known`` where a school lacks the figure).
    """
    table = quality_table(plan)
    table = table[table["verdict"] != "left out"]
    rows = []
    for stage in STAGES:
        for name in INDICATORS:
            for when in WHENS:
                own = table[(table["stage"] == stage) & (table["when"] == when)]
                rows.append({"stage": stage, "indicator": name, "when": when, **_spread(own, name, stage, plan.policy)})
    return pd.DataFrame(rows)


def variation(values: Array, pupils: Array, *, weighted: bool) -> tuple[float, float]:
    """Return mean and coefficient of variation of ``values``, by pupils or each school alike.

    Examples
    --------
    >>> mean, cv = variation(np.array([2.0, 6.0]), np.array([300.0, 100.0]), weighted=True)
    >>> round(mean, 3), round(cv, 3)  # √(3/4 · 1² + 1/4 · 3²) / 3
    (3.0, 0.577)
    """
    share = pupils / pupils.sum() if weighted else np.full(len(values), 1 / max(len(values), 1))
    mean = float(share @ values)
    return mean, float(np.sqrt(share @ (values - mean) ** 2) / mean) if mean > 0 else np.nan


def resources_after(plan: Plan) -> pd.DataFrame:
    """Return the seven resources by school in the plan: areas, rooms and equipment stay, teachers go with the moves."""
    today = resources_today(plan.study)
    is_open = plan.schools.set_index("school_id")["role"].isin(OPEN_ROLES).reindex(today.index).fillna(False)
    after = today.where(is_open.astype(bool), 0.0)
    moves = _teacher_shares(plan)
    for name in TEACHERS:
        going = moves["share"].astype(float) * moves["from_school"].map(today[name]).astype(float)
        left = going.groupby(moves["from_school"]).sum(min_count=1).reindex(today.index)
        came = going[moves["to_school"] != ""].groupby(moves["to_school"]).agg(lambda part: part.sum(skipna=False))
        stays = after[name] - left.where(is_open, 0.0).fillna(0.0)
        after[name] = stays + came.reindex(today.index, fill_value=0.0)
    return after


def _teacher_shares(plan: Plan) -> pd.DataFrame:
    """``from_school, to_school, share`` of its teachers: the plan's moves, else as the pupils of closed schools go.

    Whoever has no post in reach (``to_school`` empty) leaves a closed school, but stays at one that is open.
    """
    closed = plan.schools.loc[plan.schools["role"] == "closed", "school_id"]
    if len(plan.staff_moves):
        moves = plan.staff_moves[plan.staff_moves["from_school"] != ""]
        moves = moves[(moves["to_school"] != "") | moves["from_school"].isin(closed)]
        total = _teachers_of(plan)
        sums = moves.groupby(["from_school", "to_school"], as_index=False)["teachers"].sum()
        known = sums["from_school"].map(total).astype(float)
        return sums.assign(share=(sums["teachers"] / known.where(known > 0)).fillna(0.0).clip(upper=1.0))
    gone = plan.assignments[plan.assignments["today_school"].isin(closed) & (plan.assignments["school_id"] != "")]
    sums = gone.groupby(["today_school", "school_id"], as_index=False)["pupils"].sum()
    sums = sums.set_axis(["from_school", "to_school", "pupils"], axis=1)
    return sums.assign(share=sums["pupils"] / sums.groupby("from_school")["pupils"].transform("sum"))


def _teachers_of(plan: Plan) -> pd.Series:
    staff = plan.study.staff
    if staff is None:
        return plan.study.schools["teachers"].astype(float)
    return staff.groupby("school_id")["teachers"].sum()


def _schools_before(plan: Plan) -> pd.DataFrame:
    facts = school_facts(plan.study, plan.policy)
    facts = facts[facts["exists"]]
    bands = ["+".join(band for band in BANDS if row[f"offers_{band}"]) for _, row in facts.iterrows()]
    return facts[list(PUPIL_COLUMNS)].assign(bands=bands)


def _schools_after(plan: Plan) -> pd.DataFrame:
    schools = plan.schools[plan.schools["role"].isin(OPEN_ROLES)].set_index("school_id")
    return schools[[*PUPIL_COLUMNS, "bands"]]


def left_out(schools: pd.DataFrame, policy: Policy) -> pd.Series:
    """Return the teaching points the check leaves out: grades 1-3 alone, fewer than ``quality_least_pupils``."""
    few = schools[list(PUPIL_COLUMNS)].sum(axis=1) < policy.quality.quality_least_pupils
    return (schools["bands"] == "lower") & few


def _stage_rows(schools: pd.DataFrame, resources: pd.DataFrame, stage: str, policy: Policy) -> pd.DataFrame:
    taught = np.array([bool(set(STAGES[stage]) & set(str(bands).split("+"))) for bands in schools["bands"]], dtype=bool)
    schools = schools[taught & (stage_pupils(schools, stage) > 0).to_numpy()]
    weighted = weighted_pupils(schools, policy)
    own = resources.reindex(schools.index)
    each = {name: stage_weight(stage, policy) * own[name] / weighted for name in INDICATORS}
    reached = pd.DataFrame({name: each[name] / _or_nan(least_per_pupil(name, stage, policy)) for name in INDICATORS})
    reached = reached.where(reached.notna() | pd.DataFrame(each).isna(), np.inf)
    table = pd.DataFrame({name: each[name] * (100 if name in PER_100 else 1) for name in INDICATORS})
    table["met"] = (reached >= 1 - EPSILON).sum(axis=1)
    table["below"] = ["+".join(reached.columns[row < 1 - EPSILON]) for row in reached.to_numpy(float)]
    table["verdict"] = [_verdict(row, policy) for row in reached.to_numpy(float)]
    table.loc[left_out(schools, policy), "verdict"] = "left out"
    table.insert(0, "pupils", stage_pupils(schools, stage))
    return table.assign(stage=stage).rename_axis("school_id").reset_index()


def _or_nan(threshold: float) -> float:
    return threshold if threshold > 0 else np.nan


def _verdict(reached: Array, policy: Policy) -> str:
    """``reached``: each resource as a share of its threshold, NaN where not known."""
    quality, known = policy.quality, ~np.isnan(reached)
    met, unknown = int((reached[known] >= 1 - EPSILON).sum()), int((~known).sum())
    too_low = bool((reached[known] < quality.pass_share - EPSILON).any())
    if too_low or met + unknown < quality.pass_of:
        return "fail"
    return "not known" if unknown else "pass"


def _spread(own: pd.DataFrame, name: str, stage: str, policy: Policy) -> dict[str, object]:
    known = own[own[name].notna()]
    mean, cv = np.nan, np.nan
    if len(known):
        values, pupils = known[name].to_numpy(float), known["pupils"].to_numpy(float)
        mean, cv = variation(values, pupils, weighted=policy.quality.cv_weights)
    limit = policy.quality.cv_max[stage]
    verdict = "not known" if len(known) < len(own) or np.isnan(cv) else "met" if cv <= limit + EPSILON else "broken"
    return {"schools": len(own), "known": len(known), "mean": mean, "cv": cv, "limit": limit, "verdict": verdict}


def quality_shortfall(plan: Plan) -> float:
    """Return the goal ``quality`` of a plan: pupils beyond what a resource of their school carries, over the seven.

    Open schools that teach more than grades 1-3 count, each resource that is known; a nine-year school's stages count
    by the weight they have today.
    """
    schools = _schools_after(plan)
    schools = schools[schools["bands"] != "lower"]
    table = carried(plan.study, plan.policy)
    table = table[np.isfinite(table["carries"]) & table["school_id"].isin(schools.index)]
    weighted = weighted_pupils(schools, plan.policy).reindex(table["school_id"]).to_numpy(float)
    weight = table["stage"].map(lambda stage: stage_weight(stage, plan.policy))
    return float((table["part"] * (weighted - table["carries"]).clip(lower=0.0) / weight).sum())
