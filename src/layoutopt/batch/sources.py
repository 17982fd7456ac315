"""Where the studies of a sweep lie, and what identifies their content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from layoutopt.errors import InputError, Problem, nearest
from layoutopt.study import Study

SAMPLE = "sample:"
"""In front of the name of a bundled study."""


@dataclass(frozen=True, order=True)
class Source:
    """A study by name and place: a folder, or ``sample:`` with a bundled study's name."""

    name: str
    place: str

    @property
    def folder(self) -> Path:
        """Return the study's folder."""
        from layoutopt.samples import sample_path

        return sample_path(self.place.removeprefix(SAMPLE)) if self.place.startswith(SAMPLE) else Path(self.place)

    @property
    def own_name(self) -> str:
        """The last part of its place, whatever other studies a sweep has."""
        return self.place.removeprefix(SAMPLE) if self.place.startswith(SAMPLE) else Path(self.place).name

    def read(self) -> Study:
        """Return the study, read and checked."""
        from layoutopt.study import read_study

        return read_study(self.folder)

    def stamp(self) -> str:
        """Return what changes when a file of the folder does: names, sizes and times, without reading any."""
        found = hashlib.sha256()
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                facts = path.stat()
                found.update(f"{path.relative_to(self.folder)} {facts.st_size} {facts.st_mtime_ns}\n".encode())
        return found.hexdigest()


def digest_of(study: Study) -> str:
    """Return what identifies a study's content; its year counts, as the pupils of later ones follow from it."""
    return f"{study.digest}-{study.year or 0}"


def sources_of(given: Any, *, folder: Path, file: str) -> tuple[list[Source], list[Problem]]:
    """Return the studies a list names, ``*`` standing for any text in a path, or every problem of it.

    A study is called by its folder's name; where two folders share it, by as much of the path as tells them apart.
    """
    where = f"{file} [sweep] studies"
    if isinstance(given, str):
        given = [given]
    if not isinstance(given, list) or not given or not all(isinstance(text, str) and text for text in given):
        cure = 'Write studies = ["counties/*", "sample:valley"], for example.'
        return [], [Problem(where, "names no study", cure)]
    problems: list[Problem] = []
    places: dict[str, None] = {}
    for text in given:
        places |= dict.fromkeys(_places(text, folder, where, problems))
    return _named(list(places)), problems


def _places(text: str, folder: Path, where: str, problems: list[Problem]) -> list[str]:
    from layoutopt.samples import sample_path

    if text.startswith(SAMPLE):
        try:
            sample_path(text.removeprefix(SAMPLE))
        except InputError as error:
            problems += [Problem(f"{where}: {one.where}", one.what, one.cure) for one in error.problems]
            return []
        return [text]
    path = Path(text)
    if "*" in text:
        start = Path(path.anchor) if path.is_absolute() else folder
        parts = path.relative_to(start) if path.is_absolute() else path
        found = sorted(one for one in start.glob(str(parts)) if one.is_dir() and not one.name.startswith("."))
    else:
        found = [folder / path] if (folder / path).is_dir() else []
    if not found:
        parent = (folder / path).parent
        near = [one.name for one in parent.iterdir() if one.is_dir()] if parent.is_dir() else []
        cure = nearest(path.name, near).strip() or f"Paths start at {folder.absolute()}."
        problems.append(Problem(f"{where}: '{text}'", "no such folder", cure))
    return [str(one.resolve()) for one in found]


def _named(places: list[str]) -> list[Source]:
    parts = [[place] if place.startswith(SAMPLE) else list(Path(place).parts) for place in places]
    names = [own[-1].removeprefix(SAMPLE) for own in parts]
    depth = 1
    while len(set(names)) < len(names) and depth < max(map(len, parts), default=1):
        depth += 1
        twice = {name for name in names if names.count(name) > 1}
        names = ["/".join(own[-depth:]) if name in twice else name for name, own in zip(names, parts, strict=True)]
    return [Source(name, place) for name, place in zip(names, places, strict=True)]
