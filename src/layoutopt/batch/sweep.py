"""A sweep file: which studies are solved under which policies, in which years and futures; checked as a whole."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layoutopt.ahead.scenario import Scenario, read_scenario
from layoutopt.batch.design import Variant, variants_of
from layoutopt.batch.sources import Source, sources_of
from layoutopt.errors import InputError, Problem, nearest
from layoutopt.model.solve import EFFORTS
from layoutopt.pipeline.decide import SEQUENTIAL, TOGETHER

PARTS = ("sweep", "policy", "grid", "list", "random", "demand")
KEEPS = ("figures", "plan")
METHODS = (TOGETHER, SEQUENTIAL)
DEFAULTS: dict[str, Any] = {
    "name": "sweep", "studies": [], "years": [], "effort": "normal", "method": TOGETHER, "time_limit_s": 300.0,
    "seed": 0, "keep": "figures",
}  # fmt: skip


FUTURE = ("births", "pupils", "travel", "towns", "policy")
"""What of a scenario a result depends on."""


@dataclass(frozen=True)
class Sweep:
    """Studies × policies × years × scenarios, and how each is solved; read from a file by :func:`read_sweep`.

    ``years`` is empty where each study is solved for its own year. ``keep`` is ``plan`` where every run keeps its
    plan's folder, ``figures`` where only figures and roles of schools are kept.
    """

    name: str
    sources: tuple[Source, ...]
    variants: tuple[Variant, ...]
    scenarios: tuple[Scenario, ...] = (Scenario(),)
    years: tuple[int, ...] = ()
    effort: str = "normal"
    method: str = TOGETHER
    time_limit_s: float = 300.0
    seed: int = 0
    keep: str = "figures"

    def __len__(self) -> int:
        return len(self.sources) * len(self.variants) * max(1, len(self.years)) * len(self.scenarios)

    def __str__(self) -> str:
        parts = [(len(self.sources), "studies", "study"), (len(self.variants), "policies", "policy")]
        parts += [(len(self.years), "years", "year")] if self.years else []
        parts += [(len(self.scenarios), "scenarios", "scenario")]
        said = " × ".join(f"{count} {one if count == 1 else many}" for count, many, one in parts)
        return f"{self.name}: {said} = {len(self):,} runs"

    def __repr__(self) -> str:
        return f"<Sweep {self}>"


def read_sweep(file: str | Path | Mapping[str, Any], *, folder: str | Path | None = None) -> Sweep:
    """Return the sweep of a TOML file, or of a mapping of the same form; see ``docs/batch.md`` for its keys.

    Parameters
    ----------
    folder
        Where the paths in it start; the file's own folder, and for a mapping the working folder.

    Raises
    ------
    InputError
        Anything in it cannot be used: every unknown key, value, preset and missing study is named at once.

    Examples
    --------
    >>> read_sweep({"sweep": {"studies": ["sample:ladakh"]}, "grid": {"max_ride_min": [30, 40]}})
    <Sweep sweep: 1 study × 2 policies × 1 scenario = 2 runs>
    """
    given, name = (file, "sweep") if isinstance(file, Mapping) else (_read(Path(file)), Path(file).name)
    start = Path(folder) if folder is not None else Path() if isinstance(file, Mapping) else Path(file).parent
    problems = [
        Problem(f"{name} [{part}]", "unknown part", f"{nearest(part, PARTS)} Known: {', '.join(PARTS)}.".strip())
        for part in given
        if part not in PARTS
    ]
    about, wrong = _about(given.get("sweep", {}), name)
    sources, missing = sources_of(about["studies"], folder=start, file=name)
    variants, unusable = variants_of(given, folder=start, file=name)
    scenarios, unlikely = _scenarios(given.get("demand", {}), name)
    problems += [*wrong, *missing, *unusable, *unlikely]
    if problems:
        raise InputError(problems)
    how = {key: about[key] for key in ("name", "effort", "method", "seed", "keep")}
    return Sweep(
        sources=tuple(sources),
        variants=tuple(variants),
        scenarios=tuple(scenarios),
        years=tuple(about["years"]),
        time_limit_s=float(about["time_limit_s"]),
        **how,
    )


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        near = [p.name for p in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        cure = nearest(path.name, near).strip() or "Give a sweep file (TOML)."
        raise InputError([Problem(str(path), f"cannot be read ({error.strerror})", cure)]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(str(path), f"not valid TOML: {error}", "Save it as UTF-8 text.")]) from None


def _about(given: Any, file: str) -> tuple[dict[str, Any], list[Problem]]:
    """The part ``[sweep]`` with what it leaves out, and its problems."""
    if not isinstance(given, Mapping):
        return dict(DEFAULTS), [Problem(f"{file} sweep", "is no table", "Write its keys under a line [sweep].")]
    found: dict[str, Any] = {**DEFAULTS, **{key: value for key, value in given.items() if key in DEFAULTS}}
    problems = [
        Problem(
            f"{file} [sweep] {key}", "unknown key", f"{nearest(key, DEFAULTS)} Known: {', '.join(DEFAULTS)}.".strip()
        )
        for key in given
        if key not in DEFAULTS
    ]
    for key, known in (("effort", EFFORTS), ("method", METHODS), ("keep", KEEPS)):
        if found[key] not in known:
            hint = nearest(str(found[key]), known).strip()
            problems.append(Problem(f"{file} [sweep] {key} = {found[key]!r}", f"give {' or '.join(known)}", hint))
    limit = found["time_limit_s"]
    if not _is(limit, int, float) or not 0 < limit < float("inf"):
        problems.append(Problem(f"{file} [sweep] time_limit_s = {limit!r}", "give seconds above 0"))
    if not _is(found["seed"], int) or found["seed"] < 0:
        problems.append(Problem(f"{file} [sweep] seed = {found['seed']!r}", "give a whole number from 0"))
    years = found["years"]
    if not isinstance(years, list) or not all(_is(year, int) and 2000 <= year <= 2100 for year in years):
        what = "give a list of calendar years from 2000 to 2100"
        problems.append(Problem(f"{file} [sweep] years = {years!r}", what))
        found["years"] = []
    if len(set(map(str, found["years"]))) < len(found["years"]):
        problems.append(Problem(f"{file} [sweep] years", "names a year twice"))
    found["name"] = str(found["name"])
    return found, problems


def _is(value: Any, *kinds: type) -> bool:
    return isinstance(value, kinds) and not isinstance(value, bool)


def _scenarios(given: Any, file: str) -> tuple[list[Scenario], list[Problem]]:
    """The futures of ``[demand]``; without any, the study as it is."""
    if not isinstance(given, Mapping):
        cure = "Write a table for each future, for example [demand.wet] and travel = 1.2."
        return [], [Problem(f"{file} demand", "is no table", cure)]
    read = [read_scenario(name, table, file=f"{file} demand") for name, table in given.items()]
    found = [one for one, _ in read if one is not None]
    problems = [problem for _, wrong in read for problem in wrong]
    first: dict[str, str] = {}
    for one in found:
        same = first.setdefault(future_of(one), one.name)
        if same != one.name:
            cure = "Keep one of them, with the weights of both."
            problems.append(Problem(f"{file} demand [{one.name}]", f"is the same future as [{same}]", cure))
    return found or [Scenario()], problems


def alike(value: Any) -> Any:
    """A value as JSON knows it, 0 and 0.0 alike."""
    if isinstance(value, Mapping):
        return {key: alike(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [alike(item) for item in value]
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def future_of(scenario: Scenario) -> str:
    """Return what a result depends on in a scenario, as one text: all but its name and weight."""
    return json.dumps({name: alike(getattr(scenario, name)) for name in FUTURE}, sort_keys=True, default=str)
