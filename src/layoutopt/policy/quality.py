"""The keys of the quality-balance check: seven resources by pupils, large classes, areas."""

from __future__ import annotations

from typing import Literal

from layoutopt.policy.fields import ByStage, Group, by_stage, key

EVALUATION = "2017 quality-balance evaluation rules"
PER_100 = ("teachers_above_degree", "backbone_teachers", "pe_art_teachers", "multimedia_rooms")
"""Resources counted for each hundred pupils; the others are counted for each pupil."""


Indicator = Literal[
    "teachers_above_degree", "backbone_teachers", "pe_art_teachers", "teaching_area_m2", "sports_area_m2",
    "equipment_cny", "multimedia_rooms",
]  # fmt: skip
"""The seven resources, as ``schema.INDICATORS`` lists them."""


def _threshold(primary: float, junior: float, meaning: str, unit: str) -> ByStage:
    return key(by_stage(primary, junior), f"Least {meaning}", unit=unit, source=EVALUATION, confidence="H")


class Quality(Group):
    """Resources a school should have, and how evenly schools should have them."""

    teachers_above_degree: ByStage = _threshold(4.2, 5.3, "teachers above the required degree", "per 100 pupils")
    backbone_teachers: ByStage = _threshold(1, 1, "backbone teachers", "per 100 pupils")
    pe_art_teachers: ByStage = _threshold(0.9, 0.9, "teachers of physical education, music and art", "per 100 pupils")
    teaching_area_m2: ByStage = _threshold(4.5, 5.8, "teaching and auxiliary area", "m2 per pupil")
    sports_area_m2: ByStage = _threshold(7.5, 10.2, "sports area", "m2 per pupil")
    equipment_cny: ByStage = _threshold(2_000, 2_500, "value of teaching equipment", "CNY per pupil")
    multimedia_rooms: ByStage = _threshold(2.3, 2.4, "multimedia rooms in the network", "per 100 pupils")
    pass_of: int = key(
        6, "A school passes where so many of the seven meet their threshold …", unit="indicators", ge=0, le=7,
        source=EVALUATION, confidence="H",
    )  # fmt: skip
    pass_share: float = key(
        0.85, "… and every other one reaches this share of it", unit="share", ge=0, le=1,
        source=f"{EVALUATION}, recalled", confidence="M",
    )  # fmt: skip
    cv_max: ByStage = key(
        by_stage(0.50, 0.45), "Largest coefficient of variation of each indicator over the schools of a stage",
        unit="ratio", source=EVALUATION, confidence="H",
    )  # fmt: skip
    cv_weights: bool = key(
        True, "Coefficients of variation weight schools by their pupils", source=f"{EVALUATION}, recalled",
        confidence="M",
    )  # fmt: skip
    quality_least_pupils: float = key(
        50, "Teaching points with fewer pupils are left out of the check", unit="pupils", ge=0,
        source="Hebei evaluation rules", confidence="H",
    )  # fmt: skip
    junior_share: float = key(
        1.1, "Weight of a junior pupil where a nine-year school splits shared resources", unit="ratio", gt=0,
        source=f"{EVALUATION}, recalled", confidence="M",
    )  # fmt: skip
    quality_required: tuple[Indicator, ...] = key(
        (),
        "Resources that must meet their threshold at every school that takes in more pupils than today; counted as "
        "they stand today, without teachers who may come",
    )
    large_class: float = key(
        56, "A class of so many pupils is a large class", unit="pupils", ge=1,
        source="definition of the Ministry of Education", confidence="H",
    )  # fmt: skip
    over_large_class: float = key(
        66, "A class of so many pupils is an over-large class", unit="pupils", ge=1,
        source="definition of the Ministry of Education", confidence="H",
    )  # fmt: skip
    dorm_area_m2: float = key(
        3, "Least usable dormitory area for each boarder", unit="m2", ge=0, source="Shaanxi 2020; Guizhou",
        confidence="H",
    )  # fmt: skip
    building_area_m2: float = key(
        4.5, "Least building area of a small school for each pupil", unit="m2", ge=0, source="Shaanxi 2020",
        confidence="H",
    )  # fmt: skip
    site_area_m2: ByStage = key(
        by_stage(23, 28), "Usual area of the grounds for each pupil", unit="m2", source="Jiangsu standard",
        confidence="M",
    )  # fmt: skip
    meals_for: tuple[Literal["walk", "bus", "board"], ...] = key(
        ("board",), "Pupils who eat at school, by how they travel; canteen seats, where known, limit them",
        source="a receiving school that lacks meals forbids a closure: State Council office 2012 no. 48",
        confidence="M",
    )  # fmt: skip
