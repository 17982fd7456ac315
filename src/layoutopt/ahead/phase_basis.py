"""What a phasing is solved from: the years' copies, the rows between them, and how much each year counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType

import numpy as np

from layoutopt.ahead.phase_years import Year, buses_today, posts_today, riders_per_bus
from layoutopt.ahead.task import Task
from layoutopt.errors import AskError
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.copies import Copies, Mask, joined
from layoutopt.model.copies_between import NO_LIMITS, Asked, PhaseLimits, further_blocks
from layoutopt.model.copies_horizon import Horizon
from layoutopt.model.copies_years import year_rows
from layoutopt.model.frame import Array, Model, NamedRows
from layoutopt.model.solve import EFFORTS
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.progress import Report

Built = tuple[str, Options, Model, Data]
NOTHING: Mapping[int, float] = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class Basis:
    """The years and their copies; what is asked of them together; the past, where some of it is fixed."""

    found: tuple[Year, ...]
    horizon: Horizon
    discount: float
    skip: tuple[str, ...]
    effort: str
    seed: int
    past: Array | None = None

    @cached_property
    def links(self) -> tuple[NamedRows, ...]:
        """The rows between the years."""
        return tuple(year_rows(self.horizon, skip=self.skip))

    @property
    def weights(self) -> dict[str, float]:
        """What a cost of each year counts: 1 in the first, less each year by the discount."""
        first = self.found[0].year
        return {one.name: (1.0 + self.discount) ** (first - one.year) for one in self.found}

    @property
    def known(self) -> Mask:
        """The columns of the past."""
        copies = self.horizon.copies
        mask = np.zeros(copies.frame.width, dtype=bool)
        for copy in copies.copies[: self.horizon.again]:
            mask |= copies.of(copy.name)
        return mask

    def task(self, *, deadline: float, report: Report, interrupted: Callable[[], bool]) -> Task:
        """Return what there is to solve."""
        policy, copies = self.found[0].policy, self.horizon.copies
        return Task(
            copies=copies, links=self.links, weights=self.weights, tolerance=policy.goals.goal_tolerance,
            effort=EFFORTS[self.effort], seed=self.seed, deadline=deadline, report=report, interrupted=interrupted,
            known=self.known, point=np.zeros(copies.frame.width) if self.past is None else self.past,
        )  # fmt: skip

    def asking(self, **changes: object) -> Basis:
        """Return the basis with other wishes for all years together; the columns stay those they needed before."""
        asked = replace(self.horizon.asked, **changes)  # type: ignore[arg-type]
        return replace(self, horizon=replace(self.horizon, asked=asked))


def policies_of(given: Policy | Mapping[int, Policy], years: Sequence[int]) -> dict[int, Policy]:
    """Return the policy of each year.

    Raises
    ------
    AskError
        No policy of a year.
    """
    if isinstance(given, Policy):
        return dict.fromkeys(years, given)
    missing = [str(year) for year in years if year not in given]
    if missing:
        raise AskError(f"There is no policy of {', '.join(missing)}. Give one for every year, or one for them all.")
    return {year: given[year] for year in years}


def built_of(found: tuple[Year, ...], *, skip: Collection[str] = ()) -> list[Built]:
    """Return the program of every year, alone."""
    return [(one.name, one.options, *build_model(one.study, one.policy, one.options, skip=skip)) for one in found]


def basis_of(
    found: tuple[Year, ...], built: Sequence[Built], *, limits: PhaseLimits = NO_LIMITS, reopen: bool = False,
    build_years: float | None = None, merge_shares: Mapping[int, float] = NOTHING, move_once: bool = True,
    discount: float | None = None, skip: Collection[str] = (), effort: str = "normal", seed: int = 0,
) -> Basis:  # fmt: skip
    """Return the copies of all years and what is asked of them."""
    years, first = tuple(one.year for one in found), found[0]
    copies: Copies = joined(built, further_blocks(years, [data for *_, data in built], limits))
    asked = Asked(
        limits=limits, reopen=reopen, move_once=move_once and "moved_once" not in skip, build_years=build_years,
        merge_shares=merge_shares, posts_today=posts_today(first), riders_per_bus=riders_per_bus(first),
        buses={first.year - 1: buses_today(first)},
    )  # fmt: skip
    rate = first.policy.money.discount_rate if discount is None else discount
    return Basis(found, Horizon(years, copies, asked), rate, tuple(skip), effort, seed)
