"""What a study holds and how pupils reach school today, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.journeys import journeys_of, pupils_of
from layoutopt.plan.metrics import percentile
from layoutopt.policy import Policy
from layoutopt.schema import BANDS
from layoutopt.study import Study
from layoutopt.today import attendance, school_facts

WITHIN_KM = (2, 3, 5)
WITHIN_MIN = (30, 40, 60)


@dataclass(frozen=True)
class StudyCheck:
    """The findings: ``errors`` stop a run, ``warnings`` do not, ``repairs`` were made while reading.

    ``counts`` has plain numbers, ``baseline`` a dictionary a band: ``mean_km, p90_km, max_km, mean_min,
    p90_min, share_within_km, share_within_min, unreachable`` (settlement ids).
    """

    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    repairs: tuple[str, ...] = ()
    counts: dict[str, float] = field(default_factory=dict)
    baseline: dict[str, dict[str, Any]] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values."""
        return {
            "errors": list(self.errors), "warnings": list(self.warnings), "repairs": list(self.repairs),
            "counts": self.counts, "baseline": self.baseline,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the findings as lines of text."""
        rows = [f"{name.replace('_', ' '):28} {value:>12,g}" for name, value in self.counts.items()]
        if self.baseline:
            rows.append(f"{'today, by band':28} {'mean min':>9} {'P90 min':>9} {'max min':>9} {'mean km':>9}")
        for band, found in self.baseline.items():
            if "mean_min" in found:
                figures = (found["mean_min"], found["p90_min"], found["max_min"], found["mean_km"])
                rows.append(f"{band:28} " + " ".join(f"{value:9.1f}" for value in figures))
        for word, texts in (("error", self.errors), ("warning", self.warnings), ("repaired", self.repairs)):
            rows += [f"{word}: {text}" for text in texts]
        rows.append(f"{len(self.errors)} errors, {len(self.warnings)} warnings, {len(self.repairs)} repairs")
        return rows


def check_study(study: Study, policy: Policy) -> StudyCheck:
    """Return what is in ``study``, what looks wrong, and today's ways by band."""
    journeys = journeys_of(study, policy)
    today = attendance(study, policy)
    facts = school_facts(study, policy)
    pupils = pupils_of(study, policy).sum(axis=1)
    baseline = {band: _band(today[today["band"] == band]) for band in BANDS}
    counts: dict[str, float] = {
        "settlements": len(study.settlements),
        "settlements_without_pupils": int((pupils == 0).sum()),
        "pupils": float(pupils.sum()),
        "schools": int(facts["exists"].sum()),
        "small_schools": int(facts["small"].sum()),
        "schools_under_100": int((facts["exists"] & (facts["pupils"] < 100)).sum()),
        "hubs": int(facts["hub"].sum()),
        "protected_schools": int((facts["keep_reason"] != "").sum()),
    }
    warnings = []
    if journeys.roads is not None:
        report = journeys.roads.report
        counts |= {
            "roads": report.lines_read, "road_km": round(report.total_km, 1),
            "road_pieces_before": report.pieces_before,
            "road_pieces_after": report.pieces_after, "main_piece_share": round(report.main_share, 4),
        }  # fmt: skip
    for row in journeys.off_road[journeys.off_road["mode"] == "walk"].itertuples():
        side = "settlement" if row.side == "from" else "school"
        warnings.append(f"{side} {row.id} is off the road network (nearest road {row.distance_m:,.0f} m away)")
    guessed = today[today["inferred"]]
    if len(guessed):
        named = guessed["settlement_id"].nunique()
        warnings.append(f"{named} settlements name no school of today for some band: the nearest one is assumed")
    errors = [
        f"{code}: no way leads to any school of band {band}"
        for band, found in baseline.items()
        for code in found["unreachable"]
    ]
    return StudyCheck(tuple(errors), tuple(warnings), tuple(map(str, study.notes)), counts, baseline)


def _band(today: pd.DataFrame) -> dict[str, Any]:
    reached = np.isfinite(today["minutes"].to_numpy(float))
    known = today[reached]
    weight = known["pupils"].to_numpy(float)
    lost = sorted(today.loc[~reached, "settlement_id"])
    if weight.sum() == 0:
        return {"pupils": float(today["pupils"].sum()), "unreachable": lost}
    km, minutes = known["km"].to_numpy(float), known["minutes"].to_numpy(float)
    return {
        "pupils": float(today["pupils"].sum()),
        "mean_km": _mean(km, weight),
        "p90_km": round(percentile(km, weight, 0.9), 3),
        "max_km": round(float(km.max()), 3),
        "mean_min": _mean(minutes, weight),
        "p90_min": round(percentile(minutes, weight, 0.9), 2),
        "max_min": round(float(minutes.max()), 2),
        "share_within_km": {str(limit): _mean(km <= limit, weight) for limit in WITHIN_KM},
        "share_within_min": {str(limit): _mean(minutes <= limit, weight) for limit in WITHIN_MIN},
        "unreachable": lost,
    }


def _mean(values: np.ndarray, weight: np.ndarray) -> float:
    return round(float(np.asarray(values, dtype=float) @ weight / weight.sum()), 4)
