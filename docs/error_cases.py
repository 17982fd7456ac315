"""The cases that docs/errors.md quotes: each makes its message come up for real, on three villages."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import broken_files as broken
from broken_files import SCHOOLS, SETTLEMENTS, changed, read

import layoutopt as lo
from layoutopt.testing import tiny_study


@dataclass(frozen=True)
class Case:
    """One message: what happened, what brings it up, and what to do then."""

    kind: str
    title: str
    cure: str
    provoke: Callable[[Path], object]
    library_words: bool = False
    """Whether part of the message is a library's, which differs from version to version."""


def provoked(case: Case) -> str:
    """Return the message the case really raises, without the folder it was tried in."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve() / "county"
        try:
            case.provoke(folder)
        except lo.LayoutError as error:
            if type(error).__name__ != case.kind:
                raise
            text = f"{case.kind}: {error}".replace(f"{folder.parent}{os.sep}", "")
            return re.sub(r"(?<=cannot be read \().*(?=\))", "…", text) if case.library_words else text
    raise AssertionError(f"nothing was raised: {case.title}")


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


def _read_bytes(folder: Path, name: str, content: bytes) -> object:
    folder.mkdir()
    (folder / name).write_bytes(content)
    return read(folder)


def _two_layers(folder: Path) -> object:
    folder.mkdir()
    for layer in ("villages", "hamlets"):
        broken.saved(broken.villages(), folder / "settlements.gpkg", layer=layer)
    return read(folder, settlements=None)


def _no_sheet(folder: Path) -> object:
    folder.mkdir()
    broken.workbook(folder / "villages.xlsx", {"2026": SETTLEMENTS, "notes": "a\nb\n"})
    named = '[layers.settlements]\nfile = "villages.xlsx"\nsheet = "2025"\n'
    return read(folder, settlements=None, study__toml=named)


def _bomb(folder: Path) -> object:
    folder.mkdir()
    broken.bomb(folder / "settlements.xlsx")
    return read(folder, settlements=None)


def _all_without_crs(folder: Path) -> object:
    folder.mkdir()
    local = broken.villages("EPSG:4545").set_crs(None, allow_override=True)
    broken.saved(local, folder / "settlements.gpkg")
    broken.saved(local.assign(school_id=local["code"], grades="1-6"), folder / "schools.gpkg")
    return read(folder, settlements=None, schools=None, study__toml=broken.CODES)


def _method(folder: Path) -> object:
    study = tiny_study({"V1": (0.0, 0.0, [2] * 6)}, {"S1": (0.2, 0.0, {})})
    return lo.current_plan(study, lo.Policy().replace(method="enrolment"))


def _parquet(folder: Path) -> object:
    folder.mkdir()
    (folder / "settlements.parquet").write_bytes(b"PAR1")
    with broken.absent("pyarrow"):
        return read(folder, settlements=None)


def _raster(folder: Path) -> object:
    folder.mkdir()
    (folder / "elevation.tif").write_bytes(b"II*\0")
    with broken.absent("rasterio"):
        return read(folder)


CASES = (
    Case("InputError", "The study folder does not exist",
         "Check the path. A folder of nearly the same name is named where there is one.",
         lambda folder: lo.read_study(folder)),
    Case("InputError", "A layer's file is missing",
         "Settlements and schools are needed. `layoutopt template county/` writes blank ones; files with other names "
         "are named in `study.toml` under `[layers.schools]`.",
         lambda folder: read(folder, schools=None)),
    Case("InputError", "An unknown word in study.toml",
         "Nothing in `study.toml` is passed over in silence; the nearest known word is named.",
         lambda folder: read(folder, study__toml='[study]\nname = "Bend"\nyaer = 2026\n[layers.school]\n'
                                                 'file = "schools.csv"\n[layers.settlements]\n'
                                                 'file = "settlements.csv"\nencodng = "gbk"\n')),
    Case("InputError", "A column that study.toml names and the file does not have",
         "Compare the headers in the file letter by letter; a blank at the end counts.",
         lambda folder: read(folder, study__toml='[columns.settlements]\ng1 = ["boys1", "girls1"]\n'
                                                 'g2 = { column = "grade2", words = { few = "3" } }\n')),
    Case("InputError", "study.toml leads out of the folder",
         "A study is one folder, so that it can be sent, checked and kept as a whole: copy the file into it.",
         lambda folder: read(folder, study__toml='[layers.roads]\nfile = "../roads.gpkg"\n'
                                                 '[layers.towns]\nfile = "/vsizip/towns.zip/towns.shp"\n')),
    Case("InputError", "A kind of file that is not read",
         "Save it in one of the kinds named; a GIS or a spreadsheet does so with *Save as*.",
         lambda folder: read(broken.write(folder, roads__dwg="AC1032"),
                             study__toml='[layers.roads]\nfile = "roads.dwg"\n')),
    Case("InputError", "A file cut short, or not what its name says",
         "Copies over a bad line end like this, and files renamed by hand. Take it from its source again.",
         lambda folder: _read_bytes(folder, "roads.gpkg", b"SQLite format 3\0 and then nothing more"),
         library_words=True),
    Case("InputError", "One place far from all others",
         "A digit is missing or two columns are swapped in this one row. Compare it with its neighbours.",
         lambda folder: read(folder, settlements=SETTLEMENTS.replace("106.160,33.335", "16.160,33.335"))),
    Case("InputError", "GeoJSON that is no GeoJSON",
         "Open it in a GIS and save it again; a file cut short ends without its last bracket.",
         lambda folder: read(folder, roads__geojson='{"type": "FeatureCollection", "features": [{"type": "Feature", '),
         library_words=True),
    Case("InputError", "A file with several layers",
         "Say which one is meant: `layer = \"villages\"` under `[layers.settlements]`.",
         lambda folder: _two_layers(folder)),
    Case("InputError", "A workbook without the sheet named",
         "Give the name on the sheet's tab. Without `sheet` the first sheet is read.",
         lambda folder: _no_sheet(folder)),
    Case("InputError", "A workbook far larger than it looks",
         "Such a file fills the memory of whoever opens it, by accident or on purpose. Save the cells alone: copy them "
         "into a new workbook, or save as CSV.",
         lambda folder: _bomb(folder)),
    Case("InputError", "Text in another encoding than study.toml says",
         "Leave `encoding` out: UTF-8 and GBK are told apart. For any other encoding give its name.",
         lambda folder: read(folder, settlements=SETTLEMENTS.replace("Far Field", "远田"),
                             study__toml='[layers.settlements]\nfile = "settlements.csv"\nencoding = "ascii"\n')),
    Case("InputError", "Rows that do not fit the header",
         "A cell that holds a comma stands in quotation marks; every quotation mark has a second one.",
         changed("settlements", "V2,Lower Bend,", "V2,Bend, Lower,")),
    Case("InputError", "A layer without rows", "Add rows, or delete the file.",
         lambda folder: read(folder, settlements=SETTLEMENTS.splitlines()[0])),
    Case("InputError", "A column is missing, or called otherwise",
         "Rename it, or map it in `study.toml` under `[columns.settlements]`: `settlement_id = \"village_code\"`. "
         "`layoutopt init` guesses the mapping.",
         changed("settlements", "settlement_id", "settlment_id")),
    Case("InputError", "A code stands twice",
         "Every settlement and every school needs a code of its own; the row of its first use is named.",
         changed("settlements", "V3,Far", "V2,Far")),
    Case("InputError", "A number is outside its limits, a word stands where a number belongs, a cell is empty",
         "All cells are checked in one pass, so that one round of corrections is enough. An unknown number of pupils "
         "is not 0: give the number, or delete the pupil columns and give `population`.",
         changed("settlements", "3,2,4,3,2,1,S1", "-3,two,,3,1e9,NaN,S1")),
    Case("InputError", "A word outside the list",
         "Translate the file's words in `study.toml`: `status = { column = \"state\", words = { shut = \"close\" } }`.",
         lambda folder: read(folder, schools=SCHOOLS.replace("hub", "status").replace("40,no", "40,opn")
                                                    .replace("200,yes", "200,shut"))),
    Case("InputError", "A school without grades",
         "Give the span it teaches, or could teach, such as `1-6`, `1-3` or `7-9`; the same span for all schools is "
         "`grades = { value = \"1-6\" }` under `[columns.schools]`.",
         changed("schools", "1-6,40", ",40")),
    Case("InputError", "A feature without geometry",
         "Draw it, or delete the row. The number counts the file's features from 1.",
         lambda folder: read(folder, roads__geojson=broken.geojson(
             broken.line((106.15, 33.33), (106.17, 33.34)), None, **{"class": "tertiary"}))),
    Case("InputError", "Points where lines belong",
         "The wrong file or layer is named, or features of several kinds lie in one layer.",
         lambda folder: read(folder, roads__geojson=broken.geojson({"type": "Point", "coordinates": [106.15, 33.33]}))),
    Case("InputError", "A coordinate is no number, or points nowhere",
         "0 and 0 lie in the sea off Africa and stand for \"not measured\".",
         lambda folder: read(folder, settlements=SETTLEMENTS.replace("106.160,33.335", "NaN,33.335")
                                                            .replace("106.170,33.340", "0,0"))),
    Case("InputError", "Longitude and latitude are swapped",
         "Longitude (east) comes first. In a table the columns are named the wrong way round; name them in "
         "`study.toml` as `x` and `y`.",
         changed("settlements", "lon,lat", "lat,lon")),
    Case("InputError", "No coordinate columns",
         "Columns named `lon` and `lat` are found without help. Name others under `[layers.schools]` as `x` and `y`.",
         changed("schools", "lon,lat", "east,north")),
    Case("InputError", "No coordinate system, and several fit",
         "Eastings such as 421,000 fit every zone. Say which in `study.toml`: `crs = \"EPSG:4545\"` under the layer. "
         "Where other layers of the study show the place, or the zone number stands before the easting (35,421,000), "
         "the system is found and a repair says so.",
         lambda folder: _all_without_crs(folder)),
    Case("InputError", "A coordinate system nobody knows",
         "Give its EPSG code, such as `EPSG:4326`, or the text of a `.prj` file.",
         lambda folder: read(folder, study__toml='[layers.schools]\nfile = "schools.csv"\nx = "lon"\ny = "lat"\n'
                                                 'crs = "EPSG:45455"\n')),
    Case("InputError", "A layer that lies elsewhere",
         "Two layers of one county lie in the same place: one of them has the wrong coordinate system.",
         lambda folder: read(folder, study__toml='[layers.schools]\nfile = "schools.csv"\nx = "lon"\ny = "lat"\n'
                                                 'crs = "EPSG:32648"\n')),
    Case("InputError", "A Chinese web map's datum outside China",
         "GCJ-02 and BD-09 move points in China only. Leave `datum` out, or look whether the coordinates are right.",
         lambda folder: read(folder, settlements=SETTLEMENTS.replace("106.1", "6.1"),
                             schools=SCHOOLS.replace("106.1", "6.1"), study__toml='[study]\ndatum = "gcj02"\n')),
    Case("InputError", "Fewer places than pupils",
         "Closing schools cannot help where all of them together are too small. Check `places_primary` and "
         "`places_junior`, or add expansions or candidate schools.",
         changed("schools", "1-6,200", "1-6,10")),
    Case("InputError", "A school of today is none of the schools",
         "Give a `school_id` of the schools layer, or the school's name. Left empty, today's school is inferred, and "
         "`layoutopt check` says for how many.",
         changed("settlements", "2,1,S1", "2,1,S9")),
    Case("InputError", "A name that two schools bear",
         "Names are compared without blanks, brackets and words such as *school* or 小学, within the town first. Where "
         "two still fit, give the id.",
         lambda folder: read(folder, settlements=SETTLEMENTS.replace("2,1,S1", "2,1,Bend"),
                             schools=SCHOOLS.replace("Upper Bend", "Bend").replace("Central", "Bend Primary"))),
    Case("InputError", "Neither pupils nor residents",
         "Where children live has to follow from something: pupils by grade, children of school age, or residents.",
         lambda folder: read(folder, settlements="settlement_id,lon,lat\nV1,106.15,33.33\n")),
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
    Case("PolicyError", "A method the files do not allow",
         "Give the files what the method needs, or choose another; `auto` takes the first that they allow.",
         lambda folder: _method(folder)),
    Case("InfeasibleError", "Groups that no way within the limits serves",
         "Each group is listed with the way it has and the limit that stops it. Raise that limit, allow boarding, add "
         "a school, or keep one nearby; `status = close` schools cannot be chosen.",
         lambda folder: _far()),
    Case("InfeasibleError", "Every way is fine, but not all at once",
         "A softened copy of the program was solved: the list is the smallest easing it found, with places and "
         "amounts. Another easing may serve as well.",
         lambda folder: _near(min_pupils={"primary": 40, "junior": 0})),
    Case("PolicyError", "A budget that nothing fits",
         "Found before anything is solved: the fewest posts that classes and pupils need cost more than the budget.",
         lambda folder: _near(annual_budget_cny=100_000)),
    Case("MissingExtraError", "GeoParquet without pyarrow", "Install the extra named, in the same environment.",
         lambda folder: _parquet(folder)),
    Case("MissingExtraError", "An elevation raster without rasterio",
         "Install the extra named, or take the raster out of the folder: ways are then as fast uphill as on the level.",
         lambda folder: _raster(folder)),
)  # fmt: skip
