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
from layoutopt.ahead.robust_regret import regrets
from layoutopt.ahead.scenario import Scenario
from layoutopt.ahead.task import LAST, Task
from layoutopt.io.folders import written_aside
from layoutopt.model.frame import Array
from layoutopt.model.objective import annual_cost
from layoutopt.plan.plan import Level, Plan
from layoutopt.policy import Policy
from layoutopt.study import Study

BOUND_NAME = "the compact programs of all scenarios, buses at a price per rider"
LATER_S = 300.0
"""A table of regrets may take so long."""
MARKER = "robust.json"
TABLES = ("robust_table.csv", "robust_schools.csv", "robust_regret.csv")


@dataclass(frozen=True, eq=False)
class Asked:
    """What the planner gave: facts, choices, limits on the worst scenario, rules left out."""

    study: Study
    policy: Policy
    limit: Mapping[str, float]
    skip: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Robust:
    """The layout that serves every scenario, with a plan for each of them.

    ``layout`` and ``deterministic`` (that which is best for the study as it is; None where that has no plan, or none
    was found in time) hold the columns that are 1. ``later_s`` seconds at most go into ``in_sample`` and
    ``price_cny``, which are solved when they are first asked for.
    """

    asked: Asked = field(repr=False)
    base: Case | None = field(repr=False)
    cases: tuple[Case, ...] = field(repr=False)
    task: Task = field(repr=False)
    point: Array = field(repr=False)
    plans: Mapping[str, Plan]
    levels: tuple[Level, ...]
    bound_name: str
    alone: Mapping[str, Mapping[str, Level]] = field(repr=False)
    layout: Layout = field(repr=False)
    deterministic: Layout | None = field(repr=False)
    later_s: float = LATER_S
    run: Mapping[str, Any] = field(default_factory=dict)

    def timed(self, seconds: float) -> Robust:
        """Return it with the seconds it took."""
        return replace(self, run={"seconds": seconds})

    @property
    def main(self) -> Level:
        """The level that speaks for the expected cost; where the policy does not seek it, the last one."""
        return next((level for level in self.levels if level.goal == LAST), self.levels[-1])

    @property
    def gap(self) -> float:
        """How far the goal of ``main`` may be from the best, as a share; ``inf`` where not known."""
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
            figures = self.plans[copy.name].figures
            cost = float(annual_cost(copy.data).value(self.point[copy.columns]).sum())
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

    @property
    def price_cny(self) -> float:
        """The price of robustness: what this layout costs more a year than the best one, if nothing changes.

        NaN where today's study has no plan, or this layout none with it.
        """
        row = self._of_today
        return float("nan") if row is None else float(row["robust_regret_cny"])

    @property
    def in_sample(self) -> pd.DataFrame:
        """The regret table of the scenarios the layout was made for."""
        return self._solved_later.iloc[: len(self.cases)]

    @property
    def _of_today(self) -> pd.Series | None:
        """The regrets if nothing changes."""
        if self.base is None:
            return None
        return self._solved_later.iloc[[*self.cases, self.base].index(self.base)]

    @cached_property
    def _solved_later(self) -> pd.DataFrame:
        """The regrets of all cases, and then of the study as it is, where no case is."""
        further = () if self.base is None or self.base in self.cases else (self.base,)
        return self._regrets([*self.cases, *further], self.later_s)

    def regret(self, scenarios: Sequence[Scenario], *, time_limit_s: float = LATER_S) -> pd.DataFrame:
        """Return the regret over scenarios that the layout was not made for.

        Columns: ``scenario, weight, best_cny`` (the best layout found for the scenario), ``robust_cny,
        deterministic_cny`` (this layout, and that which is best for the study as it is), and their regrets, the cost
        above the best. Every cost counts buses at a price per rider; within a layout pupils are decided again, further
        than in the search for it, so that a cost may lie below that of ``table``.

        ``best_gap, robust_gap, deterministic_gap`` say how far each cost may be above the least, as a share: a regret
        may be greater by the gap of the best. A cost is empty with a gap of 0 where it is proven that the layout
        allows no plan, with one of ``inf`` where none was found in time.

        Three columns more for each goal that comes before the cost, for example ``merge_small_best,
        merge_small_robust, merge_small_deterministic``: a layout that falls behind in such a goal may cost less than
        the best, and its regret is below 0. Where the policy does not seek the cost, gaps are those of its last goal.

        Parameters
        ----------
        time_limit_s
            The safety stop for the whole table.

        Raises
        ------
        AskError
            No scenarios, or two of one name.
        InputError, PolicyError, InfeasibleError
            A scenario that cannot be, or where it is certain that no plan serves everybody; the message names it.
        """
        asked = self.asked
        return self._regrets(
            cases_of(asked.study, asked.policy, checked(scenarios), asked.limit, asked.skip), time_limit_s
        )

    def _regrets(self, cases: Sequence[Case], seconds: float) -> pd.DataFrame:
        # Ctrl-C that ended the search for the layout ends no table asked for later; in a table it is not patient.
        task = replace(self.task, deadline=time.monotonic() + seconds, interrupted=lambda: False)
        starts = {
            case: self.point[copy.columns] for case, copy in zip(self.cases, self.task.copies.copies, strict=True)
        }
        return regrets(cases, task, (self.layout, self.deterministic), starts)

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
        goal = "The expected cost" if level.goal == LAST else f"The goal {level.goal}"
        return (
            f"One layout for {len(self.cases)} scenarios: {stays}.",
            f"It costs {self.expected_cny:,.0f} CNY a year as expected, {dearest['cost_cny']:,.0f} in the worst "
            f"({dearest['scenario']}); the longest way of all takes {self.table['worst_min'].max():.0f} min.",
            f"{goal} is {known} for {self.bound_name}.",
        )

    def to_dict(self, *, regret: bool = True) -> dict[str, Any]:
        """Return words, tables and proof as plain values, as JSON knows them; ``regret`` with what has to be solved."""
        level = self.main
        flat = {"table": self.table, "schools": self.schools.rename_axis("school_id").reset_index()}
        found: dict[str, Any] = {
            "sentences": list(self.sentences), "expected_cny": self.expected_cny, "worst_cny": self.worst_cny,
            "bound_cny": level.bound if level.goal == LAST and np.isfinite(level.bound) else None,
            "bound_name": self.bound_name,
        }  # fmt: skip
        if regret:
            row = self._of_today
            price = {} if row is None else {"price_cny": row["robust_regret_cny"], "price_gap": row["best_gap"]}
            found |= {name: float(value) if np.isfinite(value) else None for name, value in price.items()}
            flat["regret"] = self.in_sample
        return found | {name: json.loads(table.to_json(orient="records")) for name, table in flat.items()}

    def to_folder(self, folder: str | Path, *, regret: bool = True) -> Path:
        """Write robust.json, the tables as CSV, and the plan of each scenario in a folder of its own.

        The folder appears whole or not at all; one that holds other files is refused. Without ``regret`` nothing is
        solved for it, and the table of regrets and the price of robustness are left out.
        """
        target = Path(folder)
        about = self.to_dict(regret=regret)
        with written_aside(target, owned=(MARKER, *TABLES, *_plans_in(target)), marker=MARKER) as aside:
            text = json.dumps(about, indent=2, ensure_ascii=False)
            (aside / MARKER).write_text(text, "utf-8", newline="\n")
            self.table.to_csv(aside / "robust_table.csv", index=False)
            self.schools.to_csv(aside / "robust_schools.csv")
            if regret:
                self.in_sample.to_csv(aside / "robust_regret.csv", index=False)
            for name, plan in self.plans.items():
                plan.to_folder(aside / name)
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


def _plans_in(folder: Path) -> list[str]:
    """The plans that the robust layout written there before has."""
    try:
        return [str(row["scenario"]) for row in json.loads((folder / MARKER).read_text("utf-8"))["table"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []
