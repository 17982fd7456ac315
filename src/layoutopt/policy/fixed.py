"""Keys a preset fixes: law that whoever builds on the preset may tighten, but not loosen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from layoutopt.errors import PolicyError, nearest
from layoutopt.policy.fields import Group
from layoutopt.policy.keys import GROUPS, note_of
from layoutopt.policy.show import plain

LIMITS = ("equals", "at_least", "at_most")


class Fixed(Group):
    """What a key may be: one of the three limits; ``by`` is the preset that says so, ``source`` why."""

    equals: bool | float | str | None = None
    at_least: float | None = None
    at_most: float | None = None
    by: str = ""
    source: str = ""

    def allows(self, value: Any) -> bool:
        """Return whether a value keeps the limit; one by band or stage must keep it in every part."""
        parts = value.model_dump().values() if isinstance(value, BaseModel) else (value,)
        return all(
            (self.equals is None or part == self.equals)
            and (self.at_least is None or (part is not None and part >= self.at_least))
            and (self.at_most is None or (part is not None and part <= self.at_most))
            for part in parts
        )

    def __str__(self) -> str:
        words = {"equals": "exactly", "at_least": "at least", "at_most": "at most"}
        said = [(words[name], getattr(self, name)) for name in LIMITS if getattr(self, name) is not None]
        return " and ".join(f"{word} {plain(value)}" for word, value in said)


def read_fixed(
    given: Any, base: Mapping[str, Fixed], *, by: str, sources: Mapping[str, str], groups: Mapping[str, str]
) -> dict[str, dict[str, Any]]:
    """Return what is fixed by the preset underneath and by a file's own ``[fixed]`` table.

    Raises
    ------
    PolicyError
        An unknown key, no limit, or a key that the preset underneath fixes otherwise.
    """
    if not isinstance(given, Mapping):
        raise PolicyError("fixed: write its keys under a line [fixed].")
    found = {key: limit.model_dump() for key, limit in base.items()}
    for key, limit in given.items():
        if key not in groups:
            raise PolicyError(f"[fixed] {key}: unknown key.{nearest(key, groups)}")
        if not isinstance(limit, Mapping) or not any(name in limit for name in LIMITS):
            raise PolicyError(
                f"[fixed] {key}: say how, for example {key} = {{ at_least = 4 }}; or {', '.join(LIMITS)}."
            )
        named = {name: limit.get(name) for name in LIMITS}
        if key in base and named != {name: getattr(base[key], name) for name in LIMITS}:
            raise PolicyError(f"[fixed] {key}: the preset {base[key].by} fixes it already, to {base[key]}.")
        source = sources.get(key, note_of(groups[key], key).source)
        found.setdefault(key, {"by": by, "source": source, **limit})
    return found


def broken(policy: Any) -> Iterator[str]:
    """Yield every key whose value its preset does not allow, with the value, the limit and its source."""
    for group, model in GROUPS.items():
        for key in model.model_fields:
            limit = policy.fixed.get(key)
            value = getattr(getattr(policy, group), key)
            if limit is not None and not limit.allows(value):
                shown = plain(value.model_dump() if isinstance(value, BaseModel) else value)
                yield f"{group}.{key} = {shown}, but the preset {limit.by} fixes it to {limit} ({limit.source})"
