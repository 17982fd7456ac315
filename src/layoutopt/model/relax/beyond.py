"""Options beyond the limits: which rules each of them breaks, by how much, and at what price."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.model.build import ExtraRule
from layoutopt.model.hub import LONGEST
from layoutopt.model.relax.prices import BY_PUPIL, PRICES, WAYS
from layoutopt.options import RULES, Options, candidates_of, option_rows
from layoutopt.policy import Policy
from layoutopt.schema import BANDS, MODES
from layoutopt.study import Study
from layoutopt.units import SLACK_MIN

Array = NDArray[np.float64]
KEY = ["item", "school_id", "mode"]
FIRST = 4
"""So many of the cheapest options beyond the limits are looked at for each group before more are asked for."""
ALONE = 8
"""The same for a group that has no option within the limits."""


@dataclass(frozen=True, eq=False)
class Asked:
    """What no plan fits: ``options`` are those within the limits."""

    study: Study
    policy: Policy
    options: Options
    skip: Collection[str] = ()
    extra_rules: tuple[ExtraRule, ...] = field(default=())


@dataclass(frozen=True, eq=False)
class Beyond:
    """Every option there could be. ``rows`` has ``price`` (of the rules it breaks itself), ``least`` (with what
    else it needs: a school reopened, a bed) and ``within``; ``excess`` and ``limit`` are by rule, a number a row.
    """

    asked: Asked
    rows: pd.DataFrame
    excess: Mapping[str, Array]
    limit: Mapping[str, Array]

    @property
    def within(self) -> NDArray[np.bool_]:
        """Rows that keep every limit."""
        return self.rows["within"].to_numpy(bool)

    def first(self) -> NDArray[np.bool_]:
        """Return which rows to look at first: all within the limits, the cheapest beyond them, and for each rule the
        cheapest that only it forbids. Those that only need a school reopened or beds are among them.
        """
        rows = self.rows[~self.within]
        rank = rows.groupby("item")["least"].rank(method="first")
        alone = rows["item"].isin(self.asked.options.without["item"])
        near = rank <= np.where(alone, ALONE, FIRST)
        single = rows[rows["single"] != ""].groupby(["item", "single"])["least"].rank(method="first") <= 1
        keep = self.within.copy()
        keep[rows.index[near | (rows["price"] == 0)]] = True
        keep[single.index[single]] = True
        return keep

    def worth(self, price: float) -> NDArray[np.bool_]:
        """Return which rows an easing cheaper than ``price`` could use.

        Who takes a row pays at least its price, and everybody else at least that of the own cheapest row.
        """
        least = self.rows["least"]
        own = least.groupby(self.rows["item"]).transform("min")
        rest = float(own.groupby(self.rows["item"]).first().sum())
        return np.asarray(self.within | (rest - own + least < price - 1e-9).to_numpy(bool))

    def picked(self, keep: NDArray[np.bool_]) -> tuple[Options, pd.DataFrame]:
        """Return the options of the rows to keep, and a row an option and rule it breaks: position, amount, price."""
        rows = self.rows[keep].reset_index(drop=True)
        parts = []
        for rule, excess in self.excess.items():
            amount = excess[keep]
            at = np.flatnonzero((amount > 0) & ~rows["within"].to_numpy(bool))
            pupils = rows["pupils"].to_numpy(float)[at]
            parts.append(
                pd.DataFrame(
                    {
                        "row": at, "rule": rule, "place": _places(rule, rows.iloc[at]), "excess": amount[at],
                        "limit": self.limit[rule][keep][at], "price": PRICES[rule] * amount[at] * pupils,
                    }
                )
            )  # fmt: skip
        breaks = pd.concat(parts, ignore_index=True).sort_values(["row", "rule"], kind="stable", ignore_index=True)
        known = self.asked.options
        offered = option_rows(rows, known.items, self.asked.study, self.asked.policy)
        return Options(known.items, offered, known.schools, known.removed), breaks


def _places(rule: str, rows: pd.DataFrame) -> pd.Series:
    """Where a rule would give: at the school that is no hub, or for a place and band."""
    own = rows["school_id"] if rule == "hub_only" else rows["settlement_id"] + " " + rows["band"]
    return own.reset_index(drop=True).astype(str)


def beyond_limits(asked: Asked) -> Beyond:
    """Return every option that exists at all, with what it breaks.

    Schools whose closure is decided and boarding schools without beds are among them: the rules ``protected`` and
    ``beds`` price what they need.
    """
    policy, options = asked.policy, asked.options
    table = candidates_of(asked.study, policy, options.items, options.schools)
    order = table["item_at"].to_numpy() * (len(options.schools) * len(MODES))
    order = order + table["school_at"].to_numpy() * len(MODES) + table["mode_at"].to_numpy()
    table = table.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)
    table["pupils"] = table["item"].map(options.items.set_index("item")["pupils"]).to_numpy(float)
    excess, limit = _ways(table, policy, options)
    excess |= _by_pupil(table, policy)
    limit |= {rule: np.full(len(table), np.nan) for rule in BY_PUPIL}
    limit["board_nearest"] = np.full(len(table), float(policy.boarding.board_nearest))
    excess = {rule: amount for rule, amount in excess.items() if rule not in asked.skip and (amount > 0).any()}
    each = sum((PRICES[rule] * amount for rule, amount in excess.items()), np.zeros(len(table)))
    table["price"] = each * table["pupils"].to_numpy(float)
    closing = table["must_close"].to_numpy(bool) * PRICES["protected"]
    bedless = ~table["has_beds"].to_numpy(bool) * PRICES["beds"] * table["pupils"].to_numpy(float)
    table["least"] = table["price"] + closing + bedless
    known = pd.MultiIndex.from_frame(options.rows[KEY])
    table["within"] = pd.MultiIndex.from_frame(table[KEY]).isin(known)
    table["single"] = _single(excess, len(table))
    return Beyond(asked, table, excess, limit)


def _single(excess: Mapping[str, Array], count: int) -> NDArray[np.object_]:
    """The one rule that a row breaks, empty where it breaks none or several."""
    broken = sum(((amount > 0).astype(int) for amount in excess.values()), np.zeros(count, dtype=int))
    found = np.full(count, "", dtype=object)
    for rule, amount in excess.items():
        found[(amount > 0) & (broken == 1)] = rule
    return found


def _ways(table: pd.DataFrame, policy: Policy, options: Options) -> tuple[dict[str, Array], dict[str, Array]]:
    """Minutes or kilometres beyond each limit, and the limits, as :mod:`layoutopt.options` states them."""
    excess: dict[str, Array] = {rule: np.zeros(len(table)) for rule in WAYS}
    limit: dict[str, Array] = {rule: np.full(len(table), np.nan) for rule in WAYS}
    minutes, km, mode = table["minutes"].to_numpy(float), table["km"].to_numpy(float), table["mode"].to_numpy()
    daily, walks, rides = mode != "board", mode == "walk", mode == "bus"

    def note(rule: str, own: NDArray[np.bool_], measured: Array, most: Array) -> None:
        over = np.where(own & (measured > most + SLACK_MIN), measured - most, 0.0)
        limit[rule] = np.where(over > excess[rule], most, limit[rule])
        excess[rule] = np.maximum(excess[rule], over)

    def kept(most: Array, today: Array) -> Array:
        longer = np.where(np.isfinite(today), today, 0.0) if policy.access.keep_existing_exceptions else 0.0
        return np.maximum(most, longer)

    def today(column: str, only: str = "") -> Array:
        values = table[column].to_numpy(float)
        return np.where(table["today_mode"].to_numpy() == only, values, 0.0) if only else values

    access, most_ride = policy.access, np.full(len(table), float(policy.bus.max_ride_min))
    note("walk_limit", walks, minutes, kept(_by_band(table, access.walk_max_min), today("today_min", "walk")))
    note("ride_limit", rides, table["ride_min"].to_numpy(float), kept(most_ride, today("today_ride_min", "bus")))
    note("oneway_limit", daily, minutes, kept(_by_band(table, access.oneway_max_min), today("today_min")))
    if access.oneway_max_km is not None:
        note("distance_limit", daily, km, kept(_by_band(table, access.oneway_max_km), today("today_km")))
    if access.walk_max_km is not None:
        note("distance_limit", walks, km, kept(_by_band(table, access.walk_max_km), today("today_km", "walk")))
    if access.worsening_max_min is not None:
        note("worsening_limit", daily, minutes, today("today_min") + access.worsening_max_min)
    if LONGEST in options.items:
        longest = table["item"].map(options.items.set_index("item")[LONGEST]).to_numpy(float)
        note("worst_journey", daily, minutes, longest)
    note("board_limit", ~daily, minutes, np.full(len(table), float(access.board_max_min)))
    return excess, limit


def _by_band(table: pd.DataFrame, values: object) -> Array:
    return table["band"].map({band: values[band] for band in BANDS}).to_numpy(float)  # type: ignore[index]


def _by_pupil(table: pd.DataFrame, policy: Policy) -> dict[str, Array]:
    """1 where a row breaks a rule that knows only yes or no; ranks of boarding schools are counted as the rule does."""
    found = {rule: (~RULES[rule](table, policy)).to_numpy(float) for rule in BY_PUPIL if rule != "board_nearest"}
    ranked = table["has_beds"].to_numpy(bool) & ~table["must_close"].to_numpy(bool) & (found["hub_only"] == 0)
    beyond = np.zeros(len(table))
    beyond[ranked] = ~RULES["board_nearest"](table[ranked], policy).to_numpy(bool)
    return found | {"board_nearest": beyond}
