"""From the files of an office to a checked study: seconds, road in one piece, and what the cache saves.

Run ``python benchmarks/bench_reading.py FOLDER`` with the raw Ladakh set (ladakh.gpkg); its study.toml is
``data/scripts/raw_ladakh.toml``. Times are CPU seconds of this process, code compiled before once; wall-clock
seconds stand beside them.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

TOML = Path(__file__).parent.parent / "data" / "scripts" / "raw_ladakh.toml"


def timed(label: str, task: Callable[[], Any]) -> tuple[float, Any]:
    """Print and return the CPU seconds of a task, and return its answer."""
    began, began_wall = time.process_time(), time.perf_counter()
    answer = task()
    took = time.process_time() - began
    print(f"  {label:44} {took:7.2f} CPU s   {time.perf_counter() - began_wall:7.2f} s on the wall")
    return took, answer


def measure(folder: Path, toml: Path) -> None:
    import layoutopt as lo
    from layoutopt.journeys import forget, journeys_of

    policy = lo.Policy.preset("jiangxi_2023")
    warm_up(lo, policy)
    with tempfile.TemporaryDirectory() as place:
        study_folder = Path(place) / "study"
        shutil.copytree(folder, study_folder, ignore=shutil.ignore_patterns("README*"))
        shutil.copy(toml, study_folder / "study.toml")
        os.environ["LAYOUTOPT_CACHE"] = str(Path(place) / "kept")
        read_s, study = timed("read the raw files", lambda: lo.read_study(study_folder))
        miss_s, journeys = timed("roads, minutes and kilometres: first run", lambda: journeys_of(study, policy))
        check_s, _ = timed("check", lambda: lo.check_study(study, policy))
        forget()
        hit_s, again = timed("roads, minutes and kilometres: from the cache", lambda: journeys_of(study, policy))
        kept_mb = sum(file.stat().st_size for file in (Path(place) / "kept").iterdir()) / 1024**2
    assert (again.table.ride_km == journeys.table.ride_km).all()
    print(f"  raw files to a checked study {read_s + miss_s + check_s:.2f} CPU s (bound 30)")
    print(f"  the cache holds {kept_mb:.1f} MB and makes the second run {miss_s / hit_s:.0f} times as fast")
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    print("\n".join(f"  {line}" for line in journeys.roads.report.lines()))
    print(f"  {study!r}: {journeys.roads.report.main_share:.2%} of the road in one piece (bound 99 %)")


def warm_up(lo: Any, policy: Any) -> None:
    """Load libraries and compiled code with a study of two places."""
    from layoutopt.journeys import journeys_of
    from layoutopt.testing import tiny_study

    os.environ["LAYOUTOPT_CACHE"] = "off"
    roads = [([(0, 0), (3, 0)], {"class": "primary"})]
    journeys_of(tiny_study({"V": (0, 0, [5] * 6)}, {"S": (3, 0, {})}, roads=roads), policy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with ladakh.gpkg")
    parser.add_argument("--toml", type=Path, default=TOML, help="the study.toml for it")
    asked = parser.parse_args()
    measure(asked.folder, asked.toml)


if __name__ == "__main__":
    main()
