"""The rules of the layout: who goes where, what each school is, its room, classes, posts and money."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from layoutopt.model.columns import Data, pupils_by, pupils_by_grade
from layoutopt.model.frame import Expr, Rows
from layoutopt.model.objective import annual_cost
from layoutopt.model.rules.register import rule
from layoutopt.schema import STAGES


@rule("Every pupil group goes to exactly one school in one way", r"\sum_{j,m} x_{njm} = 1")
def cover(d: Data) -> Iterator[Rows]:
    """One row a pupil group."""
    items = pd.MultiIndex.from_frame(d.options.items[["item"]])
    yield d.frame.total("chosen", by=["item"]).on(items).equals(1.0)


@rule("Pupils go only where their band is taught", r"\sum_m x_{njm} \le s_{jb} + p_j\,[b = \text{lower}]")
def band_taught(d: Data) -> Iterator[Rows]:
    """One row a pupil group and school: the strong link, which decides the quality of the bound."""
    sent = d.frame.total("chosen", by=["item", "school_id", "band"])
    yield sent <= d.frame.each("taught").on(sent.labels) + _point(d, sent.labels)


@rule(
    "A school is full, a teaching point or closed; only full schools teach bands, the upper only with the lower",
    r"p_j + y_j \le 1,\; s_{jb} \le y_j,\; y_j \le \sum_b s_{jb},\; s_{jU} \le s_{jL}",
)
def school_state(d: Data) -> Iterator[Rows]:
    """Rows a school and band."""
    is_open, taught = d.frame.each("open"), d.frame.each("taught")
    yield is_open + d.frame.each("point") <= 1.0
    yield taught <= is_open.on(taught.labels)
    yield is_open <= d.frame.total("taught", by=["school_id"])
    upper = taught.only(taught.level("band") == "upper")
    lower = pd.MultiIndex.from_arrays(
        [upper.level("school_id"), np.full(len(upper), "lower")], names=["school_id", "band"]
    )
    below = taught.on(lower)
    both = d.schools["offers_lower"].reindex(upper.level("school_id")).to_numpy(bool)
    yield ((upper <= Expr(below.matrix, below.constant, upper.labels)) if both.all() else _some(upper, below, both))


def _some(upper: Expr, below: Expr, keep: np.ndarray) -> Rows:
    rows = upper <= Expr(below.matrix, below.constant, upper.labels)
    return Rows(rows.matrix[keep], rows.lower[keep], rows.upper[keep], rows.labels[keep])


@rule("Protected schools stay whole, and decided closures happen", r"s_{jb} = 1,\; y_j = 0")
def protected(d: Data) -> Iterator[Rows]:
    """Rows for schools that may not close (with every band they teach), and for those that must."""
    taught, is_open = d.frame.each("taught"), d.frame.each("open")
    kept = (d.schools["keep_reason"] != "").reindex(taught.level("school_id")).to_numpy(bool)
    yield taught.only(kept) >= 1.0
    closed = d.schools["must_close"].reindex(is_open.level("school_id")).to_numpy(bool)
    yield is_open.only(closed) <= 0.0


@rule("No stage of a school teaches more pupils than it has places", r"e_{j\sigma} \le c_{j\sigma} y_j + \dots")
def places(d: Data) -> Iterator[Rows]:
    """One row a school and stage; a teaching point keeps the primary places, expansions add theirs."""
    pupils = pupils_by(d, ["school_id", "stage"])
    ids, stage = pupils.level("school_id"), pupils.level("stage")
    reach = d.reach_of(["school_id", "stage"]).reindex(pupils.labels).to_numpy(float)
    has = np.array([d.schools.loc[i, f"places_{s}"] for i, s in zip(ids, stage, strict=True)], dtype=float)
    room = np.minimum(has, reach)
    point = _point_of_school(d, pupils.labels) * (room * (stage == "primary"))
    added = d.frame.total("level", weight="places", by=["school_id", "stage"])
    yield pupils <= d.frame.each("open").on(pupils.labels) * room + point + added.on(pupils.labels)


@rule("No school has more boarders than beds", r"\sum_n d_n o_{nj} \le b_j y_j + \dots")
def beds(d: Data) -> Iterator[Rows]:
    """One row a school with boarding options."""
    boarders = pupils_by(d, ["school_id"], mode="board")
    if not len(boarders):
        return
    room = d.frame.each("open").on(boarders.labels) * d.schools["beds"].rename_axis("school_id")
    yield boarders <= room + d.frame.total("level", weight="beds", by=["school_id"]).on(boarders.labels)


@rule("No class is larger than its cap", r"e_{jg} \le \kappa_\sigma n_{jg} + 30 m_{jb} + 30 p_j")
def class_size(d: Data) -> Iterator[Rows]:
    """One row a school and grade."""
    pupils = pupils_by_grade(d)
    own = d.frame.total("grade_classes", weight="cap", by=["school_id", "grade"])
    shared = _at_grades(d, d.frame.each("multigrade"), own.labels) * d.policy.classes.multigrade_cap
    point = _at_grades(d, _lower_point(d), own.labels) * d.policy.points.point_max_pupils
    yield pupils.on(own.labels) <= own + shared + point


@rule("A taught band has a class for each grade, or is one multigrade class", r"n_{jg} \ge s_{jb} - m_{jb}")
def class_per_grade(d: Data) -> Iterator[Rows]:
    """One row a school and grade, and one a band."""
    own = d.frame.each("grade_classes")
    taught, shared = d.frame.each("taught"), d.frame.each("multigrade")
    yield own >= _at_grades(d, taught - shared, own.labels)
    yield shared <= taught


@rule(
    "A band in one multigrade class is small enough for it",
    r"e_{jb} \le 30 m_{jb} + U_{jb} (s_{jb} - m_{jb}) + \dots",
)
def multigrade_size(d: Data) -> Iterator[Rows]:
    """One row a school and band; U is the most pupils that can come."""
    pupils = pupils_by(d, ["school_id", "band"])
    reach = d.reach_of(["school_id", "band"]).reindex(pupils.labels).to_numpy(float)
    most = np.minimum(d.policy.classes.multigrade_cap, reach)
    taught, shared = d.frame.each("taught").on(pupils.labels), d.frame.each("multigrade").on(pupils.labels)
    yield pupils <= shared * most + (taught - shared) * reach + _point(d, pupils.labels) * reach


@rule("A teaching point has few enough pupils for its one class", r"e_{jL} \le 30 p_j + U_{jL} s_{jL}")
def point_size(d: Data) -> Iterator[Rows]:
    """One row a school that may become a teaching point."""
    point = _lower_point(d)
    if not len(point):
        return
    reach = d.reach_of(["school_id", "band"]).reindex(point.labels).fillna(0.0).to_numpy(float)
    most = np.minimum(d.policy.points.point_max_pupils, reach)
    pupils = pupils_by(d, ["school_id", "band"]).on(point.labels)
    yield pupils <= point * most + d.frame.each("taught").on(point.labels) * reach


@rule("No school grows beyond the largest admissible size", r"\sum_b e_{jb} \le C_j")
def school_size(d: Data) -> Iterator[Rows]:
    """One row a school that more pupils can reach than it may have."""
    pupils = pupils_by(d, ["school_id"])
    cap = d.schools["cap"].reindex(pupils.level("school_id")).to_numpy(float)
    reach = d.reach_of(["school_id"]).reindex(pupils.level("school_id")).to_numpy(float)
    rows = pupils.only(reach > cap)
    yield rows <= cap[reach > cap]


@rule("An open school that is not protected has enough pupils to be viable", r"\sum_b e_{jb} \ge m_j y_j")
def min_pupils(d: Data) -> Iterator[Rows]:
    """One row an unprotected school, where the policy sets a minimum."""
    least = d.schools["highest"].map(lambda stage: d.policy.closure.min_pupils[stage])
    wanted = d.schools.index[(least > 0) & (d.schools["keep_reason"] == "")]
    is_open = d.frame.each("open")
    is_open = is_open.only(is_open.level("school_id").isin(wanted))
    yield pupils_by(d, ["school_id"]).on(is_open.labels) >= is_open * least.rename_axis("school_id")


@rule(
    "Every school has the posts its classes and its pupils need",
    r"T_{j\sigma} \ge t_\sigma (\sum n_{jg} + \sum m_{jb}) + t^p p_j,\; T_{j\sigma} \ge e_{j\sigma}/r_\sigma",
)
def posts(d: Data) -> Iterator[Rows]:
    """Two rows a school and stage."""
    have = d.frame.each("posts")
    classes = d.frame.total("grade_classes", by=["school_id", "stage"]).on(have.labels)
    classes = classes + d.frame.total("multigrade", by=["school_id", "stage"])
    staff, ratio = (
        pd.Series({stage: table[stage] for stage in STAGES}).rename_axis("stage")
        for table in (d.policy.staffing.staff_per_class, d.policy.staffing.pupils_per_post)
    )
    point = _point_of_school(d, have.labels) * (d.policy.points.point_staff * (have.level("stage") == "primary"))
    yield have >= classes * staff + point
    yield have >= pupils_by(d, ["school_id", "stage"]).on(have.labels) * (1.0 / ratio)


@rule(
    "At most one expansion level a school and stage, and only where the school is open",
    r"\sum_e z_{j\sigma e} \le y_j",
)
def one_level(d: Data) -> Iterator[Rows]:
    """One row a school and stage with expansions."""
    levels = d.frame.total("level", by=["school_id", "stage"])
    if len(levels):
        yield levels <= d.frame.each("open").on(levels.labels)


@rule("Capital stays within its budget", r"\sum_e g_e z_e \le B")
def capital_budget(d: Data) -> Iterator[Rows]:
    """One row, where a budget is set."""
    budget = d.policy.money.capital_budget_cny
    spent = d.frame.total("level", weight="capital_cny", by=[])
    if budget is not None and len(spent):
        yield spent <= budget


@rule("The yearly cost stays within its budget", r"\text{annual cost} \le B'")
def annual_budget(d: Data) -> Iterator[Rows]:
    """One row, where a budget is set; buses count at their stated price per rider."""
    budget = d.policy.money.annual_budget_cny
    if budget is not None:
        yield annual_cost(d) <= budget


def _point(d: Data, labels: pd.MultiIndex) -> Expr:
    """Teaching points, for the lower band of the labels and zero elsewhere."""
    return _lower_point(d).on(labels)


def _lower_point(d: Data) -> Expr:
    point = d.frame.each("point")
    labels = pd.MultiIndex.from_arrays(
        [point.level("school_id"), np.full(len(point), "lower")], names=["school_id", "band"]
    )
    return Expr(point.matrix, point.constant, labels)


def _point_of_school(d: Data, labels: pd.MultiIndex) -> Expr:
    return d.frame.each("point").on(labels)


def _at_grades(d: Data, by_band: Expr, labels: pd.MultiIndex) -> Expr:
    """Repeat expressions by (school, band) for (school, grade) labels."""
    table = d.frame.blocks["grade_classes"].table
    bands = pd.MultiIndex.from_frame(table[["school_id", "band"]])
    repeated = by_band.on(bands)
    own = pd.MultiIndex.from_frame(table[["school_id", "grade"]])
    return Expr(repeated.matrix, repeated.constant, own).on(labels)
