"""The plan in a few plain sentences, every number from its tables."""

from __future__ import annotations

from layoutopt.plan.plan import Plan


def words(plan: Plan) -> list[str]:
    """Return the plan's main figures as short sentences."""
    f = plan.figures
    small = f"{f.small_schools_before} schools are below {plan.policy.closure.trigger_pupils:g} pupils today"
    lines = [
        f"{f.schools_open} schools stay ({f.teaching_points} as teaching points), {f.schools_closed} close; "
        f"{small}, {f.small_schools_after} of them stay.",
        f"{f.pupils_moved:,.0f} of {f.pupils:,.0f} pupils change school; {f.pupils_by_bus:,.0f} ride on {f.lines} "
        f"lines, {f.boarders:,.0f} board.",
        f"The way to school: {f.journey_mean_before_min:.1f} min on average today, {f.journey_mean_min:.1f} in the "
        f"plan; nine of ten within {f.journey_p90_min:.0f}, the longest {f.journey_max_min:.0f} min.",
        f"Yearly cost {f.cost_cny / 1e6:,.2f} million CNY, of it buses {f.cost_buses_cny / 1e6:,.2f}; "
        f"{f.teachers_freed:,.0f} teachers are free for other schools.",
    ]
    if f.exceptions:
        lines.append(f"{f.exceptions:,.0f} pupils keep a way beyond a limit that is no longer than today's.")
    if f.unserved:
        lines.append(f"{f.unserved:,.0f} pupils are not served: this is no plan to adopt.")
    level = plan.proof.main
    if level is not None and level.bound > -1e300:
        lines.append(
            f"No plan of {plan.proof.bound_name} is more than {level.gap:.2%} better ({level.goal.replace('_', ' ')})."
        )
    return lines
