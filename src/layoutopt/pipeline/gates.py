"""What is refused before solving, and what is never returned after it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from layoutopt.errors import InputError, Problem, SolverError
from layoutopt.journeys import journeys_of
from layoutopt.model.build import ExtraRule
from layoutopt.options import Options
from layoutopt.pipeline.budgets import BUDGETS, over_budget
from layoutopt.pipeline.certificates import certificates
from layoutopt.plan.audit import audit
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.study import Study


def check_reachable(study: Study, policy: Policy) -> None:
    """Raise ``InputError`` naming every settlement with pupils and no way to any fitting school."""
    from layoutopt.today import attendance

    pupils = attendance(study, policy).groupby(["settlement_id", "band"], as_index=False)["pupils"].sum()
    journeys = journeys_of(study, policy)
    problems = []
    for band, group in pupils.groupby("band", sort=False):
        at = study.settlements.index.get_indexer(pd.Index(group["settlement_id"]))
        teaches = study.schools[f"offers_{band}"].to_numpy(bool) & (study.schools["status"] != "close").to_numpy()
        near = np.minimum(journeys.walk_min(str(band)), journeys.bus_min(str(band), 0.0))[at]
        reached = np.isfinite(near[:, teaches]).any(axis=1) if teaches.any() else np.zeros(len(at), dtype=bool)
        for row in group[~reached].itertuples():
            problems.append(
                Problem(
                    f"settlements ({row.settlement_id})",
                    f"{row.pupils:g} pupils of band {band} have no way to any school that teaches it",
                    "Connect it to the roads, add a school, or give its minutes in the travel table.",
                )
            )
    if problems:
        raise InputError(problems)


def hubs_without_road(study: Study, policy: Policy, options: Options) -> tuple[str, ...]:
    """Return a warning for every hub that no bus can reach from any settlement but by its own door."""
    journeys = journeys_of(study, policy)
    reached = np.isfinite(journeys.table.ride_min).any(axis=0)
    schools = options.schools
    cut_off = schools["hub"].to_numpy(bool) & ~schools["must_close"].to_numpy(bool) & ~reached
    return tuple(
        f"{school} is a hub, but no bus reaches it from any settlement: check its place and the roads there."
        for school in schools.index[cut_off]
    )


def check_options(
    study: Study, policy: Policy, options: Options, *, skip: Collection[str] = (), extra_rules: Sequence[ExtraRule] = ()
) -> None:
    """Raise ``InfeasibleError`` where it is certain already: groups without any option, places short in a pocket."""
    proofs = certificates(study, policy, options, skip=skip)
    if proofs or not options.without.empty:
        from layoutopt.model.relax import why_infeasible

        certain = [(proof.rule, proof.words) for proof in proofs]
        raise why_infeasible(study, policy, options, skip=skip, extra_rules=extra_rules, proofs=certain)


def check_plan(plan: Plan, study: Study, policy: Policy, skip: Collection[str]) -> None:
    """A plan that fails its audit is never presented as one, unless rules were left out on purpose."""
    violations = audit(plan, study, policy)
    if violations.empty or skip:
        return
    if set(violations["rule"]) <= BUDGETS:
        raise over_budget(plan)
    lines = "\n".join(f"  {row.rule} at {row.place}: {row.message}" for row in violations.head(10).itertuples())
    raise SolverError(f"The plan found fails {len(violations)} checks of its own audit and is not returned:\n{lines}")
