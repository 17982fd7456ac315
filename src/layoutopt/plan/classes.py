"""Classes and posts of a school: what the norms need for its pupils, or the fewer a model decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.policy import Policy
from layoutopt.policy.helping import OWN, with_specialists
from layoutopt.policy.norms import class_cap, classes_of_band, point_posts, posts_of_stage
from layoutopt.schema import BANDS, GRADES, STAGE_GRADES, STAGE_OF, STAGES


@dataclass(frozen=True)
class Decided:
    """Classes and posts a model decided: by (school, grade), (school, band) and (school, stage).

    The tables take the fewer of these and what the norms need, so idle slack of a solver costs nobody.
    """

    classes: Mapping[tuple[str, object], int]
    multigrade: Mapping[tuple[str, object], int]
    posts: Mapping[tuple[str, object], int]


def class_columns(
    policy: Policy, fact: pd.Series, role: str, taught: tuple[str, ...], pupils: pd.Series, decided: Decided | None
) -> dict[str, float | bool | int]:
    """Return the classes of each grade, the multigrade classes, and the posts of a school's row."""
    school_id = str(fact.name)
    classes = dict.fromkeys(GRADES, 0)
    shared = dict.fromkeys(BANDS, False)
    for band in taught:
        counts = [float(pupils[f"g{grade}"]) for grade in policy.bands[band]]
        if role == "teaching_point":
            shared[band] = True
            continue
        cap = class_cap(STAGE_OF[band], bool(fact["complete_primary"]), policy)
        found, shared[band] = classes_of_band(counts, cap, policy)
        if decided is not None and decided.multigrade[school_id, band]:
            shared[band], found = True, (0,) * len(found)
        if decided is not None and not shared[band]:
            wanted = (decided.classes[school_id, grade] for grade in policy.bands[band])
            found = tuple(min(pair) for pair in zip(found, wanted, strict=True))
        classes |= dict(zip(policy.bands[band], found, strict=True))
    posts = _posts(policy, role, classes, shared, pupils)
    if decided is not None:
        posts = {stage: min(need, decided.posts.get((school_id, stage), need)) for stage, need in posts.items()}
    return {
        **{f"classes_g{grade}": classes[grade] for grade in GRADES},
        **{f"multigrade_{band}": shared[band] for band in BANDS},
        "classes": sum(classes.values()) + sum(shared.values()),
        **{f"posts_{stage}": posts[stage] for stage in STAGES},
        "posts": sum(posts.values()),
    }


def _posts(
    policy: Policy, role: str, classes: Mapping[int, int], shared: Mapping[str, bool], pupils: pd.Series
) -> dict[str, int]:
    posts = {}
    for stage, bands in STAGES.items():
        grades = STAGE_GRADES[stage]
        count = sum(classes[grade] for grade in grades) + sum(shared[band] for band in bands)
        total = sum(float(pupils[f"g{grade}"]) for grade in grades)
        posts[stage] = posts_of_stage(count, total, stage, policy) if count else 0
    if role == "teaching_point":
        posts["primary"] = point_posts(float(pupils.sum()), policy)
    return posts


def own_specialists(
    row: dict[str, object], policy: Policy, support: Mapping[str, str], decided: Decided | None
) -> dict[str, object]:
    """Return the school's row, its posts raised where it has specialists of its own and too few posts for them."""
    code = str(row["school_id"])
    if support.get(code) != OWN:
        return row
    taught = [stage for stage, bands in STAGES.items() if set(bands) & set(str(row["bands"]).split("+"))]
    most = {stage: np.inf if decided is None else decided.posts.get((code, stage), 0) for stage in taught}
    posts = with_specialists({stage: int(row[f"posts_{stage}"]) for stage in STAGES}, most, policy)  # type: ignore[call-overload]
    return row | {f"posts_{stage}": count for stage, count in posts.items()} | {"posts": sum(posts.values())}
