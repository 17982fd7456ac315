"""Compiled loops: numba, typed as the plain function it wraps, kept on disk between runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., object])


def compiled(function: F) -> F:
    """Return ``function`` compiled on first call; the machine code is cached beside the module."""
    return cast(F, njit(cache=True, nogil=True)(function))
