"""The audit's check of quality: the twin of the rule, from the study's figures and the plan's pupils."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layoutopt.plan.facts import TOLERANCE, Facts, Violation, each
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.plan.school_checks import Check
from layoutopt.schema import STAGE_OF
from layoutopt.today.resources import carried, weighted_pupils


def quality(f: Facts) -> Iterator[Violation]:
    """A school that takes in more pupils than today has, for each of them, what quality_required asks for."""
    wanted = f.policy.quality.quality_required
    if not wanted:
        return
    table = carried(f.study, f.policy)
    after = weighted_pupils(f.schools, f.policy)
    for row in each(table[table["indicator"].isin(wanted) & table["school_id"].isin(f.schools.index)]):
        school, weighted = f.schools.loc[row.school_id], float(after[row.school_id])
        bands = tuple(band for band in str(school["bands"]).split("+") if band in STAGE_OF)
        is_taught = row.stage in {STAGE_OF[band] for band in bands} and school["role"] in OPEN_ROLES
        left_out = bands == ("lower",) and weighted < f.policy.quality.quality_least_pupils
        if not is_taught or left_out or weighted <= row.weighted_today + TOLERANCE:
            continue
        if np.isnan(row.carries):
            text = f"takes in more pupils than today, but its {row.indicator} is not known"
            yield Violation(row.school_id, weighted, row.weighted_today, text)
        elif weighted > row.carries + TOLERANCE:
            text = (
                f"{row.indicator} = {row.supply:g} is enough for {row.carries:.1f} pupils ({row.stage}), "
                f"{weighted:.1f} come (juniors at junior_share)"
            )
            yield Violation(row.school_id, weighted, row.carries, text)


CHECKS: dict[str, Check] = {quality.__name__: quality}
