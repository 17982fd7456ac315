"""Results kept on disk between runs, found again by the content they were made from; deleting them costs time only."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numpy as np
import scipy
import shapely
from numpy.typing import NDArray

log = logging.getLogger(__name__)

VARIABLE = "LAYOUTOPT_CACHE"
"""The environment variable that names the folder; empty or ``off`` keeps nothing."""

MOST_FILES = 40
MOST_BYTES = 2 * 1024**3
STALE_S = 86_400.0
KINDS = ("roads", "travel")

Arrays = dict[str, NDArray[Any]]
Answer = TypeVar("Answer")


def kept(
    kind: str,
    content: bytes,
    make: Callable[[], Answer],
    *,
    pack: Callable[[Answer], Arrays],
    unpack: Callable[[Mapping[str, NDArray[Any]]], Answer],
) -> Answer:
    """Return what ``make`` returns, from disk where it was made from the same ``content`` before.

    The key covers ``content``, the code of this package and the libraries under it. A file that is missing,
    damaged or not ours is made anew; a folder that cannot be written is done without.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    key = hashlib.sha256(_program() + kind.encode() + b"\0" + content).hexdigest()
    path = folder / f"{kind}-{key[:40]}.npz"
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if str(arrays.pop("key")) != key:
            raise ValueError("the file belongs to other data")
        answer = unpack(arrays)
        with suppress(OSError):  # the files used last are the last to go
            os.utime(path)
    except FileNotFoundError:
        pass
    except Exception as fault:  # whatever a strange file holds, it must never stop a run
        log.debug("cache: %s is not usable: %s", path, fault)
    else:
        return answer
    answer = make()
    _store(path, {**pack(answer), "key": np.array(key)})
    return answer


def cache_folder() -> Path | None:
    """Return where results are kept; None for nowhere."""
    said = os.environ.get(VARIABLE)
    if said is not None:
        return Path(said) if said.strip().lower() not in ("", "off") else None
    try:
        home = Path.home()
    except RuntimeError:  # a service account may have none
        return None
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(home / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(home / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(home / ".cache")
    return Path(base) / "layoutopt"


@lru_cache(maxsize=1)
def _program() -> bytes:
    """Return what stands for the program: its own lines and the libraries whose results it keeps."""
    parts = [np.__version__, scipy.__version__, shapely.__version__, str(shapely.geos_version)]
    try:
        parts += [path.read_text("utf-8") for path in sorted(Path(__file__).parent.glob("*.py"))]
    except OSError:
        log.debug("cache: the package's own files cannot be read")
    return hashlib.sha256("\0".join(parts).encode()).digest()


def _store(path: Path, arrays: Arrays) -> None:
    """Write aside, then rename, so that no reader ever sees half a file."""
    if sum(values.nbytes for values in arrays.values()) > MOST_BYTES:
        return
    aside = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, suffix=".part", delete=False) as file:
            aside = file.name
            np.savez(file, **cast(Any, arrays))
        Path(aside).replace(path)
        _tidy(path.parent)
    except OSError as fault:
        log.debug("cache: %s is not written: %s", path, fault)
        if aside:
            Path(aside).unlink(missing_ok=True)


def _tidy(folder: Path) -> None:
    """Delete our oldest files beyond the bounds, and what a run that was killed left half written."""
    ours = [(path.stat(), path) for kind in KINDS for path in folder.glob(f"{kind}-*")]
    total = 0
    newest_first = sorted(ours, key=lambda one: (-one[0].st_mtime, one[1].name))
    whole = [(facts, path) for facts, path in newest_first if path.suffix == ".npz"]
    for number, (facts, path) in enumerate(whole, start=1):
        total += facts.st_size
        if number > MOST_FILES or total > MOST_BYTES:
            path.unlink(missing_ok=True)
    for facts, path in newest_first:
        if path.suffix == ".part" and facts.st_mtime < time.time() - STALE_S:
            path.unlink(missing_ok=True)
