"""Bundled policies: each says what it is about and where its values come from, fixes what law fixes, and shows itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import layoutopt as lo
from layoutopt.cli import main
from layoutopt.policy import presets
from layoutopt.policy.policy import groups_of_keys
from layoutopt.policy.show import Shown, mark_of, plain, policy_lines, shown, split_source

CHINESE = ("china_national", "hebei", "jiangxi_2023", "shaanxi", "tianjin", "yunnan")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def refused(**changes: Any) -> str:
    with pytest.raises(lo.PolicyError) as caught:
        lo.Policy.preset("hebei", **changes)
    return str(caught.value)


def by_key(policy: lo.Policy) -> dict[str, Shown]:
    return {entry.key: entry for entry in shown(policy)}


def test_the_bundled_presets() -> None:
    assert presets() == (
        "china_national", "hebei", "india_rte", "japan", "jiangxi_2023", "shaanxi", "tianjin", "uk", "yunnan"
    )  # fmt: skip


@pytest.mark.parametrize("name", presets())
def test_every_value_that_differs_from_its_default_has_a_source_with_its_confidence(name: str) -> None:
    policy, default = lo.Policy.preset(name), lo.Policy()
    assert policy.name == name
    assert len(policy.about) > 20
    changed = {key for (_, key, value), (_, _, usual) in zip(policy, default, strict=True) if value != usual}
    assert changed - {"goal_tolerance"} <= set(policy.sources)
    for key, source in policy.sources.items():
        assert split_source(source)[1] in ("H", "M", "L"), key


def test_the_rules_of_each_place() -> None:
    walks = {name: lo.Policy.preset(name).access.walk_max_km for name in presets()}
    assert {name: walk and (walk["lower"], walk["upper"], walk["junior"]) for name, walk in walks.items() if walk} == {
        "hebei": (2, 2, 3), "india_rte": (1, 1, 3), "japan": (4, 4, 6), "uk": (3.2, 4.8, 4.8)
    }  # fmt: skip
    assert lo.Policy.preset("yunnan").support.full_curriculum
    assert lo.Policy.preset("shaanxi").quality.dorm_area_m2 == 3


@pytest.mark.parametrize("name", ["japan", "uk"])
def test_a_walk_that_the_kilometres_allow_is_within_the_minutes(name: str) -> None:
    policy = lo.Policy.preset(name)
    assert policy.access.walk_max_km is not None
    for band in ("lower", "upper", "junior"):
        takes_min = policy.access.walk_max_km[band] / policy.travel.walk_kmh[band] * 60
        assert takes_min <= min(policy.access.walk_max_min[band], policy.access.oneway_max_min[band])


@pytest.mark.parametrize("name", CHINESE)
def test_grades_1_to_3_board_under_no_chinese_preset(name: str, tmp_path: Path) -> None:
    assert lo.Policy.preset(name, board_min_grade=5).boarding.board_min_grade == 5
    path = tmp_path / "p.toml"
    path.write_text(f'preset = "{name}"\nname = "ours"\n[boarding]\nboard_min_grade = 3\n', encoding="utf-8")
    for build in (lambda: lo.Policy.preset(name, board_min_grade=3), lambda: lo.Policy.from_toml(path)):
        with pytest.raises(lo.PolicyError) as caught:
            build()
        assert "boarding.board_min_grade = 3, but the preset china_national fixes it to at least 4" in str(caught.value)
        assert "State Council office 2012 no. 48" in str(caught.value)


def test_other_countries_fix_nothing_of_chinese_law() -> None:
    assert lo.Policy.preset("japan", board_min_grade=1).boarding.board_min_grade == 1


FIXES = """name = "law"
[classes]
class_cap = { primary = 40, junior = 40 }
[fixed]
class_cap = { at_most = 45 }
allowed = { equals = true }
max_ride_min = { at_least = 10, at_most = 50 }
[sources]
class_cap = "our law (H)"
"""


def test_a_file_of_ones_own_fixes_keys_and_whoever_builds_on_it_is_held(tmp_path: Path) -> None:
    (tmp_path / "law.toml").write_text(FIXES, encoding="utf-8")
    law = lo.Policy.from_toml(tmp_path / "law.toml")
    (tmp_path / "again.toml").write_text(law.to_toml(), encoding="utf-8")
    assert lo.Policy.from_toml(tmp_path / "again.toml") == law
    assert law.replace(class_cap={"primary": 45, "junior": 30}).classes.class_cap["junior"] == 30
    for changes, words in (
        ({"class_cap": {"primary": 40, "junior": 46}}, "classes.class_cap = primary 40, junior 46, but the preset law"),
        ({"class_cap": {"primary": 50, "junior": 40}}, "fixes it to at most 45 (our law (H))"),
        ({"allowed": False}, "points.allowed = no, but the preset law fixes it to exactly yes"),
        ({"max_ride_min": 60}, "bus.max_ride_min = 60, but the preset law fixes it to at least 10 and at most 50"),
    ):
        with pytest.raises(lo.PolicyError) as caught:
            law.replace(**changes)
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[fixed]\nboard_min_grad = { at_least = 4 }\n", "[fixed] board_min_grad: unknown key. Did you mean"),
        ("[fixed]\nseats = 4\n", "[fixed] seats: say how, for example seats = { at_least = 4 }"),
        ("fixed = 3\n", "fixed: write its keys under a line [fixed]."),
        (
            "[fixed]\nboard_min_grade = { at_least = 2 }\n",
            "[fixed] board_min_grade: the preset china_national fixes it",
        ),
    ],
)
def test_what_no_table_of_fixed_keys_may_say(text: str, message: str, tmp_path: Path) -> None:
    head = 'preset = "china_national"\n'
    (tmp_path / "p.toml").write_text(head + text, encoding="utf-8")
    with pytest.raises(lo.PolicyError) as caught:
        lo.Policy.from_toml(tmp_path / "p.toml")
    assert message in str(caught.value)


def test_every_contradiction_names_both_keys_and_their_values() -> None:
    assert "closure.must_keep and closure.must_close both name S1" in refused(must_keep=("S1",), must_close=("S1",))
    assert "closure.min_pupils.primary = 3000 is above classes.school_cap = 2000" in refused(
        min_pupils={"primary": 3_000, "junior": 0}
    )
    said = refused(family_board_cny=5_000)
    assert "money.family_board_cny = 5000 is above boarding.board_care_cny.primary = 2500" in said
    assert "money.family_meals_cny = 2000 is above money.meals_cny = 1000" in refused(family_meals_cny=2_000)


def test_what_is_recalled_or_our_own_is_marked() -> None:
    entries = by_key(lo.Policy.preset("uk", seats=20))
    assert (entries["walk_max_km"].mark, entries["walk_max_km"].confidence) == ("", "H")
    assert (entries["max_ride_min"].mark, entries["max_ride_min"].confidence) == ("recalled", "M")
    assert entries["hub_only"].mark == "our own"
    assert (entries["seats"].mark, entries["seats"].source) == ("", "chosen by the planner")
    assert entries["worsening_max_min"].mark == "", "a limit that is not set says nothing"
    assert entries["board_care_cny"].mark == "our own"
    assert entries["pass_share"].mark == "recalled"
    assert mark_of("a law", "H") == ""


def test_the_unsure_values_are_listed() -> None:
    policy = lo.Policy.preset("jiangxi_2023")
    unsure = policy.unsure()
    assert unsure[0].key == "goals"
    assert {"funds_cny", "wage_cny", "dwell_min"} <= {entry.key for entry in unsure}
    assert not {"class_cap", "trigger_pupils"} & {entry.key for entry in unsure}
    assert len(unsure) < len(groups_of_keys())


def test_a_policy_shows_every_key_its_own_first() -> None:
    entries = shown(lo.Policy.preset("hebei"))
    assert sorted(entry.key for entry in entries) == sorted(groups_of_keys())
    own = [entry.preset for entry in entries]
    assert own == sorted(own, reverse=True)
    text = "\n".join(policy_lines(lo.Policy.preset("hebei")))
    assert "  access.walk_max_km = lower 2, upper 2, junior 3 km" in text
    assert "Hebei layout opinion" in text
    assert "  boarding.board_min_grade = 4 grade  [fixed: at least 4]" in text
    assert text.endswith(f"{len(lo.Policy.preset('hebei').unsure())} of {len(entries)} values are our own or recalled.")


def test_values_as_a_planner_writes_them() -> None:
    assert [plain(value) for value in (None, True, (), {}, ("a", 2.5), 1_000_000, 65_000.0, 0.125)] == [
        "none", "yes", "none", "none", "a, 2.5", "1,000,000", "65,000", "0.125"
    ]  # fmt: skip


def test_the_command_line_shows_a_policy(tmp_path: Path) -> None:
    result = run("policy", "show", "japan")
    assert result.exit_code == 0
    assert "access.walk_max_km = lower 4, upper 4, junior 6 km" in result.stdout
    found = json.loads(run("policy", "show", "japan", "--json").stdout)
    assert found["name"] == "japan"
    assert {entry["key"]: entry["value"] for entry in found["keys"]}["walk_max_km"]["junior"] == 6
    path = tmp_path / "ours.toml"
    path.write_text('preset = "uk"\nname = "ours"\n', encoding="utf-8")
    assert run("policy", "show", path).stdout.startswith("ours\n")


def test_the_command_line_lists_the_presets() -> None:
    lines = run("policy", "list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(presets())
    assert [policy["name"] for policy in json.loads(run("policy", "list", "--json").stdout)] == list(presets())


def test_a_preset_that_is_not_there_names_the_nearest() -> None:
    result = run("policy", "show", "jianxi_2023")
    assert result.exit_code == 2
    assert "Unknown preset 'jianxi_2023'. Did you mean 'jiangxi_2023'?" in result.stderr


@pytest.mark.parametrize("words", [("policy", "show"), ("policy", "list")])
def test_help_of_the_policy_commands_shows_an_example(words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert f"Example: layoutopt {' '.join(words)}" in result.output
