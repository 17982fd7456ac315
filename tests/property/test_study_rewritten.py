"""The same facts in other files, words, encodings and coordinate systems are the same study."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
import pandas as pd
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

import layoutopt as lo

SETTLEMENTS = pd.DataFrame(
    {
        "settlement_id": ["V1", "V2", "V3", "V4"],
        "name": ["上磨村", "下磨村", "远田", "Ford"],
        "town": ["城关镇", "城关镇", "白水江镇", "白水江镇"],
        "population": [1200, 300, 45, 0],
        "g1": [12, 3, 0, 1], "g2": [11, 4, 1, 0], "g3": [9, 2, 0, 0], "g4": [10, 5, 2, 0], "g5": [8, 1, 0, 0],
        "g6": [7, 2, 1, 0],
        "lon": [106.150, 106.160, 106.170, 106.140], "lat": [33.330, 33.335, 33.340, 33.320],
    }
)  # fmt: skip
SCHOOLS = pd.DataFrame(
    {
        "school_id": ["S1", "S2"],
        "name": ["磨坝小学", "Ford School"],
        "town": ["城关镇", "白水江镇"],
        "grades": ["1-6", "1-6"],
        "places_primary": [240, 60],
        "lon": [106.151, 106.141], "lat": [33.331, 33.321],
    }
)  # fmt: skip
THEIRS = {
    "settlement_id": "村代码", "name": "名称", "town": "乡镇", "population": "人口", "school_id": "校代码", "grades": "年级",
    "places_primary": "座位", **{f"g{grade}": f"年级{grade}" for grade in range(1, 7)},
}  # fmt: skip
"""Five characters at most, so that GBK fits the ten bytes of a shapefile's column name."""

TABLES = ("csv", "csv;", "csv tab", "csv bom", "csv gbk", "xlsx")
VECTORS = ("gpkg", "geojson", "shp", "shp gbk", "shp gbk without cpg")
SAID = ("EPSG:4326", "EPSG:4490", "EPSG:4524", "EPSG:4545", "EPSG:4507", "EPSG:32648")
PREFIXED = ("EPSG:4524", "EPSG:4496")
"""3-degree zone 36 and 6-degree zone 18: the number before the easting gives them away."""
BARE = ("EPSG:4545", "EPSG:4507")


@dataclass(frozen=True)
class Written:
    """How one layer is written, and what has to stand in study.toml for it."""

    layer: str
    form: str
    crs: str
    said: bool
    swapped: bool
    foreign: bool
    split: bool
    decorated: bool
    order: tuple[int, ...]


def layers(name: str, count: int, *, crs_said: bool) -> st.SearchStrategy[Written]:
    def build(form: str, crs: str, unsaid: str, said: bool, swapped: bool, foreign: bool, split: bool,
              decorated: bool, order: list[int]) -> Written:  # fmt: skip
        can_hide = form in TABLES or form.startswith("shp")
        said = said or crs_said or not can_hide
        crs = "EPSG:4326" if form == "geojson" else crs if said else unsaid
        projected = crs not in ("EPSG:4326", "EPSG:4490")
        return Written(
            name, form, crs, said, swapped and not said and projected and form in TABLES, foreign or form.startswith("shp"),
            split and name == "settlements", decorated and form in TABLES and name == "settlements", tuple(order),
        )  # fmt: skip

    flags = [st.booleans() for _ in range(5)]
    return st.builds(
        build, st.sampled_from([*TABLES, *VECTORS]), st.sampled_from(SAID),
        st.sampled_from([*PREFIXED, *BARE, "EPSG:4326"]), *flags, st.permutations(range(count)),
    )  # fmt: skip


def write(folder: Path, facts: pd.DataFrame, how: Written) -> list[str]:
    """Write one layer as ``how`` says and return its lines of study.toml."""
    lines, columns = [], []
    table = facts.iloc[list(how.order)].reset_index(drop=True)
    points = gpd.GeoSeries(gpd.points_from_xy(table.pop("lon"), table.pop("lat")), crs="EPSG:4326").to_crs(how.crs)
    if how.split:
        table["m1"] = table["g1"] // 2
        table["f1"] = table.pop("g1") - table["m1"]
        columns.append('g1 = ["m1", "f1"]')
    if how.decorated:
        table["population"] = [f"{value:,}" if value >= 1_000 else "３００" if value == 300 else str(value) for value in table["population"]]  # fmt: skip
    if how.foreign:
        renamed = {ours: theirs for ours, theirs in THEIRS.items() if ours in table}
        columns += [f"{ours} = {json.dumps(theirs, ensure_ascii=False)}" for ours, theirs in renamed.items()]
        table = table.rename(columns=renamed)
    suffix = how.form.split()[0].rstrip(";")
    path = folder / f"{how.layer}_of_ours.{suffix}"
    lines.append(f'[layers.{how.layer}]\nfile = "{path.name}"')
    if how.form in TABLES:
        x, y = (
            points.x.round(7 if points.crs.is_geographic else 3),
            points.y.round(7 if points.crs.is_geographic else 3),
        )
        table = table.assign(X=y if how.swapped else x, Y=x if how.swapped else y)
        lines.append('x = "X"\ny = "Y"')
        if how.said:
            lines.append(f'crs = "{how.crs}"')
        _write_table(table, path, how.form)
    else:
        _write_vector(gpd.GeoDataFrame(table, geometry=points), path, how)
        if how.said and how.form.startswith("shp"):
            lines.append(f'crs = "{how.crs}"')
    if columns:
        lines += [f"[columns.{how.layer}]", *columns]
    return lines


def _write_table(table: pd.DataFrame, path: Path, form: str) -> None:
    if form == "xlsx":
        table.to_excel(path, index=False)
        return
    separator = {"csv;": ";", "csv tab": "\t"}.get(form, ",")
    encoding = {"csv bom": "utf-8-sig", "csv gbk": "gbk"}.get(form, "utf-8")
    path.write_text(table.to_csv(index=False, sep=separator) + separator * 3 + "\n", encoding=encoding)


def _write_vector(layer: gpd.GeoDataFrame, path: Path, how: Written) -> None:
    encoding = {"encoding": "GBK" if "gbk" in how.form else "UTF-8"} if path.suffix == ".shp" else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer.to_file(path, engine="pyogrio", **encoding)
    if "without cpg" in how.form:
        path.with_suffix(".cpg").unlink()
    if not how.said:
        path.with_suffix(".prj").unlink()


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_the_same_study(data: st.DataObject) -> None:
    known = data.draw(st.sampled_from(["settlements", "schools"]), label="layer whose system is said")
    villages = data.draw(layers("settlements", 4, crs_said=known == "settlements"))
    schools = data.draw(layers("schools", 2, crs_said=known == "schools"))
    event(f"settlements as {villages.form}, {'said' if villages.said else 'not said'}")
    with TemporaryDirectory() as place:
        folder = Path(place)
        lines = write(folder, SETTLEMENTS, villages) + write(folder, SCHOOLS, schools)
        (folder / "study.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        study = lo.read_study(folder)
    facts = SETTLEMENTS.set_index("settlement_id")
    grades = [f"g{grade}" for grade in range(1, 7)]
    assert list(study.settlements.index) == list(facts.index)
    assert (study.settlements[grades] == facts[grades]).all(axis=None)
    assert list(study.settlements["population"]) == list(facts["population"])
    for layer, truth in ((study.settlements, facts), (study.schools, SCHOOLS.set_index("school_id"))):
        assert list(layer.index) == list(truth.index)
        assert list(layer["name"]) == list(truth["name"])
        assert list(layer["town"]) == list(truth["town"])
        right = gpd.GeoSeries(gpd.points_from_xy(truth["lon"], truth["lat"]), crs="EPSG:4326").to_crs(study.crs)
        assert np.asarray(right.distance(layer.geometry.reset_index(drop=True))).max() < 1.0
    assert list(study.schools["places_primary"]) == [240, 60]
    texts = " ".join(map(str, study.notes))
    for how in (villages, schools):
        if not how.said:
            assert f"{how.layer}_of_ours" in texts, "a system that nobody gave is said"
