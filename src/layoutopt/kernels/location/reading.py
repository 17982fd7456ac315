"""Raw arguments of ``locate`` into an ``Instance``; every unusable value is gathered in one error."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from layoutopt.errors import InputError, Problem
from layoutopt.kernels.location.instance import Flags, Floats, Instance, Ints

SHOWN = 5


def read_instance(
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
) -> Instance:
    """Return the instance the arguments describe, or raise ``InputError`` with every problem found."""
    problems: list[Problem] = []
    unit, site, arc_cost, shape = _arcs(cost, allowed, problems)
    n, m = shape
    amounts = _vector("demand", demand, n, problems)
    room = _vector("capacity", np.inf if capacity is None else capacity, m, problems, finite=False)
    opening = _vector("opening_cost", 0.0 if opening_cost is None else opening_cost, m, problems)
    low = _vector("min_load", 0.0 if min_load is None else min_load, m, problems)
    must = _mask("required_open", required_open, m, problems)
    banned = _mask("required_closed", required_closed, m, problems)
    clash = np.flatnonzero(must & banned)
    if len(clash):
        problems.append(Problem("required_open", f"sites {listed(clash)} are also in required_closed"))
    if open_count is not None and (int(open_count) != open_count or open_count < 0):
        problems.append(Problem("open_count", f"is {open_count}", "Give a whole number of sites."))
    near = _neighbours(adjacency, n, m, problems)
    if near is not None and not single_source:
        cure = "Ask for single_source=True."
        problems.append(Problem("adjacency", "asks for connected areas of units that may be split", cure))
    if problems:
        raise InputError(problems)
    total = float(amounts.sum())
    ptr = np.concatenate([[0], np.cumsum(np.bincount(unit, minlength=n))]).astype(np.int64)
    return Instance(
        ptr=ptr,
        unit=unit,
        site=site,
        cost=arc_cost,
        demand=amounts,
        capacity=np.minimum(room, total),
        opening=opening,
        low=low,
        must=must,
        banned=banned,
        count=None if open_count is None else int(open_count),
        split=not single_source,
        closest=closest,
        neighbours=near,
    )


def listed(positions: NDArray[Any]) -> str:
    """Return the first few positions as words."""
    shown = ", ".join(str(int(k)) for k in positions[:SHOWN])
    return shown + (f" and {len(positions) - SHOWN} more" if len(positions) > SHOWN else "")


def _arcs(cost: Any, allowed: Any, problems: list[Problem]) -> tuple[Ints, Ints, Floats, tuple[int, int]]:
    """Positions and cost of every admissible pair; infinite cost and pairs not allowed are left out."""
    if sp.issparse(cost):
        table = _summed(cost, problems)
        unit, site, value = table.row.astype(np.int64), table.col.astype(np.int64), table.data.astype(float)
        shape = (int(table.shape[0]), int(table.shape[1]))
    else:
        dense = _floats("cost", cost, problems)
        if dense.ndim != 2:
            problems.append(Problem("cost", f"has {dense.ndim} axes", "Give units × sites."))
            raise InputError(problems)
        shape = (int(dense.shape[0]), int(dense.shape[1]))
        unit, site = (part.ravel().astype(np.int64) for part in np.indices(shape))
        value = dense.ravel()
    if 0 in shape:
        problems.append(Problem("cost", f"has the shape {shape}", "Give at least one unit and one site."))
        raise InputError(problems)
    wrong = np.isnan(value) | (value < 0)
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        what = f"{int(wrong.sum())} values are negative or not a number, the first is {value[k]}"
        cure = "Use inf (or no stored entry) for a pair that is not allowed."
        problems.append(Problem(f"cost[{unit[k]}, {site[k]}]", what, cure))
    keep = np.isfinite(value) & _permitted(allowed, unit, site, shape, problems)
    return unit[keep], site[keep], value[keep], shape


def _summed(table: Any, problems: list[Problem]) -> sp.coo_matrix:
    """Sorted triplets with explicit zeros kept; a pair stored twice has no clear cost."""
    triplets = table.tocoo()
    key = triplets.row.astype(np.int64) * triplets.shape[1] + triplets.col
    order = np.argsort(key, kind="stable")
    twice = np.flatnonzero(np.diff(key[order]) == 0)
    if len(twice):
        k = order[twice[0]]
        problems.append(Problem(f"cost[{triplets.row[k]}, {triplets.col[k]}]", "is stored twice"))
    ordered = (triplets.data[order], (triplets.row[order], triplets.col[order]))
    return sp.coo_matrix(ordered, shape=triplets.shape)


def _permitted(allowed: Any, unit: Ints, site: Ints, shape: tuple[int, int], problems: list[Problem]) -> Flags | bool:
    if allowed is None:
        return True
    mask = allowed.tocsr().astype(bool) if sp.issparse(allowed) else np.asarray(allowed).astype(bool)
    if mask.shape != shape:
        problems.append(Problem("allowed", f"has the shape {mask.shape}, cost has {shape}"))
        return True
    return np.asarray(mask[unit, site]).ravel().astype(bool)


def _floats(name: str, values: Any, problems: list[Problem]) -> Floats:
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        problems.append(Problem(name, "is not an array of numbers"))
        raise InputError(problems) from None


def _vector(name: str, values: Any, length: int, problems: list[Problem], *, finite: bool = True) -> Floats:
    array = _floats(name, values, problems)
    if array.ndim == 0:
        array = np.full(length, float(array))
    if array.shape != (length,):
        problems.append(Problem(name, f"has the shape {array.shape}", f"Give {length} numbers."))
        return np.zeros(length)
    wrong = np.flatnonzero(np.isnan(array) | (array < 0) | (finite & np.isinf(array)))
    if len(wrong):
        cure = "Give finite numbers of 0 or more." if finite else "Give numbers of 0 or more, inf for no limit."
        problems.append(Problem(f"{name}[{wrong[0]}]", f"is {array[wrong[0]]} ({len(wrong)} such values)", cure))
    return array


def _mask(name: str, values: Any, length: int, problems: list[Problem]) -> Flags:
    """Sites given as positions or as one yes/no value a site."""
    mask = np.zeros(length, dtype=bool)
    if values is None:
        return mask
    array = np.atleast_1d(np.asarray(values))
    if array.size == 0:
        return mask
    if array.dtype == bool:
        if array.shape == (length,):
            return array.copy()
        problems.append(Problem(name, f"has the shape {array.shape}", f"Give {length} yes/no values."))
    elif not np.issubdtype(array.dtype, np.integer):
        problems.append(Problem(name, "holds values that are not positions", "Give whole numbers."))
    elif array.min() < 0 or array.max() >= length:
        problems.append(Problem(name, f"holds positions outside 0 to {length - 1}"))
    else:
        mask[array] = True
    return mask


def _neighbours(adjacency: Any, n: int, m: int, problems: list[Problem]) -> sp.csr_matrix | None:
    """A symmetric yes/no graph over the units, or over units and sites."""
    if adjacency is None:
        return None
    graph = sp.csr_matrix(adjacency)
    if graph.shape not in ((n, n), (n + m, n + m)):
        cure = f"Give {n} × {n} (units), or {n + m} × {n + m} (units, then sites)."
        problems.append(Problem("adjacency", f"has the shape {graph.shape}", cure))
        return None
    graph = ((graph != 0) + (graph != 0).T).tocsr()
    graph.setdiag(False)
    graph.eliminate_zeros()
    graph.sort_indices()
    return sp.csr_matrix(graph)
