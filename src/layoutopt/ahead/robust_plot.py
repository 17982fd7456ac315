"""Regrets on matplotlib axes: a pair of bars a scenario, the robust layout beside the deterministic one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.errors import MissingExtraError

if TYPE_CHECKING:
    from layoutopt.ahead.robust_result import Robust

INK, SOFT = "#1d4e89", "#e0a458"
SIZE_INCHES = (6.2, 3.4)
THOUSAND = 1e3


def draw_regret(found: Robust, ax: Any = None) -> Any:
    """Draw the regret table of ``found`` on ``ax``, or on axes of its own, and return them."""
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        ax = pyplot.subplots(figsize=SIZE_INCHES, layout="constrained")[1]
    table = found.in_sample
    at = np.arange(len(table))
    for side, name, color in ((-0.2, "robust", INK), (0.2, "deterministic", SOFT)):
        regret = table[f"{name}_regret_cny"].to_numpy(float) / THOUSAND
        ax.bar(at + side, np.nan_to_num(regret), width=0.38, color=color, label=f"{name} layout")
        for x in at[np.isnan(regret)]:
            said = "no plan" if table[f"{name}_gap"].iloc[x] == 0.0 else "not known"
            ax.text(x + side, 0.0, said, rotation=90, ha="center", va="bottom", fontsize=7, color=color)
    ax.set_xticks(at, table["scenario"])
    ax.set_ylabel("above the scenario's own best (thousand CNY a year)")
    for side_name in ("top", "right"):
        ax.spines[side_name].set_visible(False)
    ax.legend(frameon=False, fontsize=8)
    return ax
