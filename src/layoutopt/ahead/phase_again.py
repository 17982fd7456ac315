"""A phasing decided again from some year on: what is past stays as it was, what was begun goes on."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.ahead.phase_basis import Basis, built_of
from layoutopt.ahead.phase_tables import begun_levels, fleet
from layoutopt.ahead.phase_years import Year, check_wishes, made_ahead, same_county, studies_of, years_of
from layoutopt.errors import AskError
from layoutopt.model.copies import joined
from layoutopt.model.copies_between import further_blocks
from layoutopt.model.copies_horizon import Horizon
from layoutopt.model.frame import Array
from layoutopt.progress import Progress, patient_interrupt, reporter
from layoutopt.study import Study

if TYPE_CHECKING:
    from layoutopt.ahead.phase_result import Phasing


def replan(
    phasing: Phasing, year: int, studies: Study | Mapping[int, Study] | None = None, *, forecast: Any = None,
    time_limit_s: float = 900.0, progress: Progress = False, **asked: Any,
) -> Phasing:  # fmt: skip
    """Return the phasing decided again from ``year`` on.

    Parameters
    ----------
    studies
        What is known by then: the study of ``year``, of which a forecast makes the years after it; or a study for
        each year left; None to decide again with what was known before.
    forecast
        A forecast of the one study.
    time_limit_s, progress
        As in :func:`phase`.
    asked
        Other wishes from now on: ``limits, reopen, move_once, merge_shares, build_years``.

    Raises
    ------
    AskError
        A year that is not one of the horizon, or is its first.
    """
    from layoutopt.ahead.phase import phased

    basis = phasing.basis
    years = basis.horizon.years
    if year not in years[1:]:
        raise AskError(f"There is nothing to decide again from {year} on. Give one of {years[1]}-{years[-1]}.")
    known = ("limits", "reopen", "move_once", "merge_shares", "build_years")
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise AskError(f"{unknown[0]} cannot be asked again. Known: {', '.join(known)}.")
    began, at = time.monotonic(), years.index(year)
    found = (*basis.found[:at], *_open_years(basis, at, studies, forecast))
    task_basis = _again(phasing, found, at, asked)
    done = {past: phasing.plans[past] for past in years[:at]}
    with reporter(progress) as report, patient_interrupt() as interrupted:
        task = task_basis.task(deadline=began + time_limit_s, interrupted=interrupted, report=report)
        again = phased(task_basis, task, done)
    return replace(again, run={"seconds": round(time.monotonic() - began, 1)})


def _open_years(basis: Basis, at: int, studies: Study | Mapping[int, Study] | None, forecast: Any) -> tuple[Year, ...]:
    """The years still open, with the hubs of the first year."""
    if studies is None:
        return basis.found[at:]
    left = basis.horizon.years[at:]
    if isinstance(studies, Study):
        if studies.year not in (None, left[0]):
            raise AskError(f"The study {studies.name} is of {studies.year}, not of {left[0]}. Give that of {left[0]}.")
        studies = replace(studies, year=left[0])
    found = studies_of(studies, left, forecast, policy=basis.found[at].chosen)
    same_county({basis.found[0].year: basis.found[0].study, **found})
    hub = basis.found[0].options.schools["hub"].to_numpy(bool)
    named = {year: replace(study, schools=study.schools.assign(hub=hub)) for year, study in found.items()}
    policies = {one.year: one.chosen for one in basis.found[at:]}
    return years_of(named, policies, made=made_ahead(studies, left), skip=basis.skip)


def _again(phasing: Phasing, found: tuple[Year, ...], at: int, asked: Mapping[str, Any]) -> Basis:
    basis = phasing.basis
    old, years = basis.horizon.copies, basis.horizon.years
    begun = {key: when for key, when in begun_levels(phasing.plans, basis).items() if when[0] < years[at]}
    buses = {then: count for then, count in fleet(phasing.plans, basis).items() if then < years[at]}
    wishes = replace(basis.horizon.asked, begun=begun, buses=buses, **asked)
    given = {year: share for year, share in wishes.merge_shares.items() if "merge_shares" in asked}
    check_wishes(wishes.limits, years, merge_shares=given, build_years=wishes.build_years)
    built = [(copy.name, copy.options, copy.model, copy.data) for copy in old.copies[:at]]
    built += built_of(found[at:], skip=basis.skip)
    copies = joined(built, further_blocks(years, [data for *_, data in built], wishes.limits))
    past: Array = np.zeros(copies.frame.width)
    for k in range(at):
        past[copies[k].columns] = phasing.point[old[k].columns]
    for name in copies.further:
        if name in old.further:
            block, then = copies.frame.blocks[name], old.frame.blocks[name]
            values = dict(zip(_keys(then), phasing.point[then.columns], strict=True))
            mine = [values.get(key, 0.0) if int(key[0]) < years[at] else 0.0 for key in _keys(block)]
            past[block.columns] = mine
    horizon = Horizon(years, copies, wishes, again=at)
    return Basis(found, horizon, basis.discount, basis.skip, basis.effort, basis.seed, past)


def _keys(block: Any) -> list[tuple[Any, ...]]:
    return list(block.table[list(block.key)].itertuples(index=False, name=None))
