"""School zones before anything is decided: township borders, earlier moves, and who is nearer to a school."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layoutopt.errors import PolicyError, nearest
from layoutopt.journeys import Journeys, journeys_of
from layoutopt.policy import Policy
from layoutopt.pupils import pupils_of
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.study.names import some
from layoutopt.study.neighbours import neighbours

Flags = NDArray[np.bool_]
Ints = NDArray[np.int64]


def inside_town(study: Study, policy: Policy, pairs: pd.DataFrame) -> Flags:
    """Return for each pair (settlement_id, school_id) whether no township border that counts lies between them.

    Raises
    ------
    PolicyError
        ``zones.within_town`` needs a township that is not known, or ``zones.town_exceptions`` names nobody.
    """
    if not policy.zones.within_town:
        return np.ones(len(pairs), dtype=bool)
    exempt = set(policy.zones.town_exceptions)
    _check_towns(study, policy, exempt)
    home = study.settlements["town"].reindex(pairs["settlement_id"]).to_numpy()
    there = study.schools["town"].reindex(pairs["school_id"]).to_numpy()
    free = pairs["settlement_id"].isin(exempt) | pairs["school_id"].isin(exempt)
    return np.asarray((home == there) | free.to_numpy(bool))


def _check_towns(study: Study, policy: Policy, exempt: set[str]) -> None:
    known = [*study.settlements.index, *study.schools.index]
    for code in sorted(exempt - set(known)):
        raise PolicyError(
            f"zones.town_exceptions names '{code}', which is no settlement and no school.{nearest(code, known)}"
        )
    lives = pupils_of(study, policy).sum(axis=1) > 0
    for layer, frame in (("settlements", study.settlements[lives]), ("schools", study.schools)):
        unknown = frame.index[(frame["town"] == "") & ~frame.index.isin(exempt)]
        if len(unknown):
            raise PolicyError(
                f"zones.within_town = true needs the column town of the layer {layer}: {some(list(unknown))} have "
                "none. Give it, or name them in zones.town_exceptions."
            )


def sent_to(study: Study, policy: Policy, groups: pd.DataFrame) -> pd.Series:
    """Return the school that ``zones.must_attend`` names for each of ``groups`` (settlement_id, band), or "".

    A settlement's school counts for the bands it teaches.

    Raises
    ------
    PolicyError
        A settlement, band or school that does not exist, or a band the school named for it does not teach.
    """
    named = policy.zones.must_attend
    if not named:
        return pd.Series("", index=groups.index)
    for place, school in named.items():
        _check_sent(study, place, school)
    single = (groups["settlement_id"] + "." + groups["band"]).map(named)
    whole = groups["settlement_id"].map(named)
    teaches = [
        isinstance(school, str) and bool(study.schools.loc[school, f"offers_{band}"])
        for school, band in zip(whole, groups["band"], strict=True)
    ]
    return single.fillna(whole.where(teaches)).fillna("")


def _check_sent(study: Study, place: str, school: str) -> None:
    settlement, _, band = place.rpartition(".") if place not in study.settlements.index else (place, "", "")
    if settlement not in study.settlements.index or band not in ("", *BANDS):
        known = [*study.settlements.index]
        raise PolicyError(f"zones.must_attend names '{place}', which is no settlement.{nearest(place, known)}")
    if school not in study.schools.index:
        hint = nearest(school, study.schools.index)
        raise PolicyError(f"zones.must_attend sends {place} to '{school}', which is no school of this study.{hint}")
    bands = [band] if band else list(BANDS)
    if not study.schools.loc[school, [f"offers_{name}" for name in bands]].any():
        what = f"the band {band}" if band else "any band"
        raise PolicyError(f"zones.must_attend sends {place} to {school}, which does not teach {what}.")


def moved_lately(study: Study, policy: Policy) -> pd.Series:
    """Return by settlement whether its pupils were moved too lately to be moved again; not where no year is known."""
    years = study.settlements.reindex(columns=["moved_year"])["moved_year"].astype(float)
    if not policy.zones.move_once or study.year is None:
        return pd.Series(False, index=years.index)
    return (study.year - years <= policy.zones.move_once_years).fillna(False).astype(bool)


def nearer_places(study: Study, policy: Policy, pairs: pd.DataFrame) -> pd.DataFrame:
    """Return through which places the zone of a school reaches each of ``pairs``.

    Neighbours are those of :func:`layoutopt.study.neighbours.neighbours`; nearer is who has fewer minutes to the
    school, on foot or by a direct bus, of equal ones who comes first by id. Places without pupils of the band belong
    to no zone: there the way goes on to the places nearer than they.

    Parameters
    ----------
    pairs
        Distinct ``settlement_id, band, school_id``.

    Returns
    -------
    pandas.DataFrame
        ``settlement_id, band, school_id, before``: a row for each place nearer to the school of which one must belong
        to its zone. A pair without rows may join by itself: nobody around it is nearer.
    """
    around = neighbours(shapely.get_coordinates(study.settlements.geometry.centroid.to_numpy()))
    pupils, journeys = pupils_of(study, policy), journeys_of(study, policy)
    ids, found = study.settlements.index, []
    for (band, school_id), group in pairs.groupby(["band", "school_id"], sort=True):
        lives = (pupils[[f"g{grade}" for grade in policy.bands[str(band)]]].sum(axis=1) > 0).to_numpy()
        steps = _steps(around, _turn(journeys, str(band), str(school_id)))
        reached: dict[int, frozenset[int] | None] = {}
        for place in ids.get_indexer(pd.Index(group["settlement_id"])):
            before = _through(int(place), steps, lives, reached)
            found += [(ids[place], band, school_id, ids[k]) for k in sorted(before or ())]
    return pd.DataFrame(found, columns=["settlement_id", "band", "school_id", "before"])


def _turn(journeys: Journeys, band: str, school_id: str) -> Ints:
    """The place of each settlement in the order of their minutes to the school."""
    at = journeys.table.to_ids.get_loc(school_id)
    minutes = np.fmin(journeys.walk_min(band)[:, at], journeys.bus_min(band, 0.0)[:, at])
    turn = np.empty(len(minutes), dtype=np.int64)
    turn[np.argsort(minutes, kind="stable")] = np.arange(len(minutes))
    return turn


def _steps(around: list[Ints], turn: Ints) -> list[Ints]:
    """For each place its neighbours that are nearer."""
    return [near[turn[near] < turn[place]] for place, near in enumerate(around)]


def _through(
    place: int, steps: list[Ints], lives: Flags, reached: dict[int, frozenset[int] | None]
) -> frozenset[int] | None:
    """The inhabited places the way from ``place`` comes to first; None where it may end without any."""
    stack = [place]
    while stack:
        here = stack[-1]
        wanting = [int(k) for k in steps[here] if not lives[k] and int(k) not in reached]
        if wanting:
            stack += wanting
            continue
        stack.pop()
        parts = [frozenset([int(k)]) if lives[k] else reached[int(k)] for k in steps[here]]
        ends = not parts or any(part is None for part in parts)
        reached[here] = None if ends else frozenset().union(*(part for part in parts if part is not None))
    return reached[place]
