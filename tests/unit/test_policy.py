"""A policy: every key with unit, default and source; presets, TOML both ways, and no key that nobody reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import layoutopt as lo
from layoutopt.policy import presets
from layoutopt.policy.keys import GROUPS, note_of
from layoutopt.policy.policy import groups_of_keys

KEYS = [(group, key) for group, model in GROUPS.items() for key in model.model_fields]


@pytest.mark.parametrize(("group", "key"), KEYS, ids=[".".join(pair) for pair in KEYS])
def test_a_key_says_what_it_means_and_where_it_comes_from(group: str, key: str) -> None:
    note = note_of(group, key)
    assert len(note.meaning) > 10
    assert note.source
    assert note.confidence in ("H", "M", "L")
    for ending, unit in (("_min", "min"), ("_kmh", "km/h"), ("_cny", "CNY"), ("_m", "m")):
        if key.endswith(ending):
            assert unit in note.unit, key


def test_key_names_are_unique_over_the_groups() -> None:
    assert len(groups_of_keys()) == len(KEYS)


def test_flat_keys_find_their_group() -> None:
    policy = lo.Policy().replace(max_ride_min=35, oneway_max_min=50, class_cap={"primary": 40, "junior": 45})
    assert policy.bus.max_ride_min == 35
    assert [policy.access.oneway_max_min[band] for band in ("lower", "upper", "junior")] == [50, 50, 50]
    assert policy.classes.class_cap["junior"] == 45
    assert policy.sources["max_ride_min"] == policy.source_of("max_ride_min") == "chosen by the planner"
    assert lo.Policy().source_of("max_ride_min") == note_of("bus", "max_ride_min").source


def test_a_policy_is_frozen_and_replace_leaves_it_alone() -> None:
    policy = lo.Policy()
    with pytest.raises(ValidationError):
        policy.name = "x"
    with pytest.raises(ValidationError):
        policy.bus.seats = 3
    policy.replace(seats=40)
    assert policy.bus.seats == 34
    assert policy.replace() is policy


@pytest.mark.parametrize("name", [*presets(), "custom"])
def test_presets_survive_toml(name: str, tmp_path: Path) -> None:
    policy = lo.Policy.preset(name, must_keep=("S1", 'S"2'), worsening_max_min=20)
    (tmp_path / "p.toml").write_text(policy.to_toml(), encoding="utf-8")
    assert lo.Policy.from_toml(tmp_path / "p.toml") == policy
    assert policy.name == name


def test_what_the_presets_decide() -> None:
    assert {"china_national", "jiangxi_2023"} <= set(presets())
    jiangxi = lo.Policy.preset("jiangxi_2023")
    assert jiangxi.goals.goals == ("unserved", "merge_small", "annual_cost", "travel")
    assert jiangxi.closure.trigger_pupils == 30
    assert lo.Policy.preset("china_national").goals.goals == ("unserved", "annual_cost", "travel")
    assert "Xunwu" in jiangxi.source_of("trigger_pupils")


def test_a_file_builds_on_a_preset(tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    path.write_text(
        'preset = "jiangxi_2023"\nname = "ours"\n[bus]\nseats = 20\n[sources]\nseats = "our fleet"\n',
        encoding="utf-8-sig",
    )
    policy = lo.Policy.from_toml(path)
    assert (policy.name, policy.bus.seats, policy.source_of("seats")) == ("ours", 20, "our fleet")
    assert policy.goals.goals == lo.Policy.preset("jiangxi_2023").goals.goals


def test_every_key_is_in_the_toml_with_its_unit() -> None:
    text = lo.Policy().to_toml()
    for group, key in KEYS:
        value = getattr(getattr(lo.Policy(), group), key)
        unit = note_of(group, key).unit
        if value is not None:
            line = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
            assert line.endswith(f"  # {unit}") or not unit


BAD: list[tuple[dict[str, Any], str]] = [
    ({"max_ride": 3}, "max_ride: unknown key. Did you mean 'max_ride_min'?"),
    ({"seats": 0}, "The policy cannot be used:\n  bus.seats = 0: give greater than or equal to 1 pupils."),
    ({"seats": "many"}, "bus.seats = 'many': give "),
    ({"expected_fill": 1.2}, "bus.expected_fill = 1.2: give less than or equal to 1 share."),
    ({"max_ride_min": float("nan")}, "bus.max_ride_min = nan: give "),
    ({"max_ride_min": float("inf")}, "bus.max_ride_min = inf: give "),
    ({"oneway_max_min": {"lower": 30}}, "access.oneway_max_min.upper"),
    ({"oneway_max_min": -1}, "access.oneway_max_min.lower = -1: give greater than or equal to 0 min."),
    ({"must_keep": ("A",), "must_close": ("A",)}, "closure.must_keep and closure.must_close both name A"),
    ({"goals": ("cost",)}, "goals.goals names 'cost'; known are unserved, merge_small, annual_cost, travel"),
    ({"goals": ("travel", "travel")}, "goals.goals names a goal twice: travel, travel"),
    ({"goals": ("unserved", "merge_small")}, "goals.goals holds neither annual_cost nor travel"),
    ({"goal_tolerance": {"travel": 2}}, "goals.goal_tolerance.travel = 2.0; name a goal and give a share from 0 to 1"),
    ({"goal_tolerance": {"cost": 0.1}}, "goals.goal_tolerance.cost = 0.1; name a goal"),
    ({"goal_weights": {"cost": 1}}, "goals.goal_weights names 'cost'; known are unserved, merge_small, annual_cost"),
    ({"goal_weights": {"annual_cost": 1, "travel": -2}}, "goals.goal_weights.travel = -2; give a number from 0"),
    ({"goal_weights": {"worst_journey": 1}}, "goals.goal_weights holds neither annual_cost nor travel"),
    ({"goal_weights": {"travel": 0}}, "goals.goal_weights holds neither annual_cost nor travel"),
    (
        {"goals": ("annual_cost", "merge_small"), "goal_weights": {"annual_cost": 1}},
        "goals.goals = annual_cost, merge_small is an order, but goals.goal_weights takes its place and leaves out merge_small",
    ),
    ({"gap_groups": ("boys",)}, "goals.gap_groups names 'boys'; known are girls, left_behind, poor"),
    ({"goals": ("travel", "group_gap"), "gap_groups": ()}, "goals.gap_groups is empty"),
    ({"worst_share": 0}, "goals.worst_share = 0: give greater than 0 share."),
    ({"worst_share": 1.5}, "goals.worst_share = 1.5: give less than or equal to 1 share."),
    ({"move_once_years": 0}, "zones.move_once_years = 0: give greater than or equal to 1 years."),
    ({"one_school_for": "town"}, "zones.one_school_for = 'town': give "),
    (
        {"min_pupils": {"primary": 3_000, "junior": 0}},
        "closure.min_pupils.primary = 3000 is above classes.school_cap = 2000",
    ),
    ({"point_max_pupils": 31}, "points.point_max_pupils = 31 is above classes.multigrade_cap = 30"),
    ({"bus_kmh": {"track": 0}}, "travel.bus_kmh holds a speed that is not above 0; leave the class out"),
    ({"pupils_per_post": {"primary": 0, "junior": 13.5}}, "staffing.pupils_per_post.primary = 0"),
    ({"class_cap": {"primary": 0, "junior": 50}}, "classes.class_cap.primary = 0"),
    ({"walk_kmh": 0}, "travel.walk_kmh"),
]


@pytest.mark.parametrize(("changes", "message"), BAD, ids=[str(next(iter(changes))) + str(n) for n, (changes, _) in enumerate(BAD)])  # fmt: skip
def test_what_no_policy_can_hold(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(lo.PolicyError) as caught:
        lo.Policy().replace(**changes)
    assert message in str(caught.value)


def test_every_contradiction_at_once() -> None:
    with pytest.raises(lo.PolicyError) as caught:
        lo.Policy().replace(goals=("cost",), point_max_pupils=31)
    assert len(str(caught.value).splitlines()) == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[bus\n", "not valid TOML"),
        ("bus = 3\n", "bus: write its keys under a line [bus]."),
        ("[buss]\nseats = 3\n", "[buss]: unknown group. Did you mean 'bus'?"),
        ('[sources]\nseat = "x"\n', "[sources] seat: unknown key. Did you mean 'seats'?"),
        ('sources = "x"\n', "sources"),
        ("preset = 3\n", "Unknown preset"),
        ('preset = "../jiangxi_2023"\n', "Unknown preset '../jiangxi_2023'."),
        ("name = 3\n", "name = 3: give "),
    ],
)
def test_a_policy_file_that_cannot_be_used(text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text(text, encoding="utf-8")
    with pytest.raises(lo.PolicyError) as caught:
        lo.Policy.from_toml(tmp_path / "p.toml")
    assert message in str(caught.value)


def test_a_policy_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(lo.PolicyError, match=r"p\.toml: the policy file cannot be read \(No such file or directory\)"):
        lo.Policy.from_toml(tmp_path / "p.toml")


def test_iterating_goes_through_every_key_in_order() -> None:
    assert [(group, key) for group, key, _ in lo.Policy()] == KEYS


def test_no_key_is_dead() -> None:
    """Every key is read somewhere outside the policy room; a choice without effect would mislead."""
    root = Path(lo.__file__).parent
    norms = ("norms.py", "helping.py", "payers.py", "policy.py")
    sources = [p for p in root.rglob("*.py") if p.parent.name != "policy" or p.name in norms]
    text = "\n".join(path.read_text("utf-8") for path in sources)
    assert [key for _, key in KEYS if f".{key}" not in text] == []
