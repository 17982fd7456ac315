"""What a worker does: read a study, solve one run of it with one thread, write its folder, and say how it ended."""

from __future__ import annotations

import logging
import math
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from layoutopt.batch.runs import Run, code_version
from layoutopt.batch.sources import Source, digest_of
from layoutopt.batch.store import (
    DONE,
    FAILED,
    FIGURES,
    INFEASIBLE,
    LOST,
    NO_ROOM,
    PLAN,
    RUNS,
    SCHOOLS,
    Ended,
    Store,
    write_table,
)
from layoutopt.errors import InfeasibleError, LayoutError, MissingExtraError
from layoutopt.plan.plan import Plan
from layoutopt.policy import Policy
from layoutopt.study import Study

SCHOOL_COLUMNS = (
    "school_id", "name", "town", "role", "reason", "bands", "pupils_before", "pupils_after", "teachers_before",
    "posts", "capital_cny",
)  # fmt: skip
log = logging.getLogger(__name__)


class Strange(Exception):
    """This worker cannot do this run, another may: its program, its disk, or a study that it reads differently."""


def work(run: Run, folder: str, ready: object = None) -> Ended:
    """Do one run and return how it ended; never raises what a run of its own can cause.

    Depends on nothing but its arguments and the study's files. ``ready`` is waited for only: another task that
    has put the travel times of the study into the cache.
    """
    from layoutopt.journeys import forget

    began = time.monotonic()
    store = Store(Path(folder))
    try:
        _check_place(run, store)
        try:
            plan: Plan | None = _solved(run)
            state, message = DONE, ""
        except InfeasibleError as error:
            plan, state, message = None, INFEASIBLE, str(error)
        except MissingExtraError as error:
            raise Strange(str(error)) from None
        except LayoutError as error:
            plan, state, message = None, FAILED, f"{type(error).__name__}: {error}"
        level = plan.proof.main if plan is not None else None
        gap = float(level.gap) if level is not None and math.isfinite(level.gap) else None
        ended = Ended(run.key, state, message, round(time.monotonic() - began, 3), gap)
        return store.write(run.key, lambda aside: _fill(aside, run, plan, ended), ended)
    except OSError as error:
        full = error.errno in NO_ROOM
        return Ended(run.key, LOST, f"{type(error).__name__}: {error}", _since(began), full=full)
    except Strange as error:
        return Ended(run.key, LOST, str(error), _since(began), strange=_here())
    except MemoryError as error:
        return Ended(run.key, LOST, str(error) or "The worker's memory is full.", _since(began))
    except Exception as error:  # a fault of ours must not end the night's other runs
        log.exception("%s", run)
        return Ended(run.key, LOST, f"Unexpected {type(error).__name__}: {error}", _since(began))
    finally:
        forget()  # memory stays flat however many runs follow


def _here() -> str:
    """The address of the worker this is done by; nothing where it is done without one."""
    from distributed import get_worker

    try:
        return str(get_worker().address)
    except ValueError:
        return ""


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)


def _check_place(run: Run, store: Store) -> None:
    if run.code != code_version():
        raise Strange(f"This worker has another layoutopt ({code_version()}) than the batch ({run.code}).")
    if not (store.folder / RUNS).is_dir():
        raise Strange(f"This worker does not see {store.folder}: give a folder that all machines share.")


def _solved(run: Run) -> Plan:
    """The plan of a run."""
    from layoutopt.pipeline import optimize

    study, policy = case_of(run)
    return optimize(study, policy, effort=run.effort, method=run.method, time_limit_s=run.time_limit_s, seed=run.seed)


def case_of(run: Run) -> tuple[Study, Policy]:
    """Return study and policy of a run: the year's pupils, changed as the scenario says."""
    study, policy = read(run.source, run.digest), run.variant.policy
    base = study.year
    if run.year is not None and run.year != study.year:
        study = _of_year(study, policy, run.year)
        policy = policy if policy.demand.method == "auto" else policy.replace(method="auto")  # it has pupils by grade
    known = set(study.settlements["town"])  # a town that only other studies of the sweep have changes nothing here
    scenario = replace(run.scenario, towns={town: by for town, by in run.scenario.towns.items() if town in known})
    return scenario.apply(study, policy, base_year=base if run.year is not None else None)


def _of_year(study: Study, policy: Policy, year: int) -> Study:
    from layoutopt.ahead.forecast import forecast

    return forecast(study, [year], policy=policy).study(year)


@lru_cache(maxsize=2)
def read(source: Source, digest: str) -> Study:
    """Return a study, which runs of it in one worker share.

    Raises
    ------
    Strange
        Its files are not those the batch was begun with, or not to be seen or read from here.
    """
    try:
        if not source.folder.is_dir():
            raise Strange(f"This worker does not see {source.place}: put studies in a folder that all machines share.")
        study = source.read()
    except (LayoutError, OSError) as error:  # it could be read when the batch was begun
        raise Strange(f"{source.place} cannot be read now: {error}") from None
    if digest_of(study) != digest:
        raise Strange(
            f"{source.place} has changed since the batch was begun, or is read otherwise here. Start the batch again."
        )
    return study


def prepare(run: Run) -> bool:
    """Work out the travel times of a run's study into the cache on disk, so that its runs find them there."""
    from layoutopt.journeys import forget, journeys_of

    try:
        journeys_of(*case_of(run))
    except Exception as error:  # the runs themselves say what is wrong
        log.debug("%s is not prepared: %s", run, error)
        return False
    finally:
        forget()
    return True


def _fill(folder: Path, run: Run, plan: Plan | None, ended: Ended) -> None:
    """Write what is kept of a run."""
    import pandas as pd

    row: dict[str, Any] = {"key": run.key, **run.labels, **_about(run, plan, ended)}
    table = pd.DataFrame([row])
    table["year"] = table["year"].astype("Int64")
    write_table(table, folder / FIGURES)
    if plan is None:
        return
    write_table(school_layer(plan, run), folder / SCHOOLS)
    if run.keep == PLAN:
        plan.to_folder(folder / PLAN)


def _about(run: Run, plan: Plan | None, ended: Ended) -> dict[str, Any]:
    level = plan.proof.main if plan is not None else None
    return {
        "state": ended.state,
        "message": ended.message,
        "effort": run.effort,
        "seconds": ended.seconds,
        "gap": math.nan if ended.gap is None else ended.gap,
        "bound_cny": level.bound if level is not None and level.goal == "annual_cost" else math.nan,
        "bound_name": plan.proof.bound_name if plan is not None else "",
        **({name: float(value) for name, value in plan.figures.to_dict().items()} if plan is not None else {}),
    }


def school_layer(plan: Plan, run: Run) -> Any:
    """Return what a run decides about each school, as points in degrees with longitude and latitude beside."""
    from layoutopt.plan.geometry import school_points

    points = school_points(plan)
    facts = plan.study.schools[["name", "town"]]
    table = points.drop(columns=[name for name in ("name", "town") if name in points]).join(facts, on="school_id")
    table = table[[*SCHOOL_COLUMNS, "geometry"]]
    table.insert(0, "key", run.key)
    table.insert(1, "study", run.source.name)
    return table.assign(lon=table.geometry.x.round(6), lat=table.geometry.y.round(6))
