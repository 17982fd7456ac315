"""Cells of any kind: a value within its limits or a problem that names the row, never an exception."""

from __future__ import annotations

import io
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from layoutopt.io.columns import check_columns
from layoutopt.io.tables import neutral, read_table, write_csv
from layoutopt.schema import SCHOOLS, SETTLEMENTS

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
CELL = st.one_of(
    TEXT,
    st.sampled_from(["", "1-6", "yes", "否", "open", "-5", "1e9", "NaN", "inf", "1_000", "٣", "12.50", "0x1F", "=1"]),
    st.integers(-10, 10_000),
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([None, pd.NA, np.float32("nan"), np.int64(3), True, pd.NaT]),
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_cell_is_a_value_or_a_problem(data: st.DataObject) -> None:
    layer = data.draw(st.sampled_from([SETTLEMENTS, SCHOOLS]))
    length = data.draw(st.integers(1, 4))
    names = data.draw(st.lists(st.sampled_from(layer.names), unique=True, max_size=8))
    raw = pd.DataFrame(index=range(2, length + 2))
    for name in names:
        cells = data.draw(st.lists(CELL, min_size=length, max_size=length))
        raw[name] = pd.Series(cells, index=raw.index, dtype=object)
    frame, problems = check_columns(raw, layer, label="a.csv", renames={})
    bad_rows = {problem.where.split("row ")[1].split(" ")[0] for problem in problems if "row " in problem.where}
    for column in layer:
        if column.name not in frame:
            continue
        for row, value in frame[column.name].items():
            if str(row) in bad_rows or pd.isna(value):
                continue
            if column.kind in ("number", "whole"):
                assert column.low is not None
                assert column.high is not None
                assert column.low <= value <= column.high
                assert column.kind == "number" or value == round(value)
            elif column.kind == "flag":
                assert value in (True, False)
            elif column.kind == "choice":
                assert value in column.choices
    missing = [column.name for column in layer if column.required and column.name not in names]
    for name in missing:
        assert any(f"the column {name} is missing" in problem.what for problem in problems)
    assert all(str(problem) for problem in problems)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(TEXT, min_size=2, max_size=2), min_size=1, max_size=5))
def test_text_written_is_text_read(rows: list[list[str]]) -> None:
    """But for blanks around a cell, which people cannot see, and rows with nothing in them."""
    frame = pd.DataFrame([["x", *row] for row in rows], columns=["id", "a", "b"], dtype=object)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        write_csv(frame, path)
        back = read_table(path)
        risky = pd.read_csv(io.BytesIO(path.read_bytes()), dtype=str, keep_default_na=False, encoding="utf-8-sig")
    wanted = [["x", *(cell.strip() for cell in row)] for row in rows]
    assert [[_lines(cell) for cell in row] for row in back.to_numpy().tolist()] == [
        [_lines(cell) for cell in row] for row in wanted
    ]
    for cell in risky.to_numpy().ravel():
        assert cell[:1] not in ("=", "+", "-", "@") or neutral(cell) == cell, "only plain numbers begin so"


def _lines(cell: str) -> str:
    """A cell whose line ends are all alike; files of different systems write them differently."""
    return cell.replace("\r\n", "\n").replace("\r", "\n")
