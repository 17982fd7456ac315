"""Limits on what a plan comes to that lines must keep as well: the longest daily way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from layoutopt.errors import AskError, nearest
from layoutopt.model.hub import LONGEST
from layoutopt.options import Options
from layoutopt.units import SLACK_MIN

WORST_JOURNEY = "worst_journey"


def within_limits(options: Options, limits: Mapping[str, float] | None) -> Options:
    """Return the options that keep ``limits``, and what they leave to lines.

    ``worst_journey`` is minutes: longer daily ways are left out and counted, and no line brings anybody later. It
    knows no exceptions: who has a longer way today gets a shorter one.

    Raises
    ------
    AskError
        A limit of another name.
    """
    for name in limits or ():
        if name != WORST_JOURNEY:
            raise AskError(f"unknown limit '{name}'.{nearest(name, [WORST_JOURNEY])} Known: {WORST_JOURNEY}.")
    if not limits:
        return options
    longest = float(limits[WORST_JOURNEY])
    kept = (options.rows["mode"] == "board") | (options.rows["minutes"] <= longest + SLACK_MIN)
    removed = pd.concat([options.removed, pd.Series({WORST_JOURNEY: int((~kept).sum())}, name="removed")])
    items = options.items.assign(**{LONGEST: longest})
    return replace(options, items=items, rows=options.rows[kept].reset_index(drop=True), removed=removed)
