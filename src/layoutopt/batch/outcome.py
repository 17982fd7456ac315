"""What comes back from a batch: how it went, and before it, how long it may take."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layoutopt.batch.live import spell
from layoutopt.batch.runs import Run
from layoutopt.batch.store import LOST, PLANNED, STATES, said

if TYPE_CHECKING:
    from layoutopt.batch.results import Results


@dataclass(frozen=True, eq=False)
class Batch:
    """How a batch went. ``counts`` are all its runs by state; ``kept`` of them were there before.

    States: ``done`` with a plan; ``infeasible``, no plan keeps every rule; ``failed``, the study, the policy or the
    time limit left no plan; ``lost``, its worker died or the disk was full; ``planned``, not begun. ``stopped`` says
    why the batch ended before its end.
    """

    folder: Path
    counts: Mapping[str, int]
    kept: int
    seconds: float
    stopped: str = ""

    @property
    def complete(self) -> bool:
        """Whether every run has an answer, a plan or the reason why there is none."""
        return not (self.stopped or self.counts.get(LOST) or self.counts.get(PLANNED))

    @property
    def results(self) -> Results:
        """The figures and schools of all runs."""
        from layoutopt.batch.results import read_results

        return read_results(self.folder)

    @property
    def sentences(self) -> tuple[str, ...]:
        """How it went, in words."""
        total = sum(self.counts.values())
        first = f"{total:,} run{'' if total == 1 else 's'}: {said(self.counts)}; {self.kept:,} were there before."
        text = [first, f"{spell(self.seconds)} in all. Results: {self.folder}"]
        if self.counts.get(LOST):
            text.append(f"{self.counts[LOST]:,} lost runs are done again when the batch is started again.")
        return (*text, *([self.stopped] if self.stopped else []))

    def to_dict(self) -> dict[str, Any]:
        """Return all that as plain values, as JSON knows them."""
        return {
            "folder": str(self.folder), "counts": {state: self.counts.get(state, 0) for state in STATES},
            "kept": self.kept, "seconds": round(self.seconds, 1), "complete": self.complete, "stopped": self.stopped,
        }  # fmt: skip

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<ul>{''.join(f'<li>{escape(text)}</li>' for text in self.sentences)}</ul>"


@dataclass(frozen=True)
class Estimate:
    """How many runs a sweep has, how many are left to do, and how long ``workers`` processes take for them.

    ``seconds`` is None where no time is known; ``most_s`` is what it comes to if every run takes its whole time limit,
    which is where a solve stops and not when all of a run is over.
    """

    runs: int
    left: int
    workers: int
    seconds: float | None
    most_s: float
    basis: str

    @classmethod
    def of(
        cls, runs: int, left: Sequence[Run], timed: Mapping[str, float], workers: int, rate_s: float | None
    ) -> Estimate:
        """Return the estimate from mean seconds by place of the study, or from a rate that is stated."""
        used = max(1, min(workers, len(left)))
        most_s = math.ceil(len(left) / used) * max((run.time_limit_s for run in left), default=0.0)
        if rate_s is not None:
            return cls(runs, len(left), used, rate_s * len(left) / used, most_s, f"{rate_s:g} s a run, as stated")
        if not timed:
            return cls(runs, len(left), used, None, most_s, "no run has been timed here yet")
        mean = sum(timed.values()) / len(timed)
        own = [timed.get(run.source.place, mean) for run in left]
        return cls(runs, len(left), used, sum(own) / used, most_s, "the mean of the runs done here")

    @property
    def sentences(self) -> tuple[str, ...]:
        """The estimate in words."""
        count = f"{self.runs:,} run{'' if self.runs == 1 else 's'}, {self.left:,} left to do."
        processes = f"{self.workers} process{'' if self.workers == 1 else 'es'}"
        if not self.left:
            return (count,)
        if self.seconds is None:
            return (
                count,
                f"About {spell(self.most_s)} at most with {processes}: {self.basis}; runs have a time limit.",
            )
        most = f"about {spell(self.most_s)} if each takes its time limit"
        return (count, f"About {spell(self.seconds)} with {processes} ({self.basis}); {most}.")

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain values, as JSON knows them."""
        return {name: getattr(self, name) for name in ("runs", "left", "workers", "seconds", "most_s", "basis")}

    def __str__(self) -> str:
        return "\n".join(self.sentences)
