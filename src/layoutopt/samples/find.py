"""The bundled studies by name, in a clone or in an installed package."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from layoutopt.errors import InputError, Problem, nearest

if TYPE_CHECKING:
    from layoutopt.study import Study


def sample_path(name: str) -> Path:
    """Return the folder of a bundled study.

    Examples
    --------
    >>> sample_path("valley").name
    'valley'
    """
    homes = [home for home in _homes() if home.is_dir()]
    names = sorted({folder.name for home in homes for folder in home.iterdir() if folder.is_dir()})
    if name not in names:
        known = f"There are: {', '.join(names)}." if names else "Reinstall the package: its samples are missing."
        raise InputError([Problem(f"sample '{name}'", "no such sample", known + nearest(name, names))])
    return next(home / name for home in homes if (home / name).is_dir())


def sample(name: str) -> Study:
    """Return a bundled study, read and checked.

    Examples
    --------
    >>> sample("valley")
    <Study Generated county 28: 250 settlements, 53 schools, 11,172 pupils, 287 roads>
    """
    from layoutopt.study import read_study

    return read_study(sample_path(name))


def _homes() -> tuple[Path, Path]:
    """The wheel carries the samples inside the package, a clone beside it."""
    package = Path(__file__).resolve().parents[1]
    return package / "data" / "samples", package.parents[1] / "data" / "samples"
