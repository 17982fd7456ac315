"""plan.qgz: a QGIS project that opens plan.gpkg layered, labelled and ready to print; written without QGIS."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyproj
import shapely

from layoutopt.plan.geometry import DEGREES
from layoutopt.plan.geopackage import GEOMETRY, QML_HEAD, style
from layoutopt.plan.plan import Plan
from layoutopt.report.content.columns import COLUMNS, column
from layoutopt.report.language import Language, language, message
from layoutopt.report.qgis_sheet import Sheet, add_sheet
from layoutopt.report.summary import sentences

VERSION = "3.22.0"
PACKED_AT = (1980, 1, 1, 0, 0, 0)
EDGE = 0.06
"""Part of the plan's width left free around it."""
LEGENDS: tuple[str, ...] = (
    message("Hub"), message("Stays"), message("Teaching point"), message("Closes"), message("Not built"),
    message("On foot"), message("By bus"), message("Boards weekly"), message("up to 15 min"), message("15–30 min"),
    message("30–40 min"), message("40–60 min"), message("over 60 min"), message("boards weekly"),
    message("no way or school"), message("Main roads"), message("Other roads"), message("Tracks and paths"),
)  # fmt: skip
"""The words of the styles, so that the catalogues hold them."""
XML_FORBIDS = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Shown:
    """A layer in the project: its title, the column that names its features, and whether it is switched on."""

    title: str
    named_by: str
    on: bool = True


GROUPS: dict[str, dict[str, Shown]] = {
    message("Schools"): {
        "schools": Shown(message("Schools by what they become"), "name"),
        "premises": Shown(message("Vacated premises"), "name", on=False),
    },
    message("Travel"): {
        "bus_stops": Shown(message("Bus stops"), "settlement_id"),
        "bus_lines": Shown(message("Bus lines"), "line_id"),
        "access_walks": Shown(message("Walks to the stops"), "id"),
        "assignments": Shown(message("Who goes where"), "settlement_id", on=False),
    },
    message("Villages"): {"settlements": Shown(message("Villages by the longest daily way"), "name")},
    message("Ground"): {"roads": Shown(message("Roads"), "name"), "towns": Shown(message("Towns"), "town")},
}
"""Layers from top to bottom."""


def write_project(plan: Plan, path: Path, *, lang: str = "en", stamp: str = "", data: str = "plan.gpkg") -> None:
    """Write the project; ``data`` is the GeoPackage's path as seen from the project's folder."""
    entry = zipfile.ZipInfo(f"{path.stem}.qgs", PACKED_AT)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(entry, project_xml(plan, lang=lang, stamp=stamp, data=data))


def project_xml(plan: Plan, *, lang: str = "en", stamp: str = "", data: str = "plan.gpkg") -> bytes:
    """Return the project file (QGS) inside the archive."""
    words = language(lang)
    title = words.text("School layout plan of {name}", name=plan.study.name)
    root = ET.Element("qgis", {"version": VERSION, "projectname": title})
    ET.SubElement(root, "homePath", {"path": ""})
    ET.SubElement(root, "title").text = title
    ET.SubElement(root, "projectCrs").append(crs_xml(plan.study.crs))
    root.append(_tree(words, data))
    box = extent(plan)
    _canvas(root, plan.study.crs, box)
    layers = ET.SubElement(root, "projectlayers")
    for shown in GROUPS.values():
        layers.extend(_layer(name, about, words, data) for name, about in shown.items())
    order = ET.SubElement(root, "layerorder")
    for name in _names():
        ET.SubElement(order, "layer", {"id": _id(name)})
    ET.SubElement(root, "properties").extend(_properties(title, stamp, plan.study.attribution))
    _metadata(root, title, stamp, plan)
    summary = words.sentences(sentences(plan, words)[:2])
    add_sheet(root, Sheet(title, summary, stamp, plan.study.attribution, box), words)
    return _written(root)


def extent(plan: Plan) -> tuple[float, float, float, float]:
    """Return west, south, east, north of all places in the study's metres, with some room around them."""
    places = [*plan.study.schools.geometry, *plan.study.settlements.geometry]
    west, south, east, north = shapely.total_bounds(places)
    room = max(EDGE * max(east - west, north - south), 500.0)
    return west - room, south - room, east + room, north + room


def _names() -> list[str]:
    return [name for shown in GROUPS.values() for name in shown]


def _id(layer: str) -> str:
    return f"layoutopt_plan_{layer}"  # QGIS forgets ids of ten characters or fewer


def _source(layer: str, data: str) -> str:
    return f"./{data}|layername={layer}"


def crs_xml(crs: str) -> ET.Element:
    """Return a coordinate system as QGIS writes it: its text, and its code where it has one."""
    known = pyproj.CRS.from_user_input(crs)
    authority = known.to_authority()
    found = ET.Element("spatialrefsys", {"nativeFormat": "Wkt"})
    ET.SubElement(found, "wkt").text = known.to_wkt()
    ET.SubElement(found, "authid").text = ":".join(authority) if authority else ""
    ET.SubElement(found, "description").text = known.name
    ET.SubElement(found, "geographicflag").text = str(known.is_geographic).lower()
    return found


def _tree(words: Language, data: str) -> ET.Element:
    root = ET.Element("layer-tree-group")
    for group, layers in GROUPS.items():
        state = {"name": words.text(group), "checked": "Qt::Checked", "expanded": "1"}
        branch = ET.SubElement(root, "layer-tree-group", state)
        for name, shown in layers.items():
            given = {
                "id": _id(name), "name": words.text(shown.title), "source": _source(name, data),
                "providerKey": "ogr", "checked": "Qt::Checked" if shown.on else "Qt::Unchecked",
                "expanded": "1" if shown.on else "0",
            }  # fmt: skip
            ET.SubElement(branch, "layer-tree-layer", given)
    return root


def _canvas(root: ET.Element, crs: str, box: tuple[float, float, float, float]) -> None:
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), (f"{side:.3f}" for side in box), strict=True))
    canvas = ET.SubElement(root, "mapcanvas", {"name": "theMapCanvas", "annotationsVisible": "1"})
    ET.SubElement(canvas, "units").text = "meters"
    around = ET.SubElement(canvas, "extent")
    for name, side in sides.items():
        ET.SubElement(around, name).text = side
    ET.SubElement(canvas, "rotation").text = "0"
    ET.SubElement(canvas, "destinationsrs").append(crs_xml(crs))
    view = ET.SubElement(root, "ProjectViewSettings", {"UseProjectScales": "0"})
    ET.SubElement(view, "DefaultViewExtent", sides).append(crs_xml(crs))


def _layer(name: str, shown: Shown, words: Language, data: str) -> ET.Element:
    look = style(name, words.text)
    kind = GEOMETRY[name].removeprefix("Multi").replace("LineString", "Line")
    given = {
        "type": "vector", "geometry": kind, "minScale": "1e+08", "maxScale": "0", "hasScaleBasedVisibilityFlag": "0",
        "labelsEnabled": look.get("labelsEnabled", "0"), "styleCategories": "AllStyleCategories", "readOnly": "0",
    }  # fmt: skip
    layer = ET.Element("maplayer", given)
    ET.SubElement(layer, "id").text = _id(name)
    ET.SubElement(layer, "datasource").text = _source(name, data)
    ET.SubElement(layer, "layername").text = words.text(shown.title)
    ET.SubElement(layer, "srs").append(crs_xml(DEGREES))
    ET.SubElement(layer, "provider", {"encoding": "UTF-8"}).text = "ogr"
    layer.extend(look)
    aliases = ET.SubElement(layer, "aliases")
    for field in COLUMNS:
        heading = words.heading(column(field, words))
        ET.SubElement(aliases, "alias", {"field": field, "name": heading})
    ET.SubElement(layer, "previewExpression").text = f'"{shown.named_by}"'
    return layer


def _properties(title: str, stamp: str, attribution: str) -> list[ET.Element]:
    """Settings of the project: relative paths, and what stands over the map while one works in it."""
    groups: dict[str, Mapping[str, tuple[str, str]]] = {
        "Paths": {"Absolute": ("bool", "false")},
        "SpatialRefSys": {"ProjectionsEnabled": ("int", "1")},
        "Gui": {f"CanvasColor{part}Part": ("int", "255") for part in ("Red", "Green", "Blue")},
        "TitleLabel": {
            "Enabled": ("bool", "true"), "Label": ("QString", f"{title}: {stamp}" if stamp else title),
            "Placement": ("int", "5"),
        },
        "CopyrightLabel": {
            "Enabled": ("bool", "true" if attribution else "false"), "Label": ("QString", attribution),
            "Placement": ("int", "3"),
        },
        "ScaleBar": {"Enabled": ("bool", "true"), "Placement": ("int", "0")},
    }  # fmt: skip
    found = []
    for group, settings in groups.items():
        branch = ET.Element(group)
        for name, (kind, value) in settings.items():
            ET.SubElement(branch, name, {"type": kind}).text = value
        found.append(branch)
    return found


def _metadata(root: ET.Element, title: str, stamp: str, plan: Plan) -> None:
    about = ET.SubElement(root, "projectMetadata")
    ET.SubElement(about, "type").text = "dataset"
    ET.SubElement(about, "title").text = title
    ET.SubElement(about, "abstract").text = stamp
    ET.SubElement(about, "rights").text = plan.study.attribution


def _written(root: ET.Element) -> bytes:
    """Return the tree as a file, without the characters that XML cannot hold."""
    for item in root.iter():
        item.text = XML_FORBIDS.sub("", item.text) if item.text else item.text
        for name, value in item.items():
            item.set(name, XML_FORBIDS.sub("", value))
    ET.indent(root)
    held = io.BytesIO()
    held.write(QML_HEAD.encode())
    ET.ElementTree(root).write(held, encoding="utf-8")
    return held.getvalue()
