"""The audit's checks of pupils' ways: the twins of the option rules and of the bus lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from layoutopt.fleet import vehicle_types
from layoutopt.plan.cover_checks import cover
from layoutopt.plan.facts import LIMIT_MIN_TOLERANCE, MINUTES_TOLERANCE, TOLERANCE, Facts, Violation, each
from layoutopt.schema import BANDS
from layoutopt.today import own_dwell_min, school_facts


def walk_limit(f: Facts) -> Iterator[Violation]:
    """Nobody walks longer than the band's limit, or than today."""
    rows = f.rows[f.rows["mode"] == "walk"]
    today = rows["was_minutes"].where(rows["was_mode"] == "walk", 0.0)
    yield from _over(f, rows, rows["real_min"], _limits(f, rows, f.policy.access.walk_max_min, today), "walks")


def hub_only(f: Facts) -> Iterator[Violation]:
    """Buses and boarders go to hubs only; a bus also to today's school where pupils ride there already."""
    rides = f.rows["mode"] == "board"
    if f.policy.bus.hub_only:
        stays = (f.rows["was_mode"] == "bus") & (f.rows["was_school"] == f.rows["school_id"])
        rides |= (f.rows["mode"] == "bus") & ~(stays & f.policy.access.keep_existing_exceptions)
    for row in each(f.rows[rides & ~f.rows["hub"]]):
        yield Violation(row.item, 0, 1, f"{row.mode} to {row.school_id}, which is no hub")


def walkable(f: Facts) -> Iterator[Violation]:
    """No bus and no bed for pupils who can walk there within the limits."""
    limit = f.rows["band"].map({band: f.policy.access.walk_max_min[band] for band in BANDS}).astype(float)
    near = (f.rows["mode"] != "walk") & (f.rows["walk_min"] <= limit)
    km = f.policy.access.walk_max_km
    if km is not None:
        near &= f.rows["walk_km"] <= f.rows["band"].map({band: km[band] for band in BANDS}).astype(float)
    for row in each(f.rows[near]):
        yield Violation(
            row.item,
            row.walk_min,
            0,
            f"{row.mode} to {row.school_id}, {row.walk_min:.0f} minutes away on foot",
        )


def ride_limit(f: Facts) -> Iterator[Violation]:
    """Nobody rides longer than the limit, or than today."""
    rows = f.rows[f.rows["mode"] == "bus"]
    today = rows["was_ride_min"].where(rows["was_mode"] == "bus", 0.0)
    limit = np.full(len(rows), f.policy.bus.max_ride_min)
    yield from _over(f, rows, rows["real_ride_min"], _or_today(f, limit, today), "rides")


def oneway_limit(f: Facts) -> Iterator[Violation]:
    """No daily way is longer door to door than the band's limit, or than today."""
    rows = f.rows[f.rows["mode"] != "board"]
    limits = _limits(f, rows, f.policy.access.oneway_max_min, rows["was_minutes"])
    yield from _over(f, rows, rows["real_min"], limits, "is under way")


def worsening_limit(f: Facts) -> Iterator[Violation]:
    """No daily way grows by more than the limit."""
    most = f.policy.access.worsening_max_min
    if most is None:
        return
    rows = f.rows[f.rows["mode"] != "board"]
    yield from _over(f, rows, rows["real_min"], rows["was_minutes"].to_numpy(float) + most, "is under way")


def board_grade(f: Facts) -> Iterator[Violation]:
    """Nobody below the lowest boarding grade boards."""
    boards = f.rows[f.rows["mode"] == "board"]
    lowest = boards["band"].map({band: grades[0] for band, grades in f.policy.bands.items()})
    least = f.policy.boarding.board_min_grade
    for row in each(boards[(lowest < least) | (not f.policy.boarding.allowed_boarding)]):
        yield Violation(row.item, row.pupils, 0, f"boards at {row.school_id}; boarding starts at grade {least}")


def board_limit(f: Facts) -> Iterator[Violation]:
    """The weekly way of a boarder keeps its limit."""
    rows = f.rows[f.rows["mode"] == "board"]
    yield from _over(f, rows, rows["real_min"], np.full(len(rows), f.policy.access.board_max_min), "travels weekly")


def board_nearest(f: Facts) -> Iterator[Violation]:
    """Pupils board at one of the few nearest schools with beds that teach their band."""
    most = f.policy.boarding.board_nearest
    facts = school_facts(f.study, f.policy)
    hubs = facts["hub"] & (facts["beds_most"] > 0) & ~facts["must_close"]
    for row in each(f.rows[f.rows["mode"] == "board"]):
        fits = (hubs & facts[f"offers_{row.band}"]).to_numpy(bool)
        at = f.journeys.table.from_ids.get_loc(row.settlement_id)
        by_bus = f.journeys.bus_min(row.band, 0.0)[at] + own_dwell_min(row.pupils, f.study, f.policy)
        way = np.where(np.isfinite(by_bus), by_bus, f.journeys.walk_min(row.band)[at])
        nearer = int((way[fits] < row.real_min - LIMIT_MIN_TOLERANCE).sum())
        if nearer >= most:
            yield Violation(
                row.item,
                nearer + 1,
                most,
                f"boards at {row.school_id}, {nearer} schools with beds are nearer",
            )


def seats(f: Facts) -> Iterator[Violation]:
    """No line carries more riders than its vehicle has seats."""
    loads = f.stops.groupby("line_id")["riders"].sum()
    kinds = {kind.vehicle_id: kind.seats for kind in vehicle_types(f.study, f.policy)}
    vehicle = f.plan.bus_lines.drop_duplicates("line_id").set_index("line_id")["vehicle_id"]
    for line_id, load in loads.items():
        room = float(kinds.get(vehicle.get(line_id, ""), 0))
        if not load <= room + TOLERANCE:
            yield Violation(str(line_id), float(load), room, f"{load:g} riders on {room:g} seats")


def bus_lines(f: Facts) -> Iterator[Violation]:
    """Every bus rider stands on exactly one line, which calls at the rider's school later, with the stated load."""
    riders = f.rows[f.rows["mode"] == "bus"].set_index("item")
    stops = f.stops.set_index("item")
    for item in riders.index.difference(stops.index):
        yield Violation(str(item), 0, 1, "goes by bus, but no line is known")
    for item in stops.index.difference(riders.index):
        yield Violation(str(item), 1, 0, "stands on a line, but does not go by bus")
    for item in stops.index[stops.index.duplicated()].unique():
        yield Violation(str(item), 2, 1, "stands on two lines")
    kinds = [kind.vehicle_id for kind in vehicle_types(f.study, f.policy)]
    for row in each(f.plan.bus_lines[~f.plan.bus_lines["vehicle_id"].isin(kinds)]):
        yield Violation(row.line_id, 1, 0, f"uses the vehicle '{row.vehicle_id}', which nobody has")
    first = stops[~stops.index.duplicated()]
    both = riders.merge(first, left_index=True, right_index=True, suffixes=("", "_stop"))
    for row in each(both[~(both["alights_after"] >= both["order"])]):
        yield Violation(str(row.Index), row.alights_after, row.order, f"{row.line_id_stop} calls at the school before")
    for line_id, line in f.stops.groupby("line_id"):
        if line["ends_at"].iloc[0] not in set(line["school_id"]):
            yield Violation(str(line_id), 0, 1, f"ends at {line['ends_at'].iloc[0]}, where nobody gets off")
        for school_id, calls in line.groupby("school_id")["alights_after"].nunique().items():
            if calls > 1:
                yield Violation(str(line_id), calls, 1, f"calls at {school_id} more than once")
    for row in each(both):
        if row.school_id != row.school_id_stop or row.line_id != row.line_id_stop:
            yield Violation(str(row.Index), 0, 1, f"goes to {row.school_id}, its line to {row.school_id_stop}")
        if row.settlement_id != row.settlement_id_stop:
            yield Violation(str(row.Index), 0, 1, f"lives in {row.settlement_id}, boards in {row.settlement_id_stop}")
        if not abs(row.riders - row.pupils) <= TOLERANCE:
            yield Violation(str(row.Index), row.riders, row.pupils, f"{row.pupils:g} pupils, {row.riders:g} riders")


def fleet(f: Facts) -> Iterator[Violation]:
    """No more vehicles of a type are used than there are."""
    table = f.study.vehicles
    if table is None or "count" not in table:
        return
    used = f.plan.bus_lines.groupby("vehicle_id")["vehicle_no"].nunique()
    counts = table[table["count"].notna()].set_index("vehicle_id")["count"]
    for vehicle_id, count in counts.items():
        buses = int(used.get(vehicle_id, 0))
        if buses > count:
            yield Violation(str(vehicle_id), buses, float(count), f"{buses} used, {count:g} vehicles")


def second_runs(f: Facts) -> Iterator[Violation]:
    """A vehicle drives one line, or two to one school that fit into the window before the bell one after the other."""
    window = f.policy.bus.second_run_window_min
    whole = f.stops.drop_duplicates("line_id").set_index("line_id")["real_whole_min"]
    schools = f.stops.groupby("line_id")["school_id"].nunique()
    for number, lines in f.plan.bus_lines.groupby("vehicle_no"):
        count = len(lines)
        if sorted(lines["run"]) != list(range(1, count + 1)):
            yield Violation(str(number), count, 1, f"runs are numbered {', '.join(f'{run:g}' for run in lines['run'])}")
        if count == 1:
            continue
        if count > 2 or window is None:
            most = 1 if window is None else 2
            yield Violation(str(number), count, most, f"drives {count} lines before the bell, {most} allowed")
            continue
        if len(lines[["vehicle_id", "school_id"]].drop_duplicates()) > 1:
            yield Violation(str(number), 2, 1, "is in two places: its lines differ in school or vehicle")
        if (lines["line_id"].map(schools) > 1).any():
            yield Violation(str(number), 2, 1, "serves two schools and drives a second run")
        minutes = float(lines["line_id"].map(whole).sum())
        if not minutes <= window + LIMIT_MIN_TOLERANCE:
            yield Violation(str(number), minutes, window, f"both runs take {minutes:.1f} minutes, window {window:g}")


def school_wait(f: Facts) -> Iterator[Violation]:
    """A line serves no more schools than allowed, and nobody waits too long for the bell where it serves two."""
    most, longest = f.policy.bus.schools_per_line, f.policy.bus.school_wait_max_min
    for line_id, stops in f.stops.groupby("line_id"):
        schools = len({*stops["school_id"], stops["ends_at"].iloc[0]})
        if schools > most:
            yield Violation(str(line_id), schools, most, f"serves {schools} schools, {most} allowed")
        wait = float(stops["real_wait_min"].max())
        if schools > 1 and not wait <= longest + LIMIT_MIN_TOLERANCE:
            yield Violation(
                str(line_id), wait, longest, f"riders wait {wait:.1f} minutes for the bell, limit {longest:g}"
            )


def minutes(f: Facts) -> Iterator[Violation]:
    """The minutes the plan states are those the roads give."""
    for name, stated, real in (
        ("minutes", f.rows["minutes"], f.rows["real_min"]),
        ("ride_min", f.rows["ride_min"], f.rows["real_ride_min"]),
    ):
        both_endless = np.isinf(stated.astype(float)) & np.isinf(real)
        wrong = ~both_endless & ~((stated.astype(float) - real).abs() <= MINUTES_TOLERANCE)
        for at in f.rows.index[wrong]:
            item, told, is_ = f.rows.loc[at, "item"], float(stated[at]), float(real[at])
            yield Violation(str(item), told, is_, f"{name} says {told:.2f}, the roads give {is_:.2f}")


def _over(f: Facts, rows: pd.DataFrame, found: pd.Series, limit: np.ndarray, verb: str) -> Iterator[Violation]:
    beyond = ~(found.to_numpy(float) <= limit + LIMIT_MIN_TOLERANCE)
    for row, value, most in zip(each(rows[beyond]), found.to_numpy(float)[beyond], limit[beyond], strict=True):
        yield Violation(row.item, value, most, f"{verb} {value:.1f} minutes to {row.school_id}, limit {most:.1f}")


def _limits(f: Facts, rows: pd.DataFrame, by_band: object, today: pd.Series) -> np.ndarray:
    limit = rows["band"].map({band: by_band[band] for band in BANDS}).to_numpy(float)  # type: ignore[index]
    return _or_today(f, limit, today)


def _or_today(f: Facts, limit: np.ndarray, today: pd.Series) -> np.ndarray:
    if not f.policy.access.keep_existing_exceptions:
        return limit
    was = today.to_numpy(float)
    return np.maximum(limit, np.where(np.isfinite(was), was, 0.0))


Check = Callable[[Facts], Iterator[Violation]]
CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        cover, walk_limit, hub_only, walkable, ride_limit, oneway_limit, worsening_limit, board_grade,
        board_limit, board_nearest, seats, bus_lines, fleet, second_runs, school_wait, minutes,
    )
}  # fmt: skip
