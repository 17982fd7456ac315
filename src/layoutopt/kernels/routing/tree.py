"""Best-first search over depots and numbers of lines, each part bounded by column generation."""

from __future__ import annotations

import heapq
import itertools
import logging
import time
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from layoutopt.kernels.routing.branch import PartPricer, Rule, keeping, settled_depots, split, split_by_owner
from layoutopt.kernels.routing.closing import close
from layoutopt.kernels.routing.generate import Generator, Root, start_node
from layoutopt.kernels.routing.layouts import Layout
from layoutopt.kernels.routing.lines import Lines
from layoutopt.kernels.routing.pricer import Pricer
from layoutopt.kernels.routing.restricted import done, worthy
from layoutopt.kernels.routing.search import Plan, find_plan
from layoutopt.kernels.routing.task import Task
from layoutopt.kernels.routing.whole import Best, Search

log = logging.getLogger(__name__)

KEPT_FOR_CHILD = 40
LISTED_IN_PART = 200_000
"""Labels tried before a part, settled but for its stops, is split by them."""
LOOKS, LOOK_SHARE = 4, 3
"""Short searches, one a seed, for a choice of depots and number of lines; how much shorter than the first ones."""


@dataclass(frozen=True, eq=False)
class Part:
    """A part of the search waiting for its turn; ``ready`` once its linear bound is known and nothing splits it."""

    rule: Rule
    lines: Lines
    ready: tuple[Generator, Root] | None = None


@dataclass(eq=False)
class Looked:
    """The choices of depots and numbers of lines searched since the tree began; each is tried once."""

    tried: set[tuple[Layout, int]] = field(default_factory=set)

    def look(self, search: Search, root: Root, best: Best) -> Best:
        """Return a better plan, if the depots that the linear point opens hold one.

        The search gets no more lines than the linear point has, rounded up: fewer lines than a search finds on
        its own are the rule, and it never finds them while it may open more.
        """
        task = search.task
        if not task.opening.any() or done(search, best.cost, root.bound):
            return best
        layout, most = _rounded(task, root), int(np.ceil(float(root.share.sum()) - 1e-6))
        for lines_high in (most, most + 1):
            if (layout, lines_high) in self.tried:
                return best
            self.tried.add((layout, lines_high))
            plans = [self._plan(search, layout, lines_high, turn) for turn in range(LOOKS)]
            plan = min(plans, key=lambda plan: (plan.left_out, round(plan.cost, 9)))
            log.debug("layout %s, %d lines: %.4f, %d left out", layout, lines_high, plan.cost, plan.left_out)
            if plan.left_out == 0:
                return replace(best, cost=plan.cost, lines=plan.lines) if plan.cost < best.cost - 1e-9 else best
        return best

    def _plan(self, search: Search, layout: Layout, lines_high: int, turn: int) -> Plan:
        spare = max(0.0, search.deadline - time.perf_counter())
        plan, _ = find_plan(
            search.task, iterations=search.rounds // LOOK_SHARE, seed=search.seed + turn, time_limit_s=spare,
            allowed=np.array(layout), lines_high=lines_high,
        )  # fmt: skip
        return plan


def _rounded(task: Task, root: Root) -> Layout:
    """Return the depots that are open by half or more in the linear point, and the next until there is room."""
    order = np.argsort(-np.round(root.opened, 6), kind="stable")
    room = np.cumsum(task.capacity[order])
    enough = int(np.searchsorted(room, task.riders.sum() - 1e-6)) + 1
    many = max(enough, int((root.opened > 0.5).sum()))
    return tuple(sorted(int(d) for d in order[:many]))


def by_generation(search: Search, pricer: Pricer, start: Lines, best: Best) -> tuple[Best, Lines, str]:
    """Return the best plan with its bound, lines for the next run, and the method.

    The part with the lowest bound goes first; the costly closing of a choice of depots waits until no other part
    lies lower.
    """
    counter = itertools.count()
    heap: list[tuple[float, int, Part]] = [(-float("inf"), next(counter), Part(Rule(start_node(search.task)), start))]
    closed, kept, method, looked = float("inf"), start, "column generation", Looked()
    while heap:
        low, _, part = heapq.heappop(heap)
        late = time.perf_counter() > search.deadline and kept is not start
        if done(search, best.cost, low) or late:
            closed = min(closed, low)
            break
        if part.ready is not None:
            best, bound, method = close(search, *part.ready, replace(best, bound=low))
            closed = min(closed, bound)
            continue
        generator, root = _settled(search, pricer, part, best)
        bound = max(low, root.bound)
        log.debug(
            "part %.4f best %.4f count %.3f open %s rest %d",
            bound,
            best.cost,
            root.share.sum(),
            root.opened.round(2),
            len(heap),
        )
        if kept is start:
            kept = worthy(search, root)
        best = looked.look(search, root, replace(best, bound=bound))
        # After the deadline prices are only bounded, not exact: nothing to branch on, the bound still holds.
        late = time.perf_counter() > search.deadline
        if not root.converged or late or done(search, best.cost, bound):
            closed = min(closed, bound)
            continue
        for child in _children(search, part, generator, root, best):
            heapq.heappush(heap, (bound, next(counter), child))
    bound = min([closed, best.cost, *(entry[0] for entry in heap)])
    return replace(best, bound=bound), kept, method


def _settled(search: Search, pricer: Pricer, part: Part, best: Best) -> tuple[Generator, Root]:
    rule, lines = part.rule, part.lines
    mask = rule.mask(search.task)
    if rule.barred:
        lines = keeping(lines, mask)
    generator = Generator(search, cast(Pricer, PartPricer(pricer, mask)), rule.node, lines)
    if not generator.master.parts:
        generator.master.parts.append(lines.take(np.empty(0, dtype=np.int64)))
    return generator, generator.settle(best.cost)


def _children(search: Search, part: Part, generator: Generator, root: Root, best: Best) -> list[Part]:
    """Return the parts that ``part`` splits into, or itself, ready to be closed."""
    if search.task.opening.any():
        node = settled_depots(generator, root, best.cost - search.gap * abs(best.cost))
        root = replace(root, node=node)
        generator.depots = np.flatnonzero((node.open_high > 0) & (node.depot_high > 0))
    rules = split(search.task, part.rule, root)
    if not rules and np.isfinite(search.task.capacity).any():
        # Where room is short, stops torn between depots hold the bound down; few lines settle that better as a pool.
        pool = generator.pool(root, best.cost, LISTED_IN_PART)
        rules = split_by_owner(search.task, part.rule, root) if pool is None else []
    if not rules:
        return [Part(part.rule, root.lines, (generator, root))]
    lines = worthy(search, root, KEPT_FOR_CHILD)
    return [Part(rule, lines) for rule in rules]
