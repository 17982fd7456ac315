"""Commands that plan for several years or several futures: phase and robust."""

from __future__ import annotations

import json
from pathlib import Path

import click

from layoutopt.cli.ahead import read_share, read_years
from layoutopt.cli.group import choices, command, effort_options, main, policy_of, say


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


@main.command(epilog="Example: layoutopt phase county/ --years 2025-2030 --closures 10 --out out/phasing")
@click.argument("study", type=click.Path(path_type=Path))
@choices
@click.option("--years", callback=read_years, required=True, metavar="YEARS", help="The horizon, such as 2025-2030.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the tables and a plan a year.")
@click.option("--closures", type=click.FloatRange(0), metavar="N", help="At most so many schools close in a year.")
@click.option("--moved", type=click.FloatRange(0), metavar="N", help="At most so many pupils change school in a year.")
@click.option("--capital", type=click.FloatRange(0), metavar="CNY", help="At most so much is spent on building a year.")
@click.option("--buses", type=click.FloatRange(0), metavar="N", help="At most so many buses are bought in a year.")
@click.option("--teachers", type=click.FloatRange(0), metavar="N",
              help="At most so many posts of schools that close or shrink in a year.")  # fmt: skip
@click.option("--merge-share", "shares", callback=_shares, multiple=True, metavar="YEAR=SHARE",
              help="Share of the small schools merged by a year; several times.")  # fmt: skip
@click.option("--build-years", type=click.FloatRange(0), metavar="N",
              help="Years from begin to use of an expansion, instead of those in the expansions table.")  # fmt: skip
@click.option("--discount", callback=read_share, metavar="SHARE", help="What a year later is worth less.")
@click.option("--reopen", is_flag=True, help="A school once closed may open again.")
@click.option("--compare", "also", is_flag=True, help="Solve other ways to go about it as well, and set them beside.")
@effort_options("normal")
@click.option("--json", "as_json", is_flag=True, help="Print the phasing as JSON on stdout.")
@command
def phase(
    study: Path, policy_file: Path | None, preset: str, years: tuple[int, ...], out: Path, shares: dict[int, float],
    build_years: float | None, discount: float | None, reopen: bool, also: bool, as_json: bool, effort: str,
    time_limit_s: float, seed: int, **most: float | None,
) -> None:  # fmt: skip
    """Say when each school of STUDY closes, expands or opens over several years, and write a plan for each year.

    \b
    The pupils of later years come from the forecast (layoutopt forecast says how). Between the years a closed school
    stays closed, what is built stays, nobody moves twice, and the yearly limits hold.
    """
    import layoutopt as lo

    limits = lo.PhaseLimits(
        closures_per_year=most["closures"], moved_pupils_per_year=most["moved"], capital_per_year_cny=most["capital"],
        new_buses_per_year=most["buses"], teacher_moves_per_year=most["teachers"],
    )  # fmt: skip
    found = lo.phase(
        lo.read_study(study), policy_of(policy_file, preset), years=years, limits=limits, reopen=reopen,
        merge_shares=shares, build_years=build_years, discount=discount,
        effort=effort, time_limit_s=time_limit_s, seed=seed, progress=True,
    )  # fmt: skip
    found.to_folder(out)
    beside = found.compare(time_limit_s=time_limit_s) if also else None
    if as_json:
        extra = {} if beside is None else {"compare": json.loads(beside.table.to_json(orient="records"))}
        click.echo(json.dumps(found.to_dict() | extra, indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join([str(found), *([str(beside)] if beside else [])]))
    if beside is not None:
        beside.table.to_csv(out / "phasing_compare.csv", index=False)
    say(f"Written {out}: phasing_table.csv shows every school by year; a plan a year in its own folder")


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
    from layoutopt.ahead.scenario_file import read_scenarios

    limit = {name: value for name, value in most.items() if value is not None}
    found = lo.robust(
        lo.read_study(study), policy_of(policy_file, preset), read_scenarios(file), limit=limit, effort=effort,
        time_limit_s=time_limit_s, seed=seed, progress=True,
    )  # fmt: skip
    found.to_folder(out)
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))
    say(f"Written {out}: robust_regret.csv compares it with the layout for today's figures; a plan a future")
