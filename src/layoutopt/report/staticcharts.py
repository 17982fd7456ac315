"""Charts on matplotlib axes: journeys, school sizes, yearly cost and the Lorenz curve, today and in the plan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from layoutopt.plan.plan import Plan
from layoutopt.report.charts import CLASSES, Bar, cost_rows, journey_bars, lorenz, size_rows
from layoutopt.report.language import MILLION, WAN, Language
from layoutopt.report.looks import BEFORE, CLASS_COLORS, INK, PLAN, RULE, SOFT
from layoutopt.report.words import COSTS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR = 0.38
MANY = 6
"""A legend with so many entries takes two rows."""
LEAST_LABELLED = 0.055
"""A piece of a bar narrower than this share of it carries no figure."""


def draw_journeys(ax: Axes, plan: Plan, lang: Language) -> None:
    """Draw a stacked bar for each band, today above the plan: the shares of pupils by length of way."""
    bars = journey_bars(plan)
    positions = _paired_positions(bars)
    for bar, y in zip(bars, positions, strict=True):
        left = 0.0
        for part in bar.parts:
            color = CLASS_COLORS[part.name]
            ax.barh(y, part.share, BAR * 1.9, left=left, color=color, edgecolor="white", linewidth=0.6)
            if part.share >= LEAST_LABELLED:
                ink = "white" if part.name in ("t0", "t4", "board", "none") else INK
                ax.text(left + part.share / 2, y, lang.share(part.share), ha="center", va="center", size=7.5, color=ink)
            left += part.share
    words = {"before": lang.text("Today"), "after": lang.text("Plan")}
    names = [lang.text("Grades {grades}, {when}", grades=lang.text(b.grades), when=words[b.when]) for b in bars]
    ax.set_yticks(positions, names)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.25, 0.5, 0.75, 1], [lang.share(value) for value in (0, 0.25, 0.5, 0.75, 1)])
    ax.set_xlabel(lang.text("Share of the pupils"))
    ax.invert_yaxis()
    plain_frame(ax)
    ax.tick_params(axis="y", length=0)
    used = {part.name for bar in bars for part in bar.parts}
    _legend_below(ax, [(CLASS_COLORS[name], lang.text(text)) for name, text in CLASSES.items() if name in used])


def _paired_positions(bars: list[Bar]) -> list[float]:
    """Return where the bars stand: those of the same grades close together."""
    positions: list[float] = []
    for position, bar in enumerate(bars):
        step = 0.0 if not positions else 0.82 if bar.grades == bars[position - 1].grades else 1.2
        positions.append(step + (positions[-1] if positions else 0.0))
    return positions


def draw_sizes(ax: Axes, plan: Plan, lang: Language) -> None:
    """Draw how many schools have how many pupils, today and in the plan."""
    rows = size_rows(plan)
    names = [
        lang.text("{low} and more", low=row.low)
        if row.high is None
        else lang.text("{low} to {high}", low=row.low, high=row.high)
        for row in rows
    ]
    before, after = [row.before for row in rows], [row.after for row in rows]
    _pairs(ax, names, before, after, [lang.number(value) for value in (*before, *after)])
    ax.set_xlabel(lang.text("Pupils of a school"))
    ax.set_ylabel(lang.text("Schools"))
    plain_frame(ax)
    _legend_below(ax, _when(lang))


def draw_costs(ax: Axes, plan: Plan, lang: Language, *, today: Plan | None = None) -> None:
    """Draw the yearly cost by kind; beside it today's where the plan of today is given."""
    scale, unit = (
        (WAN, lang.text("10,000 CNY a year")) if lang.code == "zh" else (MILLION, lang.text("million CNY a year"))
    )
    rows = [row for row in cost_rows(plan, today) if row.after or row.before]
    names = [lang.text(row.name) for row in rows]
    after = [row.after / scale for row in rows]
    before = None if today is None else [(row.before or 0.0) / scale for row in rows]
    if before is not None and today is not None and today.figures.pupils_by_bus and not today.figures.lines:
        # Pupils ride today, but by which lines is not known, and so their cost is not known.
        before = [math.nan if row.name == COSTS["buses"] else value for row, value in zip(rows, before, strict=True)]
    digits = 0 if lang.code == "zh" else 2
    texts = [lang.number(value, digits) for value in (*(before or []), *after)]
    _pairs(ax, names, before, after, texts)
    ax.set_ylabel(unit)
    plain_frame(ax)
    _legend_below(ax, _when(lang) if before is not None else _when(lang)[1:])


def draw_lorenz(ax: Axes, plan: Plan, lang: Language) -> None:
    """Draw how evenly the minutes on the way fall on the pupils, today and in the plan."""
    looks = {"before": (BEFORE, "--", lang.text("Today")), "after": (PLAN, "-", lang.text("Plan"))}
    ax.plot([0, 1], [0, 1], color=SOFT, linewidth=0.8, linestyle=":", label=lang.text("All ways equally long"))
    for when, curve in lorenz(plan).items():
        color, dash, name = looks[when]
        x, y = np.array(curve.points).T
        label = lang.text("{when}, Gini index {gini}", when=name, gini=lang.number(curve.index, 2))
        ax.plot(x, y, color=color, linestyle=dash, linewidth=1.8, label=label)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    ax.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    ax.set_xticks(ticks, [lang.share(value) for value in ticks])
    ax.set_yticks(ticks, [lang.share(value) for value in ticks])
    ax.set_xlabel(lang.text("Share of the daily pupils, shortest way first"))
    ax.set_ylabel(lang.text("Share of all minutes on the way"))
    plain_frame(ax)
    ax.legend(loc="upper left", frameon=False, fontsize=8)


def _pairs(
    ax: Axes, names: list[str], before: Sequence[float] | None, after: Sequence[float], texts: list[str]
) -> None:
    """Draw columns side by side, each with its figure above."""
    x = np.arange(len(names), dtype=float)
    groups = [(x - BAR / 2, before, BEFORE)] if before is not None else []
    groups.append((x + (BAR / 2 if before is not None else 0.0), after, PLAN))
    labels = iter(texts)
    for at, values, color in groups:
        ax.bar(at, values, BAR * 0.95, color=color)
        for position, value in zip(at, values, strict=True):
            ax.annotate(
                next(labels),
                (position, 0.0 if math.isnan(value) else value),
                (0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                size=7.5,
            )
    ax.set_xticks(x, names)
    ax.margins(y=0.12)


def _when(lang: Language) -> list[tuple[str, str]]:
    return [(BEFORE, lang.text("Today")), (PLAN, lang.text("Plan"))]


def _legend_below(ax: Axes, entries: list[tuple[str, str]]) -> None:
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=name) for color, name in entries]
    columns = len(handles) if len(handles) < MANY else math.ceil(len(handles) / 2)
    ax.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, frameon=False, fontsize=7.5,
        handlelength=1.1, handleheight=0.9, handletextpad=0.5, columnspacing=1.1, borderaxespad=0.2, borderpad=0.2,
    )  # fmt: skip


def plain_frame(ax: Axes) -> None:
    """Leave of the frame only its two axes, drawn softly."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(RULE)
    ax.tick_params(color=RULE, labelsize=8)
    ax.xaxis.label.set_size(8.5)
    ax.yaxis.label.set_size(8.5)
