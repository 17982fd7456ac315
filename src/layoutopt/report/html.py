"""The report: one HTML file for a county office and for parents, complete without a network."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pandas as pd

from layoutopt.errors import InputError
from layoutopt.io.folders import write_text
from layoutopt.plan.metrics import journeys_by_band
from layoutopt.plan.plan import Plan
from layoutopt.report import charts, summary, tables
from layoutopt.report.maps import map_data
from layoutopt.report.pages import rendered
from layoutopt.report.words import listed

REPORT_FILE = "report.html"
logger = logging.getLogger(__name__)


def write_report(
    plan: Plan, folder: str | Path, *, today: Plan | None = None, violations: pd.DataFrame | None = None
) -> Path:
    """Write ``report.html`` into ``folder`` and return its path.

    Parameters
    ----------
    today
        The plan of today's schools; with it costs, riders and boarders are set against today's.
    violations
        What the audit found. A plan with violations, or with pupils left without a school, is stamped as
        not adoptable; ``None`` says in the report that no audit was made.

    Examples
    --------
    >>> lo.write_report(plan, "out/", today=lo.current_plan(study, policy))  # doctest: +SKIP
    """
    if today is not None and not today.study.settlements.index.equals(plan.study.settlements.index):
        raise InputError(f"today's plan is of another study ({today.study.name}). Give one of {plan.study.name}.")
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    page = report_page(plan, today=today, violations=violations)
    write_text(target / REPORT_FILE, page)
    logger.info("report written, %.1f MB", len(page.encode()) / 1e6)
    return target / REPORT_FILE


def report_page(plan: Plan, *, today: Plan | None = None, violations: pd.DataFrame | None = None) -> str:
    """Return the report's text."""
    choices = list(tables.choices(plan))
    bars = charts.journey_bars(plan)
    return rendered(
        "report.html.j2",
        plan=plan,
        study=plan.study,
        has_today=today is not None,
        map=map_data(plan),
        sentences=summary.sentences(plan),
        tiles=summary.tiles(plan, today),
        further=summary.further(plan),
        refusals=summary.refusals(plan, violations),
        violations=_violation_rows(violations),
        audit_words=summary.audit_words(violations),
        levels=[summary.level_words(level) for level in plan.proof.levels],
        classes=charts.CLASSES,
        bars=bars,
        used={part.name for bar in bars for part in bar.parts},
        costs=charts.cost_rows(plan, today),
        journeys=_journey_pairs(plan),
        schools=tables.school_rows(plan),
        villages=tables.village_rows(plan),
        lines=tables.line_rows(plan),
        changed=[choice for choice in choices if choice.changed],
        unchanged=[choice for choice in choices if not choice.changed],
        provenance=_provenance(plan),
    )


def _violation_rows(violations: pd.DataFrame | None) -> tuple[list[str], list[list[Any]]]:
    if violations is None or violations.empty:
        return [], []
    names = [str(name) for name in violations.columns]
    rows = [["" if value is None else value for value in row.values()] for row in tables.records(violations)]
    return names, rows


def _journey_pairs(plan: Plan) -> list[dict[str, Any]]:
    """Return one row a band with its figures before and after side by side."""
    table = journeys_by_band(plan)
    rows = []
    for band, pair in table.groupby("band", sort=False):
        by_when = {row["when"]: row for row in tables.records(pair)}
        if by_when["before"]["pupils"] or by_when["after"]["pupils"]:
            rows.append({"band": band, **by_when})
    return rows


def _provenance(plan: Plan) -> list[tuple[str, str]]:
    """Return what is needed to get this plan again: seed, versions, hashes of the inputs."""
    facts = [
        ("Kind", plan.kind),
        ("Policy", plan.policy.name),
        ("Seed", str(plan.seed)),
        ("Study", plan.study.digest),
    ]
    facts += [(str(name), listed(value)) for name, value in plan.run.items()]
    return facts + [(name, digest[:16]) for name, digest in plan.study.inputs.items()]
