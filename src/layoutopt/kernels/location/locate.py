"""Which sites to open and which one serves each unit: every kind of location question, with a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike

from layoutopt.errors import InputError, nearest
from layoutopt.kernels.location.check import faults
from layoutopt.kernels.location.found import Ask, Found, State, gap_between
from layoutopt.kernels.location.instance import Answer, Flags, Floats, Instance, Ints
from layoutopt.kernels.location.obstacles import Blocked, explain, obstacles, slim
from layoutopt.kernels.location.reading import read_instance

__all__ = ["Blocked", "Located", "State", "check", "locate"]

Status = Literal["optimal", "feasible", "infeasible", "none"]
Method = Literal["auto", "exact", "lagrange", "windows"]

TINY_ARCS = 400
"""Up to here the program alone answers before any search would have begun."""


@dataclass(frozen=True)
class Located:
    """A location answer, what is proven about it, and what the next question can start from.

    Attributes
    ----------
    status
        ``optimal``: proven within the gap asked for; ``feasible``: valid, not proven; ``infeasible``:
        no answer exists (``blocked`` says why); ``none``: none found in the time given.
    objective, bound, gap
        The cost recomputed from the answer, a value no answer can be below, and
        (objective − bound) / objective.
    open, assignment
        One yes/no value a site; the site of each unit (the main one where units are split, −1 without
        an answer).
    flow
        Units × sites, the share of each unit served by each site; only where units may be split.
    """

    status: Status
    objective: float
    bound: float
    gap: float
    open: Flags
    assignment: Ints
    flow: sp.csr_matrix | None
    seconds: float
    method: str
    blocked: tuple[Blocked, ...]
    state: State

    def __repr__(self) -> str:
        if self.status in ("infeasible", "none"):
            return f"<Located: {self.status}; {'; '.join(map(str, self.blocked)) or 'no answer in the time given'}>"
        return (
            f"<Located: {int(self.open.sum())} of {len(self.open)} sites open, cost {self.objective:,.6g}, "
            f"{self.status}, within {self.gap:.2%} of the best, {self.seconds:.1f} s>"
        )


def locate(
    cost: Any,
    demand: ArrayLike,
    *,
    capacity: ArrayLike | None = None,
    opening_cost: ArrayLike | None = None,
    open_count: int | None = None,
    single_source: bool = True,
    min_load: ArrayLike | None = None,
    allowed: Any = None,
    required_open: ArrayLike | None = None,
    required_closed: ArrayLike | None = None,
    adjacency: Any = None,
    closest: bool = False,
    gap: float = 1e-4,
    time_limit_s: float = 60.0,
    seed: int = 0,
    method: Method = "auto",
    start: Located | ArrayLike | None = None,
    state: State | None = None,
) -> Located:
    """Return the cheapest set of open sites and who is served where, with a proven bound.

    Parameters
    ----------
    cost
        Units × sites: cost of serving all of unit i from site j; ``inf`` where not allowed. A scipy
        sparse matrix allows its stored entries only.
    demand
        What each unit takes of a site's capacity, n numbers.
    capacity, opening_cost, min_load
        One number a site, or one for all: the most it can serve (``inf``: no limit), the cost of
        opening it, and the least it must serve if open.
    open_count
        Open exactly so many sites.
    single_source
        Each unit goes to one site; False lets units be split.
    allowed
        Further restriction of the pairs: yes/no, dense or sparse.
    required_open, required_closed
        Positions of sites, or one yes/no value a site.
    adjacency
        Service areas must be connected. n × n: the units a site serves are connected among themselves.
        (n + m) × (n + m), the sites last: they are connected together with the site, which stands next
        to the units its row names; other sites are no way through.
    closest
        No unit passes an open allowed site that costs less than its own (equals may be chosen freely).
    gap
        Stop when the answer is proven within this share of the best.
    time_limit_s
        A safety stop, and the measure of the effort: iterations and solver steps are granted in
        proportion to it, so that an unhurried machine repeats an answer exactly.
    method
        ``exact``: one integer program; ``lagrange``: bound, construction and local search;
        ``windows``: the same, then many small programs; ``auto`` combines them by size.
    start
        An earlier answer, or the site of each unit; improved, and repaired where it does not fit.
    state
        ``Located.state`` of a similar question with the same units and sites.

    Examples
    --------
    >>> import numpy as np
    >>> from layoutopt.kernels import locate
    >>> minutes = np.array([[5.0, 30.0], [25.0, 10.0], [40.0, 5.0]])
    >>> found = locate(minutes, [1, 1, 1], opening_cost=20)
    >>> found.status, found.objective, found.assignment.tolist()
    ('optimal', 60.0, [0, 1, 1])
    """
    _check_settings(gap, time_limit_s, method)
    began = time.perf_counter()
    given = read_instance(
        cost,
        demand,
        capacity=capacity,
        opening_cost=opening_cost,
        open_count=open_count,
        single_source=single_source,
        min_load=min_load,
        allowed=allowed,
        required_open=required_open,
        required_closed=required_closed,
        adjacency=adjacency,
        closest=closest,
    )
    blocked = obstacles(given)
    instance = slim(given)
    if blocked:
        return _result(instance, Found(impossible=True, method="checks"), gap, began, blocked)
    first = _starting_answer(instance, start, state)
    price = None if state is None else _fitting(state, instance)
    engine = _engine(instance, method)
    ask = Ask(gap=gap, time_limit_s=time_limit_s, seed=seed, start=first, price=price)
    found = engine(instance, ask)
    if found.impossible:
        blocked = explain(instance, time_limit_s=max(ask.left_s(), 1.0), seed=seed)
    return _result(instance, found, gap, began, blocked)


def check(
    result: Located,
    cost: Any,
    demand: ArrayLike,
    *,
    capacity: ArrayLike | None = None,
    opening_cost: ArrayLike | None = None,
    open_count: int | None = None,
    single_source: bool = True,
    min_load: ArrayLike | None = None,
    allowed: Any = None,
    required_open: ArrayLike | None = None,
    required_closed: ArrayLike | None = None,
    adjacency: Any = None,
    closest: bool = False,
) -> tuple[str, ...]:
    """Return every rule ``result`` breaks on these data, in words, without a solver; empty when valid.

    Takes the arguments ``locate`` was given. The objective, bound and gap are checked as well.
    """
    instance = read_instance(
        cost,
        demand,
        capacity=capacity,
        opening_cost=opening_cost,
        open_count=open_count,
        single_source=single_source,
        min_load=min_load,
        allowed=allowed,
        required_open=required_open,
        required_closed=required_closed,
        adjacency=adjacency,
        closest=closest,
    )
    if len(result.open) != instance.sites or len(result.assignment) != instance.units:
        return (f"The answer is for {len(result.assignment)} units and {len(result.open)} sites.",)
    if result.status in ("infeasible", "none"):
        return ()
    share, missing = _shares(instance, result)
    if missing:
        return missing
    answer = Answer(np.asarray(result.open, dtype=bool), share)
    value = answer.cost(instance)
    found = list(faults(instance, answer))
    if abs(value - result.objective) > 1e-6 * max(1.0, abs(value)):
        found.append(f"The objective is {value:.9g}, the result says {result.objective:.9g}.")
    if result.bound > result.objective + 1e-6 * max(1.0, abs(result.objective)):
        found.append(f"The bound {result.bound:.9g} is above the objective {result.objective:.9g}.")
    return tuple(found)


def _check_settings(gap: float, time_limit_s: float, method: str) -> None:
    known = ("auto", "exact", "lagrange", "windows")
    if method not in known:
        raise InputError(f"method is {method!r}. Choose one of {', '.join(known)}.{nearest(str(method), known)}")
    if not 0 <= gap < np.inf:
        raise InputError(f"gap is {gap}. Give a share of 0 or more, such as 0.001.")
    if not time_limit_s > 0:
        raise InputError(f"time_limit_s is {time_limit_s}. Give a number of seconds above 0.")


def _engine(instance: Instance, method: Method) -> Callable[[Instance, Ask], Found]:
    """Where the compiled parts and the solver are loaded, and only here."""
    from layoutopt.kernels.location import exact

    if method == "exact" or (method == "auto" and instance.arcs <= TINY_ARCS):
        return lambda inst, ask: exact.solve_program(inst, exact.started(inst, ask), ask)
    from layoutopt.kernels.location import steps

    steps.ready()
    return {"auto": steps.combined, "lagrange": steps.lagrange, "windows": steps.windows}[method]


def _fitting(state: State, instance: Instance) -> Floats | None:
    """The saved prices, each scaled as the costs of its unit have changed; None where they do not fit."""
    price = state.unit_price
    if price is None or price.shape != (instance.units,) or not np.isfinite(price).all():
        return None
    if state.unit_cost is None or state.unit_cost.shape != price.shape:
        return price
    now = _unit_cost(instance)
    has = (state.unit_cost > 0) & (now > 0)
    return np.where(has, price * now / np.where(has, state.unit_cost, 1.0), price)


def _unit_cost(instance: Instance) -> Floats:
    total = np.bincount(instance.unit, weights=instance.cost, minlength=instance.units)
    return np.asarray(total / np.maximum(np.diff(instance.ptr), 1), dtype=float)


def _starting_answer(instance: Instance, start: Located | ArrayLike | None, state: State | None) -> Answer | None:
    """The arcs a caller's answer uses; a unit without a usable one is left out and placed later."""
    is_open = np.zeros(instance.sites, dtype=bool)
    if start is None:
        if state is None or state.site is None or len(state.site) != instance.units:
            return None
        site = state.site
        if state.open is not None and len(state.open) == instance.sites:
            is_open = state.open.copy()
    elif isinstance(start, Located):
        if len(start.assignment) != instance.units or len(start.open) != instance.sites:
            raise InputError("start is an answer for another number of units or sites.")
        if start.flow is not None and instance.split:
            return Answer(start.open | instance.must, _flow_shares(instance, start.flow)[0])
        site, is_open = start.assignment, start.open.copy()
    else:
        site = np.asarray(start)
        if site.shape != (instance.units,) or not np.issubdtype(site.dtype, np.integer):
            raise InputError(f"start needs the site of each of the {instance.units} units, as whole numbers.")
    inside = (site >= 0) & (site < instance.sites)
    arc = instance.find(np.arange(instance.units), np.where(inside, site, 0))
    arc = arc[inside & (arc >= 0)]
    share = np.zeros(instance.arcs)
    share[arc] = 1.0
    is_open[instance.site[arc]] = True
    return Answer((is_open | instance.must) & ~instance.banned, share)


def _shares(instance: Instance, result: Located) -> tuple[Floats, tuple[str, ...]]:
    """The share each arc carries, and what the answer puts where no arc is."""
    if result.flow is not None:
        share, lost = _flow_shares(instance, result.flow)
        return share, () if not lost else (f"{lost} pairs carry a flow but are not allowed.",)
    inside = (result.assignment >= 0) & (result.assignment < instance.sites)
    if not inside.all():
        return np.zeros(instance.arcs), (f"Unit {int(np.flatnonzero(~inside)[0])} has no site.",)
    arc = instance.find(np.arange(instance.units), result.assignment)
    if (arc < 0).any():
        unit = int(np.flatnonzero(arc < 0)[0])
        return np.zeros(instance.arcs), (f"Unit {unit} may not go to site {int(result.assignment[unit])}.",)
    share = np.zeros(instance.arcs)
    share[arc] = 1.0
    return share, ()


def _flow_shares(instance: Instance, flow: sp.csr_matrix) -> tuple[Floats, int]:
    table = sp.csr_matrix(flow).tocoo()
    used = table.data != 0
    arc = instance.find(table.row[used].astype(np.int64), table.col[used].astype(np.int64))
    share = np.zeros(instance.arcs)
    share[arc[arc >= 0]] = table.data[used][arc >= 0]
    return share, int((arc < 0).sum())


def _result(instance: Instance, found: Found, gap: float, began: float, blocked: tuple[Blocked, ...]) -> Located:
    value = found.value(instance)
    bound = np.inf if found.impossible else min(instance.lift(found.bound), value)
    status: Status = "infeasible" if found.impossible else "none"
    is_open, site, flow = np.zeros(instance.sites, dtype=bool), np.full(instance.units, -1), None
    if found.answer is not None:
        is_open = found.answer.open
        site = instance.site[found.answer.main_arc(instance)]
        status = "optimal" if gap_between(value, bound) <= gap else "feasible"
        if instance.split:
            used = found.answer.share > 0
            cells = (found.answer.share[used], (instance.unit[used], instance.site[used]))
            flow = sp.csr_matrix(cells, shape=(instance.units, instance.sites))
    known = found.answer is not None
    kept = State(found.price, is_open if known else None, site if known else None, _unit_cost(instance))
    return Located(
        status=status,
        objective=value,
        bound=bound,
        gap=gap_between(value, bound),
        open=is_open,
        assignment=site.astype(np.int64),
        flow=flow,
        seconds=time.perf_counter() - began,
        method=found.method,
        blocked=blocked,
        state=kept,
    )
