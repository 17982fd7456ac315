"""What is certain before solving: places or beds short in a closed pocket, a share that protection leaves no room for.

Each is a proof on its own: it counts what is needed and all there could be, expansions included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.csgraph import breadth_first_order, connected_components, maximum_flow

from layoutopt.fleet import vehicle_types
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.policy.norms import merges_wanted
from layoutopt.schema import STAGE_OF
from layoutopt.study import Study

SCALE = 100
"""Pupils may be parts of a pupil after a forecast: the flow counts hundredths."""
LARGEST = 2**31 - 2
SHOWN = 6


@dataclass(frozen=True)
class Certificate:
    """Why no plan can exist: ``amount`` is what is short at the least, between these places."""

    rule: str
    settlements: tuple[str, ...]
    schools: tuple[str, ...]
    amount: float
    unit: str
    words: str

    def __str__(self) -> str:
        return self.words


def certificates(study: Study, policy: Policy, options: Options, *, skip: Collection[str] = ()) -> list[Certificate]:
    """Return every proof found that no plan keeps all rules; an empty list proves nothing."""
    found = [*_places_short(study, options, skip), *_beds_short(options, skip)]
    if "merge_share" not in skip:
        found += _share_impossible(policy, options)
    if "min_pupils" not in skip:
        found += _school_too_small(policy, options)
    return [*found, *_seats_short(study, policy, options, skip)]


def _places_short(study: Study, options: Options, skip: Collection[str]) -> Iterator[Certificate]:
    """Groups whose options lead only to schools that together have too few places."""
    reach = options.rows.drop_duplicates(["item", "school_id"])
    stage = reach["band"].map(STAGE_OF)
    room = {
        (school, stage): float(options.schools.loc[school, f"places_{stage}"]) + _level(study, school, stage, "places")
        if "places" not in skip else np.inf
        for school, stage in dict.fromkeys(zip(reach["school_id"], stage, strict=True))
    }  # fmt: skip
    cap = options.schools["cap"].astype(float) if "school_size" not in skip else _no_limit(options)
    for items, schools, short, there in _pockets(options, reach.assign(node=stage), room, cap):
        homes = _homes(options, items)
        pupils = _pupils(options, items)
        yield Certificate(
            "places", homes, schools, short, "places",
            f"{short:g} places are short in a closed pocket: the {pupils:g} pupils of {_some(homes)} reach only "
            f"{_some(schools)}, where {there:,.0f} of them find room, expansions included",
        )  # fmt: skip


def _beds_short(options: Options, skip: Collection[str]) -> Iterator[Certificate]:
    """Groups that can only board, at schools that together have too few beds."""
    if "beds" in skip:
        return
    daily = options.rows.loc[options.rows["mode"] != "board", "item"]
    boards = options.rows[~options.rows["item"].isin(daily)]
    room = {
        (school, "beds"): float(options.schools.loc[school, "beds_most"]) for school in boards["school_id"].unique()
    }
    for items, schools, short, there in _pockets(options, boards.assign(node="beds"), room, _no_limit(options)):
        homes = _homes(options, items)
        pupils = _pupils(options, items)
        yield Certificate(
            "beds", homes, schools, short, "beds",
            f"{short:g} beds are short in a closed pocket: the {pupils:g} pupils of {_some(homes)} can only board, at "
            f"{_some(schools)}, which have {there:,.0f} beds for them, expansions included",
        )  # fmt: skip


Pocket = tuple[tuple[str, ...], tuple[str, ...], float, float]


def _pockets(
    options: Options, rows: pd.DataFrame, room: dict[tuple[str, str], float], cap: pd.Series
) -> Iterator[Pocket]:
    """Groups, schools, what is short and what there is, for each part of a minimum cut (Hall's condition by flow).

    Source → group → room of a school → school → sink; what is reached in the residual network is a pocket.
    """
    items = list(dict.fromkeys(rows["item"]))
    if not items:
        return
    rooms, schools = list(room), list(dict.fromkeys(school for school, _ in room))
    pupils = options.items.set_index("item")["pupils"].reindex(items).to_numpy(float)
    first_room, first_school = 1 + len(items), 1 + len(items) + len(rooms)
    sink = first_school + len(schools)
    at_item = pd.Index(items).get_indexer(rows["item"]) + 1
    at_room = pd.MultiIndex.from_tuples(rooms).get_indexer(pd.MultiIndex.from_frame(rows[["school_id", "node"]]))
    own = pd.Index(schools).get_indexer(pd.Index([school for school, _ in rooms]))
    edges = [
        (np.zeros(len(items), dtype=int), np.arange(len(items)) + 1, np.ceil(pupils * SCALE - 1e-6)),
        (at_item, at_room + first_room, np.full(len(rows), LARGEST)),
        (np.arange(len(rooms)) + first_room, own + first_school, _whole(np.array([room[key] for key in rooms]))),
        (np.arange(len(schools)) + first_school, np.full(len(schools), sink), _whole(cap.reindex(schools).to_numpy())),
    ]
    start, end, most = (np.concatenate(part) for part in zip(*edges, strict=True))
    network = sp.csr_matrix((most.astype(np.int32), (start, end)), shape=(sink + 1, sink + 1))
    flow = maximum_flow(network, 0, sink)
    if flow.flow_value >= int(edges[0][2].sum()) - len(items):  # a hundredth a group is rounding
        return
    left = (network - flow.flow).tocsr()
    left.eliminate_zeros()
    reached = np.zeros(sink + 1, dtype=bool)
    reached[breadth_first_order(left, 0, return_predecessors=False)] = True
    inside = np.flatnonzero(reached & (np.arange(sink + 1) > 0) & (np.arange(sink + 1) < sink))
    sent = np.asarray(flow.flow[0].toarray()).ravel()
    yield from _parts(network, inside, items, schools, sent, pupils, first_school)


def _parts(
    network: sp.csr_matrix, inside: np.ndarray, items: list[str], schools: list[str], sent: np.ndarray,
    pupils: np.ndarray, first_school: int,
) -> Iterator[Pocket]:  # fmt: skip
    """The cut, part by part: pockets that share no school are told apart."""
    _, parts = connected_components(network[inside][:, inside], directed=False)
    edge = network.tocsr()
    for part in range(int(parts.max()) + 1):
        nodes = inside[parts == part]
        own = [int(node) - 1 for node in nodes if 1 <= node <= len(items)]
        there = float(sent[[at + 1 for at in own]].sum()) / SCALE
        short = float(pupils[own].sum()) - there
        if short > len(own) / SCALE:
            rooms = nodes[nodes > len(items)]
            codes = {int(node) for node in edge[rooms].indices if node >= first_school} | {*map(int, rooms)}
            names = tuple(schools[at - first_school] for at in sorted(codes) if 0 <= at - first_school < len(schools))
            yield tuple(items[at] for at in own), names, short, there


def _no_limit(options: Options) -> pd.Series:
    return pd.Series(np.inf, index=options.schools.index)


def _whole(room: np.ndarray) -> np.ndarray:
    return np.minimum(np.floor(np.where(np.isfinite(room), room, LARGEST / SCALE) * SCALE + 1e-6), LARGEST)


def _level(study: Study, school: str, stage: str, column: str) -> float:
    """What the best level of a school's expansions adds."""
    table = study.expansions
    if table is None or column not in table:
        return 0.0
    own = table.loc[(table["school_id"] == school) & (table["stage"] == stage), column]
    return max(0.0, float(own.max())) if len(own) else 0.0


def _share_impossible(policy: Policy, options: Options) -> Iterator[Certificate]:
    """More closures asked for than schools that may close, those counted whose pupils have no other school."""
    schools = options.schools
    counted = schools["counted"].to_numpy(bool)
    wanted = merges_wanted(int(counted.sum()), policy)
    alone = schools.index.isin(list(_only_schools(options)))
    stay = schools.index[counted & ((schools["keep_reason"] != "").to_numpy(bool) | alone)]
    may = int(counted.sum()) - len(stay)
    if policy.closure.merge_share is not None and wanted > may:
        yield Certificate(
            "merge_share", (), tuple(stay), float(wanted - may), "closures",
            f"merge_share = {policy.closure.merge_share:g} asks for {wanted} of {int(counted.sum())} small schools to "
            f"merge, but {len(stay)} must stay: {_some(tuple(stay))}",
        )  # fmt: skip


def _only_schools(options: Options) -> dict[str, list[str]]:
    """Schools that some group needs because it has no other, with these groups."""
    only = options.rows.groupby("item")["school_id"].agg(["nunique", "first"])
    only = only[only["nunique"] == 1]
    return {str(school): list(group.index) for school, group in only.groupby("first")}


def _school_too_small(policy: Policy, options: Options) -> Iterator[Certificate]:
    """The only school of a group, which no more pupils can reach than too few; where it may be no teaching point."""
    reach = options.rows.drop_duplicates(["item", "school_id"])
    reach = reach.assign(pupils=reach["item"].map(options.items.set_index("item")["pupils"]))
    most = reach.groupby("school_id")["pupils"].sum()
    older = set(options.items.loc[options.items["band"] != "lower", "item"])
    for school, groups in _only_schools(options).items():
        fact = options.schools.loc[school]
        least = policy.closure.min_pupils[fact["highest"]]
        whole = not fact["may_point"] or any(item in older for item in groups)
        if fact["keep_reason"] == "" and whole and most[school] < least:
            homes = _homes(options, tuple(groups))
            yield Certificate(
                "min_pupils", homes, (school,), float(least - most[school]), "pupils",
                f"{school} is the only school for {_some(homes)}, but at most {most[school]:g} pupils can come: "
                f"{least - most[school]:g} short of min_pupils = {least:g}",
            )  # fmt: skip


def _seats_short(study: Study, policy: Policy, options: Options, skip: Collection[str]) -> Iterator[Certificate]:
    """More pupils who can only ride than a limited fleet has seats, where no vehicle drives twice."""
    fleet = vehicle_types(study, policy)
    twice = policy.bus.second_run_window_min is not None
    if twice or "fleet" in skip or "seats" in skip or any(kind.count is None for kind in fleet):
        return
    seats = sum((kind.count or 0) * kind.seats for kind in fleet)
    other = options.rows.loc[options.rows["mode"] != "bus", "item"]
    riders = tuple(dict.fromkeys(options.rows.loc[~options.rows["item"].isin(other), "item"]))
    pupils = _pupils(options, riders)
    if pupils > seats:
        homes = _homes(options, riders)
        yield Certificate(
            "fleet", homes, (), pupils - seats, "seats",
            f"{pupils - seats:g} bus seats are short: the {pupils:g} pupils of {_some(homes)} can only ride, and all "
            f"vehicles together have {seats:g} seats",
        )  # fmt: skip


def _homes(options: Options, items: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(options.items.set_index("item")["settlement_id"].reindex(list(items))))


def _pupils(options: Options, items: tuple[str, ...]) -> float:
    return float(options.items.set_index("item")["pupils"].reindex(list(items)).sum())


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
