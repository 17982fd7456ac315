"""One run from study and policy to an audited plan."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from layoutopt.model.build import ExtraRule, build_model, check_rule_names
from layoutopt.model.lines import LINE_RULES, Lines, riding
from layoutopt.model.read import Layout, read_layout
from layoutopt.model.rules import RULES
from layoutopt.model.rules.staff import paid
from layoutopt.model.rules.support import chosen_support, driven_tours
from layoutopt.model.solve import EFFORTS, REFUSED
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import Options, build_options
from layoutopt.pipeline.around import LINES_FIXED
from layoutopt.pipeline.budgets import check_budgets
from layoutopt.pipeline.case import Case
from layoutopt.pipeline.decide import METHODS, NEAREST, TOGETHER, Decision, decide
from layoutopt.pipeline.gates import check_options, check_plan, check_reachable, hubs_without_road
from layoutopt.pipeline.limits import within_limits
from layoutopt.pipeline.reasons import stay_reasons
from layoutopt.plan.goal_figures import DIRECT_BELOW, FIGURES, OF_MINUTES
from layoutopt.plan.plan import Level, Plan, Proof
from layoutopt.plan.rooms import large_classes
from layoutopt.plan.tables import assignment_table, school_table
from layoutopt.plan.tours import tour_table
from layoutopt.policy import Policy
from layoutopt.progress import Progress, Report, patient_interrupt, reporter
from layoutopt.study import Study

UNAVOIDABLE_NAME = "classes and staff nobody can avoid"
ROUNDING = 1e-6
"""A bound this little above the plan's cost is the same number; farther above it, one of the two is wrong."""
DIRECT_RIDES = "direct rides"
"""Status of a level whose bound counts a direct ride for everybody; its value is that of the real lines."""
PROVEN_GAP = EFFORTS["proof"].gap
"""A level with a larger gap is feasible, not optimal."""
log = logging.getLogger(__name__)


def optimize(
    study: Study,
    policy: Policy,
    *,
    effort: str = "normal",
    time_limit_s: float = 300.0,
    seed: int = 0,
    progress: Progress = False,
    method: str = TOGETHER,
    solver: Any = None,
    skip: Collection[str] = (),
    extra_rules: Iterable[ExtraRule] = (),
    start: Plan | None = None,
    limits: Mapping[str, float] | None = None,
) -> Plan:
    """Return the best plan found for ``study`` under ``policy``, audited, with the bound of its program.

    Goals before the yearly cost are sought by one mixed-integer program without lines. The yearly cost is then
    decided for layout and bus lines together, and its bound speaks for any layout with any lines (that keep
    ``worst_journey`` where this goal is before it); goals after it are sought without touching the lines. Where
    nobody may ride, where the yearly cost is no goal, and with ``solver``, the program without lines decides alone,
    buses at a price per rider, and the bound says so.

    Parameters
    ----------
    effort
        ``quick``, ``normal`` or ``proof``: how small the gap must be and how much work it may cost.
    time_limit_s
        Safety stop in seconds; reaching it is recorded in the plan, which may then differ from run to run.
    progress
        True for a bar on a terminal, or a function of (share done, message).
    method
        ``together``; ``sequential``: layout first, lines afterwards, as a yardstick; ``nearest``: in place of the
        goals, the fewest changes to ``start``.
    solver
        A PuLP solver object, for example ``pulp.COIN_CMD()``, in place of HiGHS; decides sequentially.
    skip
        Rules to leave out, by name, for tests and what-ifs; the plan then fails its audit and says so.
    extra_rules
        A researcher's own rules, see :func:`layoutopt.model.build.build_model`.
    start
        A plan to begin at, of this or a similar study and policy: the search then looks around it, with what was
        learnt while it was made, and takes a small part of the time.
    limits
        The most a goal may come to, lines included: ``worst_journey`` in minutes.

    Raises
    ------
    InputError
        Pupils that no school can serve whatever the policy says.
    InfeasibleError
        No plan keeps every rule; the message names places, limits and amounts.
    SolverError
        The limits were reached before any plan was found, or the plan failed its audit.

    Examples
    --------
    >>> import layoutopt as lo
    >>> plan = lo.optimize(lo.sample("ladakh"), lo.Policy.preset("jiangxi_2023"))  # doctest: +SKIP
    """
    _check_choices(effort, method, skip, start)
    began = time.monotonic()
    with reporter(progress) as report, patient_interrupt() as interrupted:
        report(0.0, "travel times")
        check_reachable(study, policy)
        report(0.1, "options")
        options = within_limits(build_options(study, policy, skip=skip), limits)
        rules = tuple(extra_rules)
        check_options(study, policy, options, skip=skip, extra_rules=rules)
        model, data = build_model(study, policy, options, skip=skip, extra_rules=rules)
        case = Case(
            model=model, data=data, skip=skip, extra_rules=rules, effort=effort, seed=seed,
            deadline=began + time_limit_s, interrupted=interrupted, solver=solver,
            report=_rising(lambda share, text: report(0.2 + 0.7 * share, text)), start=start,
        )  # fmt: skip
        check_budgets(case)
        decision = decide(case, method)
        report(0.95, "audit")
        plan = assembled(case, decision)
        plan = plan.replace(
            run={"seconds": round(time.monotonic() - began, 1)},
            warnings=(*hubs_without_road(study, policy, options), *large_classes(plan)),
        )
        check_plan(plan, study, policy, skip)
        report(1.0, "done")
    return plan


def _check_choices(effort: str, method: str, skip: Collection[str], start: Plan | None) -> None:
    if method == NEAREST and start is None:
        raise ValueError("method 'nearest' needs start=, the plan to stay near to.")
    for name, value, known in (("effort", effort, EFFORTS), ("method", method, METHODS)):
        if value not in known:
            raise ValueError(f"unknown {name} '{value}'. Known: {', '.join(known)}.")
    check_rule_names(skip, [*RULES, *OPTION_RULES, *LINE_RULES])


def _rising(report: Report) -> Report:
    """A report in which a message without a share (below 0) keeps the last one."""
    last = 0.0

    def tell(share: float, text: str) -> None:
        nonlocal last
        last = max(last, share)
        report(last, text)

    return tell


def assembled(case: Case, decision: Decision) -> Plan:
    """Return the plan of a decision: its tables, and the proof set against what they cost."""
    from layoutopt.follow_up import premises_uses, staff_moves

    study, policy, options = case.study, case.policy, case.options
    layout = read_layout(case.data, decision.point)
    assignments = assignment_table(_rows(options, layout, decision.lines), policy)
    schools = school_table(
        study, policy, assignments, state=layout.state, bands=layout.bands, levels=layout.levels,
        decided=layout.decided, support=chosen_support(layout.state, layout.picked),
        reasons=stay_reasons(options, policy),
    )  # fmt: skip
    plan = Plan(
        study=study,
        policy=policy,
        assignments=assignments,
        schools=schools,
        bus_lines=decision.lines.lines,
        bus_stops=decision.lines.stops,
        tours=tour_table(study, policy, driven_tours(layout.picked)),
        proof=_proof(case, decision, layout),
        staff_moves=staff_moves(study, policy, schools),
        premises=premises_uses(study, policy, schools),
        seed=case.seed,
        basis=decision.basis,
    )
    return plan.replace(proof=_settled(plan, real=decision.together, proven=case.solver is None))


def _rows(options: Options, layout: Layout, lines: Lines) -> Any:
    """Every pupil group with the option taken, and its ride on its real line."""
    chosen = layout.chosen[["item", "school_id", "mode", "minutes", "ride_min", "km"]]
    rows = options.items.merge(chosen, on="item", how="left", validate="one_to_one")
    return riding(rows, lines.stops)


def _proof(case: Case, decision: Decision, layout: Layout) -> Proof:
    return Proof(
        status=decision.levels[-1].status,
        bound_name=decision.bound_name,
        levels=decision.levels,
        options={
            "effort": case.effort,
            "removed": {name: int(count) for name, count in case.options.removed.items()},
            "solver": "HiGHS" if case.solver is None else type(case.solver).__name__,
            "method": decision.method,
            **({"together": dict(decision.notes)} if decision.notes else {}),
            **paid(layout.picked),
            "routing": decision.lines.by_hub.to_dict("records"),
        },
        unavoidable_cny=case.unavoidable_cny,
    )


def _settled(plan: Plan, *, real: bool, proven: bool) -> Proof:
    """The proof with ways as the plan's tables say and, where the solver proves any, a bound that can be right.

    Where ``real``, the cost is that of the tables as well.
    """
    proof, levels, name = plan.proof, [], plan.proof.bound_name
    for level in proof.levels:
        if level.goal == "annual_cost" and proven:
            level = _safe(replace(level, value=plan.figures.cost_cny) if real else level)
            least = proof.unavoidable_cny or 0.0
            if level.bound < least:
                level, name = replace(level, bound=min(least, level.value)), UNAVOIDABLE_NAME
        elif level.goal in FIGURES:
            level = _measured(plan, level)
        levels.append(_named_by_gap(level))
    return replace(proof, levels=tuple(levels), bound_name=name, status=levels[-1].status)


def _named_by_gap(level: Level) -> Level:
    """The level, not optimal where there is a gap, be it one that what the tables say has left."""
    closed = level.value - level.bound <= PROVEN_GAP * abs(level.value) + ROUNDING
    return level if closed or level.status != "optimal" else replace(level, status="feasible")


def _safe(level: Level) -> Level:
    """The level without its bound where that lies above the value by more than rounding: one of the two is wrong."""
    if level.bound > level.value + ROUNDING * max(1.0, abs(level.value)):
        what = "cost" if level.goal == "annual_cost" else level.goal
        log.warning("The bound %.0f lies above the plan's %s %.0f: it is not used.", level.bound, what, level.value)
        return replace(level, bound=-np.inf, status=REFUSED)
    return replace(level, bound=min(level.bound, level.value))


def _measured(plan: Plan, level: Level) -> Level:
    """The level with what the plan's tables say, where real lines count: then its bound is one of direct rides.

    No line brings anybody to school sooner than a direct ride, unless a travel table of one's own says so.
    """
    if level.status == LINES_FIXED:
        return replace(level, value=FIGURES[level.goal](plan))
    if level.goal not in OF_MINUTES or plan.bus_lines.empty:
        return level
    holds = level.goal in DIRECT_BELOW and plan.study.travel is None
    level = _safe(replace(level, value=FIGURES[level.goal](plan), bound=level.bound if holds else -np.inf))
    return replace(level, status=DIRECT_RIDES) if np.isfinite(level.bound) else level
