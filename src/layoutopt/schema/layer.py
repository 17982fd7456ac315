"""What a layer and a column of the input are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from layoutopt.schema.grades import GRADES

Kind = Literal["id", "text", "number", "whole", "flag", "choice", "grades"]
Geometry = Literal["point", "point or polygon", "line", "polygon", "none"]


@dataclass(frozen=True)
class Column:
    """One column: how it is written, what it may hold, and what it means to a planner."""

    name: str
    meaning: str
    kind: Kind = "text"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    @property
    def limits(self) -> str:
        """The admissible values in words; empty where anything goes."""
        if self.choices:
            return ", ".join(self.choices)
        if self.kind == "flag":
            return "yes or no"
        if self.kind == "grades":
            return "a span such as 1-6"
        if self.low is not None and self.high is not None:
            return f"{self.low:g} to {self.high:g}"
        return ""


@dataclass(frozen=True)
class Layer:
    """One input layer: its geometry, its key and its columns."""

    name: str
    meaning: str
    geometry: Geometry
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    required: bool = False

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        """Column names in template order."""
        return tuple(column.name for column in self.columns)


def pupil_columns(meaning: str, high: float) -> tuple[Column, ...]:
    """Return a column of pupils for each grade; ``meaning`` names the grade as ``{grade}``."""
    return tuple(
        Column(f"g{g}", meaning.format(grade=g), kind="number", unit="pupils", low=0, high=high) for g in GRADES
    )
