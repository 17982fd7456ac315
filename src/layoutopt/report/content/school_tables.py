"""Tables about schools: what becomes of each, its posts, its room, what is built, the small ones that stay."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.plan.tables import levels_of
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.echoes import echoed
from layoutopt.report.words import ROLES, STAGE_WORDS
from layoutopt.schema import STAGE_GRADES, STAGES

ROLE_ORDER = tuple(ROLES)


def bands_in_words(b: Brief, bands: object) -> str:
    """Return the bands a school teaches as grades, such as ``1–3, 4–6``."""
    return b.lang.text(", ").join(b.grades[band] for band in str(bands).split("+") if band in b.grades)


def schools(b: Brief) -> Table:
    """Return every school and what becomes of it."""
    rows = b.schools[b.schools["existed"] | b.schools["is_open"]]
    rank = rows["role"].map({role: at for at, role in enumerate(ROLE_ORDER)})
    rows = rows.assign(rank=rank, school=rows["name"]).sort_values(["rank", "town", "school_id"], kind="stable")
    rows = rows.assign(
        role=b.roles(rows),
        bands=[bands_in_words(b, bands) for bands in rows["bands"]],
        reason=[echoed(str(reason), b.lang) for reason in rows["reason"].fillna("")],
    )
    names = ["school", "school_id", "town", "role", "bands", "pupils_before", "pupils_after", "classes",
             "teachers_before", "posts", "reason"]  # fmt: skip
    return table("schools", b.lang.text("What becomes of each school"), rows, names, b.lang)


def closing(b: Brief) -> Table:
    """Return the schools that close or become teaching points, with where their pupils go."""
    rows = pd.concat([b.closing, b.shrinking])
    gone = b.ways[b.ways["moved"] & b.ways["today_school"].isin(rows.index)]
    goals = gone.groupby("today_school")["school_id"].agg(lambda ids: b.lang.listed(_names(b, ids)))
    mean = gone.groupby("today_school").apply(_mean_min, include_groups=False)
    rows = rows.assign(
        school=rows["name"],
        role=b.roles(rows),
        moved=gone.groupby("today_school")["pupils"].sum().reindex(rows.index, fill_value=0.0),
        to_school=goals.reindex(rows.index).fillna(""),
        mean_min=mean.reindex(rows.index) if len(gone) else np.nan,
        longest_min=gone[gone["mode"] != "board"].groupby("today_school")["minutes"].max().reindex(rows.index),
    ).sort_values(["role", "town", "school_id"], kind="stable")
    names = ["school", "town", "role", "pupils_before", "moved", "to_school", "mean_min", "longest_min"]
    heads = {"mean_min": b.lang.text("Average daily way"), "longest_min": b.lang.text("Longest daily way")}
    title = b.lang.text("Schools that close or become teaching points")
    return table("closing", title, rows, names, b.lang, heads=heads)


def _names(b: Brief, ids: pd.Series) -> list[str]:
    return [b.school_name(code) for code in sorted(set(ids) - {""})]


def _mean_min(rows: pd.DataFrame) -> float:
    daily = rows[rows["mode"] != "board"]
    total = float(daily["pupils"].sum())
    return float((daily["minutes"] * daily["pupils"]).sum() / total) if total else float("nan")


def posts(b: Brief) -> Table:
    """Return the teachers of today and the posts of the plan, school by school."""
    rows = b.schools[b.schools["existed"] | b.schools["is_open"]]
    change = rows["posts"] - rows["teachers_before"]
    rows = rows.assign(
        school=rows["name"],
        role=b.roles(rows),
        posts_more=change.clip(lower=0.0),
        posts_less=(-change).clip(lower=0.0),
    ).sort_values(["town", "school_id"], kind="stable")
    names = ["school", "town", "role", "classes", "teachers_before", "posts", "posts_more", "posts_less"]
    return table("posts", b.lang.text("Teachers today and posts in the plan"), rows, names, b.lang)


def fullest_class(b: Brief, school_id: str, stage: str) -> tuple[float, float]:
    """Return pupils and limit of the class nearest to its limit; nan where the stage is not taught."""
    rows = b.classes[(b.classes["school_id"] == school_id) & (b.classes["stage"] == stage)]
    if rows.empty:
        return float("nan"), float("nan")
    fullest = rows.loc[(rows["size"] / rows["cap"]).astype(float).idxmax()]
    return float(fullest["size"]), float(fullest["cap"])


def stage_pupils(row: pd.Series, stage: str) -> float:
    """Return the plan's pupils of a stage at a school."""
    return float(sum(row[f"g{grade}"] for grade in STAGE_GRADES[stage]))


def room(b: Brief) -> Table:
    """Return for each open school and stage: pupils, places, what is built, the fullest class and its limit."""
    rows = []
    for school_id, row in b.schools[b.schools["is_open"]].iterrows():
        for stage in STAGES:
            if not set(STAGES[stage]) & set(str(row["bands"]).split("+")):
                continue
            places, pupils = float(row[f"places_{stage}"]), stage_pupils(row, stage)
            size, cap = fullest_class(b, str(school_id), stage)
            known = np.isfinite(places) and places > 0
            # A teaching point's places are those of its one class, not of the building it stands in.
            built = places - float(row[f"was_places_{stage}"]) if levels_of(row[f"level_{stage}"]) else 0.0
            rows.append(
                {
                    "school": row["name"],
                    "town": row["town"],
                    "role": b.lang.text(ROLES[str(row["role"])]),
                    "kind": b.lang.text(STAGE_WORDS[stage]),
                    "pupils_after": pupils,
                    "places": places if np.isfinite(places) else None,
                    "places_added": built,
                    "use_share": pupils / places if known else None,
                    "class_size": size,
                    "class_cap": cap,
                }
            )
    names = ["school", "town", "role", "kind", "pupils_after", "places", "places_added", "use_share", "class_size",
             "class_cap"]  # fmt: skip
    return table("room", b.lang.text("Room and classes at the schools that stay"), pd.DataFrame(rows), names, b.lang)


def building(b: Brief) -> Table:
    """Return what is built before pupils move: levels chosen, places, beds and cost."""
    rows = b.schools[b.schools["capital_cny"] > 0]
    added = sum((rows[f"places_{stage}"] - rows[f"was_places_{stage}"] for stage in STAGES), start=0.0 * rows["beds"])
    rows = rows.assign(school=rows["name"], places_added=added, beds=rows["beds"] - rows["was_beds"])
    names = ["school", "town", "places_added", "beds", "capital_cny"]
    none = b.lang.text("The plan builds nothing: the receiving schools have room as they stand.")
    return table("building", b.lang.text("Built before pupils move"), rows, names, b.lang, empty=none)


def kept_small(b: Brief) -> Table:
    """Return the small schools that stay, with their pupils, classes and yearly cost."""
    wage = b.plan.policy.staffing.wage_cny
    rows = b.schools[b.schools["small"] & b.schools["is_open"]]
    rows = rows.assign(
        school=rows["name"], role=b.roles(rows), cost_cny=rows["annual_cny"] + wage * rows["posts"]
    ).sort_values(["role", "school_id"], kind="stable")
    names = ["school", "town", "role", "pupils_before", "pupils_after", "classes", "posts", "cost_cny"]
    limit = b.plan.policy.closure.closable_below_pupils
    title = b.lang.text("Schools with fewer than {limit} pupils that stay", limit=limit)
    return table("kept_small", title, rows, names, b.lang)
