"""One layout for several futures as a value: its plans, what it costs in each, and what knowing better would save."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.ahead.robust_cases import Case, cases_of, checked
from layoutopt.ahead.robust_layout import Layout
from layoutopt.ahead.scenario import Scenario
from layoutopt.ahead.task import Task
from layoutopt.model.frame import Array
from layoutopt.plan.plan import Level, Plan

BOUND_NAME = "the compact programs of all scenarios, buses at a price per rider"
COST = "annual_cost"
LATER_S = 300.0
"""Tables that are asked for later may take so long."""
REGRET = ["scenario", "weight", "best_cny", "robust_cny", "deterministic_cny", "robust_regret_cny",
          "deterministic_regret_cny"]  # fmt: skip
WHOSE = ("best", "robust", "deterministic")


@dataclass(frozen=True, eq=False)
class Robust:
    """The layout that serves every scenario, with a plan for each of them.

    ``layout`` and ``deterministic`` (that which is best for the study as it is) hold the columns that are 1.
    """

    base: Case = field(repr=False)
    cases: tuple[Case, ...] = field(repr=False)
    task: Task = field(repr=False)
    point: Array = field(repr=False)
    plans: Mapping[str, Plan]
    levels: tuple[Level, ...]
    bound_name: str
    alone: Mapping[str, Mapping[str, Level]] = field(repr=False)
    layout: Layout = field(repr=False)
    deterministic: Layout | None = field(repr=False)
    limit: Mapping[str, float] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)

    def timed(self, seconds: float) -> Robust:
        """Return it with the seconds it took."""
        return replace(self, run={"seconds": seconds})

    @property
    def main(self) -> Level:
        """The level that speaks for the expected cost, or the last one."""
        return next((level for level in self.levels if level.goal == COST), self.levels[-1])

    @property
    def gap(self) -> float:
        """How far the expected cost may be from the best, as a share; ``inf`` where not known."""
        return self.main.gap

    @cached_property
    def schools(self) -> pd.DataFrame:
        """A row a school: its name and its role, the same in every scenario, and its pupils in each."""
        first = next(iter(self.plans.values())).schools.set_index("school_id")
        pupils = {name: plan.schools.set_index("school_id")["pupils_after"] for name, plan in self.plans.items()}
        return first[["name", "role"]].assign(**pupils)

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a scenario: weight, yearly cost of the program and with real lines, longest and mean way, lines."""
        rows = []
        for copy in self.task.copies.copies:
            plan, goal = self.plans[copy.name], copy.model.goals.get(COST)
            cost = np.nan if goal is None else float(goal.value(self.point[copy.columns]).sum())
            figures = plan.figures
            rows.append(
                {"scenario": copy.name, "weight": self.task.weights[copy.name], "cost_cny": cost,
                 "real_cost_cny": figures.cost_cny, "worst_min": figures.journey_max_min,
                 "mean_min": figures.journey_mean_min, "lines": figures.lines}
            )  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def expected_cny(self) -> float:
        """The expected yearly cost, buses at a price per rider."""
        return float((self.table["weight"] * self.table["cost_cny"]).sum())

    @property
    def worst_cny(self) -> float:
        """The yearly cost of the dearest scenario, buses at a price per rider."""
        return float(self.table["cost_cny"].max())

    @cached_property
    def price_cny(self) -> float:
        """The price of robustness: what this layout costs more a year than the best one, if nothing changes."""
        row = self._regrets([self.base]).iloc[0]
        return float(row["robust_cny"] - row["best_cny"])

    @cached_property
    def in_sample(self) -> pd.DataFrame:
        """The regret table of the scenarios the layout was made for."""
        return self._regrets(self.cases)

    def regret(self, scenarios: Sequence[Scenario]) -> pd.DataFrame:
        """Return the regret over scenarios that the layout was not made for.

        Columns: ``scenario, weight, best_cny`` (the scenario's own best layout), ``robust_cny, deterministic_cny``
        (this layout, and that which is best for the study as it is; NaN where it allows no plan), and their regrets,
        the cost above the best. Every cost counts buses at a price per rider. Three columns more for each goal that
        comes before the cost, for example ``merge_small_best, merge_small_robust, merge_small_deterministic``: a
        layout that falls behind in such a goal may cost less than the best, and its regret is below 0.

        Raises
        ------
        AskError
            No scenarios, or two of one name.
        """
        base = self.base.data
        study, policy = base.study, self._policy
        return self._regrets(cases_of(study, policy, checked(scenarios), self.limit, ()))

    @property
    def _policy(self) -> Any:
        return self.base.data.policy

    def _regrets(self, cases: Sequence[Case]) -> pd.DataFrame:
        task = replace(self.task, deadline=time.monotonic() + LATER_S)
        total, rows = sum(case.scenario.weight for case in cases), []
        for turn, case in enumerate(cases):
            share = 0.3 / (len(cases) - turn)
            with_layout = [case.within(layout, task, share) for layout in (self.layout, self.deterministic)]
            found = [case.costs(answer, task) for answer in (case.own(task, share), *with_layout)]
            found[0] = min([own for own in found if np.isfinite(own).all()], key=_in_order, default=found[0])
            costs = [own[-1] for own in found]
            regrets = [cost - costs[0] for cost in costs[1:]]
            earlier = [value for goal in zip(*found, strict=True) for value in goal][:-3]
            rows.append([case.name, case.scenario.weight / total, *costs, *regrets, *earlier])
        goals = [f"{goal}_{whose}" for goal in task.main if goal != COST for whose in WHOSE]
        return pd.DataFrame(rows, columns=[*REGRET, *goals])

    @property
    def sentences(self) -> tuple[str, ...]:
        """The layout in words: what stays, what it costs, how good it is."""
        roles = self.schools["role"].value_counts()
        words = {"hub": "hubs", "full": "full schools", "teaching_point": "teaching points", "closed": "closed"}
        stays = ", ".join(f"{roles[role]} {said}" for role, said in words.items() if role in roles)
        dearest = self.table.loc[self.table["cost_cny"].idxmax()]
        level = self.main
        known = (
            f"within {level.gap:.2%} of the best" if np.isfinite(level.bound) else "how far from the best is not known"
        )
        return (
            f"One layout for {len(self.cases)} scenarios: {stays}.",
            f"It costs {self.expected_cny:,.0f} CNY a year as expected, {dearest['cost_cny']:,.0f} in the worst "
            f"({dearest['scenario']}); the longest way of all takes {self.table['worst_min'].max():.0f} min.",
            f"The expected cost is {known} for {self.bound_name}.",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return words, tables and proof as plain values, as JSON knows them."""
        level = self.main
        flat = {
            "table": self.table,
            "schools": self.schools.rename_axis("school_id").reset_index(),
            "regret": self.in_sample,
        }
        return {
            "sentences": list(self.sentences), "expected_cny": self.expected_cny, "worst_cny": self.worst_cny,
            "price_cny": self.price_cny if np.isfinite(self.price_cny) else None,
            "bound_cny": level.bound if np.isfinite(level.bound) else None, "bound_name": self.bound_name,
            **{name: json.loads(found.to_json(orient="records")) for name, found in flat.items()},
        }  # fmt: skip

    def to_folder(self, folder: str | Path) -> Path:
        """Write robust.json, the tables as CSV, and the plan of each scenario in a folder of its own."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
        (target / "robust.json").write_text(text, "utf-8", newline="\n")
        self.table.to_csv(target / "robust_table.csv", index=False)
        self.schools.to_csv(target / "robust_schools.csv")
        self.in_sample.to_csv(target / "robust_regret.csv", index=False)
        for name, plan in self.plans.items():
            plan.to_folder(target / name)
        return target

    def plot(self, *, ax: Any = None) -> Any:
        """Draw what the robust and the deterministic layout cost above the best in each scenario; return the axes."""
        from layoutopt.ahead.robust_plot import draw_regret

        return draw_regret(self, ax)

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        return f"<ul>{words}</ul>" + self.table.to_html(
            index=False, float_format=lambda value: f"{value:,.2f}", border=0
        )


def _in_order(found: tuple[float, ...]) -> tuple[float, ...]:
    """Goals in their order, differences by rounding left out before the cost."""
    return (*(round(value, 6) for value in found[:-1]), found[-1])
