"""Units that go to one school as a whole, the room they find, and zones made to hang together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from layoutopt.model.columns import Data
from layoutopt.schema import STAGES
from layoutopt.today.zones import nearer_places

PLACE = ["settlement_id", "band", "school_id"]
ROUNDS = 20
"""Zones are gone over this often at most; each time a few units move."""
Zone = tuple[str, str, str]
"""A place, a band, and the school they go to."""


class Choice(NamedTuple):
    """A school for a whole unit: pupils of one stage, boarders among them, and the options its groups then take."""

    school_id: str
    stage: str
    pupils: float
    boarders: float
    rows: Sequence[int]


@dataclass(eq=False)
class Room:
    """Places, size and beds left at every school."""

    places: dict[tuple[str, str], float]
    size: dict[str, float]
    beds: dict[str, float]

    @classmethod
    def of(cls, data: Data) -> Self:
        """Return the room of today's schools without expansions."""
        schools = data.schools
        places = {(str(i), stage): float(schools.loc[i, f"places_{stage}"]) for i in schools.index for stage in STAGES}
        return cls(places, schools["cap"].to_dict(), schools["beds"].to_dict())

    def fits(self, choice: Choice) -> bool:
        """Return whether there is room for a unit."""
        school, key = choice.school_id, (choice.school_id, choice.stage)
        wide = self.places[key] >= choice.pupils and self.size[school] >= choice.pupils
        return wide and self.beds[school] >= choice.boarders

    def takes(self, choice: Choice, *, back: bool = False) -> Choice:
        """Take a unit in, or give its room ``back``; return it."""
        sign = 1 if back else -1
        self.places[choice.school_id, choice.stage] += sign * choice.pupils
        self.size[choice.school_id] += sign * choice.pupils
        self.beds[choice.school_id] += sign * choice.boarders
        return choice


def mended(
    data: Data, choices: Mapping[str, Sequence[Choice]], went: Mapping[str, Choice], room: Room
) -> dict[str, Choice]:
    """Return where units go once those off their zone moved into one, or drew a nearer unit into theirs.

    A simple repair of a first point: what still does not hang together after it is left to the solver.
    """
    table = data.frame.blocks["chosen"].table
    links = nearer_places(data.study, data.policy, table[PLACE].drop_duplicates())
    nearer = {zone: list(own) for zone, own in links.groupby(PLACE)["before"]}
    zones = list(table[PLACE].itertuples(index=False, name=None))
    repair = Repair(zones, (table["mode"] != "board").tolist(), nearer, choices, dict(went), room)
    for _ in range(ROUNDS):
        if not repair.round():
            break
    return repair.went


@dataclass(eq=False)
class Repair:
    """The zone and whether it is reached daily of each option, who is nearer, and where units go while they move."""

    zones: list[Zone]
    daily: list[bool]
    nearer: Mapping[Zone, list[str]]
    choices: Mapping[str, Sequence[Choice]]
    went: dict[str, Choice]
    room: Room

    def round(self) -> int:
        """Move units that are off their zone, or one that is nearer; return how many were off."""
        unit_of = {self.zones[row][:2]: unit for unit, choice in self.went.items() for row in choice.rows}
        broken = 0
        for unit in sorted(self.went):
            now = {self.zones[row] for choice in self.went.values() for row in choice.rows}
            off = next(self.off(self.went[unit], now), None)
            if off is not None:
                broken += 1
                _, band, school = off
                others = [unit_of[other, band] for other in self.nearer[off] if (other, band) in unit_of]
                if not self.moves(unit, None, now):
                    any(self.moves(other, school, now) for other in others)
        return broken

    def off(self, choice: Choice, now: set[Zone]) -> Iterator[Zone]:
        """Yield the zones a choice would join without a neighbour in them."""
        for row in choice.rows:
            _, band, school = zone = self.zones[row]
            before = self.nearer.get(zone, [])
            if self.daily[row] and before and not any((other, band, school) in now for other in before):
                yield zone

    def moves(self, unit: str, to: str | None, now: set[Zone]) -> bool:
        """Return whether the unit found another school, ``to`` if named, where it hangs together with who is there."""
        old = self.room.takes(self.went[unit], back=True)
        for choice in self.choices[unit]:
            wanted = choice.school_id != old.school_id if to is None else choice.school_id == to
            if wanted and self.room.fits(choice) and next(self.off(choice, now), None) is None:
                self.went[unit] = self.room.takes(choice)
                return True
        self.room.takes(old)
        return False
