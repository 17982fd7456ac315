# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Kernels beside plain solvers
#
# *Why not simply hand the model to a solver?* Three small comparisons on the same arrays: a location question through
# PuLP and HiGHS, bus lines through a general vehicle-routing library, and sites and lines decided one after the other
# or together. Sizes are small so that the page is quick; `benchmarks/` has the large ones.

# %%
import time

import numpy as np
import pandas as pd
import pulp

from layoutopt.kernels import check, locate, locate_and_route, route

# %% [markdown]
# ## Where? Against the textbook program
#
# 150 villages, 20 possible sites, each village to one site. PuLP builds the strong program row by row and HiGHS solves
# it; `locate` builds the same program as sparse arrays. Both are asked for the same gap.


# %%
def villages(n: int, m: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cost (pupils x minutes), pupils, capacity: villages in clusters, some 15 within reach of a site."""
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, 60, (m, 2))
    place = centre[rng.integers(0, m, n)] + rng.normal(0, 5, (n, 2))
    minutes = np.hypot(*(place[:, None] - centre[None]).T).T * 1.6
    pupils = np.maximum(1, rng.lognormal(2.6, 0.7, n).round())
    room = np.full(m, np.ceil(1.8 * pupils.sum() / m))
    return np.where(minutes <= 45, minutes * pupils[:, None], np.inf), pupils, room


cost, pupils, room = villages(150, 20, seed=4)
opening = 2_500.0


# %%
def by_pulp(gap: float, time_limit_s: int) -> tuple[float, float]:
    """Return objective and CPU seconds of the same program through PuLP."""
    began = time.process_time()
    arcs = [(i, j) for i in range(len(pupils)) for j in range(len(room)) if np.isfinite(cost[i, j])]
    program = pulp.LpProblem("sites", pulp.LpMinimize)
    own = getattr(program, "add_variable", None)  # PuLP 4; before, variables stood alone
    binary = (lambda name: own(name, 0, 1, cat="Binary")) if own else (lambda name: pulp.LpVariable(name, cat="Binary"))
    y = {j: binary(f"open_{j}") for j in range(len(room))}
    x = {(i, j): binary(f"go_{i}_{j}") for i, j in arcs}
    program += pulp.lpSum(opening * y[j] for j in y) + pulp.lpSum(cost[arc] * x[arc] for arc in arcs)
    for i in range(len(pupils)):
        program += pulp.lpSum(x[arc] for arc in arcs if arc[0] == i) == 1
    for i, j in arcs:
        program += x[i, j] <= y[j]
    for j in y:
        program += pulp.lpSum(pupils[i] * x[i, k] for i, k in arcs if k == j) <= room[j] * y[j]
    program.solve(pulp.HiGHS(msg=False, gapRel=gap, timeLimit=time_limit_s, threads=1))
    return float(program.objective.value()), time.process_time() - began


ask = {"capacity": room, "opening_cost": opening}
locate(cost[:10], pupils[:10], **ask)  # compiles once
rows = []
for gap in (0.01, 0.001):
    value, seconds = by_pulp(gap, 60)
    began = time.process_time()
    found = locate(cost, pupils, **ask, gap=gap, time_limit_s=60)
    assert check(found, cost, pupils, **ask) == ()
    rows.append((f"{gap:.1%}", value, seconds, found.objective, time.process_time() - began, found.gap))
columns = ["gap asked for", "PuLP + HiGHS", "CPU s", "locate", "CPU s ", "proven gap"]
pd.DataFrame(rows, columns=columns).round(4)

# %% [markdown]
# ## By which bus? Against a general library
#
# 36 seats, 40 minutes at most on the bus, a dear vehicle and cheap minutes. PyVRP is an excellent general library: it
# finds lines, but no bound, so its answer cannot say how good it is. Where it is not installed, only our row is shown.


# %%
def stops(k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return minutes between k stops and a school in the middle, and riders a stop."""
    rng = np.random.default_rng(seed)
    place = np.vstack([[0, 0], rng.normal(0, 9, (k, 2))])
    minutes = np.hypot(*(place[:, None] - place[None]).T).T * 1.4 + rng.uniform(0, 1, (k + 1, k + 1))
    return np.round(minutes, 1), np.concatenate([[0], rng.integers(1, 13, k)])


minutes, riders = stops(28, seed=2)
bus = {"seats": 36, "max_ride_min": 40, "fixed_cost": 200.0, "return_trip": False}
route(minutes[:6, :6], riders[:6], **bus)  # compiles once
ours = route(minutes, riders, **bus, time_limit_s=30)
assert check(ours, minutes, riders, **bus) == ()
ours


# %%
def by_pyvrp(iterations: int) -> tuple[int, float] | None:
    """Return lines and cost by PyVRP, which takes whole numbers only: tenths of a minute here."""
    try:
        from pyvrp import Model
        from pyvrp.stop import MaxIterations
    except ImportError:
        return None
    model = Model()
    places = [model.add_location(0, 0) for _ in riders]
    school = model.add_depot(places[0])
    for place, number in zip(places[1:], riders[1:], strict=True):
        model.add_client(place, delivery=int(number))
    model.add_vehicle_type(
        len(riders), capacity=36, start_depot=school, end_depot=school, fixed_cost=2_000, unit_distance_cost=0,
        unit_duration_cost=1, shift_duration=400,
    )  # fmt: skip
    for i, origin in enumerate(places):
        for j, target in enumerate(places):
            ride = 0 if i in (0, j) else round(minutes[i, j] * 10)  # lines begin at their first stop
            model.add_edge(origin, target, distance=ride, duration=ride)
    found = model.solve(MaxIterations(iterations), seed=1, display=False)
    return found.best.num_routes(), found.cost() / 10


theirs = by_pyvrp(2_000)
pd.DataFrame(
    [
        ("layoutopt", len(ours.routes), ours.objective, f"{ours.status}: no lines cost less than {ours.bound:,.1f}"),
        ("PyVRP", *(theirs or (None, None)), "nothing" if theirs else "not installed"),
    ],
    columns=["", "lines", "cost", "what is proven"],
)

# %% [markdown]
# ## Both together
#
# Three possible depots. Choosing sites by straight assignment first and lines second pays for lines it never saw.

# %%
place_minutes, people = stops(24, seed=7)
depots = [1, 9, 17]
people[[0, *depots]] = 0
terms = {"seats": 36, "fixed_cost": 60.0, "max_ride_min": 40, "tour": "open"}
together = locate_and_route(place_minutes, people, depots=depots, opening_cost=90.0, **terms, time_limit_s=30)
assert check(together, place_minutes, people, depots=depots, opening_cost=90.0, **terms) == ()

served = [i for i in range(len(people)) if people[i]]
first = locate(place_minutes[np.ix_(served, depots)] * people[served][:, None], np.ones(len(served)), opening_cost=90.0)
after = 0.0
for at, depot in enumerate(depots):
    mine = [depot, *(unit for unit, site in zip(served, first.assignment, strict=True) if site == at)]
    if len(mine) > 1:
        ways = place_minutes[np.ix_(mine, mine)]
        lines = route(ways, people[mine], seats=36, fixed_cost=60.0, max_ride_min=40, return_trip=False)
        after += 90.0 + lines.objective
pd.Series({"one after the other": after, "together": together.objective, "bound": together.bound}).round(1)
