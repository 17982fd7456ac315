"""When nothing fits: which places, which limits, and by how much, in the planner's words."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

from layoutopt.errors import InfeasibleError
from layoutopt.kernels import highs
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import Options, build_options
from layoutopt.policy import Policy
from layoutopt.study import Study

SOFT: dict[str, tuple[float, str]] = {
    "places": (1.0, "{place}: {amount:.0f} more places are needed"),
    "beds": (1.0, "{place}: {amount:.0f} more beds are needed"),
    "school_size": (1.0, "{place}: {amount:.0f} pupils above its largest admissible size"),
    "min_pupils": (1.0, "{place}: {amount:.0f} pupils short of min_pupils"),
    "point_size": (1.0, "{place}: {amount:.0f} pupils above point_max_pupils"),
    "capital_budget": (1e-4, "capital_budget_cny is {amount:,.0f} CNY short"),
    "annual_budget": (1e-4, "annual_budget_cny is {amount:,.0f} CNY short"),
    "source_budget": (1e-4, "budget_by_source.{place} is {amount:,.0f} CNY short"),
    "source_capital": (1e-4, "capital_by_source.{place} is {amount:,.0f} CNY short"),
    "one_school": (20.0, "{place}: its place would not go to one school (one_school_for)"),
    "contiguous": (20.0, "{place}: its zone would not hang together (contiguous)"),
    "merge_share": (50.0, "merge_share asks for {amount:.0f} more closures than can be"),
    "meals": (1.0, "{place}: {amount:.0f} more canteen seats are needed"),
    "quality": (1.0, "{place}: {amount:.0f} pupils more than this resource is enough for"),
    "protected": (200.0, "{place}: what is decided for it (keep or close) cannot hold"),
}
"""Rules that may give way in the softened copy: price of one unit, and what its slack says. One unit is a
pupil or 10,000 CNY; a decided school counts like 200 pupils, so that it gives way last."""
SHOWN = 12


def why_infeasible(model: Model, data: Data, study: Study) -> InfeasibleError:
    """Return the error that names the smallest relaxation under which a plan exists.

    A copy of the program is solved in which the rules of ``SOFT`` have priced slack; that every pupil is
    served stays hard. What slack remains names rule, place and amount.
    """
    program, owners = _softened(model)
    found = highs.solve(program, budget=highs.Budget(gap=0.01, time_limit_s=60, steps=400))
    if found.values is None:
        return InfeasibleError(
            "No plan keeps every rule, and easing places, beds, sizes, budgets or protection does not help. "
            "Look at your extra rules, or lengthen the limits on ways.",
            tuple(sorted({named.rule for named in model.rules})),
        )
    slack = found.values[-len(owners) :]
    lines, rules = [], []
    for amount, (rule, place) in sorted(zip(slack, owners, strict=True), key=lambda pair: -pair[0]):
        if amount > 1e-4:
            lines.append("  " + SOFT[rule][1].format(place=place, amount=np.ceil(amount - 1e-4)))
            rules.append(rule)
    lines += _more(lines)
    head = "No plan keeps every rule. The smallest easing found under which all pupils are served:"
    return InfeasibleError("\n".join([head, *lines[:SHOWN]]), tuple(dict.fromkeys(rules)))


def _more(lines: list[str]) -> list[str]:
    return [f"  and {len(lines) - SHOWN} more"] if len(lines) > SHOWN else []


def _softened(model: Model) -> tuple[highs.Program, list[tuple[str, str]]]:
    """The program with one slack column a soft row, and the rule and place each slack belongs to."""
    goal = next(iter(model.goals.values()))
    base = model.program(goal)
    owners: list[tuple[str, str]] = []
    rows: list[int] = []
    at = 0
    for named in (*model.rules, *model.extra):
        for label in named.rows.labels:
            if named.rule in SOFT:
                owners.append((named.rule, " ".join(map(str, label))))
                rows.append(at)
            at += 1
    count = len(owners)
    upward = np.where(np.isfinite(base.row_lower[rows]), 1.0, -1.0)
    slack = sp.csr_matrix((upward, (rows, np.arange(count))), shape=(base.rows.shape[0], count))
    price = np.array([SOFT[rule][0] for rule, _ in owners])
    return (
        highs.Program(
            cost=np.concatenate([np.zeros(len(base.cost)), price]),
            lower=np.zeros(len(base.cost) + count),
            upper=np.concatenate([base.upper, np.full(count, np.inf)]),
            integer=np.concatenate([base.integer, np.zeros(count, dtype=bool)]),
            rows=sp.hstack([base.rows, slack], format="csr"),
            row_lower=base.row_lower,
            row_upper=base.row_upper,
        ),
        owners,
    )


def why_no_option(study: Study, policy: Policy, options: Options) -> InfeasibleError:
    """Return the error that names every group without an option, and the limit that would have to give."""
    lost = options.without
    nearest: dict[str, list[str]] = {item: [] for item in lost["item"]}
    blamed: list[str] = []
    for rule in OPTION_RULES:
        eased = build_options(study, policy, skip={rule}).rows
        best = eased[eased["item"].isin(nearest)].sort_values(["item", "minutes", "school_id"], kind="stable")
        for row in best.drop_duplicates("item").itertuples():
            nearest[row.item].append(_would_help(rule, row, policy))
            blamed.append(rule)
    reopened = build_options(study, policy, with_closing=True).rows
    reopened = reopened[reopened["item"].isin(nearest)].sort_values(["item", "minutes", "school_id"], kind="stable")
    for row in reopened.drop_duplicates("item").itertuples():
        nearest[row.item].append(f"{row.school_id} closes by decision (must_close or status close)")
        blamed.append("protected")
    lines = []
    for row in lost.itertuples():
        who = f"{row.settlement_id}, grades of band {row.band} ({row.pupils:g} pupils)"
        why = "; or ".join(nearest[row.item]) or "several limits at once stand in the way"
        lines.append(f"  {who}: {why}")
    head = f"{len(lost)} pupil groups cannot be served under this policy:"
    shown = lines[:SHOWN] + _more(lines)
    return InfeasibleError("\n".join([head, *shown]), tuple(dict.fromkeys(blamed)) or ("oneway_limit",))


def _would_help(rule: str, row: object, policy: Policy) -> str:
    way = f"{row.minutes:.0f} min to {row.school_id} ({row.mode})"  # type: ignore[attr-defined]
    band = row.band  # type: ignore[attr-defined]
    limits = {
        "walk_limit": f"above walk_max_min.{band} = {policy.access.walk_max_min[band]:g}",
        "oneway_limit": f"above oneway_max_min.{band} = {policy.access.oneway_max_min[band]:g}",
        "ride_limit": f"its ride above max_ride_min = {policy.bus.max_ride_min:g}",
        "distance_limit": f"{row.km:.1f} km and so above oneway_max_km or walk_max_km of the band {band}",  # type: ignore[attr-defined]
        "town_border": "which is in another township (within_town)",
        "move_once": f"but its pupils were moved in the last {policy.zones.move_once_years} years (move_once)",
        "worsening_limit": f"longer than today by over worsening_max_min = {policy.access.worsening_max_min}",
        "board_grade": f"below board_min_grade = {policy.boarding.board_min_grade}, or no boarding allowed",
        "board_limit": f"above board_max_min = {policy.access.board_max_min:g}",
        "board_nearest": "beyond board_nearest",
        "hub_only": "which is no hub (hub_only)",
        "walkable": "which is within walking distance",
    }
    return f"{way}, {limits[rule]}"
