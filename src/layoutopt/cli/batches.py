"""The command that works off a sweep."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from layoutopt.cli.group import NO_PLAN, command, main, say

SAID_EVERY = 0.1
"""Off a terminal, progress is said each time this share more is done."""


@main.command(epilog="Example: layoutopt batch sweep.toml --out out/sweep --workers 2")
@click.argument("sweep", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the batch; it goes on in one.")
@click.option("--workers", type=click.IntRange(1), help="Processes here, each with one thread.  [default: one a core]")
@click.option("--scheduler", metavar="ADDRESS", help="A dask cluster in their place, for example tcp://host:8786.")
@click.option("--memory", "memory_limit", default="auto", show_default=True, metavar="SIZE",
              help="What one process may use, for example 2GB.")  # fmt: skip
@click.option("--again", is_flag=True, help="Do failed runs once more; lost ones always are.")
@click.option("--dry-run", is_flag=True, help="Count the runs and estimate their time; write nothing.")
@click.option("--seconds-per-run", type=click.FloatRange(0, min_open=True), metavar="S",
              help="What a run takes, for --dry-run.  [default: as measured in the folder]")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print how it went as JSON on stdout.")
@command
def batch(
    sweep: Path, out: Path, dry_run: bool, seconds_per_run: float | None, as_json: bool, memory_limit: str,
    **how: Any,
) -> None:  # fmt: skip
    """Solve every study of the file SWEEP under every policy, year and scenario it names.

    \b
    Runs that are done already are kept, changed ones done again; Ctrl-C keeps what is done. A run
    without a plan is a row with its reason. Exit code 1: not every run could be brought to an end.
    """
    import layoutopt as lo
    from layoutopt.batch import estimate_batch

    if dry_run:
        found = estimate_batch(sweep, out, seconds_per_run=seconds_per_run, **how)
        click.echo(json.dumps(found.to_dict(), indent=2) if as_json else str(found))
        return
    progress = True if sys.stderr.isatty() else _now_and_then()
    ended = lo.run_batch(sweep, out, memory_limit=memory_limit, progress=progress, **how)
    click.echo(json.dumps(ended.to_dict(), indent=2) if as_json else str(ended))
    if not ended.complete:
        sys.exit(NO_PLAN)


def _now_and_then() -> Callable[[float, str], None]:
    """Progress where nobody watches: a line for every tenth."""
    told = -SAID_EVERY

    def report(share: float, text: str) -> None:
        nonlocal told
        if share >= told + SAID_EVERY:
            told = share
            say(f"{share:4.0%}  {text}")

    return report
