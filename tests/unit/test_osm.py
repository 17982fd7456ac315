"""OpenStreetMap extracts: ways as roads and places as settlements, from text and from packed files."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely import get_coordinates

from layoutopt.errors import InputError
from layoutopt.io.files import LayerFile
from layoutopt.io.layers import read_layer, read_raw

Tags = Mapping[str, str]
NODES: dict[int, tuple[float, float, Tags]] = {
    1: (106.10, 33.30, {"place": "village", "name": "上磨", "population": "1,204"}),
    2: (106.11, 33.30, {}),
    3: (106.12, 33.31, {"place": "hamlet", "name": 'Old "Mill"'}),
    4: (106.13, 33.31, {"place": "locality", "name": "Rock"}),
    5: (106.11, 33.32, {}),
}
WAYS: dict[int, tuple[list[int], Tags]] = {
    11: ([1, 2, 3], {"highway": "tertiary", "name": "县道", "surface": "asphalt", "maxspeed": "40"}),
    12: ([2, 5], {"highway": "track", "oneway": "-1", "maxspeed": "20", "bridge": "viaduct", "tunnel": "no"}),
    13: ([3, 4], {"route": "ferry", "motor_vehicle": "yes", "name": "Ferry"}),
    14: ([4, 5], {"highway": "service", "access": "private"}),
    15: ([1, 5], {"highway": "proposed"}),
    16: ([1, 4], {"waterway": "river"}),
    17: ([3, 5], {"highway": "residential", "junction": "roundabout", "motor_vehicle": "no", "tunnel": "yes"}),
    18: ([1, 3], {"highway": "motorway", "foot": "no", "maxspeed": "10 mph"}),
}


def as_xml() -> bytes:
    def tags(given: Tags) -> str:
        text = {key: value.replace('"', "&quot;") for key, value in given.items()}
        return "".join(f'<tag k="{key}" v="{value}"/>' for key, value in text.items())

    nodes = "".join(
        f'<node id="{n}" lon="{x}" lat="{y}" version="1">{tags(t)}</node>' for n, (x, y, t) in NODES.items()
    )
    ways = "".join(
        f'<way id="{n}" version="1">{"".join(f"<nd ref={chr(34)}{r}{chr(34)}/>" for r in refs)}{tags(t)}</way>'
        for n, (refs, t) in WAYS.items()
    )
    return f'<?xml version="1.0" encoding="UTF-8"?><osm version="0.6">{nodes}{ways}</osm>'.encode()


def number(value: int) -> bytes:
    """A protocol-buffer varint; signed ones are zigzag-coded before."""
    found = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        found.append(low | (0x80 if value else 0))
        if not value:
            return bytes(found)


def zigzag(value: int) -> int:
    return value << 1 if value >= 0 else (-value << 1) - 1


def field(tag: int, content: bytes | int) -> bytes:
    if isinstance(content, int):
        return number(tag << 3) + number(content)
    return number(tag << 3 | 2) + number(len(content)) + content


def packed(values: Iterable[int]) -> bytes:
    return b"".join(map(number, values))


def blob(kind: bytes, content: bytes) -> bytes:
    body = field(2, len(content)) + field(3, zlib.compress(content))
    head = field(1, kind) + field(3, len(body))
    return struct.pack(">I", len(head)) + head + body


def as_pbf() -> bytes:
    """The same map packed: a header block, then one block with a group of nodes and one of ways."""
    words = ["", *sorted({word for *_, t in (*NODES.values(), *WAYS.values()) for pair in t.items() for word in pair})]
    at = {word: position for position, word in enumerate(words)}

    def tags(given: Tags) -> bytes:
        return (
            b""
            if not given
            else field(2, packed(at[key] for key in given)) + field(3, packed(at[value] for value in given.values()))
        )

    nodes = b"".join(
        field(1, field(1, zigzag(n)) + tags(t) + field(8, zigzag(round(y * 1e7))) + field(9, zigzag(round(x * 1e7))))
        for n, (x, y, t) in NODES.items()
    )
    ways = b"".join(
        field(
            3, field(1, n) + tags(t) + field(8, packed(zigzag(b - a) for a, b in zip([0, *refs], refs, strict=False)))
        )
        for n, (refs, t) in WAYS.items()
    )
    strings = b"".join(field(1, word.encode()) for word in words)
    header = blob(b"OSMHeader", field(4, b"OsmSchema-V0.6"))
    return header + blob(b"OSMData", field(1, strings) + field(2, nodes) + field(2, ways))


@pytest.fixture(params=[".osm", ".osm.pbf"])
def extract(request: pytest.FixtureRequest, tmp_path: Path) -> LayerFile:
    path = tmp_path / f"county{request.param}"
    path.write_bytes(as_xml() if request.param == ".osm" else as_pbf())
    return LayerFile(path)


def test_ways_become_roads(extract: LayerFile) -> None:
    found = read_layer(extract, name="roads")
    roads = found.frame
    assert isinstance(roads, gpd.GeoDataFrame)
    assert list(roads.index) == [1, 2, 3, 4, 5]
    assert list(roads["class"]) == ["tertiary", "track", "ferry", "residential", "motorway"]
    assert list(roads["name"]) == ["县道", "", "Ferry", "", ""]
    assert list(roads["surface"]) == ["asphalt", "", "", "", ""]
    assert list(roads["oneway"]) == ["no", "yes", "no", "yes", "yes"]
    assert list(roads["bus"]) == ["", "", "yes", "no", ""]
    assert list(roads["walk"]) == ["", "", "", "", "no"]
    assert list(roads["bridge"]) == ["", "yes", "", "", ""]
    assert list(roads["tunnel"]) == ["", "", "", "yes", ""]
    assert roads.crs == "EPSG:4326"
    assert [finding.text for finding in found.findings] == [
        f"{extract.path.name}: 2 ways left out (closed to the public, being built, or no roads)"
    ]


def test_a_limit_of_forty_is_no_bus_speed_but_twenty_is(extract: LayerFile) -> None:
    speeds = read_raw(extract, name="roads")["speed_kmh"]
    assert np.isnan(speeds[1])
    assert speeds[2] == 20.0
    assert speeds[5] == pytest.approx(16.09, abs=0.01)


def test_ways_meet_where_they_share_a_point_and_a_reversed_one_is_turned(extract: LayerFile) -> None:
    lines = read_raw(extract, name="roads").geometry
    assert get_coordinates(lines[1])[1].tolist() == [106.11, 33.30]
    assert get_coordinates(lines[2]).tolist() == [[106.11, 33.32], [106.11, 33.30]]


def test_places_become_settlements(extract: LayerFile) -> None:
    found = read_layer(extract, name="settlements")
    frame = found.frame
    assert list(frame["settlement_id"]) == ["n1", "n3"]
    assert frame["name"].iloc[0] == "上磨"
    assert frame["population"].iloc[0] == 1204
    assert np.isnan(frame["population"].iloc[1])
    assert [finding.text.split(": ")[1] for finding in found.findings] == [
        "1 places of other kinds left out (locality)",
        "1 of 2 places give no population",
    ]


def test_other_layers_are_not_in_it(extract: LayerFile) -> None:
    with pytest.raises(InputError, match="an OpenStreetMap extract holds no schools we can read"):
        read_raw(extract, name="schools")


def test_an_extract_without_ways_or_places(tmp_path: Path) -> None:
    (tmp_path / "a.osm").write_text('<?xml version="1.0"?><osm version="0.6"><node id="1" lon="1" lat="2"/></osm>')
    for name, what in (("roads", "no roads"), ("settlements", "no villages")):
        with pytest.raises(InputError, match=f"the extract holds {what}"):
            read_raw(LayerFile(tmp_path / "a.osm"), name=name)


@pytest.mark.parametrize(("name", "kind"), [("a.osm", "file"), ("a.osm.pbf", "extract")])
def test_a_file_of_another_kind_under_this_name(name: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"<OGRVRTDataSource></OGRVRTDataSource>")
    with pytest.raises(InputError, match=f"the file cannot be read \\(it is no OpenStreetMap {kind}\\)"):
        read_raw(LayerFile(tmp_path / name), name="roads")


def test_a_damaged_extract(tmp_path: Path) -> None:
    (tmp_path / "a.osm.pbf").write_bytes(as_pbf()[:80])
    with pytest.raises(InputError):
        read_raw(LayerFile(tmp_path / "a.osm.pbf"), name="roads")
