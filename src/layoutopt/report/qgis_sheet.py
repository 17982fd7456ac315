"""The sheet for printing in the QGIS project: A3, the map, its legend, a scale, the sources, and the stamp."""

from __future__ import annotations

import uuid
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from layoutopt.report.language import Language

PAGE, MAP, LEGEND, LABEL, SCALE = "65638", "65639", "65642", "65641", "65646"
"""Kinds of items as QGIS numbers them."""
WIDTH_MM, HEIGHT_MM = 420.0, 297.0
MARGIN_MM = 10.0
LEGEND_MM = 82.0
HEAD_MM = 24.0
FOOT_MM = 14.0
LEGEND_STYLES = (("title", 13, 0), ("group", 10, 3), ("subgroup", 9, 2), ("symbol", 8, 1), ("symbolLabel", 8, 1))
"""Parts of the legend with their letters in points and the room above them in millimetres."""
NICE = (1, 2, 5)


@dataclass(frozen=True)
class Sheet:
    """What stands on the sheet, and the part of the country it shows (west, south, east, north in metres)."""

    title: str
    summary: str
    stamp: str
    attribution: str
    box: tuple[float, float, float, float]


def add_sheet(root: ET.Element, sheet: Sheet, words: Language) -> None:
    """Add the print layout to a project."""
    given = {"name": words.text("Map of the plan, A3"), "units": "mm", "printResolution": "300"}
    layout = ET.SubElement(ET.SubElement(root, "Layouts"), "Layout", given)
    pages = ET.SubElement(layout, "PageCollection")
    pages.append(_item(PAGE, "page", (0, 0, WIDTH_MM, HEIGHT_MM)))
    left, top = MARGIN_MM, MARGIN_MM + HEAD_MM
    frame = (left, top, WIDTH_MM - 2 * MARGIN_MM - LEGEND_MM, HEIGHT_MM - MARGIN_MM - FOOT_MM - top)
    beside = frame[0] + frame[2] + 4
    layout.append(_map(frame, sheet.box))
    layout.append(_legend((beside, top, LEGEND_MM - 4, frame[3] - 30), words))
    layout.append(_scale((beside, top + frame[3] - 18, LEGEND_MM - 4, 14), _km(sheet.box, frame[2]), words))
    wide = WIDTH_MM - 2 * MARGIN_MM
    layout.append(_label("title", sheet.title, (left, MARGIN_MM - 2, wide, 13), 20, "18,60,99"))
    below = (left, MARGIN_MM + 12, wide, 10.0)
    if sheet.stamp:
        layout.append(_label("stamp", sheet.stamp, below, 13, "179,52,31"))
    else:
        layout.append(_label("summary", sheet.summary, below, 10, "60,66,72"))
    foot = (left, HEIGHT_MM - MARGIN_MM - FOOT_MM + 3, wide, FOOT_MM - 3)
    layout.append(_label("sources", sheet.attribution, foot, 7, "90,90,90"))


def _item(kind: str, name: str, place: tuple[float, float, float, float], **more: str) -> ET.Element:
    x, y, width, height = place
    here = f"{x:g},{y:g},mm"
    given = {
        "type": kind, "id": name, "uuid": _uuid(name), "position": here, "positionOnPage": here,
        "size": f"{width:g},{height:g},mm", "visibility": "1", "background": "false", "frame": "false",
        "opacity": "1", "referencePoint": "0",
    }  # fmt: skip
    return ET.Element("LayoutItem", {**given, **more})


def _uuid(name: str) -> str:
    """An id that is the same in every file, so that equal plans give equal bytes."""
    return f"{{{uuid.uuid5(uuid.NAMESPACE_URL, f'layoutopt/sheet/{name}')}}}"


def _map(frame: tuple[float, float, float, float], box: tuple[float, float, float, float]) -> ET.Element:
    given = {"followPreset": "false", "keepLayerSet": "false", "drawCanvasItems": "true", "zValue": "1"}
    item = _item(MAP, "map", frame, background="true", **{**given, "frame": "true", "outlineWidthM": "0.2,mm"})
    sides = dict(zip(("xmin", "ymin", "xmax", "ymax"), (f"{side:.3f}" for side in _fitted(box, frame)), strict=True))
    ET.SubElement(item, "FrameColor", {"red": "120", "green": "120", "blue": "120", "alpha": "255"})
    ET.SubElement(item, "BackgroundColor", {"red": "255", "green": "255", "blue": "255", "alpha": "255"})
    ET.SubElement(item, "Extent", sides)
    return item


def _fitted(
    box: tuple[float, float, float, float], frame: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """Return the box widened to the shape of the frame."""
    west, south, east, north = box
    width, height = east - west, north - south
    shape = frame[2] / frame[3]
    width, height = max(width, height * shape), max(height, width / shape)
    x, y = (west + east) / 2, (south + north) / 2
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _legend(place: tuple[float, float, float, float], words: Language) -> ET.Element:
    given = {
        "title": words.text("Legend"), "map_uuid": _uuid("map"), "resizeToContents": "1", "legendFilterByAtlas": "0",
        "columnCount": "1", "symbolWidth": "6", "symbolHeight": "4", "boxSpace": "1", "zValue": "2", "wrapChar": "",
    }  # fmt: skip
    item = _item(LEGEND, "legend", place, **given)
    styles = ET.SubElement(item, "styles")
    for name, size, above in LEGEND_STYLES:
        style = ET.SubElement(styles, "style", {"name": name, "alignment": "1", "marginTop": f"{above}"})
        if name == "symbolLabel":
            style.set("marginLeft", "2")
        ET.SubElement(style, "styleFont", {"description": f"Sans,{size},-1,5,{75 if size > 9 else 50},0,0,0,0,0"})
    return item


def _km(box: tuple[float, float, float, float], frame_mm: float) -> float:
    """Return a round length that takes about 25 mm on the sheet."""
    wanted = max(box[2] - box[0], box[3] - box[1]) / 1_000 * 25 / frame_mm
    power = 1.0
    while power > wanted:
        power /= 10
    while power * 10 <= wanted:
        power *= 10
    return max(step * power for step in NICE if step * power <= wanted)


def _scale(place: tuple[float, float, float, float], km: float, words: Language) -> ET.Element:
    given = {
        "style": "Single Box", "mapUuid": _uuid("map"), "unitType": "km", "unitLabel": words.text("km"),
        "numMapUnitsPerScaleBarUnit": "1", "numUnitsPerSegment": f"{km:g}", "numSegments": "2", "numSegmentsLeft": "0",
        "segmentSizeMode": "0", "height": "2", "labelBarSpace": "1", "boxContentSpace": "1", "zValue": "3",
        "minBarWidth": "20", "maxBarWidth": "70", "outlineWidth": "0.2",
    }  # fmt: skip
    item = _item(SCALE, "scale", place, **given)
    ET.SubElement(item, "text-style", {"fontSize": "8", "fontSizeUnit": "Point", "textColor": "40,40,40,255"})
    ET.SubElement(item, "fillColor", {"red": "60", "green": "60", "blue": "60", "alpha": "255"})
    ET.SubElement(item, "fillColor2", {"red": "255", "green": "255", "blue": "255", "alpha": "255"})
    return item


def _label(name: str, text: str, place: tuple[float, float, float, float], size: int, rgb: str) -> ET.Element:
    # QGIS works out [% … %] inside labels; a name that holds such marks must stay text.
    plain = text.replace("[%", "[\u200b%")
    item = _item(LABEL, name, place, labelText=plain, halign="1", valign="32", htmlState="0", zValue="4")
    weight = 75 if size > 10 else 50
    ET.SubElement(item, "LabelFont", {"description": f"Sans,{size},-1,5,{weight},0,0,0,0,0", "style": ""})
    red, green, blue = rgb.split(",")
    ET.SubElement(item, "FontColor", {"red": red, "green": green, "blue": blue, "alpha": "255"})
    return item
