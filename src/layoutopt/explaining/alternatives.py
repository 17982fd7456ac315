"""Other plans that cost nearly the same and differ as much as possible in who closes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import pandas as pd

from layoutopt.errors import AskError
from layoutopt.explaining.differing import opened, schools_apart
from layoutopt.explaining.nearby import Search
from layoutopt.plan.plan import Plan
from layoutopt.policy.goals import sought

FIGURES: tuple[tuple[str, str, str, float], ...] = (
    ("cost_cny", "CNY a year", ",.0f", -1.0),
    ("journey_mean_min", "min on average", ".1f", -1.0),
    ("journey_p90_min", "min for nine in ten", ".1f", -1.0),
    ("journey_max_min", "min for the longest way", ".1f", -1.0),
    ("pupils_moved", "pupils who change school", ",.0f", -1.0),
    ("boarders", "boarders", ",.0f", -1.0),
    ("vehicles", "buses", ",.0f", -1.0),
    ("schools_open", "schools open", ",.0f", 1.0),
    ("small_schools_after", "small schools", ",.0f", -1.0),
    ("capital_cny", "CNY to build", ",.0f", -1.0),
)
"""The figures two plans are told apart by: name, words, digits, and +1 where more is better."""


@dataclass(frozen=True, eq=False)
class Alternatives(Sequence[Plan]):
    """Plans that cost nearly the same as ``plan`` and close other schools; behaves as a list of them.

    ``most_apart`` says for each how many schools no plan within the cost exceeds in difference to all before it, and
    ``stopped`` why there are no more.
    """

    plan: Plan
    plans: tuple[Plan, ...]
    within: float
    most_apart: tuple[int, ...]
    stopped: str = ""

    def __len__(self) -> int:
        return len(self.plans)

    def __getitem__(self, at: Any) -> Any:
        return list(self.plans)[at]

    def __iter__(self) -> Iterator[Plan]:
        return iter(self.plans)

    @property
    def table(self) -> pd.DataFrame:
        """A row a plan: cost, price over ``plan``, what differs, what is better and worse; number 0 is ``plan``."""
        rows = []
        for at, own in enumerate((self.plan, *self.plans)):
            earlier = (self.plan, *self.plans)[:at]
            price = own.figures.cost_cny - self.plan.figures.cost_cny
            mine, its = opened(own), opened(self.plan)
            rows.append(
                {
                    "plan": at, "cost_cny": own.figures.cost_cny, "price_cny": price,
                    "price_share": price / max(self.plan.figures.cost_cny, 1e-9),
                    "apart": min((len(schools_apart(own, other)) for other in earlier), default=0),
                    "most_apart": self.most_apart[at - 1] if at else 0,
                    "closes_instead": ", ".join(sorted(its - mine)), "keeps_instead": ", ".join(sorted(mine - its)),
                    "better": _told(own, self.plan, 1.0), "worse": _told(own, self.plan, -1.0),
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    @property
    def closures(self) -> pd.DataFrame:
        """A row a school that closes in one of the plans at least: in how many of them, ``plan`` among them."""
        plans = (self.plan, *self.plans)
        roles = pd.DataFrame([own.schools.set_index("school_id")["role"] for own in plans])
        count = (roles == "closed").sum()
        first = self.plan.schools.set_index("school_id")
        table = pd.DataFrame({"name": first["name"], "pupils": first["pupils_before"], "closed_in": count})
        table["plans"] = len(plans)
        table["here"] = first["role"]
        table["words"] = [f"closed in {n} of {len(plans)} near-best plans" for n in table["closed_in"]]
        table = table[table["closed_in"] > 0].rename_axis("school_id").reset_index()
        return table.sort_values(["closed_in", "school_id"], ascending=[False, True], kind="stable", ignore_index=True)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The plans in words."""
        table, closures = self.table, self.closures
        said = [f"{len(self)} other plan{'' if len(self) == 1 else 's'} within {self.within:.1%} of the cost."]
        for row in table.iloc[1:].itertuples():
            text = f"Plan {row.plan}: {row.price_cny:+,.0f} CNY a year ({row.price_share:+.1%})"
            text += (
                f", {row.apart} schools decided otherwise than in any plan before (at most {row.most_apart} could be)"
            )
            text += f"; closes {row.closes_instead or 'none'} and keeps {row.keeps_instead or 'none'} instead"
            said.append(f"{text}; better: {row.better or 'nothing'}.")
        always = closures.loc[closures["closed_in"] == closures["plans"], "school_id"]
        if len(self) and len(always):
            said.append(f"Closed in all {len(self) + 1} near-best plans: {', '.join(always)}.")
        return (*said, *([self.stopped] if self.stopped else []))

    def to_dict(self) -> dict[str, Any]:
        """Return sentences and tables as plain values, as JSON knows them; what is not known is None."""
        tables = {name: json.loads(getattr(self, name).to_json(orient="records")) for name in ("table", "closures")}
        return {"within": self.within, "sentences": list(self.sentences), **tables}

    def to_folder(self, folder: str | Path) -> Path:
        """Write each plan to a folder of its own, plan_1 and so on, beside alternatives.csv and closures.csv."""
        target = Path(folder)
        target.mkdir(parents=True, exist_ok=True)
        self.table.to_csv(target / "alternatives.csv", index=False)
        self.closures.to_csv(target / "closures.csv", index=False)
        for at, own in enumerate(self.plans, start=1):
            own.to_folder(target / f"plan_{at}")
        return target

    def __str__(self) -> str:
        columns = ["school_id", "name", "pupils", "closed_in", "plans"]
        return "\n".join([*self.sentences, self.closures[columns].to_string(index=False)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        tables = (self.table.to_html(index=False), self.closures.to_html(index=False))
        return f"<ul>{words}</ul>{''.join(tables)}"


def _told(own: Plan, other: Plan, sign: float) -> str:
    """The figures in which ``own`` is better (``sign`` 1) or worse (−1) than ``other``."""
    found = []
    for name, words, digits, good in FIGURES:
        change = getattr(own.figures, name) - getattr(other.figures, name)
        shown = f"{change:+{digits}}"
        if change * good * sign > 0 and float(shown.replace(",", "")) != 0:
            found.append(f"{shown} {words}")
    return ", ".join(found)


def alternatives(
    plan: Plan,
    k: int = 3,
    *,
    within: float = 0.02,
    differ: int = 1,
    effort: str = "quick",
    time_limit_s: float = 120.0,
) -> Alternatives:
    """Return up to ``k`` other plans near the cost of ``plan``, each as different as possible from all before it.

    Parameters
    ----------
    within
        How much more a plan may cost a year with its lines, as a share of the cost of ``plan``.
    differ
        In how many schools at least two of the plans decide differently (open or not).
    effort, time_limit_s
        How hard each plan is looked for, and the safety stop of each. Up to four are solved for one alternative.

    Goals of the policy before the yearly cost are kept as well, and no school stays open for nobody. Fewer than ``k``
    plans come back where no more are found; ``stopped`` says why.

    Raises
    ------
    AskError
        The goals of the plan's policy do not name the yearly cost, or ``k``, ``within`` or ``differ`` make no sense.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.alternatives(plan, 5).closures  # doctest: +SKIP
    """
    if k < 1 or differ < 1 or within < 0:
        raise AskError(f"Ask for one plan or more, one school or more, no share below 0: {k=}, {differ=}, {within=}.")
    if "annual_cost" not in sought(plan.policy.goals):
        raise AskError("The goals of this plan's policy do not name annual_cost: no plan is near its cost.")
    search = Search(plan, within, differ, effort, time_limit_s)
    while len(search.found) < k and search.next():
        pass
    return Alternatives(plan, tuple(search.found), within, tuple(search.most), search.stopped)
