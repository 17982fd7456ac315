"""The audit's checks of schools: the twins of the model's rules, on the plan's tables alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from layoutopt.plan.built import built_total, capital_built_cny
from layoutopt.plan.costs import annual_costs
from layoutopt.plan.facts import TOLERANCE, Facts, Violation, each
from layoutopt.plan.plan import OPEN_ROLES, ROLES
from layoutopt.plan.tables import expansion_rows, levels_of
from layoutopt.policy.norms import EPSILON, class_cap, point_posts
from layoutopt.schema import BANDS, GRADES, PUPIL_COLUMNS, STAGE_GRADES, STAGE_OF, STAGES, span


def band_taught(f: Facts) -> Iterator[Violation]:
    """Pupils go only where their band is taught."""
    taught = {code: _bands(text) for code, text in f.schools["bands"].items()}
    for row in each(f.rows):
        if row.band not in taught.get(row.school_id, ()):
            yield Violation(row.school_id, row.pupils, 0, f"{row.item} goes here, but band {row.band} is not taught")


def school_state(f: Facts) -> Iterator[Violation]:
    """Roles and bands fit together."""
    for code, row in f.schools.iterrows():
        bands = _bands(row["bands"])
        if row["role"] not in ROLES:
            yield Violation(code, 0, 1, f"'{row['role']}' is no role")
        elif row["role"] not in OPEN_ROLES and bands:
            yield Violation(code, len(bands), 0, f"a {row['role']} school teaches {row['bands']}")
        elif row["role"] == "teaching_point" and (bands != ("lower",) or not row["may_point"]):
            yield Violation(code, len(bands), 1, f"cannot be a teaching point with bands {row['bands']}")
        elif row["role"] in ("hub", "full") and not bands:
            yield Violation(code, 0, 1, "is open, but teaches no band")
        for band in bands:
            if not row[f"offers_{band}"]:
                yield Violation(code, 1, 0, f"band {band} is not among its grades")
        skips = "upper" in bands and "lower" not in bands and row["offers_lower"]
        if skips:
            above, below = span(f.policy.bands["upper"]), span(f.policy.bands["lower"])
            yield Violation(code, 1, 0, f"teaches grades {above} without grades {below}")


def protected(f: Facts) -> Iterator[Violation]:
    """Protected schools stay whole, and decided closures happen."""
    for code, row in f.schools.iterrows():
        offered = tuple(band for band in BANDS if row[f"offers_{band}"])
        is_whole = row["role"] in ("hub", "full") and _bands(row["bands"]) == offered
        if row["keep_reason"] and not is_whole:
            yield Violation(code, 0, 1, f"must stay whole ({row['keep_reason']}), but is {row['role']}")
        if row["must_close"] and row["role"] in OPEN_ROLES:
            yield Violation(code, 1, 0, "its closure is decided, but it is open")


def places(f: Facts) -> Iterator[Violation]:
    """No stage of a school teaches more pupils than it has places."""
    for code, row in f.schools.iterrows():
        for stage in STAGES:
            pupils, room = _stage_pupils(row, stage), _room(f, code, row, stage)
            if not pupils <= room + TOLERANCE and row["role"] in OPEN_ROLES:
                yield Violation(code, pupils, room, f"{pupils:g} {stage} pupils on {room:g} places")


def _room(f: Facts, code: str, row: object, stage: str) -> float:
    """Places worked out again: today's, those of a teaching point, and those built."""
    table = row  # a school's row, with today's facts beside the plan's columns
    base = float(table[f"places_{stage}_fact"])  # type: ignore[index]
    if table["role"] == "teaching_point":  # type: ignore[index]
        return base if stage == "primary" else 0.0
    built = expansion_rows(f.study, code, stage, levels_of(table[f"level_{stage}"]))  # type: ignore[index]
    return base + sum(level["places"] for level in built)


def beds(f: Facts) -> Iterator[Violation]:
    """No school has more boarders than beds."""
    boarders = f.rows[f.rows["mode"] == "board"].groupby("school_id")["pupils"].sum()
    for code, count in boarders[boarders.index.isin(f.schools.index)].items():
        row = f.schools.loc[code]
        built = built_total(f.study, code, row, "beds")
        room = (float(row["beds_fact"]) + built) if row["role"] in ("hub", "full") else 0.0
        if count > room + TOLERANCE:
            yield Violation(str(code), float(count), room, f"{count:g} boarders in {room:g} beds")


def class_size(f: Facts) -> Iterator[Violation]:
    """No grade class is larger than its cap."""
    for code, row in f.schools.iterrows():
        for grade in GRADES:
            band = f.policy.band_of[grade]
            if row[f"multigrade_{band}"] or band not in _bands(row["bands"]):
                continue
            cap = class_cap(STAGE_OF[band], bool(row["complete_primary"]), f.policy)
            pupils, room = float(row[f"g{grade}"]), cap * float(row[f"classes_g{grade}"])
            if pupils > room + TOLERANCE and row[f"classes_g{grade}"] >= 1:
                classes = row[f"classes_g{grade}"]
                yield Violation(code, pupils, room, f"{pupils:g} pupils of grade {grade} in {classes:g} classes")


def class_per_grade(f: Facts) -> Iterator[Violation]:
    """A taught band has a class for each grade, or is one multigrade class."""
    for code, row in f.schools.iterrows():
        for band in _bands(row["bands"]):
            if row[f"multigrade_{band}"]:
                if not f.policy.classes.multigrade and row["role"] != "teaching_point":
                    yield Violation(code, 1, 0, f"band {band} is one multigrade class, which the policy forbids")
                continue
            for grade in f.policy.bands[band]:
                if not row[f"classes_g{grade}"] >= 1:
                    yield Violation(code, 0, 1, f"grade {grade} has no class")


def multigrade_size(f: Facts) -> Iterator[Violation]:
    """A band in one multigrade class is small enough for it."""
    cap = f.policy.classes.multigrade_cap
    for code, row in f.schools[f.schools["role"].isin(["hub", "full"])].iterrows():
        for band, grades in f.policy.bands.items():
            pupils = sum(float(row[f"g{grade}"]) for grade in grades)
            if row[f"multigrade_{band}"] and pupils > cap + TOLERANCE:
                yield Violation(code, pupils, cap, f"{pupils:g} pupils of band {band} in one multigrade class")


def point_size(f: Facts) -> Iterator[Violation]:
    """A teaching point has few enough pupils for its one class."""
    cap = f.policy.points.point_max_pupils
    for code, row in f.schools[f.schools["role"] == "teaching_point"].iterrows():
        if _pupils(row) > cap + TOLERANCE:
            yield Violation(code, _pupils(row), cap, f"{_pupils(row):g} pupils at a teaching point")


def school_size(f: Facts) -> Iterator[Violation]:
    """No school grows beyond the largest admissible size."""
    for code, row in f.schools.iterrows():
        if _pupils(row) > row["cap"] + TOLERANCE:
            yield Violation(code, _pupils(row), row["cap"], f"{_pupils(row):g} pupils, cap {row['cap']:g}")


def min_pupils(f: Facts) -> Iterator[Violation]:
    """An open school that is not protected has enough pupils to be viable."""
    for code, row in f.schools[f.schools["role"].isin(["hub", "full"])].iterrows():
        least = f.policy.closure.min_pupils[row["highest"]]
        if not row["keep_reason"] and _pupils(row) < least - TOLERANCE:
            yield Violation(code, _pupils(row), least, f"{_pupils(row):g} pupils, at least {least:g} are wanted")


def posts(f: Facts) -> Iterator[Violation]:
    """Every school has the posts its classes and its pupils need."""
    staffing = f.policy.staffing
    for code, row in f.schools.iterrows():
        for stage, bands in STAGES.items():
            classes = sum(row[f"classes_g{g}"] for g in STAGE_GRADES[stage]) + sum(
                bool(row[f"multigrade_{b}"]) for b in bands
            )
            pupils = _stage_pupils(row, stage)
            needed = max(staffing.staff_per_class[stage] * classes, pupils / staffing.pupils_per_post[stage])
            if row["role"] == "teaching_point":
                needed = point_posts(pupils, f.policy) if stage == "primary" else 0.0
            if row["role"] in OPEN_ROLES and not row[f"posts_{stage}"] >= needed - EPSILON:
                has = row[f"posts_{stage}"]
                yield Violation(code, has, needed, f"{has:g} {stage} posts where {needed:.1f} are needed")


def one_level(f: Facts) -> Iterator[Violation]:
    """At most one expansion level a school and stage, and only where the school is open."""
    for code, row in f.schools.iterrows():
        for stage in STAGES:
            levels = levels_of(row[f"level_{stage}"])
            if len(levels) > 1:
                yield Violation(code, len(levels), 1, f"{stage} levels {row[f'level_{stage}']} at once")
            if levels and row["role"] not in ("hub", "full"):
                yield Violation(code, 1, 0, f"is {row['role']}, but its {stage} stage is expanded")
            if len(expansion_rows(f.study, code, stage, levels)) < len(levels):
                yield Violation(code, 0, 1, f"{stage} level {row[f'level_{stage}']} is not in the expansions table")


def capital_budget(f: Facts) -> Iterator[Violation]:
    """Capital stays within its budget."""
    budget = f.policy.money.capital_budget_cny
    spent = capital_built_cny(f.study, f.schools)
    if budget is not None and spent > budget * (1 + 1e-9):
        yield Violation("county", spent, budget, f"{spent:,.0f} CNY of capital, budget {budget:,.0f}")


def annual_budget(f: Facts) -> Iterator[Violation]:
    """The yearly cost, real lines included, stays within its budget."""
    budget = f.policy.money.annual_budget_cny
    if budget is not None and (cost := sum(annual_costs(f.plan).values())) > budget * (1 + 1e-9):
        yield Violation("county", cost, budget, f"{cost:,.0f} CNY a year, budget {budget:,.0f}")


def _bands(text: object) -> tuple[str, ...]:
    return tuple(part for part in str(text).split("+") if part in BANDS)


def _pupils(row: object) -> float:
    return float(sum(row[name] for name in PUPIL_COLUMNS))  # type: ignore[index]


def _stage_pupils(row: object, stage: str) -> float:
    return float(sum(row[f"g{g}"] for g in STAGE_GRADES[stage]))  # type: ignore[index]


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        band_taught, school_state, protected, places, beds, class_size, class_per_grade, multigrade_size,
        point_size, school_size, min_pupils, posts, one_level, capital_budget, annual_budget,
    )
}  # fmt: skip
