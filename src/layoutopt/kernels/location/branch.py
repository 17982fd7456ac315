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
from layoutopt.kernels.location.instance import Flags, Instance

log = logging.getLogger(__name__)

ITERATIONS = 60
"""Steps of the bound in a node: its prices start from its parent's."""
DECIDED = 0.02
"""A site the averaged solution opens this surely (or surely not) is not branched on."""
TRIES = 12
"""Nodes whose sites are nearly decided in which an answer is constructed."""
TRY_KICKS = 150


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
    shelved, age, tries = np.inf, 0, TRIES
    while heap and age < nodes and ask.left_s() > 0:
        goal = found.value(instance) * (1.0 - 0.9 * ask.gap)
        if heap[0].bound >= goal:
            break
        node = heapq.heappop(heap)
        site = _undecided(node)
        if site < 0:
            shelved = min(shelved, node.bound)
            continue
        for is_open in (True, False):
            age += 1
            child = _child(instance, node, site, is_open, age, found.value(instance), ask)
            if child is None or child.bound >= goal:
                shelved = shelved if child is None else min(shelved, child.bound)
                continue
            heapq.heappush(heap, child)
            if tries > 0 and _is_nearly_decided(child):
                tries -= 1
                found = _try(instance, child, found, ask)
    lowest = min(shelved, heap[0].bound if heap else np.inf, found.value(instance))
    log.debug("branching: %d nodes, bound %.8g, cost %.8g", age, lowest, found.value(instance))
    return replace(found, bound=max(found.bound, lowest))


def _undecided(node: Node) -> int:
    """The site the averaged solution is least sure of, −1 if all are held or sure."""
    doubt = np.minimum(node.prices.open, 1.0 - node.prices.open)
    doubt[node.must | node.banned] = 0.0
    site = int(np.argmax(doubt))
    return site if doubt[site] > DECIDED else -1


def _is_nearly_decided(node: Node) -> bool:
    doubt = np.minimum(node.prices.open, 1.0 - node.prices.open)
    return bool(doubt[~node.must & ~node.banned].max(initial=0.0) < 0.25)


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


def _try(instance: Instance, node: Node, found: Found, ask: Ask) -> Found:
    part = replace(instance, must=node.must, banned=node.banned)
    short = replace(ask, start=None)
    return better(instance, found, search.search(part, node.prices, short, kicks=TRY_KICKS))
