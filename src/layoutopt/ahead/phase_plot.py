"""A phasing on matplotlib axes: a bar a school that changes, the years along."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from layoutopt.errors import MissingExtraError

if TYPE_CHECKING:
    from layoutopt.ahead.phase_result import Phasing

COLORS = {"hub": "#1d4e89", "full": "#5b8db8", "teaching_point": "#e0a458", "closed": "#e6e8eb", "not_built": "#ffffff"}
WORDS = {"hub": "hub", "full": "full school", "teaching_point": "teaching point", "closed": "closed"}
INK = "#1f2933"
WIDTH_INCHES, ROW_INCHES, HEAD_INCHES = 6.6, 0.24, 1.3


def draw_phasing(found: Phasing, ax: Any = None) -> Any:
    """Draw ``found`` on ``ax``, or on axes of its own, and return them."""
    if ax is None:
        try:
            from matplotlib import pyplot
        except ImportError:
            raise MissingExtraError("matplotlib", "report") from None
        ax = pyplot.subplots(figsize=_size(found), layout="constrained")[1]
    _draw(found, ax)
    return ax


def phasing_svg(found: Phasing) -> str:
    """Return the drawing as an SVG element."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    figure = Figure(figsize=_size(found), layout="constrained")
    _draw(found, figure.subplots())
    page = io.StringIO()
    figure.savefig(page, format="svg", metadata={"Date": None})
    text = page.getvalue()
    return text[text.index("<svg") :]


def _changing(found: Phasing) -> list[str]:
    """Schools to which something happens, by the year of it."""
    return list(found.events.sort_values(["year", "school_id"])["school_id"].drop_duplicates())


def _size(found: Phasing) -> tuple[float, float]:
    return WIDTH_INCHES, HEAD_INCHES + ROW_INCHES * max(len(_changing(found)), 2)


def _draw(found: Phasing, ax: Any) -> None:
    from matplotlib.patches import Patch

    schools, years = _changing(found), list(found.plans)
    for row, code in enumerate(schools):
        for year in years:
            state, _, grown = str(found.table.loc[code, year]).partition(" ")
            ax.barh(row, 1.0, left=year - 0.5, height=0.72, color=COLORS[state], edgecolor="white", linewidth=0.6)
            if grown:
                ax.text(year, row, "+", ha="center", va="center", color="white", fontsize=8)
    names = found.table["name"]
    ax.set_yticks(range(len(schools)), [f"{code} {names[code]}".strip() for code in schools], fontsize=7)
    ax.set_xticks(years)
    ax.set_xlim(years[0] - 0.5, years[-1] + 0.5)
    ax.invert_yaxis()
    for side in ("top", "right", "left"):
        ax.spines[side].set_visible(False)
    if not schools:
        ax.text(sum(years) / len(years), 0.0, "no school changes", ha="center", color=INK)
    keys = [Patch(color=COLORS[state], label=words) for state, words in WORDS.items()]
    ax.legend(handles=keys, frameon=False, fontsize=7, ncols=4, loc="lower center", bbox_to_anchor=(0.5, 1.0))
