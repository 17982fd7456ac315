"""A run: one study under one policy, in one year and future, solved in one way; known by the hash of all that."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import layoutopt
from layoutopt.ahead.scenario import Scenario
from layoutopt.batch.design import Variant
from layoutopt.batch.sources import Source
from layoutopt.batch.sweep import Sweep, alike, future_of
from layoutopt.plan.files import versions

NOT_DECIDING = ("cli", "report", "explaining")
"""Folders of the package that no plan depends on: a change there repeats no run."""
KEY_LENGTH = 20


@dataclass(frozen=True, eq=False)
class Run:
    """One run of a sweep, everything a worker needs to know of it; ``key`` names its folder."""

    source: Source
    digest: str
    variant: Variant
    scenario: Scenario
    year: int | None
    effort: str
    method: str
    time_limit_s: float
    seed: int
    keep: str
    code: str
    twin: int = 0

    @cached_property
    def key(self) -> str:
        """A hash of everything the result depends on; names of policies and scenarios, and weights, are left out.

        ``twin`` counts the studies before this one with the same folder name and content: each has its own rows.
        """
        parts = {
            "study": [self.source.own_name, self.digest, self.twin],
            "policy": self.variant.policy.model_dump(mode="json", exclude={"sources", "name", "about", "fixed"}),
            "scenario": future_of(self.scenario),
            "year": self.year,
            "solve": [self.effort, self.method, self.time_limit_s, self.seed],
            "code": self.code,
        }
        text = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:KEY_LENGTH]

    @property
    def labels(self) -> dict[str, Any]:
        """What tells the run from others in a table: study, year, scenario, policy, and the keys that vary."""
        names: dict[str, Any] = {"study": self.source.name, "year": self.year, "scenario": self.scenario.name}
        names |= {"policy": self.variant.name, "weight": float(self.scenario.weight)}
        return {**names, **{key: _cell(value) for key, value in self.variant.varied.items()}}

    @property
    def ways(self) -> str:
        """What its travel times depend on; runs of which this is the same share them."""
        own = [self.variant.policy.travel.model_dump_json(), self.scenario.travel, alike(self.scenario.policy)]
        return hashlib.sha256(json.dumps([self.digest, *own], default=str).encode()).hexdigest()[:KEY_LENGTH]

    def __str__(self) -> str:
        year = f", {self.year}" if self.year is not None else ""
        return f"{self.source.name}{year}, {self.scenario.name}, {self.variant.name}"


def _cell(value: Any) -> Any:
    """A value as one cell of a table: text where it is a list or a table."""
    if isinstance(value, (bool, int, float, str)) or value is None:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)


def runs_of(sweep: Sweep, digests: Mapping[Source, str]) -> Iterator[Run]:
    """Yield every run of the sweep once, study by study, so that runs of one study share what is read."""
    seen: set[str] = set()
    code = code_version()
    twins: Counter[tuple[str, str]] = Counter()
    for source in sweep.sources:
        alike = source.own_name, digests[source]
        for year in sweep.years or (None,):
            for scenario in sweep.scenarios:
                for variant in sweep.variants:
                    run = Run(
                        source, digests[source], variant, scenario, year, sweep.effort, sweep.method,
                        sweep.time_limit_s, sweep.seed, sweep.keep, code, twins[alike],
                    )  # fmt: skip
                    if run.key not in seen:
                        seen.add(run.key)
                        yield run
        twins[alike] += 1


@lru_cache(maxsize=1)
def code_version() -> str:
    """Return what stands for the program: its version, its own lines that decide, and the solver's version."""
    home = Path(layoutopt.__file__).parent
    found = hashlib.sha256()
    for path in sorted(home.rglob("*")):
        parts = path.relative_to(home).parts
        if path.suffix in (".py", ".toml") and parts[0] not in (*NOT_DECIDING, "data"):
            found.update("/".join(parts).encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    solver = versions()["highspy"]
    return f"{layoutopt.__version__}+{found.hexdigest()[:12]}, highspy {solver}"
