"""Who loses by a plan, and by how much, in plain sentences: every number from the tables of an :class:`Equity`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from layoutopt.plan.closures import BROKEN, CONDITIONS, UNKNOWN
from layoutopt.plan.equity_cells import ALL, BOARDERS, FELT_MIN, LONG_MIN, TODAY, known_groups
from layoutopt.plan.plan import Plan
from layoutopt.policy.goals import GAP_GROUPS

if TYPE_CHECKING:
    from layoutopt.plan.equity import Equity

MOST_NAMED = 10
GROUP_WORDS = {"girls": "Girls", "left_behind": "Left-behind children", "poor": "Children of poor families"}
GRADES = {"lower": "1-3", "upper": "4-6", "junior": "7-9"}
HOW = {"walk": "on foot", "bus": "by bus"}


def equity_words(found: Equity) -> list[str]:
    """Return who loses, and by how much, one sentence a fact; the groups that lose most come last, one a line."""
    lines: list[str] = [*_ways(found), *_groups(found)]
    for name in found.plans:
        head = f"{name}: " if len(found.plans) > 1 else ""
        lines += [head + line for line in _of_plan(found, name)]
    if len(found.plans) > 1:
        lines.append(_between(found))
    lines += found.notes
    for name in found.plans:
        lines += _named(found, name)
    return lines


def _ways(found: Equity) -> Iterator[str]:
    """The county's ways, today beside every plan."""
    rows = found.cells()
    told = {when: rows.loc[when] for when in (TODAY, *found.plans)}

    def each(name: str, digits: int = 1) -> str:
        return ", ".join(f"{_said(row[name], digits)} {_where(when)}" for when, row in told.items())

    yield f"The daily way to school, on average: {each('mean_min')} (minutes)."
    yield f"Nine of ten pupils get there within: {each('p90_min', 0)}; the longest way: {each('max_min', 0)}."
    lost = float(told[TODAY]["pupils"] - told[TODAY]["daily"])
    if lost:
        yield f"No way is known today for {lost:,.0f} pupils: they are in no figure of today's."
    for limit in LONG_MIN:
        shares = ", ".join(f"{_share(row[f'over_{limit}'])} {_where(when)}" for when, row in told.items())
        yield f"Over {limit} minutes: {shares}."
    yield f"The {found.share:.0%} with the longest ways, on average: {each('worst_min')}."
    yield f"How unevenly (0: all alike): Gini {each('gini', 2)}; Atkinson {each('atkinson', 2)}."


def _groups(found: Equity) -> Iterator[str]:
    table = found.table[(found.table["band"] == ALL) & (found.table["town"] == ALL)].set_index(["group", "when"])
    for group in GAP_GROUPS:
        if (group, TODAY) not in table.index:
            continue
        parts = []
        for when in (TODAY, *found.plans):
            row = table.loc[(group, when)]
            gap = row["gap_min"]
            than = f", {abs(gap):.1f} {'more' if gap > 0 else 'less'} than all others" if np.isfinite(gap) else ""
            parts.append(f"{_said(row['mean_min'], 1)} min {_where(when)}{than}")
        yield f"{GROUP_WORDS[group]} (expected {table.loc[(group, TODAY), 'pupils']:,.0f}): {'; '.join(parts)}."


def _of_plan(found: Equity, name: str) -> Iterator[str]:
    row = found.cells().loc[name]
    longer, shorter = _share(row["longer_share"]), _share(row["shorter_share"])
    yield (
        f"Of {row['daily']:,.0f} daily pupils {longer} have a way more than {FELT_MIN:g} min longer than today, "
        f"{shorter} a shorter one; the mean change, pupil by pupil, is {row['change_min']:+.1f} min, "
        f"{row['worst_change_min']:+.1f} for the {found.share:.0%} whose way grows most."
    )
    yield from _boarding(found, name)
    paid = row["family_cny"]
    yield f"What families pay for rides and boarding: {_said(paid, 0)}{' CNY a year' if np.isfinite(paid) else ''}."
    if row["unserved"]:
        yield f"{row['unserved']:,.0f} pupils have no school."
    yield from _villages(found.villages[found.villages["plan"] == name])
    yield from _conditions(found.conditions[found.conditions["plan"] == name])
    kept = found.protected[found.protected["plan"] == name]
    if len(kept):
        yield (
            f"Small schools that stay because they are protected: {len(kept)}, {kept['cost_cny'].sum():,.0f} CNY a "
            f"year for {kept['pupils'].sum():,.0f} pupils, {kept['beyond_cny'].sum():+,.0f} beside as many at the "
            f"other schools; what closing one would save is asked by price_of."
        )
    broken = found.variation[found.variation[f"{name}_verdict"] == "broken"]
    if len(broken):
        which = ", ".join(f"{row.indicator} ({row.stage})" for row in broken.itertuples())
        yield f"Resources spread more unevenly over the schools than is allowed: {which}."


def _between(found: Equity) -> str:
    one, other = found.plans
    table = found.between()
    if table.empty:
        return f"From {one} to {other} no way changes by more than {FELT_MIN:g} min."
    longer, shorter = table[table["change_min"] > FELT_MIN], table[table["change_min"] < -FELT_MIN]
    boards = table[(table["other_mode"] == "board") & (table["one_mode"] != "board")]
    text = f"From {one} to {other}: {longer['pupils'].sum():,.0f} pupils have a way more than {FELT_MIN:g} min longer"
    text += f", {shorter['pupils'].sum():,.0f} a shorter one, {boards['pupils'].sum():,.0f} come to board"
    if len(longer):
        row = longer.iloc[0]
        place = row["village"] or row["settlement_id"]
        text += f"; most loses {place}, grades {GRADES[row['band']]}: {row['one_min']:.0f} → {row['other_min']:.0f} min"
    return f"{text}."


def _boarding(found: Equity, name: str) -> Iterator[str]:
    table = found.table[(found.table["town"] == ALL) & (found.table["when"] == name)].set_index(["band", "group"])
    count = table.loc[(ALL, ALL), "new_boarders"]
    if not count:
        yield "Nobody comes to board."
        return
    young = found.young_boarders[name]
    text = f"{count:,.0f} pupils come to board, {young:,.0f} of them in grades 1-3"
    text += " (none may)." if young else "."
    if (ALL, BOARDERS) in table.index:
        daily = found.table[(found.table["group"] == BOARDERS) & (found.table["when"] == TODAY)]
        today = daily[(daily["band"] == ALL) & (daily["town"] == ALL)]["mean_min"]
        only_one = len(found.plans) == 1 and len(today) == 1 and np.isfinite(today.iloc[0])
        text += f" Their daily way today takes {today.iloc[0]:.0f} min on average." if only_one else ""
    yield f"{text} Their ways count in today's figures, and no more in the plan's daily ones."


def _villages(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        yield "No village loses its school."
        return
    own = rows[rows["stands_here"]]
    text = f"{rows['settlement_id'].nunique()} villages ({rows['pupils'].sum():,.0f} pupils) lose their school of today"
    text += f", in {own['settlement_id'].nunique()} of them it stands in the village" if len(own) else ""
    far = rows[np.isfinite(rows["next_km"].astype(float))]
    if len(far):
        worst = far.loc[far["next_km"].astype(float).idxmax()]
        typical = float(np.median(far.drop_duplicates(["settlement_id", "band"])["next_km"].astype(float)))
        text += (
            f"; the next one lies {typical:.1f} km off (median), at most {worst['next_km']:.1f} km "
            f"({worst['village'] or worst['settlement_id']}, grades {GRADES[worst['band']]})"
        )
    yield f"{text}."


def _conditions(rows: pd.DataFrame) -> Iterator[str]:
    if rows.empty:
        return
    closes = rows["school_id"].nunique()
    broken, unknown = rows[rows["verdict"] == BROKEN], rows[rows["verdict"] == UNKNOWN]
    for condition, part in broken.groupby("condition", sort=True):
        schools = ", ".join(sorted(part["school_id"])[:MOST_NAMED])
        more = f" and {len(part) - MOST_NAMED} more" if len(part) > MOST_NAMED else ""
        yield f"{CONDITIONS[str(condition)]}: forbids closing {schools}{more}."
    if broken.empty:
        yield f"Of {closes} closures none meets a condition that is known to forbid it."
    for condition, part in unknown.groupby("condition", sort=True):
        yield f"Not known for {len(part)} of {closes} closures: {CONDITIONS[str(condition)].lower()}."


def _named(found: Equity, name: str) -> Iterator[str]:
    """The groups whose way grows most, by name."""
    rows = found.losers[(found.losers["plan"] == name) & found.losers["change_min"].notna()].head(MOST_NAMED)
    if len(rows):
        yield f"Who loses most{f' by {name}' if len(found.plans) > 1 else ''} (minutes today → then):"
    for row in rows.itertuples():
        place = f"{row.village} ({row.settlement_id})" if row.village else str(row.settlement_id)
        yield (
            f"  {place}, grades {GRADES[str(row.band)]}, {row.pupils:,.0f} pupils: {row.today_min:.0f} → "
            f"{row.plan_min:.0f} min {HOW.get(str(row.mode), '')} to {row.school_id}"
        )


def notes_of(plans: Mapping[str, Plan], ways: Mapping[str, pd.DataFrame]) -> Iterator[str]:
    """Yield what the figures leave out or assume."""
    first = next(iter(ways.values()))
    missing = [group for group in GAP_GROUPS if group not in known_groups(first)]
    if missing:
        yield f"Not known for any settlement, so left out: {', '.join(missing)}."
    if len(missing) < len(GAP_GROUPS):
        yield "Groups are shares of a settlement's pupils, spread evenly over its bands and ways (expected pupils)."
    for group in (group for group in GAP_GROUPS if group not in missing):
        lacking = float(first.loc[first[group].isna(), "pupils"].sum())
        if lacking:
            yield f"The share of {group} is not known where {lacking:,.0f} pupils live: they are in no figure of it."
    if bool((first["today_mode"] == "bus").any()):
        yield "Whoever rides today is taken to ride straight; by which line and at what fare is not known."
    if next(iter(plans.values())).study.roads is None:
        yield "No roads are given, so that slow roads are not known."
    else:
        for name, rows in ways.items():
            unknown = rows["served"] & ~rows["boards"] & ~np.isfinite(rows["plan_slow_km"].astype(float))
            if unknown.any():
                count = rows.loc[unknown, "pupils"].sum()
                yield f"Slow roads are not known for the rides of {count:,.0f} pupils ({name}): no road leads there."
    whens = [rows["today_min"].fillna(-1.0).to_numpy(float) for rows in ways.values()]
    if len(whens) > 1 and (len(whens[0]) != len(whens[1]) or not np.allclose(whens[0], whens[1], atol=1e-6)):
        yield "The two plans see today differently (other study or speeds): each change is against its own today."


def _where(when: str) -> str:
    return "today" if when == TODAY else f"in {when}" if when != "plan" else "in the plan"


def _said(value: float, digits: int) -> str:
    return f"{value:,.{digits}f}" if np.isfinite(value) else "not known"


def _share(value: float) -> str:
    return f"{value:.1%}" if np.isfinite(value) else "not known"
