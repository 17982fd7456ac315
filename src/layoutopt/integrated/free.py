"""The compact program with free buses: what the lines cost comes from columns and prices instead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import replace

import numpy as np

from layoutopt.kernels.highs import Program
from layoutopt.model.build import ExtraRule, build_model
from layoutopt.model.columns import Data
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study


def with_free_buses(
    study: Study,
    policy: Policy,
    options: Options,
    *,
    skip: Collection[str],
    extra_rules: Iterable[ExtraRule],
    held: Callable[[Program], Program],
) -> tuple[Data, Program]:
    """Return data and program of the goal annual_cost in which a bus rider costs nothing; ``held`` adds rows."""
    rows = options.rows.copy()
    rows["cost_cny"] = np.where(rows["mode"] == "bus", 0.0, rows["cost_cny"])
    model, data = build_model(study, policy, replace(options, rows=rows), skip=skip, extra_rules=extra_rules)
    return data, held(model.program(model.goals["annual_cost"]))
