"""Pupils of later years by cohort survival: grades a year older, first grades from births, bands, whole pupils."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from layoutopt.ahead.forecast_entry import Asked, entry_of
from layoutopt.ahead.forecast_inputs import given_forecast, places_of, share_of, years_of
from layoutopt.ahead.forecast_pairs import pairs_of
from layoutopt.ahead.forecast_rates import rates_of
from layoutopt.ahead.forecast_result import Forecast, tables_of
from layoutopt.ahead.forecast_run import run, totals_of
from layoutopt.ahead.forecast_tables import Given, tables_given
from layoutopt.errors import InputError
from layoutopt.policy import Policy
from layoutopt.pupils import pupils_method, pupils_of
from layoutopt.study import Study


def forecast(
    study: Study,
    years: int | Iterable[int],
    *,
    policy: Policy | None = None,
    births: Given = None,
    enrolment: pd.DataFrame | str | Path | None = None,
    totals: Given = None,
    migration: float | Mapping[str, float] | None = None,
    retention: float | Mapping[int, float] | None = None,
    by: str = "town",
    band: float = 0.8,
    entry_age: int = 6,
    cutoff_month: int = 8,
    damping: float = 0.9,
) -> Forecast:
    """Return the pupils of later years by settlement and grade, with bands; villages, towns and county add up.

    Grade g + 1 of a year is grade g of the year before times a rate r (cohort survival, or grade progression:
    NCES, Projections of Education Statistics, appendix A). r is the ratio of the sums of pupils later and before,
    Σ y / Σ x, over past years and schools, each town's own drawn towards the county's the more, the fewer pupils it
    rests on (Bühlmann and Straub). First grades come from births, else from the children under school age, else from
    the trend of past first grades. Rows of the study's ``forecast`` layer stand as they are.

    Parameters
    ----------
    study
        Its ``year`` is where the forecast starts. Rates are worked out from the layer ``history`` (totals of schools)
        and today's enrolments; without it, from defaults the forecast names.
    years
        Calendar years in which the school years begin, up to 30 years ahead.
    policy
        Says where today's pupils come from, where they are not given by grade; None for the default.
    births
        Children born: by calendar year {2021: 830, …}, or a table or CSV file with ``year``, ``births`` and, where
        they are known, ``town`` or ``settlement_id`` (a settlement that is not listed had none).
    enrolment
        Pupils of earlier years by grade: a table or CSV file with ``year``, ``g1``…``g9`` and, where they are known,
        ``school_id`` (also of schools closed since) or ``town``; an empty grade is one not taught. Wins over
        ``history``, which knows nothing of schools closed since, so that whoever took their pupils seems to grow.
    totals
        Totals to be met: of the county by year, or a table or CSV file with ``year``, ``pupils`` or ``g1``…``g9``,
        and ``town`` (empty for the county; towns by ``pupils`` only).
    migration
        Net share of the pupils who move in (below 0: away) each year, for all or by town; None to take it from
        past enrolments.
    retention
        Share of the pupils of a grade who go on to the next, for all or by grade; None as above.
    by
        What has rates of its own: ``town``, ``settlement`` (by the primary school it attends) or ``county``.
    band
        Share of cases in which the number should lie between ``low`` and ``high``.
    entry_age, cutoff_month
        A child who is ``entry_age`` by the end of this month starts school in that year: six years by the Compulsory
        Education Law, article 11; the end of August is usual. Whoever is younger counts as under school age, the
        column ``age_0_6`` of the settlements.
    damping
        From 0 to 1: how much of a trend of first grades is left each further year.

    Raises
    ------
    AskError
        Years, shares or towns that cannot be.
    InputError
        Tables that cannot be used, or totals that contradict each other; all problems at once.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.forecast(lo.sample("valley"), range(2025, 2031)).county  # doctest: +SKIP
    """
    policy = policy or Policy()
    places = places_of(study, pupils_of(study, policy))
    asked_years, band = years_of(years, study), share_of(band, "band", 0.01, 0.99)
    asked = Asked(*_entry_ages(entry_age, cutoff_month), share_of(damping, "damping", 0.0, 1.0))
    last = asked_years[-1]
    tables = tables_given(places, births=births, enrolment=enrolment, totals=totals)
    given, problems = given_forecast(study, places, last)
    wanted, more = totals_of(tables.totals, places)
    if problems or more:
        raise InputError([*problems, *more])
    pairs = pairs_of(study, places, tables.enrolment)
    rates = rates_of(study, places, pairs, migration=migration, retention=retention, by=by)
    ahead = last - places.year
    entry = entry_of(study, places, rates, births=tables.births, past=pairs.classes, years=ahead, asked=asked)
    course = run(places, rates, entry, years=ahead, given=given, totals=wanted)
    said = (pupils_method(study, policy), *rates.words, *entry.words, *_later_method(policy))
    return tables_of(study, places, course, rates, entry, years=asked_years, band=band, words=said)


def _entry_ages(entry_age: int, cutoff_month: int) -> tuple[int, int]:
    return int(share_of(entry_age, "entry_age", 3, 9)), int(share_of(cutoff_month, "cutoff_month", 0, 12))


def _later_method(policy: Policy) -> tuple[str, ...]:
    """A word where the policy would work later years out from today's residents or enrolments again."""
    if policy.demand.method in ("auto", "given"):
        return ()
    return (f"Plan later years with demand.method = 'auto', not '{policy.demand.method}': they give pupils by grade.",)
