"""The rules of school zones: places and siblings together, and zones that hang together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pandas as pd
import scipy.sparse as sp

from layoutopt.model.columns import Data
from layoutopt.model.frame import Expr, Rows
from layoutopt.model.rules.register import rule
from layoutopt.schema import BANDS, STAGES
from layoutopt.today.zones import nearer_places

PLACE = ["settlement_id", "band", "school_id"]


@rule(
    "Pupils of a place who belong together go to one school: all groups of a band, or of a stage where the school of "
    "the younger teaches the older as well",
    r"\sum_m x_{njm} \le \sum_m x_{n'jm},\; x_{v L j} + s_{jU} \le 1 + x_{v U j}",
)
def one_school(d: Data) -> Iterator[Rows]:
    """Rows a group and school: each group but the first goes only where the first of its place and band goes."""
    if d.policy.zones.one_school_for == "group":
        return
    items = d.options.items
    first = items.groupby(["settlement_id", "band"], sort=False)["item"].transform("first")
    sent = d.frame.total("chosen", by=["item", "school_id"])
    leader = pd.Series(first.to_numpy(), index=items["item"].to_numpy())
    others = sent.only((leader.reindex(sent.level("item")) != sent.level("item")).to_numpy(bool))
    if len(others):
        yield others <= _at(others, leader.reindex(others.level("item")).to_numpy(), sent)
    if d.policy.zones.one_school_for == "stage":
        yield from _siblings(d, sent, items[items["item"] == first.to_numpy()])


def _siblings(d: Data, sent: Expr, leaders: pd.DataFrame) -> Iterator[Rows]:
    """The older band of a stage goes where the younger goes, if that school teaches it."""
    by_band = leaders.pivot_table(index="settlement_id", columns="band", values="item", aggfunc="first")
    by_band = by_band.reindex(columns=list(BANDS))
    taught = d.frame.each("taught")
    for younger, older in (pair for bands in STAGES.values() for pair in pairwise(bands)):
        both = by_band.dropna(subset=[younger, older]).set_index(younger)[older]
        here = sent.only(np.asarray(sent.level("item").isin(both.index)))
        school = here.level("school_id")
        teaches = pd.MultiIndex.from_arrays([school, np.full(len(here), older)], names=["school_id", "band"])
        here = here.only(np.asarray(teaches.isin(taught.labels)))
        teaches = teaches[np.asarray(teaches.isin(taught.labels))]
        if len(here):
            runs = taught.on(teaches)
            older_there = _at(here, both.reindex(here.level("item")).to_numpy(), sent)
            left = Expr((here.matrix + runs.matrix - older_there.matrix).tocsr(), here.constant, here.labels)
            yield left <= 1.0


def _at(rows: Expr, items: np.ndarray, sent: Expr) -> Expr:
    """What ``sent`` says of other ``items`` at the schools of ``rows``, labelled as these."""
    labels = pd.MultiIndex.from_arrays([items, rows.level("school_id")], names=["item", "school_id"])
    found = sent.on(labels)
    return Expr(found.matrix, found.constant, rows.labels)


@rule(
    "A place joins a school's zone only if a neighbour nearer to the school belongs to it, or none is nearer",
    r"\sum_{m \ne \text{board}} x_{njm} \le \sum_{n' \in N_{nj}} \sum_m x_{n'jm}",
)
def contiguous(d: Data) -> Iterator[Rows]:
    """Rows a group and school; weekly boarders may come from anywhere."""
    if not d.policy.zones.contiguous:
        return
    daily = (d.frame.blocks["chosen"].table["mode"] != "board").to_numpy(bool)
    joins = d.frame.total("chosen", by=["item", *PLACE], where=daily)
    belongs = d.frame.total("chosen", by=PLACE)
    places = pd.MultiIndex.from_arrays([joins.level(name) for name in PLACE], names=PLACE)
    links = nearer_places(d.study, d.policy, places.unique().to_frame(index=False))
    rows = pd.DataFrame({"row": np.arange(len(joins)), **{name: joins.level(name) for name in PLACE}})
    linked = rows.merge(links, on=PLACE)
    if linked.empty:
        return
    through = pd.MultiIndex.from_frame(linked[["before", "band", "school_id"]].set_axis(PLACE, axis=1))
    at = belongs.labels.get_indexer(through)
    found = at >= 0
    shape = (len(joins), len(belongs))
    pick = sp.csr_matrix((np.ones(int(found.sum())), (linked["row"].to_numpy()[found], at[found])), shape=shape)
    held = np.zeros(len(joins), dtype=bool)
    held[linked["row"].to_numpy()] = True
    nearer = Expr((pick @ belongs.matrix).tocsr(), np.zeros(len(joins)), joins.labels)
    yield joins.only(held) <= nearer.only(held)
