"""The door of the location kernel: arguments, refusals, reuse, repeatability."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from layoutopt.errors import InputError
from layoutopt.kernels import highs
from layoutopt.kernels.location import program
from layoutopt.kernels.location.locate import check, locate
from layoutopt.kernels.location.reading import read_instance

COST = np.array([[5.0, 30.0], [25.0, 10.0], [40.0, 5.0]])


def villages(units: int = 60, sites: int = 12, seed: int = 0, tight: float = 3.0) -> dict[str, Any]:
    """Clustered villages with pupils, sites among them, the eight nearest allowed."""
    rng = np.random.default_rng(seed)
    place = rng.random((6, 2))[rng.integers(0, 6, units)] * 40 + rng.normal(0, 3, (units, 2))
    demand = np.ceil(rng.lognormal(2.5, 0.6, units))
    site = place[rng.choice(units, sites, replace=False)]
    distance = np.hypot(*(place[:, None] - site[None]).transpose(2, 0, 1))
    limit = np.sort(distance, axis=1)[:, [5]]
    share = rng.uniform(0.7, 1.3, sites)
    return {
        "cost": np.where(distance <= limit, distance * demand[:, None], np.inf),
        "demand": demand,
        "capacity": np.ceil(share / share.sum() * demand.sum() * tight),
        "opening_cost": np.round(rng.uniform(200, 500, sites)),
    }


def test_hand_solved() -> None:
    found = locate(COST, [1, 1, 1], opening_cost=20)
    # both open: 5 + 10 + 5 + 40 = 60; only the second: 30 + 10 + 5 + 20 = 65; only the first: 90
    assert found.objective == 60.0
    assert found.open.tolist() == [True, True]
    assert found.assignment.tolist() == [0, 1, 1]
    assert found.status == "optimal"
    assert found.bound == pytest.approx(60.0)
    assert "2 of 2 sites open" in repr(found)


def test_capacity_forces_the_longer_way() -> None:
    # the second site holds two units: the third may go there only if another leaves, 5 + 25 + 5
    found = locate(COST, [1, 1, 1], capacity=[2, 1])
    assert found.assignment.tolist() == [0, 0, 1]
    assert found.objective == 35.0


def test_split_flow_adds_up() -> None:
    found = locate([[1.0, 3.0]], [4.0], capacity=[3.0, 3.0], single_source=False)
    assert found.flow is not None
    assert found.flow.toarray() == pytest.approx(np.array([[0.75, 0.25]]))
    assert found.objective == pytest.approx(1.5)
    assert found.assignment.tolist() == [0]


def test_closest_keeps_units_from_passing_an_open_site() -> None:
    asked = {"cost": [[1.0, 2.0], [1.0, 2.0]], "demand": [1, 1], "capacity": [1, 2]}
    assert locate(**asked).objective == 3.0
    found = locate(**asked, closest=True)
    assert found.open.tolist() == [False, True]
    assert found.objective == 4.0


def test_areas_stay_connected() -> None:
    # units in a row 0-1-2; the first site is cheap for 0 and 2, and may not jump over 1
    cost = np.array([[1.0, 9.0], [8.0, 2.0], [1.0, 9.0]])
    chain = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert locate(cost, [1, 1, 1]).objective == 4.0
    found = locate(cost, [1, 1, 1], adjacency=chain)
    assert found.objective == 10.0
    assert check(found, cost, [1, 1, 1], adjacency=chain) == ()
    loose = replace(found, assignment=np.array([0, 1, 0]), objective=4.0, open=np.array([True, True]))
    assert any("cut off" in text for text in check(loose, cost, [1, 1, 1], adjacency=chain))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cost": -COST}, "negative"),
        ({"cost": np.where(COST == 5.0, np.nan, COST)}, "not a number"),
        ({"cost": COST[0]}, "1 axes"),
        ({"cost": np.zeros((0, 2)), "demand": []}, "at least one unit"),
        ({"demand": [1, 1]}, "Give 3 numbers"),
        ({"demand": [1, np.inf, 1]}, "demand[1]"),
        ({"capacity": [1, np.nan]}, "capacity[1]"),
        ({"opening_cost": [-1, 0]}, "opening_cost[0]"),
        ({"required_open": [0], "required_closed": [0]}, "also in required_closed"),
        ({"required_open": [2]}, "outside 0 to 1"),
        ({"open_count": 1.5}, "whole number"),
        ({"allowed": np.ones((2, 2))}, "allowed"),
        ({"adjacency": np.ones((2, 2))}, "adjacency"),
        ({"adjacency": np.ones((3, 3)), "single_source": False}, "split"),
        ({"method": "lagrang"}, "Did you mean 'lagrange'?"),
        ({"gap": -1.0}, "gap"),
        ({"time_limit_s": 0}, "time_limit_s"),
        ({"start": [0, 0]}, "start"),
    ],
)
def test_unusable_arguments_are_refused(change: dict[str, Any], words: str) -> None:
    asked: dict[str, Any] = {"cost": COST, "demand": [1, 1, 1]} | change
    with pytest.raises(InputError) as raised:
        locate(**asked)
    assert words in str(raised.value)


def test_all_problems_come_in_one_error() -> None:
    with pytest.raises(InputError) as raised:
        locate(-COST, [1, -1, 1], capacity=[np.nan, 1])
    assert len(raised.value.problems) == 3


@pytest.mark.parametrize(
    ("change", "kind", "positions", "words"),
    [
        ({"cost": [[1.0, 2.0], [np.inf, np.inf]]}, "unit", (1,), "no allowed site"),
        ({"cost": [[1.0, 2.0], [np.inf, 2.0]], "required_closed": [1]}, "unit", (1,), "required_closed"),
        ({"demand": [1, 9], "capacity": [5, 8]}, "unit", (1,), "larger than every site"),
        ({"demand": [5, 5], "capacity": [4, 5], "single_source": False}, "total", (), "adds up to 10"),
        ({"demand": [3, 3], "capacity": [5, 5], "open_count": 1}, "total", (), "the 1 largest sites hold 5"),
        ({"open_count": 1, "required_open": [0, 1]}, "site", (0, 1), "open_count is 1"),
        ({"open_count": 3}, "total", (), "only 2 sites"),
        ({"min_load": [3, 0], "required_open": [0]}, "site", (0,), "min_load"),
        ({"min_load": [2, 1], "open_count": 2}, "total", (), "need 3"),
    ],
)
def test_impossible_questions_say_why(
    change: dict[str, Any], kind: str, positions: tuple[int, ...], words: str
) -> None:
    asked: dict[str, Any] = {"cost": [[1.0, 2.0], [3.0, 4.0]], "demand": [1, 1]} | change
    found = locate(**asked)
    assert found.status == "infeasible"
    assert (found.blocked[0].kind, found.blocked[0].positions) == (kind, positions)
    assert words in str(found.blocked[0])
    assert found.assignment.tolist() == [-1, -1]
    assert not found.open.any()


def test_a_corner_without_room_is_named() -> None:
    # units 0 and 1 reach only the first site, which holds 3 of their 4; unit 2 has its own
    cost = [[1.0, np.inf], [1.0, np.inf], [1.0, 1.0]]
    found = locate(cost, [2, 2, 1], capacity=[3, 9])
    assert found.status == "infeasible"
    assert found.blocked[0].positions == (0, 1)
    assert "demand of 4" in str(found.blocked[0])


def test_only_whole_units_do_not_fit() -> None:
    found = locate(np.ones((3, 2)), [2, 2, 2], capacity=[3, 3])
    assert found.status == "infeasible"
    assert "single_source" in str(found.blocked[0])


def test_check_sees_every_fault() -> None:
    asked = villages()
    found = locate(**asked)
    assert check(found, **asked) == ()
    moved = found.assignment.copy()
    moved[0] = int(np.flatnonzero(np.isinf(asked["cost"][0]))[0])
    assert "may not go" in check(replace(found, assignment=moved), **asked)[0]
    shut = found.open.copy()
    shut[found.assignment[0]] = False
    assert any("not open" in text for text in check(replace(found, open=shut), **asked))
    assert any("objective" in text for text in check(replace(found, objective=1.0, bound=0.0), **asked))
    less = asked | {"capacity": asked["capacity"] * 0.5}
    assert any("above their capacity" in text for text in check(found, **less))
    assert any("open_count" in text for text in check(found, **asked, open_count=2))
    assert any("min_load" in text for text in check(found, **asked, min_load=1e6))
    assert any("required open" in text for text in check(found, **asked, required_open=np.flatnonzero(~found.open)))
    assert check(found, asked["cost"][:5], asked["demand"][:5])


@pytest.mark.parametrize("method", ["exact", "lagrange", "windows", "auto"])
def test_every_method_gives_a_valid_answer(method: Any) -> None:
    asked = villages()
    best = locate(**asked, method="exact", gap=1e-6)
    found = locate(**asked, method=method, gap=1e-3)
    assert check(found, **asked) == ()
    assert found.bound <= best.objective + 1e-6
    assert best.objective <= found.objective * (1 + 1e-9)
    assert found.objective <= best.objective * 1.02


def test_the_search_answers_twice_the_same() -> None:
    asked = villages(seed=3)
    one, two = (locate(**asked, method="windows", gap=1e-3, seed=5) for _ in range(2))
    assert one.assignment.tolist() == two.assignment.tolist()
    assert (one.objective, one.bound) == (two.objective, two.bound)


def test_free_sites_and_a_fixed_number() -> None:
    asked = villages(seed=4)
    del asked["capacity"], asked["opening_cost"]
    found = locate(**asked, open_count=7, required_closed=[0], gap=1e-6)
    exact = locate(**asked, open_count=7, required_closed=[0], gap=1e-6, method="exact")
    assert check(found, **asked, open_count=7, required_closed=[0]) == ()
    assert found.objective == pytest.approx(exact.objective, rel=2e-6)


def test_state_and_start_are_taken_up() -> None:
    asked = villages(seed=6)
    first = locate(**asked, method="lagrange", gap=1e-3)
    changed = asked | {"demand": np.ceil(asked["demand"] * 0.95)}
    for again in (
        locate(**changed, method="lagrange", state=first.state),
        locate(**changed, method="lagrange", start=first),
        locate(**changed, method="lagrange", start=first.assignment),
    ):
        assert check(again, **changed) == ()
        assert again.bound > 0.9 * first.bound


def test_start_survives_when_it_is_already_best() -> None:
    asked = villages(seed=7)
    best = locate(**asked, method="exact", gap=1e-6)
    again = locate(**asked, method="lagrange", start=best)
    assert again.objective <= best.objective + 1e-6


def test_sparse_allowed_and_positions() -> None:
    allowed = sp.csr_matrix(np.array([[1, 0], [1, 1], [0, 1]]))
    found = locate(COST, [1, 1, 1], allowed=allowed, required_closed=np.array([False, False]))
    assert found.assignment.tolist() == [0, 1, 1]
    assert "may not go" in check(replace(found, assignment=np.array([1, 1, 1])), COST, [1, 1, 1], allowed=allowed)[0]


def crowded(seed: int, tight: float) -> dict[str, Any]:
    """Few sites with 25 villages each and hardly more room than pupils: whole units are hard to pack."""
    asked = villages(150, 6, seed, 1.0)
    distance = asked["cost"] / asked["demand"][:, None]
    asked["cost"] = np.where(np.isfinite(distance), distance, 60.0) * asked["demand"][:, None]
    return asked | {"capacity": np.ceil(asked["capacity"] * tight)}


@pytest.mark.parametrize(("seed", "tight"), [(1, 1.02), (2, 1.1), (3, 1.25)])
def test_few_crowded_sites_are_proven_and_repeatable(seed: int, tight: float) -> None:
    asked = crowded(seed, tight)
    one, two = (locate(**asked, gap=2e-3, seed=4) for _ in range(2))
    assert check(one, **asked) == ()
    assert one.status == "optimal"
    assert one.assignment.tolist() == two.assignment.tolist()
    assert one.open.tolist() == two.open.tolist()
    assert (one.objective, one.bound) == (two.objective, two.bound)


def test_saved_prices_follow_the_costs() -> None:
    asked = villages(seed=8)
    first = locate(**asked, method="lagrange", gap=0.02)
    dearer = asked | {"cost": asked["cost"] * 2, "opening_cost": asked["opening_cost"] * 2}
    again = locate(**dearer, method="lagrange", gap=0.02, state=first.state)
    assert check(again, **dearer) == ()
    assert again.status == first.status == "optimal"
    assert again.bound >= 2 * first.bound * (1 - 1e-9)
    assert again.objective <= 2 * first.objective * (1 + 1e-9)


def test_state_of_another_size_is_left_alone() -> None:
    other = locate(**villages(40, 8), method="lagrange", gap=0.01).state
    asked = villages(seed=9)
    with_state, without = (locate(**asked, method="lagrange", gap=0.01, state=state) for state in (other, None))
    assert with_state.assignment.tolist() == without.assignment.tolist()


def test_the_solver_gets_the_rows_as_they_are() -> None:
    instance = read_instance(**villages(30, 6, seed=2), min_load=1.0)
    wanted = program.build(instance)
    taken = highs.load(wanted).getLp()
    matrix = sp.csc_matrix(
        (taken.a_matrix_.value_, taken.a_matrix_.index_, taken.a_matrix_.start_),
        shape=wanted.rows.shape,
    )
    assert abs(matrix - wanted.rows).max() == 0.0
    assert list(taken.col_cost_) == wanted.cost.tolist()
    assert list(taken.col_lower_) == wanted.lower.tolist()
    assert list(taken.col_upper_) == wanted.upper.tolist()
    assert list(taken.row_lower_) == wanted.row_lower.tolist()
    assert list(taken.row_upper_) == wanted.row_upper.tolist()
    assert [int(kind) == 1 for kind in taken.integrality_] == wanted.integer.tolist()


def test_import_loads_no_solver() -> None:
    code = "import sys, layoutopt.kernels.location.locate; print(sorted({'numba', 'highspy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
