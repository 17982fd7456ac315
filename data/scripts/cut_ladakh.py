"""Rebuild data/samples/ladakh from the PMGSY set: python data/scripts/cut_ladakh.py SOURCE.gpkg [FOLDER].

SOURCE holds the layers habitations, education_facilities, blocks and roads_raw. What the source lists is
taken over; pupils are estimated, and small schools, seats, beds, posts and costs are assumed, see README.md.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import layoutopt as lo
from layoutopt.journeys import Journeys, journeys_of
from layoutopt.samples import staffing
from layoutopt.samples.valley_tables import codes
from layoutopt.samples.write import write_study

SAMPLES = Path(__file__).resolve().parents[1] / "samples"
BLOCKS = ("Lotsum", "Pashkum", "Shakar Chiktan", "Shargole")
METRES = "EPSG:32643"
SEED = 1
PUPIL_SHARE = 0.12
"""Grades 1–9 among residents: our assumption, see README.md."""
WALK_KM = 1.0
"""A village has a primary school within this way, as the Right to Education rules ask for grades 1–5."""
OWN_MIN = 28.0
"""… or its own listed school within this walk of grades 1–3."""
WALK_MIN = 60.0
"""Juniors walk up to an hour."""
POINT_PUPILS = 12
"""An assumed school with fewer pupils teaches grades 1–3 only, if another is near for the older ones."""
POINT_KM = 2.5
FAR_MIN = 75.0
"""Where no junior school is this near on foot or by bus, the assumed village school teaches grades 1–9."""
HUB_PUPILS = 70
PUPILS_PER_POST = 8
HUB_PLACES = {"primary": 150, "junior": 100}
"""Least seats of a hub: six and three rooms, more than its own pupils need today."""
GAP_M = 70.0
"""One gap of 67 m splits the national highway at Pashkum; ends of highways this close are joined."""
ROAD_CLASS = {
    "NH": "primary",
    "SH": "secondary",
    "MDR": "secondary",
    "BR": "secondary",
    "RR(ODR)": "tertiary",
    "RR(VR)": "unclassified",
    "RR(TRACK)": "track",
}
"""National highway; state highway, major district and border road; other district, village road; track."""
ABOUT = {
    "name": "Eastern Kargil, Ladakh",
    "year": 2022,
    "datum": "wgs84",
    "attribution": (
        "Ministry of Rural Development, 2022. PMGSY Rural Connectivity Datasets. Published under India's "
        "Government Open Data License. Cut and changed by the layoutopt developers."
    ),
    "note": (
        "Roads, habitations, residents and 18 schools are real. Pupils are estimated as 12 % of residents. "
        "The schools marked assumed, and all enrolments, seats, classrooms, beds, posts and costs are "
        "assumptions. Not a basis for decisions about the place."
    ),
}


def main(source: Path, folder: Path) -> None:
    """Cut, complete and write the sample; README.md in ``folder`` stays."""
    rng = np.random.default_rng(SEED)
    layers = {name: gpd.read_file(source, layer=name) for name in ("habitations", "education_facilities")}
    towns, ground = cut_blocks(gpd.read_file(source, layer="blocks"))
    roads = cut_roads(gpd.read_file(source, layer="roads_raw"), ground)
    people = cut_habitations(layers["habitations"], rng)
    real = cut_schools(layers["education_facilities"], people, rng)
    schools = with_village_schools(people, real, roads)
    people, schools = with_attendance(people, schools, roads, rng)
    sheets = {"settlements": people, "schools": schools, "roads": roads, "towns": towns}
    with tempfile.TemporaryDirectory() as aside:
        written = write_study(Path(aside) / "ladakh", sheets, ABOUT)
        folder.mkdir(parents=True, exist_ok=True)
        for file in sorted(written.iterdir()):
            (folder / file.name).write_bytes(file.read_bytes())


def cut_blocks(blocks: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, shapely.Polygon]:
    """Return the blocks, drawn 30 m coarser with shared borders kept, and the ground roads are cut to."""
    chosen = blocks[blocks["BLOCK"].isin(BLOCKS)].to_crs(METRES).sort_values("BLOCK")
    coarse = shapely.coverage_simplify(chosen.geometry.to_numpy(), 30.0)
    towns = gpd.GeoDataFrame({"town": chosen["BLOCK"].to_numpy()}, geometry=coarse, crs=METRES)
    return towns, chosen.union_all().buffer(1_500.0)


def cut_roads(roads: gpd.GeoDataFrame, ground: shapely.Polygon) -> gpd.GeoDataFrame:
    """Return the road lines inside ``ground`` as surveyed: not joined, not cleaned."""
    order = roads.assign(at=range(len(roads)))
    inside = gpd.clip(order.to_crs(METRES), ground, keep_geom_type=True).sort_values("at")
    parts = inside.explode(index_parts=False)
    parts = close_gaps(parts[parts.geom_type == "LineString"])
    name = parts["RoadName"].fillna("").str.split().str.join(" ")
    kind = parts["RoadCategory"].map(ROAD_CLASS).to_numpy()
    table = {"class": kind, "bus": np.where(kind == "track", "no", "yes"), "name": name.to_numpy()}
    return gpd.GeoDataFrame(table, geometry=parts.geometry.to_numpy(), crs=METRES)


def close_gaps(parts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the lines with the gap in the national highway closed by one more vertex; all else untouched."""
    parts = parts.reset_index(drop=True)
    highways = parts.index[parts["RoadCategory"] == "NH"]
    for row in highways:
        line = parts.geometry[row]
        others = parts.geometry[highways.drop(row)].union_all()
        for first in (True, False):
            end = shapely.Point(line.coords[0 if first else -1])
            gap_m = end.distance(others)
            if 60.0 < gap_m <= GAP_M:
                to = shapely.shortest_line(end, others).coords[-1]
                coords = [to, *line.coords] if first else [*line.coords, to]
                parts.loc[row, "geometry"] = shapely.LineString(coords)
                return parts
    raise ValueError("the gap in the highway is not where it was; look at the source again")


def cut_habitations(habitations: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return inhabited habitations with estimated pupils: whole numbers that sum to the share of all."""
    chosen = habitations[habitations["BLOCK"].isin(BLOCKS) & (habitations["TOT_POPULATION"] > 0)]
    chosen = chosen.sort_values(["BLOCK", "HAB_ID"]).reset_index(drop=True).to_crs(METRES)
    residents = chosen["TOT_POPULATION"].astype(int)
    pupils = staffing.share_out(round(PUPIL_SHARE * residents.sum()), residents.to_numpy(float))
    table = pd.DataFrame(
        {
            "settlement_id": codes("V", len(chosen)),
            "name": chosen["HAB_NAME"].map(tidy),
            "town": chosen["BLOCK"],
            "population": residents,
        }
    ).join(staffing.grade_frame(rng.multinomial(pupils, np.full(9, 1 / 9))))
    table["source_id"] = chosen["HAB_ID"].astype(int)
    table["pupils_are"] = "estimated from residents"
    return gpd.GeoDataFrame(table, geometry=chosen.geometry.to_numpy(), crs=METRES)


def cut_schools(facilities: gpd.GeoDataFrame, people: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Return the listed schools: high schools as grades 1–9, higher secondary schools as 7–9."""
    place = people.set_index("source_id")
    chosen = facilities[facilities["HAB_ID"].isin(place.index)]
    chosen = chosen.sort_values(["HAB_ID", "FACILITY_I"]).to_crs(METRES)
    home = place.loc[chosen["HAB_ID"].astype(int)]
    high = (chosen["level_guess"] == "high").to_numpy()
    public = chosen["FAC_DESC"].str.contains("public").to_numpy()
    girls = chosen["FAC_DESC"].str.contains("girls").to_numpy()
    title = np.where(high, "High School", "Higher Secondary School")
    title = np.where(girls, "Girls' High School", np.where(public, "Spring Dales Public School", title))
    table = pd.DataFrame(
        {
            "name": [f"{title}, {name}" for title, name in zip(title, home["name"], strict=True)],
            "town": home["town"].to_numpy(),
            "grades": np.where(high, "1-9", "7-9"),
            "kind": np.where(high, "high school", "higher secondary school"),
            "assumed": "no",
            "of": chosen["HAB_ID"].astype(int).to_numpy(),
            "source_id": chosen["FACILITY_I"].astype(int).to_numpy(),
        }
    )
    return gpd.GeoDataFrame(table, geometry=chosen.geometry.to_numpy(), crs=METRES)


def ways(people: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> Journeys:
    """Return the travel times the library itself computes, at the default speeds."""
    sheets = {"settlements": people, "schools": schools, "roads": roads}
    with tempfile.TemporaryDirectory() as aside:
        study = lo.read_study(write_study(Path(aside) / "draft", sheets, {"name": "draft"}))
    return journeys_of(study, lo.Policy.preset("china_national"))


def with_village_schools(people: gpd.GeoDataFrame, real: gpd.GeoDataFrame, roads: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add assumed schools until every habitation has a primary school within ``WALK_KM``.

    The habitation whose school would serve most pupils not yet served comes first. Schools are listed block
    by block, those of the source first, then by residents of the habitation.
    """
    site = gpd.GeoDataFrame(
        {
            "name": [f"Village School, {name} (assumed)" for name in people["name"]],
            "town": people["town"],
            "grades": "1-6",
            "kind": "village primary school",
            "assumed": "yes",
            "source_id": pd.array([pd.NA] * len(people), dtype="Int64"),
        },
        geometry=people.translate(60.0, 40.0),
        crs=METRES,
    )
    both = pd.concat([real.astype({"source_id": "Int64"}), site], ignore_index=True)
    both.insert(0, "school_id", codes("S", len(both)))
    journeys = ways(people, both, roads)
    near = (journeys.table.km("walk") <= WALK_KM) & (journeys.walk_min("lower") <= OWN_MIN)
    primary = np.flatnonzero((both["grades"] == "1-9") & (both["assumed"] == "no"))
    pupils = people[[f"g{grade}" for grade in range(1, 7)]].sum(axis=1).to_numpy()
    served = near[:, primary].any(axis=1) | of_own_school(people, both, journeys, primary)
    chosen: list[int] = []
    while not served.all():
        gain = (near[:, len(real) :] & ~served[:, None]).T @ (pupils + 0.01)
        best = int(np.argmax(gain))
        chosen.append(len(real) + best)
        served |= near[:, len(real) + best]
    kept = both.iloc[[*range(len(real)), *sorted(chosen)]]
    residents = np.array([0] * len(real) + [*people["population"]])[kept.index]
    order = np.lexsort((kept["school_id"], -residents, kept["assumed"] == "yes", kept["town"]))
    return kept.iloc[order].drop(columns=["school_id", "of"]).reset_index(drop=True)


def of_own_school(
    people: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, journeys: Journeys, primary: np.ndarray
) -> np.ndarray:
    """Return the habitations whose own listed school, by the source's key, lies within ``OWN_MIN``."""
    owner = people["source_id"].to_numpy()[:, None] == schools["of"].to_numpy(float)[None, primary]
    return np.asarray((owner & (journeys.walk_min("lower")[:, primary] <= OWN_MIN)).any(axis=1))


def with_attendance(
    people: gpd.GeoDataFrame, schools: gpd.GeoDataFrame, roads: gpd.GeoDataFrame, rng: np.random.Generator
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Name the schools attended today, settle what small schools teach, and add assumed figures.

    Primary pupils go to the nearest school on foot; so do juniors within an hour, else they ride to the nearest.
    """
    schools = schools.copy()
    schools.insert(0, "school_id", codes("S", len(schools)))
    journeys = ways(people, schools, roads)
    walk = journeys.table.km("walk")
    pupils = people[[f"g{grade}" for grade in range(1, 10)]].to_numpy()
    primary = nearest(walk, schools, 1)
    schools = with_middle_schools(schools, journeys, primary, pupils[:, 6:].sum(axis=1))
    schools = with_points(schools, walk, primary, pupils[:, :6].sum(axis=1))
    upper = np.where(teaches(schools, 4)[primary], primary, nearest(walk, schools, 4))
    schools = with_late_start(schools, primary)
    walk_min, bus_min = journeys.walk_min("junior"), journeys.bus_min("junior", 0.0)
    junior = nearest(np.where(walk_min <= WALK_MIN, walk_min, WALK_MIN + bus_min), schools, 7)
    attends = np.column_stack([*[primary] * 3, *[upper] * 3, *[junior] * 3])
    enrolled = staffing.enrol(pupils, attends, len(schools))
    at = people.columns.get_loc("g9") + 1
    people.insert(at, "current_primary", schools["school_id"].to_numpy()[primary])
    people.insert(at + 1, "current_junior", schools["school_id"].to_numpy()[junior])
    return people, with_assumed_figures(schools, enrolled, rng)


def teaches(schools: gpd.GeoDataFrame, grade: int) -> np.ndarray:
    """Return whether each school teaches ``grade``."""
    span = schools["grades"].str.split("-", expand=True).astype(int)
    return np.asarray((span[0] <= grade) & (span[1] >= grade))


def nearest(way: np.ndarray, schools: gpd.GeoDataFrame, grade: int) -> np.ndarray:
    """Return the position of the nearest school that teaches ``grade`` for each habitation."""
    return np.where(teaches(schools, grade), way, np.inf).argmin(axis=1)


def with_middle_schools(
    schools: gpd.GeoDataFrame, journeys: Journeys, primary: np.ndarray, juniors: np.ndarray
) -> gpd.GeoDataFrame:
    """Let village schools teach grades 7–9 too where juniors have none within ``FAR_MIN``, most juniors first."""
    schools = schools.copy()
    way_min = np.minimum(journeys.walk_min("junior"), journeys.bus_min("junior", 0.0))
    while True:
        far = np.where(teaches(schools, 7), way_min, np.inf).min(axis=1) > FAR_MIN
        if not (far & (juniors > 0)).any():
            return schools
        school = primary[np.argmax(far * juniors)]
        schools.loc[school, ["grades", "kind"]] = ["1-9", "village middle school"]
        name = schools.loc[school, "name"].replace("Village School", "Middle School")
        schools.loc[school, "name"] = name


def with_late_start(schools: gpd.GeoDataFrame, primary: np.ndarray) -> gpd.GeoDataFrame:
    """Let listed high schools that are no habitation's nearest primary school teach grades 7–9 only."""
    idle = (np.bincount(primary, minlength=len(schools)) == 0) & (schools["assumed"] == "no")
    return schools.assign(grades=schools["grades"].where(~idle, "7-9"))


def with_points(
    schools: gpd.GeoDataFrame, walk: np.ndarray, primary: np.ndarray, children: np.ndarray
) -> gpd.GeoDataFrame:
    """Let village schools below ``POINT_PUPILS`` teach grades 1–3 only, where older pupils have another near."""
    schools = schools.copy()
    size = np.bincount(primary, weights=children, minlength=len(schools))
    big = teaches(schools, 4) & (size >= POINT_PUPILS)
    way_km = np.where(big, walk, np.inf).min(axis=1)
    farthest_km = np.zeros(len(schools))
    np.maximum.at(farthest_km, primary, way_km)
    village = schools["kind"] == "village primary school"
    point = village & (size < POINT_PUPILS) & (farthest_km <= POINT_KM)
    schools.loc[point, ["grades", "kind"]] = ["1-3", "teaching point"]
    schools.loc[point, "name"] = schools.loc[point, "name"].str.replace("Village School", "Teaching Point")
    return schools


def with_assumed_figures(schools: gpd.GeoDataFrame, enrolled: np.ndarray, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Seats, rooms, beds, posts and money by plain rules, none of them from the source."""
    primary, junior = staffing.stage_pupils(enrolled)
    real = (schools["assumed"] == "no").to_numpy()
    hub = real & (primary + junior >= HUB_PUPILS)
    spare = rng.uniform(1.3, 1.7, len(schools))
    grades = schools["grades"].to_numpy()
    least = np.select([hub, grades == "1-9", grades == "1-6"], [HUB_PLACES["primary"], 60, 30], 15)
    least_junior = np.where(hub, HUB_PLACES["junior"], np.where(real, 60, 15))
    young, older = teaches(schools, 1), teaches(schools, 7)
    places_primary = staffing.up_to(np.where(young, np.maximum(spare * primary, least), 0), 5)
    places_junior = staffing.up_to(np.where(older, np.maximum(spare * junior, least_junior), 0), 5)
    rooms = np.ceil(places_primary / 30) + np.ceil(places_junior / 35)
    rooms = np.maximum(rooms, 3 * (young & (grades != "1-3")) + 3 * older).astype(int)
    beds = np.where(hub, staffing.up_to(np.maximum(0.25 * junior, 30.0), 10), 0)
    posts = np.maximum(np.round((primary + junior) / PUPILS_PER_POST), np.where(real, 7, 2)).astype(int)
    columns = {
        "status": "open",
        "hub": np.where(hub, "yes", "no"),
        "places_primary": places_primary,
        "places_junior": places_junior,
        "classrooms": rooms,
        "beds": beds,
        "teachers": posts,
        "annual_cost_cny": staffing.yearly_cost(enrolled, beds, hub),
    }
    tail = schools[["assumed", "source_id", "geometry"]]
    table = schools[["school_id", "name", "town", "grades", "kind"]].assign(**columns)
    return gpd.GeoDataFrame(table.join(staffing.grade_frame(enrolled)).join(tail), crs=METRES)


def tidy(name: str) -> str:
    """One writing for names: single blanks, each word with one capital."""
    return " ".join(word[:1].upper() + word[1:].lower() for word in name.split())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else SAMPLES / "ladakh")
