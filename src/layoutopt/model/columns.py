"""The columns of the compact program: what may be decided, from the options table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from layoutopt.model.frame import Expr, Frame, make_frame, stack
from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.policy.norms import class_cap
from layoutopt.schema import BANDS, GRADES, PUPIL_COLUMNS, STAGE_OF
from layoutopt.study import Study

Spec = tuple[str, pd.DataFrame, tuple[str, ...], np.ndarray | float, bool]
"""A block of columns: name, table (a row a column), key, upper bound, whole."""
CORE_BLOCKS = ("chosen", "open", "point", "taught", "multigrade", "grade_classes", "posts", "level")
Blocks = Callable[[Study, Policy, Options], Iterable[Spec]]
"""What a family of rules decides besides the layout. Each table has a ``school_id``: what moves with that school."""
COUNTY = ""
"""The ``school_id`` of columns that belong to no school: they move with every part of the county."""


@dataclass(frozen=True, eq=False)
class Data:
    """What rules and goals look at: the frame, the facts behind it, and the policy.

    ``reach`` is the most pupils that can come, by (school_id, band): the smallest big-M the data allow.
    """

    frame: Frame
    study: Study
    options: Options
    policy: Policy
    schools: pd.DataFrame
    reach: pd.Series

    def reach_of(self, by: list[str]) -> pd.Series:
        """Return the most pupils that can come, summed to the labels ``by`` (school_id, band or stage)."""
        return self.reach.groupby(level=by).sum()


def make_data(study: Study, policy: Policy, options: Options, *, further: Iterable[Blocks] = ()) -> Data:
    """Return the frame of the compact program; ``further`` adds the blocks of other families after the layout's.

    Blocks: ``chosen`` (option taken), ``open`` (full school), ``point`` (teaching point), ``taught``
    (band taught by a full school), ``multigrade`` (its one class), ``grade_classes`` (whole number),
    ``posts`` (whole number a stage), ``level`` (expansion).
    """
    schools = options.schools.rename_axis("school_id").reset_index()
    chosen = options.rows.merge(
        options.items[["item", "pupils", *PUPIL_COLUMNS]], on="item", how="left", validate="many_to_one"
    )
    chosen["stage"] = chosen["band"].map(STAGE_OF)
    taught = _offered(schools)
    grades = taught.assign(grade=taught["band"].map(dict(policy.bands))).explode("grade", ignore_index=True)
    grades["grade"] = grades["grade"].astype(int)
    reach = _reach(chosen, taught)
    most = grades[["school_id", "band"]].merge(reach.rename("most").reset_index(), how="left")["most"].to_numpy()
    complete = options.schools["complete_primary"].reindex(grades["school_id"])
    cap = grades["cap"] = [
        class_cap(stage, whole, policy) for stage, whole in zip(grades["stage"], complete, strict=True)
    ]
    stages = taught[["school_id", "stage"]].drop_duplicates()
    frame = make_frame(
        [
            ("chosen", chosen, ("item", "school_id", "mode"), 1.0, True),
            ("open", schools, ("school_id",), 1.0, True),
            ("point", schools[schools["may_point"]], ("school_id",), 1.0, True),
            ("taught", taught, ("school_id", "band"), 1.0, True),
            ("multigrade", taught, ("school_id", "band"), float(policy.classes.multigrade), True),
            ("grade_classes", grades, ("school_id", "grade"), np.ceil(most / cap) + 1, True),
            ("posts", stages, ("school_id", "stage"), np.inf, True),
            ("level", _levels(study), ("school_id", "stage", "level"), 1.0, True),
            *(spec for blocks in further for spec in blocks(study, policy, options)),
        ]
    )
    return Data(frame, study, options, policy, options.schools, reach)


def _offered(schools: pd.DataFrame) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"school_id": schools.loc[schools[f"offers_{band}"], "school_id"], "band": band}) for band in BANDS
    ]
    table = pd.concat(parts).sort_values(["school_id", "band"], kind="stable").reset_index(drop=True)
    return table.assign(stage=table["band"].map(STAGE_OF))


def _reach(chosen: pd.DataFrame, taught: pd.DataFrame) -> pd.Series:
    """Pupils with an option, by school and band (each group once, however many modes)."""
    once = chosen.drop_duplicates(["item", "school_id"])
    found = once.groupby(["school_id", "band", "stage"])["pupils"].sum()
    return found.reindex(pd.MultiIndex.from_frame(taught[["school_id", "band", "stage"]]), fill_value=0.0)


def _levels(study: Study) -> pd.DataFrame:
    columns = ["school_id", "stage", "level", "places", "beds", "canteen_seats", "capital_cny", "life_years"]
    if study.expansions is None:
        return pd.DataFrame(columns=columns)
    table = study.expansions.reindex(columns=columns).fillna({"beds": 0.0, "canteen_seats": 0.0, "life_years": 0.0})
    table["level"] = table["level"].astype(int)
    return table.sort_values(["school_id", "stage", "level"]).reset_index(drop=True)


def pupils_by(data: Data, by: list[str], *, mode: str | None = None) -> Expr:
    """Return the expression of pupils summed ``by`` labels, optionally of one mode only."""
    where = None if mode is None else (data.frame.blocks["chosen"].table["mode"] == mode).to_numpy()
    return data.frame.total("chosen", weight="pupils", by=by, where=where)


def pupils_by_grade(data: Data) -> Expr:
    """Return the expression of pupils by school and grade."""
    chosen = data.frame.blocks["chosen"].table
    parts = []
    for grade in GRADES:
        where = (chosen["band"] == data.policy.band_of[grade]).to_numpy()
        part = data.frame.total("chosen", weight=f"g{grade}", by=["school_id"], where=where)
        labels = pd.MultiIndex.from_arrays(
            [part.level("school_id"), np.full(len(part), grade)], names=["school_id", "grade"]
        )
        parts.append(Expr(part.matrix, part.constant, labels))
    return stack(parts)
