"""Numbers and words of the report."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from layoutopt.policy import Policy
from layoutopt.report.charts import time_classes
from layoutopt.report.pages import json_text
from layoutopt.report.words import count, grade_words, listed, money, number, share, signed


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1_234_567, 0, "1,234,567"),
        (999.5, 0, "1,000"),
        (-12.34, 1, "-12.3"),
        (-0.04, 1, "0.0"),
        (0, 0, "0"),
        (None, 0, "–"),
        (float("nan"), 0, "–"),
        (float("inf"), 0, "–"),
    ],
)
def test_number(value: float | None, digits: int, text: str) -> None:
    assert number(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(3, "+3"), (-3, "-3"), (0, "0"), (0.2, "0"), (None, "–")])
def test_signed(value: float | None, text: str) -> None:
    assert signed(value) == text


def test_money_share_and_count() -> None:
    assert money(30_407_076) == "30.41 million CNY"
    assert money(88_000) == "88,000 CNY"
    assert share(0.3076, 1) == "30.8%"
    assert [count(n, "school") for n in (0, 1, 2)] == ["0 schools", "1 school", "2 schools"]


def test_listed_writes_policy_values_out() -> None:
    assert listed(None) == "no limit"
    assert listed(True) == "yes"
    assert listed(()) == "none"
    assert listed({"lower": 30.0, "upper": None}) == "lower 30, upper no limit"
    assert listed(("unserved", "travel")) == "unserved, travel"
    assert listed(1 / 3) == "0.333333"


def test_a_limit_itself_belongs_to_the_shorter_class() -> None:
    minutes = pd.Series([15.0, 15.1, 30.0, 40.0, 60.0, 60.1, np.inf, np.nan, 90.0])
    mode = pd.Series(["walk"] * 8 + ["board"])
    assert list(time_classes(minutes, mode)) == ["t0", "t1", "t1", "t2", "t3", "t4", "none", "none", "board"]


def test_json_text_cannot_end_a_script() -> None:
    text = json_text({"name": "</script><!-- & \u2028 学校"})
    assert not set("<>&\u2028") & set(text)
    assert "学校" in text


def test_grades_are_named_by_the_policys_bands() -> None:
    assert grade_words(Policy().bands) == {"lower": "1–3", "upper": "4–6", "junior": "7–9", "all": "1–9"}
    assert grade_words(Policy().replace(lower_last_grade=4).bands) == {
        "lower": "1–4", "upper": "5–6", "junior": "7–9", "all": "1–9",
    }  # fmt: skip
