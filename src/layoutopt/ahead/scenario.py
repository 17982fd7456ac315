"""One possible future: more or fewer children, slower roads, other choices; a study and a policy changed by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.demand.spread import whole
from layoutopt.errors import InputError, PolicyError, Problem, nearest
from layoutopt.policy import Policy
from layoutopt.policy.fields import ByBand
from layoutopt.policy.policy import groups_of_keys
from layoutopt.pupils import pupils_of, pupils_source
from layoutopt.schema import GRADES, PUPIL_COLUMNS
from layoutopt.study import Study

Array = NDArray[np.float64]
SPEEDS = (
    "walk_kmh", "bus_kmh", "bus_other_kmh", "bus_legal_max_kmh", "bus_motorway_max_kmh", "bus_danger_max_kmh",
    "straight_bus_kmh", "ferry_kmh",
)  # fmt: skip
"""Keys of the policy's travel group that a slower season divides; legal limits too, or minutes there would not grow."""
LIMITS: dict[str, tuple[float, float]] = {"births": (-1.0, 5.0), "pupils": (0.0, 10.0), "travel": (0.1, 10.0)}
"""The least and most a number of a scenario may be; whatever lies beyond is a slip of the pen."""


@dataclass(frozen=True)
class Scenario:
    """One possible future.

    Parameters
    ----------
    weight
        How likely it is beside the others; only the ratio counts.
    births
        Change of the number of children born, as a share: −0.2 is a fifth fewer. It counts for the grades whose
        children enter school after the study's own year (grades 1 to k in the k-th year after it), and for every
        grade where no year is asked for.
    pupils
        Factor on all pupils, today's enrolments with them.
    travel
        Factor on the minutes of every way, on foot and by bus: 1.2 in a wet season.
    towns
        Factors on the pupils of single towns, beside ``pupils``.
    policy
        Keys of the policy with other values.
    """

    name: str = "base"
    weight: float = 1.0
    births: float = 0.0
    pupils: float = 1.0
    travel: float = 1.0
    towns: Mapping[str, float] = field(default_factory=dict)
    policy: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found = _problems(self)
        if found:
            raise InputError(found)

    def apply(self, study: Study, policy: Policy, *, base_year: int | None = None) -> tuple[Study, Policy]:
        """Return the study and the policy of this future.

        Parameters
        ----------
        base_year
            The year of which pupils are known, where ``study`` is of a later one.

        Raises
        ------
        InputError
            A town that the study does not have, or more pupils than there are places.
        PolicyError
            A policy that contradicts itself after the change.
        """
        changed = policy.replace(**self.policy)
        slow, study = _slower(changed, self.travel), _longer(study, self.travel)
        by_grade = self._by_grade(study, base_year)
        if not self.towns and bool((by_grade == 1.0).all()):
            return study, slow
        study, given = _peopled(study, changed, by_grade, self.towns)
        return study, slow if given == changed.demand.method else slow.replace(method=given)

    def _by_grade(self, study: Study, base_year: int | None) -> Array:
        born = np.ones(len(GRADES))
        later = study.year is not None and base_year is not None
        entered = study.year - base_year if later else len(GRADES)  # type: ignore[operator]
        born[: max(entered, 0)] += self.births
        return born * self.pupils


def read_scenario(name: str, given: Any, *, file: str = "scenarios") -> tuple[Scenario | None, list[Problem]]:
    """Return the scenario that a table of a TOML file describes, or every problem of it."""
    where, known = f"{file} [{name}]", [one.name for one in fields(Scenario) if one.name != "name"]
    if not isinstance(given, Mapping):
        return None, [Problem(f"{file} {name} = {given!r}", "is no table", "Write { births = -0.2 }, for example.")]
    problems = [
        Problem(f"{where} {key}", "unknown key", f"{nearest(key, known)} Known: {', '.join(known)}.".strip())
        for key in given
        if key not in known
    ]
    try:
        found = Scenario(name=name, **{key: value for key, value in given.items() if key in known})
    except InputError as error:
        return None, [Problem(f"{file} {one.where}", one.what, one.cure) for one in error.problems] + problems
    return (None if problems else found), problems


def _problems(one: Scenario) -> list[Problem]:
    """What is wrong with the numbers and names of a scenario."""
    found = []
    numbers: dict[str, tuple[Any, float, float]] = {key: (getattr(one, key), *limits) for key, limits in LIMITS.items()}
    numbers["weight"] = (one.weight, 0.0, np.inf)
    if isinstance(one.towns, Mapping):
        numbers |= {f"towns.{town}": (factor, *LIMITS["pupils"]) for town, factor in one.towns.items()}
    for key, (value, least, most) in numbers.items():
        real = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (real and least <= value <= most):
            span = f"from {least:g} to {most:g}" if most < np.inf else f"of {least:g} or more"
            found.append(Problem(f"[{one.name}] {key} = {value!r}", "cannot be used", f"Give a number {span}."))
    for key in ("towns", "policy"):
        if not isinstance(getattr(one, key), Mapping):
            found.append(Problem(f"[{one.name}] {key}", "is no table", f"Write {key} = {{ name = value }}."))
    if isinstance(one.policy, Mapping):
        unknown = [key for key in one.policy if key not in groups_of_keys()]
        found += [
            Problem(f"[{one.name}] policy.{key}", "unknown key", nearest(key, groups_of_keys()).strip())
            for key in unknown
        ]
        try:
            Policy().replace(**{key: one.policy[key] for key in one.policy if key not in unknown})
        except PolicyError as error:
            found.append(Problem(f"[{one.name}] policy", str(error)))
    return found


def _slower(policy: Policy, factor: float) -> Policy:
    """The policy with every speed divided by ``factor``, and the wait for a ferry as much longer."""
    if factor == 1.0:
        return policy
    changes: dict[str, Any] = {"ferry_wait_min": policy.travel.ferry_wait_min * factor}
    for key in SPEEDS:
        value = getattr(policy.travel, key)
        if isinstance(value, ByBand):
            changes[key] = {band: kmh / factor for band, kmh in value.model_dump().items()}
        else:
            changes[key] = {k: kmh / factor for k, kmh in value.items()} if isinstance(value, dict) else value / factor
    return policy.replace(**changes)


def _longer(study: Study, factor: float) -> Study:
    """The study with its roads' own speeds and its own travel table slower by ``factor``."""
    if factor == 1.0:
        return study
    changes: dict[str, Any] = {}
    if study.roads is not None and "speed_kmh" in study.roads:
        changes["roads"] = study.roads.assign(speed_kmh=study.roads["speed_kmh"].astype(float) / factor)
    if study.travel is not None:
        changes["travel"] = study.travel.assign(minutes=study.travel["minutes"].astype(float) * factor)
    return replace(study, **changes) if changes else study


def _peopled(study: Study, policy: Policy, by_grade: Array, towns: Mapping[str, float]) -> tuple[Study, str]:
    """The study with pupils multiplied, whole and each grade's total kept, and the method that reads them.

    Pupils known by enrolment stay known by it, so that today's attendance is found in the same way as before.
    """
    _check_towns(study, towns)
    source, method = pupils_source(study, policy), policy.demand.method
    schools = study.schools
    if any(name in schools for name in PUPIL_COLUMNS):
        schools = _multiplied(schools, schools.reindex(columns=list(PUPIL_COLUMNS)), by_grade, towns)
    if source == "enrolment":
        return replace(study, schools=schools), method
    settlements = _multiplied(study.settlements, pupils_of(study, policy), by_grade, towns)
    return replace(study, schools=schools, settlements=settlements), "auto" if method == "auto" else "given"


def _multiplied(layer: Any, pupils: pd.DataFrame, by_grade: Array, towns: Mapping[str, float]) -> Any:
    """The layer with these pupils times the factors; cells not known stay so."""
    factor = layer["town"].map(towns).fillna(1.0).to_numpy(float) if towns else np.ones(len(layer))
    changes = {}
    for at, name in enumerate(PUPIL_COLUMNS):
        before = pupils[name].to_numpy(float, na_value=np.nan)
        after = before.copy()
        known = ~np.isnan(before)
        after[known] = whole(before[known] * factor[known] * by_grade[at])
        if known.any():
            changes[name] = after
    return layer.assign(**changes)


def _check_towns(study: Study, towns: Mapping[str, float]) -> None:
    known = sorted(set(study.settlements["town"]) - {""})
    problems = [
        Problem(
            f"towns.{town}", f"no settlement of {study.name} is in a town of this name", nearest(town, known).strip()
        )
        for town in towns
        if town not in known
    ]
    if problems:
        raise InputError(problems)
