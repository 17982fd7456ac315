"""One place decided otherwise: the questions that forbid what the plan does there, and their prices."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from layoutopt.errors import PolicyError, SolverError
from layoutopt.explaining.change import Change, change_of
from layoutopt.explaining.fewer import without_lines, without_ways
from layoutopt.explaining.price import Price
from layoutopt.explaining.pricing import informed, priced
from layoutopt.explaining.returning import POINT as AS_POINT
from layoutopt.explaining.returning import WHOLE as AS_WHOLE
from layoutopt.model.build import ExtraRule
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.model.objective import plus
from layoutopt.options import Options
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.schema import BANDS
from layoutopt.today import school_facts

COLUMNS = (
    "option", "possible", "cost_cny", "least_cny", "most_cny", "mean_min", "worst_min", "own_mean_min", "schools",
    "lines", "gap",
)  # fmt: skip
Question = tuple[str, frozenset[str], Change | str]
"""Words, the pupil groups of the place, and the change; why it cannot be asked where it cannot."""
CLOSED, POINT, WHOLE, SOME, BUILT = "closed", "kept as a teaching point", "kept whole", "kept in some form", "built"


@dataclass(frozen=True, eq=False)
class Otherwise:
    """One other way to decide about a place: its price, and what it means to the pupils of the place, ``items``.

    ``price`` is None where nobody needs to solve to know that it cannot be; ``reason`` then says why. ``school`` is the
    school that would stay or be built.
    """

    words: str
    items: frozenset[str]
    price: Price | None = None
    reason: str = ""
    school: str = ""

    @property
    def empty(self) -> bool:
        """Whether a school would stay without any pupil: nobody gains by going there."""
        if not self.school or self.price is None or self.price.after is None:
            return False
        return not (self.price.after.assignments["school_id"] == self.school).any()

    @property
    def possible(self) -> bool:
        """Whether some plan keeps every rule with it."""
        return self.price is not None and self.price.possible

    @property
    def own_mean_min(self) -> float:
        """Mean daily way of the pupils of the place, with it less as planned (minutes); NaN where not known."""
        if self.price is None or self.price.after is None:
            return float("nan")
        return daily_mean(self.price.after, self.items) - daily_mean(self.price.before, self.items)

    def row(self) -> dict[str, object]:
        """Return the row of the table of options."""
        if self.price is None or self.price.after is None:
            return dict.fromkeys(COLUMNS, np.nan) | {"option": self.words, "possible": False}
        level = self.price.after.proof.main
        own = {name: getattr(self.price, name) for name in COLUMNS if hasattr(self.price, name)}
        return {
            "option": self.words, **own, "possible": True, "own_mean_min": self.own_mean_min,
            "gap": np.nan if level is None else level.gap,
        }  # fmt: skip


def daily_mean(plan: Plan, items: frozenset[str]) -> float:
    """Return the mean minutes of the daily ways of these groups; NaN where nobody of them goes daily."""
    rows = plan.assignments
    own = rows[rows["item"].isin(items) & rows["mode"].isin(("walk", "bus"))]
    pupils = own["pupils"].sum()
    return float((own["minutes"] * own["pupils"]).sum() / pupils) if pupils > 0 else float("nan")


def options_table(plan: Plan, found: Sequence[Otherwise]) -> pd.DataFrame:
    """Return a row as planned and one for each other way, the cheapest first."""
    level = plan.proof.main
    zeros = dict.fromkeys(COLUMNS, 0.0)
    planned = zeros | {"option": "as planned", "possible": True, "gap": np.nan if level is None else level.gap}
    return pd.DataFrame([planned, *(one.row() for one in found)], columns=list(COLUMNS))


def school_otherwise(plan: Plan, school: str, *, effort: str | None, time_limit_s: float) -> list[Otherwise]:
    """Return the other roles the school may have, cheapest first, each solved again."""
    role = str(plan.schools.set_index("school_id").loc[school, "role"])
    rows = plan.assignments
    column = "school_id" if role in OPEN_ROLES else "today_school"
    items = frozenset(rows.loc[rows[column] == school, "item"])
    asked, found = _roles(plan, school, role), list[Otherwise]()
    for words, change in asked:
        if words == WHOLE and any(one.words == WHOLE for one in found):
            continue  # the cheapest form it may be kept in is the whole school
        start = plan if not found or found[-1].price is None else informed(plan, found[-1].price.after)
        (one,) = _solved(plan, [(words, items, change)], effort, time_limit_s, school=school, start=start)
        found.append(one if words == CLOSED else replace(one, school=school, words=_form(one, school)))
    return sorted(found, key=_rank)


def _form(one: Otherwise, school: str) -> str:
    """What a school is kept as, told from the plan found."""
    if one.price is None or one.price.after is None or one.words == BUILT:
        return one.words
    row = one.price.after.schools.set_index("school_id").loc[school]
    if row["role"] == "teaching_point":
        return POINT
    facts = school_facts(one.price.after.study, one.price.after.policy).loc[school]
    taught = set(str(row["bands"]).split("+"))
    left_out = [band for band in BANDS if facts[f"offers_{band}"] and band not in taught]
    return f"kept without the band {' and '.join(left_out)}" if left_out else WHOLE


def _roles(plan: Plan, school: str, role: str) -> Iterator[tuple[str, Change | str]]:
    """The opposite decisions; for one that somebody decided already, what the decision's opposite would be."""
    fact = school_facts(plan.study, plan.policy).loc[school]
    decided = bool(fact["must_close"]) or str(fact["keep_reason"]) != ""
    if role in OPEN_ROLES:
        yield CLOSED, _decided(plan, close=school) if decided else _ruled(plan, school, CLOSED)
    if role == "not_built":
        yield BUILT, _decided(plan, keep=school) if decided else _ruled(plan, school, BUILT)
    elif role == "closed":
        if not decided:
            yield SOME, _ruled(plan, school, SOME)
        yield WHOLE, _decided(plan, keep=school)
    elif role == "teaching_point":
        yield WHOLE, _ruled(plan, school, WHOLE)
    elif fact["may_point"]:
        yield POINT, _ruled(plan, school, POINT)


def _decided(plan: Plan, **decision: str) -> Change | str:
    try:
        return change_of(plan, **decision)  # type: ignore[arg-type]
    except PolicyError as error:
        return str(error)


def _ruled(plan: Plan, school: str, role: str) -> Change:
    """The question with the role of a school given; for closing neither school nor teaching point."""

    def decided_otherwise(d: Data) -> Iterator[Rows]:
        whole, point = (
            plus(d, d.frame.total(block, by=[], where=_at_school(d, block, school))) for block in ("open", "point")
        )
        if role == CLOSED:
            yield whole + point <= 0.0
        else:
            yield {POINT: point, SOME: whole + point}.get(role, whole) >= 1.0

    return _question(plan, f"{school} {role}", decided_otherwise)


def settlement_otherwise(
    plan: Plan, settlement: str, options: Options, *, effort: str | None, time_limit_s: float
) -> list[Otherwise]:
    """Return, school by school its pupils go to, the cheapest plan in which none takes this way there.

    A group that has no other way keeps its own; a school from which no group has another way is not asked about.
    """
    rows = plan.assignments
    mine = rows[(rows["settlement_id"] == settlement) & (rows["school_id"] != "")]
    counts = options.rows.groupby("item").size()
    mine = mine[mine["item"].map(counts).fillna(0) > 1]
    questions: list[Question] = []
    for school, there in mine.groupby("school_id", sort=True):
        ways = frozenset(zip(there["item"], there["mode"], strict=True))
        words = f"{there['pupils'].sum():g} pupils of {settlement} not to {school} as planned"
        questions.append((words, frozenset(there["item"]), _question(plan, words, without_ways(str(school), ways))))
    return _solved(plan, questions, effort, time_limit_s)


def line_otherwise(plan: Plan, line_id: str, *, effort: str | None, time_limit_s: float) -> list[Otherwise]:
    """Return the cheapest plan in which the riders of a line do not ride to their school."""
    stops = plan.bus_stops[plan.bus_stops["line_id"] == line_id]
    taken = plan.assignments.set_index("item").loc[stops["item"].unique(), "school_id"]
    words = f"without {line_id}: its riders may not ride to {' or '.join(sorted(set(taken)))}"
    change = _question(plan, words, *without_lines(plan, frozenset({line_id})))
    return _solved(plan, [(words, frozenset(taken.index), change)], effort, time_limit_s)


def _question(plan: Plan, words: str, *rules: ExtraRule) -> Change:
    return Change(words, plan.study, plan.policy, rules, tightens=True)


def _at_school(d: Data, block: str, school: str) -> np.ndarray:
    return (d.frame.blocks[block].table["school_id"] == school).to_numpy(bool)


def _solved(
    plan: Plan, questions: Sequence[Question], effort: str | None, time_limit_s: float, *, school: str = "",
    start: Plan | None = None,
) -> list[Otherwise]:  # fmt: skip
    """The questions solved one after another, cheapest answer first; what the first learns about lines serves all."""
    start, found = start or plan, []
    may_point = bool(school) and bool(school_facts(plan.study, plan.policy)["may_point"][school])
    for words, items, change in questions:
        role = AS_POINT if words == POINT or (words == SOME and may_point) else AS_WHOLE
        stays = {} if words == CLOSED or not school else {school: role}
        if isinstance(change, str):
            found.append(Otherwise(words, items, None, change))
            continue
        try:
            price = priced(plan, change, start=start, stays=stays, effort=effort, time_limit_s=time_limit_s)
        except SolverError as error:
            price = Price(change.words, plan, None, str(error), error=error)
        found.append(Otherwise(words, items, price, price.reason))
        start = informed(start, price.after)
    return sorted(found, key=_rank)


def _rank(one: Otherwise) -> tuple[float, str]:
    cost = float("inf") if one.price is None else one.price.cost_cny
    return cost, one.words
