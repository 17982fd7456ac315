"""The frontier of two or three goals: plans none of which is better in everything, with what is proven of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import AskError
from layoutopt.explaining.axes import COST, Axis, axes_of, dominated, knee
from layoutopt.explaining.tracing import Point, Tracer, proven
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.progress import Progress, reporter
from layoutopt.study import Study

ONE = {"min": "minute", "schools": "school", "pupils": "pupil"}


@dataclass(frozen=True, eq=False)
class Frontier(Sequence[Plan]):
    """The plans of a frontier, cheapest first; behaves as a list of them.

    ``table`` has a row a plan; ``knee`` is the position of the plan where the frontier bends most, None where it
    bends nowhere; ``dropped`` says which plans were found and are no part of it, ``failed`` which limits no plan was
    found for. ``given`` is the plan the question was put to, where it was put to one.
    """

    axes: tuple[Axis, ...]
    points: tuple[Point, ...]
    knee: int | None
    dropped: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    given: Plan | None = None
    work_s: float = 0.0

    def __len__(self) -> int:
        return len(self.points)

    def __getitem__(self, at: Any) -> Any:
        plans = [point.plan for point in self.points]
        return plans[at]

    def __iter__(self) -> Iterator[Plan]:
        return iter([point.plan for point in self.points])

    @property
    def goals(self) -> tuple[str, ...]:
        """The goals by name, the yearly cost first."""
        return tuple(axis.name for axis in self.axes)

    @property
    def table(self) -> pd.DataFrame:
        """A row a plan: each goal's value and proven bound, the schools open, and the work (processor seconds)."""
        rows = []
        for at, point in enumerate(self.points):
            row: dict[str, Any] = {"point": at + 1, "knee": at == self.knee}
            for axis in self.axes:
                row[axis.name] = axis.sign * point.loads[axis.name]
                bound = point.bounds[axis.name]
                row[f"{axis.name}_bound"] = axis.sign * bound if np.isfinite(bound) else np.nan
            figures = point.plan.figures
            row |= {"schools_open": figures.schools_open, "journey_mean_min": figures.journey_mean_min}
            rows.append(row | {"work_s": point.work_s})
        return pd.DataFrame(rows)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The frontier in words."""
        first, last = self.points[0], self.points[-1]
        names = " and ".join(axis.words for axis in self.axes)
        count = len(self.points)
        said = [f"{count} plan{'' if count == 1 else 's'}, none better in everything, of {names}."]
        if count > 1:
            said.append(f"From {self._at(first)} to {self._at(last)}.")
        said.append(self._knee_said())
        said += [*self._given_said(), *self.dropped, *self.failed, self._work_said()]
        return tuple(said)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the frontier with its bounds and its knee; return the matplotlib axes. A third goal is the colour."""
        from layoutopt.explaining.frontier_plot import draw_frontier

        return draw_frontier(self, ax)

    def to_dict(self) -> dict[str, Any]:
        """Return sentences and table as plain values, as JSON knows them; what is not known is None."""
        table = json.loads(self.table.to_json(orient="records"))
        return {"goals": list(self.goals), "knee": self.knee, "sentences": list(self.sentences), "table": table}

    def to_folder(self, folder: str | Path) -> Path:
        """Write each plan to a folder of its own, point_1 and so on, beside frontier.csv and frontier.svg."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        self.table.to_csv(target / "frontier.csv", index=False)
        if picture := self._picture():
            (target / "frontier.svg").write_text(picture, "utf-8")
        for at, own in enumerate(self, start=1):
            own.to_folder(target / f"point_{at}")
        return target

    def _at(self, point: Point) -> str:
        return ", ".join(axis.said(point.loads[axis.name]) for axis in self.axes)

    def _knee_said(self) -> str:
        if self.knee is None:
            return "It has no knee: no plan lies below the straight line between its ends."
        own, text = self.points[self.knee], f"Its knee is point {self.knee + 1}: {self._at(self.points[self.knee])}."
        if len(self.axes) > 2 or not 0 < self.knee < len(self.points) - 1:
            return text
        other = self.axes[1]
        before, after = (
            abs(point.loads[COST] - own.loads[COST]) / max(abs(point.loads[other.name] - own.loads[other.name]), 1e-9)
            for point in (self.points[self.knee - 1], self.points[self.knee + 1])
        )
        return f"{text} One {ONE[other.unit]} costs {before:,.0f} CNY a year up to it and {after:,.0f} beyond it."

    def _given_said(self) -> list[str]:
        if self.given is None:
            return []
        own = np.array([axis.load(self.given) for axis in self.axes])
        loads = np.array([[p.loads[axis.name] for axis in self.axes] for p in self.points])
        text = f"The plan asked about comes to {', '.join(a.said(v) for a, v in zip(self.axes, own, strict=True))}"
        worse = dominated(np.vstack([loads, own]))[-1]
        if worse is None:
            return [f"{text}: no point is better in everything."]
        return [f"{text}: point {worse + 1} is no worse in any of these goals. Its own goals and their order differ."]

    def _work_said(self) -> str:
        solved = [point for point in self.points if point.work_s > 0]
        return (
            f"{self.work_s:.0f} s of work in all, {max((p.work_s for p in solved), default=0.0):.0f} s for the longest."
        )

    def __str__(self) -> str:
        table = self.table.to_string(index=False, float_format=lambda value: f"{value:,.1f}")
        return "\n".join([*self.sentences, table])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        table = self.table.to_html(index=False, float_format=lambda value: f"{value:,.1f}")
        return f"<ul>{words}</ul>{self._picture()}{table}"

    def _picture(self) -> str:
        from layoutopt.errors import MissingExtraError
        from layoutopt.explaining.frontier_plot import frontier_svg

        try:
            return frontier_svg(self)
        except MissingExtraError:
            return ""


def frontier(
    study_or_plan: Study | Plan,
    policy: Policy | None = None,
    *,
    goals: Sequence[str] = ("annual_cost", "worst_journey"),
    points: int = 9,
    effort: str = "normal",
    time_limit_s: float = 300.0,
    seed: int = 0,
    progress: Progress = False,
) -> Frontier:
    """Return plans that weigh two or three goals against each other, none of them better in everything.

    At every point the yearly cost is made least, layout and lines together, while the other goals keep a limit: first
    none, then the best value there is, then in even steps back to what the cheapest plan comes to. Each point begins at
    the one before, with the lines and prizes learnt without a limit. Goals of the policy that are not named count
    nothing here; its rules all hold, and each plan passes its audit.

    Parameters
    ----------
    study_or_plan
        A study, with its ``policy``; or a plan, whose study and policy are then taken.
    goals
        ``annual_cost`` and one or two of: worst_journey, schools_kept, merge_small, travel, inequality, moved_pupils,
        group_gap, quality. Limits on worst_journey (whole minutes) are kept by real lines; those on travel,
        inequality and group_gap count direct rides, and the values told are those of the lines.
    effort
        How hard the first plan is looked for; the others begin at their neighbour and take ``quick``, or ``proof``.
    points
        How many plans are sought; fewer come back where fewer differ.
    time_limit_s
        Safety stop of the first plan; a fifth of it for each of the others, a tenth for the best value of each goal.

    Raises
    ------
    AskError
        Goals that are unknown, not two or three, or without ``annual_cost``; fewer than two points.
    InfeasibleError
        No plan keeps the rules of the policy.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.frontier(study, policy, goals=("annual_cost", "worst_journey")).table  # doctest: +SKIP
    """
    axes = axes_of(goals)
    if points < 2:
        raise AskError(f"A frontier needs two points or more, not {points}.")
    given = study_or_plan if isinstance(study_or_plan, Plan) else None
    if isinstance(study_or_plan, Plan):
        study, asked = study_or_plan.study, policy or study_or_plan.policy
    elif policy is None:
        raise AskError("Give the policy with a study: frontier(study, policy).")
    else:
        study, asked = study_or_plan, policy
    with reporter(progress) as report:
        tracer = Tracer(study, asked, axes, effort, time_limit_s, seed, report, points)
        tracer.trace(given)
        report(1.0, "done")
    return _frontier(tracer, given)


def _frontier(tracer: Tracer, given: Plan | None) -> Frontier:
    """The points that no other is better than, cheapest first, with their bounds."""
    axes = tracer.axes
    known = proven(tracer.found, axes, tracer.least)
    known.sort(key=lambda point: tuple(point.loads[axis.name] for axis in axes))
    loads = np.array([[point.loads[axis.name] for axis in axes] for point in known])
    better = dominated(loads)
    kept = [at for at, other in enumerate(better) if other is None]
    dropped = tuple(
        f"A plan found within {tracer.said(point.limits) or 'no limit'} is no part of it: another is no worse in any "
        f"goal ({', '.join(axis.said(point.loads[axis.name]) for axis in axes)})."
        for point, other in zip(known, better, strict=True)
        if other is not None
    )
    return Frontier(
        axes, tuple(known[at] for at in kept), knee(loads[kept]), dropped, tuple(tracer.failed), given,
        sum(point.work_s for point in tracer.found),
    )  # fmt: skip
