"""Numbers and paths behind the charts, worked out by hand."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from layoutopt.report.charts import Curve, SizeRow, lorenz, lorenz_curve, size_rows, within, worst_off
from layoutopt.report.curves import MOST_POINTS, minutes_drawing, path_of, share_drawing
from layoutopt.report.language import language


def _plans() -> Any:
    path = Path(__file__).with_name("test_report_plan.py")
    spec = importlib.util.spec_from_file_location("report_plan_for_charts", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


PLANS = _plans()


def test_schools_are_counted_by_size() -> None:
    # today 20, 16, 7 and 9 pupils; in the plan 36, 0, 7 and 9; the site has none in both
    assert size_rows(PLANS.small_plan()) == [SizeRow(1, 29, 4, 2), SizeRow(30, 99, 0, 1)]


def test_pupils_at_school_within_so_many_minutes() -> None:
    curves = within(PLANS.small_plan())
    # in the plan 6 pupils at 2 minutes, 19 at 3, 7 at 5, 3 at 10, 13 at 18; the four boarders are left out
    expected = [(0, 0), (2, 6 / 48), (3, 25 / 48), (5, 32 / 48), (10, 35 / 48), (18, 1)]
    assert np.allclose(curves["after"].points, expected)
    assert curves["before"].points[-1] == (32.0, 1.0)


def test_nobody_on_the_way_is_a_flat_curve() -> None:
    plan = PLANS.small_plan()
    nobody = plan.replace(assignments=plan.assignments.assign(mode="board"))
    assert within(nobody)["after"].points == ((0.0, 0.0),)
    assert lorenz(nobody)["after"].index == 0.0
    assert worst_off(nobody).empty


def test_the_lorenz_curve_and_its_index() -> None:
    # two pupils, 10 and 30 minutes: the nearer half has a quarter of the minutes; 1 − (0.5·0.25 + 0.5·1.25)
    curve = lorenz_curve(np.array([30.0, 10.0]), np.array([1.0, 1.0]))
    assert np.allclose(curve.points, [(0, 0), (0.5, 0.25), (1, 1)])
    assert curve.index == pytest.approx(0.25)
    assert lorenz_curve(np.array([7.0, 7.0]), np.array([2.0, 5.0])).index == pytest.approx(0.0)


def test_the_worst_off_are_the_five_per_cent_with_the_longest_ways() -> None:
    # 5 % of 48 daily pupils are 2.4: the eight of V2's lower grades at 18 minutes hold them
    assert worst_off(PLANS.small_plan()).to_dict() == {"V2": 18.0}


def test_a_path_runs_from_corner_to_corner_and_is_thinned() -> None:
    assert path_of(Curve(((0.0, 0.0), (1.0, 1.0)))) == "M46.0 214.0L430.0 12.0"
    many = Curve(tuple((k / 5000, k / 5000) for k in range(5001)))
    path = path_of(many)
    assert path.startswith("M46.0 214.0L") and path.endswith("L430.0 12.0")
    assert path.count("L") <= MOST_POINTS + 2


def test_ticks_cover_the_longest_way_and_are_written_by_locale() -> None:
    drawing = minutes_drawing({"before": Curve(((0.0, 0.0), (18.0, 1.0)))}, language("en"))
    assert [tick.label for tick in drawing.along] == ["0", "5", "10", "15", "20"]
    assert [tick.label for tick in drawing.up] == ["0%", "25%", "50%", "75%", "100%"]
    assert drawing.paths["before"] == "M46.0 214.0L391.6 12.0"
    assert len(share_drawing({}, language("zh")).along) == 5
