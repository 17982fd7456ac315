"""What became of the road lines: the figures a planner checks before believing any minute."""

from __future__ import annotations

from dataclasses import dataclass

ISLANDS_SHOWN = 8


@dataclass(frozen=True)
class Island:
    """A connected piece of road apart from the main one: its length, lines, and a point on it."""

    km: float
    lines: int
    x: float
    y: float


@dataclass(frozen=True)
class RoadReport:
    """What became of the lines: counts, and kilometres in and out of the main connected piece.

    ``doubled_km`` is road drawn a second time on the same spot, ``lines_doubled`` the lines that lie so from
    end to end; ``total_km`` and ``main_km`` count them. ``walk_km`` and ``bus_km`` is what each may use,
    ``bus_main_km`` the longest piece of the latter. ``heights_km`` is road whose heights are known.
    ``islands`` lists the pieces apart from the main one, longest first.
    """

    lines_read: int
    lines_dropped: int
    lines_doubled: int
    lines_without_class: int
    lines_without_speed: int
    pieces_before: int
    pieces_after: int
    crossings_joined: int
    ends_joined: int
    joined_km: float
    doubled_km: float
    total_km: float
    main_km: float
    walk_km: float
    bus_km: float
    bus_main_km: float
    danger_km: float
    impassable_km: float
    ferry_km: float
    heights_km: float
    islands: tuple[Island, ...] = ()

    @property
    def lost_km(self) -> float:
        """Kilometres of road outside the main connected piece."""
        return self.total_km - self.main_km

    @property
    def main_share(self) -> float:
        """Share of the road length in the main connected piece."""
        return self.main_km / self.total_km

    def lines(self) -> list[str]:
        """Return the report as lines of text, a figure each; what did not occur is left out."""
        bus_share = self.bus_main_km / self.bus_km if self.bus_km else 0.0
        rows = [
            ("road lines read", f"{self.lines_read:,}", True),
            ("  dropped: no length", f"{self.lines_dropped:,}", self.lines_dropped),
            ("  drawn on another line", f"{self.lines_doubled:,}", self.lines_doubled),
            ("  without a class", f"{self.lines_without_class:,}", self.lines_without_class),
            ("  without a speed of their own", f"{self.lines_without_speed:,}", self.lines_without_speed),
            ("connected pieces, as drawn", f"{self.pieces_before:,}", True),
            ("connected pieces, joined", f"{self.pieces_after:,}", True),
            ("  crossings joined", f"{self.crossings_joined:,}", self.crossings_joined),
            ("  ends joined by a link", f"{self.ends_joined:,} ({self.joined_km:.1f} km)", self.ends_joined),
            ("road", f"{self.total_km:,.1f} km", True),
            ("  in the main piece", f"{self.main_km:,.1f} km ({self.main_share:.2%})", True),
            ("  outside it", f"{self.lost_km:,.1f} km", self.pieces_after > 1),
            ("  drawn twice", f"{self.doubled_km:,.1f} km", self.doubled_km),
            ("  to walk on", f"{self.walk_km:,.1f} km", True),
            ("  for buses", f"{self.bus_km:,.1f} km, {bus_share:.2%} of it connected", True),
            ("  marked as danger", f"{self.danger_km:,.1f} km", self.danger_km),
            ("  impassable for vehicles", f"{self.impassable_km:,.1f} km", self.impassable_km),
            ("  ferries", f"{self.ferry_km:,.1f} km", self.ferry_km),
            ("  with heights", f"{self.heights_km:,.1f} km", self.heights_km),
        ]
        text = [f"{name:32} {value:>16}" for name, value, shown in rows if shown]
        text += [
            f"  apart: {piece.km:,.2f} km in {piece.lines} {'line' if piece.lines == 1 else 'lines'} "
            f"around x {piece.x:,.0f}, y {piece.y:,.0f}"
            for piece in self.islands[:ISLANDS_SHOWN]
        ]
        more = len(self.islands) - ISLANDS_SHOWN
        return [*text, f"  and {more} shorter ones"] if more > 0 else text
