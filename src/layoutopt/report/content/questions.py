"""What parents of a school that closes or shrinks ask, with answers from the data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.report.content.brief import Brief
from layoutopt.report.content.pupil_tables import villages_of
from layoutopt.report.content.school_tables import fullest_class
from layoutopt.report.content.ways import YOUNG
from layoutopt.report.content.whatif import KeepInstead
from layoutopt.report.words import STAGE_WORDS
from layoutopt.schema import STAGES

MOST_VILLAGES = 4
"""Villages named in a sentence; the table names all."""


def questions(b: Brief, school_id: str, kept: KeepInstead | None) -> list[tuple[str, str]]:
    """Return question and answer, for the pupils who leave the school; empty where nobody does."""
    lang, rows = b.lang, b.ways
    gone = rows[(rows["today_school"] == school_id) & (rows["school_id"] != school_id)]
    if gone.empty or kept is None:
        return []
    return [
        (lang.text("Where will my child go to school?"), _where(b, gone)),
        (lang.text("How long is the way, and who looks after the children?"), _way(b, gone)),
        (lang.text("Must my child board?"), _boards(b, gone)),
        (lang.text("Will the new classes be too full?"), _classes(b, gone)),
        (lang.text("Why not keep the school?"), _why(b, kept)),
        (
            lang.text("What if we do not agree?"),
            lang.text(
                "The notice hangs for one month, then there is a hearing. Where most parents or delegates object, the "
                "closure is refused. If pupils come back in later years, the school can open again."
            ),
        ),
    ]


def _where(b: Brief, gone: pd.DataFrame) -> str:
    lang, said = b.lang, []
    for (band, school), part in gone[gone["school_id"] != ""].groupby(["band", "school"], sort=True):
        villages = villages_of(part)
        named = lang.listed(villages[:MOST_VILLAGES])
        more = len(villages) - MOST_VILLAGES
        if more > 0:
            named = lang.plural(
                "{villages} and {n} more village", "{villages} and {n} more villages", more, villages=named
            )
        said.append(
            lang.text(
                "Grades {grades} from {villages}: {school}.",
                grades=b.grades[str(band)],
                villages=named,
                school=str(school),
            )
        )
    lost = float(gone.loc[gone["school_id"] == "", "pupils"].sum())
    if lost:
        said.append(lang.plural("{n} pupil has no school yet.", "{n} pupils have no school yet.", lost))
    return lang.sentences(said)


def _way(b: Brief, gone: pd.DataFrame) -> str:
    lang, daily = b.lang, gone[(gone["mode"] != "board") & (gone["school_id"] != "")]
    if daily.empty:
        return lang.text("Nobody travels daily; boarders go home at the weekend.")
    walks, rides = (float(daily.loc[daily["mode"] == mode, "pupils"].sum()) for mode in ("walk", "bus"))
    said = [
        lang.text(
            "At most {longest}, today at most {today}.",
            longest=lang.minutes(float(daily["minutes"].max())),
            today=lang.minutes(float(daily["today_min"].max())),
        )
    ]
    if rides:
        said.append(
            lang.plural(
                "{n} child comes by bus with a seat and an attendant.",
                "{n} children come by bus, each with a seat, with an attendant.",
                rides,
            )
        )
    if walks:
        said.append(lang.plural("{n} child walks.", "{n} children walk.", walks))
    return lang.sentences(said)


def _boards(b: Brief, gone: pd.DataFrame) -> str:
    lang, boards = b.lang, gone[gone["mode"] == "board"]
    if boards.empty:
        return lang.text("No. Nobody from this school boards in the plan.")
    young = float(boards[list(YOUNG)].to_numpy(float).sum())
    said = [
        lang.plural(
            "{n} child boards during the week, because no daily way keeps the limits.",
            "{n} children board during the week, because no daily way keeps the limits.",
            float(boards["pupils"].sum()),
        )
    ]
    said.append(lang.text("None of them is in grades 1–3.") if not young else "")
    return lang.sentences(said)


def _classes(b: Brief, gone: pd.DataFrame) -> str:
    lang, said = b.lang, list[str]()
    for school_id in sorted(set(gone["school_id"]) - {""}):
        for stage in STAGES:
            size, cap = fullest_class(b, school_id, stage)
            if np.isfinite(size) and (gone.loc[gone["school_id"] == school_id, "band"].isin(STAGES[stage])).any():
                said.append(
                    lang.text(
                        "{school}, {stage}: {size} in the fullest class, {cap} are allowed.",
                        school=b.school_name(school_id),
                        stage=lang.text(STAGE_WORDS[stage]),
                        size=size,
                        cap=cap,
                    )
                )
    return lang.sentences(said)


def _why(b: Brief, kept: KeepInstead) -> str:
    lang, each = b.lang, abs(kept.cost_cny) / kept.pupils
    values = {"money": lang.money(abs(kept.cost_cny)), "each": lang.money(each), "pupils": kept.pupils}
    said = (
        lang.text(
            "With all else as planned, keeping it costs {money} a year more, {each} for each of the {pupils} pupils "
            "concerned.",
            **values,
        )
        if kept.cost_cny >= 0
        else lang.text(
            "With all else as planned, keeping it costs {money} a year less, {each} for each of the {pupils} "
            "pupils concerned.",
            **values,
        )
    )
    return lang.sentences([said, lang.text("The hearing decides whether that is worth while.")])
