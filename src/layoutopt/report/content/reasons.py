"""Why a school closes or stays, in sentences whose figures come from the plan and from the other decision."""

from __future__ import annotations

import math

from layoutopt.report.content.brief import Brief
from layoutopt.report.content.whatif import CloseInstead, KeepInstead
from layoutopt.report.echoes import echoed

LEAST_MIN = 0.5
"""Minutes smaller than this are no difference to speak of."""


def keep_words(b: Brief, kept: KeepInstead) -> list[str]:
    """Return what keeping the school whole would cost and spare."""
    lang, row = b.lang, b.schools.loc[kept.school_id]
    if not kept.pupils:
        return [lang.text("None of its pupils goes elsewhere; only the form of the school changes.")]
    back = lang.plural("{n} pupil would go back to it", "{n} pupils would go back to it", kept.pupils)
    cost = (
        lang.text(
            "Keeping it whole would cost {money} a year more than the plan: {back}.",
            money=lang.money(kept.cost_cny),
            back=back,
        )
        if kept.cost_cny >= 0
        else lang.text(
            "Keeping it whole would cost {money} a year less than the plan: {back}.",
            money=lang.money(-kept.cost_cny),
            back=back,
        )
    )
    parts = lang.text(
        "That is {running} for running it, {wages} for {posts}, {buses} for buses and {boarding} for boarding.",
        running=signed_money(b, kept.running_cny),
        wages=signed_money(b, kept.wages_cny),
        posts=lang.plural("{n} post", "{n} posts", kept.posts),
        buses=signed_money(b, kept.buses_cny),
        boarding=signed_money(b, kept.boarding_cny),
    )
    said = [cost, parts, *_spared(b, kept)]
    if kept.riders_today:
        said.append(
            lang.plural(
                "{n} of them cannot walk there today; how that pupil rides is not known and not counted.",
                "{n} of them cannot walk there today; how they ride is not known and not counted.",
                kept.riders_today,
            )
        )
    if kept.places_short:
        said.append(lang.plural("It lacks {n} place for them.", "It lacks {n} places for them.", kept.places_short))
    if row["was_small"]:
        trigger = lang.number(b.plan.policy.closure.trigger_pupils)
        said.append(
            lang.text(
                "With {pupils} pupils today it is below the merging trigger of {trigger}.",
                pupils=float(row["pupils_before"]),
                trigger=trigger,
            )
        )
    return said


def _spared(b: Brief, kept: KeepInstead) -> list[str]:
    lang, said = b.lang, []
    if math.isfinite(kept.spared_min):
        ways = {"way": lang.minutes(kept.way_min, 1), "today": lang.minutes(kept.today_min, 1)}
        if kept.spared_min >= LEAST_MIN:
            said.append(
                lang.text(
                    "It would spare each daily pupil {spared} one way on average ({way} in the plan, {today} today).",
                    spared=lang.minutes(kept.spared_min, 1),
                    **ways,
                )
            )
        else:
            said.append(lang.text("It would spare no time: {way} on average in the plan, {today} today.", **ways))
    if kept.boarders:
        said.append(lang.plural("{n} pupil would not board.", "{n} pupils would not board.", kept.boarders))
    return said


def close_words(b: Brief, closed: CloseInstead) -> list[str]:
    """Return what closing a small school that stays would cost and break."""
    lang = b.lang
    said = [
        lang.plural(
            "Were it closed, {n} pupil would go elsewhere.",
            "Were it closed, {n} pupils would go elsewhere.",
            closed.pupils,
        )
    ]
    if closed.beyond and closed.beyond >= closed.pupils:
        said.append(lang.text("No admissible way leads to any other open school: limits of the policy would break."))
    elif closed.beyond:
        said.append(
            lang.plural(
                "{n} of them would have no admissible way to any other open school: a limit of the policy would break.",
                "{n} of them would have no admissible way to any other open school: limits of the policy would break.",
                closed.beyond,
            )
        )
        far = closed.ways[~closed.ways["admissible"]]["minutes"].astype(float)
        if math.isfinite(far.max()):
            said.append(lang.text("The nearest would be up to {minutes} away.", minutes=lang.minutes(float(far.max()))))
    for school, lack in closed.overfull.items():
        said.append(
            lang.plural(
                "{school} would lack {n} place.", "{school} would lack {n} places.", lack, school=b.school_name(school)
            )
        )
    if math.isfinite(closed.longer_min) and closed.longer_min >= LEAST_MIN:
        grows = lang.minutes(closed.longer_min, 1)
        said.append(lang.text("Their daily way would grow by {grows} on average.", grows=grows))
    if closed.beyond or closed.overfull:
        return [*said, lang.text("So closing it is no admissible choice as things stand, whatever it would save.")]
    if closed.cost_cny >= 0:
        said.append(
            lang.text(
                "The county would pay {money} a year more, since buses, posts and boarding "
                "elsewhere cost more than the school.",
                money=lang.money(closed.cost_cny),
            )
        )
    else:
        said.append(
            lang.text(
                "The county would save about {money} a year (rides at the price of a seat): that is what "
                "keeping it costs.",
                money=lang.money(-closed.cost_cny),
            )
        )
    return said


def protected_words(b: Brief, school_id: str) -> list[str]:
    """Return why a school that is neither small nor closing stays, or why one opens."""
    lang, row = b.lang, b.schools.loc[school_id]
    if not row["existed"]:
        return [
            lang.text("It is new: its places serve pupils whose way would be longer or whose school would be full.")
        ]
    limit = lang.number(b.plan.policy.closure.closable_below_pupils)
    said = [
        lang.text(
            "With {pupils} pupils today it is no small school (below {limit}), so its closure is not considered.",
            pupils=float(row["pupils_before"]),
            limit=limit,
        )
    ]
    if row["was_keep_reason"]:
        said.append(lang.text("On record: {reason}.", reason=echoed(str(row["was_keep_reason"]), lang)))
    return said


def signed_money(b: Brief, value: float) -> str:
    """Return an amount with its sign: more is plus, saved is minus."""
    text = b.lang.money(value)
    return f"+{text}" if value > 0 and any(digit in text for digit in "123456789") else text
