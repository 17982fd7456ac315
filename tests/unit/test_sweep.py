"""The sweep file: what it says, what it makes of it, and every problem at once; scenarios, keys, locks, estimates."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import layoutopt as lo
from layoutopt.ahead.scenario import Scenario, read_scenario
from layoutopt.batch import estimate_batch, read_sweep
from layoutopt.batch.live import Tally, spell
from layoutopt.batch.lock import locked
from layoutopt.batch.runs import runs_of
from layoutopt.batch.sources import digest_of
from layoutopt.batch.store import DONE, INFEASIBLE, Ended, Store
from layoutopt.batch.sweep import Sweep
from layoutopt.errors import AskError, InputError
from layoutopt.journeys import journeys_of
from layoutopt.plan.studycopy import write_study
from layoutopt.pupils import pupils_of
from layoutopt.testing import tiny_policy, tiny_study

SAMPLE = {"sweep": {"studies": ["sample:ladakh"]}}


def sweep(**parts: Any) -> Sweep:
    return read_sweep({**SAMPLE, **parts})


def varied(**parts: Any) -> list[Mapping[str, Any]]:
    return [variant.varied for variant in sweep(**parts).variants]


def problems(given: Mapping[str, Any], folder: Path | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        read_sweep(given, folder=folder)
    return [str(one) for one in caught.value.problems]


# --- what is asked -------------------------------------------------------------------------------------------------


def test_without_any_design_there_is_one_policy() -> None:
    found = sweep()
    assert (len(found), found.variants[0].name, found.variants[0].policy.name) == (1, "base", "jiangxi_2023")
    assert str(found) == "sweep: 1 study × 1 policy × 1 scenario = 1 runs"


def test_a_grid_is_every_combination_in_the_order_of_the_file() -> None:
    found = varied(grid={"max_ride_min": [30, 40], "preset": ["hebei", "japan"]})
    assert found == [
        {"max_ride_min": 30, "preset": "hebei"}, {"max_ride_min": 30, "preset": "japan"},
        {"max_ride_min": 40, "preset": "hebei"}, {"max_ride_min": 40, "preset": "japan"},
    ]  # fmt: skip


def test_a_preset_of_the_grid_keeps_the_keys_that_policy_sets() -> None:
    given = {"policy": {"trigger_pupils": 55}, "grid": {"preset": ["hebei", "japan"]}}
    policies = [variant.policy for variant in sweep(**given).variants]
    assert [(policy.name, policy.closure.trigger_pupils) for policy in policies] == [("hebei", 55), ("japan", 55)]


def test_a_preset_of_the_grid_keeps_the_keys_that_a_file_sets(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(
        'preset = "japan"\n[bus]\nmax_ride_min = 33\n[travel.walk_kmh]\nlower = 2.5\nupper = 3\njunior = 4\n'
    )
    given = {**SAMPLE, "policy": {"file": "policy.toml", "trigger_pupils": 55}, "grid": {"preset": ["hebei"]}}
    (found,) = (variant.policy for variant in read_sweep(given, folder=tmp_path).variants)
    expected = lo.Policy.preset(
        "hebei", max_ride_min=33, trigger_pupils=55, walk_kmh={"lower": 2.5, "upper": 3, "junior": 4}
    )
    assert found.model_dump(exclude={"sources", "about"}) == expected.model_dump(exclude={"sources", "about"})


def test_a_list_stands_beside_the_grid_with_names_of_its_own() -> None:
    given = {"grid": {"max_ride_min": [30]}, "list": [{"name": "strict", "trigger_pupils": 50}, {}]}
    assert [variant.name for variant in sweep(**given).variants] == ["max_ride_min=30", "strict", "base"]


def test_the_same_policy_twice_is_one_run() -> None:
    assert varied(grid={"max_ride_min": [30, 30.0]}, list=[{"max_ride_min": 30}]) == [{"max_ride_min": 30}]


def test_a_random_design_fills_every_part_of_a_range_once() -> None:
    draw = {"n": 10, "seed": 3, "max_ride_min": {"low": 30, "high": 50.0}, "trigger_pupils": [20, 40]}
    found = varied(random=draw)
    rides = np.array([point["max_ride_min"] for point in found])
    # ten values in ten parts of 2 minutes each; both values of the list five times
    assert sorted(np.floor((rides - 30) / 2)) == list(range(10))
    assert sorted(point["trigger_pupils"] for point in found) == [20] * 5 + [40] * 5
    assert found == varied(random=draw)
    assert found != varied(random={**draw, "seed": 4})


def test_whole_ends_give_whole_numbers_with_both_ends() -> None:
    found = {point["trigger_pupils"] for point in varied(random={"n": 40, "trigger_pupils": {"low": 1, "high": 4}})}
    assert found == {1, 2, 3, 4}


def test_a_file_is_read_with_paths_from_its_folder(tmp_path: Path, study_folder: Callable[..., Path]) -> None:
    study_folder("north/county")
    study_folder("south/county")
    (tmp_path / "policy.toml").write_text('preset = "japan"\n[bus]\nmax_ride_min = 33\n')
    text = '\ufeff[sweep]\nstudies = ["*/county"]\nyears = [2025, 2026]\n[policy]\nfile = "policy.toml"\n[demand.wet]\ntravel = 1.2\n'
    (tmp_path / "sweep.toml").write_text(text, "utf-8")
    found = read_sweep(tmp_path / "sweep.toml")
    assert [source.name for source in found.sources] == ["north/county", "south/county"]
    assert (found.years, found.scenarios, len(found)) == ((2025, 2026), (Scenario("wet", travel=1.2),), 4)
    assert found.variants[0].policy.bus.max_ride_min == 33


# --- every problem at once -----------------------------------------------------------------------------------------


def test_every_problem_is_named_at_once() -> None:
    wrong = {
        "sweeep": {},
        "sweep": {"studies": ["sample:ladak", "nowhere"], "efort": 1, "effort": "quik", "seed": -1, "years": [20]},
        "policy": {"max_rid_min": 3},
        "grid": {"max_ride_mn": [1], "max_ride_min": [-3], "preset": ["hebie"], "trigger_pupils": 5},
        "list": [{"max_ride": 3}],
        "random": {"n": 2, "max_ride_min": {"low": 3}},
        "demand": {"wet": {"travl": 1, "travel": 99}},
    }
    found = problems(wrong)
    for text in (
        "sweep [sweeep]: unknown part. Did you mean 'sweep'?", "sweep [sweep] efort: unknown key. Did you mean 'effort'?",
        "effort = 'quik': give quick or normal or proof. Did you mean 'quick'?", "seed = -1: give a whole number",
        "years = [20]: give a list of calendar years", "sample 'ladak': no such sample.", "'nowhere': no such folder.",
        "sweep [policy] max_rid_min: unknown key. Did you mean 'max_ride_min'?",
        "sweep [grid] max_ride_mn: unknown key. Did you mean 'max_ride_min'?",
        "sweep [grid] max_ride_min = -3: give greater than 0 min.", "preset = 'hebie': no such preset. Did you mean 'hebei'?",
        "sweep [grid] trigger_pupils: 5 is no list of values. Write trigger_pupils = [1, 2]",
        "sweep [[list]] 1 max_ride: unknown key. Did you mean 'max_ride_min'?",
        "sweep [random] max_ride_min: {'low': 3} is no range.",
        "sweep demand [wet] travl: unknown key. Did you mean 'travel'?", "[wet] travel = 99: cannot be used. Give a number from 0.1",
    ):  # fmt: skip
        assert any(text in one for one in found), (text, found)
    assert len(found) == 16


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"sweep": {}}, "studies: names no study."),
        ({**SAMPLE, "grid": {"max_ride_min": []}}, "[] is no list of values"),
        ({**SAMPLE, "grid": [1]}, "grid: is no table"),
        ({**SAMPLE, "list": {"a": 1}}, "list: is no list of tables"),
        ({**SAMPLE, "random": {"seed": 1, "max_ride_min": [1]}}, "n = None: give a whole number from 1"),
        ({**SAMPLE, "random": {"n": 3}}, "[random]: names no key"),
        ({**SAMPLE, "policy": {"preset": "japan", "file": "p.toml"}}, "preset and file are both given"),
        ({**SAMPLE, "policy": {"file": "p.toml"}}, "the policy file cannot be read"),
        ({**SAMPLE, "demand": {"wet": 1.2}}, "wet = 1.2: is no table"),
        (
            {**SAMPLE, "demand": {"a": {"births": 0}, "b": {"births": 0.0, "weight": 3}}},
            "[b]: is the same future as [a]",
        ),
        ({"sweep": {**SAMPLE["sweep"], "time_limit_s": 0}}, "time_limit_s = 0: give seconds above 0"),
        ({"sweep": {**SAMPLE["sweep"], "keep": "plans"}}, "give figures or plan. Did you mean 'plan'?"),
    ],
)
def test_what_cannot_be_used_is_said(given: Mapping[str, Any], text: str, tmp_path: Path) -> None:
    assert any(text in one for one in problems(given, tmp_path)), problems(given, tmp_path)


def test_choices_that_contradict_each_other_only_together_are_named() -> None:
    # a teaching point of 60 pupils is allowed by neither of the two class caps alone
    found = problems({**SAMPLE, "grid": {"point_max_pupils": [10, 60], "multigrade_cap": [15, 70]}})
    assert len(found) == 1
    assert "points.point_max_pupils = 60 is above" in found[0]


def test_a_file_that_is_not_there_or_no_toml(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text("[sweep\n")
    with pytest.raises(InputError, match=r"sweeps\.toml: cannot be read .* Did you mean 'sweep\.toml'\?"):
        read_sweep(tmp_path / "sweeps.toml")
    with pytest.raises(InputError, match="not valid TOML"):
        read_sweep(tmp_path / "sweep.toml")


# --- futures -------------------------------------------------------------------------------------------------------


def land(**more: Any) -> lo.Study:
    """Two villages and a school that gives its enrolment: 10 and 20 pupils in each of grades 1 to 6."""
    return tiny_study(
        {"V1": (0, 0, [10] * 6), "V2": (3, 0, [20] * 6)},
        {"S1": (1, 0, {"g1": 30, "g2": 30, "g3": 30, "g4": 30, "g5": 30, "g6": 30})},
        current={"V1": {"town": "East"}, "V2": {"town": "West"}}, **more,
    )  # fmt: skip


def by_grade(study: lo.Study, policy: lo.Policy) -> list[float]:
    return [float(value) for value in pupils_of(study, policy).sum().iloc[:6]]


def test_fewer_births_change_every_grade_without_a_year() -> None:
    study, policy = Scenario(births=-0.2).apply(land(), tiny_policy())
    assert by_grade(study, policy) == [24.0] * 6  # 30 × 0.8
    assert list(study.schools.loc["S1", ["g1", "g6"]]) == [24.0, 24.0]


def test_with_a_year_they_change_the_grades_that_entered_since() -> None:
    study, policy = Scenario(births=-0.2).apply(land(year=2026), tiny_policy(), base_year=2024)
    assert by_grade(study, policy) == [24.0] * 2 + [30.0] * 4  # entered in 2025 and 2026


def test_pupils_and_towns_multiply_and_totals_stay_whole() -> None:
    study, policy = Scenario(pupils=1.1, towns={"West": 0.5}).apply(land(), tiny_policy())
    # V1: 10 × 1.1 = 11; V2: 20 × 1.1 × 0.5 = 11
    assert by_grade(study, policy) == [22.0] * 6
    assert list(study.settlements["g1"]) == [11.0, 11.0]


def test_a_wet_season_lengthens_every_way_by_its_factor() -> None:
    roads = [([(0, 0), (3, 0)], {"class": "tertiary", "speed_kmh": 30.0, "danger": True})]
    own = [{"from_id": "V2", "to_id": "S1", "mode": "walk", "minutes": 50.0, "km": 2.0}]
    dry = land(roads=roads, travel=own), tiny_policy()
    wet = Scenario(travel=1.2).apply(*dry)
    for band in ("lower", "junior"):
        assert journeys_of(*wet).walk_min(band) == pytest.approx(1.2 * journeys_of(*dry).walk_min(band))
    assert journeys_of(*wet).table.ride_min == pytest.approx(1.2 * journeys_of(*dry).table.ride_min)
    assert journeys_of(*wet).walk_min("lower")[1, 0] == pytest.approx(60.0)


def test_nothing_changed_is_the_same_study_and_policy() -> None:
    study, policy = land(), tiny_policy()
    assert Scenario().apply(study, policy) == (study, policy)


def test_residents_become_pupils_before_they_are_multiplied() -> None:
    study = lo.sample("ladakh")
    policy = lo.Policy.preset("custom", pupil_share={"lower": 0.04, "upper": 0.04, "junior": 0.04})
    drop = [name for name in study.settlements if name in {f"g{grade}" for grade in range(1, 10)}]
    bare = replace(study, settlements=study.settlements.drop(columns=drop).assign(population=100.0))
    policy = policy.replace(method="residents")
    before = float(pupils_of(bare, policy).to_numpy().sum())
    after = float(pupils_of(*Scenario(pupils=0.5).apply(bare, policy)).to_numpy().sum())
    assert after == pytest.approx(before / 2, abs=5)  # each grade rounds for itself


def test_a_town_that_is_not_there() -> None:
    with pytest.raises(
        InputError, match=r"towns\.Wset: no settlement of tiny is in a town of this name\. Did you mean 'West'"
    ):
        Scenario(towns={"Wset": 0.5}).apply(land(), tiny_policy())


def test_a_scenario_says_what_is_wrong_with_it() -> None:
    found, wrong = read_scenario("x", {"births": "few", "weight": -1, "policy": {"max_rid": 3}, "towns": 3}, file="f")
    assert found is None
    assert [one.where for one in wrong] == [
        "f [x] births = 'few'", "f [x] weight = -1", "f [x] towns", "f [x] policy.max_rid"
    ]  # fmt: skip


# --- runs and their keys -------------------------------------------------------------------------------------------


def keys(found: Sweep, digest: str = "d") -> list[str]:
    return [run.key for run in runs_of(found, dict.fromkeys(found.sources, digest))]


def test_a_key_depends_on_everything_a_result_does_and_on_no_name() -> None:
    base = sweep()
    (key,) = keys(base)
    assert keys(sweep()) == [key]
    assert keys(replace(base, name="other", keep="plan", scenarios=(Scenario("other", weight=3.0),))) == [key]
    assert keys(sweep(policy={"preset": "jiangxi_2023", "max_ride_min": 40})) == [key]  # the preset's own value
    assert keys(replace(base, scenarios=(Scenario(births=0, towns={}, travel=1),))) == [key]  # as 0.0 and 1.0
    changed = [
        keys(base, "e"), keys(replace(base, effort="quick")), keys(replace(base, seed=1)), keys(replace(base, years=(2026,))),
        keys(replace(base, time_limit_s=1.0)), keys(replace(base, method="sequential")), keys(sweep(policy={"max_ride_min": 41})),
        keys(replace(base, scenarios=(Scenario(travel=1.1),))),
    ]  # fmt: skip
    assert len({key, *(one for (one,) in changed)}) == 1 + len(changed)


def test_the_code_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(sweep())
    monkeypatch.setattr("layoutopt.batch.runs.code_version", lambda: "another")
    assert keys(sweep()) != before


def test_runs_that_are_the_same_are_done_once() -> None:
    twice = replace(sweep(), scenarios=(Scenario("a"), Scenario("b"), Scenario("c", travel=1.2)))
    assert [run.scenario.name for run in runs_of(twice, dict.fromkeys(twice.sources, "d"))] == ["a", "c"]


def test_runs_share_travel_times_unless_speeds_differ() -> None:
    found = sweep(
        grid={"max_ride_min": [30, 40]}, demand={"base": {}, "fewer": {"births": -0.1}, "wet": {"travel": 1.2}}
    )
    ways: dict[str, set[str]] = {}
    for run in runs_of(found, dict.fromkeys(found.sources, "d")):
        ways.setdefault(run.scenario.name, set()).add(run.ways)
    assert len(ways["base"] | ways["fewer"]) == 1
    assert len(ways["wet"]) == 1
    assert ways["wet"] != ways["base"]


# --- the folder, one batch at a time -------------------------------------------------------------------------------


def test_a_second_batch_is_refused_and_the_lock_goes_with_the_first(tmp_path: Path) -> None:
    lock = tmp_path / "batch.lock"
    with locked(lock):
        with pytest.raises(AskError, match=rf"A batch is at work in .* \(process {os.getpid()} on "), locked(lock):
            pass
        assert json.loads(lock.read_text())["host"] == socket.gethostname()
        # what the file says does not decide: a clock that was set anew changes when a process seems to have begun
        lock.write_text(
            json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "process_began": 1.0, "token": "t"})
        )
        with pytest.raises(AskError, match="another process"), locked(lock):
            pass
    with locked(lock):
        pass
    assert lock.read_text() == ""


def test_the_lock_of_a_process_that_died_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "batch.lock"
    code = f"import os\nfrom layoutopt.batch.lock import locked\nwith locked(__import__('pathlib').Path({str(lock)!r})): os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert json.loads(lock.read_text())["pid"] != os.getpid()
    with locked(lock):
        assert json.loads(lock.read_text())["pid"] == os.getpid()


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "batch.lock").mkdir()
    with pytest.raises(AskError, match=r"batch\.lock cannot be written"), locked(tmp_path / "batch.lock"):
        pass


def test_a_run_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path / "out")
    store.open()

    def half(folder: Path) -> None:
        (folder / "figures.parquet").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        store.write("k", half, Ended("k", DONE))
    assert list((tmp_path / "out" / "runs").iterdir()) == []
    tried, rename = [], Path.rename

    def held(path: Path, target: Path) -> Path:
        tried.append(path)
        if len(tried) < 3:
            raise PermissionError("a virus scanner looks at it")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", held)
    ended = store.write(
        "k", lambda folder: folder.joinpath("figures.parquet").write_text("x") and None, Ended("k", DONE)
    )
    assert len(tried) == 3
    assert store.found("k") == ended
    assert list((tmp_path / "out" / "aside").iterdir()) == []
    # a second worker that did the same run finds it there: nothing is written twice
    again = store.write(
        "k", lambda folder: folder.joinpath("figures.parquet").write_text("y") and None, Ended("k", INFEASIBLE)
    )
    assert again == ended
    store.run("k").joinpath("figures.parquet").write_text("z")
    assert store.found("k") is None


def test_a_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        Store(tmp_path).open()
    with pytest.raises(InputError, match="a file of this name exists"):
        Store(tmp_path / "thesis.docx").open()


# --- before and while ----------------------------------------------------------------------------------------------


def test_an_estimate_without_a_folder_uses_what_is_stated() -> None:
    found = {**SAMPLE, "grid": {"max_ride_min": [30, 40, 50]}}
    assert estimate_batch(found, workers=2, seconds_per_run=30).seconds == 45.0  # 3 × 30 / 2
    unknown = estimate_batch(found, workers=8)
    assert (unknown.seconds, unknown.workers, unknown.most_s) == (None, 3, 300.0)
    assert str(unknown).startswith(
        "3 runs, 3 left to do.\nAbout 5 min at most with 3 processes: no run has been timed here yet"
    )


def test_progress_counts_what_was_there_before() -> None:
    tally = Tally(10)
    tally.known.update({DONE: 4})
    for gap in (0.01, 0.03):
        tally.note(Ended("k", DONE, gap=gap))
    tally.note(Ended("k", INFEASIBLE))
    tally.running = 2
    assert tally.share == pytest.approx(0.7)
    assert str(tally).startswith("6 done, 2 running, 0 failed, 1 infeasible, gap 2.0%, ")


@pytest.mark.parametrize(("seconds", "text"), [(0, "0 s"), (89, "89 s"), (300, "5 min"), (36_000, "10 h 00 min")])
def test_a_time_is_said_shortly(seconds: float, text: str) -> None:
    assert spell(seconds) == text


def test_a_study_that_cannot_be_read_stops_the_batch_before_it_begins(
    tmp_path: Path, study_folder: Callable[..., Path]
) -> None:
    study_folder("good")
    study_folder("bad", schools__csv="school_id,lon,lat\nS1,106,33\n")
    with pytest.raises(InputError, match=r"bad: schools\.csv"):
        lo.run_batch({"sweep": {"studies": [str(tmp_path / "good"), str(tmp_path / "bad")]}}, tmp_path / "out")


def test_content_year_and_folder_of_a_study_make_its_runs(tmp_path: Path) -> None:
    for name, year in (("a", 2024), ("b", 2024), ("c", 2025)):
        write_study(land(year=year), tmp_path / name)
    one, same, later = (digest_of(lo.read_study(tmp_path / name)) for name in "abc")
    assert (one == same, one == later) == (True, False)
    twins = read_sweep({"sweep": {"studies": ["a", "b"]}}, folder=tmp_path)
    assert len(set(keys(twins))) == 2  # each has its own row
    for year in ("2023", "2024"):
        (tmp_path / year).mkdir()
        write_study(land(year=2024), tmp_path / year / "a")
    alike = read_sweep({"sweep": {"studies": ["2023/a", "2024/a"]}}, folder=tmp_path)
    both = keys(alike)
    assert len(set(both)) == 2  # the same folder name and content
    assert keys(read_sweep({"sweep": {"studies": ["2023/a"]}}, folder=tmp_path)) == both[:1]  # a name from its path


def test_the_file_of_the_documentation_can_be_read(tmp_path: Path, study_folder: Callable[..., Path]) -> None:
    page = (Path(__file__).parents[2] / "docs" / "batch.md").read_text("utf-8")
    (tmp_path / "sweep.toml").write_text(page.split("```toml")[1].split("```")[0], "utf-8")
    study_folder("counties/north")
    found = read_sweep(tmp_path / "sweep.toml")
    # 2 studies × (2 × 2 of the grid, 1 of the list, 20 at random) × 2 years × 3 futures
    assert len(found) == 2 * 25 * 2 * 3
    assert set(found.scenarios[2].towns) <= set(lo.sample("valley").settlements["town"])
