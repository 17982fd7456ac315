"""The forecast as a value: tables by settlement, town and county, the study of each year, words and pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.ahead.forecast_entry import Entry
from layoutopt.ahead.forecast_inputs import Places
from layoutopt.ahead.forecast_rates import Rates
from layoutopt.ahead.forecast_run import Year
from layoutopt.ahead.forecast_study import study_of
from layoutopt.demand.reconcile import summed
from layoutopt.demand.spread import whole
from layoutopt.errors import AskError, InputError, Problem
from layoutopt.io.folders import written_aside
from layoutopt.plan.studycopy import write_study
from layoutopt.schema import PUPIL_COLUMNS
from layoutopt.study import Study

FIGURES = [*PUPIL_COLUMNS, "pupils", "low", "high"]
OWNED = ("forecast.csv", "forecast_towns.csv", "forecast_county.csv", "forecast_rates.csv", "forecast.svg")
MARKER = "forecast.txt"
"""Files of a forecast's folder; the last tells that a folder is one, which a study with a forecast is not."""
FEW = 8
"""Rows of the county a printed forecast shows."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """Pupils of later years; ``table`` by settlement, ``towns`` and ``county`` are its sums, grade by grade.

    ``low`` and ``high`` hold the pupils of all grades in the share ``band`` of cases, ``sd`` is the standard deviation
    they come from, ``given`` tells rows with figures of the study's own forecast. ``rates`` are the yearly rates from
    each grade to the next by town; ``course`` has the pupils of every year gone through, today's among them.
    """

    base: Study
    years: tuple[int, ...]
    table: pd.DataFrame
    towns: pd.DataFrame
    county: pd.DataFrame
    rates: pd.DataFrame
    band: float
    basis: tuple[str, ...]
    course: dict[int, pd.DataFrame] = field(repr=False)
    young: dict[int, pd.Series] = field(repr=False)

    def study(self, year: int) -> Study:
        """Return the study as it may be in ``year``: its pupils, enrolments, children under school age and history.

        Raises
        ------
        AskError
            The forecast does not reach that year.
        InputError
            The seats do not suffice for the pupils of that year.
        """
        if year == self.base.year:
            return self.base
        if year not in self.course:
            raise AskError(f"The forecast has no year {year}. It knows {min(self.course) + 1} to {max(self.course)}.")
        pupils = {then: table for then, table in self.course.items() if then <= year}
        words = f"The pupils of {year} are a forecast made from those of {self.base.year}."
        return study_of(self.base, pupils, year, young=self.young.get(year), words=words)

    def studies(self) -> dict[int, Study]:
        """Return the study of each year asked for."""
        return {year: self.study(year) for year in self.years}

    def plot(self, where: str | None = None, *, ax: Any = None) -> Any:
        """Draw fans: of the county and its largest towns, or of one (``"county"`` or a town); return the axes.

        Raises
        ------
        AskError
            No town has that name.
        MissingExtraError
            matplotlib is not installed.
        """
        from layoutopt.ahead.forecast_plot import draw_all, draw_one

        return draw_all(self) if where is None and ax is None else draw_one(self, where or "county", ax)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The forecast in words: what comes, then what it rests on."""
        return (*self._said(), *self.basis)

    def _said(self) -> Iterator[str]:
        today = self.course[self.base.year or 0]
        last = self.county.iloc[-1]
        before = float(today.to_numpy().sum())
        change = f"{before:,.0f} pupils in {self.base.year}, {last['pupils']:,.0f} in {last['year']:.0f}"
        band = f"in {self.band:.0%} of cases {last['low']:,.0f} to {last['high']:,.0f}"
        yield f"{self.base.name}: {change} ({_change(before, last['pupils'])}); {band}."
        first = float(today["g1"].sum())
        yield f"The first grade goes from {first:,.0f} to {last['g1']:,.0f} ({_change(first, last['g1'])})."
        yield from self._towns_said(today, int(last["year"]))
        given = self.table[self.table["given"]]
        if len(given):
            places, years = given["settlement_id"].nunique(), sorted(set(given["year"]))
            yield (
                f"Figures of {places} settlement{'' if places == 1 else 's'} in {', '.join(map(str, years))} stand as "
                "the study's own forecast gives them; their bands are those our own figures would have."
            )

    def _towns_said(self, today: pd.DataFrame, year: int) -> Iterator[str]:
        names = self.base.settlements["town"].replace("", "no town")
        before = today.sum(axis=1).groupby(names).sum()
        after = self.towns[self.towns["year"] == year].set_index("town")["pupils"]
        change = (after / before.where(before > 0) - 1).dropna()
        if len(change) > 1:
            low, high = change.idxmin(), change.idxmax()
            yield f"By town all grades change by {change[low]:+.0%} ({low}) to {change[high]:+.0%} ({high})."

    def to_dict(self) -> dict[str, Any]:
        """Return sentences and tables as plain values, as JSON knows them."""
        tables = {name: json.loads(getattr(self, name).to_json(orient="records")) for name in TABLES}
        return {"years": list(self.years), "band": self.band, "sentences": list(self.sentences), **tables}

    def to_folder(self, folder: str | Path, *, studies: bool = False) -> Path:
        """Write forecast.csv (which a study takes as its layer ``forecast``), towns, county and rates, and the fans.

        With ``studies`` the study of each year too, in a folder of its own: study_2027 and so on. The folder appears
        whole or not at all; one that holds other files is refused.
        """
        target = Path(folder)
        there = [name for name in (f"study_{year}" for year in self.years) if studies and (target / name).exists()]
        if there:
            raise InputError([Problem(str(target / name), "it is there already", "Delete it first.") for name in there])
        with written_aside(target, owned=(*OWNED, MARKER), marker=MARKER) as aside:
            for year, study in self.studies().items() if studies else ():
                write_study(study, aside / f"study_{year}")
            self.table.drop(columns=["town", "given"]).to_csv(aside / "forecast.csv", index=False, float_format="%.8g")
            for name in ("towns", "county", "rates"):
                getattr(self, name).to_csv(aside / f"forecast_{name}.csv", index=False, float_format="%.8g")
            (aside / MARKER).write_text("\n".join([*self.sentences, ""]), "utf-8", newline="\n")
            if picture := self._picture():
                (aside / "forecast.svg").write_text(picture, "utf-8", newline="\n")
        return target

    def _picture(self) -> str:
        from layoutopt.ahead.forecast_plot import fans_svg
        from layoutopt.errors import MissingExtraError

        try:
            return fans_svg(self)
        except MissingExtraError:
            return ""

    def __str__(self) -> str:
        shown = self.county[["year", "pupils", "low", "high", "g1"]].head(FEW)
        table = shown.to_string(index=False, float_format=lambda value: f"{value:,.0f}")
        return "\n".join([*self.sentences, table])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        table = self.county[["year", *FIGURES]].to_html(
            index=False, float_format=lambda value: f"{value:,.0f}", border=0
        )
        return f"<ul>{words}</ul>{table}{self._picture()}"


TABLES = ("table", "towns", "county", "rates")


def _change(before: float, after: float) -> str:
    return f"{after / before - 1:+.1%}" if before > 0 else "from none"


def tables_of(
    study: Study, places: Places, course: tuple[Year, ...], rates: Rates, entry: Entry, *, years: tuple[int, ...],
    band: float, words: tuple[str, ...],
) -> Forecast:  # fmt: skip
    """Return the forecast of the ``years`` asked for from all years gone through."""
    wide = NormalDist().inv_cdf(0.5 + band / 2)
    names = np.array(places.towns, dtype=object)
    own, towns, county = [], [], []
    for at in (found for found in course if found.year in years):
        part = _rows(at.pupils, at.sd, at.year, wide).assign(given=at.given.any(axis=1))
        own.append(part.assign(settlement_id=places.ids, town=names[places.town]))
        sums = summed(at.pupils, places.town, len(names))
        towns.append(_rows(sums, at.town_sd, at.year, wide).assign(town=names))
        county.append(_rows(at.pupils.sum(axis=0)[None, :], np.array([at.county_sd]), at.year, wide))
    steps = pd.DataFrame(rates.town, columns=[f"g{g}_to_g{g + 1}" for g in range(1, len(PUPIL_COLUMNS))])
    frames = {at.year: pd.DataFrame(at.pupils, places.ids, list(PUPIL_COLUMNS)) for at in course}
    today = pd.DataFrame(places.pupils, places.ids, list(PUPIL_COLUMNS))
    return Forecast(
        base=study,
        years=years,
        table=pd.concat(own, ignore_index=True)[["settlement_id", "town", "year", *FIGURES, "sd", "given"]],
        towns=pd.concat(towns, ignore_index=True)[["town", "year", *FIGURES, "sd"]],
        county=pd.concat(county, ignore_index=True)[["year", *FIGURES, "sd"]],
        rates=steps.assign(town=names)[["town", *steps.columns]],
        band=band,
        basis=words,
        course={places.year: today, **frames},
        young=_young(study, places, entry, [at.year for at in course]),
    )


def _rows(pupils: np.ndarray[Any, Any], sd: np.ndarray[Any, Any], year: int, wide: float) -> pd.DataFrame:
    total = pupils.sum(axis=1)
    low = np.maximum(np.floor(total - wide * sd), 0.0)
    figures = {"year": year, "pupils": total, "low": low, "high": np.ceil(total + wide * sd), "sd": sd}
    return pd.DataFrame(pupils, columns=list(PUPIL_COLUMNS)).assign(**figures)


def _young(study: Study, places: Places, entry: Entry, years: list[int]) -> dict[int, pd.Series]:
    """Children under school age in later years: those of the next first grades; none where not known today."""
    if "age_0_6" not in study.settlements:
        return {}
    found = {}
    for year in years:
        since = year - places.year
        children = entry.classes[:, since : since + entry.small].sum(axis=1)
        found[year] = pd.Series(whole(children), index=places.ids)
    return found
