"""Who pays a plan: costs by kind and source, public funds and what closing loses of them, buses by what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from layoutopt.fleet import SCHOOL_BUS, vehicle_types
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.plan import Plan
from layoutopt.plan.today import current_plan
from layoutopt.policy import Policy
from layoutopt.policy.payers import each_cny, families_pay, parts_of, paying_modes, public_funds_cny, sources_of
from layoutopt.schema import STAGE_GRADES, STAGES

ACCOUNT_COLUMNS = ("kind", "source", "annual_cny", "capital_cny")
FUNDS = ("funds_cny", "floor_cny", "boarders_cny")
PREMISES = "premises"
"""Fitting out closed premises for a new use: paid like the capital of expansions, and in no yearly cost."""


def accounts(plan: Plan) -> pd.DataFrame:
    """Return who pays what: ``kind, source, annual_cny, capital_cny``, a row for each payer of each kind of cost.

    Families pay their fares and their part of boarding and meals first; ``money.source_share`` shares out the rest.
    What boarders cost stands in three kinds: ``boarding`` (care, dormitory, weekly transport), ``meals``, ``grants``.
    Capital stands twice: spread over years among the yearly costs, and as the sum to be raised.
    """
    money = plan.policy.money
    built = {"capital": float(plan.schools["capital_cny"].sum()), PREMISES: _fitting_out(plan)}
    rows = []
    for kind, cost in {**annual_costs(plan), PREMISES: 0.0}.items():
        own = own_pay_cny(plan, kind, cost)
        for source in sources_of(money):
            of_cost, of_own = parts_of(source, "capital" if kind == PREMISES else kind, money)
            paid, capital = of_cost * cost + of_own * own, of_cost * built.get(kind, 0.0)
            if paid or capital:
                rows.append((kind, source, paid, capital))
    return pd.DataFrame(rows, columns=list(ACCOUNT_COLUMNS))


def own_pay_cny(plan: Plan, kind: str, cost_cny: float) -> float:
    """Return what families pay of a kind of cost by the head, before anything is shared out (CNY a year)."""
    return float(families_pay(cost_cny, paying_pupils(plan, kind), each_cny(kind, plan.policy.money)))


def paying_pupils(plan: Plan, kind: str) -> float:
    """Return the pupils whose families pay a part of a kind of cost by the head."""
    rows = plan.assignments
    return float(rows.loc[rows["mode"].isin(paying_modes(kind, plan.policy)), "pupils"].sum())


def paid_by_source(plan: Plan) -> dict[str, float]:
    """Return the yearly cost that each source bears (CNY), in the order of ``money.source_share``."""
    paid = accounts(plan).groupby("source")["annual_cny"].sum()
    return {source: float(paid.get(source, 0.0)) for source in sources_of(plan.policy.money)}


def _fitting_out(plan: Plan) -> float:
    return float(plan.premises["capital_cny"].astype(float).fillna(0.0).sum()) if len(plan.premises) else 0.0


def public_funds(schools: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return the yearly public funds of every school of a plan's school table.

    Columns: ``school_id, pupils_primary, pupils_junior, boarders, funds_cny``, and of the funds ``floor_cny``, what
    the floor for small schools adds to what the pupils bring, and ``boarders_cny``, the supplement for boarders.
    """
    rows = []
    for row in schools.to_dict("records"):
        pupils = {stage: _pupils(row, stage) for stage in STAGES}
        funds, floor, supplement = public_funds_cny(pupils, float(row["boarders"]), policy.money)
        counts = {f"pupils_{stage}": count for stage, count in pupils.items()}
        rows.append({"school_id": row["school_id"], **counts, "boarders": row["boarders"], "funds_cny": funds,
                     "floor_cny": floor, "boarders_cny": supplement})  # fmt: skip
    return pd.DataFrame(rows)


def _pupils(row: Mapping[Any, Any], stage: str) -> float:
    return sum(float(row[f"g{grade}"]) for grade in STAGE_GRADES[stage])


def funds_change(plan: Plan) -> pd.DataFrame:
    """Return public funds today and in the plan: ``school_id, role``, before and after ``funds_cny, floor_cny,
    boarders_cny``.

    ``lost_cny`` is what a closed school was paid beyond what its pupils bring: that ends with it.
    """
    today = current_plan(plan.study, plan.policy).schools
    parts = [
        public_funds(schools, plan.policy).set_index("school_id")[list(FUNDS)].add_suffix(f"_{when}")
        for schools, when in ((today, "before"), (plan.schools, "after"))
    ]
    table = plan.schools.set_index("school_id")[["role"]].join(parts)
    table["lost_cny"] = table["floor_cny_before"].where(table["role"] == "closed", 0.0)
    return table.reset_index()


def bus_costs(plan: Plan) -> pd.DataFrame:
    """Return what the lines cost in a year by who runs them: ``kind, lines, vehicles, fixed_cny, km_cny,
    attendants_cny, cost_cny``. A vehicle that drives two lines is paid once."""
    kinds = {kind.vehicle_id: kind for kind in vehicle_types(plan.study, plan.policy)}
    table = plan.bus_lines.copy()
    vehicles = table.groupby("vehicle_no")["line_id"].transform("size").astype(float)
    attendant = (table["kind"] == SCHOOL_BUS) * plan.policy.bus.attendant_cny / vehicles
    fixed = table["vehicle_id"].map({name: kind.fixed_cny for name, kind in kinds.items()}).astype(float) / vehicles
    split = pd.DataFrame(
        {
            "kind": table["kind"], "lines": 1, "vehicles": 1.0 / vehicles, "fixed_cny": fixed - attendant,
            "km_cny": table["cost_cny"].astype(float) - fixed, "attendants_cny": attendant,
            "cost_cny": table["cost_cny"].astype(float),
        }
    )  # fmt: skip
    return split.groupby("kind", as_index=False, sort=True).sum()


def money_words(plan: Plan) -> list[str]:
    """Return in plain sentences who pays, what closing loses in public funds, and what becomes of wages."""
    return [*_who_pays(plan), *_funds_words(plan), _wage_words(plan)]


def _who_pays(plan: Plan) -> Iterator[str]:
    table = accounts(plan)
    for source in sources_of(plan.policy.money):
        own = table[table["source"] == source]
        if own.empty:
            continue
        capital = float(own["capital_cny"].sum())
        said = f"{source} pays {own['annual_cny'].sum():,.0f} CNY a year"
        yield f"{said}, and {capital:,.0f} CNY of capital." if capital else f"{said}."


def _funds_words(plan: Plan) -> Iterator[str]:
    table, floor = funds_change(plan), plan.policy.money.funds_floor_pupils
    before, after = table["funds_cny_before"].sum(), table["funds_cny_after"].sum()
    closed = table[table["lost_cny"] > 0]
    change = f": {abs(after - before):,.0f} {'less' if after < before else 'more'}" if round(after - before) else ""
    yield f"Public funds: {before:,.0f} CNY a year today, {after:,.0f} in the plan{change}."
    for row in closed.itertuples():
        yield f"{row.school_id} closes: it was paid as {floor:g} pupils, {row.lost_cny:,.0f} CNY a year end with it."
    if len(closed):
        lost = closed["lost_cny"].sum()
        yield f"{len(closed)} small schools close: {lost:,.0f} CNY a year of public funds end with them in all."


def _wage_words(plan: Plan) -> str:
    freed, wage = plan.figures.teachers_freed, plan.policy.staffing.wage_cny
    if plan.policy.staffing.wages == "saved":
        return (
            f"Wages of posts no longer needed count as saved: {freed:,.0f} teachers are free, "
            f"{freed * wage:,.0f} CNY a year once they leave the payroll."
        )
    return f"Wages go on being paid: {freed:,.0f} teachers are redeployed, so that closing saves none of their wages."
