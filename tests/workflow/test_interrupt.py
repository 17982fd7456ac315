"""Ctrl-C and the time limit: the best plan so far, whole and audited, or nothing at all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo

pytestmark = pytest.mark.skipif(os.name == "nt", reason="SIGINT is sent to a process of POSIX")
GRACE_S = 120.0
LOUD = """
import contextlib, sys
from layoutopt.pipeline import run
from layoutopt.cli import main

@contextlib.contextmanager
def loud(progress):
    yield lambda share, message: print(message, file=sys.stderr, flush=True)

run.reporter = loud
main(sys.argv[1:])
"""
"""The command line, its progress written line by line, so that the test knows when to press."""


@pytest.fixture(scope="module")
def county(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """70 villages and 24 schools at random: too much to prove best while somebody waits."""
    folder = tmp_path_factory.mktemp("medium") / "county"
    folder.mkdir()
    rng = np.random.default_rng(5)
    villages = pd.DataFrame(
        {
            "settlement_id": [f"V{n:03d}" for n in range(70)],
            "lon": 106.0 + rng.uniform(0, 0.35, 70),
            "lat": 33.0 + rng.uniform(0, 0.3, 70),
            **{f"g{grade}": rng.integers(0, 7, 70) for grade in range(1, 10)},
        }
    )
    at = rng.choice(70, 24, replace=False)
    schools = pd.DataFrame(
        {
            "school_id": [f"S{n:02d}" for n in range(24)],
            "lon": villages["lon"].to_numpy()[at] + 0.002,
            "lat": villages["lat"].to_numpy()[at],
            "grades": ["1-9"] * 4 + ["1-6"] * 20,
            "hub": ["yes"] * 4 + ["no"] * 20,
            "places_primary": [400] * 4 + [150] * 20,
            "places_junior": [600] * 4 + [""] * 20,
            "beds": [200] * 4 + [0] * 20,
            "teachers": [30] * 4 + [6] * 20,
        }
    )
    villages.to_csv(folder / "settlements.csv", index=False)
    schools.to_csv(folder / "schools.csv", index=False)
    return folder


def pressed(county: Path, out: Path, *, after: str, wait_s: float) -> tuple[int, str]:
    """Start a long solve, press Ctrl-C ``wait_s`` after stderr shows ``after``; return exit code and stderr."""
    words = ["solve", str(county), "--out", str(out), "--effort", "proof", "--time-limit", "600"]
    command = [sys.executable, "-u", "-c", LOUD, *words]
    log = out.parent / f"{out.name}.log"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True, text=True)
        try:
            _until(lambda: after in log.read_text("utf-8") or process.poll() is not None)
            time.sleep(wait_s)
            process.send_signal(signal.SIGINT)
            code = process.wait(timeout=GRACE_S)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    return code, log.read_text("utf-8")


def _until(done: object, limit_s: float = GRACE_S) -> None:
    began = time.monotonic()
    while not done():  # type: ignore[operator]
        assert time.monotonic() - began < limit_s, "the process never came that far"
        time.sleep(0.05)


def whole_or_nothing(out: Path, code: int) -> bool:
    """Whether a plan is there; it must then be whole and valid, and nothing may be left beside it."""
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(f".{out.name}")] == []
    if not out.exists():
        assert code == 1
        return False
    assert code == 0
    plan = lo.Plan.from_folder(out)
    assert lo.audit(plan).empty
    assert plan.figures.unserved == 0
    assert (out / "plan.gpkg").is_file()
    return True


def test_ctrl_c_while_solving_keeps_the_best_so_far(county: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    code, told = pressed(county, out, after="best ", wait_s=1.0)
    assert "Traceback" not in told
    assert whole_or_nothing(out, code), told
    levels = json.loads((out / "plan.json").read_text("utf-8"))["proof"]["levels"]
    assert "user" in {level["stopped_by"] for level in levels}
    assert levels[0]["bound"] is not None


def test_ctrl_c_while_reading_leaves_nothing(county: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan"
    code, told = pressed(county, out, after="Read ", wait_s=0.0)
    assert "Traceback" not in told
    whole_or_nothing(out, code)


def test_the_time_limit_gives_a_whole_plan_with_its_gap(county: Path) -> None:
    """However far a machine comes in that time: the plan is valid, and a stop by the clock is told."""
    study, policy = lo.read_study(county), lo.Policy.preset("jiangxi_2023")
    plan = lo.optimize(study, policy, effort="proof", time_limit_s=5)
    assert lo.audit(plan).empty
    assert plan.proof.main is not None
    assert np.isfinite(plan.proof.main.value)
    for level in plan.proof.levels:
        assert level.bound <= level.value
        assert level.status in ("optimal", "lines fixed") or level.stopped_by == "time"


def test_a_second_press_stops_at_once(tmp_path: Path, county: Path) -> None:
    """In a function that is handed the flag: the first press is noted, the second raises."""
    from layoutopt.progress import patient_interrupt

    with patient_interrupt() as interrupted:
        assert not interrupted()
        os.kill(os.getpid(), signal.SIGINT)
        assert interrupted()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_another_thread_is_never_interrupted() -> None:
    import threading

    from layoutopt.progress import patient_interrupt

    told: list[bool] = []

    def work() -> None:
        with patient_interrupt() as interrupted:
            told.append(interrupted())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert told == [False]
