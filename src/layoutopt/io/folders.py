"""Whole folders written aside and then renamed, so that nobody ever meets half a result."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from layoutopt.errors import InputError


@contextmanager
def written_aside(target: Path, *, owned: tuple[str, ...], marker: str) -> Iterator[Path]:
    """Yield an empty folder; when the block ends well it takes the place of ``target``.

    Parameters
    ----------
    owned
        Names inside ``target`` that belong to us and are replaced; anything else in it is carried over.
    marker
        A name whose presence shows that an existing ``target`` was written by us; empty to refuse any.

    Raises
    ------
    InputError
        ``target`` is a file, or a folder with content that we did not write.
    """
    target = target.absolute()
    check_target(target, marker=marker)
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    aside.chmod(0o755)
    try:
        yield aside
        _carry_over(target, aside, owned)
        _swap(target, aside)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def check_target(target: Path, *, marker: str) -> None:
    """Raise ``InputError`` where ``target`` cannot be written: a file, or a folder with others' content."""
    if target.exists() and not target.is_dir():
        raise InputError(f"{target}: a file of this name exists. Choose another folder.")
    is_ours = marker != "" and (target / marker).exists()
    if target.is_dir() and any(target.iterdir()) and not is_ours:
        raise InputError(f"{target}: the folder holds other files. Choose a new or empty folder.")


def _carry_over(target: Path, aside: Path, owned: tuple[str, ...]) -> None:
    if not target.is_dir():
        return
    for item in sorted(target.iterdir()):
        if item.name not in owned and not (aside / item.name).exists():
            if item.is_dir():
                shutil.copytree(item, aside / item.name)
            else:
                shutil.copy2(item, aside / item.name)


def _swap(target: Path, aside: Path) -> None:
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}-old-", dir=target.parent))
    if target.is_dir():
        target.rename(old / "was")
    try:
        aside.rename(target)
    except BaseException:
        if (old / "was").is_dir():
            (old / "was").rename(target)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str) -> None:
    """Write ``text`` as UTF-8 with Unix line ends, aside and then renamed."""
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.write_text(text, encoding="utf-8", newline="\n")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
