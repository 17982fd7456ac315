"""Commands that look ahead: the pupils of later years."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from layoutopt.cli.group import choices, command, main, policy_of, say

MOST_YEARS = 200
"""A longer span is a slip of the pen."""


def read_years(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Return calendar years, given as ``2025-2030``, ``2025,2028`` or both."""
    found: list[int] = []
    for part in value.split(","):
        first, _, last = (piece.strip() for piece in part.partition("-"))
        last = last or first
        if not (first.isdecimal() and last.isdecimal() and 0 <= int(last) - int(first) < MOST_YEARS):
            text = f"'{part.strip()}' is no year or span of years. Write 2025-2030 or 2025,2028."
            raise click.BadParameter(text, ctx, param)
        found += range(int(first), int(last) + 1)
    return tuple(found)


def read_share(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return a share, given as ``2%`` or ``0.02``, as a number."""
    if value is None:
        return None
    try:
        return float(value.strip()[:-1]) / 100 if value.strip().endswith("%") else float(value)
    except ValueError:
        raise click.BadParameter(f"'{value}' is no share. Write 2% or 0.02.", ctx, param) from None


def forecast_inputs(function: Callable[..., None]) -> Callable[..., None]:
    """Options of every command that makes a forecast: what is known of births, enrolments, totals and rates."""
    decorators = [
        click.option("--births", type=click.Path(path_type=Path), metavar="FILE",
                     help="Table: year, births, and town."),
        click.option("--enrolment", type=click.Path(path_type=Path), metavar="FILE",
                     help="Table of earlier years by grade: year, g1…g9, and school_id or town."),
        click.option("--totals", type=click.Path(path_type=Path), metavar="FILE",
                     help="Table of totals to meet: year, pupils, and town (empty: the county)."),
        click.option("--migration", callback=read_share, metavar="SHARE",
                     help="Net share that moves in a year; below 0: away.  [default: by history]"),
        click.option("--retention", callback=read_share, metavar="SHARE",
                     help="Share going on to the next grade.  [default: by history]"),
    ]  # fmt: skip
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


@main.command(epilog="Example: layoutopt forecast county/ --years 2025-2030 --out out/forecast")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--years", callback=read_years, required=True, metavar="YEARS", help="2025-2030, or 2025,2028.")
@forecast_inputs
@click.option("--by", type=click.Choice(("town", "settlement", "county")), default="town", show_default=True,
              help="What has rates of its own.")  # fmt: skip
@click.option("--band", callback=read_share, metavar="SHARE", default="80%", show_default=True,
              help="Share of cases the bands hold.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Folder for the tables and the picture.")
@click.option("--studies", is_flag=True, help="Write the study of each year into the folder too.")
@choices
@click.option("--json", "as_json", is_flag=True, help="Print sentences and tables as JSON on stdout.")
@command
def forecast(
    study: Path, years: tuple[int, ...], out: Path | None, studies: bool, policy_file: Path | None, preset: str,
    as_json: bool, **how: Any,
) -> None:  # fmt: skip
    """Forecast the pupils of the study folder STUDY by settlement and grade, with bands.

    \b
    Grades move up a year, first grades come from births, small children or the trend; rates come from the layer
    history. forecast.csv in the folder can be put into a study as its layer forecast.
    """
    import layoutopt as lo
    from layoutopt.ahead.forecast_result import MARKER
    from layoutopt.errors import AskError
    from layoutopt.io.folders import check_target

    if studies and out is None:
        raise AskError("--studies needs --out, the folder to write them into.")
    if out is not None:
        check_target(out.absolute(), marker=MARKER)
    found = lo.forecast(lo.read_study(study), years, policy=policy_of(policy_file, preset), **how)
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))
    if out is not None:
        say(f"Written {found.to_folder(out, studies=studies)}: forecast.csv, towns, county, rates and forecast.svg")
