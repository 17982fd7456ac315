"""Plan folders: written whole or not at all, read back equal, repeatable to the byte, safe in a spreadsheet."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.io.tables import read_table
from layoutopt.plan import files
from layoutopt.plan.files import OWNED, TABLES
from layoutopt.plan.tables import (
    ASSIGNMENT_COLUMNS,
    LINE_COLUMNS,
    MOVE_COLUMNS,
    PREMISES_COLUMNS,
    SCHOOL_COLUMNS,
    STOP_COLUMNS,
    TOUR_COLUMNS,
)
from layoutopt.testing import tiny_study

ODD = ["=1+1", "+49", "-dash", "@cmd", "'quoted", "a,b", 'say "x"', "上磨村", "semi;colon", "0012", "1e5", "nan", "NULL"]  # fmt: skip


@pytest.fixture(scope="module")
def written(county_plan: lo.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return county_plan.to_folder(tmp_path_factory.mktemp("files") / "plan")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_what_is_in_a_folder(written: Path) -> None:
    names = {str(path.relative_to(written)).replace("\\", "/") for path in written.rglob("*") if path.is_file()}
    assert names == {
        "plan.gpkg", "plan.json",
        *(f"tables/{name}.csv" for name in (*TABLES, "settlements", "journeys", "figures")),
        *(f"study/{name}" for name in ("study.toml", "settlements.csv", "schools.csv", "expansions.csv", "vehicles.csv")),
    }  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_tables_come_back_equal(table: str, written: Path, county_plan: lo.Plan) -> None:
    columns = {
        "assignments": ASSIGNMENT_COLUMNS, "schools": SCHOOL_COLUMNS, "bus_lines": LINE_COLUMNS,
        "bus_stops": STOP_COLUMNS, "tours": TOUR_COLUMNS, "staff_moves": MOVE_COLUMNS, "premises": PREMISES_COLUMNS,
    }[table]  # fmt: skip
    was, back = getattr(county_plan, table), getattr(lo.Plan.from_folder(written), table)
    assert list(back.columns) == list(was.columns) == list(columns)
    pd.testing.assert_frame_equal(back, was, check_dtype=False, rtol=0, atol=1e-6)


def test_the_rest_comes_back_equal(written: Path, county_plan: lo.Plan) -> None:
    back = lo.Plan.from_folder(written)
    assert back.policy == county_plan.policy
    assert back.study.digest == county_plan.study.digest
    assert back.proof.status == county_plan.proof.status
    assert back.proof.bound_name == county_plan.proof.bound_name
    assert [(level.goal, level.status, level.stopped_by) for level in back.proof.levels] == [
        (level.goal, level.status, level.stopped_by) for level in county_plan.proof.levels
    ]
    for one, other in zip(back.proof.levels, county_plan.proof.levels, strict=True):
        assert (one.value, one.bound) == pytest.approx((other.value, other.bound), abs=1e-6)
    assert (back.kind, back.seed, back.warnings) == (county_plan.kind, county_plan.seed, county_plan.warnings)
    for name, value in back.figures.to_dict().items():
        assert value == pytest.approx(county_plan.figures.to_dict()[name], abs=1e-4), name
    assert lo.audit(back).empty


def test_todays_schools_are_a_plan_folder_too(county: tuple[lo.Study, lo.Policy], tmp_path: Path) -> None:
    plan = lo.current_plan(*county)
    back = lo.Plan.from_folder(plan.to_folder(tmp_path / "today"))
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(back, table), getattr(plan, table), check_dtype=False, rtol=0, atol=1e-6)
    assert lo.audit(back).equals(lo.audit(plan))


def test_a_way_nobody_knows_stays_endless(tmp_path: Path) -> None:
    """``inf`` minutes (no road leads there today) survive the files, and the JSON stays strict."""
    study = tiny_study(
        {"V1": (0, 0, [3] * 6), "V2": (0, 9, [3] * 6)},
        {"S1": (0.2, 0, {})},
        roads=[([(-1, 0), (1, 0)], {"class": "tertiary"})],
    )
    plan = lo.current_plan(study, lo.Policy())
    assert np.isinf(plan.assignments.set_index("item").loc["V2.lower", "minutes"])
    folder = plan.to_folder(tmp_path / "plan")
    back = lo.Plan.from_folder(folder)
    assert np.isinf(back.assignments.set_index("item").loc["V2.lower", "minutes"])
    json.loads((folder / "plan.json").read_text("utf-8"), parse_constant=pytest.fail)


def test_same_seed_twice_gives_the_same_bytes(
    county: tuple[lo.Study, lo.Policy], written: Path, tmp_path: Path
) -> None:
    from layoutopt import journeys

    journeys.forget()
    again = lo.optimize(*county, effort="proof").to_folder(tmp_path / "again")
    one, other = contents(written), contents(again)
    for name in one:
        if name.startswith(("tables", "study")):
            assert one[name] == other[name], name
    texts = [(folder / "plan.json").read_text("utf-8") for folder in (written, again)]
    plain = [json.loads(text) for text in texts]
    runs = [found.pop("run") for found in plain]
    assert plain[0] == plain[1]
    assert list(plain[0]) == list(plain[1])
    assert set(runs[0]) >= {"seconds", "written_at", "versions"}
    head = [text[: text.index('"run": {')] for text in texts]
    assert head[0] == head[1]


def test_the_json_says_how_the_plan_came_about(written: Path, county_plan: lo.Plan) -> None:
    found = json.loads((written / "plan.json").read_text("utf-8"))
    assert list(found) == [
        "format", "kind", "study", "methods", "figures", "proof", "seed", "warnings", "policy", "run",
    ]  # fmt: skip
    assert found["study"]["digest"] == county_plan.study.digest
    assert found["proof"]["bound_name"] == "layout and bus lines together, lines at their real cost"
    assert [level["goal"] for level in found["proof"]["levels"]] == ["annual_cost", "travel"]
    assert found["run"]["versions"]["layoutopt"]
    assert lo.Policy.from_dict(tomllib.loads(found["policy"]["toml"])) == county_plan.policy


def test_the_hash_of_every_input_is_kept(study_folder: object, tmp_path: Path) -> None:
    import hashlib

    folder = study_folder()  # type: ignore[operator]
    study = lo.read_study(folder)
    wanted = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("schools.csv", "settlements.csv")
    }
    assert dict(study.inputs) == wanted
    plan = lo.current_plan(study, lo.Policy()).to_folder(tmp_path / "plan")
    assert json.loads((plan / "plan.json").read_text("utf-8"))["study"]["inputs"] == wanted


def test_a_folder_that_is_not_ours_is_left_alone(county_plan: lo.Plan, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(lo.InputError, match=r"the folder holds other files\. Choose a new or empty folder\."):
        county_plan.to_folder(tmp_path / "mine")
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(lo.InputError, match=r"a file of this name exists\. Choose another folder\."):
        county_plan.to_folder(tmp_path / "file")
    assert {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*")} == {"file", "mine", str(Path("mine/thesis.txt"))}


def test_an_empty_folder_is_used_and_missing_parents_are_made(county_plan: lo.Plan, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert (county_plan.to_folder(tmp_path / "empty") / "plan.json").is_file()
    assert (county_plan.to_folder(tmp_path / "a" / "b" / "c") / "plan.json").is_file()


def test_foreign_files_in_a_plan_folder_are_carried_over(county_plan: lo.Plan, tmp_path: Path) -> None:
    folder = county_plan.to_folder(tmp_path / "plan")
    (folder / "notes.txt").write_text("talk to the head of S2", encoding="utf-8")
    (folder / "photos").mkdir()
    (folder / "photos" / "gate.jpg").write_bytes(b"jpg")
    (folder / "tables" / "mine.csv").write_text("inside what is ours", encoding="utf-8")
    (folder / "report.html").write_text("of the plan before", encoding="utf-8")
    county_plan.to_folder(folder)
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "talk to the head of S2"
    assert (folder / "photos" / "gate.jpg").read_bytes() == b"jpg"
    assert not (folder / "report.html").exists(), "a report of another plan would mislead"
    assert {"report.html", "tables", "plan.json"} <= set(OWNED)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plan"]


@pytest.mark.parametrize("error", [OSError("no space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("step", ["write_geopackage", "write_study", "plan_json"])
def test_a_failing_write_leaves_nothing(
    step: str, error: BaseException, county_plan: lo.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(files, step, fails)
    with pytest.raises(type(error)):
        county_plan.to_folder(tmp_path / "plan")
    assert list(tmp_path.iterdir()) == []


def test_a_failing_write_keeps_the_plan_before(
    county_plan: lo.Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = county_plan.to_folder(tmp_path / "plan")
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    before = contents(folder)

    def fails(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(files, "write_geopackage", fails)
    with pytest.raises(OSError, match="no space"):
        county_plan.to_folder(folder)
    assert contents(folder) == before
    assert list(tmp_path.iterdir()) == [folder]


def odd_study() -> lo.Study:
    """Names and codes as people write them, one of them a spreadsheet formula."""
    study = tiny_study(
        {name: (0.1 * number, 0, [1] * 6) for number, name in enumerate(ODD)},
        {"=S1": (0, 0.1, {"name": '=HYPERLINK("http://x")', "town": "@town"}), "-S2": (1, 0.1, {"name": "'n"})},
        current={ODD[0]: {"current_primary": "=S1"}},
    )
    from dataclasses import replace

    names = [f"{code}\nsecond line\u2028third" for code in study.settlements.index]
    named = study.settlements.assign(name=names, town=list(study.settlements.index))

    return replace(study, settlements=named, name="=study", note="two\nlines")


def test_no_cell_a_spreadsheet_would_run_and_all_read_back(tmp_path: Path) -> None:
    plan = lo.current_plan(odd_study(), lo.Policy())
    folder = plan.to_folder(tmp_path / "plan")
    for path in folder.rglob("*.csv"):
        cells = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        for name in cells:
            risky = [c for c in cells[name] if c[:1] in ("=", "+", "-", "@", "\t", "\r") and not _is_number(c)]
            assert risky == [], (path.name, name)
    back = lo.Plan.from_folder(folder)
    for table in TABLES:
        pd.testing.assert_frame_equal(getattr(back, table), getattr(plan, table), check_dtype=False, rtol=0, atol=1e-6)
    assert back.study.digest == plan.study.digest
    assert list(back.study.settlements.index) == list(plan.study.settlements.index)
    assert list(back.study.schools["name"]) == list(plan.study.schools["name"])


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize("sample", ["plain", "rich", "population", "roads"])
def test_the_study_copy_is_the_study(sample: str, tmp_path: Path, county: tuple[lo.Study, lo.Policy]) -> None:
    """Same digest, so the copy in a plan folder can stand for the original in every later check."""
    from dataclasses import replace

    study = {
        "plain": lambda: tiny_study({"V1": (0, 0, [1] * 9)}, {"S1": (0, 0, {"grades": "1-9", "places_junior": 9.0})}),
        "rich": lambda: county[0],
        "population": _by_population,
        "roads": _with_roads,
    }[sample]()
    plan = lo.current_plan(replace(study, year=2026, note='a "note"', attribution="© someone"), lo.Policy())
    copy = lo.Plan.from_folder(plan.to_folder(tmp_path / "plan")).study
    assert copy.digest == study.digest
    assert (copy.year, copy.note, copy.attribution, copy.crs) == (2026, 'a "note"', "© someone", study.crs)


def _by_population() -> lo.Study:
    from layoutopt.schema import PUPIL_COLUMNS

    study = tiny_study({"V1": (0, 0, [0])}, {"S1": (0, 0, {"grades": "1-9"})})
    people = study.settlements.drop(columns=list(PUPIL_COLUMNS)).assign(population=500.0, assumed=True)
    from dataclasses import replace

    return replace(study, settlements=people)


def _with_roads() -> lo.Study:
    lines = [
        ([(-1, 0), (1, 0)], {"class": "tertiary", "bridge": None, "oneway": None, "speed_kmh": np.nan}),
        ([(1, 0), (1, 1)], {"class": "track", "bridge": True, "oneway": False, "speed_kmh": 20.0}),
    ]
    return tiny_study({"V1": (0, 0, [1] * 6)}, {"S1": (0, 0.1, {})}, roads=lines)


def test_a_study_read_from_files_copies_to_the_same_digest(study_folder: object, tmp_path: Path) -> None:
    import geopandas as gpd
    from shapely import LineString, Polygon

    folder = study_folder(  # type: ignore[operator]
        travel__csv="from_id,to_id,mode,minutes,km\nV1,S1,walk,7,0.5\n",
        expansions__csv="school_id,level,stage,places,capital_cny\nS1,1,primary,40,100000\n",
        vehicles__csv="vehicle_id,kind,seats,fixed_cny,cny_per_km,count\nbus,school_bus,30,60000,3,\n",
        forecast__csv="settlement_id,year,g1\nV1,2030,3\n",
    )
    roads = gpd.GeoDataFrame(
        {"class": ["tertiary", None], "oneway": ["yes", None], "speed_kmh": [30.0, None]},
        geometry=[LineString([(106.09, 33.3), (106.14, 33.3)]), LineString([(106.1, 33.3), (106.1, 33.33)])],
        crs="EPSG:4326",
    )
    roads.to_file(folder / "roads.gpkg", engine="pyogrio")
    towns = gpd.GeoDataFrame(
        {"town": ["A"]}, geometry=[Polygon([(106, 33), (107, 33), (107, 34), (106, 34)])], crs="EPSG:4326"
    )
    towns.to_file(folder / "towns.geojson", engine="pyogrio", driver="GeoJSON")
    study = lo.read_study(folder)
    plan = lo.current_plan(study, lo.Policy())
    assert lo.Plan.from_folder(plan.to_folder(tmp_path / "plan")).study.digest == study.digest


def test_an_empty_optional_table_is_no_table(tmp_path: Path) -> None:
    from dataclasses import replace

    study = tiny_study({"V1": (0, 0, [1] * 6)}, {"S1": (0, 0.1, {})})
    none = pd.DataFrame(columns=["school_id", "level", "stage", "places", "capital_cny"])
    plan = lo.current_plan(replace(study, expansions=none), lo.Policy())
    back = lo.Plan.from_folder(plan.to_folder(tmp_path / "plan"))
    assert back.study.expansions is None
    assert back.study.digest == study.digest


def edited(folder: Path, table: str, change: object, target: Path) -> Path:
    """A copy of the plan folder in which one table's text was changed by hand."""
    import shutil

    shutil.copytree(folder, target)
    path = target / "tables" / f"{table}.csv"
    path.write_text(change(path.read_text("utf-8-sig")), encoding="utf-8")  # type: ignore[operator]
    return target


def test_hand_edited_tables_are_checked_cell_by_cell(written: Path, tmp_path: Path) -> None:
    frame = read_table(written / "tables" / "schools.csv")
    frame.loc[2, "classes_g1"] = "three"
    frame.loc[3, "posts"] = "?"
    text = frame.drop(columns="role").to_csv(index=False)
    folder = edited(written, "schools", lambda _: text, tmp_path / "plan")
    (folder / "tables" / "bus_stops.csv").unlink()
    with pytest.raises(lo.InputError) as caught:
        lo.Plan.from_folder(folder)
    assert [str(problem) for problem in caught.value.problems] == [
        "schools.csv: the column role is missing.",
        "schools.csv row 2: classes_g1 = 'three'. Give a number.",
        "schools.csv row 3: posts = '?'. Give a number.",
        "bus_stops.csv: the file cannot be opened (No such file or directory).",
    ]


def test_an_empty_cell_where_a_number_belongs_is_named(written: Path, tmp_path: Path) -> None:
    frame = read_table(written / "tables" / "assignments.csv")
    frame.loc[2, "pupils"] = ""
    folder = edited(written, "assignments", lambda _: frame.to_csv(index=False), tmp_path / "plan")
    with pytest.raises(lo.InputError, match=r"assignments\.csv row 2: pupils is empty\. Give a number\."):
        lo.Plan.from_folder(folder)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not a plan's JSON (Expecting property name"),
        ("[]", "not a plan's JSON"),
        ('{"format": 99}', "format 99, this version reads 1"),
        ('{"format": 1}', "not a plan's JSON ('kind')"),
    ],
)
def test_a_plan_json_that_is_none(text: str, message: str, written: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "plan"
    shutil.copytree(written, folder)
    (folder / "plan.json").write_text(text, encoding="utf-8")
    with pytest.raises(lo.InputError) as caught:
        lo.Plan.from_folder(folder)
    assert message in str(caught.value)


@pytest.mark.parametrize("key", ["policy", "proof", "seed"])
def test_a_plan_json_with_a_broken_part_is_an_input_error(key: str, written: Path, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "plan"
    shutil.copytree(written, folder)
    found = json.loads((folder / "plan.json").read_text("utf-8"))
    found[key] = {"toml": "= broken"} if key == "policy" else "?"
    (folder / "plan.json").write_text(json.dumps(found), encoding="utf-8")
    with pytest.raises(lo.LayoutError, match=r"plan\.json"):
        lo.Plan.from_folder(folder)


def test_no_plan_folder_names_a_neighbour_that_is_one(written: Path) -> None:
    with pytest.raises(lo.InputError) as caught:
        lo.Plan.from_folder(written.with_name("plans"))
    assert str(caught.value) == (
        "1 problem stops the reading:\n"
        f"  {written.with_name('plans')}: no plan.json there, so this is no plan folder. Did you mean 'plan'?"
    )
