"""Exceptions say what, where and what now; one base class catches them all."""

from __future__ import annotations

import pytest

from layoutopt.errors import (
    InfeasibleError,
    InputError,
    LayoutError,
    MissingExtraError,
    PolicyError,
    Problem,
    SolverError,
    nearest,
)


@pytest.mark.parametrize("kind", [InputError, PolicyError, InfeasibleError, SolverError, MissingExtraError])
def test_one_base_class(kind: type[Exception]) -> None:
    assert issubclass(kind, LayoutError)


def test_what_python_programs_expect_too() -> None:
    assert issubclass(InputError, ValueError)
    assert issubclass(PolicyError, ValueError)
    assert issubclass(MissingExtraError, ImportError)


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("a.csv row 3", "g1 = -5", "Give 0 to 5000 pupils."), "a.csv row 3: g1 = -5. Give 0 to 5000 pupils."),
        (Problem("a.csv", "the file is empty"), "a.csv: the file is empty."),
        (Problem("a.csv", "the file is empty."), "a.csv: the file is empty."),
    ],
)
def test_a_problem_in_words(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_all_problems_in_one_error() -> None:
    problems = [Problem("a.csv", "one", "Do this."), Problem("b.csv", "two")]
    assert str(InputError(problems)) == "2 problems stop the reading:\n  a.csv: one. Do this.\n  b.csv: two."
    assert str(InputError(problems[:1])) == "1 problem stops the reading:\n  a.csv: one. Do this."
    assert InputError(iter(problems)).problems == tuple(problems)


def test_a_plain_message() -> None:
    error = InputError("out: a file of this name exists.")
    assert (str(error), error.problems) == ("out: a file of this name exists.", ())


def test_infeasible_names_its_rules() -> None:
    error = InfeasibleError("Nothing fits.", ["places", "beds"])
    assert (str(error), error.rules) == ("Nothing fits.", ("places", "beds"))


def test_a_missing_extra_names_the_command() -> None:
    text = "This needs the package 'matplotlib'. Install it with: pip install 'layoutopt[report]'"
    assert str(MissingExtraError("matplotlib", "report")) == text


@pytest.mark.parametrize(
    ("name", "hint"), [("grade", " Did you mean 'grades'?"), ("gardes", " Did you mean 'grades'?"), ("zzz", "")]
)
def test_the_nearest_name(name: str, hint: str) -> None:
    assert nearest(name, ["grades", "status"]) == hint
