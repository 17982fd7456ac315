"""What sets one kind of made-up county apart from another: shares of places, pupils, schools and buildings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    """Shares and chances by which :func:`layoutopt.samples.county.make_county` lays out a county.

    The defaults make the mountain county of ``generate_county``; all of them are our guesses.

    ``seat_pupils``, ``town_pupils``: of all pupils, those who live in the county seat and in the other towns ·
    ``near_town``, ``near_school``, ``scattered``: of the villages without a school, those beside a town, beside a
    village school, and apart from both but within bus reach of a town · ``remote``: of the village schools, those
    beyond the bus reach of young pupils, where the county is wide enough; the others lie within a ride of
    ``near_min`` of a town · ``least_pupils``: a village with a school
    has at least so many of all grades, where the total allows · ``village_weight``: size of villages with a school
    against others as far out, ``uneven`` how much sizes of villages differ (sigma of a lognormal), ``thins_km`` how
    far from town they shrink to a third · ``seat_schools``, ``town_juniors``, ``primary_towns``: extra schools in the
    seat by school, towns with a junior school apart, and towns with a primary school alone, by town ·
    ``village_room``: pupils a room of a village school was built for, from and below · ``kindergarten``,
    ``after_school``, ``home``: chance that a town centre has one, ``villages_served`` that a village
    has both a kindergarten and after-school care.
    """

    seat_pupils: float = 0.36
    town_pupils: float = 0.27
    near_town: float = 0.30
    near_school: float = 0.38
    scattered: float = 0.32
    remote: float = 1 / 3
    near_min: float = 30.0
    least_pupils: int = 4
    village_weight: float = 0.5
    uneven: float = 0.85
    thins_km: float = 6.0
    seat_schools: float = 0.08
    town_juniors: float = 0.18
    primary_towns: float = 0.18
    village_room: tuple[int, int] = (12, 31)
    kindergarten: float = 0.85
    after_school: float = 0.3
    home: float = 0.0
    villages_served: float = 0.0


VALLEY = Shape()
"""The mountain county of ``generate_county``: village schools of 8 to 12 pupils, a third of them out of bus reach."""
