"""Heights from a raster: bilinear, nothing beyond its edge, roads with a profile or none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import LineString, MultiLineString, Point

import layoutopt as lo
from layoutopt.errors import Finding, InputError, MissingExtraError
from layoutopt.io import rasters
from layoutopt.io.rasters import draped, heights, own_heights
from layoutopt.plan.studycopy import write_study

rasterio = pytest.importorskip("rasterio", reason="elevation needs rasterio, the extra 'dem'")
UTM = "EPSG:32648"
EAST, NORTH = 500_000.0, 3_600_000.0
WriteFolder = Callable[..., Path]


def written(
    path: Path, values: np.ndarray, *, cell_m: float = 100.0, crs: str | None = UTM, nodata: float | None = -9999
) -> Path:
    """Write a raster whose upper left corner is (EAST, NORTH)."""
    place = rasterio.Affine(cell_m, 0, EAST, 0, -cell_m, NORTH)
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs=crs, transform=place, nodata=nodata,
    ) as target:  # fmt: skip
        target.write(values, 1)
    return path


def plane(rows: int = 20, columns: int = 30) -> np.ndarray:
    """1,000 m at the centre of the first cell, 1 m a cell eastward and 10 m a cell southward."""
    row, column = np.mgrid[:rows, :columns]
    return (1_000 + column + 10 * row).astype("float32")


def test_a_plane_is_read_exactly_between_the_centres(tmp_path: Path) -> None:
    """Half a cell right and down from the first centre: 1000 + 0.5 + 5."""
    path = written(tmp_path / "a.tif", plane())
    points = [
        (EAST + 50, NORTH - 50),
        (EAST + 100, NORTH - 100),
        (EAST + 2_950, NORTH - 1_950),
        (EAST + 275, NORTH - 850),
    ]
    assert heights(path, points, UTM).tolist() == pytest.approx([1_000.0, 1_005.5, 1_219.0, 1_082.25], abs=1e-3)


def test_points_in_degrees_are_turned_into_the_raster_s_system(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", plane())
    degrees = gpd.GeoSeries(gpd.points_from_xy([EAST + 1_000], [NORTH - 1_000]), crs=UTM).to_crs("EPSG:4326")
    found = heights(path, np.column_stack([degrees.x, degrees.y]), "EPSG:4326")
    assert found.tolist() == pytest.approx([1_000 + 9.5 + 95], abs=1e-2)


def test_nothing_beyond_the_edge_and_half_a_cell_within_it(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", plane())
    at = [
        (EAST + 1, NORTH - 1),
        (EAST - 1, NORTH - 50),
        (EAST + 3_001, NORTH - 50),
        (EAST + 50, NORTH + 1),
        (EAST, NORTH - 2_001),
    ]
    assert np.isnan(heights(path, at, UTM)).tolist() == [False, True, True, True, True]
    assert heights(path, at[:1], UTM)[0] == 1_000.0
    assert np.isnan(heights(path, [(0.0, 0.0)], UTM)).all()


@pytest.mark.parametrize("nodata", [-9999, None])
def test_a_gap_in_the_raster_spreads_to_the_cells_beside_it(nodata: float | None, tmp_path: Path) -> None:
    """Undeclared, -9999 is no height all the same."""
    values = plane()
    values[5, 5] = -9999
    path = written(tmp_path / "a.tif", values, nodata=nodata)
    at = [(EAST + 550, NORTH - 550), (EAST + 600, NORTH - 600), (EAST + 450, NORTH - 450), (EAST + 660, NORTH - 550)]
    assert np.isnan(heights(path, at, UTM)).tolist() == [True, True, False, False]


def test_a_raster_of_one_cell(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", np.full((1, 1), 7, dtype="int16"))
    assert heights(path, [(EAST + 10, NORTH - 90), (EAST + 110, NORTH)], UTM).tolist() == pytest.approx(
        [7.0, np.nan], nan_ok=True
    )


def test_a_raster_without_a_system(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", plane(), crs=None)
    with pytest.raises(
        InputError, match=r"a\.tif: no coordinate system \(CRS\) is given\. Give crs .* \[layers\.elevation\]"
    ):
        heights(path, [(EAST, NORTH)], UTM)
    assert heights(path, [(EAST + 50, NORTH - 50)], UTM, raster_crs=UTM).tolist() == [1_000.0]


def test_a_system_nobody_knows(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", plane())
    with pytest.raises(InputError, match=r"study\.toml \[layers\.elevation\] crs: 'EPSG:1' is no coordinate system"):
        heights(path, [(EAST, NORTH)], UTM, raster_crs="EPSG:1")


def test_what_is_no_geotiff(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"<VRTDataset></VRTDataset>")
    with pytest.raises(InputError, match=r"a\.tif: not a readable GeoTIFF"):
        heights(tmp_path / "a.tif", [(EAST, NORTH)], UTM)


def test_a_raster_too_fine_for_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rasters, "LARGEST_WINDOW", 100)
    path = written(tmp_path / "a.tif", plane())
    with pytest.raises(InputError, match=r"million cells lie around the study\. Resample it to 10 m or coarser"):
        heights(path, [(EAST + 1, NORTH - 1), (EAST + 2_900, NORTH - 1_900)], UTM)
    assert heights(path, [(EAST + 50, NORTH - 50)], UTM).tolist() == [1_000.0]  # a window of four cells


def test_without_rasterio_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> object:
        raise ImportError(name)

    monkeypatch.setattr(rasters.importlib, "import_module", missing)
    with pytest.raises(MissingExtraError, match=r"pip install 'layoutopt\[dem\]'"):
        heights(tmp_path / "a.tif", [(0.0, 0.0)], UTM)


def lines(*shapes: object) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=UTM)


def test_roads_get_a_vertex_every_hundred_metres_with_its_height(tmp_path: Path) -> None:
    """Eastward along the first centres: 1 m up for every 100 m."""
    path = written(tmp_path / "a.tif", plane())
    road = LineString([(EAST + 50, NORTH - 50), (EAST + 450, NORTH - 50)])
    found, lost = draped(lines(road, MultiLineString([road, road])), path)
    assert lost == 0
    assert shapely.get_coordinates(found[0], include_z=True)[:, 2].tolist() == pytest.approx(
        [1_000, 1_001, 1_002, 1_003, 1_004]
    )
    assert shapely.get_coordinates(found[0])[:, 0].tolist() == [EAST + 50 + 100 * n for n in range(5)]
    assert (found.geom_type.tolist(), found.has_z.tolist()) == (["LineString", "MultiLineString"], [True, True])
    assert found.crs == UTM


def test_a_road_that_leaves_the_raster_stays_as_drawn(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tif", plane())
    out = LineString([(EAST + 50, NORTH - 50), (EAST - 5_000, NORTH - 50)])
    found, lost = draped(lines(out, LineString([(EAST + 50, NORTH - 50), (EAST + 60, NORTH - 50)])), path)
    assert lost == 1
    assert found[0].equals(out)
    assert found.has_z.tolist() == [False, True]


@pytest.mark.parametrize(
    ("shapes", "kept"),
    [
        ([LineString([(0, 0), (1, 1)])], [False]),
        ([LineString([(0, 0, 5), (1, 1, 6)]), LineString([(0, 0), (1, 1)])], [True, False]),
        ([LineString([(0, 0, 0), (1, 1, 0)]), LineString([(0, 0, 0), (2, 1, 0)])], [False, False]),
        ([LineString([(0, 0, 5), (1, 1, np.nan)]), LineString([(0, 0, 5), (1, 1, 7)])], [False, True]),
        ([LineString([(0, 0, 900), (1, 1, 0)]), LineString([(0, 0, 0), (1, 1, 7)])], [False, True]),
        ([LineString([(0, 0, -99999), (1, 1, 4)]), LineString([(0, 0, 5), (1, 1, 7)])], [False, True]),
    ],
)  # fmt: skip
def test_heights_of_the_road_file_itself(shapes: list[LineString], kept: list[bool]) -> None:
    found, count = own_heights(lines(*shapes))
    assert found.has_z.tolist() == kept
    assert count == sum(kept)


def study_with_raster(folder: Path, *, name: str = "elevation.tif") -> Path:
    """Heights at 33.30° N of 500 m, one more for each 0.001° of latitude northward."""
    row = np.arange(600, dtype="float32")[:, None]
    place = rasterio.Affine(0.001, 0, 106.0, 0, -0.001, 33.6)
    with rasterio.open(
        folder / name,
        "w",
        driver="GTiff",
        height=600,
        width=300,
        count=1,
        dtype="float32",
        crs="EPSG:4326",
        transform=place,
    ) as target:
        target.write(np.broadcast_to(500 + 300 - 0.5 - row, (600, 300)).astype("float32"), 1)
    return folder


def with_roads(folder: Path) -> Path:
    roads = gpd.GeoDataFrame(
        {"class": ["tertiary", "track"]},
        geometry=[LineString([(106.1, 33.3), (106.1, 33.34)]), LineString([(106.1, 33.3), (105.9, 33.3)])],
        crs="EPSG:4326",
    )
    roads.to_file(folder / "roads.gpkg", engine="pyogrio")
    return folder


def test_a_study_with_heights(study_folder: WriteFolder) -> None:
    study = lo.read_study(with_roads(study_with_raster(study_folder())))
    assert study.settlements["elevation_m"].round(1).tolist() == [500.0, 500.0, 520.0]
    assert study.schools["elevation_m"].round(1).tolist() == [500.0, 501.0]
    assert study.roads is not None
    assert study.roads.has_z.tolist() == [True, False]
    profile = shapely.get_coordinates(study.roads.geometry.iloc[0], include_z=True)
    assert len(profile) == 46  # 4.4 km
    assert profile[[0, -1], 2].round(1).tolist() == [500.0, 540.0]
    assert "elevation.tif" in study.inputs
    assert [note.text for note in study.notes] == [
        "settlements: height of 3 of 3 from elevation.tif",
        "schools: height of 2 of 2 from elevation.tif",
        "roads: heights every 100 m from elevation.tif on 1 of 2 lines; 1 leave it and count as flat",
    ]


@pytest.mark.parametrize("is_flat", [False, True])
def test_the_plan_s_copy_of_the_study_has_the_same_heights(
    is_flat: bool, study_folder: WriteFolder, tmp_path: Path
) -> None:
    folder = with_roads(study_folder())
    if is_flat:
        place = rasterio.Affine(0.5, 0, 105.5, 0, -0.5, 33.9)
        values = np.full((3, 3), 700, dtype="float32")
        with rasterio.open(
            folder / "elevation.tif", "w", driver="GTiff", height=3, width=3, count=1, dtype="float32", crs="EPSG:4326",
            transform=place,
        ) as target:  # fmt: skip
            target.write(values, 1)
    else:
        study_with_raster(folder)
    study = lo.read_study(folder)
    write_study(study, tmp_path / "copy")
    copy = lo.read_study(tmp_path / "copy")
    assert copy.roads is not None
    assert study.roads is not None
    assert copy.roads.has_z.tolist() == study.roads.has_z.tolist() == [not is_flat, False]
    assert copy.digest == study.digest


def test_points_lose_a_third_coordinate(study_folder: WriteFolder) -> None:
    folder = study_folder(schools__csv=None)
    sites = gpd.GeoDataFrame(
        {"school_id": ["S1"], "grades": ["1-6"]}, geometry=[Point(106.1, 33.3, 9)], crs="EPSG:4326"
    )
    sites.to_file(folder / "schools.gpkg", engine="pyogrio")
    study = lo.read_study(folder)
    assert not study.schools.has_z.any()
    assert study.schools.crs == study.crs


def test_given_heights_win_and_points_off_the_raster_are_told(study_folder: WriteFolder) -> None:
    toml = '[layers.elevation]\nfile = "dem.tif"\n'
    cells = "settlement_id,lon,lat,g1,elevation_m\nV1,106.1,33.3,1,777\nV2,106.1,33.31,1,\nV3,105.9,33.3,1,\n"
    study = lo.read_study(study_with_raster(study_folder(settlements__csv=cells, study__toml=toml), name="dem.tif"))
    assert study.settlements["elevation_m"].round(0).tolist() == pytest.approx([777, 510, np.nan], nan_ok=True)
    assert study.notes[0] == Finding("settlements: height of 1 of 3 from dem.tif; 1 lie off it", "settlements", ("V3",))


def test_a_raster_beside_the_study(study_folder: WriteFolder) -> None:
    folder = study_folder()
    written(folder / "elevation.tif", plane(), crs="EPSG:32650")
    with pytest.raises(InputError, match=r"elevation\.tif: no settlement lies on it\. Check its place and its crs\."):
        lo.read_study(folder)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ('file = "no.tif"', r"no\.tif: the file does not exist"),
        ('file = "../no.tif"', r"study\.toml \[layers\.elevation\] file: '\.\./no\.tif' lies outside the study folder"),
        ('file = "schools.csv"', r"schools\.csv: this kind of file is not read\. Use \.tif, \.tiff\."),
        ('fil = "a.tif"', r"\[layers\.elevation\] fil: unknown key\. Did you mean 'file'\?"),
        ('file = "elevation.tif"\ncrs = 4326', r"\[layers\.elevation\] crs: 4326 is no text"),
    ],
)
def test_elevation_in_study_toml(toml: str, message: str, study_folder: WriteFolder) -> None:
    with pytest.raises(InputError, match=message):
        lo.read_study(study_folder(study__toml=f"[layers.elevation]\n{toml}\n"))
