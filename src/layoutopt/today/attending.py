"""Who attends which school today, and how: as given, from the enrolments, or the nearest school."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.demand.spread import deal
from layoutopt.demand.transport import least_minutes
from layoutopt.errors import PolicyError
from layoutopt.fleet import largest_bus
from layoutopt.journeys import journeys_of, remembered
from layoutopt.policy import Policy
from layoutopt.pupils import enrolment_spread, pupils_method, pupils_of, pupils_source
from layoutopt.schema import BANDS, PUPIL_COLUMNS, STAGE_OF, STAGES
from layoutopt.study import Study
from layoutopt.units import MIN_PER_H

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
FAR_MIN = 1e6
"""Puts every school on foot before any that only a ride reaches, when the nearest is sought."""
SOURCES = {
    "named": "as their settlement names it",
    "spread": "where they are enrolled",
    "enrolment": "by the least total minutes on foot that meet the enrolments",
    "nearest": "at the nearest school that teaches their band",
}


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
    return _attending(study, policy).drop(columns="source")


def attendance_method(study: Study, policy: Policy) -> str:
    """Return how today's attendance was found, in one plain sentence, with the pupils of each way of finding it."""
    today = _attending(study, policy)
    counts = today.groupby("source")["pupils"].sum()
    parts = [f"{counts[source]:,.0f} pupils {text}" for source, text in SOURCES.items() if source in counts]
    sentence = "Today's schools: " + "; ".join(parts) if parts else "Nobody attends a school today"
    away = _deviation(study, today)
    lost = float(today.loc[today["school_id"] == "", "pupils"].sum())
    more = f" (the schools' enrolments are missed by {away:,.0f} pupils in all)" if away else ""
    return sentence + more + (f"; {lost:,.0f} of them reach no school." if lost else ".")


def _deviation(study: Study, today: pd.DataFrame) -> float:
    """Sum over schools and bands of |attending − enrolled|, for the bands whose attendance meets enrolments."""
    total = 0.0
    for band in today.loc[today["source"] == "enrolment", "band"].unique():
        attending = today[today["band"] == band].groupby("school_id")["pupils"].sum()
        enrolled = pd.Series(_places(study, str(band)), index=study.schools.index)
        total += float((attending.reindex(enrolled.index, fill_value=0.0) - enrolled).abs().sum())
    return total


@remembered
def _attending(study: Study, policy: Policy) -> pd.DataFrame:
    """The attendance, with a column ``source`` (a key of ``SOURCES``)."""
    if policy.demand.attendance == "given" and not _names_any(study):
        raise PolicyError(
            "demand.attendance = 'given' needs current_primary or current_junior in the settlements layer: "
            "this study has none."
        )
    spreads = pupils_source(study, policy) == "enrolment" and policy.demand.attendance != "nearest"
    parts = []
    for band in BANDS:
        chosen = _from_spread(study, policy, band) if spreads else _from_settlements(study, policy, band)
        parts.append(_with_ways(study, policy, band, chosen))
    table = pd.concat(parts).sort_values(["settlement_id", "band", "school_id"], kind="stable")
    return table.reset_index(drop=True)


def _names_any(study: Study) -> bool:
    return any((study.settlements[f"current_{stage}"] != "").any() for stage in STAGES)


def _from_spread(study: Study, policy: Policy, band: str) -> pd.DataFrame:
    """The children counted at a school attend it."""
    rows = enrolment_spread(study, policy)
    rows = rows[rows[_grades(band)].sum(axis=1) > 0]
    at = study.settlements.index.get_indexer(pd.Index(rows["settlement_id"]))
    school = study.schools.index.get_indexer(pd.Index(rows["school_id"]))
    is_named = _named(study, band)[at] == school
    source = np.where(is_named, "named", "spread")
    return _rows(at, school, rows[_grades(band)].to_numpy(float), band, source)


def _grades(band: str) -> list[str]:
    return [f"g{grade}" for grade in BANDS[band]]


def _rows(at: Ints, school: Ints, pupils: Array, band: str, source: NDArray[np.str_] | str) -> pd.DataFrame:
    rows = pd.DataFrame(0.0, index=range(len(at)), columns=list(PUPIL_COLUMNS))
    rows[_grades(band)] = pupils
    return rows.assign(settlement=at, school=school, source=source)


def _named(study: Study, band: str) -> Ints:
    """Position of the school each settlement names for the band; −1 for none, or one that does not teach it."""
    given = study.settlements[f"current_{STAGE_OF[band]}"]
    position = study.schools.index.get_indexer(pd.Index(given))
    offers = study.schools[f"offers_{band}"].to_numpy(bool)
    return np.where((position >= 0) & offers[position], position, -1)


def _from_settlements(study: Study, policy: Policy, band: str) -> pd.DataFrame:
    pupils = pupils_of(study, policy)[_grades(band)].to_numpy(float)
    named = _named(study, band)
    lives = pupils.sum(axis=1) > 0
    named_at = np.flatnonzero(lives & (named >= 0))
    open_at = np.flatnonzero(lives & (named < 0))
    parts = [_rows(named_at, named[named_at], pupils[named_at], band, "named")]
    if _meets_enrolment(study, policy, band):
        at_named = np.bincount(named[named_at], pupils[named_at].sum(axis=1), minlength=len(study.schools))
        places = np.maximum(_places(study, band) - at_named, 0.0)
        parts += _from_enrolment(study, policy, band, open_at, pupils, places)
    else:
        parts.append(_rows(open_at, _nearest(study, policy, band)[open_at], pupils[open_at], band, "nearest"))
    return pd.concat(parts, ignore_index=True)


def _teaches(study: Study, band: str) -> NDArray[np.bool_]:
    """Schools of today, not candidates, that offer the band."""
    return (study.schools[f"offers_{band}"] & (study.schools["status"] != "candidate")).to_numpy(bool)


def _places(study: Study, band: str) -> Array:
    """Pupils of the band enrolled at each school that teaches it today."""
    given = study.schools.reindex(columns=_grades(band)).sum(axis=1, min_count=1).to_numpy(float)
    return np.where(_teaches(study, band), np.round(np.nan_to_num(given)), 0.0)


def _meets_enrolment(study: Study, policy: Policy, band: str) -> bool:
    """Whether the band's attendance follows the enrolments: every school that teaches it must give its own."""
    if policy.demand.attendance not in ("auto", "enrolment"):
        return False
    enrolled = study.schools.reindex(columns=_grades(band))[_teaches(study, band)]
    unknown = enrolled.index[enrolled.isna().any(axis=1)]
    if len(unknown) == 0 and float(enrolled.to_numpy(float).sum()) > 0:
        return True
    if policy.demand.attendance == "enrolment" and len(unknown):
        raise PolicyError(
            f"demand.attendance = 'enrolment' needs {', '.join(_grades(band))} of every school that teaches the "
            f"band {band}: {unknown[0]} has none."
        )
    return False


def _from_enrolment(
    study: Study, policy: Policy, band: str, at: Ints, pupils: Array, places: Array
) -> Iterator[pd.DataFrame]:
    """The transport problem's answer, each settlement's grades dealt out over its schools."""
    minutes = np.where(_teaches(study, band)[None, :], _on_foot(study, policy, band)[at], np.inf)
    lives = pupils[at]
    flow = least_minutes(lives.sum(axis=1), places, minutes)
    begin = np.searchsorted(flow.settlement, np.arange(len(at) + 1))  # the flow is sorted by settlement
    dealt = [deal(flow.pupils[i:j], row) for row, i, j in zip(lives, begin, begin[1:], strict=False) if j > i]
    if dealt:
        yield _rows(at[flow.settlement], flow.school, np.vstack(dealt), band, "enrolment")
    lost = begin[1:] == begin[:-1]
    yield _rows(at[lost], np.full(lost.sum(), -1), lives[lost], band, "nearest")


def _on_foot(study: Study, policy: Policy, band: str) -> Array:
    """Minutes on foot; along the bus road where no path leads.

    Rides are not counted: they are quicker than walks just below the walking limit, so the farther of two
    settlements would be sent to the farther school.
    """
    journeys = journeys_of(study, policy)
    walk = journeys.walk_min(band)
    return np.where(np.isfinite(walk), walk, journeys.table.km("bus") / policy.travel.walk_kmh[band] * MIN_PER_H)


def _nearest(study: Study, policy: Policy, band: str) -> Ints:
    """Position of the school with the shortest walk that teaches the band today; −1 where none is reached."""
    journeys = journeys_of(study, policy)
    walk, bus = journeys.walk_min(band), journeys.bus_min(band, 0.0)
    near = np.where(_teaches(study, band), np.where(np.isfinite(walk), walk, FAR_MIN + bus), np.inf)
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


def methods(study: Study, policy: Policy) -> dict[str, str]:
    """Return how pupils, today's attendance and travel were found: a plain sentence each."""
    return {
        "pupils": pupils_method(study, policy),
        "today": attendance_method(study, policy),
        "travel": travel_method(study, policy),
    }


def travel_method(study: Study, policy: Policy) -> str:
    """Return where minutes and kilometres come from, in one plain sentence."""
    journeys = journeys_of(study, policy)
    own = 0 if study.travel is None else len(study.travel)
    ways = "one way" if own == 1 else f"{own:,} ways"
    table = f", but {ways} as in the study's own travel table" if own else ""
    if journeys.roads is None:
        return f"Straight lines × {policy.travel.detour_factor:g}, as no roads are given{table}."
    report = journeys.roads.report
    share = f"{100 * report.main_share:.1f} %"
    return f"Along {report.total_km:,.0f} km of roads, {share} of them in one connected piece{table}."
