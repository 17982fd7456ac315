"""Check → options → start → solve → read → lines → audit: the only place that knows the order."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import InfeasibleError, InputError, Problem, SolverError
from layoutopt.journeys import journeys_of
from layoutopt.model.build import ExtraRule, build_model, check_rule_names
from layoutopt.model.lines import Lines, bus_lines
from layoutopt.model.read import Layout, read_layout
from layoutopt.model.rules import RULES
from layoutopt.model.solve import EFFORTS, Stopped, solve_goals
from layoutopt.model.start import first_point
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import Options, build_options
from layoutopt.plan.audit import audit
from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import assignment_table, school_table
from layoutopt.policy import Policy
from layoutopt.progress import Progress, Report, patient_interrupt, reporter
from layoutopt.study import Study

Array = NDArray[np.float64]
LINE_RULES = ("seats",)
BOUND_NAME = "the compact program with buses at a price per rider"


def optimize(
    study: Study,
    policy: Policy,
    *,
    effort: str = "normal",
    time_limit_s: float = 300.0,
    seed: int = 0,
    progress: Progress = False,
    solver: Any = None,
    skip: Collection[str] = (),
    extra_rules: Iterable[ExtraRule] = (),
) -> Plan:
    """Return the best plan found for ``study`` under ``policy``, audited, with the bound of its program.

    The layout is decided by one mixed-integer program in which a bus rider has a stated price; the lines
    are then drawn hub by hub with every rider's minutes exact. The bound speaks for that program only.

    Parameters
    ----------
    effort
        ``quick``, ``normal`` or ``proof``: how small the gap must be and how many solver steps it may cost.
    time_limit_s
        Safety stop in seconds; reaching it is recorded in the plan, which may then differ from run to run.
    progress
        True for a bar on a terminal, or a function of (share done, message).
    solver
        A PuLP solver object, for example ``pulp.COIN_CMD()``, in place of HiGHS.
    skip
        Rules to leave out, by name, for tests and what-ifs; the plan then fails its audit and says so.
    extra_rules
        A researcher's own rules, see :func:`layoutopt.model.build.build_model`.

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
    if effort not in EFFORTS:
        raise ValueError(f"unknown effort '{effort}'. Known: {', '.join(EFFORTS)}.")
    check_rule_names(skip, [*RULES, *OPTION_RULES, *LINE_RULES])
    began = time.monotonic()
    with reporter(progress) as report, patient_interrupt() as interrupted:
        report(0.0, "travel times")
        check_reachable(study, policy)
        report(0.1, "options")
        options = build_options(study, policy, skip=skip)
        _check_options(study, policy, options)
        model, data = build_model(study, policy, options, skip=skip, extra_rules=extra_rules)
        start = first_point(model, data)
        left = time_limit_s - (time.monotonic() - began)
        try:
            answer = solve_goals(
                model,
                tolerance=policy.goals.goal_tolerance,
                effort=EFFORTS[effort],
                time_limit_s=max(0.8 * left, 1.0),
                seed=seed,
                start=start,
                report=_rising(lambda share, text: report(0.2 + 0.6 * share, text)),
                interrupted=interrupted,
                solver=_pulp_solver(model, solver),
            )
        except Stopped:
            from layoutopt.model.relax import why_infeasible

            raise why_infeasible(model, data, study) from None
        report(0.8, "bus lines")
        layout = read_layout(data, answer.values)
        left = max(time_limit_s - (time.monotonic() - began), 5.0)
        lines = bus_lines(study, policy, _riders(options, layout), seed=seed, time_limit_s=left, skip=skip)
        report(0.95, "audit")
        proof = Proof(
            status=answer.levels[-1].status,
            bound_name=BOUND_NAME,
            levels=answer.levels,
            options={
                "effort": effort,
                "removed": {name: int(count) for name, count in options.removed.items()},
                "solver": "HiGHS" if solver is None else type(solver).__name__,
                "routing": lines.by_hub.to_dict("records"),
            },
        )
        plan = _assembled(study, policy, options, layout, lines, proof, seed)
        plan = plan.replace(run={"seconds": round(time.monotonic() - began, 1)})
        _check_plan(plan, study, policy, skip)
        report(1.0, "done")
    return plan


def _rising(report: Report) -> Report:
    """A report in which a message without a share (below 0) keeps the last one."""
    last = 0.0

    def tell(share: float, text: str) -> None:
        nonlocal last
        last = max(last, share)
        report(last, text)

    return tell


def _pulp_solver(model: Any, solver: Any) -> Any:
    if solver is None:
        return None
    from layoutopt.model.pulp import pulp_solver

    return pulp_solver(model, solver)


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


def _check_options(study: Study, policy: Policy, options: Options) -> None:
    if not options.without.empty:
        from layoutopt.model.relax import why_no_option

        raise why_no_option(study, policy, options)


def _riders(options: Options, layout: Layout) -> pd.DataFrame:
    by_bus = layout.chosen[layout.chosen["mode"] == "bus"][["item", "school_id"]]
    return by_bus.merge(options.items, on="item", validate="one_to_one")


def _assembled(
    study: Study, policy: Policy, options: Options, layout: Layout, lines: Lines, proof: Proof, seed: int
) -> Plan:
    chosen = layout.chosen[["item", "school_id", "mode", "minutes", "ride_min", "km"]]
    rows = options.items.merge(chosen, on="item", how="left", validate="one_to_one")
    stops = lines.stops.set_index("item")
    line_of, ride_of = stops["line_id"], stops["ride_min"]
    rides = rows["item"].isin(stops.index).to_numpy()
    access = rows["minutes"] - rows["ride_min"]
    rows["ride_min"] = np.where(rides, rows["item"].map(ride_of), 0.0)
    rows["minutes"] = np.where(rides, access + rows["ride_min"], rows["minutes"])
    rows["line_id"] = rows["item"].map(line_of)
    assignments = assignment_table(rows, policy)
    schools = school_table(
        study, policy, assignments, state=layout.state, bands=layout.bands, levels=layout.levels,
        decided=layout.decided,
    )  # fmt: skip
    return Plan(
        study=study,
        policy=policy,
        assignments=assignments,
        schools=schools,
        bus_lines=lines.lines,
        bus_stops=lines.stops,
        proof=proof,
        seed=seed,
    )


def _check_plan(plan: Plan, study: Study, policy: Policy, skip: Collection[str]) -> None:
    """A plan that fails its audit is never presented as one, unless rules were left out on purpose."""
    violations = audit(plan, study, policy)
    if violations.empty or skip:
        return
    if set(violations["rule"]) <= {"annual_budget"}:
        worst = violations.iloc[0]
        raise InfeasibleError(
            f"The best layout found costs {worst['found']:,.0f} CNY a year once its bus lines are drawn, "
            f"above annual_budget_cny = {worst['limit']:,.0f}. Raise the budget, or lower expected_fill so "
            "that riders are priced nearer to what lines cost here.",
            ("annual_budget",),
        )
    lines = "\n".join(f"  {row.rule} at {row.place}: {row.message}" for row in violations.head(10).itertuples())
    raise SolverError(f"The plan found fails {len(violations)} checks of its own audit and is not returned:\n{lines}")
