"""On random layouts of random tiny counties the rows of merge_share, meals and quality and their checks agree."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import layoutopt as lo
from layoutopt.model.build import build_model
from layoutopt.model.columns import Data
from layoutopt.model.frame import Model
from layoutopt.options import build_options
from layoutopt.plan.audit import CHECKS
from layoutopt.plan.facts import facts_of
from layoutopt.plan.plan import Plan, Proof
from layoutopt.plan.tables import NO_LINES, NO_STOPS, assignment_table, school_table
from layoutopt.schema import BANDS
from layoutopt.testing import tiny_policy, tiny_study

RULES = ("merge_share", "meals", "quality")
COUNTIES, LAYOUTS = 12, 10
GRADES = ("1-3", "1-6", "1-9", "7-9", "4-9", "4-6")


def county(rng: np.random.Generator) -> tuple[lo.Study, lo.Policy]:
    """Four villages with a school each, of any kind, and one that teaches all."""
    spots = rng.uniform(-3, 3, (5, 2))
    villages = {
        f"V{n}": (*spots[n], rng.integers(0, 12, 9).tolist()) for n in range(4)
    }  # fmt: skip
    schools = {}
    for n, grades in enumerate(["1-9", *rng.choice(GRADES, 4)]):
        schools[f"S{n}"] = (
            *spots[n],
            {
                "grades": grades, "hub": bool(n == 0 or rng.random() < 0.3), "places_junior": 500.0,
                "places_primary": 500.0, "beds": 50.0, "canteen_seats": rng.choice([np.nan, 30.0, 90.0]),
                "teaching_area_m2": float(rng.integers(0, 1_500)), "pe_art_teachers": float(rng.integers(0, 6)),
            },
        )  # fmt: skip
    level = {"school_id": "S0", "stage": "primary", "level": 1, "places": 5, "canteen_seats": 8, "capital_cny": 1.0}
    study = tiny_study(villages, schools, expansions=[level])
    policy = tiny_policy(
        allowed_boarding=True, hub_only=False, merge_share=float(rng.choice([0.2, 0.4, 0.8])),
        closable_below_pupils=150, meals_for=("board", "bus"), quality_required=("teaching_area_m2", "pe_art_teachers"),
        quality_least_pupils=float(rng.choice([0, 20, 50])), oneway_max_min=300, walk_max_min=15, max_ride_min=60,
    )  # fmt: skip
    return study, policy


def layout(data: Data, rng: np.random.Generator) -> tuple[np.ndarray, Plan]:
    """A random layout as a point of the program and as a plan."""
    frame, options = data.frame, data.options
    liked = pd.Series(rng.random(len(data.schools)), data.schools.index)
    rank = options.rows["school_id"].map(liked) * rng.choice([0.0, 1.0]) + rng.random(len(options.rows)) / 10
    picked = options.rows.loc[rank.sort_values().index].drop_duplicates("item").sort_index()
    bands = {code: set(part["band"]) for code, part in picked.groupby("school_id")}
    state, taught = dict.fromkeys(data.schools.index, "closed"), {}
    for code, found in bands.items():
        own = found | ({"lower"} if "upper" in found and data.schools.loc[code, "offers_lower"] else set())
        is_point = own == {"lower"} and data.schools.loc[code, "may_point"] and rng.random() < 0.5
        state[code] = "teaching_point" if is_point else "full"
        taught[code] = () if is_point else tuple(band for band in BANDS if band in own)
    x = np.zeros(frame.width)
    x[frame.blocks["chosen"].columns] = options.rows.index.isin(picked.index)
    for block, word in (("open", "full"), ("point", "teaching_point")):
        x[frame.blocks[block].columns] = [state[code] == word for code in frame.blocks[block].table["school_id"]]
    pairs = frame.blocks["taught"].table[["school_id", "band"]].itertuples(index=False, name=None)
    x[frame.blocks["taught"].columns] = [band in taught.get(code, ()) for code, band in pairs]
    built = state["S0"] == "full" and rng.random() < 0.5
    x[frame.blocks["level"].columns] = built
    return x, plan_of(data, picked, state, taught, {("S0", "primary"): (1,)} if built else {})


def plan_of(data: Data, picked: pd.DataFrame, state: dict, taught: dict, levels: dict) -> Plan:
    rows = data.options.items.merge(picked[["item", "school_id", "mode", "minutes", "ride_min", "km"]], on="item")
    assignments = assignment_table(rows.assign(line_id=""), data.policy)
    schools = school_table(data.study, data.policy, assignments, state=state, bands=taught, levels=levels)
    return Plan(
        study=data.study, policy=data.policy, assignments=assignments, schools=schools, bus_lines=NO_LINES.copy(),
        bus_stops=NO_STOPS.copy(), proof=Proof("given", "made by chance"),
    )  # fmt: skip


def keeps(model: Model, name: str, x: np.ndarray) -> bool:
    groups = [named.rows for named in model.rules if named.rule == name]
    values = [(rows.matrix @ x, rows) for rows in groups]
    return all((v <= rows.upper + 1e-6).all() and (v >= rows.lower - 1e-6).all() for v, rows in values)


def test_rows_and_checks_agree_both_ways() -> None:
    seen = {(name, kept): 0 for name in RULES for kept in (True, False)}
    for seed in range(COUNTIES):
        rng = np.random.default_rng([7, seed])
        study, policy = county(rng)
        options = build_options(study, policy)
        model, data = build_model(study, policy, options)
        for _ in range(LAYOUTS):
            x, plan = layout(data, rng)
            facts = facts_of(plan, study, policy)
            for name in RULES:
                kept = keeps(model, name, x)
                assert kept == (not list(CHECKS[name](facts))), (seed, name)
                seen[name, kept] += 1
    assert min(seen.values()) > 5, seen  # neither answer is rare


@pytest.mark.parametrize("name", RULES)
def test_a_rule_that_is_off_has_no_rows(name: str) -> None:
    study = tiny_study({"V1": (0, 0.1, [4] * 6)}, {"S1": (0, 0, {})})
    policy = tiny_policy()
    model, data = build_model(study, policy, build_options(study, policy))
    assert sum(len(named.rows.labels) for named in model.rules if named.rule == name) == 0
    assert "shortfall" not in data.frame.blocks
