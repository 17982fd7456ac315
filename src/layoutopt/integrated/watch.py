"""What is known so far of a search in two threads, told as it comes in; when to stop."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from layoutopt.kernels import highs

THREADS = "LAYOUTOPT_THREADS"
"""The variable that gives a solve one thread (``1``): where many processes share a machine."""
Found = TypeVar("Found")


@contextmanager
def beside(work: Callable[[], Found]) -> Iterator[Callable[[], Found]]:
    """Begin some work on a second thread; with one thread it is done when what it found is asked for."""
    if os.environ.get(THREADS) == "1":
        yield work
        return
    with ThreadPoolExecutor(1) as second:
        yield second.submit(work).result


@dataclass(eq=False)
class Watch:
    """What is known so far, told to the caller from both threads; says when to stop."""

    tell: Callable[[float, str], None]
    stopped: Callable[[], bool]
    until: float
    best: float = np.inf
    bound: float = -np.inf
    lock: threading.Lock = field(default_factory=threading.Lock)

    def stop(self) -> bool:
        """Return whether the caller or the clock ends the work."""
        return self.stopped() or time.monotonic() > self.until

    def why(self, found: highs.Solved) -> str:
        """Return what ended a solver run: its own limits, the caller, the clock, or that there was no more to prove."""
        if found.stopped_by != "user":
            return found.stopped_by
        return "user" if self.stopped() else "time" if self.stop() else "done"

    def left_s(self) -> float:
        """Seconds until the time limit, at least two."""
        return max(self.until - time.monotonic(), 2.0)

    def note(self, share: float, *, best: float = np.inf, bound: float = -np.inf) -> None:
        """Take in a better plan or bound and tell; ``inf`` is no plan, and no bound."""
        with self.lock:
            self.best, self.bound = min(self.best, best), max(self.bound, bound if bound < np.inf else -np.inf)
            proven = f", bound {self.bound:,.0f}, gap {1 - self.bound / self.best:.1%}" if self.bound > 0 else ""
            found = self.best < np.inf
            self.tell(share, f"best {self.best:,.0f} CNY a year{proven}" if found else "no plan within the budgets yet")
