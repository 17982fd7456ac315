"""Everything a document is written from: the plan, today's plan, what the audit found, and the language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from layoutopt.plan.audit import audit
from layoutopt.plan.closures import closing_conditions
from layoutopt.plan.plan import OPEN_ROLES, Plan
from layoutopt.plan.quality import quality_spread, quality_table
from layoutopt.plan.rooms import class_table
from layoutopt.plan.today import current_plan
from layoutopt.report.content.ways import grouped, in_words
from layoutopt.report.content.whatif import Basis
from layoutopt.report.document import Paragraph
from layoutopt.report.language import Language, language
from layoutopt.report.mapwords import KINDS
from layoutopt.report.summary import refusals
from layoutopt.report.tables import runs_of_vehicle, schools_called
from layoutopt.report.words import ROLES, grade_words
from layoutopt.today import school_facts


@dataclass(frozen=True, eq=False)
class Brief:
    """One plan to write about; ``today`` is the plan of today's schools, ``violations`` what the audit found."""

    plan: Plan
    today: Plan
    violations: pd.DataFrame
    lang: Language

    @cached_property
    def stamp(self) -> str:
        """Why the plan cannot be adopted; empty where nothing speaks against it."""
        reasons = refusals(self.plan, self.violations, self.lang)
        if not reasons:
            return ""
        said = [self.lang.text("NOT ADOPTABLE."), *reasons]
        return self.lang.sentences(said)

    @cached_property
    def grades(self) -> dict[str, str]:
        """The grades of each band, and of ``all``, in words."""
        return {band: self.lang.text(text) for band, text in grade_words(self.plan.policy.bands).items()}

    @cached_property
    def basis(self) -> Basis:
        """What the other decision for any school is worked out from."""
        return Basis(self.plan)

    @cached_property
    def schools(self) -> pd.DataFrame:
        """The plan's schools by id, with what each is today (``was_…``) and whether it is open in the plan."""
        facts = school_facts(self.plan.study, self.plan.policy).add_prefix("was_")
        table = self.plan.schools.set_index("school_id", drop=False).join(facts)
        given = self.plan.study.schools.reindex(columns=["classrooms", "kind"])
        table = table.join(given)
        table["name"] = names_of(self.plan.study.schools).reindex(table.index).to_numpy()
        table["town"] = self.plan.study.schools["town"].reindex(table.index).fillna("").to_numpy()
        table["is_open"] = table["role"].isin(OPEN_ROLES)
        existed = table["pupils_before"].notna()
        small = table["pupils_before"] < self.plan.policy.closure.closable_below_pupils
        return table.assign(existed=existed, small=existed & small).rename_axis(None)

    @cached_property
    def ways(self) -> pd.DataFrame:
        """The assignments with names of places, and the change of daily ways in minutes."""
        rows, study = self.plan.assignments.copy(), self.plan.study
        schools, places = names_of(study.schools), names_of(study.settlements)
        rows["settlement"] = rows["settlement_id"].map(places)
        rows["town"] = rows["settlement_id"].map(study.settlements["town"]).fillna("")
        rows["school"] = rows["school_id"].map(schools).fillna("")
        rows["today"] = rows["today_school"].map(schools).fillna("")
        daily = (rows["school_id"] != "") & (rows["mode"] != "board") & (rows["today_mode"] != "board")
        change = (rows["minutes"].astype(float) - rows["today_min"].astype(float)).where(daily)
        finite = change.abs() < float("inf")
        return rows.assign(daily=daily, change_min=change.where(finite))

    @cached_property
    def groups(self) -> pd.DataFrame:
        """The ways with those that stand in one row of a table together, in words."""
        return in_words(self.lang, grouped(self.ways), self.plan.policy)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """The bus lines with all schools they call at, their kind in words, and the ``runs`` of their vehicle."""
        rows, called = self.plan.bus_lines, schools_called(self.plan)
        return rows.assign(
            school=[self.lang.listed(self.school_name(code) for code in called[line]) for line in rows["line_id"]],
            kind=[self.lang.text(KINDS.get(str(kind), str(kind))) for kind in rows["kind"]],
            trip_min=rows["minutes"],
            runs=runs_of_vehicle(rows),
        )

    @cached_property
    def rides_to(self) -> pd.DataFrame:
        """The riders of each school on each line: how many, how long they ride, and wait for the bell, at most."""
        return self._rides("school_id", self.ways["school_id"] != "")

    @cached_property
    def rides_from(self) -> pd.DataFrame:
        """The same for the pupils of each school of today who go elsewhere."""
        return self._rides("today_school", self.ways["school_id"] != self.ways["today_school"])

    def _rides(self, school: str, rows: pd.Series) -> pd.DataFrame:
        stops = self.plan.bus_stops[["line_id", "item", "riders", "ride_min", "early_min"]]
        stops = stops.merge(self.ways.loc[rows, ["item", school]], on="item")
        most = {name: (name, "max") for name in ("ride_min", "early_min")}
        sums = stops.groupby([school, "line_id"], sort=True).agg(pupils=("riders", "sum"), **most).reset_index()
        lines = self.lines.drop(columns=["early_min", "school_id"])
        return sums.rename(columns={school: "of_school"}).merge(lines, on="line_id", how="inner")

    @cached_property
    def closing(self) -> pd.DataFrame:
        """Schools that close, by id."""
        return self.schools[self.schools["role"] == "closed"]

    @cached_property
    def shrinking(self) -> pd.DataFrame:
        """Schools that teach more than the lower band today and become teaching points, by id."""
        point = self.schools["role"] == "teaching_point"
        return self.schools[point & (self.schools["was_offers_upper"] | self.schools["was_offers_junior"])]

    @cached_property
    def conditions(self) -> pd.DataFrame:
        """The five conditions that forbid a closure, for every school that closes or becomes a teaching point."""
        return closing_conditions(self.plan, also=list(self.shrinking.index))

    @cached_property
    def classes(self) -> pd.DataFrame:
        """The classes of every open school with their sizes and caps."""
        return class_table(self.plan)

    @cached_property
    def quality(self) -> pd.DataFrame:
        """The seven resources of every school and stage, today and in the plan."""
        return quality_table(self.plan)

    @cached_property
    def spread(self) -> pd.DataFrame:
        """How evenly the schools of a stage have each of the seven resources, today and in the plan."""
        return quality_spread(self.plan)

    @cached_property
    def receiving(self) -> list[str]:
        """Schools that pupils from other schools come to, by id."""
        moved = self.ways[self.ways["moved"]]
        return sorted(set(moved["school_id"]))

    def leaving(self, school_id: str) -> pd.DataFrame:
        """Return the groups of today's pupils of a school who go elsewhere in the plan, in words."""
        return self.groups[(self.groups["today_school"] == school_id) & (self.groups["school_id"] != school_id)]

    def roles(self, rows: pd.DataFrame) -> pd.Series:
        """Return what becomes of each school of ``rows``, in the language."""
        return rows["role"].map(lambda role: self.lang.text(ROLES.get(str(role), str(role))))

    def school_name(self, school_id: str) -> str:
        """Return a school's name, or its id where it has none."""
        return self._names.get(school_id, school_id)

    @cached_property
    def _names(self) -> dict[str, str]:
        return {str(code): str(name) for code, name in self.schools["name"].items()}


def brief_of(plan: Plan, *, today: Plan | None = None, violations: pd.DataFrame | None = None, lang: str) -> Brief:
    """Return the brief of ``plan``; today's plan and the audit are worked out where they are not given."""
    today = today if today is not None else current_plan(plan.study, plan.policy)
    found = violations if violations is not None else audit(plan)
    return Brief(plan, today, found, language(lang))


def names_of(places: pd.DataFrame) -> pd.Series:
    """Return the names by id; a place without a name goes by its id."""
    ids = pd.Series(places.index.astype(str), index=places.index)
    given = places["name"].fillna("").astype(str) if "name" in places else pd.Series("", index=places.index)
    return given.where(given.str.strip() != "", ids)


def fill_in(b: Brief, text: str) -> Paragraph:
    """Return a line for what the data cannot say and the county must add."""
    return Paragraph(b.lang.text("To be added by the county: {what} ________", what=text), "note")
