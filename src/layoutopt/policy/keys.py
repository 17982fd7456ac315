"""The keys of a policy, group by group: one entry a key with unit, limits, default, source and confidence."""

from __future__ import annotations

from typing import Any

from layoutopt.policy.fields import Group, Note
from layoutopt.policy.goals import GOALS, Goals
from layoutopt.policy.money import Money
from layoutopt.policy.premises import Premises
from layoutopt.policy.quality import Quality
from layoutopt.policy.schools import Classes, Closure, Points, Staffing
from layoutopt.policy.support import Support
from layoutopt.policy.transport import Boarding, Bus
from layoutopt.policy.ways import Access, Demand, Travel
from layoutopt.policy.zones import Zones

__all__ = ["GOALS", "GROUPS", "note_of"]

GROUPS: dict[str, type[Group]] = {
    "access": Access,
    "travel": Travel,
    "demand": Demand,
    "closure": Closure,
    "points": Points,
    "classes": Classes,
    "staffing": Staffing,
    "support": Support,
    "quality": Quality,
    "boarding": Boarding,
    "bus": Bus,
    "money": Money,
    "premises": Premises,
    "zones": Zones,
    "goals": Goals,
}


def note_of(group: str, name: str) -> Note:
    """Return unit, source and confidence of a key's default."""
    field = GROUPS[group].model_fields[name]
    extra = field.json_schema_extra
    assert isinstance(extra, dict)
    confidence: Any = extra["confidence"]
    return Note(field.description or "", str(extra["unit"]), str(extra["source"]), confidence)
