"""The rules of closures: how many small schools merge, and meals for those who need them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.model.rules.register import rule
from layoutopt.policy.norms import merges_wanted


@rule(
    "The plan merges the asked share of the small schools; one that stays as a teaching point is not merged",
    r"\sum_{j \in S} (1 - y_j - p_j) \ge \lceil \mu |S| \rceil",
)
def merge_share(d: Data) -> Iterator[Rows]:
    """One row, where the policy asks for a share."""
    counted = d.schools["counted"]
    if d.policy.closure.merge_share is None or not counted.any():
        return
    staying, points = (
        d.frame.total(block, by=[], where=counted.reindex(d.frame.blocks[block].table["school_id"]).to_numpy(bool))
        for block in ("open", "point")
    )
    most = int(counted.sum()) - merges_wanted(int(counted.sum()), d.policy)
    yield staying + points.on(staying.labels) <= float(most)


@rule(
    "No canteen feeds more pupils than it has seats, where the seats are known",
    r"\sum_{n, m \in M} d_n x_{njm} \le k_j + \sum_e k_e z_e",
)
def meals(d: Data) -> Iterator[Rows]:
    """One row a school with known canteen seats that pupils who eat at school can reach."""
    chosen = d.frame.blocks["chosen"].table
    eats = chosen["mode"].isin(d.policy.quality.meals_for).to_numpy()
    eating = d.frame.total("chosen", weight="pupils", by=["school_id"], where=eats)
    known = d.schools["canteen_seats"].reindex(eating.level("school_id")).to_numpy(float)
    eating, seats = eating.only(np.isfinite(known)), known[np.isfinite(known)]
    if len(eating):
        added = d.frame.total("level", weight="canteen_seats", by=["school_id"]).on(eating.labels)
        yield eating - added <= seats
