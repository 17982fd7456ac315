"""How many pupils live where: as given, or from ages, residents or the enrolment of schools."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.demand.spread import by_share, evenly, gravity, nearest, spread, whole
from layoutopt.errors import PolicyError
from layoutopt.errors import nearest as nearest_name
from layoutopt.journeys import journeys_of, remembered
from layoutopt.policy import Policy
from layoutopt.schema import AGE_COLUMNS, BANDS, GRADES, PUPIL_COLUMNS, STAGE_GRADES, STAGES, bands_of
from layoutopt.study import Study
from layoutopt.study.names import town_forms
from layoutopt.units import M_PER_KM

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
FAR_RING = 60
"""From here on a pull is a millionth of a millionth of a millionth: no need to tell how far exactly."""
NEEDS = {
    "given": "g1…g9 or primary_age and junior_age in the settlements layer",
    "enrolment": "g1…g9 in the schools layer and population in the settlements layer",
    "residents": "population in the settlements layer",
}


def pupils_source(study: Study, policy: Policy) -> str:
    """Return where pupils come from: ``grades``, ``ages``, ``enrolment`` or ``residents``.

    Raises
    ------
    PolicyError
        ``demand.method`` asks for what the files do not give.
    """
    has = {
        "grades": study.has_pupils,
        "ages": study.has_ages,
        "enrolment": study.has_enrolment,
        "residents": "population" in study.settlements,
    }
    method = policy.demand.method
    wanted = {"auto": tuple(has), "given": ("grades", "ages")}.get(method, (method,))
    for source in wanted:
        if has[source]:
            return source
    raise PolicyError(f"demand.method = '{method}' needs {NEEDS[method]}: this study has none.")


@remembered
def pupils_of(study: Study, policy: Policy) -> pd.DataFrame:
    """Return whole pupils per settlement and grade (columns g1…g9), after ``demand.method``."""
    source = pupils_source(study, policy)
    if source == "enrolment":
        found = enrolment_spread(study, policy).groupby("settlement_id")[list(PUPIL_COLUMNS)].sum()
        return found.reindex(study.settlements.index, fill_value=0.0)
    values = {"grades": _from_grades, "ages": _from_ages, "residents": _from_residents}[source](study, policy)
    return pd.DataFrame(values, index=study.settlements.index, columns=list(PUPIL_COLUMNS))


def _from_grades(study: Study, policy: Policy) -> Array:
    given = study.settlements[list(PUPIL_COLUMNS)].to_numpy(float)
    return np.column_stack([whole(given[:, position]) for position in range(len(GRADES))])


def _from_ages(study: Study, policy: Policy) -> Array:
    parts = [evenly(whole(_people(study, name)), len(STAGE_GRADES[stage])) for stage, name in AGE_COLUMNS.items()]
    return np.hstack(parts)


def _from_residents(study: Study, policy: Policy) -> Array:
    """Shares are of grades 1-3, 4-6 and 7-9 whatever the policy's bands, which change nobody's number of children."""
    by_band = _shares(study, policy)
    per_grade = [by_band[band] / len(grades) for band, grades in bands_of().items() for _ in grades]
    return by_share(_people(study, "population"), np.column_stack(per_grade))


def _shares(study: Study, policy: Policy) -> dict[str, Array]:
    """Pupils of each band among the residents of each settlement; a town may have its own share."""
    shares = {band: np.full(len(study.settlements), policy.demand.pupil_share[band]) for band in BANDS}
    written = sorted(set(study.settlements["town"]) - {""})
    for town, share in policy.demand.town_pupil_share.items():
        meant = [town] if town in written else [name for name in written if set(town_forms(name)) & {*town_forms(town)}]
        if len(meant) != 1:
            hint = f" It may be {' or '.join(meant)}." if meant else nearest_name(town, written)
            raise PolicyError(f"demand.town_pupil_share names '{town}', which is no town of the settlements.{hint}")
        here = (study.settlements["town"] == meant[0]).to_numpy(bool)
        for band in BANDS:
            shares[band][here] = share[band]
    return shares


def _people(study: Study, column: str) -> Array:
    if column not in study.settlements:
        return np.zeros(len(study.settlements))
    return np.asarray(study.settlements[column].fillna(0).to_numpy(float))


@remembered
def enrolment_spread(study: Study, policy: Policy) -> pd.DataFrame:
    """Return the enrolment of schools spread over settlements: ``settlement_id, school_id, g1…g9``.

    Each school's total of each grade is kept exactly; what a settlement gets too little of by rounding at one
    school counts in its favour at the next. A settlement that names a school of today sends children to that
    one only, as long as others are left to fill the rest. The weights are children of that age where given,
    else residents.
    """
    enrolled, km, straight_km = _enrolled(study), _km(study, policy), _straight_km(study, policy)
    owed = np.zeros(len(km))
    parts = [pd.DataFrame({"settlement_id": [], "school_id": []}, dtype=object)]
    for stage, found_in in _groups(policy):
        grades = [grade - 1 for grade in found_in]
        schools = np.flatnonzero(enrolled[:, grades].sum(axis=1) > 0)
        pull = _pull(study, policy, stage, schools, (km[:, schools], straight_km[:, schools]))
        for at, school in enumerate(schools):
            found = spread(enrolled[school, grades], pull[:, at], _rings(km[:, school], policy), owed)
            owed += found.sum() * pull[:, at] / pull[:, at].sum() - found.sum(axis=1)
            lives = np.flatnonzero(found.sum(axis=1))
            part = pd.DataFrame(found[lives], columns=[PUPIL_COLUMNS[grade] for grade in grades])
            ids = {"settlement_id": study.settlements.index[lives], "school_id": study.schools.index[school]}
            parts.append(part.assign(**ids))
    rows = pd.concat(parts).reindex(columns=["settlement_id", "school_id", *PUPIL_COLUMNS])
    rows[list(PUPIL_COLUMNS)] = rows[list(PUPIL_COLUMNS)].astype(float).fillna(0.0)
    return rows.groupby(["settlement_id", "school_id"], as_index=False).sum()


def _rings(km: Array, policy: Policy) -> Ints:
    """Places about equally far from a school: a ring for each halving of the pull, all in one for ``nearest``."""
    if policy.demand.spread == "nearest":
        return np.zeros(len(km), dtype=np.int64)
    ring = np.floor(np.minimum(km / policy.demand.gravity_halving_km, FAR_RING))
    return np.asarray(ring, dtype=np.int64)


def _groups(policy: Policy) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Grades spread at one go: by stage, or grades 1-3 and 4-6 apart where the nearest school decides."""
    for stage, bands in STAGES.items():
        if policy.demand.spread == "gravity":
            yield stage, STAGE_GRADES[stage]
        else:
            yield from ((stage, bands_of()[band]) for band in bands)


def _enrolled(study: Study) -> Array:
    """Whole pupils per school and grade; gaps count as nobody, and nobody attends a candidate."""
    given = study.schools.reindex(columns=list(PUPIL_COLUMNS)).fillna(0).to_numpy(float)
    given = np.where((study.schools["status"] == "candidate").to_numpy(bool)[:, None], 0.0, given)
    return np.vstack([whole(row) for row in given])


def _km(study: Study, policy: Policy) -> Array:
    """Kilometres of the shorter way, settlements × schools; ``inf`` where none leads."""
    table = journeys_of(study, policy).table
    return np.minimum(table.km("walk"), table.km("bus"))


def _straight_km(study: Study, policy: Policy) -> Array:
    ends = [np.column_stack([frame.geometry.x, frame.geometry.y]) for frame in (study.settlements, study.schools)]
    straight_m = np.hypot(*(ends[0][:, None] - ends[1][None]).transpose(2, 0, 1))
    return np.asarray(straight_m * policy.travel.detour_factor / M_PER_KM)


def _pull(study: Study, policy: Policy, stage: str, schools: Ints, ways: tuple[Array, Array]) -> Array:
    """The pull of each settlement on each of ``schools``, above 0 for one settlement of every school.

    Where every settlement around names another school, names are passed over, and to a school that no way
    reaches straight lines are taken: its pupils live somewhere and stay counted.
    """
    people = _weights(study, stage)
    named = study.schools.index.get_indexer(pd.Index(study.settlements[f"current_{stage}"]))
    other = (named[:, None] >= 0) & (named[:, None] != schools[None, :])
    pull = np.zeros(other.shape)
    for km in (np.where(other, np.inf, ways[0]), *ways):
        lacking = ~(pull.sum(axis=0) > 0)
        if lacking.any():
            by_nearest = policy.demand.spread == "nearest"
            found = nearest(people, km) if by_nearest else gravity(people, km, policy.demand.gravity_halving_km)
            pull[:, lacking] = found[:, lacking]
    lacking = ~(pull.sum(axis=0) > 0)
    if lacking.any():  # so far that each pull is 0 on a computer
        pull[:, lacking] = nearest(people, ways[1][:, lacking])
    return pull


def _weights(study: Study, stage: str) -> Array:
    """Children of that age where given, else residents, else children of the other age."""
    for column in (AGE_COLUMNS[stage], "population", *AGE_COLUMNS.values()):
        people = _people(study, column)
        if people.sum() > 0:
            return people
    raise AssertionError("a study with enrolment has people somewhere")


def pupils_method(study: Study, policy: Policy) -> str:
    """Return where the pupils come from, in one plain sentence."""
    source = pupils_source(study, policy)
    if source == "grades":
        return "Pupils as given by grade in the settlements layer."
    if source == "ages":
        given = [name for name in AGE_COLUMNS.values() if name in study.settlements]
        return f"Children by age ({' and '.join(given)} of the settlements layer), spread evenly over the grades."
    if source == "residents":
        share = policy.demand.pupil_share
        shares = ", ".join(f"{100 * share[band]:g} % {band}" for band in BANDS)
        towns = len(policy.demand.town_pupil_share)
        own = f"; {towns} towns have shares of their own" if towns > 1 else "; one town has shares of its own"
        return f"Residents times the policy's shares of pupils ({shares}{own if towns else ''})."
    enrolled = _enrolled(study)
    count = int((enrolled.sum(axis=1) > 0).sum())
    what = f"{enrolled.sum():,.0f} pupils enrolled at {count:,} schools, spread over the settlements"
    if policy.demand.spread == "nearest":
        return f"{what} nearest to each school, in proportion to {_weighed_by(study)}."
    halving = policy.demand.gravity_halving_km
    return f"{what} by {_weighed_by(study)} and distance (the pull halves every {halving:g} km)."


def _weighed_by(study: Study) -> str:
    by_age = any(_people(study, name).sum() > 0 for name in AGE_COLUMNS.values())
    return "children of that age" if by_age else "residents"
