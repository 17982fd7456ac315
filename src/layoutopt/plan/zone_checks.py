"""The audit's checks of school zones: who goes together, which borders hold, and how far in kilometres."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np

from layoutopt.plan.facts import TOLERANCE, Facts, Violation, each
from layoutopt.schema import BANDS, STAGES
from layoutopt.today.zones import inside_town, moved_lately, nearer_places, sent_to

PLACE = ["settlement_id", "band", "school_id"]


def distance_limit(f: Facts) -> Iterator[Violation]:
    """No daily way, and none on foot, has more kilometres than its limit, or than today's."""
    access = f.policy.access
    walked = f.rows["was_km"].where(f.rows["was_mode"] == "walk", 0.0)
    for limits, today, own, verb in (
        (access.oneway_max_km, f.rows["was_km"], f.rows["mode"] != "board", "travels"),
        (access.walk_max_km, walked, f.rows["mode"] == "walk", "walks"),
    ):
        if limits is None:
            continue
        most = f.rows["band"].map({band: limits[band] for band in BANDS}).to_numpy(float)
        if access.keep_existing_exceptions:
            was = today.to_numpy(float)
            most = np.maximum(most, np.where(np.isfinite(was), was, 0.0))
        beyond = own.to_numpy(bool) & ~(f.rows["way_km"].to_numpy(float) <= most + TOLERANCE)
        for row, limit in zip(each(f.rows[beyond]), most[beyond], strict=True):
            yield Violation(
                row.item, row.way_km, limit, f"{verb} {row.way_km:.2f} km to {row.school_id}, limit {limit:.2f}"
            )


def town_border(f: Facts) -> Iterator[Violation]:
    """Where townships are borders nobody crosses one, but to today's school and for named exceptions."""
    crosses = ~inside_town(f.study, f.policy, f.rows) & (f.rows["school_id"] != f.rows["was_school"])
    for row in each(f.rows[crosses]):
        yield Violation(row.item, 1, 0, f"goes to {row.school_id}, which is in another township")


def must_attend(f: Facts) -> Iterator[Violation]:
    """Pupils whose school is decided go there."""
    decided = sent_to(f.study, f.policy, f.rows)
    elsewhere = (decided != "") & (f.rows["school_id"] != decided)
    for row, school in zip(each(f.rows[elsewhere]), decided[elsewhere], strict=True):
        yield Violation(row.item, row.pupils, 0, f"goes to {row.school_id}, though sent to {school} by policy")


def move_once(f: Facts) -> Iterator[Violation]:
    """Pupils moved within the last years stay at today's school."""
    lately = moved_lately(f.study, f.policy).reindex(f.rows["settlement_id"]).to_numpy(bool)
    goes = (f.rows["school_id"] != f.rows["was_school"]) & (f.rows["was_school"] != "")
    for row in each(f.rows[lately & goes]):
        yield Violation(
            row.item, row.pupils, 0, f"moves from {row.was_school} to {row.school_id}, though moved lately before"
        )


def one_school(f: Facts) -> Iterator[Violation]:
    """Pupils of a place who belong together go to one school."""
    if f.policy.zones.one_school_for == "group":
        return
    goes = {key: sorted(set(own)) for key, own in f.rows.groupby(["settlement_id", "band"])["school_id"]}
    for (place, band), found in goes.items():
        if len(found) > 1:
            yield Violation(str(place), len(found), 1, f"grades of band {band} go to {', '.join(found)}")
    if f.policy.zones.one_school_for == "stage":
        yield from _siblings(f, goes)


def _siblings(f: Facts, goes: dict[tuple[str, str], list[str]]) -> Iterator[Violation]:
    """The older band of a stage goes where the younger goes, if that school teaches it."""
    taught = f.schools["bands"].astype(str).str.split("+")
    for younger, older in (pair for bands in STAGES.values() for pair in pairwise(bands)):
        for (place, band), found in goes.items():
            there = goes.get((place, older))
            if band != younger or there is None:
                continue
            for school_id in found:
                if school_id not in there and school_id in taught.index and older in taught[school_id]:
                    said = f"band {younger} goes to {school_id}, which teaches {older}; that goes to {', '.join(there)}"
                    yield Violation(str(place), 2, 1, said)


def contiguous(f: Facts) -> Iterator[Violation]:
    """A place joins a school's zone only if a neighbour nearer to the school belongs to it, or none is nearer."""
    if not f.policy.zones.contiguous:
        return
    zones = set(f.rows[PLACE].itertuples(index=False, name=None))
    daily = f.rows.loc[f.rows["mode"] != "board", PLACE].drop_duplicates()
    links = nearer_places(f.study, f.policy, daily)
    for (place, band, school_id), nearer in links.groupby(PLACE)["before"]:
        if not any((before, band, school_id) in zones for before in nearer):
            said = f"band {band} goes to {school_id}, nobody of {', '.join(nearer)} does, who are nearer"
            yield Violation(str(place), 0, 1, said)


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {
    check.__name__: check for check in (distance_limit, town_border, must_attend, move_once, one_school, contiguous)
}
