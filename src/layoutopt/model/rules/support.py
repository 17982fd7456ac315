"""Small schools that stay with a full curriculum: own specialists, itinerant teams, online classes, a group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import scipy.sparse as sp

from layoutopt.journeys import journeys_of, remembered
from layoutopt.model.columns import Data, Spec, pupils_by
from layoutopt.model.frame import Array, Expr, Rows
from layoutopt.model.rules.register import rule
from layoutopt.options import Options
from layoutopt.plan.tours import Ways, groups_of, hubs_near, school_ways
from layoutopt.policy import Policy
from layoutopt.policy.helping import FORMS, GROUP, ITINERANT, ONLINE, OWN, driving_cny, form_cny, team_cny, teams_for
from layoutopt.study import Study
from layoutopt.units import SLACK_MIN


def support_blocks(study: Study, policy: Policy, options: Options) -> Iterator[Spec]:
    """``support`` (form taken), ``tours`` (days a week a team drives this tour), ``teams`` (whole, of a hub)."""
    if not policy.support.full_curriculum:
        return
    tours = possible_tours(study, policy)
    yield "support", _forms(study, policy, options.schools, tours), ("school_id", "form"), 1.0, True
    if len(tours):
        visits = policy.support.itinerant_visits_per_week
        yield "tours", tours, ("school_id", "tour"), float(visits), True
        teams = _teams(tours, policy)
        yield "teams", teams, ("school_id",), teams["most"].to_numpy(float), True


def support_fill(d: Data, point: Array) -> Mapping[str, Array]:
    """Every open school has specialists of its own, and the posts for them."""
    if "support" not in d.frame.blocks:
        return {}
    frame = d.frame
    works = pd.Series(frame.values("open", point), index=frame.blocks["open"].table["school_id"])
    works = works.add(
        pd.Series(frame.values("point", point), index=frame.blocks["point"].table["school_id"]), fill_value=0
    )
    forms = frame.blocks["support"].table
    own = np.where(forms["form"] == OWN, works.reindex(forms["school_id"]).to_numpy(float), 0.0)
    posts = frame.blocks["posts"].table[["school_id"]].assign(posts=frame.values("posts", point))
    short = np.ceil(d.policy.support.own_specialists_from_posts) - posts.groupby("school_id")["posts"].transform("sum")
    raised = (~posts["school_id"].duplicated()) & (works.reindex(posts["school_id"]).to_numpy(float) > 0.5)
    return {"support": own, "posts": (posts["posts"] + np.where(raised, short.clip(lower=0), 0.0)).to_numpy(float)}


def chosen_support(state: Mapping[str, str], picked: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    """Return the form each open school takes, from the blocks' columns that a point picks."""
    if "support" not in picked:
        return {}
    rows = picked["support"][["school_id", "form"]].itertuples(index=False, name=None)
    return {school: form for school, form in rows if state[school] != "closed"}


def driven_tours(picked: Mapping[str, pd.DataFrame]) -> list[tuple[str, tuple[str, ...], int]]:
    """Return hub, sites in their order and days a week of every tour that a point picks."""
    if "tours" not in picked:
        return []
    table = picked["tours"]
    stops = table[_stops(table)].itertuples(index=False, name=None)
    sites = [tuple(stop for stop in row if stop) for row in stops]
    return list(zip(table["school_id"], sites, table["value"].astype(int), strict=True))


def _forms(study: Study, policy: Policy, schools: pd.DataFrame, tours: pd.DataFrame) -> pd.DataFrame:
    """The forms each school may take: a hub only its own specialists, a small school also what the county offers."""
    sites = set(tours[_stops(tours)].to_numpy().ravel()) - {""}
    groups = groups_of(study)
    is_hub = schools["hub"].astype(bool) & ~schools["must_close"].astype(bool)
    leading = set(groups[is_hub.reindex(groups.index).to_numpy(bool)]) - {""}
    may = {
        OWN: pd.Series(True, index=schools.index),
        ITINERANT: pd.Series(schools.index.isin(sites), index=schools.index),
        ONLINE: pd.Series(policy.support.online and bool(is_hub.any()), index=schools.index),
        GROUP: groups.reindex(schools.index).isin(leading) & policy.support.group,
    }
    helped = ~schools["hub"].astype(bool) & ~schools["must_close"].astype(bool)
    rows = [
        (school, form, form_cny(form, policy))
        for school in schools.index
        for form in FORMS
        if may[form][school] and (form == OWN or helped[school])
    ]
    return pd.DataFrame(rows, columns=["school_id", "form", "cost_cny"])


@remembered
def possible_tours(study: Study, policy: Policy) -> pd.DataFrame:
    """Return every tour a team may drive in one day: ``school_id`` (hub), ``tour``, ``stop_1…``, minutes, km, cost_cny.

    One row a set of sites, in the order that takes least time; cost is that of driving it once a week for a year.
    """
    support = policy.support
    positions = range(1, support.itinerant_sites_per_day + 1)
    columns = ["school_id", "tour", *(f"stop_{k}" for k in positions), "minutes", "km", "cost_cny"]
    served: dict[str, list[str]] = {}
    for site, hubs in hubs_near(study, policy).items() if support.itinerant else ():
        for hub in hubs:
            served.setdefault(hub, []).append(site)
    ways = school_ways(journeys_of(study, policy), list(study.schools.index))
    rows: list[tuple[str | float, ...]] = []
    for hub in sorted(served):
        for count in positions:
            for sites in combinations(sorted(served[hub]), count):
                found = _best_order(ways, hub, sites, policy)
                if found is not None:
                    order, minutes, km = found
                    stops = [*order, *[""] * (len(positions) - count)]
                    rows.append((hub, "+".join(order), *stops, minutes, km, driving_cny(km, 1, policy)))
    return pd.DataFrame(rows, columns=columns)


def _best_order(
    ways: Ways, hub: str, sites: tuple[str, ...], policy: Policy
) -> tuple[tuple[str, ...], float, float] | None:
    """The order of least minutes whose legs and day keep their limits; None where none does."""
    best: tuple[float, float, tuple[str, ...]] | None = None
    for order in permutations(sites):
        minutes, km = ways.round_trip([hub, *order])
        total = float(minutes.sum())
        keeps = minutes.max() <= policy.support.itinerant_max_min + SLACK_MIN
        if keeps and total <= policy.support.itinerant_day_min + SLACK_MIN:
            found = (total, float(km.sum()), order)
            best = found if best is None or found < best else best
    return None if best is None else (best[2], best[0], best[1])


def _stops(tours: pd.DataFrame) -> list[str]:
    return [name for name in tours.columns if name.startswith("stop_")]


def _teams(tours: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    """One row a hub; ``most`` teams are enough to visit every site it may serve on days of its own."""
    calls = tours.melt(id_vars="school_id", value_vars=_stops(tours), value_name="site")
    many = calls[calls["site"] != ""].groupby("school_id", sort=True)["site"].nunique()
    most = [teams_for(count * policy.support.itinerant_visits_per_week, policy) for count in many]
    return pd.DataFrame({"school_id": many.index, "most": most, "cost_cny": team_cny(policy)})


@rule(
    "Every open school teaches all subjects in exactly one way: own specialists, itinerant team, online, or its group",
    r"\sum_f u_{jf} = y_j + p_j",
)
def full_curriculum(d: Data) -> Iterator[Rows]:
    """One row a school, where the policy asks for a full curriculum."""
    if "support" in d.frame.blocks:
        works = d.frame.each("open") + d.frame.each("point")
        yield d.frame.total("support", by=["school_id"]).on(works.labels).equals(works)


@rule("A school with specialists of its own has enough posts for them", r"\sum_\sigma T_{j\sigma} \ge t^o u_{j,own}")
def own_specialists(d: Data) -> Iterator[Rows]:
    """One row a school."""
    if "support" in d.frame.blocks:
        own = _taking(d, OWN)
        posts = d.frame.total("posts", by=["school_id"]).on(own.labels)
        yield posts >= own * d.policy.support.own_specialists_from_posts


@rule(
    "Only small schools are helped out with specialists",
    r"\sum_b e_{jb} \le R_j (y_j + p_j) - (R_j - P) \sum_{f \ne own} u_{jf}",
)
def support_size(d: Data) -> Iterator[Rows]:
    """One row a school that more pupils can reach than a helped school may have; R is the most that can come."""
    if "support" not in d.frame.blocks:
        return
    helped = _taking(d, ITINERANT, ONLINE, GROUP)
    reach = d.reach_of(["school_id"]).reindex(helped.level("school_id")).fillna(0.0).to_numpy(float)
    over = reach - d.policy.support.support_max_pupils
    works = (d.frame.each("open") + d.frame.each("point")).on(helped.labels)
    rows = pupils_by(d, ["school_id"]).on(helped.labels) + helped * over.clip(min=0) - works * reach
    yield rows.only(over > 0) <= 0.0


@rule(
    "A school that its group helps has an open hub of this group, and online classes need an open hub",
    r"u_{j,group} \le \sum_{h \in G_j} y_h,\; \sum_j u_{j,online} \le n \sum_h y_h",
)
def helping_school(d: Data) -> Iterator[Rows]:
    """One row a school its group may help, and one for online classes."""
    if "support" not in d.frame.blocks:
        return
    is_open = d.frame.each("open")
    hub = d.schools["hub"].reindex(is_open.level("school_id")).to_numpy(bool)
    grouped, online = _taking(d, GROUP), _taking(d, ONLINE)
    if len(grouped):
        groups = groups_of(d.study)
        of_hub = groups.reindex(is_open.level("school_id")).to_numpy()
        same = groups.reindex(grouped.level("school_id")).to_numpy()[:, None] == of_hub[None, :]
        pick = sp.csr_matrix((same & hub[None, :]).astype(float))
        yield grouped <= Expr((pick @ is_open.matrix).tocsr(), np.zeros(len(grouped)), grouped.labels)
    if len(online):
        every = d.frame.total("support", by=[], where=_is_form(d, ONLINE))
        yield every <= d.frame.total("open", by=[], where=hub) * float(len(online))


@rule(
    "Itinerant teams come to every site on the days promised, from open hubs, on tours that a day has room for",
    r"\sum_{t \ni j} v_{ht} = w\,u_{j,itinerant},\; \sum_{t \ni j} v_{ht} \le w \min(y_h, k_h),\; "
    r"\sum_t v_{ht} \le \delta\,k_h",
)
def tours(d: Data) -> Iterator[Rows]:
    """One row a site, two a site and hub, one a hub; tours beyond the limits of a day have no column."""
    if "tours" not in d.frame.blocks:
        return
    visits, days = d.policy.support.itinerant_visits_per_week, d.policy.support.itinerant_days_per_week
    served, teams = _taking(d, ITINERANT), d.frame.each("teams")
    yield _calls(d, []).on(served.labels).equals(served * visits)
    calls = _calls(d, ["school_id"])
    yield calls <= d.frame.each("open").on(calls.labels) * visits
    yield d.frame.total("tours", by=["school_id"]).on(teams.labels) <= teams * days
    if visits <= days:  # whoever is served needs a whole team: implied, but not once teams may be halved
        yield calls <= teams.on(calls.labels) * visits


def _calls(d: Data, more: list[str]) -> Expr:
    """Days a week on which tours call, by site (named school_id where alone) and further labels."""
    table = d.frame.blocks["tours"].table
    parts = []
    for stop in _stops(table):
        part = d.frame.total("tours", by=[stop, *more], where=(table[stop] != "").to_numpy())
        names = ["site", *more] if more else ["school_id"]
        parts.append(Expr(part.matrix, part.constant, part.labels.set_names(names)))
    labels = reduce(lambda left, right: left.append(right), (part.labels for part in parts)).unique()
    return reduce(lambda left, right: left + right, (part.on(labels) for part in parts))


def _is_form(d: Data, *forms: str) -> np.ndarray:
    return d.frame.blocks["support"].table["form"].isin(forms).to_numpy()


def _taking(d: Data, *forms: str) -> Expr:
    """Schools that take one of these forms, by school."""
    return d.frame.total("support", by=["school_id"], where=_is_form(d, *forms))
