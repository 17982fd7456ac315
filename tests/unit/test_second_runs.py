"""Vehicles that drive twice, scarce vehicles, school buses beside extended public lines."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.fleet import least_line_share, runs_of, vehicle_types
from layoutopt.model.lines import FleetShort, Lines, bus_lines
from layoutopt.testing import tiny_study
from layoutopt.today import items_of

UPPER = [0, 0, 0, 2, 2, 1]
TWO_SIDES = {"V1": (5, 0, UPPER), "V2": (-5, 0, UPPER)}, {"S1": (0, 0, {"hub": True})}
FAR_AND_NEAR = (
    {"V1": (0, 10, UPPER), "V2": (40, 14, UPPER)},
    {"S1": (0, 0, {"hub": True}), "S2": (40, 0, {"hub": True})},
)


def policy(**changes: Any) -> lo.Policy:
    """A kilometre is 2 minutes by bus and costs 1,400 a year; five riders board in 1.5 minutes."""
    given: dict[str, Any] = {
        "detour_factor": 1.0, "walk_kmh": 6.0, "straight_bus_kmh": 30.0, "dwell_min": 1.0, "dwell_min_per_rider": 0.1,
        "goals": ("annual_cost",), "seats": 9, **changes,
    }  # fmt: skip
    return lo.Policy().replace(**given)


def solved(study: lo.Study, choice: lo.Policy, **options: Any) -> lo.Plan:
    return lo.optimize(study, choice, effort="quick", method="sequential", **options)


def vehicle(name: str, count: float | None = None, **cells: Any) -> dict[str, Any]:
    return {"vehicle_id": name, "seats": 12, "fixed_cny": 100.0, "cny_per_km": 1.0, "count": count, **cells}


def test_two_runs_in_the_window_need_one_bus() -> None:
    """Each line: 10 minutes out, 1.5 at the stop, 10 back; both take 43 minutes."""
    study = tiny_study(*TWO_SIDES)
    plan = solved(study, policy(second_run_window_min=43))
    assert plan.bus_lines[["vehicle_no", "run"]].to_numpy().tolist() == [["B001", 1], ["B001", 2]]
    assert plan.bus_lines["early_min"].tolist() == pytest.approx([21.5, 0])
    assert plan.bus_stops["early_min"].tolist() == pytest.approx([21.5, 0])
    # The bus once, 65,000, and twice 10 km · 1,400.
    assert plan.bus_lines["cost_cny"].tolist() == pytest.approx([32_500 + 14_000] * 2)
    assert (plan.figures.lines, plan.figures.vehicles) == (2, 1)
    assert plan.figures.cost_buses_cny == pytest.approx(65_000 + 28_000)
    assert lo.audit(plan).empty


@pytest.mark.parametrize("window", [42.9, None])
def test_without_room_in_the_window_each_line_has_its_bus(window: float | None) -> None:
    plan = solved(tiny_study(*TWO_SIDES), policy(second_run_window_min=window))
    assert plan.bus_lines[["vehicle_no", "run"]].to_numpy().tolist() == [["B001", 1], ["B002", 1]]
    assert plan.figures.cost_buses_cny == pytest.approx(2 * 65_000 + 28_000)


def test_the_audit_measures_both_runs() -> None:
    plan = solved(tiny_study(*TWO_SIDES), policy(second_run_window_min=43))
    late = lo.audit(plan, policy=policy(second_run_window_min=42.9)).set_index("rule").loc["second_runs"]
    assert late["message"] == "both runs take 43.0 minutes, window 42.9"
    assert "drives 2 lines before the bell, 1 allowed" in set(lo.audit(plan, policy=policy()).message)
    left_out = solved(tiny_study(*TWO_SIDES), policy(second_run_window_min=30), skip={"second_runs"})
    assert set(lo.audit(left_out).rule) == {"second_runs"}


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"run": [1, 1]}, "runs are numbered 1, 1"),
        ({"school_id": ["S1", "S2"]}, "is in two places"),
    ],
)
def test_a_bus_is_in_one_place(cells: dict[str, Any], words: str) -> None:
    settlements, schools = TWO_SIDES
    study = tiny_study(settlements, {**schools, "S2": (30, 0, {})})
    plan = solved(study, policy(second_run_window_min=43))
    found = lo.audit(plan.replace(bus_lines=plan.bus_lines.assign(**cells)))
    assert found.loc[found["rule"] == "second_runs", "message"].str.contains(words).any()


def test_one_bus_where_two_are_needed_drives_twice() -> None:
    study = tiny_study(*TWO_SIDES, vehicles=[vehicle("one", 1, seats=9)])
    assert solved(study, policy(second_run_window_min=43)).figures.vehicles == 1
    with pytest.raises(lo.InfeasibleError):
        solved(study, policy())


def test_a_second_run_is_read_back(tmp_path: Any) -> None:
    plan = solved(tiny_study(*TWO_SIDES), policy(second_run_window_min=43))
    again = lo.Plan.from_folder(plan.to_folder(tmp_path / "plan"))
    assert lo.audit(again).empty
    assert again.figures == plan.figures


def fewest_by_trying(minutes: list[float], window: float) -> int:
    """Vehicles of the best pairing, every one tried."""
    if not minutes:
        return 0
    first, rest = minutes[0], minutes[1:]
    pairs = [at for at, other in enumerate(rest) if first + other <= window]
    return 1 + min(
        [fewest_by_trying(rest, window), *(fewest_by_trying(rest[:at] + rest[at + 1 :], window) for at in pairs)]
    )


@pytest.mark.parametrize("seed", range(20))
def test_shares_of_a_bus_never_charge_more_than_the_buses_needed(seed: int) -> None:
    minutes = np.random.default_rng(seed).integers(5, 60, 8).astype(float).tolist()
    window = 50.0
    vehicles = runs_of(minutes, window)
    assert sorted(at for runs in vehicles for at in runs) == list(range(8))
    assert len(vehicles) == fewest_by_trying(minutes, window)
    assert all(minutes[runs[0]] >= minutes[runs[-1]] for runs in vehicles), "the longer run comes first"
    choice = policy(second_run_window_min=window)
    shares = [least_line_share(choice, one, shortest_min=min(minutes)) for one in minutes]
    assert set(shares) <= {0.5, 1.0}
    assert sum(shares) <= len(vehicles)


def test_a_line_that_leaves_no_room_pays_its_bus_alone() -> None:
    """Window 50, shortest line 10: 40 minutes leave room for it, 40.1 do not."""
    choice = policy(second_run_window_min=50)
    assert [least_line_share(choice, minutes, shortest_min=10) for minutes in (40, 40.1)] == [0.5, 1.0]
    assert least_line_share(choice, 50) == 0.5
    assert least_line_share(policy(), 10) == 1.0


def lines_of(study: lo.Study, choice: lo.Policy, schools: dict[str, str]) -> Lines:
    items = items_of(study, choice)
    return bus_lines(study, choice, items.assign(school_id=items["settlement_id"].map(schools)))


def test_scarce_buses_go_where_they_save_most() -> None:
    """The one bus of 1 yuan a km (else 10) saves 9 · 400 · 20 km at S1, but 9 · 400 · 28 km at S2."""
    study = tiny_study(*FAR_AND_NEAR, vehicles=[vehicle("cheap", 1), vehicle("dear", cny_per_km=10.0)])
    found = lines_of(study, policy(), {"V1": "S1", "V2": "S2"})
    assert dict(zip(found.lines["school_id"], found.lines["vehicle_id"], strict=True)) == {"S1": "dear", "S2": "cheap"}


def test_a_hub_that_can_do_without_gives_way() -> None:
    """V2 does not fit into the small kind: the one large bus is hers, though V1 would save more by it."""
    settlements = {"V1": (0, 14, UPPER), "V2": (40, 10, [0, 0, 0, 3, 3, 2])}
    study = tiny_study(
        settlements, FAR_AND_NEAR[1], vehicles=[vehicle("large", 1), vehicle("small", seats=6, cny_per_km=10.0)]
    )
    found = lines_of(study, policy(), {"V1": "S1", "V2": "S2"})
    assert dict(zip(found.lines["school_id"], found.lines["vehicle_id"], strict=True)) == {"S1": "small", "S2": "large"}


def test_a_fleet_too_small_for_all_hubs_is_named() -> None:
    study = tiny_study(*FAR_AND_NEAR, vehicles=[vehicle("one", 1)])
    with pytest.raises(FleetShort, match="need more vehicles than there are: 2 of 'one', there are 1") as caught:
        lines_of(study, policy(), {"V1": "S1", "V2": "S2"})
    assert caught.value.rules == ("fleet",)


def test_buses_beyond_the_fleet_are_named_by_the_audit() -> None:
    study = tiny_study(*FAR_AND_NEAR, vehicles=[vehicle("one", 1)])
    found = lo.audit(solved(study, policy(), skip={"fleet"}))
    assert found[["rule", "place", "message"]].to_numpy().tolist() == [["fleet", "one", "2 used, 1 vehicles"]]


def test_attendants_ride_on_school_buses_only() -> None:
    study = tiny_study(
        *TWO_SIDES,
        vehicles=[
            vehicle("bus", kind="school_bus", fixed_cny=50_000.0),
            vehicle("line", kind="public_extension", fixed_cny=60_000.0),
        ],
    )
    assert [kind.fixed_cny for kind in vehicle_types(study, policy(attendant_cny=20_000))] == [70_000, 60_000]
    without, attended = solved(study, policy()), solved(study, policy(attendant_cny=20_000))
    assert (without.figures.lines_school_bus, without.figures.lines_public_extension) == (1, 0)
    assert (attended.figures.lines_school_bus, attended.figures.lines_public_extension) == (0, 1)
    assert set(attended.bus_lines["kind"]) == {"public_extension"}
    # 20 km · 400 trips · 1 yuan: out 5, back over the school to the other side 10, back 5.
    assert attended.figures.cost_buses_cny == pytest.approx(60_000 + 8_000)
    assert lo.audit(attended).empty


def test_both_kinds_side_by_side_are_counted_apart() -> None:
    """One extended line exists; the second line is a school bus with its attendant."""
    study = tiny_study(
        *FAR_AND_NEAR,
        vehicles=[vehicle("line", 1, kind="public_extension"), vehicle("bus", kind="school_bus")],
    )
    plan = solved(study, policy(attendant_cny=20_000))
    figures = plan.figures
    assert (figures.lines, figures.lines_school_bus, figures.lines_public_extension) == (2, 1, 1)
    # Kilometres out and back: 20 and 28, at 1 yuan and 400 trips.
    assert figures.cost_buses_cny == pytest.approx(100 + 20_100 + 48 * 400)
    assert lo.audit(plan).empty
