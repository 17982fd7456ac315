"""Plan folders: GeoPackage, CSV tables, JSON, and a copy of the study, so that they can be audited anywhere."""

from __future__ import annotations

import json
import platform
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from layoutopt.errors import InputError, PolicyError, Problem, nearest
from layoutopt.io.folders import written_aside
from layoutopt.io.tables import read_table, write_csv
from layoutopt.plan.geopackage import write_geopackage
from layoutopt.plan.metrics import journeys_by_band
from layoutopt.plan.plan import Level, Plan, Proof
from layoutopt.plan.studycopy import write_study
from layoutopt.policy import Policy
from layoutopt.study import read_study

FORMAT = 1
OWNED = (
    "plan.gpkg", "plan.json", "tables", "study", "report.html", "report.docx", "workbook.xlsx", "dossiers", "notices",
    "plan.qgz", "geojson",
)  # fmt: skip
"""Names in a plan's folder that go with the plan they were written from; the documents among them are report's."""
TABLES = ("assignments", "schools", "bus_lines", "bus_stops", "tours", "staff_moves", "premises")
LATER = ("tours", "staff_moves", "premises")
"""Tables that plans of earlier versions do not have; they are read as empty."""
TEXT = {
    "item", "settlement_id", "band", "school_id", "mode", "line_id", "today_school", "today_mode", "name", "town",
    "role", "support", "reason", "bands", "vehicle_id", "vehicle_no", "kind", "level_primary", "level_junior",
    "tour_id", "site_id", "from_school", "to_school", "stage", "subject", "to_subject", "use",
}  # fmt: skip
UNKNOWN = {"pupils_before", "teachers_before", "today_min", "today_ride_min", "area_m2", "demand", "next_km"}
WAYS = {"minutes", "ride_min", "km"}
FLAGS = {"moved", "exception", "multigrade_lower", "multigrade_upper", "multigrade_junior"}
PACKAGES = ("layoutopt", "highspy", "numpy", "scipy", "pandas", "geopandas", "shapely", "pulp")
DIGITS = 6
PlanT = TypeVar("PlanT", bound=Plan)


def write_folder(plan: Plan, folder: Path) -> Path:
    """Write the plan's files; the folder appears whole or not at all.

    Same input, policy and seed give the same bytes in ``tables/`` and ``plan.json``, but for the one
    field ``run`` of the JSON, which holds times and versions.
    """
    with written_aside(folder, owned=OWNED, marker="plan.json") as aside:
        (aside / "tables").mkdir()
        for name in TABLES:
            write_csv(rounded(getattr(plan, name)), aside / "tables" / f"{name}.csv")
        write_csv(rounded(plan.settlements), aside / "tables" / "settlements.csv")
        write_csv(rounded(journeys_by_band(plan)), aside / "tables" / "journeys.csv")
        write_csv(figure_table(plan), aside / "tables" / "figures.csv")
        write_study(plan.study, aside / "study")
        write_geopackage(plan, aside / "plan.gpkg")
        text = json.dumps(plan_json(plan), indent=2, ensure_ascii=False, allow_nan=False)
        (aside / "plan.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    return folder


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with numbers to six digits after the point, as the files hold them."""
    return table.round({name: DIGITS for name in table.columns if pd.api.types.is_float_dtype(table[name])})


def figure_table(plan: Plan) -> pd.DataFrame:
    """Return the headline figures as (figure, value)."""
    figures = plan.figures.to_dict()
    return pd.DataFrame({"figure": list(figures), "value": [f"{value:.10g}" for value in figures.values()]})


def plan_json(plan: Plan) -> dict[str, Any]:
    """Return what ``plan.json`` holds."""
    return {
        "format": FORMAT,
        "kind": plan.kind,
        "study": {
            "name": plan.study.name, "year": plan.study.year, "digest": plan.study.digest,
            "inputs": dict(plan.study.inputs), "attribution": plan.study.attribution, "note": plan.study.note,
            "notes": list(map(str, plan.study.notes)),
        },
        "methods": plan.methods,
        "figures": {name: _plain(value) for name, value in plan.figures.to_dict().items()},
        "proof": {
            "status": plan.proof.status,
            "bound_name": plan.proof.bound_name,
            "levels": [
                {
                    "goal": level.goal, "value": _plain(level.value), "bound": _plain(level.bound),
                    "gap": _plain(level.gap), "status": level.status, "stopped_by": level.stopped_by,
                }
                for level in plan.proof.levels
            ],
            "unavoidable_cny": _plain(plan.proof.unavoidable_cny),
            "controllable_gap": _plain(plan.proof.controllable_gap),
            "options": _plain(dict(plan.proof.options)),
        },
        "seed": plan.seed,
        "warnings": list(plan.warnings),
        "policy": {
            "name": plan.policy.name, "sources": dict(sorted(plan.policy.sources.items())),
            "toml": plan.policy.to_toml(),
        },
        "run": {
            **_plain(dict(plan.run)), "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
        },
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages results depend on."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _plain(value: Any) -> Any:
    """Return plain JSON values; numbers to 9 significant digits after the point, endless ones as None."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), DIGITS) if np.isfinite(value) else None
    return value


def read_folder(cls: type[PlanT], folder: Path) -> PlanT:
    """Read a plan folder, hand-edited tables included.

    Raises
    ------
    InputError
        The folder is no plan folder, or a table misses a column or holds text where a number belongs.
    """
    about = _read_json(folder)
    study = read_study(folder / "study")
    tables, problems = {}, []
    for name in TABLES:
        if name in LATER and not (folder / "tables" / f"{name}.csv").exists():
            continue
        try:
            tables[name], wrong = _read_plan_table(folder / "tables" / f"{name}.csv", name)
            problems += wrong
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return cls(study=study, **_told(about, folder / "plan.json"), **tables)


def _told(about: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """The plan's fields that plan.json holds."""
    try:
        return {
            "policy": Policy.from_dict(tomllib.loads(about["policy"]["toml"])),
            "proof": _proof(about["proof"]),
            "kind": str(about["kind"]),
            "seed": int(about["seed"]),
            "run": dict(about.get("run", {})),
            "warnings": tuple(map(str, about.get("warnings", ()))),
        }
    except (tomllib.TOMLDecodeError, PolicyError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError([Problem(str(path), f"not a plan's JSON ({error})", "Write the plan again.")]) from None


def _found(column: str, cell: str) -> str:
    return f"{column} = '{cell}'" if cell else f"{column} is empty"


def _may_be_empty(column: str, raw: pd.DataFrame) -> pd.Series:
    """Where an empty cell means not known: figures of today, and ways of groups that are not served."""
    if column in UNKNOWN:
        return pd.Series(True, index=raw.index)
    if column in WAYS and "school_id" in raw:
        return raw["school_id"] == ""
    return pd.Series(False, index=raw.index)


def _read_json(folder: Path) -> dict[str, Any]:
    path = folder / "plan.json"
    if not path.is_file():
        near = [p.parent.name for p in folder.parent.glob("*/plan.json")] if folder.parent.is_dir() else []
        cure = nearest(folder.name, near).strip() or "Give a folder that 'layoutopt solve' wrote."
        raise InputError([Problem(str(folder), "no plan.json there, so this is no plan folder", cure)])
    try:
        found = json.loads(path.read_text("utf-8"))
        if found["format"] != FORMAT:
            raise InputError([Problem(str(path), f"format {found['format']}, this version reads {FORMAT}")])
        for key in ("kind", "seed", "policy", "proof", "study"):
            found[key]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), f"not a plan's JSON ({error})", "Write the plan again.")]) from None
    return dict(found)


def _proof(found: Mapping[str, Any]) -> Proof:
    levels = tuple(
        Level(
            level["goal"],
            np.inf if level["value"] is None else level["value"],
            -np.inf if level["bound"] is None else level["bound"],
            level["status"],
            level["stopped_by"],
        )
        for level in found["levels"]
    )
    least = found.get("unavoidable_cny")
    return Proof(found["status"], found["bound_name"], levels, found["options"], least)


def _read_plan_table(path: Path, name: str) -> tuple[pd.DataFrame, list[Problem]]:
    from layoutopt.plan import tables

    columns = {
        "assignments": tables.ASSIGNMENT_COLUMNS, "schools": tables.SCHOOL_COLUMNS, "bus_lines": tables.LINE_COLUMNS,
        "bus_stops": tables.STOP_COLUMNS, "tours": tables.TOUR_COLUMNS, "staff_moves": tables.MOVE_COLUMNS,
        "premises": tables.PREMISES_COLUMNS,
    }[name]  # fmt: skip
    raw = read_table(path)
    missing = [column for column in columns if column not in raw.columns]
    problems = [Problem(path.name, f"the column {column} is missing") for column in missing]
    table = pd.DataFrame(index=raw.index)
    for column in columns:
        if column in missing:
            continue
        if column in TEXT:
            table[column] = raw[column]
        elif column in FLAGS:
            table[column] = raw[column].str.lower().isin(["true", "yes", "1"])
        else:
            table[column] = pd.to_numeric(raw[column].replace("", np.nan), errors="coerce").astype(float)
            problems += [
                Problem(f"{path.name} row {row}", _found(column, raw.loc[row, column]), "Give a number.")
                for row in raw.index[table[column].isna() & ((raw[column] != "") | ~_may_be_empty(column, raw))]
            ]
    return table.reset_index(drop=True), problems
