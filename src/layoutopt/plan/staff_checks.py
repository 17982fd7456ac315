"""The audit's checks of the staff: every person counted once, ways within the limit, wages paid to the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from layoutopt.plan.facts import MINUTES_TOLERANCE, TOLERANCE, Facts, Violation, each
from layoutopt.plan.plan import OPEN_ROLES
from layoutopt.plan.staff_figures import KINDS, TRAVELS, staff_balance
from layoutopt.schema import STAGES
from layoutopt.today import paid_posts, staff_today

PAID = "paid_posts"
"""Where a plan states, among what its proof speaks of, how many posts the county pays."""


def staff_moves(f: Facts) -> Iterator[Violation]:
    """Teachers move only to free posts in reach, protected ones stay, and everybody is counted once.

    A plan without the table, such as today's or one drawn by hand, moves nobody and is not held against it.
    """
    if f.plan.staff_moves.empty:
        return
    wrong = list(_rows(f))
    yield from wrong
    if not wrong:
        yield from _ways(f)
        yield from _subjects(f)
        yield from _schools(f)


def _rows(f: Facts) -> Iterator[Violation]:
    """Rows that cannot be read: the other checks wait for them."""
    ends = {**dict.fromkeys(TRAVELS, (True, True)), "surplus": (True, False), "shortage": (False, True)}
    known = f.schools.index
    for row in each(f.plan.staff_moves):
        place = row.from_school or row.to_school
        if row.kind not in KINDS or row.stage not in STAGES:
            yield Violation(place, 0, 1, f"'{row.kind}' of stage '{row.stage}' is no movement of teachers")
            continue
        if not (row.teachers > 0 and abs(row.teachers - round(row.teachers)) <= TOLERANCE):
            yield Violation(place, row.teachers, 1, f"{row.teachers:g} teachers are not whole persons")
        for code, wanted in zip((row.from_school, row.to_school), ends[row.kind], strict=True):
            if wanted != (code in known):
                what = f"'{code}' is no school" if wanted else f"'{code}' should be empty"
                yield Violation(place, 0, 1, f"a row of kind {row.kind}: {what}")


def _ways(f: Facts) -> Iterator[Violation]:
    goes = f.plan.staff_moves["kind"].isin(TRAVELS)
    moves, limit = f.plan.staff_moves[goes], f.policy.staffing.commute_max_min
    ids = sorted({*moves["from_school"], *moves["to_school"]})
    minutes, _ = f.journeys.rides([f"s:{code}" for code in ids])
    at = {code: position for position, code in enumerate(ids)}
    for row in each(moves):
        real = 0.0 if row.from_school == row.to_school else float(minutes[at[row.from_school], at[row.to_school]])
        if not real <= limit + MINUTES_TOLERANCE:
            text = f"teachers of {row.from_school} would travel {real:.0f} min to {row.to_school}, limit {limit:g}"
            yield Violation(row.from_school, real, limit, text)
        elif abs(row.minutes - real) > MINUTES_TOLERANCE:
            yield Violation(row.from_school, row.minutes, real, f"minutes says {row.minutes:.2f}, it is {real:.2f}")
        if (row.kind == "retrained") != (row.subject != row.to_subject):
            text = f"kind {row.kind} from subject '{row.subject}' to '{row.to_subject}'"
            yield Violation(row.from_school, 0, 1, text)
        elif row.kind == "retrained" and not f.policy.staffing.retrain:
            yield Violation(row.from_school, row.teachers, 0, "teachers are retrained, which the policy forbids")
        elif row.kind == "reserve":
            yield from _reserve(f, row.from_school, row.to_school, row.stage)


def _reserve(f: Facts, start: str, end: str, stage: str) -> Iterator[Violation]:
    """A reserve comes from a school that closes and goes to one that teaches the stage."""
    if f.schools.loc[start, "role"] in OPEN_ROLES:
        yield Violation(start, 1, 0, f"teachers leave for {end} as a reserve, though their school stays")
    if not f.schools.loc[end, f"posts_{stage}"] > 0:
        yield Violation(end, 0, 1, f"is to take a reserve, but has no {stage} posts")


def _subjects(f: Facts) -> Iterator[Violation]:
    """Of a school, stage and subject no more leave or are left over than teach it; the protected do not leave."""
    moves = f.plan.staff_moves[f.plan.staff_moves["from_school"] != ""]
    cell = ["from_school", "stage", "subject"]
    moves = moves.assign(goes=moves["teachers"].where(moves["from_school"] != moves["to_school"], 0.0))
    moves["goes"] = moves["goes"].where(moves["kind"] != "surplus", 0.0)
    sums = moves.groupby(cell)[["teachers", "goes"]].sum()
    today = staff_today(f.study, f.policy).set_index(["school_id", "stage", "subject"]).rename_axis(cell)
    found = sums.join(today[["teachers", "protected"]].add_prefix("has_")).fillna(0.0)
    for row in each(found.reset_index()):
        if row.teachers > row.has_teachers + TOLERANCE:
            text = f"{row.teachers:g} {row.stage} teachers {row.subject} leave or are left over of {row.has_teachers:g}"
            yield Violation(row.from_school, row.teachers, row.has_teachers, text)
        may_go = row.has_teachers - row.has_protected
        if f.schools.loc[row.from_school, "role"] in OPEN_ROLES and row.goes > may_go + TOLERANCE:
            text = f"{row.goes:g} {row.stage} teachers {row.subject} leave, {row.has_protected:g} are protected"
            yield Violation(row.from_school, row.goes, may_go, text)


def _schools(f: Facts) -> Iterator[Violation]:
    """Who stays and comes fills the posts but for the shortage stated; no school that has too few loses anybody."""
    balance = staff_balance(f.study, f.policy, f.plan.schools, f.plan.staff_moves)
    for row in each(balance):
        posts = row.posts if row.role in OPEN_ROLES else 0.0
        filled = row.filled + row.shortage
        if not abs(filled - posts) <= TOLERANCE:
            text = (
                f"{row.today:g} {row.stage} teachers − {row.left:g} who leave − {row.surplus:g} without a post + "
                f"{row.came:g} who come + {row.shortage:g} lacking are not {posts:g} posts"
            )
            yield Violation(row.school_id, filled, posts, text)
        if row.left > max(row.today - posts, 0.0) + TOLERANCE:
            text = f"{row.left:g} of {row.today:g} {row.stage} teachers leave, though there are {posts:g} posts"
            yield Violation(row.school_id, row.left, max(row.today - posts, 0.0), text)


def payroll(f: Facts) -> Iterator[Violation]:
    """The county pays every post, and every teacher of today where wages are redeployed."""
    stated = f.plan.proof.options.get(PAID)
    if f.policy.staffing.wages == "saved" or stated is None:
        return
    needed = paid_posts(f.study, f.policy, float(f.schools["posts"].sum()))
    if not float(stated) >= needed - TOLERANCE:
        yield Violation("county", float(stated), needed, f"{stated:g} posts are paid, {needed:g} must be")


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {"staff_moves": staff_moves, "payroll": payroll}
