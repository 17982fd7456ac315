"""Text of shapefiles: which encoding their bytes are in, whatever the .cpg says or where there is none."""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterable
from pathlib import Path

import pandas as pd

from layoutopt.errors import Finding

CARRIER = "ISO-8859-1"
"""Read so, every byte becomes the letter of its number and can be taken back."""

LANGUAGE_BYTE = 29
LANGUAGES = {0x4D: "gb18030", 0x7A: "gb18030", 0x4F: "big5", 0x78: "big5"}
PAIRED_SHARE = 0.8
FIELD_NAME_BYTES = 10
_PAIRS = re.compile(r"[\x80-\xff]{2,}")
_SINGLE = re.compile(r"[\x80-\xff]")


def as_written(frame: pd.DataFrame, path: Path, *, encoding: str | None) -> tuple[pd.DataFrame, list[Finding]]:
    """Return a shapefile's attributes, read as :data:`CARRIER`, with their text in the encoding it is in.

    ``encoding`` is the user's word and believed. Else the ``.cpg`` or the table's language byte is tried
    first, then UTF-8, then GB 18030 where bytes above 127 come in pairs, as Chinese does and German does not.
    """
    texts = [str(name) for name in frame.columns]
    wordy = [name for name in frame.columns if name != "geometry" and not pd.api.types.is_numeric_dtype(frame[name])]
    for name in wordy:
        texts += [value for value in frame[name].unique() if isinstance(value, str)]
    foreign = [text for text in texts if not text.isascii()]
    if not foreign:
        return frame, []
    if encoding:
        "".encode(encoding)  # raises LookupError for what is no encoding of text
    said = encoding or _declared(path)
    found = said if said and (encoding or _fits(foreign, said)) else _guessed(foreign)
    if found == CARRIER:
        return frame, []
    changed = frame.copy()
    for name in wordy:
        changed[name] = frame[name].map(lambda cell: decoded(cell, found) if isinstance(cell, str) else cell)
    changed.columns = pd.Index(_each_once([decoded(str(name), found) for name in frame.columns]))
    if said == found:
        return changed, []
    why = f"its .cpg says {said}, which does not fit" if said else "no .cpg says so"
    return changed, [Finding(f"{path.name}: text read as {_shown(found)} ({why})")]


def _each_once(names: list[str]) -> list[str]:
    """Number the names that become alike once half a character at their end is cut off."""
    return [f"{name}_{names[:at].count(name)}" if name in names[:at] else name for at, name in enumerate(names)]


def decoded(text: str, encoding: str) -> str:
    """Return text read as :data:`CARRIER` in its own encoding; half a character at the end is cut off."""
    try:
        data = text.encode(CARRIER)
    except UnicodeEncodeError:
        return text
    found = codecs.getincrementaldecoder(encoding)(errors="replace").decode(data, final=False)
    return found.rstrip("\x00").strip()


def _fits(texts: Iterable[str], encoding: str) -> bool:
    try:
        decoder = codecs.getincrementaldecoder(encoding)
        for text in texts:
            decoder(errors="strict").decode(text.encode(CARRIER), final=False)
    except (LookupError, UnicodeError, AttributeError):
        return False
    return True


def _guessed(texts: list[str]) -> str:
    if _fits(texts, "utf-8"):
        return "utf-8"
    paired = sum(len(run) for text in texts for run in _PAIRS.findall(text))
    high = sum(len(_SINGLE.findall(text)) for text in texts)
    if paired >= PAIRED_SHARE * high and _fits(texts, "gb18030"):
        return "gb18030"
    return CARRIER


def _declared(path: Path) -> str:
    """Return the encoding the sidecar files name, if Python knows it; else an empty string."""
    for cpg in sorted(path.parent.glob(f"{_escaped(path.stem)}.*")):
        if cpg.suffix.lower() == ".cpg":
            return _known(cpg.read_bytes()[:40].decode("ascii", errors="replace").strip())
    for table in sorted(path.parent.glob(f"{_escaped(path.stem)}.*")):
        if table.suffix.lower() == ".dbf":
            with table.open("rb") as opened:
                head = opened.read(LANGUAGE_BYTE + 1)
            return LANGUAGES.get(head[LANGUAGE_BYTE], "") if len(head) > LANGUAGE_BYTE else ""
    return ""


def _known(name: str) -> str:
    name = {"936": "gb18030", "gbk": "gb18030", "gb2312": "gb18030", "950": "big5", "65001": "utf-8"}.get(
        name.lower(), name
    )
    name = name.lower().removeprefix("ansi ").replace("iso 8859", "iso-8859").replace("8859 ", "8859-")
    for form in (name, name.replace("iso-88591", "iso-8859-1"), f"cp{name}"):
        try:
            found = codecs.lookup(form).name
        except LookupError:
            continue
        return found if form.isascii() else ""
    return ""


def _escaped(stem: str) -> str:
    return re.sub(r"([\[\]*?])", r"[\1]", stem)


def _shown(encoding: str) -> str:
    return {"gb18030": "Chinese GBK (GB 18030)", "utf-8": "UTF-8"}.get(encoding, encoding)


def cut_name(wanted: str, names: Collection[str]) -> str | None:
    """Return the column whose name is the beginning of ``wanted``, cut off where a shapefile cuts it.

    A field name holds 10 bytes: five Chinese characters in GBK, three in UTF-8.
    """
    found = [
        name
        for name in names
        if name
        and wanted.startswith(name)
        and any(FIELD_NAME_BYTES - 2 <= len(name.encode(e, "replace")) <= FIELD_NAME_BYTES for e in ("gbk", "utf-8"))
    ]
    unclear = len(found) != 1 or any(name.startswith(f"{found[0]}_") for name in names)
    return None if unclear else found[0]
