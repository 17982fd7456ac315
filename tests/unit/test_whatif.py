"""One school decided the other way: every figure by hand, on a county of three schools."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from layoutopt.fleet import vehicle_types
from layoutopt.journeys import journeys_of
from layoutopt.options import build_options
from layoutopt.plan.audit import audit
from layoutopt.plan.plan import Plan
from layoutopt.plan.tables import school_table
from layoutopt.policy import Policy
from layoutopt.report.content.spared import fleet_of, lines_spared_cny
from layoutopt.report.content.whatif import Basis, CloseInstead, close_instead, keep_instead, needed_posts
from layoutopt.schema import BANDS, PUPIL_COLUMNS
from layoutopt.today import own_dwell_min, school_facts

POLICY = Policy.preset("jiangxi_2023", max_ride_min=35, keep_without_bus_road=False)
WAGE = POLICY.staffing.wage_cny


def closed(plan: Plan, school: str) -> CloseInstead:
    return close_instead(Basis(plan), school)


def test_the_plan_is_valid_so_that_its_figures_mean_something(by_hand: SimpleNamespace) -> None:
    assert audit(by_hand.closing()).empty
    assert audit(by_hand.keeping()).empty


def test_keeping_a_school_costs_its_running_its_posts_less_the_line_it_spares(by_hand: SimpleNamespace) -> None:
    kept = keep_instead(Basis(by_hand.closing()), "S2")
    # S2: 8 pupils of grades 1-3 and 8 of 4-6, two multigrade classes, 2 · 2 posts. S1: 256 / 19 = 13.5 → 14 posts in
    # the plan, 240 / 19 = 12.6 → 13 without them (12 by class): net 4 − 1 = 3.
    assert (kept.pupils, kept.posts) == (16, 3)
    assert kept.running_cny == POLICY.money.school_annual_cny["primary"]
    assert kept.wages_cny == 3 * WAGE
    # The only line, 9.1 to 5.0 and back empty, is spared as a whole.
    line = by_hand.closing().bus_lines.iloc[0]
    assert len(by_hand.closing().bus_lines) == 1
    assert kept.buses_cny == pytest.approx(-float(line["cost_cny"]))
    assert kept.boarding_cny == 0
    assert kept.cost_cny == pytest.approx(kept.running_cny + 3 * WAGE - float(line["cost_cny"]))
    assert kept.riders_today == 0 and kept.places_short == 0


def test_the_minutes_spared_are_the_pupils_own(by_hand: SimpleNamespace) -> None:
    plan = by_hand.closing()
    kept = keep_instead(Basis(plan), "S2")
    rows = plan.assignments[plan.assignments["moved"]]
    way = float(np.average(rows["minutes"], weights=rows["pupils"]))
    today = float(np.average(rows["today_min"], weights=rows["pupils"]))
    assert kept.way_min == pytest.approx(way)
    assert kept.today_min == pytest.approx(today)
    assert kept.spared_min == pytest.approx(way - today)


def test_a_line_that_keeps_a_stop_is_measured_again(by_hand: SimpleNamespace) -> None:
    plan = by_hand.closing()
    left = set(plan.assignments.loc[plan.assignments["settlement_id"] == "V2", "item"])
    spared = lines_spared_cny(plan, fleet_of(plan), left)
    _, km = journeys_of(plan.study, POLICY).rides(["v:V5", "s:S1"])
    (bus,) = vehicle_types(plan.study, POLICY)
    shorter = bus.line_cny(float(km[0, 1] + km[1, 0]), POLICY)
    assert spared == pytest.approx(float(plan.bus_lines["cost_cny"].sum()) - shorter)
    assert 0 < spared < float(plan.bus_lines["cost_cny"].sum())
    assert lines_spared_cny(plan, fleet_of(plan), set()) == 0


def test_two_lines_of_one_vehicle_share_its_cost_only_while_both_run(by_hand: SimpleNamespace) -> None:
    plan = by_hand.closing()
    (bus,) = vehicle_types(plan.study, POLICY)
    (line,) = plan.bus_lines.to_dict("records")
    km = float(line["km"]) + float(line["empty_km"])
    stops = plan.bus_stops
    other = stops["settlement_id"] == "V5"
    lines = pd.DataFrame([{**line, "run": 1}, {**line, "line_id": "L002", "run": 2}])
    lines["cost_cny"] = [bus.line_cny(km, POLICY, runs=2), bus.line_cny(km, POLICY, runs=2)]
    split = stops.assign(line_id=np.where(other, "L002", stops["line_id"]), alights_after=1)
    both = plan.replace(bus_lines=lines, bus_stops=split)
    gone = set(stops.loc[other, "item"])
    # The second line ends, and the first now pays the vehicle alone: only kilometres are spared.
    assert lines_spared_cny(both, fleet_of(both), gone) == pytest.approx(
        2 * bus.line_cny(km, POLICY, runs=2) - bus.line_cny(km, POLICY)
    )


def test_a_shrunk_school_is_kept_whole(by_hand: SimpleNamespace) -> None:
    plan = by_hand.decided(
        by_hand.county(), by_hand.riders, {"S1": "full", "S2": "teaching_point", "S3": "teaching_point"}
    )
    rows = plan.assignments
    stays = (rows["settlement_id"] == "V2") & (rows["band"] == "lower")
    rows = rows.assign(
        school_id=rows["school_id"].where(~stays, "S2"), moved=rows["moved"] & ~stays,
    )  # fmt: skip
    facts = school_facts(plan.study, POLICY)
    offered = {code: tuple(band for band in BANDS if facts.loc[code, f"offers_{band}"]) for code in facts.index}
    state = {"S1": "full", "S2": "teaching_point", "S3": "teaching_point"}
    schools = school_table(plan.study, POLICY, rows, state=state, bands=offered, levels={})
    kept = keep_instead(Basis(plan.replace(assignments=rows, schools=schools)), "S2")
    # Eight pupils of grades 4-6 return: 4 posts instead of the point's 2; S1 keeps 13 (248 / 19 = 13.05 → 14, so −1).
    assert (kept.pupils, kept.posts) == (8, 4 - 2 - 1)
    assert kept.running_cny == POLICY.money.school_annual_cny["primary"] - POLICY.points.point_annual_cny


def test_closing_a_school_is_the_mirror_of_keeping_it(by_hand: SimpleNamespace) -> None:
    found = closed(by_hand.keeping(), "S2")
    assert found.pupils == 16
    assert found.posts == -3
    assert found.running_cny == -POLICY.money.school_annual_cny["primary"]
    assert found.beyond == 0 and not found.overfull
    assert set(found.ways["school_id"]) == {"S1"} and set(found.ways["mode"]) == {"bus"}
    # Rides cost the price of a seat, direct from each village: what the options say.
    options = build_options(by_hand.county(), POLICY).rows
    options = options[(options["school_id"] == "S1") & (options["mode"] == "bus")]
    options = options[options["item"].isin(found.ways["item"])]
    assert found.buses_cny == pytest.approx(float(options["cost_cny"].sum()))
    longer = (options.set_index("item")["minutes"] - found.ways.set_index("item")["now_min"]).reindex(
        found.ways["item"]
    )
    assert found.longer_min == pytest.approx(float(np.average(longer, weights=found.ways["pupils"])))


def test_a_full_school_is_named_with_the_places_it_lacks(by_hand: SimpleNamespace) -> None:
    assert closed(by_hand.keeping(250.0), "S2").overfull == {"S1": 6.0}  # 240 + 16 pupils on 250 places


def test_pupils_without_another_way_break_a_limit_and_the_nearest_is_named(by_hand: SimpleNamespace) -> None:
    found = closed(by_hand.keeping(), "S3")
    assert found.beyond == found.pupils == 7
    assert np.isnan(found.longer_min)
    (row,) = found.ways.to_dict("records")
    assert (row["school_id"], row["mode"], row["admissible"]) == ("S1", "walk", False)
    assert row["minutes"] == pytest.approx(float(journeys_of(by_hand.county(), POLICY).walk_min("lower")[2, 0]))
    assert row["minutes"] > POLICY.access.walk_max_min["lower"]


def test_a_school_that_teaches_other_bands_only_is_no_alternative(by_hand: SimpleNamespace) -> None:
    plan = by_hand.keeping()
    without = plan.schools["school_id"] == "S1"
    bands = plan.schools["bands"].where(~without, "junior")
    found = closed(plan.replace(schools=plan.schools.assign(bands=bands)), "S2")
    lower = found.ways[found.ways["band"] == "lower"]
    upper = found.ways[found.ways["band"] == "upper"]
    assert set(lower["school_id"]) == {"S3"} and not lower["admissible"].any()
    assert set(upper["school_id"]) == {""} and np.isinf(upper["minutes"]).all()


@pytest.mark.parametrize(
    ("role", "bands", "pupils", "posts"),
    [
        ("full", ("lower", "upper"), [5, 5, 5, 5, 5, 5], 4),  # two multigrade classes
        ("full", ("lower",), [12, 12, 12], 6),  # 36 are too many for one class: three grades, 2 posts each
        ("full", ("junior",), [0] * 6 + [60, 50, 50], 12),  # 4 classes by 3; 160 / 13.5 → 12
        ("teaching_point", ("lower",), [10, 10, 9], 2),
        ("full", ("lower",), [0, 0, 0], 2),  # a taught band has its class even without pupils
    ],
)
def test_posts_follow_the_norms(role: str, bands: tuple[str, ...], pupils: list[int], posts: int) -> None:
    counts = np.array([*pupils, *[0] * 9], dtype=float)[:9]
    assert needed_posts(role, bands, counts, POLICY) == posts


def test_posts_are_those_of_the_plans_own_table(by_hand: SimpleNamespace) -> None:
    for plan in (by_hand.closing(), by_hand.keeping()):
        for row in plan.schools.to_dict("records"):
            counts = np.array([float(row[name]) for name in PUPIL_COLUMNS])
            if row["bands"]:
                found = needed_posts(str(row["role"]), tuple(str(row["bands"]).split("+")), counts, POLICY)
                assert found == row["posts"], row["school_id"]


def test_dwell_of_the_nearest_way_counts_the_own_stop(by_hand: SimpleNamespace) -> None:
    """Where a bus reaches the nearest school, its minutes are those of a direct ride with the group's own stop."""
    plan = by_hand.keeping()
    barred = plan.policy.replace(max_ride_min=0.5)
    found = close_instead(Basis(plan.replace(policy=barred)), "S2")
    row = found.ways[(found.ways["settlement_id"] == "V2") & (found.ways["band"] == "lower")].iloc[0]
    journeys = journeys_of(plan.study, barred)
    dwell = float(own_dwell_min(np.array([row["pupils"]]), plan.study, barred)[0])
    assert not row["admissible"] and row["mode"] == "bus"
    assert row["minutes"] == pytest.approx(float(journeys.bus_min("lower", dwell)[1, 0]))
