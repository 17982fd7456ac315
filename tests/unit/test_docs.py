"""The pages agree with the code: made pages are current, commands and names in the texts exist."""

from __future__ import annotations

import re
import shlex
import tomllib
from importlib import import_module
from pathlib import Path
from types import ModuleType

import click
import pytest

import layoutopt as lo
from layoutopt import cli
from layoutopt.plan import tables
from layoutopt.policy import Policy

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TEXTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.glob("*.md"))]
MADE_PAGES = ("inputs.md", "rules.md", "policy.md", "commands.md", "errors.md")


@pytest.fixture
def make_pages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(DOCS))
    return import_module("make_pages")


def test_every_made_page_is_tested_here(make_pages: ModuleType) -> None:
    assert set(make_pages.PAGES) == set(MADE_PAGES)


@pytest.mark.parametrize("name", MADE_PAGES)
def test_made_page_is_current(name: str, make_pages: ModuleType) -> None:
    kept = (DOCS / name).read_text("utf-8")
    assert make_pages.page(name) == kept, "run: python docs/make_pages.py"


def test_a_case_that_raises_nothing_is_no_documented_error(make_pages: ModuleType) -> None:
    cases = import_module("error_cases")
    silent = cases.Case("InputError", "nothing happens", "", lambda folder: None)
    with pytest.raises(AssertionError, match="nothing was raised"):
        cases.provoked(silent)


def test_every_public_name_stands_in_the_reference() -> None:
    text = (DOCS / "reference.md").read_text("utf-8")
    documented = re.findall(r"^\.\. auto\w+:: layoutopt\.(\w+)$", text, flags=re.MULTILINE)
    assert sorted(documented) == sorted(lo.__all__)


def test_everything_in_the_reference_exists() -> None:
    text = (DOCS / "reference.md").read_text("utf-8")
    for path in re.findall(r"^\.\. auto\w+:: (\S+)$", text, flags=re.MULTILINE):
        home, _, name = path.rpartition(".")
        assert hasattr(import_module(home), name), path


def test_every_column_of_a_plan_stands_in_plan_files() -> None:
    text = (DOCS / "plan_files.md").read_text("utf-8")
    rows = {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}
    for table, columns in {
        "assignments.csv": tables.ASSIGNMENT_COLUMNS,
        "schools.csv": tables.SCHOOL_COLUMNS,
        "bus_lines.csv": tables.LINE_COLUMNS,
        "bus_stops.csv": tables.STOP_COLUMNS,
    }.items():
        named = {name for span in re.findall(r"`(\w+)`(?:…`\w+`)?", rows[table]) for name in [span]}
        grades = {name for name in columns if re.fullmatch(r"(classes_)?g[2-9]", name)}
        assert set(columns) - grades <= named, table


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_in_the_texts_parse(path: Path) -> None:
    for name, *arguments in _commands(path.read_text("utf-8")):
        command = cli.main.commands.get(name)
        assert command is not None, f"layoutopt {name}"
        if arguments:  # a bare name in a sentence is a mention
            command.make_context(name, arguments).close()


def test_the_readme_shows_every_command() -> None:
    shown = {words[0] for words in _commands((ROOT / "README.md").read_text("utf-8"))}
    assert shown == set(cli.main.commands)


def test_the_check_for_commands_sees_a_wrong_one() -> None:
    command = cli.main.commands["audit"]
    with pytest.raises(click.UsageError):
        command.make_context("audit", ["out/county", "--no-such-option"])
    assert _commands("Run `layoutopt audit out --json` or\n.venv/bin/layoutopt demo --out x\n") == [
        ["audit", "out", "--json"],
        ["demo", "--out", "x"],
    ]


def _commands(text: str) -> list[list[str]]:
    """Return the words after ``layoutopt`` of every command quoted or on a line; not those of patterns (STUDY)."""
    found = re.findall(r"`layoutopt ([a-z][^`\n]*)`", text)
    found += re.findall(r"^(?:.*&& )?(?:\S*[/\\])?layoutopt ([a-z][^\n#`]*)$", text, flags=re.MULTILINE)
    commands = [shlex.split(words.replace("\\", "/")) for words in found]
    return [words for words in commands if not any(word.isalpha() and word.isupper() for word in words)]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_names_in_the_texts_exist(path: Path) -> None:
    for name in set(re.findall(r"\blo\.(\w+)", path.read_text("utf-8"))) - {"name"}:
        assert name in lo.__all__, f"lo.{name}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text("utf-8")):
        assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_policy_files_in_the_texts_can_be_read(path: Path) -> None:
    for block in re.findall(r"```toml\n(.*?)```", path.read_text("utf-8"), flags=re.DOTALL):
        found = tomllib.loads(re.sub(r"^ +", "", block, flags=re.MULTILINE))
        if "preset" in found:
            assert Policy.from_dict(found).name


def test_the_own_rule_of_extend_md_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOCS / "extend.md").read_text("utf-8"), flags=re.DOTALL)
    assert len(blocks) == 3
    exec("\n".join(blocks), {})
    assert "burden" not in (tmp_path / "county.lp").read_text("utf-8")
    assert "open_S1" in (tmp_path / "county.lp").read_text("utf-8")


def test_the_readme_holds_one_test_command_for_ci() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    between = re.findall(r"<!-- test command: begin -->\n(.*?)<!-- test command: end -->", text, re.DOTALL)
    assert len(between) == 1
    lines = [line for line in between[0].splitlines() if line and not line.startswith("```")]
    assert len(lines) == 1
    assert lines[0].endswith("-m pytest")
