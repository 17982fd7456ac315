"""The years of a phasing side by side, and the register of the rules between them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from layoutopt.model.columns import Data
from layoutopt.model.copies import Copies
from layoutopt.model.copies_between import Asked
from layoutopt.model.frame import Expr, Rows

RowsOf = Callable[["Horizon"], Iterator[Rows]]


@dataclass(frozen=True)
class YearRule:
    """A rule between years: what it says to a planner, its formula, and the function that states its rows."""

    name: str
    sentence: str
    formula: str
    rows: RowsOf


YEAR_RULES: dict[str, YearRule] = {}


@dataclass(frozen=True, eq=False)
class Horizon:
    """The copies of all years, over the columns of all, and what is asked of them together.

    ``again`` is the position of the first year that is still open; those before it are as they are.
    """

    years: tuple[int, ...]
    copies: Copies
    asked: Asked
    again: int = 0

    @property
    def data(self) -> tuple[Data, ...]:
        """The data of every year."""
        return self.copies.wide

    def limited(self, name: str) -> Iterator[tuple[int, int, float]]:
        """Yield the open years with a limit: position, year, and the limit."""
        for at, year in list(enumerate(self.years))[self.again :]:
            most = self.asked.limits.of(name, year)
            if most is not None:
                yield at, year, most

    def of_year(self, block: str, year: int) -> Expr:
        """Return one expression a column of a further block that belongs to a year."""
        found = self.copies.frame.each(block)
        return found.only(np.asarray(found.level("copy") == str(year)))


def between(sentence: str, formula: str) -> Callable[[RowsOf], RowsOf]:
    """Register a rule between years under the name of its function."""

    def register(function: RowsOf) -> RowsOf:
        YEAR_RULES[function.__name__] = YearRule(function.__name__, sentence, formula, function)
        return function

    return register
