"""What each school is today and what may become of it, before anything is decided."""

from __future__ import annotations

import numpy as np
import pandas as pd

from layoutopt.errors import PolicyError, nearest
from layoutopt.journeys import journeys_of, remembered
from layoutopt.policy import Policy
from layoutopt.policy.norms import class_cap, highest_stage, school_cap
from layoutopt.schema import BANDS, PUPIL_COLUMNS, STAGES
from layoutopt.study import Study
from layoutopt.today.attending import attendance

MOST = 0.5
OBJECTION = "most parents or delegates object to its closing"


@remembered
def school_facts(study: Study, policy: Policy) -> pd.DataFrame:
    """Return what each school is today and what may become of it, indexed by school_id.

    Columns: ``pupils`` (today), ``g1…g9``, ``hub``, ``exists``, ``small`` (below the merging trigger in all its
    years), ``counted`` (of those merge_share speaks of: below closable_below_pupils today), ``may_close``,
    ``must_close``, ``may_point``, ``keep_reason``, ``places_primary``, ``places_junior`` (``inf`` where unknown),
    ``beds``, ``canteen_seats`` (NaN where unknown), ``cap``, ``annual_cny``, ``highest``, ``teachers``, ``offers_*``,
    ``complete_primary`` (teaches all of grades 1-6).
    """
    schools = study.schools
    facts = pd.DataFrame(index=schools.index)
    facts[list(PUPIL_COLUMNS)] = enrolment_today(study, policy)
    facts["pupils"] = facts[list(PUPIL_COLUMNS)].sum(axis=1)
    facts["exists"] = schools["status"] != "candidate"
    facts["hub"] = _hubs(study, policy, facts["pupils"])
    for band in BANDS:
        facts[f"offers_{band}"] = schools[f"offers_{band}"]
    for stage, bands in STAGES.items():
        teaches = schools[[f"offers_{band}" for band in bands]].any(axis=1)
        facts[f"offers_{stage}_stage"] = teaches
        facts[f"places_{stage}"] = _places(study, policy, stage).where(teaches, 0.0)
    facts["complete_primary"] = facts["offers_lower"] & facts["offers_upper"]
    stages = facts[["offers_primary_stage", "offers_junior_stage"]].to_numpy(bool)
    facts["beds"] = schools["beds"]
    facts["beds_most"] = facts["beds"] + _beds_to_add(study)
    facts["canteen_seats"] = schools.reindex(columns=["canteen_seats"])["canteen_seats"].astype(float)
    facts["cap"] = [school_cap(primary, junior, policy) for primary, junior in stages]
    facts["highest"] = [highest_stage(junior) for _, junior in stages]
    default = facts["highest"].map(lambda stage: policy.money.school_annual_cny[stage])
    facts["annual_cny"] = schools["annual_cost_cny"].fillna(default)
    facts["teachers"] = schools["teachers"]
    return facts.join(_fate(study, policy, facts))


def enrolment_today(study: Study, policy: Policy) -> pd.DataFrame:
    """Return pupils per school and grade today: the schools layer's where given, else from attendance."""
    attended = attendance(study, policy).groupby("school_id")[list(PUPIL_COLUMNS)].sum()
    attended = attended.reindex(study.schools.index, fill_value=0.0)
    for name in PUPIL_COLUMNS:
        if name in study.schools:
            attended[name] = study.schools[name].fillna(attended[name])
    return attended


def _hubs(study: Study, policy: Policy, pupils: pd.Series) -> pd.Series:
    by_size = (pupils >= policy.closure.hub_min_pupils) | (study.schools["status"] == "candidate")
    if "hub" not in study.schools:
        return by_size.astype(bool)
    return study.schools["hub"].fillna(by_size).astype(bool)


def _places(study: Study, policy: Policy, stage: str) -> pd.Series:
    given = study.schools[f"places_{stage}"]
    both = study.schools["offers_lower"] & study.schools["offers_junior"]
    share = {"primary": 2 / 3, "junior": 1 / 3}[stage]
    rooms = study.schools["classrooms"] * np.where(both, share, 1.0)
    complete = study.schools["offers_lower"] & study.schools["offers_upper"]
    cap = np.where(complete, class_cap(stage, True, policy), class_cap(stage, False, policy))
    return given.fillna((rooms * cap).round()).fillna(np.inf)


def _beds_to_add(study: Study) -> pd.Series:
    none = pd.Series(0.0, index=study.schools.index)
    if study.expansions is None or "beds" not in study.expansions:
        return none
    best = study.expansions.fillna({"beds": 0}).groupby(["school_id", "stage"])["beds"].max()
    return none.add(best.groupby("school_id").sum(), fill_value=0.0).reindex(none.index)


def _fate(study: Study, policy: Policy, facts: pd.DataFrame) -> pd.DataFrame:
    closure = policy.closure
    status = study.schools["status"]
    must_close = (status == "close") | facts.index.isin(closure.must_close)
    objected = _objected(study)
    _check_choices(study, policy, objected)
    reason = pd.Series("", index=facts.index)
    big = facts["exists"] & (facts["pupils"] >= closure.closable_below_pupils)
    reason[big] = f"has {closure.closable_below_pupils:g} pupils or more"
    if closure.keep_without_bus_road and study.roads is not None:
        reason[_without_bus_road(study, policy) & facts["exists"]] = "no road a bus can use reaches it"
    if closure.respect_objection:
        reason[objected & facts["exists"]] = OBJECTION
    for code in closure.must_keep:
        reason[code] = closure.keep_reasons.get(code) or "must be kept by policy"
    marked = status == "keep"
    reason[marked] = study.schools.loc[marked, "keep_reason"].replace("", "marked keep in the schools layer")
    reason[must_close] = ""
    small = facts["exists"] & (facts["pupils"] < closure.trigger_pupils) & _small_before(study, policy)
    may_point = policy.points.allowed & facts["offers_lower"] & ~facts["hub"] & (reason == "") & ~must_close
    return pd.DataFrame(
        {
            "keep_reason": reason,
            "must_close": must_close,
            "may_close": (reason == ""),
            "may_point": may_point,
            "small": small & ~must_close,
            "counted": facts["exists"] & (facts["pupils"] < closure.closable_below_pupils),
        }
    )


def _objected(study: Study) -> pd.Series:
    """Schools whose closing most parents or delegates object to; where it is not known, not shown to be so."""
    share = study.schools.reindex(columns=["objection_share"])["objection_share"].astype(float)
    return share > MOST


def _check_choices(study: Study, policy: Policy, objected: pd.Series) -> None:
    """Refuse unknown schools, and schools that the policy and the schools layer decide differently."""
    closure, schools = policy.closure, study.schools
    for key in ("must_keep", "must_close"):
        for code in getattr(closure, key):
            if code not in schools.index:
                hint = nearest(code, schools.index)
                raise PolicyError(f"closure.{key} names '{code}', which is no school of this study.{hint}")
    for key, status in (("must_keep", "close"), ("must_close", "keep")):
        both = [code for code in getattr(closure, key) if schools.loc[code, "status"] == status]
        if both:
            raise PolicyError(f"closure.{key} names {', '.join(both)}, but status = {status} in the schools layer.")
    closed = (schools["status"] == "close") | schools.index.isin(closure.must_close)
    if closure.respect_objection and (closed & objected).any():
        code = schools.index[closed & objected][0]
        how = "closure.must_close names it" if code in closure.must_close else "its status is close"
        raise PolicyError(
            f"closure.respect_objection keeps {code} (objection_share = {schools.loc[code, 'objection_share']:g}), but "
            f"{how}. Take the closure back, or set respect_objection = false."
        )


def _small_before(study: Study, policy: Policy) -> pd.Series:
    """Schools below the trigger in each earlier year it asks for; a year that is not known does not show it."""
    closure, history = policy.closure, study.history
    schools = study.schools.index
    if closure.trigger_years == 1:
        return pd.Series(True, index=schools)
    if history is None:
        return pd.Series(False, index=schools)
    year = study.year if study.year is not None else int(history["year"].max()) + 1
    years = [year - back for back in range(1, closure.trigger_years)]
    below = history[history["year"].isin(years) & (history["pupils"] < closure.trigger_pupils)]
    return below.groupby("school_id")["year"].nunique().reindex(schools, fill_value=0) == len(years)


def _without_bus_road(study: Study, policy: Policy) -> pd.Series:
    off = journeys_of(study, policy).off_road
    ids = off.loc[(off["side"] == "to") & (off["mode"] == "bus"), "id"]
    return pd.Series(study.schools.index.isin(ids), index=study.schools.index)
