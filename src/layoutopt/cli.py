"""The command line: arguments in, public functions called, messages on stderr. Heavy parts load when used."""

from __future__ import annotations

import json
import logging
import os
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
    from layoutopt.errors import InputError, LayoutError, PolicyError

    try:
        yield
    except (InputError, PolicyError) as error:
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


def _choices(function: Callable[..., None]) -> Callable[..., None]:
    """Options that every command with a policy shares."""
    decorators = [
        click.option("--policy", "policy_file", type=click.Path(path_type=Path), help="Policy file (TOML)."),
        click.option("--preset", default="jiangxi_2023", show_default=True, help="Bundled policy, without a file."),
    ]
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def _policy(policy_file: Path | None, preset: str) -> Any:
    from layoutopt.policy import Policy

    return Policy.preset(preset) if policy_file is None else Policy.from_toml(policy_file)


def _effort(default: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
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


@main.command(epilog="Example: layoutopt demo --out out/demo")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True,
              help="Folder to write.")  # fmt: skip
@click.option("--sample", default="ladakh", show_default=True, help="Bundled sample.")
@_choices
@_effort("quick")
@command
def demo(out: Path, sample: str, policy_file: Path | None, preset: str, **effort: Any) -> None:
    """Run the main job on a bundled real region and say where to look."""
    from layoutopt.samples import sample_path

    _solve(sample_path(sample), out, _policy(policy_file, preset), effort)


@main.command(epilog="Example: layoutopt solve county/ --preset china_national --out out/county")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@_choices
@_effort("normal")
@click.option("--json", "as_json", is_flag=True, help="Print the headline figures as JSON on stdout.")
@command
def solve(study: Path, out: Path, policy_file: Path | None, preset: str, as_json: bool, **effort: Any) -> None:
    """Make a plan for the study folder STUDY and write it to a folder."""
    plan = _solve(study, out, _policy(policy_file, preset), effort)
    if as_json:
        click.echo(json.dumps(plan.figures.to_dict(), indent=2))


def _solve(folder: Path, out: Path, policy: Any, effort: dict[str, Any]) -> Any:
    import layoutopt as lo
    from layoutopt.io.folders import check_target

    check_target(out.absolute(), marker="plan.json")
    study = lo.read_study(folder)
    say(f"Read    {study!r}")
    for note in study.notes:
        say(f"        repaired: {note}")
    plan = lo.optimize(study, policy, progress=True, **effort)
    say(f"Solved  {plan!r}")
    for warning in plan.warnings:
        say(f"        {warning}")
    say("Audited every rule was worked out again from the tables: no violation")
    plan.to_folder(out)
    report = lo.write_report(plan, out, formats=["html"])["html"]
    for line in lo.words(plan):
        say(f"        {line}")
    say(f"Written {out}: look at {report} in a browser, at {out / 'plan.gpkg'} in QGIS, at {out / 'tables'}")
    return plan


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
@_choices
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

    policy = _policy(policy_file, preset)
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


@main.command(epilog="Example: layoutopt audit out/county")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the violations as JSON on stdout.")
@command
def audit(folder: Path, as_json: bool) -> None:
    """Check the plan in FOLDER against every rule, from its tables alone (hand-edited ones too)."""
    import layoutopt as lo

    violations = lo.audit(lo.Plan.from_folder(folder))
    if as_json:
        click.echo(violations.to_json(orient="records", indent=2, force_ascii=False))
    elif violations.empty:
        click.echo("No rule is broken.")
    else:
        for row in violations.itertuples():
            click.echo(f"{row.rule}: {row.place}: {row.message}")
        click.echo(f"{len(violations)} violations.")
    sys.exit(DONE if violations.empty else NO_PLAN)


@main.command(epilog="Example: layoutopt compare out/plan_a out/plan_b")
@click.argument("a", type=click.Path(path_type=Path))
@click.argument("b", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the differences as JSON on stdout.")
@command
def compare(a: Path, b: Path, as_json: bool) -> None:
    """Show what differs between the plans in folders A and B."""
    import layoutopt as lo

    found = lo.compare(lo.Plan.from_folder(a), lo.Plan.from_folder(b))
    if as_json:
        tables = {name: getattr(found, name) for name in ("schools", "settlements", "lines")}
        plain = {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
        click.echo(json.dumps({"figures": json.loads(found.figures.to_json(orient="index")), **plain}, indent=2))
    else:
        click.echo(repr(found))
        if len(found.schools):
            click.echo(found.schools.to_string(index=False))


@main.command(epilog="Example: layoutopt explain out/county S017")
@click.argument("folder", type=click.Path(path_type=Path))
@click.argument("school")
@command
def explain(folder: Path, school: str) -> None:
    """Say why SCHOOL closes or stays in the plan in FOLDER, and what the opposite would cost."""
    import layoutopt as lo

    click.echo(str(lo.explain(lo.Plan.from_folder(folder), school)))


@main.command(epilog="Example: layoutopt report out/county --lang zh --format docx --format xlsx")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of all files.")
@click.option("--format", "formats", type=click.Choice(FORMATS), multiple=True,
              help="What to write; may be given several times.  [default: all but geojson]")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Another folder for the files.  [default: FOLDER]")
@command
def report(folder: Path, lang: str, formats: tuple[str, ...], out: Path | None) -> None:
    """Write the documents of the plan in FOLDER, each stamped if its audit fails.

    \b
    html      report.html, one page with the map      dossiers  a sheet for every school
    docx      report.docx, master plan and sub-plans  notices   public notice, timetables, lists
    xlsx      workbook.xlsx, every table              gpkg      plan.gpkg, layers with their styles
    qgis      plan.qgz, a project on plan.gpkg        geojson   every layer, one file each
    """
    import layoutopt as lo

    plan = lo.Plan.from_folder(folder)
    violations = lo.audit(plan)
    workers = 2 if len(plan.schools) >= MANY_SCHOOLS and (os.cpu_count() or 1) > 1 else 1
    written = lo.write_report(
        plan, out or folder, violations=violations, lang=lang, formats=formats or None, workers=workers
    )
    for path in written.values():
        say(f"Written {path}")
    if not violations.empty:
        say(f"The plan breaks {len(violations)} rules; every file is stamped. See: layoutopt audit {folder}")
        sys.exit(NO_PLAN)


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

    found = _policy(Path(preset) if preset.endswith(".toml") else None, preset)
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


if __name__ == "__main__":
    main()
