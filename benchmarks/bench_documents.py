"""All documents of a large county: seconds and megabytes a format, against the limits of the issue.

Run ``python benchmarks/bench_documents.py [PLAN_FOLDER]``. Without a folder a county of 200 schools and 1,500
settlements is generated and solved first, which takes most of the time. ``--chromium PATH`` also times how long
the page takes to open there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

MAX_PAGE_MB, MAX_OPEN_S, MAX_ALL_S = 15.0, 3.0, 60.0


def solved(place: Path) -> Any:
    """Return a quick plan of a generated county of the largest size we promise."""
    import layoutopt as lo
    from layoutopt.samples import generate_county, write_county

    county = generate_county(
        settlements=1_500, schools=200, pupils=40_000, towns=30, area_km2=6_000, teachers=4_000, seed=0
    )
    write_county(county, place / "county")
    study = lo.read_study(place / "county")
    return lo.optimize(study, lo.Policy.preset("jiangxi_2023"), effort="quick", time_limit_s=600)


def measure(plan: Any, folder: Path, lang: str, workers: int) -> None:
    """Print seconds and size of each format, then of one call that writes all; say what else the machine does."""
    import layoutopt as lo
    from layoutopt.report.write import WRITERS

    print(f"{plan!r}, {lang}; load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with timed("audit"):
        violations = lo.audit(plan)
    today = lo.current_plan(plan.study, plan.policy)
    given: dict[str, Any] = {"today": today, "violations": violations, "lang": lang}
    for name in WRITERS:
        with timed(name):
            path = lo.write_report(plan, folder, formats=[name], **given)[name]
        print(f"  {'':9} {size_mb(path):7.2f} MB")
    with timed(f"all, {workers} at a time"):
        lo.write_report(plan, folder, workers=workers, **given)
    print(f"  limit for all {MAX_ALL_S:.0f} s; load after {os.getloadavg()[0]:.1f}")
    print(f"  report.html {size_mb(folder / 'report.html'):.2f} MB (limit {MAX_PAGE_MB:.0f} MB)")


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print the seconds a block takes, on the wall and of the processor, with those of its processes."""
    began, began_cpu = time.perf_counter(), cpu_s()
    yield
    print(f"  {name:9} {time.perf_counter() - began:7.1f} s on the wall {cpu_s() - began_cpu:7.1f} CPU s", flush=True)


def cpu_s() -> float:
    """Return the processor's seconds of this process and of those it started and that have ended."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def size_mb(path: Path) -> float:
    """Return the size of a file, or of all files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6


def opened(page: Path, chromium: str) -> tuple[float, float]:
    """Return the seconds and CPU seconds a headless browser takes from its start to the drawn page."""
    began, began_cpu = time.perf_counter(), cpu_s()
    words = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", page.as_uri()]
    subprocess.run(words, check=True, capture_output=True, timeout=120)
    return time.perf_counter() - began, cpu_s() - began_cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", nargs="?", type=Path, help="folder of a solved plan")
    parser.add_argument("--lang", default="en", choices=("en", "zh"))
    parser.add_argument("--workers", type=int, default=2, help="processes of the call that writes all")
    parser.add_argument("--chromium", default="", help="the browser that opens the page")
    given = parser.parse_args()
    import layoutopt as lo

    with tempfile.TemporaryDirectory() as place:
        plan = lo.Plan.from_folder(given.plan) if given.plan else solved(Path(place))
        folder = Path(place) / "documents"
        measure(plan, folder, given.lang, given.workers)
        if given.chromium:
            seconds, cpu = min(opened(folder / "report.html", given.chromium) for _ in range(3))
            print(f"  opens in {seconds:.1f} s, {cpu:.1f} CPU s, browser start included (limit {MAX_OPEN_S:.0f} s)")


if __name__ == "__main__":
    main()
