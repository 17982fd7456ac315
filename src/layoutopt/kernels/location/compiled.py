"""Compiled loops: numba, typed as the plain function it wraps, kept on disk between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Return ``function`` compiled on first call; the machine code is kept on disk where there is a place."""
    try:
        return cast(F, njit(cache=True, nogil=True)(function))
    except RuntimeError:  # neither the package folder nor the user's cache can be written
        return cast(F, njit(nogil=True)(function))
