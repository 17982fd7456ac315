"""Where a solve begins: lines and prizes learnt before, or the root that learns them; where the search looks first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from layoutopt.integrated.basis import Basis
from layoutopt.integrated.best import Best
from layoutopt.integrated.hubs import Hub
from layoutopt.integrated.regions import Ground
from layoutopt.integrated.root import Root, solve_root
from layoutopt.integrated.shares import Prizes
from layoutopt.kernels.routing.lines import Lines, join, price_lines


@dataclass(frozen=True, eq=False)
class Known:
    """What is known from before: the lines of the plan to begin at (items by school_id), and what its solve learnt."""

    orders: Mapping[str, Sequence[Sequence[str]]]
    basis: Basis | None = None


def learnt(
    ground: Ground, low: tuple[Hub, ...], first: Best, run: Sequence[Lines], known: Known | None, *, rounds: int,
    exact: bool, interrupted: Callable[[], bool], report: Callable[[float, int], None],
) -> tuple[Root, tuple[Prizes, ...] | None]:  # fmt: skip
    """Return the root's lines and prizes; where an earlier solve's prizes hold here too, its lines and prizes instead.

    ``run`` are the lines of the plan to begin at, hub by hub.
    """
    basis = None if known is None else known.basis
    lines = list(measured(low, first.lines))
    if len(run):
        lines = [join([own, more]) for own, more in zip(lines, measured(low, run), strict=True)]
    if basis is not None:
        lines = [join([own, more]) for own, more in zip(lines, basis.lines_at(low), strict=True)]
        sets = basis.sets_at(low)
        if sets is not None:
            return Root(sets[0], tuple(lines), np.nan, 0, True, 0.0), sets
    root = solve_root(
        ground.program, low, ground.first_option, known=lines, rounds=rounds, exact=exact, interrupted=interrupted,
        report=report,
    )  # fmt: skip
    return root, None


def changed_first(first: Best, run: Sequence[Lines]) -> list[int]:
    """Return the hubs in the order the search takes them: those whose lines are not as they were come first."""
    hubs = range(len(first.lines))
    if not len(run):
        return list(hubs)
    same = [set(own.flat.tolist()) == set(old.flat.tolist()) for own, old in zip(first.lines, run, strict=True)]
    return sorted(hubs, key=lambda at: (same[at], at))


def measured(hubs: Sequence[Hub], lines: Sequence[Lines]) -> tuple[Lines, ...]:
    """Return the lines with what they cost and carry at ``hubs``; those that break a limit there are left out."""
    return tuple(price_lines(hub.task, own.flat, own.starts, own.depot) for hub, own in zip(hubs, lines, strict=True))
