"""Branching on which sites open, every node bounded by its own Lagrangean prices."""

from __future__ import annotations

import heapq
import logging
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from layoutopt.kernels.location import bound, search
from layoutopt.kernels.location.bound import Prices
from layoutopt.kernels.location.exact import better
from layoutopt.kernels.location.found import Ask, Found
from layoutopt.kernels.location.instance import Answer, Flags, Instance

log = logging.getLogger(__name__)

ITERATIONS = 60
"""Steps of the bound in a node: its prices start from its parent's."""
LEAF_ITERATIONS = 300
"""... and where nothing is left to decide, so that the bound of the last word is as good as it gets."""
DECIDED = 0.02
"""A site the averaged solution opens this surely (or surely not) is not branched on."""
NEARLY = 0.35
"""Below this doubt on every site an answer with the likelier choice is worth constructing."""
TRIES = 16
"""Sets of open sites for which an answer is constructed."""
TRY_DEALS = 10
"""Deals for one of them, for each unit; ten times as many where that answer is the best so far."""


class Node(NamedTuple):
    """Sites held open and shut, and the prices that gave the bound; ordered by bound, then by age."""

    bound: float
    age: int
    must: Flags
    banned: Flags
    prices: Prices


def branch(instance: Instance, found: Found, prices: Prices, ask: Ask, *, nodes: int) -> Found:
    """Return ``found`` with the bound of the lowest open node after ``nodes`` nodes, and better answers met."""
    heap = [Node(prices.bound, 0, instance.must, instance.banned, prices)]
    tried: set[bytes] = set()
    shelved, age = np.inf, 0
    while heap and age < nodes and ask.left_s() > 0:
        goal = found.value(instance) * (1.0 - 0.9 * ask.gap)
        if heap[0].bound >= goal:
            break
        node = heapq.heappop(heap)
        site = _undecided(node)
        if site < 0:
            node = _refined(instance, node, found, ask)
        found = _try(instance, node, found, ask, tried)
        if site < 0:
            shelved = min(shelved, node.bound)
            continue
        for is_open in (True, False):
            age += 1
            child = _child(instance, node, site, is_open, age, found.value(instance), ask)
            if child is not None:
                heapq.heappush(heap, child)
    lowest = min(shelved, heap[0].bound if heap else np.inf, found.value(instance))
    log.debug(
        "branching: %d nodes, %d sets tried, bound %.8g, cost %.8g", age, len(tried), lowest, found.value(instance)
    )
    return replace(found, bound=max(found.bound, lowest))


def _doubt(node: Node) -> np.ndarray:
    doubt = np.minimum(node.prices.open, 1.0 - node.prices.open)
    doubt[node.must | node.banned] = 0.0
    return doubt


def _undecided(node: Node) -> int:
    """The site the averaged solution is least sure of, −1 if all are held or sure."""
    doubt = _doubt(node)
    site = int(np.argmax(doubt))
    return site if doubt[site] > DECIDED else -1


def _child(instance: Instance, node: Node, site: int, is_open: bool, age: int, upper: float, ask: Ask) -> Node | None:
    """The node with one more site held, or None where no answer is left in it."""
    must, banned = node.must.copy(), node.banned.copy()
    (must if is_open else banned)[site] = True
    part = replace(instance, must=must, banned=banned)
    number = np.inf if instance.count is None else instance.count
    if int(must.sum()) > number or int((~banned).sum()) < min(number, 1 if instance.count is None else number):
        return None
    if instance.capacity[~banned].sum() < instance.total * (1 - 1e-9):
        return None
    before = Prices(-np.inf, node.prices.unit, node.prices.open, 0)
    prices = bound.climb(part, ask, iterations=ITERATIONS, upper=upper, before=before, keep_whole=True)
    return Node(max(node.bound, prices.bound), age, must, banned, prices)


def _refined(instance: Instance, node: Node, found: Found, ask: Ask) -> Node:
    part = replace(instance, must=node.must, banned=node.banned)
    upper = found.value(instance)
    prices = bound.climb(part, ask, iterations=LEAF_ITERATIONS, upper=upper, before=node.prices, keep_whole=True)
    return node._replace(bound=max(node.bound, prices.bound), prices=prices)


def _try(instance: Instance, node: Node, found: Found, ask: Ask, tried: set[bytes]) -> Found:
    """``found``, or a better answer with the sites the node's prices open, if that set is new."""
    if len(tried) >= TRIES or _doubt(node).max(initial=0.0) > NEARLY:
        return found
    chosen = ((node.prices.open > 0.5) & ~node.banned) | node.must
    if instance.capacity[chosen].sum() < instance.total or chosen.tobytes() in tried:
        return found
    if instance.count is not None and int(chosen.sum()) != instance.count:
        return found
    tried.add(chosen.tobytes())
    short = replace(ask, start=None, gap=0.0, seed=ask.seed + len(tried))
    draft: Answer | None = found.answer
    is_known = draft is not None and bool((draft.open == chosen).all())
    for deals in (10 * TRY_DEALS,) if is_known else (TRY_DEALS, 10 * TRY_DEALS):
        start = None if draft is None else Answer(chosen, np.where(chosen[instance.site], draft.share, 0.0))
        draft = search.dealt(instance, node.prices, start, short, deals=deals * instance.units, chosen=chosen)
        before, found = found, better(instance, found, draft)
        if found is before:
            break
    return found
