"""Commands about what goes in: studies, templates, samples, policies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from layoutopt.cli.group import (
    BAD_INPUT,
    DONE,
    choices,
    command,
    main,
    policy_of,
    say,
)


@main.command(epilog="Example: layoutopt init county/")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Write over a study.toml that is there.")
@command
def init(folder: Path, force: bool) -> None:
    """Look at the files in FOLDER, guess what they hold, and write a commented study.toml.

    \b
    Files may have any names and columns may be Chinese or English. Each guess stands in study.toml with its
    reason; what could not be guessed stands there as a question. Nothing but study.toml is written.
    """
    from layoutopt.study.init import guess_study, write_config

    found = guess_study(folder)
    path = write_config(found, force=force)
    click.echo("\n".join(found.lines()))
    say(f"Written {path}. Answer its questions, then: layoutopt check {folder}")


@main.command(epilog="Example: layoutopt check county/ --html out/county-check.html")
@click.argument("study", type=click.Path(path_type=Path))
@choices
@click.option("--html", "html_file", type=click.Path(path_type=Path), metavar="FILE",
              help="Where the page with the map goes.  [default: STUDY/check.html]")  # fmt: skip
@click.option("--no-html", is_flag=True, help="Write no page.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON on stdout.")
@command
def check(
    study: Path, policy_file: Path | None, preset: str, html_file: Path | None, no_html: bool, as_json: bool
) -> None:
    """Read the study folder STUDY, say what is in it and what is wrong, and write check.html.

    \b
    The page shows every finding in a table and on a map; it opens without a network.
    Errors give exit code 2; warnings and repairs do not.
    """
    from layoutopt.errors import InputError
    from layoutopt.plan.check import StudyCheck, check_study
    from layoutopt.study import read_study

    policy = policy_of(policy_file, preset)
    facts = None
    try:
        facts = read_study(study)
        found = check_study(facts, policy)
    except InputError as error:
        found = StudyCheck.failed(error)
    if as_json:
        click.echo(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(found.lines()))
    if not no_html and (study.is_dir() or html_file is not None):
        _write_check(found, html_file or study / "check.html", study=facts, name=study.resolve().name)
    sys.exit(BAD_INPUT if found.errors else DONE)


def _write_check(found: Any, path: Path, *, study: Any, name: str) -> None:
    """Write the page of a check; a place that cannot be written is told and no reason to fail."""
    from layoutopt.report.check_page import write_check

    try:
        write_check(found, path, study=study, name=name)
    except OSError as error:
        say(f"{path} cannot be written ({error.strerror or error}). Say where with --html FILE, or give --no-html.")
    else:
        say(f"Written {path}: open it in a browser{'; a map shows every place' if study is not None else ''}")


@main.group("policy", epilog="Example: layoutopt policy show jiangxi_2023")
def policy_() -> None:
    """Show what the bundled policies say, and where every value comes from."""


@policy_.command("list", epilog="Example: layoutopt policy list")
@click.option("--json", "as_json", is_flag=True, help="Print the presets as JSON on stdout.")
@command
def policy_list(as_json: bool) -> None:
    """List the bundled presets."""
    from layoutopt.policy import Policy, presets
    from layoutopt.policy.show import policy_json, preset_lines

    found = [Policy.preset(name) for name in presets()]
    if as_json:
        click.echo(json.dumps([policy_json(policy) for policy in found], indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(preset_lines(found)))


@policy_.command(
    "show", epilog="Example: layoutopt policy show hebei; or your own file: layoutopt policy show county.toml"
)
@click.argument("preset")
@click.option("--json", "as_json", is_flag=True, help="Print every key as JSON on stdout.")
@command
def policy_show(preset: str, as_json: bool) -> None:
    """Show every key of PRESET, a bundled policy or a policy file: value, unit, source and confidence.

    \b
    The preset's own keys come first. Values that are recalled or our own are marked:
    check them before they count as law.
    """
    from layoutopt.policy.show import policy_json, policy_lines

    found = policy_of(Path(preset) if preset.endswith(".toml") else None, preset)
    if as_json:
        click.echo(json.dumps(policy_json(found), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(policy_lines(found)))


@main.command(epilog="Example: layoutopt template county/")
@click.argument("folder", type=click.Path(path_type=Path))
@command
def template(folder: Path) -> None:
    """Write blank input tables with the notes of every column to FOLDER."""
    from layoutopt.io.template import write_template

    write_template(folder)
    say(f"Written {folder}: fill settlements.csv and schools.csv; columns.md explains every column")


@main.command(epilog="Example: layoutopt generate --settlements 250 --schools 53 --out county/")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@click.option("--settlements", type=click.IntRange(3), default=250, show_default=True)
@click.option("--schools", type=click.IntRange(2), default=53, show_default=True)
@click.option("--pupils", type=click.IntRange(20), default=11_172, show_default=True)
@click.option("--towns", type=click.IntRange(1), default=17, show_default=True)
@click.option("--area-km2", type=click.FloatRange(1), default=2_831.0, show_default=True)
@click.option("--teachers", type=click.IntRange(1), default=1_194, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@command
def generate(out: Path, **size: Any) -> None:
    """Write a generated mountain county as a study folder."""
    from layoutopt.samples import generate_county, write_county

    write_county(generate_county(**size), out)
    say(f"Written {out}. Next: layoutopt solve {out} --out {out}-plan")
