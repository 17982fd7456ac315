"""Public names: every one importable, none heavy to import."""

from __future__ import annotations

import subprocess
import sys

import pytest

import layoutopt as lo

CONTRACT = {
    "read_study", "sample", "Policy", "optimize", "audit", "compare", "current_plan", "explain", "alternatives", "price_of",
    "write_report", "to_pulp", "generate_county", "Study", "Plan",
    "LayoutError", "InputError", "PolicyError", "InfeasibleError", "SolverError",
}  # fmt: skip


def test_the_contract_is_kept() -> None:
    assert set(lo.__all__) >= CONTRACT
    assert len(lo.__all__) == len(set(lo.__all__))
    assert dir(lo) == sorted(lo.__all__)


@pytest.mark.parametrize("name", lo.__all__)
def test_a_public_name_is_there_and_says_what_it_is(name: str) -> None:
    value = getattr(lo, name)
    assert value
    if callable(value):
        assert value.__doc__


def test_a_name_that_does_not_exist() -> None:
    with pytest.raises(AttributeError, match="module 'layoutopt' has no attribute 'optimise'"):
        lo.optimise  # noqa: B018


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "geopandas", "highspy", "numba", "pulp", "pydantic", "click", "matplotlib")
    code = f"import sys, layoutopt; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_module_imports_and_says_what_it_is_for() -> None:
    """In a process of its own, so that no other test's imports help."""
    code = (
        "import importlib, pkgutil, layoutopt\n"
        "for found in pkgutil.walk_packages(layoutopt.__path__, 'layoutopt.'):\n"
        "    module = importlib.import_module(found.name)\n"
        "    if not (module.__doc__ or '').strip(): print(found.name)"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_version_is_that_of_the_package() -> None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        assert version("layoutopt") == lo.__version__
    except PackageNotFoundError:
        pytest.skip("the package is not installed here, only on the path")
