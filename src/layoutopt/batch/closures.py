"""How often each school closes over many runs: the closures that stand whatever comes, and the schools that stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from layoutopt.errors import AskError, MissingExtraError

if TYPE_CHECKING:
    import geopandas as gpd

CLOSES, STAYS, DEPENDS = "closes in every run", "stays in every run", "depends"
COLOURS = {CLOSES: "#b2182b", DEPENDS: "#f4a582", STAYS: "#2166ac"}
SHARE_WORDS = "share of the runs in which the school closes"


@dataclass(frozen=True, eq=False)
class Closures:
    """How often each school that is there today closes, a row a school (and value of ``by``), as a map layer.

    ``table`` has ``study, school_id, name, town, pupils_before, runs, closed, share, robust`` and the point in
    degrees: in ``closed`` of ``runs`` it closes; ``share`` weighs the runs by their scenarios; ``robust`` says whether
    it closes in every run, stays in every run, or depends.
    """

    table: gpd.GeoDataFrame
    by: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.table)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The closures in words."""
        return tuple(_said(self.table, self.by))

    def to_file(self, path: str | Path) -> Path:
        """Write the layer as GeoPackage, GeoJSON or shapefile after the ending of ``path``."""
        target = Path(path)
        if target.suffix.lower() not in (".gpkg", ".geojson", ".shp"):
            raise AskError(f"{target}: write a .gpkg, .geojson or .shp file.")
        target.parent.mkdir(parents=True, exist_ok=True)
        self.table.to_file(target, engine="pyogrio")
        return target

    def plot(self, *, study: str | None = None, ax: Any = None) -> Any:
        """Draw the schools of one study, coloured by how often they close; return the matplotlib axes."""
        try:
            import matplotlib.pyplot as plt
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        names = list(dict.fromkeys(self.table["study"]))
        if (study is None and len(names) > 1) or (study is not None and study not in names):
            raise AskError(f"Name one study to draw: {', '.join(names)}.")
        own = self.table if study is None else self.table[self.table["study"] == study]
        ax = plt.subplots(figsize=(6.5, 5.0), layout="constrained")[1] if ax is None else ax
        size = 12 + own["pupils_before"].fillna(0.0).clip(upper=1_000).to_numpy(float) * 0.4
        dots = ax.scatter(
            own.geometry.x, own.geometry.y, c=own["share"], s=size, cmap="RdBu_r", vmin=0, vmax=1, edgecolors="#444",
            linewidths=0.6,
        )  # fmt: skip
        ax.figure.colorbar(dots, ax=ax, label=SHARE_WORDS)
        ax.set_aspect(1.0 / max(0.1, abs(_cosine(own))))
        ax.set_xlabel("longitude")
        ax.set_ylabel("latitude")
        return ax

    def __str__(self) -> str:
        rows = self.table[self.table["closed"] > 0].drop(columns="geometry")
        return "\n".join([*self.sentences, rows.to_string(index=False, float_format="{:.2f}".format)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        table = pd.DataFrame(self.table.drop(columns="geometry"))
        return f"<ul>{words}</ul>{table.to_html(index=False, max_rows=60)}"


def _cosine(table: Any) -> float:
    import numpy as np

    return float(np.cos(np.radians(table.geometry.y.mean()))) if len(table) else 1.0


def closures_of(schools: gpd.GeoDataFrame, by: tuple[str, ...]) -> Closures:
    """Return how often each school of ``Results.schools`` closes, for every value of ``by`` apart."""
    import geopandas as gpd

    keys = ["study", "school_id", *by]
    facts = ["name", "town", "pupils_before"]
    if schools.empty:
        columns = [*keys[:2], *facts, *by, "runs", "closed", "share", "robust", "geometry"]
        return Closures(gpd.GeoDataFrame(columns=columns, geometry="geometry", crs="EPSG:4326"), by)
    today = schools[schools["role"] != "not_built"]
    today = today[today.groupby(["study", "school_id"])["pupils_before"].transform("count") > 0]
    closed = (today["role"] == "closed").astype(float)
    rows = today.assign(closed=closed, weighed=closed * today["weight"])
    grouped = rows.groupby(keys, dropna=False, sort=True)
    table = grouped.agg(
        **{name: (name, "first") for name in facts}, runs=("key", "nunique"), closed=("closed", "sum"),
        weighed=("weighed", "sum"), weight=("weight", "sum"), geometry=("geometry", "first"),
    ).reset_index()  # fmt: skip
    table["closed"] = table["closed"].astype(int)
    plain = table["closed"] / table["runs"]
    table["share"] = (table["weighed"] / table["weight"]).where(table["weight"] > 0, plain)
    always, never = table["closed"] == table["runs"], table["closed"] == 0
    table["robust"] = [CLOSES if a else STAYS if n else DEPENDS for a, n in zip(always, never, strict=True)]
    order = ["study", "school_id", *facts, *by, "runs", "closed", "share", "robust", "geometry"]
    return Closures(gpd.GeoDataFrame(table[order], geometry="geometry", crs="EPSG:4326"), by)


def _said(table: gpd.GeoDataFrame, by: tuple[str, ...]) -> Iterator[str]:
    for study, own in table.groupby("study", sort=False):
        over = own.groupby("school_id")[["closed", "runs"]].sum()
        always, never = over.index[over["closed"] == over["runs"]], over.index[over["closed"] == 0]
        depends = len(over) - len(always) - len(never)
        runs = int(over["runs"].max())
        yield (
            f"{study}: over {runs} run{'' if runs == 1 else 's'}, {len(always)} schools close in every one, "
            f"{len(never)} stay in every one, {depends} depend{'s' if depends == 1 else ''}."
        )
        if 0 < len(always) <= 30:
            yield f"  Close whatever comes: {', '.join(always)}."
