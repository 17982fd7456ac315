"""The audit's check that everybody goes to one school, in a group of the right grades."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutopt.plan.facts import TOLERANCE, Facts, Violation, each
from layoutopt.schema import BANDS, PUPIL_COLUMNS, span


def cover(f: Facts) -> Iterator[Violation]:
    """Every pupil of every settlement and grade goes to exactly one school."""
    served = f.plan.assignments[f.plan.assignments["school_id"] != ""]
    sums = served.groupby("settlement_id")[list(PUPIL_COLUMNS)].sum().reindex(f.demand.index, fill_value=0.0)
    for name in PUPIL_COLUMNS:
        wrong = ~((sums[name] - f.demand[name]).abs() <= TOLERANCE)
        for code in f.demand.index[wrong]:
            has, needs = float(sums.loc[code, name]), float(f.demand.loc[code, name])
            yield Violation(code, has, needs, f"{needs:g} pupils of grade {name[1:]} live here, {has:g} are placed")
    lost = ~served["settlement_id"].isin(f.demand.index) | ~served["band"].isin(list(BANDS))
    for row in each(served[lost]):
        yield Violation(row.item, row.pupils, 0, f"no pupils of band {row.band} in {row.settlement_id} are known")
    for item in served.loc[served["item"].duplicated(), "item"].unique():
        yield Violation(str(item), 2, 1, "the group is placed twice")
    yield from _other_grades(f, served[~lost])


def _other_grades(f: Facts, served: pd.DataFrame) -> Iterator[Violation]:
    """Groups with pupils of a grade that is not in their band: they would have another band's limits and classes."""
    for band, grades in f.policy.bands.items():
        own = served[served["band"] == band]
        others = [name for name in PUPIL_COLUMNS if int(name[1:]) not in grades]
        counts = own[others].to_numpy(float)
        for column, row in np.argwhere(counts.T > TOLERANCE):
            item, grade, count = str(own["item"].iloc[row]), others[column][1:], float(counts[row, column])
            said = f"{count:g} pupils of grade {grade} go with band {band}, which is grades {span(grades)}"
            yield Violation(item, count, 0, said)
