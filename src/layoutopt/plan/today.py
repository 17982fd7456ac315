"""Today's schools as a plan: the same tables, figures and audit as any other."""

from __future__ import annotations

from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import NO_LINES, NO_STOPS, assignment_table, school_table
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.today import items_of, school_facts


def current_plan(study: Study, policy: Policy) -> Plan:
    """Return the status quo as a plan.

    Pupils beyond walking distance count as riding straight to their school; no line of today is known,
    so the audit names them.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.current_plan(lo.sample("ladakh"), lo.Policy.preset("jiangxi_2023"))  # doctest: +SKIP
    """
    items = items_of(study, policy)
    rows = items.assign(
        school_id=items["today_school"],
        mode=items["today_mode"],
        minutes=items["today_min"],
        ride_min=items["today_ride_min"],
        km=items["today_km"],
    )
    assignments = assignment_table(rows, policy)
    facts = school_facts(study, policy)
    offered = {school: tuple(band for band in BANDS if facts.loc[school, f"offers_{band}"]) for school in facts.index}
    state = {school: "full" if facts.loc[school, "exists"] else "closed" for school in facts.index}
    schools = school_table(study, policy, assignments, state=state, bands=offered, levels={})
    schools["reason"] = ""
    return Plan(
        study=study,
        policy=policy,
        assignments=assignments,
        schools=schools,
        bus_lines=NO_LINES.copy(),
        bus_stops=NO_STOPS.copy(),
        proof=Proof("given", "today's schools; nothing was optimised"),
        kind="today's schools",
    )
