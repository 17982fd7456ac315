"""Commands that give several plans: near-best ones that differ, and those that weigh goals against each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from layoutopt.cli.group import EFFORTS, choices, command, effort_options, main, policy_of, say


def _share(ctx: click.Context, param: click.Parameter, value: str) -> float:
    """Return a share, given as ``2%`` or ``0.02``, as a number."""
    text = value.strip()
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise click.BadParameter(f"'{value}' is no share. Write 2% or 0.02.", ctx, param) from None


@main.command(epilog="Example: layoutopt alternatives out/county --k 5 --within 2% --out out/county-others")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--k", type=click.IntRange(1), default=3, show_default=True, help="How many other plans.")
@click.option("--within", callback=_share, default="2%", show_default=True, metavar="SHARE",
              help="How much more each may cost a year.")  # fmt: skip
@click.option("--differ", type=click.IntRange(1), default=1, show_default=True,
              help="Schools decided otherwise at least, between any two.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the plans and the tables.")
@click.option("--effort", type=click.Choice(EFFORTS), default="quick", show_default=True, help="How hard to look.")
@click.option("--time-limit", "time_limit_s", type=click.FloatRange(1), default=120.0, show_default=True, metavar="S",
              help="Safety stop of each solve in seconds.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print sentences and tables as JSON on stdout.")
@command
def alternatives(folder: Path, out: Path | None, as_json: bool, **how: Any) -> None:
    """Find plans that cost nearly as little as the plan in FOLDER and differ from it as much as possible.

    \b
    Plans differ in the schools that close. Says what each does better and worse, and in how many of them each
    school closes.
    """
    import layoutopt as lo

    found = lo.alternatives(lo.Plan.from_folder(folder), **how)
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))
    if out is not None:
        say(f"Written {found.to_folder(out)}: a folder for each plan, alternatives.csv and closures.csv")


@main.command(
    epilog="Example: layoutopt frontier county/ --goals annual_cost,worst_journey --points 9 --out out/frontier"
)
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--goals", default="annual_cost,worst_journey", show_default=True, help="Two or three, with commas.")
@click.option("--points", type=click.IntRange(2), default=9, show_default=True, help="How many plans to seek.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the plans and the table.")
@choices
@effort_options("normal")
@click.option("--json", "as_json", is_flag=True, help="Print sentences and the table as JSON on stdout.")
@command
def frontier(
    study: Path, goals: str, out: Path, policy_file: Path | None, preset: str, as_json: bool, **how: Any
) -> None:
    """Find the plans for the study folder STUDY that weigh goals against each other, none better in everything.

    \b
    Goals: annual_cost and one or two of worst_journey, schools_kept, merge_small, travel, inequality,
    moved_pupils, group_gap, quality.
    """
    import layoutopt as lo

    names = [name.strip() for name in goals.split(",") if name.strip()]
    found = lo.frontier(lo.read_study(study), policy_of(policy_file, preset), goals=names, progress=True, **how)
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))
    say(f"Written {found.to_folder(out)}: a folder for each plan, frontier.csv and frontier.svg")
