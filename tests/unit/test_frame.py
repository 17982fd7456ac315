"""The thin layer over sparse arrays: sums by label, rows that align, names that read."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layoutopt.model.frame import Expr, Model, NamedRows, make_frame, stack

CHOSEN = pd.DataFrame(
    {
        "item": ["A", "A", "B", "B"],
        "school_id": ["S1", "S2", "S1", "S2"],
        "pupils": [3.0, 3.0, 5.0, 5.0],
    }
)
OPEN = pd.DataFrame({"school_id": ["S1", "S2", "S3"], "cost": [10.0, 20.0, 30.0]})
FRAME = make_frame(
    [
        ("chosen", CHOSEN, ("item", "school_id"), 1.0, True),
        ("open", OPEN, ("school_id",), np.array([1.0, 1.0, 4.0]), True),
    ]
)
POINT = np.array([1.0, 0, 0, 1, 1, 1, 0])


def by_label(expression: Expr, x: np.ndarray = POINT) -> dict[object, float]:
    labels = [label[0] if len(label) == 1 else label for label in expression.labels]
    return dict(zip(labels, expression.value(x).tolist(), strict=True))


def test_blocks_know_their_columns() -> None:
    assert FRAME.width == 7
    assert FRAME.blocks["open"].columns == slice(4, 7)
    assert FRAME.blocks["open"].upper.tolist() == [1, 1, 4]
    assert FRAME.column_names() == [
        "chosen[A,S1]", "chosen[A,S2]", "chosen[B,S1]", "chosen[B,S2]", "open[S1]", "open[S2]", "open[S3]",
    ]  # fmt: skip
    assert FRAME.values("open", POINT + 0.4).tolist() == [1, 1, 0]


def test_sums() -> None:
    assert by_label(FRAME.total("chosen", weight="pupils", by=["school_id"])) == {"S1": 3, "S2": 5}
    assert by_label(FRAME.total("chosen", by=["item"])) == {"A": 1, "B": 1}
    assert by_label(FRAME.total("open", weight="cost", by=[])) == {"all": 30}
    only = FRAME.total("chosen", weight="pupils", by=["school_id"], where=(CHOSEN["item"] == "A").to_numpy())
    assert by_label(only) == {"S1": 3, "S2": 0}
    assert by_label(FRAME.total("open", weight=np.array([1.0, 2, 3]), by=["school_id"])) == {"S1": 1, "S2": 2, "S3": 0}


def test_the_sum_of_nothing_has_no_rows() -> None:
    nothing = FRAME.total("chosen", by=["school_id"], where=np.zeros(4, dtype=bool))
    assert len(nothing) == 0
    assert list(nothing.labels.names) == ["school_id"]


def test_arithmetic_aligns_by_label() -> None:
    pupils = FRAME.total("chosen", weight="pupils", by=["school_id"])
    is_open = FRAME.each("open")
    # S3 gets no pupils; the left side's labels hold.
    assert by_label(is_open + pupils) == {"S1": 4, "S2": 6, "S3": 0}
    assert by_label(pupils - is_open) == {"S1": 2, "S2": 4}
    assert by_label(pupils * 2 + 1.0) == {"S1": 7, "S2": 11}
    assert by_label(0.5 * pupils - 1.0) == {"S1": 0.5, "S2": 1.5}
    assert by_label(is_open * pd.Series({"S2": 7.0, "S1": 2.0, "S3": 1.0}).rename_axis("school_id")) == {
        "S1": 2, "S2": 7, "S3": 0,
    }  # fmt: skip


def test_fewer_labels_repeat_over_the_others() -> None:
    chosen = FRAME.each("chosen")
    assert by_label(FRAME.each("open").on(chosen.labels)) == {
        ("A", "S1"): 1, ("A", "S2"): 1, ("B", "S1"): 1, ("B", "S2"): 1,
    }  # fmt: skip
    with pytest.raises(KeyError, match="item"):
        chosen.on(FRAME.each("open").labels)


def test_rows_hold_or_do_not() -> None:
    pupils = FRAME.total("chosen", weight="pupils", by=["school_id"])
    rows = pupils <= FRAME.each("open") * 4.0
    assert (rows.matrix @ POINT <= rows.upper).tolist() == [True, False]
    rows = pupils >= 4.0
    assert (rows.matrix @ POINT >= rows.lower).tolist() == [False, True]
    assert np.isinf(rows.upper).all()
    rows = (FRAME.total("chosen", by=["item"]) + 1.0).equals(2.0)
    assert rows.lower.tolist() == rows.upper.tolist() == [1, 1]
    assert (rows.matrix @ POINT).tolist() == [1, 1]


def test_stacking_keeps_the_order() -> None:
    first, second = FRAME.each("open").only(np.array([True, False, False])), FRAME.each("open")
    assert list(stack([first, second]).level("school_id")) == ["S1", "S1", "S2", "S3"]


def test_a_model_s_arrays() -> None:
    cover = FRAME.total("chosen", by=["item"]).equals(1.0)
    limit = FRAME.total("chosen", weight="pupils", by=["school_id"]) <= FRAME.each("open") * 4.0
    cost = FRAME.total("open", weight="cost", by=[]) + 5.0
    model = Model(FRAME, (NamedRows("cover", cover), NamedRows("places", limit)), {"cost": cost})
    program = model.program(cost)
    assert model.row_names() == ["cover[A]", "cover[B]", "places[S1]", "places[S2]"]
    assert program.cost.tolist() == [0, 0, 0, 0, 10, 20, 30]
    assert program.offset == 5
    assert program.objective(POINT) == 35
    assert program.upper.tolist() == [1, 1, 1, 1, 1, 1, 4]
    assert program.integer.all()
    assert program.violation(POINT) == 1, "five pupils on four places"
    assert program.rows.shape == (4, 7)
