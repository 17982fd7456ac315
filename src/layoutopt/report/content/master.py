"""The report as a document: the master plan and its eight sub-plans."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from layoutopt.plan.closures import CONDITIONS
from layoutopt.plan.metrics import journeys_by_band
from layoutopt.report import pictures
from layoutopt.report.content import closing_tables, county_tables, money_tables, pupil_tables, school_tables
from layoutopt.report.content.actions import actions
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.procedure import action_table, departments, steps
from layoutopt.report.content.subplans import sub_plans
from layoutopt.report.content.ways import YOUNG
from layoutopt.report.document import Block, Bullets, Document, Paragraph, Section, Table
from layoutopt.report.echoes import echoed
from layoutopt.report.summary import audit_words, level_words, sentences

MOST_VIOLATIONS = 40
LEAST_MIN = 0.05
"""A smaller change of the average would be shown as none."""
IN_CHARGE = ("county", "education")


def master_plan(b: Brief) -> Document:
    """Return the master plan with its sub-plans."""
    say, study = b.lang.text, b.plan.study
    title = say("Master plan for the layout of schools: {county}", county=study.name)
    parts = (overview(b), before_after(b), each_school(b), money(b), burdens(b), procedure(b), *sub_plans(b), basis(b))
    return Document("report", title, subtitle(b), parts, b.lang.code, b.stamp)


def subtitle(b: Brief) -> str:
    """Return the year the plan takes effect in and the policy it follows."""
    year, policy = b.plan.study.year, b.plan.policy.name
    if year is None:
        return b.lang.text("Draft for expert argument and public notice · policy {policy}", policy=policy)
    return b.lang.text(
        "Draft for expert argument and public notice · from autumn {year} · policy {policy}",
        year=str(year + 1),
        policy=policy,
    )


def overview(b: Brief) -> Section:
    """What the plan does, in sentences and in the headline figures."""
    lang = b.lang
    lead = Paragraph(lang.sentences(sentences(b.plan, lang)), "lead")
    warning = [Paragraph(b.stamp, "warning")] if b.stamp else []
    aims = Bullets(
        (
            lang.text("Keep what must be kept; no school closes whose pupils would have no admissible way."),
            lang.text("First build, then close; a time of transition; reopening where pupils come back."),
            lang.text("Every closure is noticed for a month and heard; parents and delegates can stop it."),
        )
    )
    return Section("overview", lang.text("Overview"), (*warning, lead, county_tables.headline(b), aims))


def before_after(b: Brief) -> Section:
    """Ways to school before and after."""
    lang = b.lang
    spread = journeys_by_band(b.plan).set_index(["band", "when"])
    longer = spread.loc[("all", "after"), "mean"] - spread.loc[("all", "before"), "mean"]
    said = (
        lang.text(
            "On average a daily way takes {change} minutes more than today.", change=lang.number(float(longer), 1)
        )
        if longer >= LEAST_MIN
        else lang.text("On average a daily way takes no longer than today.")
    )
    blocks: tuple[Block, ...] = (
        Paragraph(said),
        county_tables.journeys(b),
        pictures.journeys_chart(b.plan, lang.code),
        pictures.lorenz_chart(b.plan, lang.code),
    )
    return Section("journeys", lang.text("Ways to school, today and in the plan"), blocks)


def each_school(b: Brief) -> Section:
    """What becomes of each school."""
    lang, f = b.lang, b.plan.figures
    stays = lang.plural(
        "{n} school with fewer than {limit} pupils stays.",
        "{n} schools with fewer than {limit} pupils stay.",
        len(b.schools[b.schools["small"] & b.schools["is_open"]]),
        limit=b.plan.policy.closure.closable_below_pupils,
    )
    lead = lang.plural("{n} school closes.", "{n} schools close.", f.schools_closed)
    sheet = lang.text(
        "Every school has a sheet of its own with the reasons and what the other decision would cost and spare."
    )
    return Section(
        "schools",
        lang.text("What becomes of each school"),
        (
            Paragraph(lang.sentences([lead, stays, sheet])),
            pictures.schools_map(b.plan, lang.code),
            school_tables.closing(b),
            school_tables.schools(b),
        ),
    )


def money(b: Brief) -> Section:
    """What the plan costs."""
    lang, f = b.lang, b.plan.figures
    change = f.cost_cny - b.today.figures.cost_cny
    said = (
        lang.text("The schools cost {money} a year less than today.", money=lang.money(-change))
        if change < 0
        else lang.text("The schools cost {money} a year more than today.", money=lang.money(change))
    )
    basis = lang.text(
        "Today's buses are not known and cost nothing here. Building cost is spread over the life of the building."
    )
    return Section(
        "money",
        lang.text("Money"),
        (
            Paragraph(said),
            Paragraph(lang.sentences([money_tables.wage_words(b), basis]), "note"),
            county_tables.costs(b),
            pictures.costs_chart(b.plan, lang.code, today=b.today),
            money_tables.bus_costs(b),
            *money_tables.budget_tables(b),
            money_tables.by_source(b),
            money_tables.accounts(b),
            Paragraph(money_tables.share_words(b), "note"),
            Paragraph(money_tables.funds_words(b)),
            money_tables.public_funds(b, only_closed=True),
        ),
    )


def burdens(b: Brief) -> Section:
    """Who is worse off."""
    lang, rows = b.lang, b.ways
    daily = rows[rows["daily"] & np.isfinite(rows["change_min"].astype(float))]
    longer = float(daily.loc[daily["change_min"] > 10, "pupils"].sum())
    young = float(rows.loc[rows["mode"] == "board", list(YOUNG)].to_numpy(float).sum())
    new = max(0.0, b.plan.figures.boarders - b.today.figures.boarders)
    said = lang.sentences(
        [
            lang.plural(
                "{n} pupil has a way more than ten minutes longer than today.",
                "{n} pupils have a way more than ten minutes longer than today.",
                longer,
            ),
            lang.plural("{n} pupil more than today boards.", "{n} pupils more than today board.", new),
            lang.plural("{n} of them is in grades 1–3.", "{n} of them are in grades 1–3.", young)
            if new or young
            else "",
        ]
    )
    return Section(
        "burdens",
        lang.text("Who is worse off"),
        (
            Paragraph(said),
            pictures.journeys_map(b.plan, lang.code, today=True),
            pupil_tables.worst_off(b),
        ),
    )


def procedure(b: Brief) -> Section:
    """Steps, dates, departments, and what would stop a closure."""
    lang = b.lang
    return Section(
        "procedure",
        lang.text("Procedure and departments"),
        sections=(
            Section("steps", lang.text("Steps and dates"), (steps(b),)),
            Section("refusal", lang.text("What stops a closure"), refusal(b)),
            Section("actions", lang.text("Actions of all departments"), (action_table(b, actions(b)),)),
        ),
        owner=departments(b, IN_CHARGE),
    )


def refusal(b: Brief) -> tuple[Block, ...]:
    """Return the five conditions that forbid a closure, and what the plan shows on them at every school."""
    lead = b.lang.text("A closure is refused where one of five conditions holds; each school's sheet answers them:")
    stops = Bullets(tuple(b.lang.text(text) for text in CONDITIONS.values()))
    return (Paragraph(lead), stops, closing_tables.all_conditions(b))


def basis(b: Brief) -> Section:
    """How good the plan is, what it rests on, and how to get it again."""
    lang, plan = b.lang, b.plan
    proof: list[Block] = [Paragraph(level_words(level, lang).sentence) for level in plan.proof.levels]
    if plan.proof.levels:
        bound = lang.text("These bounds speak for one program only: {name}.", name=echoed(plan.proof.bound_name, lang))
        proof.append(Paragraph(bound, "note"))
    else:
        proof.append(
            Paragraph(lang.text("This plan was not sought by a solver, so nothing is proven about how good it is."))
        )
    proof.append(
        Paragraph(audit_words(b.violations if not len(b.violations) else None, lang) if b.violations.empty else b.stamp)
    )
    broken = [_broken(b)] if len(b.violations) else []
    methods = Bullets(tuple(echoed(text, lang) for text in plan.methods.values()))
    notes = [Bullets(tuple(echoed(str(note), lang) for note in plan.study.notes))] if plan.study.notes else []
    given = [Paragraph(plan.study.note)] if plan.study.note else []
    source = [Paragraph(plan.study.attribution, "note")] if plan.study.attribution else []
    again = lang.text(
        "Study {study}, seed {seed}, policy {policy}.",
        study=plan.study.digest,
        seed=str(plan.seed),
        policy=plan.policy.name,
    )
    return Section(
        "basis",
        lang.text("What the plan rests on"),
        sections=(
            Section("proof", lang.text("How good the plan is"), (*proof, *broken)),
            Section("data", lang.text("Data and how they were used"), (*given, methods, *notes, *source)),
            Section(
                "choices",
                lang.text("Choices of the policy"),
                (county_tables.policy_choices(b, only_changed=True), Paragraph(again, "note")),
            ),
            Section(
                "unsure",
                lang.text("Values to be checked"),
                (Paragraph(county_tables.unsure_words(b)), county_tables.unsure(b)),
            ),
        ),
    )


def _broken(b: Brief) -> Table:
    """The first violations; a plan that breaks very many needs mending, not a longer document."""
    every = county_tables.violations(b)
    return replace(every, rows=every.rows.head(MOST_VIOLATIONS))
