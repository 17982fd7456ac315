"""Tables about the premises of schools that close or shrink: what is known of them, and what they become."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.report.content.brief import Brief
from layoutopt.report.content.columns import table
from layoutopt.report.document import Table
from layoutopt.report.echoes import echoed
from layoutopt.report.words import USES
from layoutopt.schema import STAGES


def premises(b: Brief) -> Table:
    """Return the premises that become idle, or partly so, with what is known of them."""
    rows = pd.concat([b.closing, b.shrinking])
    state = rows["role"].map(
        {
            "closed": b.lang.text("empty"),
            "teaching_point": b.lang.text("partly used, grades {grades} stay", grades=b.grades["lower"]),
        }
    )
    known = sum((rows[f"was_places_{stage}"].replace(np.inf, np.nan).fillna(0.0) for stage in STAGES), start=0.0)
    use = [use_words(b, str(code)) for code in rows.index]
    rows = rows.assign(school=rows["name"], state=state, places=known, beds=rows["was_beds"], use=use)
    names = ["school", "town", "state", "pupils_before", "classrooms", "places", "beds", "use"]
    title = b.lang.text("Premises that become free")
    return table("premises", title, rows.sort_values(["town", "school_id"], kind="stable"), names, b.lang)


def use_words(b: Brief, school_id: str) -> str:
    """Return what the premises of a school become; empty where the plan does not say."""
    rows = b.plan.premises[b.plan.premises["school_id"] == school_id]
    if rows.empty:
        return ""
    use = str(rows["use"].iloc[0]) or "idle"
    return b.lang.text(USES[use]) if use in USES else use


def reason_words(b: Brief, text: str) -> str:
    """Return why premises get their use, or none, in the language."""
    return b.lang.text("; ").join(_reason(b, part) for part in text.split("; ") if part)


def _reason(b: Brief, text: str) -> str:
    use, colon, why = text.partition(": ")
    if colon and use in USES:
        return b.lang.text("{use}: {why}", use=b.lang.text(USES[use]), why=echoed(why, b.lang))
    return echoed(text, b.lang)


def uses(b: Brief) -> Table:
    """Return what each closed school becomes and why, with children nearby, value and cost."""
    rows = b.plan.premises
    numbers = {name: rows[name].astype(float) for name in ("area_m2", "demand", "next_km", "value_cny")}
    told = rows.assign(
        **numbers,
        school=[b.school_name(code) for code in rows["school_id"]],
        use=[use_words(b, str(code)) for code in rows["school_id"]],
        reason=[reason_words(b, str(reason)) for reason in rows["reason"]],
        fit_cny=rows["capital_cny"].astype(float),
    )
    names = ["school", "use", "reason", "area_m2:", "demand", "next_km:", "value_cny", "fit_cny"]
    title = b.lang.text("New uses of closed schools")
    none = b.lang.text("The plan gives no closed school a new use.")
    return table("uses", title, told, names, b.lang, empty=none)


def use_counts(b: Brief) -> str:
    """Return how many closed buildings serve children again, and what fitting them out costs."""
    f = b.plan.figures
    return b.lang.plural(
        "{n} closed building serves children again; fitting them out costs {money} once.",
        "{n} closed buildings serve children again; fitting them out costs {money} once.",
        f.buildings_reused,
        money=b.lang.money(f.premises_capital_cny),
    )
