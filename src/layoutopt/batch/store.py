"""The folder of a batch: a folder a run, written aside and renamed, and checked by what it holds."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Set
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from layoutopt.errors import InputError, MissingExtraError

RUNS, EARLIER, ASIDE, PLAN = "runs", "earlier", "aside", "plan"
FIGURES, SCHOOLS, ABOUT = "figures.parquet", "schools.parquet", "run.json"
LEDGER, LOCK = "ledger.sqlite", "batch.lock"
DONE, INFEASIBLE, FAILED, LOST, PLANNED = "done", "infeasible", "failed", "lost", "planned"
STATES = (DONE, INFEASIBLE, FAILED, LOST, PLANNED)
ANSWERED = (DONE, INFEASIBLE, FAILED)
"""States in which a run has a folder: it is not worked off again."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
FULL_BYTES = 16_000_000
"""Where less is free when a file cannot be written, the disk is full: GDAL does not say why it failed."""
PATIENCE_S = 5.0
"""How long a folder may be held by a virus scanner before it cannot be moved."""


@dataclass(frozen=True)
class Ended:
    """How a run ended, in few words: all that comes back from a worker.

    ``check`` is a hash of what it wrote; ``strange`` is the address of a worker that cannot do this study's runs.
    """

    key: str
    state: str
    message: str = ""
    seconds: float = 0.0
    gap: float | None = None
    check: str = ""
    full: bool = False
    strange: str = ""


@dataclass(frozen=True)
class Store:
    """The places in the folder of a batch."""

    folder: Path

    @property
    def ledger(self) -> Path:
        """The table of runs (SQLite), written by the command that drives them."""
        return self.folder / LEDGER

    @property
    def lock(self) -> Path:
        """The file that says who is at work here."""
        return self.folder / LOCK

    def run(self, key: str) -> Path:
        """The folder of a run."""
        return self.folder / RUNS / key

    def open(self) -> None:
        """Make the folder where it is not there.

        Raises
        ------
        InputError
            It is a file, holds files of others, or cannot be written.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder}: a file of this name exists. Choose another folder.")
        others = self.folder.is_dir() and any(self.folder.iterdir())
        if others and not any((self.folder / name).exists() for name in (LEDGER, LOCK, RUNS)):
            raise InputError(f"{self.folder}: the folder holds other files. Choose a new or empty folder.")
        try:
            (self.folder / RUNS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written ({error.strerror}). Choose another folder.") from None

    def write(self, key: str, fill: Callable[[Path], None], ended: Ended) -> Ended:
        """Write a run's folder, whole or not at all, and return how it ended with the hash of its files.

        A plan that is there, from another worker or an earlier start, stays unless the new one holds more files. What
        is half written lies in a folder of its own, where nobody reads ``runs/*``.

        Raises
        ------
        OSError
            It cannot be written; with the number ENOSPC where the disk is full, whoever noticed it.
        """
        target = self.run(key)
        aside = self.folder / ASIDE / f"{key}-{uuid.uuid4().hex[:8]}"
        try:
            aside.mkdir(parents=True)
            fill(aside)
            files = _marks(aside, [path for path in sorted(aside.rglob("*")) if path.is_file()])
            whole = replace(ended, check=_check(files))
            told = json.dumps({**asdict(whole), "files": files}, ensure_ascii=False)
            (aside / ABOUT).write_text(told, encoding="utf-8", newline="\n")
            there = self.found(key)
            if there is not None and there.state == DONE and (whole.state != DONE or self._holds(key, files)):
                return there
            if target.exists():
                _moved(target, aside.with_name(f"{aside.name}-old"))
            _moved(aside, target)
        except Exception as error:
            if isinstance(error, OSError) or shutil.disk_usage(self.folder).free >= FULL_BYTES:
                raise
            raise OSError(errno.ENOSPC, f"{type(error).__name__}: {error}") from error
        finally:
            for left in (aside, aside.with_name(f"{aside.name}-old")):
                shutil.rmtree(left, ignore_errors=True)
        return whole

    def found(self, key: str) -> Ended | None:
        """Return how a run ended as its own folder says; None where that is missing or a file of it damaged.

        Files that others have put there, of a viewer or a report, do not count.
        """
        folder = self.run(key)
        try:
            told = json.loads((folder / ABOUT).read_text("utf-8"))
            files = told.pop("files")
            ended = Ended(**told)
            whole = _marks(folder, [folder / name for name in files]) == files and ended.check == _check(files)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return ended if whole and ended.key == key and ended.state in ANSWERED else None

    def has_plan(self, key: str) -> bool:
        """Whether a run has kept its plan, or had before it was put away."""
        return any((self.folder / part / key / PLAN).is_dir() for part in (RUNS, EARLIER))

    def shows(self, key: str) -> bool:
        """Whether a run's folder is to be seen from here; on a shared disk the whole list is read afresh."""
        return self.run(key).is_dir() or any(one.name == key for one in (self.folder / RUNS).iterdir())

    def _holds(self, key: str, files: Mapping[str, str]) -> bool:
        return all((self.run(key) / name).exists() for name in files)

    def arrange(self, keys: Set[str]) -> None:
        """Put away the folders of runs nobody asks for, fetch those asked for, and delete what is half written."""
        away = self.folder / EARLIER
        _remove(self.folder / ASIDE)
        for folder in sorted(self.folder.joinpath(RUNS).iterdir()):
            if folder.name.startswith(".") or not folder.is_dir():
                _remove(folder)
            elif folder.name not in keys:
                away.mkdir(exist_ok=True)
                _remove(away / folder.name)
                folder.rename(away / folder.name)
        for folder in sorted(away.iterdir()) if away.is_dir() else ():
            if folder.name in keys and not self.run(folder.name).exists():
                folder.rename(self.run(folder.name))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _moved(source: Path, target: Path) -> None:
    """Rename a folder; on Windows a virus scanner may hold one for a moment."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            source.rename(target)
            return
        except PermissionError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def _marks(folder: Path, paths: Iterable[Path]) -> dict[str, str]:
    """What tells whether each file is as it was written, by its name in the folder."""
    return {path.relative_to(folder).as_posix(): _mark(path) for path in paths}


def _mark(path: Path) -> str:
    """The hash of a file; of a whole GeoPackage its kind, for QGIS changes some bytes when it only shows one."""
    with path.open("rb") as file:
        head = file.read(100)  # of SQLite 3: the bytes of a page from 16, the count of pages from 28
        page = int.from_bytes(head[16:18], "big")
        size = (65_536 if page == 1 else page) * int.from_bytes(head[28:32], "big")
        if head.startswith(b"SQLite format 3\0") and path.stat().st_size >= size:
            return "SQLite"
        return hashlib.sha256(head + file.read()).hexdigest()


def _check(files: Mapping[str, str]) -> str:
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()[:24]


def write_table(table: Any, path: Path) -> None:
    """Write a table as Parquet."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise MissingExtraError("pyarrow", "batch") from None
    table.to_parquet(path, index=False)


def said(found: Mapping[str, int]) -> str:
    """Return counts by state in words, for example ``12 done, 1 failed``."""
    words = [f"{found[state]:,} {state}" for state in STATES if found.get(state)]
    return ", ".join(words) if words else "none"
