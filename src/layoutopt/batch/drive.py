"""A sweep worked off into a folder: what is there stays, what is missing is done, and every end is noted at once."""

from __future__ import annotations

import logging
import shutil
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from layoutopt.batch.engine import Engine, SchedulerLost, connected, work_off
from layoutopt.batch.ledger import Ledger, opened
from layoutopt.batch.live import Tally, shown
from layoutopt.batch.lock import locked
from layoutopt.batch.outcome import Batch, Estimate
from layoutopt.batch.runs import Run, code_version, runs_of
from layoutopt.batch.sources import Source, digest_of
from layoutopt.batch.store import ANSWERED, DONE, FAILED, LOST, PLAN, PLANNED, Ended, Store
from layoutopt.batch.sweep import Sweep, read_sweep
from layoutopt.errors import InputError, Problem, nearest
from layoutopt.progress import Progress, Report

BY_HAND = "Stopped by hand. Start the same batch again to go on."
NO_ROOM = "The disk is full ({}). Make room and start the same batch again."
NO_LEDGER = "{}. See to the disk, and start the same batch again."
UNSEEN = "A worker did it, and its result is not in {}: give a folder that all machines share."
NO_SCHEDULER = "The scheduler{} has vanished. Start it, and then the same batch again."
log = logging.getLogger(__name__)


def run_batch(
    sweep: Sweep | str | Path | Mapping[str, Any],
    out: str | Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    memory_limit: str | float = "auto",
    again: bool = False,
    progress: Progress = False,
) -> Batch:
    """Work off every run of a sweep into the folder ``out``, and return how it went.

    A run is known by the hash of its inputs: what the folder already holds is not done again, a changed study,
    policy or program is. A run that no plan fits, or that fails, is a row with its message. Each run is kept as it
    ends, so that a batch that was stopped goes on where it was.

    Parameters
    ----------
    sweep
        A sweep, its file, or a mapping of the same form.
    workers
        Processes of this machine, each solving one run at a time with one thread; as many as it has cores where left
        out.
    scheduler
        The address of a dask cluster, ``tcp://host:8786``, in their place; its machines share the folders.
    memory_limit
        What one process may use, for example ``"2GB"``; beyond it, it is stopped and the run tried elsewhere.
    again
        Do failed runs once more. Lost ones (a worker that died, a full disk) are always done again.
    progress
        True for a line in the terminal or notebook, or a function of (share done, message).

    Raises
    ------
    InputError
        The sweep or a study cannot be used; all problems at once.
    AskError
        Another batch is at work in the folder, or no scheduler answers.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.run_batch("sweep.toml", "out/sweep", workers=2).results.runs  # doctest: +SKIP
    """
    began = time.monotonic()
    asked = sweep if isinstance(sweep, Sweep) else read_sweep(sweep)
    engine = Engine(workers, scheduler, memory_limit)
    store = Store(Path(out).absolute())
    store.open()
    with locked(store.lock), opened(store.ledger) as ledger, shown(progress) as report:
        runs = list(runs_of(asked, _digests(asked, ledger)))
        ledger.ask(runs)
        todo = _left(store, ledger, runs, again)
        if isinstance(sweep, (str, Path)):
            with suppress(shutil.SameFileError):
                shutil.copyfile(sweep, store.folder / "sweep.toml")
        stopped = _worked(store, ledger, runs, todo, engine, report) if todo else ""
        counts = Counter(str(state) for state in ledger.table()["state"])
    return Batch(store.folder, counts, len(runs) - len(todo), time.monotonic() - began, stopped)


def estimate_batch(
    sweep: Sweep | str | Path | Mapping[str, Any],
    out: str | Path | None = None,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    again: bool = False,
    seconds_per_run: float | None = None,
) -> Estimate:
    """Count the runs of a sweep and those left to do in the folder ``out``, and estimate their time; it writes nothing.

    The time of a run is ``seconds_per_run``, else the mean of earlier runs of its study there with the same effort and
    method, else of any such run there; where none has been timed, the time limit is told as the most it can be. The
    other arguments are those of :func:`run_batch`.

    Examples
    --------
    >>> estimate_batch({"sweep": {"studies": ["sample:ladakh"]}}, workers=2, seconds_per_run=30).seconds
    30.0
    """
    asked = sweep if isinstance(sweep, Sweep) else read_sweep(sweep)
    count = _processes(Engine(workers, scheduler))
    store = None if out is None else Store(Path(out).absolute())
    if store is None or not store.ledger.is_file():
        left = list(runs_of(asked, _digests(asked, None)))
        return Estimate.of(len(left), left, {}, count, seconds_per_run)
    with opened(store.ledger, read_only=True) as ledger:
        runs = list(runs_of(asked, _digests(asked, ledger, note=False)))
        marks = ledger.marks()
        left = [run for run in runs if not _stands(store, run, marks.get(run.key, (PLANNED, ""))[0], again)]
        return Estimate.of(len(runs), left, ledger.seconds(asked.effort, asked.method), count, seconds_per_run)


def _processes(engine: Engine) -> int:
    """How many runs are done at once."""
    if engine.scheduler is None:
        return engine.count
    with connected(engine, most=1) as client:
        return max(1, sum(client.nthreads().values()))


def _digests(sweep: Sweep, ledger: Ledger | None, *, note: bool = True) -> dict[Source, str]:
    """What identifies the content of each study; one whose files are as they were is not read again."""
    found: dict[Source, str] = {}
    problems: list[Problem] = []
    towns = {town for scenario in sweep.scenarios for town in scenario.towns}
    there: set[str] = set()
    program = f"{code_version()}, {_readers()}"
    for source in sweep.sources:
        stamp = f"{source.stamp()} {program}"
        known = None if ledger is None else ledger.digest(source.place, stamp)
        try:
            if known is None or towns:
                study = source.read()
                there |= set(study.settlements["town"])
                found[source] = digest_of(study)
            else:
                found[source] = known
        except InputError as error:
            own = error.problems or (Problem("study", str(error)),)
            problems += [Problem(f"{source.name}: {one.where}", one.what, one.cure) for one in own]
            continue
        if known is None and ledger is not None and note:
            ledger.note_digest(source.place, stamp, found[source])
    if not problems:
        what = "no settlement of any study is in a town of this name"
        problems = [
            Problem(f"towns.{name}", what, nearest(name, sorted(there)).strip()) for name in sorted(towns - there)
        ]
    if problems:
        raise InputError(problems)
    return found


def _readers() -> str:
    """What turns files into coordinates: another version may place a school a little elsewhere."""
    import pyogrio
    import pyproj

    return f"PROJ {pyproj.proj_version_str}, GDAL {pyogrio.__gdal_version_string__}"


def _stands(store: Store, run: Run, state: str, again: bool) -> bool:
    """Whether a run that ended so need not be done once more."""
    if state == DONE:
        return run.keep != PLAN or store.has_plan(run.key)
    return state in ANSWERED and not (again and state == FAILED)


def _left(store: Store, ledger: Ledger, runs: list[Run], again: bool) -> list[Run]:
    """The runs to do, after the folder is set in order: ledger and folders then say the same.

    What is there of a run that is done once more stays until the new answer takes its place.
    """
    store.arrange({run.key for run in runs})
    marks, left = ledger.marks(), []
    for run in runs:
        state, mark = marks[run.key]
        found = store.found(run.key)
        if found is None:
            if state in ANSWERED:
                log.info("%s is done again: its files are missing or damaged.", run)
            ledger.open_again(run.key)
        elif state not in ANSWERED or mark != found.check:
            ledger.end(found)  # it ended, and the batch died before it could say so
        if found is None or not _stands(store, run, found.state, again):
            left.append(run)
    return left


def _worked(store: Store, ledger: Ledger, runs: list[Run], todo: list[Run], engine: Engine, report: Report) -> str:
    """Have the runs done; return why the batch ended before its end, in words, or nothing."""
    asked = {run.key for run in runs} - {run.key for run in todo}
    known = Counter(state for key, (state, _) in ledger.marks().items() if key in asked and state in ANSWERED)
    tally, stopped = Tally(len(runs), known), ""

    def note(ended: Ended) -> bool:
        nonlocal stopped
        if ended.full:
            stopped = NO_ROOM.format(ended.message)
            return False
        if ended.state in ANSWERED and not store.shows(ended.key):
            ended = replace(ended, state=LOST, message=UNSEEN.format(store.folder))
        try:
            ledger.end(ended)
        except OSError as error:  # its folder is whole and will be found
            stopped = NO_LEDGER.format(error)
            return False
        tally.note(ended)
        if ended.state == LOST:
            log.warning("A run is lost: %s", ended.message)
        return True

    def tick(running: int | None) -> None:
        if running is None and tally.running is not None:
            log.warning("No worker is there. The batch waits for one.")
        tally.running = running
        report(tally.share, str(tally))

    try:
        with connected(engine, most=len(todo)) as client:
            work_off(client, todo, store.folder, note, tick)
    except KeyboardInterrupt:
        return BY_HAND
    except SchedulerLost:
        return NO_SCHEDULER.format(f" at {engine.scheduler}" if engine.scheduler else "")
    return stopped
