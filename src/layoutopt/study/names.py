"""Names as offices spell them: which id a name means, and one spelling for each town."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple

import pandas as pd

from layoutopt.errors import Finding, Problem

_VARIANTS = str.maketrans(
    "臺設縣鄉鎮區國學級點處辦驗實門東莊灣龍嶺馬橋雙義興華陽陰溝圍營寶豐頭邊廟園黃鳳雲島樹廣慶車羅劉張陳楊趙關長萬",
    "台设县乡镇区国学级点处办验实门东庄湾龙岭马桥双义兴华阳阴沟围营宝丰头边庙园黄凤云岛树广庆车罗刘张陈杨赵关长万",
)
_BRACKETS = re.compile(r"[(\[【《〔〈][^)\]】》〕〉]*[)\]】》〕〉]")
_COUNTY = re.compile(r"^[^\W\d_]{1,6}?县(?=..)")
_OWNER = re.compile(r"^(国立|省立|市立|县立|区立|乡立|镇立|私立|公立)(?=.)")
_SCHOOL_END = re.compile(
    r"(?<=.)(国民小学|完全小学|中心小学|中心学校|九年一贯制学校|九年制学校|初级中学|高级中学|国民中学|一贯制学校"
    r"|中心校|教学点|小学校|小学|国小|完小|初中|国中|中学|学校)$"
)
_TOWN_END = re.compile(r"(?<=.)(街道办事处|民族乡|街道|办事处|镇|乡|区|市)$")
_SCHOOL_WORDS = frozenset(
    {"school", "schools", "sch", "ps", "primary", "elementary", "basic", "middle", "secondary", "high", "higher",
     "junior", "senior", "lower", "upper"}
)  # fmt: skip
_OWNER_WORDS = frozenset({"government", "govt", "gov", "public"})
_TOWN_WORDS = frozenset({"town", "township", "municipality"})
_SHOWN = 3


def normal(name: str) -> str:
    """Return ``name`` without what spellings differ in: width, case, blanks, brackets, old and new characters.

    Examples
    --------
    >>> normal("臺 北（Upper-Bend）")
    '台北upperbend'
    """
    text = unicodedata.normalize("NFKC", name).casefold().translate(_VARIANTS)
    return "".join(letter for letter in text if letter.isalnum())


def bare_school(name: str) -> str:
    """Return a school's name without owner, kind and what stands in brackets; for comparing only.

    Examples
    --------
    >>> bare_school("縣立朴子國小"), bare_school("Upper Bend Sch."), bare_school("High School, Lochum")
    ('朴子', 'upperbend', 'lochum')
    """
    text = _BRACKETS.sub(" ", unicodedata.normalize("NFKC", name)).casefold().translate(_VARIANTS)
    words = re.findall(r"\w+", text)
    while len(words) > 1 and words[0] in _OWNER_WORDS:
        words = words[1:]
    kind = next((place for place, word in enumerate(words) if word not in _SCHOOL_WORDS), len(words))
    if 0 < kind < len(words) and words[kind - 1] in ("school", "sch"):
        words = words[kind:]
    while len(words) > 1 and words[-1] in _SCHOOL_WORDS:
        words = words[:-1]
    bare = _OWNER.sub("", _COUNTY.sub("", "".join(words)))
    while (shorter := _SCHOOL_END.sub("", bare)) != bare:
        bare = shorter
    return _TOWN_END.sub("", bare) if len(bare) > 2 else bare


Reading = Callable[[str], str]


class Place(NamedTuple):
    """What a name may mean."""

    code: str
    name: str
    town: str

    def __str__(self) -> str:
        about = ", ".join(text for text in (self.name, self.town) if text and text != self.code)
        return f"{self.code} ({about})" if about else self.code


class Names:
    """Looks up what a cell means among ``places``: an id, else a name, taken ever more loosely."""

    def __init__(self, places: Iterable[Place], *, looser: Reading = normal) -> None:
        self.places = tuple(places)
        self.codes = {place.code for place in self.places}
        self._readings: tuple[tuple[Reading, str], ...] = (
            (str, "name"), (normal, "name"), (normal, "code"), (looser, "name"),
        )  # fmt: skip
        self._tables = [self._table(reading, field) for reading, field in self._readings]

    def _table(self, reading: Reading, field: str) -> dict[str, list[Place]]:
        table: dict[str, list[Place]] = {}
        for place in self.places:
            table.setdefault(reading(getattr(place, field)), []).append(place)
        return table

    def __call__(self, cell: str, town: str) -> Sequence[Place]:
        """Return the place ``cell`` names; several where it may be any of them, none where it is no name."""
        for (reading, _), table in zip(self._readings, self._tables, strict=True):
            key = reading(cell)
            hits = table.get(key, []) if key else []
            here = [place for place in hits if town and place.town == town]
            if hits:
                return here if len(here) == 1 else hits
        return ()


def matched(
    cells: pd.Series, names: Names, *, towns: pd.Series, known: Iterable[str] = ()
) -> tuple[pd.Series, list[Finding], list[Problem]]:
    """Return ``cells`` with names replaced by the ids they mean, a finding for each name, and what is unclear.

    Parameters
    ----------
    cells
        Ids or names, indexed by the id of the row's own place; its name is ``layer.column``. Empty cells and
        names nobody bears stay as they are, unclear ones become empty.
    towns
        Town of each row's own place: among places of one name that of the same town is meant.
    known
        Further ids to leave as they are.
    """
    layer, column = str(cells.name).split(".")
    exact = names.codes | set(known)
    found: dict[tuple[str, str], Sequence[Place]] = {}
    owners: dict[tuple[str, str], list[str]] = {}
    result = cells.copy()
    for own, cell, town in zip(cells.index, cells, towns, strict=True):
        if cell == "" or cell in exact:
            continue
        found.setdefault((cell, town), names(cell, town))
        owners.setdefault((cell, town), []).append(own)
        if places := found[cell, town]:
            result[own] = places[0].code if len(places) == 1 else ""
    findings: dict[tuple[str, Place], list[str]] = {}
    problems = []
    for (cell, town), places in found.items():
        if len(places) == 1:
            findings.setdefault((cell, places[0]), []).extend(owners[cell, town])
        elif places:
            what = f"{column} = '{cell}' may be {_either(places)}"
            problems.append(Problem(f"{layer} ({some(owners[cell, town])})", what, "Give its id."))
    listed = [
        Finding(f"{layer} {some(ids)}: {column} '{cell}' read as {place}", layer, tuple(ids))
        for (cell, place), ids in findings.items()
    ]
    return result, listed, problems


def some(ids: Sequence[Hashable]) -> str:
    """Return the first few ids, and how many more there are."""
    shown = [str(code) for code in ids[:_SHOWN]]
    return ", ".join(shown) + (f" and {len(ids) - _SHOWN} more" if len(ids) > _SHOWN else "")


def _either(places: Sequence[Place]) -> str:
    shown = [str(place) for place in places[:_SHOWN]]
    rest = [f"{len(places) - _SHOWN} others"] if len(places) > _SHOWN else []
    *first, last = [*shown, *rest]
    return f"{', '.join(first)} or {last}"


def town_forms(town: str) -> tuple[str, ...]:
    """Return the ways one town may be written, fullest first: with county and kind, without either, without both.

    Examples
    --------
    >>> town_forms("略陽縣城關鎮")
    ('略阳县城关镇', '城关镇', '略阳县城关', '城关')
    """
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", town).casefold().translate(_VARIANTS))
    short = words[:-1] if len(words) > 1 and words[-1] in _TOWN_WORDS else words
    full, ended = normal(town), _TOWN_END.sub("", normal(" ".join(short)))
    forms = (full, _COUNTY.sub("", full), ended, _COUNTY.sub("", ended))
    return tuple(dict.fromkeys(form for form in forms if form))


def town_spellings(layers: Mapping[str, Iterable[str]]) -> tuple[dict[str, str], list[Finding]]:
    """Return the one spelling for each town name that is written in several ways, and names that fit two towns.

    Parameters
    ----------
    layers
        Town names by layer. What stands in the layer ``towns`` is kept as it is written there, a town of its
        own; otherwise the most frequent spelling, and of equally frequent ones the fullest.
    """
    fixed = set(layers.get("towns", ()))
    counts = Counter(town for towns in layers.values() for town in towns if town)
    rank = {town: (town not in fixed, -count, -len(town), town) for town, count in counts.items()}
    forms = {town: form for town in sorted(rank) if (form := town_forms(town))}
    parts = {part for form in forms.values() for part in form[1:]}
    fullest: dict[str, list[str]] = {}  # what a form may be short for: towns that are not short for another
    for town, form in forms.items():
        for part in form if form[0] not in parts else ():
            fullest.setdefault(part, []).append(town)
    meant: dict[str, list[str]] = {}
    findings = []
    for town, form in forms.items():
        said = fullest.get(form[0], [town])
        found = sorted({forms[other][0] for other in said})
        if len(found) == 1:
            meant.setdefault(found[0], []).append(town)
        else:
            findings.append(Finding(f"town '{town}' may be {' or '.join(said)}: left as it is written"))
    best = {town: min(group, key=rank.__getitem__) for group in meant.values() for town in group}
    return {town: to for town, to in best.items() if town != to and town not in fixed}, findings
