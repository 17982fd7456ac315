"""Teachers of closing and shrinking schools on the posts of the plan: a transport of whole persons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from layoutopt.follow_up.network import in_order
from layoutopt.follow_up.posts import posts_by_subject
from layoutopt.journeys import journeys_of
from layoutopt.kernels.highs import Program
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.plan.tables import MOVE_COLUMNS, NO_MOVES
from layoutopt.policy import Policy
from layoutopt.study import Study
from layoutopt.today import staff_known, staff_today

Array = NDArray[np.float64]
CELL = ["school_id", "stage", "subject"]


def staff_moves(study: Study, policy: Policy, schools: pd.DataFrame) -> pd.DataFrame:
    """Return who of today's teachers changes school or subject, who has no post, and which posts have nobody.

    Whoever has a post stays, and schools whose teachers are not known are left alone. Of a school that stays
    nobody protected moves; of one that closes everybody may, and which of its teachers do is for the county to
    say, which lets protected ones move last. First as many posts are filled as can be within
    ``staffing.commute_max_min``; then as many teachers of closing schools as can be have a post; then as few
    as can be are retrained (``staffing.retrain``); then their ways are shortest.

    Where wages are redeployed, teachers of a closing school for whom no post is free go as a reserve to the nearest
    school that teaches their stage, if one is within the limit; where wages are saved they are left over.

    Parameters
    ----------
    schools
        The plan's school table: role and posts by stage.
    """
    today = staff_today(study, policy)
    if today.empty:
        return NO_MOVES.copy()
    known = staff_known(study)
    cells = posts_by_subject(today, schools[schools["school_id"].map(known).to_numpy(bool)])
    closes = ~schools.set_index("school_id")["role"].isin(OPEN_ROLES)
    cells["closes"] = closes.reindex(cells["school_id"]).to_numpy(bool)
    spare = cells["teachers"] - cells["kept"]
    cells["may_go"] = spare.where(cells["closes"], np.minimum(spare, cells["teachers"] - cells["protected"]))
    cells["gap"] = cells["posts"] - cells["kept"]
    arcs = _arcs(study, policy, cells)
    flow = in_order(*_program(cells, arcs)) if len(arcs.moves) else np.zeros(0)
    moves = _told(cells, arcs, flow)
    return _with_reserve(study, policy, schools, moves) if policy.staffing.wages == "redeployed" else moves


@dataclass(frozen=True, eq=False)
class _Arcs:
    """Who may go where: ``moves`` (start, gap, minutes) and ``turns`` (start, as): a subject taken up before leaving.

    All are positions of cells; a teacher who turns leaves from the cell of the new subject.
    """

    moves: pd.DataFrame
    turns: pd.DataFrame


def _arcs(study: Study, policy: Policy, cells: pd.DataFrame) -> _Arcs:
    cells = cells.assign(at=np.arange(len(cells)))
    by_stage = cells.groupby(["school_id", "stage"])["may_go"].transform("sum")
    starts, gaps = cells[by_stage > 0], cells[cells["gap"] > 0]
    columns = ["school_id", "stage", "subject", "at"]
    moves = starts[columns].merge(gaps[columns], on=["stage", "subject"], suffixes=("", "_gap"))
    ids = sorted({*moves["school_id"], *moves["school_id_gap"]})
    minutes, _ = journeys_of(study, policy).rides([f"s:{code}" for code in ids])
    where = pd.Index(ids)
    moves["minutes"] = minutes[where.get_indexer(moves["school_id"]), where.get_indexer(moves["school_id_gap"])]
    moves = moves[moves["minutes"] <= policy.staffing.commute_max_min]
    moves = moves.rename(columns={"at": "start", "at_gap": "gap"})[["start", "gap", "minutes"]].reset_index(drop=True)
    givers = starts[(starts["may_go"] > 0) & policy.staffing.retrain]
    turns = givers[columns].merge(starts[columns], on=["school_id", "stage"], suffixes=("", "_as"))
    turns = turns[(turns["at"] != turns["at_as"]) & turns["at_as"].isin(moves["start"])]
    return _Arcs(moves, turns.rename(columns={"at": "start", "at_as": "as"})[["start", "as"]].reset_index(drop=True))


def _program(cells: pd.DataFrame, arcs: _Arcs) -> tuple[Program, list[Array]]:
    """A row a cell: who leaves it, less who turned to its subject, is at most who may go; a row a gap: who comes."""
    moves, turns, count = arcs.moves, arcs.turns, len(cells)
    width = len(moves) + len(turns)
    move, turn = np.arange(len(moves)), len(moves) + np.arange(len(turns))
    entries = [
        (1.0, moves["start"], move), (-1.0, moves["gap"] + count, move),
        (1.0, turns["start"], turn), (-1.0, turns["as"], turn),
    ]  # fmt: skip
    value = np.concatenate([np.full(len(row), sign) for sign, row, _ in entries])
    row = np.concatenate([row.to_numpy() for _, row, _ in entries]).astype(int)
    column = np.concatenate([column for _, _, column in entries])
    program = Program(
        cost=np.zeros(width),
        lower=np.zeros(width),
        upper=np.full(width, np.inf),
        integer=np.zeros(width, dtype=bool),
        rows=sp.csr_matrix((value, (row, column)), shape=(2 * count, width)),
        row_lower=np.r_[np.full(count, -np.inf), -cells["gap"].to_numpy(float)],
        row_upper=np.r_[cells["may_go"].to_numpy(float), np.zeros(count)],
    )
    closes = cells["closes"].to_numpy(bool)[moves["start"]]
    none, turned = np.zeros(len(turns)), np.r_[np.zeros(len(moves)), np.ones(len(turns))]
    filled, placed = -np.r_[np.ones(len(moves)), none], -np.r_[closes.astype(float), none]
    return program, [filled, placed, turned, np.r_[moves["minutes"].to_numpy(float), none]]


def _told(cells: pd.DataFrame, arcs: _Arcs, flow: Array) -> pd.DataFrame:
    """The rows of the plan's table; of those who leave a cell the ones retrained take the longer ways."""
    going = arcs.moves.assign(teachers=flow[: len(arcs.moves)] if len(flow) else 0.0)
    turned = arcs.turns.assign(teachers=flow[len(arcs.moves) :] if len(flow) else 0.0)
    going, turned = going[going["teachers"] > 0], turned[turned["teachers"] > 0]
    rows, went = [], np.zeros(len(cells))
    for start, ways in going.sort_values(["start", "minutes", "gap"], kind="stable").groupby("start"):
        joins = turned[turned["as"] == start]
        crowd = [[start, ways["teachers"].sum() - joins["teachers"].sum()], *joins[["start", "teachers"]].to_numpy()]
        for gap, minutes, wanted in ways[["gap", "minutes", "teachers"]].itertuples(index=False):
            while wanted > 0:
                taken = min(wanted, crowd[0][1])
                if taken > 0:
                    rows.append((int(crowd[0][0]), int(gap), taken, minutes))
                    went[int(crowd[0][0])] += taken
                wanted, crowd[0][1] = wanted - taken, crowd[0][1] - taken
                crowd = crowd[1:] if crowd[0][1] <= 0 else crowd
    came = np.zeros(len(cells))
    for _, gap, taken, _ in rows:
        came[gap] += taken
    return _table(cells, rows, went, came)


def _table(cells: pd.DataFrame, rows: list[tuple[int, int, float, float]], went: Array, came: Array) -> pd.DataFrame:
    names = cells[CELL].to_records(index=False)
    told = [
        (names[a].school_id, names[b].school_id, names[a].stage, names[a].subject, names[b].subject, taken, minutes,
         "moves" if names[a].subject == names[b].subject else "retrained")
        for a, b, taken, minutes in rows
    ]  # fmt: skip
    left = (cells["teachers"] - cells["kept"]).to_numpy(float) - went
    short = cells["gap"].to_numpy(float) - came
    told += [(n.school_id, "", n.stage, n.subject, "", left[i], 0.0, "surplus") for i, n in enumerate(names) if left[i]]
    told += [
        ("", n.school_id, n.stage, "", n.subject, short[i], 0.0, "shortage") for i, n in enumerate(names) if short[i]
    ]
    table = pd.DataFrame(told, columns=list(MOVE_COLUMNS)).astype({"teachers": float, "minutes": float})
    return _sorted(table)


def _with_reserve(study: Study, policy: Policy, schools: pd.DataFrame, moves: pd.DataFrame) -> pd.DataFrame:
    """Send those left over by closing schools to the nearest school of their stage in reach."""
    roles = schools.set_index("school_id")
    stays = roles["role"].isin(OPEN_ROLES)
    left = moves[(moves["kind"] == "surplus") & moves["from_school"].isin(stays.index[~stays])]
    if left.empty:
        return moves
    starts, ends = sorted(set(left["from_school"])), sorted(stays.index[stays])
    minutes, _ = journeys_of(study, policy).rides([f"s:{code}" for code in (*starts, *ends)])
    ways = pd.DataFrame(minutes[: len(starts), len(starts) :], index=starts, columns=ends)
    moves = moves.copy()
    for row in left.itertuples():
        near = ways.loc[row.from_school].where((roles.loc[ends, f"posts_{row.stage}"] > 0).to_numpy(bool), np.inf)
        if near.min() <= policy.staffing.commute_max_min:
            cells = ["to_school", "to_subject", "minutes", "kind"]
            moves.loc[row.Index, cells] = [near.idxmin(), row.subject, float(near.min()), "reserve"]
    return _sorted(moves)


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    order = ["kind", "from_school", "to_school", "stage", "subject", "to_subject"]
    sums = table.sort_values(order, kind="stable").groupby(order, sort=False, as_index=False)
    return sums.agg({"teachers": "sum", "minutes": "first"})[list(MOVE_COLUMNS)]
