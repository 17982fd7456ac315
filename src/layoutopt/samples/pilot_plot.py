"""A replay on matplotlib axes: each county's ratios as shares of the published ones, over their bands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.errors import MissingExtraError
from layoutopt.samples.pilot_totals import RATIOS

if TYPE_CHECKING:
    from layoutopt.samples.pilot_totals import Replay

INK, SOFT, MARK = "#1f2933", "#d8dde3", "#c2410c"
SIZE_INCHES = (6.4, 2.9)


def draw_replay(found: Replay, ax: Any = None) -> Any:
    """Draw ``found`` on ``ax``, or on axes of its own, and return them: 1 is what was published."""
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        ax = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")[1]
    whole = found.ratios["replay"].to_numpy(float)
    for at, ratio in enumerate(RATIOS):
        ax.barh(
            at, (ratio.high - ratio.low) / ratio.published, left=ratio.low / ratio.published, height=0.55, color=SOFT
        )
        each = ratio.among(found.counties).dropna().to_numpy(float) / ratio.published
        ax.plot(each, at + np.linspace(-0.18, 0.18, len(each)), "o", color=INK, markersize=4)
        ax.plot(whole[at] / ratio.published, at, "D", color=MARK, markersize=7)
    ax.axvline(1.0, color=MARK, linewidth=1.0)
    ax.set_yticks(range(len(RATIOS)), [ratio.words for ratio in RATIOS])
    ax.invert_yaxis()
    ax.set_xlim(left=0.0)
    ax.set_xlabel("times the published ratio; grey: the band, dots: counties, diamond: all of them")
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax
