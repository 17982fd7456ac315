"""The smallest easing against every plan there is, and what an easing promises against a fresh solve."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.errors import Relaxation
from layoutopt.model.relax import Asked
from layoutopt.model.relax.beyond import KEY, beyond_limits
from layoutopt.model.relax.smallest import Easing, smallest
from layoutopt.model.relax.words import relaxations_of
from layoutopt.options import RULES, build_options
from layoutopt.testing import tiny_policy, tiny_study

LIMITS = {"walk_max_min": 20.0, "oneway_max_min": 25.0, "max_ride_min": 12.0}


@dataclass(frozen=True)
class Tiny:
    """Villages (x, pupils of grades 4-6), schools (x, places, hub, closes), the fewest and the most pupils of one."""

    villages: tuple[tuple[float, int], ...]
    schools: tuple[tuple[float, int, bool, bool], ...]
    least: int
    most: int

    @classmethod
    def drawn(cls, seed: int) -> Tiny:
        draw = random.Random(seed)
        villages = tuple((round(draw.uniform(0, 9), 1), 3 * draw.randint(1, 4)) for _ in range(3))
        schools = [
            (round(draw.uniform(0, 9), 1), draw.randint(3, 24), draw.random() < 0.5, draw.random() < 0.2)
            for _ in range(3)
        ]
        schools[0] = (*schools[0][:3], False)
        return cls(villages, tuple(schools), draw.choice([0, 0, 6, 10]), draw.choice([100, 15]))

    def asked(self) -> tuple[lo.Study, lo.Policy]:
        villages = {f"V{i}": (x, 0.0, [0, 0, 0, n // 3, n // 3, n // 3]) for i, (x, n) in enumerate(self.villages)}
        schools: dict[str, tuple[float, float, dict[str, Any]]] = {
            f"S{j}": (
                x, 0.0,
                {"places_primary": float(room), "hub": hub, "grades": "4-6", "status": "close" if closes else "open"},
            )
            for j, (x, room, hub, closes) in enumerate(self.schools)
        }  # fmt: skip
        policy = tiny_policy(
            keep_existing_exceptions=False, min_pupils={"primary": self.least, "junior": 0}, allowed=False,
            school_cap=self.most, **LIMITS,
        )  # fmt: skip
        return tiny_study(villages, schools), policy

    def ways(self, village: int, school: int) -> dict[str, tuple[float, float]]:
        """Per mode: the price of the limits on minutes, and of the other rules an option breaks."""
        (x, pupils), (at, _, hub, _) = self.villages[village], self.schools[school]
        km = abs(x - at)
        walk, ride = 10 * km, 2 * km
        over = max(0.0, walk - LIMITS["walk_max_min"]) + max(0.0, walk - LIMITS["oneway_max_min"])
        late = max(0.0, ride - LIMITS["max_ride_min"]) + max(0.0, ride - LIMITS["oneway_max_min"])
        by_head = (0.0 if hub else 2.0) + (0.2 if walk <= LIMITS["walk_max_min"] else 0.0)
        return {
            "walk": (0.1 * pupils * over, 0.0),
            "bus": (0.1 * pupils * late, pupils * by_head),
            "board": (0.0, pupils * (by_head + 5.0 + 1.0)),  # too young or not allowed, and a bed
        }

    def every_price(self) -> list[tuple[float, float]]:
        """(price of the limits on minutes, of all else) of every assignment of villages to schools and modes."""
        schools = range(len(self.schools))
        choices = [
            [(school, *price) for school in schools for price in self.ways(village, school).values()]
            for village in range(len(self.villages))
        ]
        found = []
        for taken in itertools.product(*choices):
            load = [sum(self.villages[v][1] for v, (s, *_) in enumerate(taken) if s == school) for school in schools]
            other = sum(price for _, _, price in taken)
            for pupils, (_, room, _, closes) in zip(load, self.schools, strict=True):
                if pupils:
                    other += max(0, pupils - room) + max(0, self.least - pupils) + max(0, pupils - self.most)
                    other += 200.0 * closes
            found.append((sum(price for _, price, _ in taken), other))
        return found


def eased(study: lo.Study, policy: lo.Policy, **more: Any) -> Easing:
    found = smallest(beyond_limits(Asked(study, policy, build_options(study, policy))), **more)
    assert found is not None
    return found


def fits(seed: int) -> bool:
    """A study must have as many places as pupils, somewhere."""
    tiny = Tiny.drawn(seed)
    return sum(school[1] for school in tiny.schools) >= sum(pupils for _, pupils in tiny.villages)


SEEDS = [seed for seed in range(40) if fits(seed)][:14]


@pytest.mark.parametrize("seed", SEEDS)
def test_no_easing_is_smaller(seed: int) -> None:
    tiny = Tiny.drawn(seed)
    found = eased(*tiny.asked())
    assert found.proven
    assert found.price == pytest.approx(min(ways + other for ways, other in tiny.every_price()), abs=1e-4)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_named_first_gives_first(seed: int) -> None:
    """All else gives as little as it can, and only then the ways; or the other way round."""
    tiny = Tiny.drawn(seed)
    found = eased(*tiny.asked(), priorities=["ways"])
    ways = float(found.soft.cost(["walk_limit", "ride_limit", "oneway_limit"]) @ found.values)
    other, own = min((round(other, 6), ways) for ways, other in tiny.every_price())
    assert found.price - ways == pytest.approx(other, abs=1e-3)
    assert ways == pytest.approx(own, abs=1e-2)


def test_some_of_the_cases_need_easing_and_some_do_not() -> None:
    prices = [min(ways + other for ways, other in Tiny.drawn(seed).every_price()) for seed in SEEDS]
    assert any(price == 0 for price in prices) and sum(price > 1 for price in prices) > len(prices) / 2


@pytest.mark.parametrize("seed", [seed for seed in SEEDS if min(map(sum, Tiny.drawn(seed).every_price())) > 1e-6][:5])
def test_the_easing_made_lets_everybody_in(seed: int) -> None:
    """Every limit changed as the easing says: nothing has to give any more."""
    study, policy = Tiny.drawn(seed).asked()
    found = eased(study, policy)
    for one in relaxations_of(found.soft, found.given):
        study, policy = MADE[one.rule](study, policy, one)
    assert eased(study, policy).price == pytest.approx(0.0, abs=1e-6)


Made = Callable[[lo.Study, lo.Policy, Relaxation], tuple[lo.Study, lo.Policy]]


def _school(column: str) -> Made:
    def made(study: lo.Study, policy: lo.Policy, one: Relaxation) -> tuple[lo.Study, lo.Policy]:
        schools = study.schools.copy()
        schools.loc[one.place.split(" ")[0], column] = one.limit_needed if one.limit_needed is not None else True
        return replace(study, schools=schools), policy

    return made


def _key(name: str) -> Made:
    def made(study: lo.Study, policy: lo.Policy, one: Relaxation) -> tuple[lo.Study, lo.Policy]:
        assert one.limit_needed is not None
        group = policy.access if hasattr(policy.access, name) else policy.bus
        now = getattr(group, name)
        most = max(one.limit_needed, now if isinstance(now, (int, float)) else max(now[b] for b in ("lower", "upper")))
        return study, policy.replace(**{name: most})

    return made


def _stays(study: lo.Study, policy: lo.Policy, one: Relaxation) -> tuple[lo.Study, lo.Policy]:
    schools = study.schools.copy()
    schools.loc[one.place, "status"] = "open"
    return replace(study, schools=schools), policy


MADE: dict[str, Made] = {
    "places": _school("places_primary"),
    "hub_only": _school("hub"),
    "protected": _stays,
    "walk_limit": _key("walk_max_min"),
    "oneway_limit": _key("oneway_max_min"),
    "ride_limit": _key("max_ride_min"),
    "min_pupils": lambda study, policy, one: (
        study,
        policy.replace(min_pupils={"primary": min(one.limit_needed or 0, policy.closure.min_pupils["primary"]), "junior": 0}),
    ),
    "school_size": lambda study, policy, one: (
        study, policy.replace(school_cap=max(one.limit_needed or 0, policy.classes.school_cap)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("exceptions", [True, False])
def test_amounts_beyond_the_limits_agree_with_the_rules_of_options(exceptions: bool) -> None:
    """What one rule alone removes is what it is exceeded by, and nothing else."""
    study = tiny_study(
        {f"V{i}": (1.7 * i, 0.3, [2] * 9) for i in range(6)},
        {
            "S1": (0, 0, {"hub": True, "grades": "1-9", "beds": 9.0, "places_junior": 50.0}),
            "S2": (4, 0, {"hub": False, "status": "close"}),
            "S3": (9, 0, {"hub": True, "grades": "1-9", "places_junior": 50.0}),
        },
    )
    policy = tiny_policy(
        keep_existing_exceptions=exceptions, oneway_max_km=3.0, walk_max_km=2.0, worsening_max_min=5, max_ride_min=8,
        walk_max_min=25, oneway_max_min=30, allowed_boarding=True, board_max_min=12, board_nearest=1,
        must_attend={"V2": "S3"},
    )  # fmt: skip
    found = beyond_limits(Asked(study, policy, build_options(study, policy)))
    assert (
        found.rows.loc[found.rows["within"], KEY].reset_index(drop=True).equals(build_options(study, policy).rows[KEY])
    )
    usable = found.rows["has_beds"] & ~found.rows["must_close"].astype(bool)
    assert not (found.within & (found.rows["price"] > 0)).any()
    assert ((found.rows["price"] > 0) | found.within)[usable].all()
    for rule in RULES:
        eased_rows = build_options(study, policy, skip={rule}).rows
        extra = eased_rows.merge(found.rows.loc[found.rows["within"], KEY], on=KEY, how="left", indicator=True)
        extra = extra[extra["_merge"] == "left_only"]
        alone = found.rows[(found.rows["single"] == rule) & usable]
        if rule != "hub_only":  # without it more schools are counted as near ones
            assert set(map(tuple, alone[KEY].to_numpy())) == set(map(tuple, extra[KEY].to_numpy())), rule
    assert (pd.Series(found.rows["single"]) != "").sum() > 20
