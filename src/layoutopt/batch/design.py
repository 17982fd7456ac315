"""The policies of a sweep: a base, and keys that vary over a grid, an explicit list, or at random."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from layoutopt.errors import PolicyError, Problem, nearest
from layoutopt.policy import Policy
from layoutopt.policy.keys import note_of
from layoutopt.policy.policy import PLANNER, groups_of_keys, presets
from layoutopt.policy.show import plain

PRESET = "preset"
BASE = "base"
MOST = 100_000
"""More policies than this are a slip of the pen."""
Point = tuple[str, str, dict[str, Any]]
"""Where a point of a design stands in the file, its name if it was given one, and its keys."""


@dataclass(frozen=True)
class Variant:
    """One policy of a sweep; ``varied`` holds the keys in which it differs from the base, as they were written."""

    policy: Policy
    varied: Mapping[str, Any] = field(default_factory=dict)
    name: str = BASE


def variants_of(given: Mapping[str, Any], *, folder: Path, file: str) -> tuple[list[Variant], list[Problem]]:
    """Return the policies that ``[policy]``, ``[grid]``, ``[[list]]`` and ``[random]`` describe, or every problem.

    A grid is every combination of its values. List and random design stand beside it, each once; without any of the
    three the base is the one policy.
    """
    problems: list[Problem] = []
    base, own = _base(given.get("policy", {}), folder, file, problems)
    designs = [
        *_grid(given.get("grid", {}), file, problems),
        *_listed(given.get("list", []), file, problems),
        *_random(given.get("random", {}), file, problems),
    ]
    if problems or base is None:
        return [], problems
    found: dict[str, Variant] = {}
    wrong: dict[str, None] = {}
    for where, given_name, varied in designs or [("[policy]", "", {})]:
        try:
            policy = _changed(base, own, varied)
        except PolicyError as error:
            wrong[f"{file} {where}: {error}"] = None
            continue
        name = given_name or ", ".join(f"{key}={plain(value)}" for key, value in varied.items()) or BASE
        found.setdefault(policy.model_dump_json(exclude={"sources", "about"}), Variant(policy, varied, name))
    return list(found.values()), [Problem(text, "change it, or take it out") for text in wrong]


def _changed(base: Policy, own: Mapping[str, Any], varied: Mapping[str, Any]) -> Policy:
    """The base with keys changed; with a preset, that preset with the base's ``own`` keys and these."""
    changes = {key: value for key, value in varied.items() if key != PRESET}
    if PRESET not in varied:
        return base.replace(**changes)
    return Policy.preset(varied[PRESET], **{**own, **changes})


def _own_keys(base: Policy, start: Policy) -> dict[str, Any]:
    """The keys that the planner has set, in the sweep or in a policy file, where that begins with ``start``."""
    values = {
        key: [getattr(getattr(one, group), key) for one in (base, start)] for key, group in groups_of_keys().items()
    }
    return {key: own for key, (own, first) in values.items() if own != first or base.sources.get(key) == PLANNER}


def _base(given: Any, folder: Path, file: str, problems: list[Problem]) -> tuple[Policy | None, dict[str, Any]]:
    """The base policy, a preset or a file with single keys changed, and which keys are its own."""
    if not isinstance(given, Mapping):
        problems.append(Problem(f"{file} policy", "is no table", "Write its keys under a line [policy]."))
        return None, {}
    changes = {key: value for key, value in given.items() if key not in (PRESET, "file")}
    known = [*groups_of_keys(), PRESET, "file"]
    unknown = [key for key in changes if key not in groups_of_keys()]
    problems += [Problem(f"{file} [policy] {key}", "unknown key", nearest(key, known).strip()) for key in unknown]
    if PRESET in given and "file" in given:
        problems.append(Problem(f"{file} [policy]", "preset and file are both given", "Keep one of them."))
        return None, {}
    try:
        if "file" in given:
            path = folder / str(given["file"])
            base = Policy.from_toml(path)
            head = tomllib.loads(path.read_text("utf-8-sig"))
            start = Policy.preset(head[PRESET]) if PRESET in head else Policy()
        else:
            base = start = Policy.preset(given.get(PRESET, "jiangxi_2023"))
        changed = base.replace(**{key: changes[key] for key in changes if key not in unknown})
    except PolicyError as error:
        problems.append(Problem(f"{file} [policy]", str(error)))
        return None, {}
    return changed, _own_keys(changed, start)


def _grid(given: Any, file: str, problems: list[Problem]) -> Iterator[Point]:
    if not isinstance(given, Mapping):
        problems.append(Problem(f"{file} grid", "is no table", "Write key = [values] under a line [grid]."))
        return
    lists: dict[str, list[Any]] = {}
    for key, values in given.items():
        where = f"{file} [grid] {key}"
        if not isinstance(values, list) or not values:
            problems.append(Problem(where, f"{values!r} is no list of values", f"Write {key} = [1, 2], for example."))
        elif _known(key, where, problems):
            lists[key] = [value for value in values if _allowed(key, value, where, problems)]
    count = int(np.prod([float(len(values)) for values in lists.values()]))
    if count > MOST:
        problems.append(Problem(f"{file} [grid]", f"has {count:,} points", f"{MOST:,} at most; draw some: [random]."))
        return
    if lists:
        yield from (("[grid]", "", dict(zip(lists, point, strict=True))) for point in product(*lists.values()))


def _listed(given: Any, file: str, problems: list[Problem]) -> Iterator[Point]:
    if not isinstance(given, list) or not all(isinstance(row, Mapping) for row in given):
        problems.append(Problem(f"{file} list", "is no list of tables", "Write each policy under a line [[list]]."))
        return
    for at, row in enumerate(given, start=1):
        where = f"[[list]] {at}"
        good = [
            _known(key, f"{file} {where} {key}", problems) and _allowed(key, value, f"{file} {where}", problems)
            for key, value in row.items()
            if key != "name"
        ]
        if all(good):
            yield where, str(row.get("name", "")), {key: value for key, value in row.items() if key != "name"}


def _random(given: Any, file: str, problems: list[Problem]) -> Iterator[Point]:
    """Points of a Latin hypercube: each range is cut into ``n`` equal parts, and a value is drawn in each."""
    if not isinstance(given, Mapping):
        problems.append(Problem(f"{file} random", "is no table", "Write n, seed and keys under a line [random]."))
        return
    if not given:
        return
    count, seed = given.get("n"), given.get("seed", 0)
    for name, value, least in (("n", count, 1), ("seed", seed, 0)):
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= MOST * MOST:
            problems.append(Problem(f"{file} [random] {name} = {value!r}", f"give a whole number from {least}"))
            return
    keys = {key: value for key, value in given.items() if key not in ("n", "seed")}
    good = [_drawable(key, value, f"{file} [random] {key}", problems) for key, value in keys.items()]
    if not keys:
        problems.append(Problem(f"{file} [random]", "names no key", "Write key = { low = 1, high = 2 }, for example."))
    if not (keys and all(good)) or count is None:
        return
    dice = np.random.default_rng(seed)
    columns = {key: (dice.permutation(count) + dice.random(count)) / count for key in keys}
    for at in range(count):
        yield "[random]", "", {key: _drawn(keys[key], float(columns[key][at])) for key in keys}


def _drawable(key: str, span: Any, where: str, problems: list[Problem]) -> bool:
    """Whether values of a key can be drawn: a list of them, or a table of low and high; problems are noted."""
    if not _known(key, where, problems):
        return False
    if isinstance(span, list) and span:
        good = [_allowed(key, value, where, problems) for value in span]  # all wrong ones are to be named
        return all(good)
    ends = [span.get("low"), span.get("high")] if isinstance(span, Mapping) and {*span} == {"low", "high"} else []
    real = [end for end in ends if isinstance(end, (int, float)) and not isinstance(end, bool)]
    if len(real) < 2 or real[0] > real[1]:
        cure = f"Write {key} = {{ low = 1, high = 2 }}, or a list of values."
        problems.append(Problem(where, f"{span!r} is no range", cure))
        return False
    good = [_allowed(key, end, where, problems) for end in real]
    return all(good)


def _drawn(span: Any, share: float) -> Any:
    """The value at ``share`` (0 to 1) of a range; whole where both its ends are."""
    if isinstance(span, list):
        return span[int(share * len(span))]
    low, high = span["low"], span["high"]
    if isinstance(low, int) and isinstance(high, int):
        return low + int(share * (high - low + 1))
    return float(f"{low + share * (high - low):.6g}")


def _known(key: str, where: str, problems: list[Problem]) -> bool:
    if key == PRESET or key in groups_of_keys():
        return True
    problems.append(Problem(where, "unknown key", nearest(key, [*groups_of_keys(), PRESET]).strip()))
    return False


def _allowed(key: str, value: Any, where: str, problems: list[Problem]) -> bool:
    """Whether a key may have the value, whatever the other keys are; where not, the problem is noted."""
    try:
        if key == PRESET:
            if value not in (*presets(), "custom"):
                raise PolicyError(f"no such preset.{nearest(str(value), presets())} Known: {', '.join(presets())}")
        else:
            _check_value(key, value)
    except PolicyError as error:
        problems.append(Problem(f"{where} = {value!r}", str(error)))
        return False
    return True


def _check_value(key: str, value: Any) -> None:
    """Raise PolicyError where the key's own limits do not allow the value."""
    group = getattr(Policy(), groups_of_keys()[key])
    try:
        type(group).model_validate({**group.model_dump(), key: value})
    except ValueError as error:
        found = error.errors(include_url=False)[0] if hasattr(error, "errors") else {"msg": str(error)}
        message = str(found["msg"]).removeprefix("Value error, ").removeprefix("Input should be ")
        raise PolicyError(f"give {message} {note_of(groups_of_keys()[key], key).unit}".rstrip()) from None
