"""Bus lines of a chosen assignment: seats, rides and the fleet, hub by hub."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.fleet import vehicle_types
from layoutopt.model.hub import ride_limits
from layoutopt.model.lines import bus_lines
from layoutopt.testing import tiny_study
from layoutopt.today import items_of


def policy(**changes: Any) -> lo.Policy:
    """A kilometre is 2 minutes by bus; a stop takes a minute, and a tenth more for each rider."""
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 1.0, "dwell_min_per_rider": 0.1,
        "goals": ("annual_cost",), "seats": 12, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


UPPER = [0, 0, 0, 2, 2, 1]
ON_A_ROAD = tiny_study({"V1": (10, 0, UPPER), "V2": (5, 0, UPPER)}, {"S1": (0, 0, {"hub": True})})


def test_one_line_picks_up_on_its_way() -> None:
    plan = lo.optimize(ON_A_ROAD, policy(), effort="quick")
    assert plan.bus_stops[["order", "settlement_id", "riders"]].to_numpy().tolist() == [[1, "V1", 5], [2, "V2", 5]]
    # Each stop 1 + 5 · 0.1 minutes; V2 rides 5 km, V1 10 km and stands at both.
    assert plan.bus_stops["ride_min"].tolist() == pytest.approx([23, 11.5])
    assert plan.bus_stops["board_at_min"].tolist() == pytest.approx([0, 11.5])
    line = plan.bus_lines.iloc[0]
    assert (line["riders"], line["seats"], line["stops"], line["vehicle_id"]) == (10, 12, 2, "bus")
    assert (line["minutes"], line["km"], line["empty_km"]) == pytest.approx((23, 10, 10))
    # 65,000 + 20 km · 2 trips · 200 days · 3.5.
    assert line["cost_cny"] == pytest.approx(65_000 + 28_000)
    assert plan.assignments.set_index("item")["line_id"].to_dict() == {"V1.upper": "L001", "V2.upper": "L001"}


def test_seats_are_respected() -> None:
    plan = lo.optimize(ON_A_ROAD, policy(seats=9), effort="quick")
    assert plan.bus_lines["riders"].tolist() == [5, 5]
    assert lo.audit(plan).empty


def test_the_ride_limit_counts_every_stop_on_the_way() -> None:
    """Alone V1 rides 21.5 minutes; with V2's stop 23: a limit of 22 forbids the shared line."""
    assert len(lo.optimize(ON_A_ROAD, policy(max_ride_min=23), effort="quick").bus_lines) == 1
    assert len(lo.optimize(ON_A_ROAD, policy(max_ride_min=22), effort="quick").bus_lines) == 2


def test_ride_limits_follow_every_rule() -> None:
    items = items_of(ON_A_ROAD, policy())
    access = np.array([3.0, 0.0])
    keeps = policy(keep_existing_exceptions=False, max_ride_min=40, oneway_max_min=42)
    assert ride_limits(items, access, keeps) == pytest.approx([39, 40], abs=1e-5)
    assert ride_limits(items, access, keeps, skip={"oneway_limit"}) == pytest.approx([40, 40], abs=1e-5)
    assert np.isinf(ride_limits(items, access, keeps, skip={"oneway_limit", "ride_limit"})).all()
    worse = policy(keep_existing_exceptions=False, worsening_max_min=2)
    # Today they ride 21.5 and 11.5 minutes.
    assert ride_limits(items, access, worse) == pytest.approx([20.5, 13.5], abs=1e-5)
    today = policy(max_ride_min=15, oneway_max_min=20)
    assert ride_limits(items, np.zeros(2), today) == pytest.approx([21.5, 15], abs=1e-5)


def fleet(*kinds: tuple[str, int, float, float | None]) -> list[dict[str, Any]]:
    return [
        {"vehicle_id": name, "seats": seats, "fixed_cny": fixed, "cny_per_km": 1.0, "count": count}
        for name, seats, fixed, count in kinds
    ]


HUBS = {"V1": (0, 10, UPPER), "V2": (40, 10, UPPER)}, {"S1": (0, 0, {"hub": True}), "S2": (40, 0, {"hub": True})}


def test_vehicle_types_come_from_the_table() -> None:
    study = tiny_study(*HUBS, vehicles=fleet(("b", 20, 5.0, None), ("a", 10, 7.0, 3.0)))
    assert [(kind.vehicle_id, kind.seats, kind.count) for kind in vehicle_types(study, policy())] == [
        ("a", 10, 3), ("b", 20, None),
    ]  # fmt: skip
    assert vehicle_types(ON_A_ROAD, policy())[0].line_cny(20, policy()) == 65_000 + 20 * 400 * 3.5


def test_a_fleet_is_shared_by_all_hubs() -> None:
    """One cheap bus for the whole county: one hub gets it, the other takes the dear kind."""
    study = tiny_study(*HUBS, vehicles=fleet(("cheap", 12, 100.0, 1.0), ("dear", 12, 60_000.0, None)))
    plan = lo.optimize(study, policy(), effort="quick")
    assert sorted(plan.bus_lines["vehicle_id"]) == ["cheap", "dear"]
    assert lo.audit(plan).empty


def test_a_fleet_too_small_is_told_before_solving() -> None:
    study = tiny_study(
        {"V1": (10, 0, UPPER), "V2": (-10, 0, UPPER)}, {"S1": (0, 0, {"hub": True})},
        vehicles=fleet(("one", 6, 100.0, 1.0)),
    )  # fmt: skip
    with pytest.raises(lo.InfeasibleError) as caught:
        lo.optimize(study, policy(), effort="quick")
    assert "4 bus seats are short: the 10 pupils of V1, V2 can only ride" in str(caught.value)


def test_no_riders_no_lines() -> None:
    items = items_of(ON_A_ROAD, policy()).assign(school_id="S1")
    found = bus_lines(ON_A_ROAD, policy(), items.iloc[:0])
    assert (len(found.lines), len(found.stops), len(found.by_hub)) == (0, 0, 0)
    assert list(found.lines.columns) == list(lo.optimize(ON_A_ROAD, policy(), effort="quick").bus_lines.columns)


def test_two_bands_of_one_village_are_one_stop() -> None:
    study = tiny_study({"V1": (10, 0, [1, 1, 1, 1, 1, 1])}, {"S1": (0, 0, {"hub": True})})
    plan = lo.optimize(study, policy(), effort="quick")
    assert plan.bus_lines[["riders", "stops"]].to_numpy().tolist() == [[6, 1]]
    assert len(plan.bus_stops) == 2


def test_lines_are_numbered_without_gaps(county_plan: lo.Plan) -> None:
    assert list(county_plan.bus_lines["line_id"]) == [f"L{n:03d}" for n in range(1, len(county_plan.bus_lines) + 1)]
    assert set(county_plan.bus_stops["line_id"]) == set(county_plan.bus_lines["line_id"])
    for _, stops in county_plan.bus_stops.groupby("line_id"):
        assert stops["order"].tolist() == list(range(1, len(stops) + 1))
        assert (stops["ride_min"].diff().dropna() <= 1e-9).all(), "later stops ride less"


def test_every_hub_s_routing_has_its_gap_in_the_proof(county_plan: lo.Plan) -> None:
    routing = county_plan.proof.options["routing"]
    assert [hub["school_id"] for hub in routing] == ["S1"]
    assert routing[0]["lines"] == 2
    assert 0 <= routing[0]["gap"] <= 0.02
