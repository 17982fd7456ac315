"""Compiled search of fastest ways to one node at a time (Dijkstra 1959), cut off and stopped when all have arrived.

Arcs are grouped by the node they lead to: those of node ``v`` stand at ``first[v]:first[v + 1]`` and come from
``tail``. Every arc has its opposite, with infinite minutes on a one-way street. The queue is a heap with four
children a node that knows each node's place in it.
"""

# mypy: disallow-untyped-defs=False, check-untyped-defs=False, disallow-untyped-calls=False
from __future__ import annotations

import numpy as np

from layoutopt.kernels.routing.compiled import compiled


@compiled
def settle(first, tail, minutes, goal, limit, wanted, many, dist, onward, place, queue_min, queue, settled):
    """Settle nodes by their minutes to ``goal``, until none is within ``limit`` or ``many`` wanted ones are.

    Fills ``dist``, ``onward`` (the arc to follow, −1 at the goal) and ``settled``, the nodes from near to far;
    returns how many are settled and how many still queue. ``dist`` must come in as inf everywhere.
    """
    queue_min[0], queue[0], place[goal], dist[goal], onward[goal] = 0.0, goal, 0, 0.0, -1
    size, count = 1, 0
    while size > 0:
        now, v = queue_min[0], queue[0]
        size -= 1
        last_min, last = queue_min[size], queue[size]
        i = 0
        while True:
            child = 4 * i + 1
            if child >= size:
                break
            best, least = child, queue_min[child]
            for other in range(child + 1, min(child + 4, size)):
                if queue_min[other] < least:
                    best, least = other, queue_min[other]
            if least >= last_min:
                break
            queue_min[i], queue[i] = least, queue[best]
            place[queue[i]] = i
            i = best
        queue_min[i], queue[i], place[last] = last_min, last, i
        settled[count] = v
        count += 1
        if wanted[v]:
            many -= 1
            if many == 0:
                break
        for a in range(first[v], first[v + 1]):
            u = tail[a]
            x = now + minutes[a]
            if x < dist[u] and x <= limit:
                if dist[u] == np.inf:
                    i = size
                    size += 1
                else:
                    i = place[u]
                dist[u], onward[u] = x, a
                while i > 0:
                    above = (i - 1) >> 2
                    if queue_min[above] <= x:
                        break
                    queue_min[i], queue[i] = queue_min[above], queue[above]
                    place[queue[i]] = i
                    i = above
                queue_min[i], queue[i], place[u] = x, u, i
    return count, size


@compiled
def junctions(first, tail, kept):
    """Return the number of each node that matters, −1 of others: places ``kept``, and where ways fork.

    Blind alleys without a place lead nowhere and fall away first, one end after the other. What is left of a
    road between two forks is a chain of nodes with two neighbours each (number −2).
    """
    nodes = len(first) - 1
    degree = np.empty(nodes, np.int32)
    number = np.full(nodes, -2, np.int32)
    ends, many = np.empty(nodes, np.int32), 0
    for v in range(nodes):
        degree[v] = first[v + 1] - first[v]
        if degree[v] <= 1 and not kept[v]:
            ends[many], number[v] = v, -1
            many += 1
    while many > 0:
        many -= 1
        v = ends[many]
        for a in range(first[v], first[v + 1]):
            u = tail[a]
            degree[u] -= 1
            if number[u] == -2 and degree[u] <= 1 and not kept[u]:
                ends[many], number[u] = u, -1
                many += 1
    count = 0
    for v in range(nodes):
        if number[v] == -2 and (kept[v] or degree[v] != 2):
            number[v] = count
            count += 1
    return number, count


@compiled
def chains(first, tail, minutes, km, afloat_min, number, count):
    """Return the arcs between junctions, each standing for a whole chain: (first, tail, head, three sums)."""
    new_first = np.zeros(count + 1, np.int32)
    new_tail, new_head = np.empty(len(tail), np.int32), np.empty(len(tail), np.int32)
    total = np.zeros((3, len(tail)))
    size = 0
    for v in range(len(first) - 1):
        if number[v] < 0:
            continue
        for a in range(first[v], first[v + 1]):
            before, u = v, tail[a]
            if number[u] == -1:
                continue
            total[0, size], total[1, size], total[2, size] = minutes[a], km[a], afloat_min[a]
            while number[u] == -2:
                for b in range(first[u], first[u + 1]):
                    if tail[b] != before and number[tail[b]] != -1:
                        total[0, size] += minutes[b]
                        total[1, size] += km[b]
                        total[2, size] += afloat_min[b]
                        before, u = u, tail[b]
                        break
            if u != v and total[0, size] < np.inf:
                new_tail[size], new_head[size] = number[u], number[v]
                size += 1
        new_first[number[v] + 1] = size
    return new_first, new_tail[:size], new_head[:size], total[:, :size]


@compiled
def sums(first, tail, minutes, km, afloat_min, starts, goals, limit):
    """Return minutes, kilometres and minutes afloat of the fastest ways, goals × starts (each named once)."""
    kept = np.zeros(len(first) - 1, np.bool_)
    kept[starts] = True
    kept[goals] = True
    number, nodes = junctions(first, tail, kept)
    first, tail, head, arc = chains(first, tail, minutes, km, afloat_min, number, nodes)
    minutes, km, afloat_min = arc[0], arc[1], arc[2]
    dist, wanted = np.full(nodes, np.inf), np.zeros(nodes, np.bool_)
    onward, place = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    queue_min, queue, settled = np.empty(nodes), np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    way_km, way_afloat = np.zeros(nodes), np.zeros(nodes)
    found = np.full((3, len(goals), len(starts)), np.inf)
    wanted[number[starts]] = True
    for g in range(len(goals)):
        goal = number[goals[g]]
        count, size = settle(
            first, tail, minutes, goal, limit, wanted, len(starts), dist, onward, place, queue_min, queue, settled
        )
        for q in range(size):  # still in the queue: not yet known for certain
            dist[queue[q]] = np.inf
        way_km[goal] = way_afloat[goal] = 0.0
        for q in range(1, count):
            v = settled[q]
            a = onward[v]
            way_km[v] = way_km[head[a]] + km[a]
            way_afloat[v] = way_afloat[head[a]] + afloat_min[a]
        for s in range(len(starts)):
            v = number[starts[s]]
            if dist[v] < np.inf:
                found[0, g, s], found[1, g, s], found[2, g, s] = dist[v], way_km[v], way_afloat[v]
        for q in range(count):
            dist[settled[q]] = np.inf
    return found


@compiled
def arcs_of_ways(first, tail, head, minutes, starts, goals):
    """Return minutes and arcs of the fastest way of each pair, pairs grouped by goal: (minutes, arcs, bounds)."""
    nodes, pairs = len(first) - 1, len(starts)
    dist, wanted = np.full(nodes, np.inf), np.zeros(nodes, np.bool_)
    onward, place = np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    queue_min, queue, settled = np.empty(nodes), np.empty(nodes, np.int32), np.empty(nodes, np.int32)
    way_min, bounds = np.full(pairs, np.inf), np.zeros(pairs + 1, np.int64)
    arcs = np.empty(max(64, nodes), np.int64)
    begin = 0
    while begin < pairs:
        goal, end, many = goals[begin], begin, 0
        while end < pairs and goals[end] == goal:
            if not wanted[starts[end]]:
                wanted[starts[end]] = True
                many += 1
            end += 1
        count, size = settle(
            first, tail, minutes, goal, np.inf, wanted, many, dist, onward, place, queue_min, queue, settled
        )
        for q in range(size):
            dist[queue[q]] = np.inf
        for p in range(begin, end):
            v, total = starts[p], bounds[p]
            way_min[p] = dist[v]
            wanted[v] = False
            while way_min[p] < np.inf and onward[v] >= 0:
                if total == len(arcs):
                    arcs = np.append(arcs, np.empty(len(arcs), np.int64))
                arcs[total] = onward[v]
                total += 1
                v = head[onward[v]]
            bounds[p + 1] = total
        for q in range(count):
            dist[settled[q]] = np.inf
        begin = end
    return way_min, arcs[: bounds[pairs]], bounds
