"""One small solved county in which every family of rules has something to say, for the documents and the page."""

from __future__ import annotations

from functools import cache
from typing import Any

import layoutopt as lo
from layoutopt.plan.plan import Plan
from layoutopt.testing import tiny_policy, tiny_study

HUB = {
    "teachers_above_degree": 15.0, "backbone_teachers": 4.0, "pe_art_teachers": 3.0, "teaching_area_m2": 1_600.0,
    "sports_area_m2": 2_600.0, "equipment_cny": 700_000.0, "multimedia_rooms": 8.0,
}  # fmt: skip
SMALL = {name: value / 10 for name, value in HUB.items()}


@cache
def solved() -> Plan:
    """S2 closes beside the hub, which is enlarged; S1 stays, too far away, and a team of the hub helps it."""
    small: dict[str, Any] = {"hub": False, "building_area_m2": 400.0, "teachers": 4.0, **SMALL}
    study = tiny_study(
        {"VH": (0, 0.1, [50] * 6), "V1": (6, 0, [4] * 6), "V2": (1, 0, [8] * 6)},
        {
            "H1": (0, 0, {"hub": True, "places_primary": 300.0, "teachers": 20.0, **HUB}),
            "S1": (6, 0.1, small),
            "S2": (1, 0.1, {**small, "status": "close", "objection_share": 0.4}),
        },
        expansions=[
            {"school_id": "H1", "stage": "primary", "level": 1, "places": 100, "beds": 0, "capital_cny": 900_000.0,
             "build_years": 2.0}
        ],
        staff=[
            {"school_id": "H1", "stage": "primary", "subject": "PE", "teachers": 20.0, "protected": 0.0},
            {"school_id": "S1", "stage": "primary", "subject": "PE", "teachers": 4.0, "protected": 0.0},
            {"school_id": "S2", "stage": "primary", "subject": "music", "teachers": 4.0, "protected": 1.0},
        ],
        current={"V2": {"age_0_6": 20.0}},
        year=2025,
    )  # fmt: skip
    policy = tiny_policy(
        full_curriculum=True, online=False, group=False, keep_existing_exceptions=False, max_ride_min=5,
        rotation_share=0.1, large_class=29,
    )  # fmt: skip
    return lo.optimize(study, policy, effort="quick", method="sequential")
