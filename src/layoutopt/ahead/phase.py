"""When each school closes, expands or opens: one program over several years, each year's lines drawn and audited."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from layoutopt.ahead.phase_basis import Basis, basis_of, built_of, policies_of
from layoutopt.ahead.phase_check import check_kept
from layoutopt.ahead.phase_plans import plans_of
from layoutopt.ahead.phase_result import BOUND_NAME, Phasing
from layoutopt.ahead.phase_start import first_start
from layoutopt.ahead.phase_why import why_not
from layoutopt.ahead.phase_years import (
    Studies,
    asked_years,
    check_wishes,
    made_ahead,
    named_hubs,
    same_county,
    studies_of,
    years_of,
)
from layoutopt.ahead.solving import each_alone, polished, together, with_sums
from layoutopt.ahead.task import Task
from layoutopt.model.build import check_rule_names
from layoutopt.model.copies_between import NO_LIMITS, PhaseLimits
from layoutopt.model.copies_horizon import YEAR_RULES
from layoutopt.model.rules import RULES
from layoutopt.model.solve import EFFORTS, Stopped
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.progress import Progress, patient_interrupt, reporter

FOLLOWING, JOINT, ALONE, LATER = 0.25, 0.4, 0.5, 0.5
"""Of the time left at each step: year after year, all together, each year alone, goals after the cost."""
NOTHING_DONE: Mapping[int, Plan] = MappingProxyType({})


def phase(
    studies: Studies,
    policy: Policy | Mapping[int, Policy],
    *,
    years: Iterable[int] | None = None,
    forecast: Any = None,
    discount: float | None = None,
    limits: PhaseLimits = NO_LIMITS,
    reopen: bool = False,
    build_years: float | None = None,
    merge_shares: Mapping[int, float] | None = None,
    move_once: bool = True,
    effort: str = "normal",
    time_limit_s: float = 900.0,
    seed: int = 0,
    progress: Progress = False,
    skip: Collection[str] = (),
) -> Phasing:
    """Return when each school closes, expands or opens over a horizon of years, decided by one program for all of them.

    Each year keeps every rule of the policy for its own pupils; between the years a school once closed stays closed,
    what is built stays, nobody moves twice, and the yearly limits hold. The sum of the yearly costs, discounted to
    the first year, is made least, after the goals that come before it, which are discounted alike. Its bound speaks
    of phasings that do as well in those, for the programs of all years with buses at a price per rider; each year's
    lines are drawn afterwards. Whether a school is small enough to close, its pupils of that year decide; hubs are
    those of the first year.

    Parameters
    ----------
    studies
        One study, of which a forecast makes the years; or a study for each year, by year or in a sequence.
    policy
        One policy for all years, or one by year.
    years
        Calendar years, one after another (``range(2025, 2031)``); those of the studies where not given.
    forecast
        A :class:`Forecast` of the one study, instead of that which ``lo.forecast`` makes by default.
    discount
        What a year later is worth less (share); None for ``money.discount_rate``.
    limits
        The most that may happen in one year, see :class:`PhaseLimits`.
    reopen
        Whether a school once closed may open again.
    build_years
        Years from the beginning of an expansion to its use; None for ``build_years`` of the expansions table.
    merge_shares
        Least share of the small schools of the first year that is merged by a year: {2025: 0.6, 2026: 0.7}.
    move_once
        Whether the pupils of a place and band change school at most once over the horizon. Bands are followed, not
        children: one who moved in grade 3 may move again with the next band, and a place that moved stays for good.
    effort, time_limit_s, seed, progress
        As in :func:`optimize`; the limit is for the whole horizon.
    skip
        Rules to leave out, by name, those between years among them; for tests and what-ifs.

    Raises
    ------
    AskError
        Years or limits that cannot be.
    InputError
        Studies that are not of the same county.
    InfeasibleError
        A year that no plan serves, or rules between years that cannot hold together; the message names them.
    SolverError
        The limits were reached before any answer was found, or an answer fails the audit of its years.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.phase(lo.sample("valley"), lo.Policy.preset("jiangxi_2023"), years=range(2025, 2031))  # doctest: +SKIP
    """
    check_rule_names(skip, [*RULES, *OPTION_RULES, *YEAR_RULES])
    if effort not in EFFORTS:
        raise ValueError(f"unknown effort '{effort}'. Known: {', '.join(EFFORTS)}.")
    began, asked = time.monotonic(), asked_years(years, studies)
    shares = dict(merge_shares or {})
    check_wishes(limits, asked, merge_shares=shares, build_years=build_years, discount=discount)
    policies = policies_of(policy, asked)
    with reporter(progress) as report, patient_interrupt() as interrupted:
        report(0.0, "the studies of all years")
        by_year = studies_of(studies, asked, forecast, policy=policies[asked[0]])
        same_county(by_year)
        by_year = named_hubs(by_year, policies[asked[0]])
        report(0.1, "options of all years")
        found = years_of(by_year, policies, made=made_ahead(studies, asked), skip=skip)
        basis = basis_of(
            found, built_of(found, skip=skip), limits=limits, reopen=reopen, build_years=build_years,
            merge_shares=shares, move_once=move_once, discount=discount, skip=skip, effort=effort, seed=seed,
        )  # fmt: skip
        task = basis.task(
            deadline=began + time_limit_s, interrupted=interrupted,
            report=lambda share, text: report(0.2 + 0.6 * max(share, 0.0), text),
        )  # fmt: skip
        phasing = phased(basis, task)
        report(1.0, "done")
    return replace(phasing, run={"seconds": round(time.monotonic() - began, 1)})


def phased(basis: Basis, task: Task, done: Mapping[int, Plan] = NOTHING_DONE) -> Phasing:
    """Return the phasing of a basis: year after year for a start, all together, then lines year by year."""
    start = first_start(basis, task, FOLLOWING)
    try:
        answer = together(task, start.point, JOINT)
    except Stopped:
        raise why_not(basis, task) from None
    alone = each_alone(task, answer.levels, answer.values, ALONE)
    levels = with_sums(task, answer.levels, alone)
    point = polished(task, answer.values, LATER)
    phasing = Phasing(
        basis=basis, point=point, plans=plans_of(basis, task, point, done), levels=levels, bound_name=BOUND_NAME,
        alone=alone, following=start.following, stuck=start.stuck, stopped_by=task.stopped_by,
    )  # fmt: skip
    if not basis.skip:
        check_kept(phasing.problems)
    return phasing
