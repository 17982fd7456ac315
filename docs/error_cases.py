"""The cases that docs/errors.md quotes: each makes its message come up for real, on three villages."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import layoutopt as lo
from layoutopt.errors import MissingExtraError
from layoutopt.testing import tiny_study

SETTLEMENTS = """settlement_id,name,lon,lat,g1,g2,g3,g4,g5,g6,current_primary
V1,Upper Bend,106.150,33.330,3,2,4,3,2,1,S1
V2,Lower Bend,106.160,33.335,6,5,4,6,5,7,S2
V3,Far Field,106.170,33.340,1,0,2,0,1,0,S2
"""
SCHOOLS = """school_id,name,lon,lat,grades,places_primary,hub
S1,Upper Bend School,106.150,33.331,1-6,40,no
S2,Central School,106.165,33.336,1-6,200,yes
"""


@dataclass(frozen=True)
class Case:
    """One message: what happened, what brings it up, and what to do then."""

    kind: str
    title: str
    cure: str
    provoke: Callable[[Path], object]


def provoked(case: Case) -> str:
    """Return the message the case really raises, without the folder it was tried in."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "county"
        try:
            case.provoke(folder)
        except lo.LayoutError as error:
            if type(error).__name__ != case.kind:
                raise
            return f"{case.kind}: {error}".replace(f"{folder.parent}{os.sep}", "")
    raise AssertionError(f"nothing was raised: {case.title}")


def _read(folder: Path, *, settlements: str = SETTLEMENTS, schools: str = SCHOOLS, **others: str) -> lo.Study:
    folder.mkdir()
    (folder / "settlements.csv").write_text(settlements, "utf-8")
    (folder / "schools.csv").write_text(schools, "utf-8")
    for name, text in others.items():
        (folder / name.replace("__", ".")).write_text(text, "utf-8")
    return lo.read_study(folder)


def _with(table: str, old: str, new: str) -> Callable[[Path], object]:
    text = {"settlements": SETTLEMENTS, "schools": SCHOOLS}[table]
    assert old in text, old
    return lambda folder: _read(folder, **{table: text.replace(old, new)})


def _no_schools(folder: Path) -> object:
    folder.mkdir()
    (folder / "settlements.csv").write_text(SETTLEMENTS, "utf-8")
    return lo.read_study(folder)


def _empty_geometry(folder: Path) -> object:
    feature = '{"type": "Feature", "properties": {"class": "tertiary"}, "geometry": %s}'
    line = '{"type": "LineString", "coordinates": [[106.15, 33.33], [106.17, 33.34]]}'
    body = ", ".join([feature % line, feature % "null"])
    return _read(folder, roads__geojson='{"type": "FeatureCollection", "features": [' + body + "]}")


def _far(**changes: Any) -> object:
    """One village, 8.5 km from the only school that stays."""
    study = tiny_study(
        {"V1": (0.0, 0.0, [4, 3, 5])},
        {"S1": (0.5, 0.0, {"status": "close"}), "S2": (8.5, 0.0, {"hub": True})},
        current={"V1": {"current_primary": "S1"}},
    )
    return lo.optimize(study, lo.Policy.preset("jiangxi_2023", **changes), effort="quick")


def _near(**changes: Any) -> object:
    """Two villages, each with its school, and a policy that asks too much."""
    study = tiny_study(
        {"V1": (0.0, 0.0, [2] * 6), "V2": (1.0, 0.0, [4] * 6)},
        {"S1": (0.2, 0.0, {"places_primary": 30.0}), "S2": (1.2, 0.0, {"places_primary": 30.0})},
    )
    return lo.optimize(study, lo.Policy.preset("jiangxi_2023", **changes), effort="quick")


def _no_way(folder: Path) -> object:
    """A village beyond every road, and too far across country."""
    study = tiny_study(
        {"V1": (0.0, 0.1, [4, 3, 5]), "V2": (0.0, 12.0, [2, 2, 2])},
        {"S1": (1.0, 0.1, {})},
        roads=[([(-1.0, 0.0), (2.0, 0.0)], {"class": "tertiary"})],
    )
    return lo.optimize(study, lo.Policy.preset("jiangxi_2023"), effort="quick")


def _policy_file(text: str) -> Callable[[Path], object]:
    def read(folder: Path) -> object:
        (folder.parent / "policy.toml").write_text(text, "utf-8")
        return lo.Policy.from_toml(folder.parent / "policy.toml")

    return read


def _preset(name: str = "jiangxi_2023", **changes: Any) -> Callable[[Path], object]:
    return lambda folder: lo.Policy.preset(name, **changes)


def _other_files(folder: Path) -> object:
    folder.mkdir()
    (folder / "letter.txt").write_text("mine", "utf-8")
    study = tiny_study({"V1": (0, 0, [4] * 6)}, {"S1": (0.5, 0, {})})
    return lo.current_plan(study, lo.Policy()).to_folder(folder)


def _missing_extra(folder: Path) -> object:
    raise MissingExtraError("matplotlib", "report")


CASES = (
    Case("InputError", "The study folder does not exist",
         "Check the path. A folder of nearly the same name is named where there is one.",
         lambda folder: lo.read_study(folder)),
    Case("InputError", "A layer's file is missing",
         "Settlements and schools are needed. `layoutopt template county/` writes blank ones; files with other names "
         "are named in `study.toml` under `[layers.schools]`.",
         _no_schools),
    Case("InputError", "A column is missing, or called otherwise",
         "Rename it, or map it in `study.toml` under `[columns.settlements]`: `settlement_id = \"village_code\"`.",
         _with("settlements", "settlement_id", "settlment_id")),
    Case("InputError", "A code stands twice",
         "Every settlement and every school needs a code of its own; the row of its first use is named.",
         _with("settlements", "V3,Far", "V2,Far")),
    Case("InputError", "A number is outside its limits, a word stands where a number belongs, a cell is empty",
         "All cells are checked in one pass, so that one round of corrections is enough. An unknown number of pupils "
         "is not 0: give the number, or delete the pupil columns and give `population`.",
         _with("settlements", "3,2,4,3,2,1,S1", "-3,two,,3,2,1,S1")),
    Case("InputError", "A school without grades",
         "Give the span it teaches, or could teach, such as `1-6`, `1-3` or `7-9`.",
         _with("schools", "1-6,40", ",40")),
    Case("InputError", "A feature without geometry",
         "Draw it, or delete the row. The number counts the file's features from 1.",
         _empty_geometry),
    Case("InputError", "No coordinate system",
         "Columns named `lon` and `lat` are degrees on WGS 84. For any other pair say which system they are in, in "
         "`study.toml`: `[layers.schools]` with `x`, `y` and `crs = \"EPSG:4547\"`; a shapefile needs its `.prj`.",
         lambda folder: _read(folder, schools=SCHOOLS.replace("lon,lat", "east,north"),
                              study__toml='[layers.schools]\nfile = "schools.csv"\nx = "east"\ny = "north"\n')),
    Case("InputError", "Longitude and latitude are swapped",
         "Longitude (east) comes first. In a table the columns are named the wrong way round; name them in "
         "`study.toml` as `x` and `y`.",
         _with("settlements", "lon,lat", "lat,lon")),
    Case("InputError", "Fewer places than pupils",
         "Closing schools cannot help where all of them together are too small. Check `places_primary` and "
         "`places_junior`, or add expansions or candidate schools.",
         _with("schools", "1-6,200", "1-6,10")),
    Case("InputError", "A school of today is none of the schools",
         "Give a `school_id` of the schools layer. Left empty, the nearest school that teaches the grades is assumed, "
         "and `layoutopt check` says for how many.",
         _with("settlements", "2,1,S1", "2,1,S9")),
    Case("InputError", "An unknown word in study.toml",
         "Nothing in `study.toml` is passed over in silence; the nearest known word is named.",
         lambda folder: _read(folder, study__toml='[study]\nname = "Bend"\nyaer = 2026\n')),
    Case("InputError", "Pupils whom no road reaches",
         "These pupils cannot be served whatever the policy says, so they are listed and never dropped. Join the "
         "missing piece of road, add a school near them, or give their minutes in the `travel` table.",
         _no_way),
    Case("InputError", "The output folder holds other files",
         "A plan is written to a new or empty folder, or over an older plan. Nothing of yours is overwritten.",
         _other_files),
    Case("InputError", "No plan in the folder",
         "`audit`, `compare`, `explain` and `report` read a folder that `layoutopt solve` wrote.",
         lambda folder: lo.Plan.from_folder(folder)),
    Case("PolicyError", "An unknown key",
         "The nearest known key is named; [all keys](policy.md) are listed with their units.",
         _preset(max_ride_minutes=40)),
    Case("PolicyError", "An unknown preset", "Take one of those named, or `custom` for the bare defaults.",
         _preset("jianxi_2023")),
    Case("PolicyError", "A value outside its limits", "Give a value in the unit named.",
         _preset(max_ride_min=-5, board_min_grade=12)),
    Case("PolicyError", "Choices that contradict each other", "Both keys are named with their values; change one.",
         _preset(must_keep=("S1",), must_close=("S1",))),
    Case("PolicyError", "No policy file of that name", "Check the path.",
         lambda folder: lo.Policy.from_toml(folder.parent / "policy.toml")),
    Case("PolicyError", "A key under the wrong group",
         "In a file a key stands under its group; see [all keys](policy.md).",
         _policy_file('preset = "jiangxi_2023"\n[access]\nmax_ride_min = 40\n')),
    Case("InfeasibleError", "Groups that no way within the limits serves",
         "Each group is listed with the way it has and the limit that stops it. Raise that limit, allow boarding, add "
         "a school, or keep one nearby; `status = close` schools cannot be chosen.",
         lambda folder: _far()),
    Case("InfeasibleError", "Every way is fine, but not all at once",
         "A softened copy of the program was solved: the list is the smallest easing it found, with places and "
         "amounts. Another easing may serve as well.",
         lambda folder: _near(min_pupils={"primary": 40, "junior": 0})),
    Case("InfeasibleError", "A budget that nothing fits",
         "The amount is what the program is short of, with buses at their price per rider.",
         lambda folder: _near(annual_budget_cny=100_000)),
    Case("MissingExtraError", "A package is not installed", "Install the extra named, in the same environment.",
         _missing_extra),
)  # fmt: skip
