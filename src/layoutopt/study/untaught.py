"""Pupils of grades a school does not teach: an empty cell there is no gap but nobody."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from layoutopt.errors import Finding
from layoutopt.io.cells import as_text
from layoutopt.io.columns import grade_span
from layoutopt.schema import GRADES


def without_untaught(raw: pd.DataFrame, renames: Mapping[str, str], label: str) -> tuple[pd.DataFrame, list[Finding]]:
    """Return the raw schools with 0 for empty pupil cells of grades not taught, and at sites not built yet.

    A column without a single figure stays empty: then nobody counted, which is no zero.
    """
    grades, status = renames.get("grades", "grades"), renames.get("status", "status")
    if grades not in raw:
        return raw, []
    spans = raw[grades].map(as_text).map(grade_span)
    planned = raw[status].map(as_text) == "candidate" if status in raw else pd.Series(False, index=raw.index)
    filled, count = raw.copy(), 0
    for grade in GRADES:
        name = renames.get(f"g{grade}", f"g{grade}")
        if name not in raw:
            continue
        empty = raw[name].map(as_text) == ""
        nobody = empty & (planned | spans.map(lambda span, at=grade: _leaves_out(span, at)))
        if nobody.any() and not empty.all():
            filled[name] = raw[name].astype(object).mask(nobody, "0")
            count += int(nobody.sum())
    text = f"{label}: {count} empty pupil cells of grades not taught, or at candidates, count as 0"
    return filled, [Finding(text, "schools")] if count else []


def _leaves_out(span: str | None, grade: int) -> bool:
    return span is not None and not int(span[0]) <= grade <= int(span[-1])
