"""Commands that plan for several years or several futures: phase and robust."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from layoutopt.cli.ahead import forecast_inputs, read_share, read_years
from layoutopt.cli.group import choices, command, effort_options, main, policy_of, say

if TYPE_CHECKING:
    from layoutopt.model.copies_between import Each


REGRETS = 0.25
"""Of the time limit of robust so much is kept for the table of regrets."""


def _shares(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[int, float]:
    """Return shares by year, each given as ``2025=60%`` or ``2025=0.6``."""
    found = {}
    for text in values:
        year, _, share = text.partition("=")
        number = read_share(ctx, param, share or None)
        if not year.strip().isdecimal() or number is None:
            raise click.BadParameter(f"'{text}' is no share of a year. Write 2025=60% or 2025=0.6.", ctx, param)
        found[int(year)] = number
    return found


def _limit(ctx: click.Context, param: click.Parameter, value: str | None) -> float | dict[int, float] | None:
    """Return a limit of every year, given as ``5``, or of single years, as ``2025=5,2026=10``."""
    if value is None:
        return None
    parts = [[piece.strip() for piece in part.split("=")] for part in value.split(",")]
    try:
        return float(value) if "=" not in value else {int(year): float(most) for year, most in parts}
    except ValueError:
        text = f"'{value}' is no limit. Write 5 for every year, or 2025=5,2026=10."
        raise click.BadParameter(text, ctx, param) from None


@main.command(epilog="Example: layoutopt phase county/ --years 2025-2030 --closures 10 --out out/phasing")
@click.argument("study", type=click.Path(path_type=Path))
@choices
@click.option("--years", callback=read_years, required=True, metavar="YEARS", help="The horizon, such as 2025-2030.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the tables and a plan a year.")
@click.option("--closures", callback=_limit, metavar="N", help="At most so many schools close in a year.")
@click.option("--moved", callback=_limit, metavar="N", help="At most so many pupils change school in a year.")
@click.option("--capital", callback=_limit, metavar="CNY", help="At most so much is spent on building a year.")
@click.option("--buses", callback=_limit, metavar="N", help="At most so many buses are bought in a year.")
@click.option("--teachers", callback=_limit, metavar="N",
              help="At most so many posts of schools that close or shrink in a year.")  # fmt: skip
@click.option("--merge-share", "shares", callback=_shares, multiple=True, metavar="YEAR=SHARE",
              help="Share of the small schools merged by a year; several times.")  # fmt: skip
@click.option("--build-years", type=click.FloatRange(0), metavar="N",
              help="Years from begin to use of an expansion, instead of those in the expansions table.")  # fmt: skip
@click.option("--discount", callback=read_share, metavar="SHARE", help="What a year later is worth less.")
@click.option("--reopen", is_flag=True, help="A school once closed may open again.")
@forecast_inputs
@click.option("--compare", "also", is_flag=True, help="Solve other ways to go about it as well, and set them beside.")
@effort_options("normal")
@click.option("--json", "as_json", is_flag=True, help="Print the phasing as JSON on stdout.")
@command
def phase(
    study: Path, policy_file: Path | None, preset: str, years: tuple[int, ...], out: Path, shares: dict[int, float],
    build_years: float | None, discount: float | None, reopen: bool, also: bool, as_json: bool, effort: str,
    time_limit_s: float, seed: int, closures: Each, moved: Each, capital: Each, buses: Each, teachers: Each, **how: Any,
) -> None:  # fmt: skip
    """Say when each school of STUDY closes, expands or opens over several years, and write a plan for each year.

    \b
    The pupils of later years come from the forecast (layoutopt forecast says how). Between the years a closed school
    stays closed, what is built stays, nobody moves twice, and the yearly limits hold. A limit is a number for every
    year, or 2025=5,2026=10 for single years.
    """
    import layoutopt as lo
    from layoutopt.ahead.phase_result import MARKER
    from layoutopt.io.folders import check_target

    check_target(out.absolute(), marker=MARKER)
    limits = lo.PhaseLimits(
        closures_per_year=closures, moved_pupils_per_year=moved, capital_per_year_cny=capital,
        new_buses_per_year=buses, teacher_moves_per_year=teachers,
    )  # fmt: skip
    county, policy = lo.read_study(study), policy_of(policy_file, preset)
    given = {name: value for name, value in how.items() if value is not None}
    ahead = [year for year in years if year != county.year]
    found = lo.phase(
        county, policy, years=years, limits=limits, reopen=reopen, merge_shares=shares, build_years=build_years,
        discount=discount, forecast=lo.forecast(county, ahead, policy=policy, **given) if given else None,
        effort=effort, time_limit_s=time_limit_s, seed=seed, progress=True,
    )  # fmt: skip
    found.to_folder(out)
    say(f"Written {out}: phasing_table.csv shows every school by year; a plan a year in its own folder")
    beside = None
    try:
        beside = found.compare(time_limit_s=time_limit_s) if also else None
    except KeyboardInterrupt:
        say("Stopped comparing; the phasing is written.")
    if as_json:
        extra = {} if beside is None else {"compare": json.loads(beside.table.to_json(orient="records"))}
        click.echo(json.dumps(found.to_dict() | extra, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join([str(found), *([str(beside)] if beside else [])]))
    if beside is not None:
        beside.table.to_csv(out / "phasing_compare.csv", index=False)


@main.command(epilog="Example: layoutopt robust county/ --scenarios futures.toml --out out/robust")
@click.argument("study", type=click.Path(path_type=Path))
@choices
@click.option("--scenarios", "file", type=click.Path(path_type=Path), required=True, metavar="FILE",
              help="Futures, a table each: [scenarios.wet] with weight, births, pupils, travel.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for tables and a plan a future.")
@click.option("--worst-cost", "annual_cost", type=click.FloatRange(0, min_open=True), metavar="CNY",
              help="The most a year may cost in the worst future.")  # fmt: skip
@click.option("--worst-way", "worst_journey", type=click.FloatRange(0, min_open=True), metavar="MIN",
              help="The longest daily way in any future.")  # fmt: skip
@effort_options("normal")
@click.option("--json", "as_json", is_flag=True, help="Print the layout as JSON on stdout.")
@command
def robust(
    study: Path, policy_file: Path | None, preset: str, file: Path, out: Path, as_json: bool, effort: str,
    time_limit_s: float, seed: int, **most: float | None,
) -> None:  # fmt: skip
    """Decide one layout of STUDY that serves every future named in FILE, with buses of its own in each.

    \b
    FILE is TOML:   [scenarios.wet]        [scenarios.few]
                    weight = 0.3           weight = 0.2
                    travel = 1.2           births = -0.2
    """
    import layoutopt as lo
    from layoutopt.ahead.robust_result import MARKER
    from layoutopt.ahead.scenario_file import read_scenarios
    from layoutopt.io.folders import check_target

    check_target(out.absolute(), marker=MARKER)
    limit = {name: value for name, value in most.items() if value is not None}
    found = lo.robust(
        lo.read_study(study), policy_of(policy_file, preset), read_scenarios(file), limit=limit, effort=effort,
        time_limit_s=(1.0 - REGRETS) * time_limit_s, seed=seed, progress=True,
    )  # fmt: skip
    found, regret = replace(found, later_s=REGRETS * time_limit_s), True
    found.to_folder(out, regret=False)
    say(f"Written {out}: a plan a future")
    try:
        found.to_folder(out)
        say(f"Written {out}: robust_regret.csv compares it with the layout for today's figures")
    except KeyboardInterrupt:
        regret = False
        say("Stopped before the regrets were known; what is written stays.")
    click.echo(json.dumps(found.to_dict(regret=regret), indent=2, ensure_ascii=False) if as_json else str(found))
