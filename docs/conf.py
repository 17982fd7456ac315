"""Sphinx settings: Markdown pages, the reference from docstrings, formulas as MathML, no foreign scripts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import jupytext
from docutils import nodes
from docutils.utils.math import latex2mathml

HERE = Path(__file__).parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "src"))

import layoutopt  # noqa: E402

project = "layoutopt"
author = "The layoutopt developers"
copyright = f"2026, {author}"
release = version = layoutopt.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_merge_streams = True

autodoc_class_signature = "separated"
autodoc_default_options = {"exclude-members": "__init__, __new__"}
autodoc_typehints = "signature"
python_maximum_signature_line_length = 90
autodoc_member_order = "bysource"
napoleon_google_docstring = False

html_theme = "furo"
html_title = f"layoutopt {release}"
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["pages.css"]
html_math_renderer = "mathml"
templates_path: list[str] = []
exclude_patterns = ["_build", "**.ipynb_checkpoints"]


def setup(app: Any) -> None:
    """Add the formulas' renderer, and the notebooks of the folder beside this one."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    _notebooks_in()


def _inline(self: Any, node: nodes.math) -> None:
    self.body.append(_mathml(node.astext(), as_block=False))
    raise nodes.SkipNode


def _block(self: Any, node: nodes.math_block) -> None:
    self.body.append(f'<div class="formula">{_mathml(node.astext(), as_block=True)}</div>\n')
    raise nodes.SkipNode


def _mathml(formula: str, *, as_block: bool) -> str:
    """Every browser of the last years reads MathML, so no formula script has to be fetched."""
    known = formula.replace(r"\dots", r"\ldots")  # the converter knows the second name only
    return str(latex2mathml.tex2mathml(known, as_block=as_block))


def _notebooks_in() -> None:
    """Copy ``notebooks/*.py`` here as pages; the copies are not kept in version control."""
    target = HERE / "notebooks"
    target.mkdir(exist_ok=True)
    for source in sorted((ROOT / "notebooks").glob("*.py")):
        notebook = jupytext.read(source)
        notebook.metadata["kernelspec"] = {
            "name": "python3",
            "display_name": "Python 3",
            "language": "python",
        }
        text = jupytext.writes(notebook, fmt="ipynb")
        page = target / f"{source.stem}.ipynb"
        if not page.exists() or page.read_text("utf-8") != text:
            page.write_text(text, encoding="utf-8")
