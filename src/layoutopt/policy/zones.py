"""The keys about zones: who must stay together, and which borders and earlier moves count."""

from __future__ import annotations

from typing import Literal

from layoutopt.policy.fields import Group, key


class Zones(Group):
    """School zones: the places from which pupils go to one school."""

    one_school_for: Literal["group", "band", "stage"] = key(
        "group",
        "What goes to one school as a whole: each pupil group, all groups of a place in a band (single-school zones), "
        "or all pupils of a place in a stage, siblings together where the school teaches both bands",
    )
    contiguous: bool = key(
        False,
        "Zones hang together: a place joins a school's zone only if a neighbour nearer to the school belongs to it",
    )
    within_town: bool = key(False, "Nobody goes to a school of another township, unless today's school is there")
    town_exceptions: tuple[str, ...] = key((), "settlement_ids and school_ids to which within_town does not apply")
    must_attend: dict[str, str] = key(
        {},
        "Where pupils go by decision: settlement_id (all its bands the school teaches) or settlement_id.band to "
        "school_id",
    )
    move_once: bool = key(
        True,
        "Pupils moved within the last years (column moved_year) are not moved again",
        source="State Council office 2018 no. 27: allow a transition; the number of years is ours",
        confidence="M",
    )
    move_once_years: int = key(3, "Years in which pupils are not moved again", unit="years", ge=1, le=9)
