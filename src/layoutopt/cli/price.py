"""The command that prices a change to what a plan was asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from layoutopt.cli.group import EFFORTS, command, main, say

WORDS = {"true": True, "false": False, "none": None}


@main.command(epilog="Example: layoutopt price out/county --set max_ride_min=30,35,40,45 --plot rides.png")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--keep", multiple=True, metavar="SCHOOL", help="A school that must stay.")
@click.option("--close", multiple=True, metavar="SCHOOL", help="A school that must close.")
@click.option("--move", multiple=True, metavar="PLACE=SCHOOL", help="Where the pupils of a settlement go.")
@click.option("--places", multiple=True, metavar="SCHOOL=N", help="Seats more (or fewer) at a school.")
@click.option("--beds", multiple=True, metavar="SCHOOL=N", help="Beds more (or fewer) at a school.")
@click.option("--buses", metavar="N", help="Vehicles more, or fewer, than the plan uses.")
@click.option("--schools-open", metavar="N", help="At least so many schools more than now; below 0, at most.")
@click.option("--set", "keys", multiple=True, metavar="KEY=VALUE", help="A policy key with its new value.")
@click.option("--effort", type=click.Choice(EFFORTS), help="How hard to look.  [default: quick]")
@click.option("--time-limit", "time_limit_s", type=click.FloatRange(1), default=120.0, show_default=True, metavar="S",
              help="Safety stop of each solve in seconds.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the price, or the curve, as JSON on stdout.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path), metavar="FILE", help="Write a curve's table.")
@click.option("--plot", "plot_file", type=click.Path(path_type=Path), metavar="FILE", help="Write a curve's picture.")
@command
def price(
    folder: Path, effort: str | None, time_limit_s: float, as_json: bool, csv_file: Path | None,
    plot_file: Path | None, **given: Any,
) -> None:  # fmt: skip
    """Say what one change to the question costs the plan in FOLDER: in money, minutes, schools and lines.

    \b
    Where one number is given as several with commas, each is priced and a table comes out, which --csv and
    --plot write to files. Exit code 1: no plan keeps every rule after the change.
    """
    import layoutopt as lo
    from layoutopt.errors import AskError
    from layoutopt.explaining.curve import PriceCurve

    plan = lo.Plan.from_folder(folder)
    found = lo.price_of(plan, effort=effort, time_limit_s=time_limit_s, **_asked(plan, given))
    click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False) if as_json else str(found))
    if isinstance(found, PriceCurve):
        if csv_file is not None:
            found.table.to_csv(csv_file, index=False)
            say(f"Written {csv_file}")
        if plot_file is not None:
            found.plot().figure.savefig(plot_file, dpi=150)
            say(f"Written {plot_file}")
    elif csv_file is not None or plot_file is not None:
        raise AskError("--csv and --plot are for a range. Give several values with commas.")
    elif not found.possible:
        raise click.exceptions.Exit(1)


def _asked(plan: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The words of the command line as the words of price_of."""
    asked: dict[str, Any] = {name: given[name] for name in ("keep", "close") if given[name]}
    if given["move"]:
        asked["move"] = dict(_pair("--move", text) for text in given["move"])
    for name in ("places", "beds"):
        if given[name]:
            asked[name] = {place: _numbers(f"--{name}", text) for place, text in (_pair(name, t) for t in given[name])}
    for name in ("buses", "schools_open"):
        if given[name] is not None:
            asked[name] = _numbers(f"--{name.replace('_', '-')}", given[name], whole=True)
    return asked | {key: _value(plan, key, text) for key, text in (_pair("--set", text) for text in given["keys"])}


def _pair(option: str, text: str) -> tuple[str, str]:
    from layoutopt.errors import AskError

    name, sign, value = text.partition("=")
    if not (name.strip() and sign and value.strip()):
        raise AskError(f"{option} {text}: write it as NAME=VALUE.")
    return name.strip(), value.strip()


def _numbers(option: str, text: str, *, whole: bool = False) -> Any:
    """One number, or a list of them where there are commas."""
    from layoutopt.errors import AskError

    try:
        found = [int(part) if whole else float(part) for part in text.split(",")]
    except ValueError:
        raise AskError(f"{option} {text}: give {'whole ' if whole else ''}numbers.") from None
    return found if len(found) > 1 else found[0]


def _value(plan: Any, key: str, text: str) -> Any:
    """A policy value as its key holds it: several words for a list, else one value or a range of them."""
    from layoutopt.explaining.asked import value_now

    parts = [_word(part.strip()) for part in text.split(",")]
    if isinstance(value_now(plan, key), tuple):
        return tuple(parts)
    return parts if len(parts) > 1 else parts[0]


def _word(text: str) -> Any:
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return int(text) if text.lstrip("+-").isdigit() else float(text)
    except ValueError:
        return text
