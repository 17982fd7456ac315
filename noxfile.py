"""All checks by one command: ``nox``, or one of them, such as ``nox -s lint``."""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.sessions = ["lint", "types", "imports", "tests", "docs", "notebooks"]
nox.options.reuse_existing_virtualenvs = True
nox.needs_version = ">=2024.10"

CONSTRAINTS = "requirements/constraints.txt"
LOCK_HEAD = 3
"""Comment lines at the head of the constraints that every new lock keeps."""


def _install(session: nox.Session, extra: str) -> None:
    """Install the package from this folder; with ``--no-venv`` the caller has done it already."""
    if not isinstance(session.virtualenv, nox.virtualenv.PassthroughEnv):
        session.install("-c", CONSTRAINTS, "-e", f".[{extra}]")


@nox.session
def lint(session: nox.Session) -> None:
    """Style and format."""
    _install(session, "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Strict types."""
    _install(session, "dev")
    session.run("mypy")


@nox.session
def imports(session: nox.Session) -> None:
    """Imports point down the list of layers."""
    _install(session, "dev")
    session.run("lint-imports")


@nox.session
def tests(session: nox.Session) -> None:
    """The test suite; arguments after ``--`` go to pytest."""
    _install(session, "test")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def docs(session: nox.Session) -> None:
    """The pages, with the notebooks executed; any warning fails."""
    _install(session, "dev")
    session.run("python", "-m", "sphinx", "-W", "--keep-going", "-b", "html", "docs", "docs/_build/html")


@nox.session
def notebooks(session: nox.Session) -> None:
    """Every notebook from its first cell to its last."""
    _install(session, "dev")
    session.run("python", "-m", "pytest", "tests/workflow/test_notebooks.py")


@nox.session(default=False)
def pages(session: nox.Session) -> None:
    """Write the pages that follow from the code again."""
    _install(session, "test")
    session.run("python", "docs/make_pages.py")


@nox.session(default=False)
def lock(session: nox.Session) -> None:
    """Write the constraints again, with the newest versions that fit."""
    session.install("uv")
    path = Path(CONSTRAINTS)
    head = path.read_text("utf-8").splitlines()[:LOCK_HEAD]
    names = ("test", "docs", "dev", "report", "parquet", "dem", "routing", "batch")
    extras = [part for extra in names for part in ("--extra", extra)]
    found = session.run(
        "uv", "pip", "compile", "--universal", "--python-version", "3.11", *extras, "--no-header", "--no-annotate",
        "--no-emit-package", "layoutopt", "--quiet", "pyproject.toml", silent=True,
    )  # fmt: skip
    path.write_text("\n".join([*head, str(found).strip(), ""]), encoding="utf-8", newline="\n")
