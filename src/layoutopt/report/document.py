"""A document before it has a format: sections, paragraphs, typed tables and pictures, drawn later as Word or HTML."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pandas as pd

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["text", "count", "number", "minutes", "km", "money", "share", "area", "ratio", "date"]


@dataclass(frozen=True)
class Column:
    """One column of a table: its name in the rows, its heading, what its values are, and whether it is summed.

    ``unit`` is shown in the heading; it is empty for text, counts of things named by the heading, and shares
    (values from 0 to 1).
    """

    name: str
    label: str
    kind: Kind = "text"
    unit: str = ""
    summed: bool = False


@dataclass(frozen=True, eq=False)
class Table:
    """Rows with typed columns; ``name`` is stable in every language and is the sheet's and the file's name."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: pd.DataFrame
    empty: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Running text; ``kind`` says how much it should stand out."""

    text: str
    kind: Literal["plain", "lead", "note", "warning"] = "plain"


@dataclass(frozen=True)
class Bullets:
    """A list; numbered where the order matters."""

    items: tuple[str, ...]
    numbered: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """A chart or a map, drawn on axes when a document needs it."""

    name: str
    title: str
    draw: Callable[[Axes], None]
    width_cm: float = 15.0
    height_cm: float = 9.0


Block = Paragraph | Bullets | Table | Picture


@dataclass(frozen=True, eq=False)
class Section:
    """A heading with its blocks and sections below it; ``owner`` is the department in charge."""

    name: str
    title: str
    blocks: tuple[Block, ...] = ()
    sections: tuple[Section, ...] = ()
    owner: str = ""


@dataclass(frozen=True, eq=False)
class Document:
    """A whole document; ``stamp`` says on every page why the plan cannot be adopted, and is empty where it can."""

    name: str
    title: str
    subtitle: str
    sections: tuple[Section, ...]
    lang: str = "en"
    stamp: str = ""
