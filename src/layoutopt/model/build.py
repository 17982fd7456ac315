"""The compact program put together: columns, rules, goals. This page is its table of contents."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from layoutopt.errors import nearest
from layoutopt.model.columns import Data, make_data
from layoutopt.model.frame import Model, NamedRows, Rows
from layoutopt.model.goals import goal_blocks, goal_rows, goals_of
from layoutopt.model.rules import BLOCKS, RULES
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study

ExtraRule = Callable[[Data], Iterable[Rows]]


def build_model(
    study: Study,
    policy: Policy,
    options: Options,
    *,
    skip: Collection[str] = (),
    extra_rules: Iterable[ExtraRule] = (),
) -> tuple[Model, Data]:
    """Return the compact program and the data its rules were stated on.

    Parameters
    ----------
    skip
        Names of rules to leave out, for tests and what-ifs.
    extra_rules
        A researcher's own rules: functions of :class:`Data` that yield rows; named after the function.
    """
    data = make_data(study, policy, options, further=(*BLOCKS, goal_blocks))
    stated = tuple(
        NamedRows(name, rows) for name, rule in RULES.items() if name not in skip for rows in rule.rows(data)
    )
    extra = tuple(
        NamedRows(getattr(function, "__name__", "extra"), rows) for function in extra_rules for rows in function(data)
    )
    return Model(data.frame, (*stated, *goal_rows(data)), goals_of(data), extra), data


def check_rule_names(names: Collection[str], known: Collection[str]) -> None:
    """Raise ``ValueError`` for a rule name that does not exist, naming the nearest."""
    for name in names:
        if name not in known:
            raise ValueError(f"unknown rule '{name}'.{nearest(name, known)} Known: {', '.join(sorted(known))}.")
