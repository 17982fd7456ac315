"""The rules of the payroll: with wages redeployed the county pays the posts, and no fewer than today's teachers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd

from layoutopt.model.columns import COUNTY, Data, Spec
from layoutopt.model.frame import Array, Rows
from layoutopt.model.rules.register import rule
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study
from layoutopt.today import teachers_today


def blocks(study: Study, policy: Policy, options: Options) -> Iterable[Spec]:
    """Yield ``payroll``, the posts the county pays, where wages are redeployed."""
    if policy.staffing.wages == "redeployed":
        table = pd.DataFrame({"school_id": [COUNTY], "teachers": [float(teachers_today(study, policy))]})
        yield "payroll", table, ("school_id",), np.inf, True


def fill(d: Data, point: Array) -> Mapping[str, Array]:
    """Complete a first point: the posts of its schools, or today's teachers where they are more."""
    if "payroll" not in d.frame.blocks:
        return {}
    today = d.frame.blocks["payroll"].table["teachers"].to_numpy(float)
    return {"payroll": np.maximum(today, d.frame.values("posts", point).sum())}


@rule(
    "The county pays every post, and every teacher of today where wages are redeployed",
    r"W \ge \sum_{j\sigma} T_{j\sigma},\; W \ge W^0",
)
def payroll(d: Data) -> Iterator[Rows]:
    """Two rows, where wages are redeployed."""
    if "payroll" in d.frame.blocks:
        paid = d.frame.total("payroll", by=[])
        yield paid >= d.frame.total("posts", by=[])
        yield paid >= d.frame.blocks["payroll"].table["teachers"].to_numpy(float)


def paid(picked: Mapping[str, pd.DataFrame]) -> dict[str, float]:
    """Return how many posts the program pays, as the proof states it; nothing where it counts none."""
    return {"paid_posts": float(picked["payroll"]["value"].sum())} if "payroll" in picked else {}
