"""Grades, bands and stages, ways to travel, and what closed premises may become."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

GRADES: tuple[int, ...] = tuple(range(1, 10))
BANDS: tuple[str, ...] = ("lower", "upper", "junior")
"""The grade bands; which grades they hold is the policy's choice (``Policy.bands``)."""
STAGES: dict[str, tuple[str, ...]] = {"primary": ("lower", "upper"), "junior": ("junior",)}
STAGE_OF: dict[str, str] = {band: stage for stage, bands in STAGES.items() for band in bands}
STAGE_GRADES: dict[str, tuple[int, ...]] = {"primary": GRADES[:6], "junior": GRADES[6:]}
MODES: tuple[str, ...] = ("walk", "bus", "board")
USES: tuple[str, ...] = (
    "kindergarten", "left_behind_home", "labour_education_base", "after_school_care", "village_use",
)  # fmt: skip
"""What closed premises may become."""
PUPIL_COLUMNS: tuple[str, ...] = tuple(f"g{grade}" for grade in GRADES)
AGE_COLUMNS: dict[str, str] = {"primary": "primary_age", "junior": "junior_age"}


@cache
def bands_of(lower_last_grade: int = 3) -> Mapping[str, tuple[int, ...]]:
    """Return the grades of each band, where ``lower`` ends with ``lower_last_grade``.

    Without it the bands that files and shares of residents are counted by: 1-3, 4-6 and 7-9.

    Examples
    --------
    >>> bands_of(4)["upper"]
    (5, 6)
    """
    primary = STAGE_GRADES["primary"]
    lower, upper = primary[:lower_last_grade], primary[lower_last_grade:]
    return MappingProxyType({"lower": lower, "upper": upper, "junior": STAGE_GRADES["junior"]})


def span(grades: tuple[int, ...]) -> str:
    """Return grades that follow one another as text, such as ``1-3``."""
    return f"{grades[0]}-{grades[-1]}"
