"""Today: who attends which school and how, and what each school is before anything is decided."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.errors import PolicyError, nearest
from layoutopt.fleet import largest_bus
from layoutopt.journeys import Journeys, journeys_of, pupils_of, remembered
from layoutopt.policy import Policy
from layoutopt.policy.norms import highest_stage, school_cap
from layoutopt.schema import BANDS, PUPIL_COLUMNS, STAGE_OF, STAGES
from layoutopt.study import Study

Array = NDArray[np.float64]
FAR_MIN = 1e6
"""Puts every school on foot before any that only a ride reaches, when the nearest is sought."""


def own_dwell_min(pupils: Array, study: Study, policy: Policy) -> Array:
    """Return how long a bus stands where ``pupils`` board (at most the largest bus full)."""
    boarding = np.minimum(pupils, largest_bus(study, policy))
    return np.asarray(policy.bus.dwell_min + policy.bus.dwell_min_per_rider * boarding)


@remembered
def attendance(study: Study, policy: Policy) -> pd.DataFrame:
    """Return who attends which school today, one row a settlement and band with pupils.

    Columns: ``settlement_id, band, school_id, mode, minutes, ride_min, km, pupils, g1…g9, inferred``.
    Where the settlement names no school, pupils attend the one with the shortest walk that teaches the
    band (``inferred``). Beyond the walking limit they are taken to ride straight there, since no line of
    today is known; ``minutes`` then counts access, boarding and ride. ``inf`` means no way is known; where no
    school that teaches the band can be reached, ``school_id`` is empty.
    """
    journeys = journeys_of(study, policy)
    pupils = pupils_of(study, policy)
    parts = [_band_today(study, policy, journeys, pupils, band) for band in BANDS]
    return pd.concat(parts).sort_values(["settlement_id", "band"], kind="stable").reset_index(drop=True)


def _band_today(study: Study, policy: Policy, journeys: Journeys, pupils: pd.DataFrame, band: str) -> pd.DataFrame:
    grades = [f"g{grade}" for grade in BANDS[band]]
    count = pupils[grades].sum(axis=1)
    given = study.settlements[f"current_{STAGE_OF[band]}"]
    offers = study.schools[f"offers_{band}"].to_numpy(bool)
    teaches = offers & (study.schools["status"] != "candidate").to_numpy()
    walk = journeys.walk_min(band)
    ride_door = journeys.bus_min(band, 0.0)
    position = study.schools.index.get_indexer(pd.Index(given))
    position = np.where((position >= 0) & offers[position], position, -1)
    inferred = position < 0
    near = np.where(teaches, np.where(np.isfinite(walk), walk, FAR_MIN + ride_door), np.inf)
    lost = inferred & ~np.isfinite(near).any(axis=1)
    position = np.where(inferred, near.argmin(axis=1), position)
    rows = np.arange(len(position))
    dwell = own_dwell_min(count.to_numpy(float), study, policy)
    by_foot = np.where(lost, np.inf, walk[rows, position])
    by_bus = np.where(lost, np.inf, ride_door[rows, position] + dwell)
    walks = (by_foot <= policy.access.walk_max_min[band]) | ~np.isfinite(by_bus)
    km = {mode: np.where(lost, np.inf, journeys.table.km(mode)[rows, position]) for mode in ("walk", "bus")}
    table = pd.DataFrame(
        {
            "settlement_id": study.settlements.index,
            "band": band,
            "school_id": np.where(lost, "", study.schools.index.to_numpy()[position]),
            "mode": np.where(walks, "walk", "bus"),
            "minutes": np.where(walks, by_foot, by_bus),
            "ride_min": np.where(walks, 0.0, journeys.table.ride_min[rows, position] + dwell),
            "km": np.where(walks, km["walk"], km["bus"]),
            "pupils": count.to_numpy(),
            "inferred": inferred,
        }
    )
    for name in PUPIL_COLUMNS:
        table[name] = pupils[name].to_numpy() if name in grades else 0.0
    return table[table["pupils"] > 0]


def items_of(study: Study, policy: Policy) -> pd.DataFrame:
    """Return the pupil groups: settlement × band, cut into chunks only where larger than a bus."""
    today = attendance(study, policy)
    seats = largest_bus(study, policy)
    pieces = np.maximum(1, np.ceil(today["pupils"].to_numpy() / seats)).astype(int)
    repeated = today.loc[today.index.repeat(pieces)].reset_index(drop=True)
    repeated["chunk"] = np.concatenate([np.arange(1, n + 1) for n in pieces]) if len(pieces) else []
    values = [_chunks(row, count) for row, count in zip(today[list(PUPIL_COLUMNS)].to_numpy(), pieces, strict=True)]
    repeated[list(PUPIL_COLUMNS)] = np.vstack(values) if values else np.empty((0, len(PUPIL_COLUMNS)))
    rides = repeated["mode"] == "bus"
    whole_min = own_dwell_min(repeated["pupils"].to_numpy(float), study, policy)
    repeated["pupils"] = repeated[list(PUPIL_COLUMNS)].sum(axis=1)
    shorter_min = (whole_min - own_dwell_min(repeated["pupils"].to_numpy(float), study, policy)) * rides
    repeated["minutes"] -= shorter_min
    repeated["ride_min"] -= shorter_min
    repeated = repeated.rename(
        columns={
            "school_id": "today_school",
            "mode": "today_mode",
            "minutes": "today_min",
            "ride_min": "today_ride_min",
            "km": "today_km",
        }
    )
    chunk = np.where(pieces.repeat(pieces) > 1, "." + repeated["chunk"].astype(str), "")
    repeated.insert(0, "item", repeated["settlement_id"] + "." + repeated["band"] + chunk)
    return repeated


def _chunks(pupils: np.ndarray, count: int) -> np.ndarray:
    """Cut pupils by grade into ``count`` near-equal groups of whole pupils (rotating the remainders)."""
    parts = np.zeros((count, len(pupils)))
    turn = 0
    for grade, amount in enumerate(pupils):
        base, rest = divmod(round(amount), count)
        parts[:, grade] = base
        for extra in range(rest):
            parts[(turn + extra) % count, grade] += 1
        turn = (turn + rest) % count
    return parts


@remembered
def school_facts(study: Study, policy: Policy) -> pd.DataFrame:
    """Return what each school is today and what may become of it, indexed by school_id.

    Columns: ``pupils`` (today), ``g1…g9``, ``hub``, ``exists``, ``small`` (below the merging trigger),
    ``may_close``, ``must_close``, ``may_point``, ``keep_reason``, ``places_primary``, ``places_junior``
    (``inf`` where unknown), ``beds``, ``cap``, ``annual_cny``, ``highest``, ``teachers``, ``offers_*``.
    """
    schools = study.schools
    facts = pd.DataFrame(index=schools.index)
    facts[list(PUPIL_COLUMNS)] = enrolment_today(study, policy)
    facts["pupils"] = facts[list(PUPIL_COLUMNS)].sum(axis=1)
    facts["exists"] = schools["status"] != "candidate"
    facts["hub"] = _hubs(study, policy, facts["pupils"])
    for band in BANDS:
        facts[f"offers_{band}"] = schools[f"offers_{band}"]
    for stage, bands in STAGES.items():
        teaches = schools[[f"offers_{band}" for band in bands]].any(axis=1)
        facts[f"offers_{stage}_stage"] = teaches
        facts[f"places_{stage}"] = _places(study, policy, stage).where(teaches, 0.0)
    stages = facts[["offers_primary_stage", "offers_junior_stage"]].to_numpy(bool)
    facts["beds"] = schools["beds"]
    facts["beds_most"] = facts["beds"] + _beds_to_add(study)
    facts["cap"] = [school_cap(primary, junior, policy) for primary, junior in stages]
    facts["highest"] = [highest_stage(junior) for _, junior in stages]
    default = facts["highest"].map(lambda stage: policy.money.school_annual_cny[stage])
    facts["annual_cny"] = schools["annual_cost_cny"].fillna(default)
    facts["teachers"] = schools["teachers"]
    return facts.join(_fate(study, policy, facts))


def enrolment_today(study: Study, policy: Policy) -> pd.DataFrame:
    """Return pupils per school and grade today: the schools layer's where given, else from attendance."""
    attended = attendance(study, policy).groupby("school_id")[list(PUPIL_COLUMNS)].sum()
    attended = attended.reindex(study.schools.index, fill_value=0.0)
    for name in PUPIL_COLUMNS:
        if name in study.schools:
            attended[name] = study.schools[name].fillna(attended[name])
    return attended


def _hubs(study: Study, policy: Policy, pupils: pd.Series) -> pd.Series:
    by_size = (pupils >= policy.closure.hub_min_pupils) | (study.schools["status"] == "candidate")
    if "hub" not in study.schools:
        return by_size.astype(bool)
    return study.schools["hub"].fillna(by_size).astype(bool)


def _places(study: Study, policy: Policy, stage: str) -> pd.Series:
    given = study.schools[f"places_{stage}"]
    both = study.schools["offers_lower"] & study.schools["offers_junior"]
    share = {"primary": 2 / 3, "junior": 1 / 3}[stage]
    rooms = study.schools["classrooms"] * np.where(both, share, 1.0)
    return given.fillna((rooms * policy.classes.class_cap[stage]).round()).fillna(np.inf)


def _beds_to_add(study: Study) -> pd.Series:
    none = pd.Series(0.0, index=study.schools.index)
    if study.expansions is None or "beds" not in study.expansions:
        return none
    best = study.expansions.fillna({"beds": 0}).groupby(["school_id", "stage"])["beds"].max()
    return none.add(best.groupby("school_id").sum(), fill_value=0.0).reindex(none.index)


def _fate(study: Study, policy: Policy, facts: pd.DataFrame) -> pd.DataFrame:
    closure = policy.closure
    for key in ("must_keep", "must_close"):
        for code in getattr(closure, key):
            if code not in facts.index:
                hint = nearest(code, facts.index)
                raise PolicyError(f"closure.{key} names '{code}', which is no school of this study.{hint}")
    status = study.schools["status"]
    reason = pd.Series("", index=facts.index)
    big = facts["exists"] & (facts["pupils"] >= closure.closable_below_pupils)
    reason[big] = f"has {closure.closable_below_pupils:g} pupils or more"
    if closure.keep_without_bus_road and study.roads is not None:
        reason[_without_bus_road(study, policy) & facts["exists"]] = "no road a bus can use reaches it"
    reason[facts.index.isin(closure.must_keep)] = "must be kept by policy"
    marked = status == "keep"
    reason[marked] = study.schools.loc[marked, "keep_reason"].replace("", "marked keep in the schools layer")
    must_close = (status == "close") | facts.index.isin(closure.must_close)
    reason[must_close] = ""
    small = facts["exists"] & (facts["pupils"] < closure.trigger_pupils)
    may_point = policy.points.allowed & facts["offers_lower"] & ~facts["hub"] & (reason == "") & ~must_close
    return pd.DataFrame(
        {
            "keep_reason": reason,
            "must_close": must_close,
            "may_close": (reason == ""),
            "may_point": may_point,
            "small": small & ~must_close,
        }
    )


def _without_bus_road(study: Study, policy: Policy) -> pd.Series:
    off = journeys_of(study, policy).off_road
    ids = off.loc[(off["side"] == "to") & (off["mode"] == "bus"), "id"]
    return pd.Series(study.schools.index.isin(ids), index=study.schools.index)
