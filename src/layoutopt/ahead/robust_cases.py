"""Each future as a program of its own, layouts taken from points and put into programs."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutopt.ahead.scenario import Scenario
from layoutopt.ahead.task import Task
from layoutopt.errors import AskError, InfeasibleError, InputError, PolicyError, SolverError, nearest
from layoutopt.kernels import highs
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Array, Model
from layoutopt.model.solve import Answer
from layoutopt.model.start import first_point
from layoutopt.options import Options, build_options
from layoutopt.pipeline.gates import check_options, check_reachable
from layoutopt.pipeline.limits import within_limits
from layoutopt.policy import Policy
from layoutopt.study import Study
from layoutopt.today import school_facts

LIMITS = ("annual_cost", "worst_journey")
BASE = "as forecast"
ALL_CLOSABLE = 1e9
"""Pupils below which a school may close, where the schools that may not are named instead."""


@dataclass(frozen=True, eq=False)
class Case:
    """One future as a program of its own."""

    scenario: Scenario
    options: Options
    model: Model
    data: Data

    @property
    def name(self) -> str:
        """The scenario's name."""
        return self.scenario.name

    @property
    def is_today(self) -> bool:
        """Whether nothing changes in this future."""
        return replace(self.scenario, name="", weight=0.0) == Scenario(name="", weight=0.0)

    def own(self, task: Task, share: float, *, start: Array | None = None) -> Answer | None:
        """Return the best answer for this future alone; None where none was found in time.

        Raises
        ------
        Stopped
            There is none.
        """
        if start is None:
            start = first_point(self.model, self.data)
        try:
            return task.goals(self.model, task.main, share, start=start)
        except SolverError:
            return None

    def why(self) -> InfeasibleError:
        """Return why this future has no plan; the message names it."""
        from layoutopt.model.relax import why_infeasible

        return _of_scenario(why_infeasible(self.data.study, self.data.policy, self.options), self.name)


def checked(scenarios: Sequence[Scenario]) -> list[Scenario]:
    """Return the scenarios, refusing none, two of one name, names that no folder can have, or none with a weight.

    Raises
    ------
    AskError
        Whatever of these holds.
    """
    names = [one.name for one in scenarios]
    odd = [name for name in names if not re.fullmatch(r"\w[\w .+-]*", name)]
    if odd:
        raise AskError(f"A scenario is called {odd[0]!r}: its plan gets a folder of that name. Use letters and digits.")
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AskError(f"Two scenarios are called '{twice[0]}'. Give each a name of its own.")
    found = [one for one in scenarios if one.weight > 0]
    if not found:
        raise AskError("A robust layout needs scenarios with a weight above 0.")
    return found


def checked_limit(limit: Mapping[str, float] | None) -> dict[str, float]:
    """Return the limits on the worst scenario.

    Raises
    ------
    AskError
        A limit of another name, or one that is no number above 0.
    """
    for name, value in (limit or {}).items():
        if name not in LIMITS:
            raise AskError(f"unknown limit '{name}'.{nearest(name, LIMITS)} Known: {', '.join(LIMITS)}.")
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
            raise AskError(f"limit {name} = {value!r}: give a number above 0.")
    return dict(limit or {})


def base_case(
    cases: Sequence[Case], study: Study, policy: Policy, limit: Mapping[str, float], skip: Collection[str]
) -> Case | None:
    """Return the study as it is, as one future: one of ``cases``, else of its own; None where it has no plan."""
    asked = next((case for case in cases if case.is_today), None)
    try:
        return asked or cases_of(study, policy, [Scenario(BASE, weight=0.0)], limit, skip)[0]
    except InfeasibleError:
        return None


def cases_of(
    study: Study, policy: Policy, scenarios: Sequence[Scenario], limit: Mapping[str, float], skip: Collection[str]
) -> list[Case]:
    """Return each scenario as a program.

    Raises
    ------
    InputError, PolicyError, InfeasibleError
        A scenario that cannot be, or in which it is certain that no plan serves everybody; the message names it.
    """
    facts, found = school_facts(study, policy), []
    longest = {name: value for name, value in limit.items() if name == "worst_journey"}
    for one in scenarios:
        with _named(one.name):
            then, choices = one.apply(study, policy)
            then = replace(then, schools=then.schools.assign(hub=facts["hub"].to_numpy(bool)))
            choices = decided_today(choices, policy, facts)
            check_reachable(then, choices)
            options = within_limits(build_options(then, choices, skip=skip), longest or None)
            check_options(then, choices, options, skip=skip)
        found.append(Case(one, options, *build_model(then, choices, options, skip=skip)))
    return found


def decided_today(choices: Policy, policy: Policy, facts: pd.DataFrame) -> Policy:
    """Return the choices with the schools that are too large to close named: by today's pupils, not a scenario's.

    Where ``merge_share`` counts small schools, it counts those of the scenario.
    """
    below = policy.closure.closable_below_pupils
    if choices.closure.merge_share is not None or choices.closure.closable_below_pupils != below:
        return choices
    large = [str(code) for code in facts.index[facts["exists"] & (facts["pupils"] >= below) & ~facts["must_close"]]]
    free = [code for code in large if code not in choices.closure.must_keep]
    reasons = dict.fromkeys(free, f"has {below:g} pupils or more today")
    return choices.replace(
        closable_below_pupils=ALL_CLOSABLE, must_keep=(*choices.closure.must_keep, *free),
        keep_reasons={**choices.closure.keep_reasons, **reasons},
    )  # fmt: skip


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Name the scenario in whatever is raised."""
    try:
        yield
    except InfeasibleError as error:
        raise _of_scenario(error, name) from None
    except InputError as error:
        problems = [replace(problem, where=f"scenario {name}, {problem.where}") for problem in error.problems]
        raise InputError(problems or f"In the scenario {name}: {error}") from None
    except PolicyError as error:
        raise PolicyError(f"In the scenario {name}: {error}") from None


def _of_scenario(error: InfeasibleError, name: str) -> InfeasibleError:
    """Return the error with the scenario it speaks of."""
    return InfeasibleError(
        f"In the scenario {name}: {error}", error.rules, relaxations=error.relaxations, repairs=error.repairs,
        proofs=error.proofs, proven=error.proven,
    )  # fmt: skip


def why_none(task: Task, cases: Sequence[Case]) -> InfeasibleError:
    """Return the error that says which scenarios cannot share a layout, or that the worst costs too much."""
    from layoutopt.model.copies_scenarios import WORST_COST

    for case in cases:
        if _none(case.model, task):
            return case.why()
    names = ", ".join(case.name for case in cases)
    free = tuple(named for named in task.links if named.rule != WORST_COST)
    if len(free) < len(task.links) and not _none(task.copies.model(task.weights, free), task):
        return InfeasibleError(
            f"No layout keeps the yearly cost of the worst of {names} within the limit. Raise limit annual_cost.",
            [WORST_COST],
        )
    return InfeasibleError(
        f"Each of {names} has a plan, but no layout serves them all. Leave out the least likely, or weaken a limit.",
        ["one_layout"],
    )


def _none(model: Model, task: Task) -> bool:
    """Whether it is proven that no point keeps every row."""
    program = model.program(next(iter(model.goals.values())))
    any_point = replace(program, cost=np.zeros(len(program.cost)))
    budget = highs.Budget(time_limit_s=max(min(20.0, task.left_s), 2.0), steps=100)
    return highs.solve(any_point, budget=budget, seed=task.seed).status == "infeasible"
