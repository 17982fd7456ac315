"""A plan with decisions taken by hand and nothing decided again: what its audit then says is what they break."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from layoutopt.explaining.change import Change
from layoutopt.fleet import vehicle_types
from layoutopt.follow_up import premises_uses, staff_moves
from layoutopt.model.lines import HubLines, line_tables, riding
from layoutopt.options import Options, build_options
from layoutopt.pipeline.near import lines_of
from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import assignment_table, levels_of, school_table
from layoutopt.policy import Policy
from layoutopt.schema import BANDS, STAGES
from layoutopt.study import Study

DRAFT = "draft"
"""Kind of a plan with decisions taken and nothing decided again."""
WAY = ["item", "school_id", "mode"]


def draft_of(plan: Plan, change: Change) -> Plan:
    """Return the plan after ``change``, moving only who must move.

    Pupils whose school or way is no longer admitted, and those of a school that opens again, take the soonest way the
    rules allow to a school that is open; lines call no more where nobody boards, and who rides anew has no line yet.
    """
    study, policy = change.study, change.policy
    state = _states(plan, policy)
    options = build_options(study, policy)
    rows = _ways(plan, options, state)
    lines = line_tables(study, policy, _lines_left(plan, study, policy, rows))
    assignments = assignment_table(riding(rows, lines.stops), policy)
    before = plan.schools.set_index("school_id")
    levels = {(code, stage): levels_of(before.loc[code, f"level_{stage}"]) for code in before.index for stage in STAGES}
    schools = school_table(
        study, policy, assignments, state=state, bands=_bands(study, before), levels=levels,
        support=dict(before["support"]),
    )  # fmt: skip
    return plan.replace(
        study=study, policy=policy, assignments=assignments, schools=schools, bus_lines=lines.lines,
        bus_stops=lines.stops, staff_moves=staff_moves(study, policy, schools),
        premises=premises_uses(study, policy, schools), proof=Proof(DRAFT, "a draft is not solved"), kind=DRAFT,
    )  # fmt: skip


def _states(plan: Plan, policy: Policy) -> dict[str, str]:
    """What each school is after the decisions: full, teaching_point or closed."""
    roles = plan.schools.set_index("school_id")["role"].replace({"hub": "full", "not_built": "closed"})
    closure = policy.closure
    return {**roles, **dict.fromkeys(closure.must_keep, "full"), **dict.fromkeys(closure.must_close, "closed")}


def _ways(plan: Plan, options: Options, state: Mapping[str, str]) -> pd.DataFrame:
    """Every pupil group with the way it takes, direct where it rides."""
    there = options.rows["school_id"].map(state)
    admitted = options.rows[(there == "full") | ((there == "teaching_point") & (options.rows["band"] == "lower"))]
    today = options.items.set_index("item")["today_school"]
    smaller = plan.schools.loc[plan.schools["role"].isin(["closed", "teaching_point"]), "school_id"]
    again = [code for code in smaller if state[code] == "full"]
    comes_back = today[today.isin(again)]
    went = pd.MultiIndex.from_frame(plan.assignments.loc[~plan.assignments["item"].isin(comes_back.index), WAY])
    ranked = admitted.assign(
        goes_on=~pd.MultiIndex.from_frame(admitted[WAY]).isin(went),
        away=admitted["school_id"] != admitted["item"].map(comes_back),
    ).sort_values(["goes_on", "away", "minutes", "school_id"], kind="stable")
    columns = [*WAY, "minutes", "ride_min", "km"]
    return options.items.merge(ranked.drop_duplicates("item")[columns], on="item", how="left")


def _lines_left(plan: Plan, study: Study, policy: Policy, rows: pd.DataFrame) -> list[HubLines]:
    """The plan's lines with the riders who still ride them."""
    kinds = {kind.vehicle_id: at for at, kind in enumerate(vehicle_types(study, policy))}
    rides = rows[rows["mode"] == "bus"]
    found = []
    for school, own in sorted(lines_of(plan).items()):
        group = rides[(rides["school_id"] == school) & rides["item"].isin([item for line, _ in own for item in line])]
        at = {item: row for row, item in enumerate(group["item"])}
        left = [(tuple(at[item] for item in line if item in at), kinds[vehicle]) for line, vehicle in own]
        left = [line for line in left if line[0]]
        if left:
            orders, vehicles = zip(*left, strict=True)
            found.append(HubLines(school, group.reset_index(drop=True), orders, vehicles, "kept"))
    return found


def _bands(study: Study, before: pd.DataFrame) -> dict[str, tuple[str, ...]]:
    """The bands each school teaches in the plan, or could, where it teaches none there or only the lowest."""
    found = {}
    for code in study.schools.index:
        own = str(before.loc[code, "bands"]).split("+") if before.loc[code, "role"] in ("hub", "full") else []
        offered = [band for band in BANDS if study.schools.loc[code, f"offers_{band}"]]
        found[str(code)] = tuple(own or offered)
    return found
