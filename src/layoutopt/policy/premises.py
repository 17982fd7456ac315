"""The keys about closed premises: what they may become, where that fits, and what it is worth."""

from __future__ import annotations

from layoutopt.policy.fields import OURS, Group, key
from layoutopt.schema import USES

YEAR_2018 = "State Council office 2018 no. 27"


class Premises(Group):
    """New uses of closed schools. The tables name a use each; a use that is missing is not offered."""

    uses: tuple[str, ...] = key(
        USES,
        "Uses that may be given to closed premises",
        source=f"kindergarten, after-school and left-behind care first: {YEAR_2018}; labour education: Jiangxi pilot",
        confidence="H",
    )
    use_min_area_m2: dict[str, float] = key(
        {"kindergarten": 200, "left_behind_home": 150, "labour_education_base": 300, "after_school_care": 60},
        "Least building area", unit="m2",
    )  # fmt: skip
    use_min_demand: dict[str, float] = key(
        {"kindergarten": 15, "left_behind_home": 10, "labour_education_base": 100, "after_school_care": 10},
        "Least children nearby: under school age for kindergartens, left-behind pupils for homes, else pupils",
        unit="children",
    )  # fmt: skip
    use_radius_km: dict[str, float] = key(
        {"kindergarten": 2.0, "left_behind_home": 5.0, "labour_education_base": 15.0, "after_school_care": 2.0},
        "How far children nearby may live", unit="km",
    )  # fmt: skip
    use_spacing_km: dict[str, float] = key(
        {"kindergarten": 3.0, "left_behind_home": 5.0, "labour_education_base": 10.0, "after_school_care": 2.0},
        "Least distance to the next such place", unit="km",
    )  # fmt: skip
    use_value_cny: dict[str, float] = key(
        {
            "kindergarten": 60_000, "left_behind_home": 50_000, "labour_education_base": 40_000,
            "after_school_care": 30_000, "village_use": 5_000,
        },
        "What the use is worth to the county in a year; it orders the uses and is in no cost", unit="CNY a year",
        source=f"order after {YEAR_2018}; amounts {OURS}",
    )  # fmt: skip
    use_capital_cny: dict[str, float] = key(
        {
            "kindergarten": 150_000, "left_behind_home": 100_000, "labour_education_base": 80_000,
            "after_school_care": 20_000,
        },
        "Cost of fitting the premises out", unit="CNY",
    )  # fmt: skip
