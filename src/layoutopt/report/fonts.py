"""Fonts for pictures: one that has Chinese characters is looked for, and its absence is said with the cure."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from layoutopt.report.language import Language

if TYPE_CHECKING:
    from matplotlib.font_manager import FontEntry

logger = logging.getLogger(__name__)

LATIN = "DejaVu Sans"  # comes with matplotlib
SAMPLE = "校县村寄宿撤并"
CJK_FAMILIES: tuple[str, ...] = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "DengXian",
    "PingFang SC", "Hiragino Sans GB", "Heiti SC", "STHeiti", "SimHei", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei",
    "Droid Sans Fallback", "SimSun", "Noto Serif CJK SC", "Noto Sans CJK JP", "Arial Unicode MS",
)  # fmt: skip
"""Upright fonts with simplified characters, best first; any other font that has the characters will do."""


def families(lang: Language) -> list[str]:
    """Return the font families to write with, the first that has a character draws it."""
    chinese = cjk_family()
    if not chinese:
        return [LATIN]
    return [chinese, LATIN] if lang.code == "zh" else [LATIN, chinese]


def font_hint(lang: Language) -> str:
    """Return what to install where no font has Chinese characters, or nothing where one has."""
    if cjk_family():
        return ""
    return lang.text(
        "Chinese characters in the pictures are missing: this computer has no font that contains them. "
        "Install one, such as Noto Sans CJK (the Debian and Ubuntu package fonts-noto-cjk), and write the files again."
    )


@cache
def cjk_family() -> str:
    """Return the family of the best font with Chinese characters on this machine, or nothing."""
    from matplotlib import font_manager

    manager = font_manager.fontManager
    found = _best(manager.ttflist)
    if not found:
        # The list of fonts is kept from an earlier run: a font installed since then is not in it.
        known = {entry.fname for entry in manager.ttflist}
        for path in sorted(set(font_manager.findSystemFonts()) - known):
            with suppress(OSError, RuntimeError):
                manager.addfont(path)
        found = _best(manager.ttflist)
    if not found:
        logger.warning("no font with Chinese characters was found: install one, such as Noto Sans CJK")
    return found


def _best(entries: Iterable[FontEntry]) -> str:
    rank = {name: position for position, name in enumerate(CJK_FAMILIES)}
    order = sorted(entries, key=lambda entry: (rank.get(entry.name, len(rank)), entry.name, entry.fname))
    return next((entry.name for entry in order if _has_characters(entry.fname)), "")


@cache
def _has_characters(path: str) -> bool:
    from matplotlib.ft2font import FT2Font

    try:
        font = FT2Font(path)
    except (OSError, RuntimeError):  # gone since the list was made, or of a kind that cannot be read
        return False
    return all(font.get_char_index(ord(character)) for character in SAMPLE)
