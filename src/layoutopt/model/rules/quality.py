"""Quality as a rule and as a goal: no more pupils at a school than its resources carry."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import PolicyError
from layoutopt.model.columns import Data, Spec
from layoutopt.model.frame import Expr, Rows
from layoutopt.model.rules.register import rule
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.policy.goals import sought
from layoutopt.policy.norms import stage_weight
from layoutopt.schema import INDICATORS
from layoutopt.study import Study
from layoutopt.today.resources import carried

Array = NDArray[np.float64]
KEY = ["school_id", "stage", "indicator"]
NAMED = 5
SLACK = 1e-9


@rule(
    "A school that takes in more pupils than today has, for each of them, what quality_required asks for",
    r"W_j = \sum_\sigma w_\sigma e_{j\sigma} \le \max(W_j^0, w_\sigma R_j / t_\sigma)",
)
def quality(d: Data) -> Iterator[Rows]:
    """Rows a school, stage and required resource: they bind where the stage is taught.

    Teaching points under ``quality_least_pupils`` are left out: a school with grades 1-3 alone may have so many
    pupils but one whatever its resources.
    """
    table = _required(d)
    if table.empty:
        return
    table["cap"] = table[["carries", "weighted_today"]].max(axis=1)
    table = _with_bands(d, table[table["reach"] > table["cap"] + SLACK])
    if table.empty:
        return
    labels = pd.MultiIndex.from_frame(table[[*KEY, "band"]])
    alone = np.where(table["first"] == "lower", math.ceil(d.policy.quality.quality_least_pupils) - 1.0, 0.0)
    eased = np.maximum(alone - table["cap"].to_numpy(float), 0.0)  # what a school of grades 1-3 alone may have more
    free = (table["reach"] - table["cap"]).to_numpy(float)  # binds nobody where the stage is not taught
    other = table["other"].to_numpy(bool)
    taught = _taught(d, table, "first", labels) + _points(d, labels) * (table["first"] == "lower").to_numpy(float)
    own = _weighted(d).on(labels) + _taught(d, table, "band", labels) * np.where(other, eased, 0.0) + taught * free
    yield own <= table["cap"].to_numpy(float) + eased + free


def _required(d: Data) -> pd.DataFrame:
    """The rows of ``carried`` for the resources required, at schools that more pupils can reach than today."""
    wanted = d.policy.quality.quality_required
    table = carried(d.study, d.policy)
    table = table[table["indicator"].isin(wanted)].copy()
    table["reach"] = _reach(d).reindex(table["school_id"]).to_numpy(float)
    table = table[table["reach"] > table["weighted_today"] + SLACK]
    unknown = table[table["carries"].isna()]
    if len(unknown):
        name = str(unknown["indicator"].iloc[0])
        codes = list(dict.fromkeys(unknown.loc[unknown["indicator"] == name, "school_id"]))
        more = f" and {len(codes) - NAMED} more" if len(codes) > NAMED else ""
        raise PolicyError(
            f"quality.quality_required names {name}, but the column {name} of the schools layer is empty for "
            f"{', '.join(codes[:NAMED])}{more}. Fill it in, or leave {name} out of quality_required."
        )
    return table


def _reach(d: Data) -> pd.Series:
    """The most weighted pupils that can come to each school."""
    reach = d.reach_of(["school_id", "stage"])
    weight = _weights(d, reach.index.to_frame()["stage"])
    return (reach * weight).groupby(level="school_id").sum().reindex(d.schools.index, fill_value=0.0)


def _with_bands(d: Data, table: pd.DataFrame) -> pd.DataFrame:
    """A row for each further band the school may teach: with it a school of grades 1-3 is no teaching point.

    ``first`` is the band that a taught stage has at the least, ``band`` the further one (``other``), or else ``first``.
    """
    rows = []
    for row in table.to_dict("records"):
        fact = d.schools.loc[row["school_id"]]
        first = "junior" if row["stage"] == "junior" else "lower" if fact["offers_lower"] else "upper"
        others = [band for band in ("upper", "junior") if fact[f"offers_{band}"]] if first == "lower" else []
        rows += [row | {"first": first, "band": band, "other": True} for band in others]
        rows += [] if others else [row | {"first": first, "band": first, "other": False}]
    return pd.DataFrame(rows, columns=[*table.columns, "first", "band", "other"])


def _weighted(d: Data) -> Expr:
    """W of each school: its pupils, juniors by junior_share."""
    chosen = d.frame.blocks["chosen"].table
    weight = _weights(d, chosen["stage"]) * chosen["pupils"].to_numpy(float)
    return d.frame.total("chosen", weight=weight, by=["school_id"])


def _weights(d: Data, stages: pd.Series) -> Array:
    return np.array([stage_weight(stage, d.policy) for stage in stages], dtype=float)


def _taught(d: Data, table: pd.DataFrame, column: str, labels: pd.MultiIndex) -> Expr:
    bands = pd.MultiIndex.from_arrays([table["school_id"], table[column]], names=["school_id", "band"])
    found = d.frame.each("taught").on(bands)
    return Expr(found.matrix, found.constant, labels)


def _points(d: Data, labels: pd.MultiIndex) -> Expr:
    return d.frame.each("point").on(labels)


def shortfall_block(study: Study, policy: Policy, options: Options) -> Iterator[Spec]:
    """The columns of the goal ``quality``: pupils beyond what a resource of their school carries."""
    if "quality" not in sought(policy.goals):
        return
    table = carried(study, policy)
    if table["carries"].isna().all():
        raise PolicyError(
            f"goals.goals names quality, but the schools layer has no figure in {', '.join(INDICATORS)}. "
            "Fill in what is known, or leave the goal out."
        )
    more = options.schools["offers_upper"] | options.schools["offers_junior"]
    counts = np.isfinite(table["carries"]) & more.reindex(table["school_id"]).to_numpy(bool)
    table = table[counts].reset_index(drop=True)
    yield "shortfall", table, tuple(KEY), np.inf, False


def _beyond(d: Data) -> Expr:
    """part · (W − carries) / w: so many pupils are short of a resource, where more than grades 1-3 is taught."""
    table = d.frame.blocks["shortfall"].table
    table = table.assign(reach=_reach(d).reindex(table["school_id"]).to_numpy(float))
    table = table[table["reach"] > table["carries"] + SLACK]
    taught = d.frame.blocks["taught"].table[["school_id", "band"]]
    rows = table.merge(taught[taught["band"] != "lower"], on="school_id")
    labels = pd.MultiIndex.from_frame(rows[[*KEY, "band"]])
    scale = rows["part"].to_numpy(float) / _weights(d, rows["stage"])
    free = (rows["reach"] - rows["carries"]).to_numpy(float)
    closed = d.frame.each("taught").on(labels) * (scale * free)
    return (
        _weighted(d).on(labels) * scale
        + closed
        + Expr(closed.matrix * 0, -scale * rows["reach"].to_numpy(float), labels)
    )


def shortfall_rows(d: Data) -> Iterator[Rows]:
    """What the columns of ``shortfall_block`` are at the least."""
    if "shortfall" in d.frame.blocks:
        beyond = _beyond(d)
        yield d.frame.each("shortfall").on(beyond.labels) >= beyond


def shortfall_fill(d: Data, point: Array) -> dict[str, Array]:
    """The least values of the columns at a point of the layout."""
    if "shortfall" not in d.frame.blocks:
        return {}
    beyond = _beyond(d)
    least = pd.Series(beyond.value(point), beyond.labels).groupby(level=KEY).max()
    own = pd.MultiIndex.from_frame(d.frame.blocks["shortfall"].table[KEY])
    return {"shortfall": np.maximum(least.reindex(own).fillna(0.0).to_numpy(float), 0.0)}


def quality_shortfall(d: Data) -> Expr:
    """Goal: pupils beyond what the resources of their school carry, summed over resources; grades 1-3 alone apart."""
    return d.frame.total("shortfall", by=[])
