"""The group of all commands, and what they share: messages, exit codes, options."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import click

from layoutopt import __version__

DONE, NO_PLAN, BAD_INPUT = 0, 1, 2
EFFORTS = ("quick", "normal", "proof")
LANGUAGES = ("en", "zh")
FORMATS = ("html", "docx", "xlsx", "dossiers", "notices", "gpkg", "qgis", "geojson")
MANY_SCHOOLS = 100
"""From so many schools on documents are written by two processes; below that starting them costs more than it saves."""
SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


def say(message: str) -> None:
    """Write a message for people, on stderr."""
    click.echo(message, err=True)


@contextmanager
def _worded() -> Iterator[None]:
    """Turn our exceptions into messages and exit codes; a full disk and Ctrl-C too."""
    from layoutopt.errors import AskError, InputError, LayoutError, PolicyError

    try:
        yield
    except (AskError, InputError, PolicyError) as error:
        say(f"{type(error).__name__}: {error}")
        sys.exit(BAD_INPUT)
    except LayoutError as error:
        say(f"{type(error).__name__}: {error}")
        sys.exit(NO_PLAN)
    except KeyboardInterrupt:
        say("Stopped before any plan was complete; nothing was written.")
        sys.exit(NO_PLAN)
    except OSError as error:
        say(f"The files cannot be written or read: {error}. Check the disk and the path; nothing was left half done.")
        sys.exit(NO_PLAN)


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Make a function's errors readable."""

    @wraps(function)
    def run(**values: Any) -> None:
        with _worded():
            function(**values)

    return run


@click.group(context_settings=SETTINGS, epilog="Start with: layoutopt demo --out out/demo")
@click.version_option(__version__, prog_name="layoutopt")
@click.option("-v", "--verbose", is_flag=True, help="Log what happens inside.")
def main(verbose: bool) -> None:
    """Decide which village schools stay or close, and how every pupil travels.

    \b
    Exit codes: 0 done · 1 no valid plan, or an audit failed · 2 input or policy cannot be used
    """
    if verbose:
        logging.basicConfig(level=logging.DEBUG, format="%(name)s: %(message)s", stream=sys.stderr)


def choices(function: Callable[..., None]) -> Callable[..., None]:
    """Options that every command with a policy shares."""
    decorators = [
        click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="Policy file (TOML)."),
        click.option("--preset", default="jiangxi_2023", show_default=True, help="Bundled policy, without a file."),
    ]
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def policy_of(policy_file: Path | None, preset: str) -> Any:
    from layoutopt.policy import Policy

    return Policy.preset(preset) if policy_file is None else Policy.from_toml(policy_file)


def effort_options(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Options of every command that solves."""
    decorators = [
        click.option("--effort", type=click.Choice(EFFORTS), default=default, show_default=True,
                     help="How hard to look."),
        click.option("--time-limit", "time_limit_s", type=click.FloatRange(1), default=300.0, show_default=True,
                     metavar="S", help="Safety stop in seconds; the best plan so far is kept."),
        click.option("--seed", type=int, default=0, show_default=True, help="Same input and seed, same plan."),
    ]  # fmt: skip

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate
