"""The notebooks run from their first cell to their last, and are stored without outputs."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.py"))
CELL_LIMIT_S = 240


def test_there_are_notebooks_and_they_are_plain_text() -> None:
    numbered = [path.stem[:2] for path in NOTEBOOKS if path.stem != "jiangxi_pilot"]
    assert numbered == [f"{at:02}" for at in range(1, 9)] and len(NOTEBOOKS) == 9
    assert not list((ROOT / "notebooks").glob("*.ipynb")), "notebooks are kept as .py, without outputs"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_cell_is_marked_and_opens_with_a_title(path: Path) -> None:
    text = path.read_text("utf-8")
    first = re.search(r"^# %% \[markdown\]\n# # (.+)$", text, flags=re.MULTILINE)
    assert first, "the first cell is the title"
    assert text.count("\n# %%\n") >= 3
    compile(text, path.name, "exec")


@pytest.mark.filterwarnings("default")  # warnings of the notebook tools are not ours
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_runs_from_first_to_last_cell(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jupytext = pytest.importorskip("jupytext", reason="the dev extra is not installed")
    nbclient = pytest.importorskip("nbclient", reason="the dev extra is not installed")
    pytest.importorskip("ipykernel", reason="the dev extra is not installed")
    places = [str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, places)))
    notebook = jupytext.read(path)
    client = nbclient.NotebookClient(
        notebook, timeout=CELL_LIMIT_S, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
    )
    client.execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert any(output.output_type == "execute_result" for output in outputs)
    loud = [output.text for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert not loud, "a reader of the notebook sees no warnings"
