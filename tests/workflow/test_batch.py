"""Batches: results, what is skipped and redone, and every fault they must survive. Nothing lost, nothing counted twice."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner

import layoutopt as lo
from layoutopt.batch import drive, engine, estimate_batch, read_sweep, store, task
from layoutopt.batch.runs import Run
from layoutopt.batch.sources import digest_of
from layoutopt.batch.store import DONE, FIGURES, LOST, SCHOOLS, Ended, Store
from layoutopt.cli import main
from layoutopt.errors import AskError, InputError, MissingExtraError
from layoutopt.plan.studycopy import write_study
from layoutopt.testing import tiny_study

pytest.importorskip("distributed")
pytest.importorskip("pyarrow")
POLICY = {"preset": "jiangxi_2023", "allowed_boarding": False, "max_ride_min": 10}
NOWHERE = {"name": "nowhere", "oneway_max_min": 1, "walk_max_min": 1, "keep_existing_exceptions": False}
QUICK = {"effort": "quick", "method": "sequential", "time_limit_s": 60}
GRACE_S = 600.0


def county(name: str, far_km: float) -> lo.Study:
    """A hub and a school of 18 pupils that closes while its pupils can walk to the hub."""
    return tiny_study(
        {"V1": (0, 0, [9] * 6), "V2": (far_km, 0, [3] * 6)},
        {"S1": (0.1, 0, {"hub": True, "teachers": 9, "name": "Centre"}), "S2": (far_km, 0.1, {"teachers": 3})},
        name=name, year=2024,
    )  # fmt: skip


@pytest.fixture
def studies(tmp_path: Path) -> Path:
    for name, far_km in (("east", 0.9), ("west", 0.8)):
        (tmp_path / "studies").mkdir(exist_ok=True)
        write_study(county(name, far_km), tmp_path / "studies" / name)
    return tmp_path / "studies"


def asked(studies: Path, **parts: Any) -> dict[str, Any]:
    about = {"studies": [str(studies / "*")], **QUICK, **parts.pop("sweep", {})}
    return {"sweep": about, "policy": POLICY, **parts}


@pytest.fixture
def inline(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Runs done in this process, one after the other, by today's schools in place of a solve; returns who was done."""
    done: list[str] = []

    def work_off(
        client: object, runs: Sequence[Run], folder: Path, note: Callable[[Ended], bool], tick: Callable[[int], None]
    ) -> None:
        for run in runs:
            done.append(str(run))
            if not note(task.work(run, str(folder))):
                return
            tick(1)

    @contextlib.contextmanager
    def nobody(engine: object, *, most: int) -> Iterator[None]:
        yield

    monkeypatch.setattr(drive, "connected", nobody)
    monkeypatch.setattr(drive, "work_off", work_off)
    monkeypatch.setattr(task, "_solved", lambda run: lo.current_plan(*task.case_of(run)))
    return done


def folders(out: Path) -> set[str]:
    return {path.name for path in (out / "runs").iterdir()}


# --- with dask, as a user has it -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Two counties × a good and an impossible policy × two futures, done by two processes."""
    home = tmp_path_factory.mktemp("batch")
    for name, far_km in (("east", 0.9), ("west", 0.8)):
        (home / "studies").mkdir(exist_ok=True)
        write_study(county(name, far_km), home / "studies" / name)
    given = asked(
        home / "studies", list=[{}, NOWHERE], demand={"base": {"weight": 3.0}, "wet": {"travel": 4.0}},
        sweep={"keep": "plan"},
    )  # fmt: skip
    told: list[tuple[float, str]] = []
    found = lo.run_batch(given, home / "out", workers=2, progress=lambda share, text: told.append((share, text)))
    return found, given, home, told


def test_every_run_is_a_row_with_its_figures_or_its_reason(batch: Any) -> None:
    found, given, _, told = batch
    runs = found.results.runs
    assert found.complete
    assert (dict(found.counts), found.kept) == ({"done": 4, "infeasible": 4}, 0)
    assert list(runs.groupby("policy")["state"].unique().map(list)) == [["done"], ["infeasible"]]
    assert runs.loc[runs["state"] == "infeasible", "message"].str.len().min() > 20
    assert runs.loc[runs["state"] == "infeasible", "cost_cny"].isna().all()
    assert told[-1][0] == 1.0
    assert told[-1][1].startswith("4 done, 0 running, 0 failed, 4 infeasible")
    # the same plan as without a batch
    first = runs[(runs["study"] == "east") & (runs["scenario"] == "base")].iloc[0]
    variant = read_sweep(given).variants[0]
    plan = lo.optimize(lo.read_study(read_sweep(given).sources[0].place), variant.policy, effort="quick",
                       method="sequential", time_limit_s=60)  # fmt: skip
    for name, value in plan.figures.to_dict().items():
        assert first[name] == pytest.approx(value, nan_ok=True), name
    kept = found.results.plan(first["key"])
    assert kept.figures.cost_cny == pytest.approx(first["cost_cny"])
    assert lo.audit(kept).empty


def test_closures_say_what_stands_whatever_comes(batch: Any) -> None:
    results = batch[0].results
    table = results.closures().table.set_index(["study", "school_id"])
    # at four times the minutes the hub is too far on foot (101 min) and by bus (16 min, and 10 are allowed)
    assert table.loc[("east", "S2"), "closed"] == 1
    assert table.loc[("east", "S2"), "runs"] == 2
    assert table.loc[("east", "S2"), "share"] == pytest.approx(0.75)  # the scenario it closes in weighs 3 of 4
    assert table.loc[("east", "S2"), "robust"] == "depends"
    assert table.loc[("west", "S1"), "robust"] == "stays in every run"
    assert table.crs == "EPSG:4326"
    by = results.closures(by="scenario").table
    assert list(by[by["school_id"] == "S2"].groupby("scenario")["closed"].sum()) == [2, 0]
    assert "east: over 2 runs, 0 schools close in every one, 1 stay in every one, 1 depends." in str(results.closures())


def test_closures_are_a_layer_and_a_picture(batch: Any, tmp_path: Path) -> None:
    import geopandas as gpd

    plt = pytest.importorskip("matplotlib.pyplot")
    closures = batch[0].results.closures()
    written = gpd.read_file(closures.to_file(tmp_path / "layers" / "closures.gpkg"))
    assert list(written["closed"]) == list(closures.table["closed"])
    with pytest.raises(AskError, match="Name one study to draw: east, west"):
        closures.plot()
    axes = closures.plot(study="east")
    assert len(axes.collections[0].get_offsets()) == 2
    plt.close(axes.figure)


def test_results_pivot_and_compare(batch: Any) -> None:
    results = batch[0].results
    pivot = results.runs.pivot_table("schools_open", "study", "scenario")
    assert pivot.loc["east"].to_dict() == {"base": 1.0, "wet": 2.0}
    side = results.compare("scenario").set_index("scenario")
    assert side[["runs", "no_plan"]].to_numpy().tolist() == [[4, 2], [4, 2]]
    assert side.loc["wet", "schools_open_mean"] == 2.0
    against = results.against("schools_open", scenario="base").set_index(["study", "scenario"])["difference"]
    assert against.to_dict() == {("east", "base"): 0, ("east", "wet"): 1, ("west", "base"): 0, ("west", "wet"): 1}
    with pytest.raises(AskError, match=r"no column 'scenari'\. Did you mean 'scenario'"):
        results.compare("scenari")
    assert "4 done, 4 infeasible" in str(results)
    assert "<table" in results._repr_html_()


def test_duckdb_opens_the_folder_as_it_is(batch: Any) -> None:
    duckdb = pytest.importorskip("duckdb")
    found, _, home, _ = batch
    page = (Path(__file__).parents[2] / "docs" / "batch.md").read_text("utf-8")
    sql = page.split("```sql")[1].split("```")[0].replace("out/sweep", (home / "out").as_posix())
    rows = duckdb.sql(sql).fetchall()
    done = found.results.done.sort_values(["study", "scenario"])
    assert rows == list(done[["study", "scenario", "cost_cny"]].itertuples(index=False, name=None))


def test_what_is_done_is_not_done_again(batch: Any) -> None:
    found, given, home, _ = batch
    before = {path: path.stat().st_mtime_ns for path in (home / "out" / "runs").rglob("*.parquet")}
    again = lo.run_batch(given, home / "out", workers=2)
    assert (again.kept, dict(again.counts)) == (8, dict(found.counts))
    assert {path: path.stat().st_mtime_ns for path in (home / "out" / "runs").rglob("*.parquet")} == before
    assert estimate_batch(given, home / "out", workers=2).left == 0


def children(kind: str) -> list[Any]:
    """The processes under this one whose command line holds a word."""
    import psutil

    return [one for one in psutil.Process().children(recursive=True) if kind in " ".join(one.cmdline())]


def test_a_run_whose_worker_is_killed_is_done_elsewhere(studies: Path, tmp_path: Path) -> None:
    killed: list[int] = []

    def kill(share: float, text: str) -> None:
        if not killed:  # runs are handed over, none has ended
            for one in children("spawn_main")[:1]:
                one.kill()
                killed.append(one.pid)

    given = asked(studies, list=[{}, {"trigger_pupils": 50}], sweep={"studies": [str(studies / "east")]})
    found = lo.run_batch(given, tmp_path / "out", workers=2, progress=kill)
    assert killed
    assert dict(found.counts) == {"done": 2}
    assert folders(tmp_path / "out") == set(found.results.runs["key"])


def command(studies: Path, tmp_path: Path) -> list[str]:
    lines = [f"studies = ['{studies}/*']", *(f"{key} = {json.dumps(value)}" for key, value in QUICK.items())]
    text = "\n".join(["[sweep]", *lines, "[grid]", "trigger_pupils = [20, 30, 40]"])
    (tmp_path / "sweep.toml").write_text(text)
    home = [sys.executable, "-m", "layoutopt.cli"]
    return [*home, "batch", str(tmp_path / "sweep.toml"), "--out", str(tmp_path / "out"), "--workers", "1", "--json"]


def finished(out: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (out / "runs").glob("[!.]*")}


def test_a_batch_that_is_killed_goes_on_where_it_was(studies: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with first_ended(command(studies, tmp_path)) as process:
        process.kill()
        process.communicate(timeout=GRACE_S)
    before = finished(out)
    assert 1 <= len(before) < 6
    found = lo.run_batch(tmp_path / "sweep.toml", out, workers=1)
    assert (dict(found.counts), found.kept) == ({"done": 6}, len(before))
    after = {path.name: path.stat().st_mtime_ns for path in (out / "runs").iterdir()}  # half-written ones too
    assert len(after) == 6
    assert {name: after[name] for name in before} == before


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_ctrl_c_keeps_what_is_done(studies: Path, tmp_path: Path) -> None:
    with first_ended(command(studies, tmp_path)) as process:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
        out, error = process.communicate(timeout=GRACE_S)
    assert process.returncode == 1
    told = json.loads(out)
    assert told["stopped"].startswith("Stopped by hand.")
    assert "Traceback" not in error
    assert 1 <= told["counts"]["done"] <= len(finished(tmp_path / "out"))
    assert estimate_batch(tmp_path / "sweep.toml", tmp_path / "out").left == 6 - told["counts"]["done"] > 0
    assert not (tmp_path / "out" / "batch.lock").read_text()


@contextlib.contextmanager
def first_ended(line: Sequence[str]) -> Iterator[subprocess.Popen[str]]:
    """The command, begun and left alone until its first run has ended."""
    with subprocess.Popen(
        line, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stderr is not None
        said: list[str] = []
        for text in process.stderr:
            said.append(text)
            if " 1 done" in text:
                break
        else:
            raise AssertionError("the batch ended before its first run did: " + "".join(said))
        yield process


def test_a_scheduler_that_vanishes(studies: Path, tmp_path: Path) -> None:
    where = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    own = [sys.executable, "-m"]
    scheduler = subprocess.Popen(
        [*own, "distributed.cli.dask_scheduler", "--port", "0", "--host", "127.0.0.1", "--no-dashboard",
         "--scheduler-file", str(where)], **quiet,
    )  # fmt: skip
    worker = subprocess.Popen(
        [*own, "distributed.cli.dask_worker", "--scheduler-file", str(where), "--nthreads", "1", "--no-dashboard",
         "--local-directory", str(tmp_path)], **quiet,
    )  # fmt: skip
    try:
        address = _address(where)
        given = asked(studies, list=[{}, {"trigger_pupils": 50}, {"trigger_pupils": 60}])

        def vanish(share: float, text: str) -> None:
            if share > 0:
                scheduler.kill()

        found = lo.run_batch(given, tmp_path / "out", scheduler=address, progress=vanish)
        assert found.stopped.startswith(f"The scheduler at {address} has vanished.")
        assert not found.complete
        assert found.counts["done"] >= 1
        assert found.counts["done"] + found.counts["planned"] == 6
        assert len(found.results.done) == found.counts["done"]
        assert not (tmp_path / "out" / "batch.lock").read_text()
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait(timeout=GRACE_S)


def _address(where: Path) -> str:
    import time

    for _ in range(int(GRACE_S)):
        with contextlib.suppress(OSError, ValueError):
            return str(json.loads(where.read_text())["address"])
        time.sleep(1)
    raise AssertionError("the scheduler did not start")


def test_nobody_at_the_address(studies: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "CONNECT_S", 2.0)
    with pytest.raises(AskError, match=r"No scheduler answers at tcp://127\.0\.0\.1:9"):
        lo.run_batch(asked(studies), tmp_path / "out", scheduler="tcp://127.0.0.1:9")


class Counted:
    """A cluster of workers with a thread each that only notes what it is given, for whom, and what is taken back."""

    status = "running"

    def __init__(self, workers: Sequence[str] = ("one",)) -> None:
        self.workers, self.given, self.meant, self.taken = list(workers), [], [], 0

    def nthreads(self) -> dict[str, int]:
        return dict.fromkeys(self.workers, 1)

    def submit(self, function: Any, *arguments: Any, key: str, workers: Sequence[str] | None = None) -> Any:
        self.given.append(key)
        self.meant.append(workers)
        return self

    def add_done_callback(self, call: Any) -> None:
        pass

    def cancel(self, futures: Sequence[Any]) -> None:
        self.taken += len(futures)


class Gone:
    """A run's future at a cluster, whose status changes as it is asked for."""

    def __init__(self, states: Sequence[str], ended: Ended) -> None:
        self.states, self.ended = list(states), ended

    @property
    def status(self) -> str:
        return self.states.pop(0)

    def result(self, timeout: float) -> Ended:
        return self.ended

    def exception(self, timeout: float) -> Exception:
        return type("KilledWorker", (Exception,), {})("run-k")


@pytest.fixture
def crowd(tmp_path: Path, studies: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Three runs of one study waiting for a cluster of three workers."""
    from collections import deque

    monkeypatch.setattr(engine, "TICK_S", 0.0)
    given = asked(studies, sweep={"studies": [str(studies / "east")]}, grid={"trigger_pupils": [20, 30, 40]})
    sweep = read_sweep(given)
    runs = list(drive.runs_of(sweep, dict.fromkeys(sweep.sources, "d")))
    return engine.Crowd(Counted(["a", "b", "c"]), tmp_path, deque(runs))


def answered(crowd: Any, run: Run, *states: str, **ended: Any) -> Ended | None:
    """What the crowd makes of a run that was handed over, whose future goes through these states."""
    gone = Gone(states, Ended(run.key, **{"state": DONE, **ended}))
    crowd.out[run.key] = run, gone, []
    crowd.ended.put((run.key, gone))
    seen = [crowd.next() for _ in states]
    assert seen[:-1] == [None] * (len(seen) - 1)
    return seen[-1]


def test_a_run_whose_worker_died_before_its_answer_was_fetched(crowd: Any) -> None:
    run = crowd.waiting.popleft()
    ended = answered(crowd, run, "lost", "lost", "pending", "pending", "finished")
    assert (ended.state, ended.message, crowd.out) == (DONE, "", {})


def test_a_run_whose_workers_died_is_done_once_more_with_no_other_beside_it(crowd: Any) -> None:
    run = crowd.waiting.popleft()
    assert answered(crowd, run, "error") is None  # the one to blame may have been another that was handed over
    crowd.hand_over()
    assert len(crowd.out) == 2
    crowd.hand_over()
    assert crowd.left
    crowd.out.clear()
    crowd.hand_over()
    assert list(crowd.out) == [run.key]
    lost = answered(crowd, run, "error")
    assert (lost.state, lost.message) == (
        LOST, "3 workers died of it, one after the other: killed, or beyond their memory limit."
    )  # fmt: skip


def test_a_worker_that_cannot_do_a_study_loses_none_of_its_runs(crowd: Any) -> None:
    run = crowd.waiting.popleft()
    assert answered(crowd, run, "finished", state=LOST, message="no disk", strange="a") is None
    crowd.hand_over()
    assert crowd.client.meant == [["b", "c"]] * 3
    assert answered(crowd, run, "finished", state=LOST, message="no disk", strange="b") is None
    lost = answered(crowd, run, "finished", state=LOST, message="no disk", strange="c")  # nobody is left to try
    assert (lost.state, lost.message) == (LOST, "no disk")


def test_runs_meant_for_workers_that_are_gone_are_meant_for_others(crowd: Any) -> None:
    run = crowd.waiting.popleft()
    answered(crowd, run, "finished", state=LOST, strange="a")
    crowd.hand_over()
    crowd.client.workers[:] = ["a", "d"]  # b and c were started anew under one other name
    assert crowd.next() is None
    assert (len(crowd.waiting), crowd.client.taken, crowd.out) == (3, 3, {})
    crowd.hand_over()
    assert crowd.client.meant[3:] == [["d"]] * 3


def test_a_cluster_without_workers_is_said(crowd: Any) -> None:
    told: list[int | None] = []
    crowd.client.workers.clear()

    def tick(running: int | None) -> None:
        told.append(running)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        engine.work_off(crowd.client, list(crowd.waiting), crowd.folder, lambda _: True, tick)
    assert told == [None]


def test_travel_times_are_worked_out_once_for_all_runs_of_a_study(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from collections import deque

    from layoutopt.journeys import forget, journeys_of

    monkeypatch.setenv("LAYOUTOPT_CACHE", str(tmp_path / "cache"))
    road = [([(0, 0), (1, 0)], {"class": "tertiary"})]
    study = tiny_study({"V1": (0, 0, [9] * 6), "V2": (1, 0, [3] * 6)}, {"S1": (0.1, 0, {"hub": True})}, roads=road)
    write_study(study, tmp_path / "road")
    sweep = read_sweep({"sweep": {"studies": [str(tmp_path / "road")]}, "grid": {"max_ride_min": [20, 30, 40]}})
    runs = list(drive.runs_of(sweep, {one: digest_of(one.read()) for one in sweep.sources}))
    client = Counted()
    engine.Crowd(client, tmp_path, deque(runs)).hand_over()
    assert [key.split("-")[0] for key in client.given] == ["travel", "run", "run", "run"]
    other = Counted()
    engine.Crowd(other, tmp_path, deque(runs)).hand_over()
    assert not {*client.given} & {*other.given}  # two batches at one scheduler share no task
    forget()
    assert task.prepare(runs[0])
    before = journeys_of(*task.case_of(runs[0])).table.ride_min
    forget()

    def not_again(*_: Any, **__: Any) -> None:
        raise AssertionError("worked out again")

    monkeypatch.setattr("layoutopt.network.cached.travel", not_again)
    assert (journeys_of(*task.case_of(runs[2])).table.ride_min == before).all()


# --- what is kept, put away and done again -------------------------------------------------------------------------


def test_a_changed_study_is_done_again_and_a_change_taken_back_is_not(
    studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    out, given = tmp_path / "out", asked(studies)
    lo.run_batch(given, out)
    before = folders(out)
    text = (studies / "east" / "settlements.csv").read_text("utf-8")
    shutil.rmtree(studies / "east")
    write_study(county("east", 0.8), studies / "east")
    changed = lo.run_batch(given, out)
    assert inline == ["east, base, base", "west, base, base", "east, base, base"]
    assert (changed.kept, len(changed.results.runs), len(folders(out))) == (1, 2, 2)
    shutil.rmtree(studies / "east")
    write_study(county("east", 0.9), studies / "east")
    assert (studies / "east" / "settlements.csv").read_text("utf-8") == text
    back = lo.run_batch(given, out)
    assert (back.kept, len(inline), folders(out)) == (2, 3, before)


def test_a_longer_sweep_does_only_what_is_new_and_tells_the_new_keys(
    studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    out = tmp_path / "out"
    lo.run_batch(asked(studies), out)
    found = lo.run_batch(asked(studies, grid={"trigger_pupils": [30, 60]}), out)
    assert (found.kept, len(inline)) == (2, 4)
    runs = found.results.runs
    assert found.results.varied == ("trigger_pupils",)
    assert sorted(runs["trigger_pupils"]) == [30, 30, 60, 60]
    assert runs["cost_cny"].notna().all()


@pytest.mark.parametrize("harm", ["cut", "gone", "schools", "folder"])
def test_a_damaged_result_is_done_again_and_no_other(
    harm: str, studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    out, given = tmp_path / "out", asked(studies)
    first = lo.run_batch(given, out).results.runs
    run = Store(out).run(first.loc[0, "key"])
    if harm == "cut":
        run.joinpath(FIGURES).write_bytes(run.joinpath(FIGURES).read_bytes()[:100])
        results = lo.read_results(out)
        assert "start the batch again" in results.problems[0]
        assert results.runs["cost_cny"].isna().tolist() == [True, False]
    elif harm == "gone":
        run.joinpath(FIGURES).unlink()
    elif harm == "schools":
        run.joinpath(SCHOOLS).write_text("no parquet")
    else:
        shutil.rmtree(run)
    found = lo.run_batch(given, out)
    assert (found.kept, len(inline), dict(found.counts)) == (1, 3, {"done": 2})
    pd.testing.assert_frame_equal(found.results.runs.drop(columns="seconds"), first.drop(columns="seconds"))


def test_half_written_folders_go_and_whole_ones_nobody_noted_are_kept(
    studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    out, given = tmp_path / "out", asked(studies)
    keys = set(lo.run_batch(given, out).results.runs["key"])
    (out / "aside" / "abc-half").mkdir(parents=True)
    (out / "aside" / "abc-half" / FIGURES).write_text("half")
    for path in out.glob("ledger.sqlite*"):  # as if it died before it noted anything
        path.unlink()
    found = lo.run_batch(given, out)
    assert (found.kept, len(inline), folders(out)) == (2, 2, keys)
    assert not (out / "aside").exists()
    assert found.results.runs["cost_cny"].notna().all()


def test_files_of_viewers_are_no_damage_and_changed_ones_of_a_plan_are(
    studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    given = asked(studies, sweep={"keep": "plan", "studies": [str(studies / "east")]})
    out = tmp_path / "out"
    run = Store(out).run(lo.run_batch(given, out).results.runs.loc[0, "key"])
    (run / ".DS_Store").write_text("finder")
    (run / "plan" / "report.html").write_text("mine")
    with contextlib.closing(sqlite3.connect(run / "plan" / "plan.gpkg")) as looked:
        looked.execute("PRAGMA journal_mode = WAL")  # as QGIS does when it shows the file, and back at its end
        looked.execute("PRAGMA journal_mode = DELETE")
    assert (lo.run_batch(given, out).kept, len(inline)) == (1, 1)
    table = run / "plan" / "tables" / "schools.csv"
    table.write_bytes(table.read_bytes()[::-1])  # of the same size
    assert (lo.run_batch(given, out).kept, len(inline)) == (0, 2)


@pytest.mark.parametrize("harm", ["bytes", "form"])
def test_a_damaged_ledger_is_put_aside(harm: str, studies: Path, tmp_path: Path, inline: list[str]) -> None:
    out, given = tmp_path / "out", asked(studies)
    lo.run_batch(given, out)
    if harm == "bytes":
        (out / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    else:
        with contextlib.closing(sqlite3.connect(out / "ledger.sqlite")) as ledger:
            ledger.execute("PRAGMA user_version = 1")  # without a column for the method
    with pytest.raises(InputError, match="cannot be read"):
        lo.read_results(out)
    assert (lo.run_batch(given, out).kept, len(inline)) == (2, 2)
    assert (out / "ledger.sqlite.damaged").exists()


def test_plans_asked_for_later_are_made(studies: Path, tmp_path: Path, inline: list[str]) -> None:
    out = tmp_path / "out"
    key = lo.run_batch(asked(studies), out).results.runs.loc[0, "key"]
    with pytest.raises(AskError, match='Say keep = "plan"'):
        lo.read_results(out).plan(key)
    found = lo.run_batch(asked(studies, sweep={"keep": "plan"}), out)
    assert (found.kept, len(inline)) == (0, 4)
    assert found.results.plan(key).study.name == "east"
    assert lo.run_batch(asked(studies), out).kept == 2  # more than asked for is enough


def test_what_is_there_stays_until_its_plan_takes_its_place(
    studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, more = tmp_path / "out", asked(studies, sweep={"keep": "plan"})
    lo.run_batch(asked(studies), out)
    assert estimate_batch(more, out).left == 2

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(drive, "work_off", stop)
        found = lo.run_batch(more, out)
    assert (found.stopped[:15], dict(found.counts)) == ("Stopped by hand", {"done": 2})
    assert found.results.runs["cost_cny"].notna().all()
    assert lo.run_batch(asked(studies), out).kept == 2


def test_damaged_schools_are_named(studies: Path, tmp_path: Path, inline: list[str]) -> None:
    out = tmp_path / "out 100% #1"
    results = lo.run_batch(asked(studies), out).results
    Store(out).run(results.runs.loc[0, "key"]).joinpath(SCHOOLS).write_text("no parquet")
    out.chmod(0o555)  # who may only read, reads
    try:
        results = lo.read_results(out)
    finally:
        out.chmod(0o755)
    assert ["start the batch again" in text for text in results.problems] == [True]
    assert results.runs["cost_cny"].notna().all()
    assert list(results.closures().table["study"].unique()) == ["west"]
    with pytest.raises(AskError, match="Closures go by study, year, scenario, policy, weight, not by 'effort'"):
        results.closures(by="effort")


def test_a_study_of_the_same_name_repeats_no_run(studies: Path, tmp_path: Path, inline: list[str]) -> None:
    out = tmp_path / "out"
    lo.run_batch(asked(studies), out)
    (studies / "2025").mkdir()
    write_study(county("east", 0.5), studies / "2025" / "east")
    found = lo.run_batch(asked(studies, sweep={"studies": [str(studies / "*t"), str(studies / "2025" / "east")]}), out)
    assert (found.kept, len(inline)) == (2, 3)
    names = {"studies/east", "west", "2025/east"}
    assert {*found.results.runs["study"]} == {*found.results.closures().table["study"]} == names


def test_a_town_of_one_study_changes_no_other_and_one_of_none_is_refused(
    studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    far = county("far", 0.9)
    write_study(replace(far, settlements=far.settlements.assign(town="Uplands")), studies / "far")
    given = asked(
        studies,
        demand={"base": {}, "less": {"towns": {"Uplands": 0.5}}},
        sweep={"studies": [str(studies / "east"), str(studies / "far")]},
    )
    runs = lo.run_batch(given, tmp_path / "out").results.runs
    pupils = runs.pivot_table("pupils", "study", "scenario")
    assert (pupils["less"] / pupils["base"]).to_dict() == pytest.approx({"east": 1, "far": 0.5}, abs=0.05)
    given["demand"]["less"]["towns"] = {"Uplnds": 0.5}
    with pytest.raises(InputError, match=r"towns\.Uplnds: no settlement of any study .* Did you mean 'Uplands'"):
        lo.run_batch(given, tmp_path / "out")


def test_a_result_that_is_not_seen_here_is_not_taken_for_done(
    studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(task, "work", lambda run, folder: Ended(run.key, DONE))
    found = lo.run_batch(asked(studies), tmp_path / "out")
    assert dict(found.counts) == {"lost": 2}
    assert found.results.runs["message"].str.contains("give a folder that all machines share").all()


def test_another_program_reads_the_studies_again(
    studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lo.run_batch(asked(studies), tmp_path / "out")
    for program in ("code_version", "_readers"):
        with monkeypatch.context() as patched:
            patched.setattr(drive, program, lambda: "another")
            read: list[str] = []
            patched.setattr(drive, "digest_of", lambda study, read=read: read.append(study.name) or digest_of(study))
            lo.run_batch(asked(studies), tmp_path / "out")
        assert read == ["east", "west"]


def test_the_second_batch_in_a_folder_refuses(studies: Path, tmp_path: Path, inline: list[str]) -> None:
    given, refused = asked(studies), []

    def second(share: float, text: str) -> None:
        with pytest.raises(AskError, match="A batch is at work in") as caught:
            lo.run_batch(given, tmp_path / "out")
        refused.append(str(caught.value))

    found = lo.run_batch(given, tmp_path / "out", progress=second)
    assert len(refused) == len(inline) == 2
    assert dict(found.counts) == {"done": 2}


# --- faults inside a run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["the system", "GDAL"])
def test_a_full_disk_stops_the_batch_and_leaves_the_rest_readable(
    who: str, studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, out, given = task.write_table, tmp_path / "out", asked(studies, grid={"trigger_pupils": [30, 50]})
    written: list[Path] = []

    def full(table: Any, path: Path) -> None:
        written.append(path)
        if len(written) > 3:  # the second run's second file
            path.write_text("half")
            if who == "GDAL":
                monkeypatch.setattr(store, "FULL_BYTES", float("inf"))
                raise RuntimeError("Failed to commit transaction")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        real(table, path)

    monkeypatch.setattr(task, "write_table", full)
    found = lo.run_batch(given, out)
    assert "The disk is full" in found.stopped
    assert ("Failed to commit transaction" if who == "GDAL" else "No space left on device") in str(found)
    assert (found.counts, found.complete) == ({"done": 1, "planned": 3}, False)
    assert len(lo.read_results(out).done) == 1
    assert len(folders(out)) == 1
    monkeypatch.setattr(task, "write_table", real)
    again = lo.run_batch(given, out)
    assert (again.kept, dict(again.counts), len(inline)) == (1, {"done": 4}, 5)


def test_a_ledger_that_cannot_be_written_loses_no_run(
    studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from layoutopt.batch.ledger import Ledger

    real = Ledger.end

    def full(self: Ledger, ended: Ended) -> None:
        self.store.execute("PRAGMA max_page_count = 1")  # not a page more: to SQLite a full disk
        real(self, replace(ended, message="x" * 100_000))

    with monkeypatch.context() as patched:
        patched.setattr(Ledger, "end", full)
        found = lo.run_batch(asked(studies), tmp_path / "out")
    assert "database or disk is full" in found.stopped
    again = lo.run_batch(asked(studies), tmp_path / "out")
    assert (again.kept, dict(again.counts), len(inline)) == (1, {"done": 2}, 2)


@pytest.mark.parametrize(
    ("error", "state", "text"),
    [
        (lo.SolverError("The limits were reached."), "failed", "SolverError: The limits were reached."),
        (lo.InfeasibleError("Nobody can walk."), "infeasible", "Nobody can walk."),
        (MemoryError(), "lost", "The worker's memory is full."),
        (MissingExtraError("openpyxl", "excel"), "lost", str(MissingExtraError("openpyxl", "excel"))),
        (KeyError("g1"), "lost", "Unexpected KeyError: 'g1'"),
    ],
)
def test_whatever_happens_in_a_run_is_a_row(
    error: Exception, state: str, text: str, studies: Path, tmp_path: Path, inline: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    good = task._solved

    def bad(run: Run) -> Any:
        if run.source.name == "east":
            raise error
        return good(run)

    monkeypatch.setattr(task, "_solved", bad)
    found = lo.run_batch(asked(studies), tmp_path / "out")
    runs = found.results.runs.set_index("study")
    assert (runs.loc["east", "state"], runs.loc["east", "message"]) == (state, text)
    assert runs.loc["west", "state"] == DONE
    assert found.complete == (state != LOST)
    again = lo.run_batch(asked(studies), tmp_path / "out", again=state == "failed")
    # what is infeasible stays so; what was lost, or failed and is asked for again, is tried again
    assert (again.kept, len(inline)) == ((2, 2) if state == "infeasible" else (1, 3))


def test_a_worker_refuses_what_it_cannot_do_right(
    studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = drive.runs_of(sweep := read_sweep(asked(studies)), {one: digest_of(one.read()) for one in sweep.sources})
    run = next(iter(runs))
    Store(tmp_path / "out").open()
    elsewhere = task.work(run, str(tmp_path / "elsewhere"))
    assert (elsewhere.state, "give a folder that all machines share" in elsewhere.message) == (LOST, True)
    write_study(county("east", 0.5), tmp_path / "other")
    shutil.rmtree(studies / "east")
    shutil.copytree(tmp_path / "other", studies / "east")
    task.read.cache_clear()
    changed = task.work(run, str(tmp_path / "out"))
    assert "has changed since the batch was begun" in changed.message
    (studies / "east" / "schools.csv").write_text("school_id\n")
    task.read.cache_clear()
    unread = task.work(run, str(tmp_path / "out"))
    assert (unread.state, "cannot be read now" in unread.message) == (LOST, True)
    monkeypatch.setattr(task, "code_version", lambda: "0.0.1")
    assert "This worker has another layoutopt (0.0.1)" in task.work(run, str(tmp_path / "out")).message
    assert folders(tmp_path / "out") == set()


# --- years, and the command line -----------------------------------------------------------------------------------


def test_a_later_year_is_forecast_and_its_scenario_counts_from_the_study_s_own(
    studies: Path, tmp_path: Path, inline: list[str]
) -> None:
    given = asked(
        studies, sweep={"years": [2024, 2026]}, demand={"base": {}, "fewer": {"births": -0.5}},
    )  # fmt: skip
    runs = lo.run_batch(given, tmp_path / "out").results.runs
    pupils = runs[runs["study"] == "east"].pivot_table("pupils", "year", "scenario")
    assert pupils.loc[2024, "base"] == pupils.loc[2024, "fewer"] == 72.0  # nobody has entered since
    assert pupils.loc[2026, "fewer"] < pupils.loc[2026, "base"]


def test_the_command_line(studies: Path, tmp_path: Path, inline: list[str]) -> None:
    command(studies, tmp_path)
    line = ["batch", str(tmp_path / "sweep.toml"), "--out", str(tmp_path / "out")]
    dry = CliRunner().invoke(main, [*line, "--dry-run", "--workers", "1", "--seconds-per-run", "60"])
    assert (dry.exit_code, dry.stdout.splitlines()[0]) == (0, "6 runs, 6 left to do.")
    assert "About 6 min with 1 process" in dry.stdout
    assert not (tmp_path / "out").exists()
    ran = CliRunner().invoke(main, line)
    assert (ran.exit_code, "6 runs: 6 done; 0 were there before." in ran.stdout) == (0, True)
    assert (tmp_path / "out" / "sweep.toml").read_text() == (tmp_path / "sweep.toml").read_text()
    told = CliRunner().invoke(
        main, ["batch", str(tmp_path / "out" / "sweep.toml"), *line[2:], "--json"]
    )  # its own copy
    assert json.loads(told.stdout)["kept"] == 6
    known = CliRunner().invoke(main, [*line, "--dry-run"])
    assert known.stdout == "6 runs, 0 left to do.\n"


def test_a_dry_run_counts_failed_runs_and_the_threads_of_a_cluster(
    studies: Path, tmp_path: Path, inline: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    good = task._solved

    def bad(run: Run) -> Any:
        if run.source.name == "east":
            raise lo.SolverError("The limits were reached.")
        return good(run)

    monkeypatch.setattr(task, "_solved", bad)
    lo.run_batch(asked(studies), tmp_path / "out")
    assert estimate_batch(asked(studies), tmp_path / "out").left == 0
    assert estimate_batch(asked(studies), tmp_path / "out", again=True).left == 1

    @contextlib.contextmanager
    def cluster(engine: engine.Engine, *, most: int) -> Iterator[Counted]:
        assert engine.scheduler == "tcp://far:8786"
        yield Counted(["a", "b", "c"])

    monkeypatch.setattr(drive, "connected", cluster)
    asked_more = asked(studies, grid={"trigger_pupils": [21, 31, 41, 51]})
    found = estimate_batch(asked_more, tmp_path / "out", scheduler="tcp://far:8786", seconds_per_run=10)
    assert (found.left, found.workers, found.most_s) == (8, 3, 180.0)  # three rounds of 60 s
    timed = estimate_batch(asked_more, tmp_path / "out", workers=1)
    assert timed.basis == "the mean of the runs done here"
    asked_more["sweep"]["method"] = "together"
    assert estimate_batch(asked_more, tmp_path / "out", workers=1).basis == "no run has been timed here yet"


def test_bad_input_on_the_command_line(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text("[sweep]\nstudies = ['sample:ladak']\n[grid]\nmax_ride_mn = [3]\n")
    found = CliRunner().invoke(main, ["batch", str(tmp_path / "sweep.toml"), "--out", str(tmp_path / "out")])
    assert found.exit_code == 2
    assert "2 problems stop the reading" in found.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_without_a_batch(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no ledger\.sqlite there"):
        lo.read_results(tmp_path)
    with pytest.raises(InputError, match="no such folder"):
        lo.read_results(tmp_path / "nowhere")
