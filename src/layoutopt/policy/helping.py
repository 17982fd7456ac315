"""What it takes to help a small school out with specialists: the one definition behind model, plan and audit."""

from __future__ import annotations

import math
from collections.abc import Mapping

from layoutopt.policy.norms import EPSILON
from layoutopt.policy.policy import Policy

OWN, ITINERANT, ONLINE, GROUP = FORMS = ("own", "itinerant", "online", "group")
"""How an open school teaches all subjects."""
SCHOOL_DAYS = 5
"""School days of a week."""


def form_cny(form: str, policy: Policy) -> float:
    """Return what a form costs a year and school: fees, and the wage of the part of a post it takes up elsewhere.

    Parts of posts count as parts: who gives them teaches at the strong school for the rest of the week. Specialists
    of one's own are posts of the school, itinerant teams are paid by the days they tour (:func:`team_cny`).

    Examples
    --------
    >>> form_cny("online", Policy()), form_cny("own", Policy())  # 12,000 + 0.3 of 110,000
    (45000.0, 0.0)
    """
    support, wage = policy.support, policy.staffing.wage_cny
    if form == ONLINE:
        return support.online_annual_cny + support.online_posts * wage
    if form == GROUP:
        return support.group_annual_cny + support.group_posts * wage
    return 0.0


def teams_for(days: float, policy: Policy) -> int:
    """Return the teams a hub needs for so many tours a week; teams are whole.

    Examples
    --------
    >>> teams_for(5, Policy())  # two days a week each
    3
    """
    return math.ceil(days / policy.support.itinerant_days_per_week - EPSILON)


def team_cny(policy: Policy) -> float:
    """Return the yearly wages of one team for the days on which it tours; on the others it teaches at its hub.

    Examples
    --------
    >>> round(team_cny(Policy()))  # 3 teachers on 2 days of 5 at 110,000
    132000
    """
    share = policy.support.itinerant_days_per_week / SCHOOL_DAYS
    return policy.support.itinerant_team * share * policy.staffing.wage_cny


def driving_cny(km: float, days: float, policy: Policy) -> float:
    """Return the yearly cost of driving ``km`` on ``days`` days of every school week."""
    return km * days * policy.support.itinerant_weeks * policy.support.itinerant_cny_per_km


def with_specialists(posts: Mapping[str, int], most: Mapping[str, float], policy: Policy) -> dict[str, int]:
    """Return the posts by stage of a school with specialists of its own: raised to the number that makes them possible.

    ``most`` limits the posts of each stage (what a model decided), ``inf`` for no limit.

    Examples
    --------
    >>> with_specialists({"primary": 4, "junior": 0}, {"primary": float("inf")}, Policy())
    {'primary': 6, 'junior': 0}
    """
    raised = dict(posts)
    short = math.ceil(policy.support.own_specialists_from_posts - EPSILON) - sum(raised.values())
    for stage, limit in most.items():
        more = max(0, int(min(short, limit - raised[stage])))
        raised[stage] += more
        short -= more
    return raised
