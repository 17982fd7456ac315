"""The runs of a batch as tables: figures to pivot, roles of schools to map, and how often each school closes."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutopt.batch.ledger import opened
from layoutopt.batch.store import DONE, FIGURES, INFEASIBLE, PLAN, SCHOOLS, Store, said
from layoutopt.errors import AskError, InputError, MissingExtraError, nearest
from layoutopt.plan.plan import Plan

if TYPE_CHECKING:
    import geopandas as gpd

    from layoutopt.batch.closures import Closures

log = logging.getLogger(__name__)
LEDGER_COLUMNS = ("key", "state", "message", "seconds", "gap", "effort")
LABELS = ("study", "year", "scenario", "policy", "weight")
COMPARED = (
    "schools_open", "schools_closed", "pupils_moved", "lines", "boarders", "cost_cny", "capital_cny",
    "journey_mean_min", "journey_max_min",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Results:
    """The runs of a batch.

    ``runs`` has a row a run: ``key``, ``study, year, scenario, policy, weight``, a column for each key that varies,
    ``state`` and ``message``, ``seconds``, ``gap``, and the headline figures of runs with a plan. ``varied`` names the
    columns of the keys that vary; ``problems`` says which runs' files cannot be read.
    """

    folder: Path
    runs: pd.DataFrame
    varied: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.runs)

    @property
    def done(self) -> pd.DataFrame:
        """The runs with a plan."""
        return self.runs[self.runs["state"] == DONE]

    @cached_property
    def schools(self) -> gpd.GeoDataFrame:
        """A row a school and run: what it becomes, with the run's labels and the school's point in degrees."""
        import geopandas as gpd

        labels = self.done[["key", *self._labels()]]
        read = [_layer(self.folder, key) for key in labels["key"]]
        found = [table for table in read if table is not None]
        if not found:
            return gpd.GeoDataFrame({"key": [], "school_id": []}, geometry=gpd.GeoSeries([], crs="EPSG:4326"))
        own = pd.concat(found, ignore_index=True).drop(columns="study")  # the sweep may call it otherwise by now
        both = labels[["key", "study"]].merge(own, on="key").merge(labels.drop(columns="study"), on="key")
        return gpd.GeoDataFrame(both, geometry="geometry", crs="EPSG:4326")

    def closures(self, by: str | Sequence[str] = ()) -> Closures:
        """Return how often each school closes over the runs, for every value of ``by`` apart.

        Examples
        --------
        >>> read_results("out/sweep").closures(by="scenario").table  # doctest: +SKIP
        """
        from layoutopt.batch.closures import closures_of

        names = (by,) if isinstance(by, str) else tuple(by)
        for name in names:
            if name not in self._labels():
                hint = nearest(name, self._labels())
                raise AskError(f"Closures go by {', '.join(self._labels())}, not by '{name}'.{hint}")
        return closures_of(self.schools, tuple(name for name in names if name != "study"))

    def compare(self, by: str | Sequence[str] = ("policy",), *, figures: Sequence[str] = COMPARED) -> pd.DataFrame:
        """Return the figures side by side, a row for each value of ``by``: mean, least and most over its runs.

        ``runs`` counts them, ``no_plan`` those of them that have none; the figures are of the others. Where studies
        or scenarios without a plan differ between the rows, means do not compare: look at ``no_plan`` first.
        """
        names = [by] if isinstance(by, str) else list(by)
        self._check(names)
        self._check(figures)
        grouped = self.runs.groupby(names, dropna=False, sort=False)
        counts = pd.DataFrame(
            {"runs": grouped.size(), "no_plan": grouped["state"].agg(lambda states: int((states != DONE).sum()))}
        )
        values = self.done.groupby(names, dropna=False, sort=False)[list(figures)].agg(["mean", "min", "max"])
        values.columns = [f"{name}_{what}" for name, what in values.columns]
        return counts.join(values).reset_index()

    def against(self, figure: str = "cost_cny", **base: Any) -> pd.DataFrame:
        """Return the runs with ``figure`` and its ``difference`` to the run of the same labels at ``base``.

        Examples
        --------
        >>> read_results("out/sweep").against("cost_cny", scenario="base")  # doctest: +SKIP
        """
        self._check([figure, *base])
        if not base:
            raise AskError("Say what to set the runs against, for example scenario='base'.")
        same = [name for name in self._labels() if name not in (*base, "weight")]
        if "policy" in same and any(name in self.varied for name in base):
            same.remove("policy")  # it is named after the keys that differ
        table = self.done[["key", *self._labels(), figure]]
        chosen = np.logical_and.reduce([(table[name] == value).to_numpy(bool) for name, value in base.items()])
        bases = table.loc[chosen, [*same, figure]].rename(columns={figure: "base"})
        if bases.empty:
            raise AskError(f"No run with a plan has {', '.join(f'{name} = {value}' for name, value in base.items())}.")
        joined = table.merge(bases.drop_duplicates(same), on=same, how="left") if same else table
        return joined.assign(difference=joined[figure] - joined["base"])

    def plan(self, key: str) -> Plan:
        """Return the plan of a run; a batch keeps plans where its sweep says ``keep = "plan"``."""
        if key not in set(self.runs["key"]):
            raise AskError(f"There is no run '{key}'.{nearest(key, self.runs['key'])}")
        folder = Store(self.folder).run(key) / PLAN
        if not folder.is_dir():
            raise AskError(f'Run {key} keeps no plan. Say keep = "plan" under [sweep] and start the batch again.')
        return Plan.from_folder(folder)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The runs in words."""
        counts = self.runs["state"].value_counts().to_dict()
        text = [f"{len(self.runs):,} runs in {self.folder}: {said(counts)}."]
        done = self.done
        if len(done):
            low, high = done["cost_cny"].min(), done["cost_cny"].max()
            text.append(f"Yearly cost from {low:,.0f} to {high:,.0f} CNY; gap {done['gap'].mean():.1%} on average.")
        for row in self.runs[self.runs["state"] == INFEASIBLE].head(3).itertuples():
            text.append(f"No plan for {row.study}, {row.scenario}, {row.policy}: {str(row.message).splitlines()[0]}")
        return (*text, *self.problems)

    def __str__(self) -> str:
        return "\n".join(self.sentences)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        columns = [*self._labels(), "state", "seconds", "gap", *(n for n in COMPARED if n in self.runs)]
        words = "".join(f"<li>{escape(text)}</li>" for text in self.sentences)
        return f"<ul>{words}</ul>{self.runs[columns].to_html(index=False, max_rows=40)}"

    def _labels(self) -> list[str]:
        return [*LABELS, *self.varied]

    def _check(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.runs:
                raise AskError(f"The runs have no column '{name}'.{nearest(name, self.runs.columns)}")


def read_results(folder: str | Path) -> Results:
    """Return the runs of a batch's folder, also while the batch is at work there.

    Raises
    ------
    InputError
        The folder holds no batch.

    Examples
    --------
    >>> import layoutopt as lo
    >>> lo.read_results("out/sweep").runs.pivot_table("cost_cny", "study", "scenario")  # doctest: +SKIP
    """
    store = Store(Path(folder).absolute())
    if not store.folder.is_dir():
        raise InputError(f"{folder}: no such folder. Give the folder of a batch.")
    with opened(store.ledger, read_only=True) as ledger:
        table = ledger.table()
    labels = pd.DataFrame([json.loads(text) for text in table["labels"]], index=table.index)
    varied = tuple(name for name in labels.columns if name not in LABELS)
    labels = labels.reindex(columns=[*LABELS, *varied])
    labels["year"] = labels["year"].astype("Int64")
    runs = table[["key"]].join(labels).join(table[list(LEDGER_COLUMNS[1:])])
    problems: list[str] = []
    figures = list(_figures(store, runs, problems.append))
    if figures:
        own = pd.concat(figures, ignore_index=True)
        own = own.drop(columns=[name for name in own.columns if name in runs and name != "key"])
        runs = runs.merge(own, on="key", how="left", validate="one_to_one")
    for name in COMPARED:
        if name not in runs:
            runs[name] = np.nan
    return Results(store.folder, runs, varied, tuple(problems))


def _figures(store: Store, runs: pd.DataFrame, complain: Callable[[str], None]) -> Iterator[pd.DataFrame]:
    """The figures of every run with a plan; one of which a file is damaged is named, and that file left out."""
    try:
        from pyarrow import parquet
    except ImportError:
        raise MissingExtraError("pyarrow", "batch") from None
    for key in runs.loc[runs["state"] == DONE, "key"]:
        try:
            yield parquet.read_table(store.run(key) / FIGURES).to_pandas()
            parquet.read_metadata(store.run(key) / SCHOOLS)
        except (OSError, ValueError) as error:
            complain(
                f"Run {key} cannot be read whole ({type(error).__name__}); start the batch again, and it is done anew."
            )


def _layer(folder: Path, key: str) -> Any:
    import geopandas as gpd

    try:
        return gpd.read_parquet(Store(folder).run(key) / SCHOOLS)
    except (OSError, ValueError) as error:
        log.warning("The schools of run %s cannot be read: %s", key, error)
        return None
