"""The goals by name, and the columns and rows that those of equity need: the longest way, the worst-off, the gaps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.columns import COUNTY, Data, Spec
from layoutopt.model.frame import Expr, NamedRows, Rows
from layoutopt.model.objective import annual_cost, plus
from layoutopt.model.rules.quality import quality_shortfall, shortfall_rows
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.policy.goals import sought
from layoutopt.policy.norms import school_day_share
from layoutopt.study import Study
from layoutopt.today.groups import group_weights

Array = NDArray[np.float64]
WEIGHTED = "weighted"
"""The one goal where goals are weighted instead of ordered."""


def merge_small(d: Data) -> Expr:
    """Goal: schools below the merging trigger that stay, as school or teaching point."""
    small = d.schools["small"]
    parts = [
        d.frame.total(block, by=[], where=small.reindex(d.frame.blocks[block].table["school_id"]).to_numpy(bool))
        for block in ("open", "point")
    ]
    return plus(d, *parts)


def travel(d: Data) -> Expr:
    """Goal: pupil-minutes one way a school day; a boarder's weekly way counts a fifth."""
    weight = d.frame.blocks["chosen"].table["pupils"].to_numpy(float) * _minutes(d)
    return plus(d, d.frame.total("chosen", weight=weight, by=[]))


def worst_journey(d: Data) -> Expr:
    """Goal: minutes of the longest daily way."""
    return plus(d, d.frame.total("longest_way", by=[]))


def inequality(d: Data) -> Expr:
    """Goal: mean minutes of the worst-off share a of all P pupils: t + Σ d_n u_n / (a P), u_n ≥ minutes − t.

    Least over t it is that mean, the last group counting in part (Rockafellar and Uryasev 2000).
    """
    worst = d.policy.goals.worst_share * float(d.options.items["pupils"].sum())
    beyond = d.frame.total("beyond", weight="pupils", by=[]) * (1.0 / max(worst, 1e-9))
    return plus(d, d.frame.total("tail", by=[]), beyond)


def moved_pupils(d: Data) -> Expr:
    """Goal: pupils who change school."""
    table = d.frame.blocks["chosen"].table
    today = table["item"].map(d.options.items.set_index("item")["today_school"])
    moves = (table["school_id"] != today).to_numpy(bool)
    return plus(d, d.frame.total("chosen", weight="pupils", by=[], where=moves))


def group_gap(d: Data) -> Expr:
    """Goal: the largest difference of mean minutes between a group and all other pupils."""
    return plus(d, d.frame.total("widest_gap", by=[]))


def quality(d: Data) -> Expr:
    """Goal: pupils beyond what the resources of their school carry."""
    return plus(d, quality_shortfall(d))


Goal = Callable[[Data], Expr]
GOALS: dict[str, Goal] = {
    goal.__name__: goal
    for goal in (merge_small, annual_cost, travel, worst_journey, inequality, moved_pupils, group_gap, quality)
}


def goals_of(d: Data) -> dict[str, Expr]:
    """Return the goals of the policy in their order; ``weighted`` alone where they have weights."""
    names = [name for name in sought(d.policy.goals) if name in GOALS]
    weights = d.policy.goals.goal_weights
    if not weights:
        return {name: GOALS[name](d) for name in names}
    return {WEIGHTED: reduce(lambda one, other: one + other, (GOALS[name](d) * weights[name] for name in names))}


def goal_blocks(study: Study, policy: Policy, options: Options) -> Iterator[Spec]:
    """Yield the columns of the goals sought; they belong to the whole county."""
    names = sought(policy.goals)
    for goal, block in (("worst_journey", "longest_way"), ("inequality", "tail"), ("group_gap", "widest_gap")):
        if goal in names:
            yield block, pd.DataFrame({"goal": [goal], "school_id": COUNTY}), ("goal",), np.inf, False
    if "inequality" in names:
        groups = options.items[["item", "pupils"]].assign(school_id=COUNTY)
        yield "beyond", groups, ("item",), np.inf, False


def goal_rows(d: Data) -> Iterator[NamedRows]:
    """Yield the rows that hold the columns of the goals up."""
    blocks, frame = d.frame.blocks, d.frame
    daily = (blocks["chosen"].table["mode"] != "board").to_numpy(bool)
    if "longest_way" in blocks:
        ways = frame.total("chosen", weight="minutes", by=["item"], where=daily)
        yield NamedRows("goal_worst_journey", ways <= _repeated(frame.total("longest_way", by=[]), ways))
    if "tail" in blocks:
        ways = frame.total("chosen", weight=_minutes(d), by=["item"])
        beyond = frame.each("beyond").on(ways.labels)
        yield NamedRows("goal_inequality", ways - beyond <= _repeated(frame.total("tail", by=[]), ways))
    if "widest_gap" in blocks:
        gap = frame.total("widest_gap", by=[])
        for group in d.policy.goals.gap_groups:
            differs = plus(d, frame.total("chosen", weight=_differing(d, group), by=[]))
            for side, name in ((1.0, f"{group}_longer"), (-1.0, f"{group}_shorter")):
                row = differs * side <= gap
                yield NamedRows("goal_group_gap", Rows(row.matrix, row.lower, row.upper, _labels(name)))
    if "shortfall" in blocks:
        yield from (NamedRows("goal_quality", rows) for rows in shortfall_rows(d))


def goal_fill(d: Data, point: Array) -> Mapping[str, Array]:
    """Return the columns of the goals that a first point needs."""
    frame, blocks = d.frame, d.frame.blocks
    taken = frame.values("chosen", point) > 0.5
    table = blocks["chosen"].table[taken]
    minutes, found = pd.Series(_minutes(d)[taken], index=table["item"]), {}
    if "longest_way" in blocks:
        found["longest_way"] = np.array([table.loc[table["mode"] != "board", "minutes"].max()])
    if "tail" in blocks:
        own = minutes.reindex(blocks["beyond"].table["item"], fill_value=0.0).to_numpy(float)
        from_min = _tail_from(own, blocks["beyond"].table["pupils"].to_numpy(float), d.policy.goals.worst_share)
        found |= {"tail": np.array([from_min]), "beyond": np.maximum(own - from_min, 0.0)}
    if "widest_gap" in blocks:
        gaps = [abs(float(_differing(d, group) @ taken)) for group in d.policy.goals.gap_groups]
        found["widest_gap"] = np.array([max(gaps, default=0.0)])
    return {name: np.nan_to_num(values) for name, values in found.items()}


def _tail_from(minutes: Array, pupils: Array, share: float) -> float:
    """The minutes from which on a way belongs to the longest ``share``."""
    order = np.argsort(-minutes, kind="stable")
    reached = np.cumsum(pupils[order]) >= share * pupils.sum()
    return float(minutes[order][np.argmax(reached)]) if len(order) else 0.0


def _minutes(d: Data) -> Array:
    """Minutes of each option one way a school day."""
    table = d.frame.blocks["chosen"].table
    return table["minutes"].to_numpy(float) * school_day_share(table["mode"].to_numpy())


def _differing(d: Data, group: str) -> Array:
    """What each option adds to the mean minutes of a group less those of all others."""
    items = d.options.items
    weights = pd.Series(group_weights(d.study, items, group), index=items["item"])
    return weights.reindex(d.frame.blocks["chosen"].table["item"]).to_numpy(float) * _minutes(d)


def _repeated(one: Expr, rows: Expr) -> Expr:
    """A single expression beside each of ``rows``."""
    return Expr(one.matrix[np.zeros(len(rows), dtype=int)], np.repeat(one.constant, len(rows)), rows.labels)


def _labels(name: str) -> pd.MultiIndex:
    return pd.MultiIndex.from_tuples([(name,)], names=["all"])
