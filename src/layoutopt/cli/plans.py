"""Commands that make a plan, audit it and write its documents."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from layoutopt.cli.group import (
    DONE,
    FORMATS,
    LANGUAGES,
    MANY_SCHOOLS,
    NO_PLAN,
    choices,
    command,
    effort_options,
    main,
    policy_of,
    say,
)


@main.command(epilog="Example: layoutopt demo --out out/demo")
@click.option("--out", type=click.Path(path_type=Path), default=Path("out/demo"), show_default=True,
              help="Folder to write.")  # fmt: skip
@click.option("--sample", default="ladakh", show_default=True, help="Bundled sample.")
@choices
@effort_options("quick")
@command
def demo(out: Path, sample: str, policy_file: Path | None, preset: str, **effort: Any) -> None:
    """Run the main job on a bundled real region and say where to look."""
    from layoutopt.samples import sample_path

    _solve(sample_path(sample), out, policy_of(policy_file, preset), effort)


@main.command(epilog="Example: layoutopt solve county/ --preset china_national --out out/county")
@click.argument("study", type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder to write.")
@choices
@effort_options("normal")
@click.option("--json", "as_json", is_flag=True, help="Print the headline figures as JSON on stdout.")
@command
def solve(study: Path, out: Path, policy_file: Path | None, preset: str, as_json: bool, **effort: Any) -> None:
    """Make a plan for the study folder STUDY and write it to a folder."""
    plan = _solve(study, out, policy_of(policy_file, preset), effort)
    if as_json:
        click.echo(json.dumps(plan.figures.to_dict(), indent=2))


@main.command(epilog="Example: layoutopt edit out/county --keep S01 --close S02 --move V003=S07 --out out/county-2")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--keep", multiple=True, metavar="SCHOOL", help="A school that stays; may be given several times.")
@click.option("--close", multiple=True, metavar="SCHOOL", help="A school that closes; several times.")
@click.option("--move", multiple=True, metavar="VILLAGE=SCHOOL", help="Where a village's pupils go; several times.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder to write the new plan to.")
@click.option("--time-limit", "time_limit_s", type=click.FloatRange(1), default=120.0, show_default=True, metavar="S",
              help="Safety stop in seconds.")  # fmt: skip
@command
def edit(
    folder: Path, keep: tuple[str, ...], close: tuple[str, ...], move: tuple[str, ...], out: Path | None,
    time_limit_s: float,
) -> None:  # fmt: skip
    """Take decisions by hand on the plan in FOLDER.

    \b
    Says at once what they break; with --out, the rest is decided again with the
    fewest further changes, and the new plan is written.
    """
    import layoutopt as lo

    draft = lo.edit(lo.Plan.from_folder(folder))
    for school in keep:
        draft = draft.keep(school)
    for school in close:
        draft = draft.close(school)
    for text in move:
        place, equals, school = text.partition("=")
        if not equals:
            raise click.BadParameter(f"'{text}': write VILLAGE=SCHOOL, for example V003=S07.", param_hint="--move")
        draft = draft.move(place, school)
    broken = draft.check()
    for row in broken.itertuples():
        say(f"        {row.rule}: {row.place}: {row.message}")
    say(f"Checked {len(broken)} rules broken before anything else is decided again")
    if out is None:
        sys.exit(DONE if broken.empty else NO_PLAN)
    _edited(draft, out, time_limit_s)


def _edited(draft: Any, out: Path, time_limit_s: float) -> None:
    import layoutopt as lo
    from layoutopt.io.folders import check_target

    check_target(out.absolute(), marker="plan.json")
    plan = draft.reoptimize(time_limit_s=time_limit_s)
    found = lo.compare(draft.plan, plan)
    say(f"Solved  {plan!r}")
    say(f"        {len(found.schools)} schools and {len(found.settlements)} village bands differ from before")
    plan.to_folder(out)
    say(f"Written {out}. Its documents: layoutopt report {out}")


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
