"""Location and routing on plain arrays: values in, an answer with a proven bound out; knows no schools and no files."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "Located": "layoutopt.kernels.location.locate",
    "LocatedRouted": "layoutopt.kernels.routing.locate_and_route",
    "Routed": "layoutopt.kernels.routing.values",
    "Vehicle": "layoutopt.kernels.routing.values",
    "locate": "layoutopt.kernels.location.locate",
    "locate_and_route": "layoutopt.kernels.routing.locate_and_route",
    "route": "layoutopt.kernels.routing.route",
}

__all__ = ["check", *sorted(_HOME)]


_SEARCH = {"gap", "time_limit_s", "seed", "method", "start", "state", "engine"}


def check(result: Any, *data: Any, **terms: Any) -> tuple[str, ...]:
    """Return every rule ``result`` breaks, in words, worked out from the data alone; empty when it holds.

    ``data`` and ``terms`` are those the kernel was called with; settings of the search (gap, time limit, seed,
    method, start, state, engine) may stand among them and change nothing.
    """
    kernel = {"Located": "locate", "Routed": "route", "LocatedRouted": "locate_and_route"}[type(result).__name__]
    facts = {name: term for name, term in terms.items() if name not in _SEARCH}
    broken: tuple[str, ...] = import_module(_HOME[kernel]).check(result, *data, **facts)
    return broken


def __getattr__(name: str) -> Any:
    """Load a kernel when it is first used, so that the import itself stays quick."""
    if name not in _HOME:
        raise AttributeError(f"module 'layoutopt.kernels' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
