"""The card by which a plan shows itself in a notebook: a small map, the main figures, and a stamp where needed."""

from __future__ import annotations

import math
from dataclasses import dataclass

from layoutopt.plan.plan import ROLES as ROLE_NAMES
from layoutopt.plan.plan import Plan
from layoutopt.report import ground, summary
from layoutopt.report.echoes import echoed
from layoutopt.report.language import Language, language
from layoutopt.report.pages import rendered
from layoutopt.report.words import ROLES

MAP_SIDE_PX = 190.0
MARGIN_PX = 10.0
PAINT: dict[str, str] = {
    "hub": "#2f7fb8", "full": "#2f7fb8", "teaching_point": "#2f9e8f", "closed": "#d1553f", "not_built": "#8a9096",
}  # fmt: skip
"""Colours that stand out on white and on black paper, as a notebook may have either."""
SHOWN = ("schools_closed", "pupils_moved", "pupils_by_bus", "boarders", "journey_mean_min", "cost_cny")


@dataclass(frozen=True)
class Mark:
    """A school of the small map."""

    x: float
    y: float
    role: str
    name: str


def card(plan: Plan, *, lang: str = "en") -> str:
    """Return the card as a piece of HTML that needs neither scripts nor style sheets.

    Examples
    --------
    >>> card(plan)  # doctest: +SKIP
    """
    said = language(lang)
    tiles = {tile.name: tile for tile in summary.tiles(plan, None, said)}
    counts = plan.schools["role"].value_counts()
    return rendered(
        "card.html.j2",
        lang=lang,
        plan=plan,
        marks=_marks(plan),
        paint=PAINT,
        roles=[(role, said.text(ROLES[role]), int(counts[role])) for role in ROLE_NAMES if counts.get(role, 0)],
        figures=[tiles[name] for name in SHOWN],
        refusals=summary.refusals(plan, None, said),
        proof=_proof(plan, said),
    )


def _proof(plan: Plan, lang: Language) -> str:
    """Return how good the plan is known to be, in one sentence."""
    level = plan.proof.main
    if level is None or not -summary.UNBOUNDED < level.bound < summary.UNBOUNDED:
        return ""
    program = echoed(plan.proof.bound_name, lang)
    return lang.text("At most {gap} better is possible ({program}).", gap=lang.share(level.gap, 2), program=program)


def _marks(plan: Plan) -> list[Mark]:
    """Return the schools placed on the small map, the large marks last so that they stay in sight."""
    schools = plan.study.schools
    if schools.empty:
        return []
    points = ground.points(schools)
    (south, west), (north, east) = ground.bounds([points])
    narrow = math.cos(math.radians((south + north) / 2))
    span = max((east - west) * narrow, north - south, 1e-6)
    scale = (MAP_SIDE_PX - 2 * MARGIN_PX) / span
    role = dict(zip(plan.schools["school_id"], plan.schools["role"], strict=True))
    marks = [
        Mark(
            round(MAP_SIDE_PX / 2 + (lon - (west + east) / 2) * narrow * scale, 1),
            round(MAP_SIDE_PX / 2 - (lat - (south + north) / 2) * scale, 1),
            role.get(school, "closed"),
            str(name),
        )
        for (lat, lon), school, name in zip(points, schools.index, schools["name"], strict=True)
    ]
    rank = {name: position for position, name in enumerate(("not_built", "closed", "teaching_point", "full", "hub"))}
    return sorted(marks, key=lambda mark: rank[mark.role])
