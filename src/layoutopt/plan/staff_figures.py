"""Figures of the staff: who moves, who is retrained, which posts have nobody, and whether enough teachers rotate."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.schema import STAGES
from layoutopt.study import Study
from layoutopt.today import staff_known, staff_today

KINDS = ("moves", "retrained", "reserve", "surplus", "shortage")
TRAVELS = ("moves", "retrained", "reserve")
"""Kinds of which somebody goes from a school to a school."""
Verdict = Literal["met", "not met", "not known"]


def teachers_moved(moves: pd.DataFrame) -> float:
    """Return the teachers who change school."""
    return _teachers(moves, moves["kind"].isin(TRAVELS) & (moves["from_school"] != moves["to_school"]))


def teachers_retrained(moves: pd.DataFrame) -> float:
    """Return the teachers who take up another subject."""
    return _teachers(moves, moves["kind"] == "retrained")


def teachers_left(moves: pd.DataFrame) -> float:
    """Return the teachers for whom no post is in reach."""
    return _teachers(moves, moves["kind"] == "surplus")


def posts_short(moves: pd.DataFrame) -> float:
    """Return the posts for which nobody is in reach."""
    return _teachers(moves, moves["kind"] == "shortage")


def retraining_cny(moves: pd.DataFrame, policy: Policy) -> float:
    """Return what retraining costs, once; it is in no yearly cost."""
    return teachers_retrained(moves) * policy.staffing.retrain_cny


def staff_balance(study: Study, policy: Policy, schools: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Return ``school_id, stage, role, today, left, surplus, came, filled, posts, shortage, protected``.

    One row a school whose teachers are known and stage: today − left − surplus + came = filled, the posts that
    have somebody; posts − filled should be the ``shortage`` the table states. Who comes as a reserve fills none.
    """
    known = staff_known(study)
    listed = schools.drop_duplicates("school_id").set_index("school_id")
    listed = listed[listed.index.isin(known.index[known])]
    cells = pd.MultiIndex.from_product([listed.index, list(STAGES)], names=["school_id", "stage"])
    today = staff_today(study, policy).groupby(["school_id", "stage"])[["teachers", "protected"]].sum()
    found = today.reindex(cells, fill_value=0.0).rename(columns={"teachers": "today"})
    fills = ("moves", "retrained")
    for name, end, kinds in (
        ("left", "from_school", TRAVELS), ("surplus", "from_school", ("surplus",)),
        ("came", "to_school", fills), ("shortage", "to_school", ("shortage",)),
    ):  # fmt: skip
        rows = moves[moves["kind"].isin(kinds)]
        sums = rows.groupby([end, "stage"])["teachers"].sum().rename_axis(["school_id", "stage"])
        found[name] = sums.reindex(cells, fill_value=0.0).astype(float)
    found["filled"] = found["today"] - found["left"] - found["surplus"] + found["came"]
    found = found.reset_index()
    found["role"] = listed["role"].reindex(found["school_id"]).to_numpy()
    found["posts"] = [float(listed.loc[code, f"posts_{stage}"]) for code, stage in cells]
    return found


def rotation(plan: Plan) -> pd.DataFrame:
    """Return ``key, least, most, limit, verdict``: the shares of teachers who rotate against the policy's.

    ``rotation_share``: those who change school among all teachers of today who are not protected.
    ``rotation_backbone_share``: backbone teachers among those who change school. The table of moves counts
    persons and names none, so where only a part of a subject's teachers leaves a school, their backbone
    teachers may be among them or not: the share lies between ``least`` and ``most``. The verdict is ``met``
    from the limit on, ``not met`` below it, and ``not known`` where the limit lies between them or figures
    are missing.
    """
    staffing = plan.policy.staffing
    today, moves = staff_today(plan.study, plan.policy), plan.staff_moves
    eligible = float((today["teachers"] - today["protected"]).sum())
    moved = teachers_moved(moves)
    share = moved / eligible if eligible > 0 and staff_known(plan.study).all() else np.nan
    least, most = _backbone(today, moves)
    backbone = (least / moved, most / moved) if moved else (np.nan, np.nan)
    rows = [
        ("rotation_share", share, share, staffing.rotation_share),
        ("rotation_backbone_share", *backbone, staffing.rotation_backbone_share),
    ]
    told = [(*row, _verdict(*row[1:])) for row in rows]
    return pd.DataFrame(told, columns=["key", "least", "most", "limit", "verdict"])


def _backbone(today: pd.DataFrame, moves: pd.DataFrame) -> tuple[float, float]:
    """The fewest and the most backbone teachers that can be among those who leave their school."""
    leaves = moves[moves["kind"].isin(TRAVELS) & (moves["from_school"] != moves["to_school"])]
    went = leaves.groupby(["from_school", "stage", "subject"])["teachers"].sum()
    cells = today.set_index(["school_id", "stage", "subject"]).reindex(went.index)
    teachers, backbone = cells["teachers"].to_numpy(float), cells["backbone"].to_numpy(float)
    stay = teachers - went.to_numpy(float)
    return float(np.maximum(backbone - stay, 0.0).sum()), float(np.minimum(backbone, went.to_numpy(float)).sum())


def _verdict(least: float, most: float, limit: float) -> Verdict:
    if np.isnan(least) or least < limit <= most:
        return "not known"
    return "met" if least >= limit else "not met"


def _teachers(moves: pd.DataFrame, rows: pd.Series) -> float:
    return float(moves.loc[rows, "teachers"].sum())
