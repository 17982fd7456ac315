"""write_report: which files, all or none, in which language, and what it refuses."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.cli import FORMATS, LANGUAGES
from layoutopt.errors import InputError, MissingExtraError
from layoutopt.plan.files import OWNED
from layoutopt.report import write
from layoutopt.report.filenames import LONGEST, safe_names
from layoutopt.report.language import LOCALES
from layoutopt.report.write import NEEDS, ON_REQUEST, WRITERS, write_report
from layoutopt.testing import tiny_study

NOTHING_WRONG = pd.DataFrame(columns=["rule", "place", "found", "limit", "message"])


@pytest.fixture(scope="module")
def plan() -> lo.Plan:
    study = tiny_study(
        {"V1": (0, 0, [4] * 6), "V2": (1, 0, [2] * 6)}, {"S1": (0.5, 0, {}), "S/2": (1, 0, {})}, name="Small"
    )
    return lo.current_plan(study, lo.Policy())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every format as one small file, so that the order and the putting in place are seen alone."""

    def writer(name: str) -> Callable[[write.Job], Path]:
        def run(job: write.Job) -> Path:
            path = job.folder / f"{name}.txt"
            path.write_text(f"{name} {job.lang} {job.stamp}", encoding="utf-8")
            return path

        return run

    for name in WRITERS:
        monkeypatch.setitem(WRITERS, name, writer(name))


def test_the_command_line_knows_every_format_and_language() -> None:
    assert tuple(WRITERS) == FORMATS
    assert tuple(LOCALES) == LANGUAGES


def test_all_but_geojson_without_a_word(plan: lo.Plan, tmp_path: Path, quick: None) -> None:
    written = write_report(plan, tmp_path)
    assert list(written) == [name for name in WRITERS if name not in ON_REQUEST]
    assert {path.name for path in tmp_path.iterdir()} == {path.name for path in written.values()}
    assert all(path.parent == tmp_path for path in written.values())


def test_only_what_is_asked_for_in_a_fixed_order(plan: lo.Plan, tmp_path: Path, quick: None) -> None:
    assert list(write_report(plan, tmp_path, formats=["geojson", "html"])) == ["html", "geojson"]
    assert list(write_report(plan, tmp_path, formats="docx")) == ["docx"]


def test_the_project_comes_with_its_geopackage(plan: lo.Plan, tmp_path: Path) -> None:
    written = write_report(plan, tmp_path, formats=["qgis"], violations=NOTHING_WRONG)
    assert {name: path.name for name, path in written.items()} == {"gpkg": "plan.gpkg", "qgis": "plan.qgz"}
    assert all(path.is_file() for path in written.values())


def test_files_of_others_stay_and_ours_are_replaced(plan: lo.Plan, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "geojson").mkdir()
    (tmp_path / "geojson" / "old.geojson").write_text("{}")
    (tmp_path / "report.html").write_text("old")
    written = write_report(plan, tmp_path, formats=["html", "geojson"], violations=NOTHING_WRONG)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not (written["geojson"] / "old.geojson").exists()
    assert "Small" in written["html"].read_text("utf-8")
    assert {path.name for path in tmp_path.iterdir()} == {"notes.txt", "geojson", "report.html"}


@pytest.mark.parametrize("failing", ["docx", "geojson"])
def test_a_failure_leaves_the_folder_as_it_was(
    failing: str, plan: lo.Plan, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(job: write.Job) -> Path:
        raise OSError("No space left on device")

    (tmp_path / "html.txt").write_text("before")
    monkeypatch.setitem(WRITERS, failing, fails)
    with pytest.raises(OSError, match="No space left"):
        write_report(plan, tmp_path, formats=["html", failing])
    assert [path.name for path in tmp_path.iterdir()] == ["html.txt"]
    assert (tmp_path / "html.txt").read_text() == "before"


def test_the_page_is_the_same_each_time(plan: lo.Plan, tmp_path: Path) -> None:
    first = write_report(plan, tmp_path / "new" / "folder", formats=["html"])["html"]
    before = first.read_bytes()
    assert first == tmp_path / "new" / "folder" / "report.html"
    assert write_report(plan, first.parent, formats=["html"])["html"].read_bytes() == before


def held(path: Path) -> bytes | list[str]:
    """What a file holds; of a GeoPackage all but the search trees, whose pages the library lays out as it likes."""
    if path.suffix != ".gpkg":
        return path.read_bytes()
    with closing(sqlite3.connect(path)) as store:
        names = store.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'rtree%'"
        ).fetchall()
        return [f"{name} {store.execute(f'SELECT * FROM {name}').fetchall()}" for (name,) in sorted(names)]


def test_several_processes_write_the_same_files(plan: lo.Plan, tmp_path: Path) -> None:
    formats = ["xlsx", "geojson", "gpkg"]
    one, two = (
        write_report(plan, tmp_path / str(n), formats=formats, violations=NOTHING_WRONG, workers=n) for n in (1, 2)
    )
    assert list(one) == list(two) == ["xlsx", "gpkg", "geojson"]
    files = [sorted(path.relative_to(tmp_path / n) for path in (tmp_path / n).rglob("*.*")) for n in "12"]
    assert files[0] == files[1]
    differ = [file for file in files[0] if held(tmp_path / "1" / file) != held(tmp_path / "2" / file)]
    assert differ == []


def test_no_process_writes_nothing(plan: lo.Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="workers is 0"):
        write_report(plan, tmp_path, workers=0)


def test_audit_and_today_are_worked_out_where_not_given(plan: lo.Plan, tmp_path: Path, quick: None) -> None:
    rows = plan.assignments.copy()
    rows.loc[0, "school_id"] = ""
    said = write_report(plan.replace(assignments=rows), tmp_path, formats=["html"])["html"].read_text("utf-8")
    assert "would have no school" in said
    assert "violation" in said, "the audit was made and its findings told"
    given = write_report(plan, tmp_path, formats=["html"], violations=NOTHING_WRONG)["html"].read_text("utf-8")
    assert given == "html en "


def test_an_unknown_format_names_the_nearest(plan: lo.Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no format 'docs'\. Did you mean 'docx'\? Formats: html, docx"):
        write_report(plan, tmp_path / "out", formats=["html", "docs"])
    assert not (tmp_path / "out").exists()


def test_an_unknown_language_is_refused(plan: lo.Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Known languages: en, zh"):
        write_report(plan, tmp_path / "out", lang="fr")
    assert not (tmp_path / "out").exists()


def test_a_plan_of_today_of_another_study_is_refused(plan: lo.Plan, tmp_path: Path) -> None:
    other = tiny_study({"W1": (0, 0, [1])}, {"S1": (0, 0, {})}, name="Elsewhere")
    with pytest.raises(InputError, match="Elsewhere"):
        write_report(plan, tmp_path / "out", today=lo.current_plan(other, lo.Policy()))
    assert not (tmp_path / "out").exists()


def test_a_missing_package_is_named_and_left_out_only_where_nobody_asked(
    plan: lo.Plan, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def without(module: str) -> Any:
        return None if module == "docx" else find_spec(module)

    monkeypatch.setattr(write, "find_spec", without)
    with pytest.raises(MissingExtraError, match=r"'python-docx'. Install it with: pip install 'layoutopt\[report\]'"):
        write_report(plan, tmp_path, formats=["docx"])
    with caplog.at_level(logging.WARNING):
        written = write_report(plan, tmp_path)
    assert list(written) == ["html", "xlsx", "gpkg", "qgis"]
    assert [record.getMessage().split(" not written")[0] for record in caplog.records] == [
        "docx",
        "dossiers",
        "notices",
    ]


def test_every_format_that_needs_a_package_is_known() -> None:
    assert set(NEEDS) <= set(WRITERS)


def test_a_new_plan_in_the_folder_leaves_no_old_documents(plan: lo.Plan, tmp_path: Path) -> None:
    plan.to_folder(tmp_path / "out")
    written = write_report(plan, tmp_path / "out", formats=["html", "gpkg", "qgis", "geojson"])
    assert {path.name for path in written.values()} <= set(OWNED)
    plan.to_folder(tmp_path / "out")
    assert not [name for name in ("report.html", "plan.qgz", "geojson") if (tmp_path / "out" / name).exists()]


def test_file_names_are_safe_everywhere() -> None:
    codes = [
        "S017",
        "s017",
        "../etc/passwd",
        "a/b",
        "a:b",
        "CON",
        "com1",
        "中心校",
        "🏫",
        "",
        ".",
        "x" * 300,
        "مدرسة",
        "a\x00",
        " ",
    ]
    names = safe_names(codes)
    assert list(names) == codes
    assert names["S017"] == "S017"
    assert names["中心校"] == "中心校"
    assert len({name.lower() for name in names.values()}) == len(codes)
    for name in names.values():
        assert name and not set(name) & set('/\\:*?"<>|. \x00')
        assert name.lower() not in ("con", "com1")
        assert len(name) <= LONGEST + 9
        assert len(f"{name}.docx".encode()) < 255
    assert safe_names(codes) == names
