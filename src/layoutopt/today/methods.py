"""How pupils, today's attendance and travel were found, in plain sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.journeys import journeys_of
from layoutopt.policy import Policy
from layoutopt.pupils import pupils_method
from layoutopt.study import Study
from layoutopt.today.attending import attending_with_source, enrolled_places, parts_of

SOURCES = {
    "named": "as their settlement names it",
    "spread": "where they are enrolled",
    "enrolment": "by the least total minutes on foot that meet the enrolments",
    "nearest": "at the nearest school that teaches their band",
}


def attendance_method(study: Study, policy: Policy) -> str:
    """Return how today's attendance was found, in one plain sentence, with the pupils of each way of finding it."""
    today = attending_with_source(study, policy)
    counts = today.groupby("source")["pupils"].sum()
    parts = [f"{counts[source]:,.0f} pupils {text}" for source, text in SOURCES.items() if source in counts]
    sentence = "Today's schools: " + "; ".join(parts) if parts else "Nobody attends a school today"
    away = _deviation(study, policy, today)
    lost = float(today.loc[today["school_id"] == "", "pupils"].sum())
    more = f" (the schools' enrolments are missed by {away:,.0f} pupils in all)" if away else ""
    return sentence + more + (f"; {lost:,.0f} of them reach no school." if lost else ".")


def _deviation(study: Study, policy: Policy, today: pd.DataFrame) -> float:
    """Sum over schools and bands of |attending − enrolled|, for the bands whose attendance meets enrolments."""
    total = 0.0
    for band in today.loc[today["source"] == "enrolment", "band"].unique():
        attending = today[today["band"] == band].groupby("school_id")["pupils"].sum()
        places = [enrolled_places(study, grades) for own, grades in parts_of(policy) if own == band]
        enrolled = pd.Series(np.sum(places, axis=0), index=study.schools.index)
        total += float((attending.reindex(enrolled.index, fill_value=0.0) - enrolled).abs().sum())
    return total


def methods(study: Study, policy: Policy) -> dict[str, str]:
    """Return how pupils, today's attendance and travel were found: a plain sentence each."""
    return {
        "pupils": pupils_method(study, policy),
        "today": attendance_method(study, policy),
        "travel": travel_method(study, policy),
    }


def travel_method(study: Study, policy: Policy) -> str:
    """Return where minutes and kilometres come from, in one plain sentence."""
    journeys = journeys_of(study, policy)
    own = 0 if study.travel is None else len(study.travel)
    ways = "one way" if own == 1 else f"{own:,} ways"
    table = f", but {ways} as in the study's own travel table" if own else ""
    if journeys.roads is None:
        return f"Straight lines × {policy.travel.detour_factor:g}, as no roads are given{table}."
    report = journeys.roads.report
    share = f"{100 * report.main_share:.1f} %"
    return f"Along {report.total_km:,.0f} km of roads, {share} of them in one connected piece{table}."
