"""Every rule between the years recomputed from the plans alone: an empty table says that the phasing keeps them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.phase_tables import Plans, riders, steps, twice_moved, vehicles, year_table
from layoutopt.errors import SolverError
from layoutopt.model.copies_between import lead_years
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.plan.tables import levels_of
from layoutopt.policy.norms import merges_wanted
from layoutopt.schema import STAGES
from layoutopt.today import school_facts

COLUMNS = ["rule", "year", "place", "message"]
TOLERANCE = 1e-6
LIMITED = {
    "closures_per_year": ("closes", "schools close"),
    "moved_pupils_per_year": ("moved_pupils", "pupils change school"),
    "capital_per_year_cny": ("capital_paid_cny", "CNY are spent on buildings"),
    "teacher_moves_per_year": ("teachers_gone", "posts are lost at schools that close or shrink"),
}
"""The limits as the table of years has them; that on buses speaks of the riders expected, not of the lines drawn."""
SHOWN = 10
FULL = 2
RANK = {"hub": FULL, "full": FULL, "teaching_point": 1, "closed": 0, "not_built": 0}
Found = tuple[str, int, str, str]


def check_phasing(plans: Plans, basis: Basis) -> pd.DataFrame:
    """Return what the plans break of the rules between years: ``rule, year, place, message``."""
    found = [*_states(plans, basis), *_built(plans, basis), *_limits(plans, basis), *_shares(plans, basis)]
    found += _buses(plans, basis)
    if basis.horizon.asked.move_once:
        last = list(plans)[-1]
        found += [("moved_once", last, item, f"{item} changes school twice.") for item in twice_moved(plans)]
    return pd.DataFrame(found, columns=COLUMNS)


def check_kept(problems: pd.DataFrame) -> None:
    """Raise ``SolverError`` for a phasing that breaks a rule between its years: it is never presented as one."""
    if len(problems):
        lines = "\n".join(f"  {row.rule} in {row.year}: {row.message}" for row in problems.head(SHOWN).itertuples())
        raise SolverError(f"The phasing found fails {len(problems)} checks of its years and is not returned:\n{lines}")


def lines_beyond(plans: Plans, basis: Basis) -> list[str]:
    """Return a sentence for each year whose lines, as drawn, use more vehicles than the limit of buses expects."""
    may = _buses_by_year(basis)
    return [
        f"In {year} the lines as drawn use {vehicles(plans[year])} vehicles; new_buses_per_year, which counts "
        f"{basis.horizon.asked.riders_per_bus:g} riders a bus, lets {most:.1f} be there."
        for year, most in may.items()
        if vehicles(plans[year]) > np.ceil(most - TOLERANCE)
    ]


def _buses_by_year(basis: Basis) -> dict[int, float]:
    """The most buses there may be in each open year: those before, and what may be bought each year until then."""
    h = basis.horizon
    bought = [h.asked.limits.of("new_buses_per_year", year) for year in h.years[h.again :]]
    most = h.asked.buses[h.years[h.again] - 1] + np.cumsum([np.inf if one is None else one for one in bought])
    return dict(zip(h.years[h.again :], most.tolist(), strict=True))


def _buses(plans: Plans, basis: Basis) -> Iterator[Found]:
    for year, most in _buses_by_year(basis).items():
        needed = riders(plans[year]) / basis.horizon.asked.riders_per_bus
        if needed > most + TOLERANCE * max(1.0, most):
            yield "new_buses_per_year", year, "county", f"Riders need {needed:.1f} buses; {most:.1f} may be there."


def _states(plans: Plans, basis: Basis) -> Iterator[Found]:
    for year, before, after in steps(plans):
        for code in after.index:
            was, now = (RANK[str(table.loc[code, "role"])] for table in (before, after))
            exists = pd.notna(after.loc[code, "pupils_before"])
            if exists and now > was and not basis.horizon.asked.reopen:
                yield "stays_closed", year, str(code), f"{code} was {before.loc[code, 'role']} the year before."
            if not exists and now < was:
                yield "stays_closed", year, str(code), f"{code} was built and is given up."
            taught = [_bands(table.loc[code]) for table in (before, after)]
            if exists and was == now == FULL and taught[1] - taught[0] and not basis.horizon.asked.reopen:
                yield (
                    "stays_closed",
                    year,
                    str(code),
                    f"{code} takes up {', '.join(sorted(taught[1] - taught[0]))} again.",
                )


def _bands(row: pd.Series) -> set[str]:
    return set(str(row["bands"]).split("+"))


def _built(plans: Plans, basis: Basis) -> Iterator[Found]:
    data = basis.horizon.copies[0].data
    keys = [tuple(label) for label in data.frame.each("level").labels]
    leads = dict(zip(keys, lead_years(data, basis.horizon.asked), strict=True))
    first, begun = basis.horizon.years[basis.horizon.again], basis.horizon.asked.begun
    for year, before, after in steps(plans):
        for code in after.index:
            for stage in STAGES:
                then, now = (set(levels_of(table.loc[code, f"level_{stage}"])) for table in (before, after))
                for level in sorted(then - now):
                    yield "stays_built", year, str(code), f"Level {level} ({stage}) of {code} is gone."
                for level in sorted(now - then):
                    key = (code, stage, level)
                    ready = begun[key][1] if key in begun else first + leads[key]
                    if first <= year < ready:
                        yield "build_first", year, str(code), f"Level {level} ({stage}) of {code} cannot be ready."
    for (place, stage, level), (when, ready) in begun.items():
        for year in [year for year in plans if year >= max(first, ready)]:
            if level not in levels_of(plans[year].schools.set_index("school_id").loc[place, f"level_{stage}"]):
                yield "build_first", year, place, f"Level {level} ({stage}) of {place}, begun in {when}, is not there."


def _limits(plans: Plans, basis: Basis) -> Iterator[Found]:
    table = year_table(plans, basis).set_index("year")
    for name, (column, words) in LIMITED.items():
        for year in basis.horizon.years[basis.horizon.again :]:
            most, count = basis.horizon.asked.limits.of(name, year), float(table.loc[year, column])
            if most is not None and count > most + TOLERANCE * max(1.0, most):
                rule = name.removesuffix("_cny")
                yield rule, year, "county", f"{count:,.0f} {words}; {most:,.0f} may."


def _shares(plans: Plans, basis: Basis) -> Iterator[Found]:
    first = basis.found[0]
    facts = school_facts(first.study, first.policy)
    counted = facts.index[facts["counted"]]
    for year, share in basis.horizon.asked.merge_shares.items():
        if year in basis.horizon.years[basis.horizon.again :]:
            roles = plans[year].schools.set_index("school_id")["role"].reindex(counted)
            merged = int((~roles.isin(OPEN_ROLES)).sum())
            wanted = merges_wanted(len(counted), first.policy.replace(merge_share=share))
            if merged < wanted:
                yield "merge_share_of_year", year, "county", f"{merged} of {len(counted)} merge; {wanted} must."
