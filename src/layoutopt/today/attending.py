"""Who attends which school today, and how: as given, from the enrolments, or the nearest school."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.demand.spread import deal
from layoutopt.demand.transport import least_minutes
from layoutopt.errors import PolicyError
from layoutopt.fleet import largest_bus
from layoutopt.journeys import journeys_of, remembered
from layoutopt.policy import Policy
from layoutopt.pupils import enrolment_spread, pupils_of, pupils_source
from layoutopt.schema import BANDS, PUPIL_COLUMNS, STAGE_OF, STAGES, bands_of
from layoutopt.study import Study
from layoutopt.units import MIN_PER_H

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
FAR_MIN = 1e6
"""Puts every school on foot before any that only a ride reaches, when the nearest is sought."""


def own_dwell_min(pupils: Array, study: Study, policy: Policy) -> Array:
    """Return how long a bus stands where ``pupils`` board (at most the largest bus full)."""
    boarding = np.minimum(pupils, largest_bus(study, policy))
    return np.asarray(policy.bus.dwell_min + policy.bus.dwell_min_per_rider * boarding)


@remembered
def attendance(study: Study, policy: Policy) -> pd.DataFrame:
    """Return who attends which school today, one row a settlement, band and school with pupils.

    Columns: ``settlement_id, band, school_id, mode, minutes, ride_min, km, pupils, g1…g9, inferred``.
    A settlement keeps the school it names; the others follow ``demand.attendance`` (``inferred``), several
    schools for one settlement and band where that is needed to meet enrolments. Beyond the walking limit
    pupils are taken to ride straight there, since no line of today is known; ``minutes`` then counts access,
    boarding and ride. ``inf`` means no way is known; where no school that teaches the band can be reached,
    ``school_id`` is empty.

    Raises
    ------
    PolicyError
        ``demand.attendance`` asks for what the files do not give.
    """
    return attending_with_source(study, policy).drop(columns="source")


@remembered
def attending_with_source(study: Study, policy: Policy) -> pd.DataFrame:
    """The attendance, with a column ``source`` (a key of ``methods.SOURCES``)."""
    if policy.demand.attendance == "given" and not _names_any(study):
        raise PolicyError(
            "demand.attendance = 'given' needs current_primary or current_junior in the settlements layer: "
            "this study has none."
        )
    spreads = pupils_source(study, policy) == "enrolment" and policy.demand.attendance != "nearest"
    found: dict[str, list[pd.DataFrame]] = {band: [] for band in BANDS}
    for band, grades in parts_of(policy):
        attend = _from_spread if spreads else _from_settlements
        found[band].append(attend(study, policy, band, grades))
    table = pd.concat([_with_ways(study, policy, band, _together(parts)) for band, parts in found.items()]).sort_values(
        ["settlement_id", "band", "school_id"], kind="stable"
    )
    return table.reset_index(drop=True)


def parts_of(policy: Policy) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The grades that attend school together today, with their band: grade 4 apart where it is in the lower band.

    A school of grades 1-3 may have grade 4 from now on, but does not teach it today.
    """
    for band, grades in policy.bands.items():
        for today in bands_of().values():
            common = tuple(grade for grade in grades if grade in today)
            if common:
                yield band, common


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of one band, the grades of a settlement that attend one school in one row."""
    if len(parts) == 1:
        return parts[0]
    sums = dict.fromkeys(PUPIL_COLUMNS, "sum") | {"source": "first"}
    return pd.concat(parts).groupby(["settlement", "school"], sort=False, as_index=False).agg(sums)


def _names_any(study: Study) -> bool:
    return any((study.settlements[f"current_{stage}"] != "").any() for stage in STAGES)


def _from_spread(study: Study, policy: Policy, band: str, grades: Sequence[int]) -> pd.DataFrame:
    """The children counted at a school attend it."""
    rows = enrolment_spread(study, policy)
    rows = rows[rows[_names(grades)].sum(axis=1) > 0]
    at = study.settlements.index.get_indexer(pd.Index(rows["settlement_id"]))
    school = study.schools.index.get_indexer(pd.Index(rows["school_id"]))
    is_named = _named(study, band, grades)[at] == school
    source = np.where(is_named, "named", "spread")
    return _rows(at, school, rows[_names(grades)].to_numpy(float), grades, source)


def _names(grades: Sequence[int]) -> list[str]:
    return [f"g{grade}" for grade in grades]


def _rows(at: Ints, school: Ints, pupils: Array, grades: Sequence[int], source: NDArray[np.str_] | str) -> pd.DataFrame:
    rows = pd.DataFrame(0.0, index=range(len(at)), columns=list(PUPIL_COLUMNS))
    rows[_names(grades)] = pupils
    return rows.assign(settlement=at, school=school, source=source)


def _named(study: Study, band: str, grades: Sequence[int]) -> Ints:
    """Position of the school each settlement names for the grades; −1 for none, or one that does not teach them."""
    given = study.settlements[f"current_{STAGE_OF[band]}"]
    position = study.schools.index.get_indexer(pd.Index(given))
    return np.where((position >= 0) & _offers(study, grades)[position], position, -1)


def _from_settlements(study: Study, policy: Policy, band: str, grades: Sequence[int]) -> pd.DataFrame:
    pupils = pupils_of(study, policy)[_names(grades)].to_numpy(float)
    named = _named(study, band, grades)
    lives = pupils.sum(axis=1) > 0
    named_at = np.flatnonzero(lives & (named >= 0))
    open_at = np.flatnonzero(lives & (named < 0))
    parts = [_rows(named_at, named[named_at], pupils[named_at], grades, "named")]
    if _meets_enrolment(study, policy, band, grades):
        at_named = np.bincount(named[named_at], pupils[named_at].sum(axis=1), minlength=len(study.schools))
        places = np.maximum(enrolled_places(study, grades) - at_named, 0.0)
        ways = np.where(_teaches(study, grades)[None, :], _on_foot(study, policy, band), np.inf)
        parts += _from_enrolment(open_at, pupils, places, ways, grades)
    else:
        near = _nearest(study, policy, band, grades)[open_at]
        parts.append(_rows(open_at, near, pupils[open_at], grades, "nearest"))
    return pd.concat(parts, ignore_index=True)


def _offers(study: Study, grades: Sequence[int]) -> NDArray[np.bool_]:
    """Schools that teach all of ``grades``, and at least one whole band of today."""
    spans = (map(int, text.split("-")) for text in study.schools["grades"])
    whole = np.array([first <= grades[0] and grades[-1] <= last for first, last in spans], dtype=bool)
    return np.asarray(whole & np.any([study.schools[f"offers_{band}"] for band in BANDS], axis=0), dtype=bool)


def _teaches(study: Study, grades: Sequence[int]) -> NDArray[np.bool_]:
    """Schools of today, not candidates, that offer the grades."""
    return np.asarray(_offers(study, grades) & (study.schools["status"] != "candidate").to_numpy(bool))


def enrolled_places(study: Study, grades: Sequence[int]) -> Array:
    """Pupils of the grades enrolled at each school that teaches them today."""
    given = study.schools.reindex(columns=_names(grades)).sum(axis=1, min_count=1).to_numpy(float)
    return np.where(_teaches(study, grades), np.round(np.nan_to_num(given)), 0.0)


def _meets_enrolment(study: Study, policy: Policy, band: str, grades: Sequence[int]) -> bool:
    """Whether the grades' attendance follows the enrolments: every school that teaches them must give its own."""
    if policy.demand.attendance not in ("auto", "enrolment"):
        return False
    enrolled = study.schools.reindex(columns=_names(grades))[_teaches(study, grades)]
    unknown = enrolled.index[enrolled.isna().any(axis=1)]
    if len(unknown) == 0 and float(enrolled.to_numpy(float).sum()) > 0:
        return True
    if policy.demand.attendance == "enrolment" and len(unknown):
        raise PolicyError(
            f"demand.attendance = 'enrolment' needs {', '.join(_names(grades))} of every school that teaches the "
            f"band {band}: {unknown[0]} has none."
        )
    return False


def _from_enrolment(
    at: Ints, pupils: Array, places: Array, minutes: Array, grades: Sequence[int]
) -> Iterator[pd.DataFrame]:
    """The transport problem's answer for the settlements ``at``, their grades dealt out over their schools."""
    lives = pupils[at]
    flow = least_minutes(lives.sum(axis=1), places, minutes[at])
    begin = np.searchsorted(flow.settlement, np.arange(len(at) + 1))  # the flow is sorted by settlement
    dealt = [deal(flow.pupils[i:j], row) for row, i, j in zip(lives, begin, begin[1:], strict=False) if j > i]
    if dealt:
        yield _rows(at[flow.settlement], flow.school, np.vstack(dealt), grades, "enrolment")
    lost = begin[1:] == begin[:-1]
    yield _rows(at[lost], np.full(lost.sum(), -1), lives[lost], grades, "nearest")


def _on_foot(study: Study, policy: Policy, band: str) -> Array:
    """Minutes on foot; along the bus road where no path leads.

    Rides are not counted: they are quicker than walks just below the walking limit, so the farther of two
    settlements would be sent to the farther school.
    """
    journeys = journeys_of(study, policy)
    walk = journeys.walk_min(band)
    return np.where(np.isfinite(walk), walk, journeys.table.km("bus") / policy.travel.walk_kmh[band] * MIN_PER_H)


def _nearest(study: Study, policy: Policy, band: str, grades: Sequence[int]) -> Ints:
    """Position of the school with the shortest walk that teaches the grades today; −1 where none is reached."""
    journeys = journeys_of(study, policy)
    walk, bus = journeys.walk_min(band), journeys.bus_min(band, 0.0)
    near = np.where(_teaches(study, grades), np.where(np.isfinite(walk), walk, FAR_MIN + bus), np.inf)
    return np.where(np.isfinite(near).any(axis=1), near.argmin(axis=1), -1)


def _with_ways(study: Study, policy: Policy, band: str, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with mode, minutes and kilometres of each way."""
    journeys = journeys_of(study, policy)
    at, school = rows["settlement"].to_numpy(), rows["school"].to_numpy()
    pupils = rows[list(PUPIL_COLUMNS)].sum(axis=1).to_numpy(float)
    lost = school < 0
    dwell = own_dwell_min(pupils, study, policy)
    by_foot = np.where(lost, np.inf, journeys.walk_min(band)[at, school])
    by_bus = np.where(lost, np.inf, journeys.bus_min(band, 0.0)[at, school] + dwell)
    walks = (by_foot <= policy.access.walk_max_min[band]) | ~np.isfinite(by_bus)
    km = {mode: np.where(lost, np.inf, journeys.table.km(mode)[at, school]) for mode in ("walk", "bus")}
    table = pd.DataFrame(
        {
            "settlement_id": study.settlements.index.to_numpy()[at],
            "band": band,
            "school_id": np.where(lost, "", study.schools.index.to_numpy()[school]),
            "mode": np.where(walks, "walk", "bus"),
            "minutes": np.where(walks, by_foot, by_bus),
            "ride_min": np.where(walks, 0.0, journeys.table.ride_min[at, school] + dwell),
            "km": np.where(walks, km["walk"], km["bus"]),
            "pupils": pupils,
            "inferred": (rows["source"] != "named").to_numpy(bool),
        }
    )
    table[list(PUPIL_COLUMNS)] = rows[list(PUPIL_COLUMNS)].to_numpy(float)
    return table.assign(source=rows["source"].to_numpy())
