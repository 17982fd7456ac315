"""Tiny counties at random and decisions about them, for test_agreement.py; nothing here says what is allowed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import layoutopt as lo
from layoutopt.journeys import remembered
from layoutopt.model.rules.support import possible_tours
from layoutopt.options import RULES as OPTION_RULES
from layoutopt.options import Options, build_options
from layoutopt.policy.helping import FORMS
from layoutopt.schema import BANDS, STAGES
from layoutopt.testing import tiny_study
from layoutopt.today import school_facts

STATES = ("full", "teaching_point", "closed")
Random = np.random.Generator


@dataclass(frozen=True)
class Decision:
    """Who goes where and how, what schools become, who helps them; ``staffing`` only where a hand set it.

    ``going`` has (school, mode) by group, ``levels`` by (school, stage), ``tours`` (hub, sites, days a week),
    ``staffing`` by school what the school table's columns of classes and posts hold, ``paid`` the posts stated as paid.
    """

    going: dict[str, tuple[str, str]]
    state: dict[str, str]
    bands: dict[str, tuple[str, ...]]
    levels: dict[tuple[str, str], tuple[int, ...]]
    forms: dict[str, str] = field(default_factory=dict)
    tours: tuple[tuple[str, tuple[str, ...], int], ...] = ()
    staffing: dict[str, dict[str, int]] = field(default_factory=dict)
    paid: int | None = None


def county(seed: int, *, about: str = "") -> tuple[lo.Study, lo.Policy]:
    """3 to 6 villages, 2 to 4 schools, and a policy in which any key may be tight; those ``about`` a rule are."""
    rng = np.random.default_rng(seed)
    junior = bool(rng.random() < 0.3)
    side_km = float(rng.uniform(2, 9))
    most = int(rng.choice([2, 4, 4, 8]))
    villages = {
        f"V{k}": (*_spot(rng, side_km), rng.integers(0, most + 1, 9 if junior else 6).tolist())
        for k in range(1, int(rng.integers(4, 8)))
    }
    schools = {f"S{k}": (*_spot(rng, side_km), _school(rng, k, junior)) for k in range(1, int(rng.integers(3, 6)))}
    homes = {
        code: {
            "town": str(rng.choice(["A", "B"])), "moved_year": float(rng.choice([np.nan, np.nan, 2019, 2023])),
            "current_primary": str(rng.choice(["", "", "S1"])),
        }
        for code in villages
    }  # fmt: skip
    expansions = [row for code in schools for row in _expansions(rng, code, 1.0 if about in GROWING else 0.4)]
    study = tiny_study(villages, schools, current=homes, expansions=expansions or None, year=2024)
    return study, lo.Policy().replace(**_choices(rng, KEYS.get(about, ())))


def _spot(rng: Random, side_km: float) -> tuple[float, float]:
    x, y = rng.uniform(0, side_km, 2).round(2)
    return float(x), float(y)


def _school(rng: Random, number: int, junior: bool) -> dict[str, Any]:
    grades = ["1-6", "1-6", "1-3", *(["1-9", "1-9", "7-9"] if junior else ["4-6"])]
    status = "open" if number == 1 else str(rng.choice(["open"] * 8 + ["keep", "close", "candidate"]))
    roomy = 300.0 if number == 1 else 0.0  # a study with fewer places than pupils is refused
    objected = [np.nan] if status == "close" else [np.nan, np.nan, np.nan, 0.3, 0.7]
    return {
        "grades": ("1-9" if junior else "1-6") if number == 1 else str(rng.choice(grades)), "status": status,
        "hub": bool(rng.random() < (0.8 if number == 1 else 0.4)), "places_primary": roomy or float(rng.choice([15, 30, 60, np.nan])),
        "places_junior": roomy or float(rng.choice([10, 60, np.nan])), "beds": float(rng.choice([0, 4, 30])),
        "teachers": float(rng.integers(0, 7)), "annual_cost_cny": float(rng.choice([10_000, 60_000])),
        "town": str(rng.choice(["A", "A", "B"])), "group": str(rng.choice(["", "G"])),
        "canteen_seats": float(rng.choice([np.nan, 3, 20])), "objection_share": float(rng.choice(objected)),
        "teaching_area_m2": float(rng.choice([60, 150, 400])), "multimedia_rooms": float(rng.choice([0, 1, 3])),
    }  # fmt: skip


def _expansions(rng: Random, code: str, chance: float) -> list[dict[str, Any]]:
    if rng.random() >= chance:
        return []
    return [
        {
            "school_id": code, "stage": "primary", "level": level, "places": 20.0 * level, "beds": 10.0,
            "canteen_seats": 10.0, "capital_cny": 100_000.0 * level,
        }
        for level in range(1, 2 if chance < 1.0 and rng.random() < 0.5 else 3)
    ]  # fmt: skip


def _choices(rng: Random, surely: tuple[str, ...]) -> dict[str, Any]:
    """A policy that forbids little; each tight choice has a chance of one in five, fewer where a rule is at stake."""
    chance = 0.05 if surely else 0.2
    drawn = {key: (rng.random() < chance, int(rng.integers(len(values)))) for key, values in TIGHT.items()}
    return (
        LOOSE
        | (FREE if surely else {})
        | {key: TIGHT[key][pick] for key, (tight, pick) in drawn.items() if tight or key in surely}
    )


QUALITY = ("teaching_area_m2", "multimedia_rooms")
MANY_GOALS = ("merge_small", "worst_journey", "annual_cost", "inequality", "moved_pupils", "quality", "travel")
LOOSE: dict[str, Any] = {
    "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "goals": ("annual_cost",), "walk_max_min": 60,
    "oneway_max_min": 90, "class_cap": {"primary": 10, "junior": 10}, "multigrade_cap": 15, "point_max_pupils": 15,
}  # fmt: skip
FREE: dict[str, Any] = {"move_once": False, "respect_objection": False, "closable_below_pupils": 500.0}
"""Where a rule is at stake no other shall keep every school as it is."""
TIGHT: dict[str, tuple[Any, ...]] = {
    "goals": (MANY_GOALS,), "walk_max_min": (20, 40), "oneway_max_min": (20, 40), "max_ride_min": (3, 8),
    "board_max_min": (5, 10), "worsening_max_min": (5, 20), "walk_max_km": (2.0, 4.0), "oneway_max_km": (3.0, 5.0),
    "keep_existing_exceptions": (False,), "hub_only": (False,), "allowed_boarding": (False,),
    "board_min_grade": (1, 7), "board_nearest": (1,), "class_cap": ({"primary": 5, "junior": 5},),
    "multigrade": (False,), "multigrade_cap": (20,), "point_max_pupils": (6, 10), "allowed": (False,),
    "school_cap": (40, 60), "nine_year_cap": (50, 70), "closable_below_pupils": (40,),
    "min_pupils": ({"primary": 12, "junior": 8}, {"primary": 20, "junior": 20}), "merge_share": (0.3, 0.6),
    "respect_objection": (False,), "quality_required": (QUALITY[:1], QUALITY), "quality_least_pupils": (10, 20),
    "meals_for": (("walk", "board"), ("bus", "board")), "one_school_for": ("band", "stage"), "contiguous": (True,),
    "within_town": (True,), "move_once": (False,), "seats": (5,), "full_curriculum": (True, True),
    "own_specialists_from_posts": (3,), "support_max_pupils": (15, 30), "itinerant": (False,),
    "itinerant_max_min": (6, 12), "itinerant_day_min": (15,), "itinerant_visits_per_week": (2, 3),
    "itinerant_sites_per_day": (1, 3), "itinerant_nearest": (1,), "online": (False,), "group": (False,),
    "incomplete_cap": (4, 8), "capital_by_source": ({"county": 100_000.0}, {"province": 3_000.0}),
    "wages": ("redeployed",), "capital_budget_cny": (50_000.0, 150_000.0), "family_board_cny": (1_000.0,),
    "lower_last_grade": (4,),
}  # fmt: skip

HELP = ("full_curriculum",)
KEYS: dict[str, tuple[str, ...]] = {
    "class_size": ("class_cap", "incomplete_cap"), "multigrade_size": ("multigrade_cap",),
    "point_size": ("point_max_pupils",), "school_size": ("school_cap", "nine_year_cap"),
    "min_pupils": ("min_pupils",), "capital_budget": ("capital_budget_cny",),
    "source_capital": ("capital_by_source",), "merge_share": ("merge_share",), "meals": ("meals_for",),
    "quality": ("quality_required",), "full_curriculum": HELP, "own_specialists": HELP,
    "support_size": (*HELP, "support_max_pupils"), "helping_school": HELP, "tours": (*HELP, "itinerant_visits_per_week"),
    "one_level": ("meals_for",), "one_school": ("one_school_for", "seats"), "contiguous": ("contiguous",), "walk_limit": ("walk_max_min",),
    "ride_limit": ("walk_max_min", "max_ride_min"), "board_nearest": ("walk_max_min", "board_nearest"),
    "oneway_limit": ("oneway_max_min",), "distance_limit": ("oneway_max_km",),
    "worsening_limit": ("worsening_max_min",), "town_border": ("within_town",),
    "payroll": ("wages",), "hub_only": ("walk_max_min",), "board_grade": ("walk_max_min",), "board_limit": ("walk_max_min", "board_max_min"),
}  # fmt: skip
"""The keys that make a rule bite, where it does not bite by itself."""
GROWING = ("one_level", "capital_budget", "source_capital")
"""Rules that need expansions to bite."""


@remembered
def everything(study: lo.Study, policy: lo.Policy) -> Options:
    """Every way there is at all, whatever the rules say of it."""
    return build_options(study, policy, skip=set(OPTION_RULES), with_closing=True)


def by_hand(study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    """A decision that looks at no rule, though not at its worst: groups mostly walk, schools mostly teach all."""
    ways = everything(study, policy)
    facts = school_facts(study, policy)
    going = {}
    for item, rows in ways.rows.groupby("item"):
        near = rows.sort_values(["minutes", "school_id", "mode"], kind="stable")
        pick = near.iloc[min(int(rng.geometric(0.5)) - 1, len(near) - 1)]
        going[str(item)] = (str(pick["school_id"]), str(pick["mode"]))
    used = {school for school, _ in going.values()}
    state = {code: "full" if code in used else str(rng.choice(["full", "closed", "closed"])) for code in facts.index}
    bands = {code: _offered(facts, code) for code in facts.index}
    decision = Decision(going, state, bands, {})
    if policy.support.full_curriculum:
        decision = replace(decision, forms={code: "own" for code in state if state[code] != "closed"})
    return decision


def _offered(facts: Any, code: str) -> tuple[str, ...]:
    return tuple(band for band in BANDS if facts.loc[code, f"offers_{band}"])


def changed(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    """The decision with one thing changed by hand."""
    change = CHANGES[int(rng.integers(len(CHANGES)))]
    return change(decision, study, policy, rng)


def _sent(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    rows = everything(study, policy).rows
    pick = rows.iloc[int(rng.integers(len(rows)))]
    return replace(decision, going={**decision.going, pick["item"]: (pick["school_id"], pick["mode"])})


def _unserved(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    gone = str(rng.choice(sorted(decision.going)))
    return replace(decision, going={item: way for item, way in decision.going.items() if item != gone})


def _state(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    code, state = str(rng.choice(sorted(decision.state))), str(rng.choice(STATES))
    forms = {school: form for school, form in decision.forms.items() if school != code or state != "closed"}
    if policy.support.full_curriculum and state != "closed":
        forms.setdefault(code, "own")
    bands = {**decision.bands, code: _offered(school_facts(study, policy), code)}
    return replace(decision, state={**decision.state, code: state}, bands=bands, forms=forms)


def _band(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    code, band = str(rng.choice(sorted(decision.state))), str(rng.choice(list(BANDS)))
    now = decision.bands.get(code, ())
    bands = tuple(b for b in BANDS if (b in now) != (b == band))
    return replace(decision, bands={**decision.bands, code: bands})


def _level(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    if study.expansions is None:
        return _sent(decision, study, policy, rng)
    row = study.expansions.iloc[int(rng.integers(len(study.expansions)))]
    key, level = (str(row["school_id"]), str(row["stage"])), int(row["level"])
    now = set(decision.levels.get(key, ()))
    return replace(decision, levels={**decision.levels, key: tuple(sorted(now ^ {level}))})


def _form(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    if not policy.support.full_curriculum:
        return _sent(decision, study, policy, rng)
    code, form = str(rng.choice(sorted(decision.state))), str(rng.choice([*FORMS, ""]))
    return replace(decision, forms={**decision.forms, code: form})


def _tour(decision: Decision, study: lo.Study, policy: lo.Policy, rng: Random) -> Decision:
    """One tour more, with or without the sites taking it, or one less."""
    possible = possible_tours(study, policy)
    if not policy.support.full_curriculum or possible.empty:
        return _form(decision, study, policy, rng)
    if decision.tours and rng.random() < 0.4:
        return replace(decision, tours=decision.tours[1:])
    row = possible.iloc[int(rng.integers(len(possible)))]
    sites = tuple(site for site in row[[name for name in row.index if name.startswith("stop_")]] if site)
    days = int(rng.integers(1, policy.support.itinerant_visits_per_week + 1))
    forms = decision.forms | (dict.fromkeys(sites, "itinerant") if rng.random() < 0.8 else {})
    return replace(decision, tours=(*decision.tours, (str(row["school_id"]), sites, days)), forms=forms)


CHANGES = (_sent, _sent, _unserved, _state, _state, _band, _level, _form, _tour, _tour)
__all__ = ["CHANGES", "STAGES", "Decision", "by_hand", "changed", "county", "everything"]
