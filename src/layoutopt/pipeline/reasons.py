"""Why a school stays that nothing protects: pupils who would have no other school."""

from __future__ import annotations

from layoutopt.options import Options
from layoutopt.policy import Policy
from layoutopt.schema import span

SHOWN = 3


def stay_reasons(options: Options, policy: Policy) -> dict[str, str]:
    """Return, by school_id, whose pupils of today have no admissible option but this school.

    Only groups that attend the school today count.
    """
    only = options.rows.groupby("item")["school_id"].agg(["nunique", "first"])
    alone = options.items.join(only[only["nunique"] == 1]["first"], on="item", how="inner")
    alone = alone[(alone["first"] == alone["today_school"]) & (alone["pupils"] > 0)]
    found = {}
    for school, groups in alone.groupby("today_school"):
        places = groups.drop_duplicates(["settlement_id", "band"])
        who = [f"{row.settlement_id} (grades {span(policy.bands[row.band])})" for row in places.itertuples()]
        more = f" and {len(who) - SHOWN} more" if len(who) > SHOWN else ""
        found[str(school)] = f"{', '.join(who[:SHOWN])}{more} would have no school within the limits"
    return found
