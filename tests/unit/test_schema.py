"""The schema holds together: every column usable by the checks, the template and the docs alike."""

from __future__ import annotations

import pytest

from layoutopt.io.template import column_notes
from layoutopt.schema import (
    BANDS,
    GRADES,
    LAYERS,
    PUPIL_COLUMNS,
    STAGE_GRADES,
    STAGE_OF,
    STAGES,
    Column,
    Layer,
    bands_of,
    span,
)

COLUMNS = [(layer, column) for layer in LAYERS.values() for column in layer]


@pytest.mark.parametrize("layer", LAYERS.values(), ids=list(LAYERS))
def test_a_layer_holds_its_key_and_each_name_once(layer: Layer) -> None:
    assert set(layer.key) <= set(layer.names)
    assert len(set(layer.names)) == len(layer.names)
    assert layer.meaning
    for name in layer.key:
        column = next(column for column in layer if column.name == name)
        assert column.required or layer.name == "forecast", f"{layer.name}.{name}"


@pytest.mark.parametrize(("layer", "column"), COLUMNS, ids=[f"{layer.name}.{c.name}" for layer, c in COLUMNS])
def test_a_column_says_what_it_may_hold(layer: Layer, column: Column) -> None:
    assert column.meaning
    if column.kind in ("number", "whole"):
        assert column.low is not None, "a number without a lowest value cannot be checked"
        assert column.high is not None
        assert column.low < column.high
        assert column.limits == f"{column.low:g} to {column.high:g}"
    if column.kind == "choice":
        assert column.choices
        assert column.limits == ", ".join(column.choices)
    unit_in_name = {"m": "_m", "km/h": "_kmh", "CNY": "_cny", "CNY a year": "_cny", "CNY per km": "cny_per_km"}
    if column.unit in unit_in_name:
        assert unit_in_name[column.unit] in column.name
    assert f"| {column.meaning} |" in column_notes()


def test_what_a_study_must_have() -> None:
    assert [name for name, layer in LAYERS.items() if layer.required] == ["settlements", "schools"]
    must = {layer.name: [c.name for c in layer if c.required] for layer in LAYERS.values() if layer.required}
    assert must == {"settlements": ["settlement_id"], "schools": ["school_id", "grades"]}


def test_grades_bands_and_stages_tell_one_story() -> None:
    assert [band for bands in STAGES.values() for band in bands] == list(BANDS)
    for last, spans in ((3, ["1-3", "4-6", "7-9"]), (4, ["1-4", "5-6", "7-9"])):
        bands = bands_of(last)
        assert [grade for grades in bands.values() for grade in grades] == list(GRADES)
        assert [span(bands[band]) for band in BANDS] == spans
        for stage, own in STAGES.items():
            assert tuple(grade for band in own for grade in bands[band]) == STAGE_GRADES[stage]
    assert bands_of() == bands_of(3)
    assert STAGE_OF == {"lower": "primary", "upper": "primary", "junior": "junior"}
    assert tuple(f"g{grade}" for grade in range(1, 10)) == PUPIL_COLUMNS


@pytest.mark.parametrize(
    ("column", "limits"),
    [
        (Column("a", "A", kind="flag"), "yes or no"),
        (Column("a", "A", kind="grades"), "a span such as 1-6"),
        (Column("a", "A"), ""),
        (Column("a", "A", kind="number", low=0, high=0.5), "0 to 0.5"),
    ],
)
def test_limits_in_words(column: Column, limits: str) -> None:
    assert column.limits == limits
