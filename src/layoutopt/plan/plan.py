"""Plan: the answer as frozen tables, whatever made it: the model, today's schools, or a planner's hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from layoutopt.plan.tables import NO_MOVES, NO_PREMISES, NO_TOURS
from layoutopt.policy import Policy
from layoutopt.study import Study

if TYPE_CHECKING:
    from layoutopt.plan.metrics import Headline

ROLES: tuple[str, ...] = ("hub", "full", "teaching_point", "closed", "not_built")
OPEN_ROLES: tuple[str, ...] = ("hub", "full", "teaching_point")


@dataclass(frozen=True)
class Level:
    """One goal as the solver left it: best value found, proven bound, and what the bound speaks for."""

    goal: str
    value: float
    bound: float
    status: str
    stopped_by: str = "done"

    @property
    def gap(self) -> float:
        """(value − bound) / |value|, never negative."""
        if self.value == self.bound:
            return 0.0
        return max(0.0, self.value - self.bound) / max(abs(self.value), 1e-9)


@dataclass(frozen=True)
class Proof:
    """How good the plan is known to be. ``bound_name`` says for which program the bound holds.

    ``unavoidable_cny`` is a yearly cost no plan under the same rules is below, whatever its layout and lines:
    the fewest posts that classes and pupils need.
    """

    status: str
    bound_name: str
    levels: tuple[Level, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    unavoidable_cny: float | None = None

    @property
    def main(self) -> Level | None:
        """The level that speaks for cost (or the last one where cost is no goal)."""
        for level in self.levels:
            if level.goal == "annual_cost":
                return level
        return self.levels[-1] if self.levels else None

    @property
    def controllable_gap(self) -> float | None:
        """(value − bound) / (value − unavoidable cost) of the yearly cost; None where it is not known.

        The gap as a share of what a planner can decide about. The plain gap flatters: much of the cost is the
        same in every plan.
        """
        level = self.main
        if level is None or level.goal != "annual_cost" or self.unavoidable_cny is None:
            return None
        gap_cny = max(0.0, level.value - level.bound)
        if not gap_cny < float("inf"):
            return None
        return min(1.0, gap_cny / max(level.value - self.unavoidable_cny, 1e-9)) if gap_cny else 0.0


@dataclass(frozen=True, eq=False)
class Plan:
    """Who goes to which school and how, what every school becomes, and the bus lines; frozen.

    Tables (a row a thing; ids as in the study; every figure is recomputed from them):

    ``assignments``: ``item, settlement_id, band, school_id, mode, line_id, pupils, g1…g9, minutes,
    ride_min, km, today_school, today_mode, today_min, today_ride_min, moved, exception``; school_id is
    empty where a group is unserved.
    ``schools``: ``school_id, role, reason, bands, pupils_before, pupils_after, g1…g9, classes_g1…classes_g9,
    multigrade_lower, multigrade_upper, multigrade_junior, classes, posts_primary, posts_junior, posts,
    teachers_before, places_primary, places_junior, beds, boarders, level_primary, level_junior,
    capital_cny, annual_cny``.
    ``bus_lines``: ``line_id, school_id, vehicle_id, kind, vehicle_no, run, seats, riders, stops, minutes,
    early_min, km, empty_km, cost_cny``; a bus (``vehicle_no``) may drive two lines to one school, ``run`` 1 before 2,
    and is paid by both in equal parts; ``early_min`` is how long before the bell the line arrives; ``school_id``
    is where it ends.
    ``bus_stops``: ``line_id, order, item, settlement_id, band, school_id, riders, board_at_min, ride_min,
    alights_after, early_min``; the order runs from the outermost stop to the school, ``board_at_min`` counts from the
    line's first boarding; the riders get off at their ``school_id``, where the line calls after stop
    ``alights_after``, ``early_min`` before the bell.
    ``tours``: ``tour_id, school_id, days, order, site_id, minutes, km, cost_cny``; an itinerant team leaves the hub
    ``school_id`` on ``days`` days a week, calls at the sites in their order and comes back (last row); minutes,
    kilometres and yearly cost belong to the leg that ends at the site.
    ``staff_moves``: ``from_school, to_school, stage, subject, to_subject, teachers, minutes, kind``; kind is ``moves``,
    ``retrained``, ``reserve`` (to a school in reach, beyond its posts), ``surplus`` (no post in reach, to_school empty)
    or ``shortage`` (nobody in reach, from_school empty).
    ``premises``: ``school_id, use, area_m2, demand, next_km, value_cny, capital_cny, reason``, a row a closed school;
    the use is empty where it stands idle.

    ``basis``: what the solve learnt about lines, for the next one to begin with; in memory only.
    """

    study: Study
    policy: Policy
    assignments: pd.DataFrame
    schools: pd.DataFrame
    bus_lines: pd.DataFrame
    bus_stops: pd.DataFrame
    proof: Proof
    tours: pd.DataFrame = field(default_factory=NO_TOURS.copy)
    staff_moves: pd.DataFrame = field(default_factory=NO_MOVES.copy)
    premises: pd.DataFrame = field(default_factory=NO_PREMISES.copy)
    kind: str = "optimized"
    seed: int = 0
    run: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    basis: Any = field(default=None, repr=False)

    @cached_property
    def figures(self) -> Headline:
        """The headline figures, recomputed from the tables."""
        from layoutopt.plan.metrics import headline

        return headline(self)

    @cached_property
    def settlements(self) -> pd.DataFrame:
        """One row a settlement: school, mode, minutes before and after for each band."""
        from layoutopt.plan.metrics import settlement_table

        return settlement_table(self)

    @cached_property
    def methods(self) -> dict[str, str]:
        """How pupils, today's attendance and travel were found: a sentence each."""
        from layoutopt.today import methods

        return methods(self.study, self.policy)

    def __repr__(self) -> str:
        figures = self.figures
        existing = int((self.schools["role"] != "not_built").sum())
        text = (
            f"<Plan: {figures.schools_open} of {existing} schools open, "
            f"{figures.journey_mean_min:.1f} min on average, {figures.journey_max_min:.0f} at most"
        )
        level = self.proof.main
        if level is None:
            return text + f"; {self.kind}>"
        if level.gap == float("inf"):
            return text + "; how far from the best is not known>"
        seconds = f", {self.run['seconds']:.0f} s" if "seconds" in self.run else ""
        return text + f"; within {level.gap:.1%} of the best ({self.proof.bound_name}){seconds}>"

    def to_folder(self, folder: str | Path) -> Path:
        """Write the plan's files (GeoPackage, tables, JSON, a copy of the study); see ``plan.files``."""
        from layoutopt.plan.files import write_folder

        return write_folder(self, Path(folder))

    @classmethod
    def from_folder(cls, folder: str | Path) -> Self:
        """Read a plan written by :meth:`to_folder`; the tables may have been edited by hand."""
        from layoutopt.plan.files import read_folder

        return read_folder(cls, Path(folder))

    def replace(self, **changes: Any) -> Self:
        """Return a copy with single fields changed."""
        return replace(self, **changes)

    def map(self, *, lang: str = "en") -> Any:
        """Return an interactive map that works without a network (shows itself in a notebook)."""
        from importlib import import_module

        return import_module("layoutopt.report.maps").plan_map(self, lang=lang)

    def _repr_html_(self) -> str:
        """Return the card that a notebook shows."""
        from importlib import import_module

        return import_module("layoutopt.report.card").card(self)
