"""One language of the documents: messages from a gettext catalogue, and values as its locale writes them."""

from __future__ import annotations

import datetime
import decimal
import gettext
import io
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from layoutopt.errors import InputError

if TYPE_CHECKING:
    from layoutopt.report.document import Column

NONE = "–"
SOURCE = "en"
"""The language of the code: its messages are their own translation."""
LOCALES: dict[str, str] = {"en": "en_GB", "zh": "zh_Hans_CN"}
"""Languages offered, each with the locale that writes its numbers and dates."""
DIGITS: dict[str, int] = {"count": 0, "number": 1, "minutes": 0, "km": 1, "money": 0, "share": 1, "area": 0,
                          "ratio": 2}  # fmt: skip
"""Decimals of a typed value; a share is shown as per cent."""
NUMBER_FORMATS: dict[str, tuple[str, ...]] = {
    "share": ("#,##0%", "#,##0.0%", "#,##0.00%"),
    "number": ("#,##0", "#,##0.0", "#,##0.00", "#,##0.000"),
}
MANY = 2
"""The form of the words where the number is not known."""
MILLION = 1e6
WAN = 1e4  # Chinese counts large sums in units of ten thousand


def message(text: str) -> str:
    """Return ``text`` as it is; the mark lets the catalogue know words that are kept in a table."""
    return text


@cache
def language(lang: str) -> Language:
    """Return one of the languages: ``"en"`` or ``"zh"``.

    Examples
    --------
    >>> language("en").money(1_234_567.0), language("zh").date(datetime.date(2025, 9, 1))
    ('1.23 million CNY', '2025年9月1日')
    """
    if lang not in LOCALES:
        raise InputError(f"There is no language {lang!r}. Known languages: {', '.join(LOCALES)}.")
    if lang == SOURCE:
        return Language(lang)
    return Language(lang, _catalogue(lang))


def _catalogue(lang: str) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    text = (resources.files("layoutopt.report") / "locale" / f"{lang}.po").read_bytes()
    compiled = io.BytesIO()
    write_mo(compiled, read_po(io.BytesIO(text), locale=lang, abort_invalid=True))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@dataclass(frozen=True, eq=False)
class Language:
    """How one language says things; ``catalogue`` is an ordinary gettext one, so templates may use it too."""

    code: str
    catalogue: gettext.NullTranslations = field(default_factory=gettext.NullTranslations)

    @property
    def between(self) -> str:
        """What stands between two sentences."""
        return "" if self.code == "zh" else " "

    def text(self, message: str, /, **values: Any) -> str:
        """Return the translated message with its ``{places}`` filled; text values go in unchanged."""
        translated = self.catalogue.gettext(message) if message else ""
        return translated.format(**{name: self.said(value) for name, value in values.items()}) if values else translated

    def plural(self, one: str, many: str, /, n: float, **values: Any) -> str:
        """Return the message for ``n`` things; ``{n}`` is the number itself, to the whole, a dash where not known."""
        translated = self.catalogue.ngettext(one, many, round(n) if math.isfinite(n) else MANY)
        return translated.format(n=self.number(n), **{name: self.said(value) for name, value in values.items()})

    def said(self, value: Any) -> str:
        """Return a value as it stands in a sentence: whole numbers without decimals, others with one."""
        if value is None:
            return NONE
        if isinstance(value, datetime.date):
            return self.date(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return str(value)
        return self.number(value, 0 if float(value).is_integer() or abs(value) >= 1000 else 1)

    def number(self, value: float | None, digits: int = 0) -> str:
        """Return a number in the locale's way; a dash where it is not known."""
        return NONE if value is None or not math.isfinite(value) else _number(self.code, "number", float(value), digits)

    def signed(self, value: float | None, digits: int = 0) -> str:
        """Return a change with its sign; nothing changed has none."""
        text = self.number(value, digits)
        rises = value is not None and value > 0 and any(digit in text for digit in "123456789")
        return f"+{text}" if rises else text

    def share(self, value: float | None, digits: int = 0) -> str:
        """Return a share of one as per cent."""
        return NONE if value is None or not math.isfinite(value) else _number(self.code, "share", float(value), digits)

    def money(self, value: float | None) -> str:
        """Return an amount of CNY as people say it: large ones in millions (English) or ten thousands (Chinese)."""
        if value is None or not math.isfinite(value):
            return NONE
        if self.code == "zh" and abs(value) >= WAN:
            return f"{self.number(value / WAN, 2)}万元"
        if self.code != "zh" and abs(value) >= MILLION:
            return self.text("{amount} million CNY", amount=self.number(value / MILLION, 2))
        return self.text("{amount} CNY", amount=self.number(value))

    def minutes(self, value: float | None, digits: int = 0) -> str:
        """Return a time with its unit."""
        return self.text("{amount} min", amount=self.number(value, digits))

    def km(self, value: float | None, digits: int = 1) -> str:
        """Return a length with its unit."""
        return self.text("{amount} km", amount=self.number(value, digits))

    def date(self, day: datetime.date) -> str:
        """Return a day written out."""
        from babel.dates import format_date

        return format_date(day, format="long", locale=LOCALES[self.code])

    def listed(self, items: Iterable[Any]) -> str:
        """Return the items as a list in a sentence: ``a, b and c``."""
        from babel.lists import format_list

        return format_list([self.said(item) for item in items], locale=LOCALES[self.code])

    def sentences(self, items: Iterable[str]) -> str:
        """Return sentences one after another."""
        return self.between.join(item for item in items if item)

    def heading(self, column: Column) -> str:
        """Return a column's heading with its unit."""
        return self.text("{label}, {unit}", label=column.label, unit=column.unit) if column.unit else column.label

    def cell(self, value: Any, column: Column) -> str:
        """Return a typed value as text: the one way into Word and HTML; nothing known is a dash, no text is empty."""
        if value is None or (isinstance(value, float) and math.isnan(value)):
            return "" if column.kind in ("text", "date") else NONE
        if column.kind == "text":
            return str(value)
        if column.kind == "date":
            return self.date(value)
        if column.kind == "share":
            return self.share(value, DIGITS["share"])
        return self.number(value, DIGITS[column.kind])


@lru_cache(maxsize=100_000)  # a county's tables repeat the same few thousand numbers in every document
def _number(code: str, kind: str, value: float, digits: int) -> str:
    from babel.numbers import format_decimal, format_percent

    unit = decimal.Decimal(1).scaleb(-digits - (2 if kind == "share" else 0))
    write = format_percent if kind == "share" else format_decimal
    # Halves are rounded away from zero, as spreadsheets do, so that both show the same; a rounded zero has no sign.
    with decimal.localcontext(rounding=decimal.ROUND_HALF_UP):
        plain = decimal.Decimal(str(value)).quantize(unit)
        return write(plain if plain else 0, format=NUMBER_FORMATS[kind][digits], locale=LOCALES[code])
