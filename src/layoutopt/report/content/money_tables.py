"""Tables about money: who pays what, public funds and what closing loses of them, what the lines cost."""

from __future__ import annotations

import pandas as pd

from layoutopt.plan import money
from layoutopt.plan.money import PREMISES
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.language import message
from layoutopt.report.mapwords import KINDS
from layoutopt.report.words import COSTS, SOURCES

PAID_FOR: dict[str, str] = {**COSTS, PREMISES: message("Fitting out closed buildings")}


def accounts(b: Brief) -> Table:
    """Return who pays what, a row a payer of each kind of cost."""
    rows = money.accounts(b.plan)
    rows = rows.assign(
        kind=[b.lang.text(PAID_FOR[kind]) for kind in rows["kind"]],
        payer=[source_words(b, source) for source in rows["source"]],
        annual_paid_cny=rows["annual_cny"].astype(float),
        capital_paid_cny=rows["capital_cny"].astype(float),
    )
    names = ["kind", "payer", "annual_paid_cny", "capital_paid_cny"]
    return table("accounts", b.lang.text("Who pays what"), rows, names, b.lang)


def by_source(b: Brief) -> Table:
    """Return what each source pays in all, beside the most it may pay where the policy says so."""
    policy = b.plan.policy.money
    sums = money.accounts(b.plan).groupby("source", sort=False)[["annual_cny", "capital_cny"]].sum()
    rows = sums.set_axis(["annual_paid_cny", "capital_paid_cny"], axis=1).astype(float).reset_index()
    rows["payer"] = [source_words(b, source) for source in rows["source"]]
    limits = {"annual_limit_cny": policy.budget_by_source, "capital_limit_cny": policy.capital_by_source}
    for name, limit in limits.items():
        rows[name] = rows["source"].map(limit).astype(float)
    limited = [name for name, limit in limits.items() if limit]
    names = ["payer", "annual_paid_cny", "capital_paid_cny", *limited]
    return table("by_source", b.lang.text("Money by source"), rows, names, b.lang)


def budgets(b: Brief) -> Table:
    """Return the county's own budgets beside what the plan takes of them; no row where the policy sets none."""
    policy, f, say = b.plan.policy.money, b.plan.figures, b.lang.text
    taken = [
        (say("Yearly cost"), f.cost_cny, policy.annual_budget_cny),
        (say("Building cost"), f.capital_cny, policy.capital_budget_cny),
    ]
    names = ["kind", "taken_cny", "most_cny"]
    rows = pd.DataFrame([row for row in taken if row[2] is not None], columns=names)
    none = say("The policy sets no budget.")
    return table("budgets", say("Budgets of the county"), rows, names, b.lang, empty=none)


def budget_tables(b: Brief) -> tuple[Table, ...]:
    """Return the table of the county's budgets where the policy sets one."""
    found = budgets(b)
    return (found,) if len(found.rows) else ()


def source_words(b: Brief, source: object) -> str:
    """Return who pays in words; a name of the policy's own stays as it is written."""
    return b.lang.text(SOURCES[str(source)]) if str(source) in SOURCES else str(source)


def public_funds(b: Brief, *, only_closed: bool = False) -> Table:
    """Return the public funds of each school today and in the plan; all, or of those that close."""
    rows = money.funds_change(b.plan)
    rows = rows[(rows["role"] == "closed") if only_closed else rows["role"] != "not_built"]
    told = rows.assign(
        school=[b.school_name(code) for code in rows["school_id"]],
        role=b.roles(rows),
        funds_before_cny=rows["funds_cny_before"],
        floor_before_cny=rows["floor_cny_before"],
        funds_after_cny=rows["funds_cny_after"],
        boarders_after_cny=rows["boarders_cny_after"],
    ).sort_values(["lost_cny", "school_id"], ascending=[False, True], kind="stable")
    boarders = [] if only_closed else ["boarders_after_cny"]
    names = ["school", "role", "funds_before_cny", "floor_before_cny", "funds_after_cny", *boarders, "lost_cny"]
    title = (
        b.lang.text("Public funds of the schools that close")
        if only_closed
        else b.lang.text("Public funds of the schools")
    )
    return table("public_funds", title, told, names, b.lang)


def bus_costs(b: Brief) -> Table:
    """Return what the lines cost by who runs them: vehicles, kilometres, attendants."""
    rows = money.bus_costs(b.plan)
    rows = rows.assign(kind=[b.lang.text(KINDS.get(str(kind), str(kind))) for kind in rows["kind"]])
    names = ["kind", "lines", "vehicles", "fixed_cny", "km_cny", "attendants_cny", "cost_cny"]
    none = b.lang.text("This plan has no bus line.")
    return table("bus_costs", b.lang.text("What the bus lines cost in a year"), rows, names, b.lang, empty=none)


def funds_words(b: Brief) -> str:
    """Return what closing changes in public funds."""
    lang, rows = b.lang, money.funds_change(b.plan)
    before, after = float(rows["funds_cny_before"].sum()), float(rows["funds_cny_after"].sum())
    said = [
        lang.text(
            "Public funds: {before} a year today, {after} in the plan.",
            before=lang.money(before),
            after=lang.money(after),
        )
    ]
    lost = rows[rows["lost_cny"] > 0]
    if len(lost):
        said.append(
            lang.plural(
                "{n} small school that closes was paid as {floor} pupils: {money} a year end with it.",
                "{n} small schools that close were paid as {floor} pupils each: {money} a year end with them.",
                len(lost),
                floor=b.plan.policy.money.funds_floor_pupils,
                money=lang.money(float(lost["lost_cny"].sum())),
            )
        )
    return lang.sentences(said)


def share_words(b: Brief) -> str:
    """Return how costs are divided among those who pay."""
    return b.lang.text("Families pay fares and their part of boarding first; the policy's shares divide the rest.")


def wage_words(b: Brief) -> str:
    """Return whether wages of posts that end count as saved."""
    lang = b.lang
    if b.plan.policy.staffing.wages == "saved":
        return lang.text(
            "Wages count for the posts the classes need, not for the teachers employed: nobody is dismissed, so "
            "the saving in wages comes only as posts fall vacant."
        )
    return lang.text(
        "Wages count for every teacher of today: whoever has no post in the plan is redeployed, so closing "
        "saves none of their wages."
    )
