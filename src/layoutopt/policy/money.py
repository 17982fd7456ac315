"""The keys about money beside wages: costs, who bears them, public funds, budgets."""

from __future__ import annotations

from typing import Literal

from layoutopt.policy.fields import ByStage, Group, by_stage, key

KINDS = ("schools", "teachers", "buses", "boarding", "meals", "grants", "capital", "support")
"""The kinds of yearly cost; each has its payers."""
WITH_BOARDING = ("meals", "grants")
"""Kinds that are paid as boarding is where ``source_share`` does not name them."""
FAMILIES = "families"
"""The source of fares and of what families pay for boarding."""


class Money(Group):
    """Costs beside wages, and budgets."""

    school_annual_cny: ByStage = key(
        by_stage(60_000, 120_000),
        "Yearly running cost of a school without wages, by highest stage, where the schools layer gives none",
        unit="CNY a year",
    )
    capital_budget_cny: float | None = key(
        None,
        "Most capital for expansions; empty for no limit",
        unit="CNY",
        ge=0,
    )
    annual_budget_cny: float | None = key(
        None,
        "Most yearly cost; empty for no limit",
        unit="CNY a year",
        ge=0,
    )
    funds_cny: ByStage = key(
        by_stage(720, 940), "Public funds for each pupil", unit="CNY a year",
        source="rates since spring 2023, recalled", confidence="M",
    )  # fmt: skip
    funds_floor_pupils: float = key(
        100, "A school with fewer pupils is paid as if it had so many", unit="pupils", ge=0,
        source="Lueyang and national practice: schools under 100 pupils are paid as 100", confidence="H",
    )  # fmt: skip
    funds_boarder_cny: float = key(
        300, "Public funds for each boarder besides", unit="CNY a year", ge=0,
        source="200, then 300 from 2023, recalled", confidence="M",
    )  # fmt: skip
    meals_cny: float = key(
        1_000, "Meals of a pupil who eats at school (quality.meals_for: boarders where nothing else is said)",
        unit="CNY a year", ge=0, confidence="M",
        source="national scheme: 600, then 800, then 1,000 (5 a day on 200 days; the last step recalled)",
    )  # fmt: skip
    board_grant_cny: ByStage = key(
        by_stage(1_000, 1_250), "Living grant of a boarder", unit="CNY a year",
        source="boarders of poor families: Shaanxi 2019, Yunnan", confidence="H",
    )  # fmt: skip
    day_grant_cny: ByStage = key(
        by_stage(0, 0), "Living grant of a pupil who does not board", unit="CNY a year",
        source="500 and 625 for day pupils of poor families (Shaanxi 2019, Yunnan); none counted: ours",
    )  # fmt: skip
    grants_to: Literal["all", "poor"] = key(
        "all",
        "Who gets living grants: every such pupil, or those of poor families (column poor of the settlements; where "
        "it is empty, all)",
        source="meant for poor families; all, so that the cost of boarding is not understated: ours",
    )
    family_board_cny: float = key(0, "What a family pays of the yearly care of a boarder", unit="CNY a year", ge=0)
    family_meals_cny: float = key(0, "What a family pays of a year's meals at school", unit="CNY a year", ge=0)
    family_fare_cny: float = key(
        500, "What a family pays for a year of school bus", unit="CNY a year", ge=0,
        source="40 to 70 a month, or 500 to 1,000 a year by distance (press)", confidence="M",
    )  # fmt: skip
    source_share: dict[str, dict[str, float]] = key(
        {
            "schools": {"province": 0.6, "county": 0.4}, "teachers": {"county": 1.0}, "buses": {"county": 1.0},
            "boarding": {"province": 0.5, "county": 0.5}, "meals": {"province": 0.5, "county": 0.5},
            "grants": {"province": 0.5, "county": 0.5}, "capital": {"province": 0.033, "county": 0.967},
            "support": {"county": 1.0},
        },
        "Who pays each kind of cost, families' payments apart: shares that add up to 1; meals and grants as boarding "
        "where they are not named",
        source="capital: provincial 30 M of 896 M in the Jiangxi pilot; the others are ours", confidence="L",
        unit="share",
    )  # fmt: skip
    budget_by_source: dict[str, float] = key(
        {}, "Most yearly cost that a source bears, by its name; sources not named are not limited", unit="CNY a year"
    )
    capital_by_source: dict[str, float] = key(
        {}, "Most capital for expansions that a source raises, by its name; sources not named are not limited",
        unit="CNY",
    )  # fmt: skip
    discount_rate: float = key(0.04, "Rate that spreads capital over years", unit="share", ge=0, le=1)
    life_years: float = key(30, "Years a building serves where the expansions table gives none", unit="years", gt=0)
