"""Commands that question a plan."""

from __future__ import annotations

import json
from pathlib import Path

import click

from layoutopt.cli.group import (
    EFFORTS,
    command,
    main,
    say,
)


@main.command(epilog="Example: layoutopt compare out/plan_a out/plan_b --map differences.html")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.argument("more", type=click.Path(path_type=Path), nargs=-1)
@click.option("--map", "map_file", type=click.Path(path_type=Path), help="Write a map of the differences (HTML).")
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON on stdout.")
@command
def compare(a: Path, b: Path, more: tuple[Path, ...], map_file: Path | None, as_json: bool) -> None:
    """Show what differs between the plans in folders A and B, and MORE of them side by side."""
    import layoutopt as lo

    folders = (a, b, *more)
    short = [folder.resolve().name for folder in folders]
    names = [f"{name} ({at})" if short.count(name) > 1 else name for at, name in enumerate(short, start=1)]
    found = lo.compare(*(lo.Plan.from_folder(folder) for folder in folders), names=names)
    if as_json:
        tables = {name: getattr(found, name) for name in ("schools", "settlements", "lines", "routes")}
        plain = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
        click.echo(json.dumps({"figures": json.loads(found.figures.to_json(orient="index")), **plain}, indent=2))
    else:
        click.echo(repr(found))
        if len(found.schools):
            click.echo(found.schools.to_string(index=False))
    if map_file is not None:
        say(f"Written {found.map().save(map_file)}: look at it in a browser")


@main.command(epilog="Example: layoutopt explain out/county S017")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("place")
@click.option("--effort", type=click.Choice(EFFORTS), help="How hard to look for the other plans.  [default: quick]")
@click.option("--time-limit", "time_limit_s", type=click.FloatRange(1), default=120.0, show_default=True, metavar="S",
              help="Safety stop of each solve in seconds.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print sentences and tables as JSON on stdout.")
@command
def explain(folder: Path, place: str, effort: str | None, time_limit_s: float, as_json: bool) -> None:
    """Say why the plan in FOLDER decides as it does about PLACE, and what otherwise would cost.

    \b
    PLACE is a school, a settlement or a bus line, by its id. The plan is solved again with what it does there
    forbidden.
    """
    import layoutopt as lo

    found = lo.explain(lo.Plan.from_folder(folder), place, effort=effort, time_limit_s=time_limit_s)
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))


@main.command(epilog="Example: layoutopt equity out/county --by band,group --out equity.xlsx")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("other", type=click.Path(path_type=Path), required=False)
@click.option("--by", default="band,group,town", show_default=True, help="What the table tells apart, with commas.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the table (.csv) or every table (.xlsx).")
@click.option("--json", "as_json", is_flag=True, help="Print sentences and tables as JSON on stdout.")
@command
def equity(folder: Path, other: Path | None, by: str, out: Path | None, as_json: bool) -> None:
    """Say who loses by the plan in FOLDER, and by how much, against today and beside the plan in OTHER."""
    import layoutopt as lo

    plans = [lo.Plan.from_folder(path) for path in (folder, other) if path is not None]
    found = lo.equity(*plans, by=[name.strip() for name in by.split(",") if name.strip()])
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))
    if out is not None:
        say(f"Written {found.to_file(out)}")
