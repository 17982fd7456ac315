"""One layout for several futures: schools decided once, pupils and buses free in each scenario."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from layoutopt.ahead.drawing import plan_of
from layoutopt.ahead.robust_cases import Case, base_case, cases_of, checked, checked_limit, why_none
from layoutopt.ahead.robust_layout import Layout, layout_at, layout_of, point_with
from layoutopt.ahead.robust_result import BOUND_NAME, Asked, Robust
from layoutopt.ahead.scenario import Scenario
from layoutopt.ahead.solving import each_alone, polished, together, with_sums
from layoutopt.ahead.task import Task
from layoutopt.kernels.highs import FEASIBILITY_TOLERANCE
from layoutopt.model.build import check_rule_names
from layoutopt.model.copies import joined
from layoutopt.model.copies_scenarios import SCENARIO_RULES, scenario_rows
from layoutopt.model.frame import Array
from layoutopt.model.rules import RULES
from layoutopt.model.solve import EFFORTS, Stopped
from layoutopt.model.start import first_point
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.policy import Policy
from layoutopt.progress import Progress, patient_interrupt, reporter
from layoutopt.study import Study

OWN, JOINT, ALONE, LATER = 0.3, 0.4, 0.5, 0.5
"""Of the time left at each step: each scenario's own layout, all together, bounds, goals after the cost."""
METHOD = "robust"


def robust(
    study: Study,
    policy: Policy,
    scenarios: Sequence[Scenario],
    *,
    limit: Mapping[str, float] | None = None,
    effort: str = "normal",
    time_limit_s: float = 900.0,
    seed: int = 0,
    progress: Progress = False,
    skip: Collection[str] = (),
) -> Robust:
    """Return the one layout with the least expected cost over weighted scenarios, and a plan for each of them.

    Which schools stay, as full schools or teaching points, the bands they teach and the expansions are the same in
    every scenario; who goes where and which buses run is decided in each. Two-stage stochastic programming with
    recourse (Birge and Louveaux 2011, chapter 2); the scenarios' weights are normalised. Which schools are hubs, and
    which are too large to close, follows today's pupils: that is when it is decided.

    Parameters
    ----------
    scenarios
        Futures with their weights, see :class:`Scenario`.
    limit
        The most in the worst of them: ``annual_cost`` (CNY a year, buses at a price per rider), ``worst_journey``
        (minutes of the longest daily way).
    effort, time_limit_s, seed, progress, skip
        As in :func:`optimize`.

    Raises
    ------
    AskError
        No scenarios, two of one name, or an unknown limit.
    InfeasibleError
        A scenario without any plan, or no layout that serves them all; the message names them.

    Examples
    --------
    >>> import layoutopt as lo
    >>> futures = [lo.Scenario("base"), lo.Scenario("wet", weight=0.5, travel=1.2), lo.Scenario("few", births=-0.2)]
    >>> lo.robust(lo.sample("valley"), lo.Policy.preset("jiangxi_2023"), futures)  # doctest: +SKIP
    """
    check_rule_names(skip, [*RULES, *OPTION_RULES, *SCENARIO_RULES])
    if effort not in EFFORTS:
        raise ValueError(f"unknown effort '{effort}'. Known: {', '.join(EFFORTS)}.")
    began, futures, most = time.monotonic(), checked(scenarios), checked_limit(limit)
    with reporter(progress) as report, patient_interrupt() as interrupted:
        report(0.0, "scenarios")
        cases = cases_of(study, policy, futures, most, skip)
        base = base_case(cases, study, policy, most, skip)
        copies = joined([(case.name, case.options, case.model, case.data) for case in cases])
        total = sum(one.weight for one in futures)
        task = Task(
            copies=copies, links=tuple(scenario_rows(copies, worst_cny=most.get("annual_cost"), skip=skip)),
            weights={one.name: one.weight / total for one in futures}, tolerance=policy.goals.goal_tolerance,
            effort=EFFORTS[effort], seed=seed, deadline=began + time_limit_s,
            report=lambda share, text: report(0.2 + 0.6 * max(share, 0.0), text), interrupted=interrupted,
            known=np.zeros(copies.frame.width, dtype=bool), point=np.zeros(copies.frame.width),
        )  # fmt: skip
        found = _solved(Asked(study, policy, most, tuple(skip)), task, base, cases, effort=effort)
        report(1.0, "done")
    return found.timed(round(time.monotonic() - began, 1))


def _solved(asked: Asked, task: Task, base: Case | None, cases: Sequence[Case], *, effort: str) -> Robust:
    ones = list(dict.fromkeys(case for case in (base, *cases) if case is not None))
    layouts: dict[Case | None, Layout | None] = {}
    for turn, case in enumerate(ones):
        layouts[case] = _own_layout(case, task, OWN / (len(ones) - turn), is_asked=case in cases)
    start = _best_start(task, [*layouts.values()])
    try:
        answer = together(task, start, JOINT)
    except Stopped:
        raise why_none(task, cases) from None
    alone = each_alone(task, answer.levels, answer.values, ALONE)
    point = polished(task, answer.values, LATER)
    plans = {}
    for copy in task.copies.copies:
        task.report(0.95, f"bus lines of {copy.name}")
        plans[copy.name] = plan_of(
            copy, point[copy.columns], task, effort=effort, method=METHOD, bound_name=BOUND_NAME, skip=asked.skip
        )
    return Robust(
        asked=asked, base=base, cases=tuple(cases), task=task, point=point, plans=plans,
        levels=with_sums(task, answer.levels, alone), bound_name=BOUND_NAME, alone=alone,
        layout=layout_of(task.copies[0], point), deterministic=layouts.get(base),
    )  # fmt: skip


def _own_layout(case: Case, task: Task, share: float, *, is_asked: bool) -> Layout | None:
    """The best layout of one future; None where there is none, which only a future that is asked for must have."""
    try:
        own = case.own(task, share)
    except Stopped:
        if is_asked:
            raise case.why() from None
        return None
    return None if own is None else layout_at(case.data, own.values)


def _best_start(task: Task, layouts: Sequence[Layout | None]) -> Array | None:
    """The cheapest point with one of the layouts, or with every school as it is today."""
    model = task.copies.model(task.weights, task.links)
    program = model.program(model.goals[task.main[-1]])
    copy = task.copies[0]
    today = first_point(copy.model, copy.data)
    wishes = [*layouts, None if today is None else layout_at(copy.data, today)]
    best: tuple[tuple[float, ...], Array] | None = None
    for layout in wishes:
        point = None if layout is None else point_with(task, layout)
        if point is None or program.violation(point) > FEASIBILITY_TOLERANCE:
            continue
        value = tuple(float(model.goals[name].value(point).sum()) for name in task.main)
        if best is None or value < best[0]:
            best = value, point
    return None if best is None else best[1]
