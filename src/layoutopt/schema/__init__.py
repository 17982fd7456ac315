"""Every input layer and column, once: checks, templates and docs/inputs.md all read this."""

from __future__ import annotations

from layoutopt.schema.grades import (
    AGE_COLUMNS,
    BANDS,
    GRADES,
    MODES,
    PUPIL_COLUMNS,
    STAGE_GRADES,
    STAGE_OF,
    STAGES,
    USES,
    bands_of,
    span,
)
from layoutopt.schema.layer import Column, Kind, Layer
from layoutopt.schema.places import INDICATORS, SCHOOLS, SETTLEMENTS
from layoutopt.schema.tables import EXPANSIONS, FACILITIES, FORECAST, HISTORY, ROADS, STAFF, TOWNS, TRAVEL, VEHICLES

__all__ = [
    "AGE_COLUMNS",
    "BANDS",
    "EXPANSIONS",
    "FACILITIES",
    "FORECAST",
    "GRADES",
    "HISTORY",
    "INDICATORS",
    "LAYERS",
    "MODES",
    "PUPIL_COLUMNS",
    "ROADS",
    "SCHOOLS",
    "SETTLEMENTS",
    "STAFF",
    "STAGES",
    "STAGE_GRADES",
    "STAGE_OF",
    "TOWNS",
    "TRAVEL",
    "USES",
    "VEHICLES",
    "Column",
    "Kind",
    "Layer",
    "bands_of",
    "span",
]

LAYERS: dict[str, Layer] = {
    layer.name: layer
    for layer in (
        SETTLEMENTS,
        SCHOOLS,
        ROADS,
        TRAVEL,
        EXPANSIONS,
        VEHICLES,
        FORECAST,
        STAFF,
        HISTORY,
        FACILITIES,
        TOWNS,
    )
}
