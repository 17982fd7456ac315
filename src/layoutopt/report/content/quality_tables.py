"""Tables about quality: the seven resources before and after, how even they are, full classes, areas for each pupil."""

from __future__ import annotations

import pandas as pd

from layoutopt.plan.rooms import area_table
from layoutopt.policy.norms import thresholds
from layoutopt.report.content.brief import Brief
from layoutopt.report.content.closing_tables import stages_in_words
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.language import message
from layoutopt.report.words import AREA_WORDS, INDICATOR_WORDS, VERDICTS
from layoutopt.schema import INDICATORS

SIZES: dict[str, str] = {"large": message("large class"), "over-large": message("over-large class"), "": ""}
NONE_KNOWN = message("The data give none of the seven resources.")


def is_known(b: Brief) -> bool:
    """Return whether the data give any of the seven resources."""
    return bool(b.quality[list(INDICATORS)].notna().to_numpy().any())


def quality(b: Brief, school_id: str = "") -> Table:
    """Return the seven resources of each school and stage, today and in the plan; all schools, or one."""
    rows = b.quality if is_known(b) else b.quality.iloc[:0]
    rows = rows[rows["school_id"] == school_id] if school_id else rows
    when = {"before": b.lang.text("Today"), "after": b.lang.text("Plan")}
    told = rows.assign(
        school=[b.school_name(code) for code in rows["school_id"]],
        stage=stages_in_words(b.lang, rows["stage"]),
        when=rows["when"].map(when),
        verdict=[b.lang.text(VERDICTS[verdict]) for verdict in rows["verdict"]],
    )
    names = ["school", "stage", "when", "pupils:", *INDICATORS, "met", "verdict"]
    title = b.lang.text("Quality-balance indicators by school, today and in the plan")
    names = names[1:] if school_id else names
    return table("quality", title, told, names, b.lang, empty=b.lang.text(NONE_KNOWN))


def spread(b: Brief) -> Table:
    """Return how evenly the schools of a stage have each resource, today and in the plan, with its threshold."""
    rows = b.spread if is_known(b) else b.spread.iloc[:0]
    by_when = {when: part.set_index(["stage", "indicator"]) for when, part in rows.groupby("when", sort=False)}
    after = by_when["after"][by_when["after"]["schools"] > 0] if by_when else rows.set_index(["stage", "indicator"])
    before = by_when["before"].reindex(after.index) if by_when else after
    least, cap = thresholds(b.plan.policy), b.plan.policy.quality.cv_max
    told = pd.DataFrame(
        {
            "stage": stages_in_words(b.lang, after.index.get_level_values("stage").to_series()),
            "label": [b.lang.text(INDICATOR_WORDS[name]) for name in after.index.get_level_values("indicator")],
            "least": [float(least[name][stage]) for stage, name in after.index],
            "spread_mean_before": before["mean"].to_numpy(float),
            "spread_mean": after["mean"].to_numpy(float),
            "cv_before": before["cv"].to_numpy(float),
            "cv": after["cv"].to_numpy(float),
            "cv_max": [float(cap[stage]) for stage, _ in after.index],
            "verdict": [b.lang.text(VERDICTS[str(found)]) for found in after["verdict"]],
        }
    )
    title = b.lang.text("How even the schools are: mean and coefficient of variation of each indicator")
    heads = {"label": b.lang.text("Indicator"), "cv": b.lang.text("Coefficient of variation in the plan")}
    return table("spread", title, told, list(told.columns), b.lang, heads=heads, empty=b.lang.text(NONE_KNOWN))


def large_classes(b: Brief) -> Table:
    """Return the large and over-large classes of the plan."""
    rows = b.classes
    rows = rows[rows["kind"] != ""]
    told = rows.assign(
        school=[b.school_name(code) for code in rows["school_id"]],
        stage=stages_in_words(b.lang, rows["stage"]),
        grade=rows["grades"].astype(str),
        class_size=rows["size"].astype(float),
        class_cap=rows["cap"].astype(float),
        kind=[b.lang.text(SIZES[kind]) for kind in rows["kind"]],
    )
    quality = b.plan.policy.quality
    title = b.lang.text(
        "Large classes (from {large} pupils on) and over-large ones (from {over})",
        large=quality.large_class,
        over=quality.over_large_class,
    )
    names = ["school", "stage", "grade", "pupils:", "classes:", "class_size", "class_cap", "kind"]
    return table("large_classes", title, told, names, b.lang, empty=b.lang.text("No class of the plan is large."))


def areas(b: Brief, *, only_receiving: bool = False) -> Table:
    """Return the areas each pupil has, today and in the plan, beside what they should be, of the schools that stay.

    All of them, or those that take pupils in.
    """
    rows = area_table(b.plan)
    rows = rows[rows["school_id"].isin(b.receiving)] if only_receiving else rows
    before = rows[rows["when"] == "before"].set_index(["school_id", "area"])
    after = rows[(rows["when"] == "after") & rows["m2"].notna()].set_index(["school_id", "area"])
    told = pd.DataFrame(
        {
            "school": [b.school_name(code) for code in after.index.get_level_values("school_id")],
            "area": [b.lang.text(AREA_WORDS[name]) for name in after.index.get_level_values("area")],
            "each_before": before["each_m2"].reindex(after.index).to_numpy(float),
            "each_after": after["each_m2"].to_numpy(float),
            "least": after["least_m2"].to_numpy(float),
            "verdict": [b.lang.text(VERDICTS[verdict]) if verdict else "" for verdict in after["verdict"]],
        }
    )
    rank = {b.lang.text(word): at for at, word in enumerate(AREA_WORDS.values())}
    told = told.assign(rank=told["area"].map(rank)).sort_values(["school", "rank"], kind="stable")
    names = ["school", "area", "each_before", "each_after", "least", "verdict"]
    title = (
        b.lang.text("Areas for each pupil at the schools that take pupils in, in m²")
        if only_receiving
        else b.lang.text("Areas for each pupil, in m², today and in the plan")
    )
    none = b.lang.text("The data give no areas.")
    return table("areas", title, told, names, b.lang, empty=none)


def rule_words(b: Brief) -> str:
    """Return when a school, and when the schools of a stage, pass the quality-balance check."""
    lang, quality = b.lang, b.plan.policy.quality
    return lang.text(
        "A school passes where {met} of seven indicators meet their threshold and every other reaches {share} of it; "
        "over the schools of a stage no coefficient of variation may exceed {primary} (primary) or {junior} (junior).",
        met=quality.pass_of,
        share=lang.share(quality.pass_share),
        primary=lang.number(quality.cv_max["primary"], 2),
        junior=lang.number(quality.cv_max["junior"], 2),
    )


def quality_words(b: Brief) -> str:
    """Return how many schools pass the quality-balance check, today and in the plan."""
    count = b.quality[b.quality["verdict"] != "left out"].groupby(["when", "verdict"]).size()
    before, after = (int(count.get((when, "pass"), 0)) for when in ("before", "after"))
    of = {when: int(count.get(when, pd.Series(dtype=int)).sum()) for when in ("before", "after")}
    return b.lang.text(
        "By stage, {before} of {of_before} schools pass the check today, {after} of {of_after} in the plan.",
        before=before, of_before=of["before"], after=after, of_after=of["after"],
    )  # fmt: skip
