"""The keys about closed premises: what they may become, where that fits, and what it is worth."""

from __future__ import annotations

from collections.abc import Iterator

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
        "Cost of fitting the premises out; a figure of its own, in no yearly cost", unit="CNY",
    )  # fmt: skip

    def contradictions(self) -> Iterator[str]:
        """Yield tables that name no use, amounts below zero, and demand without a radius to count it in."""
        tables = {name: value for name, value in self if isinstance(value, dict)}
        named = {"uses": self.uses, **tables}
        for name, use in ((name, use) for name, found in named.items() for use in found):
            if use not in USES:
                yield f"premises.{name} names '{use}'; known are {', '.join(USES)}"
        if len(set(self.uses)) < len(self.uses):
            yield f"premises.uses names a use twice: {', '.join(self.uses)}"
        for name, table in tables.items():
            for use, amount in table.items():
                if amount < 0:
                    yield f"premises.{name}.{use} = {amount:g}; give 0 or more"
        for use, least in self.use_min_demand.items():
            if least > 0 and use not in self.use_radius_km:
                yield f"premises.use_min_demand.{use} = {least:g} needs premises.use_radius_km.{use}; it is not given"
