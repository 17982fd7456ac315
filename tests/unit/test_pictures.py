"""Printed maps and charts: what is drawn, in which font, and that no name breaks them."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.errors import InputError, MissingExtraError
from layoutopt.report import fonts, pictures, staticmaps
from layoutopt.report.charts import journey_bars, lorenz, size_rows
from layoutopt.report.document import Picture
from layoutopt.report.language import language
from layoutopt.report.mapground import extent_of
from layoutopt.report.maplegend import dot_handle, draw_legend
from layoutopt.report.mapnames import Name, shortened, write_names
from layoutopt.report.maptext import pixels, text_beside, width_em

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed (the extra 'report')")
matplotlib.use("Agg")

MAKERS: dict[str, Callable[[lo.Plan, str], Picture]] = {
    "schools": pictures.schools_map,
    "lines": pictures.lines_map,
    "journeys": pictures.journeys_map,
    "journeys_today": lambda plan, lang: pictures.journeys_map(plan, lang, today=True),
    "school": lambda plan, lang: pictures.school_map(plan, "S1", lang),
    "closed": lambda plan, lang: pictures.school_map(plan, "S2", lang),
    "line": lambda plan, lang: pictures.line_map(plan, str(plan.bus_lines["line_id"].iloc[0]), lang),
    "journeys_chart": pictures.journeys_chart,
    "sizes_chart": pictures.sizes_chart,
    "costs_chart": pictures.costs_chart,
    "lorenz_chart": pictures.lorenz_chart,
}
HOSTILE = ['$\\frac{1}{$ & <b>"', "😀", "مدرسة", "x" * 300, "_hidden", "%s {0} \\N"]


@pytest.fixture
def axes() -> Iterator[Any]:
    from matplotlib import pyplot

    yield pyplot.subplots(layout="constrained")[1]
    pyplot.close("all")


@pytest.fixture(scope="module")
def hostile_plan(county_plan: lo.Plan) -> lo.Plan:
    """The county with names nobody expects."""
    study = county_plan.study
    settlements, schools = study.settlements.copy(), study.schools.copy()
    for layer in (settlements, schools):
        layer["name"] = [HOSTILE[position % len(HOSTILE)] for position in range(len(layer))]
    return county_plan.replace(study=replace(study, settlements=settlements, schools=schools))


def drawn(picture: Picture) -> Any:
    """Return the axes with the picture on them."""
    from matplotlib.figure import Figure

    ax = Figure(layout="constrained").add_subplot()
    picture.draw(ax)
    return ax


def legend_of(ax: Any) -> list[str]:
    """Return the entries of a chart's legend, or of a map's, whose marks stand beside the axes."""
    if ax.get_legend() is None:
        return [mark.get_label() for mark in ax.figure.artists if not mark.get_label().startswith("_")]
    return [text.get_text() for text in ax.get_legend().get_texts()]


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("kind", MAKERS)
def test_a_picture_is_drawn_and_not_empty(kind: str, lang: str, county_plan: lo.Plan) -> None:
    from PIL import Image

    picture = MAKERS[kind](county_plan, lang)
    assert picture.title
    image = Image.open(io.BytesIO(pictures.png(picture, lang))).convert("L")
    assert image.size[0] == pytest.approx(picture.width_cm / 2.54 * pictures.DPI, abs=1)
    shades = np.asarray(image)
    assert 0.002 < (shades < 128).mean() < 0.7


@pytest.mark.parametrize("kind", MAKERS)
def test_no_name_breaks_a_picture(kind: str, hostile_plan: lo.Plan) -> None:
    assert pictures.png(MAKERS[kind](hostile_plan, "en"))


def test_the_same_plan_gives_the_same_bytes(county_plan: lo.Plan) -> None:
    once, again = (pictures.png(pictures.schools_map(county_plan)) for _ in range(2))
    assert once == again


def test_every_school_is_marked_by_its_role(county_plan: lo.Plan) -> None:
    ax = drawn(pictures.schools_map(county_plan))
    marks_only = [line for line in ax.lines if line.get_linestyle() == "None" and line.get_marker() in "so^xD"]
    by_look = {(line.get_marker(), len(line.get_xdata())) for line in marks_only}
    roles = county_plan.schools["role"].value_counts()
    marks = {"hub": "s", "full": "o", "teaching_point": "^", "closed": "x", "not_built": "D"}
    assert by_look == {(marks[role], count) for role, count in roles.items()}
    assert {"Hub", "Closes", "Teaching point", "Where most of its pupils go", "Village"} <= set(legend_of(ax))


def test_an_arrow_leads_from_each_closed_school_to_where_most_go(county_plan: lo.Plan) -> None:
    assert staticmaps.successors(county_plan) == {"S2": "S1", "S4": "S1"}


def test_settlements_take_the_class_of_their_longest_way(county_plan: lo.Plan) -> None:
    rows = county_plan.assignments
    found = staticmaps.journey_classes(county_plan)
    assert set(found.index) == set(rows.loc[rows["pupils"] > 0, "settlement_id"])
    village = rows[(rows["settlement_id"] == "V2") & (rows["pupils"] > 0)]
    longest = village["minutes"].max()
    assert found["V2"] == ("t0" if longest <= 15 else "t1" if longest <= 30 else "t2")
    everybody_boards = rows.assign(mode="board")
    assert set(staticmaps.journey_classes(county_plan.replace(assignments=everybody_boards))) == {"board"}


def test_lines_and_stops_are_drawn(county_plan: lo.Plan) -> None:
    ax = drawn(pictures.lines_map(county_plan))
    rings = [line for line in ax.lines if line.get_marker() == "o" and line.get_color() == "white"]
    stops = county_plan.bus_stops.groupby("line_id")["settlement_id"].nunique()
    assert sorted(len(ring.get_xdata()) for ring in rings) == sorted(stops)


def test_a_plan_without_lines_has_a_map_without_them(county: tuple[lo.Study, lo.Policy]) -> None:
    assert pictures.png(pictures.lines_map(lo.current_plan(*county)))


def test_the_journey_bars_add_up(county_plan: lo.Plan) -> None:
    ax = drawn(pictures.journeys_chart(county_plan))
    bars = journey_bars(county_plan)
    assert len(ax.get_yticklabels()) == len(bars)
    widths = [patch.get_width() for patch in ax.patches]
    assert sum(widths) == pytest.approx(len(bars))


def test_the_charts_show_the_same_figures(county_plan: lo.Plan) -> None:
    ax = drawn(pictures.sizes_chart(county_plan))
    rows = size_rows(county_plan)
    assert [patch.get_height() for patch in ax.patches] == [row.before for row in rows] + [row.after for row in rows]
    gini = lorenz(county_plan)["after"].index
    assert f"Plan, Gini index {gini:.2f}" in legend_of(drawn(pictures.lorenz_chart(county_plan)))
    costs = drawn(pictures.costs_chart(county_plan))
    assert sum(patch.get_height() for patch in costs.patches) == pytest.approx(county_plan.figures.cost_cny / 1e6)


def test_the_cost_of_todays_unknown_lines_is_not_shown_as_nothing(county_plan: lo.Plan) -> None:
    today = lo.current_plan(county_plan.study, county_plan.policy)
    assert today.figures.pupils_by_bus > 0
    ax = drawn(pictures.costs_chart(county_plan, today=today))
    names = [label.get_text() for label in ax.get_xticklabels()]
    texts = [text.get_text() for text in ax.texts]
    assert texts[names.index("Buses")] == "–"


@pytest.mark.parametrize("chart", ["journeys", "school_sizes", "costs", "lorenz"])
def test_figures_return_axes(chart: str, county_plan: lo.Plan, axes: Any) -> None:
    from matplotlib.axes import Axes

    method = getattr(county_plan.figures, chart)
    assert method(ax=axes, lang="zh") is axes
    own = method()
    assert isinstance(own, Axes)
    assert own is not axes
    assert own.get_title(loc="left")
    assert own.patches or own.lines


def test_figures_leave_the_settings_alone(county_plan: lo.Plan, axes: Any) -> None:
    before = dict(matplotlib.rcParams)
    county_plan.figures.journeys(ax=axes)
    pictures.png(pictures.sizes_chart(county_plan))
    assert dict(matplotlib.rcParams) == before


def test_figures_stay_plain_numbers(county_plan: lo.Plan) -> None:
    assert "plan" not in county_plan.figures.to_dict()
    assert county_plan.figures == county_plan.replace(seed=99).figures
    assert "Study" not in repr(county_plan.figures)


def test_figures_without_their_plan_say_so(county_plan: lo.Plan) -> None:
    with pytest.raises(InputError, match=r"Use plan\.figures"):
        replace(county_plan.figures, lines=3).journeys()


def test_chinese_is_written_in_a_font_that_has_it(county_plan: lo.Plan) -> None:
    if not fonts.cjk_family():
        pytest.skip("no font with Chinese characters on this machine")
    import warnings

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    assert fonts.font_hint(language("zh")) == ""
    assert fonts.families(language("zh"))[0] == fonts.cjk_family()
    with warnings.catch_warnings(), matplotlib.rc_context({"font.family": fonts.families(language("en"))}):
        warnings.simplefilter("error")  # a missing glyph warns
        figure = Figure()
        figure.add_subplot().set_title("Hub 区域中心学校 撤并 寄宿")
        FigureCanvasAgg(figure).draw()


def test_without_a_chinese_font_a_hint_says_what_to_install(
    county_plan: lo.Plan, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(fonts, "_has_characters", lambda path: False)
    fonts.cjk_family.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            assert "fonts-noto-cjk" in fonts.font_hint(language("en"))
        assert "no font with Chinese characters" in caplog.text
        assert fonts.families(language("zh")) == [fonts.LATIN]
        assert pictures.png(pictures.sizes_chart(county_plan, "zh"), "zh")
    finally:
        fonts.cjk_family.cache_clear()


def test_without_matplotlib_the_error_names_the_extra(county_plan: lo.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = pictures.sizes_chart(county_plan)
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match="layoutopt"):
        pictures.png(picture)


def test_names_on_a_map_hide_neither_each_other_nor_marks() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4))
    ax = figure.add_subplot()
    ax.set(xlim=(0, 100), ylim=(0, 100))
    places = pd.DataFrame({"x": [50.0, 51.0, 50.0, 20.0], "y": [50.0, 50.0, 51.0, 20.0]})
    names = [Name(x, y, f"A rather long name {k}") for k, (x, y) in enumerate(places.to_numpy())]
    written = write_names(ax, [*names, *names], marks=places)
    boxes = [text.box(figure.dpi) for text in written]
    assert 0 < len(boxes) < 8
    apart = [
        a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1] for k, a in enumerate(boxes) for b in boxes[:k]
    ]
    assert all(apart)
    marks = ax.transData.transform(places.to_numpy())
    assert not [1 for x0, y0, x1, y1 in boxes for x, y in marks if x0 <= x <= x1 and y0 <= y <= y1]


def test_a_name_is_drawn_where_it_was_measured() -> None:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 4))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, 100), ylim=(0, 100))
    ax.set_axis_off()
    (text,) = write_names(ax, [Name(50.0, 50.0, "Hxp", size=20)])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    dark = np.asarray(canvas.buffer_rgba())[::-1, :, 0] < 128
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    left, low, right, high = text.box(figure.dpi)
    assert (columns[0] >= left, columns[-1] <= right, rows[0] >= low, rows[-1] <= high) == (True,) * 4
    assert columns[-1] - columns[0] > 0.9 * (right - left)
    assert rows[-1] - rows[0] > 0.6 * (high - low)


@pytest.mark.parametrize(("right", "up"), [(1, 0), (-1, 0), (0, 1), (0, -1), (0, 0)])
def test_a_text_lies_on_the_side_it_is_told(right: int, up: int) -> None:
    left, low, end, high = text_beside((100.0, 100.0), "abc", 10, 72, right=right, up=up).box(72)
    assert (left == pytest.approx(100), end == pytest.approx(100)) == (right == 1, right == -1)
    assert (low == pytest.approx(100), high == pytest.approx(100)) == (up == 1, up == -1)
    assert end - left == pytest.approx(width_em("abc") * pixels(10, 72))


def test_a_name_that_must_stand_does() -> None:
    from matplotlib.figure import Figure

    ax = Figure(figsize=(1, 1)).add_subplot()
    ax.set(xlim=(0, 10), ylim=(0, 10))
    crowd = pd.DataFrame([(x, y) for x in range(11) for y in range(11)], columns=["x", "y"], dtype=float)
    assert write_names(ax, [Name(5.0, 5.0, "a", size=4)], marks=crowd) == []
    assert [text.text for text in write_names(ax, [Name(5.0, 5.0, "a", size=4, always=True)], marks=crowd)] == ["a"]


@pytest.mark.parametrize("shape", [(1.0, 1.0), (1.0, 0.4)])
def test_the_legend_stands_beside_the_map_or_below_a_wide_one(shape: tuple[float, float]) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3))
    ax = figure.add_subplot()
    ax.set(xlim=(0, shape[0]), ylim=(0, shape[1]), aspect="equal")
    draw_legend(ax, [dot_handle("red", name, size=4) for name in ("A", "Rather long")], note="Two\nlines")
    frame, (width, height) = ax.get_window_extent(), figure.bbox.size
    first = figure.artists[0].get_xydata()[0]
    assert (first[0] > frame.x1, first[1] < frame.y0) == ((True, False) if shape[1] == 1 else (False, True))
    for artist in figure.artists:
        box = artist.get_window_extent()
        assert (box.x0 >= 0, box.y0 >= 0, box.x1 <= width, box.y1 <= height) == (True,) * 4


def test_marks_keep_their_colour_in_a_picture_of_many_shades() -> None:
    from PIL import Image

    shades = np.zeros((200, 200, 4), dtype=np.uint8)
    shades[:, :, 0] = np.arange(200)
    shades[100:, :, 1] = np.arange(0, 200, 2)[:, None]
    shades[:, :, 3] = 255
    shades[:50, :, :3], shades[50:60, :20, :3] = 255, (180, 30, 30)
    read = np.asarray(Image.open(io.BytesIO(pictures._encoded(shades, 100))).convert("RGB"))
    assert (read[:50] == 255).all()
    assert (read[50:60, :20] == (180, 30, 30)).all()
    assert len(np.unique(read.reshape(-1, 3), axis=0)) == pictures.PALETTE


def test_extents_and_short_names() -> None:
    west, south, east, north = extent_of(np.array([0.0, 10_000.0]), np.array([0.0, 0.0]), ratio=0.5)
    assert (east - west, north - south) == pytest.approx((11_000, 5_500))
    assert shortened("a\nb  c") == "a b c"
    assert len(shortened("x" * 300)) == 28
