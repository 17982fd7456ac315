"""The ways of pupils as tables show them: groups that share village, band, schools and mode, in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.policy import Policy
from layoutopt.report.language import Language
from layoutopt.report.words import MODES, grade_words
from layoutopt.schema import PUPIL_COLUMNS

WAY = (
    "town", "today_school", "today", "settlement", "settlement_id", "band", "school_id", "school", "mode",
    "today_mode", "exception",
)  # fmt: skip
"""What two groups of pupils share that stand in one row of a table."""

YOUNG = PUPIL_COLUMNS[:3]
"""Grades 1-3, who need most care, whatever the policy's bands."""


def in_words(lang: Language, rows: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """Return rows of ways with grades and modes in the language, and the two schools under their columns."""
    say, grades = lang.text, grade_words(policy.bands)
    modes = {mode: say(word) for mode, word in MODES.items()}
    told = rows["mode"].where(rows["school_id"] != "", "")
    return rows.assign(
        grades=rows["band"].map(lambda band: say(grades[band])).astype(str),
        mode=told.map(modes),
        today_mode=rows["today_mode"].where(rows["today_school"] != "", "").map(modes),
        from_school=rows["today"],
        to_school=rows["school"],
        exception=np.where(rows["exception"], say("yes"), ""),
    )


def grouped(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the ways of one village, band, pair of schools and mode together: pupils added, minutes the longest."""
    keys = list(WAY)
    if rows.empty:
        return rows.reindex(columns=[*keys, "pupils", *PUPIL_COLUMNS, "minutes", "today_min", "change_min"])
    sums = {name: (name, "sum") for name in ("pupils", *PUPIL_COLUMNS)}
    most = {name: (name, "max") for name in ("minutes", "today_min", "change_min")}
    return rows.groupby(keys, sort=True, dropna=False).agg(**sums, **most).reset_index()
