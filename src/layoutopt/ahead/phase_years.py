"""What a phasing starts from: a study and a policy a year that speak of the same county, and today's figures."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import pandas as pd

from layoutopt.errors import AskError, InfeasibleError, InputError, Problem
from layoutopt.fleet import vehicle_types
from layoutopt.model.copies_between import PhaseLimits
from layoutopt.options import Options, build_options
from layoutopt.pipeline.gates import check_options, check_reachable
from layoutopt.plan.today import current_plan
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.today import school_facts

FEWEST, MOST = 2, 12
"""A horizon has so many years: one alone is an ordinary plan, beyond twelve no forecast is worth it."""
Studies = Study | Mapping[int, Study] | Sequence[Study]


@dataclass(frozen=True, eq=False)
class Year:
    """One year: its number, what is known of it, its policy and its options; ``chosen`` is the policy as given."""

    year: int
    study: Study
    policy: Policy
    options: Options
    chosen: Policy

    @property
    def name(self) -> str:
        """The name of its copy."""
        return str(self.year)


def asked_years(years: Iterable[int] | None, given: Studies) -> tuple[int, ...]:
    """Return the years asked for, one after another; those of the studies where none are named.

    Raises
    ------
    AskError
        Too few or too many years, or gaps between them.
    """
    if years is None:
        if isinstance(given, Study):
            raise AskError("A phasing needs its years. Give years=range(2025, 2031), for example.")
        found = sorted(given) if isinstance(given, Mapping) else [_own_year(study) for study in given]
    else:
        found = [int(year) for year in years]
    if not FEWEST <= len(found) <= MOST:
        raise AskError(f"A phasing has {FEWEST} to {MOST} years, not {len(found)}.")
    if any(after != before + 1 for before, after in pairwise(found)):
        raise AskError(f"The years of a phasing follow each other; these do not: {', '.join(map(str, found))}.")
    return tuple(found)


def _own_year(study: Study) -> int:
    if study.year is None:
        raise AskError(f"The study {study.name} has no year. Give a mapping from years to studies.")
    return study.year


def studies_of(
    given: Studies, years: Sequence[int], forecast: object = None, *, policy: Policy | None = None
) -> dict[int, Study]:
    """Return the study of each year: as given, or from a forecast, which is made where none is given.

    ``policy`` says where today's pupils come from, where they are not given by grade.

    Raises
    ------
    AskError
        No study of a year.
    """
    if not isinstance(given, Study):
        found = dict(given) if isinstance(given, Mapping) else {_own_year(study): study for study in given}
        missing = [str(year) for year in years if year not in found]
        if missing:
            raise AskError(f"There is no study of {', '.join(missing)}. Give one a year, or one study and a forecast.")
        return {year: replace(found[year], year=year) for year in years}
    ahead = made_ahead(given, years)
    if forecast is None and ahead:
        from layoutopt.ahead.forecast import forecast as foretold

        forecast = foretold(given, ahead, policy=policy)
    return {year: given if year == given.year else forecast.study(year) for year in years}  # type: ignore[attr-defined]


def made_ahead(given: Studies, years: Sequence[int]) -> list[int]:
    """Return the years that a forecast makes of what is given."""
    return [year for year in years if year != given.year] if isinstance(given, Study) else []


def same_county(studies: Mapping[int, Study]) -> None:
    """Refuse studies that are not of the same places and schools; every problem at once.

    Raises
    ------
    InputError
        Ids, grades taught or candidates that differ from the first year's.
    """
    (first, base), *others = studies.items()
    offers = [f"offers_{band}" for band in BANDS]
    problems = []
    for year, study in others:
        for layer in ("settlements", "schools"):
            ids, known = getattr(study, layer).index, getattr(base, layer).index
            changed = sorted(map(str, ids.symmetric_difference(known)))
            if changed:
                cure = "A school that is built later is a candidate from the first year on."
                cure = cure if layer == "schools" else "Keep a place that is empty, with no pupils."
                what = f"{', '.join(changed[:5])}{' …' if len(changed) > 5 else ''} not in both {first} and {year}"
                problems.append(Problem(f"{layer} of {year}", what, cure))
        if study.schools.index.equals(base.schools.index):
            same = (study.schools[offers] == base.schools[offers]).all(axis=1)
            same &= (study.schools["status"] == "candidate") == (base.schools["status"] == "candidate")
            for code in study.schools.index[~same]:
                cure = "Its grades and whether it is a candidate are those of the first year."
                problems.append(Problem(f"schools of {year} ({code})", f"is another school than in {first}", cure))
        if _levels(study) != _levels(base):
            cure = "An expansion that is possible later stands in every year's table, with its build_years."
            problems.append(Problem(f"expansions of {year}", f"are others than in {first}", cure))
    if problems:
        raise InputError(problems)


def _levels(study: Study) -> list[tuple[object, ...]]:
    """What identifies each expansion and what it costs, in an order of its own."""
    if study.expansions is None:
        return []
    table = study.expansions.reindex(columns=["school_id", "stage", "level", "capital_cny", "build_years"])
    table = table.fillna({"capital_cny": 0.0, "build_years": 0.0})
    return sorted(table.itertuples(index=False, name=None))


def named_hubs(studies: Mapping[int, Study], policy: Policy) -> dict[int, Study]:
    """Return the studies with the hubs of the first year: a hub stays one while its pupils become fewer."""
    first = next(iter(studies))
    hub = school_facts(studies[first], policy)["hub"]
    return {
        year: study if year == first else replace(study, schools=study.schools.assign(hub=hub.to_numpy(bool)))
        for year, study in studies.items()
    }


def years_of(
    studies: Mapping[int, Study], policies: Mapping[int, Policy], *, made: Collection[int] = (),
    skip: Collection[str] = (),
) -> tuple[Year, ...]:  # fmt: skip
    """Return every year with its options; those ``made`` by a forecast take their pupils from it.

    Raises
    ------
    InputError, InfeasibleError
        A year that no plan can serve by itself; the message names it.
    """
    found = []
    for year, study in studies.items():
        policy = readable(policies[year]) if year in made else policies[year]
        try:
            check_reachable(study, policy)
            options = build_options(study, policy, skip=skip)
            check_options(study, policy, options, skip=skip)
        except InfeasibleError as error:
            raise of_year(error, year) from None
        except InputError as error:
            raise InputError([replace(one, where=f"{one.where} in {year}") for one in error.problems]) from None
        found.append(Year(year, study, policy, options, chosen=policies[year]))
    return tuple(found)


def readable(policy: Policy) -> Policy:
    """Return the policy for a year that a forecast made: it gives pupils by grade, whatever they came from before."""
    return policy.replace(method="given") if policy.demand.method in ("enrolment", "residents") else policy


def of_year(error: InfeasibleError, year: int) -> InfeasibleError:
    """Return the error with the year it speaks of."""
    return InfeasibleError(
        f"In {year}: {error}", error.rules, relaxations=error.relaxations, repairs=error.repairs,
        proofs=error.proofs, proven=error.proven,
    )  # fmt: skip


def posts_today(year: Year) -> pd.Series:
    """Return by school the posts that today's pupils need."""
    return current_plan(year.study, year.policy).schools.set_index("school_id")["posts"].astype(float)


def riders_per_bus(year: Year) -> float:
    """Return how many riders a bus is expected to carry."""
    seats = max(kind.seats for kind in vehicle_types(year.study, year.policy))
    return float(seats * year.policy.bus.expected_fill)


def buses_today(year: Year) -> float:
    """Return the buses that today's riders fill; nothing is known of today's own."""
    items = year.options.items
    return float(items.loc[items["today_mode"] == "bus", "pupils"].sum()) / riders_per_bus(year)


def check_wishes(
    limits: PhaseLimits, years: Sequence[int], *, merge_shares: Mapping[int, float],
    **numbers: float | None,
) -> None:  # fmt: skip
    """Refuse limits, shares and other numbers that cannot be, or are of years beyond the horizon; all at once.

    Raises
    ------
    AskError
        Everything that cannot be.
    """
    wrong, span = [], f"{years[0]}-{years[-1]}"
    for year, share in merge_shares.items():
        if year not in years:
            wrong.append(f"merge_shares speaks of {year}, which is no year of {span}.")
        if not (_is_number(share) and 0 <= share <= 1):
            wrong.append(f"merge_shares of {year} = {share!r}: give a share from 0 to 1.")
    wrong += [
        f"{name} = {value!r}: give a number of 0 or more."
        for name, value in numbers.items()
        if value is not None and not (_is_number(value) and 0 <= value < np.inf)
    ]
    for name in PhaseLimits.names():
        value = getattr(limits, name)
        given = value if isinstance(value, Mapping) else {} if value is None else {years[0]: value}
        for year, most in given.items():
            if year not in years:
                wrong.append(f"{name} speaks of {year}, which is no year of {span}.")
            if not (_is_number(most) and most >= 0):
                wrong.append(f"{name} = {most!r}: give a number of 0 or more.")
    if wrong:
        raise AskError(" ".join(wrong))


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)
