"""When nothing fits: which places, which limits, and by how much, in the planner's words."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from layoutopt.errors import InfeasibleError
from layoutopt.model.build import ExtraRule
from layoutopt.model.relax.beyond import Asked
from layoutopt.model.relax.diagnosis import Diagnosis, diagnose
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.study import Study

__all__ = ["Asked", "Diagnosis", "diagnose", "why_infeasible"]


def why_infeasible(
    study: Study,
    policy: Policy,
    options: Options,
    *,
    skip: Collection[str] = (),
    extra_rules: Iterable[ExtraRule] = (),
    proofs: Sequence[tuple[str, str]] = (),
) -> InfeasibleError:
    """Return the error that names the smallest easing under which a plan exists, and single changes that suffice.

    A copy of the program is solved in which every rule that can give has priced slack, and options beyond the
    limits are priced by how far they are beyond; that every pupil is served stays hard.
    """
    return diagnose(Asked(study, policy, options, skip, tuple(extra_rules)), proofs=proofs, thorough=False).error()
