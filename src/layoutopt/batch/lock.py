"""One batch at a time in a folder: a file that says which process is at work, and whether it still lives."""

from __future__ import annotations

import json
import math
import os
import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from layoutopt.errors import AskError, MissingExtraError

EMPTY_S = 30.0
"""A lock without content that is older was left by a process that died while it wrote it."""
SAME_S = 2.0
"""Start times of one process differ by less when read twice."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock while the block runs; a lock of a process of this machine that has died is taken over.

    Raises
    ------
    AskError
        Another batch is at work in the folder.
    """
    own = {
        "pid": os.getpid(), "host": socket.gethostname(), "process_began": _began(os.getpid()),
        "since": datetime.now(UTC).isoformat(timespec="seconds"), "token": uuid.uuid4().hex,
    }  # fmt: skip
    if not _created(path, own):
        _take_over(path)
        if not _created(path, own):
            raise AskError(_refusal(path, _read(path)))
    try:
        yield
    finally:
        if _read(path).get("token") == own["token"]:
            with suppress(OSError):
                path.unlink()


def _created(path: Path, own: Mapping[str, Any]) -> bool:
    try:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
    except FileExistsError:
        return False
    except PermissionError:  # Windows, while another process deletes it
        return False
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(own, file)
    return True


def _take_over(path: Path) -> None:
    """Put a dead process's lock away; where somebody was quicker and it is theirs, give it back."""
    held = _read(path)
    if not _is_dead(path, held):
        raise AskError(_refusal(path, held))
    away = path.with_name(f"{path.name}.{uuid.uuid4().hex[:8]}")
    try:
        path.rename(away)
    except OSError:
        return
    if _read(away).get("token") != held.get("token"):
        with suppress(OSError):
            away.rename(path)
        return
    with suppress(OSError):
        away.unlink()


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_dead(path: Path, held: Mapping[str, Any]) -> bool:
    """Whether the process that holds the lock is known to be gone: on this machine, its number free or used anew."""
    if "pid" not in held:
        try:
            return time.time() - path.stat().st_mtime > EMPTY_S
        except OSError:
            return True
    if held.get("host") != socket.gethostname():
        return False
    began = _began(int(held["pid"]))
    return began is None or abs(began - float(held.get("process_began") or began)) > SAME_S


def _began(pid: int) -> float | None:
    """When a process of this machine began; None where there is none of this number."""
    try:
        import psutil
    except ImportError:
        raise MissingExtraError("distributed", "batch") from None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.NoSuchProcess:
        return None
    except psutil.Error:
        return math.nan  # it lives, and nobody may look at it


def _refusal(path: Path, held: Mapping[str, Any]) -> str:
    who = f"process {held['pid']} on {held.get('host')}, since {held.get('since')}" if "pid" in held else "another one"
    return (
        f"A batch is at work in {path.parent} ({who}). Wait for it or choose another folder; if you are sure that it "
        f"is gone, delete {path.name}."
    )
