"""The pictures of the documents: printed maps and charts, drawn when a document needs them."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from layoutopt.errors import InputError, MissingExtraError
from layoutopt.plan.plan import Plan
from layoutopt.report import staticcharts, staticmaps
from layoutopt.report.document import Picture
from layoutopt.report.fonts import families
from layoutopt.report.language import Language, language
from layoutopt.report.maplegend import is_wide

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CM_PER_INCH = 2.54
DPI = 170
ROUNDING = 5
PALETTE = 128
COMPRESSION = 4
"""A third faster than the usual 6, for 3 % more bytes."""
WIDTH_CM = 15.5
LEGEND_CM, LEGEND_BELOW_CM = 3.4, 1.2
MAP_HEIGHTS_CM = (7.0, 17.0)
QUIET = ("Glyph .* missing from font", "constrained_layout not applied")
"""Warnings about one odd character or a map of no size: the picture is still worth having."""


def schools_map(plan: Plan, lang: str = "en") -> Picture:
    """Return the map of the schools by role, with where the pupils of closing ones go."""
    say = language(lang)
    return _county_map(
        plan, "map_schools", say.text("Schools by role"), lambda ax: staticmaps.draw_schools(ax, plan, say)
    )


def lines_map(plan: Plan, lang: str = "en") -> Picture:
    """Return the map of the bus lines along the roads, with their stops."""
    say = language(lang)
    return _county_map(
        plan, "map_lines", say.text("Bus lines and stops"), lambda ax: staticmaps.draw_lines(ax, plan, say)
    )


def journeys_map(plan: Plan, lang: str = "en", *, today: bool = False) -> Picture:
    """Return the map of the villages by the length of their way, in the plan or today."""
    say = language(lang)
    title = say.text("Way to school today, by village") if today else say.text("Way to school in the plan, by village")
    name = "map_journeys_today" if today else "map_journeys"
    return _county_map(plan, name, title, lambda ax: staticmaps.draw_journeys(ax, plan, say, today=today))


def school_map(plan: Plan, school_id: str, lang: str = "en") -> Picture:
    """Return the map of one school with the villages of its pupils, today and in the plan."""
    say = language(lang)
    title = say.text("{school} and its villages", school=_name_of(plan, school_id))
    return Picture(
        f"map_school_{school_id}", title, lambda ax: staticmaps.draw_school(ax, plan, school_id, say), WIDTH_CM, 8.6
    )


def line_map(plan: Plan, line_id: str, lang: str = "en") -> Picture:
    """Return the map of one bus line with its stops in order."""
    say = language(lang)
    title = say.text("Line {line} and its stops", line=line_id)
    return Picture(f"map_line_{line_id}", title, lambda ax: staticmaps.draw_line(ax, plan, line_id, say), WIDTH_CM, 7.4)


def journeys_chart(plan: Plan, lang: str = "en") -> Picture:
    """Return the chart of the pupils by length of way and grades, today and in the plan."""
    say = language(lang)
    return Picture(
        "chart_journeys",
        say.text("Pupils by length of their way to school"),
        lambda ax: staticcharts.draw_journeys(ax, plan, say),
        WIDTH_CM,
        8.2,
    )


def sizes_chart(plan: Plan, lang: str = "en") -> Picture:
    """Return the chart of the schools by number of pupils, today and in the plan."""
    say = language(lang)
    return Picture(
        "chart_sizes",
        say.text("Schools by number of pupils"),
        lambda ax: staticcharts.draw_sizes(ax, plan, say),
        WIDTH_CM,
        7.2,
    )


def costs_chart(plan: Plan, lang: str = "en", *, today: Plan | None = None) -> Picture:
    """Return the chart of the yearly cost by kind, beside today's where that plan is given."""
    say = language(lang)
    return Picture(
        "chart_costs",
        say.text("Yearly cost by kind"),
        lambda ax: staticcharts.draw_costs(ax, plan, say, today=today),
        WIDTH_CM,
        7.2,
    )


def lorenz_chart(plan: Plan, lang: str = "en") -> Picture:
    """Return the Lorenz curve of the minutes on the way, today and in the plan."""
    say = language(lang)
    return Picture(
        "chart_lorenz",
        say.text("How evenly the minutes on the way are shared"),
        lambda ax: staticcharts.draw_lorenz(ax, plan, say),
        10.0,
        9.0,
    )


@lru_cache(maxsize=8)  # page and Word document of a school show the same picture, one soon after the other
def png(picture: Picture, lang: str = "en", dpi: int = DPI) -> bytes:
    """Return the picture drawn as a PNG; nobody's matplotlib settings change it, nor are they changed.

    Raises
    ------
    MissingExtraError
        matplotlib is not installed.
    """
    with _settings(language(lang)):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        size = (picture.width_cm / CM_PER_INCH, picture.height_cm / CM_PER_INCH)
        figure = Figure(figsize=size, dpi=dpi, layout="constrained")
        canvas = FigureCanvasAgg(figure)
        picture.draw(figure.add_subplot())
        canvas.draw()
        return _encoded(np.asarray(canvas.buffer_rgba()), dpi)


def _encoded(pixels: np.ndarray, dpi: int) -> bytes:
    """Return the PNG of red, green, blue and opacity (all opaque) with a palette: that is a third of the size.

    Colours are rounded to 5 of 255, which no eye sees, and the rarest of these take their nearest neighbour: they
    are shades at the edges of letters and lines, while white, land and every mark keep their colour.
    """
    from PIL import Image

    count = 255 // ROUNDING + 1
    steps = (np.minimum(pixels, 255 - ROUNDING // 2) + np.uint8(ROUNDING // 2)) // np.uint8(ROUNDING)
    code = steps[:, :, 0].astype(np.uint32)
    for band in (1, 2):
        code *= count
        code += steps[:, :, band]
    often = np.bincount(code.ravel(), minlength=count**3)
    used = np.flatnonzero(often)
    colors = np.column_stack([used // count**2, used // count % count, used % count])
    kept = colors[np.sort(np.argsort(-often[used], kind="stable")[:PALETTE])]
    far = (kept**2).sum(axis=1) - 2 * colors @ kept.T  # the squared distance, without what all have in common
    position = np.zeros(count**3, dtype=np.uint8)
    position[used] = far.argmin(axis=1)
    image = Image.fromarray(position[code])
    image.putpalette((kept * ROUNDING).astype(np.uint8).tobytes())
    file = io.BytesIO()
    image.save(file, format="PNG", dpi=(dpi, dpi), compress_level=COMPRESSION)
    return file.getvalue()


def figure_axes(plan: Plan | None, chart: str, ax: Axes | None, lang: str, **more: Any) -> Axes:
    """Draw one of the charts on ``ax``, or on new axes of a new figure, for a notebook; return the axes.

    Raises
    ------
    InputError
        The figures were taken out of their plan, so there is nothing to draw.
    """
    if plan is None:
        raise InputError("these figures have no plan to draw. Use plan.figures.")
    picture: Picture = {
        "journeys_chart": journeys_chart,
        "sizes_chart": sizes_chart,
        "costs_chart": costs_chart,
        "lorenz_chart": lorenz_chart,
    }[chart](plan, lang, **more)
    return drawn_on(ax, picture, lang)


def drawn_on(ax: Axes | None, picture: Picture, lang: str = "en") -> Axes:
    """Draw the picture on ``ax``, or on new axes of a new figure, for a notebook; return the axes."""
    with _settings(language(lang), plain=False) as fonts:
        if ax is None:
            from matplotlib import pyplot

            size = (picture.width_cm / CM_PER_INCH, picture.height_cm / CM_PER_INCH)
            ax = pyplot.subplots(figsize=size, layout="constrained")[1]
        picture.draw(ax)
        ax.set_title(picture.title, loc="left", pad=30 if ax.get_legend() is not None else 8, size=10)
        for text in ax.findobj(_is_text):  # the notebook draws later, with its own settings
            text.set_fontfamily(fonts)
    return ax


@contextmanager
def _settings(lang: Language, *, plain: bool = True) -> Iterator[list[str]]:
    """Set fonts and plain text for a while; ``plain`` starts from matplotlib's own defaults."""
    try:
        import matplotlib
    except ImportError:
        raise MissingExtraError("matplotlib", "report") from None
    fonts = families(lang)
    with matplotlib.rc_context(), warnings.catch_warnings():
        for message in QUIET:
            warnings.filterwarnings("ignore", message=message)
        if plain:
            matplotlib.rcdefaults()
        # A name such as "$5 School$" is text, not a formula.
        matplotlib.rcParams.update({"text.parse_math": False, "text.usetex": False, "font.family": fonts})
        if plain:
            matplotlib.rcParams.update({"font.size": 8.5, "axes.axisbelow": True})
        yield fonts


def _is_text(artist: object) -> bool:
    from matplotlib.text import Text

    return isinstance(artist, Text)


def _county_map(plan: Plan, name: str, title: str, draw: Callable[[Axes], None]) -> Picture:
    """Return a map as high as the county's shape asks for."""
    west, south, east, north = staticmaps.county_extent(plan)
    ratio = (north - south) / (east - west)
    below = is_wide((west, east), (south, north))
    wanted = WIDTH_CM * ratio + LEGEND_BELOW_CM if below else (WIDTH_CM - LEGEND_CM) * ratio
    least, most = MAP_HEIGHTS_CM
    return Picture(name, title, draw, WIDTH_CM, round(min(max(wanted, least), most), 1))


def _name_of(plan: Plan, school_id: str) -> str:
    return str(plan.study.schools.loc[school_id, "name"])
