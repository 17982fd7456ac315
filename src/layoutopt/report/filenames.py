"""File names for ids of any kind: readable, the same each time, and allowed on Windows, Linux and macOS."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

LONGEST = 40
"""Characters of an id kept in a name: Chinese ones take three bytes each, and 255 bytes are the limit."""
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
UNSAFE = re.compile(r"[^0-9A-Za-z\u3400-\u4dbf\u4e00-\u9fff-]+")


def safe_names(ids: Iterable[str]) -> dict[str, str]:
    """Return a file name without suffix for every id, different in more than letter case.

    An id of plain letters, digits and Chinese characters is its own name; any other, and one that differs
    from an earlier id by case alone, ends with eight digits of its hash.

    Examples
    --------
    >>> safe_names(["S017", "../etc", "s017"])
    {'S017': 'S017', '../etc': 'etc-f7f9121f', 's017': 's017-0e20f7fa'}
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for code in ids:
        name = UNSAFE.sub("_", code).strip("_-")[:LONGEST]
        if not name or name != code or RESERVED.fullmatch(name) or name.lower() in taken:
            name = f"{name or 'id'}-{hashlib.sha256(code.encode('utf-8', 'replace')).hexdigest()[:8]}"
        taken.add(name.lower())
        names[code] = name
    return names
