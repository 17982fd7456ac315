"""The phasing as a value: a plan a year, the state of every school by year, costs, words, and how good it is."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.ahead import phase_tables as tables
from layoutopt.ahead.phase_basis import Basis
from layoutopt.ahead.phase_check import check_phasing, lines_beyond
from layoutopt.ahead.task import CUT
from layoutopt.ahead.task import LAST as COST
from layoutopt.io.folders import written_aside
from layoutopt.model.frame import Array
from layoutopt.plan.plan import Level, Plan
from layoutopt.study import Study

if TYPE_CHECKING:
    from layoutopt.ahead.phase_compare import Comparison

BOUND_NAME = "the compact programs of all years, buses at a price per rider"
TABLES = ("table", "events", "years", "costs", "moves")
MARKER = "phasing.json"
log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Phasing:
    """When schools close, expand or open, with the audited plan of every year.

    ``levels`` say what each goal over all years came to and is proven to be, for the programs ``bound_name`` names,
    before goals after the cost used what its tolerance leaves them.
    ``following`` is the answer year by year, None where that gets stuck (in the year ``stuck``). ``stopped_by`` says
    whether the clock (``time``) or Ctrl-C (``user``) cut some step short; otherwise another run ends alike.
    """

    basis: Basis = field(repr=False)
    point: Array = field(repr=False)
    plans: Mapping[int, Plan]
    levels: tuple[Level, ...]
    bound_name: str
    alone: Mapping[str, Mapping[str, Level]] = field(repr=False)
    following: Array | None = field(repr=False)
    stuck: int | None = None
    stopped_by: str = "done"
    run: Mapping[str, Any] = field(default_factory=dict)

    @property
    def main(self) -> Level:
        """The level that speaks for the cost, or the last one."""
        return next((level for level in self.levels if level.goal == COST), self.levels[-1])

    @property
    def gap(self) -> float:
        """How far the discounted cost may be from the best, as a share; ``inf`` where not known."""
        return self.main.gap

    @cached_property
    def table(self) -> pd.DataFrame:
        """A row a school, a column a year: hub, full, teaching_point, closed or not_built; a + where enlarged."""
        return tables.state_table(self.plans)

    @cached_property
    def events(self) -> pd.DataFrame:
        """What happens to schools: ``year, school_id, event, pupils``."""
        return tables.event_table(self.plans)

    @cached_property
    def years(self) -> pd.DataFrame:
        """A row a year: pupils, schools, closures, moved pupils, posts lost, vehicles of the lines, money."""
        return tables.year_table(self.plans, self.basis)

    @cached_property
    def costs(self) -> pd.DataFrame:
        """A row a year: cost by kind with real lines, capital spent, what the year counts, and the discounted cost."""
        return tables.cost_table(self.plans, self.basis)

    @cached_property
    def moves(self) -> pd.DataFrame:
        """The pupil groups that change school: ``year, item, settlement_id, band, from_school, to_school, pupils``."""
        return tables.move_table(self.plans)

    @cached_property
    def problems(self) -> pd.DataFrame:
        """What the plans break of the rules between years, recomputed from their tables.

        Columns: ``rule, year, place, message``. Empty unless rules were left out: a phasing that breaks one is refused.
        """
        return check_phasing(self.plans, self.basis)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """What no rule forbids but a planner should know: years whose drawn lines use more vehicles than expected."""
        return tuple(lines_beyond(self.plans, self.basis))

    @property
    def discounted_cny(self) -> float:
        """The cost of all years with real lines, discounted to the first."""
        return float(self.costs["discounted_cny"].sum())

    def replan(self, year: int, studies: Study | Mapping[int, Study] | None = None, **options: Any) -> Phasing:
        """Return the phasing decided again from ``year`` on, with newer studies; the years before stay as they are.

        See :func:`layoutopt.ahead.phase_again.replan`.
        """
        from layoutopt.ahead.phase_again import replan

        return replan(self, year, studies, **options)

    def compare(self, *, time_limit_s: float = 600.0) -> Comparison:
        """Return this phasing beside other ways to go about it: year by year, all in year one, each year alone."""
        from layoutopt.ahead.phase_compare import compared

        return compared(self, time_limit_s=time_limit_s)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw the schools that change, a bar a school over the years, and return the axes."""
        from layoutopt.ahead.phase_plot import draw_phasing

        return draw_phasing(self, ax)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The phasing in words, year by year, then how good it is."""
        return tuple(self._said())

    def _said(self) -> Iterator[str]:
        names = self.table["name"]
        for row in self.years.to_dict("records"):
            happens = self.events[self.events["year"] == row["year"]]
            said = []
            for event, group in happens.groupby("event", sort=True):
                places = [f"{code} ({names[code]})" if names[code] else str(code) for code in group["school_id"]]
                shown = ", ".join(places[:6]) + (f" and {len(places) - 6} more" if len(places) > 6 else "")
                said.append(f"{shown}: {event if len(places) == 1 else PLURAL.get(str(event), event)}")
            what = "; ".join(said) or "no school changes"
            yield f"{row['year']:.0f}: {what}. {row['moved_pupils']:,.0f} pupils change school."
        yield from self.warnings
        yield self._proof_said()

    def _proof_said(self) -> str:
        level, first = self.main, self.basis.horizon.years[0]
        text = f"All years together cost {self.discounted_cny:,.0f} CNY, discounted to {first}; "
        what, unit = ("", " CNY") if level.goal == COST else (f"{level.goal} is ", "")
        cut = f" {CUT[self.stopped_by]}".rstrip()
        if not np.isfinite(level.bound):
            return f"{text}how far from the best is not known.{cut}"
        known = f"{what}within {level.gap:.2%} of the best for {self.bound_name}"
        return f"{text}{known} ({level.value:,.0f}{unit} there).{cut}"

    def to_dict(self) -> dict[str, Any]:
        """Return words, tables and proof as plain values, as JSON knows them."""
        level = self.main
        of_cost = level.goal == COST
        return {
            "horizon": list(self.basis.horizon.years),
            "sentences": list(self.sentences),
            "value_cny": level.value if of_cost else None,
            "bound_cny": level.bound if of_cost and np.isfinite(level.bound) else None,
            "bound_name": self.bound_name,
            "levels": [
                {"goal": one.goal, "value": one.value, "bound": one.bound if np.isfinite(one.bound) else None}
                for one in self.levels
            ],
            "stopped_by": self.stopped_by,
            "discounted_cny": self.discounted_cny,
            "warnings": list(self.warnings),
            "problems": json.loads(self.problems.to_json(orient="records")),
            **{name: json.loads(self._flat(name).to_json(orient="records")) for name in TABLES},
        }

    def _flat(self, name: str) -> pd.DataFrame:
        found: pd.DataFrame = getattr(self, name)
        return found.rename_axis("school_id").reset_index() if name == "table" else found

    def to_folder(self, folder: str | Path) -> Path:
        """Write phasing.json, the tables as CSV, a picture, and the plan of each year in a folder of its own.

        The folder appears whole or not at all; what an earlier phasing left in it goes.
        """
        target = Path(folder)
        with written_aside(target, owned=_owned(target), marker=MARKER) as aside:
            for name in TABLES:
                self._flat(name).to_csv(aside / f"phasing_{name}.csv", index=False)
            text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False)
            (aside / MARKER).write_text(text, "utf-8", newline="\n")
            (aside / "phasing.txt").write_text("\n".join([*self.sentences, ""]), "utf-8", newline="\n")
            if picture := self._picture():
                (aside / "phasing.svg").write_text(picture, "utf-8", newline="\n")
            for year, plan in self.plans.items():
                plan.to_folder(aside / str(year))
        return target

    def _picture(self) -> str:
        from layoutopt.ahead.phase_plot import phasing_svg
        from layoutopt.errors import MissingExtraError

        try:
            return phasing_svg(self)
        except MissingExtraError:
            return ""

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        table = self.years.to_html(index=False, float_format=lambda value: f"{value:,.0f}", border=0)
        return f"<ul>{words}</ul>{table}{self._picture()}"


def _owned(target: Path) -> tuple[str, ...]:
    """Names in a folder that an earlier phasing wrote: its files and its years."""
    found = sorted(item.name for item in target.iterdir()) if target.is_dir() else []
    return tuple(name for name in found if name.startswith("phasing") or name.isdecimal())


PLURAL = {
    tables.CLOSES: "close",
    tables.POINT: "become teaching points",
    tables.OPENS: "open",
    tables.GROWS: "are enlarged",
}
