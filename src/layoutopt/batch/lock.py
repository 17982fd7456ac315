"""One batch at a time in a folder: a file locked by the system, which frees it when the process ends in any way."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from layoutopt.errors import AskError

FAR = 1 << 30
"""The byte that is locked on Windows, beyond the text: what is locked there cannot be read by others."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock while the block runs. The file stays: one deleted could be locked by two, each with its own.

    Raises
    ------
    AskError
        Another batch is at work in the folder, or it cannot be written or locked.
    """
    own = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat(timespec="seconds")}
    try:
        file = path.open("a+", encoding="utf-8")
    except OSError as error:
        raise AskError(f"{path} cannot be written ({error.strerror}). Choose another folder.") from None
    with file:
        try:
            _lock(file.fileno())
        except (BlockingIOError, PermissionError):  # POSIX, Windows
            file.seek(0)
            raise AskError(_refusal(path, file.read())) from None
        except OSError as error:
            raise AskError(f"{path} cannot be locked ({error.strerror}). Choose a folder on another disk.") from None
        file.truncate(0)
        json.dump(own, file)
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def _lock(handle: int) -> None:
    """Lock an open file, without waiting."""
    if sys.platform == "win32":
        import msvcrt

        os.lseek(handle, FAR, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _refusal(path: Path, text: str) -> str:
    try:
        held = json.loads(text)
        who = f"process {held['pid']} on {held['host']}, since {held['since']}"
    except (ValueError, TypeError, KeyError):  # it has only just taken it
        who = "another process"
    return f"A batch is at work in {path.parent} ({who}). Wait for it or choose another folder."
