"""The audit's checks of closures: the twins of the rules, and the conditions that forbid a closure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layoutopt.plan.built import built_total
from layoutopt.plan.facts import TOLERANCE, Facts, Violation
from layoutopt.plan.school_checks import Check
from layoutopt.policy.norms import merges_wanted
from layoutopt.today.schools import MOST


def merge_share(f: Facts) -> Iterator[Violation]:
    """The plan merges the asked share of the small schools."""
    counted = f.schools[f.schools["counted"]]
    merged, wanted = int((counted["role"] == "closed").sum()), merges_wanted(len(counted), f.policy)
    if f.policy.closure.merge_share is not None and merged < wanted:
        share = f.policy.closure.merge_share
        text = f"{merged} of {len(counted)} small schools merge, merge_share = {share:g} asks for {wanted}"
        yield Violation("county", merged, wanted, text)


def meals(f: Facts) -> Iterator[Violation]:
    """No canteen feeds more pupils than it has seats, where the seats are known."""
    eating = f.rows[f.rows["mode"].isin(f.policy.quality.meals_for)].groupby("school_id")["pupils"].sum()
    for code, row in f.schools.iterrows():
        seats = float(row["canteen_seats"]) + built_total(f.study, code, row, "canteen_seats")
        count = float(eating.get(code, 0.0))
        if np.isfinite(seats) and count > seats + TOLERANCE:
            yield Violation(str(code), count, seats, f"{count:g} pupils eat at a canteen for {seats:g}")


def closing_conditions(f: Facts) -> Iterator[Violation]:
    """No school closes against the objection of most parents or delegates, where the policy respects it.

    The other conditions that forbid a closure (``plan/closures.py``) are rules of their own and named by them: ways
    by the limits, beds, meals, school_size and class_size.
    """
    share = f.study.schools.reindex(columns=["objection_share"])["objection_share"].astype(float)
    closed = f.schools.index[(f.schools["role"] == "closed") & f.schools["exists"]]
    for code in closed[(share.reindex(closed) > MOST).to_numpy(bool) & f.policy.closure.respect_objection]:
        yield Violation(str(code), float(share[code]), MOST, f"closes, but {share[code]:.0%} object")


CHECKS: dict[str, Check] = {check.__name__: check for check in (merge_share, meals, closing_conditions)}
