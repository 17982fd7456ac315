"""One way to compile array loops, cached on disk where a folder can be written and in memory where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np


def compiled(function: Callable[..., Any]) -> Any:
    """Return ``function`` compiled for speed; ``.py_func`` of the result is the plain Python original."""
    if numba.config.DISABLE_JIT:
        # Plain Python on purpose: words of bits wrap around as in compiled code, without numpy's warning.
        return np.errstate(over="ignore")(function)
    try:
        return numba.njit(cache=True, error_model="numpy")(function)
    except RuntimeError:
        # numba finds no writable folder for its cache (read-only install, no home): compile in memory.
        return numba.njit(error_model="numpy")(function)
