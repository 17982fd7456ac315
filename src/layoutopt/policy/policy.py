"""What planners choose: every key with its unit, default and source, from presets, TOML or keywords."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Self, TypeVar

from pydantic import BaseModel, Field, ValidationError

from layoutopt.errors import PolicyError, nearest
from layoutopt.policy.contradictions import contradictions
from layoutopt.policy.fields import Group
from layoutopt.policy.fixed import Fixed, read_fixed
from layoutopt.policy.goals import Goals
from layoutopt.policy.keys import GROUPS, note_of
from layoutopt.policy.money import Money
from layoutopt.policy.premises import Premises
from layoutopt.policy.quality import Quality
from layoutopt.policy.schools import Classes, Closure, Points, Staffing
from layoutopt.policy.show import Shown, shown
from layoutopt.policy.support import Support
from layoutopt.policy.transport import Boarding, Bus
from layoutopt.policy.ways import Access, Demand, Travel
from layoutopt.policy.zones import Zones
from layoutopt.schema import bands_of

PLANNER = "chosen by the planner"
PolicyT = TypeVar("PolicyT", bound="Policy")


class Policy(Group):
    """All choices of one run; frozen, validated, changed by :meth:`replace`.

    The groups (``policy.access``, ``policy.bus`` …) hold the keys; every key's name is unique over all
    groups, so it can be given flat: ``Policy.preset("jiangxi_2023", max_ride_min=40)``.

    Examples
    --------
    >>> policy = Policy.preset("jiangxi_2023", max_ride_min=45)
    >>> policy.bus.max_ride_min, policy.sources["max_ride_min"]
    (45.0, 'chosen by the planner')
    """

    name: str = "custom"
    about: str = ""
    access: Access = Access()
    travel: Travel = Travel()
    demand: Demand = Demand()
    closure: Closure = Closure()
    points: Points = Points()
    classes: Classes = Classes()
    staffing: Staffing = Staffing()
    support: Support = Support()
    quality: Quality = Quality()
    boarding: Boarding = Boarding()
    bus: Bus = Bus()
    money: Money = Money()
    premises: Premises = Premises()
    zones: Zones = Zones()
    goals: Goals = Goals()
    sources: dict[str, str] = Field(default_factory=dict)
    fixed: dict[str, Fixed] = Field(default_factory=dict)

    @classmethod
    def preset(cls, name: str = "china_national", **changes: Any) -> Self:
        """Return a bundled preset, with single keys changed.

        Raises
        ------
        PolicyError
            An unknown preset or key (the nearest known one is named), or a value outside its limits.
        """
        if not isinstance(name, str):
            raise PolicyError(f"Unknown preset '{name}'. Known: {', '.join(presets())}, custom.")
        if name == "custom":
            return cls().replace(**changes)
        known = presets()
        if name not in known:
            raise PolicyError(f"Unknown preset '{name}'.{nearest(name, known)} Known: {', '.join(known)}, custom.")
        text = (resources.files("layoutopt.policy") / "presets" / f"{name}.toml").read_text("utf-8")
        return cls.from_dict(tomllib.loads(text)).replace(**changes)

    @classmethod
    def from_toml(cls, path: str | Path) -> Self:
        """Read a policy file; a ``preset = "…"`` line at its head supplies what the file leaves out."""
        try:
            found = tomllib.loads(Path(path).read_text("utf-8-sig"))
        except OSError as error:
            raise PolicyError(f"{path}: the policy file cannot be read ({error.strerror}).") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise PolicyError(f"{path}: not valid TOML: {error}. Save it as UTF-8 text.") from None
        return cls.from_dict(found)

    @classmethod
    def from_dict(cls, found: Mapping[str, Any]) -> Self:
        """Build a policy from nested groups as a TOML file holds them."""
        given = dict(found)
        base = cls.preset(given.pop("preset")) if "preset" in given else cls()
        told = given.pop("sources", {})
        if not isinstance(told, Mapping):
            raise PolicyError("sources: write its keys under a line [sources].")
        sources = {**base.sources, **told}
        about = given.pop("about", "" if "name" in given else base.about)
        name = given.pop("name", base.name)
        fixed = read_fixed(given.pop("fixed", {}), base.fixed, by=name, sources=sources, groups=groups_of_keys())
        groups = base.model_dump(include=set(GROUPS))
        for group, values in given.items():
            _merge(groups, group, values)
        for key in sources:
            if key not in groups_of_keys():
                raise PolicyError(f"[sources] {key}: unknown key.{nearest(key, groups_of_keys())}")
        return _validated(cls, {**groups, "name": name, "about": about, "sources": sources, "fixed": fixed})

    def replace(self, **changes: Any) -> Self:
        """Return a copy with single keys changed; a number for a key by band sets all bands."""
        if not changes:
            return self
        values = self.model_dump()
        for key, value in changes.items():
            group = groups_of_keys().get(key)
            if group is None:
                raise PolicyError(f"{key}: unknown key.{nearest(key, groups_of_keys())}")
            values[group][key] = value
            values["sources"][key] = PLANNER
        return _validated(type(self), values)

    def to_toml(self) -> str:
        """Return the policy as TOML text that :meth:`from_toml` reads back to an equal policy."""
        lines = [f"name = {_toml(self.name)}", f"about = {_toml(self.about)}"]
        for group, key, value in self:
            if lines[-1] != f"# [{group}]" and f"[{group}]" not in lines:
                lines += ["", f"[{group}]"]
            if value is not None:
                unit = note_of(group, key).unit
                lines.append(f"{key} = {_toml(value)}" + (f"  # {unit}" if unit else ""))
        lines += ["", "[sources]", *(f"{key} = {_toml(text)}" for key, text in sorted(self.sources.items()))]
        limits = {key: limit.model_dump(exclude_none=True) for key, limit in sorted(self.fixed.items())}
        lines += ["", "[fixed]", *(f"{key} = {_toml(limit)}" for key, limit in limits.items())] if limits else []
        return "\n".join(lines) + "\n"

    def __iter__(self) -> Iterator[tuple[str, str, Any]]:  # type: ignore[override]
        """Yield (group, key, value) in the order of the documentation."""
        for group, model in GROUPS.items():
            for key in model.model_fields:
                value = getattr(getattr(self, group), key)
                yield group, key, value.model_dump() if isinstance(value, BaseModel) else value

    @property
    def bands(self) -> Mapping[str, tuple[int, ...]]:
        """The grades of each band; ``points.lower_last_grade`` draws the line between lower and upper."""
        return bands_of(self.points.lower_last_grade)

    @property
    def band_of(self) -> Mapping[int, str]:
        """The band of each grade."""
        return {grade: band for band, grades in self.bands.items() for grade in grades}

    def source_of(self, key: str) -> str:
        """Return where the value of ``key`` comes from: preset, planner, or the default's own source."""
        group = groups_of_keys()[key]
        return self.sources.get(key, note_of(group, key).source)

    def unsure(self) -> list[Shown]:
        """Return the keys whose value is recalled and not read again, or our own: to be checked before it counts."""
        return [entry for entry in shown(self) if entry.mark]


@cache
def groups_of_keys() -> dict[str, str]:
    """Return the group of every key; key names are unique over the groups."""
    return {key: group for group, model in GROUPS.items() for key in model.model_fields}


def presets() -> tuple[str, ...]:
    """Return the names of the bundled presets."""
    folder = resources.files("layoutopt.policy") / "presets"
    return tuple(sorted(p.name.removesuffix(".toml") for p in folder.iterdir() if p.name.endswith(".toml")))


def _merge(groups: dict[str, Any], group: str, values: Any) -> None:
    if group not in groups:
        raise PolicyError(f"[{group}]: unknown group.{nearest(group, groups)}")
    if not isinstance(values, Mapping):
        raise PolicyError(f"{group}: write its keys under a line [{group}].")
    for key, value in values.items():
        if key not in groups[group]:
            raise PolicyError(f"{group}.{key}: unknown key.{nearest(key, groups[group])}")
        groups[group][key] = value


def _validated(cls: type[PolicyT], values: Mapping[str, Any]) -> PolicyT:
    try:
        policy = cls.model_validate(dict(values))
    except ValidationError as error:
        raise PolicyError(_reworded(error)) from None
    found = contradictions(policy)
    if found:
        raise PolicyError("\n".join(["These choices contradict each other:", *(f"  {c}" for c in found)]))
    return policy


def _reworded(error: ValidationError) -> str:
    lines = []
    for found in error.errors(include_url=False):
        place = [str(part) for part in found["loc"]]
        note = note_of(place[0], place[1]) if len(place) > 1 and place[0] in GROUPS else None
        unit = f" {note.unit}" if note and note.unit else ""
        message = found["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        lines.append(f"{'.'.join(place)} = {found['input']!r}: give {message}{unit}.")
    return "\n".join(["The policy cannot be used:", *(f"  {line}" for line in lines)])


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_toml(v)}" for k, v in value.items() if v is not None) + " }"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return repr(value)


def _key(name: str) -> str:
    return name if name.replace("_", "").isalnum() and name.isascii() else _toml(name)
