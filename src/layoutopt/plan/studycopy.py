"""A study written back to a folder that read_study reads to the same facts."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from layoutopt.io.tables import write_csv
from layoutopt.schema import LAYERS
from layoutopt.study import Study

TOML = """# The facts this plan was made from, as they were read and repaired.
[study]
name = {name}
attribution = {attribution}
note = {note}
{year}
[layers.settlements]
file = "settlements.csv"
x = "x"
y = "y"
crs = "{crs}"

[layers.schools]
file = "schools.csv"
x = "x"
y = "y"
crs = "{crs}"
"""


def write_study(study: Study, folder: Path) -> None:
    """Write the layers (points as CSV with x and y, lines and areas as GeoPackage) and study.toml."""
    folder.mkdir()
    for name in ("settlements", "schools"):
        frame = getattr(study, name)
        table = pd.DataFrame(frame.drop(columns="geometry")).reset_index()
        table = table[[column for column in LAYERS[name].names if column in table]]
        write_csv(table.assign(x=frame.geometry.x.to_numpy(), y=frame.geometry.y.to_numpy()), folder / f"{name}.csv")
    for name in ("roads", "towns"):
        frame = getattr(study, name)
        if frame is not None and len(frame):
            frame.to_file(folder / f"{name}.gpkg", layer=name, driver="GPKG", engine="pyogrio")
    for name in ("travel", "expansions", "vehicles", "forecast", "staff", "history", "facilities"):
        frame = getattr(study, name)
        if frame is not None and len(frame):
            write_csv(frame, folder / f"{name}.csv")
    year = f"year = {study.year}\n" if study.year is not None else ""
    text = TOML.format(
        name=_quoted(study.name), attribution=_quoted(study.attribution), note=_quoted(study.note), year=year,
        crs=study.crs,
    )  # fmt: skip
    (folder / "study.toml").write_text(text, encoding="utf-8", newline="\n")


def _quoted(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
