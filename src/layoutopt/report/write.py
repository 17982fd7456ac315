"""All documents of a plan in one folder: written aside, then put in place together."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from layoutopt.errors import InputError, MissingExtraError, nearest
from layoutopt.io.folders import write_text
from layoutopt.plan.audit import audit
from layoutopt.plan.geopackage import write_geopackage
from layoutopt.plan.plan import Plan
from layoutopt.plan.today import current_plan
from layoutopt.report.content import dossiers, notices, report_document, stamp, workbook_tables
from layoutopt.report.document import Document
from layoutopt.report.filenames import safe_names
from layoutopt.report.language import language
from layoutopt.report.words import USES

logger = logging.getLogger(__name__)
WORD = {"docx": "python-docx", "matplotlib": "matplotlib"}
NEEDS: dict[str, dict[str, str]] = {
    "docx": WORD, "xlsx": {"xlsxwriter": "xlsxwriter"}, "dossiers": WORD, "notices": WORD,
}  # fmt: skip
"""Modules of the extra ``report`` that a format cannot do without, each with its package."""


@dataclass(frozen=True, eq=False)
class Job:
    """What every file is written from."""

    plan: Plan
    today: Plan
    violations: pd.DataFrame
    lang: str
    folder: Path
    with_dossiers: bool

    @cached_property
    def stamp(self) -> str:
        """Why the plan cannot be adopted; empty where nothing speaks against it."""
        return stamp(self.plan, self.violations, self.lang)

    @cached_property
    def dossier_names(self) -> dict[str, str]:
        """File names of the dossiers by school, without suffix."""
        shown = self.plan.schools.loc[self.plan.schools["role"] != "not_built", "school_id"]
        return safe_names(map(str, shown))


def write_report(
    plan: Plan,
    folder: str | Path,
    *,
    today: Plan | None = None,
    violations: pd.DataFrame | None = None,
    lang: str = "en",
    formats: Iterable[str] | None = None,
    workers: int = 1,
) -> dict[str, Path]:
    """Write the plan's documents into ``folder`` and return where each is, by format.

    All are written aside first: a failure leaves the folder as it was. Files of the same names are replaced,
    others in the folder stay.

    Parameters
    ----------
    today
        The plan of today's schools, which everything is set against; worked out where it is not given.
    violations
        What the audit found; the audit is made where it is not given. A plan with violations, or with pupils
        left without a school, is stamped as not adoptable in every file.
    lang
        ``"en"`` or ``"zh"``.
    formats
        Any of ``html`` (report.html), ``docx`` (report.docx), ``xlsx`` (workbook.xlsx), ``dossiers`` and
        ``notices`` (folders), ``gpkg`` (plan.gpkg), ``qgis`` (plan.qgz, with its plan.gpkg) and ``geojson``
        (a folder). Without it all but GeoJSON, as far as the packages they need are installed.
    workers
        Processes that write formats at the same time. The dossiers of a large county take about as long as all
        other formats, so 2 nearly halve the time and more are of little use. The files are the same. A script that
        asks for more than 1 must start its work under ``if __name__ == "__main__":``.

    Raises
    ------
    InputError
        A format or language is unknown, ``workers`` is less than 1, or ``today`` is of another study.
    MissingExtraError
        A format that was asked for needs a package that is not installed.

    Examples
    --------
    >>> lo.write_report(plan, "out/")["html"]  # doctest: +SKIP
    PosixPath('out/report.html')
    """
    if today is not None and not today.study.settlements.index.equals(plan.study.settlements.index):
        raise InputError(f"today's plan is of another study ({today.study.name}). Give one of {plan.study.name}.")
    if workers < 1:
        raise InputError(f"workers is {workers}. Give 1 or more.")
    language(lang)
    wanted = _wanted(formats)
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    today = current_plan(plan.study, plan.policy) if today is None else today
    violations = audit(plan) if violations is None else violations
    aside = Path(tempfile.mkdtemp(prefix=".report-", dir=target))
    try:
        job = Job(plan, today, violations, lang, aside, "dossiers" in wanted)
        written = _written(job, wanted, workers)
        for path in written.values():
            _put(path, target / path.name)
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    logger.info("documents written to %s: %s", target, ", ".join(wanted))
    return {name: target / path.name for name, path in written.items()}


def _written(job: Job, wanted: list[str], workers: int) -> dict[str, Path]:
    """Write the formats and return where each is; those that take longest are begun first."""
    if min(workers, len(wanted)) == 1:
        return {name: WRITERS[name](job) for name in wanted}
    order = sorted(wanted, key=lambda name: (LONG.index(name) if name in LONG else len(LONG), wanted.index(name)))
    # New processes rather than copies of this one: the solver's and numba's threads do not survive copying.
    with ProcessPoolExecutor(min(workers, len(wanted)), mp_context=get_context("spawn")) as pool:
        begun = {name: pool.submit(WRITERS[name], job) for name in order}
        try:
            return {name: begun[name].result() for name in wanted}
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _wanted(formats: Iterable[str] | None) -> list[str]:
    """Return the formats to write in their fixed order."""
    if formats is None:
        missing = {name: _missing(name) for name in WRITERS if name not in ON_REQUEST}
        for name, package in missing.items():
            if package:
                logger.warning("%s not written: %s", name, MissingExtraError(package, "report"))
        return [name for name, package in missing.items() if not package]
    asked = [formats] if isinstance(formats, str) else list(formats)
    for name in asked:
        if name not in WRITERS:
            raise InputError(f"There is no format {name!r}.{nearest(name, WRITERS)} Formats: {', '.join(WRITERS)}.")
        if _missing(name):
            raise MissingExtraError(_missing(name), "report")
    if "qgis" in asked and "gpkg" not in asked:
        asked.append("gpkg")
    return [name for name in WRITERS if name in asked]


def _missing(name: str) -> str:
    """Return the first package that a format needs and that is not installed."""
    return next((package for module, package in NEEDS.get(name, {}).items() if find_spec(module) is None), "")


def _put(new: Path, place: Path) -> None:
    """Move a file or folder to its place; what stood there goes only when the new one is there."""
    if not place.is_dir():
        new.replace(place)
        return
    old = new.with_name(f"{new.name}.old")
    place.rename(old)
    try:
        new.rename(place)
    except BaseException:
        old.rename(place)
        raise


def _html(job: Job) -> Path:
    from layoutopt.report.html import report_page

    links = {code: f"dossiers/{name}.html" for code, name in job.dossier_names.items()} if job.with_dossiers else {}
    page = report_page(job.plan, today=job.today, violations=job.violations, lang=job.lang, dossiers=links)
    return _text(job.folder / "report.html", page)


def _docx(job: Job) -> Path:
    from layoutopt.report.docx import write_docx

    path = job.folder / "report.docx"
    write_docx(report_document(job.plan, today=job.today, violations=job.violations, lang=job.lang), path)
    return path


def _xlsx(job: Job) -> Path:
    from layoutopt.report.workbook import write_workbook

    path = job.folder / "workbook.xlsx"
    tables = workbook_tables(job.plan, today=job.today, violations=job.violations, lang=job.lang)
    title = language(job.lang).text("School layout plan of {name}", name=job.plan.study.name)
    write_workbook(tables, path, lang=job.lang, title=title, stamp=job.stamp)
    return path


def _dossiers(job: Job) -> Path:
    documents = dossiers(job.plan, today=job.today, violations=job.violations, lang=job.lang)
    return _pairs(job, "dossiers", ((job.dossier_names[code], document) for code, document in documents))


def _notices(job: Job) -> Path:
    documents = notices(job.plan, today=job.today, violations=job.violations, lang=job.lang)
    return _pairs(job, "notices", ((document.name, document) for document in documents))


def _pairs(job: Job, name: str, documents: Iterable[tuple[str, Document]]) -> Path:
    """Write every document as a page and as a Word file."""
    from layoutopt.report.docx import write_docx
    from layoutopt.report.page_of import page

    folder = job.folder / name
    folder.mkdir()
    for stem, document in documents:
        write_text(folder / f"{stem}.html", page(document, home="../report.html"))
        write_docx(document, folder / f"{stem}.docx")
    return folder


def _gpkg(job: Job) -> Path:
    path = job.folder / "plan.gpkg"
    write_geopackage(job.plan, path, say=lambda text: _said(text, job.lang), stamp=job.stamp)
    return path


def _said(text: str, lang: str) -> str:
    """Return what a layer says in the language; uses of premises are codes there."""
    return language(lang).text(USES.get(text, text))


def _qgis(job: Job) -> Path:
    from layoutopt.report.qgis import write_project

    path = job.folder / "plan.qgz"
    write_project(job.plan, path, lang=job.lang, stamp=job.stamp)
    return path


def _geojson(job: Job) -> Path:
    from layoutopt.report.geojson import write_geojson

    folder = job.folder / "geojson"
    write_geojson(job.plan, folder, stamp=job.stamp)
    return folder


def _text(path: Path, text: str) -> Path:
    write_text(path, text)
    return path


WRITERS: dict[str, Callable[[Job], Path]] = {
    "html": _html,
    "docx": _docx,
    "xlsx": _xlsx,
    "dossiers": _dossiers,
    "notices": _notices,
    "gpkg": _gpkg,
    "qgis": _qgis,
    "geojson": _geojson,
}
"""Every format with the function that writes it; they are written in this order."""
LONG = ("dossiers", "notices", "docx", "html")
"""The formats that take longest, the longest first."""
ON_REQUEST = ("geojson",)
