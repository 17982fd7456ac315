"""A folder of files as an office has them → a first study.toml: guesses with their reasons, gaps as questions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from layoutopt.errors import InputError, Problem
from layoutopt.io.folders import write_text
from layoutopt.schema import GRADES, LAYERS, PUPIL_COLUMNS, Layer
from layoutopt.study.guesses import ColumnGuess, guess_columns
from layoutopt.study.inittoml import written
from layoutopt.study.shift import constant_shift, datum_of
from layoutopt.study.sources import Source, Unused, sources_in
from layoutopt.study.synonyms import LAYER_WORDS, SECOND_CHOICE, plain

CONFIG = "study.toml"
RASTER = "elevation"
FITTING_SHAPES = {
    "point": ("point",), "point or polygon": ("point", "polygon"), "line": ("line",), "polygon": ("polygon",),
    "none": ("none",),
}  # fmt: skip
NAMED, REQUIRED, OTHER, MOST_OTHERS, SECOND = 3.0, 2.0, 0.5, 3.0, -1.0
"""What a fitting name, a required column and any other column count when layers are told apart."""
BELIEVED = {"settlements": 2.5, "schools": 2.5, "roads": SECOND, "towns": 1.5}
"""The least score at which a source counts as the layer; elsewhere every required column must be there."""


@dataclass(frozen=True, eq=False)
class LayerGuess:
    """Which source holds a layer, its columns, the reason, what else could hold it, and its datum if shifted."""

    name: str
    source: Source
    columns: tuple[ColumnGuess, ...]
    why: str
    also: tuple[str, ...] = ()
    datum: str = ""

    def used(self, ours: str) -> ColumnGuess | None:
        """Return the guess of one of our columns, where it is in use."""
        return next((guess for guess in self.columns if guess.ours == ours and not guess.off), None)


@dataclass(frozen=True, eq=False)
class StudyGuess:
    """What a folder holds: layers, files that fit nowhere, and what only a person can answer."""

    folder: Path
    layers: tuple[LayerGuess, ...]
    unused: tuple[Unused, ...]
    questions: tuple[str, ...]

    def lines(self) -> list[str]:
        """Return what was guessed as a short list for people."""
        rows = []
        for guess in self.layers:
            rows.append(f"{guess.name:12} {guess.source.label}: {guess.why}")
            rows += [f"{'':12}   {column.ours} = {_theirs(column)}" for column in guess.columns if not column.off]
        rows += [f"{'not used':12} {left.label}: {left.why}" for left in self.unused]
        rows += [f"{'question':12} {question}" for question in self.questions]
        return rows

    def toml(self) -> str:
        """Return the study.toml."""
        return written(self)


def guess_study(folder: str | Path) -> StudyGuess:
    """Look at the files in ``folder`` and guess what each holds; nothing is written.

    Examples
    --------
    >>> guess_study("data/samples/ladakh").layers[0].name  # doctest: +SKIP
    'settlements'
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError([Problem(str(folder), "the folder does not exist", "Give the folder that holds your files.")])
    sources, unused = sources_in(path)
    if not sources:
        raise InputError([Problem(path.name, "no file in it can be read", "Put your tables and map layers there.")])
    layers = _layers(sources)
    used = {id(guess.source) for guess in layers}
    unused += [Unused(source.label, _why_unused(source, layers)) for source in sources if id(source) not in used]
    return StudyGuess(path, layers, tuple(unused), tuple(_questions(layers)))


def write_config(found: StudyGuess, *, force: bool = False) -> Path:
    """Write the study.toml of ``found`` into its folder; one that is there stays unless ``force``."""
    path = found.folder / CONFIG
    if path.exists() and not force:
        raise InputError([Problem(str(path), "the file is there already", "Give --force to write over it.")])
    write_text(path, found.toml())
    return path


def _theirs(column: ColumnGuess) -> str:
    text = f'"{column.value}" for all' if column.value else " + ".join(column.theirs)
    return f"{text} ({len(column.words)} words translated)" if column.words else text


def _layers(sources: list[Source]) -> tuple[LayerGuess, ...]:
    """Give every layer the source that fits it best, the best fit first; no source stands for two layers."""
    fits = []
    for order, layer in enumerate(LAYERS.values()):
        for place, source in enumerate(sources):
            columns = tuple(guess_columns(layer, source)) if source.shape in FITTING_SHAPES[layer.geometry] else ()
            score = _score(layer, source, columns)
            if score is not None:
                fits.append((-score, order, place, layer.name, columns))
    found: dict[str, LayerGuess] = {}
    taken: set[int] = set()
    for _, _, place, name, columns in sorted(fits, key=lambda fit: fit[:3]):
        if name in found or place in taken:
            continue
        taken.add(place)
        rivals = tuple(sources[other].label for _, _, other, same, _ in fits if same == name and other != place)
        found[name] = LayerGuess(name, sources[place], columns, _why(name, sources[place]), rivals)
    found |= _extracts(sources, found)
    names = [*LAYERS, RASTER]
    return tuple(_settled(found, name) for name in names if name in found)


def _score(layer: Layer, source: Source, columns: tuple[ColumnGuess, ...]) -> float | None:
    """Return how well a source fits a layer, or None where it does not."""
    if source.shape not in FITTING_SHAPES[layer.geometry]:
        return None
    have = {guess.ours for guess in columns if not guess.off}
    required = [column.name for column in layer if column.required]
    named = _is_named(layer.name, source)
    score = NAMED * named + REQUIRED * len(have & set(required)) + _others(have, required)
    score += SECOND * any(word in plain(source.own_name) for word in SECOND_CHOICE)
    if layer.name == "settlements" and source.shape == "polygon" and not have & {"population", "g1", "primary_age"}:
        return None
    if layer.name in BELIEVED:
        return score if score >= BELIEVED[layer.name] else None
    return score if required and have >= set(required) else None


def _others(have: set[str], required: list[str]) -> float:
    grades = have & set(PUPIL_COLUMNS)
    return min(MOST_OTHERS, OTHER * (len(have - set(required) - grades) + 2 * bool(grades)))


def _is_named(name: str, source: Source) -> bool:
    text = plain(source.own_name)
    return any(word in text for word in LAYER_WORDS[name])


def _extracts(sources: list[Source], found: dict[str, LayerGuess]) -> dict[str, LayerGuess]:
    """Take roads and settlements from an OpenStreetMap extract where no file holds them; heights from a raster."""
    more: dict[str, LayerGuess] = {}
    for source in sources:
        if source.shape == "osm":
            for name in ("settlements", "roads"):
                if name not in found and name not in more:
                    more[name] = LayerGuess(name, source, (), "an OpenStreetMap extract, its words are ours")
        elif source.shape == "raster" and RASTER not in more:
            more[RASTER] = LayerGuess(RASTER, source, (), "the only kind of file that holds heights")
    return more


def _why(name: str, source: Source) -> str:
    kind = {"none": "rows"}.get(source.shape, f"{source.shape}s")
    reason = "its name and columns" if _is_named(name, source) else "its columns"
    return f"{len(source.table):,} {kind}; taken by {reason}"


def _why_unused(source: Source, layers: tuple[LayerGuess, ...]) -> str:
    for guess in layers:
        if source.label in guess.also:
            return f"it could be {guess.name} too, but {guess.source.label} fits better"
    if source.shape in ("osm", "raster"):
        return "other files hold what it could give"
    if source.shape == "none":
        return "it has no coordinates, and its columns are those of no table we read"
    return f"its {source.shape}s and columns fit no layer"


def _settled(found: dict[str, LayerGuess], name: str) -> LayerGuess:
    """Switch guesses off that another layer makes needless, and compare the points with the roads."""
    guess, schools, roads = found[name], found.get("schools"), found.get("roads")
    if name not in ("settlements", "schools"):
        return guess
    columns = guess.columns
    if name == "settlements" and schools is not None and schools.used("g1") and guess.used("population"):
        columns = tuple(map(_age_off, columns))
    datum = "" if roads is None else _datum(guess.source, roads.source)
    return replace(guess, columns=columns, datum=datum)


def _datum(points: Source, roads: Source) -> str:
    """Return the web map's datum that explains why the points lie beside the roads, or nothing."""
    import shapely

    places, lines = points.geometry(), roads.geometry()
    if places is None or lines is None or not points.in_degrees:
        return ""
    metric = places.estimate_utm_crs()
    spots = shapely.get_coordinates(places.to_crs(metric).representative_point().to_numpy())
    shift = constant_shift(spots, shapely.get_parts(lines.to_crs(metric).to_numpy()))
    lon, lat = shapely.get_coordinates(places.to_crs("EPSG:4326").to_numpy()).mean(axis=0)
    return "" if shift is None else datum_of(shift, lon, lat)


def _age_off(column: ColumnGuess) -> ColumnGuess:
    if column.ours not in ("primary_age", "junior_age"):
        return column
    return replace(column, off="the schools' enrolment, spread by population, says more; take the # away to use ages")


def _questions(layers: tuple[LayerGuess, ...]) -> Iterator[str]:
    found = {guess.name: guess for guess in layers}
    for name in ("settlements", "schools"):
        if name not in found:
            yield f"{name}: which file holds them? No file looks like it."
    for guess in layers:
        if guess.name == RASTER or guess.source.shape == "osm":
            continue
        for column in LAYERS[guess.name]:
            asked = next((known for known in guess.columns if known.ours == column.name and known.off), None)
            if asked is not None and asked.unknown:
                yield f"{guess.name}: {asked.off} {asked.theirs[0]}: {', '.join(asked.unknown)}"
            elif column.required and guess.used(column.name) is None:
                yield f"{guess.name}: which column is {column.name} ({column.meaning.lower()})?"
        yield from _word_questions(guess)
        if guess.source.guess is not None and guess.source.guess.crs is None:
            yield f"{guess.name}: which crs are the coordinates in ({guess.source.guess.why})?"
    settlements, schools = found.get("settlements"), found.get("schools")
    given = ["population", "primary_age", *(f"g{grade}" for grade in GRADES)]
    if settlements is not None and settlements.source.shape != "osm" and not any(map(settlements.used, given)):
        yield "settlements: which columns hold pupils (g1…g9) or residents (population)?"
    if "roads" not in found and schools is not None:
        yield "roads: is there a layer of roads? Without it ways are straight lines times a detour factor."


def _word_questions(guess: LayerGuess) -> Iterator[str]:
    for column in guess.columns:
        if column.unknown and not column.off:
            yield f"{guess.name}: what do these words of {column.ours} mean: {', '.join(column.unknown)}?"
