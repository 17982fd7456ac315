"""What the Jiangxi pilot published, and the same figures of plans: how many, how large, and inside which bands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import pandas as pd

from layoutopt.plan.plan import Plan

PUBLISHED: Final = {"closed": 736, "pupils": 6_368, "teachers": 2_526, "lines": 189, "buildings": 101}
"""Jiangxi, 14 counties from March 2023: the province's own report; an early count says 1,756 teachers."""
WORDS: Final = {
    "closed": "schools merged",
    "pupils": "pupils whose school closes",
    "teachers": "teachers of these schools",
    "lines": "bus lines that carry these pupils",
    "buildings": "their buildings with a new use",
}
STORED = "pilot_replay.csv"
LAYOUTS: Final = {
    "plan": "the plan",
    "near": "what the plan closes, nearest school",
    "all": "everything under 30, nearest school",
}
"""The plan and the rules of thumb of ``layoutopt.samples.pilot_rule``, by how the names of their columns open."""
MADE: Final = ("seed", "effort", "method", "code")


@dataclass(frozen=True)
class Ratio:
    """One figure for each of another, and the band in which a made-up pilot should lie."""

    words: str
    of: str
    each: str
    low: float
    high: float

    @property
    def published(self) -> float:
        """The ratio of the published totals."""
        return PUBLISHED[self.of] / PUBLISHED[self.each]

    def among(self, figures: pd.DataFrame) -> pd.Series:
        """Return the ratio of each row."""
        return figures[self.of] / figures[self.each].where(figures[self.each] > 0)


RATIOS: Final = (
    Ratio("pupils for each closed school", "pupils", "closed", 6.0, 12.0),
    Ratio("teachers for each closed school", "teachers", "closed", 2.0, 5.0),
    Ratio("these pupils for each line", "pupils", "lines", 20.0, 50.0),
    Ratio("closed schools for each line", "closed", "lines", 2.5, 6.0),
)
"""Bands of our own around the published ratios; how many buildings are used again has none."""


def county_figures(plan: Plan) -> dict[str, Any]:
    """Return of one county what the pilot published, and what it did not.

    ``closed``, ``pupils`` (whose school closes, wherever they go), ``teachers`` (of the schools that close),
    ``lines`` (those that carry at least one of these pupils) and ``buildings`` are the published figures.
    """
    closes = plan.schools[plan.schools["role"] == "closed"]
    rows = plan.assignments
    own = rows["today_school"].isin(set(closes["school_id"]))
    carries = plan.bus_stops["item"].isin(set(rows.loc[own & (rows["mode"] == "bus"), "item"]))
    figures, level = plan.figures, plan.proof.main
    return {
        "county": plan.study.name,
        "small_before": figures.small_schools_before,
        "closed": len(closes),
        "pupils": float(rows.loc[own, "pupils"].sum()),
        "teachers": float(closes["teachers_before"].sum()),
        "lines": int(plan.bus_stops.loc[carries, "line_id"].nunique()),
        "buildings": figures.buildings_reused,
        "points": figures.teaching_points,
        "small_after": figures.small_schools_after,
        "pupils_all": figures.pupils,
        "pupils_moved": figures.pupils_moved,
        "ride": float(rows.loc[own & (rows["mode"] == "bus"), "pupils"].sum()),
        "cost_cny": figures.cost_cny,
        "gap": level.gap if level is not None else None,
        "gap_controllable": plan.proof.controllable_gap,
    }


@dataclass(frozen=True, eq=False)
class Replay:
    """Counties solved, beside what was published; ``counties`` has a row of :func:`county_figures` each."""

    counties: pd.DataFrame

    @property
    def totals(self) -> pd.DataFrame:
        """A row a published total: ``figure, published, replay, share`` (replay as a share of published)."""
        sums = self.counties[list(PUBLISHED)].sum()
        rows = [(WORDS[name], number, float(sums[name]), sums[name] / number) for name, number in PUBLISHED.items()]
        return pd.DataFrame(rows, columns=["figure", "published", "replay", "share"])

    @property
    def ratios(self) -> pd.DataFrame:
        """A row a ratio: published, its band, that of all counties together, and how many counties lie inside."""
        whole = self.counties[list(PUBLISHED)].sum().to_frame().T
        rows = []
        for ratio in RATIOS:
            own, each = float(ratio.among(whole).iloc[0]), ratio.among(self.counties)
            inside = int(each.between(ratio.low, ratio.high).sum())
            rows.append(
                (ratio.words, ratio.published, ratio.low, ratio.high, own, ratio.low <= own <= ratio.high, inside)
            )
        names = ["ratio", "published", "low", "high", "replay", "inside", "counties_inside"]
        return pd.DataFrame(rows, columns=names)

    @property
    def layouts(self) -> pd.DataFrame:
        """A row a layout (the plan, then the rules of thumb): what the counties come to where all were worked out.

        ``spared``: schools under 30 that it closes and the plan keeps · ``over_min``: pupils of grades 1 to 3 beyond
        their limit of minutes and beyond today's way · ``minutes_mean`` by pupil.
        """
        known = {name: words for name, words in LAYOUTS.items() if f"{name}_closed" in self.counties}
        table, rows = self.counties.dropna(subset=[f"{name}_closed" for name in known]), []
        for name, words in known.items():
            own = table[[c for c in table if c.startswith(f"{name}_")]]
            own = own.set_axis([c.removeprefix(f"{name}_") for c in own], axis=1)
            row = {"layout": words, **own.sum()}
            row["minutes_mean"] = (own["minutes_mean"] * table["pupils_all"]).sum() / table["pupils_all"].sum()
            rows.append(row | {"minutes_max": own["minutes_max"].max()})
        return pd.DataFrame(rows)

    @property
    def made(self) -> str:
        """How the rows were made, and how near the best they are known to be; empty where the rows do not say."""
        table = self.counties
        if not {*MADE, "gap"} <= set(table):
            return ""
        seed, effort, method, code = (", ".join(dict.fromkeys(table[name].astype(str))) for name in MADE)
        least, most = table["gap"].min(), table["gap"].max()
        of = "the program without lines, buses at a price per rider" if method == "sequential" else "its program"
        return (
            f"Made from generate_pilot({seed}) at effort {effort}, method {method}, by layoutopt {code}; gaps of "
            f"{least:.1%} to {most:.1%} in the yearly cost, which is that of {of}."
        )

    @property
    def sentences(self) -> tuple[str, ...]:
        """The comparison in words, a sentence a ratio."""
        count = len(self.counties)
        said = [f"{count} counties: {int(self.counties['closed'].sum()):,} schools close; the pilot's 14 merged 736."]
        for row in self.ratios.itertuples():
            where = "inside" if row.inside else "OUTSIDE"
            said.append(
                f"{row.ratio}: {row.replay:.1f}, {where} the band {row.low:g} to {row.high:g} (published "
                f"{row.published:.1f}); {row.counties_inside} of {count} counties are inside."
            )
        return tuple(said)

    def plot(self, *, ax: Any = None) -> Any:
        """Draw each county's ratios as shares of the published ones, over their bands; return the matplotlib axes."""
        from layoutopt.samples.pilot_plot import draw_replay

        return draw_replay(self, ax)

    def __str__(self) -> str:
        return "\n".join([*self.sentences, self.totals.to_string(index=False, float_format=lambda v: f"{v:,.2f}")])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        shown = {"published": "{:,.0f}", "replay": "{:,.0f}", "share": "{:.0%}"}
        totals = self.totals.assign(**{name: self.totals[name].map(form.format) for name, form in shown.items()})
        return f"<p>{'<br>'.join(self.sentences)}</p>{totals.to_html(index=False)}"


def replay_of(plans: Sequence[Plan]) -> Replay:
    """Return what the plans of the counties come to.

    Examples
    --------
    >>> replay_of([plan]).ratios  # doctest: +SKIP
    """
    return Replay(pd.DataFrame([county_figures(plan) for plan in plans]))


def stored_replay() -> Replay:
    """Return all 14 counties of ``generate_pilot(0)`` as ``benchmarks/bench_pilot.py`` solved them.

    Examples
    --------
    >>> len(stored_replay().counties)
    14
    """
    with (resources.files("layoutopt.samples") / STORED).open(encoding="utf-8") as file:
        return Replay(pd.read_csv(file))
