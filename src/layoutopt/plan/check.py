"""What a study holds and how pupils reach school today, before anything is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from layoutopt.errors import InputError
from layoutopt.journeys import Journeys, journeys_of
from layoutopt.plan import flags
from layoutopt.plan.flags import LEVELS, Flag
from layoutopt.plan.weighted import percentile
from layoutopt.policy import Policy
from layoutopt.schema import BANDS, bands_of
from layoutopt.study import Study
from layoutopt.study.points import point_findings
from layoutopt.today import attendance, methods, school_facts

WITHIN_KM = (2, 3, 5)
WITHIN_MIN = (30, 40, 60)
FIGURES = ("mean", "p90", "max")
MOST_SHOWN = 12
"""Findings of one level that the short table lists; the page and the JSON hold all."""


@dataclass(frozen=True)
class StudyCheck:
    """The findings of one study: ``flags`` of all levels, counts, today's ways, and the methods used.

    ``counts`` has plain numbers, ``baseline`` a dictionary a band: ``mean_km, p90_km, max_km, mean_min,
    p90_min, share_within_km, share_within_min, unreachable`` (settlement ids). ``methods`` says in one
    sentence each where pupils, today's schools and travel come from, ``roads`` what became of the lines, ``bands``
    the grades of each band.
    """

    flags: tuple[Flag, ...] = ()
    counts: dict[str, float] = field(default_factory=dict)
    baseline: dict[str, dict[str, Any]] = field(default_factory=dict)
    methods: dict[str, str] = field(default_factory=dict)
    roads: tuple[str, ...] = ()
    bands: Mapping[str, tuple[int, ...]] = field(default_factory=bands_of)

    @classmethod
    def failed(cls, error: InputError) -> StudyCheck:
        """Return the findings of a study that cannot be read."""
        return cls(flags.problems_as_flags(error))

    @property
    def errors(self) -> tuple[str, ...]:
        """What stops a run."""
        return self._texts("error")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth a look."""
        return self._texts("warning")

    @property
    def repairs(self) -> tuple[str, ...]:
        """What was repaired or assumed while reading."""
        return self._texts("repair")

    def _texts(self, level: str) -> tuple[str, ...]:
        return tuple(flag.text for flag in self.flags if flag.level == level)

    def to_dict(self) -> dict[str, Any]:
        """Return the findings as plain values."""
        return {
            "errors": list(self.errors),
            "warnings": list(self.warnings),
            "repairs": list(self.repairs),
            "counts": self.counts,
            "baseline": self.baseline,
            "methods": self.methods,
            "roads": list(self.roads),
            "findings": [flag.to_dict() for flag in self.flags],
        }

    def lines(self) -> list[str]:
        """Return a short table: counts, today's ways by band, and the first findings of each level."""
        rows = [f"{name.replace('_', ' '):28} {value:>12,g}" for name, value in self.counts.items()]
        rows += self._baseline_lines()
        rows += [f"{name + ':':9} {text}" for name, text in self.methods.items()]
        for level in LEVELS:
            texts = self._texts(level)
            rows += [f"{level}: {text}" for text in texts[:MOST_SHOWN]]
            if len(texts) > MOST_SHOWN:
                rows.append(f"{level}: … and {len(texts) - MOST_SHOWN} more")
        counted = ((len(self._texts(level)), level) for level in LEVELS)
        return [*rows, ", ".join(f"{count} {level}{'' if count == 1 else 's'}" for count, level in counted)]

    def _baseline_lines(self) -> list[str]:
        known = {band: found for band, found in self.baseline.items() if "mean_min" in found}
        rows = []
        for unit, limits in (("km", WITHIN_KM), ("min", WITHIN_MIN)) if known else ():
            heads = ["pupils", f"mean {unit}", f"P90 {unit}", f"max {unit}", *(f"<={limit} {unit}" for limit in limits)]
            rows.append(f"{'today':8} " + " ".join(f"{head:>9}" for head in heads))
            for band, found in known.items():
                cells = [f"{found['pupils']:9,.0f}", *(f"{found[f'{name}_{unit}']:9.1f}" for name in FIGURES)]
                cells += [f"{100 * share:8.1f}%" for share in found[f"share_within_{unit}"].values()]
                rows.append(f"{band:8} " + " ".join(cells))
        return rows


def check_study(study: Study, policy: Policy) -> StudyCheck:
    """Return what is in ``study``, what looks wrong, and today's ways by band."""
    journeys = journeys_of(study, policy)
    today = attendance(study, policy)
    lost = {band: _unreachable(study, journeys, band) for band in BANDS}
    baseline = {band: _band(today[today["band"] == band], lost[band]) for band in BANDS}
    said = methods(study, policy)
    found = [
        *flags.unreachable_flags(baseline),
        *flags.shift_flags(study),
        *flags.road_flags(journeys),
        *flags.island_flags(journeys),
        *flags.off_road_flags(journeys),
        *flags.cut_off_flags(today, baseline),
        *flags.assumed_school_flags(today, said["today"]),
        *flags.as_flags(point_findings(study), "warning"),
        *flags.as_flags(study.notes, "repair"),
    ]
    counts = _counts(study, policy, today) | _road_counts(journeys)
    roads = () if journeys.roads is None else tuple(journeys.roads.report.lines())
    return StudyCheck(tuple(found), counts, baseline, said, roads, policy.bands)


def _counts(study: Study, policy: Policy, today: pd.DataFrame) -> dict[str, float]:
    facts = school_facts(study, policy)
    inhabited = today.loc[today["pupils"] > 0, "settlement_id"].nunique()
    return {
        "settlements": len(study.settlements),
        "settlements_without_pupils": len(study.settlements) - inhabited,
        "pupils": float(today["pupils"].sum()),
        "schools": int(facts["exists"].sum()),
        "small_schools": int(facts["small"].sum()),
        "schools_under_100": int((facts["exists"] & (facts["pupils"] < 100)).sum()),
        "hubs": int(facts["hub"].sum()),
        "protected_schools": int((facts["keep_reason"] != "").sum()),
    }


def _road_counts(journeys: Journeys) -> dict[str, float]:
    if journeys.roads is None:
        return {}
    report = journeys.roads.report
    return {
        "roads": report.lines_read,
        "road_km": round(report.total_km, 1),
        "road_pieces_before": report.pieces_before,
        "road_pieces_after": report.pieces_after,
        "main_piece_share": round(report.main_share, 4),
    }


def _unreachable(study: Study, journeys: Journeys, band: str) -> pd.Index:
    """Return the settlements from which no way, on foot or by bus, leads to a school that teaches the band."""
    teaches = (study.schools[f"offers_{band}"] & (study.schools["status"] != "candidate")).to_numpy(bool)
    ways = np.fmin(journeys.walk_min(band), journeys.bus_min(band, 0.0))[:, teaches]
    return study.settlements.index[~np.isfinite(ways).any(axis=1)]


def _band(today: pd.DataFrame, unreachable: pd.Index) -> dict[str, Any]:
    reached = np.isfinite(today["minutes"].to_numpy(float))
    known = today[reached]
    weight = known["pupils"].to_numpy(float)
    lost = sorted(set(today["settlement_id"]) & set(unreachable))
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
