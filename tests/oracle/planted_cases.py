"""Tiny studies with one thing planted in each that no plan can keep: rule, place and amount are known by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import layoutopt as lo
from layoutopt.model.columns import Data
from layoutopt.model.frame import Rows
from layoutopt.testing import tiny_policy, tiny_study

SMALL: dict[str, Any] = {"hub": False}
CLASS = [4] * 6
"""24 pupils of grades 1-6, 12 in each band."""
FAR = 6.0
"""Kilometres that nobody walks within 45 minutes; a bus there has no hub to go to."""


@dataclass(frozen=True)
class Planted:
    """What is asked, and the culprit: rule, place (as the easing names it) and amount."""

    study: lo.Study
    policy: lo.Policy
    rule: str
    place: str
    amount: float
    extra_rules: Sequence[Callable[[Data], Iterator[Rows]]] = ()
    priorities: Sequence[str] = ()


def two(first: dict[str, Any], *, apart_km: float = FAR, **more: Any) -> lo.Study:
    """Two villages of 24 pupils, each beside a school of its own, too far apart to walk."""
    return tiny_study(
        {"V1": (0, 0.1, CLASS), "V2": (apart_km, 0.1, CLASS)},
        {"S1": (0, 0, {**SMALL, **first}), "S2": (apart_km, 0, SMALL)},
        **more,
    )


def lone(pupils: Sequence[float], km: float, **school: Any) -> lo.Study:
    """One village and one school so far away."""
    return tiny_study({"V1": (km, 0, pupils)}, {"S1": (0, 0, {**SMALL, **school})})


def strict(**changes: Any) -> lo.Policy:
    """No exceptions for ways that are too long today."""
    return tiny_policy(keep_existing_exceptions=False, **changes)


def places() -> Planted:
    # 24 pupils beside S1, which has 10 places.
    return Planted(two({"places_primary": 10.0}), tiny_policy(), "places", "S1 primary", 14)


def places_of_juniors() -> Planted:
    # 9 juniors and 6 junior places; the primary places do not count.
    # The junior places of S2 are out of reach.
    study = tiny_study(
        {"V1": (0, 0.1, [0] * 6 + [3, 3, 3])},
        {
            "S1": (0, 0, {**SMALL, "grades": "1-9", "places_primary": 100.0, "places_junior": 6.0}),
            "S2": (90, 0, {**SMALL, "grades": "7-9", "places_primary": 0.0, "places_junior": 50.0}),
        },
    )
    return Planted(study, tiny_policy(), "places", "S1 junior", 3)


def beds() -> Planted:
    # 40 km: nobody rides so long, 9 pupils of grades 4-6 board, 5 beds.
    study = lone([0, 0, 0, 3, 3, 3], 40, hub=True, beds=5.0)
    return Planted(study, strict(allowed_boarding=True), "beds", "S1", 4)


def no_beds_at_all() -> Planted:
    # The same without a single bed: there is no option at all, and 9 beds would make one.
    study = lone([0, 0, 0, 3, 3, 3], 40, hub=True, beds=0.0)
    return Planted(study, strict(allowed_boarding=True), "beds", "S1", 9)


def canteen() -> Planted:
    study = lone([0, 0, 0, 3, 3, 3], 40, hub=True, beds=20.0, canteen_seats=5.0)
    return Planted(study, strict(allowed_boarding=True), "meals", "S1", 4)


def largest_size() -> Planted:
    return Planted(two({}), tiny_policy(school_cap=20), "school_size", "S1", 4)


def smallest_size() -> Planted:
    # Only one school, no teaching point: 24 pupils where 30 are asked for.
    study = tiny_study({"V1": (0, 0.1, CLASS)}, {"S1": (0, 0, SMALL)})
    return Planted(study, tiny_policy(min_pupils={"primary": 30, "junior": 0}, allowed=False), "min_pupils", "S1", 6)


def merge_share() -> Planted:
    # ceil(0.9 · 2) = 2 schools to merge, and each is the only one of its village.
    return Planted(two({}, apart_km=100), tiny_policy(merge_share=0.9), "merge_share", "", 2)


GROWS = [{"school_id": "S1", "stage": "primary", "level": 1, "places": 20, "capital_cny": 1e6}]


def capital() -> Planted:
    study = two({"places_primary": 10.0}, expansions=[{**GROWS[0], "capital_cny": 50_000.0}])
    return Planted(study, tiny_policy(capital_budget_cny=20_000), "capital_budget", "", 30_000)


def capital_of_a_source() -> Planted:
    shares = {**lo.Policy().money.source_share, "capital": {"province": 0.5, "county": 0.5}}
    study = two({"places_primary": 10.0}, expansions=[{**GROWS[0], "capital_cny": 50_000.0}])
    return Planted(
        study, tiny_policy(source_share=shares, capital_by_source={"province": 5_000}), "source_capital", "province",
        20_000,
    )  # fmt: skip


def budget_of_a_source() -> Planted:
    # The province pays what schools cost besides wages: two teaching points or schools of 20,000 at the least.
    shares = {kind: {"county": 1.0} for kind in ("teachers", "buses", "boarding", "capital", "support")}
    study = two({"annual_cost_cny": 60_000.0})
    policy = tiny_policy(
        allowed=False, source_share={"schools": {"province": 1.0}, **shares}, budget_by_source={"province": 90_000}
    )
    return Planted(study, policy, "source_budget", "province", 30_000)


def budget() -> Planted:
    # Each school: two multigrade classes with two posts each, 110,000 a post, and 60,000. 2 · 500,000 in all.
    return Planted(two({}), tiny_policy(allowed=False, annual_budget_cny=900_000), "annual_budget", "", 100_000)


def walk() -> Planted:
    return Planted(
        lone([0, 0, 0, 3, 3, 3], 2.5), strict(walk_max_min=20, oneway_max_min=90), "walk_limit", "V1 upper", 5
    )


def way() -> Planted:
    return Planted(
        lone([0, 0, 0, 3, 3, 3], 2.5), strict(walk_max_min=90, oneway_max_min=20), "oneway_limit", "V1 upper", 5
    )


def ride() -> Planted:
    return Planted(lone([0, 0, 0, 3, 3, 3], 10, hub=True), strict(max_ride_min=15), "ride_limit", "V1 upper", 5)


def kilometres() -> Planted:
    return Planted(lone([0, 0, 0, 3, 3, 3], 2), strict(oneway_max_km=1.5), "distance_limit", "V1 upper", 0.5)


def worse_than_today() -> Planted:
    # S1 beside V1 closes; S2 is 20 minutes away, 19 more than S1. Reopening S1 counts 200, 9 minutes for 24 pupils
    # 0.05 · 9 · 24 = 10.8.
    study = tiny_study({"V1": (0, 0.1, CLASS)}, {"S1": (0, 0, {**SMALL, "status": "close"}), "S2": (2, 0.1, SMALL)})
    return Planted(study, tiny_policy(worsening_max_min=10), "worsening_limit", "V1 lower", 9)


def week_way() -> Planted:
    study = lone([0, 0, 0, 3, 3, 3], 40, hub=True, beds=9.0)
    return Planted(study, strict(allowed_boarding=True, board_max_min=60), "board_limit", "V1 upper", 20)


def too_young_to_board() -> Planted:
    study = lone([0, 0, 0, 3, 3, 3], 60, hub=True, beds=9.0)
    return Planted(study, strict(allowed_boarding=True, board_min_grade=7), "board_grade", "V1 upper", 9)


def nearest_beds() -> Planted:
    # Only the nearest boarding school is allowed, and it has no place left; the next has.
    study = tiny_study(
        {"V1": (60, 0, [0, 0, 0, 3, 3, 3])},
        {
            "S1": (0, 0, {"hub": True, "beds": 9.0, "places_primary": 0.0}),
            "S2": (0, 5, {"hub": True, "beds": 9.0}),
        },
    )
    return Planted(study, strict(allowed_boarding=True, board_nearest=1), "board_nearest", "V1 upper", 9)


def hub() -> Planted:
    return Planted(lone([0, 0, 0, 3, 3, 3], 10), strict(), "hub_only", "S1", 9)


def within_walking_distance() -> Planted:
    # 25 minutes on foot keep walk_max_min = 90 but not oneway_max_min = 20; a bus would take 5, but not for pupils who
    # can walk. 9 who ride all the same count 1.8, 5 minutes on foot for 9 pupils 4.5.
    study = lone([0, 0, 0, 3, 3, 3], 2.5, hub=True)
    return Planted(study, strict(walk_max_min=90, oneway_max_min=20), "walkable", "V1 upper", 9)


def township() -> Planted:
    study = tiny_study(
        {"V1": (2, 0, [0, 0, 0, 3, 3, 3])},
        {
            "S1": (0, 0, {**SMALL, "town": "Upper", "places_primary": 50.0}),
            "S2": (2, 0.1, {**SMALL, "town": "Lower", "places_primary": 0.0}),
        },
        current={"V1": {"town": "Lower", "current_primary": "S2"}},
    )
    # 9 places at S2 count as much as 9 pupils across the border: the border is said to give first.
    return Planted(study, tiny_policy(within_town=True), "town_border", "V1 upper", 9, priorities=("zones",))


def border() -> Planted:
    # The only school is in another township, and is not today's.
    study = tiny_study(
        {"V1": (2, 0, [0, 0, 0, 3, 3, 3])},
        {
            "S1": (0, 0, {**SMALL, "town": "Upper"}),
            "S2": (2, 0.1, {**SMALL, "town": "Lower", "status": "close"}),
        },
        current={"V1": {"town": "Lower", "current_primary": "S2"}},
    )
    return Planted(study, tiny_policy(within_town=True), "town_border", "V1 upper", 9)


def moved_before() -> Planted:
    study = tiny_study(
        {"V1": (2, 0, [0, 0, 0, 3, 3, 3])},
        {"S1": (0, 0, SMALL), "S2": (2, 0.1, {**SMALL, "status": "close"})},
        current={"V1": {"current_primary": "S2", "moved_year": 2023}},
        year=2024,
    )
    return Planted(study, tiny_policy(), "move_once", "V1 upper", 9)


def sent_by_name() -> Planted:
    # V1 is sent to S2, two hours by bus; S1 is next door. Longer ways or a bed at S2 would do as well.
    study = tiny_study({"V1": (0, 0.1, [0, 0, 0, 3, 3, 3])}, {"S1": (0, 0, SMALL), "S2": (60, 0.1, SMALL)})
    return Planted(study, strict(must_attend={"V1": "S2"}), "must_attend", "V1 upper", 9, priorities=("decisions",))


def one_school() -> Planted:
    # 44 pupils of grade 1 in two busloads that must stay together; either school has room for one of them. 22 more
    # places count 22, the village at two schools 20.
    study = tiny_study(
        {"V1": (0, 0.1, [44])},
        {"S1": (0, 0, {**SMALL, "places_primary": 22.0}), "S2": (1, 0.1, {**SMALL, "places_primary": 22.0})},
    )
    return Planted(study, tiny_policy(one_school_for="band"), "one_school", "V1", 1)


def contiguous() -> Planted:
    # S1 has room for V1 and V3, between which V2 lies; S2 for V2 alone. Three places more at S2 would do as well: the
    # zones are said to give first.
    study = tiny_study(
        {"V1": (0, 0, [4] * 6), "V2": (1, 0, [4] * 6), "V3": (2, 0, [1] * 6)},
        {
            "S1": (0, 0, {**SMALL, "places_primary": 30.0}),
            "S2": (1, 2, {**SMALL, "places_primary": 24.0}),
        },
    )
    policy = tiny_policy(contiguous=True, walk_max_min=45, oneway_max_min=45)
    return Planted(study, policy, "contiguous", "V3", 1, priorities=("zones",))


def resources() -> Planted:
    # 180 m2 are enough for 180 / 4.5 = 40 pupils, S1 has 24 today; S2 closes by decision and sends 24 more.
    study = tiny_study(
        {"V1": (0, 0.1, CLASS), "V2": (1, 0.1, CLASS)},
        {
            "S1": (0, 0, {**SMALL, "teaching_area_m2": 180.0}),
            "S2": (1, 0, {**SMALL, "teaching_area_m2": 180.0, "status": "close"}),
        },
    )
    policy = tiny_policy(quality_required=("teaching_area_m2",), allowed=False)
    return Planted(study, policy, "quality", "S1 primary teaching_area_m2", 8)


def decided_closure() -> Planted:
    # S1 is the only school of V1 within 100 km.
    study = tiny_study({"V1": (0, 0.1, CLASS), "V2": (100, 0.1, CLASS)}, {"S1": (0, 0, SMALL), "S2": (100, 0, SMALL)})
    return Planted(study, tiny_policy(must_close=("S1",)), "protected", "S1", 1)


def own_rule() -> Planted:
    def at_least_five_schools(data: Data) -> Iterator[Rows]:
        yield data.frame.total("open", by=[]) >= 5.0

    return Planted(two({}), tiny_policy(), "at_least_five_schools", "", 3, (at_least_five_schools,))


def whole_groups() -> Planted:
    # Three villages of 12, two schools with 18 places: 36 pupils and 36 places, but only one village fits into each.
    # 12 + 12 = 24 places at one of them are 6 more.
    grade = [4, 4, 4]
    study = tiny_study(
        {"V1": (0, 0.1, grade), "V2": (0.5, 0, grade), "V3": (1, 0.1, grade)},
        {"S1": (0, 0, {**SMALL, "places_primary": 18.0}), "S2": (1, 0, {**SMALL, "places_primary": 18.0})},
    )
    return Planted(study, tiny_policy(), "places", "", 6)


KINDS: tuple[Callable[[], Planted], ...] = (
    places, places_of_juniors, beds, no_beds_at_all, canteen, largest_size, smallest_size, merge_share, capital,
    capital_of_a_source, budget_of_a_source, budget, walk, way, ride, kilometres, worse_than_today, week_way,
    too_young_to_board, nearest_beds, hub, within_walking_distance, township, border, moved_before, sent_by_name,
    one_school, contiguous, resources, decided_closure, own_rule, whole_groups,
)  # fmt: skip
