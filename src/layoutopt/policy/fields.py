"""What a policy key is: a frozen field with meaning, unit, source and confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from layoutopt.schema import BANDS

Confidence = Literal["H", "M", "L"]

OURS = "our own starting value, meant to be overridden"


@dataclass(frozen=True)
class Note:
    """What the documentation says of a key. Confidence H: official text or agreeing reports, M: one
    secondary source or recalled, L: our own starting value."""

    meaning: str
    unit: str
    source: str
    confidence: Confidence


class Group(BaseModel):
    """A frozen group of keys that refuses unknown ones."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)


class ByBand(Group):
    """One number for each grade band: lower (grades 1-3 or 1-4), upper (the rest up to 6), junior (7-9)."""

    lower: float = Field(ge=0)
    upper: float = Field(ge=0)
    junior: float = Field(ge=0)

    @model_validator(mode="before")
    @classmethod
    def _same_for_all(cls, value: Any) -> Any:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return dict.fromkeys(BANDS, value) if is_number else value

    def __getitem__(self, band: str) -> float:
        return float(getattr(self, band))


class ByStage(Group):
    """One number for each stage: primary (grades 1-6), junior (7-9)."""

    primary: float = Field(ge=0)
    junior: float = Field(ge=0)

    def __getitem__(self, stage: str) -> float:
        return float(getattr(self, stage))


def by_band(lower: float, upper: float, junior: float) -> ByBand:
    return ByBand(lower=lower, upper=upper, junior=junior)


def by_stage(primary: float, junior: float) -> ByStage:
    return ByStage(primary=primary, junior=junior)


def key(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    source: str = OURS,
    confidence: Confidence = "L",
    **limits: Any,
) -> Any:
    """Declare one key: its default, what it means, its unit, and where the number comes from."""
    return Field(
        default,
        description=meaning,
        json_schema_extra={"unit": unit, "source": source, "confidence": confidence},
        **limits,
    )
