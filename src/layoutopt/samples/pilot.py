"""The Jiangxi pilot as made-up counties: fourteen of different size whose totals can meet the published ones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from layoutopt.demand.spread import apportion
from layoutopt.errors import InputError, Problem
from layoutopt.samples.county import County, Size, make_county
from layoutopt.samples.shape import Shape
from layoutopt.samples.staffing import TINY
from layoutopt.samples.write import write_county
from layoutopt.schema import PUPIL_COLUMNS

COUNTIES = 14
VILLAGE_SCHOOLS = 810
"""Village schools of all counties, our guess: the pilot says how many closed, not how many there were."""
BIG = 140
"""Yujiang had 147 small schools."""
RURAL = Shape(
    seat_pupils=0.33, town_pupils=0.25, near_town=0.5, near_school=0.4, scattered=0.1, village_weight=1.0, uneven=0.5,
    thins_km=20.0, seat_schools=0.02, town_juniors=0.0, primary_towns=0.0, after_school=0.6, home=1.0,
)  # fmt: skip
"""Few pupils and many tiny schools, most of them a quarter of an hour from a town: villages without children."""


@dataclass(frozen=True, eq=False)
class Pilot:
    """The generated counties of one pilot, biggest first, and the seed they come from."""

    counties: tuple[County, ...]
    seed: int

    @property
    def table(self) -> pd.DataFrame:
        """A row a county: its size, and the schools under 30 and under 100 pupils with their pupils and teachers."""
        return pd.DataFrame([_row(county) for county in self.counties])

    @property
    def digests(self) -> tuple[str, ...]:
        """A short hash of each county, by which a stored result tells whether it is still of this county."""
        return tuple(_digest(county) for county in self.counties)

    def to_folder(self, folder: str | Path) -> tuple[Path, ...]:
        """Write a study folder for each county, ``county_01`` and so on, and return their paths."""
        target = Path(folder)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError([Problem(str(folder), "it already exists and is not empty", "Give a new folder.")])
        return tuple(write_county(each, target / f"county_{at:02d}") for at, each in enumerate(self.counties, start=1))

    def __repr__(self) -> str:
        table = self.table
        return (
            f"<Pilot {self.seed}: {len(self.counties)} counties, {table['schools'].sum():,} schools, "
            f"{table['under_30'].sum():,} of them under 30 pupils with {table['pupils_in_them'].sum():,} pupils "
            f"and {table['teachers_in_them'].sum():,} teachers>"
        )

    def _repr_html_(self) -> str:
        return f"<p>{repr(self)[1:-1]}</p>{self.table.to_html(index=False)}"


def generate_pilot(seed: int = 0) -> Pilot:
    """Return fourteen made-up counties that together are of the size of the Jiangxi pilot of 2023.

    Sizes, density and remoteness differ from county to county; one is as big as Yujiang. The number of village
    schools is set, so that the published totals can be met; which of them closes is for the solver to find. Where
    they lie, who attends them, and what hubs and buildings there are is chance, as in :func:`generate_county`.

    Examples
    --------
    >>> pilot = generate_pilot()  # doctest: +SKIP
    >>> folders = pilot.to_folder("out/pilot")  # doctest: +SKIP
    """
    rng = np.random.default_rng([seed, COUNTIES])
    weight = np.sort(rng.uniform(0.3, 1.4, COUNTIES - 1))[::-1]
    villages = [BIG, *apportion(VILLAGE_SCHOOLS - BIG, weight).astype(int)]
    made = []
    for number, schools in enumerate(villages, start=1):
        own = int(rng.integers(2**31))
        size, shape = _drawn(int(schools), rng)
        made.append(make_county(size, shape, name=f"Pilot county {number:02d}", seed=own))
    return Pilot(tuple(made), seed)


def _drawn(villages: int, rng: np.random.Generator) -> tuple[Size, Shape]:
    """The size and shape of a county with about ``villages`` village schools."""
    towns = max(2, round(villages / rng.uniform(11.0, 14.0)))
    area_km2 = villages * rng.uniform(4.5, 7.5)
    shape = replace(
        RURAL, remote=rng.uniform(0.05, 0.2), near_min=rng.uniform(10.0, 13.0), villages_served=rng.uniform(0.25, 0.5)
    )
    schools = round((villages + towns) / (1 - shape.seat_schools))
    settlements = round(villages * 1.3) + 2 * towns
    pupils = round(villages * rng.uniform(28.0, 34.0))
    teachers = round(3.5 * villages + 0.066 * (pupils - 8.5 * villages))
    return Size(settlements, schools, pupils, towns, area_km2, teachers), shape


def _row(county: County) -> dict[str, object]:
    schools = county.schools
    pupils = schools[list(PUPIL_COLUMNS)].sum(axis=1)
    small = pupils < TINY
    return {
        "county": county.name,
        "area_km2": round(county.towns.area.sum() / 1e6),
        "towns": len(county.towns),
        "settlements": len(county.settlements),
        "pupils": int(pupils.sum()),
        "schools": len(schools),
        "under_30": int(small.sum()),
        "under_100": int((pupils < 100).sum()),
        "pupils_in_them": int(pupils[small].sum()),
        "teachers_in_them": int(schools.loc[small, "teachers"].sum()),
    }


def _digest(county: County) -> str:
    """Of all tables a plan depends on, and of coordinates to a decimetre; the towns' areas decide nothing."""
    found = hashlib.sha256()
    for layer in (county.settlements, county.schools, county.roads, county.staff, county.history, county.facilities):
        if layer is None:
            continue
        if "geometry" in layer:
            found.update((np.round(shapely.get_coordinates(layer["geometry"]), 1) + 0.0).astype("<f8").tobytes())
        cells = layer.drop(columns="geometry", errors="ignore")
        found.update(str(cells.to_csv(index=False, lineterminator="\n")).encode())
    return found.hexdigest()[:12]
