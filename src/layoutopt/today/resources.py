"""The seven resources of the quality-balance check: what schools have today, and how many pupils that carries."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from layoutopt.journeys import remembered
from layoutopt.policy import Policy
from layoutopt.policy.norms import least_per_pupil, stage_weight
from layoutopt.schema import INDICATORS, STAGE_GRADES, STAGES
from layoutopt.study import Study
from layoutopt.today.schools import school_facts

Array = NDArray[np.float64]


def resources_today(study: Study) -> pd.DataFrame:
    """Return the seven resources by school; NaN where not known."""
    return study.schools.reindex(columns=list(INDICATORS)).astype(float)


def stage_pupils(table: pd.DataFrame, stage: str) -> pd.Series:
    """Return the pupils of a stage from the columns g1…g9."""
    return table[[f"g{grade}" for grade in STAGE_GRADES[stage]]].sum(axis=1).astype(float)


def weighted_pupils(table: pd.DataFrame, policy: Policy) -> pd.Series:
    """Return primary + junior_share · junior pupils: by this a nine-year school splits what its stages share."""
    return sum(
        (stage_weight(stage, policy) * stage_pupils(table, stage) for stage in STAGES), pd.Series(0.0, table.index)
    )


@remembered
def carried(study: Study, policy: Policy) -> pd.DataFrame:
    """Return how many weighted pupils each resource of a school carries, a row a school, stage and indicator.

    A stage's share of a resource R is R · w_s P_s / W with W = Σ w_s P_s (``weighted_pupils``), so that it meets the
    threshold t_s for each of its P_s pupils where W ≤ ``carries`` = w_s R / t_s.

    Columns: ``school_id, stage, indicator, supply``, ``carries`` (both NaN where not known, ``carries`` ``inf`` where
    nothing is asked), ``weighted_today`` (W of today), and ``part`` (what the stage has of W today).
    """
    facts, supply = school_facts(study, policy), resources_today(study)
    offered = {stage: facts[f"offers_{stage}_stage"].astype(float) for stage in STAGES}
    today = weighted_pupils(facts, policy)
    parts = []
    for stage in STAGES:
        weight = stage_weight(stage, policy)
        own = weight * stage_pupils(facts, stage) / today.where(today > 0)
        part = own.fillna(1.0 / sum(offered.values()).clip(lower=1.0))
        for name in INDICATORS:
            threshold = least_per_pupil(name, stage, policy)
            most = weight * supply[name] / threshold if threshold > 0 else pd.Series(np.inf, supply.index)
            columns = {"supply": supply[name], "carries": most, "weighted_today": today, "part": part}
            rows = pd.DataFrame({"stage": stage, "indicator": name, **columns}).rename_axis("school_id").reset_index()
            parts.append(rows[(offered[stage] > 0).to_numpy()])
    return pd.concat(parts, ignore_index=True).sort_values(["school_id", "stage"], kind="stable", ignore_index=True)
