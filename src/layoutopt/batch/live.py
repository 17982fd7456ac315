"""What is shown while a batch runs: done, running and failed, the gap so far and the time left."""

from __future__ import annotations

import logging
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from layoutopt.batch.store import DONE, FAILED, INFEASIBLE, LOST, Ended
from layoutopt.progress import Progress, Report

log = logging.getLogger(__name__)
LAYOUT = "{percentage:3.0f}% |{bar:20}| {desc}"


@dataclass
class Tally:
    """What has ended so far, and how long it took; the only thing here that changes.

    ``running`` is None where there is no worker at all.
    """

    total: int
    known: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    ended: Counter[str] = field(default_factory=Counter)
    gaps: list[float] = field(default_factory=lambda: [0.0, 0.0])
    running: int | None = 0

    def note(self, one: Ended) -> None:
        """Count a run that has ended."""
        self.ended[one.state] += 1
        if one.gap is not None:
            self.gaps[0] += one.gap
            self.gaps[1] += 1

    @property
    def share(self) -> float:
        """The share of all runs that have ended, those of earlier times among them."""
        return (self.known.total() + self.ended.total()) / max(self.total, 1)

    @property
    def left_s(self) -> float | None:
        """The seconds left, at the pace so far; None before the first run has ended."""
        count = self.ended.total()
        left = self.total - self.known.total() - count
        return None if not count else (time.monotonic() - self.began) / count * left

    def __str__(self) -> str:
        both = self.known + self.ended
        running = "no worker is there: waiting" if self.running is None else f"{self.running} running"
        other = "".join(f", {both[state]:,} {state}" for state in (INFEASIBLE, LOST) if both[state])
        gap = f", gap {self.gaps[0] / self.gaps[1]:.1%}" if self.gaps[1] else ""
        left = self.left_s
        time_left = "" if left is None else f", {spell(left)} left"
        return f"{both[DONE]:,} done, {running}, {both[FAILED]:,} failed{other}{gap}{time_left}"


def spell(seconds: float) -> str:
    """Return a length of time in words, for example ``2 h 05 min``.

    Examples
    --------
    >>> spell(42), spell(780), spell(7500)
    ('42 s', '13 min', '2 h 05 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


@contextmanager
def shown(progress: Progress) -> Iterator[Report]:
    """Yield a function of (share done, text) that shows them: a line in a terminal or a notebook, else the log."""
    if callable(progress):
        yield progress
        return
    if not progress or not (_in_notebook() or sys.stderr.isatty()):
        yield _logged()
        return
    with _bar() as bar:

        def report(share: float, text: str) -> None:
            bar.set_description_str(text, refresh=False)
            bar.n = round(100 * share)
            bar.refresh()

        yield report


def _logged() -> Report:
    """A report that logs each time a run has ended."""
    last = -1.0

    def report(share: float, text: str) -> None:
        nonlocal last
        if share != last:
            last = share
            log.info("%3.0f %% %s", 100 * share, text)

    return report


def _bar() -> Any:
    """A bar of tqdm: its widget in a notebook where those are installed, else a line."""
    if not _in_notebook():
        from tqdm import tqdm

        return tqdm(total=100, bar_format=LAYOUT, leave=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it speaks of widgets that are not installed, and does without
        from tqdm.auto import tqdm as auto
    return auto(total=100, bar_format=LAYOUT, leave=True)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and "IPKernelApp" in getattr(shell, "config", {})
