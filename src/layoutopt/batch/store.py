"""The folder of a batch: a folder a run, written aside and renamed, and checked by what it holds."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping, Set
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from layoutopt.errors import InputError, MissingExtraError

RUNS, EARLIER, PLAN = "runs", "earlier", "plan"
FIGURES, SCHOOLS, ABOUT = "figures.parquet", "schools.parquet", "run.json"
LEDGER, LOCK = "ledger.sqlite", "batch.lock"
DONE, INFEASIBLE, FAILED, LOST, PLANNED = "done", "infeasible", "failed", "lost", "planned"
STATES = (DONE, INFEASIBLE, FAILED, LOST, PLANNED)
ANSWERED = (DONE, INFEASIBLE, FAILED)
"""States in which a run has a folder: it is not worked off again."""
NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
FULL_BYTES = 16_000_000
"""Where less is free when a file cannot be written, the disk is full: GDAL does not say why it failed."""


@dataclass(frozen=True)
class Ended:
    """How a run ended, in few words: all that comes back from a worker. ``check`` is a hash of what it wrote."""

    key: str
    state: str
    message: str = ""
    seconds: float = 0.0
    gap: float | None = None
    check: str = ""
    full: bool = False


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
            It is a file, or holds files of others.
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise InputError(f"{self.folder}: a file of this name exists. Choose another folder.")
        others = self.folder.is_dir() and any(self.folder.iterdir())
        if others and not any((self.folder / name).exists() for name in (LEDGER, LOCK, RUNS)):
            raise InputError(f"{self.folder}: the folder holds other files. Choose a new or empty folder.")
        (self.folder / RUNS).mkdir(parents=True, exist_ok=True)

    def write(self, key: str, fill: Callable[[Path], None], ended: Ended) -> Ended:
        """Write a run's folder, whole or not at all, and return how it ended with the hash of its files.

        A folder that another worker has put there meanwhile and that is whole stays.

        Raises
        ------
        OSError
            It cannot be written; with the number ENOSPC where the disk is full, whoever noticed it.
        """
        target = self.run(key)
        aside = Path(tempfile.mkdtemp(prefix=f".{key}-", dir=target.parent))
        try:
            fill(aside)
            whole = Ended(**{**asdict(ended), "check": check_of(aside)})
            (aside / ABOUT).write_text(json.dumps(asdict(whole), ensure_ascii=False), encoding="utf-8", newline="\n")
            aside.chmod(0o755)
            there = self.found(key)
            if there is not None:
                return there
            shutil.rmtree(target, ignore_errors=True)
            aside.rename(target)
        except Exception as error:
            if isinstance(error, OSError) or shutil.disk_usage(aside).free >= FULL_BYTES:
                raise
            raise OSError(errno.ENOSPC, f"{type(error).__name__}: {error}") from error
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        return whole

    def found(self, key: str) -> Ended | None:
        """Return how a run ended as its own folder says; None where that is missing, half written or damaged."""
        folder = self.run(key)
        try:
            told = Ended(**json.loads((folder / ABOUT).read_text("utf-8")))
            good = told.key == key and told.state in ANSWERED and told.check == check_of(folder)
        except (OSError, ValueError, TypeError):
            return None
        return told if good else None

    def arrange(self, keys: Set[str]) -> None:
        """Put away the folders of runs nobody asks for, fetch those asked for, and delete what is half written."""
        away = self.folder / EARLIER
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

    def drop(self, key: str) -> None:
        """Delete a run's folder."""
        _remove(self.run(key))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def check_of(folder: Path) -> str:
    """Return a hash of the tables in a run's folder, and of the names and sizes of its plan's files."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name != ABOUT:
            found.update(f"{name} {path.stat().st_size}\n".encode())
            if "/" not in name:
                found.update(path.read_bytes())
    return found.hexdigest()[:24]


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
