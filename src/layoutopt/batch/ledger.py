"""The ledger of a batch: what was asked, and what of it is done. Only the command that drives the runs writes it."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pandas as pd

from layoutopt.batch.runs import Run
from layoutopt.batch.store import ANSWERED, PLANNED, RUNS, Ended
from layoutopt.errors import InputError, Problem

FORMAT = 2
WAIT_S = 30.0
TABLES = """
CREATE TABLE IF NOT EXISTS runs (
  key TEXT PRIMARY KEY, position INTEGER, asked INTEGER, study TEXT, place TEXT, year INTEGER, scenario TEXT,
  weight REAL, policy TEXT, labels TEXT, effort TEXT, method TEXT, state TEXT, message TEXT,
  seconds REAL, gap REAL, files TEXT, mark TEXT, ended_at TEXT
);
CREATE TABLE IF NOT EXISTS studies (place TEXT PRIMARY KEY, stamp TEXT, digest TEXT);
"""
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Ledger:
    """An open ledger; every change is its own transaction, safe against a power cut. OSError: no room for one."""

    store: sqlite3.Connection

    @contextmanager
    def _change(self) -> Iterator[None]:
        try:
            with self.store:
                yield
        except sqlite3.OperationalError as error:
            raise OSError(f"The ledger cannot be written: {error}") from error

    def ask(self, runs: Iterable[Run]) -> None:
        """Say which runs the sweep has; others stay known, but are not asked for any more."""
        rows = [
            (
                run.key, at, run.source.name, run.source.place, run.year, run.scenario.name, run.scenario.weight,
                run.variant.name, json.dumps(run.labels, ensure_ascii=False), run.effort, run.method, PLANNED,
            )
            for at, run in enumerate(runs)
        ]  # fmt: skip
        named = "position=excluded.position, asked=1, study=excluded.study, place=excluded.place, "
        named += "scenario=excluded.scenario, weight=excluded.weight, policy=excluded.policy, labels=excluded.labels"
        with self._change():
            self.store.execute("UPDATE runs SET asked = 0")
            self.store.executemany(
                "INSERT INTO runs (key, position, asked, study, place, year, scenario, weight, policy, labels, effort,"
                " method, state) VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                f" ON CONFLICT (key) DO UPDATE SET {named}",
                rows,
            )

    def end(self, ended: Ended) -> None:
        """Note how a run ended."""
        when = datetime.now(UTC).isoformat(timespec="seconds")
        files = f"{RUNS}/{ended.key}" if ended.state in ANSWERED else ""
        with self._change():
            self.store.execute(
                "UPDATE runs SET state = ?, message = ?, seconds = ?, gap = ?, files = ?, mark = ?, ended_at = ?"
                " WHERE key = ?",
                (ended.state, ended.message, ended.seconds, ended.gap, files, ended.check, when, ended.key),
            )

    def open_again(self, key: str) -> None:
        """Note that a run is to be done once more."""
        with self._change():
            self.store.execute(
                "UPDATE runs SET state = ?, message = '', gap = NULL, files = '', mark = '' WHERE key = ?",
                (PLANNED, key),
            )

    def marks(self) -> dict[str, tuple[str, str]]:
        """Return state and hash of the files of every run."""
        found = self.store.execute("SELECT key, state, mark FROM runs")
        return {key: (state, mark or "") for key, state, mark in found}

    def digest(self, place: str, stamp: str) -> str | None:
        """Return the digest of a study whose files have not changed since it was read."""
        row = self.store.execute("SELECT digest FROM studies WHERE place = ? AND stamp = ?", (place, stamp)).fetchone()
        return None if row is None else str(row[0])

    def note_digest(self, place: str, stamp: str, digest: str) -> None:
        """Note the digest of a study as its files are now."""
        with self._change():
            self.store.execute("INSERT OR REPLACE INTO studies VALUES (?, ?, ?)", (place, stamp, digest))

    def table(self) -> pd.DataFrame:
        """Return the runs of the sweep in its order."""
        return pd.read_sql_query("SELECT * FROM runs WHERE asked = 1 ORDER BY position", self.store)

    def seconds(self, effort: str, method: str) -> dict[str, float]:
        """Return the mean seconds of the runs that were answered in this way, by the place of their study."""
        found = self.store.execute(
            f"SELECT place, avg(seconds) FROM runs WHERE seconds > 0 AND state IN {ANSWERED} AND effort = ?"
            " AND method = ? GROUP BY place",
            (effort, method),
        )
        return dict(found.fetchall())


@contextmanager
def opened(path: Path, *, read_only: bool = False) -> Iterator[Ledger]:
    """Yield the ledger at ``path``; one that is damaged, or of another form, is put aside and begun anew.

    The runs' folders tell all that it held.

    Raises
    ------
    InputError
        There is none to read.
    OSError
        It cannot be written.
    """
    if read_only and not path.is_file():
        raise InputError([Problem(str(path.parent), "no ledger.sqlite there, so no batch", "Give a batch's folder.")])
    try:
        store = _connected(path, read_only)
    except sqlite3.DatabaseError as fault:
        if read_only:
            raise InputError([Problem(str(path), f"cannot be read ({fault})", "Start its batch again.")]) from None
        if isinstance(fault, sqlite3.OperationalError):
            raise OSError(f"{path} cannot be opened: {fault}") from None
        log.warning("%s cannot be used (%s) and is put aside; runs whose folders are whole are kept.", path, fault)
        for ending in ("", "-wal", "-shm"):
            own = path.with_name(path.name + ending)
            if own.exists():
                own.replace(path.with_name(f"{path.name}{ending}.damaged"))
        store = _connected(path, read_only)
    with closing(store):
        yield Ledger(store)


def _connected(path: Path, read_only: bool) -> sqlite3.Connection:
    """A connection to a ledger that was looked at; WAL lets others of this machine read while the batch writes."""
    store = sqlite3.connect(_address(path) if read_only else path, timeout=WAIT_S, uri=read_only)
    try:
        if store.execute("PRAGMA user_version").fetchone()[0] not in (0, FORMAT):
            raise sqlite3.DatabaseError("it is of another layoutopt")
        if not read_only:
            store.execute("PRAGMA journal_mode = WAL")
            store.executescript(TABLES)
            store.execute(f"PRAGMA user_version = {FORMAT}")
        if store.execute("PRAGMA quick_check").fetchone()[0] != "ok":
            raise sqlite3.DatabaseError("its pages do not fit together")
        store.execute("SELECT count(*) FROM runs").fetchone()
    except BaseException:
        store.close()
        raise
    return store


def _address(path: Path) -> str:
    """The ledger to be read only, also in a folder where nothing may be written; without a WAL file nobody writes."""
    place = path.absolute().as_posix()
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    return f"file://{'' if place.startswith('/') else '/'}{quote(place)}?{how}"
