"""Tables about pupils: who changes school, who travels how, who boards, whom the plan asks most of."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.content.ways import YOUNG, grouped, in_words
from layoutopt.report.document import Table
from layoutopt.report.language import message
from layoutopt.report.words import MODES
from layoutopt.schema import BANDS, PUPIL_COLUMNS
from layoutopt.schema import GRADES as ALL_GRADES

WORST_SHARE = 0.05
"""The share of daily pupils with the longest ways that is listed by name of the village."""
GROUPS = {"girls": "girls_pupils", "left_behind": "left_behind_pupils", "poor": "poor_pupils"}
"""Shares the settlements layer may give, and the columns of pupils they become."""
GROUP_WORDS = {
    "girls": message("girls"),
    "left_behind": message("left-behind children"),
    "poor": message("children of poor families"),
}


def moved(b: Brief) -> Table:
    """Return who changes school, one row a village, grade band and pair of schools; no row tells a single name."""
    rows = grouped(b.ways[b.ways["moved"]])
    rows["band"] = pd.Categorical(rows["band"], list(BANDS), ordered=True)
    rows = rows.sort_values(["town", "settlement_id", "band", "school_id"], kind="stable")
    rows = in_words(b.lang, rows.assign(band=rows["band"].astype(str)), b.plan.policy)
    names = ["settlement", "town", "grades", "from_school", "to_school", "mode", "pupils", "today_min", "minutes",
             "change_min"]  # fmt: skip
    return table("moved", b.lang.text("Pupils who change school, by village"), rows, names, b.lang)


def records(b: Brief) -> Table:
    """Return the record of each moved group by single grade, for the register of pupils."""
    rows = in_words(b.lang, grouped(b.ways[b.ways["moved"]]), b.plan.policy)
    names = ["settlement", "settlement_id", "town", "from_school", "to_school", "mode", *PUPIL_COLUMNS, "pupils",
             "today_min", "minutes"]  # fmt: skip
    title = b.lang.text("Record of pupils who change school, by village and grade")
    return table(
        "records", title, rows.sort_values(["town", "settlement_id", "school_id"], kind="stable"), names, b.lang
    )


def moved_by_grade(b: Brief) -> Table:
    """Return how many pupils of each grade change school."""
    every = b.ways[list(PUPIL_COLUMNS)].sum()
    gone = b.ways.loc[b.ways["moved"], list(PUPIL_COLUMNS)].sum()
    rows = pd.DataFrame(
        {
            "grade": b.lang.text("Grade {n}", n=grade),
            "pupils": float(every[f"g{grade}"]),
            "moved": float(gone[f"g{grade}"]),
            "moved_share": float(gone[f"g{grade}"] / every[f"g{grade}"]) if every[f"g{grade}"] else None,
        }
        for grade in ALL_GRADES
    )
    title = b.lang.text("Pupils who change school, by grade")
    return table("moved_by_grade", title, rows, ["grade", "pupils", "moved", "moved_share"], b.lang)


def arrivals(b: Brief, *, only_open: bool = False) -> Table:
    """Return the schools whose pupils change, with those who leave and those who arrive; all, or those that stay."""
    gone = b.ways[b.ways["moved"]]
    leave, arrive = gone.groupby("today_school")["pupils"].sum(), gone.groupby("school_id")["pupils"].sum()
    rows = b.schools.assign(
        leave=leave.reindex(b.schools.index, fill_value=0.0),
        arrive=arrive.reindex(b.schools.index, fill_value=0.0),
        school=b.schools["name"],
    )
    rows = rows[((rows["leave"] > 0) | (rows["arrive"] > 0)) & (rows["is_open"] | (not only_open))]
    rows = rows.assign(role=b.roles(rows)).sort_values(["is_open", "arrive", "leave"], ascending=False, kind="stable")
    names = ["school", "town", "role", "pupils_before", "leave", "arrive", "pupils_after"]
    title = (
        b.lang.text("Pupils who leave and arrive at the schools that stay")
        if only_open
        else b.lang.text("Schools that pupils leave and arrive at")
    )
    return table("arrivals", title, rows, names, b.lang)


def modes(b: Brief) -> Table:
    """Return how pupils of each band come to school, today and in the plan."""
    say, rows = b.lang.text, []
    for band in BANDS:
        part, was = b.ways[b.ways["band"] == band], b.today.assignments[b.today.assignments["band"] == band]
        for when, ways in (("before", was), ("after", part)):
            told = ways["mode"].where(ways["school_id"] != "", "")
            counts = ways.groupby(told)["pupils"].sum()
            rows.append(
                {
                    "grades": b.grades[band],
                    "when": say("Today") if when == "before" else say("Plan"),
                    "pupils": float(ways["pupils"].sum()),
                    **{f"by_{mode or 'none'}": float(counts.get(mode, 0.0)) for mode in MODES},
                }
            )
    columns = ["grades", "when", "pupils:", "by_walk:", "by_bus:", "by_board:", "by_none:"]
    frame = pd.DataFrame(rows)
    return table("modes", say("How pupils come to school"), frame[frame["pupils"] > 0], columns, b.lang)


def worst_off(b: Brief) -> Table:
    """Return the villages of the daily pupils with the longest ways, until their share is reached."""
    daily = b.ways[
        (b.ways["school_id"] != "") & (b.ways["mode"] != "board") & np.isfinite(b.ways["minutes"].astype(float))
    ]
    order = ["minutes", "settlement_id", "band"]
    rows = grouped(daily).sort_values(order, ascending=[False, True, True], kind="stable")
    before = rows["pupils"].cumsum() - rows["pupils"]
    rows = in_words(b.lang, rows[before < WORST_SHARE * daily["pupils"].sum()], b.plan.policy)
    title = b.lang.text("The {share} of daily pupils with the longest ways", share=b.lang.share(WORST_SHARE))
    names = ["settlement", "town", "grades", "to_school", "mode", "pupils", "today_min", "minutes", "change_min"]
    return table("worst_off", title, rows, names, b.lang)


def exceptions(b: Brief) -> Table:
    """Return the groups whose way is beyond a limit, named one by one."""
    rows = in_words(b.lang, grouped(b.ways[b.ways["exception"]]), b.plan.policy)
    names = ["settlement", "town", "grades", "to_school", "mode", "pupils", "today_min", "minutes"]
    title = b.lang.text("Named exceptions: ways beyond a limit")
    none = b.lang.text("No way is beyond a limit.")
    return table("exceptions", title, rows, names, b.lang, empty=none)


def boarding(b: Brief) -> Table:
    """Return boarders, beds and the dormitory area they need, school by school."""
    boards = b.ways[(b.ways["mode"] == "board") & (b.ways["school_id"] != "")]
    today = b.today.assignments
    today = today[today["mode"] == "board"].groupby("school_id")["pupils"].sum()
    rows = b.schools.assign(
        school=b.schools["name"],
        boarders_today=today.reindex(b.schools.index, fill_value=0.0),
        beds_today=b.schools["was_beds"],
        longest_min=boards.groupby("school_id")["minutes"].max().reindex(b.schools.index),
        villages=boards.groupby("school_id")["settlement_id"].nunique().reindex(b.schools.index),
        room_m2=b.plan.policy.quality.dorm_area_m2 * b.schools["boarders"],
    )
    rows = rows[rows["boarders"] > 0].sort_values("boarders", ascending=False, kind="stable")
    names = ["school", "town", "boarders", "beds_today", "beds", "room_m2", "villages", "longest_min"]
    none = b.lang.text("Nobody boards in this plan.")
    return table("boarding", b.lang.text("Boarders and beds by school"), rows, names, b.lang, empty=none)


def meals(b: Brief) -> Table:
    """Return who needs a midday meal at which school: those who come by bus, and boarders."""
    served = b.ways[b.ways["school_id"] != ""]
    by_mode = {mode: served[served["mode"] == mode].groupby("school_id")["pupils"].sum() for mode in ("bus", "board")}
    rows = b.schools.assign(
        school=b.schools["name"],
        by_bus=by_mode["bus"].reindex(b.schools.index, fill_value=0.0),
        boarders=by_mode["board"].reindex(b.schools.index, fill_value=0.0),
    )
    rows["meals"] = rows["by_bus"] + rows["boarders"]
    rows = rows[rows["meals"] > 0].sort_values("meals", ascending=False, kind="stable")
    title = b.lang.text("Pupils who cannot go home at noon")
    return table("meals", title, rows, ["school", "town", "by_bus", "boarders", "meals"], b.lang)


def groups_given(b: Brief) -> list[str]:
    """Return which groups of children the study knows: girls, left_behind, poor."""
    given = b.plan.study.settlements
    return [name for name in GROUPS if name in given and bool(given[name].notna().any())]


def care(b: Brief, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the expected pupils of each group the study knows, by the village's shares."""
    given = b.plan.study.settlements
    added = {}
    for name in groups_given(b):
        share = rows["settlement_id"].map(given[name]).astype(float).fillna(0.0)
        added[GROUPS[name]] = share * rows["pupils"]
    return rows.assign(**added)


def care_table(b: Brief) -> Table:
    """Return the moved pupils by the school they come to, with the groups that need most care."""
    gone = care(b, b.ways[b.ways["moved"]])
    known = [GROUPS[name] for name in groups_given(b)]
    young = gone[list(YOUNG)].sum(axis=1)
    boards = gone["pupils"].where(gone["mode"] == "board", 0.0)
    gone = gone.assign(young=young, boarders=boards)
    columns = {name: (name, "sum") for name in ("pupils", "young", "boarders", *known)}
    rows = gone.groupby(["school_id", "school"], sort=True).agg(**columns).reset_index()
    rows = rows.sort_values("pupils", ascending=False, kind="stable")
    title = b.lang.text("Pupils who change school, by the school they come to")
    return table("care", title, rows, ["school", "pupils", "young", "boarders", *known], b.lang)


def villages_losing(b: Brief) -> Table:
    """Return the villages whose school closes or shrinks, one row each, with where their pupils go."""
    losing = [*b.closing.index, *b.shrinking.index]
    rows = b.ways[b.ways["today_school"].isin(losing) & (b.ways["school_id"] != b.ways["today_school"])]
    keys = ["today_school", "settlement_id", "today", "town", "settlement"]
    rows = rows.assign(minutes=rows["minutes"].where(rows["mode"] != "board"))  # a boarder's way is a weekly one
    found = rows.groupby(keys, sort=True).agg(
        pupils=("pupils", "sum"),
        to_school=("school", lambda names: b.lang.listed(sorted(set(names) - {""}))),
        longest_min=("minutes", "max"),
    )
    names = ["from_school", "town", "settlement", "pupils", "to_school", "longest_min"]
    title = b.lang.text("Villages whose school closes or becomes a teaching point")
    heads = {"longest_min": b.lang.text("Longest daily way")}
    found = found.reset_index().rename(columns={"today": "from_school"})
    return table("villages_losing", title, found, names, b.lang, heads=heads)


def villages_of(rows: pd.DataFrame) -> list[str]:
    """Return the names of the villages in the rows, each once, the one with most pupils first."""
    pupils: dict[tuple[str, str], float] = {}
    for code, name, count in zip(rows["settlement_id"], rows["settlement"], rows["pupils"], strict=True):
        pupils[code, name] = pupils.get((code, name), 0.0) + count
    return [name for (_, name), _ in sorted(pupils.items(), key=lambda entry: (-entry[1], entry[0]))]
