"""The keys about small schools that stay: who teaches all subjects there, and what that costs."""

from __future__ import annotations

from layoutopt.policy.fields import Group, key

QINAN = "Qin'an, Gansu: 9 teachers of physical education, music and art serve 12 sites on two days (Xinhua 2020)"


class Support(Group):
    """A full curriculum in small schools: specialists of their own, itinerant teachers, online classes, a group."""

    full_curriculum: bool = key(
        False,
        "Every open school teaches all subjects: with specialists of its own, by itinerant teachers, in online "
        "classes, or by the specialists of its education group",
        source="curriculum offered in full: State Council office 2018 no. 27; a choice of the county here",
        confidence="M",
    )
    own_specialists_from_posts: float = key(
        6, "A school with at least so many posts has specialists of its own", unit="posts", ge=0
    )
    support_max_pupils: float = key(
        100,
        "Largest school that others may help out with specialists",
        unit="pupils",
        ge=0,
        source="small school: State Council office 2018 no. 27",
        confidence="H",
    )
    itinerant: bool = key(True, "Itinerant teachers may serve small schools from a hub", source=QINAN, confidence="M")
    itinerant_max_min: float = key(
        30, "Longest way of an itinerant team, from its hub to a site or between two sites", unit="min", gt=0,
        source=f"farthest site 12 km; {QINAN}", confidence="M",
    )  # fmt: skip
    itinerant_day_min: float = key(120, "Longest time on the road of a team on one day", unit="min", gt=0)
    itinerant_sites_per_day: int = key(
        2, "Most sites a team serves on one day", unit="sites", ge=1, le=3, source=QINAN, confidence="M"
    )
    itinerant_visits_per_week: int = key(
        1, "Days a week on which a team comes to each site", unit="days a week", ge=1, le=5, source=QINAN,
        confidence="M",
    )  # fmt: skip
    itinerant_days_per_week: int = key(
        2, "Days a week on which a team tours; on the others it teaches at its hub", unit="days a week", ge=1, le=5,
        source=QINAN, confidence="M",
    )  # fmt: skip
    itinerant_team: int = key(3, "Teachers of a team", unit="posts", ge=1, source=QINAN, confidence="M")
    itinerant_cny_per_km: float = key(1.0, "Cost of the team's car", unit="CNY per km", ge=0)
    itinerant_weeks: int = key(40, "School weeks", unit="weeks a year", ge=1, le=53)
    itinerant_nearest: int = key(2, "A site is served from one of so many nearest hubs", unit="schools", ge=1)
    online: bool = key(
        True,
        "Small schools may take subjects in online classes of a strong school",
        source="online classes that pair strong with small rural schools (national scheme)",
        confidence="H",
    )
    online_annual_cny: float = key(12_000, "Yearly cost of a school's online classes", unit="CNY a year", ge=0)
    online_posts: float = key(
        0.3, "Part of a post at the strong school that one paired school takes up", unit="posts", ge=0
    )
    group: bool = key(
        True,
        "Small schools of an education group may share its specialists (column group of the schools layer)",
        source="education groups: Hanzhong 171, Lueyang 8, Hedong 6",
        confidence="H",
    )
    group_annual_cny: float = key(8_000, "Yearly cost of sharing specialists inside a group", unit="CNY a year", ge=0)
    group_posts: float = key(0.5, "Part of a post of the group that one small school takes up", unit="posts", ge=0)
