"""Pages in one file: templates, scripts and the map library put together, nothing left to fetch."""

from __future__ import annotations

import json
import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import jinja2


def rendered(template: str, *, lang: str = "en", **values: Any) -> str:
    """Return a page from one of the templates, its words in ``lang``; every value is escaped unless embedded.

    In a template ``t("…", name=value)`` and ``plural("…", "…", n)`` say a message of the catalogue, and the
    filters write numbers as the language's locale does; ``echo`` says a sentence of the plan's own tables.
    """
    return _environment(lang).get_template(template).render(**values)


def json_text(value: Any) -> str:
    """Return JSON that may stand inside a ``<script>`` element whatever text it holds.

    ``<``, ``>`` and ``&`` become escapes, so neither ``</script>`` nor ``<!--`` can end or hide the block.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.translate({ord(mark): f"\\u{ord(mark):04x}" for mark in "<>&\u2028\u2029"})


@cache
def _environment(lang: str) -> jinja2.Environment:
    import jinja2
    from markupsafe import Markup

    from layoutopt.report import words
    from layoutopt.report.echoes import echoed
    from layoutopt.report.language import LOCALES, NONE, language

    said = language(lang)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("layoutopt.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=said.number,
        signed=said.signed,
        money=said.money,
        share=said.share,
        minutes=said.minutes,
        echo=lambda text: echoed(str(text), said),
        json=lambda value: Markup(json_text(value)),
    )
    environment.globals.update(
        t=said.text,
        plural=said.plural,
        listed=said.listed,
        heading=said.heading,
        between=said.between,
        shown=said.cell,
        lang=LOCALES[lang].replace("_", "-"),
        NONE=NONE,
        words=words,
        leaflet_css=leaflet_css,
        leaflet_js=leaflet_js,
        own=_own,
    )
    return environment


def _own(name: str) -> Any:
    """Return one of our own scripts or style sheets for embedding as it is."""
    from markupsafe import Markup

    return Markup((resources.files("layoutopt.report") / "templates" / name).read_text("utf-8"))


def _leaflet(name: str) -> str:
    return (resources.files("js_lib_leaflet") / "static" / "js_lib_leaflet" / name).read_text("utf-8")


def leaflet_css() -> Any:
    """Return Leaflet's style sheet without its pictures, which we do not use and must not ask for."""
    from markupsafe import Markup

    return Markup(re.sub(r"url\([^)]*\)", "none", _leaflet("leaflet.css")))


def leaflet_js() -> Any:
    """Return Leaflet (BSD 2-clause; its head names the authors) without the link to its source map."""
    from markupsafe import Markup

    return Markup(re.sub(r"\n//# sourceMappingURL=.*", "\n", _leaflet("leaflet.js")))
